//! Counters of one guest. The bulk statistics of all guests are `conn().stats()`.

use rhai::plugin::export_module;
use rhai::{Array, Dynamic, ImmutableString, Map};

use crate::api::methods::methods_with_options;
use crate::api::subject::of;
use crate::api::units::duration;
use crate::api::{Fallible, stats};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, int, word};
use crate::libvirt::{Connection, Domain, Params, sys};
use crate::units;

pub(super) fn register(natives: &mut Natives) {
    register_methods(natives);
    natives.global(&statistics_functions::RHAI_MANIFEST);
}

/// `virDomainMemoryStatTags`: its name, and what a number of libvirt's counts.
const MEMORY_STATS: &[(&str, MemoryStat)] = &[
    ("swap_in", MemoryStat::Kib),
    ("swap_out", MemoryStat::Kib),
    ("major_fault", MemoryStat::Count),
    ("minor_fault", MemoryStat::Count),
    ("unused", MemoryStat::Kib),
    ("available", MemoryStat::Kib),
    ("actual", MemoryStat::Kib),
    ("rss", MemoryStat::Kib),
    ("usable", MemoryStat::Kib),
    ("last_update", MemoryStat::Time),
    ("disk_caches", MemoryStat::Kib),
    ("hugetlb_pgalloc", MemoryStat::Count),
    ("hugetlb_pgfail", MemoryStat::Count),
];

#[derive(Clone, Copy)]
enum MemoryStat {
    Kib,
    Count,
    Time,
}

/// The name of a statistic of memory.
pub(in crate::api) fn memory_stat_name(tag: i32) -> String {
    let known = usize::try_from(tag).ok().and_then(|tag| MEMORY_STATS.get(tag));
    known.map_or_else(|| tag.to_string(), |(name, _)| (*name).to_owned())
}

fn memory_stat((tag, value): (i32, u64)) -> Result<(rhai::Identifier, Dynamic)> {
    let whole = |number: u64| Dynamic::from_int(i64::try_from(number).unwrap_or(i64::MAX));
    let known = usize::try_from(tag).ok().and_then(|tag| MEMORY_STATS.get(tag));
    Ok(match known {
        Some((name, MemoryStat::Kib)) => ((*name).into(), whole(value.saturating_mul(1024))),
        Some((name, MemoryStat::Count)) => ((*name).into(), whole(value)),
        // Before the guest has told anything it is 0, which is no time.
        Some((name, MemoryStat::Time)) if value == 0 => ((*name).into(), Dynamic::UNIT),
        Some((name, MemoryStat::Time)) => {
            ((*name).into(), units::time_text(units::from_unix(value as f64)?).into())
        }
        None => (format!("unknown_{tag}").into(), whole(value)),
    })
}

/// `cpu_time` and its relatives as `cpu_time_ns`.
fn cpu_times(params: Params) -> Map {
    let pair = |(name, value): (String, crate::libvirt::Value)| {
        Some((format!("{name}_ns").into(), Dynamic::from_int(value.as_i64()?)))
    };
    params.into_iter().filter_map(pair).collect()
}

fn counters(values: [Option<i64>; 4]) -> Map {
    let keys = ["bytes", "pkts", "errs", "drop"];
    let pairs = keys.into_iter().zip(values);
    pairs.filter_map(|(key, value)| Some((key.into(), Dynamic::from_int(value?)))).collect()
}

const MODES: &[&str] = &["page-sampling", "dirty-bitmap", "dirty-ring"];

fn number_of_cpus(value: i64) -> Result<u32> {
    u32::try_from(value).map_err(|_| Error::usage(format!("{value} is not a number of CPUs")))
}

methods_with_options! {
    #[export_module(manifest)]
    /// CPU time that the guest has used on each host CPU (`virDomainGetCPUStats`).
    ///
    /// One map for each: `cpu_time_ns` and, where the driver has it, `vcpu_time_ns`; a CPU that is offline has an empty one.
    ///
    /// Errors: `operation_invalid` when it does not run, `unsupported` where the driver or the host cannot.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// for cpu in domain("test").per_cpu_stats(#{ count: 2 }) { print(cpu.cpu_time_ns) }
    /// ```
    fn per_cpu_stats(vm: Domain; options: &[
        int("start", "The number of the first host CPU; 0 without it."),
        int("count", "How many CPUs; all that follow without it."),
    ]) -> Array {
        let start = number_of_cpus(options.get_int("start")?.unwrap_or(0))?;
        let count = options.get_int("count")?.map(number_of_cpus).transpose()?;
        Ok(vm.per_cpu_stats(start, count)?.into_iter().map(cpu_times).map(Dynamic::from).collect())
    }

    /// Starts to measure how fast the guest dirties its memory (`virDomainStartDirtyRateCalc`).
    ///
    /// For 1 to 60 seconds, or a text such as `"2s"`; then `vm.stats(#{ groups: ["dirtyrate"] })` has the result.
    ///
    /// Errors: `config_unsupported` or `invalid_arg` for another time, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").start_dirty_rate_calc("1s") } catch (e) { print(e.code) }
    /// ```
    fn start_dirty_rate_calc(vm: Domain, time: Dynamic; options: &[
        word("mode", MODES, "How it is measured; `page-sampling` without it."),
    ]) -> () {
        let flags = match options.get_text("mode")?.as_deref() {
            Some("dirty-bitmap") => sys::VIR_DOMAIN_DIRTYRATE_MODE_DIRTY_BITMAP,
            Some("dirty-ring") => sys::VIR_DOMAIN_DIRTYRATE_MODE_DIRTY_RING,
            _ => sys::VIR_DOMAIN_DIRTYRATE_MODE_PAGE_SAMPLING,
        };
        let seconds = duration(&time)?.as_secs_f64();
        if seconds.fract() != 0.0 || seconds > f64::from(i32::MAX) {
            let error = Error::usage(format!("it is measured for whole seconds, not {seconds}"));
            return Err(error.operation("domain.start_dirty_rate_calc").object(vm.label()).into());
        }
        Ok(vm.start_dirty_rate_calc(seconds as i32, flags)?)
    }

    /// Statistics of this guest alone (`virDomainListGetStats`).
    ///
    /// As one element of `conn().stats()`: sizes in bytes, times in nanoseconds.
    ///
    /// Errors: `usage` for a group that there is not, `unsupported` where the driver lacks the call.
    ///
    /// ```rhai
    /// print(domain("test").stats(#{ groups: ["state"] }).state.state)
    /// ```
    fn stats(vm: Domain; options: stats::GROUP_OPTIONS) -> Map {
        let mut all = stats::of(vm.connection(), std::slice::from_ref(vm), &options)?;
        let gone = || Error::new("no_domain", "it is gone").operation("domain.stats").object(vm.label());
        Ok(all.pop().and_then(Dynamic::try_cast).ok_or_else(gone)?)
    }
}

/// The guests of an array, all of this connection.
fn guests(connection: &Connection, array: &Array) -> Result<Vec<Domain>> {
    let guest = |value: &Dynamic| {
        let guest = value.read_lock::<Domain>().map(|guest| guest.clone()).ok_or_else(|| {
            Error::usage(format!("statistics are of guests, not of {}", value.type_name()))
                .hint("for example conn().stats_of([domain(\"web1\")])")
        })?;
        if !guest.connection().is_same(connection) {
            return Err(Error::usage(format!("{} is a guest of another connection", guest.label()))
                .hint("one call asks one connection"));
        }
        Ok(guest)
    };
    array.iter().map(guest).collect()
}

static STATS_OF: OptionTable = OptionTable { function: "Connection.stats_of", options: stats::GROUP_OPTIONS };

/// The option tables of what is bound by hand here.
pub(super) const MORE_OPTIONS: &[&OptionTable] = &[&STATS_OF];

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod statistics_functions {
    /// Statistics of some guests, one map each, in one call (`virDomainListGetStats`).
    ///
    /// As `stats()` has them: sizes in bytes, times in nanoseconds. The guests are handles of this connection.
    ///
    /// Errors: `usage` for anything else in the array, `unsupported` where the driver lacks the call.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// try { for s in conn().stats_of([domain("test")]) { print(s.state.state) } } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn stats_of(connection: &mut Connection, guests: Array) -> Fallible<Array> {
        stats_of_with(connection, guests, Map::new())
    }

    /// Statistics of some guests, with options (`virDomainListGetStats`).
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// try { conn().stats_of([domain("test")], #{ groups: ["state"] }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "stats_of", return_raw, pure)]
    pub fn stats_of_with(connection: &mut Connection, guests: Array, options: Map) -> Fallible<Array> {
        let guests = super::guests(connection, &guests).map_err(of("connection.stats_of", connection))?;
        Ok(stats::of(connection, &guests, &STATS_OF.read(options)?)?)
    }

    /// Counters of a network card, by its host side (`vnet0`) or MAC address (`virDomainInterfaceStats`).
    ///
    /// `#{ rx, tx }`, each with `bytes`, `pkts`, `errs` and `drop`, as far as the driver counts them. `rx` is what the guest received.
    ///
    /// Errors: `invalid_arg` for a card that the guest does not have, `operation_invalid` when it does not run.
    ///
    /// ```rhai
    /// for nic in domain("test").xml.all("devices/interface/target/@dev") { print(domain("test").interface_stats(nic).rx.bytes) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn interface_stats(vm: &mut Domain, device: ImmutableString) -> Fallible<Map> {
        let stats = vm.interface_stats(&device)?;
        Ok([("rx", stats.rx), ("tx", stats.tx)]
            .map(|(key, values)| (key.into(), counters(values).into()))
            .into())
    }

    /// What is known of the guest's memory (`virDomainMemoryStats`).
    ///
    /// Sizes in bytes: `actual` (what the balloon leaves it), `rss` (what it occupies on the host), and, where its
    /// balloon driver tells, `unused`, `available`, `usable`, `disk_caches`, `swap_in`, `swap_out`; counts of
    /// `major_fault`, `minor_fault`; the time of the `last_update`.
    ///
    /// Errors: `operation_invalid` when it does not run.
    ///
    /// ```rhai
    /// print(domain("test").memory_stats().rss)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn memory_stats(vm: &mut Domain) -> Fallible<Map> {
        Ok(vm.memory_stats()?.into_iter().map(memory_stat).collect::<Result<_>>()?)
    }

    /// CPU time that the guest has used, in nanoseconds (`virDomainGetCPUStats`).
    ///
    /// `#{ cpu_time_ns, user_time_ns, system_time_ns }`, as far as the driver has them; on all host CPUs together.
    ///
    /// Errors: `operation_invalid` when it does not run, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// print(domain("test").cpu_stats().cpu_time_ns)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn cpu_stats(vm: &mut Domain) -> Fallible<Map> {
        Ok(cpu_times(vm.cpu_stats()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_of_memory_stand_at_their_numbers() {
        let name = |tag: u32| MEMORY_STATS[tag as usize].0;
        assert_eq!(name(sys::VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON), "actual");
        assert_eq!(name(sys::VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE), "last_update");
        assert_eq!(name(sys::VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGFAIL), "hugetlb_pgfail");
        assert_eq!(memory_stat((7, 2)).unwrap().1.as_int(), Ok(2048));
        assert_eq!(memory_stat((3, 2)).unwrap().1.as_int(), Ok(2));
        assert!(memory_stat((9, 0)).unwrap().1.is_unit());
        assert_eq!(memory_stat((99, 5)).unwrap().0.as_str(), "unknown_99");
    }
}
