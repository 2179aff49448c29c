//! The types of values as scripts see them, and how Rust's spellings become one.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use rhai::{Array, Blob, Dynamic, Engine, FnPtr, ImmutableString, Instant, Map};

/// The type of a value in a script.
///
/// `Any` means "not known": whoever judges code must let everything pass on it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// Not known, or a value of any type.
    Any,
    /// The value `()`.
    Nothing,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A number with a fraction.
    Float,
    /// One character.
    Char,
    /// A text.
    Text,
    /// Raw bytes.
    Blob,
    /// An array and the type of its elements.
    Array(Box<Type>),
    /// An object map.
    Map,
    /// A closure or the name of a function.
    Closure,
    /// A range of whole numbers.
    Range,
    /// A point in time as `timestamp()` gives it.
    Timestamp,
    /// The type of the receiver; stands in declarations only (`@returns self`).
    Receiver,
    /// The element type of the receiver; stands in declarations only (`@returns element`).
    Element,
    /// What the closure argument returns; stands in declarations only (`@returns [result]`).
    Result,
    /// A type that the host registered, by its name in scripts.
    Object(Arc<str>),
}

impl Type {
    /// Returns the type of a host's object.
    pub fn object(name: &str) -> Self {
        Self::Object(name.into())
    }

    /// Returns the array type with the given elements.
    pub fn array_of(element: Self) -> Self {
        Self::Array(Box::new(element))
    }

    /// Reads a type as doc comments spell it: `Domain`, `[Domain]`, `string`, `self`, `element`, `result`.
    pub fn from_doc(text: &str) -> Self {
        let text = text.trim().trim_end_matches('.');
        if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return Self::array_of(Self::from_doc(inner));
        }
        match text {
            "self" => Self::Receiver,
            "element" => Self::Element,
            "result" => Self::Result,
            _ => Self::builtin(text).unwrap_or_else(|| {
                if rhai::is_valid_identifier(text) { Self::object(text) } else { Self::Any }
            }),
        }
    }

    /// Reads a type as Rust code or the compiler spells it, whatever wraps it.
    ///
    /// The engine knows the names under which host types were registered.
    pub fn from_rust(written: &str, engine: &Engine) -> Self {
        let text = written.trim().trim_start_matches('&').trim_start();
        let text = text.strip_prefix("mut ").unwrap_or(text).trim();
        if text.is_empty() {
            return Self::Any;
        }
        let (head, generic) = match text.split_once('<') {
            Some((head, rest)) => (head.trim(), Some(rest)),
            None => (text, None),
        };
        let last = head.rsplit("::").next().unwrap_or(head).trim();
        match (last, generic) {
            ("Result" | "Fallible" | "RhaiResultOf", Some(rest)) => {
                Self::from_rust(first_generic(rest), engine)
            }
            ("RhaiResult" | "BitRange" | "CharsStream", _) => Self::Any,
            ("Vec", Some(rest)) => match first_generic(rest) {
                "u8" => Self::Blob,
                inner => Self::array_of(Self::from_rust(inner, engine)),
            },
            ("BTreeMap", _) => Self::Map,
            ("StepRange", Some(rest)) if !matches!(first_generic(rest), "INT" | "i64") => Self::Any,
            ("Range" | "RangeInclusive" | "ExclusiveRange" | "InclusiveRange" | "StepRange", _) => {
                Self::Range
            }
            _ if text.contains("::") && !head.starts_with("super::") => {
                let shown = engine.map_type_name(text);
                let name = if shown == text { last } else { shown };
                Self::builtin(last).or_else(|| Self::builtin(name)).unwrap_or_else(|| Self::object(name))
            }
            _ => Self::builtin(last).unwrap_or_else(|| Self::object(last)),
        }
    }

    /// Reads the type in front of a script method: `fn Domain.wait_gone()`.
    pub fn from_this(written: &str) -> Self {
        let last = written.rsplit("::").next().unwrap_or(written);
        Self::builtin(last).unwrap_or_else(|| Self::object(last))
    }

    /// Returns the type that a Rust type has in every engine, if it is one of Rhai's own.
    pub(crate) fn from_id(id: TypeId) -> Option<Self> {
        Some(match id {
            _ if id == TypeId::of::<Dynamic>() => Self::Any,
            _ if id == TypeId::of::<()>() => Self::Nothing,
            _ if id == TypeId::of::<bool>() => Self::Bool,
            _ if id == TypeId::of::<i64>() => Self::Int,
            _ if id == TypeId::of::<f64>() => Self::Float,
            _ if id == TypeId::of::<char>() => Self::Char,
            _ if id == TypeId::of::<ImmutableString>() || id == TypeId::of::<String>() => Self::Text,
            _ if id == TypeId::of::<&str>() => Self::Text,
            _ if id == TypeId::of::<Array>() => Self::array_of(Self::Any),
            _ if id == TypeId::of::<Blob>() => Self::Blob,
            _ if id == TypeId::of::<Map>() => Self::Map,
            _ if id == TypeId::of::<FnPtr>() => Self::Closure,
            _ if id == TypeId::of::<Instant>() => Self::Timestamp,
            _ if id == TypeId::of::<std::ops::Range<i64>>() => Self::Range,
            _ if id == TypeId::of::<std::ops::RangeInclusive<i64>>() => Self::Range,
            _ => return None,
        })
    }

    fn builtin(word: &str) -> Option<Self> {
        Some(match word {
            "Dynamic" | "any" | "?" | "_" => Self::Any,
            "()" | "nothing" => Self::Nothing,
            "bool" => Self::Bool,
            "i64" | "INT" | "int" => Self::Int,
            "f64" | "FLOAT" | "float" => Self::Float,
            "char" => Self::Char,
            "ImmutableString" | "String" | "str" | "string" | "SmartString" => Self::Text,
            "Blob" | "blob" => Self::Blob,
            "Array" | "array" => Self::array_of(Self::Any),
            "Map" | "map" => Self::Map,
            "FnPtr" | "Fn" | "closure" => Self::Closure,
            "range" | "range=" => Self::Range,
            "Instant" | "timestamp" => Self::Timestamp,
            _ => return None,
        })
    }

    /// Returns the name under which the type's members are listed; element types do not count.
    pub fn name(&self) -> &str {
        match self {
            Self::Any => "any",
            Self::Nothing => "nothing",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Char => "char",
            Self::Text => "string",
            Self::Blob => "blob",
            Self::Array(_) => "array",
            Self::Map => "map",
            Self::Closure => "closure",
            Self::Range => "range",
            Self::Timestamp => "timestamp",
            Self::Receiver => "self",
            Self::Element => "element",
            Self::Result => "result",
            Self::Object(name) => name,
        }
    }

    /// True for a type that the host registered.
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_)) && !self.is_foreign()
    }

    /// True for a type of Rust that no value of a script has, such as `u64`.
    pub fn is_foreign(&self) -> bool {
        let foreign = [
            "i8", "u8", "i16", "u16", "i32", "u32", "u64", "i128", "u128", "isize", "usize", "f32", "Option",
        ];
        matches!(self, Self::Object(name) if foreign.contains(&&**name))
    }

    /// True where nothing is known, not even that it is an array.
    pub fn is_any(&self) -> bool {
        *self == Self::Any
    }

    /// Returns the element type of an array, `Any` for every other type.
    #[must_use]
    pub fn element(&self) -> Self {
        match self {
            Self::Array(element) => (**element).clone(),
            _ => Self::Any,
        }
    }

    /// Returns what holds for a value that is one or the other: the type itself where both agree.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Array(a), Self::Array(b)) => Self::array_of(a.join(*b)),
            _ => Self::Any,
        }
    }

    /// Fills in what a declaration says relative to its receiver and to what its closure returns.
    #[must_use]
    pub fn resolve(&self, receiver: &Self, result: &Self) -> Self {
        match self {
            Self::Receiver => receiver.clone(),
            Self::Element => receiver.element(),
            Self::Result => result.clone(),
            Self::Array(element) => Self::array_of(element.resolve(receiver, result)),
            other => other.clone(),
        }
    }

    /// True unless a value of this type can certainly not stand where `wanted` is declared.
    ///
    /// Numbers, and texts and characters, count as one kind each: Rhai converts between them in places.
    pub fn may_be(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Any, _)
            | (_, Self::Any | Self::Receiver | Self::Element | Self::Result)
            | (Self::Int | Self::Float, Self::Int | Self::Float)
            | (Self::Text | Self::Char, Self::Text | Self::Char) => true,
            (Self::Array(a), Self::Array(b)) => a.may_be(b),
            (a, b) => a == b,
        }
    }
}

/// Cuts the first argument out of what follows a `<`: `"Domain, Box<…>>"` is `"Domain"`.
fn first_generic(rest: &str) -> &str {
    let mut depth = 0_usize;
    for (at, letter) in rest.char_indices() {
        match letter {
            '<' | '(' => depth += 1,
            ',' | '>' if depth == 0 => return rest[..at].trim(),
            '>' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    rest.trim()
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Array(element) if !element.is_any() => write!(f, "[{element}]"),
            other => f.write_str(other.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rust(written: &str) -> String {
        Type::from_rust(written, &Engine::new_raw()).to_string()
    }

    #[test]
    fn every_rust_spelling_has_one_name() {
        for (written, name) in [
            ("i64", "int"),
            ("INT", "int"),
            ("FLOAT", "float"),
            ("&str", "string"),
            ("& str", "string"),
            ("&mut ImmutableString", "string"),
            ("Dynamic", "any"),
            ("rhai::Dynamic", "any"),
            ("Array", "array"),
            ("alloc::vec::Vec<rhai::types::dynamic::Dynamic>", "array"),
            ("Map", "map"),
            ("()", "nothing"),
            ("", "any"),
            ("FnPtr", "closure"),
            ("Fallible<Domain >", "Domain"),
            ("Fallible<() >", "nothing"),
            ("Result<super::Domain, Box<EvalAltResult>>", "Domain"),
            ("core::result::Result<a::b::Domain, alloc::boxed::Box<rhai::EvalAltResult>>", "Domain"),
            ("RhaiResult", "any"),
            ("RhaiResultOf<StepRange<i64>>", "range"),
            ("std::ops::Range<i64 >", "range"),
            ("&mut Domain", "Domain"),
        ] {
            assert_eq!(rust(written), name, "{written}");
        }
    }

    #[test]
    fn a_registered_name_wins_over_the_rust_path() {
        #[derive(Clone)]
        struct Handle;
        let mut engine = Engine::new_raw();
        engine.register_type_with_name::<Handle>("Domain");
        assert_eq!(Type::from_rust(std::any::type_name::<Handle>(), &engine), Type::object("Domain"));
    }

    #[test]
    fn doc_tags_know_elements_and_the_receiver() {
        assert_eq!(Type::from_doc("[Domain]"), Type::array_of(Type::object("Domain")));
        assert_eq!(Type::from_doc("[self]").resolve(&Type::Text, &Type::Any), Type::array_of(Type::Text));
        assert_eq!(Type::from_doc("element").resolve(&Type::array_of(Type::Int), &Type::Any), Type::Int);
        assert_eq!(Type::from_doc("[result]").resolve(&Type::Any, &Type::Bool), Type::array_of(Type::Bool));
        assert_eq!(Type::from_doc("Domain or ()"), Type::Any);
    }

    #[test]
    fn different_types_join_to_unknown() {
        assert_eq!(Type::Int.join(Type::Int), Type::Int);
        assert_eq!(Type::Int.join(Type::Text), Type::Any);
        assert_eq!(Type::array_of(Type::Int).join(Type::array_of(Type::Text)), Type::array_of(Type::Any));
    }
}
