//! What the driver behind a connection has.

use rhai::Engine;
use rhai::plugin::{ImmutableString, export_module};

use crate::api::Fallible;
use crate::error::{Error, Result};
use crate::lang::suggest::nearest;
use crate::libvirt::{Connection, known_functions};

pub(super) fn register(engine: &mut Engine) {
    engine.register_global_module(rhai::exported_module!(connection_support).into());
}

/// Short names for what scripts ask for most.
const SHORT: &[(&str, &str)] =
    &[("stats", "virConnectGetAllDomainStats"), ("events", "virConnectDomainEventRegisterAny")];

/// The function that a name means.
fn find(name: &str) -> Result<&'static str> {
    let wanted = SHORT.iter().find(|(short, _)| *short == name).map_or(name, |(_, function)| function);
    let plain = |name: &str| name.replace(['_', '.'], "").to_lowercase();
    let wanted = plain(wanted.strip_prefix("vir").unwrap_or(wanted));
    let named = |function: &str| plain(&function[3..]);
    if let Some(found) = known_functions().find(|function| named(function) == wanted) {
        return Ok(found);
    }
    let ending: Vec<_> = known_functions().filter(|function| named(function).ends_with(&wanted)).collect();
    match ending[..] {
        [found] if !wanted.is_empty() => Ok(found),
        [_, _, ..] if !wanted.is_empty() => {
            let few: Vec<_> = ending.iter().take(6).copied().collect();
            Err(Error::usage(format!("{name:?} is not one function of libvirt"))
                .hint(format!("give one of {}", few.join(", "))))
        }
        _ => {
            let near = nearest(name, known_functions());
            let hint = near.map_or_else(
                || "for example \"virDomainBlockCopy\" or \"Domain.block_copy\"".to_owned(),
                |near| format!("did you mean {near:?}?"),
            );
            Err(Error::usage(format!("{name:?} is no function of libvirt")).hint(hint))
        }
    }
}

#[export_module]
#[allow(clippy::needless_pass_by_value)]
mod connection_support {
    /// Whether the driver behind the connection has a call, without trying it.
    ///
    /// The name is that of libvirt's function (`virDomainBlockCopy`) or of the method
    /// (`Domain.block_copy`); `stats` and `events` mean those of guests. From libvirt's own table of
    /// drivers and versions; options of a call that the driver lacks are not in it.
    ///
    /// Errors: `usage` for a name that is none, `unsupported` for a driver that the table does not have.
    ///
    /// ```rhai
    /// if !conn().supports("virDomainMigrateToURI3") { print("no migration here") }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn supports(connection: &mut Connection, name: ImmutableString) -> Fallible<bool> {
        Ok(Connection::supports(connection, find(&name)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_and_functions_are_one_name() {
        for name in ["virDomainBlockCopy", "Domain.block_copy", "domain.block_copy", "block_copy"] {
            assert_eq!(find(name).unwrap(), "virDomainBlockCopy", "{name}");
        }
        assert_eq!(find("stats").unwrap(), "virConnectGetAllDomainStats");
        assert_eq!(find("StoragePool.create").unwrap(), "virStoragePoolCreate");
    }

    #[test]
    fn a_name_that_is_none_or_too_short_is_refused_with_a_hint() {
        let hint = |name: &str| find(name).unwrap_err().facts().hint.clone().unwrap_or_default();
        assert!(hint("virDomainBlokCopy").contains("virDomainBlockCopy"));
        assert!(hint("create").contains("virDomainCreate"));
        assert!(hint("").contains("for example"));
    }
}
