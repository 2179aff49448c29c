//! Calls: whether there is such a function, and whether it takes these arguments.

use std::collections::BTreeSet;

use rhai::{Expr, FnCallExpr, Namespace, Position};

use super::modules::Import;
use super::program::Function;
use super::walk::Checker;
use super::{Finding, did_you_mean};
use crate::lang::catalog::{Entry, Kind, Origin, Overload};
use crate::lang::suggest;
use crate::lang::types::Type;

/// Functions that are part of the language.
const LANGUAGE: [(&str, Type); 10] = [
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

/// The native forms that a call may mean.
type Matches<'c> = Vec<(&'c Entry, &'c Overload)>;

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
        let message = format!("there is no function `{name}`");
        self.text.finding(position, "unknown_function", message).maybe(self.missing_function_hint(name))
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

    fn wrong_arguments(
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

    /// Returns the functions that the script, or what ran before it, defines under a name.
    fn own<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Function> {
        self.program.named(name).chain(self.earlier.iter().filter(move |earlier| earlier.name == name))
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

    /// Follows the arguments of a call; returns their types and what the closure among them returns.
    fn arguments(&mut self, args: &[Expr], receiver: &Type, matches: &Matches) -> (Vec<Type>, Type) {
        let mut result = Type::Any;
        let mut types = Vec::with_capacity(args.len());
        for argument in args {
            let Some(closure) = self.closure_of(argument) else {
                types.push(self.expr(argument));
                continue;
            };
            let receiver = match types.first() {
                Some(first) if receiver.is_any() => first,
                _ => receiver,
            };
            result = self.closure(&closure, &closure_params(receiver, matches));
            types.push(Type::Closure);
        }
        (types, result)
    }

    /// Checks the keys and literal values of an options map that stands as the last argument.
    fn options(&mut self, args: &[Expr], matches: &Matches) {
        let Some(Expr::Map(map, _)) = args.last() else { return };
        let mut tables = Vec::new();
        for (entry, overload) in matches {
            // A method called like a function has its receiver as the first argument.
            let last = overload.params.last().map(|last| &last.type_).or(entry.receiver.as_ref());
            if last.is_some_and(|last| !Type::Map.may_be(last)) {
                continue;
            }
            match self.catalog.option_table(&entry.path()).filter(|_| overload.takes_options()) {
                Some(table) => tables.push(table),
                None => return,
            }
        }
        let Some(first) = tables.first() else { return };
        for (key, value) in &map.0 {
            let unknown = tables.iter().all(|table| table.spec(&key.name).is_none());
            let fault = if unknown {
                Some((first.unknown(&key.name), "unknown_option", key.pos))
            } else if let ([table], Some(value)) = (tables.as_slice(), value.get_literal_value(None)) {
                table.complaint(&key.name, value).map(|error| (error, "wrong_option", key.pos))
            } else {
                None
            };
            if let Some((error, code, position)) = fault {
                let hint = error.facts().hint.clone();
                let finding = self.text.finding(position, code, error.to_string()).maybe(hint);
                self.report(finding);
            }
        }
    }
}

/// Returns the types that the closure of a call is called with, where all forms that name some agree.
fn closure_params(receiver: &Type, matches: &Matches) -> Vec<Type> {
    let declared = matches.iter().filter(|(_, overload)| !overload.closure.is_empty());
    let mut types = declared.map(|(_, overload)| {
        overload.closure.iter().map(|one| one.resolve(receiver, &Type::Any)).collect::<Vec<_>>()
    });
    let first = types.next().unwrap_or_default();
    if types.all(|other| other == first) { first } else { Vec::new() }
}

fn returns(matches: &Matches, arguments: &[Type], result: &Type) -> Type {
    let receiver = arguments.first().cloned().unwrap_or(Type::Any);
    matches
        .iter()
        .filter(|(_, overload)| fits(overload, arguments.len(), arguments))
        .map(|(_, overload)| overload.returns.resolve(&receiver, result))
        .reduce(Type::join)
        .unwrap_or(Type::Any)
}

/// True unless some argument can certainly not stand where this form wants it.
fn fits(overload: &Overload, count: usize, arguments: &[Type]) -> bool {
    // A form that takes its receiver as an argument has one parameter more or less than were written.
    if overload.params.len() != count {
        return true;
    }
    overload.params.iter().zip(arguments).all(|(param, given)| given.may_be(&param.type_))
}

/// Words the numbers of arguments that a function takes: `no arguments`, `1 or 2 arguments`.
fn count_words(accepted: &BTreeSet<usize>) -> String {
    let numbers: Vec<_> = accepted.iter().map(ToString::to_string).collect();
    match numbers.as_slice() {
        [only] if only == "0" => "no arguments".into(),
        [only] if only == "1" => "1 argument".into(),
        [only] => format!("{only} arguments"),
        [first @ .., last] => format!("{} or {last} arguments", first.join(", ")),
        [] => "other arguments".into(),
    }
}
