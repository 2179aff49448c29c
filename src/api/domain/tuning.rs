//! Settings of a guest that libvirt reads and writes as typed parameters: scheduler, memory limits,
//! block I/O weights and NUMA placement.
//!
//! They are maps with libvirt's names and units; a field that a newer daemon adds is there too.

use rhai::plugin::export_module;
use rhai::{Dynamic, Engine, Map};

use crate::api::Fallible;
use crate::error::{Error, Result};
use crate::lang::options::{OptionSpec, OptionTable, flag};
use crate::lang::suggest::nearest;
use crate::libvirt::{Domain, Params, Tuning, Value, sys};

pub(super) fn register(engine: &mut Engine) {
    engine.register_global_module(rhai::exported_module!(domain_tuning).into());
}

const AFFECT: &[OptionSpec] = &[
    flag("live", sys::VIR_DOMAIN_AFFECT_LIVE, "Of the running guest."),
    flag("config", sys::VIR_DOMAIN_AFFECT_CONFIG, "Of the stored definition."),
];

macro_rules! tables {
    ($($name:ident $function:literal),* $(,)?) => {
        $(static $name: OptionTable = OptionTable { function: $function, options: AFFECT };)*
        pub(super) const OPTIONS: &[&OptionTable] = &[$(&$name),*];
    };
}

tables! {
    SCHEDULER "Domain.scheduler_parameters",
    SET_SCHEDULER "Domain.set_scheduler_parameters",
    MEMORY "Domain.memory_parameters",
    SET_MEMORY "Domain.set_memory_parameters",
    BLKIO "Domain.blkio_parameters",
    SET_BLKIO "Domain.set_blkio_parameters",
    NUMA "Domain.numa_parameters",
    SET_NUMA "Domain.set_numa_parameters",
}

fn get(vm: &Domain, tuning: Tuning, flags: u32) -> Fallible<Map> {
    let value = |value| match value {
        Value::String(text) => text.into(),
        Value::Boolean(on) => on.into(),
        Value::Double(number) => number.into(),
        number => Dynamic::from_int(number.as_i64().unwrap_or_default()),
    };
    Ok(vm.tuning(tuning, flags)?.into_iter().map(|(name, v)| (name.into(), value(v))).collect())
}

/// Changes what the map names; the types are those of the settings that there are.
fn set(vm: &Domain, tuning: Tuning, settings: Map, flags: u32) -> Fallible<()> {
    let known = vm.tuning(tuning, flags)?;
    let settings = settings
        .into_iter()
        .map(|(name, value)| typed(vm, &known, &name, &value))
        .collect::<Result<Params>>()?;
    Ok(vm.set_tuning(tuning, settings, flags)?)
}

fn typed(vm: &Domain, known: &Params, name: &str, value: &Dynamic) -> Result<(String, Value)> {
    let Some((_, now)) = known.iter().find(|(known, _)| known == name) else {
        let hint = match nearest(name, known.iter().map(|(known, _)| known.as_str())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it has {}", known.iter().map(|k| k.0.as_str()).collect::<Vec<_>>().join(", ")),
        };
        return Err(Error::usage(format!("there is no setting `{name}`")).object(vm.label()).hint(hint));
    };
    let fits = match now {
        Value::String(_) => value.clone().into_string().ok().map(Value::String),
        Value::Boolean(_) => value.as_bool().ok().map(Value::Boolean),
        Value::Double(_) => value.as_float().ok().map(Value::Double),
        _ => None,
    };
    fits.or_else(|| now.with_i64(value.as_int().ok()?))
        .map(|value| (name.to_owned(), value))
        .ok_or_else(|| Error::usage(format!("the setting `{name}` cannot be {value}")).object(vm.label()))
}

#[export_module]
#[allow(clippy::needless_pass_by_value)]
pub mod domain_tuning {
    /// The settings of the host's scheduler for the guest (`virDomainGetSchedulerParametersFlags`).
    ///
    /// A map with libvirt's names: shares, and periods and quotas in microseconds.
    ///
    /// Errors: `unsupported` where the driver has none.
    ///
    /// ```rhai
    /// print(domain("test").scheduler_parameters())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn scheduler_parameters(vm: &mut Domain) -> Fallible<Map> {
        get(vm, Tuning::SCHEDULER, 0)
    }

    /// The settings of the host's scheduler, live or stored (`virDomainGetSchedulerParametersFlags`).
    ///
    /// Errors: `unsupported` where the driver has none.
    ///
    /// ```rhai
    /// try { print(domain("test").scheduler_parameters(#{ config: true })) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "scheduler_parameters", return_raw, pure)]
    pub fn scheduler_parameters_with(vm: &mut Domain, options: Map) -> Fallible<Map> {
        get(vm, Tuning::SCHEDULER, SCHEDULER.read(options)?.flags())
    }

    /// Changes settings of the host's scheduler for the guest (`virDomainSetSchedulerParametersFlags`).
    ///
    /// Errors: `usage` for a setting that the driver does not have.
    ///
    /// ```rhai
    /// domain("test").set_scheduler_parameters(#{ weight: 50 }, #{});
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn set_scheduler_parameters(vm: &mut Domain, settings: Map, options: Map) -> Fallible<()> {
        set(vm, Tuning::SCHEDULER, settings, SET_SCHEDULER.read(options)?.flags())
    }

    /// The memory limits of the guest in KiB (`virDomainGetMemoryParameters`).
    ///
    /// A map with libvirt's names: `hard_limit`, `soft_limit`, `swap_hard_limit`.
    ///
    /// Errors: `unsupported` where the driver has none.
    ///
    /// ```rhai
    /// try { print(domain("test").memory_parameters(#{})) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn memory_parameters(vm: &mut Domain, options: Map) -> Fallible<Map> {
        get(vm, Tuning::MEMORY, MEMORY.read(options)?.flags())
    }

    /// Changes memory limits of the guest, in KiB (`virDomainSetMemoryParameters`).
    ///
    /// Errors: `usage` for a setting that the driver does not have, `unsupported` where it has none.
    ///
    /// ```rhai
    /// try { domain("test").set_memory_parameters(#{ hard_limit: 4194304 }, #{}) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn set_memory_parameters(vm: &mut Domain, settings: Map, options: Map) -> Fallible<()> {
        set(vm, Tuning::MEMORY, settings, SET_MEMORY.read(options)?.flags())
    }

    /// The block I/O weights and limits of the guest (`virDomainGetBlkioParameters`).
    ///
    /// A map with libvirt's names, for all disks and for each device.
    ///
    /// Errors: `unsupported` where the driver has none.
    ///
    /// ```rhai
    /// try { print(domain("test").blkio_parameters(#{})) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn blkio_parameters(vm: &mut Domain, options: Map) -> Fallible<Map> {
        get(vm, Tuning::BLKIO, BLKIO.read(options)?.flags())
    }

    /// Changes block I/O weights and limits of the guest (`virDomainSetBlkioParameters`).
    ///
    /// Errors: `usage` for a setting that the driver does not have, `unsupported` where it has none.
    ///
    /// ```rhai
    /// try { domain("test").set_blkio_parameters(#{ weight: 500 }, #{}) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn set_blkio_parameters(vm: &mut Domain, settings: Map, options: Map) -> Fallible<()> {
        set(vm, Tuning::BLKIO, settings, SET_BLKIO.read(options)?.flags())
    }

    /// The NUMA placement of the guest: mode and set of nodes (`virDomainGetNumaParameters`).
    ///
    /// A map with libvirt's names: `numa_mode` (its number) and `numa_nodeset`.
    ///
    /// Errors: `unsupported` where the driver has none.
    ///
    /// ```rhai
    /// try { print(domain("test").numa_parameters(#{})) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn numa_parameters(vm: &mut Domain, options: Map) -> Fallible<Map> {
        get(vm, Tuning::NUMA, NUMA.read(options)?.flags())
    }

    /// Changes the NUMA placement of the guest (`virDomainSetNumaParameters`).
    ///
    /// Errors: `usage` for a setting that the driver does not have, `unsupported` where it has none.
    ///
    /// ```rhai
    /// try { domain("test").set_numa_parameters(#{ numa_nodeset: "0" }, #{}) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn set_numa_parameters(vm: &mut Domain, settings: Map, options: Map) -> Fallible<()> {
        set(vm, Tuning::NUMA, settings, SET_NUMA.read(options)?.flags())
    }
}
