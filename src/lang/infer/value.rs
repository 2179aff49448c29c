//! The types of values, from pieces of source.

use super::live;
use super::reader::Reader;
use crate::lang::catalog::Entry;
use crate::lang::lint::typing::{element_at, element_of, operator_type};
use crate::lang::tokens::{Class, opens};
use crate::lang::types::Type;

/// What a map is called here that is an event: its keys are known.
pub const EVENT: &str = "Event";

/// Operators from the loosest to the tightest; within a row, those that rhai reads from the left.
const OPERATORS: [&[&str]; 9] = [
    &["||", "|", "^"],
    &["&&", "&"],
    &["==", "!="],
    &["in", "!in", "<", "<=", ">", ">="],
    &["??"],
    &["..", "..="],
    &["+", "-"],
    &["*", "/", "%"],
    &["**", "<<", ">>"],
];

impl Reader<'_> {
    /// Returns the type of the expression between two pieces.
    pub(super) fn expression(&self, start: usize, end: usize) -> Type {
        if start >= end { Type::Any } else { self.limited(|| self.any_expression(start, end)) }
    }

    fn any_expression(&self, start: usize, end: usize) -> Type {
        match self.text(start) {
            "|" | "||" => return Type::Closure,
            "if" if self.text(end - 1) == "}" => return self.branches(start, end),
            "if" | "switch" | "loop" | "while" | "for" | "do" => return Type::Any,
            "{" if self.partner(start) == Some(end - 1) => return self.function_body(start),
            _ => {}
        }
        for row in OPERATORS {
            if let Some(at) = self.operator(start, end, row) {
                let (left, right) = (self.expression(start, at), self.expression(at + 1, end));
                return match self.text(at) {
                    "&&" | "||" | "in" | "!in" => Type::Bool,
                    "??" => left.join(right),
                    operator => operator_type(operator, &[left, right]),
                };
            }
        }
        match self.text(start) {
            "!" => Type::Bool,
            "-" | "+" => self.expression(start + 1, end),
            _ => self.chain(start, end),
        }
    }

    /// Finds the last operator of a row that stands between two values and in no inner bracket.
    fn operator(&self, start: usize, end: usize, row: &[&str]) -> Option<usize> {
        let mut found = None;
        let mut index = start;
        while index < end {
            if index > start && row.contains(&self.text(index)) && self.ends_value(index - 1) {
                found = Some(index);
            } else if opens(&self.tokens[index], self.source) == Some(true) {
                index = self.partner(index).filter(|&close| close < end).unwrap_or(end);
            }
            index += 1;
        }
        found
    }

    /// Returns the type of a value and everything that follows it by dots and brackets.
    fn chain(&self, start: usize, end: usize) -> Type {
        let (mut type_, mut index) = self.primary(start, end);
        while index < end {
            match self.text(index) {
                "." | "?." => {
                    let name = self.text(index + 1);
                    let open = index + 2;
                    if open < end && self.text(open) == "(" {
                        let Some(close) = self.partner(open) else { return Type::Any };
                        type_ = match self.catalog.method(&type_, name) {
                            Some(_) if name == "next" && is_events(&type_) => Type::object(EVENT),
                            Some(method) => self.result(method, &type_, open),
                            None => self.own_result(Some(&type_), name, open).unwrap_or(Type::Any),
                        };
                        index = close + 1;
                    } else {
                        type_ = match self.catalog.property(&type_, name) {
                            Some(property) => property.returns(&type_, &[], &Type::Any),
                            None => element_at(self.catalog, &type_, &Type::Text),
                        };
                        index = open;
                        type_ = self.known_type(type_, start, index);
                    }
                }
                "[" | "?[" => {
                    let Some(close) = self.partner(index) else { return Type::Any };
                    type_ = element_at(self.catalog, &type_, &self.expression(index + 1, close));
                    index = close + 1;
                    type_ = self.known_type(type_, start, index);
                }
                _ => return Type::Any,
            }
        }
        type_
    }

    /// Returns the type of a value that is there, or of one like it, where the source alone does not tell.
    fn known_type(&self, type_: Type, start: usize, end: usize) -> Type {
        if !type_.is_any() && type_ != Type::array_of(Type::Any) {
            return type_;
        }
        let live = self
            .example(start, end)
            .and_then(|path| live::look(&path, self.scope, |value| self.catalog.type_of(value)));
        live.unwrap_or(type_)
    }

    /// Returns the type of the value that begins at `start`, and the index of the piece after it.
    fn primary(&self, start: usize, end: usize) -> (Type, usize) {
        let token = self.tokens[start];
        let text = self.text(start);
        match token.class {
            Class::Number => (number(text), start + 1),
            Class::String if text.starts_with('\'') => (Type::Char, start + 1),
            Class::String => (Type::Text, self.text_end(start)),
            Class::Bracket => self.bracketed(start),
            Class::Keyword if text == "this" => (self.this(start), start + 1),
            Class::Keyword if matches!(text, "true" | "false") => (Type::Bool, start + 1),
            _ if self.is_name(start) => self.named(start, end),
            _ => (Type::Any, end),
        }
    }

    fn bracketed(&self, open: usize) -> (Type, usize) {
        let Some(close) = self.partner(open) else { return (Type::Any, self.tokens.len()) };
        let type_ = match self.text(open) {
            "(" if close == open + 1 => Type::Nothing,
            "(" => self.expression(open + 1, close),
            "[" => {
                let items = self.split(open + 1, close, ",").into_iter().filter(|(start, end)| start < end);
                let types = items.map(|(start, end)| self.expression(start, end));
                Type::array_of(types.reduce(Type::join).unwrap_or(Type::Any))
            }
            "#{" => Type::Map,
            _ => Type::Any,
        };
        (type_, close + 1)
    }

    /// Returns the index after a text that may have `${…}` in it.
    fn text_end(&self, start: usize) -> usize {
        let mut next = start + 1;
        while self.text(next) == "${" {
            let Some(close) = self.partner(next) else { return self.tokens.len() };
            next = close + 2;
        }
        next
    }

    /// Returns the type of a variable, a call or `module::call(…)`.
    fn named(&self, start: usize, end: usize) -> (Type, usize) {
        let mut name = start;
        while self.text(name + 1) == "::" && name + 2 < end {
            name += 2;
        }
        let open = name + 1;
        if open >= end || self.text(open) != "(" {
            let type_ = if name == start { self.variable(self.text(name), start) } else { Type::Any };
            return (type_, open);
        }
        let Some(close) = self.partner(open) else { return (Type::Any, end) };
        let namespace = if name > start { self.range(start, name - 1) } else { "" };
        let own = Some(name).filter(|_| namespace.is_empty());
        let type_ = own.and_then(|name| self.own_result(None, self.text(name), open)).or_else(|| {
            let function = self.function(namespace, self.text(name))?;
            Some(self.result(function, &Type::Any, open))
        });
        (type_.unwrap_or(Type::Any), close + 1)
    }

    /// Returns a function of the catalog, also one of a module that this source has imported.
    pub(super) fn function(&self, namespace: &str, name: &str) -> Option<&Entry> {
        self.catalog.function(namespace, name).or_else(|| {
            let (_, module) = self.imports().into_iter().find(|(alias, _)| alias == namespace)?;
            self.catalog.named(name).find(|entry| entry.module.as_deref() == Some(&module))
        })
    }

    /// Returns the type of the result of a function of this source whose arguments begin at `open`.
    fn own_result(&self, of: Option<&Type>, name: &str, open: usize) -> Option<Type> {
        let close = self.partner(open)?;
        let arguments = if close == open + 1 { 0 } else { self.split(open + 1, close, ",").len() };
        self.declared_result(of, name, arguments)
    }

    /// Returns the type of the result of a call whose arguments begin at `open`.
    fn result(&self, entry: &Entry, receiver: &Type, open: usize) -> Type {
        let Some(close) = self.partner(open) else { return Type::Any };
        let arguments: Vec<_> =
            self.split(open + 1, close, ",").into_iter().filter(|(start, end)| start < end).collect();
        let types: Vec<_> = arguments.iter().map(|&(start, end)| self.expression(start, end)).collect();
        let closure = arguments.iter().find(|(start, _)| matches!(self.text(*start), "|" | "||"));
        let result = closure.map_or(Type::Any, |&(start, end)| self.closure_result(start, end));
        entry.returns(receiver, &types, &result)
    }

    /// Returns the type of what a closure gives whose body is one expression.
    fn closure_result(&self, start: usize, end: usize) -> Type {
        let body = match self.text(start) {
            "||" => start + 1,
            _ => self.closure_params(start).map_or(end, |(close, _)| close + 1),
        };
        if self.text(body) == "{" && self.partner(body) == Some(end - 1) {
            self.limited(|| self.function_body(body))
        } else {
            self.expression(body, end)
        }
    }

    /// Returns the type of a closure's parameter: what the function that it is an argument of calls it with.
    pub(super) fn closure_param(&self, bar: usize, place: usize) -> Type {
        let Some(open) = self.opener(bar).filter(|&open| self.text(open) == "(") else { return Type::Any };
        let Some(call) = self.call_at(open) else { return Type::Any };
        let (entry, receiver) = match &call.receiver {
            Some(receiver) => (self.catalog.method(receiver, &call.name), receiver.clone()),
            None => (self.function(&call.namespace, &call.name), self.first_argument(open, bar)),
        };
        let form =
            entry.and_then(|entry| entry.overloads.iter().find(|overload| !overload.closure.is_empty()));
        let given = form.and_then(|overload| overload.closure.get(place));
        let known = given.map_or(Type::Any, |type_| type_.resolve(&receiver, &Type::Any));
        if !known.is_any() {
            return known;
        }
        let live = self
            .example_of_param(bar, place)
            .and_then(|path| live::look(&path, self.scope, |value| self.catalog.type_of(value)));
        live.unwrap_or(known)
    }

    /// Returns the type of the first argument of a call, where it ends before `limit`: what functions speak of
    /// as their receiver.
    fn first_argument(&self, open: usize, limit: usize) -> Type {
        match self.split(open + 1, limit, ",")[..] {
            [(start, end), _, ..] => self.expression(start, end),
            _ => Type::Any,
        }
    }

    pub(super) fn element_of(&self, type_: &Type) -> Type {
        if is_events(type_) { Type::object(EVENT) } else { element_of(type_, self.catalog) }
    }
}

fn is_events(type_: &Type) -> bool {
    matches!(type_, Type::Object(name) if &**name == "Events")
}

fn number(text: &str) -> Type {
    let fraction = !text.starts_with("0x") && text.contains(['.', 'e', 'E']);
    if fraction { Type::Float } else { Type::Int }
}
