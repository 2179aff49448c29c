//! The virtual CPUs of a guest.

use std::os::raw::c_int;

use virt::sys;

use super::super::door::{change, read};
use super::super::failure::check;
use super::super::older::or_older;
use super::super::typed_params::c_text;
use super::Domain;
use super::pinning::CpuMap;
use crate::error::Result;

/// A virtual CPU of a running guest.
#[derive(Clone, Debug)]
pub struct VcpuInfo {
    /// its number
    pub number: u32,
    /// `virVcpuState`
    pub state: i32,
    /// nanoseconds it has run
    pub cpu_time_ns: u64,
    /// the host CPU that runs it, where known
    pub cpu: Option<u32>,
    /// the host CPUs that may run it
    pub affinity: Vec<u32>,
}

impl Domain {
    /// Its virtual CPUs while it runs (`virDomainGetVcpus`).
    pub fn vcpu_info(&self) -> Result<Vec<VcpuInfo>> {
        self.call_live(read("domain.vcpu_info"), |live, d| {
            let map = CpuMap::of(live.connect())?;
            let mut domain = std::mem::MaybeUninit::<sys::virDomainInfo>::zeroed();
            // SAFETY: a live domain and room for one structure, all zero, which is a valid value.
            let most = unsafe {
                check(sys::virDomainGetInfo(d.as_ptr(), domain.as_mut_ptr()))?;
                usize::from(domain.assume_init().nrVirtCpu)
            };
            // SAFETY: all zero is a valid entry.
            let mut entries = vec![unsafe { std::mem::zeroed::<sys::virVcpuInfo>() }; most];
            let mut maps = vec![0; most * map.len()];
            let (list, length) = (entries.as_mut_ptr(), map.len() as c_int);
            // SAFETY: a live domain, room for `most` entries and as many maps of `length` bytes.
            let told = check(unsafe {
                sys::virDomainGetVcpus(d.as_ptr(), list, most as c_int, maps.as_mut_ptr(), length)
            })?;
            let told = entries.iter().zip(maps.chunks(map.len().max(1))).take(told as usize);
            Ok(told
                .map(|(entry, bits)| VcpuInfo {
                    number: entry.number,
                    state: entry.state,
                    cpu_time_ns: entry.cpuTime,
                    cpu: u32::try_from(entry.cpu).ok(),
                    affinity: map.set(bits),
                })
                .collect())
        })
    }

    /// The number of its virtual CPUs (`virDomainGetVcpusFlags`).
    pub fn vcpus(&self, flags: u32) -> Result<u32> {
        self.call(read("domain.vcpus"), move |d| {
            // SAFETY: a live domain.
            check(unsafe { sys::virDomainGetVcpusFlags(d.as_ptr(), flags) }).map(|n| n as u32)
        })
    }

    /// The most virtual CPUs it may have (`virDomainGetMaxVcpus`).
    pub fn max_vcpus(&self) -> Result<u32> {
        self.call(read("domain.max_vcpus"), |d| {
            // SAFETY: a live domain.
            check(unsafe { sys::virDomainGetMaxVcpus(d.as_ptr()) }).map(|n| n as u32)
        })
    }

    /// Sets the number of its virtual CPUs (`virDomainSetVcpusFlags`).
    pub fn set_vcpus(&self, count: u32, flags: u32) -> Result<()> {
        self.call(change("domain.set_vcpus"), move |d| {
            // SAFETY: a live domain.
            let made = check(unsafe { sys::virDomainSetVcpusFlags(d.as_ptr(), count, flags) });
            // SAFETY: as above.
            or_older(flags == 0, made, || check(unsafe { sys::virDomainSetVcpus(d.as_ptr(), count) }))
                .map(drop)
        })
    }

    /// Plugs given virtual CPUs in or out; `set` is such as `1-3` (`virDomainSetVcpu`).
    pub fn set_vcpu(&self, set: &str, on: bool, flags: u32) -> Result<()> {
        let set = c_text("a set of CPUs", set)?;
        self.call(change("domain.set_vcpu"), move |d| {
            // SAFETY: a live domain and a NUL-terminated text.
            check(unsafe { sys::virDomainSetVcpu(d.as_ptr(), set.as_ptr(), c_int::from(on), flags) })
                .map(drop)
        })
    }
}
