//! The definition of a guest: reading, renaming and removing it.

use rhai::plugin::{ImmutableString, export_module};
use rhai::{Engine, Map};

use crate::api::Fallible;
use crate::lang::options::{OptionTable, flag};
use crate::libvirt::{Domain, sys};

pub(super) fn register(engine: &mut Engine) {
    engine.register_global_module(rhai::exported_module!(domain_definition).into());
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

#[export_module]
#[allow(clippy::needless_pass_by_value)]
mod domain_definition {
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
    #[rhai_fn(return_raw)]
    pub(super) fn rename(vm: &mut Domain, name: ImmutableString) -> Fallible<()> {
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
    #[rhai_fn(return_raw)]
    pub(super) fn undefine(vm: &mut Domain) -> Fallible<()> {
        Ok(vm.undefine(0)?)
    }

    /// Removes the stored definition of the guest and what the options name (`virDomainUndefineFlags`).
    ///
    /// Errors: `operation_invalid` when something stands in the way that no option names.
    ///
    /// ```rhai
    /// domain("test").undefine(#{ managed_save: true, snapshots_metadata: true });
    /// ```
    #[rhai_fn(name = "undefine", return_raw)]
    pub(super) fn undefine_with(vm: &mut Domain, options: Map) -> Fallible<()> {
        Ok(vm.undefine(UNDEFINE.read(options)?.flags())?)
    }
}
