//! Title, description and what management programs keep in the definition of a network.

use rhai::plugin::export_module;
use rhai::{Dynamic, ImmutableString};

use super::changes::AFFECT;
use crate::api::Fallible;
use crate::api::metadata::{element, remove_element, set_element, set_text, text};
use crate::api::methods::methods_with_options;
use crate::lang::natives::Natives;
use crate::libvirt::{Metadata, Network};

pub(super) fn register(natives: &mut Natives) {
    register_methods(natives);
    natives.global(&metadata_properties::RHAI_MANIFEST);
}

methods_with_options! {
    #[export_module(manifest)]
    /// Sets the title of the network, one line; `()` removes it (`virNetworkSetMetadata`).
    ///
    /// Without options in the network that runs and in the stored definition.
    ///
    /// Errors: `unsupported` before libvirt 9.7.0; `xml_invalid_schema` and its relatives for several lines.
    ///
    /// ```rhai
    /// try { network("default").set_title("the lab", #{ config: true }) } catch (e) { print(e.code) }
    /// ```
    fn set_title(network: Network, title: Dynamic; options: AFFECT) -> () {
        Ok(set_text(network, &Metadata::Title, &title, &options)?)
    }

    /// Sets the description of the network, any text; `()` removes it (`virNetworkSetMetadata`).
    ///
    /// Without options in the network that runs and in the stored definition.
    ///
    /// Errors: `unsupported` before libvirt 9.7.0.
    ///
    /// ```rhai
    /// try { network("default").set_description("owner: me", #{ config: true }) } catch (e) { print(e.code) }
    /// ```
    fn set_description(network: Network, description: Dynamic; options: AFFECT) -> () {
        Ok(set_text(network, &Metadata::Description, &description, &options)?)
    }

    /// What a program keeps in the network under its XML namespace (`virNetworkGetMetadata`).
    ///
    /// An element, or `()` where there is none. Of the network that runs if it does, else of the definition.
    ///
    /// Errors: `unsupported` before libvirt 9.7.0.
    ///
    /// ```rhai
    /// try { print(network("default").metadata("http://example.org/app")) } catch (e) { print(e.code) }
    /// ```
    fn metadata(network: Network, uri: ImmutableString; options: AFFECT) -> Dynamic {
        Ok(element(network, &uri, &options)?)
    }

    /// Keeps an element in the network, one for each XML namespace (`virNetworkSetMetadata`).
    ///
    /// `prefix` is what the namespace is called there; the element is XML, as text or as a document. Without
    /// options in the network that runs and in the stored definition.
    ///
    /// Errors: `unsupported` before libvirt 9.7.0; `xml_error` for a text that is no element.
    ///
    /// ```rhai
    /// try {
    ///     network("default").set_metadata("http://example.org/app", "app", "<owner>me</owner>")
    /// } catch (e) { print(e.code) }
    /// ```
    fn set_metadata(network: Network, uri: ImmutableString, prefix: ImmutableString, element: Dynamic; options: AFFECT) -> () {
        Ok(set_element(network, (&uri, &prefix), &element, &options)?)
    }

    /// Removes the element of an XML namespace from the network (`virNetworkSetMetadata`).
    ///
    /// Without options from the network that runs and from the stored definition.
    ///
    /// Errors: `unsupported` before libvirt 9.7.0.
    ///
    /// ```rhai
    /// try { network("default").remove_metadata("http://example.org/app") } catch (e) { print(e.code) }
    /// ```
    fn remove_metadata(network: Network, uri: ImmutableString; options: AFFECT) -> () {
        Ok(remove_element(network, &uri, &options)?)
    }
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod metadata_properties {
    /// The title of the network, one line; `()` where it has none (`virNetworkGetMetadata`).
    ///
    /// Errors: `unsupported` before libvirt 9.7.0.
    ///
    /// ```rhai
    /// try { print(network("default").title ?? "no title") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "title", return_raw, pure)]
    pub fn get_title(network: &mut Network) -> Fallible<Dynamic> {
        Ok(text(network, &Metadata::Title)?)
    }

    /// The title of the network; see `set_title`.
    ///
    /// Errors: `unsupported` before libvirt 9.7.0.
    ///
    /// ```rhai
    /// let net = network("default");
    /// try { net.title = "the lab" } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(set = "title", return_raw)]
    pub fn title_property(network: &mut Network, title: Dynamic) -> Fallible<()> {
        super::without_options::set_title(network, title)
    }

    /// The description of the network; `()` where it has none (`virNetworkGetMetadata`).
    ///
    /// Errors: `unsupported` before libvirt 9.7.0.
    ///
    /// ```rhai
    /// try { print(network("default").description ?? "no description") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "description", return_raw, pure)]
    pub fn get_description(network: &mut Network) -> Fallible<Dynamic> {
        Ok(text(network, &Metadata::Description)?)
    }

    /// The description of the network; see `set_description`.
    ///
    /// Errors: `unsupported` before libvirt 9.7.0.
    ///
    /// ```rhai
    /// let net = network("default");
    /// try { net.description = "owner: me" } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(set = "description", return_raw)]
    pub fn description_property(network: &mut Network, description: Dynamic) -> Fallible<()> {
        super::without_options::set_description(network, description)
    }
}
