//! Finding checkpoints: those of a guest, and those made after another one.

use rhai::plugin::{ImmutableString, export_module};
use rhai::{Array, Map};

use crate::api::{Fallible, names, point};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, OptionTable, flag, text};
use crate::libvirt::{Domain, DomainCheckpoint, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&checkpoint_list_functions::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&LIST, &CHILDREN];

const PATTERN: OptionSpec = text("name", "Only checkpoints whose name fits this pattern.");
const TOPOLOGICAL: OptionSpec = flag(
    "topological",
    sys::VIR_DOMAIN_CHECKPOINT_LIST_TOPOLOGICAL,
    "Parents before their children, instead of sorted by name.",
);
const LEAVES: OptionSpec =
    flag("leaves", sys::VIR_DOMAIN_CHECKPOINT_LIST_LEAVES, "Only those without children.");
const NO_LEAVES: OptionSpec =
    flag("no_leaves", sys::VIR_DOMAIN_CHECKPOINT_LIST_NO_LEAVES, "Only those with children.");

static LIST: OptionTable = OptionTable {
    function: "Domain.checkpoints",
    options: &[
        PATTERN,
        TOPOLOGICAL,
        flag("roots", sys::VIR_DOMAIN_CHECKPOINT_LIST_ROOTS, "Only those without a parent."),
        LEAVES,
        NO_LEAVES,
    ],
};

static CHILDREN: OptionTable = OptionTable {
    function: "DomainCheckpoint.children",
    options: &[
        PATTERN,
        TOPOLOGICAL,
        flag(
            "descendants",
            sys::VIR_DOMAIN_CHECKPOINT_LIST_DESCENDANTS,
            "Also those made after its children.",
        ),
        LEAVES,
        NO_LEAVES,
    ],
};

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod checkpoint_list_functions {
    /// The checkpoints of the guest, sorted by name (`virDomainListAllCheckpoints`).
    ///
    /// @returns [DomainCheckpoint]
    ///
    /// ```rhai
    /// for point in domain("test").checkpoints() { print(point.name) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn checkpoints(vm: &mut Domain) -> Fallible<Array> {
        Ok(names::list(vm.checkpoints(0)?, None)?)
    }

    /// The checkpoints of the guest that fit the options (`virDomainListAllCheckpoints`).
    ///
    /// Sorted by name; with `topological`, parents before their children.
    ///
    /// @returns [DomainCheckpoint]
    ///
    /// ```rhai
    /// for point in domain("test").checkpoints(#{ topological: true }) { print(point.name) }
    /// ```
    #[rhai_fn(name = "checkpoints", return_raw, pure)]
    pub fn checkpoints_with(vm: &mut Domain, options: Map) -> Fallible<Array> {
        let options = LIST.read(options)?;
        Ok(point::list(vm.checkpoints(options.flags())?, &options)?)
    }

    /// A checkpoint of the guest by name (`virDomainCheckpointLookupByName`).
    ///
    /// Errors: `no_domain_checkpoint`, with the nearest name as a hint.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.checkpoint_create(#{ name: "c1" });
    /// print(vm.checkpoint("c1").name)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn checkpoint(vm: &mut Domain, name: ImmutableString) -> Fallible<DomainCheckpoint> {
        Ok(vm.checkpoint(&name).map_err(|error| {
            if error.code() != "no_domain_checkpoint" {
                return error;
            }
            let all = || Ok(vm.checkpoints(0)?.iter().map(|point| point.label().to_owned()).collect());
            names::suggest(error, &name, "vm.checkpoints()", all)
        })?)
    }

    /// The checkpoints made after this one, sorted by name (`virDomainCheckpointListAllChildren`).
    ///
    /// @returns [DomainCheckpoint]
    ///
    /// ```rhai
    /// print(domain("test").checkpoint_create().children().len())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn children(checkpoint: &mut DomainCheckpoint) -> Fallible<Array> {
        Ok(names::list(checkpoint.children(0)?, None)?)
    }

    /// The checkpoints made after this one that fit the options (`virDomainCheckpointListAllChildren`).
    ///
    /// Sorted by name; with `topological`, parents before their children.
    ///
    /// @returns [DomainCheckpoint]
    ///
    /// ```rhai
    /// print(domain("test").checkpoint_create().children(#{ descendants: true }).len())
    /// ```
    #[rhai_fn(name = "children", return_raw, pure)]
    pub fn children_with(checkpoint: &mut DomainCheckpoint, options: Map) -> Fallible<Array> {
        let options = CHILDREN.read(options)?;
        Ok(point::list(checkpoint.children(options.flags())?, &options)?)
    }
}
