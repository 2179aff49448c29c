//! A private host on libvirt's test driver: `test:///default` is one for the whole process.

use std::io::Write;
use std::sync::Arc;

use tempfile::NamedTempFile;

use super::{Connection, Door};

/// One network (`default`, running), two pools (`default` and `other`, running), one volume (`v1` in
/// `default`, 1,000,000 bytes), one interface (`eth1`, up) and two devices (`computer`, and on it
/// `net_eth1`).
const NODE: &str = r#"<node>
<cpu><mhz>2800</mhz><model>test</model><active>4</active><nodes>1</nodes><sockets>1</sockets>
<cores>4</cores><threads>1</threads></cpu><memory>8388608</memory>
<network><name>default</name><bridge name="virbr0"/><forward/>
<ip address="192.168.122.1" netmask="255.255.255.0"/></network>
<pool type="dir"><name>default</name><target><path>/img</path></target>
<volume><name>v1</name><capacity>1000000</capacity><target><path>/img/v1</path></target></volume></pool>
<pool type="dir"><name>other</name><target><path>/other</path></target></pool>
<interface type="ethernet" name="eth1"><start mode="onboot"/><mac address="aa:bb:cc:dd:ee:ff"/></interface>
<device><name>computer</name><capability type="system"><hardware>
<uuid>11111111-2222-3333-4444-555555555555</uuid></hardware><firmware/></capability></device>
<device><name>net_eth1</name><parent>computer</parent><capability type="net">
<interface>eth1</interface><address>aa:bb:cc:dd:ee:ff</address></capability></device>
</node>"#;

/// See the module. The file has to stay while connections are opened to it.
pub(crate) struct TestNode {
    file: NamedTempFile,
}

impl TestNode {
    pub(crate) fn new() -> Self {
        let mut file = NamedTempFile::with_suffix(".xml").unwrap();
        file.write_all(NODE.as_bytes()).unwrap();
        Self { file }
    }

    pub(crate) fn uri(&self) -> String {
        format!("test://{}", self.file.path().display())
    }

    pub(crate) fn connection(&self) -> Connection {
        Connection::new(Some(self.uri()), false, Arc::<Door>::default())
    }
}

/// A guest for such a host: it has a stored definition nowhere, so it vanishes when it stops.
pub(crate) const GUEST: &str = "<domain type='test'><name>guest</name><memory>65536</memory>\
    <os><type>hvm</type></os></domain>";
