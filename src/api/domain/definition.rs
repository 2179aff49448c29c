//! The definition of a guest: reading, renaming and removing it.

use rhai::plugin::{ImmutableString, NativeCallContext, export_module};
use rhai::{Array, Dynamic, FnPtr, Map};

use crate::api::Fallible;
use crate::api::edit::{edited, refuse_transient, validated};
use crate::api::xml::{XmlDocument, maps, refuse_assignment};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, flag};
use crate::libvirt::{Domain, sys};
use crate::xml::Document;

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_definition::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&XML_DESC, &UNDEFINE];

static XML_DESC: OptionTable = OptionTable {
    function: "Domain.xml_desc",
    options: &[
        flag("inactive", sys::VIR_DOMAIN_XML_INACTIVE, "The stored definition, even while the guest runs."),
        flag("secure", sys::VIR_DOMAIN_XML_SECURE, "With passwords; refused on a read-only connection.")
            .alias("security_info"),
        flag("update_cpu", sys::VIR_DOMAIN_XML_UPDATE_CPU, "With the CPU that the host would give it."),
        flag("migratable", sys::VIR_DOMAIN_XML_MIGRATABLE, "In a form that older hosts understand."),
    ],
};

static UNDEFINE: OptionTable = OptionTable {
    function: "Domain.undefine",
    options: &[
        flag("managed_save", sys::VIR_DOMAIN_UNDEFINE_MANAGED_SAVE, "Removes its managed save image too."),
        flag(
            "snapshots_metadata",
            sys::VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA,
            "Forgets its snapshots too; their data stays in the images.",
        ),
        flag(
            "checkpoints_metadata",
            sys::VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA,
            "Forgets its checkpoints too; their data stays in the images.",
        ),
        flag("nvram", sys::VIR_DOMAIN_UNDEFINE_NVRAM, "Removes its NVRAM file too."),
        flag("keep_nvram", sys::VIR_DOMAIN_UNDEFINE_KEEP_NVRAM, "Keeps its NVRAM file."),
        flag("tpm", sys::VIR_DOMAIN_UNDEFINE_TPM, "Removes the state of its TPM too (libvirt 8.9.0)."),
        flag("keep_tpm", sys::VIR_DOMAIN_UNDEFINE_KEEP_TPM, "Keeps the state of its TPM (libvirt 8.9.0)."),
    ],
};

/// Passwords are part of what is defined anew; without them they would be lost. A read-only
/// connection does not give them, and defines nothing either.
fn secure(vm: &Domain) -> u32 {
    if vm.connection().is_readonly() { 0 } else { sys::VIR_DOMAIN_XML_SECURE }
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod domain_definition {
    /// The definition of the guest as a document: of the running guest if it runs (`virDomainGetXMLDesc`).
    ///
    /// The document is a copy: changing it changes no guest. `edit` changes the definition.
    ///
    /// ```rhai
    /// print(domain("test").xml["memory"])
    /// ```
    #[rhai_fn(get = "xml", return_raw, pure)]
    pub fn get_xml(vm: &mut Domain) -> Fallible<XmlDocument> {
        Ok(XmlDocument::of_property(Document::parse(&vm.xml(0)?)?, vm.key().to_string()))
    }

    /// Refuses: a document that the property gave is a copy, so assigning would change nothing.
    ///
    /// Errors: `usage`, with `edit` as a hint.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { vm.xml["memory"] = 5 } catch (e) { print(e.hint) }
    /// ```
    /// @refuses
    #[rhai_fn(set = "xml", return_raw)]
    pub fn set_xml(vm: &mut Domain, document: Dynamic) -> Fallible<()> {
        let owner = vm.key().to_string();
        let refused = refuse_assignment(&document, &owner, "use vm.edit(|doc| …) to change the definition");
        Ok(refused.map_err(|error| error.operation("domain.xml").object(vm.label()))?)
    }

    /// The definition of the guest in the form that the options ask for (`virDomainGetXMLDesc`).
    ///
    /// Errors: `read_only` for `secure` on a read-only connection.
    ///
    /// ```rhai
    /// print(domain("test").xml_desc(#{ inactive: true })["name"])
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn xml_desc(vm: &mut Domain, options: Map) -> Fallible<XmlDocument> {
        Ok(Document::parse(&vm.xml(XML_DESC.read(options)?.flags())?)?.into())
    }

    /// Changes the stored definition by a closure that gets it as a document.
    ///
    /// What the closure leaves is defined anew. Nothing is defined when the closure changes nothing. Returns whether something changed. A
    /// running guest goes on as it is until its next start; `diff` shows what then changes.
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept.
    ///
    /// @closure XmlDocument
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.edit(|doc| doc["title"] = "a test");
    /// print(vm.xml_desc(#{ inactive: true })["title"])
    /// ```
    #[rhai_fn(return_raw)]
    pub fn edit(context: NativeCallContext, vm: Domain, closure: FnPtr) -> Fallible<bool> {
        refuse_transient(vm.is_persistent()?, "domain", vm.label())?;
        let flags = sys::VIR_DOMAIN_XML_INACTIVE | secure(&vm);
        let before = vm.xml(flags)?;
        let Some(after) = edited(&context, &before, &closure)? else { return Ok(false) };
        vm.announce_change(&before);
        let define = |flags| vm.connection().define_domain(&after, flags);
        validated(sys::VIR_DOMAIN_DEFINE_VALIDATE, define).map_err(|error| error.object(vm.label()))?;
        Ok(true)
    }

    /// What the stored definition changes at the next start: a list of `#{ path, kind, old, new_ }`.
    ///
    /// Empty for a guest that is off, and for one that runs as it is stored.
    ///
    /// ```rhai
    /// for change in domain("test").diff() { print(change.path) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn diff(vm: &mut Domain) -> Fallible<Array> {
        let live = Document::parse(&vm.xml(0)?)?;
        // The number of a running guest is no setting.
        live.remove_at("@id")?;
        let stored = Document::parse(&vm.xml(sys::VIR_DOMAIN_XML_INACTIVE)?)?;
        Ok(maps(live.diff(&stored)?))
    }

    /// Gives the guest another name (`virDomainRename`).
    ///
    /// Errors: `operation_invalid` while it runs, `operation_failed` when the name is taken.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.destroy();
    /// vm.rename("test2");
    /// vm.rename("test");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn rename(vm: &mut Domain, name: ImmutableString) -> Fallible<()> {
        Ok(vm.rename(&name)?)
    }

    /// Removes the stored definition of the guest; a running guest becomes transient (`virDomainUndefine`).
    ///
    /// Its disks stay.
    ///
    /// Errors: `operation_invalid` when it has a managed save, snapshots or an NVRAM file: see the options.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.undefine();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn undefine(vm: &mut Domain) -> Fallible<()> {
        Ok(vm.undefine(0)?)
    }

    /// Removes the stored definition of the guest and what the options name (`virDomainUndefineFlags`).
    ///
    /// Errors: `operation_invalid` when something stands in the way that no option names.
    ///
    /// ```rhai
    /// domain("test").undefine(#{ managed_save: true, snapshots_metadata: true });
    /// ```
    #[rhai_fn(name = "undefine", return_raw, pure)]
    pub fn undefine_with(vm: &mut Domain, options: Map) -> Fallible<()> {
        Ok(vm.undefine(UNDEFINE.read(options)?.flags())?)
    }
}
