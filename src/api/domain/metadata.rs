//! Title, description and what management programs keep in a definition.

use rhai::plugin::export_module;
use rhai::{Dynamic, ImmutableString};

use super::affect::AFFECT;
use crate::api::Fallible;
use crate::api::metadata::{element, remove_element, set_element, set_text, text};
use crate::api::methods::methods_with_options;
use crate::lang::natives::Natives;
use crate::libvirt::{Domain, Metadata};

pub(super) fn register(natives: &mut Natives) {
    register_methods(natives);
    natives.global(&metadata_properties::RHAI_MANIFEST);
}

methods_with_options! {
    #[export_module(manifest)]
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
        Ok(set_text(vm, &Metadata::Title, &title, &options)?)
    }

    /// Sets the description of the guest, any text; `()` removes it (`virDomainSetMetadata`).
    ///
    /// Without options in the running guest and in the stored definition.
    ///
    /// Errors: `operation_invalid` for `live` when the guest does not run.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.description = "owner: me";
    /// vm.set_description("owner: you", #{ config: true });
    /// ```
    fn set_description(vm: Domain, description: Dynamic; options: AFFECT) -> () {
        Ok(set_text(vm, &Metadata::Description, &description, &options)?)
    }

    /// The element that a program keeps in the definition (`virDomainGetMetadata`).
    ///
    /// By its XML namespace; `()` where there is none. Of the running guest if it runs, else of the definition.
    ///
    /// Errors: `operation_invalid` for `live` when the guest does not run; `invalid_arg` for `live` and `config` at once.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.set_metadata("http://example.org/app", "app", "<owner>me</owner>");
    /// print(vm.metadata("http://example.org/app").root().text());
    /// ```
    fn metadata(vm: Domain, uri: ImmutableString; options: AFFECT) -> Dynamic {
        Ok(element(vm, &uri, &options)?)
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
        Ok(set_element(vm, (&uri, &prefix), &element, &options)?)
    }

    /// Removes the element of an XML namespace from the definition (`virDomainSetMetadata`).
    ///
    /// Without options from the running guest and from the stored definition. Nothing happens where there is none.
    ///
    /// Errors: `operation_invalid` for `live` when the guest does not run.
    ///
    /// ```rhai
    /// domain("test").remove_metadata("http://example.org/app");
    /// ```
    fn remove_metadata(vm: Domain, uri: ImmutableString; options: AFFECT) -> () {
        Ok(remove_element(vm, &uri, &options)?)
    }
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod metadata_properties {
    /// The title of the guest, one line; `()` where it has none (`virDomainGetMetadata`).
    ///
    /// ```rhai
    /// print(domain("test").title ?? "no title")
    /// ```
    #[rhai_fn(get = "title", return_raw, pure)]
    pub fn get_title(vm: &mut Domain) -> Fallible<Dynamic> {
        Ok(text(vm, &Metadata::Title)?)
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
        Ok(text(vm, &Metadata::Description)?)
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
