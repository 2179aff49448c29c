//! What libvirt's own calls ask of the system in a guest: file systems, time, users, CPUs, suspension.

use std::os::raw::{c_char, c_int};

use virt::sys;

use super::super::door::{change, read};
use super::super::failure::{check, text_of};
use super::super::texts::{OptionalText, Texts, take_texts};
use super::super::typed_params::{Params, c_text, take};
use super::super::wiped::WipedText;
use super::{Domain, release};
use crate::error::{Error, Result};

/// A mounted file system of a guest (`virDomainFSInfo`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestFileSystem {
    /// where it is mounted
    pub mountpoint: String,
    /// the guest's name of its device
    pub name: String,
    /// such as `ext4`
    pub fstype: String,
    /// targets of the disks that it lies on, such as `vda`
    pub disks: Vec<String>,
}

/// What to do with keys that a user of the guest may log in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyChange {
    /// Put these in the place of all there are.
    Replace,
    /// Add those that are not there.
    Add,
    /// Take these away.
    Remove,
}

impl Domain {
    /// Its mounted file systems (`virDomainGetFSInfo`).
    pub fn fs_info(&self) -> Result<Vec<GuestFileSystem>> {
        self.call(read("domain.fs_info"), |d| {
            let mut list: *mut sys::virDomainFSInfoPtr = std::ptr::null_mut();
            // SAFETY: a live domain; libvirt allocates the list, which is copied and freed below.
            let count = check(unsafe { sys::virDomainGetFSInfo(d.as_ptr(), &raw mut list, 0) })?;
            // SAFETY: `list` holds `count` entries.
            Ok(unsafe { take_file_systems(list, count as usize) })
        })
    }

    /// Stops writing to its file systems, or to those at the given places, and returns how many they
    /// are (`virDomainFSFreeze`). Whoever calls it has to see to it that they are thawed, as
    /// [`Domain::fs_freeze`] does; virsh leaves that to the person.
    pub fn fs_freeze_unguarded(&self, mountpoints: &[String]) -> Result<u32> {
        let places = Texts::new("a mount point", mountpoints)?;
        self.call(change("domain.fs_freeze"), move |d| {
            // SAFETY: a live domain and an array of NUL-terminated texts with its length.
            places
                .with(|array, count| check(unsafe { sys::virDomainFSFreeze(d.as_ptr(), array, count, 0) }))
                .map(|n| n as u32)
        })
    }

    /// Lets all its file systems be written to again and returns how many they were
    /// (`virDomainFSThaw`).
    pub(in crate::libvirt) fn fs_thaw_all(&self) -> Result<u32> {
        self.call(change("domain.fs_thaw"), |d| {
            // SAFETY: a live domain; no array and its length mean all.
            check(unsafe { sys::virDomainFSThaw(d.as_ptr(), std::ptr::null_mut(), 0, 0) }).map(|n| n as u32)
        })
    }

    /// Lets its file systems at the given places be written to again (`virDomainFSThaw`); no places mean all.
    pub fn fs_thaw_at(&self, mountpoints: &[String]) -> Result<u32> {
        let places = Texts::new("a mount point", mountpoints)?;
        self.call(change("domain.fs_thaw"), move |d| {
            // SAFETY: a live domain and an array of NUL-terminated texts with its length.
            places
                .with(|array, count| check(unsafe { sys::virDomainFSThaw(d.as_ptr(), array, count, 0) }))
                .map(|n| n as u32)
        })
    }

    /// Gives free blocks back to the host; `minimum` is in bytes, 0 for any (`virDomainFSTrim`).
    pub fn fs_trim(&self, mountpoint: Option<&str>, minimum: u64) -> Result<()> {
        let place = OptionalText::new("a mount point", mountpoint)?;
        self.call(change("domain.fs_trim"), move |d| {
            // SAFETY: a live domain; the place is null or NUL-terminated.
            check(unsafe { sys::virDomainFSTrim(d.as_ptr(), place.as_ptr(), minimum, 0) }).map(drop)
        })
    }

    /// Its clock: seconds since 1970 and nanoseconds (`virDomainGetTime`).
    pub fn time(&self) -> Result<(i64, u32)> {
        self.call(read("domain.time"), |d| {
            let (mut seconds, mut nanos) = (0, 0);
            // SAFETY: a live domain and two numbers to write to.
            check(unsafe { sys::virDomainGetTime(d.as_ptr(), &raw mut seconds, &raw mut nanos, 0) })?;
            Ok((seconds, nanos))
        })
    }

    /// Sets its clock; with `VIR_DOMAIN_TIME_SYNC` to that of its own hardware (`virDomainSetTime`).
    pub fn set_time(&self, seconds: i64, nanos: u32, flags: u32) -> Result<()> {
        self.call(change("domain.set_time"), move |d| {
            // SAFETY: a live domain.
            check(unsafe { sys::virDomainSetTime(d.as_ptr(), seconds, nanos, flags) }).map(drop)
        })
    }

    /// Sets the password of a user in it (`virDomainSetUserPassword`).
    pub fn set_user_password(&self, user: &str, password: &str, flags: u32) -> Result<()> {
        let user = c_text("a user's name", user)?;
        // The password itself must not show in the error that refuses it.
        let password = WipedText::new(password.as_bytes())
            .ok_or_else(|| Error::usage("a password cannot contain a NUL character"))?;
        self.call(change("domain.set_user_password"), move |d| {
            // SAFETY: a live domain and two NUL-terminated texts.
            check(unsafe {
                sys::virDomainSetUserPassword(d.as_ptr(), user.as_ptr(), password.as_ptr(), flags)
            })
            .map(drop)
        })
    }

    /// The SSH keys that a user of it may log in with (`virDomainAuthorizedSSHKeysGet`).
    pub fn authorized_ssh_keys(&self, user: &str) -> Result<Vec<String>> {
        let user = c_text("a user's name", user)?;
        self.call(read("domain.authorized_ssh_keys"), move |d| {
            let mut keys: *mut *mut c_char = std::ptr::null_mut();
            // SAFETY: a live domain and a NUL-terminated name; libvirt allocates the list.
            let count = check(unsafe {
                sys::virDomainAuthorizedSSHKeysGet(d.as_ptr(), user.as_ptr(), &raw mut keys, 0)
            })?;
            // SAFETY: `keys` holds `count` texts that are ours to free.
            Ok(unsafe { take_texts(keys, count) })
        })
    }

    /// Changes the SSH keys that a user of it may log in with (`virDomainAuthorizedSSHKeysSet`).
    pub fn change_authorized_ssh_keys(&self, user: &str, keys: &[String], how: KeyChange) -> Result<()> {
        let user = c_text("a user's name", user)?;
        let keys = Texts::new("an SSH key", keys)?;
        let flags = match how {
            KeyChange::Replace => 0,
            KeyChange::Add => sys::VIR_DOMAIN_AUTHORIZED_SSH_KEYS_SET_APPEND,
            KeyChange::Remove => sys::VIR_DOMAIN_AUTHORIZED_SSH_KEYS_SET_REMOVE,
        };
        self.call(change("domain.set_authorized_ssh_keys"), move |d| {
            keys.with(|array, count| {
                // SAFETY: a live domain, a NUL-terminated name and an array of texts with its length.
                check(unsafe {
                    sys::virDomainAuthorizedSSHKeysSet(d.as_ptr(), user.as_ptr(), array, count, flags)
                })
            })
            .map(drop)
        })
    }

    /// What it tells about itself, as dotted names; `types` are `VIR_DOMAIN_GUEST_INFO_*` bits, 0 for
    /// all that it can tell (`virDomainGetGuestInfo`).
    pub fn guest_info(&self, types: u32) -> Result<Params> {
        self.call(read("domain.guest_info"), move |d| {
            // SAFETY: a live domain; `take` gives room for the answer, and frees it.
            take(|params, count| unsafe { sys::virDomainGetGuestInfo(d.as_ptr(), types, params, count, 0) })
        })
    }

    /// Its CPUs as it sees them: which there are, are online, and can be taken offline
    /// (`virDomainGetGuestVcpus`).
    pub fn guest_vcpus(&self) -> Result<Params> {
        self.call(read("domain.guest_vcpus"), |d| {
            // SAFETY: a live domain; `take` gives room for the answer, and frees it.
            take(|params, count| unsafe { sys::virDomainGetGuestVcpus(d.as_ptr(), params, count.cast(), 0) })
        })
    }

    /// Takes CPUs online or offline in the guest; `cpus` is a list such as `0-2,4`
    /// (`virDomainSetGuestVcpus`).
    pub fn set_guest_vcpus(&self, cpus: &str, online: bool) -> Result<()> {
        let cpus = c_text("a list of CPUs", cpus)?;
        self.call(change("domain.set_guest_vcpus"), move |d| {
            // SAFETY: a live domain and a NUL-terminated list.
            check(unsafe { sys::virDomainSetGuestVcpus(d.as_ptr(), cpus.as_ptr(), c_int::from(online), 0) })
                .map(drop)
        })
    }

    /// Lets it suspend itself; `target` is a `virNodeSuspendTarget`, `seconds` 0 for until it is woken
    /// (`virDomainPMSuspendForDuration`).
    pub fn pm_suspend_for_duration(&self, target: u32, seconds: u64) -> Result<()> {
        self.call(change("domain.pm_suspend_for_duration"), move |d| {
            // SAFETY: a live domain.
            check(unsafe { sys::virDomainPMSuspendForDuration(d.as_ptr(), target, seconds, 0) }).map(drop)
        })
    }
}

/// Copies and frees a list of file systems.
///
/// # Safety
/// `list` is what `virDomainGetFSInfo` gave, with `count` entries.
unsafe fn take_file_systems(list: *mut sys::virDomainFSInfoPtr, count: usize) -> Vec<GuestFileSystem> {
    // SAFETY: the caller's promise; each entry and the list are freed once, after they were copied.
    unsafe {
        let mut all = Vec::with_capacity(count);
        for index in 0..count {
            let entry = *list.add(index);
            let text = |text| text_of(text).unwrap_or_default();
            let disks = (0..(*entry).ndevAlias).map(|n| text(*(*entry).devAlias.add(n)));
            all.push(GuestFileSystem {
                mountpoint: text((*entry).mountpoint),
                name: text((*entry).name),
                fstype: text((*entry).fstype),
                disks: disks.collect(),
            });
            sys::virDomainFSInfoFree(entry);
        }
        release(list.cast());
        all
    }
}
