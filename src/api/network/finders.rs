//! Finding, defining and creating networks.

use rhai::plugin::{Dynamic, export_module};
use rhai::{Array, Map};

use crate::api::names::{self, Lookup};
use crate::api::subject::of;
use crate::api::{Fallible, definition_text};
use crate::error::Result;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, Parsed, boolean, flag, text};
use crate::libvirt::{Connection, NameList, Network, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&network_finders::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&NETWORKS, &DEFINE, &CREATE];

static NETWORKS: OptionTable = OptionTable {
    function: "Connection.networks",
    options: &[
        text("name", "Only networks whose name fits this pattern, with `*`, `?` and `[…]`."),
        boolean("active", "Only networks that run, or with false only those that do not."),
        boolean("persistent", "Only networks with a stored definition, or with false only transient ones."),
        boolean("autostart", "Only networks that start with the host, or with false only the others."),
    ],
};

static DEFINE: OptionTable = OptionTable {
    function: "Connection.define_network",
    options: &[flag(
        "validate",
        sys::VIR_NETWORK_DEFINE_VALIDATE,
        "Checks the XML against libvirt's schema (libvirt 7.7.0).",
    )],
};

static CREATE: OptionTable = OptionTable {
    function: "Connection.create_network",
    options: &[flag(
        "validate",
        sys::VIR_NETWORK_CREATE_VALIDATE,
        "Checks the XML against libvirt's schema (libvirt 7.8.0).",
    )],
};

/// The bits of each choice: for true, for false.
const CHOICES: &[(&str, u32, u32)] = &[
    ("active", sys::VIR_CONNECT_LIST_NETWORKS_ACTIVE, sys::VIR_CONNECT_LIST_NETWORKS_INACTIVE),
    ("persistent", sys::VIR_CONNECT_LIST_NETWORKS_PERSISTENT, sys::VIR_CONNECT_LIST_NETWORKS_TRANSIENT),
    ("autostart", sys::VIR_CONNECT_LIST_NETWORKS_AUTOSTART, sys::VIR_CONNECT_LIST_NETWORKS_NO_AUTOSTART),
];

const LOOKUP: Lookup<virt::network::Network> = Lookup {
    missing: "no_network",
    list: "networks()",
    by_name: Connection::network_by_name,
    by_other: Some((names::is_uuid, Connection::network_by_uuid)),
    names: |connection| connection.names(NameList::NETWORKS),
};

fn list(connection: &Connection, options: &Parsed) -> Result<Array> {
    let flags = names::chosen(options, CHOICES)?;
    names::list(connection.networks(flags)?, options.get_text("name")?.as_deref())
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod network_finders {
    /// A network by name or UUID (`virNetworkLookupByName`, `virNetworkLookupByUUIDString`).
    ///
    /// Errors: `no_network`, with the nearest name as a hint.
    ///
    /// ```rhai
    /// print(conn().network("default").bridge)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn network(connection: &mut Connection, name: Dynamic) -> Fallible<Network> {
        Ok(LOOKUP.find(connection, &names::text("network", "a name or a UUID", &name)?)?)
    }

    /// All networks, sorted by name (`virConnectListAllNetworks`).
    ///
    /// @returns [Network]
    ///
    /// ```rhai
    /// for net in conn().networks() { print(net.name) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn networks(connection: &mut Connection) -> Fallible<Array> {
        Ok(list(connection, &NETWORKS.read(Map::new())?)?)
    }

    /// The networks that fit the options, sorted by name (`virConnectListAllNetworks`).
    ///
    /// @returns [Network]
    ///
    /// ```rhai
    /// for net in conn().networks(#{ active: true, name: "d*" }) { print(net.name) }
    /// ```
    #[rhai_fn(name = "networks", return_raw, pure)]
    pub fn networks_with(connection: &mut Connection, options: Map) -> Fallible<Array> {
        Ok(list(connection, &NETWORKS.read(options)?)?)
    }

    /// Stores the definition of a network, new or changed (`virNetworkDefineXML`).
    ///
    /// The definition is XML, as text or as a document. The network is not started, and one that runs
    /// stays as it is until it is started anew.
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept.
    ///
    /// ```rhai
    /// let net = conn().define_network(`<network><name>lan1</name><bridge name="virbr8"/></network>`);
    /// print(net.persistent);
    /// net.undefine();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn define_network(connection: &mut Connection, definition: Dynamic) -> Fallible<Network> {
        Ok(connection
            .define_network(&definition_text(&definition).map_err(of("network.define", connection))?, 0)?)
    }

    /// Stores the definition of a network, with options (`virNetworkDefineXMLFlags`).
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept.
    ///
    /// ```rhai
    /// let net = conn().define_network("<network><name>lan2</name></network>", #{ validate: false });
    /// net.undefine();
    /// ```
    #[rhai_fn(name = "define_network", return_raw, pure)]
    pub fn define_network_with(
        connection: &mut Connection,
        definition: Dynamic,
        options: Map,
    ) -> Fallible<Network> {
        let options = DEFINE.read(options)?;
        Ok(connection.define_network(
            &definition_text(&definition).map_err(of("network.define", connection))?,
            options.flags(),
        )?)
    }

    /// Starts a network without storing its definition: it vanishes when it ends (`virNetworkCreateXML`).
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept.
    ///
    /// ```rhai
    /// let net = conn().create_network("<network><name>temp1</name></network>");
    /// print(net.active);
    /// net.destroy();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn create_network(connection: &mut Connection, definition: Dynamic) -> Fallible<Network> {
        Ok(connection
            .create_network(&definition_text(&definition).map_err(of("network.create", connection))?, 0)?)
    }

    /// Starts a network without storing its definition, with options (`virNetworkCreateXMLFlags`).
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept.
    ///
    /// ```rhai
    /// let net = conn().create_network("<network><name>temp2</name></network>", #{ validate: false });
    /// net.destroy();
    /// ```
    #[rhai_fn(name = "create_network", return_raw, pure)]
    pub fn create_network_with(
        connection: &mut Connection,
        definition: Dynamic,
        options: Map,
    ) -> Fallible<Network> {
        let options = CREATE.read(options)?;
        Ok(connection.create_network(
            &definition_text(&definition).map_err(of("network.create", connection))?,
            options.flags(),
        )?)
    }
}
