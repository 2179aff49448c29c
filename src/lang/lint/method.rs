//! Calls of methods: whether the value has such a one.

use std::collections::BTreeSet;

use rhai::{FnCallExpr, Position};

use super::arguments::{Matches, fits};
use super::call::LANGUAGE;
use super::walk::Checker;
use super::{Finding, did_you_mean};
use crate::lang::catalog::{Entry, Kind, Overload};
use crate::lang::suggest;
use crate::lang::types::Type;

impl<'a> Checker<'a> {
    /// Follows `receiver.name(…)` and returns the type of the result.
    pub(super) fn method_call(
        &mut self,
        receiver: &Type,
        variable: Option<&str>,
        call: &FnCallExpr,
        position: Position,
    ) -> Type {
        let (name, count) = (call.name.as_str(), call.args.len());
        let matches = self.method_matches(receiver, name, count);
        let findings = self.call_traps(receiver, variable, call, &matches);
        self.findings.extend(findings);
        let (arguments, result) = self.arguments(&call.args, receiver, &matches);
        if let Some((_, type_)) = LANGUAGE.iter().find(|(known, _)| *known == name) {
            return type_.clone();
        }
        let own = self.script_method(receiver, name, count);
        if !matches.is_empty() && !own {
            self.options(&call.args, &matches);
            let types = matches.iter().filter(|(_, overload)| fits(overload, count, &arguments));
            let types = types.map(|(_, overload)| overload.returns.resolve(receiver, &result));
            return types.reduce(Type::join).unwrap_or(Type::Any);
        }
        if !own && !self.may_have_method(receiver, name, count) {
            let finding = self.no_such_method(receiver, name, count, position);
            self.report(finding);
        }
        Type::Any
    }

    /// Returns the native forms that `receiver.name(…)` may mean.
    fn method_matches(&self, receiver: &Type, name: &str, count: usize) -> Matches<'a> {
        let mut matches = Vec::new();
        for entry in self.catalog.named(name).filter(|entry| entry.module.is_none()) {
            let fits = entry.receiver.as_ref().is_some_and(|of| receiver.may_be(of));
            match entry.kind {
                Kind::Method if fits => {
                    matches.extend(entry.with_arguments(count).map(|overload| (entry, overload)));
                }
                Kind::Function if entry.namespace.is_empty() => {
                    let takes = |overload: &&Overload| receiver.may_be(&overload.params[0].type_);
                    let overloads = entry.with_arguments(count + 1).filter(takes);
                    matches.extend(overloads.map(|overload| (entry, overload)));
                }
                _ => {}
            }
        }
        matches
    }

    /// True if a function of the script may be called on this value.
    fn script_method(&self, receiver: &Type, name: &str, count: usize) -> bool {
        let fits = |this: Option<&Type>| this.is_none_or(|this| receiver.may_be(this));
        self.own(name).any(|function| function.params.len() == count && fits(function.this.as_ref()))
    }

    /// True if something that is neither native nor the script's can be called like this: a method of an
    /// imported module, a closure kept in a map.
    fn may_have_method(&self, receiver: &Type, name: &str, count: usize) -> bool {
        let fits = |this: Option<&Type>| this.is_none_or(|this| receiver.may_be(this));
        let mut imported = self.imports.methods(name);
        let facts = &self.program.facts;
        let in_a_map = matches!(receiver, Type::Map | Type::Any) && facts.keys.contains(name);
        imported.any(|entry| fits(entry.receiver.as_ref()) && entry.with_arguments(count).next().is_some())
            || in_a_map
            || *receiver == Type::Nothing
            || self.imports.opaque()
            || facts.evaluates
    }

    fn no_such_method(&self, receiver: &Type, name: &str, count: usize, position: Position) -> Finding {
        let fits = |entry: &Entry| entry.receiver.as_ref().is_some_and(|of| receiver.may_be(of));
        let methods = || self.catalog.named(name).filter(|entry| entry.kind == Kind::Method && fits(entry));
        let functions = self.catalog.named(name).filter(|entry| {
            entry.kind == Kind::Function && entry.namespace.is_empty() && entry.module.is_none()
        });
        let own =
            self.own(name).filter(|function| function.this.as_ref().is_none_or(|this| receiver.may_be(this)));

        let mut accepted: BTreeSet<usize> = BTreeSet::new();
        let mut signatures = Vec::new();
        for entry in methods().chain(self.imports.methods(name)).filter(|entry| entry.module.is_none()) {
            accepted.extend(entry.overloads.iter().map(|overload| overload.params.len()));
            signatures.extend(entry.signatures());
        }
        for overload in functions.flat_map(|entry| &entry.overloads) {
            if overload.params.first().is_some_and(|first| receiver.may_be(&first.type_)) {
                accepted.insert(overload.params.len() - 1);
                signatures.push(format!("{name}({})", overload.list()));
            }
        }
        for function in own {
            accepted.insert(function.params.len());
            signatures.push(format!("{name}({})", function.params.join(", ")));
        }
        if !accepted.is_empty() {
            let shown =
                if receiver.is_any() { name.to_string() } else { format!("{}.{name}", receiver.name()) };
            return self.wrong_arguments(&shown, &accepted, count, signatures, position);
        }
        let message = if receiver.is_any() {
            format!("there is no method `{name}`")
        } else {
            format!("{} has no method `{name}`", receiver.name())
        };
        let in_module = methods().find_map(|entry| entry.module.as_deref());
        let hint = match in_module {
            Some(module) => Some(format!("it comes with a module: `import \"{module}\" as {module};`")),
            None => self.missing_method_hint(receiver, name),
        };
        self.text.finding(position, "unknown_method", message).maybe(hint)
    }

    fn missing_method_hint(&self, receiver: &Type, name: &str) -> Option<String> {
        if !receiver.is_any() && self.catalog.property(receiver, name).is_some() {
            return Some(format!("`{name}` is a property: write it without parentheses"));
        }
        let is_method = |entry: &&Entry| entry.kind == Kind::Method;
        let own = self.program.functions.iter().map(|function| function.name.as_str());
        if receiver.is_any() {
            let every = self.catalog.entries().iter().filter(is_method).map(|entry| entry.name.as_str());
            return did_you_mean(suggest::nearest(name, every.chain(own)));
        }
        let members = || self.catalog.members(receiver);
        let methods = members().filter(is_method).map(|entry| entry.name.as_str()).chain(own);
        let properties = members().filter(|entry| !is_method(entry)).map(|entry| entry.name.as_str());
        did_you_mean(suggest::nearest_of(name, methods, properties))
    }
}
