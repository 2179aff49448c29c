//! What the name of a field tells: libvirt's values have the same names and units everywhere.
//!
//! The columns of handles say for themselves what they hold. A map that a script puts together from them does
//! not, and this is the one table for it. It decides only how the screen shows a number or a word: every data
//! format stays exact.

use super::Kind;

/// Bytes under these names, wherever they stand; whatever ends in `_bytes` or begins with `memory_` besides.
const BYTES: &[&str] = &[
    "actual",
    "allocation",
    "available",
    "bytes",
    "capacity",
    "max_memory",
    "memory",
    "physical",
    "rss",
    "unused",
    "usable",
];

/// Seconds under these names.
const SECONDS: &[&str] =
    &["downtime", "elapsed", "eta", "setup_time", "time_elapsed", "time_remaining", "uptime"];

/// What `rates()` counts by the second.
const PER_SECOND: &[&str] = &["rx_packets", "rx_errors", "rx_drops", "tx_packets", "tx_errors", "tx_drops"];

/// Times of day under these names; a value that is none is shown as it is.
const TIMES: &[&str] = &["created", "creation_time", "expiry_time", "time"];

/// How early fields go where the screen is narrow; those that are not named stay as long as others do.
const PRIORITIES: &[(&str, u8)] = &[
    ("disks", 6),
    ("nics", 6),
    ("uuid", 5),
    ("persistent", 4),
    ("autostart", 3),
    ("path", 3),
    ("mac", 2),
    ("vcpus", 2),
    ("id", 1),
    ("max_memory", 2),
    ("memory", 1),
];

/// What tells one row from the others, and how it is doing: these stay to the end.
const KEPT: &[&str] = &["name", "state"];

/// What a row is about, in this order: in a table these columns come first.
pub(super) const LEADING: &[&str] = &["guest", "name", "target", "state"];

/// Returns what a field of this name holds.
pub(crate) fn kind(name: &str) -> Kind {
    if name.ends_with("_ns") {
        Kind::Nanoseconds
    } else if BYTES.contains(&name) || name.ends_with("_bytes") || name.starts_with("memory_") {
        Kind::Size
    } else if name.ends_with("_rate") {
        Kind::Rate
    } else if name.ends_with("_percent") || name.ends_with("_iops") || PER_SECOND.contains(&name) {
        Kind::Measured
    } else if name.ends_with("_latency") || SECONDS.contains(&name) {
        Kind::Duration
    } else if TIMES.contains(&name) {
        Kind::Time
    } else {
        match name {
            "state" => Kind::State,
            "active" => Kind::Switch,
            _ => Kind::Plain,
        }
    }
}

/// Returns how early a field of this name goes where the screen is narrow.
pub(super) fn priority(name: &str) -> u8 {
    PRIORITIES.iter().find(|(known, _)| *known == name).map_or(0, |(_, priority)| *priority)
}

/// True for a field that goes last of all.
pub(super) fn is_kept(name: &str) -> bool {
    KEPT.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_unit() {
        assert_eq!(kind("memory"), Kind::Size);
        assert_eq!(kind("rd_bytes"), Kind::Size);
        assert_eq!(kind("cpu_time_ns"), Kind::Nanoseconds);
        assert_eq!(kind("eta"), Kind::Duration);
        assert_eq!(kind("creation_time"), Kind::Time);
        assert_eq!(kind("active"), Kind::Switch);
        assert_eq!(kind("percent"), Kind::Plain);
        assert_eq!(kind("read_rate"), Kind::Rate);
        assert_eq!(kind("cpu_percent"), Kind::Measured);
        assert_eq!(kind("write_latency"), Kind::Duration);
        assert_eq!(kind("memory_rss"), Kind::Size);
    }
}
