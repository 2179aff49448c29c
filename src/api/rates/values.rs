//! Samples as maps: one name for each thing, and what is not known is absent.

use rhai::{Array, Dynamic, Map};

use crate::api::words;
use crate::monitor::{
    Counters, DiskRates, GuestSample, HostRates, Memory, NicRates, RequestRates, Requests, Sample, Traffic,
    TrafficRates,
};
use crate::units;

/// A map that leaves out what is not known.
#[derive(Default)]
struct Known(Map);

impl Known {
    fn set(&mut self, name: &str, value: impl Into<Dynamic>) {
        self.0.insert(name.into(), value.into());
    }

    fn float(&mut self, name: &str, value: Option<f64>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    fn int(&mut self, name: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.set(name, i64::try_from(value).unwrap_or(i64::MAX));
        }
    }

    fn text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.set(name, value.to_owned());
        }
    }
}

/// One guest of `rates()`.
pub(super) fn rates(guest: &GuestSample) -> Map {
    let GuestSample { counters, rates, is_stale } = guest;
    let mut map = Known::default();
    map.set("name", &*counters.name);
    map.set("uuid", counters.uuid.to_string());
    map.text("state", counters.state.map(words::domain_state).as_deref());
    map.set("stale", *is_stale);
    map.int("vcpus", counters.vcpus);
    map.int("memory", counters.memory.current);
    map.int("memory_used", counters.memory.used());
    map.int("memory_available", counters.memory.available);
    map.int("memory_rss", counters.memory.rss);
    map.int("dirty_rate", counters.dirty_rate);
    let Some(rates) = rates else { return map.0 };
    map.float("cpu_percent", rates.cpu);
    map.float("steal_percent", rates.steal);
    map.float("iowait_percent", rates.iowait);
    map.float("read_rate", rates.disks_sum(|disk| disk.read.bytes));
    map.float("write_rate", rates.disks_sum(|disk| disk.write.bytes));
    map.float("read_iops", rates.disks_sum(|disk| disk.read.count));
    map.float("write_iops", rates.disks_sum(|disk| disk.write.count));
    map.float("rx_rate", rates.nics_sum(|nic| nic.rx.bytes));
    map.float("tx_rate", rates.nics_sum(|nic| nic.tx.bytes));
    let disks = disks(guest).into_iter().zip(&rates.disks);
    let disks = disks.map(|(counters, rates)| disk_rates(&counters, rates));
    map.set("disks", disks.map(Dynamic::from).collect::<Array>());
    let nics = counters.nics.iter().zip(&rates.nics).map(|(nic, rates)| nic_rates(&nic.name, rates));
    map.set("nics", nics.map(Dynamic::from).collect::<Array>());
    map.0
}

fn disk_rates(counters: &Map, rates: &DiskRates) -> Map {
    let mut map = Known::default();
    for name in ["target", "source", "capacity", "allocation", "physical"] {
        if let Some(value) = counters.get(name) {
            map.set(name, value.clone());
        }
    }
    let mut requests = |kind: &str, rates: &RequestRates| {
        map.float(&format!("{kind}_rate"), rates.bytes);
        map.float(&format!("{kind}_iops"), rates.count);
        map.float(&format!("{kind}_latency"), rates.latency);
    };
    requests("read", &rates.read);
    requests("write", &rates.write);
    requests("flush", &rates.flush);
    map.0
}

fn nic_rates(name: &str, rates: &NicRates) -> Map {
    let mut map = Known::default();
    map.set("name", name.to_owned());
    let mut traffic = |direction: &str, rates: &TrafficRates| {
        map.float(&format!("{direction}_rate"), rates.bytes);
        map.float(&format!("{direction}_packets"), rates.packets);
        map.float(&format!("{direction}_errors"), rates.errors);
        map.float(&format!("{direction}_drops"), rates.drops);
    };
    traffic("rx", &rates.rx);
    traffic("tx", &rates.tx);
    map.0
}

/// What `host().rates()` tells.
pub(super) fn host(rates: &HostRates) -> Map {
    let mut map = Known::default();
    map.int("cpus", rates.cpus.map(u64::from));
    map.float("cpu_percent", rates.cpu);
    map.float("user_percent", rates.user);
    map.float("kernel_percent", rates.kernel);
    map.float("iowait_percent", rates.iowait);
    take_host_memory(&mut map, rates);
    map.0
}

fn take_host_memory(map: &mut Known, rates: &HostRates) {
    map.int("memory", rates.memory);
    map.int("memory_used", rates.used);
    map.int("memory_free", rates.free);
}

/// What the closure of `watch` is called with.
pub(super) fn sample(sample: &Sample) -> Map {
    let mut map = Known::default();
    map.set("time", units::time_text(jiff::Timestamp::now()));
    map.set("host", host(&sample.host));
    map.set("guests", sample.guests.iter().map(|guest| rates(guest).into()).collect::<Array>());
    map.0
}

/// What `memstat()` tells of a guest.
pub(super) fn memory(memory: &Memory) -> Map {
    let mut map = Known::default();
    map.int("memory", memory.current);
    map.int("max_memory", memory.maximum);
    map.int("memory_used", memory.used());
    map.int("memory_available", memory.available);
    map.int("memory_unused", memory.unused);
    map.int("memory_usable", memory.usable);
    map.int("memory_rss", memory.rss);
    map.0
}

/// What `memstat()` tells of a host.
pub(super) fn host_memory(sample: &Sample) -> Map {
    let mut map = Known::default();
    take_host_memory(&mut map, &sample.host);
    map.int("memory_guests", sum(sample, |guest| guest.memory.current));
    map.int("memory_guests_rss", sum(sample, |guest| guest.memory.rss));
    map.0
}

/// What `cpustat()` tells of a guest.
pub(super) fn cpu(counters: &Counters) -> Map {
    let mut map = Known::default();
    map.int("vcpus", counters.vcpus);
    map.int("time_ns", counters.cpu_time);
    map.int("steal_ns", counters.steal);
    map.int("iowait_ns", counters.iowait);
    map.0
}

/// What `cpustat()` tells of a host beside libvirt's own names.
pub(super) fn host_cpu(sample: &Sample) -> Map {
    let mut map = Known::default();
    map.int("cpus", sample.host.cpus.map(u64::from));
    map.int("guests_ns", sum(sample, |guest| guest.cpu_time));
    map.0
}

fn sum(sample: &Sample, of: impl Fn(&Counters) -> Option<u64>) -> Option<u64> {
    let known: Vec<u64> = sample.guests.iter().filter_map(|guest| of(&guest.counters)).collect();
    // Guests of which nothing is known are not guests that have nothing.
    if known.is_empty() && !sample.guests.is_empty() { None } else { Some(known.into_iter().sum()) }
}

/// What `blockstat()` tells of a guest.
pub(super) fn disks(guest: &GuestSample) -> Vec<Map> {
    let disk = |disk: &crate::monitor::Disk| {
        let mut map = Known::default();
        map.set("target", disk.target.clone());
        map.text("source", disk.source.as_deref());
        let mut requests = |kind: &str, counted: &Requests| {
            map.int(&format!("{kind}_bytes"), counted.bytes);
            map.int(&format!("{kind}_requests"), counted.count);
            map.int(&format!("{kind}_time_ns"), counted.time);
        };
        requests("read", &disk.read);
        requests("write", &disk.write);
        requests("flush", &disk.flush);
        map.int("capacity", disk.capacity);
        map.int("allocation", disk.allocation);
        map.int("physical", disk.physical);
        map.0
    };
    guest.counters.disks.iter().map(disk).collect()
}

/// What `netstat()` tells of a guest.
pub(super) fn nics(guest: &GuestSample) -> Vec<Map> {
    let nic = |nic: &crate::monitor::Nic| {
        let mut map = Known::default();
        map.set("name", nic.name.clone());
        let mut traffic = |direction: &str, counted: &Traffic| {
            map.int(&format!("{direction}_bytes"), counted.bytes);
            map.int(&format!("{direction}_packets"), counted.packets);
            map.int(&format!("{direction}_errors"), counted.errors);
            map.int(&format!("{direction}_drops"), counted.drops);
        };
        traffic("rx", &nic.rx);
        traffic("tx", &nic.tx);
        map.0
    };
    guest.counters.nics.iter().map(nic).collect()
}
