//! Bulk statistics: one call for all guests.

mod within;

use std::sync::Arc;

use uuid::Uuid;
use virt::sys;

pub use within::StatsWithin;

use super::connection::{Connection, Live};
use super::domain::Domain;
use super::door::{Operation, read};
use super::failure::{Outcome, check, text_of};
use super::typed_params::{Value, for_each};
use crate::error::Result;

/// The statistics of one guest, in libvirt's names, units and order.
#[derive(Clone, Debug)]
pub struct DomainStats {
    /// its name
    pub name: String,
    /// what identifies it
    pub uuid: Uuid,
    /// dotted names and values
    pub params: Vec<(String, Value)>,
}

/// Whose statistics follow.
#[derive(Clone, Copy, Debug)]
pub struct StatsGuest<'a> {
    name: &'a str,
    told: Told,
}

/// What tells more of a guest. libvirt takes longer to tell UUID and number of ten thousand guests, which it prepares
/// for its log each time, than for the name and the counters of all: who needs none does not ask.
#[derive(Clone, Copy, Debug)]
enum Told {
    /// An object that lives as long as the record it is in, and with it the [`StatsGuest`].
    ByRecord(sys::virDomainPtr),
    Known(Uuid, Option<u32>),
}

impl<'a> StatsGuest<'a> {
    /// One of which all is known.
    pub fn known(name: &'a str, uuid: Uuid, id: Option<u32>) -> Self {
        Self { name, told: Told::Known(uuid, id) }
    }

    /// # Safety
    /// The record of this domain outlives the guest.
    unsafe fn of_record(name: &'a str, domain: sys::virDomainPtr) -> Self {
        Self { name, told: Told::ByRecord(domain) }
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// What identifies it.
    pub fn uuid(&self) -> Uuid {
        match self.told {
            Told::Known(uuid, _) => uuid,
            Told::ByRecord(domain) => {
                let mut uuid = [0; 16];
                // SAFETY: a live domain, of which this is a field; the call fails for what is no domain only.
                unsafe { sys::virDomainGetUUID(domain, uuid.as_mut_ptr()) };
                Uuid::from_bytes(uuid)
            }
        }
    }

    /// Its number while it runs; another one after each start.
    pub fn id(&self) -> Option<u32> {
        match self.told {
            Told::Known(_, id) => id,
            Told::ByRecord(domain) => {
                // SAFETY: a live domain, of which this is a field.
                let id = unsafe { sys::virDomainGetID(domain) };
                (id != u32::MAX).then_some(id)
            }
        }
    }
}

/// Takes the statistics of one guest after the other, without a copy of the parameters in between.
pub trait StatsSink: Clone + Send + 'static {
    /// What comes of one guest.
    type Item: Send + 'static;
    /// Begins a guest.
    fn begin(&mut self, guest: StatsGuest<'_>) -> Self::Item;
    /// Takes one parameter.
    fn take(&mut self, item: &mut Self::Item, name: &str, value: Value);
}

/// Copies everything.
#[derive(Clone)]
pub struct CopyStats;

impl StatsSink for CopyStats {
    type Item = DomainStats;

    fn begin(&mut self, guest: StatsGuest<'_>) -> DomainStats {
        DomainStats { name: guest.name().to_owned(), uuid: guest.uuid(), params: Vec::new() }
    }

    fn take(&mut self, item: &mut DomainStats, name: &str, value: Value) {
        item.params.push((name.to_owned(), value));
    }
}

/// The guests that are told of.
#[derive(Clone)]
pub enum StatsOf {
    /// All that the flags choose (`virConnectGetAllDomainStats`).
    All,
    /// These, of one connection (`virDomainListGetStats`).
    Guests(Vec<Domain>),
}

impl StatsOf {
    fn operation(&self) -> Operation {
        match self {
            Self::All => read("connection.domain_stats"),
            Self::Guests(_) => read("domain.list_stats"),
        }
    }

    /// What an error says it was about.
    fn label(&self) -> &str {
        match self {
            Self::Guests(guests) if guests.len() == 1 => guests[0].label(),
            _ => "",
        }
    }

    /// True where libvirt, asked for no guest, would tell of all.
    fn is_nobody(&self) -> bool {
        matches!(self, Self::Guests(guests) if guests.is_empty())
    }

    /// Makes the call.
    fn fetch<S: StatsSink>(
        &self,
        live: &Arc<Live>,
        groups: u32,
        flags: u32,
        sink: S,
    ) -> Outcome<Vec<S::Item>> {
        let mut records: *mut sys::virDomainStatsRecordPtr = std::ptr::null_mut();
        let count = match self {
            // SAFETY: a live connection; libvirt allocates the list.
            Self::All => check(unsafe {
                let connect = live.connect().as_ptr();
                sys::virConnectGetAllDomainStats(connect, groups, &raw mut records, flags)
            })?,
            Self::Guests(guests) => {
                let objects = guests.iter().map(|guest| guest.object(live)).collect::<Outcome<Vec<_>>>()?;
                // SAFETY: the objects live until the end of the call.
                let mut list: Vec<_> = objects.iter().map(|object| unsafe { object.as_ptr() }).collect();
                list.push(std::ptr::null_mut());
                // SAFETY: live domains of one connection, ended by null; libvirt allocates the records.
                check(unsafe {
                    sys::virDomainListGetStats(list.as_mut_ptr(), groups, &raw mut records, flags)
                })?
            }
        };
        let list = Records(records);
        // SAFETY: the list holds `count` records until it is dropped.
        Ok(unsafe { list.read(count as usize, sink) })
    }
}

impl Connection {
    /// Statistics in libvirt's names and units, however long libvirt takes.
    ///
    /// `groups` are `VIR_DOMAIN_STATS_*` bits, 0 for all that the driver has; `flags` are
    /// `VIR_CONNECT_GET_ALL_DOMAINS_STATS_*` bits.
    pub fn domain_stats(&self, guests: StatsOf, groups: u32, flags: u32) -> Result<Vec<DomainStats>> {
        if guests.is_nobody() {
            return Ok(Vec::new());
        }
        let (operation, label) = (guests.operation(), guests.label().to_owned());
        self.call_live(operation, &label, move |live| guests.fetch(live, groups, flags, CopyStats))
    }
}

/// libvirt's list of records, freed when dropped.
struct Records(*mut sys::virDomainStatsRecordPtr);

impl Records {
    /// # Safety
    /// The list holds `count` records.
    unsafe fn read<S: StatsSink>(&self, count: usize, mut sink: S) -> Vec<S::Item> {
        let mut items = Vec::with_capacity(count);
        for index in 0..count {
            // SAFETY: the caller's promise; the guest is gone before the list is.
            unsafe {
                let record = &**self.0.add(index);
                let name = text_of(sys::virDomainGetName(record.dom)).unwrap_or_default();
                let mut item = sink.begin(StatsGuest::of_record(&name, record.dom));
                for_each(record.params, record.nparams as usize, |field, value| {
                    sink.take(&mut item, field, value);
                });
                items.push(item);
            }
        }
        items
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        // SAFETY: a list from virConnectGetAllDomainStats, freed once; null is fine.
        unsafe { sys::virDomainStatsRecordListFree(self.0) };
    }
}
