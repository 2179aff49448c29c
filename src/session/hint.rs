//! "Did you mean …?" for a name that a running script did not find.

use rhai::EvalAltResult;

use super::Session;
use crate::api::error::innermost;
use crate::lang::catalog::{Catalog, Entry, Kind};
use crate::lang::lint::{self, NoModules, Surroundings};
use crate::lang::suggest::{nearest, nearest_of};
use crate::report::Sources;

/// How many forms of a function a hint names.
const FORMS: usize = 3;
/// Up to so many functions of a module are all named.
const MEMBERS: usize = 12;

/// The name that may have been meant; the catalog is made only when a name was not found.
pub(super) fn hint(failure: &EvalAltResult, session: &Session) -> Option<String> {
    let near = match innermost(failure) {
        EvalAltResult::ErrorFunctionNotFound(signature, _) => {
            let catalog = session.catalog();
            for hint in [wrong_arguments, of_module, method] {
                if let Some(hint) = hint(signature, &catalog) {
                    return Some(hint);
                }
            }
            function(signature, session, &catalog)?
        }
        EvalAltResult::ErrorDotExpr(message, _) => {
            // "Unknown property 'stat' - a getter is not registered for type 'Domain'"
            let mut quoted = message.split('\'').skip(1).step_by(2);
            let (name, receiver) = (quoted.next()?, quoted.next()?);
            member(&session.catalog(), receiver, name)?
        }
        EvalAltResult::ErrorVariableNotFound(name, _) => {
            let names: Vec<&str> = session.scope().iter().map(|(name, ..)| name).collect();
            nearest(name, names)?.to_owned()
        }
        EvalAltResult::ErrorParsing(_, position) => return syntax(position.line()?, session),
        _ => return None,
    };
    Some(format!("did you mean `{near}`?"))
}

/// What `check` advises about the line that does not parse.
fn syntax(line: usize, session: &Session) -> Option<String> {
    let text = session.text(session.main())?;
    let surroundings =
        Surroundings { scope: Some(session.scope()), functions: Some(session.functions()), imports: &[] };
    let catalog = session.catalog();
    let findings =
        lint::check_in(&text, session.main(), &catalog, &NoModules, session.engine(), &surroundings);
    findings.into_iter().find(|finding| finding.line == line)?.hint
}

/// For a function that is there but takes other arguments: what it takes.
fn wrong_arguments(signature: &str, catalog: &Catalog) -> Option<String> {
    let (path, receiver) = name_and_receiver(signature);
    let (namespace, name) = namespace_and_name(path);
    let forms = |fits: &dyn Fn(&Entry) -> bool| -> Vec<String> {
        let known = catalog.named(name).filter(|entry| entry.kind != Kind::Index && fits(entry));
        known.flat_map(Entry::signatures).take(FORMS).collect()
    };
    let in_namespace = |entry: &Entry| {
        entry.kind == Kind::Function && entry.module.is_none() && entry.namespace == namespace
    };
    let mut known = forms(&|entry| namespace.is_empty() && is_of(entry.receiver.as_ref(), receiver));
    if known.is_empty() {
        known = forms(&in_namespace);
    }
    (!known.is_empty()).then(|| format!("it is called as `{}`", known.join("` or `")))
}

fn name_and_receiver(signature: &str) -> (&str, &str) {
    let (name, arguments) = signature.split_once(" (").unwrap_or((signature, ""));
    (name, arguments.split([',', ')']).next().unwrap_or("").trim())
}

/// Takes `table::show` apart; a function without a module has an empty one.
fn namespace_and_name(path: &str) -> (&str, &str) {
    path.rsplit_once("::").unwrap_or(("", path))
}

/// For a method of the default connection or its host that was called as a function: the call of it.
fn method(signature: &str, catalog: &Catalog) -> Option<String> {
    let call = catalog.call_of_method(name_and_receiver(signature).0)?;
    Some(format!("it is a method: `{call}`"))
}

/// For a function that a module does not have: the nearest that it has, or all where they are few.
fn of_module(signature: &str, catalog: &Catalog) -> Option<String> {
    let (namespace, name) = namespace_and_name(name_and_receiver(signature).0);
    // The session has the modules that a source imported, under the names that it gave them.
    let names: Vec<&str> = catalog
        .functions(namespace)
        .map(|entry| entry.name.as_str())
        .filter(|_| !namespace.is_empty())
        .collect();
    match nearest(name, names.iter().copied()) {
        Some(near) => Some(format!("did you mean `{namespace}::{near}`?")),
        None if (1..=MEMBERS).contains(&names.len()) => {
            Some(format!("`{namespace}` has {}", names.join(", ")))
        }
        None => None,
    }
}

/// A signature is a name and the types of the arguments: `strat (Domain, map)`.
fn function(signature: &str, session: &Session, catalog: &Catalog) -> Option<String> {
    let (name, receiver) = name_and_receiver(signature);
    let own: Vec<String> = session.functions().iter_functions().map(|f| f.name.to_owned()).collect();
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
