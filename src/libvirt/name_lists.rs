//! The names of all objects of a kind, without the objects: enough to say which one may be meant.

use std::os::raw::{c_char, c_int};

use virt::connect::Connect;
use virt::sys;

use super::connection::Connection;
use super::door::read;
use super::failure::{Outcome, check, take_text};
use crate::error::Result;

type Count = unsafe extern "C" fn(sys::virConnectPtr) -> c_int;
type List = unsafe extern "C" fn(sys::virConnectPtr, *mut *mut c_char, c_int) -> c_int;

/// How libvirt names all objects of a kind: pairs of calls that count and fill in.
#[derive(Clone, Copy)]
pub struct NameList(&'static [(Count, List)]);

impl NameList {
    /// Networks that run (`virConnectListNetworks`) and those that do not (`virConnectListDefinedNetworks`).
    pub const NETWORKS: Self = Self(&[
        (sys::virConnectNumOfNetworks, sys::virConnectListNetworks),
        (sys::virConnectNumOfDefinedNetworks, sys::virConnectListDefinedNetworks),
    ]);
    /// Storage pools that run (`virConnectListStoragePools`) and those that do not
    /// (`virConnectListDefinedStoragePools`).
    pub const POOLS: Self = Self(&[
        (sys::virConnectNumOfStoragePools, sys::virConnectListStoragePools),
        (sys::virConnectNumOfDefinedStoragePools, sys::virConnectListDefinedStoragePools),
    ]);
    /// Interfaces that are up (`virConnectListInterfaces`) and those that are not
    /// (`virConnectListDefinedInterfaces`).
    pub const INTERFACES: Self = Self(&[
        (sys::virConnectNumOfInterfaces, sys::virConnectListInterfaces),
        (sys::virConnectNumOfDefinedInterfaces, sys::virConnectListDefinedInterfaces),
    ]);
    /// Network filters (`virConnectListNWFilters`).
    pub const NWFILTERS: Self = Self(&[(sys::virConnectNumOfNWFilters, sys::virConnectListNWFilters)]);
    /// Devices of the host (`virNodeListDevices`).
    pub const NODE_DEVICES: Self = Self(&[(count_devices, list_devices)]);

    /// The names that the first pairs give where `wanted` says so, by their place.
    pub(super) fn read(
        self,
        connect: &virt::connect::Connect,
        wanted: impl Fn(usize) -> bool,
    ) -> Outcome<Vec<String>> {
        let mut all = Vec::new();
        for (place, (count, list)) in self.0.iter().enumerate() {
            if wanted(place) {
                // SAFETY: a live connection; `names` gives room for as many names as it says.
                all.extend(unsafe {
                    let pointer = connect.as_ptr();
                    names(|| count(pointer), |names, room| list(pointer, names, room))
                }?);
            }
        }
        Ok(all)
    }
}

/// `virNodeNumOfDevices` of devices with any capability.
unsafe extern "C" fn count_devices(connect: sys::virConnectPtr) -> c_int {
    // SAFETY: the caller's promise: a live connection.
    unsafe { sys::virNodeNumOfDevices(connect, std::ptr::null(), 0) }
}

/// `virNodeListDevices` of devices with any capability.
unsafe extern "C" fn list_devices(
    connect: sys::virConnectPtr,
    names: *mut *mut c_char,
    room: c_int,
) -> c_int {
    // SAFETY: the caller's promise: a live connection and room for so many names.
    unsafe { sys::virNodeListDevices(connect, std::ptr::null(), names, room, 0) }
}

/// The names that a pair of calls gives: one that counts them, one that fills them in.
pub(super) fn names(
    count: impl FnOnce() -> c_int,
    list: impl FnOnce(*mut *mut c_char, c_int) -> c_int,
) -> Outcome<Vec<String>> {
    let room = check(count())?;
    if room == 0 {
        return Ok(Vec::new());
    }
    let mut names = vec![std::ptr::null_mut(); room as usize];
    let filled = check(list(names.as_mut_ptr(), room))? as usize;
    // SAFETY: libvirt filled in `filled` texts, each ours to free, once.
    names.into_iter().take(filled).map(|name| unsafe { take_text(name) }).collect()
}

fn list_ids(c: &Connect, room: usize) -> Outcome<Vec<u32>> {
    let mut ids: Vec<c_int> = vec![0; room];
    // SAFETY: a live connection; there is room for as many numbers as it is told.
    let filled = check(unsafe { sys::virConnectListDomains(c.as_ptr(), ids.as_mut_ptr(), room as c_int) })?;
    ids.truncate(filled as usize);
    Ok(ids.into_iter().map(|id| id as u32).collect())
}

impl Connection {
    /// The names of all objects of a kind.
    pub fn names(&self, list: NameList) -> Result<Vec<String>> {
        self.call(read("connection.names"), "", move |c| list.read(c, |_| true))
    }

    /// The numbers of the guests that run (`virConnectListDomains`). Who expects so many of them saves that libvirt
    /// counts them first, which takes it longer than the list.
    pub fn domain_ids(&self, expected: usize) -> Result<Vec<u32>> {
        self.call(read("connection.domain_ids"), "", move |c| {
            // One more, to see whether it was enough.
            let ids = if expected > 0 { list_ids(c, expected + 1)? } else { Vec::new() };
            if (1..=expected).contains(&ids.len()) {
                return Ok(ids);
            }
            // SAFETY: a live connection.
            let count = check(unsafe { sys::virConnectNumOfDomains(c.as_ptr()) })?;
            list_ids(c, count as usize)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::libvirt::Door;

    #[test]
    fn names_are_those_of_the_objects() {
        let connection = Connection::new(Some("test:///default".into()), false, Arc::<Door>::default());
        let names = |list| connection.names(list).unwrap();
        assert_eq!(names(NameList::POOLS), ["default-pool"]);
        assert_eq!(names(NameList::NETWORKS), ["default"]);
        assert_eq!(names(NameList::INTERFACES), ["eth1"]);
        assert!(names(NameList::NODE_DEVICES).contains(&"computer".into()));
        assert!(connection.names(NameList::NWFILTERS).is_err(), "the test driver has none");
        for expected in [0, 1, 2, 100] {
            assert_eq!(connection.domain_ids(expected).unwrap(), [1]);
        }
    }
}
