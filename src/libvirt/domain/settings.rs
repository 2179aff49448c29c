//! Small settings of a guest.

use std::os::raw::c_int;

use virt::sys;

use super::super::door::{change, read};
use super::super::failure::{check, take_text};
use super::super::symbols;
use super::super::texts::OptionalText;
use super::super::typed_params::{Params, ParamsBuffer, c_text};
use super::Domain;
use crate::error::Result;

impl Domain {
    /// The name of the host's scheduler (`virDomainGetSchedulerType`).
    pub fn scheduler_type(&self) -> Result<String> {
        self.call(read("domain.scheduler_type"), |d| {
            let mut count: c_int = 0;
            // SAFETY: a live domain and a number to write to; the answer is ours to free.
            unsafe { take_text(sys::virDomainGetSchedulerType(d.as_ptr(), &raw mut count)) }
        })
    }

    /// Sets what happens when it ends: `virDomainLifecycle`, `virDomainLifecycleAction`
    /// (`virDomainSetLifecycleAction`).
    pub fn set_lifecycle_action(&self, event: u32, action: u32, flags: u32) -> Result<()> {
        self.call(change("domain.set_lifecycle_action"), move |d| {
            // SAFETY: a live domain.
            check(unsafe { sys::virDomainSetLifecycleAction(d.as_ptr(), event, action, flags) }).map(drop)
        })
    }

    /// Whether it starts with the host the next time only (`virDomainGetAutostartOnce`, libvirt 11.2.0).
    pub fn autostart_once(&self) -> Result<bool> {
        self.call(read("domain.autostart_once"), |d| {
            let get = symbols::virDomainGetAutostartOnce()?;
            let mut on: c_int = 0;
            // SAFETY: a live domain and a number to write to.
            check(unsafe { get(d.as_ptr(), &raw mut on) })?;
            Ok(on != 0)
        })
    }

    /// Sets whether it starts with the host the next time (`virDomainSetAutostartOnce`, libvirt 11.2.0).
    pub fn set_autostart_once(&self, on: bool) -> Result<()> {
        self.call(change("domain.set_autostart_once"), move |d| {
            let set = symbols::virDomainSetAutostartOnce()?;
            // SAFETY: a live domain.
            check(unsafe { set(d.as_ptr(), c_int::from(on)) }).map(drop)
        })
    }

    /// Has it read the certificates of its display anew (`virDomainGraphicsReload`, libvirt 10.2.0).
    pub fn graphics_reload(&self, kind: u32) -> Result<()> {
        self.call(change("domain.graphics_reload"), move |d| {
            let reload = symbols::virDomainGraphicsReload()?;
            // SAFETY: a live domain.
            check(unsafe { reload(d.as_ptr(), kind, 0) }).map(drop)
        })
    }

    /// Has it tell the network where its cards are now (`virDomainAnnounceInterface`, libvirt 12.5.0).
    pub fn announce_interface(&self, device: Option<&str>, settings: Params) -> Result<()> {
        let device = OptionalText::new("a network card", device)?;
        self.call(change("domain.announce_interface"), move |d| {
            let announce = symbols::virDomainAnnounceInterface()?;
            let mut buffer = ParamsBuffer::new(&settings)?;
            let device = device.as_ptr();
            // SAFETY: a live domain, a NUL-terminated name or null, a valid array of its own length.
            check(unsafe { announce(d.as_ptr(), device, buffer.as_mut_ptr(), buffer.len(), 0) }).map(drop)
        })
    }

    /// Makes or changes a throttle group (`virDomainSetThrottleGroup`, libvirt 11.2.0).
    pub fn set_throttle_group(&self, group: &str, settings: Params, flags: u32) -> Result<()> {
        let group = c_text("a throttle group", group)?;
        self.call(change("domain.set_throttle_group"), move |d| {
            let set = symbols::virDomainSetThrottleGroup()?;
            let mut buffer = ParamsBuffer::new(&settings)?;
            // SAFETY: a live domain, a NUL-terminated name, a valid array of its own length.
            check(unsafe { set(d.as_ptr(), group.as_ptr(), buffer.as_mut_ptr(), buffer.len(), flags) })
                .map(drop)
        })
    }

    /// Removes a throttle group (`virDomainDelThrottleGroup`, libvirt 11.2.0).
    pub fn del_throttle_group(&self, group: &str, flags: u32) -> Result<()> {
        let group = c_text("a throttle group", group)?;
        self.call(change("domain.del_throttle_group"), move |d| {
            let remove = symbols::virDomainDelThrottleGroup()?;
            // SAFETY: a live domain and a NUL-terminated name.
            check(unsafe { remove(d.as_ptr(), group.as_ptr(), flags) }).map(drop)
        })
    }
}
