//! Bulk statistics: one call for all guests, one map for each.
//!
//! libvirt's dotted names become nested maps and arrays (`block.0.rd.bytes` is `block[0].rd.bytes`).
//! Sizes are bytes, counters of nanoseconds end in `_ns`, states are words, and what a driver does
//! not tell is absent. The maps are built on the thread that makes the call.

use rhai::{Array, Dynamic, ImmutableString, Map};
use uuid::Uuid;

use super::domain::{STATS_FILTERS, selection};
use super::words;
use crate::error::{Error, Result};
use crate::lang::options::{OptionSpec, OptionTable, Parsed, duration, flag, list};
use crate::lang::suggest::nearest;
use crate::libvirt::{
    Connection, CopyStats, Domain, DomainStats, StatsGuest, StatsOf, StatsSink, StatsWithin, Value, sys,
};
use crate::monitor::LIMIT;
use crate::units;

/// What is told of each guest; beside it stand options for which guests.
pub(super) const GROUP_OPTIONS: &[OptionSpec] = &[
    list("groups", "Which groups, such as [\"state\", \"block\"]; all that the driver has without it."),
    flag(
        "nowait",
        sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT,
        "Leaves out what a busy guest would have to be asked for.",
    ),
    flag("backing", sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING, "With the backing chain of each disk."),
    duration("limit", "How long guests that do not answer may keep the others waiting; 1 s without it."),
    flag(
        "enforce",
        sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS,
        "Fails where the driver lacks a group.",
    ),
];

/// The options of `stats`.
pub(super) static STATS: OptionTable = OptionTable {
    function: "Connection.stats",
    options: &[
        GROUP_OPTIONS[0],
        STATS_FILTERS[0],
        STATS_FILTERS[1],
        STATS_FILTERS[2],
        STATS_FILTERS[3],
        GROUP_OPTIONS[1],
        GROUP_OPTIONS[2],
        GROUP_OPTIONS[3],
        GROUP_OPTIONS[4],
    ],
};

pub(super) const GROUPS: &[(&str, u32)] = &[
    ("state", sys::VIR_DOMAIN_STATS_STATE),
    ("cpu_total", sys::VIR_DOMAIN_STATS_CPU_TOTAL),
    ("balloon", sys::VIR_DOMAIN_STATS_BALLOON),
    ("vcpu", sys::VIR_DOMAIN_STATS_VCPU),
    ("interface", sys::VIR_DOMAIN_STATS_INTERFACE),
    ("block", sys::VIR_DOMAIN_STATS_BLOCK),
    ("perf", sys::VIR_DOMAIN_STATS_PERF),
    ("iothread", sys::VIR_DOMAIN_STATS_IOTHREAD),
    ("memory", sys::VIR_DOMAIN_STATS_MEMORY),
    ("dirtyrate", sys::VIR_DOMAIN_STATS_DIRTYRATE),
    ("vm", sys::VIR_DOMAIN_STATS_VM),
];

fn group(name: &str) -> Result<u32> {
    GROUPS.iter().find(|(word, _)| *word == name).map(|(_, bit)| *bit).ok_or_else(|| {
        let hint = match nearest(name, GROUPS.iter().map(|(word, _)| *word)) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("the groups are {}", GROUPS.iter().map(|g| g.0).collect::<Vec<_>>().join(", ")),
        };
        Error::usage(format!("{name:?} is not a group of statistics"))
            .operation("connection.stats")
            .hint(hint)
    })
}

/// The bits of the groups that the options name.
fn groups(options: &Parsed) -> Result<u32> {
    let groups = options.get_list("groups")?.unwrap_or_default();
    groups.iter().try_fold(0, |bits, name| Ok(bits | group(name)?))
}

/// The bits of groups by name.
pub(super) fn group_bits(names: &Array) -> Result<u32> {
    names.iter().try_fold(0, |bits, name| Ok(bits | group(&name.to_string())?))
}

/// Everything of these groups that is to be had without waiting for guests that do not answer.
pub(super) fn whole_stats(connection: &Connection, groups: u32) -> Result<StatsWithin<DomainStats>> {
    connection.domain_stats_within(&StatsOf::All, groups, 0, LIMIT, CopyStats)
}

/// Statistics of these guests of one connection, one map each, in their order.
pub(super) fn of(connection: &Connection, guests: &[Domain], options: &Parsed) -> Result<Array> {
    let maps = read(connection, &StatsOf::Guests(guests.to_vec()), 0, options)?;
    Ok(maps.into_iter().map(|(_, map)| map).collect())
}

/// The maps of some guests, in libvirt's order, with their names.
fn read(
    connection: &Connection,
    guests: &StatsOf,
    which: u32,
    options: &Parsed,
) -> Result<Vec<(ImmutableString, Dynamic)>> {
    let limit = options.get_duration("limit")?.map(units::seconds).transpose()?.unwrap_or(LIMIT);
    let flags = which | options.flags();
    let told = connection.domain_stats_within(guests, groups(options)?, flags, limit, MapSink)?;
    let finished = |guest: Guest| {
        let mut map = finish(guest.map);
        if told.stale.contains(&guest.uuid) {
            map.insert("stale".into(), true.into());
        }
        (guest.name, Dynamic::from_map(map))
    };
    Ok(told.items.into_iter().map(finished).collect())
}

/// Statistics of all guests, one map each.
pub(super) fn stats(connection: &Connection, options: Map) -> Result<Array> {
    let options = STATS.read(options)?;
    let (which, pattern) = selection(&options)?;
    let mut maps = read(connection, &StatsOf::All, which, &options)?;
    if let Some(pattern) = pattern {
        let matcher = super::names::pattern(&pattern)?;
        maps.retain(|(name, _)| matcher.is_match(name.as_str()));
    }
    maps.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(maps.into_iter().map(|(_, map)| map).collect())
}

/// Builds the map of each guest.
#[derive(Clone)]
struct MapSink;

/// One guest on its way to a map.
struct Guest {
    name: ImmutableString,
    uuid: Uuid,
    map: Map,
}

impl StatsSink for MapSink {
    type Item = Guest;

    fn begin(&mut self, guest: StatsGuest<'_>) -> Guest {
        let name = ImmutableString::from(guest.name());
        let uuid = guest.uuid();
        let text = uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()).to_owned();
        let map = Map::from([
            ("name".into(), name.clone().into()),
            ("uuid".into(), Dynamic::from(ImmutableString::from(text))),
        ]);
        Guest { name, uuid, map }
    }

    fn take(&mut self, guest: &mut Guest, name: &str, value: Value) {
        insert(&mut guest.map, name, dynamic(name, value));
    }
}

/// Puts a value at its dotted name, as maps within maps; [`finish`] turns numbered ones into arrays.
pub(super) fn insert(map: &mut Map, name: &str, value: Dynamic) {
    match name.split_once('.') {
        Some((first, rest)) => {
            let child = map.entry(key(first)).or_insert_with(|| Map::new().into());
            if let Ok(mut child) = child.as_map_mut() {
                insert(&mut child, rest, value);
                return;
            }
            // libvirt never gives a name both a value and members; if it ever does, nothing is lost.
            map.insert(key(name), value);
        }
        None => {
            map.insert(unit_name(name), value);
        }
    }
}

fn key(word: &str) -> rhai::Identifier {
    if word.contains(['-', '.']) { word.replace(['-', '.'], "_").into() } else { word.into() }
}

/// Counters of nanoseconds, by the last part of their names.
const NANOSECONDS: &[&str] = &["time", "user", "system", "wait", "delay", "times"];

fn unit_name(word: &str) -> rhai::Identifier {
    if NANOSECONDS.contains(&word) { format!("{word}_ns").into() } else { key(word) }
}

/// Fields of the balloon group that are numbers of events or a time, not KiB.
const BALLOON_COUNTS: &[&str] =
    &["major_fault", "minor_fault", "last-update", "hugetlb_pgalloc", "hugetlb_pgfail"];

fn dynamic(name: &str, value: Value) -> Dynamic {
    let number = match value {
        Value::String(text) => return text.into(),
        Value::Boolean(on) => return on.into(),
        Value::Double(number) => return number.into(),
        ref other => other.as_i64().unwrap_or_default(),
    };
    if let Some(field) = name.strip_prefix("balloon.") {
        let factor = if BALLOON_COUNTS.contains(&field) { 1 } else { 1024 };
        return Dynamic::from_int(number.saturating_mul(factor));
    }
    let short = i32::try_from(number).unwrap_or(-1);
    match name {
        "state.state" => words::domain_state(short).into_owned().into(),
        _ if name.starts_with("vcpu.") && name.rsplit('.').next() == Some("state") => {
            words::word(words::VCPU_STATES, short).into_owned().into()
        }
        _ => Dynamic::from_int(number),
    }
}

/// Turns maps with numbered members into arrays, and the reason of the state into a word.
fn finish(mut map: Map) -> Map {
    if let Some(state) = map.get_mut("state") {
        finish_state(state);
    }
    arrange(&mut map);
    map
}

fn finish_state(state: &mut Dynamic) {
    let Ok(mut state) = state.as_map_mut() else { return };
    let number = |word: &Dynamic| {
        let word = word.as_immutable_string_ref().ok()?;
        words::DOMAIN_STATES.iter().position(|known| *known == word.as_str())
    };
    let Some(current) = state.get("state").and_then(number) else { return };
    if let Some(reason) = state.get_mut("reason")
        && let Ok(number) = reason.as_int()
    {
        let word = words::domain_reason(current as i32, i32::try_from(number).unwrap_or(-1));
        *reason = word.into_owned().into();
    }
}

/// Arranges one level: a member with numbered members becomes an array, and what else it has stands
/// beside it (`vcpu_current`); the count of an array is its `len()`.
pub(super) fn arrange(map: &mut Map) {
    // Most members are no lists: those stay where they are.
    let mut lists = Vec::new();
    for (name, value) in map.iter_mut() {
        let Ok(mut members) = value.as_map_mut() else { continue };
        arrange(&mut members);
        if is_list(&members) {
            lists.push(name.clone());
        }
    }
    for name in lists {
        let Some(members) = map.remove(&name).and_then(Dynamic::try_cast::<Map>) else { continue };
        let (numbered, named): (Vec<_>, Vec<_>) = members.into_iter().partition(|(key, _)| is_number(key));
        for (key, value) in named.into_iter().filter(|(key, _)| key != "count") {
            map.insert(format!("{name}_{key}").into(), value);
        }
        map.insert(name, array(numbered).into());
    }
}

/// True for members with numbers, and for a count alone: an empty list.
fn is_list(members: &Map) -> bool {
    members.keys().any(|key| is_number(key)) || (members.len() == 1 && members.contains_key("count"))
}

fn is_number(key: &str) -> bool {
    key.starts_with(|first: char| first.is_ascii_digit()) && key.parse::<usize>().is_ok()
}

/// Numbered members by their numbers; a gap, such as a CPU that is offline, is an empty map.
fn array(numbered: Vec<(rhai::Identifier, Dynamic)>) -> Array {
    let mut array = Array::new();
    for (key, value) in numbered {
        // Parsed before; a number beyond reason would only cost memory, so it is left out.
        let Some(index) = key.parse::<usize>().ok().filter(|index| *index < 65_536) else { continue };
        if array.len() <= index {
            array.resize_with(index + 1, || Map::new().into());
        }
        array[index] = value;
    }
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(params: &[(&str, Value)]) -> Map {
        let guest = StatsGuest::known("web1", Uuid::from_u128(7), None);
        let mut item = MapSink.begin(guest);
        for (name, value) in params {
            MapSink.take(&mut item, name, value.clone());
        }
        finish(item.map)
    }

    fn json(map: Map) -> String {
        serde_json::to_string(&Dynamic::from_map(map)).unwrap()
    }

    #[test]
    fn dotted_names_become_maps_and_arrays_with_our_units() {
        let map = built(&[
            ("state.state", Value::Int(1)),
            ("state.reason", Value::Int(1)),
            ("cpu.time", Value::ULLong(5)),
            ("balloon.current", Value::ULLong(2)),
            ("balloon.major_fault", Value::ULLong(2)),
            ("vcpu.current", Value::UInt(2)),
            ("vcpu.0.state", Value::Int(1)),
            ("vcpu.2.state", Value::Int(0)),
            ("block.count", Value::UInt(1)),
            ("block.0.name", Value::String("vda".into())),
            ("block.0.rd.bytes", Value::ULLong(7)),
            ("iothread.0.poll-max-ns", Value::ULLong(9)),
        ]);
        assert_eq!(
            json(map),
            concat!(
                r#"{"balloon":{"current":2048,"major_fault":2},"block":[{"name":"vda","rd":{"bytes":7}}],"#,
                r#""cpu":{"time_ns":5},"iothread":[{"poll_max_ns":9}],"name":"web1","#,
                r#""state":{"reason":"booted","state":"running"},"uuid":"00000000-0000-0000-0000-000000000007","#,
                r#""vcpu":[{"state":"running"},{},{"state":"offline"}],"vcpu_current":2}"#
            )
        );
    }

    #[test]
    fn a_group_without_members_is_an_empty_array() {
        assert_eq!(
            json(built(&[("block.count", Value::UInt(0))])),
            r#"{"block":[],"name":"web1","uuid":"00000000-0000-0000-0000-000000000007"}"#
        );
    }

    #[test]
    fn an_unknown_group_names_the_nearest() {
        let error = group("blok").unwrap_err();
        assert_eq!(error.facts().hint.as_deref(), Some("did you mean \"block\"?"));
    }
}
