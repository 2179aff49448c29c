//! The host behind a connection: what it is and what it can do. CPUs and memory are in the folder.

pub(super) mod cpu;
mod memory;
#[cfg(test)]
mod tests;

use rhai::Map;
use rhai::plugin::{Dynamic, ImmutableString, export_module};

use super::params::to_map;
use super::units::duration;
use super::xml::XmlDocument;
use super::{Fallible, words};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, OptionTable, Parsed, flag, text};
use crate::lang::suggest::nearest;
use crate::libvirt::{Connection, GuestKind, SuspendTarget, sys, version_text};
use crate::xml::Document;

/// The host of a connection; a copy is cheap.
#[derive(Clone)]
pub struct Host(pub(super) Connection);

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    natives.engine().register_type_with_name::<Host>("Host");
    natives.global(&host_functions::RHAI_MANIFEST);
    cpu::register(natives);
    memory::register(natives);
}

/// The option tables of this folder.
pub(super) fn options() -> impl Iterator<Item = &'static OptionTable> {
    [&[&DOMAIN_CAPABILITIES], cpu::OPTIONS, memory::OPTIONS].concat().into_iter()
}

/// What tells kinds of guests apart.
const KIND: [OptionSpec; 4] = [
    text("emulator", "Path of the program that runs the guest.").alias("emulatorbin"),
    text("arch", "Architecture of the guest, such as \"x86_64\"."),
    text("machine", "Machine type, such as \"q35\"."),
    text("virttype", "Hypervisor, such as \"kvm\" or \"qemu\"."),
];

static DOMAIN_CAPABILITIES: OptionTable = OptionTable {
    function: "Host.domain_capabilities",
    options: &[
        KIND[0],
        KIND[1],
        KIND[2],
        KIND[3],
        flag(
            "disable_deprecated_features",
            sys::VIR_CONNECT_GET_DOMAIN_CAPABILITIES_DISABLE_DEPRECATED_FEATURES,
            "With deprecated CPU features switched off (newer than libvirt 9.0.0).",
        ),
        flag(
            "expand_cpu_features",
            sys::VIR_CONNECT_GET_DOMAIN_CAPABILITIES_EXPAND_CPU_FEATURES,
            "With every feature of the host's CPU model (libvirt 12.2.0).",
        ),
        flag(
            "supported_cpu_features",
            sys::VIR_CONNECT_GET_DOMAIN_CAPABILITIES_SUPPORTED_CPU_FEATURES,
            "With every CPU feature that the hypervisor can give (libvirt 12.5.0).",
        ),
    ],
};

/// Reads the options of [`KIND`].
fn guest_kind(options: &Parsed) -> Result<GuestKind> {
    Ok(GuestKind {
        emulator: options.get_text("emulator")?,
        arch: options.get_text("arch")?,
        machine: options.get_text("machine")?,
        virttype: options.get_text("virttype")?,
    })
}

/// Reads what the host sleeps into.
fn suspend_target(word: &str) -> Result<SuspendTarget> {
    words::number(words::SUSPEND_TARGETS, word).map(SuspendTarget).ok_or_else(|| {
        let hint = match nearest(word, words::SUSPEND_TARGETS.iter().copied()) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("it is one of {}", words::SUSPEND_TARGETS.join(", ")),
        };
        Error::usage(format!("a host cannot sleep into {word:?}")).operation("host.suspend").hint(hint)
    })
}

#[export_module(manifest)]
mod host_functions {
    /// The host of the connection.
    ///
    /// ```rhai
    /// print(conn().host().hostname())
    /// ```
    #[rhai_fn(pure)]
    pub fn host(connection: &mut Connection) -> Host {
        Host(connection.clone())
    }

    /// The name of the host (`virConnectGetHostname`).
    ///
    /// ```rhai
    /// print(host().hostname())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn hostname(host: &mut Host) -> Fallible<String> {
        Ok(host.0.hostname()?)
    }

    /// The URI of the connection (`virConnectGetURI`).
    ///
    /// ```rhai
    /// print(host().uri())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn uri(host: &mut Host) -> Fallible<String> {
        Ok(host.0.canonical_uri()?)
    }

    /// The driver behind the connection, such as `QEMU`, `LXC` or `TEST` (`virConnectGetType`).
    ///
    /// ```rhai
    /// print(host().driver())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn driver(host: &mut Host) -> Fallible<String> {
        Ok(host.0.driver()?)
    }

    /// The versions of libvirt here and there and of the hypervisor.
    ///
    /// A map: `#{ library, daemon, hypervisor }`.
    ///
    /// ```rhai
    /// print(host().version().library)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn version(host: &mut Host) -> Fallible<Map> {
        let mut map = Map::new();
        map.insert("library".into(), version_text(crate::libvirt::library_version()?).into());
        map.insert("daemon".into(), version_text(host.0.daemon_version()?).into());
        map.insert("hypervisor".into(), version_text(host.0.hypervisor_version()?).into());
        Ok(map)
    }

    /// How many CPUs the host has (`virNodeGetInfo`).
    ///
    /// ```rhai
    /// print(host().cpus())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn cpus(host: &mut Host) -> Fallible<i64> {
        Ok(host.0.node_info()?.cpus.into())
    }

    /// The memory of the host in bytes (`virNodeGetInfo`).
    ///
    /// ```rhai
    /// print(size_text(host().memory()))
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn memory(host: &mut Host) -> Fallible<i64> {
        Ok(i64::try_from(host.0.node_info()?.memory).unwrap_or(i64::MAX))
    }

    /// CPUs and memory of the host (`virNodeGetInfo`).
    ///
    /// A map with `model`, `memory` (bytes), `cpus`, `mhz` (0 where unknown), `nodes`, `sockets` per
    /// node, `cores` per socket and `threads` per core.
    ///
    /// ```rhai
    /// print(host().info().cpus)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn info(host: &mut Host) -> Fallible<Map> {
        let info = host.0.node_info()?;
        let mut map = Map::new();
        map.insert("model".into(), info.model.into());
        map.insert("memory".into(), Dynamic::from_int(info.memory as i64));
        for (key, value) in [
            ("cpus", info.cpus),
            ("mhz", info.mhz),
            ("nodes", info.nodes),
            ("sockets", info.sockets),
            ("cores", info.cores),
            ("threads", info.threads),
        ] {
            map.insert(key.into(), Dynamic::from_int(i64::from(value)));
        }
        Ok(map)
    }

    /// The most virtual CPUs that a guest may have (`virConnectGetMaxVcpus`).
    ///
    /// ```rhai
    /// print(host().max_vcpus())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn max_vcpus(host: &mut Host) -> Fallible<i64> {
        Ok(i64::from(host.0.max_vcpus(None)?))
    }

    /// The most virtual CPUs that a guest of a hypervisor may have (`virConnectGetMaxVcpus`).
    ///
    /// The hypervisor is a word such as `kvm` or `qemu`.
    ///
    /// Errors: `invalid_arg` for one that the driver does not have.
    ///
    /// ```rhai
    /// print(host().max_vcpus("test"))
    /// ```
    #[rhai_fn(name = "max_vcpus", return_raw, pure)]
    pub fn max_vcpus_of(host: &mut Host, virttype: ImmutableString) -> Fallible<i64> {
        Ok(i64::from(host.0.max_vcpus(Some(&virttype))?))
    }

    /// What the host and its hypervisor can do, as a document (`virConnectGetCapabilities`).
    ///
    /// ```rhai
    /// print(host().capabilities()["host/cpu/arch"].text())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn capabilities(host: &mut Host) -> Fallible<XmlDocument> {
        Ok(Document::parse(&host.0.capabilities()?)?.into())
    }

    /// What a guest can have on this host, as a document (`virConnectGetDomainCapabilities`).
    ///
    /// That of the host's own choice of emulator, architecture, machine and hypervisor.
    ///
    /// Errors: `unsupported` where the driver does not know.
    ///
    /// ```rhai
    /// try { print(host().domain_capabilities()["vcpu/@max"]) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "domain_capabilities", return_raw, pure)]
    pub fn usual_domain_capabilities(host: &mut Host) -> Fallible<XmlDocument> {
        Ok(Document::parse(&host.0.domain_capabilities(&GuestKind::default(), 0)?)?.into())
    }

    /// What a kind of guest can have on this host, as a document (`virConnectGetDomainCapabilities`).
    ///
    /// What the options leave out is the host's choice.
    ///
    /// Errors: `unsupported` where the driver does not know.
    ///
    /// ```rhai
    /// try { print(host().domain_capabilities(#{ virttype: "qemu", arch: "x86_64" })["path"]) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn domain_capabilities(host: &mut Host, options: Map) -> Fallible<XmlDocument> {
        let options = DOMAIN_CAPABILITIES.read(options)?;
        let xml = host.0.domain_capabilities(&guest_kind(&options)?, options.flags())?;
        Ok(Document::parse(&xml)?.into())
    }

    /// The host's SMBIOS tables, such as maker and serial numbers, as a document (`virConnectGetSysinfo`).
    ///
    /// Errors: `unsupported` where the driver or the host has none.
    ///
    /// ```rhai
    /// print(host().sysinfo()["bios/entry[@name='vendor']"].text())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn sysinfo(host: &mut Host) -> Fallible<XmlDocument> {
        Ok(Document::parse(&host.0.sysinfo()?)?.into())
    }

    /// The security driver of the host (`virNodeGetSecurityModel`).
    ///
    /// A map: `model`, such as `selinux` or `apparmor` and empty where there is none, and `doi`, its
    /// domain of interpretation.
    ///
    /// Errors: `unsupported` where the driver does not know.
    ///
    /// ```rhai
    /// print(host().security_model().model)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn security_model(host: &mut Host) -> Fallible<Map> {
        let security = host.0.security_model()?;
        Ok(Map::from([("model".into(), security.model.into()), ("doi".into(), security.doi.into())]))
    }

    /// What a guest's owner needs to know of AMD SEV on this host (`virNodeGetSEVInfo`).
    ///
    /// A map with libvirt's names, in `_` for `-`: `pdh` and `cert_chain` are base64, `cbitpos` and
    /// `reduced_phys_bits` are numbers of bits, `max_guests` and `max_es_guests` are numbers of guests.
    ///
    /// Errors: `unsupported` where the host or the driver has no SEV.
    ///
    /// ```rhai
    /// try { print(host().sev_info().max_guests) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn sev_info(host: &mut Host) -> Fallible<Map> {
        let info = to_map(host.0.sev_info()?);
        Ok(info.into_iter().map(|(name, value)| (name.replace('-', "_").into(), value)).collect())
    }

    /// Puts the host to sleep and wakes it up after a time (`virNodeSuspendForDuration`).
    ///
    /// The target is `mem`, `disk` or `hybrid`; the time is in seconds or a text such as `"10m"`, and at
    /// least 60 seconds.
    ///
    /// Errors: `unsupported` where the driver cannot, `usage` for another target.
    ///
    /// ```rhai
    /// try { host().suspend("mem", "2m") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn suspend(host: &mut Host, target: ImmutableString, time: Dynamic) -> Fallible<()> {
        Ok(host.0.suspend_host(suspend_target(&target)?, duration(&time)?.as_secs())?)
    }

    /// The name of the host, as `print` shows it.
    ///
    /// ```rhai
    /// print(host().to_string())
    /// ```
    #[rhai_fn(name = "to_string", name = "to_debug", return_raw, pure)]
    pub fn to_string(host: &mut Host) -> Fallible<String> {
        Ok(host.0.hostname()?)
    }
}
