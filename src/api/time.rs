//! The module `time`: RFC 3339 texts, and what can be computed with them.
//!
//! A time is a text in the local zone with its offset, such as `2026-03-01T04:30:00+01:00`. Everything
//! that takes a time also takes another offset, `Z`, and a date with or without a time of day, which
//! is then in the local zone.

use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit, Zoned};
use rhai::plugin::export_module;
use rhai::{Dynamic, ImmutableString};

use super::Fallible;
use super::units::duration;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::units;

/// Registers the module.
pub(super) fn register(natives: &mut Natives) {
    natives.namespace("time", &[&time_functions::RHAI_MANIFEST]);
}

/// Returns this moment to the millisecond.
fn this_moment() -> Zoned {
    let now = Timestamp::now();
    now.round(Unit::Millisecond).unwrap_or(now).to_zoned(TimeZone::system())
}

fn seconds_between(earlier: &Zoned, later: &Zoned) -> f64 {
    later.timestamp().duration_since(earlier.timestamp()).as_secs_f64()
}

/// Moves a time by a duration; days have 24 hours.
fn moved(time: &str, by: &Dynamic, forward: bool) -> Result<String> {
    let start = units::parse_time(time)?;
    let by = duration(by)?;
    let moved = if forward { start.checked_add(by) } else { start.checked_sub(by) };
    let moved =
        moved.map_err(|_| Error::usage(format!("{time} moved by {} s is out of range", by.as_secs_f64())))?;
    Ok(units::zoned_text(&moved))
}

fn wrong_format(format: &str, error: &jiff::Error) -> Error {
    Error::usage(format!("the format \"{format}\": {error}"))
        .hint("write it as for date(1): \"%Y-%m-%d %H:%M:%S %z\"")
}

/// Reads a time in a format of strftime; without an offset it is in the local zone, without a time of day midnight.
fn parsed(text: &str, format: &str) -> Result<Zoned> {
    let broken = strtime::parse(format, text).map_err(|error| wrong_format(format, &error))?;
    if broken.offset().is_some() {
        let moment = broken.to_timestamp().map_err(|error| wrong_format(format, &error))?;
        return Ok(moment.to_zoned(TimeZone::system()));
    }
    let civil = broken.to_datetime().or_else(|_| broken.to_date().map(|date| date.at(0, 0, 0, 0)));
    let zoned = civil.and_then(|civil| civil.to_zoned(TimeZone::system()));
    zoned.map_err(|error| wrong_format(format, &error))
}

/// Times as RFC 3339 texts, and what can be computed with them.
#[export_module(manifest)]
pub mod time_functions {
    /// The time, as RFC 3339 to the millisecond.
    ///
    /// ```rhai
    /// print(time::now());
    /// ```
    pub fn now() -> String {
        units::zoned_text(&this_moment())
    }

    /// Reads a time and returns it as RFC 3339 in the local zone.
    ///
    /// Takes RFC 3339 with any offset, and a date with or without a time of day, which is then local.
    ///
    /// Errors: `usage` for a text that is no time.
    ///
    /// ```rhai
    /// print(time::parse("2026-03-01 04:30"));
    /// ```
    #[rhai_fn(name = "parse", return_raw)]
    pub fn parse(text: ImmutableString) -> Fallible<String> {
        Ok(units::zoned_text(&units::parse_time(&text)?))
    }

    /// Reads a time in a format of strftime and returns it as RFC 3339 in the local zone.
    ///
    /// Errors: `usage` for a text that does not have that format.
    ///
    /// ```rhai
    /// print(time::parse("01.03.2026", "%d.%m.%Y"));
    /// ```
    #[rhai_fn(name = "parse", return_raw)]
    pub fn parse_with_format(text: ImmutableString, format: ImmutableString) -> Fallible<String> {
        Ok(units::zoned_text(&parsed(&text, &format)?))
    }

    /// Writes a time in a format of strftime, as for date(1), in the local zone.
    ///
    /// Errors: `usage` for a text that is no time and for a format that does not exist.
    ///
    /// ```rhai
    /// print(time::format(time::now(), "%Y-%m-%d"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn format(time: ImmutableString, format: ImmutableString) -> Fallible<String> {
        let time = units::parse_time(&time)?;
        Ok(strtime::format(format.as_str(), &time).map_err(|error| wrong_format(&format, &error))?)
    }

    /// The time a duration later; a day has 24 hours.
    ///
    /// Errors: `usage` for what is no time or no duration.
    ///
    /// ```rhai
    /// print(time::add(time::now(), "1h30m"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn add(time: ImmutableString, duration: Dynamic) -> Fallible<String> {
        Ok(moved(&time, &duration, true)?)
    }

    /// The time a duration earlier; a day has 24 hours.
    ///
    /// Errors: `usage` for what is no time or no duration.
    ///
    /// ```rhai
    /// let week_ago = time::sub(time::now(), "1w");
    /// print(week_ago);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn sub(time: ImmutableString, duration: Dynamic) -> Fallible<String> {
        Ok(moved(&time, &duration, false)?)
    }

    /// The seconds from the first time to the second; negative where the second is earlier.
    ///
    /// Errors: `usage` for what is no time.
    ///
    /// ```rhai
    /// print(time::between("2026-03-01", "2026-03-02"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn between(earlier: ImmutableString, later: ImmutableString) -> Fallible<f64> {
        Ok(seconds_between(&units::parse_time(&earlier)?, &units::parse_time(&later)?))
    }

    /// The seconds since a time; negative for one to come.
    ///
    /// Errors: `usage` for what is no time.
    ///
    /// ```rhai
    /// print(duration_text(time::since("2026-03-01")));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn since(time: ImmutableString) -> Fallible<f64> {
        Ok(seconds_between(&units::parse_time(&time)?, &this_moment()))
    }

    /// The seconds since 1970 of this moment.
    ///
    /// ```rhai
    /// print(time::unix());
    /// ```
    #[rhai_fn(name = "unix")]
    pub fn unix_now() -> f64 {
        this_moment().timestamp().as_millisecond() as f64 / 1e3
    }

    /// The seconds since 1970 of a time.
    ///
    /// Errors: `usage` for what is no time.
    ///
    /// ```rhai
    /// print(time::unix("2026-03-01T00:00:00Z"));
    /// ```
    #[rhai_fn(name = "unix", return_raw)]
    pub fn unix(time: ImmutableString) -> Fallible<f64> {
        Ok(units::parse_time(&time)?.timestamp().as_microsecond() as f64 / 1e6)
    }

    /// The time of a number of seconds since 1970, as RFC 3339 in the local zone.
    ///
    /// Errors: `usage` for what is no number and past the year 9999.
    ///
    /// ```rhai
    /// print(time::from_unix(1772335800));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn from_unix(seconds: Dynamic) -> Fallible<String> {
        let number = seconds.as_float().or_else(|_| seconds.as_int().map(|whole| whole as f64));
        let number = number.map_err(|kind| Error::usage(format!("a Unix time is a number, not {kind}")))?;
        Ok(units::time_text(units::from_unix(number)?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::host_context::testing::failure;
    use rhai::Engine;

    use super::*;
    use crate::error::code;
    use crate::lang::natives::Docs;

    fn engine() -> Engine {
        let mut engine = Engine::new();
        Natives::bind(&mut engine, Docs::Dropped, register);
        engine
    }

    fn text(script: &str) -> String {
        engine().eval::<Dynamic>(script).expect(script).to_string()
    }

    #[test]
    fn now_is_rfc_3339_and_moves_on() {
        assert!(units::parse_time(&text("time::now()")).is_ok());
        assert!(engine().eval::<bool>("let s = time::since(time::now()); s >= -0.001 && s < 60.0").unwrap());
        assert!(engine().eval::<bool>("time::unix() > 1700000000.0").unwrap());
    }

    #[test]
    fn times_are_moved_and_compared() {
        assert_eq!(
            text(r#"time::between("2026-03-01T00:00:00Z", time::add("2026-03-01T00:00:00Z", "1h30m"))"#),
            "5400.0"
        );
        assert_eq!(
            text(r#"time::between("2026-03-01T00:00:00Z", time::sub("2026-03-01T00:00:00Z", 60))"#),
            "-60.0"
        );
    }

    #[test]
    fn unix_seconds_go_both_ways() {
        assert_eq!(text(r#"time::unix("2026-03-01T03:30:00Z")"#), "1772335800.0");
        assert_eq!(text("time::unix(time::from_unix(1772335800))"), "1772335800.0");
        assert_eq!(text("time::unix(time::from_unix(1.5))"), "1.5");
    }

    #[test]
    fn other_formats_are_read_and_written() {
        assert_eq!(
            text(r#"time::format(time::parse("01.03.2026", "%d.%m.%Y"), "%Y-%m-%d %H")"#),
            "2026-03-01 00"
        );
        assert_eq!(
            text(r#"time::unix(time::parse("2026-03-01 04:30 +0100", "%Y-%m-%d %H:%M %z"))"#),
            "1772335800.0"
        );
        assert_eq!(text(r#"time::format("2026-03-01 04:30", "%H:%M")"#), "04:30");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for script in [
            r#"time::parse("soon")"#,
            r#"time::parse("x", "%Y")"#,
            r#"time::parse("1", "%K")"#,
            r#"time::format(time::now(), "%K")"#,
            r#"time::add("soon", 1)"#,
            r#"time::add("2026-03-01", "soon")"#,
            r#"time::add("9999-12-30", "99w")"#,
            r#"time::from_unix("x")"#,
            "time::from_unix(1e30)",
        ] {
            assert_eq!(failure(&engine(), script).code(), code::USAGE, "{script}");
        }
    }
}
