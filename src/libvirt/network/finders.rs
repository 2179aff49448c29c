//! Finding, defining and creating networks on a connection.

use virt::connect::Connect;
use virt::network::Network as Raw;
use virt::sys;

use super::super::connection::Connection;
use super::super::door::{Operation, change, read};
use super::super::failure::{Outcome, check_pointer};
use super::super::handle::{Found, Handle};
use super::super::typed_params::c_text;
use super::Network;
use crate::error::Result;

impl Connection {
    /// All networks that fit the flags (`virConnectListAllNetworks`).
    pub fn networks(&self, flags: u32) -> Result<Vec<Network>> {
        let found = self.call_live(read("connection.networks"), "", move |live| {
            Found::all(live, live.connect().list_all_networks(flags)?)
        })?;
        Ok(Handle::all(self, found))
    }

    /// A network by name (`virNetworkLookupByName`).
    pub fn network_by_name(&self, name: &str) -> Result<Network> {
        c_text("a network's name", name)?;
        let owned = name.to_owned();
        self.network_from(read("network.lookup"), name, move |c| Ok(c.lookup_network_by_name(&owned)?))
    }

    /// A network by UUID in text (`virNetworkLookupByUUIDString`).
    pub fn network_by_uuid(&self, uuid: &str) -> Result<Network> {
        c_text("a UUID", uuid)?;
        let owned = uuid.to_owned();
        self.network_from(read("network.lookup"), uuid, move |c| Ok(c.lookup_network_by_uuid_string(&owned)?))
    }

    /// Stores a definition (`virNetworkDefineXML`, with flags `virNetworkDefineXMLFlags`).
    pub fn define_network(&self, xml: &str, flags: u32) -> Result<Network> {
        self.door().show_definition(xml);
        let xml = c_text("XML", xml)?;
        self.network_from(change("network.define"), "", move |c| {
            // SAFETY: a live connection and a NUL-terminated text; the answer is a fresh reference.
            unsafe {
                let pointer = match flags {
                    // Daemons older than 7.7.0 know only this one.
                    0 => sys::virNetworkDefineXML(c.as_ptr(), xml.as_ptr()),
                    flags => sys::virNetworkDefineXMLFlags(c.as_ptr(), xml.as_ptr(), flags),
                };
                Ok(Raw::from_ptr(check_pointer(pointer)?))
            }
        })
    }

    /// Starts a network without storing it (`virNetworkCreateXML`, with flags
    /// `virNetworkCreateXMLFlags`).
    pub fn create_network(&self, xml: &str, flags: u32) -> Result<Network> {
        let xml = c_text("XML", xml)?;
        self.network_from(change("network.create"), "", move |c| {
            // SAFETY: a live connection and a NUL-terminated text; the answer is a fresh reference.
            unsafe {
                let pointer = match flags {
                    // Daemons older than 7.8.0 know only this one.
                    0 => sys::virNetworkCreateXML(c.as_ptr(), xml.as_ptr()),
                    flags => sys::virNetworkCreateXMLFlags(c.as_ptr(), xml.as_ptr(), flags),
                };
                Ok(Raw::from_ptr(check_pointer(pointer)?))
            }
        })
    }

    fn network_from(
        &self,
        operation: Operation,
        object: &str,
        make: impl FnOnce(&Connect) -> Outcome<Raw> + Send + 'static,
    ) -> Result<Network> {
        let found = self.call_live(operation, object, move |live| Found::new(live, make(live.connect())?))?;
        Ok(Handle::new(self, found))
    }
}
