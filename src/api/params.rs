//! libvirt's typed parameters as maps.

use rhai::{Dynamic, Map};

use crate::error::{Error, Result};
use crate::libvirt::{Params, Value};

/// A map with libvirt's names; counters beyond `i64` are cut to its maximum.
pub(super) fn map(params: &Params) -> Map {
    params.iter().map(|(name, value)| (name.as_str().into(), dynamic(value))).collect()
}

/// One value.
pub(super) fn dynamic(value: &Value) -> Dynamic {
    match value {
        Value::String(text) => text.into(),
        Value::Boolean(on) => (*on).into(),
        Value::Double(number) => (*number).into(),
        number => Dynamic::from_int(number.as_i64().unwrap_or_default()),
    }
}

/// The value of an option that libvirt takes as an `int`.
pub(super) fn int(option: &str, number: i64) -> Result<Value> {
    let fits = i32::try_from(number).map(Value::Int);
    fits.map_err(|_| Error::usage(format!("option `{option}` cannot be {number}: it is a 32-bit number")))
}
