//! Reading many guests at once.
//!
//! libvirt has no bulk call for some things; those are asked one by one here, but in one go on the
//! thread that makes the calls, and the door counts each.

use std::os::raw::c_int;

use uuid::Uuid;
use virt::sys;

use super::super::connection::Connection;
use super::super::door::read;
use super::super::failure::{Failure, Outcome, check};
use super::super::handle::Object;
use super::{Domain, DomainInfo};
use crate::error::Result;

type Raw = virt::domain::Domain;

/// What a list of guests says of each of them.
#[derive(Clone, Debug)]
pub struct DomainEntry {
    /// what identifies it
    pub uuid: Uuid,
    /// its name
    pub name: String,
    /// its number while it runs
    pub id: Option<u32>,
}

/// What a table of guests shows of each, beside what a list says.
#[derive(Clone, Debug)]
pub struct DomainRow {
    /// what the list says
    pub entry: DomainEntry,
    /// its state, libvirt's number; 0 where nobody asked
    pub state: u32,
    /// whether it has a managed save image; only asked of those that are shut off
    pub managed_save: bool,
    /// its title; empty where it has none or nobody asked
    pub title: String,
}

/// What is asked of each guest for a table.
#[derive(Clone, Copy, Debug, Default)]
pub struct DomainColumns {
    /// `virDomainGetState`
    pub state: bool,
    /// `virDomainHasManagedSaveImage`
    pub managed_save: bool,
    /// `virDomainGetMetadata`
    pub title: bool,
}

fn row(guest: &Raw, columns: DomainColumns) -> Outcome<DomainRow> {
    let entry = DomainEntry { uuid: guest.key()?, name: guest.label()?, id: guest.id() };
    let state = if columns.state { state_of(guest)? } else { 0 };
    let managed_save = columns.managed_save
        && state == sys::VIR_DOMAIN_SHUTOFF
        && guest.has_managed_save(0).unwrap_or_default();
    let title = if columns.title { title_of(guest) } else { String::new() };
    Ok(DomainRow { entry, state, managed_save, title })
}

fn state_of(guest: &Raw) -> Outcome<u32> {
    let mut state: c_int = 0;
    // SAFETY: a live domain and room for the state; the reason is not asked for.
    check(unsafe { sys::virDomainGetState(guest.as_ptr(), &raw mut state, std::ptr::null_mut(), 0) })?;
    Ok(state as u32)
}

/// Its title; a guest without one is an error for libvirt.
fn title_of(guest: &Raw) -> String {
    let title = guest.metadata(sys::VIR_DOMAIN_METADATA_TITLE as c_int, None, 0);
    title.unwrap_or_default()
}

impl Connection {
    /// The guests that fit the flags with what a table shows of each; those that vanish meanwhile are left out.
    pub fn domain_rows(&self, flags: u32, columns: DomainColumns) -> Result<Vec<DomainRow>> {
        self.call(read("connection.list_domains"), "", move |connect| {
            let guests = connect.list_all_domains(flags)?;
            Ok(guests.iter().filter_map(|guest| row(guest, columns).ok()).collect())
        })
    }

    /// What a list says of the guests that fit the flags (`virConnectListAllDomains`), without making handles.
    pub fn domain_entries(&self, flags: u32) -> Result<Vec<DomainEntry>> {
        self.call(read("connection.domains"), "", move |connect| {
            let entry = |d: &Raw| Ok(DomainEntry { uuid: d.key()?, name: d.label()?, id: d.id() });
            connect.list_all_domains(flags)?.iter().map(entry).collect()
        })
    }

    /// State, memory, vCPUs and CPU time of guests of this connection (`virDomainGetInfo` for each); `None`
    /// for one that is gone.
    pub fn domain_infos(&self, guests: &[Domain]) -> Result<Vec<Option<DomainInfo>>> {
        self.each_domain(read("domain.info"), guests, super::info_of)
    }

    /// The definitions of guests of this connection (`virDomainGetXMLDesc` for each); `None` for one that is gone.
    pub fn domain_definitions(&self, guests: &[Domain], flags: u32) -> Result<Vec<Option<String>>> {
        self.each_domain(read("domain.xml"), guests, move |d| Ok(d.xml_desc(flags)?))
    }

    fn each_domain<T: Send + 'static>(
        &self,
        operation: super::super::door::Operation,
        guests: &[Domain],
        f: impl Fn(&Raw) -> Outcome<T> + Send + 'static,
    ) -> Result<Vec<Option<T>>> {
        let guests = guests.to_vec();
        if guests.is_empty() {
            return Ok(Vec::new());
        }
        self.door().count(operation, guests.len() as u64 - 1);
        self.call_live(operation, "", move |live| {
            let look = |guest: &Domain| match guest.object(live).and_then(|object| f(&object)) {
                Ok(value) => Ok(Some(value)),
                Err(Failure::Libvirt(report)) if report.is_missing_domain() => Ok(None),
                Err(failure) => Err(failure),
            };
            guests.iter().map(look).collect()
        })
    }
}
