//! Reading many guests at once.
//!
//! libvirt has no bulk call for some things; those are asked one by one here, but in one go on the
//! thread that makes the calls, and the door counts each.

use uuid::Uuid;

use super::super::connection::Connection;
use super::super::door::read;
use super::super::failure::{Failure, Outcome};
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

impl Connection {
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
