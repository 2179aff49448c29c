//! The addresses of a guest from all that know some: DHCP leases, the guest's agent, the host's ARP table.

use virt::sys;

use super::{Domain, InterfaceAddresses};
use crate::error::{Error, Result, code};

/// Who tells an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressSource {
    /// The DHCP servers of the host's networks.
    Lease,
    /// The agent in the guest.
    Agent,
    /// The host's ARP table.
    Arp,
}

impl AddressSource {
    /// All of them with their words, the most trustworthy first: its names and prefixes win.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Agent, "agent"), (Self::Lease, "lease"), (Self::Arp, "arp")];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Lease => "lease",
            Self::Arp => "arp",
        }
    }

    fn number(self) -> u32 {
        match self {
            Self::Lease => sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE,
            Self::Agent => sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT,
            Self::Arp => sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP,
        }
    }
}

/// An address of a guest, and who told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestAddress {
    /// the interface's name in the guest where the agent told it, otherwise on the host
    pub interface: String,
    /// its MAC address in lower case
    pub mac: Option<String>,
    /// in text
    pub address: String,
    /// in bits; `None` where no source knows it
    pub prefix: Option<u32>,
    /// `ipv4` or `ipv6`
    pub family: &'static str,
    /// who told it, the most trustworthy first
    pub sources: Vec<AddressSource>,
}

impl GuestAddress {
    /// True for an address of the guest with itself.
    pub fn is_loopback(&self) -> bool {
        self.parsed().is_some_and(|address| address.is_loopback())
    }

    /// True for an address that means nothing beyond its link, which an interface gives itself.
    pub fn is_link_local(&self) -> bool {
        self.parsed().is_some_and(|address| match address {
            std::net::IpAddr::V4(v4) => v4.is_link_local(),
            std::net::IpAddr::V6(v6) => v6.is_unicast_link_local(),
        })
    }

    fn parsed(&self) -> Option<std::net::IpAddr> {
        self.address.parse().ok()
    }
}

impl Domain {
    /// Its addresses from the given sources, merged by MAC and address (`virDomainInterfaceAddresses`,
    /// once for each source).
    ///
    /// A source that the driver or the guest lacks is left out. Loopback addresses are left out;
    /// link-local ones come last.
    ///
    /// Errors: those of the guest itself or of the connection, such as `no_domain`; with a single
    /// source also its own.
    pub fn guest_addresses(&self, sources: &[AddressSource]) -> Result<Vec<GuestAddress>> {
        let mut merged = Vec::new();
        for (source, _) in AddressSource::ALL.iter().filter(|(source, _)| sources.contains(source)) {
            match self.interface_addresses(source.number()) {
                Ok(told) => merge(&mut merged, *source, told),
                Err(error) if sources.len() > 1 && is_of_source(&error) => {}
                Err(error) => return Err(error),
            }
        }
        merged.retain(|address| !address.is_loopback());
        merged.sort_by_key(GuestAddress::is_link_local);
        Ok(merged)
    }

    /// Whether some source knows an address that others can reach it at: neither loopback nor
    /// link-local. A guest that does not run has none.
    ///
    /// Errors: as [`Self::guest_addresses`] with all sources.
    pub fn has_address(&self) -> Result<bool> {
        let all = AddressSource::ALL.map(|(source, _)| source);
        Ok(self.guest_addresses(&all)?.iter().any(|address| !address.is_link_local()))
    }
}

/// True where the error says that a source has nothing to tell, not that the guest is gone or the
/// connection lost.
fn is_of_source(error: &Error) -> bool {
    let of_guest = [
        code::DISCONNECTED,
        code::CONNECT_FAILED,
        code::AUTH_FAILED,
        code::PERMISSION_DENIED,
        code::USAGE,
        "no_domain",
        "invalid_domain",
    ];
    !error.ends_the_run() && !of_guest.contains(&error.code())
}

fn merge(merged: &mut Vec<GuestAddress>, source: AddressSource, told: Vec<InterfaceAddresses>) {
    for InterfaceAddresses { name, mac, addresses } in told {
        let mac = mac.map(|mac| mac.to_ascii_lowercase());
        for address in addresses {
            let prefix = (address.prefix > 0).then_some(address.prefix);
            let known = merged.iter_mut().find(|known| known.address == address.address && known.mac == mac);
            match known {
                Some(known) => {
                    known.prefix = known.prefix.or(prefix);
                    if !known.sources.contains(&source) {
                        known.sources.push(source);
                    }
                }
                None => merged.push(GuestAddress {
                    interface: name.clone(),
                    mac: mac.clone(),
                    address: address.address,
                    prefix,
                    family: address.family,
                    sources: vec![source],
                }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Address;
    use super::*;
    use crate::libvirt::test_node::TestNode;

    fn told(name: &str, mac: &str, address: &str, prefix: u32) -> InterfaceAddresses {
        let family = if address.contains(':') { "ipv6" } else { "ipv4" };
        let address = Address { address: address.into(), prefix, family };
        InterfaceAddresses { name: name.into(), mac: Some(mac.into()), addresses: vec![address] }
    }

    #[test]
    fn one_address_from_several_sources_is_one_that_names_them() {
        let mut merged = Vec::new();
        merge(&mut merged, AddressSource::Agent, vec![told("eth0", "52:54:00:AA:00:01", "10.0.0.5", 24)]);
        merge(&mut merged, AddressSource::Lease, vec![told("vnet0", "52:54:00:aa:00:01", "10.0.0.5", 24)]);
        merge(&mut merged, AddressSource::Arp, vec![told("vnet0", "52:54:00:aa:00:01", "10.0.0.9", 0)]);
        assert_eq!(merged.len(), 2);
        assert_eq!(merged[0].interface, "eth0");
        assert_eq!(merged[0].sources, [AddressSource::Agent, AddressSource::Lease]);
        assert_eq!((merged[1].prefix, merged[1].sources.as_slice()), (None, &[AddressSource::Arp][..]));
    }

    #[test]
    fn the_prefix_comes_from_whoever_knows_it() {
        let mut merged = Vec::new();
        merge(&mut merged, AddressSource::Agent, vec![told("eth0", "52:54:00:aa:00:01", "10.0.0.5", 0)]);
        merge(&mut merged, AddressSource::Lease, vec![told("vnet0", "52:54:00:aa:00:01", "10.0.0.5", 24)]);
        assert_eq!(merged[0].prefix, Some(24));
    }

    #[test]
    fn loopback_and_link_local_addresses_are_known() {
        let mut merged = Vec::new();
        let mac = "00:00:00:00:00:00";
        merge(
            &mut merged,
            AddressSource::Agent,
            vec![told("lo", mac, "::1", 128), told("eth0", mac, "fe80::1", 64)],
        );
        assert!(merged[0].is_loopback() && !merged[0].is_link_local());
        assert!(merged[1].is_link_local() && !merged[1].is_loopback());
    }

    #[test]
    fn a_guest_that_is_gone_is_an_error_whatever_the_sources() {
        let node = TestNode::new();
        let xml = "<domain type='test'><name>a</name><memory>1024</memory><os><type>hvm</type></os>\
                   <devices><interface type='network'><mac address='52:54:00:AA:00:01'/>\
                   <source network='default'/></interface></devices></domain>";
        let vm = node.connection().create_domain(xml, 0).unwrap();
        let all = AddressSource::ALL.map(|(source, _)| source);
        let told = vm.guest_addresses(&all).unwrap();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(
            (told[0].mac.as_deref(), told[0].sources.as_slice()),
            (Some("52:54:00:aa:00:01"), &all[..])
        );
        assert!(vm.has_address().unwrap());
        vm.destroy(0).unwrap();
        assert_eq!(vm.guest_addresses(&all).unwrap_err().code(), "no_domain");
        assert_eq!(vm.has_address().unwrap_err().code(), "no_domain");
    }
}
