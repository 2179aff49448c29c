//! Which host CPUs may run a guest's virtual CPUs, its emulator and its I/O threads.
//!
//! libvirt has bit maps; here a set of CPUs is a sorted list of their numbers.

use std::os::raw::{c_int, c_uchar};

use virt::connect::Connect;
use virt::sys;

use super::super::door::{change, read};
use super::super::failure::{Failure, Outcome, check};
use super::super::typed_params::{Params, ParamsBuffer};
use super::Domain;
use crate::error::{Error, Result};

/// An I/O thread of a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IoThread {
    /// its number
    pub id: u32,
    /// the host CPUs that may run it
    pub cpus: Vec<u32>,
}

/// The size of this host's CPU maps.
#[derive(Clone, Copy)]
pub(super) struct CpuMap {
    /// how many CPUs the host has, offline ones included
    cpus: u32,
}

impl CpuMap {
    /// Asks the host (`virNodeGetCPUMap`, and `virNodeGetInfo` where the driver lacks it).
    pub(super) fn of(connect: &Connect) -> Outcome<Self> {
        // SAFETY: a live connection; without places to write to, only the number of CPUs is told.
        let cpus =
            unsafe { sys::virNodeGetCPUMap(connect.as_ptr(), std::ptr::null_mut(), std::ptr::null_mut(), 0) };
        if let Ok(cpus @ 1..) = u32::try_from(cpus) {
            return Ok(Self { cpus });
        }
        let node = connect.node_info()?;
        Ok(Self { cpus: node.nodes.saturating_mul(node.sockets).saturating_mul(node.cores * node.threads) })
    }

    /// Bytes of one map.
    pub(super) fn len(self) -> usize {
        self.cpus.div_ceil(8) as usize
    }

    /// The map of a set.
    ///
    /// Errors: `usage` for a CPU that the host does not have and for none at all.
    fn bits(self, set: &[u32]) -> Result<Vec<u8>> {
        if set.is_empty() {
            return Err(Error::usage("no CPU is left in the set").hint("name one host CPU at least"));
        }
        let mut bits = vec![0; self.len()];
        for &cpu in set {
            if cpu >= self.cpus {
                let last = self.cpus.saturating_sub(1);
                return Err(Error::usage(format!("the host has no CPU {cpu}"))
                    .hint(format!("its CPUs are 0 to {last}")));
            }
            bits[(cpu / 8) as usize] |= 1 << (cpu % 8);
        }
        Ok(bits)
    }

    /// The set of a map.
    pub(super) fn set(self, bits: &[u8]) -> Vec<u32> {
        let has = |cpu: &u32| bits.get((cpu / 8) as usize).is_some_and(|byte| byte >> (cpu % 8) & 1 == 1);
        (0..self.cpus).filter(has).collect()
    }
}

impl Domain {
    /// The host CPUs of each virtual CPU that it may have (`virDomainGetVcpuPinInfo`).
    pub fn vcpu_pin_info(&self, flags: u32) -> Result<Vec<Vec<u32>>> {
        self.call_live(read("domain.vcpu_pin_info"), move |live, d| {
            let map = CpuMap::of(live.connect())?;
            // SAFETY: a live domain.
            let most = check(unsafe {
                sys::virDomainGetVcpusFlags(d.as_ptr(), flags | sys::VIR_DOMAIN_VCPU_MAXIMUM)
            })?;
            let mut maps = vec![0; most as usize * map.len()];
            let length = map.len() as c_int;
            // SAFETY: a live domain, and room for `most` maps of `length` bytes.
            let told = check(unsafe {
                sys::virDomainGetVcpuPinInfo(d.as_ptr(), most, maps.as_mut_ptr(), length, flags)
            })?;
            Ok(maps.chunks(map.len().max(1)).take(told as usize).map(|bits| map.set(bits)).collect())
        })
    }

    /// Pins a virtual CPU (`virDomainPinVcpuFlags`, and `virDomainPinVcpu` where the driver lacks it).
    ///
    /// Errors: `usage` for a CPU that the host does not have.
    pub fn pin_vcpu(&self, vcpu: u32, cpus: Vec<u32>, flags: u32) -> Result<()> {
        self.pin("domain.pin_vcpu", cpus, move |d, bits, length| {
            // SAFETY: a live domain and a map of `length` bytes, for both calls.
            unsafe {
                match check(sys::virDomainPinVcpuFlags(d, vcpu, bits, length, flags)) {
                    Err(Failure::Libvirt(report)) if report.is_unsupported() && flags == 0 => {
                        check(sys::virDomainPinVcpu(d, vcpu, bits, length))
                    }
                    outcome => outcome,
                }
            }
        })
    }

    /// The host CPUs of its emulator (`virDomainGetEmulatorPinInfo`).
    pub fn emulator_pin_info(&self, flags: u32) -> Result<Vec<u32>> {
        self.call_live(read("domain.emulator_pin_info"), move |live, d| {
            let map = CpuMap::of(live.connect())?;
            let mut bits = vec![0; map.len()];
            let length = map.len() as c_int;
            // SAFETY: a live domain and room for one map of `length` bytes.
            check(unsafe { sys::virDomainGetEmulatorPinInfo(d.as_ptr(), bits.as_mut_ptr(), length, flags) })?;
            Ok(map.set(&bits))
        })
    }

    /// Pins its emulator (`virDomainPinEmulator`).
    ///
    /// Errors: `usage` for a CPU that the host does not have.
    pub fn pin_emulator(&self, cpus: Vec<u32>, flags: u32) -> Result<()> {
        self.pin("domain.pin_emulator", cpus, move |d, bits, length| {
            // SAFETY: a live domain and a map of `length` bytes.
            check(unsafe { sys::virDomainPinEmulator(d, bits, length, flags) })
        })
    }

    /// Its I/O threads (`virDomainGetIOThreadInfo`).
    pub fn iothread_info(&self, flags: u32) -> Result<Vec<IoThread>> {
        self.call_live(read("domain.iothread_info"), move |live, d| {
            let map = CpuMap::of(live.connect())?;
            let mut list: *mut sys::virDomainIOThreadInfoPtr = std::ptr::null_mut();
            // SAFETY: a live domain; libvirt allocates the list, which is copied and freed below.
            let count = check(unsafe { sys::virDomainGetIOThreadInfo(d.as_ptr(), &raw mut list, flags) })?;
            let mut threads = Vec::with_capacity(count as usize);
            for index in 0..count as usize {
                // SAFETY: the list has `count` entries, each with a map of its length; each is freed once.
                unsafe {
                    let entry = *list.add(index);
                    let length = usize::try_from((*entry).cpumaplen).unwrap_or(0);
                    let bits = if (*entry).cpumap.is_null() {
                        &[]
                    } else {
                        std::slice::from_raw_parts((*entry).cpumap, length)
                    };
                    threads.push(IoThread { id: (*entry).iothread_id, cpus: map.set(bits) });
                    sys::virDomainIOThreadInfoFree(entry);
                }
            }
            // SAFETY: the array itself was allocated for the caller to free; null is fine.
            unsafe { super::release(list.cast()) };
            Ok(threads)
        })
    }

    /// Adds an I/O thread (`virDomainAddIOThread`).
    pub fn add_iothread(&self, id: u32, flags: u32) -> Result<()> {
        self.call(change("domain.add_iothread"), move |d| {
            // SAFETY: a live domain.
            check(unsafe { sys::virDomainAddIOThread(d.as_ptr(), id, flags) }).map(drop)
        })
    }

    /// Removes an I/O thread that no disk uses (`virDomainDelIOThread`).
    pub fn del_iothread(&self, id: u32, flags: u32) -> Result<()> {
        self.call(change("domain.del_iothread"), move |d| {
            // SAFETY: a live domain.
            check(unsafe { sys::virDomainDelIOThread(d.as_ptr(), id, flags) }).map(drop)
        })
    }

    /// Pins an I/O thread (`virDomainPinIOThread`).
    ///
    /// Errors: `usage` for a CPU that the host does not have.
    pub fn pin_iothread(&self, id: u32, cpus: Vec<u32>, flags: u32) -> Result<()> {
        self.pin("domain.pin_iothread", cpus, move |d, bits, length| {
            // SAFETY: a live domain and a map of `length` bytes.
            check(unsafe { sys::virDomainPinIOThread(d, id, bits, length, flags) })
        })
    }

    /// Changes how an I/O thread polls and how many threads it has (`virDomainSetIOThreadParams`).
    pub fn set_iothread_params(&self, id: u32, settings: Params, flags: u32) -> Result<()> {
        self.call(change("domain.set_iothread_params"), move |d| {
            let mut buffer = ParamsBuffer::new(&settings)?;
            let (params, count) = (buffer.as_mut_ptr(), buffer.len());
            // SAFETY: a live domain and a valid array of its own length.
            check(unsafe { sys::virDomainSetIOThreadParams(d.as_ptr(), id, params, count, flags) }).map(drop)
        })
    }

    fn pin(
        &self,
        operation: &'static str,
        cpus: Vec<u32>,
        pin: impl FnOnce(sys::virDomainPtr, *mut c_uchar, c_int) -> Outcome<c_int> + Send + 'static,
    ) -> Result<()> {
        self.call_live(change(operation), move |live, d| {
            let mut bits = CpuMap::of(live.connect())?.bits(&cpus)?;
            let length = bits.len() as c_int;
            // SAFETY: the pointer is used while `d` lives, inside this closure.
            pin(unsafe { d.as_ptr() }, bits.as_mut_ptr(), length).map(drop)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_survives_the_way_into_bits_and_back() {
        let map = CpuMap { cpus: 20 };
        assert_eq!(map.len(), 3);
        let bits = map.bits(&[0, 7, 8, 19]).unwrap();
        assert_eq!(bits, [0b1000_0001, 1, 0b1000]);
        assert_eq!(map.set(&bits), [0, 7, 8, 19]);
        assert_eq!(map.set(&[255, 255, 255]).len(), 20, "bits past the last CPU mean nothing");
    }

    #[test]
    fn a_cpu_that_the_host_lacks_is_named() {
        let error = CpuMap { cpus: 4 }.bits(&[1, 4]).unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), error.facts().hint.as_deref()),
            ("the host has no CPU 4", Some("its CPUs are 0 to 3"))
        );
        assert_eq!(CpuMap { cpus: 4 }.bits(&[]).unwrap_err().code(), "usage");
    }
}
