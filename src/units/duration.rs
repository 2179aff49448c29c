//! Durations: `90s`, `1h30m`, `500ms`, `2d`, and seconds for people.
//!
//! A bare number is seconds. The words are those of jiff's friendly format (`w d h m s ms us ns`
//! and their long forms); a day has 24 hours, and months and years are refused because they have
//! no fixed length.

use std::time::Duration;

use jiff::fmt::friendly::{Designator, Spacing, SpanPrinter};
use jiff::{Span, SpanRelativeTo, SpanRound, Unit};

use crate::error::{Error, Result};

const HINT: &str = "write \"90s\", \"1h30m\", \"500ms\", \"2d\" or a number of seconds";

/// The longest duration: past it, adding one to a clock reading could overflow.
const LONGEST: f64 = 100.0 * 365.0 * 86_400.0;

/// Reads a duration such as `90s`, `1h30m`, `1.5` or `2d`.
///
/// Errors: `usage` for a text that is no duration, a negative one, and one over 100 years.
pub fn parse_duration(text: &str) -> Result<Duration> {
    let written = text.trim();
    if let Ok(number) = written.parse::<f64>() {
        return seconds(number);
    }
    let refuse = |why: String| Error::usage(format!("\"{text}\" is not a duration: {why}")).hint(HINT);
    let span: Span = written.parse().map_err(|_| refuse("it is not a number with a unit".into()))?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return Err(refuse("months and years have no fixed length".into()));
    }
    let total = span
        .total((Unit::Second, SpanRelativeTo::days_are_24_hours()))
        .map_err(|error| refuse(error.to_string()))?;
    seconds(total)
}

/// Turns a number of seconds into a duration.
///
/// Errors: `usage` for a number that is negative, not finite or over 100 years.
pub fn seconds(number: f64) -> Result<Duration> {
    let refuse = |why: &str| Error::usage(format!("{number} s is not a duration: {why}")).hint(HINT);
    if number.is_nan() || number < 0.0 {
        return Err(refuse("it is negative or not a number"));
    }
    if number > LONGEST {
        return Err(refuse("it is longer than 100 years"));
    }
    Ok(Duration::from_secs_f64(number))
}

/// Writes seconds for people: `500ms`, `4.5s`, `1h30m`, `2d3h`; [`parse_duration`] reads it back.
///
/// From a minute upwards parts of a second are dropped, below a minute it is rounded to ms.
pub fn duration_text(seconds: f64) -> String {
    if !seconds.is_finite() || seconds.abs() > LONGEST {
        return format!("{seconds}s");
    }
    let millis = (seconds * 1e3).round();
    if millis.abs() < 60_000.0 {
        return short_text(seconds, millis);
    }
    let span = Span::new().seconds(seconds.round() as i64);
    let round = SpanRound::new().largest(Unit::Day).days_are_24_hours();
    let span = span.round(round).unwrap_or(span);
    SpanPrinter::new().designator(Designator::Compact).spacing(Spacing::None).span_to_string(&span)
}

/// Writes less than a minute in seconds, whole milliseconds, microseconds or nanoseconds.
fn short_text(seconds: f64, millis: f64) -> String {
    let (micros, nanos) = ((seconds * 1e6).round(), (seconds * 1e9).round());
    if millis.abs() >= 1_000.0 || nanos.abs() < 1.0 {
        return format!("{}s", millis / 1e3);
    }
    if micros.abs() >= 1_000.0 {
        format!("{millis}ms")
    } else if micros.abs() >= 1.0 {
        format!("{micros}us")
    } else {
        format!("{nanos}ns")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::code;

    #[test]
    fn a_bare_number_is_seconds() {
        assert_eq!(parse_duration("90").unwrap(), Duration::from_secs(90));
        assert_eq!(parse_duration(" 1.5 ").unwrap(), Duration::from_millis(1500));
        assert_eq!(parse_duration("0").unwrap(), Duration::ZERO);
    }

    #[test]
    fn units_add_up() {
        let written = [
            ("90s", 90.0),
            ("1h30m", 5400.0),
            ("1h 30m", 5400.0),
            ("1.5h", 5400.0),
            ("500ms", 0.5),
            ("2d", 172_800.0),
            ("1w", 604_800.0),
            ("1 minute", 60.0),
            ("250us", 0.000_25),
        ];
        for (text, seconds) in written {
            assert!((parse_duration(text).unwrap().as_secs_f64() - seconds).abs() < 1e-9, "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_a_hint() {
        for text in ["", "soon", "-5", "-1h", "1h ago", "1y", "2mo", "nan", "inf", "1e300", "90x", "200000w"]
        {
            let error = parse_duration(text).expect_err(text);
            assert_eq!(error.code(), code::USAGE, "{text}");
            assert!(error.facts().hint.is_some(), "{text}");
        }
    }

    #[test]
    fn adding_the_longest_duration_to_a_clock_is_safe() {
        let longest = seconds(LONGEST).unwrap();
        assert!(std::time::Instant::now().checked_add(longest).is_some());
    }

    #[test]
    fn durations_for_people() {
        let shown = [
            (0.0, "0s"),
            (0.000_25, "250us"),
            (0.5, "500ms"),
            (0.9999, "1s"),
            (59.9999, "1m"),
            (4.5, "4.5s"),
            (60.0, "1m"),
            (5400.0, "1h30m"),
            (183_600.4, "2d3h"),
            (93_784.0, "1d2h3m4s"),
            (f64::INFINITY, "infs"),
        ];
        for (seconds, text) in shown {
            assert_eq!(duration_text(seconds), text);
        }
    }

    #[test]
    fn what_people_read_can_be_read_back() {
        for number in [0.0, 0.25, 1.0, 59.0, 61.0, 5400.0, 1_000_000.0] {
            let back = parse_duration(&duration_text(number)).unwrap().as_secs_f64();
            assert!((back - number).abs() < 1e-6, "{number}");
        }
    }
}
