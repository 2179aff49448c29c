//! The arguments of a call: their types, the closure among them, the options map at their end.

use std::collections::BTreeSet;

use rhai::Expr;

use super::walk::Checker;
use crate::lang::catalog::{Entry, Overload};
use crate::lang::types::Type;

/// The native forms that a call may mean.
pub(super) type Matches<'c> = Vec<(&'c Entry, &'c Overload)>;

impl Checker<'_> {
    /// Follows the arguments of a call; returns their types and what the closure among them returns.
    pub(super) fn arguments(
        &mut self,
        args: &[Expr],
        receiver: &Type,
        matches: &Matches,
    ) -> (Vec<Type>, Type) {
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

    /// Checks the keys and literal values of an options map that stands as the last argument, or in front of a closure.
    pub(super) fn options(&mut self, args: &[Expr], matches: &Matches) {
        let last = args.iter().rfind(|argument| self.closure_of(argument).is_none());
        let Some(Expr::Map(map, _)) = last else { return };
        let mut tables = Vec::new();
        for (entry, overload) in matches {
            // A method called like a function has its receiver as the first argument.
            let last = overload.last().map(|last| &last.type_).or(entry.receiver.as_ref());
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

/// Returns the type of a call's result where all forms that fit agree on it.
pub(super) fn returns(matches: &Matches, arguments: &[Type], result: &Type) -> Type {
    let receiver = arguments.first().cloned().unwrap_or(Type::Any);
    matches
        .iter()
        .filter(|(_, overload)| fits(overload, arguments.len(), arguments))
        .map(|(_, overload)| overload.returns.resolve(&receiver, result))
        .reduce(Type::join)
        .unwrap_or(Type::Any)
}

/// True unless some argument can certainly not stand where this form wants it.
pub(super) fn fits(overload: &Overload, count: usize, arguments: &[Type]) -> bool {
    // A form that takes its receiver as an argument has one parameter more or less than were written.
    if overload.params.len() != count {
        return true;
    }
    overload.params.iter().zip(arguments).all(|(param, given)| given.may_be(&param.type_))
}

/// Words the numbers of arguments that a function takes: `no arguments`, `1 or 2 arguments`.
pub(super) fn count_words(accepted: &BTreeSet<usize>) -> String {
    let numbers: Vec<_> = accepted.iter().map(ToString::to_string).collect();
    match numbers.as_slice() {
        [only] if only == "0" => "no arguments".into(),
        [only] if only == "1" => "1 argument".into(),
        [only] => format!("{only} arguments"),
        [first @ .., last] => format!("{} or {last} arguments", first.join(", ")),
        [] => "other arguments".into(),
    }
}
