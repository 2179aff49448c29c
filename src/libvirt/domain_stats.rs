//! Bulk statistics: one call for all guests.

use virt::sys;

use super::connection::Connection;
use super::domain::Domain;
use super::door::read;
use super::failure::{Outcome, check, text_of};
use super::typed_params::{Value, for_each};
use crate::error::Result;

/// The statistics of one guest, in libvirt's names, units and order.
#[derive(Clone, Debug)]
pub struct DomainStats {
    /// its name
    pub name: String,
    /// its UUID in text
    pub uuid: String,
    /// dotted names and values
    pub params: Vec<(String, Value)>,
}

/// Takes one guest's statistics: name, UUID, and a way to walk the parameters without copying them
/// first.
pub trait StatsSink: Send + 'static {
    /// What comes of one guest.
    type Item: Send + 'static;
    /// Begins a guest.
    fn begin(&mut self, name: &str, uuid: &str) -> Self::Item;
    /// Takes one parameter.
    fn take(&mut self, item: &mut Self::Item, name: &str, value: Value);
}

/// Copies everything.
struct Copy;

impl StatsSink for Copy {
    type Item = DomainStats;

    fn begin(&mut self, name: &str, uuid: &str) -> DomainStats {
        DomainStats { name: name.to_owned(), uuid: uuid.to_owned(), params: Vec::new() }
    }

    fn take(&mut self, item: &mut DomainStats, name: &str, value: Value) {
        item.params.push((name.to_owned(), value));
    }
}

impl Connection {
    /// Statistics of all guests that the flags choose (`virConnectGetAllDomainStats`).
    ///
    /// `groups` are `VIR_DOMAIN_STATS_*` bits, 0 for all that the driver has; `flags` are
    /// `VIR_CONNECT_GET_ALL_DOMAINS_STATS_*` bits.
    pub fn domain_stats(&self, groups: u32, flags: u32) -> Result<Vec<DomainStats>> {
        self.domain_stats_into(groups, flags, Copy)
    }

    /// The same, handing each guest to a sink on the thread that makes the call.
    pub fn domain_stats_into<S: StatsSink>(&self, groups: u32, flags: u32, sink: S) -> Result<Vec<S::Item>> {
        self.call(read("connection.domain_stats"), "", move |connect| {
            let mut records: *mut sys::virDomainStatsRecordPtr = std::ptr::null_mut();
            // SAFETY: a live connection; libvirt allocates the list.
            let count = check(unsafe {
                sys::virConnectGetAllDomainStats(connect.as_ptr(), groups, &raw mut records, flags)
            })?;
            let list = Records(records);
            // SAFETY: the list holds `count` records until it is dropped.
            unsafe { list.read(count as usize, sink) }
        })
    }

    /// Statistics of these guests of this connection (`virDomainListGetStats`).
    pub fn domain_list_stats(&self, guests: &[Domain], groups: u32, flags: u32) -> Result<Vec<DomainStats>> {
        self.domain_list_stats_into(guests, groups, flags, Copy)
    }

    /// Statistics of these guests of this connection, in libvirt's order (`virDomainListGetStats`).
    pub fn domain_list_stats_into<S: StatsSink>(
        &self,
        guests: &[Domain],
        groups: u32,
        flags: u32,
        sink: S,
    ) -> Result<Vec<S::Item>> {
        let guests = guests.to_vec();
        let name = if let [only] = guests.as_slice() { only.label().to_owned() } else { String::new() };
        if guests.is_empty() {
            // libvirt would tell of all guests.
            return Ok(Vec::new());
        }
        self.call_live(read("domain.list_stats"), &name, move |live| {
            let objects = guests.iter().map(|guest| guest.object(live)).collect::<Outcome<Vec<_>>>()?;
            // SAFETY: the objects live until the end of the call.
            let mut list: Vec<_> = objects.iter().map(|object| unsafe { object.as_ptr() }).collect();
            list.push(std::ptr::null_mut());
            let mut records: *mut sys::virDomainStatsRecordPtr = std::ptr::null_mut();
            // SAFETY: live domains of one connection, ended by null; libvirt allocates the records.
            let count = check(unsafe {
                sys::virDomainListGetStats(list.as_mut_ptr(), groups, &raw mut records, flags)
            })?;
            let list = Records(records);
            // SAFETY: the list holds `count` records until it is dropped.
            unsafe { list.read(count as usize, sink) }
        })
    }
}

/// libvirt's list of records, freed when dropped.
struct Records(*mut sys::virDomainStatsRecordPtr);

impl Records {
    /// # Safety
    /// The list holds `count` records.
    unsafe fn read<S: StatsSink>(&self, count: usize, mut sink: S) -> Outcome<Vec<S::Item>> {
        let mut items = Vec::with_capacity(count);
        for index in 0..count {
            // SAFETY: the caller's promise; name and UUID are local to the domain object.
            unsafe {
                let record = &**self.0.add(index);
                let name = text_of(sys::virDomainGetName(record.dom)).unwrap_or_default();
                let mut uuid = [0; 37];
                check(sys::virDomainGetUUIDString(record.dom, uuid.as_mut_ptr()))?;
                let uuid = text_of(uuid.as_ptr()).unwrap_or_default();
                let mut item = sink.begin(&name, &uuid);
                for_each(record.params, record.nparams as usize, |field, value| {
                    sink.take(&mut item, field, value);
                });
                items.push(item);
            }
        }
        Ok(items)
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        // SAFETY: a list from virConnectGetAllDomainStats, freed once; null is fine.
        unsafe { sys::virDomainStatsRecordListFree(self.0) };
    }
}
