//! Metadata of guests and networks: titles, descriptions, and what management programs keep in a definition.

use rhai::Dynamic;

use super::definition_text;
use super::domain::affect::affect;
use super::xml::XmlDocument;
use crate::error::{Error, Result};
use crate::lang::options::Parsed;
use crate::libvirt::{Domain, Metadata, Network, sys};
use crate::xml::Document;

/// What has metadata, in what runs and in what is stored.
pub(super) trait Described {
    /// The bits for what runs and for the stored definition.
    const LIVE_AND_CONFIG: (u32, u32);

    fn is_active(&self) -> Result<bool>;
    fn is_persistent(&self) -> Result<bool>;
    fn metadata(&self, piece: &Metadata, flags: u32) -> Result<Option<String>>;
    fn set_metadata(
        &self,
        piece: &Metadata,
        value: Option<&str>,
        key: Option<&str>,
        flags: u32,
    ) -> Result<()>;
}

macro_rules! described {
    ($($type:ident $live:ident $config:ident),*) => {$(
        impl Described for $type {
            const LIVE_AND_CONFIG: (u32, u32) = (sys::$live, sys::$config);

            fn is_active(&self) -> Result<bool> {
                $type::is_active(self)
            }
            fn is_persistent(&self) -> Result<bool> {
                $type::is_persistent(self)
            }
            fn metadata(&self, piece: &Metadata, flags: u32) -> Result<Option<String>> {
                $type::metadata(self, piece, flags)
            }
            fn set_metadata(
                &self,
                piece: &Metadata,
                value: Option<&str>,
                key: Option<&str>,
                flags: u32,
            ) -> Result<()> {
                $type::set_metadata(self, piece, value, key, flags)
            }
        }
    )*};
}

described! {
    Domain VIR_DOMAIN_AFFECT_LIVE VIR_DOMAIN_AFFECT_CONFIG,
    Network VIR_NETWORK_UPDATE_AFFECT_LIVE VIR_NETWORK_UPDATE_AFFECT_CONFIG
}

/// Where a change goes without options: to every definition that there is, so that it is never lost at the
/// next start.
fn everywhere<D: Described>(object: &D, options: &Parsed) -> Result<u32> {
    let flags = affect(options)?;
    if flags != 0 || options.flag("current") {
        return Ok(flags);
    }
    let (live, config) = D::LIVE_AND_CONFIG;
    let live = if object.is_active()? { live } else { 0 };
    let stored = if object.is_persistent()? { config } else { 0 };
    Ok(live | stored)
}

/// A text, or `()` where there is none.
pub(super) fn text(object: &impl Described, piece: &Metadata) -> Result<Dynamic> {
    Ok(object.metadata(piece, 0)?.map_or(Dynamic::UNIT, Into::into))
}

/// Sets a text; `()` and an empty one remove it.
pub(super) fn set_text(
    object: &impl Described,
    piece: &Metadata,
    value: &Dynamic,
    options: &Parsed,
) -> Result<()> {
    let kind = value.type_name();
    let value = match value.clone().into_string() {
        Ok(text) => Some(text).filter(|text| !text.is_empty()),
        Err(_) if value.is_unit() => None,
        Err(_) => return Err(Error::usage(format!("it is a text, or () for none, not {kind}"))),
    };
    object.set_metadata(piece, value.as_deref(), None, everywhere(object, options)?)
}

/// The element of a namespace as a document, or `()` where there is none.
pub(super) fn element(object: &impl Described, uri: &str, options: &Parsed) -> Result<Dynamic> {
    let found = object.metadata(&Metadata::Element(uri.to_owned()), affect(options)?)?;
    Ok(match found {
        Some(element) => Dynamic::from(XmlDocument::from(Document::parse(&element)?)),
        None => Dynamic::UNIT,
    })
}

/// Sets the element of a namespace.
pub(super) fn set_element(
    object: &impl Described,
    (uri, prefix): (&str, &str),
    element: &Dynamic,
    options: &Parsed,
) -> Result<()> {
    let element = definition_text(element)?;
    let piece = Metadata::Element(uri.to_owned());
    object.set_metadata(&piece, Some(&element), Some(prefix), everywhere(object, options)?)
}

/// Removes the element of a namespace.
pub(super) fn remove_element(object: &impl Described, uri: &str, options: &Parsed) -> Result<()> {
    let flags = everywhere(object, options)?;
    object.set_metadata(&Metadata::Element(uri.to_owned()), None, None, flags)
}
