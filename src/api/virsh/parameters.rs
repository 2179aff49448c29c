//! Typed parameters with libvirt's names, types and order, as virsh reads and writes them.

use rhai::Array;
use rhai::plugin::{Dynamic, ImmutableString, export_module};
use serde_json::Value as Json;

use crate::api::Fallible;
use crate::error::{Error, Result};
use crate::libvirt::choices::Choices;
use crate::libvirt::{Domain, Params, Tuning, Value, sys};

/// Whether a change is for the running guest, the stored definition, or both.
pub(super) const AFFECT: Choices =
    &[("current", 0), ("live", sys::VIR_DOMAIN_AFFECT_LIVE), ("config", sys::VIR_DOMAIN_AFFECT_CONFIG)];

/// Sets of settings by their names in the API.
const KINDS: &[(&str, Tuning)] = &[
    ("memory_parameters", Tuning::MEMORY),
    ("blkio_parameters", Tuning::BLKIO),
    ("numa_parameters", Tuning::NUMA),
    ("scheduler_parameters", Tuning::SCHEDULER),
    ("block_io_tune", Tuning::BLOCK_IO),
    ("interface_parameters", Tuning::INTERFACE),
    ("perf_events", Tuning::PERF_EVENTS),
    ("launch_security_state", Tuning::LAUNCH_SECURITY),
];

fn tuning(kind: &str) -> Result<Tuning> {
    let found = KINDS.iter().find(|(name, _)| *name == kind).map(|(_, tuning)| *tuning);
    found.ok_or_else(|| Error::usage(format!("there are no settings {kind}")))
}

/// Pairs of name and text, as virsh writes values.
pub(super) fn texts(params: Params) -> Array {
    let pair = |(name, value): (String, Value)| -> Dynamic {
        Array::from([name.into(), text(&value).into()]).into()
    };
    params.into_iter().map(pair).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::LLong(number) => number.to_string(),
        Value::ULLong(number) => number.to_string(),
        Value::Double(number) => format!("{number:.6}"),
        Value::Boolean(true) => "yes".into(),
        Value::Boolean(false) => "no".into(),
        Value::String(text) => text.clone(),
    }
}

/// A triple of name, type and value.
fn setting(triple: &Dynamic) -> Result<(String, Value)> {
    let wrong = || Error::usage(format!("{triple} is no array of name, type and value"));
    let triple = triple.read_lock::<Array>().ok_or_else(wrong)?;
    let [name, kind, value] = triple.as_slice() else { return Err(wrong()) };
    let number = || value.as_int().map_err(|_| wrong());
    let value = match kind.to_string().as_str() {
        "int" => Value::Int(number()? as i32),
        "uint" => Value::UInt(number()? as u32),
        "longlong" => Value::LLong(number()?),
        // -1 is the largest number, as in C.
        "ulonglong" => Value::ULLong(number()? as u64),
        "bool" => Value::Boolean(value.as_bool().map_err(|_| wrong())?),
        _ => Value::String(value.to_string()),
    };
    Ok((name.to_string(), value))
}

#[export_module(manifest)]
pub(super) mod parameter_functions {
    /// Writes settings without a look at those that there are.
    ///
    /// Each is an array of name, type (`int`, `uint`, `longlong`, `ulonglong`, `bool`, `string`) and value.
    ///
    /// Errors: libvirt's own; `usage` for settings that do not exist.
    ///
    /// ```rhai
    /// vsh::set_parameters(domain("test"), "memory_parameters", "", [["hard_limit", "ulonglong", 9000000]], []);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn set_parameters(
        vm: Domain,
        kind: ImmutableString,
        device: ImmutableString,
        settings: Array,
        affect: Array,
    ) -> Fallible<()> {
        let flags = super::super::bits(&affect, &[AFFECT])?;
        let settings = settings.iter().map(super::setting).collect::<Result<Params>>()?;
        Ok(vm.set_tuning(super::tuning(&kind)?, &device, settings, flags)?)
    }

    /// A JSON text written anew.
    ///
    /// It is indented by two blanks with `pretty`; `member` is the one to write, or `()` for all. `()` where the text is no JSON
    /// or has no such member.
    ///
    /// ```rhai
    /// print(vsh::json_text("{\"return\":{}}", "return", false));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn json_text(text: ImmutableString, member: Dynamic, pretty: bool) -> Fallible<Dynamic> {
        let Ok(value) = serde_json::from_str::<Json>(&text) else { return Ok(Dynamic::UNIT) };
        let value = match member.into_immutable_string() {
            Ok(member) => value.get(member.as_str()).cloned(),
            Err(_) => Some(value),
        };
        let Some(value) = value else { return Ok(Dynamic::UNIT) };
        let written =
            if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        Ok(written.map_err(|error| Error::usage(error.to_string()))?.into())
    }
}
