//! Settings of a guest and of its devices that are typed parameters, read and written.

use std::os::raw::{c_char, c_int, c_uint};

use virt::sys;

use super::super::door::{change, read};
use super::super::failure::{Outcome, check};
use super::super::typed_params::{Params, ParamsBuffer, c_text, fetch, take};
use super::Domain;
use crate::error::Result;

type Domainwide =
    unsafe extern "C" fn(sys::virDomainPtr, sys::virTypedParameterPtr, *mut c_int, c_uint) -> c_int;
type OfDevice = unsafe extern "C" fn(
    sys::virDomainPtr,
    *const c_char,
    sys::virTypedParameterPtr,
    *mut c_int,
    c_uint,
) -> c_int;
type Allocating =
    unsafe extern "C" fn(sys::virDomainPtr, *mut sys::virTypedParameterPtr, *mut c_int, c_uint) -> c_int;
type SetDomainwide =
    unsafe extern "C" fn(sys::virDomainPtr, sys::virTypedParameterPtr, c_int, c_uint) -> c_int;
type SetOfDevice =
    unsafe extern "C" fn(sys::virDomainPtr, *const c_char, sys::virTypedParameterPtr, c_int, c_uint) -> c_int;

/// How settings are read.
#[derive(Clone, Copy)]
enum Get {
    Domain(Domainwide),
    Device(OfDevice),
    Allocating(Allocating),
}

/// How settings are written.
#[derive(Clone, Copy)]
enum Set {
    Domain(SetDomainwide),
    Device(SetOfDevice),
}

/// A set of settings that libvirt reads and writes as typed parameters.
#[derive(Clone, Copy)]
pub struct Tuning {
    /// what reading them is called at the door
    pub get_name: &'static str,
    /// what writing them is called at the door
    pub set_name: &'static str,
    get: Get,
    set: Set,
}

/// Settings of a guest or of one of its devices, by name, read and written function.
macro_rules! tunings {
    ($($name:ident $word:literal $kind:ident $get:path, $set_kind:ident $set:path;)*) => {
        impl Tuning {
            $(
                #[doc = concat!("`", stringify!($get), "`, `", stringify!($set), "`")]
                pub const $name: Self = Self {
                    get_name: concat!("domain.", $word),
                    set_name: concat!("domain.set_", $word),
                    get: Get::$kind($get),
                    set: Set::$set_kind($set),
                };
            )*
        }
    };
}

tunings! {
    MEMORY "memory_parameters"
        Domain sys::virDomainGetMemoryParameters, Domain sys::virDomainSetMemoryParameters;
    BLKIO "blkio_parameters"
        Domain sys::virDomainGetBlkioParameters, Domain sys::virDomainSetBlkioParameters;
    NUMA "numa_parameters"
        Domain sys::virDomainGetNumaParameters, Domain sys::virDomainSetNumaParameters;
    SCHEDULER "scheduler_parameters"
        Domain scheduler_parameters, Domain set_scheduler_parameters;
    BLOCK_IO "block_io_tune"
        Device sys::virDomainGetBlockIoTune, Device sys::virDomainSetBlockIoTune;
    INTERFACE "interface_parameters"
        Device sys::virDomainGetInterfaceParameters, Device sys::virDomainSetInterfaceParameters;
    PERF_EVENTS "perf_events"
        Allocating sys::virDomainGetPerfEvents, Domain sys::virDomainSetPerfEvents;
    LAUNCH_SECURITY "launch_security_state"
        Allocating sys::virDomainGetLaunchSecurityInfo, Domain sys::virDomainSetLaunchSecurityState;
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
    /// The settings of one kind, of the guest or, where they are a device's, of that one; `flags` are
    /// `VIR_DOMAIN_AFFECT_*`.
    pub fn tuning(&self, tuning: Tuning, device: &str, flags: u32) -> Result<Params> {
        let device = c_text("a device", device)?;
        self.call(read(tuning.get_name), move |d| {
            // SAFETY: the pointer is used while the domain lives, inside this closure.
            let d = unsafe { d.as_ptr() };
            match tuning.get {
                // SAFETY: a live domain; `fetch` gives room for as many parameters as it says.
                Get::Domain(get) => fetch(|params, count| unsafe { get(d, params, count, flags) }),
                Get::Device(get) => {
                    // SAFETY: as above, and a NUL-terminated name.
                    fetch(|params, count| unsafe { get(d, device.as_ptr(), params, count, flags) })
                }
                // SAFETY: a live domain; `take` gives places for what libvirt allocates.
                Get::Allocating(get) => take(|params, count| unsafe { get(d, params, count, flags) }),
            }
        })
    }

    /// Changes settings of one kind.
    pub fn set_tuning(&self, tuning: Tuning, device: &str, settings: Params, flags: u32) -> Result<()> {
        let device = c_text("a device", device)?;
        self.call(change(tuning.set_name), move |d| -> Outcome<()> {
            let mut buffer = ParamsBuffer::new(&settings)?;
            let (params, count) = (buffer.as_mut_ptr(), buffer.len());
            // SAFETY: a live domain, a NUL-terminated name and a valid array of its own length.
            check(unsafe {
                let d = d.as_ptr();
                match tuning.set {
                    Set::Domain(set) => set(d, params, count, flags),
                    Set::Device(set) => set(d, device.as_ptr(), params, count, flags),
                }
            })
            .map(drop)
        })
    }
}
