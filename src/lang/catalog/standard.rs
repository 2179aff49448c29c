//! What Rhai's own library does not say of itself: element types, and what closures are called with.

use crate::lang::types::Type;

/// Rhai's functions on a built-in first argument that nobody would read as methods.
pub(super) const FUNCTIONS: [&str; 12] = [
    "print",
    "debug",
    "range",
    "parse_int",
    "parse_float",
    "parse_json",
    "timestamp",
    "sleep",
    "max",
    "min",
    "exit",
    "blob",
];

/// Method, result and closure parameters, as doc tags would say it; `""` leaves what the signature says.
type Row = (&'static str, &'static str, &'static str);

const ARRAY: &[Row] = &[
    ("all", "", "element, int"),
    ("dedup", "", "element, element"),
    ("drain", "self", "element, int"),
    ("extract", "self", ""),
    ("filter", "self", "element, int"),
    ("find", "element", "element, int"),
    ("find_map", "result", "element, int"),
    ("for_each", "", "int"),
    ("get", "element", ""),
    ("index_of", "", "element, int"),
    ("map", "[result]", "element, int"),
    ("order", "self", "element, element"),
    ("order_by", "self", "element, element"),
    ("order_desc", "self", ""),
    ("pop", "element", ""),
    ("reduce", "", "any, element, int"),
    ("reduce_rev", "", "any, element, int"),
    ("remove", "element", ""),
    ("retain", "self", "element, int"),
    ("shift", "element", ""),
    ("some", "", "element, int"),
    ("sort", "", "element, element"),
    ("sort_by", "", "element, element"),
    ("split", "self", ""),
    ("zip", "[result]", "element, any, int"),
];

const TEXT: &[Row] = &[("split", "[string]", ""), ("split_rev", "[string]", ""), ("to_chars", "[char]", "")];

const MAP: &[Row] = &[("keys", "[string]", "")];

/// Returns what is known of one of Rhai's methods: its result, where that says more than the signature, and
/// the types its closure is called with.
pub(super) fn facts(receiver: &Type, method: &str) -> Option<(Option<Type>, Vec<Type>)> {
    let table = match receiver {
        Type::Array(_) => ARRAY,
        Type::Text => TEXT,
        Type::Map => MAP,
        _ => return None,
    };
    let (_, returns, closure) = table.iter().find(|(name, ..)| *name == method)?;
    let returns = (!returns.is_empty()).then(|| Type::from_doc(returns));
    let closure = closure.split(',').filter(|one| !one.is_empty()).map(Type::from_doc).collect();
    Some((returns, closure))
}
