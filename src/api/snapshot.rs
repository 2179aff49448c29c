//! Snapshots of guests.
//!
//! They form a tree per guest, and a name is unique within its guest.

mod create;
mod list;

use rhai::plugin::{Dynamic, NativeCallContext, export_module};
use rhai::{FnPtr, Map};

use super::edit::edited;
use super::xml::{XmlDocument, refuse_assignment};
use super::{Fallible, point};
use crate::error::Error;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, flag};
use crate::libvirt::{Connection, Domain, DomainSnapshot, sys};
use crate::xml::Document;

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    super::handle::register::<virt::domain_snapshot::DomainSnapshot>(natives, "DomainSnapshot");
    natives.global(&snapshot_functions::RHAI_MANIFEST);
    create::register(natives);
    list::register(natives);
}

/// The option tables of this folder.
pub(super) fn options() -> impl Iterator<Item = &'static OptionTable> {
    [OPTIONS, create::OPTIONS, list::OPTIONS].concat().into_iter()
}

const OPTIONS: &[&OptionTable] = &[&XML_DESC, &REVERT, &DELETE];

static XML_DESC: OptionTable = OptionTable {
    function: "DomainSnapshot.xml_desc",
    options: &[flag(
        "secure",
        sys::VIR_DOMAIN_SNAPSHOT_XML_SECURE,
        "With passwords; refused on a read-only connection.",
    )
    .alias("security_info")],
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
        )
        .alias("metadata"),
    ],
};

/// Says since when what was refused is possible.
fn explain_revert(error: Error) -> Error {
    if error.code() != "config_unsupported" || !error.to_string().contains("external snapshot") {
        return error;
    }
    error.hint("the host needs libvirt 9.9.0; its images can be put back by hand while the guest is off")
}

/// A fact of its description.
fn fact(snapshot: &DomainSnapshot, path: &str) -> Fallible<Dynamic> {
    Ok(point::fact(&Document::parse(&snapshot.xml(0)?)?, path)?)
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod snapshot_functions {
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

    /// The connection that the snapshot belongs to.
    ///
    /// ```rhai
    /// print(domain("test").snapshot_create().connection().uri())
    /// ```
    #[rhai_fn(pure)]
    pub fn connection(snapshot: &mut DomainSnapshot) -> Connection {
        DomainSnapshot::connection(snapshot).clone()
    }

    /// What the snapshot was described as when it was taken, otherwise `()`.
    ///
    /// ```rhai
    /// print(domain("test").snapshot_create(#{ description: "before 2.0" }).description)
    /// ```
    #[rhai_fn(get = "description", return_raw, pure)]
    pub fn get_description(snapshot: &mut DomainSnapshot) -> Fallible<Dynamic> {
        fact(snapshot, "description")
    }

    /// When the snapshot was taken: RFC 3339.
    ///
    /// ```rhai
    /// print(domain("test").snapshot_create().creation_time)
    /// ```
    #[rhai_fn(get = "creation_time", return_raw, pure)]
    pub fn get_creation_time(snapshot: &mut DomainSnapshot) -> Fallible<String> {
        Ok(point::creation_time(&Document::parse(&snapshot.xml(0)?)?)?)
    }

    /// The state of the guest in the snapshot, such as `running`, `shutoff` or `disk-snapshot`.
    ///
    /// `disk-snapshot` is one without the memory of a guest that ran.
    ///
    /// ```rhai
    /// print(domain("test").snapshot_create().state)
    /// ```
    #[rhai_fn(get = "state", return_raw, pure)]
    pub fn get_state(snapshot: &mut DomainSnapshot) -> Fallible<Dynamic> {
        fact(snapshot, "state")
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
    /// @refuses
    #[rhai_fn(set = "xml", return_raw)]
    pub fn set_xml(snapshot: &mut DomainSnapshot, document: Dynamic) -> Fallible<()> {
        let hint = "use vm.snapshot_create_xml(doc, #{ redefine: true }) to change a description";
        let refused = refuse_assignment(&document, snapshot.label(), hint);
        Ok(refused.map_err(|error| error.operation("snapshot.xml").object(snapshot.label()))?)
    }

    /// The description of the snapshot with what the options add (`virDomainSnapshotGetXMLDesc`).
    ///
    /// Errors: `read_only` for `secure` on a read-only connection.
    ///
    /// ```rhai
    /// print(domain("test").snapshot_create().xml_desc(#{ secure: true })["name"])
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn xml_desc(snapshot: &mut DomainSnapshot, options: Map) -> Fallible<XmlDocument> {
        Ok(Document::parse(&snapshot.xml(XML_DESC.read(options)?.flags())?)?.into())
    }

    /// Changes the description of the snapshot by a closure that gets it as a document.
    ///
    /// What the closure leaves is defined anew; the data stays. Returns whether something changed.
    ///
    /// Errors: `usage` for another name, `xml_error` and its relatives for what libvirt does not accept.
    ///
    /// @closure XmlDocument
    ///
    /// ```rhai
    /// let snap = domain("test").snapshot_create();
    /// snap.edit(|doc| doc["description"] = "the last good one");
    /// print(snap.description)
    /// ```
    #[rhai_fn(return_raw)]
    pub fn edit(context: NativeCallContext, snapshot: DomainSnapshot, closure: FnPtr) -> Fallible<bool> {
        // Passwords are part of what is defined anew; without them they would be lost.
        let before = snapshot.xml(sys::VIR_DOMAIN_SNAPSHOT_XML_SECURE)?;
        let Some(after) = edited(&context, &before, &closure)? else { return Ok(false) };
        point::refuse_new_name(&after, snapshot.label())?;
        let current = if snapshot.is_current()? { sys::VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT } else { 0 };
        snapshot.domain()?.create_snapshot(&after, sys::VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE | current)?;
        Ok(true)
    }

    /// Whether the guest was taken to this snapshot or came from it last (`virDomainSnapshotIsCurrent`).
    ///
    /// ```rhai
    /// print(domain("test").snapshot_create().current)
    /// ```
    #[rhai_fn(get = "current", return_raw, pure)]
    pub fn get_current(snapshot: &mut DomainSnapshot) -> Fallible<bool> {
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

    /// The snapshot that this one was taken on, `()` for the first (`virDomainSnapshotGetParent`).
    ///
    /// @returns DomainSnapshot
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.snapshot_create(#{ name: "s1" });
    /// print(vm.snapshot_create(#{ name: "s2" }).parent.name)
    /// ```
    #[rhai_fn(get = "parent", return_raw, pure)]
    pub fn get_parent(snapshot: &mut DomainSnapshot) -> Fallible<Dynamic> {
        Ok(point::parent(snapshot.parent(), "no_domain_snapshot")?)
    }

    /// Takes the guest back to the snapshot; what it is now is lost (`virDomainRevertToSnapshot`).
    ///
    /// Errors: `snapshot_revert_risky` where `force` is needed, `config_unsupported` for an external
    /// snapshot before libvirt 9.9.0.
    ///
    /// ```rhai
    /// domain("test").snapshot_create().revert();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn revert(snapshot: &mut DomainSnapshot) -> Fallible<()> {
        Ok(snapshot.revert(0).map_err(explain_revert)?)
    }

    /// Takes the guest back to the snapshot, with options (`virDomainRevertToSnapshot`).
    ///
    /// Errors: `snapshot_revert_risky` where `force` is needed, `config_unsupported` for an external
    /// snapshot before libvirt 9.9.0.
    ///
    /// ```rhai
    /// domain("test").snapshot_create().revert(#{ paused: true });
    /// ```
    #[rhai_fn(name = "revert", return_raw, pure)]
    pub fn revert_with(snapshot: &mut DomainSnapshot, options: Map) -> Fallible<()> {
        Ok(snapshot.revert(REVERT.read(options)?.flags()).map_err(explain_revert)?)
    }

    /// Deletes the snapshot; the guest stays as it is (`virDomainSnapshotDelete`).
    ///
    /// Errors: `no_domain_snapshot` when it is gone, `operation_unsupported` for an external one that the driver cannot
    /// merge.
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
    /// Errors: `no_domain_snapshot` when it is gone, `operation_unsupported` for external ones that the driver cannot merge.
    ///
    /// ```rhai
    /// domain("test").snapshot_create().delete(#{ children: true });
    /// ```
    #[rhai_fn(name = "delete", return_raw, pure)]
    pub fn delete_with(snapshot: &mut DomainSnapshot, options: Map) -> Fallible<()> {
        Ok(snapshot.delete(DELETE.read(options)?.flags())?)
    }
}
