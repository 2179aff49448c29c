//! Bindings of network filters: which filter guards which port of a guest.
//!
//! libvirt makes one for each interface of a guest that has a `<filterref>`; other programs can make
//! more. A property always asks libvirt, so its value is never stale.

use rhai::plugin::{Dynamic, export_module};
use rhai::{Array, Map};

use super::names::{self, Lookup};
use super::subject::of;
use super::xml::{XmlDocument, refuse_assignment};
use super::{Fallible, definition_text};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, flag};
use crate::libvirt::{Connection, NwFilterBinding, RawNwFilterBinding, sys};
use crate::xml::Document;

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    super::handle::register::<RawNwFilterBinding>(natives, "NwFilterBinding");
    natives.global(&binding_functions::RHAI_MANIFEST);
}

/// The option tables of this file.
pub(super) const OPTIONS: &[&OptionTable] = &[&CREATE];

static CREATE: OptionTable = OptionTable {
    function: "Connection.create_nwfilter_binding",
    options: &[flag(
        "validate",
        sys::VIR_NWFILTER_BINDING_CREATE_VALIDATE,
        "Checks the XML against libvirt's schema (libvirt 7.8.0).",
    )],
};

const LOOKUP: Lookup<RawNwFilterBinding> = Lookup {
    missing: "no_nwfilter_binding",
    list: "nwfilter_bindings()",
    by_name: Connection::nwfilter_binding,
    by_other: None,
    names: |connection| Ok(names::labels(&connection.nwfilter_bindings(0)?)),
};

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod binding_functions {
    /// The binding of a port by the host's name of it, `vnet0` (`virNWFilterBindingLookupByPortDev`).
    ///
    /// Errors: `no_nwfilter_binding`, with the nearest name as a hint; `unsupported` where the driver has none.
    ///
    /// ```rhai
    /// try { print(conn().nwfilter_binding("vnet0").filter_name) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn nwfilter_binding(connection: &mut Connection, port_dev: Dynamic) -> Fallible<NwFilterBinding> {
        Ok(LOOKUP.find(connection, &names::text("nwfilter_binding", "a port such as vnet0", &port_dev)?)?)
    }

    /// All bindings of network filters, sorted by port (`virConnectListAllNWFilterBindings`).
    ///
    /// Errors: `unsupported` where the driver has none.
    ///
    /// @returns [NwFilterBinding]
    ///
    /// ```rhai
    /// try { for b in conn().nwfilter_bindings() { print(b.port_dev) } } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn nwfilter_bindings(connection: &mut Connection) -> Fallible<Array> {
        Ok(names::list(connection.nwfilter_bindings(0)?, None)?)
    }

    /// Binds a network filter to a port (`virNWFilterBindingCreateXML`).
    ///
    /// The definition is XML, as text or as a document.
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept; `unsupported`
    /// where the driver has no bindings.
    ///
    /// ```rhai
    /// try {
    ///     conn().create_nwfilter_binding(`<filterbinding>
    ///         <owner><name>web1</name><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid></owner>
    ///         <portdev name="tap1"/><mac address="52:54:00:7b:35:93"/>
    ///         <filterref filter="clean-traffic"/></filterbinding>`)
    /// } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn create_nwfilter_binding(
        connection: &mut Connection,
        definition: Dynamic,
    ) -> Fallible<NwFilterBinding> {
        Ok(connection.create_nwfilter_binding(
            &definition_text(&definition).map_err(of("nwfilter_binding.create", connection))?,
            0,
        )?)
    }

    /// Binds a network filter to a port, with options (`virNWFilterBindingCreateXML`).
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept; `unsupported`
    /// where the driver has no bindings.
    ///
    /// ```rhai
    /// try { conn().create_nwfilter_binding("<filterbinding/>", #{ validate: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "create_nwfilter_binding", return_raw, pure)]
    pub fn create_nwfilter_binding_with(
        connection: &mut Connection,
        definition: Dynamic,
        options: Map,
    ) -> Fallible<NwFilterBinding> {
        let options = CREATE.read(options)?;
        Ok(connection.create_nwfilter_binding(
            &definition_text(&definition).map_err(of("nwfilter_binding.create", connection))?,
            options.flags(),
        )?)
    }

    /// The port that the filter guards, such as `vnet0` (`virNWFilterBindingGetPortDev`).
    ///
    /// ```rhai
    /// try { print(nwfilter_bindings()[0].port_dev) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "port_dev", pure)]
    pub fn get_port_dev(binding: &mut NwFilterBinding) -> String {
        binding.label().to_owned()
    }

    /// The name of the filter that guards the port (`virNWFilterBindingGetFilterName`).
    ///
    /// ```rhai
    /// try { print(nwfilter_bindings()[0].filter_name) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "filter_name", return_raw, pure)]
    pub fn get_filter_name(binding: &mut NwFilterBinding) -> Fallible<String> {
        Ok(binding.filter_name()?)
    }

    /// The connection that the binding belongs to.
    ///
    /// ```rhai
    /// try { print(nwfilter_bindings()[0].connection().uri()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(pure)]
    pub fn connection(binding: &mut NwFilterBinding) -> Connection {
        NwFilterBinding::connection(binding).clone()
    }

    /// The description of the binding as a document (`virNWFilterBindingGetXMLDesc`).
    ///
    /// The document is a copy. A binding is changed by deleting it and creating it anew.
    ///
    /// ```rhai
    /// try { print(nwfilter_bindings()[0].xml["owner/name"]) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "xml", return_raw, pure)]
    pub fn get_xml(binding: &mut NwFilterBinding) -> Fallible<XmlDocument> {
        Ok(XmlDocument::of_property(Document::parse(&binding.xml()?)?, binding.label()))
    }

    /// Refuses: a document that the property gave is a copy, so assigning would change nothing.
    ///
    /// Errors: `usage`, with what to do instead as a hint.
    ///
    /// ```rhai
    /// try { let b = nwfilter_bindings()[0]; b.xml["owner/name"] = "web2" } catch (e) { print(e.code) }
    /// ```
    /// @refuses
    #[rhai_fn(set = "xml", return_raw)]
    pub fn set_xml(binding: &mut NwFilterBinding, document: Dynamic) -> Fallible<()> {
        let hint = "delete() the binding and make a new one with create_nwfilter_binding(xml)";
        let refused = refuse_assignment(&document, binding.label(), hint);
        Ok(refused.map_err(|error| error.operation("nwfilter_binding.xml").object(binding.label()))?)
    }

    /// Takes the filter away from its port (`virNWFilterBindingDelete`).
    ///
    /// The port of a guest is without a filter after this.
    ///
    /// Errors: `no_nwfilter_binding` when it is gone already.
    ///
    /// ```rhai
    /// try { nwfilter_binding("tap1").delete() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn delete(binding: &mut NwFilterBinding) -> Fallible<()> {
        Ok(binding.delete()?)
    }
}

#[cfg(test)]
mod tests {
    use crate::api::test_script::TestScript;

    #[test]
    fn where_there_are_no_bindings_every_call_says_so() {
        let script = TestScript::new();
        for call in [
            "nwfilter_binding(\"vnet0\")",
            "nwfilter_bindings()",
            "conn().create_nwfilter_binding(\"<filterbinding/>\")",
            "conn().create_nwfilter_binding(\"<filterbinding/>\", #{ validate: true })",
        ] {
            assert_eq!(script.refusal(call).0, "unsupported", "{call}");
        }
        assert_eq!(script.refusal("nwfilter_binding(7)").0, "usage");
        assert!(
            script
                .refusal("conn().create_nwfilter_binding(\"<x/>\", #{ valid: true })")
                .1
                .contains("`validate`")
        );
    }
}
