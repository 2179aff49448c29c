//! Virtual networks: properties, life and leases here; finding and defining in the folder.
//!
//! A property always asks libvirt, so its value is never stale.

mod changes;
mod definition;
mod finders;
mod metadata;
#[cfg(test)]
mod tests;

pub(super) use changes::{COMMANDS, SECTIONS};
use rhai::plugin::{Dynamic, ImmutableString, export_module};
use rhai::{Array, Map};

use super::Fallible;
use crate::error::Result;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, text};
use crate::libvirt::{Connection, DhcpLease, Network};
use crate::units;

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    super::handle::register::<virt::network::Network>(natives, "Network");
    natives.global(&network_functions::RHAI_MANIFEST);
    finders::register(natives);
    definition::register(natives);
    changes::register(natives);
    metadata::register(natives);
}

/// The option tables of this folder.
pub(super) fn options() -> impl Iterator<Item = &'static OptionTable> {
    [finders::OPTIONS, definition::OPTIONS, changes::OPTIONS, metadata::OPTIONS, &[&DHCP_LEASES]]
        .concat()
        .into_iter()
}

/// A lease as a map; what the server does not know is `()`.
fn lease(lease: DhcpLease) -> Result<Dynamic> {
    let known = |text: Option<String>| text.map_or(Dynamic::UNIT, Into::into);
    let expiry_time = match lease.expiry_time {
        Some(seconds) => units::time_text(units::from_unix(seconds as f64)?).into(),
        None => Dynamic::UNIT,
    };
    Ok(Dynamic::from(Map::from([
        ("iface".into(), lease.iface.into()),
        ("expiry_time".into(), expiry_time),
        ("family".into(), lease.family.into()),
        ("mac".into(), known(lease.mac)),
        ("iaid".into(), known(lease.iaid)),
        ("address".into(), lease.address.into()),
        ("prefix".into(), Dynamic::from_int(i64::from(lease.prefix))),
        ("hostname".into(), known(lease.hostname)),
        ("client_id".into(), known(lease.client_id)),
    ])))
}

static DHCP_LEASES: OptionTable = OptionTable {
    function: "Network.dhcp_leases",
    options: &[text("mac", "Only those of this MAC address.")],
};

fn leases(network: &Network, mac: Option<&str>) -> Fallible<Array> {
    Ok(network.dhcp_leases(mac)?.into_iter().map(lease).collect::<Result<Array>>()?)
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod network_functions {
    /// The name of the network (`virNetworkGetName`).
    ///
    /// ```rhai
    /// print(networks()[0].name)
    /// ```
    #[rhai_fn(get = "name", return_raw, pure)]
    pub fn get_name(network: &mut Network) -> Fallible<String> {
        Ok(network.name()?)
    }

    /// The UUID of the network (`virNetworkGetUUIDString`).
    ///
    /// ```rhai
    /// print(networks()[0].uuid)
    /// ```
    #[rhai_fn(get = "uuid", pure)]
    pub fn get_uuid(network: &mut Network) -> String {
        network.key().to_string()
    }

    /// Whether the network runs (`virNetworkIsActive`).
    ///
    /// ```rhai
    /// print(networks()[0].active)
    /// ```
    #[rhai_fn(get = "active", return_raw, pure)]
    pub fn get_active(network: &mut Network) -> Fallible<bool> {
        Ok(network.is_active()?)
    }

    /// Whether the network has a stored definition (`virNetworkIsPersistent`).
    ///
    /// ```rhai
    /// print(networks()[0].persistent)
    /// ```
    #[rhai_fn(get = "persistent", return_raw, pure)]
    pub fn get_persistent(network: &mut Network) -> Fallible<bool> {
        Ok(network.is_persistent()?)
    }

    /// Whether the network starts with the host (`virNetworkGetAutostart`).
    ///
    /// ```rhai
    /// print(networks()[0].autostart)
    /// ```
    #[rhai_fn(get = "autostart", return_raw, pure)]
    pub fn get_autostart(network: &mut Network) -> Fallible<bool> {
        Ok(network.autostart()?)
    }

    /// Sets whether the network starts with the host (`virNetworkSetAutostart`).
    ///
    /// Errors: `operation_invalid` for a network without a stored definition.
    ///
    /// ```rhai
    /// let net = network("default");
    /// net.autostart = true;
    /// ```
    #[rhai_fn(set = "autostart", name = "set_autostart", return_raw)]
    pub fn set_autostart(network: &mut Network, on: bool) -> Fallible<()> {
        Ok(network.set_autostart(on)?)
    }

    /// The bridge of the network on the host, such as `virbr0`, or `()` (`virNetworkGetBridgeName`).
    ///
    /// ```rhai
    /// print(networks()[0].bridge)
    /// ```
    #[rhai_fn(get = "bridge", return_raw, pure)]
    pub fn get_bridge(network: &mut Network) -> Fallible<Dynamic> {
        Ok(network.bridge_name()?.map_or(Dynamic::UNIT, Into::into))
    }

    /// The connection that the network belongs to.
    ///
    /// ```rhai
    /// print(networks()[0].connection().uri())
    /// ```
    #[rhai_fn(pure)]
    pub fn connection(network: &mut Network) -> Connection {
        Network::connection(network).clone()
    }

    /// Starts the network (`virNetworkCreate`).
    ///
    /// Errors: `operation_invalid` when it runs already; `internal_error` where the host is in the way,
    /// such as by an address that is in use.
    ///
    /// ```rhai
    /// let net = conn().define_network("<network><name>start-me</name></network>");
    /// net.start();
    /// net.destroy();
    /// net.undefine();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn start(network: &mut Network) -> Fallible<()> {
        Ok(network.start()?)
    }

    /// Ends the network at once; guests on it lose their connection (`virNetworkDestroy`).
    ///
    /// Its stored definition stays. A network without one vanishes.
    ///
    /// Errors: `operation_invalid` when it does not run.
    ///
    /// ```rhai
    /// let net = conn().create_network("<network><name>destroy-me</name></network>");
    /// net.destroy();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn destroy(network: &mut Network) -> Fallible<()> {
        Ok(network.destroy()?)
    }

    /// The addresses that the DHCP server of the network has given out (`virNetworkGetDHCPLeases`).
    ///
    /// One map for each: `#{ iface, expiry_time, family, mac, iaid, address, prefix, hostname, client_id }`.
    /// `iface` is the host's interface, `expiry_time` a time in RFC 3339 (`()` where it never ends),
    /// `prefix` the length in bits, and what the server does not know is `()`.
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// try { for l in network("default").dhcp_leases() { print(l.address) } } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn dhcp_leases(network: &mut Network) -> Fallible<Array> {
        leases(network, None)
    }

    /// The addresses that the DHCP server has given out, with options (`virNetworkGetDHCPLeases`).
    ///
    /// See `dhcp_leases()`; times are RFC 3339, prefixes in bits.
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// try { network("default").dhcp_leases(#{ mac: "52:54:00:00:00:01" }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "dhcp_leases", return_raw, pure)]
    pub fn dhcp_leases_with(network: &mut Network, options: Map) -> Fallible<Array> {
        leases(network, DHCP_LEASES.read(options)?.get_text("mac")?.as_deref())
    }

    /// The addresses that the DHCP server has given to one MAC address (`virNetworkGetDHCPLeases`).
    ///
    /// See `dhcp_leases()`; times are RFC 3339, prefixes in bits.
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// try { network("default").dhcp_leases("52:54:00:00:00:01") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "dhcp_leases", return_raw, pure)]
    pub fn dhcp_leases_of(network: &mut Network, mac: ImmutableString) -> Fallible<Array> {
        leases(network, Some(&mac))
    }
}
