//! Finding, defining and creating devices of the host.

use virt::connect::Connect;
use virt::nodedev::NodeDevice as Raw;
use virt::sys;

use super::super::connection::Connection;
use super::super::door::{Operation, change, read};
use super::super::failure::{Failure, Outcome, Report, check_pointer};
use super::super::handle::{Found, Handle};
use super::super::typed_params::c_text;
use super::NodeDevice;
use crate::error::Result;

/// libvirt finds no SCSI host without a word of why; a transport has reasons of its own.
fn unexplained(failure: Failure) -> Failure {
    match failure {
        Failure::Libvirt(report)
            if report.number == sys::VIR_ERR_INTERNAL_ERROR as i32 && !report.is_transport() =>
        {
            let report = Report {
                number: sys::VIR_ERR_NO_NODE_DEVICE as i32,
                domain: sys::VIR_FROM_NODEDEV as i32,
                message: "no SCSI host has this WWNN and WWPN".into(),
                ..Report::default()
            };
            Failure::Libvirt(report)
        }
        other => other,
    }
}

impl Connection {
    /// All devices that fit the flags (`virConnectListAllNodeDevices`).
    pub fn node_devices(&self, flags: u32) -> Result<Vec<NodeDevice>> {
        let found = self.call_live(read("connection.node_devices"), "", move |live| {
            Found::all(live, live.connect().list_all_node_devices(flags)?)
        })?;
        Ok(Handle::all(self, found))
    }

    /// A device by name (`virNodeDeviceLookupByName`).
    pub fn node_device_by_name(&self, name: &str) -> Result<NodeDevice> {
        c_text("a device's name", name)?;
        let owned = name.to_owned();
        self.node_device_from(read("node_device.lookup"), name, move |c| {
            Ok(c.lookup_node_device_by_name(&owned)?)
        })
    }

    /// A SCSI host by its WWNN and WWPN (`virNodeDeviceLookupSCSIHostByWWN`).
    #[allow(clippy::similar_names, reason = "they are libvirt's")]
    pub fn node_device_by_wwn(&self, wwnn: &str, wwpn: &str) -> Result<NodeDevice> {
        let (c_wwnn, c_wwpn) = (c_text("a WWNN", wwnn)?, c_text("a WWPN", wwpn)?);
        self.node_device_from(read("node_device.lookup"), &format!("{wwnn}:{wwpn}"), move |c| {
            // SAFETY: a live connection and NUL-terminated texts; the answer is a fresh reference.
            unsafe {
                let (wwnn, wwpn) = (c_wwnn.as_ptr(), c_wwpn.as_ptr());
                let found = sys::virNodeDeviceLookupSCSIHostByWWN(c.as_ptr(), wwnn, wwpn, 0);
                Ok(Raw::from_ptr(check_pointer(found).map_err(unexplained)?))
            }
        })
    }

    /// Creates a device: a virtual host bus adapter or a mediated device (`virNodeDeviceCreateXML`).
    pub fn create_node_device(&self, xml: &str, flags: u32) -> Result<NodeDevice> {
        c_text("XML", xml)?;
        let xml = xml.to_owned();
        self.node_device_from(change("node_device.create"), "", move |c| {
            Ok(c.create_node_device_xml(&xml, flags)?)
        })
    }

    /// Stores the definition of a mediated device (`virNodeDeviceDefineXML`).
    pub fn define_node_device(&self, xml: &str, flags: u32) -> Result<NodeDevice> {
        let xml = c_text("XML", xml)?;
        self.node_device_from(change("node_device.define"), "", move |c| {
            // SAFETY: a live connection and a NUL-terminated text; the answer is a fresh reference.
            unsafe {
                let device = sys::virNodeDeviceDefineXML(c.as_ptr(), xml.as_ptr(), flags);
                Ok(Raw::from_ptr(check_pointer(device)?))
            }
        })
    }

    fn node_device_from(
        &self,
        operation: Operation,
        object: &str,
        make: impl FnOnce(&Connect) -> Outcome<Raw> + Send + 'static,
    ) -> Result<NodeDevice> {
        let found = self.call_live(operation, object, move |live| Found::new(live, make(live.connect())?))?;
        Ok(Handle::new(self, found))
    }
}
