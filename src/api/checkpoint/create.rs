//! Making checkpoints.

use rhai::plugin::export_module;
use rhai::{Dynamic, Map};

use crate::api::subject::of;
use crate::api::{Fallible, definition_text, parts, point};
use crate::error::Result;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, OptionTable, Parsed, any, flag, text, word};
use crate::libvirt::{Domain, DomainCheckpoint, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&checkpoint_create_functions::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&CREATE, &CREATE_XML];

const QUIESCE: OptionSpec = flag(
    "quiesce",
    sys::VIR_DOMAIN_CHECKPOINT_CREATE_QUIESCE,
    "Freezes the guest's file systems meanwhile, by its agent.",
);
const DISKS: OptionSpec =
    any("disks", "Which disks: an array of #{ name, checkpoint, bitmap }; without it all that can.")
        .alias("diskspec");

static CREATE: OptionTable = OptionTable {
    function: "Domain.checkpoint_create",
    options: &[point::NAME, point::DESCRIPTION, DISKS, QUIESCE],
};

static CREATE_XML: OptionTable = OptionTable {
    function: "Domain.checkpoint_create_xml",
    options: &[
        QUIESCE,
        flag(
            "redefine",
            sys::VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE,
            "Makes libvirt know a checkpoint that exists.",
        ),
        flag(
            "redefine_validate",
            sys::VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE_VALIDATE,
            "With redefine: looks whether the bitmaps are there.",
        ),
    ],
};

/// A checkpoint that is made together with a backup.
static OF_BACKUP: OptionTable = OptionTable {
    function: "the checkpoint of Domain.backup_begin",
    options: &[point::NAME, point::DESCRIPTION, DISKS],
};

static DISK: OptionTable = OptionTable {
    function: "a disk of a checkpoint",
    options: &[
        text("name", "Its target (vda) or path."),
        word("checkpoint", &["no", "bitmap"], "Whether it remembers."),
        text("bitmap", "The name of its bitmap; without one, the checkpoint's."),
    ],
};

/// Describes a checkpoint that is made with a backup: its name, or a map of options.
pub(crate) fn description(checkpoint: Dynamic) -> Result<String> {
    describe(&parts::read_one(checkpoint, &OF_BACKUP)?)
}

fn describe(options: &Parsed) -> Result<String> {
    let xml = point::described("domaincheckpoint", options)?;
    let disks = parts::read(options, "disks", &DISK)?;
    if !disks.is_empty() {
        let list = xml.add("<disks/>")?;
        for disk in disks {
            let places = [("name", "@name"), ("checkpoint", "@checkpoint"), ("bitmap", "@bitmap")];
            parts::write(&disk, &list.add("<disk/>")?, &places)?;
        }
    }
    Ok(xml.to_string())
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod checkpoint_create_functions {
    /// Makes a checkpoint of the guest, named by the time (`virDomainCheckpointCreateXML`).
    ///
    /// Errors: `operation_unsupported` when there are snapshots, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// print(domain("test").checkpoint_create().name)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn checkpoint_create(vm: &mut Domain) -> Fallible<DomainCheckpoint> {
        Ok(vm.create_checkpoint("<domaincheckpoint/>", 0)?)
    }

    /// Makes a checkpoint of the guest (`virDomainCheckpointCreateXML`).
    ///
    /// `disks` names those that shall remember what is written: each a map `#{ name, checkpoint,
    /// bitmap }`, or a text as virsh takes it (`"vda,bitmap=b1"`). `checkpoint` is `bitmap` or `no`.
    ///
    /// Errors: `operation_unsupported` when there are snapshots, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// let point = domain("test").checkpoint_create(#{ name: "monday", description: "after the backup" });
    /// print(point.name)
    /// ```
    #[rhai_fn(name = "checkpoint_create", return_raw, pure)]
    pub fn checkpoint_create_with(vm: &mut Domain, options: Map) -> Fallible<DomainCheckpoint> {
        let options = CREATE.read(options)?;
        Ok(vm.create_checkpoint(&describe(&options)?, options.flags())?)
    }

    /// Makes a checkpoint that XML describes, as text or document (`virDomainCheckpointCreateXML`).
    ///
    /// Errors: `xml_error` and its relatives for a description that libvirt does not accept.
    ///
    /// ```rhai
    /// let xml = "<domaincheckpoint><name>c1</name></domaincheckpoint>";
    /// print(domain("test").checkpoint_create_xml(xml).name)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn checkpoint_create_xml(vm: &mut Domain, description: Dynamic) -> Fallible<DomainCheckpoint> {
        Ok(vm.create_checkpoint(
            &definition_text(&description).map_err(of("domain.checkpoint_create_xml", vm))?,
            0,
        )?)
    }

    /// Makes a checkpoint that XML describes, or makes libvirt know it (`virDomainCheckpointCreateXML`).
    ///
    /// With `redefine` the description is that of a checkpoint that exists, as its `xml` gives it.
    ///
    /// Errors: `xml_error` and its relatives for a description that libvirt does not accept,
    /// `checkpoint_inconsistent` for bitmaps that are not there.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// let doc = vm.checkpoint_create(#{ name: "c1" }).xml;
    /// vm.checkpoint("c1").delete(#{ metadata_only: true });
    /// print(vm.checkpoint_create_xml(doc, #{ redefine: true }).name)
    /// ```
    #[rhai_fn(name = "checkpoint_create_xml", return_raw, pure)]
    pub fn checkpoint_create_xml_with(
        vm: &mut Domain,
        description: Dynamic,
        options: Map,
    ) -> Fallible<DomainCheckpoint> {
        let options = CREATE_XML.read(options)?;
        Ok(vm.create_checkpoint(
            &definition_text(&description).map_err(of("domain.checkpoint_create_xml", vm))?,
            options.flags(),
        )?)
    }
}
