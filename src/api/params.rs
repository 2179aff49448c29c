//! libvirt's typed parameters as maps of scripts.

use rhai::{Dynamic, Map};

use crate::error::{Error, Result};
use crate::lang::suggest::nearest;
use crate::libvirt::{Params, Value};

/// A map with libvirt's names.
pub(super) fn to_map(params: Params) -> Map {
    params.into_iter().map(|(name, value)| (name.into(), dynamic(value))).collect()
}

/// A value as scripts have it; counters beyond the largest whole number are cut to it.
pub(super) fn dynamic(value: Value) -> Dynamic {
    match value {
        Value::String(text) => text.into(),
        Value::Boolean(on) => on.into(),
        Value::Double(number) => number.into(),
        number => Dynamic::from_int(number.as_i64().unwrap_or_default()),
    }
}

/// A number as scripts have it, cut to the largest that they can have.
pub(super) fn to_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Settings of a script, each with the type that `known` has for its name; of `known`, only the
/// types matter.
///
/// Errors: `usage` for a name that `known` does not have, for a value that does not fit, and for no setting at all.
pub(super) fn typed(settings: &Map, known: &Params) -> Result<Params> {
    if settings.is_empty() {
        return Err(no_setting(known.iter().map(|(known, _)| known.as_str())));
    }
    settings.iter().map(|(name, value)| setting(name, value, known)).collect()
}

/// The error for a map without a setting, which libvirt would call a parameter that must not be NULL.
pub(super) fn no_setting<'n>(known: impl Iterator<Item = &'n str>) -> Error {
    let names: Vec<&str> = known.collect();
    Error::usage("there is no setting to change").hint(format!("there are {}", names.join(", ")))
}

fn setting(name: &str, value: &Dynamic, known: &Params) -> Result<(String, Value)> {
    let Some((_, like)) = known.iter().find(|(known, _)| known == name) else {
        let names = || known.iter().map(|(known, _)| known.as_str());
        let hint = match nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it has {}", names().collect::<Vec<_>>().join(", ")),
        };
        return Err(Error::usage(format!("there is no setting `{name}`")).hint(hint));
    };
    let fits = match like {
        Value::String(_) => value.clone().into_string().ok().map(Value::String),
        Value::Boolean(_) => value.as_bool().ok().map(Value::Boolean),
        Value::Double(_) => value.as_float().ok().map(Value::Double),
        _ => None,
    };
    fits.or_else(|| like.with_i64(value.as_int().ok()?))
        .map(|value| (name.to_owned(), value))
        .ok_or_else(|| Error::usage(format!("the setting `{name}` cannot be {value}")))
}

/// The value of an option that libvirt takes as an `int`.
pub(super) fn int(option: &str, number: i64) -> Result<Value> {
    let fits = i32::try_from(number).map(Value::Int);
    fits.map_err(|_| Error::usage(format!("option `{option}` cannot be {number}: it is a 32-bit number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_gets_the_type_of_its_name() {
        let known: Params = vec![
            ("pages".into(), Value::UInt(1)),
            ("ratio".into(), Value::Double(0.0)),
            ("name".into(), Value::String(String::new())),
        ];
        let given = |name: &str, value: Dynamic| {
            typed(&Map::from([(name.into(), value)]), &known).map(|mut settings| settings.remove(0).1)
        };
        assert_eq!(given("pages", 5_i64.into()).unwrap(), Value::UInt(5));
        assert_eq!(given("ratio", 2_i64.into()).unwrap(), Value::Double(2.0));
        assert_eq!(given("name", "x".into()).unwrap(), Value::String("x".into()));
        assert_eq!(given("pages", (-5_i64).into()).unwrap_err().code(), "usage");
        assert_eq!(given("pages", true.into()).unwrap_err().code(), "usage");
        assert_eq!(
            given("page", 5_i64.into()).unwrap_err().facts().hint.as_deref(),
            Some("did you mean `pages`?")
        );
    }
}
