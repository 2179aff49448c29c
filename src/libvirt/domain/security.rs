//! The security labels of a guest, what libvirt has to say about its definition, and launch security.

use std::os::raw::c_char;

use virt::sys;

use super::super::door::read;
use super::super::failure::{check, text_of};
use super::super::texts::take_texts;
use super::Domain;
use crate::error::Result;

/// A security label of a guest's process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityLabel {
    /// the label, empty where there is none
    pub label: String,
    /// whether the host enforces it
    pub enforcing: bool,
}

impl SecurityLabel {
    fn of(raw: &sys::virSecurityLabel) -> Self {
        // SAFETY: libvirt NUL-terminates the label inside its buffer.
        let label = unsafe { text_of(raw.label.as_ptr()) }.unwrap_or_default();
        Self { label, enforcing: raw.enforcing != 0 }
    }
}

impl Domain {
    /// The label that the host's first security driver gave it (`virDomainGetSecurityLabel`).
    pub fn security_label(&self) -> Result<SecurityLabel> {
        self.call(read("domain.security_label"), |d| {
            let mut label = std::mem::MaybeUninit::<sys::virSecurityLabel>::zeroed();
            // SAFETY: a live domain and room for one structure, all zero, which is a valid value.
            let label = unsafe {
                check(sys::virDomainGetSecurityLabel(d.as_ptr(), label.as_mut_ptr()))?;
                label.assume_init()
            };
            Ok(SecurityLabel::of(&label))
        })
    }

    /// The labels that all security drivers of the host gave it (`virDomainGetSecurityLabelList`).
    pub fn security_labels(&self) -> Result<Vec<SecurityLabel>> {
        self.call(read("domain.security_labels"), |d| {
            let mut list: sys::virSecurityLabelPtr = std::ptr::null_mut();
            // SAFETY: a live domain; libvirt allocates the list, which is copied and freed below.
            let count = check(unsafe { sys::virDomainGetSecurityLabelList(d.as_ptr(), &raw mut list) })?;
            // SAFETY: the list has `count` labels, and is freed once; null is fine.
            unsafe {
                let labels = (0..count as usize).map(|index| SecurityLabel::of(&*list.add(index))).collect();
                super::release(list.cast());
                Ok(labels)
            }
        })
    }

    /// What libvirt has to say about it, such as the use of what is deprecated (`virDomainGetMessages`).
    pub fn messages(&self, flags: u32) -> Result<Vec<String>> {
        self.call(read("domain.messages"), move |d| {
            let mut list: *mut *mut c_char = std::ptr::null_mut();
            // SAFETY: a live domain; libvirt allocates the list, which is copied and freed below.
            let count = check(unsafe { sys::virDomainGetMessages(d.as_ptr(), &raw mut list, flags) })?;
            // SAFETY: the list has `count` texts, which are ours to free.
            Ok(unsafe { take_texts(list, count) })
        })
    }
}
