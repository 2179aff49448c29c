//! Devices of the host: cards, disks, USB devices, mediated devices.
//!
//! Each method names the C function behind it.

mod finders;

use virt::connect::Connect;
use virt::nodedev::NodeDevice as Raw;
use virt::sys;

use super::door::{change, destroy, read};
use super::failure::{Failure, Outcome, Report, check, text_of};
use super::handle::{Handle, Object};
use super::name_lists::names;
use super::symbols;
use super::texts::OptionalText;
use super::typed_params::c_text;
use crate::error::Result;

/// A handle on a device of the host.
pub type NodeDevice = Handle<Raw>;

impl Object for Raw {
    /// Its name.
    type Key = String;

    fn find(connect: &Connect, name: &String) -> Outcome<Self> {
        Ok(connect.lookup_node_device_by_name(name)?)
    }

    fn key(&self) -> Outcome<String> {
        Ok(self.name()?)
    }

    fn label(&self) -> Outcome<String> {
        Ok(self.name()?)
    }
}

/// What a list shows of a device.
#[derive(Clone, Debug)]
pub struct NodeDeviceSummary {
    /// the device that it hangs on
    pub parent: Option<String>,
    /// libvirt's words: `pci`, `net`, `mdev`, …
    pub capabilities: Vec<String>,
    /// whether it is there now; `None` where the driver does not tell
    pub active: Option<bool>,
}

/// The capabilities of a device (`virNodeDeviceNumOfCaps`, `virNodeDeviceListCaps`).
fn capabilities(device: &Raw) -> Outcome<Vec<String>> {
    // SAFETY: a live device; `names` gives room for as many names as it says.
    unsafe {
        let pointer = device.as_ptr();
        names(
            || sys::virNodeDeviceNumOfCaps(pointer),
            |names, room| sys::virNodeDeviceListCaps(pointer, names, room),
        )
    }
}

impl NodeDevice {
    /// Its parent, capabilities and state in one go.
    pub fn summary(&self) -> Result<NodeDeviceSummary> {
        self.connection().door().count(read("node_device.capabilities"), 1);
        self.connection().door().count(read("node_device.is_active"), 1);
        self.call(read("node_device.parent"), |d| {
            let active = match is_active(d) {
                Ok(active) => Some(active),
                Err(Failure::Libvirt(report)) if report.is_unsupported() => None,
                Err(failure) => return Err(failure),
            };
            Ok(NodeDeviceSummary { parent: parent(d)?, capabilities: capabilities(d)?, active })
        })
    }

    /// The name of the device that it hangs on (`virNodeDeviceGetParent`); the topmost has none.
    pub fn parent(&self) -> Result<Option<String>> {
        self.call(read("node_device.parent"), parent)
    }

    /// What it can do, as libvirt's words (`virNodeDeviceListCaps`).
    pub fn capabilities(&self) -> Result<Vec<String>> {
        self.call(read("node_device.capabilities"), capabilities)
    }

    /// Its description (`virNodeDeviceGetXMLDesc`).
    pub fn xml(&self, flags: u32) -> Result<String> {
        self.call(read("node_device.xml"), move |d| Ok(d.xml_desc(flags)?))
    }

    /// Whether it is there now and not only defined (`virNodeDeviceIsActive`).
    pub fn is_active(&self) -> Result<bool> {
        self.call(read("node_device.is_active"), is_active)
    }

    /// Whether it has a stored definition (`virNodeDeviceIsPersistent`).
    pub fn is_persistent(&self) -> Result<bool> {
        self.call(read("node_device.is_persistent"), |d| {
            // SAFETY: a live device.
            Ok(check(unsafe { sys::virNodeDeviceIsPersistent(d.as_ptr()) })? == 1)
        })
    }

    /// Whether it starts with the host or with its parent (`virNodeDeviceGetAutostart`).
    pub fn autostart(&self) -> Result<bool> {
        self.call(read("node_device.get_autostart"), |d| {
            let mut on = 0;
            // SAFETY: a live device and room for the answer.
            check(unsafe { sys::virNodeDeviceGetAutostart(d.as_ptr(), &raw mut on) })?;
            Ok(on != 0)
        })
    }

    /// Sets whether it starts with the host or with its parent (`virNodeDeviceSetAutostart`).
    pub fn set_autostart(&self, on: bool) -> Result<()> {
        self.call(change("node_device.set_autostart"), move |d| {
            // SAFETY: a live device.
            check(unsafe { sys::virNodeDeviceSetAutostart(d.as_ptr(), i32::from(on)) }).map(drop)
        })
    }

    /// Takes it from the host, so that a guest can have it (`virNodeDeviceDetachFlags`); without a
    /// driver libvirt chooses which one holds it meanwhile.
    pub fn detach(&self, driver: Option<&str>) -> Result<()> {
        let driver = OptionalText::new("a driver's name", driver)?;
        self.call(change("node_device.detach"), move |d| {
            // SAFETY: a live device; the name is NUL-terminated.
            let done = unsafe {
                if driver.is_none() {
                    sys::virNodeDeviceDettach(d.as_ptr())
                } else {
                    sys::virNodeDeviceDetachFlags(d.as_ptr(), driver.as_ptr(), 0)
                }
            };
            check(done).map(drop)
        })
    }

    /// Gives it back to the host (`virNodeDeviceReAttach`).
    pub fn reattach(&self) -> Result<()> {
        self.call(change("node_device.reattach"), |d| Ok(d.reattach()?))
    }

    /// Resets the hardware (`virNodeDeviceReset`).
    pub fn reset(&self) -> Result<()> {
        self.call(destroy("node_device.reset"), |d| Ok(d.reset()?))
    }

    /// Starts a device that is only defined (`virNodeDeviceCreate`).
    pub fn start(&self) -> Result<()> {
        self.call(change("node_device.start"), |d| {
            // SAFETY: a live device.
            check(unsafe { sys::virNodeDeviceCreate(d.as_ptr(), 0) }).map(drop)
        })
    }

    /// Takes it away; its stored definition stays (`virNodeDeviceDestroy`).
    pub fn destroy(&self) -> Result<()> {
        self.call(destroy("node_device.destroy"), |d| Ok(d.destroy()?))
    }

    /// Removes its stored definition (`virNodeDeviceUndefine`).
    pub fn undefine(&self) -> Result<()> {
        self.call(destroy("node_device.undefine"), |d| {
            // SAFETY: a live device.
            check(unsafe { sys::virNodeDeviceUndefine(d.as_ptr(), 0) }).map(drop)
        })
    }

    /// Changes it, now or in its stored definition (`virNodeDeviceUpdate`, libvirt 10.1.0); `flags`
    /// are `VIR_NODE_DEVICE_UPDATE_AFFECT_*`.
    pub fn update(&self, xml: &str, flags: u32) -> Result<()> {
        let xml = c_text("XML", xml)?;
        self.call(change("node_device.update"), move |d| {
            let update = symbols::virNodeDeviceUpdate()?;
            // SAFETY: a live device and a NUL-terminated text.
            check(unsafe { update(d.as_ptr(), xml.as_ptr(), flags) }).map(drop)
        })
    }
}

fn is_active(device: &Raw) -> Outcome<bool> {
    // SAFETY: a live device.
    Ok(check(unsafe { sys::virNodeDeviceIsActive(device.as_ptr()) })? == 1)
}

fn parent(device: &Raw) -> Outcome<Option<String>> {
    // SAFETY: a live device. The text belongs to the device and is copied at once.
    let parent = unsafe { text_of(sys::virNodeDeviceGetParent(device.as_ptr())) };
    // SAFETY: the error of this thread; the call before it has reset what was there.
    if parent.is_some() || unsafe { sys::virGetLastErrorCode() } == 0 {
        return Ok(parent);
    }
    match Report::last() {
        // The test driver's way to say that it has none.
        report if report.number == sys::VIR_ERR_INTERNAL_ERROR as i32 && !report.is_transport() => Ok(None),
        report => Err(Failure::Libvirt(report)),
    }
}

#[cfg(test)]
mod tests {
    use crate::error::code;
    use crate::libvirt::test_node::TestNode;
    use crate::libvirt::{NodeDevice, sys};

    #[test]
    fn a_device_has_parent_and_capabilities() {
        let node = TestNode::new();
        let connection = node.connection();
        let card = connection.node_device_by_name("net_eth1").unwrap();
        assert_eq!(card.parent().unwrap().as_deref(), Some("computer"));
        assert_eq!(card.capabilities().unwrap(), ["net"]);
        assert!(card.xml(0).unwrap().contains("aa:bb:cc:dd:ee:ff"));
        let computer = connection.node_device_by_name("computer").unwrap();
        assert_eq!(computer.parent().unwrap(), None);
        let summary = computer.summary().unwrap();
        assert_eq!((summary.parent, summary.capabilities), (None, vec!["system".to_owned()]));
    }

    #[test]
    fn devices_are_listed_by_capability() {
        let node = TestNode::new();
        let connection = node.connection();
        assert_eq!(connection.node_devices(0).unwrap().len(), 2);
        let cards = connection.node_devices(sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET).unwrap();
        assert_eq!(cards.iter().map(NodeDevice::label).collect::<Vec<_>>(), ["net_eth1"]);
    }

    #[test]
    fn what_is_not_there_is_an_error_that_names_it() {
        let node = TestNode::new();
        let connection = node.connection();
        let error = connection.node_device_by_name("pci_9").err().unwrap();
        assert_eq!((error.code(), error.facts().object.as_deref()), ("no_node_device", Some("pci_9")));
        assert_eq!(connection.node_device_by_name("a\0b").err().unwrap().code(), code::USAGE);
        let error = connection.node_device_by_wwn("2000000000000000", "1000000000000000").err().unwrap();
        assert_eq!(error.code(), code::UNSUPPORTED);
        assert_eq!(connection.node_device_by_wwn("2\0", "1").err().unwrap().code(), code::USAGE);
    }

    #[test]
    fn what_the_test_driver_lacks_is_unsupported() {
        let node = TestNode::new();
        let card = node.connection().node_device_by_name("net_eth1").unwrap();
        let refused = [
            card.is_active().map(drop),
            card.is_persistent().map(drop),
            card.autostart().map(drop),
            card.set_autostart(true),
            card.detach(Some("vfio")),
            card.detach(None),
            card.reattach(),
            card.reset(),
            card.start(),
            card.undefine(),
            card.update("<device/>", 0),
        ];
        for outcome in refused {
            assert_eq!(outcome.err().unwrap().code(), code::UNSUPPORTED);
        }
        assert_eq!(card.detach(Some("a\0b")).err().unwrap().code(), code::USAGE);
    }
}
