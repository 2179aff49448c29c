//! The rules of types that finished and unfinished code share.

use crate::lang::catalog::Catalog;
use crate::lang::types::Type;

/// Returns the type of what iterating over a value gives.
pub(in crate::lang) fn element_of(type_: &Type, catalog: &Catalog) -> Type {
    match type_ {
        Type::Array(element) => (**element).clone(),
        Type::Range | Type::Blob => Type::Int,
        Type::Text => Type::Char,
        // The host's own sequences hand out with `for` what their method `next` returns.
        Type::Object(_) => match catalog.method(type_, "next") {
            Some(next) => next.returns(type_, &[], &Type::Any),
            None => Type::Any,
        },
        _ => Type::Any,
    }
}

/// Returns the type of `receiver[index]`.
pub(in crate::lang) fn element_at(catalog: &Catalog, receiver: &Type, index: &Type) -> Type {
    match (receiver, index) {
        (Type::Array(element), Type::Int) => (**element).clone(),
        (Type::Text, Type::Int) => Type::Char,
        (Type::Blob, Type::Int) => Type::Int,
        (Type::Object(_), _) => catalog
            .index_of(receiver)
            .map_or(Type::Any, |entry| entry.returns(receiver, std::slice::from_ref(index), &Type::Any)),
        _ => Type::Any,
    }
}

/// Returns the type of an operator's result.
pub(in crate::lang) fn operator_type(operator: &str, operands: &[Type]) -> Type {
    use Type::{Float, Int, Text};
    match (operator, operands) {
        ("==" | "!=" | "<" | ">" | "<=" | ">=" | "!", _) => Type::Bool,
        (".." | "..=", _) => Type::Range,
        ("-" | "+", [only @ (Int | Float)]) => only.clone(),
        ("+", [Text, _] | [_, Text]) => Text,
        ("+", [a @ Type::Array(_), b @ Type::Array(_)]) => a.clone().join(b.clone()),
        ("+" | "-" | "*" | "/" | "%" | "**", [Int, Int]) => Int,
        ("+" | "-" | "*" | "/" | "%" | "**", [Int | Float, Int | Float]) => Float,
        _ => Type::Any,
    }
}
