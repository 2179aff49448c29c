//! Changes to parts of a network: elements of its definition, and its metadata.

use virt::sys;

use super::super::domain::metadata::{Metadata, if_present, value_and_key};
use super::super::door::{change, destroy, read};
use super::super::failure::{check, take_text};
use super::super::symbols;
use super::super::texts::OptionalText;
use super::super::typed_params::c_text;
use super::Network;
use crate::error::Result;

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

    /// A piece of its metadata, `None` where there is none (`virNetworkGetMetadata`, libvirt 9.7.0);
    /// `flags` are `VIR_NETWORK_UPDATE_AFFECT_*`.
    pub fn metadata(&self, piece: &Metadata, flags: u32) -> Result<Option<String>> {
        let (kind, uri) = (piece.kind(), piece.uri()?);
        self.call(read("network.metadata"), move |n| {
            let get = symbols::virNetworkGetMetadata()?;
            // SAFETY: a live network; the namespace is null or NUL-terminated; the text is ours to free.
            if_present(unsafe { take_text(get(n.as_ptr(), kind, uri.as_ptr(), flags)) })
        })
    }

    /// Sets a piece of its metadata; `None` removes it. An element also has the prefix of its
    /// namespace, `key` (`virNetworkSetMetadata`, libvirt 9.7.0).
    pub fn set_metadata(
        &self,
        piece: &Metadata,
        value: Option<&str>,
        key: Option<&str>,
        flags: u32,
    ) -> Result<()> {
        let (kind, uri) = (piece.kind(), piece.uri()?);
        let (value, key) = value_and_key(value, key)?;
        self.call(change("network.set_metadata"), move |n| {
            let set = symbols::virNetworkSetMetadata()?;
            let [value, key, uri] = [&value, &key, &uri].map(OptionalText::as_ptr);
            // SAFETY: a live network; each text is null or NUL-terminated.
            check(unsafe { set(n.as_ptr(), kind, value, key, uri, flags) }).map(drop)
        })
    }
}
