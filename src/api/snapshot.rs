//! Snapshots of guests.
//!
//! They form a tree per guest, and a name is unique within its guest.

use std::fmt::Write as _;

use quick_xml::escape::escape;
use rhai::plugin::{Dynamic, ImmutableString, export_module};
use rhai::{Array, Engine, Map};

use super::xml::{XmlDocument, refuse_assignment};
use super::{Fallible, definition_text, names};
use crate::error::Result;
use crate::lang::options::{OptionSpec, OptionTable, Parsed, flag, text};
use crate::libvirt::{Domain, DomainSnapshot, sys};
use crate::xml::Document;

/// Registers the type and its functions.
pub(super) fn register(engine: &mut Engine) {
    super::handle::register::<virt::domain_snapshot::DomainSnapshot>(engine, "DomainSnapshot");
    engine.register_global_module(rhai::exported_module!(snapshot_functions).into());
}

/// The option tables of this file.
pub(super) const OPTIONS: &[&OptionTable] = &[&CREATE, &CREATE_XML, &LIST, &REVERT, &DELETE];

const DISK_ONLY: OptionSpec =
    flag("disk_only", sys::VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY, "Takes the disks without the memory.");
const QUIESCE: OptionSpec = flag(
    "quiesce",
    sys::VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE,
    "Freezes the guest's file systems meanwhile, by its agent.",
);
const ATOMIC: OptionSpec = flag(
    "atomic",
    sys::VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC,
    "Fails without having changed anything, or succeeds.",
);
const LIVE: OptionSpec =
    flag("live", sys::VIR_DOMAIN_SNAPSHOT_CREATE_LIVE, "Lets the guest run while its memory is saved.");
const HALT: OptionSpec = flag("halt", sys::VIR_DOMAIN_SNAPSHOT_CREATE_HALT, "Ends the guest afterwards.");
const NO_METADATA: OptionSpec = flag(
    "no_metadata",
    sys::VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA,
    "Takes it without libvirt remembering it.",
);
const REUSE_EXTERNAL: OptionSpec =
    flag("reuse_external", sys::VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT, "Uses image files that exist.")
        .alias("reuse_ext");
const VALIDATE: OptionSpec =
    flag("validate", sys::VIR_DOMAIN_SNAPSHOT_CREATE_VALIDATE, "Checks the XML against libvirt's schema.");

static CREATE: OptionTable = OptionTable {
    function: "Domain.snapshot_create",
    options: &[
        text("name", "Its name; without one libvirt takes the time."),
        text("description", "A text to find out later what it was for."),
        DISK_ONLY,
        QUIESCE,
        ATOMIC,
        LIVE,
        HALT,
        NO_METADATA,
        REUSE_EXTERNAL,
        VALIDATE,
    ],
};

static CREATE_XML: OptionTable = OptionTable {
    function: "Domain.snapshot_create_xml",
    options: &[
        DISK_ONLY,
        QUIESCE,
        ATOMIC,
        LIVE,
        HALT,
        NO_METADATA,
        REUSE_EXTERNAL,
        VALIDATE,
        flag(
            "redefine",
            sys::VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE,
            "Makes libvirt know a snapshot that exists.",
        ),
        flag(
            "current",
            sys::VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT,
            "With redefine: it becomes the current one.",
        ),
    ],
};

static LIST: OptionTable = OptionTable {
    function: "Domain.snapshots",
    options: &[
        text("name", "Only snapshots whose name fits this pattern."),
        flag("roots", sys::VIR_DOMAIN_SNAPSHOT_LIST_ROOTS, "Only those without a parent."),
        flag("leaves", sys::VIR_DOMAIN_SNAPSHOT_LIST_LEAVES, "Only those without children."),
        flag("no_leaves", sys::VIR_DOMAIN_SNAPSHOT_LIST_NO_LEAVES, "Only those with children."),
        flag("metadata", sys::VIR_DOMAIN_SNAPSHOT_LIST_METADATA, "Only those that undefine() would lose."),
        flag(
            "no_metadata",
            sys::VIR_DOMAIN_SNAPSHOT_LIST_NO_METADATA,
            "Only those that undefine() would not lose.",
        ),
        flag("inactive", sys::VIR_DOMAIN_SNAPSHOT_LIST_INACTIVE, "Only those taken while the guest was off."),
        flag(
            "active",
            sys::VIR_DOMAIN_SNAPSHOT_LIST_ACTIVE,
            "Only those taken while the guest ran, with its memory.",
        ),
        flag(
            "disk_only",
            sys::VIR_DOMAIN_SNAPSHOT_LIST_DISK_ONLY,
            "Only those taken while the guest ran, without its memory.",
        ),
        flag("internal", sys::VIR_DOMAIN_SNAPSHOT_LIST_INTERNAL, "Only those inside the disk images."),
        flag("external", sys::VIR_DOMAIN_SNAPSHOT_LIST_EXTERNAL, "Only those with files of their own."),
    ],
};

static REVERT: OptionTable = OptionTable {
    function: "DomainSnapshot.revert",
    options: &[
        flag("running", sys::VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING, "Lets the guest run afterwards."),
        flag("paused", sys::VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED, "Leaves the guest paused afterwards."),
        flag("force", sys::VIR_DOMAIN_SNAPSHOT_REVERT_FORCE, "Does it even when it is risky."),
        flag("reset_nvram", sys::VIR_DOMAIN_SNAPSHOT_REVERT_RESET_NVRAM, "Starts with a fresh NVRAM file."),
    ],
};

static DELETE: OptionTable = OptionTable {
    function: "DomainSnapshot.delete",
    options: &[
        flag("children", sys::VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN, "Deletes those taken on it too."),
        flag(
            "children_only",
            sys::VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN_ONLY,
            "Deletes only those taken on it.",
        ),
        flag(
            "metadata_only",
            sys::VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY,
            "Makes libvirt forget it; the data stays.",
        ),
    ],
};

fn create(vm: &Domain, options: &Parsed) -> Result<DomainSnapshot> {
    let mut xml = String::from("<domainsnapshot>");
    for tag in ["name", "description"] {
        if let Some(text) = options.get_text(tag)? {
            let _ = write!(xml, "<{tag}>{}</{tag}>", escape(text.as_str()));
        }
    }
    xml.push_str("</domainsnapshot>");
    vm.create_snapshot(&xml, options.flags())
}

fn list(snapshots: Vec<DomainSnapshot>, options: &Parsed) -> Result<Array> {
    names::list(snapshots, options.get_text("name")?.as_deref())
}

#[export_module]
#[allow(clippy::needless_pass_by_value)]
mod snapshot_functions {
    /// Takes a snapshot of the guest, named by the time (`virDomainSnapshotCreateXML`).
    ///
    /// Errors: `unsupported` and `config_unsupported` where the driver or the disks cannot.
    ///
    /// ```rhai
    /// let snap = domain("test").snapshot_create();
    /// print(snap.name)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn snapshot_create(vm: &mut Domain) -> Fallible<DomainSnapshot> {
        Ok(create(vm, &CREATE.read(Map::new())?)?)
    }

    /// Takes a snapshot of the guest (`virDomainSnapshotCreateXML`).
    ///
    /// Errors: `unsupported` and `config_unsupported` where the driver or the disks cannot.
    ///
    /// ```rhai
    /// let snap = domain("test").snapshot_create(#{ name: "pre-upgrade", description: "before 2.0" });
    /// print(snap.name)
    /// ```
    #[rhai_fn(name = "snapshot_create", return_raw, pure)]
    pub fn snapshot_create_with(vm: &mut Domain, options: Map) -> Fallible<DomainSnapshot> {
        Ok(create(vm, &CREATE.read(options)?)?)
    }

    /// Takes a snapshot that XML describes, as text or as a document (`virDomainSnapshotCreateXML`).
    ///
    /// Errors: `xml_error` and its relatives for a description that libvirt does not accept.
    ///
    /// ```rhai
    /// let snap = domain("test").snapshot_create_xml("<domainsnapshot><name>s1</name></domainsnapshot>", #{});
    /// print(snap.name)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn snapshot_create_xml(
        vm: &mut Domain,
        description: Dynamic,
        options: Map,
    ) -> Fallible<DomainSnapshot> {
        let options = CREATE_XML.read(options)?;
        Ok(vm.create_snapshot(&definition_text(&description)?, options.flags())?)
    }

    /// The snapshots of the guest, sorted by name (`virDomainListAllSnapshots`).
    ///
    /// @returns [DomainSnapshot]
    ///
    /// ```rhai
    /// for snap in domain("test").snapshots() { print(snap.name) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn snapshots(vm: &mut Domain) -> Fallible<Array> {
        Ok(list(vm.snapshots(0)?, &LIST.read(Map::new())?)?)
    }

    /// The snapshots of the guest that fit the options, sorted by name (`virDomainListAllSnapshots`).
    ///
    /// @returns [DomainSnapshot]
    ///
    /// ```rhai
    /// for snap in domain("test").snapshots(#{ name: "daily-*", leaves: true }) { print(snap.name) }
    /// ```
    #[rhai_fn(name = "snapshots", return_raw, pure)]
    pub fn snapshots_with(vm: &mut Domain, options: Map) -> Fallible<Array> {
        let options = LIST.read(options)?;
        Ok(list(vm.snapshots(options.flags())?, &options)?)
    }

    /// A snapshot of the guest by name (`virDomainSnapshotLookupByName`).
    ///
    /// Errors: `no_domain_snapshot`, with the nearest name as a hint.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.snapshot_create(#{ name: "s1" });
    /// print(vm.snapshot("s1").is_current())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn snapshot(vm: &mut Domain, name: ImmutableString) -> Fallible<DomainSnapshot> {
        Ok(vm.snapshot(&name).map_err(|error| {
            if error.code() != "no_domain_snapshot" {
                return error;
            }
            let all = || Ok(vm.snapshots(0)?.iter().map(|snap| snap.label().to_owned()).collect());
            names::suggest(error, &name, "vm.snapshots()", all)
        })?)
    }

    /// The snapshot that the guest was taken to or came from last (`virDomainSnapshotCurrent`).
    ///
    /// Errors: `no_domain_snapshot` when there is none.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.snapshot_create(#{ name: "s1" });
    /// print(vm.snapshot_current().name)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn snapshot_current(vm: &mut Domain) -> Fallible<DomainSnapshot> {
        Ok(vm.current_snapshot()?)
    }

    /// The name of the snapshot (`virDomainSnapshotGetName`).
    ///
    /// ```rhai
    /// print(domain("test").snapshot_create().name)
    /// ```
    #[rhai_fn(get = "name", pure)]
    pub fn get_name(snapshot: &mut DomainSnapshot) -> String {
        snapshot.key().1.clone()
    }

    /// The guest of the snapshot (`virDomainSnapshotGetDomain`).
    ///
    /// ```rhai
    /// print(domain("test").snapshot_create().domain.name)
    /// ```
    #[rhai_fn(get = "domain", return_raw, pure)]
    pub fn get_domain(snapshot: &mut DomainSnapshot) -> Fallible<Domain> {
        Ok(snapshot.domain()?)
    }

    /// The description of the snapshot as a document (`virDomainSnapshotGetXMLDesc`).
    ///
    /// ```rhai
    /// print(domain("test").snapshot_create(#{ name: "s1" }).xml["name"])
    /// ```
    #[rhai_fn(get = "xml", return_raw, pure)]
    pub fn get_xml(snapshot: &mut DomainSnapshot) -> Fallible<XmlDocument> {
        Ok(XmlDocument::of_property(Document::parse(&snapshot.xml(0)?)?, snapshot.label()))
    }

    /// Refuses: a document that the property gave is a copy, so assigning would change nothing.
    ///
    /// Errors: `usage`.
    ///
    /// ```rhai
    /// let snap = domain("test").snapshot_create();
    /// try { snap.xml["name"] = "other" } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(set = "xml", return_raw)]
    pub fn set_xml(snapshot: &mut DomainSnapshot, document: Dynamic) -> Fallible<()> {
        let hint = "use vm.snapshot_create_xml(doc, #{ redefine: true }) to change a description";
        let refused = refuse_assignment(&document, snapshot.label(), hint);
        Ok(refused.map_err(|error| error.operation("DomainSnapshot.xml").object(snapshot.label()))?)
    }

    /// Whether the guest was taken to this snapshot or came from it last (`virDomainSnapshotIsCurrent`).
    ///
    /// ```rhai
    /// print(domain("test").snapshot_create().is_current())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn is_current(snapshot: &mut DomainSnapshot) -> Fallible<bool> {
        Ok(snapshot.is_current()?)
    }

    /// Whether undefining the guest would lose the snapshot (`virDomainSnapshotHasMetadata`).
    ///
    /// ```rhai
    /// print(domain("test").snapshot_create().has_metadata())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn has_metadata(snapshot: &mut DomainSnapshot) -> Fallible<bool> {
        Ok(snapshot.has_metadata()?)
    }

    /// The snapshot that this one was taken on (`virDomainSnapshotGetParent`).
    ///
    /// Errors: `no_domain_snapshot` when it has none.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.snapshot_create(#{ name: "s1" });
    /// print(vm.snapshot_create(#{ name: "s2" }).parent().name)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn parent(snapshot: &mut DomainSnapshot) -> Fallible<DomainSnapshot> {
        Ok(snapshot.parent()?)
    }

    /// The snapshots taken on this one, sorted by name (`virDomainSnapshotListAllChildren`).
    ///
    /// @returns [DomainSnapshot]
    ///
    /// ```rhai
    /// print(domain("test").snapshot_create().children().len())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn children(snapshot: &mut DomainSnapshot) -> Fallible<Array> {
        Ok(names::list(snapshot.children(0)?, None)?)
    }

    /// Takes the guest back to the snapshot; what it is now is lost (`virDomainRevertToSnapshot`).
    ///
    /// Errors: `snapshot_revert_risky` where `force` is needed.
    ///
    /// ```rhai
    /// domain("test").snapshot_create().revert();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn revert(snapshot: &mut DomainSnapshot) -> Fallible<()> {
        Ok(snapshot.revert(0)?)
    }

    /// Takes the guest back to the snapshot, with options (`virDomainRevertToSnapshot`).
    ///
    /// Errors: `snapshot_revert_risky` where `force` is needed.
    ///
    /// ```rhai
    /// domain("test").snapshot_create().revert(#{ paused: true });
    /// ```
    #[rhai_fn(name = "revert", return_raw, pure)]
    pub fn revert_with(snapshot: &mut DomainSnapshot, options: Map) -> Fallible<()> {
        Ok(snapshot.revert(REVERT.read(options)?.flags())?)
    }

    /// Deletes the snapshot; the guest stays as it is (`virDomainSnapshotDelete`).
    ///
    /// ```rhai
    /// domain("test").snapshot_create().delete();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn delete(snapshot: &mut DomainSnapshot) -> Fallible<()> {
        Ok(snapshot.delete(0)?)
    }

    /// Deletes the snapshot, with options (`virDomainSnapshotDelete`).
    ///
    /// ```rhai
    /// domain("test").snapshot_create().delete(#{ children: true });
    /// ```
    #[rhai_fn(name = "delete", return_raw, pure)]
    pub fn delete_with(snapshot: &mut DomainSnapshot, options: Map) -> Fallible<()> {
        Ok(snapshot.delete(DELETE.read(options)?.flags())?)
    }
}
