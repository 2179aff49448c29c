//! Counters of two moments become rates.
//!
//! A counter that went back tells nothing: the guest was started anew, moved to another host, or a device was
//! replaced. What cannot be told is absent, never zero and never negative.

use std::time::Duration;

use super::counters::{Counters, Disk, Nic, Requests, Traffic};

/// What a guest does, as rates between two moments.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    /// percent of one host CPU
    pub cpu: Option<f64>,
    /// percent of the time in which a virtual CPU was ready to run and did not, all of them added up
    pub steal: Option<f64>,
    /// percent of the time in which a virtual CPU waited for the host's storage, all of them added up
    pub iowait: Option<f64>,
    /// its disks, in the order of the counters
    pub disks: Vec<DiskRates>,
    /// its network interfaces, in the order of the counters
    pub nics: Vec<NicRates>,
}

/// What a disk does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DiskRates {
    /// reading
    pub read: RequestRates,
    /// writing
    pub write: RequestRates,
    /// writing out what is held back
    pub flush: RequestRates,
}

/// Requests of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RequestRates {
    /// requests a second
    pub count: Option<f64>,
    /// bytes a second
    pub bytes: Option<f64>,
    /// seconds that one took; none where there were no requests
    pub latency: Option<f64>,
}

/// What a network interface does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NicRates {
    /// towards the guest
    pub rx: TrafficRates,
    /// from the guest
    pub tx: TrafficRates,
}

/// One direction, each a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TrafficRates {
    /// bytes
    pub bytes: Option<f64>,
    /// packets
    pub packets: Option<f64>,
    /// packets with errors
    pub errors: Option<f64>,
    /// packets that were dropped
    pub drops: Option<f64>,
}

impl Rates {
    /// The rates between two moments of one guest that lie so far apart.
    pub fn between(before: &Counters, now: &Counters, time: Duration) -> Self {
        let unknown = || Self {
            disks: vec![DiskRates::default(); now.disks.len()],
            nics: vec![NicRates::default(); now.nics.len()],
            ..Self::default()
        };
        let seconds = time.as_secs_f64();
        // Another number means another process, whose counters began at zero.
        if before.id != now.id || seconds <= 0.0 {
            return unknown();
        }
        let percent = |before, now| Some(delta(before, now)? / seconds / 1e7);
        let disk = |now: &Disk| {
            let before =
                before.disks.iter().find(|disk| disk.target == now.target && disk.source == now.source);
            before.map(|before| DiskRates::between(before, now, seconds)).unwrap_or_default()
        };
        let nic = |now: &Nic| {
            let before = before.nics.iter().find(|nic| nic.name == now.name);
            before.map(|before| NicRates::between(before, now, seconds)).unwrap_or_default()
        };
        Self {
            cpu: percent(before.cpu_time, now.cpu_time),
            steal: percent(before.steal, now.steal),
            iowait: percent(before.iowait, now.iowait),
            disks: now.disks.iter().map(disk).collect(),
            nics: now.nics.iter().map(nic).collect(),
        }
    }

    /// The sum of something over all disks; absent where no disk tells it.
    pub fn disks_sum(&self, of: impl Fn(&DiskRates) -> Option<f64>) -> Option<f64> {
        sum(self.disks.iter().filter_map(of))
    }

    /// The sum of something over all network interfaces; absent where none tells it.
    pub fn nics_sum(&self, of: impl Fn(&NicRates) -> Option<f64>) -> Option<f64> {
        sum(self.nics.iter().filter_map(of))
    }
}

impl DiskRates {
    fn between(before: &Disk, now: &Disk, seconds: f64) -> Self {
        Self {
            read: RequestRates::between(before.read, now.read, seconds),
            write: RequestRates::between(before.write, now.write, seconds),
            flush: RequestRates::between(before.flush, now.flush, seconds),
        }
    }
}

impl RequestRates {
    fn between(before: Requests, now: Requests, seconds: f64) -> Self {
        let count = delta(before.count, now.count);
        let latency = || {
            let requests = count.filter(|requests| *requests > 0.0)?;
            Some(delta(before.time, now.time)? / requests / 1e9)
        };
        Self {
            count: count.map(|requests| requests / seconds),
            bytes: delta(before.bytes, now.bytes).map(|bytes| bytes / seconds),
            latency: latency(),
        }
    }
}

impl NicRates {
    fn between(before: &Nic, now: &Nic, seconds: f64) -> Self {
        Self {
            rx: TrafficRates::between(before.rx, now.rx, seconds),
            tx: TrafficRates::between(before.tx, now.tx, seconds),
        }
    }
}

impl TrafficRates {
    fn between(before: Traffic, now: Traffic, seconds: f64) -> Self {
        let rate = |before, now| Some(delta(before, now)? / seconds);
        Self {
            bytes: rate(before.bytes, now.bytes),
            packets: rate(before.packets, now.packets),
            errors: rate(before.errors, now.errors),
            drops: rate(before.drops, now.drops),
        }
    }
}

/// How much a counter grew; nothing where it went back.
pub(super) fn delta(before: Option<u64>, now: Option<u64>) -> Option<f64> {
    Some(now?.checked_sub(before?)? as f64)
}

fn sum(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    numbers.fold(None, |sum, number| Some(sum.unwrap_or(0.0) + number))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::libvirt::StatsGuest;

    fn counters(id: u32, number: u64) -> Counters {
        let requests = Requests { count: Some(number), bytes: Some(number * 512), time: Some(number * 1000) };
        let traffic = Traffic { bytes: Some(number * 100), packets: Some(number), ..Traffic::default() };
        Counters {
            cpu_time: Some(number * 1_000_000),
            disks: vec![Disk { target: "vda".into(), write: requests, ..Disk::default() }],
            nics: vec![Nic { name: "vnet0".into(), rx: traffic, tx: Traffic::default() }],
            ..Counters::new(StatsGuest::known("web1", Uuid::from_u128(1), Some(id)))
        }
    }

    #[test]
    fn rates_are_by_second_and_latency_by_request() {
        let rates = Rates::between(&counters(1, 0), &counters(1, 1000), Duration::from_secs(2));
        assert_eq!(rates.cpu, Some(50.0));
        let disk = rates.disks[0];
        assert_eq!((disk.write.count, disk.write.bytes), (Some(500.0), Some(256_000.0)));
        assert_eq!(disk.write.latency, Some(1e-6));
        assert_eq!(disk.read, RequestRates::default(), "what is not counted is absent");
        assert_eq!(rates.nics_sum(|nic| nic.rx.bytes), Some(50_000.0));
        assert_eq!(rates.nics_sum(|nic| nic.tx.bytes), None);
    }

    #[test]
    fn nothing_is_said_of_a_guest_that_was_started_anew() {
        let rates = Rates::between(&counters(1, 5), &counters(2, 1000), Duration::from_secs(2));
        assert_eq!((rates.cpu, rates.disks.len()), (None, 1));
        assert_eq!(rates.disks_sum(|disk| disk.write.bytes), None);
    }

    #[test]
    fn nothing_is_said_of_a_disk_whose_medium_was_changed() {
        let mut now = counters(1, 9);
        now.disks[0].source = Some("/iso/other.iso".into());
        let rates = Rates::between(&counters(1, 5), &now, Duration::from_secs(1));
        assert_eq!(rates.disks[0], DiskRates::default());
        assert!(rates.cpu.is_some());
    }

    #[test]
    fn no_requests_have_no_latency() {
        let rates = Rates::between(&counters(1, 5), &counters(1, 5), Duration::from_secs(1));
        assert_eq!(rates.disks[0].write.count, Some(0.0));
        assert_eq!(rates.disks[0].write.latency, None);
    }

    proptest! {
        #[test]
        fn no_rate_is_negative_or_beyond_all_numbers(
            before in 0..u64::MAX / 1_000_000, now in 0..u64::MAX / 1_000_000, millis in 0_u64..100_000, id in 1..3_u32,
        ) {
            let time = Duration::from_millis(millis);
            let rates = Rates::between(&counters(1, before), &counters(id, now), time);
            let write = rates.disks[0].write;
            for rate in [rates.cpu, write.count, write.bytes, write.latency, rates.nics[0].rx.bytes] {
                prop_assert!(rate.is_none_or(|rate| rate >= 0.0 && rate.is_finite()));
                prop_assert!(rate.is_none() || (now >= before && id == 1 && millis > 0));
            }
        }
    }
}
