//! CPUs of a host: models, comparison and baseline, which are online, and what they do.

use std::os::raw::{c_char, c_int};

use virt::sys;

use super::connection::Connection;
use super::domain::release;
use super::door::read;
use super::failure::{Outcome, check, take_text, text_of};
use super::texts::{OptionalText, Texts, take_texts};
use super::typed_params::c_text;
use crate::error::Result;

/// A kind of guest, as the host's capabilities tell them apart; what is left out is the host's choice.
#[derive(Clone, Debug, Default)]
pub struct GuestKind {
    /// path of the program that runs it
    pub emulator: Option<String>,
    /// its architecture, such as `x86_64`
    pub arch: Option<String>,
    /// its machine type, such as `q35`
    pub machine: Option<String>,
    /// the hypervisor, such as `kvm` or `qemu`
    pub virttype: Option<String>,
}

/// The texts of a [`GuestKind`] for C.
struct CKind([OptionalText; 4]);

impl CKind {
    fn new(kind: &GuestKind) -> Result<Self> {
        Ok(Self([
            OptionalText::new("an emulator", kind.emulator.as_deref())?,
            OptionalText::new("an architecture", kind.arch.as_deref())?,
            OptionalText::new("a machine", kind.machine.as_deref())?,
            OptionalText::new("a type of hypervisor", kind.virttype.as_deref())?,
        ]))
    }

    /// Emulator, architecture, machine and hypervisor, each null or NUL-terminated.
    fn pointers(&self) -> [*const c_char; 4] {
        self.0.each_ref().map(OptionalText::as_ptr)
    }
}

/// The CPUs of a host (`virNodeGetCPUMap`).
#[derive(Clone, Debug)]
pub struct CpuMap {
    /// whether each CPU is online, by its number
    pub online: Vec<bool>,
}

/// Names and values of a kind of statistics.
pub type NodeStats = Vec<(String, u64)>;

impl Connection {
    /// The names of the CPU models that libvirt knows for an architecture (`virConnectGetCPUModelNames`).
    pub fn cpu_models(&self, arch: &str) -> Result<Vec<String>> {
        let arch = c_text("an architecture", arch)?;
        self.call(read("host.cpu_models"), "", move |c| {
            let mut models = std::ptr::null_mut();
            // SAFETY: a live connection, a NUL-terminated text and a pointer to write to; the list and
            // each of its texts are ours to free.
            unsafe {
                let count =
                    check(sys::virConnectGetCPUModelNames(c.as_ptr(), arch.as_ptr(), &raw mut models, 0))?;
                Ok(take_texts(models, count))
            }
        })
    }

    /// Compares a CPU with the host's, as `virCPUCompareResult` (`virConnectCompareCPU`).
    pub fn compare_cpu(&self, xml: &str, flags: u32) -> Result<i32> {
        let xml = c_text("XML", xml)?;
        self.call(read("host.compare_cpu"), "", move |c| {
            // SAFETY: a live connection and a NUL-terminated text.
            check(unsafe { sys::virConnectCompareCPU(c.as_ptr(), xml.as_ptr(), flags) })
        })
    }

    /// Compares a CPU with what the hypervisor can give (`virConnectCompareHypervisorCPU`).
    pub fn compare_hypervisor_cpu(&self, kind: &GuestKind, xml: &str, flags: u32) -> Result<i32> {
        let (kind, xml) = (CKind::new(kind)?, c_text("XML", xml)?);
        self.call(read("host.compare_hypervisor_cpu"), "", move |c| {
            let [emulator, arch, machine, virttype] = kind.pointers();
            let cpu = xml.as_ptr();
            // SAFETY: a live connection; each text is NUL-terminated, or null where it may be.
            check(unsafe {
                sys::virConnectCompareHypervisorCPU(c.as_ptr(), emulator, arch, machine, virttype, cpu, flags)
            })
        })
    }

    /// The richest CPU that all of some hosts have (`virConnectBaselineCPU`).
    pub fn baseline_cpu(&self, cpus: &[String], flags: u32) -> Result<String> {
        let cpus = Texts::new("XML", cpus)?;
        self.call(read("host.baseline_cpu"), "", move |c| {
            cpus.with(|list, count| {
                // SAFETY: a live connection and an array of its own length of NUL-terminated texts.
                unsafe { take_text(sys::virConnectBaselineCPU(c.as_ptr(), list, count, flags)) }
            })
        })
    }

    /// The richest CPU that the hypervisor can give on all of some hosts (`virConnectBaselineHypervisorCPU`).
    pub fn baseline_hypervisor_cpu(&self, kind: &GuestKind, cpus: &[String], flags: u32) -> Result<String> {
        let (kind, cpus) = (CKind::new(kind)?, Texts::new("XML", cpus)?);
        self.call(read("host.baseline_hypervisor_cpu"), "", move |c| {
            let [emulator, arch, machine, virttype] = kind.pointers();
            cpus.with(|list, count| {
                // SAFETY: as for the baseline of hosts; the other texts are NUL-terminated or null.
                unsafe {
                    take_text(sys::virConnectBaselineHypervisorCPU(
                        c.as_ptr(),
                        emulator,
                        arch,
                        machine,
                        virttype,
                        list,
                        count,
                        flags,
                    ))
                }
            })
        })
    }

    /// What a kind of guest can have on this host, as XML (`virConnectGetDomainCapabilities`).
    pub fn domain_capabilities(&self, kind: &GuestKind, flags: u32) -> Result<String> {
        let kind = CKind::new(kind)?;
        self.call(read("connection.domain_capabilities"), "", move |c| {
            let [emulator, arch, machine, virttype] = kind.pointers();
            // SAFETY: a live connection; each text is null or NUL-terminated; the answer is ours.
            unsafe {
                take_text(sys::virConnectGetDomainCapabilities(
                    c.as_ptr(),
                    emulator,
                    arch,
                    machine,
                    virttype,
                    flags,
                ))
            }
        })
    }

    /// The CPUs of the host (`virNodeGetCPUMap`).
    pub fn cpu_map(&self) -> Result<CpuMap> {
        self.call(read("host.cpu_map"), "", |c| {
            let (mut map, mut online) = (std::ptr::null_mut(), 0);
            // SAFETY: a live connection and two places to write to; the map has a bit for each CPU
            // and is ours to free.
            unsafe {
                let count =
                    check(sys::virNodeGetCPUMap(c.as_ptr(), &raw mut map, &raw mut online, 0))? as usize;
                let online = (0..count).map(|cpu| *map.add(cpu / 8) & (1 << (cpu % 8)) != 0).collect();
                release(map.cast());
                Ok(CpuMap { online })
            }
        })
    }

    /// What a CPU of the host has done, all of them without a number (`virNodeGetCPUStats`): in
    /// nanoseconds, `utilization` in percent.
    pub fn cpu_stats(&self, cpu: Option<i32>) -> Result<NodeStats> {
        let cpu = cpu.unwrap_or(sys::VIR_NODE_CPU_STATS_ALL_CPUS);
        self.call(read("host.cpu_stats"), "", move |c| {
            let zero = sys::virNodeCPUStats { field: [0; 80], value: 0 };
            let call = |params: *mut sys::virNodeCPUStats, count: *mut c_int| {
                // SAFETY: a live connection, and room for as many entries as the count says.
                unsafe { sys::virNodeGetCPUStats(c.as_ptr(), cpu, params, count, 0) }
            };
            Ok(fetch(zero, call)?.iter().map(|stat| (field(&stat.field), stat.value)).collect())
        })
    }

    /// The memory of a NUMA node, of the whole host without a number (`virNodeGetMemoryStats`): in KiB.
    pub fn memory_stats(&self, cell: Option<i32>) -> Result<NodeStats> {
        let cell = cell.unwrap_or(sys::VIR_NODE_MEMORY_STATS_ALL_CELLS);
        self.call(read("host.memory_stats"), "", move |c| {
            let zero = sys::virNodeMemoryStats { field: [0; 80], value: 0 };
            let ask = |params: *mut sys::virNodeMemoryStats, count: *mut c_int| {
                // SAFETY: a live connection, and room for as many entries as the count says.
                unsafe { sys::virNodeGetMemoryStats(c.as_ptr(), cell, params, count, 0) }
            };
            Ok(fetch(zero, ask)?.iter().map(|stat| (field(&stat.field), stat.value)).collect())
        })
    }
}

/// Reads a list that libvirt first counts and then fills in.
fn fetch<T: Clone>(zero: T, mut call: impl FnMut(*mut T, *mut c_int) -> c_int) -> Outcome<Vec<T>> {
    let mut count = 0;
    check(call(std::ptr::null_mut(), &raw mut count))?;
    let mut list = vec![zero; usize::try_from(count).unwrap_or(0)];
    if !list.is_empty() {
        check(call(list.as_mut_ptr(), &raw mut count))?;
        list.truncate(usize::try_from(count).unwrap_or(0));
    }
    Ok(list)
}

/// The name in a field of fixed length.
fn field(name: &[c_char; 80]) -> String {
    // SAFETY: libvirt NUL-terminates it inside its 80 bytes; an untouched one is all zero.
    unsafe { text_of(name.as_ptr()) }.unwrap_or_default()
}
