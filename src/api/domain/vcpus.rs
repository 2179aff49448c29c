//! The virtual CPUs of a guest: how many, which, and what they do.

use rhai::plugin::export_module;
use rhai::{Array, Dynamic, Map};

use super::affect::{AFFECT, CONFIG, CURRENT, LIVE, affect};
use crate::api::methods::methods_with_options;
use crate::api::{Fallible, cpu_set, words};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, flag};
use crate::libvirt::{Domain, VcpuInfo, sys};

pub(super) fn register(natives: &mut Natives) {
    register_methods(natives);
    natives.global(&vcpu_functions::RHAI_MANIFEST);
}

const MAXIMUM: OptionSpec =
    flag("maximum", sys::VIR_DOMAIN_VCPU_MAXIMUM, "The most that it may have, not those it has.");

const GUEST: OptionSpec =
    flag("guest", sys::VIR_DOMAIN_VCPU_GUEST, "As the guest's agent has them: online or offline.");

fn count(number: i64) -> Result<u32> {
    u32::try_from(number)
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| Error::usage(format!("{number} is not a number of virtual CPUs")))
}

methods_with_options! {
    #[export_module(manifest)]
    /// The number of virtual CPUs, counted as the options say (`virDomainGetVcpusFlags`).
    ///
    /// Of the running guest if it runs, else of the definition.
    ///
    /// Errors: `operation_invalid` for `live` when it does not run, `agent_unresponsive` for `guest`.
    ///
    /// ```rhai
    /// print(domain("test").vcpu_count(#{ maximum: true }))
    /// ```
    fn vcpu_count(vm: Domain; options: &[LIVE, CONFIG, CURRENT, MAXIMUM, GUEST]) -> i64 {
        Ok(i64::from(vm.vcpus(affect(&options)?)?))
    }

    /// Sets the number of virtual CPUs (`virDomainSetVcpusFlags`).
    ///
    /// Of the running guest if it runs, else of the definition. A guest has to let go of those that are taken away.
    ///
    /// Errors: `invalid_arg` for more than its definition allows, `usage` for no number.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.vcpus = 1;
    /// vm.set_vcpus(1, #{ live: true });
    /// ```
    fn set_vcpus(vm: Domain, number: i64; options: &[
        LIVE, CONFIG, CURRENT,
        flag("maximum", sys::VIR_DOMAIN_VCPU_MAXIMUM, "Changes the most that it may have; with `config` only."),
        flag("guest", sys::VIR_DOMAIN_VCPU_GUEST, "Asks the guest's agent to take them online or offline."),
        flag("hotpluggable", sys::VIR_DOMAIN_VCPU_HOTPLUGGABLE, "Makes those it adds removable."),
    ]) -> () {
        Ok(vm.set_vcpus(count(number)?, affect(&options)?)?)
    }

    /// Plugs given virtual CPUs in, or out (`virDomainSetVcpu`).
    ///
    /// The set is an array of numbers, one number, or a text such as `"1-3"`. libvirt may refuse one in the middle of a group.
    ///
    /// Errors: `invalid_arg` for a virtual CPU that the guest does not have, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").set_vcpu([1], true) } catch (e) { print(e.code) }
    /// ```
    fn set_vcpu(vm: Domain, vcpus: Dynamic, on: bool; options: AFFECT) -> () {
        Ok(vm.set_vcpu(&cpu_set::text(&cpu_set::read(&vcpus)?), on, affect(&options)?)?)
    }
}

fn info(cpu: VcpuInfo) -> Map {
    Map::from([
        ("number".into(), Dynamic::from_int(i64::from(cpu.number))),
        ("state".into(), words::word(words::VCPU_STATES, cpu.state).into_owned().into()),
        ("cpu_time_ns".into(), Dynamic::from_int(i64::try_from(cpu.cpu_time_ns).unwrap_or(i64::MAX))),
        ("cpu".into(), cpu.cpu.map_or(Dynamic::UNIT, |cpu| Dynamic::from_int(i64::from(cpu)))),
        ("affinity".into(), cpu_set::array(&cpu.affinity).into()),
    ])
}

#[export_module(manifest)]
mod vcpu_functions {
    /// The virtual CPUs of the running guest (`virDomainGetVcpus`).
    ///
    /// One map for each: `#{ number, state, cpu_time_ns, cpu, affinity }`: its state (`running`, `blocked`, `offline`),
    /// nanoseconds it has run, the host CPU it is on (`()` where unknown), and those that may run it.
    ///
    /// Errors: `operation_invalid` when it does not run.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// for cpu in domain("test").vcpu_info() { print(`${cpu.number} on ${cpu.cpu}`) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn vcpu_info(vm: &mut Domain) -> Fallible<Array> {
        Ok(vm.vcpu_info()?.into_iter().map(info).map(Dynamic::from).collect())
    }

    /// The number of virtual CPUs of the guest; see `set_vcpus`.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.vcpus = 1;
    /// ```
    #[rhai_fn(set = "vcpus", return_raw)]
    pub fn vcpus_property(vm: &mut Domain, number: i64) -> Fallible<()> {
        super::without_options::set_vcpus(vm, number)
    }

    /// The most virtual CPUs that the guest may have (`virDomainGetMaxVcpus`).
    ///
    /// Of the running guest if it runs, else of the definition.
    ///
    /// ```rhai
    /// print(domain("test").max_vcpus)
    /// ```
    #[rhai_fn(get = "max_vcpus", return_raw, pure)]
    pub fn max_vcpus_property(vm: &mut Domain) -> Fallible<i64> {
        // The call of that name is refused for a guest that is off; this one is not.
        let flags = sys::VIR_DOMAIN_VCPU_MAXIMUM;
        Ok(i64::from(vm.vcpus(flags).or_else(|_| vm.max_vcpus())?))
    }
}
