//! Bindings of network filters: which filter guards which port of a guest.
//!
//! Each method names the C function behind it.

use virt::connect::Connect;
use virt::sys;

use super::connection::Connection;
use super::door::{Operation, change, destroy, read};
use super::failure::{Failure, Outcome, Report, check, take_text, text_of};
use super::handle::{Found, Handle, Object};
use super::owned::{owned, take_list};
use super::typed_params::c_text;
use crate::error::Result;

owned! {
    /// libvirt's `virNWFilterBinding`.
    RawNwFilterBinding: sys::virNWFilterBindingPtr, sys::virNWFilterBindingFree
}

/// A handle on the binding of a network filter.
pub type NwFilterBinding = Handle<RawNwFilterBinding>;

impl Object for RawNwFilterBinding {
    /// The host's device that it guards, such as `vnet0`.
    type Key = String;

    fn find(connect: &Connect, port_dev: &String) -> Outcome<Self> {
        let port_dev = c_text("a port's name", port_dev)?;
        // SAFETY: a live connection and a NUL-terminated text; the answer is a fresh reference.
        unsafe {
            let found = sys::virNWFilterBindingLookupByPortDev(connect.as_ptr(), port_dev.as_ptr());
            Self::take(found)
        }
    }

    fn key(&self) -> Outcome<String> {
        // SAFETY: a live binding. The text belongs to it and is copied at once.
        unsafe { text_of(sys::virNWFilterBindingGetPortDev(self.as_ptr())) }
            .ok_or_else(|| Failure::Libvirt(Report::last()))
    }

    fn label(&self) -> Outcome<String> {
        self.key()
    }
}

impl NwFilterBinding {
    /// The name of the filter that guards it (`virNWFilterBindingGetFilterName`).
    pub fn filter_name(&self) -> Result<String> {
        let port_dev = self.key().clone();
        self.call_live(read("nwfilter_binding.filter_name"), move |live, _| {
            // Looked up anew: the port may have been bound to another filter meanwhile.
            let binding = RawNwFilterBinding::find(live.connect(), &port_dev)?;
            // SAFETY: a live binding. The text belongs to it and is copied at once.
            unsafe { text_of(sys::virNWFilterBindingGetFilterName(binding.as_ptr())) }
                .ok_or_else(|| Failure::Libvirt(Report::last()))
        })
    }

    /// Its description (`virNWFilterBindingGetXMLDesc`).
    pub fn xml(&self) -> Result<String> {
        self.call(read("nwfilter_binding.xml"), |b| {
            // SAFETY: a live binding; the text is ours to free.
            unsafe { take_text(sys::virNWFilterBindingGetXMLDesc(b.as_ptr(), 0)) }
        })
    }

    /// Takes the filter away from its port (`virNWFilterBindingDelete`).
    pub fn delete(&self) -> Result<()> {
        self.call(destroy("nwfilter_binding.delete"), |b| {
            // SAFETY: a live binding.
            check(unsafe { sys::virNWFilterBindingDelete(b.as_ptr()) }).map(drop)
        })
    }
}

impl Connection {
    /// All bindings of network filters (`virConnectListAllNWFilterBindings`).
    pub fn nwfilter_bindings(&self, flags: u32) -> Result<Vec<NwFilterBinding>> {
        let found = self.call_live(read("connection.nwfilter_bindings"), "", move |live| {
            // SAFETY: a live connection; the list and its references are the caller's.
            let bindings = unsafe {
                let c = live.connect().as_ptr();
                let call = |list| sys::virConnectListAllNWFilterBindings(c, list, flags);
                take_list(call, RawNwFilterBinding::from_ptr)
            };
            Found::all(live, bindings?)
        })?;
        Ok(Handle::all(self, found))
    }

    /// The binding of a port (`virNWFilterBindingLookupByPortDev`).
    pub fn nwfilter_binding(&self, port_dev: &str) -> Result<NwFilterBinding> {
        c_text("a port's name", port_dev)?;
        let owned = port_dev.to_owned();
        self.binding_from(read("nwfilter_binding.lookup"), port_dev, move |c| {
            RawNwFilterBinding::find(c, &owned)
        })
    }

    /// Binds a filter to a port (`virNWFilterBindingCreateXML`).
    pub fn create_nwfilter_binding(&self, xml: &str, flags: u32) -> Result<NwFilterBinding> {
        let xml = c_text("XML", xml)?;
        self.binding_from(change("nwfilter_binding.create"), "", move |c| {
            // SAFETY: a live connection and a NUL-terminated text; the answer is a fresh reference.
            unsafe {
                let made = sys::virNWFilterBindingCreateXML(c.as_ptr(), xml.as_ptr(), flags);
                RawNwFilterBinding::take(made)
            }
        })
    }

    fn binding_from(
        &self,
        operation: Operation,
        object: &str,
        make: impl FnOnce(&Connect) -> Outcome<RawNwFilterBinding> + Send + 'static,
    ) -> Result<NwFilterBinding> {
        let found = self.call_live(operation, object, move |live| Found::new(live, make(live.connect())?))?;
        Ok(Handle::new(self, found))
    }
}

#[cfg(test)]
mod tests {
    use crate::error::code;
    use crate::libvirt::test_node::TestNode;

    #[test]
    fn the_test_driver_has_no_bindings() {
        let node = TestNode::new();
        let connection = node.connection();
        assert_eq!(connection.nwfilter_bindings(0).err().unwrap().code(), code::UNSUPPORTED);
        let error = connection.nwfilter_binding("vnet0").err().unwrap();
        assert_eq!((error.code(), error.facts().object.as_deref()), (code::UNSUPPORTED, Some("vnet0")));
        let xml = "<filterbinding/>";
        assert_eq!(connection.create_nwfilter_binding(xml, 0).err().unwrap().code(), code::UNSUPPORTED);
        assert_eq!(connection.nwfilter_binding("a\0b").err().unwrap().code(), code::USAGE);
        assert_eq!(connection.create_nwfilter_binding("a\0b", 0).err().unwrap().code(), code::USAGE);
    }
}
