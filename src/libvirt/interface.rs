//! Network interfaces of the host, and transactions around changes to them.
//!
//! Each method names the C function behind it.

use virt::connect::Connect;
use virt::interface::Interface as Raw;
use virt::sys;

use super::connection::Connection;
use super::door::{Operation, change, destroy, read};
use super::failure::{Outcome, check};
use super::handle::{Found, Handle, Object};
use super::older::{INTERFACES, or_older};
use super::typed_params::c_text;
use crate::error::Result;

/// A handle on an interface of the host.
pub type Interface = Handle<Raw>;

impl Object for Raw {
    /// Its name.
    type Key = String;

    fn find(connect: &Connect, name: &String) -> Outcome<Self> {
        Ok(connect.lookup_interface_by_name(name)?)
    }

    fn key(&self) -> Outcome<String> {
        Ok(self.name()?)
    }

    fn label(&self) -> Outcome<String> {
        Ok(self.name()?)
    }

    fn connect(&self) -> Option<sys::virConnectPtr> {
        // SAFETY: a live interface.
        Some(unsafe { sys::virInterfaceGetConnect(self.as_ptr()) })
    }
}

impl Interface {
    /// Its MAC address (`virInterfaceGetMACString`); none for one that has none.
    pub fn mac(&self) -> Result<Option<String>> {
        let name = self.key().clone();
        self.call_live(read("interface.mac"), move |live, _| {
            // Looked up anew: libvirt's object keeps the address that it was made with.
            let mac = live.connect().lookup_interface_by_name(&name)?.mac_string()?;
            Ok(Some(mac).filter(|mac| !mac.is_empty()))
        })
    }

    /// Whether it is up (`virInterfaceIsActive`).
    pub fn is_active(&self) -> Result<bool> {
        self.call(read("interface.is_active"), |i| Ok(i.is_active()?))
    }

    /// Its definition (`virInterfaceGetXMLDesc`).
    pub fn xml(&self, flags: u32) -> Result<String> {
        self.call(read("interface.xml"), move |i| Ok(i.xml_desc(flags)?))
    }

    /// Brings it up (`virInterfaceCreate`).
    pub fn start(&self) -> Result<()> {
        self.call(change("interface.start"), |i| Ok(i.create(0)?))
    }

    /// Takes it down (`virInterfaceDestroy`).
    pub fn destroy(&self) -> Result<()> {
        self.call(destroy("interface.destroy"), |i| Ok(i.destroy(0)?))
    }

    /// Removes its definition (`virInterfaceUndefine`).
    pub fn undefine(&self) -> Result<()> {
        self.call(destroy("interface.undefine"), |i| Ok(i.undefine()?))
    }
}

impl Connection {
    /// All interfaces that fit the flags (`virConnectListAllInterfaces`).
    pub fn interfaces(&self, flags: u32) -> Result<Vec<Interface>> {
        let found = self.call_live(read("connection.interfaces"), "", move |live| {
            let connect = live.connect();
            let made = connect.list_all_interfaces(flags);
            let find = |name: &str| connect.lookup_interface_by_name(name);
            let older = || INTERFACES.objects(connect, flags, find);
            Found::all(live, or_older(INTERFACES.can_tell(flags), made, older)?)
        })?;
        Ok(Handle::all(self, found))
    }

    /// An interface by name (`virInterfaceLookupByName`).
    pub fn interface_by_name(&self, name: &str) -> Result<Interface> {
        c_text("an interface's name", name)?;
        let owned = name.to_owned();
        self.interface_from(read("interface.lookup"), name, move |c| Ok(c.lookup_interface_by_name(&owned)?))
    }

    /// An interface by MAC address (`virInterfaceLookupByMACString`); an error where several have it.
    pub fn interface_by_mac(&self, mac: &str) -> Result<Interface> {
        c_text("a MAC address", mac)?;
        let owned = mac.to_owned();
        self.interface_from(read("interface.lookup"), mac, move |c| {
            Ok(c.lookup_interface_by_mac_string(&owned)?)
        })
    }

    /// Stores a definition (`virInterfaceDefineXML`).
    pub fn define_interface(&self, xml: &str, flags: u32) -> Result<Interface> {
        c_text("XML", xml)?;
        let xml = xml.to_owned();
        self.interface_from(change("interface.define"), "", move |c| Ok(c.define_interface_xml(&xml, flags)?))
    }

    /// Remembers the definitions of all interfaces, to be able to return to them
    /// (`virInterfaceChangeBegin`).
    pub fn interface_change_begin(&self) -> Result<()> {
        // SAFETY: a live connection.
        self.change_interfaces(change("interface.change_begin"), |c| unsafe {
            sys::virInterfaceChangeBegin(c.as_ptr(), 0)
        })
    }

    /// Keeps the definitions as they have become (`virInterfaceChangeCommit`).
    pub fn interface_change_commit(&self) -> Result<()> {
        // SAFETY: a live connection.
        self.change_interfaces(change("interface.change_commit"), |c| unsafe {
            sys::virInterfaceChangeCommit(c.as_ptr(), 0)
        })
    }

    /// Returns to the definitions that were remembered (`virInterfaceChangeRollback`).
    pub fn interface_change_rollback(&self) -> Result<()> {
        // SAFETY: a live connection.
        self.change_interfaces(destroy("interface.change_rollback"), |c| unsafe {
            sys::virInterfaceChangeRollback(c.as_ptr(), 0)
        })
    }

    fn change_interfaces(&self, operation: Operation, f: fn(&Connect) -> i32) -> Result<()> {
        self.call(operation, "", move |c| check(f(c)).map(drop))
    }

    fn interface_from(
        &self,
        operation: Operation,
        object: &str,
        make: impl FnOnce(&Connect) -> Outcome<Raw> + Send + 'static,
    ) -> Result<Interface> {
        let found = self.call_live(operation, object, move |live| Found::new(live, make(live.connect())?))?;
        Ok(Handle::new(self, found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::code;
    use crate::libvirt::test_node::TestNode;

    const DUMMY: &str = "<interface type='ethernet' name='dummy0'><start mode='none'/>\
                         <mac address='02:00:00:00:00:01'/></interface>";

    fn names(connection: &Connection) -> Vec<String> {
        let mut names: Vec<String> =
            connection.interfaces(0).unwrap().iter().map(|i| i.label().to_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn an_interface_is_found_by_name_and_mac() {
        let node = TestNode::new();
        let connection = node.connection();
        let eth1 = connection.interface_by_name("eth1").unwrap();
        assert_eq!(eth1.mac().unwrap().as_deref(), Some("aa:bb:cc:dd:ee:ff"));
        assert!(eth1.is_same(&connection.interface_by_mac("aa:bb:cc:dd:ee:ff").unwrap()));
        let error = connection.interface_by_name("eth9").err().unwrap();
        assert_eq!((error.code(), error.facts().object.as_deref()), ("no_interface", Some("eth9")));
        assert_eq!(connection.interface_by_mac("a\0b").err().unwrap().code(), code::USAGE);
    }

    #[test]
    fn an_interface_goes_through_its_life() {
        let node = TestNode::new();
        let connection = node.connection();
        let dummy = connection.define_interface(DUMMY, 0).unwrap();
        assert!(!dummy.is_active().unwrap());
        dummy.start().unwrap();
        assert_eq!(connection.interfaces(sys::VIR_CONNECT_LIST_INTERFACES_ACTIVE).unwrap().len(), 2);
        assert_eq!(dummy.start().err().unwrap().code(), "operation_invalid");
        dummy.destroy().unwrap();
        assert!(dummy.xml(0).unwrap().contains("02:00:00:00:00:01"));
        dummy.undefine().unwrap();
        assert_eq!(dummy.mac().err().unwrap().code(), "no_interface");
        assert_eq!(names(&connection), ["eth1"]);
    }

    #[test]
    fn changes_are_kept_or_taken_back_together() {
        let node = TestNode::new();
        let connection = node.connection();
        assert_eq!(connection.interface_change_commit().err().unwrap().code(), "operation_invalid");
        connection.interface_change_begin().unwrap();
        connection.define_interface(DUMMY, 0).unwrap();
        connection.interface_change_rollback().unwrap();
        assert_eq!(names(&connection), ["eth1"]);
        connection.interface_change_begin().unwrap();
        assert_eq!(connection.interface_change_begin().err().unwrap().code(), "operation_invalid");
        connection.define_interface(DUMMY, 0).unwrap();
        connection.interface_change_commit().unwrap();
        assert_eq!(names(&connection), ["dummy0", "eth1"]);
    }

    #[test]
    fn a_name_that_is_defined_anew_has_its_new_address() {
        let node = TestNode::new();
        let connection = node.connection();
        let dummy = connection.define_interface(DUMMY, 0).unwrap();
        connection.define_interface(&DUMMY.replace(":01", ":02"), 0).unwrap();
        assert_eq!(dummy.mac().unwrap().as_deref(), Some("02:00:00:00:00:02"));
    }
}
