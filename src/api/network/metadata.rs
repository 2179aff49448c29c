//! Title, description and what management programs keep in the definition of a network.

use rhai::plugin::export_module;
use rhai::{Dynamic, Engine, ImmutableString};

use super::changes::AFFECT;
use crate::api::domain::affect::affect;
use crate::api::methods::methods_with_options;
use crate::api::xml::XmlDocument;
use crate::api::{Fallible, definition_text};
use crate::error::{Error, Result};
use crate::lang::options::Parsed;
use crate::libvirt::{Metadata, Network, sys};
use crate::xml::Document;

pub(super) fn register(engine: &mut Engine) {
    register_methods(engine);
    engine.register_global_module(rhai::exported_module!(metadata_properties).into());
}

/// A text or, for none, `()`.
fn text(value: Option<String>) -> Dynamic {
    value.map_or(Dynamic::UNIT, Into::into)
}

/// Where a change goes without options: to every definition that there is, so that it is never lost
/// at the next start.
fn everywhere(network: &Network, options: &Parsed) -> Result<u32> {
    let flags = affect(options)?;
    if flags != 0 || options.flag("current") {
        return Ok(flags);
    }
    let live = if network.is_active()? { sys::VIR_NETWORK_UPDATE_AFFECT_LIVE } else { 0 };
    let stored = if network.is_persistent()? { sys::VIR_NETWORK_UPDATE_AFFECT_CONFIG } else { 0 };
    Ok(live | stored)
}

/// Sets a text; `()` and an empty one remove it.
fn set(network: &Network, piece: &Metadata, value: &Dynamic, options: &Parsed) -> Result<()> {
    let kind = value.type_name();
    let value = match value.clone().into_string() {
        Ok(text) => Some(text).filter(|text| !text.is_empty()),
        Err(_) if value.is_unit() => None,
        Err(_) => {
            let error = Error::usage(format!("it is a text, or () for none, not {kind}"));
            return Err(error.object(network.label()));
        }
    };
    network.set_metadata(piece, value.as_deref(), None, everywhere(network, options)?)
}

methods_with_options! {
    #[export_module]
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
        Ok(set(network, &Metadata::Title, &title, &options)?)
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
        Ok(set(network, &Metadata::Description, &description, &options)?)
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
        let element = network.metadata(&Metadata::Element(uri.into()), affect(&options)?)?;
        Ok(match element {
            Some(element) => Dynamic::from(XmlDocument::from(Document::parse(&element)?)),
            None => Dynamic::UNIT,
        })
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
        let element = definition_text(&element)?;
        let piece = Metadata::Element(uri.into());
        Ok(network.set_metadata(&piece, Some(&element), Some(&prefix), everywhere(network, &options)?)?)
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
        let flags = everywhere(network, &options)?;
        Ok(network.set_metadata(&Metadata::Element(uri.into()), None, None, flags)?)
    }
}

#[export_module]
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
        Ok(text(network.metadata(&Metadata::Title, 0)?))
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
        Ok(text(network.metadata(&Metadata::Description, 0)?))
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
