//! What is asked of a value: properties, methods and elements.

use rhai::{Expr, Position};

use super::chain::{Chain, Link};
use super::typing::element_at;
use super::walk::Checker;
use super::{Finding, did_you_mean};
use crate::lang::catalog::{Entry, Kind};
use crate::lang::suggest;
use crate::lang::types::Type;

impl Checker<'_> {
    /// Follows `a.b[c].d()` and returns the type of its end.
    pub(super) fn chain(&mut self, expr: &Expr) -> Type {
        let Some(chain) = Chain::new(expr) else { return Type::Any };
        let root = self.expr(chain.root);
        self.links(root, chain.root, &chain.links)
    }

    /// Follows the links of a chain from a value of type `receiver`.
    pub(super) fn links(&mut self, mut receiver: Type, root: &Expr, links: &[Link]) -> Type {
        // Rhai holds the variable at the root of a chain until the chain's end.
        let variable = match root {
            Expr::Variable(variable, ..) if variable.2.is_empty() => Some(variable.1.as_str()),
            _ => None,
        };
        for link in links {
            receiver = match link {
                Link::Property { name, position } => self.property(&receiver, name, *position),
                Link::Method { call, position } => self.method_call(&receiver, variable, call, *position),
                Link::Index(index) => {
                    let index = self.expr(index);
                    element_at(self.catalog, &receiver, &index)
                }
            };
        }
        receiver
    }

    /// Reads a property and returns its type.
    fn property(&mut self, receiver: &Type, name: &str, position: Position) -> Type {
        if let Some(finding) = self.len_without_parentheses(receiver, name, position) {
            self.report(finding);
            return Type::Int;
        }
        if let Some(entry) = self.catalog.property(receiver, name) {
            return entry.returns(receiver, &[], &Type::Any);
        }
        if let Some(finding) = self.unknown_property(receiver, name, position) {
            self.report(finding);
        }
        Type::Any
    }

    /// Says that a value has no such property, if that is certain.
    pub(super) fn unknown_property(
        &self,
        receiver: &Type,
        name: &str,
        position: Position,
    ) -> Option<Finding> {
        if matches!(receiver, Type::Any | Type::Nothing | Type::Map)
            || self.catalog.property(receiver, name).is_some()
        {
            return None;
        }
        if self.catalog.index_of(receiver).is_some_and(takes_text) {
            return None;
        }
        let type_ = receiver.name();
        let message = format!("{type_} has no property `{name}`");
        let finding = self.text.finding(position, "unknown_property", message);
        if self.has_method(receiver, name) {
            return Some(finding.hint(format!("`{name}` is a method: write `{name}()`")));
        }
        let members: Vec<_> =
            self.catalog.members(receiver).filter(|entry| entry.kind != Kind::Index).collect();
        let properties =
            members.iter().filter(|entry| entry.kind != Kind::Method).map(|entry| entry.name.as_str());
        let methods =
            members.iter().filter(|entry| entry.kind == Kind::Method).map(|entry| entry.name.as_str());
        let nearest = suggest::nearest_of(name, properties, methods);
        let shown = nearest.map(|nearest| {
            let called = self.catalog.property(receiver, nearest).is_none();
            if called { format!("{nearest}()") } else { nearest.to_string() }
        });
        Some(finding.maybe(did_you_mean(shown.as_deref())))
    }

    fn has_method(&self, receiver: &Type, name: &str) -> bool {
        self.catalog.method(receiver, name).is_some()
            || self
                .program
                .named(name)
                .any(|function| function.this.as_ref().is_none_or(|this| receiver.may_be(this)))
    }

    /// Follows an assignment: what is on its right, and whether its left can take it.
    pub(super) fn assignment(&mut self, target: &Expr, value: &Expr) {
        self.expr(value);
        let Some(mut chain) = Chain::new(target) else {
            self.expr(target);
            return;
        };
        let mut receiver = self.expr(chain.root);
        if let Some(finding) = self.change_of_constant(chain.root) {
            self.report(finding);
            return;
        }
        let last = chain.links.pop();
        let count = chain.links.len();
        for index in 0..count {
            if let Link::Property { name, position } = chain.links[index]
                && let Some(finding) = self.assignment_through_copy(&receiver, name, position)
            {
                self.report(finding);
                return;
            }
            receiver = self.links(receiver, chain.root, &chain.links[index..=index]);
        }
        match last {
            Some(Link::Property { name, position }) => self.set_property(&receiver, name, position),
            Some(Link::Index(index)) => {
                self.expr(index);
            }
            _ => {}
        }
    }

    fn set_property(&mut self, receiver: &Type, name: &str, position: Position) {
        let finding = match self.catalog.property(receiver, name) {
            Some(Entry { kind: Kind::Property { settable: false }, .. }) if receiver.is_object() => {
                let message = format!("{}.{name} can only be read", receiver.name());
                let setter = format!("set_{name}");
                let hint = self.catalog.method(receiver, &setter).map(|_| format!("call `{setter}(…)`"));
                Some(self.text.finding(position, "read_only_property", message).maybe(hint))
            }
            Some(_) => None,
            None => self.unknown_property(receiver, name, position),
        };
        if let Some(finding) = finding {
            self.report(finding);
        }
    }
}

fn takes_text(entry: &Entry) -> bool {
    entry.overloads.iter().any(|overload| {
        overload.params.first().is_none_or(|param| matches!(param.type_, Type::Text | Type::Any))
    })
}
