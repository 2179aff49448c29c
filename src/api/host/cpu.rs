//! The host's CPUs: models, comparison, a common denominator, and what they do.

use rhai::plugin::{Dynamic, ImmutableString, export_module};
use rhai::{Array, Map};

use super::{Host, KIND, guest_kind};
use crate::api::params::to_i64;
use crate::api::subject::of;
use crate::api::xml::{XmlDocument, text_of};
use crate::api::{Fallible, words};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, OptionTable, flag};
use crate::libvirt::{NodeStats, sys};
use crate::xml::{Document, Value};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&host_cpu::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&COMPARE, &COMPARE_HYPERVISOR, &BASELINE, &BASELINE_HYPERVISOR];

const FAIL_INCOMPATIBLE: OptionSpec = flag(
    "fail_incompatible",
    sys::VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE,
    "An incompatible CPU is an error that says what is missing.",
)
.alias("error");

const VALIDATE: OptionSpec =
    flag("validate", sys::VIR_CONNECT_COMPARE_CPU_VALIDATE_XML, "Checks the XML against libvirt's schema.")
        .alias("validate_xml");

const EXPAND_FEATURES: OptionSpec = flag(
    "expand_features",
    sys::VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES,
    "Names every feature, those of the model too.",
)
.alias("features");

const MIGRATABLE: OptionSpec = flag(
    "migratable",
    sys::VIR_CONNECT_BASELINE_CPU_MIGRATABLE,
    "Leaves out features that hinder a migration.",
);

const IGNORE_HOST: OptionSpec = flag(
    "ignore_host",
    sys::VIR_CONNECT_BASELINE_CPU_IGNORE_HOST,
    "Does not limit the result to what this host can give (newer than libvirt 9.0.0).",
);

static COMPARE: OptionTable =
    OptionTable { function: "Host.compare_cpu", options: &[FAIL_INCOMPATIBLE, VALIDATE] };

static COMPARE_HYPERVISOR: OptionTable = OptionTable {
    function: "Host.compare_hypervisor_cpu",
    options: &[KIND[0], KIND[1], KIND[2], KIND[3], FAIL_INCOMPATIBLE, VALIDATE],
};

static BASELINE: OptionTable =
    OptionTable { function: "Host.baseline_cpu", options: &[EXPAND_FEATURES, MIGRATABLE, IGNORE_HOST] };

static BASELINE_HYPERVISOR: OptionTable = OptionTable {
    function: "Host.baseline_hypervisor_cpu",
    options: &[KIND[0], KIND[1], KIND[2], KIND[3], EXPAND_FEATURES, MIGRATABLE, IGNORE_HOST],
};

/// The XML of the CPU that a value describes: a CPU itself, or the capabilities of a host, the
/// capabilities for guests, or the definition of a guest that has one.
fn cpu_of(value: &Dynamic) -> Result<String> {
    let refuse = |what: &str| {
        Error::usage(format!("a CPU is XML, as text or as a document, not {what}"))
            .hint("give <cpu>…</cpu>, host().capabilities(), host().domain_capabilities(#{}) or vm.xml")
    };
    let text = text_of(value).ok_or_else(|| refuse(value.type_name()))?;
    let document = Document::parse(&text)?;
    let root = document.root().tag();
    let path = match root.as_str() {
        "cpu" => return Ok(text),
        "capabilities" => "host/cpu",
        "domain" => "cpu",
        "domainCapabilities" => "cpu/mode[@name='host-model']",
        _ => return Err(refuse(&format!("<{root}>"))),
    };
    let Some(Value::Node(found)) = document.get(path)? else {
        return Err(refuse(&format!("a <{root}> without one")));
    };
    if root != "domainCapabilities" {
        return Ok(found.to_string());
    }
    // The CPU that guests get of the host is described there as one mode of several.
    let parts: String = found.children().iter().map(ToString::to_string).collect();
    Ok(format!("<cpu>{parts}</cpu>"))
}

fn cpus_of(cpus: &Array) -> Result<Vec<String>> {
    cpus.iter().map(cpu_of).collect()
}

fn comparison(result: i32) -> ImmutableString {
    words::word(words::CPU_COMPARISONS, result).as_ref().into()
}

/// A map of statistics; each name is libvirt's, `unit` says what becomes of a number.
pub(super) fn stats_map(stats: NodeStats, unit: impl Fn(String, u64) -> (String, u64)) -> Map {
    let entry = |(name, value)| {
        let (name, value) = unit(name, value);
        (name.into(), Dynamic::from_int(to_i64(value)))
    };
    stats.into_iter().map(entry).collect()
}

/// Times are in nanoseconds and say so; the one percentage keeps its name.
pub(in crate::api) fn cpu_stats_map(stats: NodeStats) -> Map {
    stats_map(stats, |name, value| {
        let name = if name == "utilization" { name } else { format!("{name}_ns") };
        (name, value)
    })
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod host_cpu {
    /// The CPU models that libvirt knows for the host's architecture (`virConnectGetCPUModelNames`).
    ///
    /// Errors: `unsupported` where the driver has none.
    ///
    /// @returns [string]
    ///
    /// ```rhai
    /// print(host().cpu_models().len())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn cpu_models(host: &mut Host) -> Fallible<Array> {
        let arch = host.0.node_info()?.model;
        Ok(host.0.cpu_models(&arch)?.into_iter().map(Dynamic::from).collect())
    }

    /// The CPU models that libvirt knows for an architecture (`virConnectGetCPUModelNames`).
    ///
    /// Errors: `invalid_arg` for an architecture that libvirt does not know.
    ///
    /// @returns [string]
    ///
    /// ```rhai
    /// print(host().cpu_models("x86_64").contains("qemu64"))
    /// ```
    #[rhai_fn(name = "cpu_models", return_raw, pure)]
    pub fn cpu_models_of(host: &mut Host, arch: ImmutableString) -> Fallible<Array> {
        Ok(host.0.cpu_models(&arch)?.into_iter().map(Dynamic::from).collect())
    }

    /// Compares a CPU with that of the host (`virConnectCompareCPU`).
    ///
    /// The CPU is XML, or a document that has one: the capabilities of another host, or the definition of
    /// a guest. Gives a word: `incompatible` (the host lacks something), `identical` or `superset` (the
    /// host has all of it and more).
    ///
    /// Errors: `unsupported` where the driver cannot, `usage` for XML without a CPU.
    ///
    /// ```rhai
    /// try { print(host().compare_cpu("<cpu><arch>x86_64</arch><model>qemu64</model></cpu>")) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn compare_cpu(host: &mut Host, cpu: Dynamic) -> Fallible<ImmutableString> {
        compare_cpu_with(host, cpu, Map::new())
    }

    /// Compares a CPU with that of the host, with options (`virConnectCompareCPU`).
    ///
    /// See `compare_cpu(cpu)`.
    ///
    /// Errors: `cpu_incompatible` with `fail_incompatible`, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// let cpu = "<cpu><arch>x86_64</arch><model>qemu64</model></cpu>";
    /// try { host().compare_cpu(cpu, #{ fail_incompatible: true }); } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "compare_cpu", return_raw, pure)]
    pub fn compare_cpu_with(host: &mut Host, cpu: Dynamic, options: Map) -> Fallible<ImmutableString> {
        let options = COMPARE.read(options)?;
        Ok(comparison(
            host.0.compare_cpu(&cpu_of(&cpu).map_err(of("host.compare_cpu", host))?, options.flags())?,
        ))
    }

    /// Compares a CPU with what the hypervisor can give its guests (`virConnectCompareHypervisorCPU`).
    ///
    /// What the options leave out is the host's choice. Gives a word as `compare_cpu` does.
    ///
    /// Errors: `unsupported` where the driver cannot, `usage` for XML without a CPU.
    ///
    /// ```rhai
    /// let cpu = "<cpu mode='custom'><model>qemu64</model></cpu>";
    /// try { print(host().compare_hypervisor_cpu(cpu, #{ virttype: "qemu" })) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn compare_hypervisor_cpu(host: &mut Host, cpu: Dynamic, options: Map) -> Fallible<ImmutableString> {
        let options = COMPARE_HYPERVISOR.read(options)?;
        let kind = guest_kind(&options)?;
        Ok(comparison(host.0.compare_hypervisor_cpu(
            &kind,
            &cpu_of(&cpu).map_err(of("host.compare_cpu", host))?,
            options.flags(),
        )?))
    }

    /// The richest CPU that all of some hosts have, as a document (`virConnectBaselineCPU`).
    ///
    /// Each CPU is XML, or a document that has one, such as the capabilities of a host: a guest with the
    /// result runs on each of them.
    ///
    /// Errors: `unsupported` where the driver cannot, `usage` for XML without a CPU.
    ///
    /// ```rhai
    /// let cpus = ["<cpu><arch>x86_64</arch><model>Nehalem</model></cpu>",
    ///     "<cpu><arch>x86_64</arch><model>Penryn</model></cpu>"];
    /// print(host().baseline_cpu(cpus)["model"])
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn baseline_cpu(host: &mut Host, cpus: Array) -> Fallible<XmlDocument> {
        baseline_cpu_with(host, cpus, Map::new())
    }

    /// The richest CPU that all of some hosts have, with options (`virConnectBaselineCPU`).
    ///
    /// See `baseline_cpu(cpus)`.
    ///
    /// Errors: `unsupported` where the driver cannot, `usage` for XML without a CPU.
    ///
    /// ```rhai
    /// let cpu = "<cpu><arch>x86_64</arch><model>Penryn</model></cpu>";
    /// print(host().baseline_cpu([cpu], #{ expand_features: true }).all("feature").len())
    /// ```
    #[rhai_fn(name = "baseline_cpu", return_raw, pure)]
    pub fn baseline_cpu_with(host: &mut Host, cpus: Array, options: Map) -> Fallible<XmlDocument> {
        let options = BASELINE.read(options)?;
        let cpus = cpus_of(&cpus).map_err(of("host.baseline_cpu", host))?;
        Ok(Document::parse(&host.0.baseline_cpu(&cpus, options.flags())?)?.into())
    }

    /// The richest CPU that guests can have on all of some hosts (`virConnectBaselineHypervisorCPU`).
    ///
    /// A document. Each CPU is XML, or a document that has one, such as the capabilities for guests of a
    /// host. What the options leave out is the host's choice.
    ///
    /// Errors: `unsupported` where the driver cannot, `usage` for XML without a CPU.
    ///
    /// ```rhai
    /// try {
    ///     let all = [host().domain_capabilities(#{ virttype: "qemu" })];
    ///     print(host().baseline_hypervisor_cpu(all, #{ virttype: "qemu" })["model"])
    /// } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn baseline_hypervisor_cpu(host: &mut Host, cpus: Array, options: Map) -> Fallible<XmlDocument> {
        let options = BASELINE_HYPERVISOR.read(options)?;
        let (kind, cpus) = (guest_kind(&options)?, cpus_of(&cpus)?);
        let xml = host.0.baseline_hypervisor_cpu(&kind, &cpus, options.flags())?;
        Ok(Document::parse(&xml)?.into())
    }

    /// Which CPUs of the host are online (`virNodeGetCPUMap`).
    ///
    /// A map: `present` and `online` are numbers of CPUs, `map` tells for each CPU by its number whether
    /// it is online.
    ///
    /// Errors: `unsupported` where the driver does not know.
    ///
    /// ```rhai
    /// print(host().cpu_map().online)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn cpu_map(host: &mut Host) -> Fallible<Map> {
        let map = host.0.cpu_map()?.online;
        let online = map.iter().filter(|online| **online).count();
        Ok(Map::from([
            ("present".into(), Dynamic::from_int(map.len() as i64)),
            ("online".into(), Dynamic::from_int(online as i64)),
            ("map".into(), map.into_iter().map(Dynamic::from).collect::<Array>().into()),
        ]))
    }

    /// What all CPUs of the host have done since it started (`virNodeGetCPUStats`).
    ///
    /// A map of nanoseconds: `user_ns`, `kernel_ns`, `idle_ns`, `iowait_ns` and what else the driver has;
    /// some have `utilization` in percent instead.
    ///
    /// Errors: `unsupported` where the driver does not know.
    ///
    /// ```rhai
    /// print(host().cpu_stats().idle_ns)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn cpu_stats(host: &mut Host) -> Fallible<Map> {
        Ok(cpu_stats_map(host.0.cpu_stats(None)?))
    }

    /// What one CPU of the host has done since it started (`virNodeGetCPUStats`).
    ///
    /// In nanoseconds; see `cpu_stats()`.
    ///
    /// Errors: `invalid_arg` for a CPU that there is not, `unsupported` where the driver does not know.
    ///
    /// ```rhai
    /// print(host().cpu_stats(0).user_ns)
    /// ```
    #[rhai_fn(name = "cpu_stats", return_raw, pure)]
    pub fn cpu_stats_of(host: &mut Host, cpu: i64) -> Fallible<Map> {
        let number = i32::try_from(cpu).ok().filter(|cpu| *cpu >= 0);
        let number = number.ok_or_else(|| Error::usage(format!("{cpu} is not the number of a CPU")));
        let number = number.map_err(of("host.cpu_stats", host))?;
        Ok(cpu_stats_map(host.0.cpu_stats(Some(number))?))
    }
}
