//! Sizes: `4GiB`, `512M`, `1.5 TiB`, and bytes for people.
//!
//! The unit words and their meaning are libvirt's own (the `unit` attribute of its XML, virsh's
//! scaled integers), in any case of letters:
//!
//! | written | meaning |
//! |---|---|
//! | `k` `M` `G` `T` `P` `E`, `KiB` `MiB` … | powers of 1024 |
//! | `kB` `MB` `GB` … | powers of 1000 |
//! | `B`, `byte`, `bytes`, nothing | bytes |

use crate::error::{Error, Result};

/// Bytes in a kibibyte.
pub const KIB: u64 = 1 << 10;
/// Bytes in a mebibyte.
pub const MIB: u64 = 1 << 20;
/// Bytes in a gibibyte.
pub const GIB: u64 = 1 << 30;
/// Bytes in a tebibyte.
pub const TIB: u64 = 1 << 40;

/// Unit words in lower case with the bytes they stand for.
pub const UNITS: &[(&str, u64)] = &[
    ("b", 1),
    ("byte", 1),
    ("bytes", 1),
    ("k", KIB),
    ("kib", KIB),
    ("kb", 1_000),
    ("m", MIB),
    ("mib", MIB),
    ("mb", 1_000_000),
    ("g", GIB),
    ("gib", GIB),
    ("gb", 1_000_000_000),
    ("t", TIB),
    ("tib", TIB),
    ("tb", 1_000_000_000_000),
    ("p", 1 << 50),
    ("pib", 1 << 50),
    ("pb", 1_000_000_000_000_000),
    ("e", 1 << 60),
    ("eib", 1 << 60),
    ("eb", 1_000_000_000_000_000_000),
];

const HINT: &str =
    "write a number and a unit: \"4GiB\" or \"4G\" (1024-based), \"4GB\" (1000-based), or plain bytes";

/// Decimals that are looked at behind the point: enough for one byte in an exbibyte.
const DECIMALS: usize = 18;

/// Returns the bytes that a unit word stands for, `None` for a word that is no unit.
pub fn unit_bytes(word: &str) -> Option<u64> {
    let word = word.to_ascii_lowercase();
    UNITS.iter().find(|(name, _)| *name == word).map(|(_, bytes)| *bytes)
}

/// Reads a size and returns bytes, at most `i64::MAX` because scripts count in `i64`.
///
/// A fraction is rounded down to whole bytes (`0.3KiB` is 307).
///
/// Errors: `usage` for a text that is no size, for a negative size and for one that is too large.
pub fn parse_size(text: &str) -> Result<u64> {
    let refuse = |why: &str| Error::usage(format!("\"{text}\" is not a size: {why}")).hint(HINT);
    let written = text.trim();
    if written.starts_with('-') {
        return Err(refuse("it is negative"));
    }
    let number_end = written.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(written.len());
    let (number, unit) = written.split_at(number_end);
    let unit = unit.trim_start();
    let scale = match unit {
        "" => 1,
        word => unit_bytes(word).ok_or_else(|| refuse(&format!("there is no unit \"{word}\"")))?,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.contains('.') || number.ends_with('.') {
        return Err(refuse("it does not start with a number"));
    }
    if scale == 1 && !fraction.is_empty() {
        return Err(refuse("there are no fractions of a byte"));
    }
    let too_large = || refuse("it is larger than 8 EiB");
    let whole: u64 = whole.parse().map_err(|_| too_large())?;
    let bytes = u128::from(whole) * u128::from(scale) + fraction_bytes(fraction, scale);
    match u64::try_from(bytes) {
        Ok(bytes) if i64::try_from(bytes).is_ok() => Ok(bytes),
        _ => Err(too_large()),
    }
}

/// Returns the whole bytes of `0.FRACTION` units; `fraction` holds decimal digits only.
fn fraction_bytes(fraction: &str, scale: u64) -> u128 {
    let digits = &fraction[..fraction.len().min(DECIMALS)];
    let numerator: u128 = digits.parse().unwrap_or(0);
    numerator * u128::from(scale) / 10_u128.pow(digits.len() as u32)
}

/// Returns `count` units of `unit` bytes each as bytes.
///
/// Errors: `usage` for a count that is negative or not a number, and for more than 8 EiB.
pub fn scaled(count: f64, unit: u64) -> Result<u64> {
    if count.is_nan() || count < 0.0 {
        return Err(Error::usage(format!("{count} is not a size")).hint("a size is a number from 0 upwards"));
    }
    let bytes = count * unit as f64;
    // The largest f64 below 2^63; the comparison also refuses infinity.
    if bytes >= 9_223_372_036_854_775_808.0 {
        return Err(Error::usage(format!("{count} × {unit} bytes is larger than 8 EiB")).hint(HINT));
    }
    Ok(bytes as u64)
}

/// Writes bytes for people: `512 B`, `4.0 GiB`; rounded, so for the screen only.
pub fn size_text(bytes: i64) -> String {
    const NAMES: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes.unsigned_abs() < KIB {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64;
    let mut unit = 0;
    // 1023.95 would be shown as 1024.0: the next unit reads better.
    while value.abs() >= 1023.95 && unit + 1 < NAMES.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 {
        return format!("{bytes} B");
    }
    format!("{value:.1} {}", NAMES[unit])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::code;

    fn refused(text: &str) -> String {
        let error = parse_size(text).unwrap_err();
        assert_eq!(error.code(), code::USAGE);
        assert!(error.facts().hint.is_some());
        error.to_string()
    }

    #[test]
    fn plain_numbers_are_bytes() {
        assert_eq!(parse_size("0").unwrap(), 0);
        assert_eq!(parse_size(" 4096 ").unwrap(), 4096);
        assert_eq!(parse_size("10 bytes").unwrap(), 10);
    }

    #[test]
    fn the_bare_letter_and_the_ib_words_are_1024_based() {
        assert_eq!(parse_size("10k").unwrap(), 10 * KIB);
        assert_eq!(parse_size("512M").unwrap(), 512 * MIB);
        assert_eq!(parse_size("4GiB").unwrap(), 4 * GIB);
        assert_eq!(parse_size("4 gib").unwrap(), 4 * GIB);
        assert_eq!(parse_size("1.5 TiB").unwrap(), TIB + TIB / 2);
    }

    #[test]
    fn the_b_words_are_1000_based() {
        assert_eq!(parse_size("10kB").unwrap(), 10_000);
        assert_eq!(parse_size("10KB").unwrap(), 10_000);
        assert_eq!(parse_size("2.5GB").unwrap(), 2_500_000_000);
    }

    #[test]
    fn a_fraction_is_exact_and_rounded_down() {
        assert_eq!(parse_size("0.3KiB").unwrap(), 307);
        assert_eq!(parse_size("1.000000000000000001EB").unwrap(), 1_000_000_000_000_000_001);
        assert_eq!(parse_size("0.1000000000000000000000000001k").unwrap(), 102);
    }

    #[test]
    fn the_largest_size_is_what_an_i64_holds() {
        assert_eq!(parse_size("9223372036854775807").unwrap(), i64::MAX as u64);
        assert!(refused("9223372036854775808").contains("larger than 8 EiB"));
        assert!(refused("8EiB").contains("larger than 8 EiB"));
        assert!(refused("99999999999999999999999999 TiB").contains("larger than 8 EiB"));
    }

    #[test]
    fn what_is_no_size_says_why() {
        assert_eq!(refused("-1G"), "\"-1G\" is not a size: it is negative");
        assert_eq!(refused("4GiX"), "\"4GiX\" is not a size: there is no unit \"GiX\"");
        assert_eq!(refused("1.5"), "\"1.5\" is not a size: there are no fractions of a byte");
        for text in ["", "  ", "GiB", ".5G", "5.G", "1..5G", "."] {
            assert!(refused(text).contains("is not a size"), "{text}");
        }
        for text in ["1,5G", "1e9", "0x10", "٣G", "4GiB 2"] {
            assert!(refused(text).contains("no unit") || refused(text).contains("number"), "{text}");
        }
    }

    #[test]
    fn a_count_of_units_may_have_a_fraction() {
        assert_eq!(scaled(1.5, MIB).unwrap(), 1_572_864);
        for count in [-1.0, f64::NAN, f64::INFINITY, 8_388_608.0 * 1_048_576.0] {
            assert_eq!(scaled(count, MIB).unwrap_err().code(), code::USAGE, "{count}");
        }
    }

    #[test]
    fn sizes_for_people_have_one_decimal() {
        let shown = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (4 << 30, "4.0 GiB"),
            ((1 << 20) - 1, "1.0 MiB"),
            (-(4 << 30), "-4.0 GiB"),
            (i64::MAX, "8.0 EiB"),
            (i64::MIN, "-8.0 EiB"),
        ];
        for (bytes, text) in shown {
            assert_eq!(size_text(bytes), text);
        }
    }

    #[test]
    fn what_people_read_can_be_read_back() {
        for bytes in [0_u64, 7, KIB, 5 * MIB, 4 * GIB, 3 * TIB] {
            assert_eq!(parse_size(&size_text(bytes as i64)).unwrap(), bytes);
        }
    }
}
