//! Settings of a guest that libvirt reads and writes as typed parameters.
//!
//! They are maps with libvirt's names and our units; a field that a newer daemon adds is there too.

use rhai::plugin::export_module;
use rhai::{ImmutableString, Map};

use super::affect::{AFFECT, affect};
use super::disks::explain;
use super::settings::{to_map, to_params};
use crate::api::methods::methods_with_options;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::Parsed;
use crate::lang::suggest::nearest;
use crate::libvirt::{Domain, Params, Tuning, Value, sys};

pub(super) fn register(natives: &mut Natives) {
    register_methods(natives);
}

/// Both definitions at once, which can be changed but not read.
const BOTH: u32 = sys::VIR_DOMAIN_AFFECT_LIVE | sys::VIR_DOMAIN_AFFECT_CONFIG;

fn get(vm: &Domain, tuning: Tuning, device: &str, options: &Parsed) -> Result<Map> {
    Ok(to_map(vm.tuning(tuning, device, affect(options)?)?))
}

/// Changes what the map names; the types are those of the settings that there are.
fn set(vm: &Domain, tuning: Tuning, device: &str, settings: Map, options: &Parsed) -> Result<()> {
    let flags = affect(options)?;
    // Of one definition: what there is and of which type is the same in both.
    let one = if flags & BOTH == BOTH { flags & !sys::VIR_DOMAIN_AFFECT_CONFIG } else { flags };
    let known = vm.tuning(tuning, device, one)?;
    let settings =
        to_params(&known, settings).map_err(|e| e.operation(tuning.set_name).object(vm.label()))?;
    vm.set_tuning(tuning, device, settings, flags)
}

/// Names the network cards that there are in an error about one that there is not.
fn explain_card(vm: &Domain, card: &str, error: Error) -> Error {
    if error.code() != "invalid_arg" {
        return error;
    }
    let Ok(cards) = super::disks::texts(vm, "devices/interface/mac/@address") else { return error };
    let Ok(sides) = super::disks::texts(vm, "devices/interface/target/@dev") else { return error };
    let all = [cards, sides].concat();
    if all.iter().any(|known| known.eq_ignore_ascii_case(card)) {
        return error;
    }
    let hint = match nearest(card, all.iter().map(String::as_str)) {
        _ if all.is_empty() => "the guest has no network cards".into(),
        Some(near) => format!("did you mean {near:?}? the cards of the guest are {}", all.join(", ")),
        None => format!("the cards of the guest are {}", all.join(", ")),
    };
    error.replace_hint(hint)
}

/// What a throttle group can have, which is what a disk can have by itself.
const THROTTLE: &[&str] = &[
    "total_bytes_sec",
    "read_bytes_sec",
    "write_bytes_sec",
    "total_iops_sec",
    "read_iops_sec",
    "write_iops_sec",
    "total_bytes_sec_max",
    "read_bytes_sec_max",
    "write_bytes_sec_max",
    "total_iops_sec_max",
    "read_iops_sec_max",
    "write_iops_sec_max",
    "size_iops_sec",
    "total_bytes_sec_max_length",
    "read_bytes_sec_max_length",
    "write_bytes_sec_max_length",
    "total_iops_sec_max_length",
    "read_iops_sec_max_length",
    "write_iops_sec_max_length",
];

methods_with_options! {
    #[export_module(manifest)]
    /// The settings of the host's scheduler for the guest (`virDomainGetSchedulerParametersFlags`).
    ///
    /// A map with libvirt's names: shares, and periods and quotas in microseconds (-1: no quota).
    ///
    /// Errors: `unsupported` where the driver has none.
    ///
    /// ```rhai
    /// print(domain("test").scheduler_parameters())
    /// ```
    fn scheduler_parameters(vm: Domain; options: AFFECT) -> Map {
        Ok(get(vm, Tuning::SCHEDULER, "", &options)?)
    }

    /// Changes settings of the host's scheduler for the guest (`virDomainSetSchedulerParametersFlags`).
    ///
    /// See `scheduler_parameters()` for the names; periods and quotas are in microseconds.
    ///
    /// Errors: `usage` for a setting that the driver does not have.
    ///
    /// ```rhai
    /// domain("test").set_scheduler_parameters(#{ weight: 50 });
    /// ```
    fn set_scheduler_parameters(vm: Domain, settings: Map; options: AFFECT) -> () {
        Ok(set(vm, Tuning::SCHEDULER, "", settings, &options)?)
    }

    /// The memory limits of the guest in bytes (`virDomainGetMemoryParameters`).
    ///
    /// `#{ hard_limit, soft_limit, swap_hard_limit, min_guarantee }`, as the driver has them; `()` is no limit.
    ///
    /// Errors: `unsupported` where the driver has none.
    ///
    /// ```rhai
    /// print(domain("test").memory_parameters(#{ config: true }).hard_limit)
    /// ```
    fn memory_parameters(vm: Domain; options: AFFECT) -> Map {
        Ok(get(vm, Tuning::MEMORY, "", &options)?)
    }

    /// Changes memory limits of the guest (`virDomainSetMemoryParameters`).
    ///
    /// In bytes, or a text such as `"4GiB"`; `()` takes a limit away. See `memory_parameters()` for the names.
    ///
    /// Errors: `usage` for a setting that the driver does not have, `unsupported` where it has none.
    ///
    /// ```rhai
    /// domain("test").set_memory_parameters(#{ hard_limit: "8GiB", soft_limit: () }, #{ config: true });
    /// ```
    fn set_memory_parameters(vm: Domain, settings: Map; options: AFFECT) -> () {
        Ok(set(vm, Tuning::MEMORY, "", settings, &options)?)
    }

    /// The block I/O weights and limits of the guest (`virDomainGetBlkioParameters`).
    ///
    /// `weight` is for all disks; `device_weight`, `device_read_iops_sec`, `device_write_iops_sec` and
    /// `device_read_bytes_sec`, `device_write_bytes_sec` (bytes in a second) are maps by the host's device.
    ///
    /// Errors: `unsupported` where the driver has none.
    ///
    /// ```rhai
    /// print(domain("test").blkio_parameters().weight)
    /// ```
    fn blkio_parameters(vm: Domain; options: AFFECT) -> Map {
        Ok(get(vm, Tuning::BLKIO, "", &options)?)
    }

    /// Changes block I/O weights and limits of the guest (`virDomainSetBlkioParameters`).
    ///
    /// See `blkio_parameters()` for the names and units (bytes and requests in a second); a device with 0 loses its
    /// setting.
    ///
    /// Errors: `usage` for a setting that the driver does not have, `unsupported` where it has none.
    ///
    /// ```rhai
    /// try { domain("test").set_blkio_parameters(#{ device_weight: #{ "/dev/sda": 500 } }) } catch (e) { print(e.code) }
    /// ```
    fn set_blkio_parameters(vm: Domain, settings: Map; options: AFFECT) -> () {
        Ok(set(vm, Tuning::BLKIO, "", settings, &options)?)
    }

    /// The NUMA placement of the guest (`virDomainGetNumaParameters`).
    ///
    /// `#{ numa_mode, numa_nodeset }`: `strict`, `preferred`, `interleave` or `restrictive`, and the numbers of the host's nodes.
    ///
    /// Errors: `unsupported` where the driver has none.
    ///
    /// ```rhai
    /// print(domain("test").numa_parameters().numa_nodeset)
    /// ```
    fn numa_parameters(vm: Domain; options: AFFECT) -> Map {
        Ok(get(vm, Tuning::NUMA, "", &options)?)
    }

    /// Changes the NUMA placement of the guest (`virDomainSetNumaParameters`).
    ///
    /// See `numa_parameters()` for the names; a set of nodes is an array of numbers or a text such as `"0-1"`.
    ///
    /// Errors: `usage` for a setting that the driver does not have, `unsupported` where it has none.
    ///
    /// ```rhai
    /// try { domain("test").set_numa_parameters(#{ numa_nodeset: [0] }) } catch (e) { print(e.code) }
    /// ```
    fn set_numa_parameters(vm: Domain, settings: Map; options: AFFECT) -> () {
        Ok(set(vm, Tuning::NUMA, "", settings, &options)?)
    }

    /// The I/O limits of a disk, by target (`vda`) or path (`virDomainGetBlockIoTune`).
    ///
    /// Bytes and requests in a second (0: no limit), `*_max` for bursts, `*_max_length` how many seconds a burst
    /// may last, `size_iops_sec` the bytes that count as one request, `group_name` whose limits it shares.
    ///
    /// Errors: `invalid_arg` for a disk that the guest does not have, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").block_io_tune("vda").total_bytes_sec) } catch (e) { print(e.code) }
    /// ```
    fn block_io_tune(vm: Domain, disk: ImmutableString; options: AFFECT) -> Map {
        Ok(get(vm, Tuning::BLOCK_IO, &disk, &options).map_err(|e| explain(vm, &disk, e))?)
    }

    /// Changes the I/O limits of a disk, by target (`vda`) or path (`virDomainSetBlockIoTune`).
    ///
    /// See `block_io_tune()` for the names; sizes are bytes or a text such as `"10MiB"`, 0 takes a limit away.
    ///
    /// Errors: `usage` for a setting that there is not, `invalid_arg` for a disk that the guest does not have.
    ///
    /// ```rhai
    /// try { domain("test").set_block_io_tune("vda", #{ total_bytes_sec: "10MiB" }) } catch (e) { print(e.code) }
    /// ```
    fn set_block_io_tune(vm: Domain, disk: ImmutableString, settings: Map; options: AFFECT) -> () {
        Ok(set(vm, Tuning::BLOCK_IO, &disk, settings, &options).map_err(|e| explain(vm, &disk, e))?)
    }

    /// The limits of a network card (`virDomainGetInterfaceParameters`).
    ///
    /// The card by its host side (`vnet0`) or MAC address. `inbound` and `outbound` with `average`, `peak` and `floor` in bytes a second and `burst` in bytes; 0 is no limit.
    ///
    /// Errors: `invalid_arg` for a card that the guest does not have, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// let mac = domain("test").xml["devices/interface/mac/@address"];
    /// if mac != () { print(domain("test").interface_parameters(mac).inbound.average) }
    /// ```
    fn interface_parameters(vm: Domain, device: ImmutableString; options: AFFECT) -> Map {
        Ok(get(vm, Tuning::INTERFACE, &device, &options).map_err(|e| explain_card(vm, &device, e))?)
    }

    /// Changes the limits of a network card (`virDomainSetInterfaceParameters`).
    ///
    /// The card by its host side (`vnet0`) or MAC address. In bytes a second (`burst`: bytes), or a text such as `"10MB"`; libvirt counts in kB and rounds up. A direction
    /// whose average is 0 has no limit.
    ///
    /// Errors: `usage` for a setting that there is not, `invalid_arg` for a card that the guest does not have.
    ///
    /// ```rhai
    /// try {
    ///     domain("test").set_interface_parameters("vnet0", #{ inbound: #{ average: "10MB", burst: "1MiB" } })
    /// } catch (e) { print(e.code) }
    /// ```
    fn set_interface_parameters(vm: Domain, device: ImmutableString, settings: Map; options: AFFECT) -> () {
        let set = set(vm, Tuning::INTERFACE, &device, settings, &options);
        Ok(set.map_err(|e| explain_card(vm, &device, e))?)
    }

    /// Which events of the host's CPUs are counted for the guest (`virDomainGetPerfEvents`).
    ///
    /// A map of true and false by libvirt's names, such as `cpu_cycles`; the counts are in `stats`.
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").perf_events().cpu_cycles) } catch (e) { print(e.code) }
    /// ```
    fn perf_events(vm: Domain; options: AFFECT) -> Map {
        Ok(get(vm, Tuning::PERF_EVENTS, "", &options)?)
    }

    /// Switches the counting of events of the host's CPUs on and off (`virDomainSetPerfEvents`).
    ///
    /// Errors: `usage` for an event that there is not, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").set_perf_events(#{ cpu_cycles: true }) } catch (e) { print(e.code) }
    /// ```
    fn set_perf_events(vm: Domain, events: Map; options: AFFECT) -> () {
        Ok(set(vm, Tuning::PERF_EVENTS, "", events, &options)?)
    }

    /// Makes or changes a throttle group: I/O limits that disks share (`virDomainSetThrottleGroup`).
    ///
    /// The settings are those of `block_io_tune()` but `group_name`: bytes and requests in a second. A disk joins by `<throttlefilters>`.
    ///
    /// Errors: `usage` for a setting that there is not, `unsupported` before libvirt 11.2.0.
    ///
    /// ```rhai
    /// try { domain("test").set_throttle_group("slow", #{ total_iops_sec: 100 }) } catch (e) { print(e.code) }
    /// ```
    fn set_throttle_group(vm: Domain, group: ImmutableString, settings: Map; options: AFFECT) -> () {
        let known: Params = THROTTLE.iter().map(|name| ((*name).to_owned(), Value::ULLong(0))).collect();
        let settings = to_params(&known, settings)
            .map_err(|e| e.operation("domain.set_throttle_group").object(vm.label()))?;
        Ok(vm.set_throttle_group(&group, settings, affect(&options)?)?)
    }

    /// Removes a throttle group that no disk uses (`virDomainDelThrottleGroup`).
    ///
    /// Errors: `unsupported` before libvirt 11.2.0.
    ///
    /// ```rhai
    /// try { domain("test").del_throttle_group("slow") } catch (e) { print(e.code) }
    /// ```
    fn del_throttle_group(vm: Domain, group: ImmutableString; options: AFFECT) -> () {
        Ok(vm.del_throttle_group(&group, affect(&options)?)?)
    }
}
