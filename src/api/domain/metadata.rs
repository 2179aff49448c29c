//! Title, description and what management programs keep in a definition.

use rhai::plugin::export_module;
use rhai::{Dynamic, Engine, ImmutableString};

use super::affect::{AFFECT, affect};
use crate::api::methods::methods_with_options;
use crate::api::xml::XmlDocument;
use crate::api::{Fallible, definition_text};
use crate::error::{Error, Result};
use crate::lang::options::Parsed;
use crate::libvirt::{Domain, Metadata, sys};
use crate::xml::Document;

pub(super) fn register(engine: &mut Engine) {
    register_methods(engine);
    engine.register_global_module(rhai::exported_module!(metadata_properties).into());
}

/// A text or, for none, `()`.
fn text(value: Option<String>) -> Dynamic {
    value.map_or(Dynamic::UNIT, Into::into)
}

/// Where a change goes without options: to every definition that there is, so that it is never lost at the
/// next start.
fn everywhere(vm: &Domain, options: &Parsed) -> Result<u32> {
    let flags = affect(options)?;
    if flags != 0 || options.flag("current") {
        return Ok(flags);
    }
    let live = if vm.is_active()? { sys::VIR_DOMAIN_AFFECT_LIVE } else { 0 };
    let stored = if vm.is_persistent()? { sys::VIR_DOMAIN_AFFECT_CONFIG } else { 0 };
    Ok(live | stored)
}

/// Sets a text; `()` and an empty one remove it.
fn set(vm: &Domain, piece: &Metadata, value: &Dynamic, options: &Parsed) -> Result<()> {
    let kind = value.type_name();
    let value = match value.clone().into_string() {
        Ok(text) => Some(text).filter(|text| !text.is_empty()),
        Err(_) if value.is_unit() => None,
        Err(_) => {
            return Err(Error::usage(format!("it is a text, or () for none, not {kind}")).object(vm.label()));
        }
    };
    vm.set_metadata(piece, value.as_deref(), None, everywhere(vm, options)?)
}

methods_with_options! {
    #[export_module]
    /// Sets the title of the guest, one line; `()` removes it (`virDomainSetMetadata`).
    ///
    /// Without options in the running guest and in the stored definition.
    ///
    /// Errors: `xml_invalid_schema` and its relatives for a title of several lines.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.title = "the test guest";
    /// vm.set_title((), #{ config: true });
    /// ```
    fn set_title(vm: Domain, title: Dynamic; options: AFFECT) -> () {
        Ok(set(vm, &Metadata::Title, &title, &options)?)
    }

    /// Sets the description of the guest, any text; `()` removes it (`virDomainSetMetadata`).
    ///
    /// Without options in the running guest and in the stored definition.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.description = "owner: me";
    /// vm.set_description("owner: you", #{ config: true });
    /// ```
    fn set_description(vm: Domain, description: Dynamic; options: AFFECT) -> () {
        Ok(set(vm, &Metadata::Description, &description, &options)?)
    }

    /// The element that a program keeps in the definition (`virDomainGetMetadata`).
    ///
    /// By its XML namespace; `()` where there is none. Of the running guest if it runs, else of the definition.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.set_metadata("http://example.org/app", "app", "<owner>me</owner>");
    /// print(vm.metadata("http://example.org/app").root().text());
    /// ```
    fn metadata(vm: Domain, uri: ImmutableString; options: AFFECT) -> Dynamic {
        let element = vm.metadata(&Metadata::Element(uri.into()), affect(&options)?)?;
        Ok(match element {
            Some(element) => Dynamic::from(XmlDocument::from(Document::parse(&element)?)),
            None => Dynamic::UNIT,
        })
    }

    /// Keeps an element in the definition, one for each XML namespace (`virDomainSetMetadata`).
    ///
    /// `prefix` is what the namespace is called there; the element is XML, as text or as a document. Without options in
    /// the running guest and in the stored definition.
    ///
    /// Errors: `xml_error` for a text that is no element.
    ///
    /// ```rhai
    /// domain("test").set_metadata("http://example.org/app", "app", "<owner>me</owner>");
    /// ```
    fn set_metadata(vm: Domain, uri: ImmutableString, prefix: ImmutableString, element: Dynamic; options: AFFECT) -> () {
        let element = definition_text(&element)?;
        let piece = Metadata::Element(uri.into());
        Ok(vm.set_metadata(&piece, Some(&element), Some(&prefix), everywhere(vm, &options)?)?)
    }

    /// Removes the element of an XML namespace from the definition (`virDomainSetMetadata`).
    ///
    /// Without options from the running guest and from the stored definition. Nothing happens where there is none.
    ///
    /// ```rhai
    /// domain("test").remove_metadata("http://example.org/app");
    /// ```
    fn remove_metadata(vm: Domain, uri: ImmutableString; options: AFFECT) -> () {
        let flags = everywhere(vm, &options)?;
        Ok(vm.set_metadata(&Metadata::Element(uri.into()), None, None, flags)?)
    }
}

#[export_module]
#[allow(clippy::needless_pass_by_value)]
mod metadata_properties {
    /// The title of the guest, one line; `()` where it has none (`virDomainGetMetadata`).
    ///
    /// ```rhai
    /// print(domain("test").title ?? "no title")
    /// ```
    #[rhai_fn(get = "title", return_raw, pure)]
    pub fn get_title(vm: &mut Domain) -> Fallible<Dynamic> {
        Ok(text(vm.metadata(&Metadata::Title, 0)?))
    }

    /// The title of the guest; see `set_title`.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.title = "the test guest";
    /// ```
    #[rhai_fn(set = "title", return_raw)]
    pub fn title_property(vm: &mut Domain, title: Dynamic) -> Fallible<()> {
        super::without_options::set_title(vm, title)
    }

    /// The description of the guest; `()` where it has none (`virDomainGetMetadata`).
    ///
    /// ```rhai
    /// print(domain("test").description ?? "no description")
    /// ```
    #[rhai_fn(get = "description", return_raw, pure)]
    pub fn get_description(vm: &mut Domain) -> Fallible<Dynamic> {
        Ok(text(vm.metadata(&Metadata::Description, 0)?))
    }

    /// The description of the guest; see `set_description`.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.description = "owner: me";
    /// ```
    #[rhai_fn(set = "description", return_raw)]
    pub fn description_property(vm: &mut Domain, description: Dynamic) -> Fallible<()> {
        super::without_options::set_description(vm, description)
    }
}
