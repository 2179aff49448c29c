//! The host's own CPUs and memory.

use std::time::Instant;

use super::rates::delta;
use crate::error::Result;
use crate::libvirt::{Connection, NodeStats};

/// What the host does and has; absent is what its driver does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HostRates {
    /// how many CPUs are online
    pub cpus: Option<u32>,
    /// percent of one CPU that is in use, whoever uses it
    pub cpu: Option<f64>,
    /// percent of one CPU that programs use, guests among them
    pub user: Option<f64>,
    /// percent of one CPU that the kernel uses
    pub kernel: Option<f64>,
    /// percent of one CPU that waits for storage
    pub iowait: Option<f64>,
    /// bytes of memory
    pub memory: Option<u64>,
    /// bytes that nothing uses, caches counted as used
    pub free: Option<u64>,
    /// bytes in use, caches counted as free
    pub used: Option<u64>,
}

/// What was seen of the host last.
#[derive(Default)]
pub struct HostCounters {
    cpus: Option<u32>,
    before: Option<(Instant, NodeStats)>,
}

impl HostCounters {
    /// Looks now (`virNodeGetInfo`, `virNodeGetCPUStats`, `virNodeGetMemoryStats`).
    pub fn sample(&mut self, connection: &Connection) -> Result<HostRates> {
        if self.cpus.is_none() {
            self.cpus = if_any(connection, connection.node_info())?.map(|info| info.cpus);
        }
        let mut rates = HostRates { cpus: self.cpus, ..HostRates::default() };
        if let Some(memory) = if_any(connection, connection.memory_stats(None))? {
            take_memory(&mut rates, &memory);
        }
        let Some(now) = if_any(connection, connection.cpu_stats(None))? else { return Ok(rates) };
        let at = Instant::now();
        if let Some((then, before)) = self.before.take() {
            take_cpu(&mut rates, &before, &now, (at - then).as_secs_f64());
        }
        self.before = Some((at, now));
        Ok(rates)
    }
}

/// Nothing where the driver cannot tell: guests are worth showing without it.
fn if_any<T>(connection: &Connection, answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(_) if connection.is_open() => connection.door().interrupt().check().map(|()| None),
        Err(error) => Err(error),
    }
}

fn named(stats: &NodeStats, name: &str) -> Option<u64> {
    stats.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
}

fn take_memory(rates: &mut HostRates, stats: &NodeStats) {
    let bytes = |name| named(stats, name).map(|kib| kib.saturating_mul(1024));
    rates.memory = bytes("total");
    rates.free = bytes("free");
    let caches = bytes("buffers").unwrap_or_default().saturating_add(bytes("cached").unwrap_or_default());
    rates.used =
        rates.memory.zip(rates.free).map(|(all, free)| all.saturating_sub(free).saturating_sub(caches));
}

fn take_cpu(rates: &mut HostRates, before: &NodeStats, now: &NodeStats, seconds: f64) {
    let percent = |name| {
        let grown = delta(named(before, name), named(now, name))?;
        (seconds > 0.0).then_some(grown / seconds / 1e7)
    };
    rates.user = percent("user");
    rates.kernel = percent("kernel");
    rates.iowait = percent("iowait");
    rates.cpu = rates.user.zip(rates.kernel).map(|(user, kernel)| user + kernel);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(values: &[(&str, u64)]) -> NodeStats {
        values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
    }

    #[test]
    fn caches_are_not_memory_in_use() {
        let mut rates = HostRates::default();
        take_memory(&mut rates, &stats(&[("total", 100), ("free", 10), ("buffers", 5), ("cached", 25)]));
        assert_eq!((rates.memory, rates.free, rates.used), (Some(102_400), Some(10_240), Some(60 << 10)));
    }

    #[test]
    fn two_busy_cpus_are_two_hundred_percent() {
        let mut rates = HostRates::default();
        let before = stats(&[("kernel", 0), ("user", 5_000_000_000)]);
        let now = stats(&[("kernel", 1_000_000_000), ("user", 6_000_000_000)]);
        take_cpu(&mut rates, &before, &now, 1.0);
        assert_eq!((rates.cpu, rates.user, rates.iowait), (Some(200.0), Some(100.0), None));
        let mut reset = HostRates::default();
        take_cpu(&mut reset, &now, &before, 1.0);
        assert_eq!(reset.cpu, None, "a counter that went back tells nothing");
    }
}
