//! Memory, virtual CPUs and devices of a guest.

use rhai::plugin::{Dynamic, ImmutableString, export_module};
use rhai::{Array, Engine, Map};

use crate::api::units::size as size_of;
use crate::api::{Fallible, definition_text};
use crate::error::Error;
use crate::lang::options::{OptionTable, flag};
use crate::libvirt::{Domain, InterfaceAddresses, sys};

pub(super) fn register(engine: &mut Engine) {
    engine.register_global_module(rhai::exported_module!(domain_resources).into());
}

pub(super) const OPTIONS: &[&OptionTable] =
    &[&SET_MEMORY, &SET_VCPUS, &ATTACH_DEVICE, &DETACH_DEVICE, &UPDATE_DEVICE];

static SET_MEMORY: OptionTable = OptionTable {
    function: "Domain.set_memory",
    options: &[
        flag("live", sys::VIR_DOMAIN_MEM_LIVE, "Changes the running guest."),
        flag("config", sys::VIR_DOMAIN_MEM_CONFIG, "Changes the stored definition."),
        flag("maximum", sys::VIR_DOMAIN_MEM_MAXIMUM, "Changes the most that it may have."),
    ],
};

static SET_VCPUS: OptionTable = OptionTable {
    function: "Domain.set_vcpus",
    options: &[
        flag("live", sys::VIR_DOMAIN_VCPU_LIVE, "Changes the running guest."),
        flag("config", sys::VIR_DOMAIN_VCPU_CONFIG, "Changes the stored definition."),
        flag("maximum", sys::VIR_DOMAIN_VCPU_MAXIMUM, "Changes the most that it may have."),
        flag("guest", sys::VIR_DOMAIN_VCPU_GUEST, "Asks the guest's agent to take them online or offline."),
        flag("hotpluggable", sys::VIR_DOMAIN_VCPU_HOTPLUGGABLE, "Makes those it adds removable."),
    ],
};

const LIVE_CONFIG: &[crate::lang::options::OptionSpec] = &[
    flag("live", sys::VIR_DOMAIN_AFFECT_LIVE, "Changes the running guest."),
    flag("config", sys::VIR_DOMAIN_AFFECT_CONFIG, "Changes the stored definition."),
];

static ATTACH_DEVICE: OptionTable = OptionTable { function: "Domain.attach_device", options: LIVE_CONFIG };
static DETACH_DEVICE: OptionTable = OptionTable { function: "Domain.detach_device", options: LIVE_CONFIG };
static UPDATE_DEVICE: OptionTable = OptionTable {
    function: "Domain.update_device",
    options: &[
        flag("live", sys::VIR_DOMAIN_AFFECT_LIVE, "Changes the running guest."),
        flag("config", sys::VIR_DOMAIN_AFFECT_CONFIG, "Changes the stored definition."),
        flag(
            "force",
            sys::VIR_DOMAIN_DEVICE_MODIFY_FORCE,
            "Changes it even when the guest holds it, such as a locked tray.",
        ),
    ],
};

/// What sets the running guest if it runs, otherwise the stored definition.
const CURRENT: u32 = sys::VIR_DOMAIN_AFFECT_CURRENT;

fn count(number: i64) -> Fallible<u32> {
    u32::try_from(number)
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| Error::usage(format!("{number} is not a number of virtual CPUs")).into())
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

#[export_module]
#[allow(clippy::needless_pass_by_value)]
mod domain_resources {
    /// Sets the memory of the guest (`virDomainSetMemoryFlags`).
    ///
    /// Of the running guest if it runs, else of the definition. In bytes, or a text such as `"2GiB"`; libvirt counts in KiB, and parts of one are rounded up.
    ///
    /// Errors: `invalid_arg` for more than `max_memory`.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.memory = "1GiB";
    /// ```
    #[rhai_fn(set = "memory", name = "set_memory", return_raw)]
    pub fn set_memory(vm: &mut Domain, value: Dynamic) -> Fallible<()> {
        Ok(vm.set_memory(size_of(&value)?, CURRENT)?)
    }

    /// Sets the memory of the guest with options (`virDomainSetMemoryFlags`).
    ///
    /// In bytes, or a text such as `"2GiB"`.
    ///
    /// Errors: `invalid_arg` for more than `max_memory`.
    ///
    /// ```rhai
    /// domain("test").set_memory("1GiB", #{ live: true });
    /// ```
    #[rhai_fn(name = "set_memory", return_raw, pure)]
    pub fn set_memory_with(vm: &mut Domain, value: Dynamic, options: Map) -> Fallible<()> {
        let options = SET_MEMORY.read(options)?;
        Ok(vm.set_memory(size_of(&value)?, options.flags())?)
    }

    /// Sets the number of virtual CPUs (`virDomainSetVcpusFlags`).
    ///
    /// Of the running guest if it runs, else of the definition.
    ///
    /// Errors: `invalid_arg` for more than its definition allows.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.vcpus = 1;
    /// ```
    #[rhai_fn(set = "vcpus", name = "set_vcpus", return_raw)]
    pub fn set_vcpus(vm: &mut Domain, number: i64) -> Fallible<()> {
        Ok(vm.set_vcpus(count(number)?, CURRENT)?)
    }

    /// Sets the number of virtual CPUs with options (`virDomainSetVcpusFlags`).
    ///
    /// Errors: `invalid_arg` for more than its definition allows.
    ///
    /// ```rhai
    /// domain("test").set_vcpus(1, #{ live: true });
    /// ```
    #[rhai_fn(name = "set_vcpus", return_raw, pure)]
    pub fn set_vcpus_with(vm: &mut Domain, number: i64, options: Map) -> Fallible<()> {
        Ok(vm.set_vcpus(count(number)?, SET_VCPUS.read(options)?.flags())?)
    }

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

    /// Plugs a device into the guest (`virDomainAttachDeviceFlags`).
    ///
    /// Into the running guest if it runs, else into the definition. The device is XML, as text or as a document.
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").attach_device("<rng model='virtio'/>") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn attach_device(vm: &mut Domain, device: Dynamic) -> Fallible<()> {
        Ok(vm.attach_device(&definition_text(&device)?, CURRENT)?)
    }

    /// Plugs a device into the guest, with options (`virDomainAttachDeviceFlags`).
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").attach_device("<rng model='virtio'/>", #{ config: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "attach_device", return_raw, pure)]
    pub fn attach_device_with(vm: &mut Domain, device: Dynamic, options: Map) -> Fallible<()> {
        Ok(vm.attach_device(&definition_text(&device)?, ATTACH_DEVICE.read(options)?.flags())?)
    }

    /// Unplugs a device from the guest (`virDomainDetachDeviceFlags`).
    ///
    /// From the running guest if it runs, else from the definition. A running guest has to let go of it; the call may return before it has.
    ///
    /// Errors: `unsupported` where the driver cannot, `device_missing` for a device it does not have.
    ///
    /// ```rhai
    /// try { domain("test").detach_device("<rng model='virtio'/>") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn detach_device(vm: &mut Domain, device: Dynamic) -> Fallible<()> {
        Ok(vm.detach_device(&definition_text(&device)?, CURRENT)?)
    }

    /// Unplugs a device from the guest, with options (`virDomainDetachDeviceFlags`).
    ///
    /// Errors: `unsupported` where the driver cannot, `device_missing` for a device it does not have.
    ///
    /// ```rhai
    /// try { domain("test").detach_device("<rng model='virtio'/>", #{ config: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "detach_device", return_raw, pure)]
    pub fn detach_device_with(vm: &mut Domain, device: Dynamic, options: Map) -> Fallible<()> {
        Ok(vm.detach_device(&definition_text(&device)?, DETACH_DEVICE.read(options)?.flags())?)
    }

    /// Changes a device of the guest, such as the medium of a drive (`virDomainUpdateDeviceFlags`).
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").update_device("<graphics type='vnc'/>") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn update_device(vm: &mut Domain, device: Dynamic) -> Fallible<()> {
        Ok(vm.update_device(&definition_text(&device)?, CURRENT)?)
    }

    /// Changes a device of the guest, with options (`virDomainUpdateDeviceFlags`).
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").update_device("<graphics type='vnc'/>", #{ force: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "update_device", return_raw, pure)]
    pub fn update_device_with(vm: &mut Domain, device: Dynamic, options: Map) -> Fallible<()> {
        Ok(vm.update_device(&definition_text(&device)?, UPDATE_DEVICE.read(options)?.flags())?)
    }
}
