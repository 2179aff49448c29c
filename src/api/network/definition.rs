//! The definition of a network: reading, changing and removing it.

use rhai::plugin::{NativeCallContext, export_module};
use rhai::{Dynamic, FnPtr, Map};

use crate::api::Fallible;
use crate::api::edit::{edited, refuse_transient, stored, validated};
use crate::api::xml::{XmlDocument, refuse_assignment};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, flag};
use crate::libvirt::{Network, sys};
use crate::xml::Document;

pub(super) fn register(natives: &mut Natives) {
    natives.global(&network_definition::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&XML_DESC];

static XML_DESC: OptionTable = OptionTable {
    function: "Network.xml_desc",
    options: &[flag(
        "inactive",
        sys::VIR_NETWORK_XML_INACTIVE,
        "The stored definition, even while the network runs.",
    )],
};

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod network_definition {
    /// The definition of the network as a document (`virNetworkGetXMLDesc`).
    ///
    /// While the network runs, that of the running one. The document is a copy: changing it changes no network. `edit` changes the definition.
    ///
    /// ```rhai
    /// print(network("default").xml["bridge/@name"])
    /// ```
    #[rhai_fn(get = "xml", return_raw, pure)]
    pub fn get_xml(network: &mut Network) -> Fallible<XmlDocument> {
        Ok(XmlDocument::of_property(Document::parse(&network.xml(0)?)?, network.key().to_string()))
    }

    /// Refuses: a document that the property gave is a copy, so assigning would change nothing.
    ///
    /// Errors: `usage`, with `edit` as a hint.
    ///
    /// ```rhai
    /// let net = network("default");
    /// try { net.xml["mtu/@size"] = 9000 } catch (e) { print(e.hint) }
    /// ```
    /// @refuses
    #[rhai_fn(set = "xml", return_raw)]
    pub fn set_xml(network: &mut Network, document: Dynamic) -> Fallible<()> {
        let owner = network.key().to_string();
        let refused = refuse_assignment(&document, &owner, "use net.edit(|doc| …) to change the definition");
        Ok(refused.map_err(|error| error.operation("network.xml").object(network.label()))?)
    }

    /// The definition of the network in the form that the options ask for (`virNetworkGetXMLDesc`).
    ///
    /// Errors: `unsupported` for an option that the driver lacks.
    ///
    /// ```rhai
    /// try { print(network("default").xml_desc(#{ inactive: true })["name"]) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn xml_desc(network: &mut Network, options: Map) -> Fallible<XmlDocument> {
        Ok(Document::parse(&network.xml(XML_DESC.read(options)?.flags())?)?.into())
    }

    /// Changes the stored definition by a closure that gets it as a document.
    ///
    /// What the closure leaves is defined anew, unless it changes nothing. Returns whether something
    /// changed. A network that runs goes on as it is until it is started anew.
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept.
    ///
    /// @closure XmlDocument
    ///
    /// ```rhai
    /// let net = network("default");
    /// print(net.edit(|doc| doc["domain/@name"] = "example.org"))
    /// ```
    #[rhai_fn(return_raw)]
    pub fn edit(context: NativeCallContext, network: Network, closure: FnPtr) -> Fallible<bool> {
        refuse_transient(network.is_persistent()?, "network", network.label())?;
        let before = stored(sys::VIR_NETWORK_XML_INACTIVE, |flags| network.xml(flags))?;
        let Some(after) = edited(&context, &before, &closure)? else { return Ok(false) };
        validated(sys::VIR_NETWORK_DEFINE_VALIDATE, |flags| {
            network.connection().define_network(&after, flags)
        })
        .map_err(|error| error.object(network.label()))?;
        Ok(true)
    }

    /// Removes the stored definition of the network (`virNetworkUndefine`).
    ///
    /// A network that runs goes on until it is destroyed.
    ///
    /// Errors: `operation_invalid` for a network without a stored definition.
    ///
    /// ```rhai
    /// let net = conn().define_network("<network><name>undefine-me</name></network>");
    /// net.undefine();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn undefine(network: &mut Network) -> Fallible<()> {
        Ok(network.undefine()?)
    }
}
