//! The options of one call, checked.

use rhai::{Array, Dynamic, Map};

use super::{OptionKind, OptionSpec, OptionTable};
use crate::error::{Error, Result};
use crate::lang::suggest;
use crate::units;

/// The options of one call, after [`OptionTable::read`] has checked names and types.
///
/// Every getter gives nothing for an option that was not given, and fails only where the binding asks
/// for an option that its table does not declare, or declares otherwise.
#[derive(Debug)]
pub struct Parsed {
    table: &'static OptionTable,
    values: Vec<(&'static str, Value)>,
    flags: u32,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Bool(bool),
    Int(i64),
    Float(f64),
    Size(u64),
    Duration(f64),
    Text(String),
    List(Vec<String>),
    Map(Map),
    Any(Dynamic),
}

/// Why a value does not fit, in words.
pub(super) struct Mismatch {
    pub(super) wanted: String,
    pub(super) given: String,
    pub(super) hint: Option<String>,
}

macro_rules! getter {
    ($(#[$doc:meta])* $name:ident, $variant:ident, $type:ty) => {
        $(#[$doc])*
        pub fn $name(&self, name: &str) -> Result<Option<$type>> {
            match self.value(name)? {
                None => Ok(None),
                Some(Value::$variant(value)) => Ok(Some(value.clone())),
                Some(_) => Err(self.undeclared(name)),
            }
        }
    };
}

impl Parsed {
    pub(super) fn new(table: &'static OptionTable) -> Self {
        Self { table, values: Vec::new(), flags: 0 }
    }

    /// Keeps a value; false if the option has one already.
    pub(super) fn insert(&mut self, spec: &OptionSpec, value: Value) -> bool {
        if self.has(spec.name) {
            return false;
        }
        if let (OptionKind::Flag(bits), Value::Bool(true)) = (spec.kind, &value) {
            self.flags |= bits;
        }
        self.values.push((spec.name, value));
        true
    }

    /// Returns what errors call the function whose options these are: `domain.undefine`.
    pub fn operation(&self) -> String {
        self.table.operation()
    }

    /// Returns the bits of all flags that were given as `true`.
    pub fn flags(&self) -> u32 {
        self.flags
    }

    /// True if the flag or switch was given as `true`.
    pub fn flag(&self, name: &str) -> bool {
        self.values.iter().any(|(key, value)| *key == name && matches!(value, Value::Bool(true)))
    }

    /// True if the option was given.
    pub fn has(&self, name: &str) -> bool {
        self.values.iter().any(|(key, _)| *key == name)
    }

    getter!(/// Returns a flag's or switch's value.
        get_bool, Bool, bool);
    getter!(/// Returns a whole number.
        get_int, Int, i64);
    getter!(/// Returns a number.
        get_float, Float, f64);
    getter!(/// Returns a size in bytes.
        get_size, Size, u64);
    getter!(/// Returns a duration in seconds.
        get_duration, Duration, f64);
    getter!(/// Returns a text, or the word of an option that is limited to some.
        get_text, Text, String);
    getter!(/// Returns an array of texts.
        get_list, List, Vec<String>);
    getter!(/// Returns an object map.
        get_map, Map, Map);
    getter!(/// Returns the value of an option of any type.
        get_any, Any, Dynamic);

    /// Tells whether the table has the option at all; bindings that share code ask before they get.
    pub fn declares(&self, name: &str) -> bool {
        self.table.options.iter().any(|spec| spec.name == name)
    }

    fn value(&self, name: &str) -> Result<Option<&Value>> {
        if !self.table.options.iter().any(|spec| spec.name == name) {
            return Err(self.undeclared(name));
        }
        Ok(self.values.iter().find(|(key, _)| *key == name).map(|(_, value)| value))
    }

    fn undeclared(&self, name: &str) -> Error {
        Error::usage(format!("{} does not declare the option `{name}` in this form", self.table.function))
            .hint("this is a fault of virhai: please report it")
    }
}

/// Turns a script's value into what the option's kind says.
pub(super) fn convert(spec: &OptionSpec, value: Dynamic) -> std::result::Result<Value, Mismatch> {
    let wrong = |value: &Dynamic| mismatch(spec.kind, describe(value));
    match spec.kind {
        OptionKind::Flag(_) | OptionKind::Bool => value.as_bool().map(Value::Bool).map_err(|_| wrong(&value)),
        OptionKind::Int => value.as_int().map(Value::Int).map_err(|_| wrong(&value)),
        OptionKind::Float => number(&value).map(Value::Float).ok_or_else(|| wrong(&value)),
        OptionKind::Size => size(&value).map(Value::Size).ok_or_else(|| wrong(&value)),
        OptionKind::Duration => duration(&value).map(Value::Duration).ok_or_else(|| wrong(&value)),
        OptionKind::Text => text(&value).map(Value::Text).ok_or_else(|| wrong(&value)),
        OptionKind::Word(words) => match text(&value) {
            Some(word) if words.contains(&word.as_str()) => Ok(Value::Text(word)),
            Some(word) => Err(Mismatch {
                hint: suggest::nearest(&word, words.iter().copied())
                    .map(|near| format!("did you mean `{near}`?")),
                ..wrong(&value)
            }),
            None => Err(wrong(&value)),
        },
        OptionKind::List => list(spec.kind, value).map(Value::List),
        OptionKind::Map => value.as_map_ref().map(|map| Value::Map(map.clone())).map_err(|_| wrong(&value)),
        OptionKind::Any => Ok(Value::Any(value)),
    }
}

fn number(value: &Dynamic) -> Option<f64> {
    value.as_float().or_else(|_| value.as_int().map(|whole| whole as f64)).ok()
}

fn text(value: &Dynamic) -> Option<String> {
    value.clone().into_string().ok()
}

fn size(value: &Dynamic) -> Option<u64> {
    match value.as_int() {
        Ok(bytes) => u64::try_from(bytes).ok(),
        Err(_) => units::parse_size(&text(value)?).ok(),
    }
}

fn duration(value: &Dynamic) -> Option<f64> {
    let seconds = match number(value) {
        Some(seconds) => seconds,
        None => units::parse_duration(&text(value)?).ok()?.as_secs_f64(),
    };
    (seconds >= 0.0).then_some(seconds)
}

fn list(kind: OptionKind, value: Dynamic) -> std::result::Result<Vec<String>, Mismatch> {
    if !value.is_array() {
        return Err(mismatch(kind, describe(&value)));
    }
    value
        .cast::<Array>()
        .into_iter()
        .map(|item| text(&item).ok_or_else(|| mismatch(kind, format!("an array with {}", describe(&item)))))
        .collect()
}

fn mismatch(kind: OptionKind, given: String) -> Mismatch {
    let hint = match kind {
        OptionKind::Size => Some("bytes as a whole number, or a text such as \"4GiB\""),
        OptionKind::Duration => Some("seconds as a number, or a text such as \"90s\""),
        _ => None,
    };
    Mismatch { wanted: kind.describe(), given, hint: hint.map(Into::into) }
}

fn describe(value: &Dynamic) -> String {
    if let Ok(number) = value.as_int() {
        let kind = if number < 0 { "a negative number" } else { "a whole number" };
        return format!("{kind} ({number})");
    }
    if let Ok(number) = value.as_float() {
        return format!("the number {number}");
    }
    if let Ok(truth) = value.as_bool() {
        return truth.to_string();
    }
    match text(value) {
        Some(text) => format!("the text {text:?}"),
        None if value.is_array() => "an array".into(),
        None if value.is_map() => "an object map".into(),
        None if value.is_fnptr() => "a closure".into(),
        None => format!("a {}", value.type_name().rsplit("::").next().unwrap_or_default()),
    }
}
