//! Network filters: firewall rules of guests' interfaces.
//!
//! Each method names the C function behind it.

use uuid::Uuid;
use virt::connect::Connect;
use virt::nwfilter::NWFilter as Raw;
use virt::sys;

use super::connection::Connection;
use super::door::{Operation, change, destroy, read};
use super::failure::{Outcome, check_pointer};
use super::handle::{Found, Handle, Object};
use super::owned::take_list;
use super::typed_params::c_text;
use crate::error::Result;

/// A handle on a network filter.
pub type NwFilter = Handle<Raw>;

impl Object for Raw {
    type Key = Uuid;

    fn find(connect: &Connect, key: &Uuid) -> Outcome<Self> {
        Ok(connect.lookup_nwfilter_by_uuid(*key)?)
    }

    fn key(&self) -> Outcome<Uuid> {
        Ok(self.uuid()?)
    }

    fn label(&self) -> Outcome<String> {
        Ok(self.name()?)
    }
}

impl NwFilter {
    /// Its name now (`virNWFilterLookupByUUID`, `virNWFilterGetName`).
    pub fn name(&self) -> Result<String> {
        let uuid = *self.key();
        self.call_live(read("nwfilter.name"), move |live, _| {
            Ok(live.connect().lookup_nwfilter_by_uuid(uuid)?.name()?)
        })
    }

    /// Its rules (`virNWFilterGetXMLDesc`).
    pub fn xml(&self) -> Result<String> {
        self.call(read("nwfilter.xml"), |f| Ok(f.xml_desc(0)?))
    }

    /// Removes it (`virNWFilterUndefine`).
    pub fn undefine(&self) -> Result<()> {
        self.call(destroy("nwfilter.undefine"), |f| Ok(f.undefine()?))
    }
}

impl Connection {
    /// All network filters (`virConnectListAllNWFilters`).
    pub fn nwfilters(&self, flags: u32) -> Result<Vec<NwFilter>> {
        let found = self.call_live(read("connection.nwfilters"), "", move |live| {
            // SAFETY: a live connection; the list and its references are the caller's.
            let filters = unsafe {
                let c = live.connect().as_ptr();
                take_list(|list| sys::virConnectListAllNWFilters(c, list, flags), Raw::from_ptr)
            };
            Found::all(live, filters?)
        })?;
        Ok(Handle::all(self, found))
    }

    /// A network filter by name (`virNWFilterLookupByName`).
    pub fn nwfilter_by_name(&self, name: &str) -> Result<NwFilter> {
        c_text("a network filter's name", name)?;
        let owned = name.to_owned();
        self.nwfilter_from(read("nwfilter.lookup"), name, move |c| Ok(c.lookup_nwfilter_by_name(&owned)?))
    }

    /// A network filter by UUID in text (`virNWFilterLookupByUUIDString`).
    pub fn nwfilter_by_uuid(&self, uuid: &str) -> Result<NwFilter> {
        c_text("a UUID", uuid)?;
        let owned = uuid.to_owned();
        self.nwfilter_from(read("nwfilter.lookup"), uuid, move |c| {
            Ok(c.lookup_nwfilter_by_uuid_string(&owned)?)
        })
    }

    /// Stores a network filter, new or changed (`virNWFilterDefineXML`, with flags
    /// `virNWFilterDefineXMLFlags`).
    pub fn define_nwfilter(&self, xml: &str, flags: u32) -> Result<NwFilter> {
        self.door().show_definition(xml);
        let xml = c_text("XML", xml)?;
        self.nwfilter_from(change("nwfilter.define"), "", move |c| {
            // SAFETY: a live connection and a NUL-terminated text; the answer is a fresh reference.
            unsafe {
                let pointer = match flags {
                    // Daemons older than 7.7.0 know only this one.
                    0 => sys::virNWFilterDefineXML(c.as_ptr(), xml.as_ptr()),
                    flags => sys::virNWFilterDefineXMLFlags(c.as_ptr(), xml.as_ptr(), flags),
                };
                Ok(Raw::from_ptr(check_pointer(pointer)?))
            }
        })
    }

    fn nwfilter_from(
        &self,
        operation: Operation,
        object: &str,
        make: impl FnOnce(&Connect) -> Outcome<Raw> + Send + 'static,
    ) -> Result<NwFilter> {
        let found = self.call_live(operation, object, move |live| Found::new(live, make(live.connect())?))?;
        Ok(Handle::new(self, found))
    }
}

#[cfg(test)]
mod tests {
    use crate::error::code;
    use crate::libvirt::test_node::TestNode;

    #[test]
    fn the_test_driver_has_no_filters() {
        let node = TestNode::new();
        let connection = node.connection();
        assert_eq!(connection.nwfilters(0).err().unwrap().code(), code::UNSUPPORTED);
        assert_eq!(connection.nwfilter_by_name("x").err().unwrap().code(), code::UNSUPPORTED);
        assert_eq!(
            connection.define_nwfilter("<filter name='x'/>", 0).err().unwrap().code(),
            code::UNSUPPORTED
        );
        assert_eq!(connection.nwfilter_by_name("a\0b").err().unwrap().code(), code::USAGE);
        assert_eq!(connection.define_nwfilter("a\0b", 0).err().unwrap().code(), code::USAGE);
    }
}
