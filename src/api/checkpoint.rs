//! Checkpoints of guests: from one on, the disks remember which blocks are written, so that a later
//! backup copies only those.
//!
//! They form a chain per guest, and a name is unique within its guest.

mod create;
mod list;

use rhai::plugin::{Dynamic, NativeCallContext, export_module};
use rhai::{FnPtr, Map};

use super::edit::edited;
use super::xml::{XmlDocument, refuse_assignment};
use super::{Fallible, point};
use crate::error::Result;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, flag};
use crate::libvirt::{Connection, Domain, DomainCheckpoint, RawCheckpoint, sys};
use crate::xml::Document;

pub(super) use create::description;

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    super::handle::register::<RawCheckpoint>(natives, "DomainCheckpoint");
    natives.global(&checkpoint_functions::RHAI_MANIFEST);
    create::register(natives);
    list::register(natives);
}

/// The option tables of this folder.
pub(super) fn options() -> impl Iterator<Item = &'static OptionTable> {
    [OPTIONS, create::OPTIONS, list::OPTIONS].concat().into_iter()
}

const OPTIONS: &[&OptionTable] = &[&XML_DESC, &DELETE];

static XML_DESC: OptionTable = OptionTable {
    function: "DomainCheckpoint.xml_desc",
    options: &[
        flag(
            "secure",
            sys::VIR_DOMAIN_CHECKPOINT_XML_SECURE,
            "With passwords; refused on a read-only connection.",
        )
        .alias("security_info"),
        flag("no_domain", sys::VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN, "Without the guest's definition."),
        flag(
            "size",
            sys::VIR_DOMAIN_CHECKPOINT_XML_SIZE,
            "With the bytes written since, as disks/disk/@size; the guest must run.",
        ),
    ],
};

static DELETE: OptionTable = OptionTable {
    function: "DomainCheckpoint.delete",
    options: &[
        flag("children", sys::VIR_DOMAIN_CHECKPOINT_DELETE_CHILDREN, "Deletes those made after it too."),
        flag(
            "children_only",
            sys::VIR_DOMAIN_CHECKPOINT_DELETE_CHILDREN_ONLY,
            "Deletes only those made after it.",
        ),
        flag(
            "metadata_only",
            sys::VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY,
            "Makes libvirt forget it; the bitmaps stay in the images.",
        )
        .alias("metadata"),
    ],
};

/// Its description without the guest's, which is many times longer.
fn brief(checkpoint: &DomainCheckpoint) -> Result<Document> {
    Document::parse(&checkpoint.xml(sys::VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN)?)
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod checkpoint_functions {
    /// The name of the checkpoint (`virDomainCheckpointGetName`).
    ///
    /// ```rhai
    /// print(domain("test").checkpoint_create(#{ name: "c1" }).name)
    /// ```
    #[rhai_fn(get = "name", pure)]
    pub fn get_name(checkpoint: &mut DomainCheckpoint) -> String {
        checkpoint.key().1.clone()
    }

    /// The guest of the checkpoint (`virDomainCheckpointGetDomain`).
    ///
    /// ```rhai
    /// print(domain("test").checkpoint_create().domain.name)
    /// ```
    #[rhai_fn(get = "domain", return_raw, pure)]
    pub fn get_domain(checkpoint: &mut DomainCheckpoint) -> Fallible<Domain> {
        Ok(checkpoint.domain()?)
    }

    /// The connection that the checkpoint belongs to.
    ///
    /// ```rhai
    /// print(domain("test").checkpoint_create().connection().uri())
    /// ```
    #[rhai_fn(pure)]
    pub fn connection(checkpoint: &mut DomainCheckpoint) -> Connection {
        DomainCheckpoint::connection(checkpoint).clone()
    }

    /// What the checkpoint was described as when it was made, otherwise `()`.
    ///
    /// ```rhai
    /// print(domain("test").checkpoint_create(#{ description: "weekly" }).description)
    /// ```
    #[rhai_fn(get = "description", return_raw, pure)]
    pub fn get_description(checkpoint: &mut DomainCheckpoint) -> Fallible<Dynamic> {
        Ok(point::fact(&brief(checkpoint)?, "description")?)
    }

    /// When the checkpoint was made: RFC 3339.
    ///
    /// ```rhai
    /// print(domain("test").checkpoint_create().creation_time)
    /// ```
    #[rhai_fn(get = "creation_time", return_raw, pure)]
    pub fn get_creation_time(checkpoint: &mut DomainCheckpoint) -> Fallible<String> {
        Ok(point::creation_time(&brief(checkpoint)?)?)
    }

    /// The description of the checkpoint as a document (`virDomainCheckpointGetXMLDesc`).
    ///
    /// ```rhai
    /// print(domain("test").checkpoint_create(#{ name: "c1" }).xml["name"])
    /// ```
    #[rhai_fn(get = "xml", return_raw, pure)]
    pub fn get_xml(checkpoint: &mut DomainCheckpoint) -> Fallible<XmlDocument> {
        Ok(XmlDocument::of_property(Document::parse(&checkpoint.xml(0)?)?, checkpoint.label()))
    }

    /// Refuses: a document that the property gave is a copy, so assigning would change nothing.
    ///
    /// Errors: `usage`.
    ///
    /// ```rhai
    /// let point = domain("test").checkpoint_create();
    /// try { point.xml["name"] = "other" } catch (e) { print(e.code) }
    /// ```
    /// @refuses
    #[rhai_fn(set = "xml", return_raw)]
    pub fn set_xml(checkpoint: &mut DomainCheckpoint, document: Dynamic) -> Fallible<()> {
        let hint = "use checkpoint.edit(|doc| …) to change a description";
        let refused = refuse_assignment(&document, checkpoint.label(), hint);
        Ok(refused.map_err(|error| error.operation("checkpoint.xml").object(checkpoint.label()))?)
    }

    /// The description of the checkpoint in another form (`virDomainCheckpointGetXMLDesc`).
    ///
    /// With `size`, `disks/disk/@size` is how many bytes were written since, rounded up to what the
    /// bitmaps can tell apart.
    ///
    /// Errors: `read_only` for `secure` on a read-only connection; `operation_invalid` for `size` while
    /// the guest does not run.
    ///
    /// ```rhai
    /// print(domain("test").checkpoint_create().xml_desc(#{ no_domain: true }).root().tag())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn xml_desc(checkpoint: &mut DomainCheckpoint, options: Map) -> Fallible<XmlDocument> {
        Ok(Document::parse(&checkpoint.xml(XML_DESC.read(options)?.flags())?)?.into())
    }

    /// Changes the description of the checkpoint by a closure that gets it as a document.
    ///
    /// What the closure leaves is defined anew; the bitmaps stay. Returns whether something changed.
    ///
    /// Errors: `usage` for another name, `xml_error` and its relatives for what libvirt does not accept.
    ///
    /// @closure XmlDocument
    ///
    /// ```rhai
    /// let point = domain("test").checkpoint_create();
    /// point.edit(|doc| doc["description"] = "before the move");
    /// print(point.description)
    /// ```
    #[rhai_fn(return_raw)]
    pub fn edit(context: NativeCallContext, checkpoint: DomainCheckpoint, closure: FnPtr) -> Fallible<bool> {
        // Passwords are part of what is defined anew; without them they would be lost.
        let before = checkpoint.xml(sys::VIR_DOMAIN_CHECKPOINT_XML_SECURE)?;
        let Some(after) = edited(&context, &before, &closure)? else { return Ok(false) };
        point::refuse_new_name(&after, checkpoint.label())?;
        checkpoint.domain()?.create_checkpoint(&after, sys::VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE)?;
        Ok(true)
    }

    /// The checkpoint before this one, `()` for the first (`virDomainCheckpointGetParent`).
    ///
    /// @returns DomainCheckpoint
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.checkpoint_create(#{ name: "c1" });
    /// print(vm.checkpoint_create(#{ name: "c2" }).parent.name)
    /// ```
    #[rhai_fn(get = "parent", return_raw, pure)]
    pub fn get_parent(checkpoint: &mut DomainCheckpoint) -> Fallible<Dynamic> {
        Ok(point::parent(checkpoint.parent(), "no_domain_checkpoint")?)
    }

    /// Deletes the checkpoint; its bitmaps are merged into those before (`virDomainCheckpointDelete`).
    ///
    /// Errors: `operation_invalid` while the guest of a driver that needs it running does not run.
    ///
    /// ```rhai
    /// domain("test").checkpoint_create().delete();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn delete(checkpoint: &mut DomainCheckpoint) -> Fallible<()> {
        Ok(checkpoint.delete(0)?)
    }

    /// Deletes the checkpoint, with options (`virDomainCheckpointDelete`).
    ///
    /// ```rhai
    /// domain("test").checkpoint_create().delete(#{ children: true });
    /// ```
    #[rhai_fn(name = "delete", return_raw, pure)]
    pub fn delete_with(checkpoint: &mut DomainCheckpoint, options: Map) -> Fallible<()> {
        Ok(checkpoint.delete(DELETE.read(options)?.flags())?)
    }
}
