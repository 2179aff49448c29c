//! Backups of the disks of a running guest.

use virt::sys;

use super::super::door::{change, read};
use super::super::failure::{check, take_text};
use super::super::texts::OptionalText;
use super::super::typed_params::c_text;
use super::Domain;
use crate::error::Result;

impl Domain {
    /// Begins a backup, with a checkpoint for later ones if one is described (`virDomainBackupBegin`).
    pub fn backup_begin(&self, xml: &str, checkpoint: Option<&str>, flags: u32) -> Result<()> {
        let xml = c_text("XML", xml)?;
        let checkpoint = OptionalText::new("XML", checkpoint)?;
        self.call(change("domain.backup_begin"), move |d| {
            let checkpoint = checkpoint.as_ptr();
            // SAFETY: a live domain; the texts are NUL-terminated, the second may be null.
            check(unsafe { sys::virDomainBackupBegin(d.as_ptr(), xml.as_ptr(), checkpoint, flags) }).map(drop)
        })
    }

    /// The description of the backup that goes on (`virDomainBackupGetXMLDesc`).
    pub fn backup_xml(&self) -> Result<String> {
        self.call(read("domain.backup_xml"), |d| {
            // SAFETY: a live domain; the text is ours to free.
            unsafe { take_text(sys::virDomainBackupGetXMLDesc(d.as_ptr(), 0)) }
        })
    }
}
