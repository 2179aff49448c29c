//! Times: RFC 3339 texts in the local zone with its offset.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::error::{Error, Result};

const HINT: &str =
    "write RFC 3339, for example \"2026-03-01T04:30:00+01:00\", or \"2026-03-01 04:30\" in the local zone";

/// Writes a moment as RFC 3339 in the local zone (`2026-03-01T04:30:00+01:00`).
pub fn time_text(moment: Timestamp) -> String {
    zoned_text(&moment.to_zoned(TimeZone::system()))
}

/// Writes a moment as a clock on the wall in the local zone shows it: `2026-03-01 04:30:00`.
pub fn clock_text(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Writes a moment as RFC 3339 with the offset of its own zone; parts of a second only where there are any.
pub fn zoned_text(moment: &Zoned) -> String {
    moment.timestamp().display_with_offset(moment.offset()).to_string()
}

/// Turns Unix seconds into a moment.
///
/// Errors: `usage` past the year 9999 and for a number that is not finite.
pub fn from_unix(seconds: f64) -> Result<Timestamp> {
    let refuse = || Error::usage(format!("{seconds} is not a Unix time")).hint("give seconds since 1970");
    // Microseconds: what an f64 of today's seconds can tell apart.
    let micros = (seconds * 1e6).round();
    if !micros.is_finite() || micros.abs() > 1e18 {
        return Err(refuse());
    }
    Timestamp::from_microsecond(micros as i64).map_err(|_| refuse())
}

/// Reads RFC 3339, or a date with or without a time of day in the local zone.
///
/// Errors: `usage` for a text that is no time.
pub fn parse_time(text: &str) -> Result<Zoned> {
    parse_time_in(text, TimeZone::system())
}

/// Does what [`parse_time`] does with `zone` as the local zone.
pub fn parse_time_in(text: &str, zone: TimeZone) -> Result<Zoned> {
    let written = text.trim();
    let refuse = || Error::usage(format!("\"{text}\" is not a time")).hint(HINT);
    if let Ok(moment) = written.parse::<Timestamp>() {
        return Ok(moment.to_zoned(zone));
    }
    let civil = written
        .parse::<DateTime>()
        .or_else(|_| written.parse::<Date>().map(|date| date.at(0, 0, 0, 0)))
        .map_err(|_| refuse())?;
    civil.to_zoned(zone).map_err(|_| refuse())
}

/// Reads a time, or how long ago it was: `2026-03-01`, `30d`.
///
/// Errors: `usage` for a text that is neither.
pub fn parse_moment(text: &str) -> Result<Timestamp> {
    if let Ok(time) = parse_time(text) {
        return Ok(time.timestamp());
    }
    let ago = super::parse_duration(text).map_err(|_| {
        Error::usage(format!("\"{text}\" is no time"))
            .hint("give a time such as \"2026-03-01\", or how long ago it was, such as \"30d\"")
    })?;
    Timestamp::now().checked_sub(ago).map_err(|_| Error::usage("that is too long ago"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::code;

    fn paris() -> TimeZone {
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
    }

    #[test]
    fn a_time_has_the_offset_of_its_zone_and_no_zone_name() {
        let moment = Timestamp::from_second(1_772_335_800).unwrap().to_zoned(paris());
        assert_eq!(zoned_text(&moment), "2026-03-01T04:30:00+01:00");
        let summer = Timestamp::from_millisecond(1_783_000_000_250).unwrap().to_zoned(paris());
        assert_eq!(zoned_text(&summer), "2026-07-02T15:46:40.25+02:00");
    }

    #[test]
    fn an_offset_is_honoured_and_without_one_the_local_zone_counts() {
        let at = |text: &str| zoned_text(&parse_time_in(text, paris()).unwrap());
        assert_eq!(at("2026-03-01T03:30:00Z"), "2026-03-01T04:30:00+01:00");
        assert_eq!(at("2026-03-01T04:30:00+01:00"), "2026-03-01T04:30:00+01:00");
        assert_eq!(at("2026-07-01T12:00"), "2026-07-01T12:00:00+02:00");
        assert_eq!(at("2026-07-01 12:00:05"), "2026-07-01T12:00:05+02:00");
        assert_eq!(at("2026-07-01"), "2026-07-01T00:00:00+02:00");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "yesterday", "2026-13-01", "12:00", "1772335800"] {
            assert_eq!(parse_time_in(text, paris()).expect_err(text).code(), code::USAGE);
        }
    }

    #[test]
    fn unix_seconds_may_have_a_fraction() {
        assert_eq!(from_unix(1.5).unwrap().as_millisecond(), 1500);
        assert_eq!(from_unix(-1.0).unwrap().as_second(), -1);
        for seconds in [f64::NAN, f64::INFINITY, 1e30] {
            assert!(from_unix(seconds).is_err());
        }
    }
}
