//! The memory of a guest, in bytes here and in KiB below.

use virt::sys;

use super::super::door::{change, read};
use super::super::failure::check;
use super::super::older::or_older;
use super::{Domain, kib};
use crate::error::Result;

impl Domain {
    /// Sets its memory in bytes, rounded up to KiB (`virDomainSetMemoryFlags`).
    pub fn set_memory(&self, bytes: u64, flags: u32) -> Result<()> {
        let kib = bytes.div_ceil(1024);
        self.call(change("domain.set_memory"), move |d| {
            // SAFETY: a live domain.
            let made = check(unsafe { sys::virDomainSetMemoryFlags(d.as_ptr(), kib, flags) });
            // SAFETY: as above.
            or_older(flags == 0, made, || check(unsafe { sys::virDomainSetMemory(d.as_ptr(), kib) }))
                .map(drop)
        })
    }

    /// The most memory it may have, in bytes (`virDomainGetMaxMemory`).
    pub fn max_memory(&self) -> Result<u64> {
        self.call(read("domain.max_memory"), |d| Ok(kib(d.max_memory()?)))
    }

    /// Sets the most memory it may have, in bytes, rounded up to KiB (`virDomainSetMaxMemory`).
    pub fn set_max_memory(&self, bytes: u64) -> Result<()> {
        let kib = bytes.div_ceil(1024);
        self.call(change("domain.set_max_memory"), move |d| Ok(d.set_max_memory(kib).map(drop)?))
    }

    /// Sets how often its balloon tells statistics, in seconds, 0 for never (`virDomainSetMemoryStatsPeriod`).
    pub fn set_memory_stats_period(&self, seconds: i32, flags: u32) -> Result<()> {
        self.call(change("domain.set_memory_stats_period"), move |d| {
            // SAFETY: a live domain.
            check(unsafe { sys::virDomainSetMemoryStatsPeriod(d.as_ptr(), seconds, flags) }).map(drop)
        })
    }
}
