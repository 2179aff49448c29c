//! Finding, creating and defining devices of the host.

use rhai::plugin::{Dynamic, export_module};
use rhai::{Array, ImmutableString, Map};

use crate::api::names::{self, Lookup};
use crate::api::subject::of;
use crate::api::{Fallible, definition_text};
use crate::error::Result;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, Parsed, boolean, flag, list, text, word};
use crate::libvirt::{Connection, NameList, NodeDevice, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&node_device_finders::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&NODE_DEVICES, &CREATE, &DEFINE];

/// The capabilities; the first has the bit 1, and so on.
const CAPABILITIES: &[&str] = &[
    "system",
    "pci",
    "usb_device",
    "usb",
    "net",
    "scsi_host",
    "scsi_target",
    "scsi",
    "storage",
    "fc_host",
    "vports",
    "scsi_generic",
    "drm",
    "mdev_types",
    "mdev",
    "ccw",
    "css",
    "vdpa",
    "ap_card",
    "ap_queue",
    "ap_matrix",
    "vpd",
    "ccwgroup",
    "ccwgroup_member",
];

static NODE_DEVICES: OptionTable = OptionTable {
    function: "Connection.node_devices",
    options: &[
        text("name", "Only devices whose name fits this pattern, with `*`, `?` and `[…]`."),
        word("capability", CAPABILITIES, "Only devices with this capability.").alias("cap"),
        list("capabilities", "Only devices with one of these capabilities.").alias("caps"),
        boolean("active", "Only devices that are there, or with false only those that are only defined."),
        boolean(
            "persistent",
            "Only devices with a stored definition, or with false only the others (libvirt 10.1.0).",
        ),
    ],
};

static CREATE: OptionTable = OptionTable {
    function: "Connection.create_node_device",
    options: &[flag(
        "validate",
        sys::VIR_NODE_DEVICE_CREATE_XML_VALIDATE,
        "Checks the XML against libvirt's schema (libvirt 8.10.0).",
    )],
};

static DEFINE: OptionTable = OptionTable {
    function: "Connection.define_node_device",
    options: &[flag(
        "validate",
        sys::VIR_NODE_DEVICE_DEFINE_XML_VALIDATE,
        "Checks the XML against libvirt's schema (libvirt 8.10.0).",
    )],
};

/// The bits of each choice: for true, for false.
const CHOICES: &[(&str, u32, u32)] = &[
    ("active", sys::VIR_CONNECT_LIST_NODE_DEVICES_ACTIVE, sys::VIR_CONNECT_LIST_NODE_DEVICES_INACTIVE),
    (
        "persistent",
        sys::VIR_CONNECT_LIST_NODE_DEVICES_PERSISTENT,
        sys::VIR_CONNECT_LIST_NODE_DEVICES_TRANSIENT,
    ),
];

const LOOKUP: Lookup<virt::nodedev::NodeDevice> = Lookup {
    missing: "no_node_device",
    list: "node_devices()",
    by_name: Connection::node_device_by_name,
    by_other: None,
    names: |connection| connection.names(NameList::NODE_DEVICES),
};

fn select(connection: &Connection, options: &Parsed) -> Result<Array> {
    let mut flags = names::chosen(options, CHOICES)?;
    let given = options.get_list("capabilities")?.unwrap_or_default();
    for wanted in options.get_text("capability")?.into_iter().chain(given) {
        flags |= 1 << names::place("a capability of a device", CAPABILITIES, &wanted)?;
    }
    names::list(connection.node_devices(flags)?, options.get_text("name")?.as_deref())
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
#[allow(clippy::similar_names, reason = "WWNN and WWPN are libvirt's")]
mod node_device_finders {
    /// A device of the host by name (`virNodeDeviceLookupByName`).
    ///
    /// Errors: `no_node_device`, with the nearest name as a hint.
    ///
    /// ```rhai
    /// print(conn().node_device("computer").capabilities)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn node_device(connection: &mut Connection, name: Dynamic) -> Fallible<NodeDevice> {
        Ok(LOOKUP.find(connection, &names::text("node_device", "a name", &name)?)?)
    }

    /// A SCSI host by the WWNN and the WWPN of its port (`virNodeDeviceLookupSCSIHostByWWN`).
    ///
    /// Errors: `no_node_device`; `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(conn().node_device("20000000c9831b4b", "10000000c9831b4b")) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "node_device", return_raw, pure)]
    pub fn node_device_by_wwn(
        connection: &mut Connection,
        wwnn: ImmutableString,
        wwpn: ImmutableString,
    ) -> Fallible<NodeDevice> {
        Ok(connection.node_device_by_wwn(&wwnn, &wwpn)?)
    }

    /// All devices of the host, sorted by name (`virConnectListAllNodeDevices`).
    ///
    /// @returns [NodeDevice]
    ///
    /// ```rhai
    /// for device in conn().node_devices() { print(device.name) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn node_devices(connection: &mut Connection) -> Fallible<Array> {
        Ok(select(connection, &NODE_DEVICES.read(Map::new())?)?)
    }

    /// The devices of the host that fit the options, sorted by name (`virConnectListAllNodeDevices`).
    ///
    /// Errors: `unsupported` for an option that the driver lacks.
    ///
    /// @returns [NodeDevice]
    ///
    /// ```rhai
    /// for device in conn().node_devices(#{ capability: "net" }) { print(device.name) }
    /// ```
    #[rhai_fn(name = "node_devices", return_raw, pure)]
    pub fn node_devices_with(connection: &mut Connection, options: Map) -> Fallible<Array> {
        Ok(select(connection, &NODE_DEVICES.read(options)?)?)
    }

    /// Creates a mediated device or a virtual host bus adapter (`virNodeDeviceCreateXML`).
    ///
    /// The definition is XML, as text or as a document. Nothing is stored: the device is gone after it was
    /// destroyed, and when the host boots.
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept; `unsupported`
    /// where the driver cannot.
    ///
    /// ```rhai
    /// try {
    ///     conn().create_node_device(`<device><parent>pci_0000_00_02_0</parent><capability type="mdev">
    ///         <type id="i915-GVTg_V5_4"/></capability></device>`)
    /// } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn create_node_device(connection: &mut Connection, definition: Dynamic) -> Fallible<NodeDevice> {
        Ok(connection.create_node_device(
            &definition_text(&definition).map_err(of("node_device.create", connection))?,
            0,
        )?)
    }

    /// Creates a mediated device or a virtual host bus adapter, with options (`virNodeDeviceCreateXML`).
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept; `unsupported`
    /// where the driver cannot.
    ///
    /// ```rhai
    /// try { conn().create_node_device("<device/>", #{ validate: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "create_node_device", return_raw, pure)]
    pub fn create_node_device_with(
        connection: &mut Connection,
        definition: Dynamic,
        options: Map,
    ) -> Fallible<NodeDevice> {
        let options = CREATE.read(options)?;
        Ok(connection.create_node_device(
            &definition_text(&definition).map_err(of("node_device.create", connection))?,
            options.flags(),
        )?)
    }

    /// Stores the definition of a mediated device, without starting it (`virNodeDeviceDefineXML`).
    ///
    /// The definition is XML, as text or as a document.
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept; `unsupported`
    /// where the driver cannot.
    ///
    /// ```rhai
    /// try {
    ///     conn().define_node_device(`<device><parent>pci_0000_00_02_0</parent><capability type="mdev">
    ///         <type id="i915-GVTg_V5_4"/></capability></device>`)
    /// } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn define_node_device(connection: &mut Connection, definition: Dynamic) -> Fallible<NodeDevice> {
        Ok(connection.define_node_device(
            &definition_text(&definition).map_err(of("node_device.define", connection))?,
            0,
        )?)
    }

    /// Stores the definition of a mediated device, with options (`virNodeDeviceDefineXML`).
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept; `unsupported`
    /// where the driver cannot.
    ///
    /// ```rhai
    /// try { conn().define_node_device("<device/>", #{ validate: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "define_node_device", return_raw, pure)]
    pub fn define_node_device_with(
        connection: &mut Connection,
        definition: Dynamic,
        options: Map,
    ) -> Fallible<NodeDevice> {
        let options = DEFINE.read(options)?;
        Ok(connection.define_node_device(
            &definition_text(&definition).map_err(of("node_device.define", connection))?,
            options.flags(),
        )?)
    }
}

#[cfg(test)]
mod bits {
    use super::*;

    #[test]
    fn capabilities_stand_at_their_bits() {
        let bit = |word| 1_u32 << names::place("a capability", CAPABILITIES, word).unwrap();
        assert_eq!(bit("mdev"), sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_MDEV);
        assert_eq!(bit("vpd"), sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_VPD);
        assert_eq!(bit("ccwgroup_member"), sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_CCWGROUP_MEMBER);
        let error = names::place("a capability", CAPABILITIES, "mdevs").unwrap_err();
        assert_eq!(error.facts().hint.as_deref(), Some("did you mean \"mdev\"?"));
    }
}
