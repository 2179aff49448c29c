//! Changes to parts of a network: elements of its definition, and its metadata.

use std::ffi::{CStr, CString};
use std::os::raw::c_int;

use virt::sys;

use super::super::domain::release;
use super::super::door::{change, destroy, read};
use super::super::failure::{check, check_pointer, text_of};
use super::super::symbols;
use super::super::typed_params::c_text;
use super::Network;
use crate::error::Result;

/// Which metadata of a network is meant (`virNetworkMetadataType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkMetadata<'a> {
    /// a text of any length
    Description,
    /// one line
    Title,
    /// the element of an XML namespace
    Element(&'a str),
}

impl NetworkMetadata<'_> {
    fn number(self) -> c_int {
        let number = match self {
            Self::Description => sys::VIR_NETWORK_METADATA_DESCRIPTION,
            Self::Title => sys::VIR_NETWORK_METADATA_TITLE,
            Self::Element(_) => sys::VIR_NETWORK_METADATA_ELEMENT,
        };
        number as c_int
    }

    fn uri(self) -> Result<Option<CString>> {
        match self {
            Self::Element(uri) => c_text("a namespace", uri).map(Some),
            _ => Ok(None),
        }
    }
}

/// The pointer to a text, or null.
fn pointer(text: Option<&CStr>) -> *const std::os::raw::c_char {
    text.map_or(std::ptr::null(), CStr::as_ptr)
}

impl Network {
    /// Changes elements of its definition, now or in the stored one (`virNetworkUpdate`).
    ///
    /// `command` is of `virNetworkUpdateCommand`, `section` of `virNetworkUpdateSection`; the element
    /// belongs to the parent with the index, -1 is libvirt's choice; `flags` are
    /// `VIR_NETWORK_UPDATE_AFFECT_*`.
    pub fn update(&self, command: u32, section: u32, parent_index: i32, xml: &str, flags: u32) -> Result<()> {
        let xml = c_text("XML", xml)?;
        let operation = if command == sys::VIR_NETWORK_UPDATE_COMMAND_DELETE {
            destroy("network.update")
        } else {
            change("network.update")
        };
        self.call(operation, move |n| {
            let xml = xml.as_ptr();
            // SAFETY: a live network and a NUL-terminated text.
            check(unsafe { sys::virNetworkUpdate(n.as_ptr(), command, section, parent_index, xml, flags) })
                .map(drop)
        })
    }

    /// Its metadata (`virNetworkGetMetadata`, libvirt 9.7.0); `flags` are
    /// `VIR_NETWORK_UPDATE_AFFECT_*`.
    pub fn metadata(&self, which: NetworkMetadata<'_>, flags: u32) -> Result<String> {
        let (number, uri) = (which.number(), which.uri()?);
        self.call(read("network.metadata"), move |n| {
            let get = symbols::virNetworkGetMetadata()?;
            // SAFETY: a live network; the namespace is null or NUL-terminated; the text is ours to free.
            unsafe {
                let text = check_pointer(get(n.as_ptr(), number, pointer(uri.as_deref()), flags))?;
                let copy = text_of(text).unwrap_or_default();
                release(text.cast());
                Ok(copy)
            }
        })
    }

    /// Sets its metadata, or removes it (`virNetworkSetMetadata`, libvirt 9.7.0).
    ///
    /// `key` is the prefix that an element gets.
    pub fn set_metadata(
        &self,
        which: NetworkMetadata<'_>,
        text: Option<&str>,
        key: Option<&str>,
        flags: u32,
    ) -> Result<()> {
        let text = text.map(|text| c_text("metadata", text)).transpose()?;
        let key = key.map(|key| c_text("a prefix", key)).transpose()?;
        let (number, uri) = (which.number(), which.uri()?);
        self.call(change("network.set_metadata"), move |n| {
            let set = symbols::virNetworkSetMetadata()?;
            let (text, key, uri) =
                (pointer(text.as_deref()), pointer(key.as_deref()), pointer(uri.as_deref()));
            // SAFETY: a live network; each text is null or NUL-terminated.
            check(unsafe { set(n.as_ptr(), number, text, key, uri, flags) }).map(drop)
        })
    }
}
