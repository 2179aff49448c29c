//! Ports of networks: what is plugged into them.
//!
//! Each method names the C function behind it.

use uuid::Uuid;
use virt::connect::Connect;
use virt::sys;

use super::door::{Operation, change, destroy, read};
use super::failure::{Failure, Outcome, check, check_pointer, take_text, text_of};
use super::handle::{Found, Handle, Object};
use super::network::Network;
use super::owned::{owned, take_list};
use super::typed_params::{Params, ParamsBuffer, c_text, take};
use crate::error::{Error, Result};

owned! {
    /// libvirt's `virNetworkPort`.
    RawNetworkPort: sys::virNetworkPortPtr, sys::virNetworkPortFree
}

/// A handle on a port of a network.
pub type NetworkPort = Handle<RawNetworkPort>;

impl Object for RawNetworkPort {
    /// The network, and the port within it.
    type Key = (Uuid, Uuid);

    fn find(connect: &Connect, (network, port): &Self::Key) -> Outcome<Self> {
        let network = connect.lookup_network_by_uuid(*network)?;
        // SAFETY: a live network and the bytes of a UUID; the answer is a fresh reference.
        unsafe {
            let found = sys::virNetworkPortLookupByUUID(network.as_ptr(), port.as_bytes().as_ptr());
            Self::take(found)
        }
    }

    fn key(&self) -> Outcome<Self::Key> {
        let (mut network, mut port) = ([0; 16], [0; 16]);
        // SAFETY: a live port, which keeps its network alive, and room for two UUIDs.
        unsafe {
            let of = check_pointer(sys::virNetworkPortGetNetwork(self.as_ptr()))?;
            check(sys::virNetworkGetUUID(of, network.as_mut_ptr()))?;
            check(sys::virNetworkPortGetUUID(self.as_ptr(), port.as_mut_ptr()))?;
        }
        Ok((Uuid::from_bytes(network), Uuid::from_bytes(port)))
    }

    fn label(&self) -> Outcome<String> {
        let mut text = [0; sys::VIR_UUID_STRING_BUFLEN as usize];
        // SAFETY: a live port and room for a UUID in text, which libvirt NUL-terminates.
        unsafe {
            check(sys::virNetworkPortGetUUIDString(self.as_ptr(), text.as_mut_ptr()))?;
            Ok(text_of(text.as_ptr()).unwrap_or_default())
        }
    }
}

impl Network {
    /// What is plugged into it (`virNetworkListAllPorts`).
    pub fn ports(&self) -> Result<Vec<NetworkPort>> {
        let found = self.call_live(read("network.ports"), |live, n| {
            // SAFETY: a live network; the list and its references are the caller's.
            let ports = unsafe {
                take_list(|list| sys::virNetworkListAllPorts(n.as_ptr(), list, 0), RawNetworkPort::from_ptr)
            };
            Found::all(live, ports?)
        })?;
        Ok(Handle::all(self.connection(), found))
    }

    /// A port by UUID in text (`virNetworkPortLookupByUUIDString`).
    pub fn port(&self, uuid: &str) -> Result<NetworkPort> {
        let c_uuid = c_text("a UUID", uuid)?;
        let owned = uuid.to_owned();
        self.port_from(read("network_port.lookup"), move |n| {
            // SAFETY: a live network and a NUL-terminated text.
            let found = unsafe { sys::virNetworkPortLookupByUUIDString(n.as_ptr(), c_uuid.as_ptr()) };
            check_pointer(found).map_err(|failure| about(owned, failure))
        })
    }

    /// Plugs a port in (`virNetworkPortCreateXML`); `flags` are `VIR_NETWORK_PORT_CREATE_*`.
    pub fn create_port(&self, xml: &str, flags: u32) -> Result<NetworkPort> {
        let xml = c_text("XML", xml)?;
        self.port_from(change("network.create_port"), move |n| {
            // SAFETY: a live network and a NUL-terminated text.
            check_pointer(unsafe { sys::virNetworkPortCreateXML(n.as_ptr(), xml.as_ptr(), flags) })
        })
    }

    /// Makes the handle of a port from a fresh reference to it.
    fn port_from(
        &self,
        operation: Operation,
        make: impl FnOnce(&virt::network::Network) -> Outcome<sys::virNetworkPortPtr> + Send + 'static,
    ) -> Result<NetworkPort> {
        let found = self.call_live(operation, move |live, n| {
            // SAFETY: a fresh reference.
            Found::new(live, unsafe { RawNetworkPort::from_ptr(make(n)?) })
        })?;
        Ok(Handle::new(self.connection(), found))
    }
}

/// Says of an unknown port that it is the object of the error; without this it were its network.
fn about(uuid: String, failure: Failure) -> Failure {
    match failure {
        Failure::Libvirt(report) if report.number == sys::VIR_ERR_NO_NETWORK_PORT as i32 => {
            Failure::Own(Error::from(report).object(uuid))
        }
        other => other,
    }
}

impl NetworkPort {
    /// The network that it belongs to (`virNetworkPortGetNetwork`).
    pub fn network(&self) -> Result<Network> {
        let uuid = self.key().0;
        let found = self.call_live(read("network_port.network"), move |live, _| {
            Found::new(live, live.connect().lookup_network_by_uuid(uuid)?)
        })?;
        Ok(Handle::new(self.connection(), found))
    }

    /// Its description (`virNetworkPortGetXMLDesc`).
    pub fn xml(&self) -> Result<String> {
        self.call(read("network_port.xml"), |p| {
            // SAFETY: a live port; the text is ours to free.
            unsafe { take_text(sys::virNetworkPortGetXMLDesc(p.as_ptr(), 0)) }
        })
    }

    /// Its limits (`virNetworkPortGetParameters`): averages and peaks in KiB/s, bursts in KiB.
    pub fn parameters(&self) -> Result<Params> {
        self.call(read("network_port.parameters"), |p| {
            // SAFETY: a live port; `take` gives room for the answer, and frees it.
            take(|params, count| unsafe { sys::virNetworkPortGetParameters(p.as_ptr(), params, count, 0) })
        })
    }

    /// Changes its limits (`virNetworkPortSetParameters`).
    pub fn set_parameters(&self, settings: Params) -> Result<()> {
        self.call(change("network_port.set_parameters"), move |p| {
            let mut buffer = ParamsBuffer::new(&settings)?;
            let (params, count) = (buffer.as_mut_ptr(), buffer.len());
            // SAFETY: a live port and a valid array of its own length.
            check(unsafe { sys::virNetworkPortSetParameters(p.as_ptr(), params, count, 0) }).map(drop)
        })
    }

    /// Unplugs it (`virNetworkPortDelete`).
    pub fn delete(&self) -> Result<()> {
        self.call(destroy("network_port.delete"), |p| {
            // SAFETY: a live port.
            check(unsafe { sys::virNetworkPortDelete(p.as_ptr(), 0) }).map(drop)
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::error::code;
    use crate::libvirt::test_node::TestNode;

    #[test]
    fn the_test_driver_has_no_ports() {
        let node = TestNode::new();
        let network = node.connection().network_by_name("default").unwrap();
        assert_eq!(network.ports().err().unwrap().code(), code::UNSUPPORTED);
        let uuid = "00000000-0000-4000-8000-000000000001";
        assert_eq!(network.port(uuid).err().unwrap().code(), code::UNSUPPORTED);
        assert_eq!(network.create_port("<networkport/>", 0).err().unwrap().code(), code::UNSUPPORTED);
        assert_eq!(network.port("a\0b").err().unwrap().code(), code::USAGE);
        assert_eq!(network.create_port("a\0b", 0).err().unwrap().code(), code::USAGE);
    }
}
