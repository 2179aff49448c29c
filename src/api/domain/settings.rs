//! Settings that libvirt has as typed parameters, as maps: names, units and nesting.
//!
//! A name with a dash is written with `_`, one with a dot is a map in a map (`inbound.average`). Sizes are
//! bytes, rates bytes in a second, sets of nodes arrays, and what is set for each device a map by its path.

use rhai::{Array, Dynamic, Map};

use crate::api::params::no_setting;
use crate::api::units::size;
use crate::api::{cpu_set, words};
use crate::error::{Error, Result};
use crate::lang::suggest::nearest;
use crate::libvirt::{Params, Value};

/// `virDomainNumatuneMemMode`
const NUMA_MODES: &[&str] = &["strict", "preferred", "interleave", "restrictive"];

/// libvirt's number of KiB for a memory limit that does not limit.
const UNLIMITED: u64 = 9_007_199_254_740_991;

/// What a setting's value means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// what libvirt has
    Plain,
    /// bytes; libvirt has multiples of so many
    Size(i64),
    /// bytes or no limit; libvirt has KiB
    Limit,
    /// a word, by its number
    Word(&'static [&'static str]),
    /// a set, in text
    Set,
    /// values by path, in one text `path,value,path,value`
    ByDevice,
}

fn unit(name: &str) -> Unit {
    match name {
        "hard_limit" | "soft_limit" | "swap_hard_limit" | "min_guarantee" => Unit::Limit,
        "numa_mode" => Unit::Word(NUMA_MODES),
        "numa_nodeset" => Unit::Set,
        _ if name.starts_with("device_") => Unit::ByDevice,
        _ if name.ends_with("bound.burst") => Unit::Size(1024),
        _ if name.contains("bound.") => Unit::Size(1000),
        _ if name.ends_with("_length") => Unit::Plain,
        "size_iops_sec" => Unit::Size(1),
        _ if name.contains("bytes_sec") => Unit::Size(1),
        _ => Unit::Plain,
    }
}

/// The key of a name at one level.
fn key(name: &str) -> String {
    name.replace('-', "_")
}

/// The settings as a map.
pub(in crate::api) fn to_map(params: Params) -> Map {
    let mut map = Map::new();
    for (name, value) in params {
        let shown = shown(unit(&name), value);
        insert(&mut map, &key(&name), shown);
    }
    map
}

fn insert(map: &mut Map, name: &str, value: Dynamic) {
    if let Some((first, rest)) = name.split_once('.') {
        let inner = map.entry(first.into()).or_insert_with(|| Map::new().into());
        if let Ok(mut inner) = inner.as_map_mut() {
            insert(&mut inner, rest, value);
            return;
        }
    }
    map.insert(name.into(), value);
}

fn shown(unit: Unit, value: Value) -> Dynamic {
    let number = match value {
        Value::String(text) => {
            return match unit {
                Unit::Set if text.is_empty() => Array::new().into(),
                Unit::Set => cpu_set::read(&text.clone().into())
                    .map_or_else(|_| text.into(), |set| cpu_set::array(&set).into()),
                Unit::ByDevice => by_device(&text).into(),
                _ => text.into(),
            };
        }
        Value::Boolean(on) => return on.into(),
        Value::Double(number) => return number.into(),
        number => number.as_i64().unwrap_or_default(),
    };
    match unit {
        Unit::Limit if number as u64 >= UNLIMITED => Dynamic::UNIT,
        Unit::Limit => number.saturating_mul(1024).into(),
        Unit::Size(factor) => number.saturating_mul(factor).into(),
        Unit::Word(table) => words::word(table, i32::try_from(number).unwrap_or(-1)).into_owned().into(),
        _ => number.into(),
    }
}

/// `/dev/sda,500,/dev/sdb,100` as a map.
fn by_device(text: &str) -> Map {
    let parts: Vec<_> = text.split(',').collect();
    let pairs = parts.chunks_exact(2);
    pairs
        .map(|pair| (pair[0].into(), pair[1].parse::<i64>().map_or_else(|_| pair[1].into(), Into::into)))
        .collect()
}

/// What a script's map sets; `known` says what there is and of which type.
///
/// Errors: `usage` for a setting that there is not, with the nearest one, and for a value that does not fit.
pub(in crate::api) fn to_params(known: &[(String, Value)], settings: Map) -> Result<Params> {
    let mut params = Params::new();
    collect(known, "", settings, &mut params)?;
    if params.is_empty() {
        let names: Vec<_> = known.iter().map(|(name, _)| key(name)).collect();
        return Err(no_setting(names.iter().map(AsRef::as_ref)));
    }
    Ok(params)
}

fn collect(known: &[(String, Value)], within: &str, settings: Map, params: &mut Params) -> Result<()> {
    for (name, value) in settings {
        let name = format!("{within}{name}");
        if let Some((name, type_)) = known.iter().find(|(known, _)| *known == name || key(known) == name) {
            params.push((name.clone(), typed(name, type_, &value)?));
            continue;
        }
        match value.try_cast::<Map>() {
            Some(inner) if known.iter().any(|(known, _)| known.starts_with(&format!("{name}."))) => {
                collect(known, &format!("{name}."), inner, params)?;
            }
            _ => return Err(unknown(known, &name)),
        }
    }
    Ok(())
}

fn unknown(known: &[(String, Value)], name: &str) -> Error {
    let names: Vec<_> = known.iter().map(|(name, _)| key(name)).collect();
    let hint = match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", names.join(", ")),
    };
    Error::usage(format!("there is no setting `{name}`")).hint(hint)
}

fn typed(name: &str, type_: &Value, value: &Dynamic) -> Result<Value> {
    let refuse = |wants: &str| {
        let shown = if value.is_unit() { "()".to_owned() } else { value.to_string() };
        Error::usage(format!("the setting `{}` cannot be {shown}", key(name))).hint(format!("it is {wants}"))
    };
    let number = |number: i64| type_.with_i64(number);
    match unit(name) {
        Unit::Limit if value.is_unit() || value.as_int() == Ok(-1) => {
            number(UNLIMITED as i64).ok_or_else(|| refuse("a size"))
        }
        Unit::Limit => {
            let kib = size(value)?.div_ceil(1024);
            number(kib as i64).ok_or_else(|| refuse("a size, or () for no limit"))
        }
        Unit::Size(factor) => {
            let bytes = size(value)?;
            i64::try_from(bytes.div_ceil(factor as u64))
                .ok()
                .and_then(number)
                .ok_or_else(|| refuse("a size in bytes, smaller than that"))
        }
        Unit::Word(table) => {
            let word = value.clone().into_string().unwrap_or_default();
            let found = words::number(table, &word).and_then(|found| number(i64::from(found)));
            found.ok_or_else(|| refuse(&format!("one of {}", table.join(", "))))
        }
        Unit::Set => Ok(Value::String(cpu_set::text(&cpu_set::read(value)?))),
        Unit::ByDevice => devices_text(value).map(Value::String).ok_or_else(|| {
            refuse("a map of numbers by the path of a device, such as #{ \"/dev/sda\": 500 }")
        }),
        Unit::Plain => match type_ {
            Value::String(_) => value.clone().into_string().map(Value::String).map_err(|_| refuse("a text")),
            Value::Boolean(_) => value.as_bool().map(Value::Boolean).map_err(|_| refuse("true or false")),
            Value::Double(_) => {
                let whole = || value.as_int().map(|whole| whole as f64);
                let number = value.as_float().or_else(|_| whole());
                number.map(Value::Double).map_err(|_| refuse("a number"))
            }
            _ => value.as_int().ok().and_then(number).ok_or_else(|| refuse("a whole number that fits")),
        },
    }
}

fn devices_text(value: &Dynamic) -> Option<String> {
    if let Ok(text) = value.clone().into_string() {
        return Some(text);
    }
    let map = value.as_map_ref().ok()?;
    let mut parts = Vec::new();
    for (path, value) in map.iter() {
        let number = match value.as_int() {
            Ok(number) => u64::try_from(number).ok()?,
            Err(_) => size(value).ok()?,
        };
        parts.push(format!("{path},{number}"));
    }
    Some(parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(script: &str) -> Map {
        rhai::Engine::new().eval(script).expect(script)
    }

    fn json(params: Params) -> String {
        serde_json::to_string(&Dynamic::from_map(to_map(params))).unwrap()
    }

    fn known() -> Params {
        vec![
            ("hard_limit".into(), Value::ULLong(1)),
            ("soft_limit".into(), Value::ULLong(UNLIMITED)),
            ("inbound.average".into(), Value::UInt(2)),
            ("inbound.burst".into(), Value::UInt(2)),
            ("device_weight".into(), Value::String("/dev/sda,500".into())),
            ("numa_mode".into(), Value::Int(2)),
            ("numa_nodeset".into(), Value::String("0-1,3".into())),
            ("poll-max-ns".into(), Value::ULLong(7)),
            ("total_bytes_sec".into(), Value::ULLong(9)),
            ("cmt".into(), Value::Boolean(true)),
        ]
    }

    #[test]
    fn settings_have_our_units_names_and_nesting() {
        assert_eq!(
            json(known()),
            concat!(
                r#"{"cmt":true,"device_weight":{"/dev/sda":500},"hard_limit":1024,"#,
                r#""inbound":{"average":2000,"burst":2048},"numa_mode":"interleave","numa_nodeset":[0,1,3],"#,
                r#""poll_max_ns":7,"soft_limit":null,"total_bytes_sec":9}"#
            )
        );
    }

    #[test]
    fn what_was_read_can_be_written_as_it_is() {
        let mut back = to_params(&known(), to_map(known())).unwrap();
        back.sort_by(|a, b| a.0.cmp(&b.0));
        let mut expected = known();
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(back, expected);
    }

    #[test]
    fn sizes_may_be_texts_and_a_limit_may_be_none() {
        let set =
            to_params(&known(), map(r#"#{hard_limit: "1GiB", soft_limit: -1, total_bytes_sec: "1MB"}"#));
        assert_eq!(
            set.unwrap(),
            [
                ("hard_limit".to_owned(), Value::ULLong(1 << 20)),
                ("soft_limit".to_owned(), Value::ULLong(UNLIMITED)),
                ("total_bytes_sec".to_owned(), Value::ULLong(1_000_000)),
            ]
        );
    }

    #[test]
    fn what_does_not_fit_is_refused_and_says_what_does() {
        for (script, hint) in [
            ("#{hard_limt: 1}", "did you mean `hard_limit`?"),
            ("#{inbound: #{avrage: 1}}", "did you mean `inbound.average`?"),
            (r#"#{numa_mode: "loose"}"#, "it is one of strict, preferred, interleave, restrictive"),
            ("#{cmt: 1}", "it is true or false"),
            ("#{}", "there are hard_limit, "),
            ("#{inbound: #{}}", "there are hard_limit, "),
            ("#{device_weight: 5}", "it is a map of numbers by the path"),
            ("#{poll_max_ns: ()}", "it is a whole number that fits"),
            ("#{inbound: #{average: 99999999999999}}", "smaller"),
        ] {
            let error = to_params(&known(), map(script)).unwrap_err();
            let given = error.facts().hint.clone().unwrap_or_default();
            assert!(error.code() == "usage" && given.contains(hint), "{script}: {error}: {given}");
        }
    }
}
