//! What the inventory reads from the definition of a guest.

use super::{Disk, Nic};
use crate::api::domain::managed_by::managed_by_of;
use crate::error::Result;
use crate::xml::{Document, Node, Value};

/// Disks, interfaces, whether an agent is connected, and what manages the guest.
pub(super) struct Definition {
    pub(super) disks: Vec<Disk>,
    pub(super) nics: Vec<Nic>,
    pub(super) agent: bool,
    pub(super) managed_by: Option<&'static str>,
}

/// Where the source of a disk or an interface may be named, in the order of preference.
const DISK_SOURCES: &[&str] =
    &["source/@file", "source/@dev", "source/@volume", "source/@name", "source/@dir"];
const NIC_SOURCES: &[&str] = &["source/@network", "source/@bridge", "source/@dev", "source/@path"];

impl Definition {
    pub(super) fn read(text: &str) -> Result<Self> {
        let document = Document::parse(text)?;
        let nodes = |path: &str| -> Result<Vec<Node>> {
            let node = |value| if let Value::Node(node) = value { Some(node) } else { None };
            Ok(document.all(path)?.into_iter().filter_map(node).collect())
        };
        let agent = "devices/channel/target[@name='org.qemu.guest_agent.0' and @state='connected']";
        Ok(Self {
            disks: nodes("devices/disk")?.iter().map(disk).collect::<Result<_>>()?,
            nics: nodes("devices/interface")?.iter().map(nic).collect::<Result<_>>()?,
            agent: document.get(agent)?.is_some(),
            managed_by: managed_by_of(&document)?.map(|found| found.manager),
        })
    }
}

fn disk(node: &Node) -> Result<Disk> {
    Ok(Disk {
        target: node.text_at("target/@dev")?.unwrap_or_default(),
        source: first(node, DISK_SOURCES)?,
        ..Disk::default()
    })
}

fn nic(node: &Node) -> Result<Nic> {
    Ok(Nic {
        mac: node.text_at("mac/@address")?,
        network: first(node, NIC_SOURCES)?,
        model: node.text_at("model/@type")?,
        ips: Vec::new(),
    })
}

fn first(node: &Node, paths: &[&str]) -> Result<Option<String>> {
    for path in paths {
        if let Some(text) = node.text_at(path)? {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_every_kind_and_the_agent_are_found() {
        let definition = Definition::read(
            "<domain><devices>\
             <disk type='file'><source file='/a.qcow2'/><target dev='vda'/></disk>\
             <disk type='block'><source dev='/dev/sdb'/><target dev='vdb'/></disk>\
             <disk type='file' device='cdrom'><target dev='sda'/></disk>\
             <interface type='network'><mac address='52:54:00:00:00:01'/><source network='default'/><model type='virtio'/></interface>\
             <channel><target type='virtio' name='org.qemu.guest_agent.0' state='connected'/></channel>\
             </devices></domain>",
        )
        .unwrap();
        let disks: Vec<_> =
            definition.disks.iter().map(|d| (d.target.as_str(), d.source.as_deref())).collect();
        assert_eq!(disks, [("vda", Some("/a.qcow2")), ("vdb", Some("/dev/sdb")), ("sda", None)]);
        assert_eq!(definition.nics[0].network.as_deref(), Some("default"));
        assert!(definition.agent);
    }
}
