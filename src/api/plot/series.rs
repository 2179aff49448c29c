//! What a script gives as a series of numbers.

use rhai::{Array, Dynamic, Map};

use crate::error::{Error, Result};
use crate::plot::{Across, Line, Series};
use crate::units;

/// Reads a series, or a map of names and series.
pub(super) fn read(value: &Dynamic) -> Result<Series> {
    if let Some(series) = value.read_lock::<Array>() {
        let (points, across) = points("", &series)?;
        return Series::new(vec![Line { name: String::new(), points }], across);
    }
    let Some(map) = value.read_lock::<Map>() else {
        return Err(wrong(&format!("a series is an array of numbers, not {}", value.type_name())));
    };
    let mut lines = Vec::new();
    let mut first: Option<(String, Across)> = None;
    for (name, series) in map.iter() {
        let Some(series) = series.read_lock::<Array>() else {
            return Err(wrong(&format!("\"{name}\" is {}, not an array of numbers", series.type_name())));
        };
        let (points, across) = points(name, &series)?;
        match &first {
            Some((other, known)) if *known != across => {
                return Err(wrong(&format!("\"{other}\" and \"{name}\" do not both have times")));
            }
            _ => first = Some((name.to_string(), across)),
        }
        lines.push(Line { name: name.to_string(), points });
    }
    Series::new(lines, first.map_or(Across::Number, |(_, across)| across))
}

fn wrong(why: &str) -> Error {
    Error::usage(why).hint("a series is an array of numbers, of [x, y] or of #{ time, value }")
}

/// The points of one line, and whether they lie in time.
fn points(name: &str, series: &Array) -> Result<(Vec<(f64, f64)>, Across)> {
    let mut across = None;
    let mut points = Vec::with_capacity(series.len());
    for (place, value) in series.iter().enumerate() {
        let named = |error: Error| match name {
            "" => error,
            name => Error::usage(format!("\"{name}\": {error}"))
                .hint(error.facts().hint.clone().unwrap_or_default()),
        };
        let (point, kind) = point(place, value).map_err(named)?;
        if across.is_some_and(|across| across != kind) {
            return Err(named(wrong(&format!(
                "element {place} does not have a time as those before it, or has one"
            ))));
        }
        across = Some(kind);
        points.push(point);
    }
    Ok((points, across.unwrap_or(Across::Number)))
}

fn point(place: usize, value: &Dynamic) -> Result<((f64, f64), Across)> {
    if let Some(pair) = value.read_lock::<Array>() {
        let [x, y] = pair.as_slice() else {
            return Err(wrong(&format!("element {place} has {} parts, not 2", pair.len())));
        };
        let y = number(place, y)?;
        return match x.as_immutable_string_ref() {
            Ok(time) => Ok(((moment(&time)?, y), Across::Time)),
            Err(_) => Ok(((number(place, x)?, y), Across::Number)),
        };
    }
    if let Some(map) = value.read_lock::<Map>() {
        let (Some(time), Some(value)) = (map.get("time"), map.get("value")) else {
            return Err(wrong(&format!("element {place} is a map without `time` and `value`")));
        };
        let time = match time.as_immutable_string_ref() {
            Ok(time) => moment(&time)?,
            Err(_) => number(place, time)?,
        };
        return Ok(((time, number(place, value)?), Across::Time));
    }
    Ok(((place as f64, number(place, value)?), Across::Number))
}

fn moment(text: &str) -> Result<f64> {
    Ok(units::parse_time(text)?.timestamp().as_microsecond() as f64 / 1e6)
}

fn number(place: usize, value: &Dynamic) -> Result<f64> {
    let number = value.as_float().or_else(|_| value.as_int().map(|whole| whole as f64));
    number.map_err(|kind| wrong(&format!("element {place} is {kind}, not a number")))
}
