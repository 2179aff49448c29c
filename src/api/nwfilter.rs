//! Network filters: firewall rules of guests' interfaces.
//!
//! A property always asks libvirt, so its value is never stale.

use rhai::plugin::{Dynamic, NativeCallContext, export_module};
use rhai::{Array, FnPtr, Map};

use super::edit::{edited, validated};
use super::names::{self, Lookup};
use super::subject::of;
use super::xml::{XmlDocument, refuse_assignment};
use super::{Fallible, definition_text};
use crate::error::Result;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, Parsed, flag, text};
use crate::libvirt::{Connection, NameList, NwFilter, sys};
use crate::xml::Document;

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    super::handle::register::<virt::nwfilter::NWFilter>(natives, "NwFilter");
    natives.global(&nwfilter_functions::RHAI_MANIFEST);
}

/// The option tables of this file.
pub(super) const OPTIONS: &[&OptionTable] = &[&NWFILTERS, &DEFINE];

static NWFILTERS: OptionTable = OptionTable {
    function: "Connection.nwfilters",
    options: &[text("name", "Only filters whose name fits this pattern, with `*`, `?` and `[…]`.")],
};

static DEFINE: OptionTable = OptionTable {
    function: "Connection.define_nwfilter",
    options: &[flag(
        "validate",
        sys::VIR_NWFILTER_DEFINE_VALIDATE,
        "Checks the XML against libvirt's schema (libvirt 7.7.0).",
    )],
};

const LOOKUP: Lookup<virt::nwfilter::NWFilter> = Lookup {
    missing: "no_nwfilter",
    list: "nwfilters()",
    by_name: Connection::nwfilter_by_name,
    by_other: Some((names::is_uuid, Connection::nwfilter_by_uuid)),
    names: |connection| connection.names(NameList::NWFILTERS),
};

fn list(connection: &Connection, options: &Parsed) -> Result<Array> {
    names::list(connection.nwfilters(0)?, options.get_text("name")?.as_deref())
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod nwfilter_functions {
    /// A network filter by name or UUID (`virNWFilterLookupByName`, `virNWFilterLookupByUUIDString`).
    ///
    /// Errors: `no_nwfilter`, with the nearest name as a hint; `unsupported` where the driver has none.
    ///
    /// ```rhai
    /// try { print(conn().nwfilter("clean-traffic").uuid) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn nwfilter(connection: &mut Connection, name: Dynamic) -> Fallible<NwFilter> {
        Ok(LOOKUP.find(connection, &names::text("nwfilter", "a name or a UUID", &name)?)?)
    }

    /// All network filters, sorted by name (`virConnectListAllNWFilters`).
    ///
    /// Errors: `unsupported` where the driver has none.
    ///
    /// @returns [NwFilter]
    ///
    /// ```rhai
    /// try { for filter in conn().nwfilters() { print(filter.name) } } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn nwfilters(connection: &mut Connection) -> Fallible<Array> {
        Ok(list(connection, &NWFILTERS.read(Map::new())?)?)
    }

    /// The network filters that fit the options, sorted by name (`virConnectListAllNWFilters`).
    ///
    /// Errors: `unsupported` where the driver has none.
    ///
    /// @returns [NwFilter]
    ///
    /// ```rhai
    /// try { print(conn().nwfilters(#{ name: "no-*" })) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "nwfilters", return_raw, pure)]
    pub fn nwfilters_with(connection: &mut Connection, options: Map) -> Fallible<Array> {
        Ok(list(connection, &NWFILTERS.read(options)?)?)
    }

    /// Stores a network filter, new or changed (`virNWFilterDefineXML`).
    ///
    /// The definition is XML, as text or as a document. Guests that use the filter get a change at once.
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept; `unsupported`
    /// where the driver has no filters.
    ///
    /// ```rhai
    /// try {
    ///     let filter = conn().define_nwfilter("<filter name='no-web' chain='root'/>");
    ///     filter.undefine();
    /// } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn define_nwfilter(connection: &mut Connection, definition: Dynamic) -> Fallible<NwFilter> {
        Ok(connection
            .define_nwfilter(&definition_text(&definition).map_err(of("nwfilter.define", connection))?, 0)?)
    }

    /// Stores a network filter, with options (`virNWFilterDefineXMLFlags`).
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept; `unsupported`
    /// where the driver has no filters.
    ///
    /// ```rhai
    /// try { conn().define_nwfilter("<filter name='x'/>", #{ validate: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "define_nwfilter", return_raw, pure)]
    pub fn define_nwfilter_with(
        connection: &mut Connection,
        definition: Dynamic,
        options: Map,
    ) -> Fallible<NwFilter> {
        let options = DEFINE.read(options)?;
        Ok(connection.define_nwfilter(
            &definition_text(&definition).map_err(of("nwfilter.define", connection))?,
            options.flags(),
        )?)
    }

    /// The name of the filter (`virNWFilterGetName`).
    ///
    /// ```rhai
    /// try { print(nwfilters()[0].name) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "name", return_raw, pure)]
    pub fn get_name(filter: &mut NwFilter) -> Fallible<String> {
        Ok(filter.name()?)
    }

    /// The UUID of the filter (`virNWFilterGetUUIDString`).
    ///
    /// ```rhai
    /// try { print(nwfilters()[0].uuid) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "uuid", pure)]
    pub fn get_uuid(filter: &mut NwFilter) -> String {
        filter.key().to_string()
    }

    /// The connection that the filter belongs to.
    ///
    /// ```rhai
    /// try { print(nwfilters()[0].connection().uri()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(pure)]
    pub fn connection(filter: &mut NwFilter) -> Connection {
        NwFilter::connection(filter).clone()
    }

    /// The rules of the filter as a document (`virNWFilterGetXMLDesc`).
    ///
    /// The document is a copy: changing it changes no filter. `edit` does.
    ///
    /// ```rhai
    /// try { print(nwfilters()[0].xml["@chain"]) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "xml", return_raw, pure)]
    pub fn get_xml(filter: &mut NwFilter) -> Fallible<XmlDocument> {
        Ok(XmlDocument::of_property(Document::parse(&filter.xml()?)?, filter.key().to_string()))
    }

    /// Refuses: a document that the property gave is a copy, so assigning would change nothing.
    ///
    /// Errors: `usage`, with `edit` as a hint.
    ///
    /// ```rhai
    /// try { let filter = nwfilters()[0]; filter.xml["@chain"] = "root" } catch (e) { print(e.code) }
    /// ```
    /// @refuses
    #[rhai_fn(set = "xml", return_raw)]
    pub fn set_xml(filter: &mut NwFilter, document: Dynamic) -> Fallible<()> {
        let owner = filter.key().to_string();
        let refused = refuse_assignment(&document, &owner, "use filter.edit(|doc| …) to change the rules");
        Ok(refused.map_err(|error| error.operation("nwfilter.xml").object(filter.label()))?)
    }

    /// Changes the rules by a closure that gets them as a document (`virNWFilterDefineXML`).
    ///
    /// What the closure leaves is defined anew, unless it changes nothing. Returns whether something
    /// changed. Guests that use the filter get the change at once.
    ///
    /// Errors: `xml_error` and its relatives for rules that libvirt does not accept.
    ///
    /// @closure XmlDocument
    ///
    /// ```rhai
    /// try { nwfilter("no-web").edit(|doc| doc["@chain"] = "ipv4") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn edit(context: NativeCallContext, filter: NwFilter, closure: FnPtr) -> Fallible<bool> {
        let Some(after) = edited(&context, &filter.xml()?, &closure)? else { return Ok(false) };
        validated(sys::VIR_NWFILTER_DEFINE_VALIDATE, |flags| {
            NwFilter::connection(&filter).define_nwfilter(&after, flags)
        })
        .map_err(|error| error.object(filter.label()))?;
        Ok(true)
    }

    /// Removes the filter (`virNWFilterUndefine`).
    ///
    /// Errors: `operation_invalid` while a guest or another filter uses it.
    ///
    /// ```rhai
    /// try { nwfilter("no-web").undefine() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn undefine(filter: &mut NwFilter) -> Fallible<()> {
        Ok(filter.undefine()?)
    }
}

#[cfg(test)]
mod tests {
    use crate::api::test_script::TestScript;

    #[test]
    fn where_there_are_no_filters_every_call_says_so() {
        let script = TestScript::new();
        for call in [
            "nwfilter(\"clean-traffic\")",
            "nwfilters()",
            "nwfilters(#{ name: \"no-*\" })",
            "conn().define_nwfilter(\"<filter name='x'/>\")",
            "conn().define_nwfilter(\"<filter name='x'/>\", #{ validate: true })",
        ] {
            assert_eq!(script.refusal(call).0, "unsupported", "{call}");
        }
        assert_eq!(script.refusal("nwfilter(7)").0, "usage");
        assert!(script.refusal("nwfilters(#{ nam: \"x\" })").1.contains("`name`"));
    }
}
