//! Plugging devices in and out, and changing them.

use std::os::raw::{c_char, c_int, c_uint};

use virt::sys;

use super::super::door::{Operation, change};
use super::super::failure::check;
use super::super::typed_params::c_text;
use super::Domain;
use crate::error::Result;

type Call = unsafe extern "C" fn(sys::virDomainPtr, *const c_char, c_uint) -> c_int;

impl Domain {
    /// Plugs a device in (`virDomainAttachDeviceFlags`).
    pub fn attach_device(&self, xml: &str, flags: u32) -> Result<()> {
        self.device(change("domain.attach_device"), sys::virDomainAttachDeviceFlags, xml, flags)
    }

    /// Unplugs a device (`virDomainDetachDeviceFlags`).
    pub fn detach_device(&self, xml: &str, flags: u32) -> Result<()> {
        self.device(change("domain.detach_device"), sys::virDomainDetachDeviceFlags, xml, flags)
    }

    /// Unplugs a device by its alias, without waiting for the guest (`virDomainDetachDeviceAlias`).
    pub fn detach_device_alias(&self, alias: &str, flags: u32) -> Result<()> {
        self.device(change("domain.detach_device_alias"), sys::virDomainDetachDeviceAlias, alias, flags)
    }

    /// Changes a device (`virDomainUpdateDeviceFlags`).
    pub fn update_device(&self, xml: &str, flags: u32) -> Result<()> {
        self.device(change("domain.update_device"), sys::virDomainUpdateDeviceFlags, xml, flags)
    }

    fn device(&self, operation: Operation, call: Call, device: &str, flags: u32) -> Result<()> {
        let device = c_text("a device", device)?;
        self.call(operation, move |d| {
            // SAFETY: a live domain and a NUL-terminated text, as all calls of this form want.
            check(unsafe { call(d.as_ptr(), device.as_ptr(), flags) }).map(drop)
        })
    }
}
