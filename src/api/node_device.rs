//! Devices of the host: properties and life here; finding, creating and defining in the folder.
//!
//! A property always asks libvirt, so its value is never stale.

mod finders;
#[cfg(test)]
mod tests;

use rhai::plugin::{Dynamic, export_module};
use rhai::{Array, Map};

use super::domain::affect::affect;
use super::subject::of;
use super::xml::{XmlDocument, refuse_assignment};
use super::{Fallible, definition_text};
use crate::error::Result;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, boolean, flag, text};
use crate::libvirt::{Connection, NodeDevice, sys};
use crate::xml::Document;

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    super::handle::register::<virt::nodedev::NodeDevice>(natives, "NodeDevice");
    natives.global(&node_device_functions::RHAI_MANIFEST);
    finders::register(natives);
}

/// The option tables of this folder.
pub(super) fn options() -> impl Iterator<Item = &'static OptionTable> {
    [finders::OPTIONS, &[&XML_DESC, &DETACH, &UPDATE]].concat().into_iter()
}

static XML_DESC: OptionTable = OptionTable {
    function: "NodeDevice.xml_desc",
    options: &[flag(
        "inactive",
        sys::VIR_NODE_DEVICE_XML_INACTIVE,
        "The stored definition, even while the device is there (libvirt 10.1.0).",
    )],
};

static DETACH: OptionTable = OptionTable {
    function: "NodeDevice.detach",
    options: &[text(
        "driver",
        "What holds the device until a guest has it, such as `vfio`; without it libvirt chooses.",
    )],
};

static UPDATE: OptionTable = OptionTable {
    function: "NodeDevice.update",
    options: &[
        flag("live", sys::VIR_NODE_DEVICE_UPDATE_AFFECT_LIVE, "The device that is there."),
        flag("config", sys::VIR_NODE_DEVICE_UPDATE_AFFECT_CONFIG, "The stored definition."),
        boolean("current", "The device if it is there, else its definition: the default."),
    ],
};

fn update_with(device: &NodeDevice, definition: &Dynamic, options: Map) -> Result<()> {
    let flags = affect(&UPDATE.read(options)?)?;
    device.update(&definition_text(definition).map_err(of("node_device.update", device))?, flags)
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod node_device_functions {
    /// The name of the device, such as `pci_0000_00_02_0` (`virNodeDeviceGetName`).
    ///
    /// ```rhai
    /// print(node_devices()[0].name)
    /// ```
    #[rhai_fn(get = "name", pure)]
    pub fn get_name(device: &mut NodeDevice) -> String {
        device.label().to_owned()
    }

    /// The name of the device that it hangs on, `()` for the topmost (`virNodeDeviceGetParent`).
    ///
    /// ```rhai
    /// print(node_device("computer").parent)
    /// ```
    #[rhai_fn(get = "parent", return_raw, pure)]
    pub fn get_parent(device: &mut NodeDevice) -> Fallible<Dynamic> {
        Ok(device.parent()?.map_or(Dynamic::UNIT, Into::into))
    }

    /// What the device is and can do, as libvirt's words (`virNodeDeviceListCaps`).
    ///
    /// Such as `pci`, `usb_device`, `net`, `scsi_host`, `storage`, `mdev`.
    ///
    /// @returns [string]
    ///
    /// ```rhai
    /// print(node_device("computer").capabilities)
    /// ```
    #[rhai_fn(get = "capabilities", return_raw, pure)]
    pub fn get_capabilities(device: &mut NodeDevice) -> Fallible<Array> {
        Ok(device.capabilities()?.into_iter().map(Into::into).collect())
    }

    /// Whether the device is there and not only defined (`virNodeDeviceIsActive`).
    ///
    /// Errors: `unsupported` where the driver cannot tell.
    ///
    /// ```rhai
    /// try { print(node_device("computer").active) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "active", return_raw, pure)]
    pub fn get_active(device: &mut NodeDevice) -> Fallible<bool> {
        Ok(device.is_active()?)
    }

    /// Whether the device has a stored definition (`virNodeDeviceIsPersistent`).
    ///
    /// libvirt stores definitions of mediated devices.
    ///
    /// Errors: `unsupported` where the driver cannot tell.
    ///
    /// ```rhai
    /// try { print(node_device("computer").persistent) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "persistent", return_raw, pure)]
    pub fn get_persistent(device: &mut NodeDevice) -> Fallible<bool> {
        Ok(device.is_persistent()?)
    }

    /// Whether the mediated device starts when its parent is there (`virNodeDeviceGetAutostart`).
    ///
    /// Errors: `unsupported` where the driver cannot tell.
    ///
    /// ```rhai
    /// try { print(node_device("computer").autostart) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "autostart", return_raw, pure)]
    pub fn get_autostart(device: &mut NodeDevice) -> Fallible<bool> {
        Ok(device.autostart()?)
    }

    /// Sets whether the mediated device starts when its parent is there (`virNodeDeviceSetAutostart`).
    ///
    /// Errors: `operation_invalid` for a device without a stored definition; `unsupported` where the driver
    /// cannot.
    ///
    /// ```rhai
    /// let device = node_device("computer");
    /// try { device.autostart = true } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(set = "autostart", name = "set_autostart", return_raw)]
    pub fn set_autostart(device: &mut NodeDevice, on: bool) -> Fallible<()> {
        Ok(device.set_autostart(on)?)
    }

    /// The connection that the device belongs to.
    ///
    /// ```rhai
    /// print(node_devices()[0].connection().uri())
    /// ```
    #[rhai_fn(pure)]
    pub fn connection(device: &mut NodeDevice) -> Connection {
        NodeDevice::connection(device).clone()
    }

    /// The description of the device as a document (`virNodeDeviceGetXMLDesc`).
    ///
    /// The document is a copy: changing it changes no device. `update` changes a mediated one.
    ///
    /// ```rhai
    /// print(node_device("computer").xml["capability/@type"])
    /// ```
    #[rhai_fn(get = "xml", return_raw, pure)]
    pub fn get_xml(device: &mut NodeDevice) -> Fallible<XmlDocument> {
        Ok(XmlDocument::of_property(Document::parse(&device.xml(0)?)?, device.label()))
    }

    /// Refuses: a document that the property gave is a copy, so assigning would change nothing.
    ///
    /// Errors: `usage`, with `update` as a hint.
    ///
    /// ```rhai
    /// let device = node_device("computer");
    /// try { device.xml["driver/name"] = "vfio-pci" } catch (e) { print(e.hint) }
    /// ```
    /// @refuses
    #[rhai_fn(set = "xml", return_raw)]
    pub fn set_xml(device: &mut NodeDevice, document: Dynamic) -> Fallible<()> {
        let hint = "use device.update(xml) to change a mediated device, device.detach() for its driver";
        let refused = refuse_assignment(&document, device.label(), hint);
        Ok(refused.map_err(|error| error.operation("node_device.xml").object(device.label()))?)
    }

    /// The description of the device in the form that the options ask for (`virNodeDeviceGetXMLDesc`).
    ///
    /// Errors: `unsupported` for an option that the driver lacks.
    ///
    /// ```rhai
    /// try { print(node_device("computer").xml_desc(#{ inactive: true })["name"]) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn xml_desc(device: &mut NodeDevice, options: Map) -> Fallible<XmlDocument> {
        Ok(Document::parse(&device.xml(XML_DESC.read(options)?.flags())?)?.into())
    }

    /// Takes the device from the host, so that a guest can have it (`virNodeDeviceDetachFlags`).
    ///
    /// A guest's device with `managed="yes"` needs no such call. `reattach` gives it back.
    ///
    /// Errors: `operation_failed` while a guest has it; `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { node_device("computer").detach() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn detach(device: &mut NodeDevice) -> Fallible<()> {
        Ok(device.detach(None)?)
    }

    /// Takes the device from the host, with options (`virNodeDeviceDetachFlags`).
    ///
    /// Errors: `operation_failed` while a guest has it; `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { node_device("computer").detach(#{ driver: "vfio" }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "detach", return_raw, pure)]
    pub fn detach_with(device: &mut NodeDevice, options: Map) -> Fallible<()> {
        let driver = DETACH.read(options)?.get_text("driver")?;
        Ok(device.detach(driver.as_deref())?)
    }

    /// Gives the device back to the host (`virNodeDeviceReAttach`).
    ///
    /// Errors: `operation_failed` while a guest has it; `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { node_device("computer").reattach() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn reattach(device: &mut NodeDevice) -> Fallible<()> {
        Ok(device.reattach()?)
    }

    /// Resets the hardware of the device (`virNodeDeviceReset`).
    ///
    /// Errors: `operation_failed` while a guest has it; `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { node_device("computer").reset() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn reset(device: &mut NodeDevice) -> Fallible<()> {
        Ok(device.reset()?)
    }

    /// Starts a mediated device that is only defined (`virNodeDeviceCreate`).
    ///
    /// Errors: `operation_invalid` when it is there; `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { node_device("computer").start() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn start(device: &mut NodeDevice) -> Fallible<()> {
        Ok(device.start()?)
    }

    /// Takes away a mediated device or a virtual host bus adapter (`virNodeDeviceDestroy`).
    ///
    /// Its stored definition stays, if it has one.
    ///
    /// Errors: `operation_invalid` and `unsupported` for a device that is none of these.
    ///
    /// ```rhai
    /// try { node_device("computer").destroy() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn destroy(device: &mut NodeDevice) -> Fallible<()> {
        Ok(device.destroy()?)
    }

    /// Removes the stored definition of a mediated device (`virNodeDeviceUndefine`).
    ///
    /// A device that is there stays until it is destroyed.
    ///
    /// Errors: `operation_invalid` for a device without a stored definition; `unsupported` where the driver
    /// cannot.
    ///
    /// ```rhai
    /// try { node_device("computer").undefine() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn undefine(device: &mut NodeDevice) -> Fallible<()> {
        Ok(device.undefine()?)
    }

    /// Changes a mediated device: the one that is there, or its definition (`virNodeDeviceUpdate`).
    ///
    /// The definition is XML, as text or as a document, with all attributes of the device.
    ///
    /// Errors: `unsupported` before libvirt 10.1.0 and where the driver cannot.
    ///
    /// ```rhai
    /// let device = node_device("computer");
    /// try { device.update(device.xml) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn update(device: &mut NodeDevice, definition: Dynamic) -> Fallible<()> {
        Ok(update_with(device, &definition, Map::new())?)
    }

    /// Changes a mediated device, with options (`virNodeDeviceUpdate`).
    ///
    /// Errors: `unsupported` before libvirt 10.1.0 and where the driver cannot.
    ///
    /// ```rhai
    /// let device = node_device("computer");
    /// try { device.update(device.xml, #{ config: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "update", return_raw, pure)]
    pub fn update_options(device: &mut NodeDevice, definition: Dynamic, options: Map) -> Fallible<()> {
        Ok(update_with(device, &definition, options)?)
    }
}
