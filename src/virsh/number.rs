//! Numbers as virsh reads them.

use crate::error::{Error, Result};

/// Reads a number that a C type of this name must hold: `int`, `uint`, `ulong`, `longlong`, `ulonglong`.
///
/// Errors: `usage` with virsh's words for one that is malformed or does not fit. Numbers from 2^63 up, which
/// scripts cannot hold, do not fit either.
pub(crate) fn number(option: &str, text: &str, c_type: &str) -> Result<i64> {
    let (least, most) = match c_type {
        "int" => (i64::from(i32::MIN), i64::from(i32::MAX)),
        "uint" => (0, i64::from(u32::MAX)),
        // A C program may wrap what is below zero round; scripts give -1 for the largest number.
        "longlong" | "ulonglongwrap" => (i64::MIN, i64::MAX),
        _ => (0, i64::MAX),
    };
    let digits = text.trim_start();
    let value = digits.strip_prefix('+').unwrap_or(digits).parse::<i64>();
    value.ok().filter(|value| (least..=most).contains(value)).ok_or_else(|| {
        Error::usage(format!("Numeric value '{text}' for <{option}> option is malformed or out of range"))
    })
}

/// Reads a size in bytes; a number without a unit counts `scale` bytes.
///
/// Errors: as [`number`]; a unit that does not exist is the cause.
pub(crate) fn size(option: &str, text: &str, scale: u64) -> Result<i64> {
    let words = format!("Scaled numeric value '{text}' for <{option}> option is malformed or out of range");
    let refused = |why: String| Error::new("invalid_arg", why).context(words.as_str());
    let trimmed = text.trim_start();
    let end = trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len());
    let (digits, unit) = trimmed.split_at(end);
    let value: u64 = digits.parse().map_err(|_| Error::usage(words.as_str()))?;
    let Some(bytes) = unit_bytes(unit, scale) else {
        return Err(refused(format!("invalid argument: unknown suffix '{unit}'")));
    };
    let value = value.checked_mul(bytes).and_then(|value| i64::try_from(value).ok());
    value.ok_or_else(|| refused(format!("numerical overflow: value too large: {text}")))
}

/// `k`, `KiB` and `KB`, and so on up to `E`; letters in either case.
fn unit_bytes(unit: &str, scale: u64) -> Option<u64> {
    let unit = unit.to_ascii_lowercase();
    if unit.is_empty() {
        return Some(scale);
    }
    if matches!(unit.as_str(), "b" | "byte" | "bytes") {
        return Some(1);
    }
    let power = u32::try_from("kmgtpe".find(unit.chars().next()?)?).ok()? + 1;
    match &unit[1..] {
        "" | "ib" => Some(1024_u64.pow(power)),
        "b" => Some(1000_u64.pow(power)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_must_fit_its_type() {
        assert_eq!(number("count", "4", "uint").unwrap(), 4);
        assert_eq!(number("n", " -4", "int").unwrap(), -4);
        for (text, c_type) in
            [("abc", "uint"), ("-1", "uint"), ("4294967296", "uint"), ("", "int"), ("1 2", "int")]
        {
            assert_eq!(
                number("count", text, c_type).unwrap_err().to_string(),
                format!("Numeric value '{text}' for <count> option is malformed or out of range")
            );
        }
    }

    #[test]
    fn a_size_has_a_unit_or_the_options_own() {
        for (text, bytes) in [("1", 1024), ("1k", 1024), ("1KB", 1000), ("2GiB", 2 << 30), ("7b", 7)] {
            assert_eq!(size("size", text, 1024).unwrap(), bytes, "{text}");
        }
        for text in ["12Q", "", "x", "9999999999999T", "1kb2", "3 M"] {
            assert!(size("size", text, 1024).is_err(), "{text}");
        }
    }
}
