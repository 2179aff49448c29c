//! Disks and addresses of a guest.

use rhai::plugin::{Dynamic, ImmutableString, export_module};
use rhai::{Array, Map};

use crate::api::Fallible;
use crate::error::Error;
use crate::lang::natives::Natives;
use crate::libvirt::{Domain, InterfaceAddresses, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_resources::RHAI_MANIFEST);
}

fn addresses(interfaces: Vec<InterfaceAddresses>) -> Array {
    let entry = |interface: InterfaceAddresses| {
        let addresses = interface.addresses.into_iter().map(|address| {
            Map::from([
                ("address".into(), Dynamic::from(address.address)),
                ("prefix".into(), Dynamic::from_int(i64::from(address.prefix))),
                ("family".into(), address.family.into()),
            ])
        });
        Dynamic::from(Map::from([
            ("name".into(), Dynamic::from(interface.name)),
            ("mac".into(), interface.mac.map_or(Dynamic::UNIT, Into::into)),
            ("addresses".into(), addresses.map(Dynamic::from).collect::<Array>().into()),
        ]))
    };
    interfaces.into_iter().map(entry).collect()
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod domain_resources {
    /// The sizes of a disk in bytes, by target (`vda`) or path (`virDomainGetBlockInfo`).
    ///
    /// A map with `capacity` (what the guest sees), `allocation` (what it occupies on the host) and
    /// `physical` (the size of the file or device).
    ///
    /// Errors: `invalid_arg` for a disk that the guest does not have.
    ///
    /// ```rhai
    /// try { print(domain("test").block_info("vda").capacity) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn block_info(vm: &mut Domain, disk: ImmutableString) -> Fallible<Map> {
        let info = vm.block_info(&disk)?;
        Ok([("capacity", info.capacity), ("allocation", info.allocation), ("physical", info.physical)]
            .into_iter()
            .map(|(key, bytes)| (key.into(), Dynamic::from_int(i64::try_from(bytes).unwrap_or(i64::MAX))))
            .collect())
    }

    /// The addresses of the guest from one source: `lease`, `agent` or `arp` (`virDomainInterfaceAddresses`).
    ///
    /// One map for each interface: `#{ name, mac, addresses: [#{ address, prefix, family }] }`.
    ///
    /// Errors: `operation_invalid` when it does not run, `agent_unresponsive` where the agent is asked
    /// and does not answer.
    ///
    /// ```rhai
    /// for nic in domain("test").interface_addresses("lease") { print(nic.mac) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn interface_addresses(vm: &mut Domain, source: ImmutableString) -> Fallible<Array> {
        let source = match source.as_str() {
            "lease" => sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE,
            "agent" => sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT,
            "arp" => sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP,
            other => {
                return Err(Error::usage(format!("{other:?} is not a source of addresses"))
                    .operation("domain.interface_addresses")
                    .hint("use \"lease\", \"agent\" or \"arp\"")
                    .into());
            }
        };
        Ok(addresses(vm.interface_addresses(source)?))
    }

    /// The addresses of the guest that the host's DHCP servers know (`virDomainInterfaceAddresses`).
    ///
    /// One map for each interface: `#{ name, mac, addresses: [#{ address, prefix, family }] }`.
    ///
    /// Errors: `operation_invalid` when it does not run.
    ///
    /// ```rhai
    /// for nic in domain("test").interface_addresses() { print(nic.mac) }
    /// ```
    #[rhai_fn(name = "interface_addresses", return_raw, pure)]
    pub fn lease_addresses(vm: &mut Domain) -> Fallible<Array> {
        Ok(addresses(vm.interface_addresses(sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE)?))
    }
}
