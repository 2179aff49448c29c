//! What guests and their host do: rates, and the counters behind them.

#[cfg(test)]
mod tests;
mod values;

use std::time::Duration;

use rhai::plugin::{NativeCallContext, export_module};
use rhai::{Array, Dynamic, FnPtr, Map};

use super::closure::call_with;
use super::host::Host;
use super::subject::{named, of};
use super::{Fallible, units};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, Parsed, duration, int};
use crate::libvirt::{Connection, Domain, StatsOf};
use crate::monitor::{GuestSample, LIMIT, Sampler};

/// How long something is measured where nobody says.
const INTERVAL: Duration = Duration::from_secs(2);

pub(super) fn register(natives: &mut Natives) {
    natives.global(&rate_functions::RHAI_MANIFEST);
    natives.global(&counter_functions::RHAI_MANIFEST);
}

pub(super) static WATCH: OptionTable = OptionTable {
    function: "Connection.watch",
    options: &[
        duration("every", "The time between two samples; 2 s without it."),
        int("count", "Ends after so many samples."),
        duration("timeout", "Ends after this time; without it and `count` only the closure does."),
        duration("limit", "How long guests that do not answer may keep the others waiting; 1 s without it."),
    ],
};

/// Two looks that lie so far apart; the second one is returned.
fn measured<T>(connection: &Connection, time: Duration, mut look: impl FnMut() -> Result<T>) -> Result<T> {
    look()?;
    connection.door().interrupt().sleep(time)?;
    look()
}

/// The duration between two looks.
fn interval(given: &Dynamic) -> Result<Duration> {
    let time = units::duration(given)?;
    if time.is_zero() {
        return Err(Error::usage("rates are measured over a time, not over none").hint("for example \"2s\""));
    }
    Ok(time)
}

fn guest_rates(vm: &Domain, time: Duration) -> Result<Map> {
    let mut sampler = Sampler::of(vm.connection(), StatsOf::Guests(vec![vm.clone()]));
    let guests = measured(vm.connection(), time, || sampler.guests())?;
    only(vm, guests).map(|guest| values::rates(&guest))
}

/// The one guest that was asked for.
fn only(vm: &Domain, guests: Vec<GuestSample>) -> Result<GuestSample> {
    let gone = || Error::new("no_domain", "it is gone").operation("domain.rates").object(vm.label());
    guests.into_iter().next().ok_or_else(gone)
}

fn counters(vm: &Domain) -> Result<GuestSample> {
    only(vm, Sampler::of(vm.connection(), StatsOf::Guests(vec![vm.clone()])).guests()?)
}

fn host_rates(connection: &Connection, time: Duration) -> Result<Map> {
    let mut counters = crate::monitor::HostCounters::default();
    Ok(values::host(&measured(connection, time, || counters.sample(connection))?))
}

fn all_rates(connection: &Connection, time: Duration) -> Result<Array> {
    let mut sampler = Sampler::new(connection);
    let guests = measured(connection, time, || sampler.guests())?;
    Ok(guests.iter().map(|guest| values::rates(guest).into()).collect())
}

/// Rows of something that each running guest has several of.
fn of_guests(connection: &Connection, rows: fn(&GuestSample) -> Vec<Map>) -> Result<Array> {
    let guests = Sampler::new(connection).guests()?;
    let named = |guest: &GuestSample| {
        let name: Dynamic = (&*guest.counters.name).into();
        rows(guest).into_iter().map(move |mut row| {
            row.insert("guest".into(), name.clone());
            row.into()
        })
    };
    Ok(guests.iter().flat_map(|guest| named(guest).collect::<Vec<Dynamic>>()).collect())
}

/// Looks again and again, and calls a closure with each sample; says how many there were.
fn watch(
    context: &NativeCallContext,
    connection: &Connection,
    options: &Parsed,
    closure: &FnPtr,
) -> Fallible<i64> {
    let seconds = |name| options.get_duration(name)?.map(crate::units::seconds).transpose();
    let every = seconds("every")?.unwrap_or(INTERVAL);
    let end = seconds("timeout")?.and_then(|time| std::time::Instant::now().checked_add(time));
    let count = options.get_int("count")?.unwrap_or(i64::MAX);
    if every.is_zero() || count < 1 {
        return Err(Error::usage("`every` and `count` are more than nothing").into());
    }
    let mut sampler = Sampler::new(connection).with_limit(seconds("limit")?.unwrap_or(LIMIT));
    // Rates need two looks: the first one is not shown.
    sampler.sample()?;
    let mut done = 0;
    while done < count {
        let pause =
            end.map_or(every, |end| every.min(end.saturating_duration_since(std::time::Instant::now())));
        connection.door().interrupt().sleep(pause)?;
        if pause < every {
            break;
        }
        let sample = values::sample(&sampler.sample()?);
        done += 1;
        let answer = call_with(context, closure, &sample)?;
        if !goes_on(&answer)? {
            break;
        }
    }
    Ok(done)
}

/// What a closure says: `false` ends it, `true` and nothing go on.
fn goes_on(answer: &Dynamic) -> Result<bool> {
    match answer.as_bool() {
        Ok(answer) => Ok(answer),
        Err("()") => Ok(true),
        Err(kind) => Err(Error::usage(format!("the closure of `watch` said {kind}"))
            .hint("`false` ends it, `true` or nothing goes on: `|sample| { …; }`")),
    }
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod rate_functions {
    /// What the running guests do, measured over two seconds.
    ///
    /// See `rates(interval)`: percent, bytes a second, seconds.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// for guest in conn().rates() { print(`${guest.name}: ${guest.cpu_percent} %`) }
    /// ```
    #[rhai_fn(name = "rates", return_raw, pure)]
    pub fn rates_of_all(connection: &mut Connection) -> Fallible<Array> {
        Ok(all_rates(connection, INTERVAL)?)
    }

    /// What the running guests do, measured over a time (`virConnectGetAllDomainStats`, twice).
    ///
    /// One map for each, as far as the driver tells: `cpu_percent` of one host CPU; `steal_percent` and
    /// `iowait_percent`, the time in which virtual CPUs waited for a host CPU and for storage; `memory`,
    /// `memory_used`, `memory_available` and `memory_rss` in bytes; `dirty_rate`, `read_rate`, `write_rate`,
    /// `rx_rate` and `tx_rate` in bytes a second; `read_iops` and `write_iops`, requests a second; the same by
    /// disk (`disks`, with `read_latency` and others in seconds) and by network interface (`nics`, with packets,
    /// errors and drops a second). What cannot be told, such as the rates of a guest that was started in
    /// between, is absent. `stale` is true for a guest whose hypervisor does not answer.
    ///
    /// Errors: `usage` for a time that is none.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// for guest in conn().rates("100ms") { print(`${guest.name}: ${guest.cpu_percent} %`) }
    /// ```
    #[rhai_fn(name = "rates", return_raw, pure)]
    pub fn rates_of_all_over(connection: &mut Connection, interval: Dynamic) -> Fallible<Array> {
        let time = super::interval(&interval).map_err(of("connection.rates", connection))?;
        Ok(all_rates(connection, time)?)
    }

    /// What this guest does, measured over two seconds.
    ///
    /// As one element of `conn().rates(interval)`: percent, bytes a second, seconds.
    ///
    /// ```rhai
    /// print(domain("test").rates().cpu_percent)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn rates(vm: &mut Domain) -> Fallible<Map> {
        Ok(guest_rates(vm, INTERVAL)?)
    }

    /// What this guest does, measured over a time (`virDomainListGetStats`, twice).
    ///
    /// As one element of `conn().rates(interval)`: percent, bytes a second, seconds.
    ///
    /// Errors: `usage` for a time that is none, `no_domain` where it is gone meanwhile.
    ///
    /// ```rhai
    /// print(domain("test").rates("100ms").cpu_percent)
    /// ```
    #[rhai_fn(name = "rates", return_raw, pure)]
    pub fn rates_over(vm: &mut Domain, interval: Dynamic) -> Fallible<Map> {
        let time = super::interval(&interval).map_err(of("domain.rates", vm))?;
        Ok(guest_rates(vm, time)?)
    }

    /// What the host itself does, measured over two seconds.
    ///
    /// See `rates(interval)`: percent of one CPU, bytes.
    ///
    /// ```rhai
    /// print(host().rates().cpus)
    /// ```
    #[rhai_fn(name = "rates", return_raw, pure)]
    pub fn rates_of_host(host: &mut Host) -> Fallible<Map> {
        Ok(host_rates(&host.0, INTERVAL)?)
    }

    /// What the host itself does, measured over a time (`virNodeGetCPUStats`, `virNodeGetMemoryStats`).
    ///
    /// `cpus`, the number that is online; `cpu_percent`, `user_percent`, `kernel_percent` and `iowait_percent` of
    /// one CPU; `memory`, `memory_free` (without caches) and `memory_used` (without caches) in bytes. What the
    /// driver does not tell is absent.
    ///
    /// Errors: `usage` for a time that is none.
    ///
    /// ```rhai
    /// print(host().rates("100ms").cpus)
    /// ```
    #[rhai_fn(name = "rates", return_raw, pure)]
    pub fn rates_of_host_over(host: &mut Host, interval: Dynamic) -> Fallible<Map> {
        let time = super::interval(&interval).map_err(of("host.rates", host))?;
        Ok(host_rates(&host.0, time)?)
    }

    /// Calls a closure with a sample of the running guests and their host every two seconds.
    ///
    /// See `watch(options, closure)`.
    ///
    /// ```rhai
    /// conn().watch(|sample| { print(sample.guests.len()); false });
    /// ```
    #[rhai_fn(name = "watch", return_raw, pure)]
    pub fn watch_all(
        context: NativeCallContext,
        connection: &mut Connection,
        closure: FnPtr,
    ) -> Fallible<i64> {
        watch_with(context, connection, Map::new(), closure)
    }

    /// Calls a closure with a sample of the running guests and their host again and again.
    ///
    /// A sample is `#{ time, host, guests }`: the time of day, the host as `host().rates(…)` and the guests as
    /// `conn().rates(…)` have them, measured since the sample before. It ends when the closure says `false`, after
    /// `count` samples or `timeout` seconds; a closure that says `true` or nothing goes on. Returns the number of samples.
    ///
    /// Errors: those of the closure; `usage` for no time between the samples, and for another answer of the closure.
    ///
    /// ```rhai
    /// conn().watch(#{ every: "100ms", count: 2 }, |sample| {
    ///     for vm in sample.guests { if (vm.cpu_percent ?? 0.0) > 350.0 { print(`${vm.name} is busy`) } }
    /// });
    /// ```
    #[rhai_fn(name = "watch", return_raw, pure)]
    pub fn watch_with(
        context: NativeCallContext,
        connection: &mut Connection,
        options: Map,
        closure: FnPtr,
    ) -> Fallible<i64> {
        let options = WATCH.read(options)?;
        named(super::watch(&context, connection, &options, &closure), "connection.watch", connection)
    }
}

#[export_module(manifest)]
mod counter_functions {
    /// The memory of this guest in bytes, as it and its host tell of it.
    ///
    /// `memory` and `max_memory` are what it has and may have. `memory_used`, `memory_available`, `memory_unused` and `memory_usable` come from the guest's balloon driver,
    /// `memory_rss` is what it takes on the host. What the driver does not tell is absent.
    ///
    /// ```rhai
    /// print(domain("test").memstat().memory)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn memstat(vm: &mut Domain) -> Fallible<Map> {
        Ok(values::memory(&counters(vm)?.counters.memory))
    }

    /// What the CPUs of this guest have done since it was started.
    ///
    /// `vcpus`, their number; `time_ns` of CPU time, `steal_ns` and `iowait_ns` of waiting for a host CPU and for
    /// storage, in nanoseconds. What the driver does not tell is absent.
    ///
    /// ```rhai
    /// print(domain("test").cpustat().time_ns > 0)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn cpustat(vm: &mut Domain) -> Fallible<Map> {
        Ok(values::cpu(&counters(vm)?.counters))
    }

    /// What the disks of this guest have done since it was started, one map each.
    ///
    /// `target`, `source`; `read_bytes`, `read_requests` and `read_time_ns`, the same for `write`, and for `flush`
    /// without bytes; `capacity`, `allocation` and `physical` in bytes. What the driver does not tell is absent.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// for disk in domain("test").blockstat() { print(`${disk.target}: ${disk.read_bytes}`) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn blockstat(vm: &mut Domain) -> Fallible<Array> {
        Ok(values::disks(&counters(vm)?).into_iter().map(Dynamic::from).collect())
    }

    /// What the network interfaces of this guest have done since it was started, one map each.
    ///
    /// `name` on the host; `rx_bytes`, `rx_packets`, `rx_errors` and `rx_drops` towards the guest, the same for
    /// `tx` from it. What the driver does not tell is absent.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// for nic in domain("test").netstat() { print(`${nic.name}: ${nic.rx_bytes}`) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn netstat(vm: &mut Domain) -> Fallible<Array> {
        Ok(values::nics(&counters(vm)?).into_iter().map(Dynamic::from).collect())
    }

    /// The memory of the host in bytes, and what its running guests have of it.
    ///
    /// `memory`, `memory_used` and `memory_free` of the host; `memory_guests`, what the guests have, and
    /// `memory_guests_rss`, what they take. What the driver does not tell is absent.
    ///
    /// ```rhai
    /// print(host().memstat().memory_guests)
    /// ```
    #[rhai_fn(name = "memstat", return_raw, pure)]
    pub fn memstat_of_host(host: &mut Host) -> Fallible<Map> {
        Ok(values::host_memory(&Sampler::new(&host.0).sample()?))
    }

    /// What the CPUs of the host have done since it started, and the guests that run on it now.
    ///
    /// The nanoseconds of `host().cpu_stats()`, `cpus`, their number, and `guests_ns`, the CPU time of the running
    /// guests.
    ///
    /// Errors: `unsupported` where the driver does not know.
    ///
    /// ```rhai
    /// print(host().cpustat().guests_ns > 0)
    /// ```
    #[rhai_fn(name = "cpustat", return_raw, pure)]
    pub fn cpustat_of_host(host: &mut Host) -> Fallible<Map> {
        let mut map = super::super::host::cpu::cpu_stats_map(host.0.cpu_stats(None)?);
        let sample = Sampler::new(&host.0).sample()?;
        map.extend(values::host_cpu(&sample));
        Ok(map)
    }

    /// What the disks of all running guests have done, one map each, with its `guest`.
    ///
    /// As `vm.blockstat()`: bytes, requests, nanoseconds.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// print(host().blockstat().len())
    /// ```
    #[rhai_fn(name = "blockstat", return_raw, pure)]
    pub fn blockstat_of_host(host: &mut Host) -> Fallible<Array> {
        Ok(of_guests(&host.0, values::disks)?)
    }

    /// What the network interfaces of all running guests have done, one map each, with its `guest`.
    ///
    /// As `vm.netstat()`: bytes and packets.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// print(host().netstat().len())
    /// ```
    #[rhai_fn(name = "netstat", return_raw, pure)]
    pub fn netstat_of_host(host: &mut Host) -> Fallible<Array> {
        Ok(of_guests(&host.0, values::nics)?)
    }
}
