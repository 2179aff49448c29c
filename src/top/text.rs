//! Figures as short texts, and lines of the past.

use ratatui::style::Color;

use crate::monitor::HostRates;
use crate::output::is_utf8;
use crate::units;

/// What stands where nothing is known.
pub(super) const NOTHING: &str = "-";

pub(super) fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| NOTHING.into(), |value| format!("{value:.1}"))
}

pub(super) fn size(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| NOTHING.into(), |bytes| units::size_text(i64::try_from(bytes).unwrap_or(i64::MAX)))
}

/// Bytes in five columns: `512`, `1.5K`, `99.9M`, `100G`.
pub(super) fn compact(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| NOTHING.into(), |bytes| short(bytes as f64))
}

/// Bytes a second in five columns.
pub(super) fn rate(value: Option<f64>) -> String {
    value.map_or_else(|| NOTHING.into(), short)
}

fn short(bytes: f64) -> String {
    let mut number = bytes;
    for unit in ["", "K", "M", "G", "T"] {
        if number < 999.5 {
            // Single bytes have no fractions, and 100.0 is a sign too long.
            return if unit.is_empty() || number >= 99.95 {
                format!("{number:.0}{unit}")
            } else {
                format!("{number:.1}{unit}")
            };
        }
        number /= 1024.0;
    }
    format!("{number:.0}P")
}

pub(super) fn count(value: Option<f64>) -> String {
    value.map_or_else(|| NOTHING.into(), |value| format!("{value:.0}"))
}

pub(super) fn latency(value: Option<f64>) -> String {
    value.map_or_else(|| NOTHING.into(), units::duration_text)
}

/// The last values as a line of signs, a column for each; `most` is a full column.
pub(super) fn spark(values: impl Iterator<Item = Option<f64>>, most: f64, width: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const PLAIN: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];
    let signs = if is_utf8() { BARS } else { PLAIN };
    let sign = |value: Option<f64>| match value {
        None => ' ',
        Some(value) if most <= 0.0 || value <= 0.0 => signs[0],
        Some(value) => signs[((value / most * 8.0).ceil() as usize).clamp(1, 8) - 1],
    };
    let line: String = values.map(sign).collect();
    format!("{line:>width$}")
}

/// The colour of a part of a whole: green, yellow from 70 %, red from 90 %.
pub(super) fn load_colour(part: f64) -> Color {
    match part {
        part if part >= 0.9 => Color::Red,
        part if part >= 0.7 => Color::Yellow,
        _ => Color::Green,
    }
}

/// What the host does, in one line.
pub(super) fn host(host: &HostRates) -> String {
    let cpus = host.cpus.map_or_else(String::new, |cpus| format!(" of {} %", cpus * 100));
    let memory = match (host.used, host.memory) {
        (Some(used), Some(all)) => format!("{} of {}", size(Some(used)), size(Some(all))),
        (_, all) => size(all),
    };
    let iowait = host.iowait.map_or_else(String::new, |value| format!("  io wait {value:.0} %"));
    format!("CPU {} %{cpus}{iowait}  memory {memory}", percent(host.cpu))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_unknown_ones_are_said_to_be() {
        assert_eq!(percent(Some(12.34)), "12.3");
        assert_eq!(
            (rate(None), rate(Some(0.2)), rate(Some(2048.0))),
            ("-".into(), "0".into(), "2.0K".into())
        );
        for bytes in [0.0, 999.4, 999.5, 1023.0, 102_349.0, 1e6, 1.1e6, 1e9, 1e12, 1e15, 1e18] {
            assert!(short(bytes).len() <= 5, "{bytes}: {}", short(bytes));
        }
        assert_eq!(latency(Some(0.000_25)), "250us");
        assert_eq!(size(Some(3 << 30)), "3.0 GiB");
    }

    #[test]
    fn the_past_is_as_wide_as_asked_and_gaps_are_blank() {
        let line = spark([Some(0.0), None, Some(50.0), Some(100.0)].into_iter(), 100.0, 6);
        assert_eq!(line.chars().count(), 6);
        assert_eq!(line.chars().nth(3), Some(' '));
        assert!(["▁", "_"].contains(&&*line.chars().nth(2).unwrap().to_string()));
    }
}
