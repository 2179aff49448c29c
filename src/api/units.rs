//! Sizes and durations for scripts: `mib(4)`, `"4GiB".bytes()`, `seconds("1h30m")`.
//!
//! Scripts count sizes in bytes and durations in seconds; [`size`] and [`duration`] take what a
//! script may write for them. Not bound on purpose: arithmetic on texts such as `"4GiB" + "1GiB"`.

use std::time::Duration;

use rhai::plugin::export_module;
use rhai::{Dynamic, ImmutableString};

use super::Fallible;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::units;

/// Registers the functions.
pub(super) fn register(natives: &mut Natives) {
    natives.global(&unit_functions::RHAI_MANIFEST);
}

/// Reads a size argument: bytes as a number, or a text such as `"4GiB"`.
///
/// Errors: `usage` for anything else, for a negative size and for one over 8 EiB.
pub(super) fn size(value: &Dynamic) -> Result<u64> {
    if let Ok(bytes) = value.as_int() {
        return u64::try_from(bytes).map_err(|_| Error::usage(format!("the size {bytes} is negative")));
    }
    if let Ok(bytes) = value.as_float() {
        return units::scaled(bytes, 1);
    }
    match value.as_immutable_string_ref() {
        Ok(text) => units::parse_size(&text),
        Err(kind) => Err(Error::usage(format!("a size is a number or a text, not {kind}"))
            .hint("write bytes, mib(512) or \"4GiB\"")),
    }
}

/// Reads a duration argument: seconds as a number, or a text such as `"90s"`.
///
/// Errors: `usage` for anything else, for a negative duration and for one over 100 years.
pub(super) fn duration(value: &Dynamic) -> Result<Duration> {
    if let Ok(number) = value.as_int() {
        return units::seconds(number as f64);
    }
    if let Ok(number) = value.as_float() {
        return units::seconds(number);
    }
    match value.as_immutable_string_ref() {
        Ok(text) => units::parse_duration(&text),
        Err(kind) => Err(Error::usage(format!("a duration is a number or a text, not {kind}"))
            .hint("write seconds, or \"90s\" or \"1h30m\"")),
    }
}

/// Returns `count` units as bytes.
fn scaled(count: &Dynamic, unit: u64) -> Fallible<i64> {
    let bytes = match (count.as_int(), count.as_float()) {
        (Ok(count), _) if count >= 0 => count
            .checked_mul(unit as i64)
            .ok_or_else(|| Error::usage(format!("{count} × {unit} bytes is larger than 8 EiB")))?,
        (Ok(count), _) => units::scaled(count as f64, unit)? as i64,
        (_, Ok(count)) => units::scaled(count, unit)? as i64,
        _ => {
            let error = Error::usage(format!("a count of bytes is a number, not {}", count.type_name()));
            return Err(error.hint("write mib(512), or bytes(\"512MiB\") for a text").into());
        }
    };
    Ok(bytes)
}

/// Sizes, times and their texts.
#[export_module(manifest)]
pub mod unit_functions {
    /// Returns that many kibibytes (1024 bytes) as bytes.
    ///
    /// Takes whole numbers and numbers with a fraction; the result is rounded down to whole bytes.
    ///
    /// Errors: `usage` for a negative number and for more than 8 EiB.
    ///
    /// ```rhai
    /// print(kib(4));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn kib(count: Dynamic) -> Fallible<i64> {
        scaled(&count, units::KIB)
    }

    /// Returns that many mebibytes (1024² bytes) as bytes.
    ///
    /// Takes whole numbers and numbers with a fraction; the result is rounded down to whole bytes.
    ///
    /// Errors: `usage` for a negative number and for more than 8 EiB.
    ///
    /// ```rhai
    /// let vm = conn().domain("test");
    /// print(`${vm.memory / mib(1)} MiB`);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn mib(count: Dynamic) -> Fallible<i64> {
        scaled(&count, units::MIB)
    }

    /// Returns that many gibibytes (1024³ bytes) as bytes.
    ///
    /// Takes whole numbers and numbers with a fraction; the result is rounded down to whole bytes.
    ///
    /// Errors: `usage` for a negative number and for more than 8 EiB.
    ///
    /// ```rhai
    /// print(gib(1.5));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn gib(count: Dynamic) -> Fallible<i64> {
        scaled(&count, units::GIB)
    }

    /// Returns that many tebibytes (1024⁴ bytes) as bytes.
    ///
    /// Takes whole numbers and numbers with a fraction; the result is rounded down to whole bytes.
    ///
    /// Errors: `usage` for a negative number and for more than 8 EiB.
    ///
    /// ```rhai
    /// print(tib(2));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn tib(count: Dynamic) -> Fallible<i64> {
        scaled(&count, units::TIB)
    }

    /// Returns that many kilobytes (1000 bytes) as bytes.
    ///
    /// Takes whole numbers and numbers with a fraction; the result is rounded down to whole bytes.
    ///
    /// Errors: `usage` for a negative number and for more than 8 EiB.
    ///
    /// ```rhai
    /// print(kb(4));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn kb(count: Dynamic) -> Fallible<i64> {
        scaled(&count, 1_000)
    }

    /// Returns that many megabytes (1000² bytes) as bytes.
    ///
    /// Takes whole numbers and numbers with a fraction; the result is rounded down to whole bytes.
    ///
    /// Errors: `usage` for a negative number and for more than 8 EiB.
    ///
    /// ```rhai
    /// print(mb(100));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn mb(count: Dynamic) -> Fallible<i64> {
        scaled(&count, 1_000_000)
    }

    /// Returns that many gigabytes (1000³ bytes) as bytes.
    ///
    /// Takes whole numbers and numbers with a fraction; the result is rounded down to whole bytes.
    ///
    /// Errors: `usage` for a negative number and for more than 8 EiB.
    ///
    /// ```rhai
    /// print(gb(40));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn gb(count: Dynamic) -> Fallible<i64> {
        scaled(&count, 1_000_000_000)
    }

    /// Reads a size such as `"4GiB"` and returns bytes.
    ///
    /// `K`, `M`, `G`, `T`, `P`, `E` and `KiB`, `MiB`, … are powers of 1024; `kB`, `MB`, … are powers of
    /// 1000; without a unit it is bytes. Letters may have any case, and fractions are rounded down to whole
    /// bytes. (The number of bytes in a text's UTF-8 form is the property `bytes`, without parentheses.)
    ///
    /// @replaces
    ///
    /// Errors: `usage` for a text that is no size, for a negative one and for more than 8 EiB.
    ///
    /// ```rhai
    /// print(bytes("1.5 GiB") == "1.5GiB".bytes());
    /// ```
    #[rhai_fn(name = "bytes", return_raw)]
    pub fn bytes(text: ImmutableString) -> Fallible<i64> {
        Ok(units::parse_size(&text)? as i64)
    }

    /// Reads a duration and returns seconds.
    ///
    /// Takes numbers (seconds) and texts such as `"90s"`, `"1h30m"`, `"500ms"`, `"2d"`, `"1w"`; a day has 24 hours.
    ///
    /// Errors: `usage` for anything else, for a negative duration and for one over 100 years.
    ///
    /// ```rhai
    /// print(seconds("1h30m"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn seconds(duration: Dynamic) -> Fallible<f64> {
        Ok(super::duration(&duration)?.as_secs_f64())
    }

    /// Writes bytes for people, such as `4.0 GiB`.
    ///
    /// The text is rounded to one decimal; `bytes()` reads it back.
    ///
    /// ```rhai
    /// print(size_text(gib(4)));
    /// ```
    pub fn size_text(bytes: i64) -> String {
        units::size_text(bytes)
    }

    /// Writes seconds for people, such as `1h30m`.
    ///
    /// Parts of a second are dropped from a minute upwards; `seconds()` reads the text back.
    ///
    /// Errors: `usage` for what is no duration.
    ///
    /// ```rhai
    /// print(duration_text(5400));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn duration_text(seconds: Dynamic) -> Fallible<String> {
        Ok(units::duration_text(super::duration(&seconds)?.as_secs_f64()))
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

    fn number(script: &str) -> i64 {
        engine().eval::<i64>(script).expect(script)
    }

    #[test]
    fn counts_of_units_are_bytes() {
        assert_eq!(number("kib(1)"), 1024);
        assert_eq!(number("mib(1)"), 1_048_576);
        assert_eq!(number("mib(1.5)"), 1_572_864);
        assert_eq!(number("gib(4)"), 4 << 30);
        assert_eq!(number("tib(2)"), 2 << 40);
        assert_eq!(number("kb(1) + mb(1) + gb(1)"), 1_001_001_000);
        assert_eq!(number("kib(9007199254740991)"), 9_007_199_254_740_991 * 1024);
    }

    #[test]
    fn counts_out_of_range_are_refused() {
        for script in ["mib(-1)", "tib(8388608)", "gib(-0.5)", "mib(\"4\")", "kib(1e300)"] {
            assert_eq!(failure(&engine(), script).code(), code::USAGE, "{script}");
        }
    }

    #[test]
    fn texts_are_sizes_as_function_and_as_method() {
        assert_eq!(number(r#"bytes("4GiB")"#), 4 << 30);
        assert_eq!(number(r#""4 GB".bytes()"#), 4_000_000_000);
        assert_eq!(number(r#""größe".bytes"#), 7);
        assert_eq!(failure(&engine(), r#""lots".bytes()"#).code(), code::USAGE);
    }

    #[test]
    fn durations_come_as_numbers_and_texts() {
        let engine = engine();
        for (script, seconds) in [(r#"seconds("1h30m")"#, 5400.0), ("seconds(5)", 5.0), ("seconds(0.5)", 0.5)]
        {
            assert!((engine.eval::<f64>(script).unwrap() - seconds).abs() < 1e-9, "{script}");
        }
        assert_eq!(failure(&engine, "seconds(-1)").code(), code::USAGE);
        assert_eq!(failure(&engine, "seconds([])").code(), code::USAGE);
    }

    #[test]
    fn sizes_and_durations_for_people() {
        let text = |script| engine().eval::<String>(script).unwrap();
        assert_eq!(text("size_text(gib(4))"), "4.0 GiB");
        assert_eq!(text("duration_text(5400)"), "1h30m");
        assert_eq!(text("duration_text(0.5)"), "500ms");
    }

    #[test]
    fn arguments_take_numbers_and_texts() {
        assert_eq!(size(&Dynamic::from(5_i64)).unwrap(), 5);
        assert_eq!(size(&Dynamic::from(5.7)).unwrap(), 5);
        assert_eq!(size(&"1k".into()).unwrap(), 1024);
        assert_eq!(size(&Dynamic::from(-5_i64)).unwrap_err().code(), code::USAGE);
        assert_eq!(size(&Dynamic::UNIT).unwrap_err().code(), code::USAGE);
        assert_eq!(duration(&"90s".into()).unwrap(), Duration::from_secs(90));
        assert_eq!(duration(&Dynamic::TRUE).unwrap_err().code(), code::USAGE);
    }
}
