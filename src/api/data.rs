//! Between script values and plain data.
//!
//! [`to_data`] is what shows, writes and serialises every value; [`from_data`] brings what was read
//! from JSON, YAML or CSV into a script. Handles become their default columns; a list of handles is
//! handed over as a whole, so that it can be read with a constant number of calls.

use std::ops::{Range, RangeInclusive};
use std::time::Instant;

use rhai::{Array, Blob, Dynamic, FnPtr, Map};

use super::table::Table;
use crate::error::{Error, Result, code};
use crate::output::Data;

/// Deeper nesting than this is refused: a value that contains itself has no end.
const DEEPEST: usize = 200;

/// Reads handles of one type as data, in their order; `None` for values that are no handles or not all of one type.
pub type ReadHandles = dyn Fn(&[Dynamic]) -> Option<Result<Vec<Data>>>;

/// Turns any script value into data.
///
/// Errors: those of reading a handle; `script` for a value nested deeper than 200 levels.
pub fn to_data(value: &Dynamic) -> Result<Data> {
    to_data_with(value, &super::columns::read)
}

/// Does what [`to_data`] does with another way to read handles.
pub fn to_data_with(value: &Dynamic, handles: &ReadHandles) -> Result<Data> {
    convert(value, handles, 0)
}

fn convert(value: &Dynamic, handles: &ReadHandles, depth: usize) -> Result<Data> {
    if depth > DEEPEST {
        let error = Error::new(code::SCRIPT, format!("the value is nested deeper than {DEEPEST} levels"));
        return Err(error.hint("a value that contains itself cannot be shown or written"));
    }
    if let Some(scalar) = scalar(value) {
        return Ok(scalar);
    }
    if let Some(array) = value.read_lock::<Array>() {
        return list(&array, handles, depth);
    }
    if let Some(map) = value.read_lock::<Map>() {
        let pair = |(key, value): (&_, &Dynamic)| {
            Ok((ToString::to_string(key), convert(value, handles, depth + 1)?))
        };
        return map.iter().map(pair).collect::<Result<_>>().map(Data::Map);
    }
    if let Some(table) = value.read_lock::<Table>() {
        return Ok(Data::Table(table.data().clone()));
    }
    if let Some(read) = handles(std::slice::from_ref(value)) {
        return Ok(read?.pop().unwrap_or(Data::Null));
    }
    Ok(other(value))
}

fn list(array: &Array, handles: &ReadHandles, depth: usize) -> Result<Data> {
    // Scalars first: asking whether a million numbers are handles would cost more than showing them.
    let may_be_handles = array.first().is_some_and(|first| scalar(first).is_none());
    if may_be_handles && let Some(read) = handles(array) {
        return read.map(Data::List);
    }
    array.iter().map(|value| convert(value, handles, depth + 1)).collect::<Result<_>>().map(Data::List)
}

fn scalar(value: &Dynamic) -> Option<Data> {
    if value.is_unit() {
        return Some(Data::Null);
    }
    if let Ok(number) = value.as_int() {
        return Some(Data::Int(number));
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return Some(Data::Text(text.to_string()));
    }
    if let Ok(value) = value.as_bool() {
        return Some(Data::Bool(value));
    }
    if let Ok(number) = value.as_float() {
        return Some(Data::Float(number));
    }
    value.as_char().ok().map(|letter| Data::Text(letter.to_string()))
}

/// Values that are neither plain nor handles.
fn other(value: &Dynamic) -> Data {
    if let Some(blob) = value.read_lock::<Blob>() {
        return Data::List(blob.iter().map(|byte| Data::Int((*byte).into())).collect());
    }
    if let Some(error) = value.read_lock::<Error>() {
        return of_error(&error);
    }
    if let Some(start) = value.read_lock::<Instant>() {
        return Data::Float(start.elapsed().as_secs_f64());
    }
    if let Some(closure) = value.read_lock::<FnPtr>() {
        return Data::Text(if closure.is_anonymous() {
            "closure".into()
        } else {
            format!("Fn({})", closure.fn_name())
        });
    }
    if let Some(range) = value.read_lock::<Range<i64>>() {
        return Data::Text(format!("{}..{}", range.start, range.end));
    }
    if let Some(range) = value.read_lock::<RangeInclusive<i64>>() {
        return Data::Text(format!("{}..={}", range.start(), range.end()));
    }
    Data::Text(value.to_string())
}

/// Returns the facts of an error that there are.
pub fn of_error(error: &Error) -> Data {
    let facts = error.facts();
    let optional = [
        ("domain", facts.domain.as_deref()),
        ("operation", facts.operation.as_deref()),
        ("object", facts.object.as_deref()),
        ("host", facts.host.as_deref()),
        ("hint", facts.hint.as_deref()),
        ("cause", facts.cause.as_deref()),
    ];
    let present = optional.into_iter().filter_map(|(key, fact)| Some((key, fact?)));
    let all = [("code", error.code()), ("message", facts.message.as_str())].into_iter().chain(present);
    Data::Map(all.map(|(key, fact)| (key.to_owned(), fact.into())).collect())
}

/// Turns data into a script value; objects and tables become maps, whose keys scripts see in alphabetical order.
pub fn from_data(data: Data) -> Dynamic {
    match data {
        Data::Null => Dynamic::UNIT,
        Data::Bool(value) => value.into(),
        Data::Int(number) => number.into(),
        Data::Float(number) => number.into(),
        Data::Text(text) => text.into(),
        Data::List(list) => list.into_iter().map(from_data).collect::<Array>().into(),
        Data::Map(pairs) => {
            pairs.into_iter().map(|(key, value)| (key.into(), from_data(value))).collect::<Map>().into()
        }
        Data::Record(record) => {
            let names = record.columns().iter().map(|column| column.name.as_ref().into());
            names.zip(record.values().iter().cloned().map(from_data)).collect::<Map>().into()
        }
        Data::Table(table) => Table::from(table).rows().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Column, Columns, Record};

    fn data(script: &str) -> Data {
        to_data(&rhai::Engine::new().eval::<Dynamic>(script).expect(script)).expect(script)
    }

    fn json(script: &str) -> String {
        serde_json::to_string(&data(script)).unwrap()
    }

    #[test]
    fn plain_values_stay_what_they_are() {
        assert_eq!(
            json(r#"[(), true, 1, 1.5, "x", 'c', [2], #{b: 1, a: #{}}]"#),
            r#"[null,true,1,1.5,"x","c",[2],{"a":{},"b":1}]"#
        );
        assert_eq!(json("let b = blob(2, 7); b"), "[7,7]");
        assert_eq!(json("[0..3, 1..=2]"), r#"["0..3","1..=2"]"#);
    }

    #[test]
    fn values_shared_with_closures_are_seen_through() {
        assert_eq!(json("let a = [1]; let f = || a.len(); [a, 2]"), "[[1],2]");
        assert_eq!(json("let a = 5; let f = || a; #{x: a}"), r#"{"x":5}"#);
    }

    #[test]
    fn functions_and_clocks_are_shown() {
        assert_eq!(data("|x| x"), Data::Text("closure".into()));
        assert_eq!(data(r#"Fn("start")"#), Data::Text("Fn(start)".into()));
        assert!(matches!(data("timestamp()"), Data::Float(seconds) if seconds >= 0.0));
    }

    #[test]
    fn an_error_is_a_map_of_its_facts() {
        let error = Error::usage("no such thing").object("web1").hint("look again");
        let data = to_data(&Dynamic::from(error)).unwrap();
        assert_eq!(
            serde_json::to_string(&data).unwrap(),
            r#"{"code":"usage","message":"no such thing","object":"web1","hint":"look again"}"#
        );
    }

    #[test]
    fn a_value_without_end_is_refused() {
        let mut value = Dynamic::from(Array::new());
        for _ in 0..=DEEPEST {
            value = vec![value].into();
        }
        assert_eq!(to_data(&value).unwrap_err().code(), code::SCRIPT);
    }

    #[derive(Clone)]
    struct Handle(i64);

    /// Reads `Handle`s as records and refuses the one that is gone.
    fn read_handles(values: &[Dynamic]) -> Option<Result<Vec<Data>>> {
        let columns: Columns = [Column::new("id")].into();
        let ids: Option<Vec<i64>> = values.iter().map(|value| Some(value.read_lock::<Handle>()?.0)).collect();
        let record = |id: i64| {
            if id < 0 {
                return Err(Error::new("no_domain", "it is gone"));
            }
            Ok(Data::Record(Record::new(columns.clone(), vec![id.into()])))
        };
        ids.map(|ids| ids.into_iter().map(record).collect())
    }

    #[test]
    fn handles_are_read_wherever_they_are() {
        let handle = |id| Dynamic::from(Handle(id));
        let read = |value: Dynamic| {
            to_data_with(&value, &read_handles).map(|data| serde_json::to_string(&data).unwrap())
        };
        assert_eq!(read(handle(1)).unwrap(), r#"{"id":1}"#);
        assert_eq!(read(vec![handle(1), handle(2)].into()).unwrap(), r#"[{"id":1},{"id":2}]"#);
        assert_eq!(read(vec![handle(1), 5.into()].into()).unwrap(), r#"[{"id":1},5]"#);
        let map: Map = [("vm".into(), handle(3))].into_iter().collect();
        assert_eq!(read(map.into()).unwrap(), r#"{"vm":{"id":3}}"#);
        assert_eq!(read(handle(-1)).unwrap_err().code(), "no_domain");
    }

    #[test]
    fn data_comes_back_as_script_values() {
        let text = r#"{"a":[null,true,1,1.5,"x"],"m":{}}"#;
        let data: Data = serde_json::from_str(text).unwrap();
        assert_eq!(to_data(&from_data(data.clone())).unwrap(), data);
        let columns: Columns = [Column::new("id")].into();
        let record = Data::Record(Record::new(columns, vec![7.into()]));
        assert_eq!(serde_json::to_string(&to_data(&from_data(record)).unwrap()).unwrap(), r#"{"id":7}"#);
    }
}
