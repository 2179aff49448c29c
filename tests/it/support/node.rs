//! Node files for libvirt's test driver: guests, networks and volumes without a hypervisor.
//!
//! Each connection to a file has a world of its own, unlike `test:///default`, whose state all
//! connections of a process share.

use std::fmt::Write;
use std::path::Path;

const GIB: u64 = 1 << 30;
const NAMESPACE: &str = "http://libvirt.org/schemas/domain/test/1.0";

/// The host that a node file describes.
#[derive(Default)]
pub(crate) struct Node {
    users: Vec<(String, Option<String>)>,
    domains: Vec<Domain>,
    /// XML of every other object.
    others: Vec<String>,
}

impl Node {
    /// A host with nothing on it: 16 CPUs in 2 cells, 32 GiB.
    pub(crate) fn empty() -> Self {
        Self::default()
    }

    /// The node that most tests use. Guests: `web1` and `web2` run, `db1` runs and has the snapshots
    /// `before` and `after` (its child and current), `cache` is paused, `old` is shut off. Networks
    /// `default` (NAT) and `isolated`; pool `default` with a volume for each guest's disk and the
    /// orphan `spare.qcow2`; interface `eth1`; node devices `computer` and `net_eth1`.
    pub(crate) fn small() -> Self {
        let names = [("web1", 1), ("web2", 1), ("db1", 1), ("cache", 3), ("old", 5)];
        let mut node = Self::empty().network("default", true).network("isolated", false).interface("eth1");
        let mut volumes = vec!["spare.qcow2".to_owned()];
        for (number, (name, state)) in (1..).zip(names) {
            let mut domain = Domain::new(name, number).memory_mib(512 * number).vcpus(number);
            domain.state = state;
            if name == "db1" {
                domain = domain.snapshot("before", None).snapshot("after", Some("before"));
            }
            volumes.push(format!("{name}.qcow2"));
            node = node.domain(domain);
        }
        let volumes: Vec<_> = volumes.iter().map(String::as_str).collect();
        node.pool("default", &volumes).devices("eth1")
    }

    /// `count` guests named `vm00000`, `vm00001`, …, the network `default` and the pool `default` with
    /// the volume `v1`. With `mixed` every third guest is shut off and every seventh paused;
    /// otherwise all run.
    pub(crate) fn many(count: u64, mixed: bool) -> Self {
        let mut node = Self::empty().network("default", true).pool("default", &["v1"]);
        for i in 0..count {
            let mut domain =
                Domain::new(&format!("vm{i:05}"), i).memory_mib(256 + i % 8 * 128).vcpus(1 + i % 4);
            domain.state = match i {
                i if mixed && i % 3 == 2 => 5,
                i if mixed && i % 7 == 6 => 3,
                _ => 1,
            };
            node = node.domain(domain);
        }
        node
    }

    pub(crate) fn domain(mut self, domain: Domain) -> Self {
        self.domains.push(domain);
        self
    }

    /// Adds an active network: NAT with DHCP on 192.168.122.0/24, or isolated without addresses.
    pub(crate) fn network(self, name: &str, nat: bool) -> Self {
        let name = escape(name);
        let bridge = self.others.len();
        let inside = if nat {
            "<forward/><ip address='192.168.122.1' netmask='255.255.255.0'>\
             <dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp></ip>"
        } else {
            ""
        };
        self.xml(format!("<network><name>{name}</name><bridge name='virbr{bridge}'/>{inside}</network>"))
    }

    /// Adds an active pool at `/img` with volumes of 1 GiB.
    pub(crate) fn pool(self, name: &str, volumes: &[&str]) -> Self {
        let mut inside = String::new();
        for volume in volumes {
            let volume = escape(volume);
            let _ = write!(
                inside,
                "<volume><name>{volume}</name><key>/img/{volume}</key><capacity>{GIB}</capacity>\
                 <allocation>196608</allocation><target><path>/img/{volume}</path>\
                 <format type='qcow2'/></target></volume>"
            );
        }
        let name = escape(name);
        self.xml(format!(
            "<pool type='dir'><name>{name}</name><target><path>/img</path></target>{inside}</pool>"
        ))
    }

    /// Adds a network card of the host.
    pub(crate) fn interface(self, name: &str) -> Self {
        self.xml(format!(
            "<interface type='ethernet' name='{}'><start mode='onboot'/><mac address='aa:bb:cc:dd:ee:ff'/>\
             <mtu size='1492'/><protocol family='ipv4'><ip address='192.168.0.5' prefix='24'/>\
             <route gateway='192.168.0.1'/></protocol></interface>",
            escape(name)
        ))
    }

    /// Adds the node devices `computer` and the one of a network card.
    pub(crate) fn devices(self, card: &str) -> Self {
        self.xml(
            "<device><name>computer</name><capability type='system'><hardware><vendor>Libvirt</vendor>\
             <version>Test driver</version><serial>123456</serial>\
             <uuid>11111111-2222-3333-4444-555555555555</uuid></hardware><firmware><vendor>Libvirt</vendor>\
             <version>Test Driver</version><release_date>01/22/2007</release_date></firmware></capability></device>",
        )
        .xml(format!(
            "<device><name>net_{card}</name><parent>computer</parent><capability type='net'>\
             <interface>{card}</interface><address>aa:bb:cc:dd:ee:ff</address></capability></device>"
        ))
    }

    /// Lets only these users in; without a password the name is enough.
    pub(crate) fn user(mut self, name: &str, password: Option<&str>) -> Self {
        self.users.push((name.to_owned(), password.map(str::to_owned)));
        self
    }

    /// Adds an object in libvirt's own words.
    pub(crate) fn xml(mut self, xml: impl Into<String>) -> Self {
        self.others.push(xml.into());
        self
    }

    /// Returns the text of the node file.
    pub(crate) fn to_xml(&self) -> String {
        let mut xml = String::from("<node>\n");
        if !self.users.is_empty() {
            xml.push_str("<auth>");
            for (name, password) in &self.users {
                let password = password.as_deref().map(|p| format!(" password='{}'", escape(p)));
                let _ = write!(xml, "<user{}>{}</user>", password.unwrap_or_default(), escape(name));
            }
            xml.push_str("</auth>\n");
        }
        xml.push_str(
            "<cpu><mhz>2800</mhz><model>labcpu</model><active>16</active><nodes>2</nodes><sockets>1</sockets>\
             <cores>8</cores><threads>1</threads></cpu><memory>33554432</memory>\n",
        );
        for object in self.domains.iter().map(Domain::to_xml).chain(self.others.iter().cloned()) {
            xml.push_str(&object);
            xml.push('\n');
        }
        xml.push_str("</node>\n");
        xml
    }

    /// Writes the file and returns the URI that opens it.
    pub(crate) fn write(&self, file: &Path) -> String {
        std::fs::write(file, self.to_xml()).unwrap();
        format!("test://{}", file.display())
    }
}

/// A guest in a node file, with one disk (`/img/NAME.qcow2`) and one card on the network `default`.
pub(crate) struct Domain {
    name: String,
    number: u64,
    memory_mib: u64,
    vcpus: u64,
    /// libvirt's number of the state: 1 running, 3 paused, 5 shut off.
    state: u8,
    /// Elements of the test driver and of the domain itself.
    extra: String,
    devices: String,
}

impl Domain {
    /// A running guest; `number` makes its UUID and its MAC address.
    pub(crate) fn new(name: &str, number: u64) -> Self {
        Self {
            name: name.to_owned(),
            number,
            memory_mib: 512,
            vcpus: 1,
            state: 1,
            extra: String::new(),
            devices: String::new(),
        }
    }

    pub(crate) fn memory_mib(mut self, memory: u64) -> Self {
        self.memory_mib = memory;
        self
    }

    pub(crate) fn vcpus(mut self, vcpus: u64) -> Self {
        self.vcpus = vcpus;
        self
    }

    pub(crate) fn paused(mut self) -> Self {
        self.state = 3;
        self
    }

    pub(crate) fn shut_off(mut self) -> Self {
        self.state = 5;
        self
    }

    /// It vanishes when it stops.
    pub(crate) fn transient(self) -> Self {
        self.xml("<test:transient/>")
    }

    /// It is shut off and has a managed save image.
    pub(crate) fn managed_save(self) -> Self {
        self.shut_off().xml("<test:hasmanagedsave/>")
    }

    /// Adds a snapshot; the last one added is the current one.
    pub(crate) fn snapshot(mut self, name: &str, parent: Option<&str>) -> Self {
        self.extra = self.extra.replace("<active>1</active>", "<active>0</active>");
        let (domain, uuid, memory) = (escape(&self.name), self.uuid(), self.memory_mib);
        let time = 1_700_000_000 + 60 * self.extra.matches("<test:domainsnapshot>").count();
        let parent = parent.map(|parent| format!("<parent><name>{}</name></parent>", escape(parent)));
        self.xml(&format!(
            "<test:domainsnapshot><name>{}</name><state>running</state>{}<creationTime>{time}</creationTime>\
             <active>1</active><domain type='test'><name>{domain}</name><uuid>{uuid}</uuid>\
             <memory unit='MiB'>{memory}</memory><os><type>hvm</type></os></domain></test:domainsnapshot>",
            escape(name),
            parent.unwrap_or_default(),
        ))
    }

    /// Adds devices in libvirt's own words.
    pub(crate) fn device(mut self, xml: &str) -> Self {
        self.devices.push_str(xml);
        self
    }

    /// Adds elements in libvirt's own words.
    pub(crate) fn xml(mut self, xml: &str) -> Self {
        self.extra.push_str(xml);
        self
    }

    fn uuid(&self) -> String {
        format!("00000000-0000-4000-8000-{:012x}", self.number)
    }

    fn to_xml(&self) -> String {
        let Self { number, memory_mib, vcpus, state, extra, devices, .. } = self;
        let (name, uuid) = (escape(&self.name), self.uuid());
        let mac =
            format!("52:54:00:{:02x}:{:02x}:{:02x}", number >> 16 & 255, number >> 8 & 255, number & 255);
        format!(
            "<domain type='test' xmlns:test='{NAMESPACE}'><name>{name}</name><uuid>{uuid}</uuid>\
             <memory unit='MiB'>{memory_mib}</memory><vcpu>{vcpus}</vcpu><os><type>hvm</type></os><devices>\
             <disk type='file' device='disk'><source file='/img/{name}.qcow2'/>\
             <target dev='vda' bus='virtio'/></disk><interface type='network'><mac address='{mac}'/>\
             <source network='default'/></interface>{devices}</devices>\
             <test:runstate>{state}</test:runstate>{extra}</domain>"
        )
    }
}

/// Makes a text fit for element content and attribute values.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '\'' => escaped.push_str("&apos;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            c => escaped.push(c),
        }
    }
    escaped
}
