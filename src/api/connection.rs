//! Connections to hypervisors, as scripts see them.
//!
//! A connection opens at its first use and again after it was lost; a copy is the same connection.
//! Everything is a method here, because much of it asks the daemon and takes time.

mod counts;
mod identity;
mod native;
mod supports;

use rhai::plugin::{ImmutableString, NativeCallContext, export_module};
use rhai::{Array, Map};

use super::permissions::Permission;
use super::{Context, Fallible, inventory, stats};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, boolean};
use crate::libvirt::{Connection, version_text};

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    natives.engine().register_type_with_name::<Connection>("Connection");
    natives.global(&connection_functions::RHAI_MANIFEST);
    counts::register(natives);
    identity::register(natives);
    native::register(natives);
    supports::register(natives);
}

/// The options of `connect`.
pub(super) static CONNECT: OptionTable = OptionTable {
    function: "connect",
    options: &[boolean("readonly", "Opens it read-only: the daemon refuses changes.")],
};

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod connection_functions {
    /// The default connection, opened at its first use.
    ///
    /// It is the one of `-c`, `LIBVIRT_DEFAULT_URI` or libvirt's own choice, and visible in
    /// functions, closures and modules.
    ///
    /// ```rhai
    /// print(conn().uri())
    /// ```
    #[rhai_fn(return_raw)]
    pub fn conn(context: NativeCallContext) -> Fallible<Connection> {
        Ok(Context::of(&context)?.connection())
    }

    /// Opens a connection (`virConnectOpenAuth`).
    ///
    /// Errors: `connect_failed`, `auth_failed` and `permission_denied`, each with a hint.
    ///
    /// ```rhai
    /// let c = connect("test:///default");
    /// print(c.hostname())
    /// ```
    #[rhai_fn(return_raw)]
    pub fn connect(context: NativeCallContext, uri: ImmutableString) -> Fallible<Connection> {
        open(&context, uri.to_string(), false)
    }

    /// Opens a connection with options.
    ///
    /// Errors: `connect_failed`, `auth_failed` and `permission_denied`, each with a hint.
    ///
    /// ```rhai
    /// let c = connect("test:///default", #{ readonly: true });
    /// print(c.is_readonly())
    /// ```
    #[rhai_fn(name = "connect", return_raw)]
    pub fn connect_with(
        context: NativeCallContext,
        uri: ImmutableString,
        options: Map,
    ) -> Fallible<Connection> {
        let options = CONNECT.read(options)?;
        open(&context, uri.to_string(), options.get_bool("readonly")?.unwrap_or(false))
    }

    /// The URI of the connection (`virConnectGetURI`).
    ///
    /// ```rhai
    /// print(conn().uri())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn uri(connection: &mut Connection) -> Fallible<String> {
        Ok(connection.canonical_uri()?)
    }

    /// The name of the host (`virConnectGetHostname`).
    ///
    /// ```rhai
    /// print(conn().hostname())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn hostname(connection: &mut Connection) -> Fallible<String> {
        Ok(Connection::hostname(connection)?)
    }

    /// The driver behind the connection, such as `QEMU`, `LXC` or `TEST` (`virConnectGetType`).
    ///
    /// ```rhai
    /// print(conn().driver())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn driver(connection: &mut Connection) -> Fallible<String> {
        Ok(Connection::driver(connection)?)
    }

    /// The version of libvirt on the host, such as `9.0.0` (`virConnectGetLibVersion`).
    ///
    /// ```rhai
    /// print(conn().lib_version())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn lib_version(connection: &mut Connection) -> Fallible<String> {
        Ok(version_text(connection.daemon_version()?))
    }

    /// The version of the hypervisor, such as `7.2.0` (`virConnectGetVersion`).
    ///
    /// ```rhai
    /// print(conn().version())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn version(connection: &mut Connection) -> Fallible<String> {
        Ok(version_text(connection.hypervisor_version()?))
    }

    /// Whether the connection was opened read-only.
    ///
    /// ```rhai
    /// print(conn().is_readonly())
    /// ```
    #[rhai_fn(pure)]
    pub fn is_readonly(connection: &mut Connection) -> bool {
        Connection::is_readonly(connection)
    }

    /// Whether the connection was opened and not lost since, without using it.
    ///
    /// A connection opens at its first use, and again at the next one after it was lost.
    ///
    /// ```rhai
    /// if !conn().is_open() { print("nothing was asked yet") }
    /// ```
    #[rhai_fn(pure)]
    pub fn is_open(connection: &mut Connection) -> bool {
        Connection::is_open(connection)
    }

    /// Whether the connection is open and answers, as far as is known without asking (`virConnectIsAlive`).
    ///
    /// ```rhai
    /// print(conn().is_alive())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn is_alive(connection: &mut Connection) -> Fallible<bool> {
        Ok(Connection::is_alive(connection)?)
    }

    /// Whether nobody can listen in: the transport is encrypted or local (`virConnectIsSecure`).
    ///
    /// ```rhai
    /// print(conn().is_secure())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn is_secure(connection: &mut Connection) -> Fallible<bool> {
        Ok(Connection::is_secure(connection)?)
    }

    /// Whether the transport is encrypted (`virConnectIsEncrypted`).
    ///
    /// ```rhai
    /// print(conn().is_encrypted())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn is_encrypted(connection: &mut Connection) -> Fallible<bool> {
        Ok(Connection::is_encrypted(connection)?)
    }

    /// Statistics of all guests in one call (`virConnectGetAllDomainStats`).
    ///
    /// One map for each guest, sorted by name: `name`, `uuid`, then libvirt's dotted names as nested
    /// maps and arrays (`s.block[0].rd.bytes`). Sizes are in bytes, names of nanosecond counters end
    /// in `_ns`, states are words, and what the driver does not tell is absent.
    ///
    /// Errors: `unsupported` where the driver has no bulk statistics.
    ///
    /// ```rhai
    /// for s in conn().stats() { print(`${s.name}: ${s.state.state}`) }
    /// ```
    #[rhai_fn(name = "stats", return_raw, pure)]
    pub fn all_stats(connection: &mut Connection) -> Fallible<Array> {
        Ok(stats::stats(connection, Map::new())?)
    }

    /// Statistics of the guests and groups that the options name (`virConnectGetAllDomainStats`).
    ///
    /// See `stats()`. Times are in nanoseconds, sizes in bytes.
    ///
    /// Errors: `unsupported` where the driver has no bulk statistics.
    ///
    /// ```rhai
    /// print(conn().stats(#{ groups: ["state"], active: true }).len())
    /// ```
    #[rhai_fn(name = "stats", return_raw, pure)]
    pub fn some_stats(connection: &mut Connection, options: Map) -> Fallible<Array> {
        Ok(stats::stats(connection, options)?)
    }

    /// All guests with their disks, network interfaces and addresses, sorted by name.
    ///
    /// One map for each guest: `#{ name, uuid, state, memory, vcpus, disks: [#{ target, source,
    /// capacity, allocation }], nics: [#{ mac, network, model, ips }], managed_by }`. Sizes are in bytes;
    /// `managed_by` is there only where something above libvirt manages the guest. State,
    /// memory and disks of all guests come from one call where the driver has bulk statistics;
    /// interfaces take one more call for each guest, because libvirt has none for all.
    ///
    /// ```rhai
    /// for guest in conn().inventory() { print(`${guest.name}: ${guest.disks.len()} disks`) }
    /// ```
    #[rhai_fn(name = "inventory", return_raw, pure)]
    pub fn full_inventory(connection: &mut Connection) -> Fallible<Array> {
        Ok(inventory::inventory(connection, Map::new())?)
    }

    /// The inventory of the guests and with the fields that the options name.
    ///
    /// See `inventory()`. Fields that are not asked for cost nothing. Sizes are in bytes.
    ///
    /// Errors: `usage` for a field that there is not.
    ///
    /// ```rhai
    /// for guest in conn().inventory(#{ fields: ["state", "memory", "disks"] }) { print(guest.memory) }
    /// ```
    #[rhai_fn(name = "inventory", return_raw, pure)]
    pub fn some_inventory(connection: &mut Connection, options: Map) -> Fallible<Array> {
        Ok(inventory::inventory(connection, options)?)
    }

    /// Ends the connection; a later use of it is an error (`virConnectClose`).
    ///
    /// ```rhai
    /// let c = connect("test:///default");
    /// c.close();
    /// ```
    #[rhai_fn(pure)]
    pub fn close(connection: &mut Connection) {
        Connection::close(connection);
    }

    /// The URI and mode of the connection, as `print` shows it.
    ///
    /// ```rhai
    /// print(conn().to_string())
    /// ```
    #[rhai_fn(name = "to_string", name = "to_debug", pure)]
    pub fn to_string(connection: &mut Connection) -> String {
        let mode = if connection.is_readonly() { " (read-only)" } else { "" };
        format!("{}{mode}", Connection::uri(connection))
    }

    /// Whether both are the same connection.
    #[rhai_fn(name = "==", pure)]
    pub fn equals(one: &mut Connection, other: Connection) -> bool {
        one.is_same(&other)
    }

    /// Whether they are different connections.
    #[rhai_fn(name = "!=", pure)]
    pub fn differs(one: &mut Connection, other: Connection) -> bool {
        !one.is_same(&other)
    }
}

/// What a script needs to be allowed to open a URI: a host is on the network, and ssh, `+ext` and the
/// parameters that name a helper start a program.
fn needs(uri: &str) -> Vec<Permission> {
    let (scheme, rest) = uri.split_once(':').unwrap_or((uri, ""));
    let transport = scheme.split_once('+').map_or("", |(_, transport)| transport);
    let host = rest.strip_prefix("//").unwrap_or("").split('/').next().unwrap_or("");
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let helper =
        query.split('&').any(|pair| matches!(pair.split('=').next(), Some("command" | "netcat" | "proxy")));
    let mut needs = Vec::new();
    if !host.is_empty() || matches!(transport, "ssh" | "libssh" | "libssh2" | "tcp" | "tls") {
        needs.push(Permission::Net);
    }
    if matches!(transport, "ssh" | "ext") || helper {
        needs.push(Permission::Run);
    }
    needs
}

pub(super) fn open(context: &NativeCallContext, uri: String, readonly: bool) -> Fallible<Connection> {
    let session = Context::of(context)?;
    for permission in needs(&uri) {
        session.permissions().check(permission, "connect").map_err(|error| error.object(uri.as_str()))?;
    }
    let connection = Connection::new(Some(uri), readonly, session.door().clone());
    connection.open()?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::test_script::TestScript;

    #[test]
    fn a_connection_tells_what_it_is() {
        let script = TestScript::new();
        let facts = "let c = conn(); [c.is_open(), c.is_alive(), c.is_secure(), c.is_open(), c.is_encrypted(), c.is_readonly()]";
        assert_eq!(script.json(facts), "[false,true,true,true,false,false]");
        assert_eq!(script.json("connect(conn().uri(), #{ readonly: true }).is_readonly()"), "true");
        assert_eq!(script.json("conn().lib_version() == host().version().library"), "true");
    }

    #[test]
    fn a_uri_tells_what_it_takes_to_open_it() {
        assert_eq!(needs("qemu:///system"), []);
        assert_eq!(needs("test+unix:///default?socket=/x"), []);
        assert_eq!(needs("qemu+tls://host/system"), [Permission::Net]);
        assert_eq!(needs("esx://host/"), [Permission::Net]);
        assert_eq!(needs("qemu+ssh://host/system"), [Permission::Net, Permission::Run]);
        assert_eq!(needs("qemu+ext:///system?command=/bin/x"), [Permission::Run]);
        assert_eq!(needs("qemu+unix:///system?netcat=/bin/x"), [Permission::Run]);
    }
}
