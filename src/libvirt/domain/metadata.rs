//! Title, description and what management programs keep in a definition.

use std::os::raw::c_int;

use virt::sys;

use super::super::door::{change, read};
use super::super::failure::{Failure, Outcome, check, take_text};
use super::super::texts::OptionalText;
use super::Domain;
use crate::error::Result;

/// What of a definition's metadata is meant; networks have the same as guests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Metadata {
    /// One line.
    Title,
    /// Any text.
    Description,
    /// The element of the XML namespace with this URI.
    Element(String),
}

impl Metadata {
    pub(in crate::libvirt) fn kind(&self) -> c_int {
        (match self {
            Self::Title => sys::VIR_DOMAIN_METADATA_TITLE,
            Self::Description => sys::VIR_DOMAIN_METADATA_DESCRIPTION,
            Self::Element(_) => sys::VIR_DOMAIN_METADATA_ELEMENT,
        }) as c_int
    }

    pub(in crate::libvirt) fn uri(&self) -> Result<OptionalText> {
        let uri = if let Self::Element(uri) = self { Some(uri.as_str()) } else { None };
        OptionalText::new("a namespace", uri)
    }
}

/// What is set: the value and the prefix of its namespace.
pub(in crate::libvirt) fn value_and_key(
    value: Option<&str>,
    key: Option<&str>,
) -> Result<(OptionalText, OptionalText)> {
    Ok((OptionalText::new("metadata", value)?, OptionalText::new("the prefix of a namespace", key)?))
}

/// A piece of metadata, `None` where libvirt says that there is none.
pub(in crate::libvirt) fn if_present(piece: Outcome<String>) -> Outcome<Option<String>> {
    match piece {
        Ok(text) => Ok(Some(text)),
        Err(Failure::Libvirt(report)) if report.is_missing_metadata() => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn metadata_of(
    domain: &virt::domain::Domain,
    kind: c_int,
    uri: &OptionalText,
    flags: u32,
) -> Outcome<String> {
    // SAFETY: a live domain and a NUL-terminated text or null; the answer is ours to free.
    unsafe { take_text(sys::virDomainGetMetadata(domain.as_ptr(), kind, uri.as_ptr(), flags)) }
}

impl Domain {
    /// A piece of its metadata, `None` where there is none (`virDomainGetMetadata`).
    pub fn metadata(&self, piece: &Metadata, flags: u32) -> Result<Option<String>> {
        let (kind, uri) = (piece.kind(), piece.uri()?);
        self.call(read("domain.metadata"), move |d| if_present(metadata_of(d, kind, &uri, flags)))
    }

    /// A piece of its metadata; one that is not there is libvirt's own error.
    pub fn required_metadata(&self, piece: &Metadata, flags: u32) -> Result<String> {
        let (kind, uri) = (piece.kind(), piece.uri()?);
        self.call(read("domain.metadata"), move |d| metadata_of(d, kind, &uri, flags))
    }

    /// Sets a piece of its metadata; `None` removes it. An element also has the prefix of its namespace, `key`
    /// (`virDomainSetMetadata`).
    pub fn set_metadata(
        &self,
        piece: &Metadata,
        value: Option<&str>,
        key: Option<&str>,
        flags: u32,
    ) -> Result<()> {
        let (kind, uri) = (piece.kind(), piece.uri()?);
        let (value, key) = value_and_key(value, key)?;
        self.call(change("domain.set_metadata"), move |d| {
            let [value, key, uri] = [&value, &key, &uri].map(OptionalText::as_ptr);
            // SAFETY: a live domain and NUL-terminated texts or null.
            check(unsafe { sys::virDomainSetMetadata(d.as_ptr(), kind, value, key, uri, flags) }).map(drop)
        })
    }
}
