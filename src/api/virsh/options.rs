//! What virsh asks of options that belong together.

use rhai::Map;
use rhai::plugin::{ImmutableString, export_module};

use crate::api::Fallible;
use crate::error::Error;
use crate::virsh::records::script_name;

/// Whether an option has a value; a flag that was not given is false.
fn has(options: &Map, name: &str) -> bool {
    options.get(script_name(name).as_str()).is_some_and(|value| {
        let is_empty = value.read_lock::<rhai::Array>().is_some_and(|list| list.is_empty());
        !value.is_unit() && value.as_bool() != Ok(false) && !is_empty
    })
}

#[export_module(manifest)]
pub(super) mod option_functions {
    /// Whether an option of a command was given.
    ///
    /// ```rhai
    /// print(vsh::is_given(#{ all: true, name: false }, "all"));
    /// ```
    #[rhai_fn(pure)]
    pub fn is_given(options: &mut Map, name: ImmutableString) -> bool {
        super::has(options, &name)
    }

    /// Refuses two options that exclude each other.
    ///
    /// Errors: `usage` where both were given.
    ///
    /// ```rhai
    /// try { vsh::exclusive(#{ all: true, name: true }, "all", "name") } catch (e) { print(e.message) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn exclusive(options: &mut Map, one: ImmutableString, other: ImmutableString) -> Fallible<()> {
        if super::has(options, &one) && super::has(options, &other) {
            return Err(Error::usage(format!("Options --{one} and --{other} are mutually exclusive")).into());
        }
        Ok(())
    }

    /// Refuses an option that makes sense only with another one.
    ///
    /// Errors: `usage` where the other one was not given.
    ///
    /// ```rhai
    /// try { vsh::requires(#{ all: true }, "all", "name") } catch (e) { print(e.message) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn requires(options: &mut Map, one: ImmutableString, other: ImmutableString) -> Fallible<()> {
        if super::has(options, &one) && !super::has(options, &other) {
            return Err(Error::usage(format!("Option --{other} is required by option --{one}")).into());
        }
        Ok(())
    }
}
