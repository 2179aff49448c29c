//! Counters of one guest: its memory, its CPUs, a network card, and the pages it dirties.

use std::os::raw::c_int;

use virt::sys;

use super::super::door::{change, read};
use super::super::failure::{Outcome, check};
use super::super::typed_params::{Params, c_text, drain};
use super::Domain;
use crate::error::Result;

/// Counters of a network card; `None` is what the driver does not count.
#[derive(Clone, Copy, Debug)]
pub struct InterfaceStats {
    /// towards the guest, as the host sees it: bytes, packets, errors, dropped packets
    pub rx: [Option<i64>; 4],
    /// from the guest, the same
    pub tx: [Option<i64>; 4],
}

impl Domain {
    /// Counters of a network card, by its host side (`vnet0`) or MAC address (`virDomainInterfaceStats`).
    pub fn interface_stats(&self, device: &str) -> Result<InterfaceStats> {
        let device = c_text("a network card", device)?;
        self.call(read("domain.interface_stats"), move |d| {
            let mut stats = std::mem::MaybeUninit::<sys::virDomainInterfaceStatsStruct>::zeroed();
            let size = size_of::<sys::virDomainInterfaceStatsStruct>();
            // SAFETY: a live domain, a NUL-terminated name, and room for one structure of its size, all
            // zero, which is a valid value.
            let stats = unsafe {
                check(sys::virDomainInterfaceStats(d.as_ptr(), device.as_ptr(), stats.as_mut_ptr(), size))?;
                stats.assume_init()
            };
            let counted = |values: [i64; 4]| values.map(|value| (value >= 0).then_some(value));
            Ok(InterfaceStats {
                rx: counted([stats.rx_bytes, stats.rx_packets, stats.rx_errs, stats.rx_drop]),
                tx: counted([stats.tx_bytes, stats.tx_packets, stats.tx_errs, stats.tx_drop]),
            })
        })
    }

    /// Statistics of its memory as pairs of `virDomainMemoryStatTags` and value (`virDomainMemoryStats`).
    pub fn memory_stats(&self) -> Result<Vec<(i32, u64)>> {
        self.call(read("domain.memory_stats"), |d| {
            // Room for tags that a newer daemon adds, too.
            const ROOM: usize = 64;
            // SAFETY: all zero is a valid entry.
            let mut stats = [unsafe { std::mem::zeroed::<sys::virDomainMemoryStatStruct>() }; ROOM];
            // SAFETY: a live domain and room for so many entries.
            let told =
                check(unsafe { sys::virDomainMemoryStats(d.as_ptr(), stats.as_mut_ptr(), ROOM as u32, 0) })?;
            Ok(stats.iter().take(told as usize).map(|stat| (stat.tag, stat.val)).collect())
        })
    }

    /// CPU time it has used on all host CPUs together (`virDomainGetCPUStats`).
    pub fn cpu_stats(&self) -> Result<Params> {
        self.call(read("domain.cpu_stats"), |d| Ok(cpu_stats(d, -1, 1)?.pop().unwrap_or_default()))
    }

    /// CPU time it has used on each of `count` host CPUs from `start` on; all without a count
    /// (`virDomainGetCPUStats`).
    pub fn per_cpu_stats(&self, start: u32, count: Option<u32>) -> Result<Vec<Params>> {
        self.call(read("domain.cpu_stats"), move |d| {
            // SAFETY: a live domain; asked for nothing, it tells the number of CPUs.
            let all =
                check(unsafe { sys::virDomainGetCPUStats(d.as_ptr(), std::ptr::null_mut(), 0, 0, 0, 0) })?;
            let wanted = count.unwrap_or(u32::MAX).min((all as u32).saturating_sub(start));
            let mut stats = Vec::with_capacity(wanted as usize);
            // libvirt refuses to tell of more than 128 in one go.
            for first in (start..start + wanted).step_by(128) {
                stats.extend(cpu_stats(d, first as c_int, (start + wanted - first).min(128))?);
            }
            Ok(stats)
        })
    }

    /// Starts to measure for `seconds` how fast it dirties memory; the result is among the bulk
    /// statistics (`virDomainStartDirtyRateCalc`).
    pub fn start_dirty_rate_calc(&self, seconds: i32, flags: u32) -> Result<()> {
        self.call(change("domain.start_dirty_rate_calc"), move |d| {
            // SAFETY: a live domain.
            check(unsafe { sys::virDomainStartDirtyRateCalc(d.as_ptr(), seconds, flags) }).map(drop)
        })
    }
}

/// The statistics of `count` CPUs from `start` on; -1 and 1 for all together.
fn cpu_stats(d: &virt::domain::Domain, start: c_int, count: u32) -> Outcome<Vec<Params>> {
    // SAFETY: a live domain; asked with room for none, it tells how many parameters a CPU has.
    let each =
        check(unsafe { sys::virDomainGetCPUStats(d.as_ptr(), std::ptr::null_mut(), 0, start, count, 0) })?;
    let room = each as usize * count as usize;
    if room == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: all zero is a valid parameter: no name, no type, a null string.
    let mut params = vec![unsafe { std::mem::zeroed::<sys::virTypedParameter>() }; room];
    // SAFETY: a live domain and room for `each` parameters of each of `count` CPUs.
    let told = check(unsafe {
        sys::virDomainGetCPUStats(d.as_ptr(), params.as_mut_ptr(), each as u32, start, count, 0)
    })?;
    let cpus = params.chunks_mut(each as usize);
    // SAFETY: the first `told` parameters of each CPU are filled in, and their strings ours to free; those
    // of a CPU that does not exist are still all zero, and are left out.
    Ok(cpus.map(|cpu| unsafe { drain(&mut cpu[..told as usize]) }).collect())
}
