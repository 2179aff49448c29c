//! Network interfaces of the host: properties and life here; finding and defining in the folder.
//!
//! A property always asks libvirt, so its value is never stale.

mod finders;
#[cfg(test)]
mod tests;

use rhai::plugin::{Dynamic, NativeCallContext, export_module};
use rhai::{FnPtr, Map};

use super::Fallible;
use super::edit::{edited, stored, validated};
use super::xml::{XmlDocument, refuse_assignment};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, flag};
use crate::libvirt::{Connection, Interface, sys};
use crate::xml::Document;

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    super::handle::register::<virt::interface::Interface>(natives, "Interface");
    natives.global(&interface_functions::RHAI_MANIFEST);
    finders::register(natives);
}

/// The option tables of this folder.
pub(super) fn options() -> impl Iterator<Item = &'static OptionTable> {
    [finders::OPTIONS, &[&XML_DESC]].concat().into_iter()
}

static XML_DESC: OptionTable = OptionTable {
    function: "Interface.xml_desc",
    options: &[flag(
        "inactive",
        sys::VIR_INTERFACE_XML_INACTIVE,
        "The stored definition, even while the interface is up.",
    )],
};

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod interface_functions {
    /// The name of the interface, such as `eth0` (`virInterfaceGetName`).
    ///
    /// ```rhai
    /// print(interfaces()[0].name)
    /// ```
    #[rhai_fn(get = "name", pure)]
    pub fn get_name(interface: &mut Interface) -> String {
        interface.label().to_owned()
    }

    /// The MAC address of the interface, or `()` (`virInterfaceGetMACString`).
    ///
    /// ```rhai
    /// print(interfaces()[0].mac)
    /// ```
    #[rhai_fn(get = "mac", return_raw, pure)]
    pub fn get_mac(interface: &mut Interface) -> Fallible<Dynamic> {
        Ok(interface.mac()?.map_or(Dynamic::UNIT, Into::into))
    }

    /// Whether the interface is up (`virInterfaceIsActive`).
    ///
    /// ```rhai
    /// print(interfaces()[0].active)
    /// ```
    #[rhai_fn(get = "active", return_raw, pure)]
    pub fn get_active(interface: &mut Interface) -> Fallible<bool> {
        Ok(interface.is_active()?)
    }

    /// The connection that the interface belongs to.
    ///
    /// ```rhai
    /// print(interfaces()[0].connection().uri())
    /// ```
    #[rhai_fn(pure)]
    pub fn connection(interface: &mut Interface) -> Connection {
        Interface::connection(interface).clone()
    }

    /// The definition of the interface as a document (`virInterfaceGetXMLDesc`).
    ///
    /// While the interface is up, with its addresses of now. The document is a copy: changing it changes no
    /// interface. `edit` changes the definition.
    ///
    /// ```rhai
    /// print(interfaces()[0].xml["@type"])
    /// ```
    #[rhai_fn(get = "xml", return_raw, pure)]
    pub fn get_xml(interface: &mut Interface) -> Fallible<XmlDocument> {
        Ok(XmlDocument::of_property(Document::parse(&interface.xml(0)?)?, interface.label()))
    }

    /// Refuses: a document that the property gave is a copy, so assigning would change nothing.
    ///
    /// Errors: `usage`, with `edit` as a hint.
    ///
    /// ```rhai
    /// let card = interfaces()[0];
    /// try { card.xml["mtu/@size"] = 9000 } catch (e) { print(e.hint) }
    /// ```
    /// @refuses
    #[rhai_fn(set = "xml", return_raw)]
    pub fn set_xml(interface: &mut Interface, document: Dynamic) -> Fallible<()> {
        let hint = "use card.edit(|doc| …) to change the definition";
        let refused = refuse_assignment(&document, interface.label(), hint);
        Ok(refused.map_err(|error| error.operation("interface.xml").object(interface.label()))?)
    }

    /// The definition of the interface in the form that the options ask for (`virInterfaceGetXMLDesc`).
    ///
    /// Errors: `unsupported` for an option that the driver lacks.
    ///
    /// ```rhai
    /// try { print(interfaces()[0].xml_desc(#{ inactive: true })["@name"]) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn xml_desc(interface: &mut Interface, options: Map) -> Fallible<XmlDocument> {
        Ok(Document::parse(&interface.xml(XML_DESC.read(options)?.flags())?)?.into())
    }

    /// Changes the stored definition by a closure that gets it as a document (`virInterfaceDefineXML`).
    ///
    /// What the closure leaves is defined anew, unless it changes nothing. Returns whether something
    /// changed. An interface that is up goes on as it is until it is started anew.
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept; `unsupported`
    /// where the host's interfaces can only be read, as on Debian.
    ///
    /// @closure XmlDocument
    ///
    /// ```rhai
    /// print(interfaces()[0].edit(|doc| doc["mtu/@size"] = 9000))
    /// ```
    #[rhai_fn(return_raw)]
    pub fn edit(context: NativeCallContext, interface: Interface, closure: FnPtr) -> Fallible<bool> {
        let before = stored(sys::VIR_INTERFACE_XML_INACTIVE, |flags| interface.xml(flags))?;
        let Some(after) = edited(&context, &before, &closure)? else { return Ok(false) };
        validated(sys::VIR_INTERFACE_DEFINE_VALIDATE, |flags| {
            Interface::connection(&interface).define_interface(&after, flags)
        })
        .map_err(|error| error.object(interface.label()))?;
        Ok(true)
    }

    /// Brings the interface up (`virInterfaceCreate`).
    ///
    /// Errors: `operation_invalid` when it is up; `unsupported` where the host's interfaces can only be read.
    ///
    /// ```rhai
    /// let card = conn().define_interface("<interface type='ethernet' name='start-me'/>");
    /// card.start();
    /// card.destroy();
    /// card.undefine();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn start(interface: &mut Interface) -> Fallible<()> {
        Ok(interface.start()?)
    }

    /// Takes the interface down (`virInterfaceDestroy`).
    ///
    /// Its stored definition stays.
    ///
    /// Errors: `operation_invalid` when it is down; `unsupported` where the host's interfaces can only be read.
    ///
    /// ```rhai
    /// let card = conn().define_interface("<interface type='ethernet' name='destroy-me'/>");
    /// card.start();
    /// card.destroy();
    /// card.undefine();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn destroy(interface: &mut Interface) -> Fallible<()> {
        Ok(interface.destroy()?)
    }

    /// Removes the stored definition of the interface (`virInterfaceUndefine`).
    ///
    /// Errors: `unsupported` where the host's interfaces can only be read.
    ///
    /// ```rhai
    /// let card = conn().define_interface("<interface type='ethernet' name='undefine-me'/>");
    /// card.undefine();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn undefine(interface: &mut Interface) -> Fallible<()> {
        Ok(interface.undefine()?)
    }
}
