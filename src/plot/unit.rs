//! What the numbers of a picture are, and how an axis words them.

use std::str::FromStr;

use crate::error::{Error, Result};
use crate::units::KIB;

/// How long a unit of one's own may be.
const LONGEST: usize = 12;

/// What the numbers of a picture are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Numbers without a unit.
    #[default]
    None,
    /// Bytes, shown as MiB, GiB and so on.
    Bytes,
    /// Bytes a second.
    BytesPerSecond,
    /// Percent.
    Percent,
    /// Seconds, shown as ms, min, h and so on.
    Seconds,
    /// Any other, which is shown as it is.
    Other(String),
}

impl Unit {
    /// Units that have a word.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("bytes", Self::Bytes),
        ("bytes_per_second", Self::BytesPerSecond),
        ("percent", Self::Percent),
        ("seconds", Self::Seconds),
    ];

    /// What a label counts where numbers go up to `largest`: the unit's size, and its name behind the number.
    pub(super) fn counted(&self, largest: f64) -> (f64, String) {
        const BINARY: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        const DECIMAL: [&str; 5] = ["", "k", "M", "G", "T"];
        const TIMES: [(f64, &str); 6] =
            [(172_800.0, "d"), (7_200.0, "h"), (120.0, "min"), (1.0, "s"), (1e-3, "ms"), (0.0, "us")];
        const SIZES: [f64; 6] = [86_400.0, 3_600.0, 60.0, 1.0, 1e-3, 1e-6];
        let power = |base: f64, names: &[&str]| {
            let place = (largest.max(1.0).log(base).floor() as usize).min(names.len() - 1);
            (base.powi(place as i32), names[place].to_owned())
        };
        match self {
            Self::Bytes => {
                let (size, name) = power(KIB as f64, &BINARY);
                (size, format!(" {name}"))
            }
            Self::BytesPerSecond => {
                let (size, name) = power(KIB as f64, &BINARY);
                (size, format!(" {name}/s"))
            }
            Self::Percent => (1.0, " %".into()),
            Self::Seconds => {
                let place = TIMES.iter().position(|(from, _)| largest >= *from).unwrap_or(TIMES.len() - 1);
                (SIZES[place], format!(" {}", TIMES[place].1))
            }
            Self::None | Self::Other(_) => {
                // Numbers of four digits are read as they are.
                let (size, name) =
                    if largest < 1e4 { (1.0, String::new()) } else { power(1_000.0, &DECIMAL) };
                let unit = if let Self::Other(unit) = self { format!(" {unit}") } else { String::new() };
                match name.as_str() {
                    "" => (size, unit),
                    name => (size, format!(" {name}{}", unit.trim_start())),
                }
            }
        }
    }
}

impl FromStr for Unit {
    type Err = Error;

    /// Reads a word of [`Unit::WORDS`], `""` for none, or any short text.
    fn from_str(word: &str) -> Result<Self> {
        if let Some((_, unit)) = Self::WORDS.iter().find(|(known, _)| *known == word) {
            return Ok(unit.clone());
        }
        match word {
            "" => Ok(Self::None),
            word if word.chars().count() > LONGEST || word.chars().any(char::is_control) => {
                let words = Self::WORDS.map(|(word, _)| word).join(", ");
                Err(Error::usage(format!("{word:?} is no unit that fits at an axis"))
                    .hint(format!("use {words}, or a text of at most {LONGEST} characters")))
            }
            word => Ok(Self::Other(word.to_owned())),
        }
    }
}
