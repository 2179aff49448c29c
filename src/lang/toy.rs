//! A small engine for the tests of this folder: guests on a host, a file module, a module in Rhai.

use rhai::plugin::*;
use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, ImmutableString, Map};

use super::catalog::Catalog;
use super::options::{OptionTable, boolean, duration, flag, list, word};

type Fallible<T> = std::result::Result<T, Box<EvalAltResult>>;

/// A guest.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Guest(pub(super) String);

/// A host.
#[derive(Debug, Clone)]
pub(super) struct Host;

/// A document.
#[derive(Debug, Clone)]
pub(super) struct Doc;

pub(super) static UNDEFINE: OptionTable = OptionTable {
    function: "Guest.undefine",
    options: &[
        flag("managed_save", 1, "Also removes the managed save image."),
        flag("nvram", 4, "Also removes the NVRAM file.").alias("firmware"),
        boolean("loop_", "Whether to repeat."),
    ],
};

pub(super) static GUESTS: OptionTable = OptionTable {
    function: "guests",
    options: &[
        boolean("active", "Only running ones, or only stopped ones."),
        word("order", &["name", "memory"], "What to sort by."),
        duration("timeout", "How long to wait."),
        list("groups", "Which groups of figures."),
    ],
};

#[export_module]
#[allow(clippy::needless_pass_by_value, clippy::unnecessary_wraps, unused_variables, unreachable_pub)]
mod guest {
    /// A guest on a host.
    pub type Guest = super::Guest;

    /// The name of the guest.
    ///
    /// ```rhai
    /// guest("web1").name
    /// ```
    #[rhai_fn(get = "name", pure, return_raw)]
    pub fn name(this: &mut Guest) -> Fallible<ImmutableString> {
        Ok(this.0.as_str().into())
    }

    /// Whether it starts with the host.
    ///
    /// ```rhai
    /// guest("web1").autostart
    /// ```
    #[rhai_fn(get = "autostart", pure)]
    pub fn autostart(this: &mut Guest) -> bool {
        true
    }

    #[rhai_fn(set = "autostart", pure)]
    pub fn put_autostart(this: &mut Guest, value: bool) {}

    /// Sets whether it starts with the host.
    ///
    /// ```rhai
    /// guest("web1").set_autostart(true);
    /// ```
    pub fn set_autostart(this: &mut Guest, value: bool) {}

    /// The memory in bytes.
    ///
    /// ```rhai
    /// guest("web1").memory
    /// ```
    #[rhai_fn(get = "memory", pure)]
    pub fn memory(this: &mut Guest) -> i64 {
        0
    }

    /// The definition, as a copy.
    ///
    /// ```rhai
    /// guest("web1").xml
    /// ```
    #[rhai_fn(get = "xml", pure)]
    pub fn xml(this: &mut Guest) -> Doc {
        Doc
    }

    /// Refuses: the document is a copy.
    ///
    /// @refuses
    #[rhai_fn(set = "xml", pure)]
    pub fn put_xml(this: &mut Guest, value: Doc) {}

    /// Starts the guest.
    ///
    /// Errors: `operation_invalid` where it runs already.
    ///
    /// ```rhai
    /// guest("web1").start();
    /// ```
    #[rhai_fn(return_raw)]
    pub fn start(this: &mut Guest) -> Fallible<()> {
        Ok(())
    }

    /// Forgets the guest.
    ///
    /// Errors: `operation_failed` where it has a managed save image.
    ///
    /// ```rhai
    /// guest("web1").undefine(#{ nvram: true });
    /// ```
    #[rhai_fn(name = "undefine", return_raw)]
    pub fn undefine_with(this: &mut Guest, options: Map) -> Fallible<()> {
        UNDEFINE.read(options).map(|_| ()).map_err(|error| error.to_string().into())
    }

    #[rhai_fn(return_raw)]
    pub fn undefine(this: &mut Guest) -> Fallible<()> {
        Ok(())
    }

    /// Changes the definition.
    ///
    /// @closure Doc
    ///
    /// ```rhai
    /// guest("web1").edit(|doc| doc["memory"] = 1);
    /// ```
    pub fn edit(this: &mut Guest, change: FnPtr) {}

    /// Returns the host of the guest.
    ///
    /// ```rhai
    /// guest("web1").host()
    /// ```
    pub fn host(this: &mut Guest) -> Host {
        Host
    }

    /// Returns the guests of a host.
    ///
    /// @returns [Guest]
    ///
    /// ```rhai
    /// guest("web1").host().guests()
    /// ```
    #[rhai_fn(name = "guests", return_raw)]
    pub fn host_guests(this: &mut Host) -> Fallible<Array> {
        Ok(vec![])
    }

    /// Returns a part of the document.
    #[rhai_fn(index_get)]
    pub fn doc_at(this: &mut Doc, path: ImmutableString) -> Dynamic {
        Dynamic::UNIT
    }

    #[rhai_fn(index_set)]
    pub fn doc_put(this: &mut Doc, path: ImmutableString, value: Dynamic) {}

    /// Returns the text of the document.
    ///
    /// ```rhai
    /// guest("web1").xml.text()
    /// ```
    pub fn text(this: &mut Doc) -> ImmutableString {
        ImmutableString::new()
    }

    /// Calls a closure with each element.
    ///
    /// @replaces
    ///
    /// ```rhai
    /// [1].for_each(|x| print(x));
    /// ```
    pub fn for_each(array: &mut Array, action: FnPtr) {}
}

#[export_module]
#[allow(clippy::needless_pass_by_value, clippy::unnecessary_wraps, unused_variables, unreachable_pub)]
mod global {
    /// Returns the guest of this name.
    ///
    /// Errors: `no_domain` where there is none.
    ///
    /// ```rhai
    /// guest("web1")
    /// ```
    #[rhai_fn(return_raw)]
    pub fn guest(name: ImmutableString) -> Fallible<Guest> {
        Ok(Guest(name.to_string()))
    }

    /// Returns the guests of the default host.
    ///
    /// @returns [Guest]
    ///
    /// ```rhai
    /// guests()
    /// ```
    pub fn guests() -> Array {
        vec![]
    }

    /// @returns [Guest]
    #[rhai_fn(name = "guests")]
    pub fn guests_with(options: Map) -> Array {
        vec![]
    }

    /// Returns bytes for a number of GiB.
    ///
    /// ```rhai
    /// gib(4)
    /// ```
    pub fn gib(count: i64) -> i64 {
        count << 30
    }

    /// Calls a closure and catches what it throws.
    ///
    /// ```rhai
    /// attempt(|| guest("web1").start())
    /// ```
    pub fn attempt(action: FnPtr) -> Map {
        Map::new()
    }
}

#[export_module]
#[allow(clippy::needless_pass_by_value, clippy::unnecessary_wraps, unused_variables, unreachable_pub)]
mod files {
    /// Reads a text file.
    ///
    /// Errors: `io` where it cannot be read.
    ///
    /// ```rhai
    /// fs::read("/etc/hostname")
    /// ```
    #[rhai_fn(return_raw)]
    pub fn read(path: ImmutableString) -> Fallible<ImmutableString> {
        Ok(path)
    }

    /// Writes a text file.
    ///
    /// ```rhai
    /// fs::write("/tmp/x", "text");
    /// ```
    pub fn write(path: ImmutableString, text: ImmutableString) {}
}

/// A module as a user's library would have it.
pub(super) const SNAPSHOTS: &str = r#"//! Snapshots by age.

/// Removes the oldest snapshots.
///
/// ```rhai
/// import "snapshots" as snapshots;
/// snapshots::prune(guest("web1"), 7);
/// ```
fn prune(guest, keep) { helper(guest) }

private fn helper(guest) { guest }

/// Waits until the guest is gone.
///
/// @returns bool
///
/// ```rhai
/// import "snapshots" as snapshots;
/// guest("web1").wait_gone();
/// ```
fn Guest.wait_gone() { true }
"#;

pub(super) fn engine() -> Engine {
    let mut engine = Engine::new();
    engine.register_global_module(exported_module!(guest).into());
    engine.register_global_module(exported_module!(global).into());
    engine.register_static_module("fs", exported_module!(files).into());
    engine
}

pub(super) fn catalog(engine: &Engine) -> Catalog {
    let mut catalog = Catalog::from_engine(engine, &[&UNDEFINE, &GUESTS]);
    catalog.add_module("snapshots", &engine.compile(SNAPSHOTS).unwrap());
    catalog
}
