//! Calls: whether there is such a function, and whether it takes these arguments.

use std::collections::BTreeSet;

use rhai::{FnCallExpr, Namespace, Position};

use super::arguments::{Matches, count_words, returns};
use super::modules::Import;
use super::program::Function;
use super::walk::Checker;
use super::{Finding, did_you_mean};
use crate::lang::catalog::{Entry, Kind, Origin};
use crate::lang::suggest;
use crate::lang::types::Type;

/// Functions that are part of the language.
pub(super) const LANGUAGE: [(&str, Type); 10] = [
    ("Fn", Type::Closure),
    ("call", Type::Any),
    ("curry", Type::Closure),
    ("debug", Type::Nothing),
    ("eval", Type::Any),
    ("is_def_fn", Type::Bool),
    ("is_def_var", Type::Bool),
    ("is_shared", Type::Bool),
    ("print", Type::Nothing),
    ("type_of", Type::Text),
];

impl<'a> Checker<'a> {
    /// Follows `name(…)`, `module::name(…)` or an operator and returns the type of the result.
    pub(super) fn function_call(&mut self, call: &FnCallExpr, position: Position) -> Type {
        if !call.namespace.is_empty() {
            return self.qualified_call(call, position);
        }
        let name = call.name.as_str();
        if call.is_operator_call() || !rhai::is_valid_identifier(name) {
            return self.operator(call);
        }
        let count = call.args.len();
        let matches = self.function_matches(name, count);
        let (arguments, result) = self.arguments(&call.args, &Type::Any, &matches);
        if let Some((_, type_)) = LANGUAGE.iter().find(|(known, _)| *known == name) {
            return type_.clone();
        }
        if let Some(returns) = self.script_function(name, count) {
            return returns;
        }
        if matches.is_empty() {
            let finding = self.no_such_function(name, count, position);
            self.report(finding);
            return Type::Any;
        }
        self.options(&call.args, &matches);
        returns(&matches, &arguments, &result)
    }

    /// Returns what a function of the script with this many parameters returns, if there is one.
    fn script_function(&self, name: &str, count: usize) -> Option<Type> {
        self.own(name)
            .find(|function| function.this.is_none() && function.params.len() == count)
            .map(|function| function.returns.clone())
    }

    /// Returns the native forms that `name(…)` with this many arguments may mean: a method takes its receiver
    /// as the first.
    fn function_matches(&self, name: &str, count: usize) -> Matches<'a> {
        let native = |entry: &&Entry| entry.module.is_none() && entry.namespace.is_empty();
        let mut matches = Vec::new();
        for entry in self.catalog.named(name).filter(native) {
            match entry.kind {
                Kind::Function => {
                    matches.extend(entry.with_arguments(count).map(|overload| (entry, overload)));
                }
                Kind::Method if count > 0 && entry.origin != Origin::Script => {
                    matches.extend(entry.with_arguments(count - 1).map(|overload| (entry, overload)));
                }
                _ => {}
            }
        }
        matches
    }

    fn no_such_function(&self, name: &str, count: usize, position: Position) -> Finding {
        let unknown = |hint: Option<String>| {
            let message = format!("there is no function `{name}`");
            self.text.finding(position, "unknown_function", message).maybe(hint)
        };
        if self.catalog.function("", name).is_none()
            && self.own(name).next().is_none()
            && let Some(call) = self.catalog.call_of_method(name)
        {
            return unknown(Some(format!("it is a method: `{call}`")));
        }
        let callable = |entry: &&Entry| {
            entry.module.is_none()
                && entry.namespace.is_empty()
                && matches!(entry.kind, Kind::Function | Kind::Method)
        };
        let mut accepted = BTreeSet::new();
        let mut signatures = Vec::new();
        for entry in self.catalog.named(name).filter(callable) {
            let receiver = usize::from(entry.kind == Kind::Method);
            accepted.extend(entry.overloads.iter().map(|overload| overload.params.len() + receiver));
            signatures.extend(entry.signatures());
        }
        for function in self.own(name).filter(|function| function.this.is_none()) {
            accepted.insert(function.params.len());
            signatures.push(format!("{name}({})", function.params.join(", ")));
        }
        if !accepted.is_empty() {
            return self.wrong_arguments(name, &accepted, count, signatures, position);
        }
        unknown(self.missing_function_hint(name))
    }

    fn missing_function_hint(&self, name: &str) -> Option<String> {
        if self.frame.get(name).is_some() {
            return Some(format!("a closure in a variable is called with `{name}.call(…)`"));
        }
        let functions = self.catalog.functions("").map(|entry| entry.name.as_str());
        let own = self.program.functions.iter().chain(self.earlier).map(|function| function.name.as_str());
        let exact = self.catalog.named(name).find(|entry| entry.kind == Kind::Function);
        match exact {
            Some(Entry { module: Some(module), .. }) => {
                Some(format!("write `import \"{module}\" as {module};` and call `{module}::{name}(…)`"))
            }
            Some(entry) => Some(format!("did you mean `{}`?", entry.path())),
            None => did_you_mean(suggest::nearest(name, functions.chain(own))),
        }
    }

    pub(super) fn wrong_arguments(
        &self,
        path: &str,
        accepted: &BTreeSet<usize>,
        given: usize,
        signatures: Vec<String>,
        position: Position,
    ) -> Finding {
        let message = format!("`{path}` takes {}, not {given}", count_words(accepted));
        let mut shown: Vec<_> = signatures.into_iter().take(4).collect();
        shown.dedup();
        self.text.finding(position, "wrong_arguments", message).hint(shown.join(" or "))
    }

    /// Follows `module::name(…)`.
    fn qualified_call(&mut self, call: &FnCallExpr, position: Position) -> Type {
        let path: Vec<_> = call.namespace.path.iter().map(|part| part.name.as_str()).collect();
        let (namespace, name, count) = (path.join("::"), call.name.as_str(), call.args.len());
        let native: Vec<&Entry> = self
            .catalog
            .named(name)
            .filter(|entry| entry.module.is_none() && entry.namespace == namespace)
            .collect();
        let matches: Matches = native
            .iter()
            .flat_map(|entry| entry.with_arguments(count).map(|overload| (*entry, overload)))
            .collect();
        let (arguments, result) = self.arguments(&call.args, &Type::Any, &matches);
        if !matches.is_empty() {
            self.options(&call.args, &matches);
            return returns(&matches, &arguments, &result);
        }
        if !self.namespace(&call.namespace) {
            return Type::Any;
        }
        let imports = self.imports;
        let entries: Vec<&Entry> = match imports.alias(&namespace) {
            Some(Import::Known(entries)) => entries.iter().filter(|entry| entry.receiver.is_none()).collect(),
            None if self.catalog.namespaces().contains(namespace.as_str()) => {
                self.catalog.functions(&namespace).collect()
            }
            _ => return Type::Any,
        };
        let named = || entries.iter().filter(|entry| entry.name == name);
        if let Some(found) = named().find(|entry| entry.with_arguments(count).next().is_some()) {
            return found.returns(&Type::Any, &arguments, &result);
        }
        let shown = format!("{namespace}::{name}");
        let accepted: BTreeSet<_> =
            named().flat_map(|entry| &entry.overloads).map(|overload| overload.params.len()).collect();
        let finding = if accepted.is_empty() {
            let nearest = suggest::nearest(name, entries.iter().map(|entry| entry.name.as_str()));
            let nearest = nearest.map(|nearest| format!("{namespace}::{nearest}"));
            let message = format!("there is no function `{shown}`");
            self.text.finding(position, "unknown_function", message).maybe(did_you_mean(nearest.as_deref()))
        } else {
            let signatures = named().flat_map(|entry| entry.signatures()).collect();
            self.wrong_arguments(&shown, &accepted, count, signatures, position)
        };
        self.report(finding);
        Type::Any
    }

    /// Reports a module name in front of `::` that means nothing; false if it did.
    pub(super) fn namespace(&mut self, namespace: &Namespace) -> bool {
        let Some(root) = namespace.path.first() else { return true };
        let name = root.name.as_str();
        let prefix = format!("{name}::");
        let namespaces = self.catalog.namespaces();
        let native = namespaces.iter().any(|known| *known == name || known.starts_with(&prefix));
        if name == "global" || native || self.imports.alias(name).is_some() || self.program.facts.evaluates {
            return true;
        }
        let hint = if self.catalog.modules().any(|module| module == name) {
            Some(format!("write `import \"{name}\" as {name};` first"))
        } else {
            did_you_mean(suggest::nearest(name, self.imports.aliases().chain(namespaces)))
        };
        let message = format!("there is no module `{name}` here");
        let finding = self.text.finding(root.pos, "unknown_module", message).maybe(hint);
        self.report(finding);
        false
    }

    /// Returns the functions that the script, or what ran before it, defines under a name.
    pub(super) fn own<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Function> {
        self.program.named(name).chain(self.earlier.iter().filter(move |earlier| earlier.name == name))
    }
}
