//! Counters by the calls for each single guest, for drivers without bulk statistics.

use super::counters::{Counters, Disk, Memory, Nic, Requests, Traffic};
use crate::error::Result;
use crate::libvirt::{Connection, Domain, DomainInfo, StatsGuest, sys};
use crate::xml::{Document, Value};

/// The counters of these guests; one that is gone is left out, and what the driver cannot tell is absent.
pub(super) fn read(connection: &Connection, guests: &[Domain]) -> Result<Vec<Counters>> {
    let infos = connection.domain_infos(guests)?;
    let definitions = connection.domain_definitions(guests, 0)?;
    let told = guests.iter().zip(infos).zip(definitions);
    let counters = told.filter_map(|((guest, info), definition)| {
        let mut counters = started(guest, &info?);
        if counters.id.is_some() {
            counters.memory = memory(guest, counters.memory);
            if let Some(definition) = definition.and_then(|text| Document::parse(&text).ok()) {
                counters.disks = disks(guest, &definition);
                counters.nics = nics(guest, &definition);
            }
        }
        Some(counters)
    });
    Ok(counters.collect())
}

/// Takes what `virDomainGetInfo` tells.
pub(super) fn take_info(counters: &mut Counters, info: &DomainInfo) {
    counters.state = i32::try_from(info.state).ok();
    counters.cpu_time = Some(info.cpu_time_ns);
    counters.vcpus = Some(u64::from(info.vcpus));
    counters.memory.current = Some(info.memory);
    counters.memory.maximum = Some(info.max_memory);
}

fn started(guest: &Domain, info: &DomainInfo) -> Counters {
    let id = guest.id().ok().flatten();
    let mut counters = Counters::new(StatsGuest::known(guest.label(), *guest.key(), id));
    take_info(&mut counters, info);
    counters
}

fn memory(guest: &Domain, known: Memory) -> Memory {
    let Ok(stats) = guest.memory_stats() else { return known };
    let bytes = |tag: u32| {
        let told = stats.iter().find(|(known, _)| u32::try_from(*known) == Ok(tag));
        told.map(|(_, kib)| kib.saturating_mul(1024))
    };
    Memory {
        current: bytes(sys::VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON).or(known.current),
        available: bytes(sys::VIR_DOMAIN_MEMORY_STAT_AVAILABLE),
        unused: bytes(sys::VIR_DOMAIN_MEMORY_STAT_UNUSED),
        usable: bytes(sys::VIR_DOMAIN_MEMORY_STAT_USABLE),
        rss: bytes(sys::VIR_DOMAIN_MEMORY_STAT_RSS),
        ..known
    }
}

fn disks(guest: &Domain, definition: &Document) -> Vec<Disk> {
    let targets = texts(definition, "devices/disk/target/@dev");
    let disk = |target: String| {
        // Guests in containers have file systems, which are not counted.
        let told = guest.block_stats(&target).ok()?;
        let number = |name: &str| {
            let value = told.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.as_i64());
            value.and_then(|number| u64::try_from(number).ok())
        };
        let requests = |kind: &str| Requests {
            count: number(&format!("{kind}_operations")),
            bytes: number(&format!("{kind}_bytes")),
            time: number(&format!("{kind}_total_times")),
        };
        let (read, write, flush) = (requests("rd"), requests("wr"), requests("flush"));
        Some(Disk { target, read, write, flush, ..Disk::default() })
    };
    targets.into_iter().filter_map(disk).collect()
}

fn nics(guest: &Domain, definition: &Document) -> Vec<Nic> {
    let nic = |name: String| {
        let told = guest.interface_stats(&name).ok()?;
        let traffic = |counted: [Option<i64>; 4]| {
            let [bytes, packets, errors, drops] =
                counted.map(|number| number.and_then(|number| u64::try_from(number).ok()));
            Traffic { bytes, packets, errors, drops }
        };
        let (rx, tx) = (traffic(told.rx), traffic(told.tx));
        Some(Nic { name, rx, tx })
    };
    texts(definition, "devices/interface/target/@dev").into_iter().filter_map(nic).collect()
}

fn texts(document: &Document, path: &str) -> Vec<String> {
    let text = |value| if let Value::Text(text) = value { Some(text) } else { None };
    document.all(path).unwrap_or_default().into_iter().filter_map(text).collect()
}
