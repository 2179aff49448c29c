//! Which of a guest's two definitions a call reads or changes: the running one, the stored one or both.

use crate::error::{Error, Result};
use crate::lang::options::{OptionSpec, Parsed, boolean, flag};
use crate::libvirt::{Domain, sys};

/// The running guest.
pub(super) const LIVE: OptionSpec = flag("live", sys::VIR_DOMAIN_AFFECT_LIVE, "Of the running guest.");

/// The stored definition.
pub(super) const CONFIG: OptionSpec =
    flag("config", sys::VIR_DOMAIN_AFFECT_CONFIG, "Of the stored definition.");

/// What a call means without any of these options.
pub(super) const CURRENT: OptionSpec =
    boolean("current", "Of the running guest if it runs, else of the definition: the default.");

/// The stored definition, and the running guest if there is one.
pub(super) const PERSISTENT: OptionSpec =
    boolean("persistent", "Of the stored definition, and of the running guest if it runs.");

/// The three that most calls have.
pub(super) const AFFECT: &[OptionSpec] = &[LIVE, CONFIG, CURRENT];

/// The bits of the options, together with those of all other flags.
///
/// Errors: `usage` for options that exclude each other.
pub(in crate::api) fn affect(options: &Parsed) -> Result<u32> {
    for other in ["live", "config", "persistent"] {
        if options.flag("current") && options.flag(other) {
            return Err(Error::usage(format!("`current` and `{other}` exclude each other"))
                .operation(options.operation())
                .hint("`live`, `config` or both; without them it is as with `current`"));
        }
    }
    Ok(options.flags())
}

/// The same for calls that also know `persistent`, for which the guest is asked whether it runs.
///
/// Errors: `usage` for options that exclude each other, and those of asking.
pub(super) fn affect_of(vm: &Domain, options: &Parsed) -> Result<u32> {
    let flags = affect(options)?;
    if !options.flag("persistent") {
        return Ok(flags);
    }
    let live = if vm.is_active()? { sys::VIR_DOMAIN_AFFECT_LIVE } else { 0 };
    Ok(flags | live | sys::VIR_DOMAIN_AFFECT_CONFIG)
}
