//! "Did you mean …?" for a name that a running script did not find.

use rhai::EvalAltResult;

use super::{Session, catalog};
use crate::api::error::innermost;
use crate::lang::catalog::Catalog;
use crate::lang::suggest::{nearest, nearest_of};

/// The name that may have been meant; the catalog is made only when a name was not found.
pub(super) fn hint(failure: &EvalAltResult, session: &Session) -> Option<String> {
    let near = match innermost(failure) {
        EvalAltResult::ErrorFunctionNotFound(signature, _) => function(signature, session)?,
        EvalAltResult::ErrorDotExpr(message, _) => {
            // "Unknown property 'stat' - a getter is not registered for type 'Domain'"
            let mut quoted = message.split('\'').skip(1).step_by(2);
            let (name, receiver) = (quoted.next()?, quoted.next()?);
            member(&catalog(session.engine()), receiver, name)?
        }
        EvalAltResult::ErrorVariableNotFound(name, _) => {
            let names: Vec<&str> = session.scope().iter().map(|(name, ..)| name).collect();
            nearest(name, names)?.to_owned()
        }
        _ => return None,
    };
    Some(format!("did you mean `{near}`?"))
}

/// A signature is a name and the types of the arguments: `strat (Domain, map)`.
fn function(signature: &str, session: &Session) -> Option<String> {
    let (name, arguments) = signature.split_once(" (").unwrap_or((signature, ""));
    let receiver = arguments.split([',', ')']).next().unwrap_or("").trim();
    let own: Vec<String> = session.functions().iter_functions().map(|f| f.name.to_owned()).collect();
    let catalog = catalog(session.engine());
    let members = catalog.entries().iter().filter(|entry| is_of(entry.receiver.as_ref(), receiver));
    let functions = catalog.functions("").map(|entry| entry.name.as_str());
    let members = members.map(|entry| entry.name.as_str());
    nearest_of(name, members, functions.chain(own.iter().map(String::as_str))).map(str::to_owned)
}

fn member(catalog: &Catalog, receiver: &str, name: &str) -> Option<String> {
    let members = catalog.entries().iter().filter(|entry| is_of(entry.receiver.as_ref(), receiver));
    nearest(name, members.map(|entry| entry.name.as_str())).map(str::to_owned)
}

fn is_of(receiver: Option<&crate::lang::types::Type>, name: &str) -> bool {
    receiver.is_some_and(|known| known.name() == name)
}
