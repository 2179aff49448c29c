//! Guests: libvirt's domains.
//!
//! Each method names the C function behind it. Memory is in bytes here and in KiB below.

mod addresses;
mod agent;
mod agent_exec;
mod agent_file;
mod agent_undo;
mod backup;
mod block;
mod block_job;
mod bulk;
mod console;
mod descriptors;
mod devices;
mod finders;
mod guest;
mod input;
mod job;
mod memory;
pub(super) mod metadata;
mod migration;
mod pinning;
mod save;
mod screenshot;
mod security;
mod settings;
mod statistics;
mod tuning;
mod vcpus;

pub use addresses::{AddressSource, GuestAddress};
pub use agent::AgentPatience;
pub use agent_exec::{GuestProcess, GuestProgram};
pub use agent_file::{GuestFile, GuestFileMode};
pub use block::DiskError;
pub use block_job::BlockJobInfo;
pub use bulk::{DomainColumns, DomainEntry, DomainRow};
pub use descriptors::inherited_file;
pub use guest::{GuestFileSystem, KeyChange};
pub use job::{ControlInfo, JobInfo, JobStats};
pub use metadata::Metadata;
pub use migration::{Escort, Late, MigrateOptions};
pub use pinning::IoThread;
pub use save::SaveOptions;
pub use screenshot::Screenshot;
pub use security::SecurityLabel;
pub use statistics::InterfaceStats;
pub use tuning::Tuning;
pub use vcpus::VcpuInfo;

use std::os::raw::{c_int, c_uint};

use uuid::Uuid;
use virt::connect::Connect;
use virt::sys;

use super::domain_snapshot::{self, DomainSnapshot};
use super::door::{change, destroy, read};
use super::failure::{Outcome, Report, check};
use super::handle::{Found, Handle, Object};
use super::older::or_older;
use super::typed_params::c_text;
use crate::error::Result;

/// A handle on a guest.
pub type Domain = Handle<virt::domain::Domain>;

impl Object for virt::domain::Domain {
    type Key = Uuid;

    fn find(connect: &Connect, key: &Uuid) -> Outcome<Self> {
        Ok(connect.lookup_domain_by_uuid(*key)?)
    }

    fn key(&self) -> Outcome<Uuid> {
        Ok(self.uuid()?)
    }

    fn label(&self) -> Outcome<String> {
        Ok(self.name()?)
    }

    fn connect(&self) -> Option<sys::virConnectPtr> {
        // SAFETY: a live domain.
        Some(unsafe { sys::virDomainGetConnect(self.as_ptr()) })
    }

    fn watched(key: &Uuid) -> Option<u128> {
        Some(key.as_u128())
    }

    fn definition(&self) -> Option<String> {
        self.xml_desc(0).ok()
    }
}

/// `virDomainInfo`, with memory in bytes.
#[derive(Clone, Copy, Debug)]
pub struct DomainInfo {
    /// `virDomainState`
    pub state: u32,
    /// bytes it may have
    pub max_memory: u64,
    /// bytes it has
    pub memory: u64,
    /// virtual CPUs
    pub vcpus: u32,
    /// nanoseconds of CPU used
    pub cpu_time_ns: u64,
}

/// Sizes of a guest's disk in bytes (`virDomainBlockInfo`).
#[derive(Clone, Copy, Debug)]
pub struct BlockInfo {
    /// what the guest sees
    pub capacity: u64,
    /// what it occupies on the host
    pub allocation: u64,
    /// the size of the file or device that holds it
    pub physical: u64,
}

/// A guest's network interface and its addresses.
#[derive(Clone, Debug)]
pub struct InterfaceAddresses {
    /// its name where the addresses come from: on the host, or in the guest
    pub name: String,
    /// its MAC address
    pub mac: Option<String>,
    /// its addresses
    pub addresses: Vec<Address>,
}

/// An IP address with its prefix length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// in text
    pub address: String,
    /// in bits
    pub prefix: u32,
    /// `ipv4` or `ipv6`
    pub family: &'static str,
}

/// KiB to bytes; libvirt's own limit is far below an overflow.
pub(super) fn kib(value: u64) -> u64 {
    value.saturating_mul(1024)
}

impl Domain {
    /// Its name now (`virDomainLookupByUUID`, `virDomainGetName`): a guest can be renamed. Of one that has gone, the name
    /// by which it was known here.
    pub fn name(&self) -> Result<String> {
        let uuid = *self.key();
        let name = self.call_live(read("domain.name"), move |live, _| {
            Ok(live.connect().lookup_domain_by_uuid(uuid)?.name()?)
        });
        name.or_else(
            |error| {
                if error.code() == "no_domain" { Ok(self.label().to_owned()) } else { Err(error) }
            },
        )
    }

    /// Its number while it runs (`virDomainGetID`), looked up anew because libvirt's objects keep
    /// the one they were found with.
    pub fn id(&self) -> Result<Option<u32>> {
        let uuid = *self.key();
        self.call_live(read("domain.id"), move |live, _| Ok(live.connect().lookup_domain_by_uuid(uuid)?.id()))
    }

    /// Its name and number as they were when it was found, without another look at the host.
    pub fn found_as(&self) -> Result<(String, Option<u32>)> {
        self.call(read("domain.name"), |d| Ok((d.name()?, d.id())))
    }

    /// State and reason as libvirt's numbers (`virDomainGetState`).
    pub fn state(&self) -> Result<(i32, i32)> {
        self.call(read("domain.state"), |d| {
            let (mut state, mut reason): (c_int, c_int) = (0, 0);
            // SAFETY: a live domain and two integers to write to.
            check(unsafe { sys::virDomainGetState(d.as_ptr(), &raw mut state, &raw mut reason, 0) })?;
            Ok((state, reason))
        })
    }

    /// Whether it runs (`virDomainIsActive`).
    pub fn is_active(&self) -> Result<bool> {
        self.call(read("domain.is_active"), |d| Ok(d.is_active()?))
    }

    /// Whether it has a stored definition (`virDomainIsPersistent`).
    pub fn is_persistent(&self) -> Result<bool> {
        self.call(read("domain.is_persistent"), |d| Ok(d.is_persistent()?))
    }

    /// Whether the running guest differs from the stored definition (`virDomainIsUpdated`).
    pub fn is_updated(&self) -> Result<bool> {
        self.call(read("domain.is_updated"), |d| Ok(d.is_updated()?))
    }

    /// Whether it starts with the host (`virDomainGetAutostart`).
    pub fn autostart(&self) -> Result<bool> {
        self.call(read("domain.get_autostart"), |d| Ok(d.autostart()?))
    }

    /// Sets whether it starts with the host (`virDomainSetAutostart`).
    pub fn set_autostart(&self, on: bool) -> Result<()> {
        self.call(change("domain.set_autostart"), move |d| Ok(d.set_autostart(on)?))
    }

    /// State, memory, vCPUs and CPU time (`virDomainGetInfo`).
    pub fn info(&self) -> Result<DomainInfo> {
        self.call(read("domain.info"), info_of)
    }

    /// The kind of operating system, such as `hvm` (`virDomainGetOSType`).
    pub fn os_type(&self) -> Result<String> {
        self.call(read("domain.os_type"), |d| Ok(d.os_type()?))
    }

    /// The guest's own host name, from lease or agent (`virDomainGetHostname`).
    pub fn hostname(&self, flags: u32) -> Result<String> {
        self.call(read("domain.hostname"), move |d| Ok(d.hostname(flags)?))
    }

    /// Its definition (`virDomainGetXMLDesc`).
    pub fn xml(&self, flags: u32) -> Result<String> {
        self.call(read("domain.xml"), move |d| Ok(d.xml_desc(flags)?))
    }

    /// Starts it (`virDomainCreateWithFlags`).
    pub fn start(&self, flags: u32) -> Result<()> {
        self.call(change("domain.start"), move |d| {
            with_flags(d, sys::virDomainCreateWithFlags, sys::virDomainCreate, flags)
        })
    }

    /// Asks it to shut down (`virDomainShutdownFlags`).
    pub fn shutdown(&self, flags: u32) -> Result<()> {
        self.call(change("domain.shutdown"), move |d| {
            with_flags(d, sys::virDomainShutdownFlags, sys::virDomainShutdown, flags)
        })
    }

    /// Asks it to reboot (`virDomainReboot`).
    pub fn reboot(&self, flags: u32) -> Result<()> {
        self.call(change("domain.reboot"), move |d| Ok(d.reboot(flags)?))
    }

    /// Resets it as the button would (`virDomainReset`).
    pub fn reset(&self) -> Result<()> {
        self.call(destroy("domain.reset"), |d| Ok(d.reset().map(drop)?))
    }

    /// Ends it at once (`virDomainDestroyFlags`).
    pub fn destroy(&self, flags: u32) -> Result<()> {
        self.call(destroy("domain.destroy"), move |d| {
            with_flags(d, sys::virDomainDestroyFlags, sys::virDomainDestroy, flags)
        })
    }

    /// Stops its CPUs (`virDomainSuspend`).
    pub fn suspend(&self) -> Result<()> {
        self.call(change("domain.suspend"), |d| Ok(d.suspend().map(drop)?))
    }

    /// Lets its CPUs run again (`virDomainResume`).
    pub fn resume(&self) -> Result<()> {
        self.call(change("domain.resume"), |d| Ok(d.resume().map(drop)?))
    }

    /// Wakes it from a suspension of its own (`virDomainPMWakeup`).
    pub fn pm_wakeup(&self) -> Result<()> {
        self.call(change("domain.pm_wakeup"), |d| Ok(d.pm_wakeup(0).map(drop)?))
    }

    /// Removes its stored definition (`virDomainUndefineFlags`).
    pub fn undefine(&self, flags: u32) -> Result<()> {
        self.call(destroy("domain.undefine"), move |d| {
            with_flags(d, sys::virDomainUndefineFlags, sys::virDomainUndefine, flags)
        })
    }

    /// Gives it another name (`virDomainRename`).
    pub fn rename(&self, name: &str) -> Result<()> {
        let name = c_text("a guest's name", name)?;
        self.call(change("domain.rename"), move |d| {
            // SAFETY: a live domain and a NUL-terminated name.
            check(unsafe { sys::virDomainRename(d.as_ptr(), name.as_ptr(), 0) }).map(drop)
        })
    }

    /// The sizes of a disk, by target or path (`virDomainGetBlockInfo`).
    pub fn block_info(&self, disk: &str) -> Result<BlockInfo> {
        let disk = c_text("a disk", disk)?;
        self.call(read("domain.block_info"), move |d| {
            let mut info = std::mem::MaybeUninit::<sys::virDomainBlockInfo>::zeroed();
            // SAFETY: a live domain, a NUL-terminated name, and room for one structure.
            let info = unsafe {
                check(sys::virDomainGetBlockInfo(d.as_ptr(), disk.as_ptr(), info.as_mut_ptr(), 0))?;
                info.assume_init()
            };
            Ok(BlockInfo { capacity: info.capacity, allocation: info.allocation, physical: info.physical })
        })
    }

    /// The addresses of its interfaces, from one source (`virDomainInterfaceAddresses`).
    pub fn interface_addresses(&self, source: u32) -> Result<Vec<InterfaceAddresses>> {
        self.call(read("domain.interface_addresses"), move |d| {
            let mut list: *mut sys::virDomainInterfacePtr = std::ptr::null_mut();
            // SAFETY: a live domain; libvirt allocates the list, which is copied and freed below.
            let count =
                check(unsafe { sys::virDomainInterfaceAddresses(d.as_ptr(), &raw mut list, source, 0) })?;
            // SAFETY: `list` holds `count` interfaces.
            Ok(unsafe { take_interfaces(list, count as usize) })
        })
    }

    /// Takes a snapshot (`virDomainSnapshotCreateXML`).
    pub fn create_snapshot(&self, xml: &str, flags: u32) -> Result<DomainSnapshot> {
        let xml = c_text("XML", xml)?;
        let found = self.call_live(change("domain.snapshot_create"), move |live, d| {
            // SAFETY: a live domain and a NUL-terminated text.
            let pointer = unsafe { sys::virDomainSnapshotCreateXML(d.as_ptr(), xml.as_ptr(), flags) };
            if pointer.is_null() {
                return Err(super::failure::Failure::Libvirt(Report::last()));
            }
            // SAFETY: a fresh snapshot whose one reference is ours.
            Found::new(live, unsafe { virt::domain_snapshot::DomainSnapshot::from_ptr(pointer) })
        })?;
        Ok(Handle::new(self.connection(), found))
    }

    /// Its snapshots (`virDomainListAllSnapshots`).
    pub fn snapshots(&self, flags: u32) -> Result<Vec<DomainSnapshot>> {
        let found = self.call_live(read("domain.snapshots"), move |live, d| {
            Found::all(live, domain_snapshot::all(d, flags)?)
        })?;
        Ok(Handle::all(self.connection(), found))
    }

    /// A snapshot by name (`virDomainSnapshotLookupByName`).
    pub fn snapshot(&self, name: &str) -> Result<DomainSnapshot> {
        c_text("a snapshot's name", name)?;
        let owned = name.to_owned();
        let found = self
            .call_live(read("domain.snapshot"), move |live, d| {
                Found::new(live, virt::domain::Domain::lookup_snapshot_by_name(d, &owned, 0)?)
            })
            .map_err(|e| e.object(name))?;
        Ok(Handle::new(self.connection(), found))
    }

    /// The snapshot it came from last (`virDomainSnapshotCurrent`).
    pub fn current_snapshot(&self) -> Result<DomainSnapshot> {
        let found = self
            .call_live(read("domain.snapshot_current"), |live, d| Found::new(live, d.current_snapshot(0)?))?;
        Ok(Handle::new(self.connection(), found))
    }
}

/// Makes a call that has a form with flags and an older one without.
fn with_flags(
    d: &virt::domain::Domain,
    newer: unsafe extern "C" fn(sys::virDomainPtr, c_uint) -> c_int,
    older: unsafe extern "C" fn(sys::virDomainPtr) -> c_int,
    flags: u32,
) -> Outcome<()> {
    // SAFETY: a live domain.
    let made = check(unsafe { newer(d.as_ptr(), flags) });
    // SAFETY: as above.
    or_older(flags == 0, made, || check(unsafe { older(d.as_ptr()) })).map(drop)
}

fn info_of(d: &virt::domain::Domain) -> Outcome<DomainInfo> {
    let mut info = std::mem::MaybeUninit::<sys::virDomainInfo>::zeroed();
    // SAFETY: a live domain and room for one structure, all zero, which is a valid value.
    let info = unsafe {
        check(sys::virDomainGetInfo(d.as_ptr(), info.as_mut_ptr()))?;
        info.assume_init()
    };
    Ok(DomainInfo {
        state: u32::from(info.state),
        max_memory: kib(info.maxMem),
        memory: kib(info.memory),
        vcpus: u32::from(info.nrVirtCpu),
        cpu_time_ns: info.cpuTime,
    })
}

/// Copies and frees a list of interfaces.
///
/// # Safety
/// `list` is what `virDomainInterfaceAddresses` or a lease call gave, with `count` entries.
unsafe fn take_interfaces(list: *mut sys::virDomainInterfacePtr, count: usize) -> Vec<InterfaceAddresses> {
    use super::failure::text_of;
    let mut all = Vec::with_capacity(count);
    for index in 0..count {
        // SAFETY: the caller's promise; each entry is freed once, after it was copied.
        unsafe {
            let entry = *list.add(index);
            let mut addresses = Vec::new();
            for number in 0..(*entry).naddrs as usize {
                let address = &*(*entry).addrs.add(number);
                addresses.push(Address {
                    address: text_of(address.addr).unwrap_or_default(),
                    prefix: address.prefix,
                    family: if address.type_ as u32 == sys::VIR_IP_ADDR_TYPE_IPV6 { "ipv6" } else { "ipv4" },
                });
            }
            all.push(InterfaceAddresses {
                name: text_of((*entry).name).unwrap_or_default(),
                mac: text_of((*entry).hwaddr),
                addresses,
            });
            sys::virDomainInterfaceFree(entry);
        }
    }
    // SAFETY: the array itself was malloc'ed by libvirt for the caller to free; null is fine.
    unsafe { release(list.cast()) };
    all
}

/// Frees what libvirt allocated for its caller.
///
/// # Safety
/// `pointer` is null or came from libvirt with the duty to free it, and is not used again.
pub(super) unsafe fn release(pointer: *mut std::os::raw::c_void) {
    // SAFETY: the caller's promise; libvirt allocates with malloc.
    unsafe { free(pointer) };
}

unsafe extern "C" {
    fn free(pointer: *mut std::os::raw::c_void);
}
