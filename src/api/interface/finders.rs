//! Finding and defining interfaces of the host, and transactions around changes to them.

use rhai::plugin::{Dynamic, export_module};
use rhai::{Array, Map};

use crate::api::names::{self, Lookup};
use crate::api::subject::of;
use crate::api::{Fallible, definition_text};
use crate::error::Result;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, Parsed, boolean, flag, text};
use crate::libvirt::{Connection, Interface, NameList, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&interface_finders::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&INTERFACES, &DEFINE];

static INTERFACES: OptionTable = OptionTable {
    function: "Connection.interfaces",
    options: &[
        text("name", "Only interfaces whose name fits this pattern, with `*`, `?` and `[…]`."),
        boolean("active", "Only interfaces that are up, or with false only those that are down."),
    ],
};

static DEFINE: OptionTable = OptionTable {
    function: "Connection.define_interface",
    options: &[flag(
        "validate",
        sys::VIR_INTERFACE_DEFINE_VALIDATE,
        "Checks the XML against libvirt's schema (libvirt 7.7.0).",
    )],
};

/// The bits of each choice: for true, for false.
const CHOICES: &[(&str, u32, u32)] =
    &[("active", sys::VIR_CONNECT_LIST_INTERFACES_ACTIVE, sys::VIR_CONNECT_LIST_INTERFACES_INACTIVE)];

const LOOKUP: Lookup<virt::interface::Interface> = Lookup {
    missing: "no_interface",
    list: "interfaces()",
    by_name: Connection::interface_by_name,
    by_other: Some((is_mac, Connection::interface_by_mac)),
    names: |connection| connection.names(NameList::INTERFACES),
};

/// True for a text with the shape of a MAC address.
fn is_mac(text: &str) -> bool {
    let mut bytes = 0;
    text.split(':').all(|part| {
        bytes += 1;
        matches!(part.len(), 1 | 2) && part.bytes().all(|digit| digit.is_ascii_hexdigit())
    }) && bytes == 6
}

fn list(connection: &Connection, options: &Parsed) -> Result<Array> {
    let flags = names::chosen(options, CHOICES)?;
    names::list(connection.interfaces(flags)?, options.get_text("name")?.as_deref())
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod interface_finders {
    /// An interface of the host by name or MAC address (`virInterfaceLookupByName`).
    ///
    /// Errors: `no_interface`, with the nearest name as a hint; `multiple_interfaces` for a MAC address that
    /// several have.
    ///
    /// ```rhai
    /// print(conn().interface("eth1").mac)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn interface(connection: &mut Connection, name: Dynamic) -> Fallible<Interface> {
        Ok(LOOKUP.find(connection, &names::text("interface", "a name or a MAC address", &name)?)?)
    }

    /// All interfaces of the host, up or down, sorted by name (`virConnectListAllInterfaces`).
    ///
    /// @returns [Interface]
    ///
    /// ```rhai
    /// for card in conn().interfaces() { print(card.name) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn interfaces(connection: &mut Connection) -> Fallible<Array> {
        Ok(list(connection, &INTERFACES.read(Map::new())?)?)
    }

    /// The interfaces that fit the options, sorted by name (`virConnectListAllInterfaces`).
    ///
    /// @returns [Interface]
    ///
    /// ```rhai
    /// for card in conn().interfaces(#{ active: true, name: "eth*" }) { print(card.name) }
    /// ```
    #[rhai_fn(name = "interfaces", return_raw, pure)]
    pub fn interfaces_with(connection: &mut Connection, options: Map) -> Fallible<Array> {
        Ok(list(connection, &INTERFACES.read(options)?)?)
    }

    /// Stores the definition of an interface of the host, new or changed (`virInterfaceDefineXML`).
    ///
    /// The definition is XML, as text or as a document. The interface is not brought up.
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept; `unsupported`
    /// where the host's interfaces can only be read, as on Debian.
    ///
    /// ```rhai
    /// let card = conn().define_interface("<interface type='ethernet' name='eth7'/>");
    /// print(card.active);
    /// card.undefine();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn define_interface(connection: &mut Connection, definition: Dynamic) -> Fallible<Interface> {
        Ok(connection.define_interface(
            &definition_text(&definition).map_err(of("interface.define", connection))?,
            0,
        )?)
    }

    /// Stores the definition of an interface of the host, with options (`virInterfaceDefineXML`).
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept; `unsupported`
    /// where the host's interfaces can only be read, as on Debian.
    ///
    /// ```rhai
    /// let card = conn().define_interface("<interface type='ethernet' name='eth8'/>", #{ validate: false });
    /// card.undefine();
    /// ```
    #[rhai_fn(name = "define_interface", return_raw, pure)]
    pub fn define_interface_with(
        connection: &mut Connection,
        definition: Dynamic,
        options: Map,
    ) -> Fallible<Interface> {
        let options = DEFINE.read(options)?;
        Ok(connection.define_interface(
            &definition_text(&definition).map_err(of("interface.define", connection))?,
            options.flags(),
        )?)
    }

    /// Remembers the definitions of all interfaces, to return to them later (`virInterfaceChangeBegin`).
    ///
    /// `interface_change_commit` keeps what is changed after this, `interface_change_rollback` takes it back.
    /// libvirt also takes it back when the host boots before either was called.
    ///
    /// Errors: `operation_invalid` when it was called already; `unsupported` where the host's interfaces can
    /// only be read, as on Debian.
    ///
    /// ```rhai
    /// conn().interface_change_begin();
    /// conn().interface_change_rollback();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn interface_change_begin(connection: &mut Connection) -> Fallible<()> {
        Ok(Connection::interface_change_begin(connection)?)
    }

    /// Keeps the changes since `interface_change_begin` (`virInterfaceChangeCommit`).
    ///
    /// Errors: `operation_invalid` without `interface_change_begin`; `unsupported` where the host's interfaces
    /// can only be read, as on Debian.
    ///
    /// ```rhai
    /// conn().interface_change_begin();
    /// conn().interface_change_commit();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn interface_change_commit(connection: &mut Connection) -> Fallible<()> {
        Ok(Connection::interface_change_commit(connection)?)
    }

    /// Takes back the changes since `interface_change_begin` (`virInterfaceChangeRollback`).
    ///
    /// Errors: `operation_invalid` without `interface_change_begin`; `unsupported` where the host's interfaces
    /// can only be read, as on Debian.
    ///
    /// ```rhai
    /// conn().interface_change_begin();
    /// conn().interface_change_rollback();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn interface_change_rollback(connection: &mut Connection) -> Fallible<()> {
        Ok(Connection::interface_change_rollback(connection)?)
    }
}

#[cfg(test)]
mod shape {
    #[test]
    fn a_mac_address_has_six_bytes() {
        for mac in ["aa:bb:cc:dd:ee:ff", "0:1:2:3:4:5", "AA:BB:CC:00:11:22"] {
            assert!(super::is_mac(mac), "{mac}");
        }
        for other in ["eth0", "aa:bb:cc:dd:ee", "aa:bb:cc:dd:ee:ff:00", "aa:bb:cc:dd:ee:gg", "::::::", ""] {
            assert!(!super::is_mac(other), "{other}");
        }
    }
}
