//! What a guest has done so far, as bulk statistics count it.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::libvirt::{StatsGuest, StatsSink, Value};

/// The counters of one guest; `None` and what is not in a list is what the driver does not tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Counters {
    /// its name
    pub name: Arc<str>,
    /// what identifies it
    pub uuid: Uuid,
    /// its number, another one after each start
    pub id: Option<u32>,
    /// `virDomainState`
    pub state: Option<i32>,
    /// nanoseconds of CPU time
    pub cpu_time: Option<u64>,
    /// virtual CPUs in use
    pub vcpus: Option<u64>,
    /// nanoseconds that all its virtual CPUs were ready to run and did not
    pub steal: Option<u64>,
    /// nanoseconds that all its virtual CPUs waited for the host's storage
    pub iowait: Option<u64>,
    /// its memory
    pub memory: Memory,
    /// bytes a second that it writes to, as measured last
    pub dirty_rate: Option<u64>,
    /// its disks
    pub disks: Vec<Disk>,
    /// its network interfaces
    pub nics: Vec<Nic>,
}

/// Memory in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// what it has
    pub current: Option<u64>,
    /// what it may have
    pub maximum: Option<u64>,
    /// what its kernel counts as memory
    pub available: Option<u64>,
    /// what its kernel does not use at all
    pub unused: Option<u64>,
    /// what its kernel could give to programs, caches included
    pub usable: Option<u64>,
    /// what it takes on the host
    pub rss: Option<u64>,
}

impl Memory {
    /// What programs and the kernel in the guest use, caches left out where the guest tells of them.
    pub fn used(&self) -> Option<u64> {
        Some(self.available?.saturating_sub(self.usable.or(self.unused)?))
    }
}

/// A disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    /// its name in the guest
    pub target: String,
    /// where its data are
    pub source: Option<String>,
    /// what was read
    pub read: Requests,
    /// what was written
    pub write: Requests,
    /// requests to write out what is held back
    pub flush: Requests,
    /// bytes that the guest sees
    pub capacity: Option<u64>,
    /// bytes that are written to
    pub allocation: Option<u64>,
    /// bytes that it takes on the host
    pub physical: Option<u64>,
}

/// Requests of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// how many
    pub count: Option<u64>,
    /// bytes
    pub bytes: Option<u64>,
    /// nanoseconds that they took, taken together
    pub time: Option<u64>,
}

/// A network interface, as the host sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nic {
    /// its name on the host
    pub name: String,
    /// towards the guest
    pub rx: Traffic,
    /// from the guest
    pub tx: Traffic,
}

/// One direction of a network interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// bytes
    pub bytes: Option<u64>,
    /// packets
    pub packets: Option<u64>,
    /// packets with errors
    pub errors: Option<u64>,
    /// packets that were dropped
    pub drops: Option<u64>,
}

impl Counters {
    /// A guest of which nothing is known yet.
    pub fn new(guest: StatsGuest<'_>) -> Self {
        Self { uuid: guest.uuid(), id: guest.id(), ..Self::unknown(guest.name().into()) }
    }

    fn unknown(name: Arc<str>) -> Self {
        Self {
            name,
            uuid: Uuid::nil(),
            id: None,
            state: None,
            cpu_time: None,
            vcpus: None,
            steal: None,
            iowait: None,
            memory: Memory::default(),
            dirty_rate: None,
            disks: Vec::new(),
            nics: Vec::new(),
        }
    }

    fn take(&mut self, group: &str, field: &str, value: Value) {
        let number = || value.as_i64().and_then(|number| u64::try_from(number).ok());
        match (group, field) {
            ("state", "state") => self.state = value.as_i64().and_then(|state| i32::try_from(state).ok()),
            ("cpu", "time") => self.cpu_time = number(),
            ("vcpu", "current") => self.vcpus = number(),
            ("vcpu", _) => match field.split_once('.') {
                Some((_, "delay")) => add(&mut self.steal, number()),
                Some((_, "wait")) => add(&mut self.iowait, number()),
                _ => {}
            },
            ("balloon", _) => self.take_memory(field, number().map(|kib| kib.saturating_mul(1024))),
            ("dirtyrate", "megabytes_per_second") => {
                self.dirty_rate = number().map(|mebibytes| mebibytes.saturating_mul(1 << 20));
            }
            ("block", _) => {
                if let Some((disk, field)) = member(&mut self.disks, field) {
                    disk.take(field, value);
                }
            }
            ("net", _) => {
                if let Some((nic, field)) = member(&mut self.nics, field) {
                    nic.take(field, value);
                }
            }
            _ => {}
        }
    }

    fn take_memory(&mut self, field: &str, bytes: Option<u64>) {
        let place = match field {
            "current" => &mut self.memory.current,
            "maximum" => &mut self.memory.maximum,
            "available" => &mut self.memory.available,
            "unused" => &mut self.memory.unused,
            "usable" => &mut self.memory.usable,
            "rss" => &mut self.memory.rss,
            _ => return,
        };
        *place = bytes;
    }
}

impl Disk {
    fn take(&mut self, field: &str, value: Value) {
        let number = value.as_i64().and_then(|number| u64::try_from(number).ok());
        let place = match (field, value) {
            ("name", Value::String(name)) => return self.target = name,
            ("path", Value::String(path)) => return self.source = Some(path),
            ("capacity", _) => &mut self.capacity,
            ("allocation", _) => &mut self.allocation,
            ("physical", _) => &mut self.physical,
            _ => {
                let Some((kind, field)) = field.split_once('.') else { return };
                let requests = match kind {
                    "rd" => &mut self.read,
                    "wr" => &mut self.write,
                    "fl" => &mut self.flush,
                    _ => return,
                };
                match field {
                    "reqs" => &mut requests.count,
                    "bytes" => &mut requests.bytes,
                    "times" => &mut requests.time,
                    _ => return,
                }
            }
        };
        *place = number;
    }
}

impl Nic {
    fn take(&mut self, field: &str, value: Value) {
        let number = value.as_i64().and_then(|number| u64::try_from(number).ok());
        if let ("name", Value::String(name)) = (field, value) {
            self.name = name;
            return;
        }
        let Some((direction, field)) = field.split_once('.') else { return };
        let traffic = match direction {
            "rx" => &mut self.rx,
            "tx" => &mut self.tx,
            _ => return,
        };
        let place = match field {
            "bytes" => &mut traffic.bytes,
            "pkts" => &mut traffic.packets,
            "errs" => &mut traffic.errors,
            "drop" => &mut traffic.drops,
            _ => return,
        };
        *place = number;
    }
}

fn add(sum: &mut Option<u64>, number: Option<u64>) {
    if let Some(number) = number {
        *sum = Some(sum.unwrap_or_default().saturating_add(number));
    }
}

/// The member of a list that a field such as `0.rd.bytes` belongs to, and the rest of the field's name.
fn member<'a, 'b, T: Default>(list: &'a mut Vec<T>, field: &'b str) -> Option<(&'a mut T, &'b str)> {
    let (index, field) = field.split_once('.')?;
    // Far more than a guest can have: a number beyond reason would only cost memory.
    let index = index.parse().ok().filter(|index| *index < 4096_usize)?;
    if list.len() <= index {
        list.resize_with(index + 1, T::default);
    }
    Some((&mut list[index], field))
}

/// Who the guests are, by name.
pub(super) type Identities = HashMap<Arc<str>, Identity>;

/// What does not change while a guest runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity {
    uuid: Uuid,
    id: Option<u32>,
    /// Which one it is, by name.
    place: usize,
}

/// The identities of guests that are sorted by name.
pub(super) fn identities(sorted: &[Counters]) -> Identities {
    let identity = |(place, guest): (usize, &Counters)| {
        (guest.name.clone(), Identity { uuid: guest.uuid, id: guest.id, place })
    };
    sorted.iter().enumerate().map(identity).collect()
}

/// What was told of a guest.
pub(super) struct Told {
    /// Which one it is by name, where it was known before.
    place: Option<usize>,
    counters: Counters,
}

/// Sorts guests by name. Comparing ten thousand names takes longer than all else that is done with them: those that are
/// known go to their places.
pub(super) fn sorted(told: Vec<Told>, known: usize) -> Vec<Counters> {
    if told.iter().any(|told| told.place.is_none_or(|place| place >= known)) {
        let mut counters: Vec<Counters> = told.into_iter().map(|told| told.counters).collect();
        counters.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        return counters;
    }
    let mut places: Vec<Option<Counters>> = std::iter::repeat_with(|| None).take(known).collect();
    for told in told {
        if let Some(place) = told.place {
            places[place] = Some(told.counters);
        }
    }
    places.into_iter().flatten().collect()
}

/// Collects the counters of each guest.
#[derive(Clone, Default)]
pub(super) struct CountersSink {
    /// Guests that libvirt need not be asked of again.
    pub(super) known: Arc<Identities>,
}

impl StatsSink for CountersSink {
    type Item = Told;

    fn begin(&mut self, guest: StatsGuest<'_>) -> Told {
        match self.known.get_key_value(guest.name()) {
            Some((name, known)) => {
                let counters = Counters { uuid: known.uuid, id: known.id, ..Counters::unknown(name.clone()) };
                Told { place: Some(known.place), counters }
            }
            None => Told { place: None, counters: Counters::new(guest) },
        }
    }

    fn take(&mut self, item: &mut Told, name: &str, value: Value) {
        if let Some((group, field)) = name.split_once('.') {
            item.counters.take(group, field, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_libvirt_find_their_places() {
        let mut sink = CountersSink::default();
        let guest = StatsGuest::known("web1", Uuid::from_u128(1), Some(3));
        let mut told_of = sink.begin(guest);
        let told = [
            ("state.state", Value::Int(1)),
            ("cpu.time", Value::ULLong(5_000)),
            ("vcpu.current", Value::UInt(2)),
            ("vcpu.0.delay", Value::ULLong(10)),
            ("vcpu.1.delay", Value::ULLong(20)),
            ("balloon.available", Value::ULLong(1000)),
            ("balloon.usable", Value::ULLong(400)),
            ("block.count", Value::UInt(1)),
            ("block.0.name", Value::String("vda".into())),
            ("block.0.rd.times", Value::ULLong(7)),
            ("block.9999.rd.times", Value::ULLong(7)),
            ("net.0.name", Value::String("vnet0".into())),
            ("net.0.tx.pkts", Value::ULLong(9)),
            ("dirtyrate.megabytes_per_second", Value::LLong(3)),
            ("block.0.something.new", Value::ULLong(1)),
        ];
        for (name, value) in told {
            sink.take(&mut told_of, name, value);
        }
        let counters = told_of.counters;
        assert_eq!((counters.state, counters.id, counters.vcpus), (Some(1), Some(3), Some(2)));
        assert_eq!((counters.cpu_time, counters.steal, counters.iowait), (Some(5_000), Some(30), None));
        assert_eq!(counters.memory.used(), Some(600 << 10));
        assert_eq!(counters.disks.len(), 1);
        assert_eq!((counters.disks[0].target.as_str(), counters.disks[0].read.time), ("vda", Some(7)));
        assert_eq!((counters.nics[0].name.as_str(), counters.nics[0].tx.packets), ("vnet0", Some(9)));
        assert_eq!(counters.dirty_rate, Some(3 << 20));
    }

    #[test]
    fn guests_are_sorted_by_name_whether_they_are_known_or_not() {
        let guest = |name| StatsGuest::known(name, Uuid::from_u128(1), Some(3));
        let told = |known: &Arc<Identities>, names: &[&'static str]| {
            let mut sink = CountersSink { known: known.clone() };
            names.iter().map(|name| sink.begin(guest(name))).collect::<Vec<_>>()
        };
        let names =
            |counters: &[Counters]| counters.iter().map(|one| one.name.to_string()).collect::<Vec<_>>();
        let first = sorted(told(&Arc::default(), &["c", "a", "b"]), 0);
        assert_eq!(names(&first), ["a", "b", "c"]);
        let known = Arc::new(identities(&first));
        assert_eq!(sorted(told(&known, &["b", "c", "a"]), 3), first);
        assert_eq!(names(&sorted(told(&known, &["c", "a"]), 3)), ["a", "c"], "one has gone");
        assert_eq!(names(&sorted(told(&known, &["c", "ab", "a"]), 3)), ["a", "ab", "c"], "one is new");
    }
}
