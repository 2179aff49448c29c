//! `validate(…)`: the stdlib module of that name for those who did not import it.

use rhai::plugin::export_module;
use rhai::{Array, Dynamic, ImmutableString, NativeCallContext, Scope};

use super::Fallible;
use crate::lang::natives::Natives;
use crate::libvirt::{library_version, version_text};

/// Registers the functions.
pub(super) fn register(natives: &mut Natives) {
    natives.global(&validate_functions::RHAI_MANIFEST);
}

/// Calls `validate::check` of the stdlib.
fn check(context: &NativeCallContext, what: Dynamic) -> Fallible<Array> {
    const CALL: &str = "import \"validate\" as validate; validate::check(what)";
    let mut scope = Scope::new();
    scope.push_dynamic("what", what);
    context.engine().eval_with_scope::<Array>(&mut scope, CALL)
}

#[export_module(manifest)]
mod validate_functions {
    /// Checks whether this host is fit to run guests, for the hypervisor of the default connection.
    ///
    /// One map for each check: `#{ hypervisor, check, status, found, why, fix }`; the module `validate` says more, and has
    /// functions for what comes of it.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// for result in validate("lxc") { if result.status == "fail" { print(`${result.check}: ${result.fix}`) } }
    /// ```
    #[rhai_fn(name = "validate", return_raw)]
    pub(super) fn validate(context: NativeCallContext) -> Fallible<Array> {
        super::check(&context, rhai::Map::new().into())
    }

    /// Checks a part of this host (`"qemu"`, `"lxc"`, `"ch"`, `"bhyve"`, `"host"`), an array of parts, or with the options
    /// of `validate::check`.
    ///
    /// Errors: `usage` for a part or an option that there is not.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// print(validate("lxc").filter(|result| result.status != "pass").len());
    /// ```
    #[rhai_fn(name = "validate", return_raw)]
    pub(super) fn validate_what(context: NativeCallContext, what: Dynamic) -> Fallible<Array> {
        super::check(&context, what)
    }

    /// The version of the installed libvirt library, such as `9.0.0` (`virGetVersion`).
    ///
    /// No connection is needed; `host().version()` also tells what the daemon is.
    ///
    /// ```rhai
    /// print(libvirt_version());
    /// ```
    #[rhai_fn(return_raw)]
    pub(super) fn libvirt_version() -> Fallible<ImmutableString> {
        Ok(version_text(library_version()?).into())
    }
}
