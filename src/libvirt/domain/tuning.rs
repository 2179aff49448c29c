//! Scheduler, memory and block I/O settings of a guest: typed parameters, read and written.

use std::os::raw::{c_int, c_uint};

use virt::sys;

use super::super::door::{change, read};
use super::super::failure::{Outcome, check};
use super::super::typed_params::{Params, ParamsBuffer, fetch};
use super::Domain;
use crate::error::Result;

type Get = unsafe extern "C" fn(sys::virDomainPtr, sys::virTypedParameterPtr, *mut c_int, c_uint) -> c_int;
type Set = unsafe extern "C" fn(sys::virDomainPtr, sys::virTypedParameterPtr, c_int, c_uint) -> c_int;

/// A set of settings that libvirt reads and writes as typed parameters.
#[derive(Clone, Copy)]
pub struct Tuning {
    get_name: &'static str,
    set_name: &'static str,
    get: Get,
    set: Set,
}

impl Tuning {
    /// `virDomainGetMemoryParameters`, `virDomainSetMemoryParameters`
    pub const MEMORY: Self = Self {
        get_name: "domain.memory_parameters",
        set_name: "domain.set_memory_parameters",
        get: sys::virDomainGetMemoryParameters,
        set: sys::virDomainSetMemoryParameters,
    };
    /// `virDomainGetBlkioParameters`, `virDomainSetBlkioParameters`
    pub const BLKIO: Self = Self {
        get_name: "domain.blkio_parameters",
        set_name: "domain.set_blkio_parameters",
        get: sys::virDomainGetBlkioParameters,
        set: sys::virDomainSetBlkioParameters,
    };
    /// `virDomainGetNumaParameters`, `virDomainSetNumaParameters`
    pub const NUMA: Self = Self {
        get_name: "domain.numa_parameters",
        set_name: "domain.set_numa_parameters",
        get: sys::virDomainGetNumaParameters,
        set: sys::virDomainSetNumaParameters,
    };
    /// `virDomainGetSchedulerParametersFlags`, `virDomainSetSchedulerParametersFlags`
    pub const SCHEDULER: Self = Self {
        get_name: "domain.scheduler_parameters",
        set_name: "domain.set_scheduler_parameters",
        get: scheduler_parameters,
        set: set_scheduler_parameters,
    };
}

/// The scheduler's count of parameters comes from a call of its own; after it, it is like the others.
unsafe extern "C" fn scheduler_parameters(
    domain: sys::virDomainPtr,
    params: sys::virTypedParameterPtr,
    count: *mut c_int,
    flags: c_uint,
) -> c_int {
    // SAFETY: the caller's promise is that of virDomainGetMemoryParameters: a live domain, room for
    // `*count` parameters, or none when `*count` is 0. The scheduler's name is ours to free.
    unsafe {
        if *count > 0 && flags == 0 {
            // libvirt adds a flag of its own to the other call, which the test driver refuses.
            return sys::virDomainGetSchedulerParameters(domain, params, count);
        }
        if *count > 0 {
            return sys::virDomainGetSchedulerParametersFlags(domain, params, count, flags);
        }
        let name = sys::virDomainGetSchedulerType(domain, count);
        if name.is_null() {
            return -1;
        }
        super::release(name.cast());
        0
    }
}

/// See [`scheduler_parameters`]: without flags, the call without flags.
unsafe extern "C" fn set_scheduler_parameters(
    domain: sys::virDomainPtr,
    params: sys::virTypedParameterPtr,
    count: c_int,
    flags: c_uint,
) -> c_int {
    // SAFETY: the caller's promise: a live domain and `count` valid parameters.
    unsafe {
        if flags == 0 {
            sys::virDomainSetSchedulerParameters(domain, params, count)
        } else {
            sys::virDomainSetSchedulerParametersFlags(domain, params, count, flags)
        }
    }
}

impl Domain {
    /// The settings of one kind; `flags` are `VIR_DOMAIN_AFFECT_*`.
    pub fn tuning(&self, tuning: Tuning, flags: u32) -> Result<Params> {
        self.call(read(tuning.get_name), move |d| {
            // SAFETY: a live domain; `fetch` gives room for as many parameters as it says.
            fetch(|params, count| unsafe { (tuning.get)(d.as_ptr(), params, count, flags) })
        })
    }

    /// Changes settings of one kind.
    pub fn set_tuning(&self, tuning: Tuning, settings: Params, flags: u32) -> Result<()> {
        self.call(change(tuning.set_name), move |d| -> Outcome<()> {
            let mut buffer = ParamsBuffer::new(&settings)?;
            // SAFETY: a live domain and a valid array of its own length.
            check(unsafe { (tuning.set)(d.as_ptr(), buffer.as_mut_ptr(), buffer.len(), flags) }).map(drop)
        })
    }
}
