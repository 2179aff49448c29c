//! Plugging devices in and out, and changing them.

use std::os::raw::{c_char, c_int, c_uint};

use virt::sys;

use super::super::door::{Operation, change};
use super::super::failure::check;
use super::super::older::or_older;
use super::super::typed_params::c_text;
use super::Domain;
use crate::error::Result;

type Older = unsafe extern "C" fn(sys::virDomainPtr, *const c_char) -> c_int;
type Call = unsafe extern "C" fn(sys::virDomainPtr, *const c_char, c_uint) -> c_int;

impl Domain {
    /// Plugs a device in (`virDomainAttachDeviceFlags`).
    pub fn attach_device(&self, xml: &str, flags: u32) -> Result<()> {
        let calls = (sys::virDomainAttachDeviceFlags as Call, Some(sys::virDomainAttachDevice as Older));
        self.device(change("domain.attach_device"), calls, xml, flags)
    }

    /// Plugs a device into the running guest with libvirt's first call (`virDomainAttachDevice`).
    pub fn attach_device_now(&self, xml: &str) -> Result<()> {
        self.device_now(change("domain.attach_device"), sys::virDomainAttachDevice, xml)
    }

    /// Unplugs a device of the running guest with libvirt's first call (`virDomainDetachDevice`).
    pub fn detach_device_now(&self, xml: &str) -> Result<()> {
        self.device_now(change("domain.detach_device"), sys::virDomainDetachDevice, xml)
    }

    fn device_now(&self, operation: Operation, call: Older, device: &str) -> Result<()> {
        let device = c_text("a device", device)?;
        self.call(operation, move |d| {
            // SAFETY: a live domain and a NUL-terminated text, as all calls of this form want.
            check(unsafe { call(d.as_ptr(), device.as_ptr()) }).map(drop)
        })
    }

    /// Unplugs a device (`virDomainDetachDeviceFlags`).
    pub fn detach_device(&self, xml: &str, flags: u32) -> Result<()> {
        let calls = (sys::virDomainDetachDeviceFlags as Call, Some(sys::virDomainDetachDevice as Older));
        self.device(change("domain.detach_device"), calls, xml, flags)
    }

    /// Unplugs a device by its alias, without waiting for the guest (`virDomainDetachDeviceAlias`).
    pub fn detach_device_alias(&self, alias: &str, flags: u32) -> Result<()> {
        self.device(
            change("domain.detach_device_alias"),
            (sys::virDomainDetachDeviceAlias, None),
            alias,
            flags,
        )
    }

    /// Changes a device (`virDomainUpdateDeviceFlags`).
    pub fn update_device(&self, xml: &str, flags: u32) -> Result<()> {
        self.device(change("domain.update_device"), (sys::virDomainUpdateDeviceFlags, None), xml, flags)
    }

    fn device(
        &self,
        operation: Operation,
        (call, older): (Call, Option<Older>),
        device: &str,
        flags: u32,
    ) -> Result<()> {
        let device = c_text("a device", device)?;
        self.call(operation, move |d| {
            // SAFETY: a live domain and a NUL-terminated text, as all calls of this form want.
            let made = check(unsafe { call(d.as_ptr(), device.as_ptr(), flags) });
            let Some(older) = older else { return made.map(drop) };
            // SAFETY: as above.
            or_older(flags == 0, made, || check(unsafe { older(d.as_ptr(), device.as_ptr()) })).map(drop)
        })
    }
}
