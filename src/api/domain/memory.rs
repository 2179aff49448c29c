//! The memory of a guest: how much it has and may have.

use rhai::Dynamic;
use rhai::plugin::export_module;

use super::affect::{AFFECT, CONFIG, CURRENT, LIVE, affect};
use crate::api::Fallible;
use crate::api::methods::methods_with_options;
use crate::api::units::{duration, size};
use crate::error::Error;
use crate::lang::natives::Natives;
use crate::lang::options::flag;
use crate::libvirt::{Domain, sys};
use crate::units::size_text;

pub(super) fn register(natives: &mut Natives) {
    register_methods(natives);
    natives.global(&memory_properties::RHAI_MANIFEST);
}

/// Says how much it may have, where that may be what is wrong.
fn too_much(vm: &Domain, flags: u32, error: Error) -> Error {
    if error.code() != "invalid_arg" || flags & sys::VIR_DOMAIN_MEM_MAXIMUM != 0 {
        return error;
    }
    match vm.max_memory() {
        Ok(most) => error.hint(format!(
            "it may have {most} bytes ({}); set_max_memory changes that",
            size_text(i64::try_from(most).unwrap_or(i64::MAX))
        )),
        Err(_) => error,
    }
}

methods_with_options! {
    #[export_module(manifest)]
    /// Sets the memory of the guest (`virDomainSetMemoryFlags`).
    ///
    /// Of the running guest if it runs, else of the definition. In bytes, or a text such as `"2GiB"`; libvirt counts in
    /// KiB, and parts of one are rounded up. A running guest gives memory back when its balloon driver does.
    ///
    /// Errors: `invalid_arg` for more than `max_memory`.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.memory = "1GiB";
    /// vm.set_memory("2GiB", #{ live: true });
    /// ```
    fn set_memory(vm: Domain, value: Dynamic; options: &[
        LIVE, CONFIG, CURRENT,
        flag("maximum", sys::VIR_DOMAIN_MEM_MAXIMUM, "Changes the most that it may have."),
    ]) -> () {
        let flags = affect(&options)?;
        let set = vm.set_memory(size(&value)?, flags);
        Ok(set.map_err(|error| too_much(vm, flags, error))?)
    }

    /// Sets the most memory that the guest may have (`virDomainSetMaxMemory`).
    ///
    /// In bytes, or a text such as `"2GiB"`; libvirt counts in KiB, and parts of one are rounded up. Of a guest that is
    /// off, or with `config` of its definition.
    ///
    /// Errors: `operation_invalid` while it runs, for drivers that cannot then.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { vm.max_memory = "16GiB" } catch (e) { print(e.code) }
    /// vm.set_max_memory("16GiB", #{ config: true });
    /// ```
    fn set_max_memory(vm: Domain, value: Dynamic; options: AFFECT) -> () {
        let bytes = size(&value)?;
        match affect(&options)? {
            0 => Ok(vm.set_max_memory(bytes)?),
            flags => Ok(vm.set_memory(bytes, flags | sys::VIR_DOMAIN_MEM_MAXIMUM)?),
        }
    }

    /// Sets how often the guest's balloon tells statistics (`virDomainSetMemoryStatsPeriod`).
    ///
    /// In whole seconds, or a text such as `"10s"`; 0 for never.
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").set_memory_stats_period("10s") } catch (e) { print(e.code) }
    /// ```
    fn set_memory_stats_period(vm: Domain, period: Dynamic; options: AFFECT) -> () {
        let seconds = duration(&period)?.as_secs_f64();
        if seconds.fract() != 0.0 || seconds > f64::from(i32::MAX) {
            let error = Error::usage(format!("the period is whole seconds, not {seconds}"));
            return Err(error.operation("domain.set_memory_stats_period").object(vm.label()).into());
        }
        Ok(vm.set_memory_stats_period(seconds as i32, affect(&options)?)?)
    }
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod memory_properties {
    /// The memory of the guest; see `set_memory`.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.memory = "1GiB";
    /// ```
    #[rhai_fn(set = "memory", return_raw)]
    pub fn memory_property(vm: &mut Domain, value: Dynamic) -> Fallible<()> {
        super::without_options::set_memory(vm, value)
    }

    /// The most memory that the guest may have; see `set_max_memory`.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { vm.max_memory = "16GiB" } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(set = "max_memory", return_raw)]
    pub fn max_memory_property(vm: &mut Domain, value: Dynamic) -> Fallible<()> {
        super::without_options::set_max_memory(vm, value)
    }
}
