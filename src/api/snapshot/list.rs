//! Finding snapshots: those of a guest, and those taken on another one.

use rhai::plugin::{ImmutableString, export_module};
use rhai::{Array, Map};

use crate::api::{Fallible, names, point};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, OptionTable, flag, text};
use crate::libvirt::{Domain, DomainSnapshot, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&snapshot_list_functions::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&LIST, &NUM, &CHILDREN, &NUM_CHILDREN];

const PATTERN: OptionSpec = text("name", "Only snapshots whose name fits this pattern.");
const TOPOLOGICAL: OptionSpec = flag(
    "topological",
    sys::VIR_DOMAIN_SNAPSHOT_LIST_TOPOLOGICAL,
    "Parents before their children, instead of sorted by name.",
);
const ROOTS: OptionSpec = flag("roots", sys::VIR_DOMAIN_SNAPSHOT_LIST_ROOTS, "Only those without a parent.");
const DESCENDANTS: OptionSpec =
    flag("descendants", sys::VIR_DOMAIN_SNAPSHOT_LIST_DESCENDANTS, "Also those taken on its children.");
const LEAVES: OptionSpec =
    flag("leaves", sys::VIR_DOMAIN_SNAPSHOT_LIST_LEAVES, "Only those without children.");
const NO_LEAVES: OptionSpec =
    flag("no_leaves", sys::VIR_DOMAIN_SNAPSHOT_LIST_NO_LEAVES, "Only those with children.");
const METADATA: OptionSpec =
    flag("metadata", sys::VIR_DOMAIN_SNAPSHOT_LIST_METADATA, "Only those that undefine() would lose.");
const NO_METADATA: OptionSpec = flag(
    "no_metadata",
    sys::VIR_DOMAIN_SNAPSHOT_LIST_NO_METADATA,
    "Only those that undefine() would not lose.",
);
const INACTIVE: OptionSpec =
    flag("inactive", sys::VIR_DOMAIN_SNAPSHOT_LIST_INACTIVE, "Only those taken while the guest was off.");
const ACTIVE: OptionSpec = flag(
    "active",
    sys::VIR_DOMAIN_SNAPSHOT_LIST_ACTIVE,
    "Only those taken while the guest ran, with its memory.",
);
const DISK_ONLY: OptionSpec = flag(
    "disk_only",
    sys::VIR_DOMAIN_SNAPSHOT_LIST_DISK_ONLY,
    "Only those taken while the guest ran, without its memory.",
);
const INTERNAL: OptionSpec =
    flag("internal", sys::VIR_DOMAIN_SNAPSHOT_LIST_INTERNAL, "Only those inside the disk images.");
const EXTERNAL: OptionSpec =
    flag("external", sys::VIR_DOMAIN_SNAPSHOT_LIST_EXTERNAL, "Only those with files of their own.");

/// One table for each function; all share the filters, a list has a pattern and an order too.
macro_rules! tables {
    ($($name:ident $function:literal [$($first:expr),*];)*) => {
        $(static $name: OptionTable = OptionTable {
            function: $function,
            options: &[
                $($first,)* LEAVES, NO_LEAVES, METADATA, NO_METADATA, INACTIVE, ACTIVE, DISK_ONLY, INTERNAL,
                EXTERNAL,
            ],
        };)*
    };
}

tables! {
    LIST "Domain.snapshots" [PATTERN, TOPOLOGICAL, ROOTS];
    NUM "Domain.snapshot_num" [ROOTS];
    CHILDREN "DomainSnapshot.children" [PATTERN, TOPOLOGICAL, DESCENDANTS];
    NUM_CHILDREN "DomainSnapshot.num_children" [DESCENDANTS];
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod snapshot_list_functions {
    /// The snapshots of the guest, sorted by name (`virDomainListAllSnapshots`).
    ///
    /// @returns [DomainSnapshot]
    ///
    /// ```rhai
    /// for snap in domain("test").snapshots() { print(snap.name) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn snapshots(vm: &mut Domain) -> Fallible<Array> {
        Ok(names::list(vm.snapshots(0)?, None)?)
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
        Ok(point::list(vm.snapshots(options.flags())?, &options)?)
    }

    /// How many snapshots the guest has (`virDomainSnapshotNum`).
    ///
    /// ```rhai
    /// print(domain("test").snapshot_num())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn snapshot_num(vm: &mut Domain) -> Fallible<i64> {
        Ok(vm.num_snapshots(0)?.into())
    }

    /// How many snapshots of the guest fit the options (`virDomainSnapshotNum`).
    ///
    /// ```rhai
    /// print(domain("test").snapshot_num(#{ roots: true }))
    /// ```
    #[rhai_fn(name = "snapshot_num", return_raw, pure)]
    pub fn snapshot_num_with(vm: &mut Domain, options: Map) -> Fallible<i64> {
        Ok(vm.num_snapshots(NUM.read(options)?.flags())?.into())
    }

    /// A snapshot of the guest by name (`virDomainSnapshotLookupByName`).
    ///
    /// Errors: `no_domain_snapshot`, with the nearest name as a hint.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.snapshot_create(#{ name: "s1" });
    /// print(vm.snapshot("s1").current)
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

    /// Whether there is a snapshot that the guest came from last (`virDomainHasCurrentSnapshot`).
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// if vm.has_current_snapshot { print(vm.snapshot_current()) }
    /// ```
    #[rhai_fn(get = "has_current_snapshot", return_raw, pure)]
    pub fn get_has_current_snapshot(vm: &mut Domain) -> Fallible<bool> {
        Ok(vm.has_current_snapshot()?)
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

    /// The snapshots taken on this one that fit the options (`virDomainSnapshotListAllChildren`).
    ///
    /// Sorted by name; with `topological`, parents before their children.
    ///
    /// @returns [DomainSnapshot]
    ///
    /// ```rhai
    /// let base = domain("test").snapshot_create();
    /// print(base.children(#{ descendants: true, topological: true }).len())
    /// ```
    #[rhai_fn(name = "children", return_raw, pure)]
    pub fn children_with(snapshot: &mut DomainSnapshot, options: Map) -> Fallible<Array> {
        let options = CHILDREN.read(options)?;
        Ok(point::list(snapshot.children(options.flags())?, &options)?)
    }

    /// How many snapshots were taken on this one (`virDomainSnapshotNumChildren`).
    ///
    /// ```rhai
    /// print(domain("test").snapshot_create().num_children())
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn num_children(snapshot: &mut DomainSnapshot) -> Fallible<i64> {
        Ok(snapshot.num_children(0)?.into())
    }

    /// How many snapshots taken on this one fit the options (`virDomainSnapshotNumChildren`).
    ///
    /// ```rhai
    /// print(domain("test").snapshot_create().num_children(#{ descendants: true }))
    /// ```
    #[rhai_fn(name = "num_children", return_raw, pure)]
    pub fn num_children_with(snapshot: &mut DomainSnapshot, options: Map) -> Fallible<i64> {
        Ok(snapshot.num_children(NUM_CHILDREN.read(options)?.flags())?.into())
    }
}
