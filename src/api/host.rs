//! The host behind a connection: what it is and what it can do.

use rhai::plugin::{Dynamic, export_module};
use rhai::{Engine, Map};

use super::Fallible;
use crate::libvirt::{Connection, version_text};

/// The host of a connection; a copy is cheap.
#[derive(Clone)]
pub struct Host(pub(super) Connection);

/// Registers the type and its functions.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Host>("Host");
    engine.register_global_module(rhai::exported_module!(host_functions).into());
}

#[export_module]
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

    /// Free memory in bytes (`virNodeGetFreeMemory`).
    ///
    /// Errors: `unsupported` where the driver does not know.
    ///
    /// ```rhai
    /// try { print(host().free_memory()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn free_memory(host: &mut Host) -> Fallible<i64> {
        Ok(i64::try_from(host.0.free_memory()?).unwrap_or(i64::MAX))
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
