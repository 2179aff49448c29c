//! Finding, defining and creating guests on a connection.

use virt::sys;

use super::super::connection::Connection;
use super::super::door::{Operation, change, read};
use super::super::failure::{Outcome, check_pointer};
use super::super::handle::{Found, Handle};
use super::super::older::or_older;
use super::super::typed_params::c_text;
use super::Domain;
use crate::error::Result;

type Raw = virt::domain::Domain;

impl Connection {
    /// All guests that fit the flags (`virConnectListAllDomains`).
    pub fn domains(&self, flags: u32) -> Result<Vec<Domain>> {
        let found = self.call_live(read("connection.domains"), "", move |live| {
            Found::all(live, live.connect().list_all_domains(flags)?)
        })?;
        Ok(Handle::all(self, found))
    }

    /// A guest by name (`virDomainLookupByName`).
    pub fn domain_by_name(&self, name: &str) -> Result<Domain> {
        c_text("a guest's name", name)?;
        let owned = name.to_owned();
        self.find_domain(name, move |c| Ok(c.lookup_domain_by_name(&owned)?))
    }

    /// A guest by UUID in text (`virDomainLookupByUUIDString`).
    pub fn domain_by_uuid(&self, uuid: &str) -> Result<Domain> {
        c_text("a UUID", uuid)?;
        let owned = uuid.to_owned();
        self.find_domain(uuid, move |c| Ok(c.lookup_domain_by_uuid_string(&owned)?))
    }

    /// A running guest by number (`virDomainLookupByID`).
    pub fn domain_by_id(&self, id: u32) -> Result<Domain> {
        self.find_domain(&id.to_string(), move |c| Ok(c.lookup_domain_by_id(id)?))
    }

    fn find_domain(
        &self,
        object: &str,
        find: impl FnOnce(&virt::connect::Connect) -> Outcome<Raw> + Send + 'static,
    ) -> Result<Domain> {
        self.domain_from(read("domain.lookup"), object, find)
    }

    pub(super) fn domain_from(
        &self,
        operation: Operation,
        object: &str,
        make: impl FnOnce(&virt::connect::Connect) -> Outcome<Raw> + Send + 'static,
    ) -> Result<Domain> {
        let found =
            self.call_live(operation, object, move |live| Found::looked_up(live, make(live.connect())?))?;
        Ok(Handle::new(self, found))
    }

    /// Stores a definition (`virDomainDefineXMLFlags`).
    pub fn define_domain(&self, xml: &str, flags: u32) -> Result<Domain> {
        self.door().show_definition(xml);
        let xml = c_text("XML", xml)?;
        self.domain_from(change("domain.define"), "", move |c| {
            // SAFETY: a live connection and a NUL-terminated text; the answer is a fresh reference.
            unsafe {
                let made = check_pointer(sys::virDomainDefineXMLFlags(c.as_ptr(), xml.as_ptr(), flags));
                let older = || check_pointer(sys::virDomainDefineXML(c.as_ptr(), xml.as_ptr()));
                Ok(Raw::from_ptr(or_older(flags == 0, made, older)?))
            }
        })
    }

    /// Starts a guest without storing it (`virDomainCreateXML`).
    pub fn create_domain(&self, xml: &str, flags: u32) -> Result<Domain> {
        let xml = c_text("XML", xml)?;
        self.domain_from(change("domain.create"), "", move |c| {
            // SAFETY: a live connection and a NUL-terminated text; the answer is a fresh reference.
            unsafe {
                let pointer = check_pointer(sys::virDomainCreateXML(c.as_ptr(), xml.as_ptr(), flags))?;
                Ok(Raw::from_ptr(pointer))
            }
        })
    }
}
