//! The definition of a storage pool from options, as virsh's `pool-define-as` has them.

use crate::error::{Error, Result};
use crate::lang::options::{OptionKind, OptionSpec, OptionTable, Parsed, text, word};
use crate::xml::Document;

use super::finders::TYPES;

/// What describes a pool; the other options of a table are flags of the call.
pub(super) const NAME: OptionSpec = text("name", "Its name.");
pub(super) const TYPE: OptionSpec = word("type", TYPES, "What kind of storage it is.");

/// Where each further option goes in the definition, in the order of libvirt's schema.
pub(super) const PLACES: &[(OptionSpec, &str)] = &[
    (text("source_host", "The server that has the storage."), "source/host/@name"),
    (text("source_dev", "The device that has the storage, or the target of iSCSI."), "source/device/@path"),
    (text("source_path", "The folder on the server."), "source/dir/@path"),
    (text("adapter_name", "The SCSI adapter, such as scsi_host5."), "source/adapter/@name"),
    (text("adapter_parent", "The node device under a Fibre Channel adapter."), "source/adapter/@parent"),
    (text("adapter_parent_wwnn", "The same by its node name."), "source/adapter/@parent_wwnn"),
    (text("adapter_parent_wwpn", "The same by its port name."), "source/adapter/@parent_wwpn"),
    (text("adapter_parent_fabric_wwn", "The same by its fabric."), "source/adapter/@parent_fabric_wwn"),
    (text("adapter_wwnn", "The node name of the Fibre Channel adapter."), "source/adapter/@wwnn"),
    (text("adapter_wwpn", "The port name of the Fibre Channel adapter."), "source/adapter/@wwpn"),
    (text("source_name", "The volume group, cluster pool or share."), "source/name"),
    (text("source_initiator", "The name that this host has for iSCSI."), "source/initiator/iqn/@name"),
    (text("auth_type", "How to log in: chap or ceph."), "source/auth/@type"),
    (text("auth_username", "As whom to log in."), "source/auth/@username"),
    (text("secret_usage", "The secret to log in with, by its usage."), "source/auth/secret/@usage"),
    (text("secret_uuid", "The secret to log in with, by its UUID."), "source/auth/secret/@uuid"),
    (text("source_format", "The file system, partition table or protocol."), "source/format/@type"),
    (text("source_protocol_ver", "The version of the protocol, such as NFS 4."), "source/protocol/@ver"),
    (text("target", "Where its volumes appear: a folder."), "target/path"),
];

/// The options of [`PLACES`].
const fn described<const N: usize>(more: &[OptionSpec]) -> [OptionSpec; N] {
    let mut all = [NAME; N];
    all[1] = TYPE;
    let mut place = 0;
    while place < PLACES.len() {
        all[2 + place] = PLACES[place].0;
        place += 1;
    }
    let mut place = 0;
    while place < more.len() {
        all[2 + PLACES.len() + place] = more[place];
        place += 1;
    }
    all
}

const DESCRIBING: usize = 2 + PLACES.len();

/// The options of `define_pool`.
pub(super) static DEFINE: [OptionSpec; DESCRIBING + 1] = described(&[super::finders::VALIDATE]);
/// The options of `create_pool`.
pub(super) static CREATE: [OptionSpec; DESCRIBING + super::lifecycle::WITH_BUILD.len()] =
    described(super::lifecycle::WITH_BUILD);

/// The XML of a pool.
pub(super) fn definition(options: &Parsed) -> Result<String> {
    let needed = |option: &'static str, example: &str| {
        options.get_text(option)?.filter(|text| !text.is_empty()).ok_or_else(|| {
            Error::usage(format!("a storage pool needs a {option}"))
                .operation(options.operation())
                .hint(format!("for example {option}: {example:?}"))
        })
    };
    let (name, kind) = (needed("name", "images")?, needed("type", "dir")?);
    let xml = Document::parse("<pool><name/></pool>")?;
    xml.set("@type", &kind)?;
    xml.set("name", &name)?;
    for (option, path) in PLACES {
        if let Some(value) = options.get_text(option.name)? {
            xml.set(path, &value)?;
        }
    }
    let adapter = |names: &[&str]| names.iter().any(|name| options.has(name));
    if adapter(&["adapter_wwnn", "adapter_wwpn"]) {
        xml.set("source/adapter/@type", "fc_host")?;
    } else if adapter(&["adapter_name"]) {
        xml.set("source/adapter/@type", "scsi_host")?;
    }
    Ok(xml.to_string())
}

/// The bits beside a definition in XML; what describes a pool or a volume belongs into that.
pub(super) fn flags_beside_xml(table: &'static OptionTable, options: rhai::Map) -> Result<u32> {
    let options = table.read(options)?;
    let describes = |kind| !matches!(kind, OptionKind::Flag(_));
    match table.options.iter().find(|spec| describes(spec.kind) && options.has(spec.name)) {
        None => Ok(options.flags()),
        Some(spec) => Err(Error::usage(format!("`{}` and XML cannot be given together", spec.name))
            .operation(table.operation())
            .hint("say it in the XML, or give options alone")),
    }
}
