//! Virtual networks.
//!
//! Each method names the C function behind it.

mod changes;
mod finders;

use uuid::Uuid;
use virt::connect::Connect;
use virt::network::Network as Raw;
use virt::sys;

use super::domain::release;
use super::door::{change, destroy, read};
use super::failure::{Failure, Outcome, check, text_of};
use super::handle::{Handle, Object};
use super::texts::OptionalText;
use crate::error::Result;

/// A handle on a network.
pub type Network = Handle<Raw>;

impl Object for Raw {
    type Key = Uuid;

    fn find(connect: &Connect, key: &Uuid) -> Outcome<Self> {
        Ok(connect.lookup_network_by_uuid(*key)?)
    }

    fn key(&self) -> Outcome<Uuid> {
        Ok(self.uuid()?)
    }

    fn label(&self) -> Outcome<String> {
        Ok(self.name()?)
    }

    fn connect(&self) -> Option<sys::virConnectPtr> {
        // SAFETY: a live network.
        Some(unsafe { sys::virNetworkGetConnect(self.as_ptr()) })
    }
}

/// An address that a network's DHCP server has given out (`virNetworkDHCPLease`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DhcpLease {
    /// the host's interface that serves it, such as `virbr0`
    pub iface: String,
    /// when it ends, in Unix seconds; `None` where it never does
    pub expiry_time: Option<i64>,
    /// `ipv4` or `ipv6`
    pub family: &'static str,
    /// the client's MAC address
    pub mac: Option<String>,
    /// the identity of the client's interface (IPv6)
    pub iaid: Option<String>,
    /// the address in text
    pub address: String,
    /// in bits
    pub prefix: u32,
    /// the name that the client gave itself
    pub hostname: Option<String>,
    /// the client's identifier, DUID for IPv6
    pub client_id: Option<String>,
}

impl Network {
    /// Its name now (`virNetworkLookupByUUID`, `virNetworkGetName`): a network can be defined anew
    /// with its UUID and another name.
    pub fn name(&self) -> Result<String> {
        let uuid = *self.key();
        self.call_live(read("network.name"), move |live, _| {
            Ok(live.connect().lookup_network_by_uuid(uuid)?.name()?)
        })
    }

    /// Whether it runs (`virNetworkIsActive`).
    pub fn is_active(&self) -> Result<bool> {
        self.call(read("network.is_active"), |n| Ok(n.is_active()?))
    }

    /// Whether it has a stored definition (`virNetworkIsPersistent`).
    pub fn is_persistent(&self) -> Result<bool> {
        self.call(read("network.is_persistent"), |n| Ok(n.is_persistent()?))
    }

    /// Whether it starts with the host (`virNetworkGetAutostart`).
    pub fn autostart(&self) -> Result<bool> {
        self.call(read("network.get_autostart"), |n| Ok(n.autostart()?))
    }

    /// Sets whether it starts with the host (`virNetworkSetAutostart`).
    pub fn set_autostart(&self, on: bool) -> Result<()> {
        self.call(change("network.set_autostart"), move |n| Ok(n.set_autostart(on)?))
    }

    /// The host's bridge of it (`virNetworkGetBridgeName`); none for a network without one, such as
    /// a pool of network cards.
    pub fn bridge_name(&self) -> Result<Option<String>> {
        self.call(read("network.bridge_name"), |n| match n.bridge_name().map_err(Failure::from) {
            Ok(name) => Ok(Some(name)),
            // libvirt has no number of its own for "has no bridge".
            Err(Failure::Libvirt(report))
                if report.number == sys::VIR_ERR_INTERNAL_ERROR as i32 && !report.is_transport() =>
            {
                Ok(None)
            }
            Err(failure) => Err(failure),
        })
    }

    /// Its definition (`virNetworkGetXMLDesc`).
    pub fn xml(&self, flags: u32) -> Result<String> {
        self.call(read("network.xml"), move |n| Ok(n.xml_desc(flags)?))
    }

    /// Starts it (`virNetworkCreate`).
    pub fn start(&self) -> Result<()> {
        self.call(change("network.start"), |n| Ok(n.create()?))
    }

    /// Ends it (`virNetworkDestroy`).
    pub fn destroy(&self) -> Result<()> {
        self.call(destroy("network.destroy"), |n| Ok(n.destroy()?))
    }

    /// Removes its stored definition (`virNetworkUndefine`).
    pub fn undefine(&self) -> Result<()> {
        self.call(destroy("network.undefine"), |n| Ok(n.undefine()?))
    }

    /// The addresses that its DHCP server has given out, to everybody or to one MAC address
    /// (`virNetworkGetDHCPLeases`).
    pub fn dhcp_leases(&self, mac: Option<&str>) -> Result<Vec<DhcpLease>> {
        let mac = OptionalText::new("a MAC address", mac)?;
        self.call(read("network.dhcp_leases"), move |n| {
            let mac = mac.as_ptr();
            let mut list: *mut sys::virNetworkDHCPLeasePtr = std::ptr::null_mut();
            // SAFETY: a live network; the address is null or NUL-terminated; libvirt allocates the
            // list, which is copied and freed below.
            let count = check(unsafe { sys::virNetworkGetDHCPLeases(n.as_ptr(), mac, &raw mut list, 0) })?;
            // SAFETY: `list` holds `count` leases.
            Ok(unsafe { take_leases(list, count as usize) })
        })
    }
}

/// Copies and frees a list of leases.
///
/// # Safety
/// `list` is what `virNetworkGetDHCPLeases` gave, with `count` entries.
unsafe fn take_leases(list: *mut sys::virNetworkDHCPLeasePtr, count: usize) -> Vec<DhcpLease> {
    let mut all = Vec::with_capacity(count);
    for index in 0..count {
        // SAFETY: the caller's promise; each entry is freed once, after it was copied.
        unsafe {
            let entry = *list.add(index);
            all.push(copy_lease(&*entry));
            sys::virNetworkDHCPLeaseFree(entry);
        }
    }
    // SAFETY: the array itself was malloc'ed by libvirt for the caller to free; null is fine.
    unsafe { release(list.cast()) };
    all
}

/// Copies a lease.
///
/// # Safety
/// Each text of it is null or a valid C string.
unsafe fn copy_lease(lease: &sys::virNetworkDHCPLease) -> DhcpLease {
    let texts = [lease.iface, lease.mac, lease.iaid, lease.ipaddr, lease.hostname, lease.clientid];
    // SAFETY: the caller's promise.
    let [iface, mac, iaid, address, hostname, client_id] = texts.map(|text| unsafe { text_of(text) });
    DhcpLease {
        iface: iface.unwrap_or_default(),
        expiry_time: Some(lease.expirytime).filter(|seconds| *seconds != 0),
        family: if lease.type_ as u32 == sys::VIR_IP_ADDR_TYPE_IPV6 { "ipv6" } else { "ipv4" },
        mac,
        iaid,
        address: address.unwrap_or_default(),
        prefix: lease.prefix,
        hostname,
        client_id,
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::os::raw::c_char;

    use super::*;
    use crate::error::code;
    use crate::libvirt::test_node::TestNode;

    const LAN: &str = "<network><name>lan</name><bridge name='virbr9'/></network>";

    #[test]
    fn a_network_is_found_by_name_and_uuid() {
        let node = TestNode::new();
        let connection = node.connection();
        let network = connection.network_by_name("default").unwrap();
        assert!(network.is_same(&connection.network_by_uuid(&network.key().to_string()).unwrap()));
        assert_eq!(network.name().unwrap(), "default");
        assert_eq!(network.bridge_name().unwrap().as_deref(), Some("virbr0"));
        let error = connection.network_by_name("nope").err().unwrap();
        assert_eq!((error.code(), error.facts().object.as_deref()), ("no_network", Some("nope")));
        assert_eq!(connection.network_by_name("a\0b").err().unwrap().code(), code::USAGE);
    }

    #[test]
    fn a_stored_network_starts_ends_and_is_undefined() {
        let node = TestNode::new();
        let connection = node.connection();
        let network = connection.define_network(LAN, 0).unwrap();
        assert!(network.is_persistent().unwrap() && !network.is_active().unwrap());
        network.set_autostart(true).unwrap();
        assert!(network.autostart().unwrap());
        network.start().unwrap();
        assert_eq!(connection.networks(sys::VIR_CONNECT_LIST_NETWORKS_ACTIVE).unwrap().len(), 2);
        network.destroy().unwrap();
        assert!(!network.is_active().unwrap());
        assert!(network.xml(0).unwrap().contains("virbr9"));
        network.undefine().unwrap();
        assert_eq!(network.name().err().unwrap().code(), "no_network");
    }

    #[test]
    fn a_created_network_vanishes_when_it_ends() {
        let node = TestNode::new();
        let connection = node.connection();
        let network = connection.create_network(LAN, 0).unwrap();
        assert!(network.is_active().unwrap() && !network.is_persistent().unwrap());
        network.destroy().unwrap();
        assert_eq!(connection.networks(0).unwrap().len(), 1);
    }

    #[test]
    fn a_network_of_host_cards_has_no_bridge() {
        let node = TestNode::new();
        let cards = "<network><name>cards</name><forward mode='hostdev' managed='yes'>\
                     <pf dev='eth3'/></forward></network>";
        let network = node.connection().define_network(cards, 0).unwrap();
        assert_eq!(network.bridge_name().unwrap(), None);
    }

    #[test]
    fn a_flag_reaches_the_call_that_has_flags() {
        let node = TestNode::new();
        let strange = "<network><name>lan</name><colour/></network>";
        let validate = sys::VIR_NETWORK_DEFINE_VALIDATE;
        assert!(node.connection().define_network(strange, validate).is_err());
        assert!(node.connection().define_network(strange, 0).is_ok());
    }

    #[test]
    fn the_test_driver_has_no_leases() {
        let node = TestNode::new();
        let network = node.connection().network_by_name("default").unwrap();
        assert_eq!(network.dhcp_leases(None).err().unwrap().code(), code::UNSUPPORTED);
        assert_eq!(network.dhcp_leases(Some("52\0")).err().unwrap().code(), code::USAGE);
    }

    #[test]
    fn a_lease_is_copied_field_by_field() {
        let texts = ["virbr0", "52:54:00:00:00:01", "fd00::2", "web1"].map(|t| CString::new(t).unwrap());
        let text = |n: usize| texts[n].as_ptr().cast_mut();
        let none: *mut c_char = std::ptr::null_mut();
        let mut raw = sys::virNetworkDHCPLease {
            iface: text(0),
            expirytime: 1_700_000_000,
            type_: sys::VIR_IP_ADDR_TYPE_IPV6 as i32,
            mac: text(1),
            iaid: none,
            ipaddr: text(2),
            prefix: 64,
            hostname: text(3),
            clientid: none,
        };
        // SAFETY: every text is null or a valid C string.
        let lease = unsafe { copy_lease(&raw) };
        assert_eq!(
            lease,
            DhcpLease {
                iface: "virbr0".into(),
                expiry_time: Some(1_700_000_000),
                family: "ipv6",
                mac: Some("52:54:00:00:00:01".into()),
                iaid: None,
                address: "fd00::2".into(),
                prefix: 64,
                hostname: Some("web1".into()),
                client_id: None,
            }
        );
        raw.expirytime = 0;
        // SAFETY: as above.
        assert_eq!(unsafe { copy_lease(&raw) }.expiry_time, None, "a lease for ever");
    }
}
