//! What a guest is busy with, and how to end that.

use rhai::Map;
use rhai::plugin::{Dynamic, export_module};

use crate::api::job::details;
use crate::api::{Fallible, params, words};
use crate::error::Result;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, flag};
use crate::libvirt::{Domain, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_job::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&STATS, &ABORT];

static STATS: OptionTable = OptionTable {
    function: "Domain.job_stats",
    options: &[
        flag("completed", sys::VIR_DOMAIN_JOB_STATS_COMPLETED, "Of the job that ended last."),
        flag(
            "keep_completed",
            sys::VIR_DOMAIN_JOB_STATS_COMPLETED | sys::VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED,
            "Of the job that ended last, to be read again later.",
        ),
    ],
};

static ABORT: OptionTable = OptionTable {
    function: "Domain.abort_job",
    options: &[flag(
        "postcopy",
        sys::VIR_DOMAIN_ABORT_JOB_POSTCOPY,
        "Interrupts a migration in its post-copy phase, which leaves the guest paused.",
    )],
};

/// `virDomainJobType`
const TYPES: &[&str] = &["none", "bounded", "unbounded", "completed", "failed", "cancelled"];

/// `virDomainControlState`
const CONTROL_STATES: &[&str] = &["ok", "job", "occupied", "error"];

/// `virDomainControlErrorReason`
const CONTROL_REASONS: &[&str] = &["none", "unknown", "monitor", "internal"];

fn number(bytes: u64) -> Dynamic {
    params::to_i64(bytes).into()
}

fn seconds(milliseconds: u64) -> Dynamic {
    (milliseconds as f64 / 1000.0).into()
}

fn info(vm: &Domain) -> Result<Map> {
    let info = vm.job_info()?;
    let fields = [
        ("type", words::word(TYPES, info.type_).as_ref().into()),
        ("time_elapsed", seconds(info.timeElapsed)),
        ("time_remaining", seconds(info.timeRemaining)),
        ("data_total", number(info.dataTotal)),
        ("data_processed", number(info.dataProcessed)),
        ("data_remaining", number(info.dataRemaining)),
        ("mem_total", number(info.memTotal)),
        ("mem_processed", number(info.memProcessed)),
        ("mem_remaining", number(info.memRemaining)),
        ("file_total", number(info.fileTotal)),
        ("file_processed", number(info.fileProcessed)),
        ("file_remaining", number(info.fileRemaining)),
    ];
    Ok(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

fn stats(vm: &Domain, options: Map) -> Result<Map> {
    let stats = vm.job_stats(STATS.read(options)?.flags())?;
    let mut map = details(stats.params);
    map.insert("type".into(), words::word(TYPES, stats.kind).as_ref().into());
    Ok(map)
}

fn control(vm: &Domain) -> Result<Map> {
    let info = vm.control_info()?;
    let word = |table, number: u32| -> Dynamic {
        words::word(table, i32::try_from(number).unwrap_or(-1)).as_ref().into()
    };
    let mut map = Map::new();
    map.insert("state".into(), word(CONTROL_STATES, info.state));
    map.insert("time".into(), seconds(info.milliseconds));
    if info.state == sys::VIR_DOMAIN_CONTROL_ERROR {
        map.insert("reason".into(), word(CONTROL_REASONS, info.details));
    }
    Ok(map)
}

#[export_module(manifest)]
mod domain_job {
    /// What the guest is busy with, in the fields that every driver has (`virDomainGetJobInfo`).
    ///
    /// `type` is none, bounded, unbounded, completed, failed or cancelled; times are in seconds, the rest in bytes.
    ///
    /// Errors: `operation_invalid` when the guest does not run, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").job_info().type) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn job_info(vm: &mut Domain) -> Fallible<Map> {
        Ok(info(vm)?)
    }

    /// What the guest is busy with, in all fields that the driver has (`virDomainGetJobStats`).
    ///
    /// `type` as for `job_info()`, `operation` is a word such as `migration_out`, `save` or `backup`. The other names are
    /// libvirt's: times in seconds, sizes in bytes, `memory_bps` and `disk_bps` in bytes a second, `memory_dirty_rate` in
    /// pages a second.
    ///
    /// Errors: `operation_invalid` when the guest does not run, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").job_stats().operation) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn job_stats(vm: &mut Domain) -> Fallible<Map> {
        Ok(stats(vm, Map::new())?)
    }

    /// What the guest is busy with, or was last (`virDomainGetJobStats`).
    ///
    /// Units as for `job_stats()`. With `completed` the daemon forgets what it tells; `keep_completed` lets it remember.
    ///
    /// Errors: `operation_invalid` when the guest does not run, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").job_stats(#{ completed: true }).downtime) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "job_stats", return_raw, pure)]
    pub fn job_stats_with(vm: &mut Domain, options: Map) -> Fallible<Map> {
        Ok(stats(vm, options)?)
    }

    /// Asks what the guest is busy with to end: migration, save, dump, backup (`virDomainAbortJob`).
    ///
    /// It works whoever began it; `job.abort()` is for a job of this script.
    ///
    /// Errors: `operation_invalid` when there is nothing to end, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").abort_job() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn abort_job(vm: &mut Domain) -> Fallible<()> {
        Ok(vm.abort_job(0)?)
    }

    /// Asks what the guest is busy with to end, with options (`virDomainAbortJobFlags`).
    ///
    /// Errors: `operation_invalid` when there is nothing to end, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").abort_job(#{ postcopy: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "abort_job", return_raw, pure)]
    pub fn abort_job_with(vm: &mut Domain, options: Map) -> Fallible<()> {
        Ok(vm.abort_job(ABORT.read(options)?.flags())?)
    }

    /// Whether the driver can talk to the hypervisor about the guest now (`virDomainGetControlInfo`).
    ///
    /// `#{ state, time }`: `state` is ok, job, occupied or error, `time` is the seconds since then (of job and occupied);
    /// with error, `reason` is none, unknown, monitor or internal.
    ///
    /// Errors: `operation_invalid` when the guest does not run, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").control_info().state) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn control_info(vm: &mut Domain) -> Fallible<Map> {
        Ok(control(vm)?)
    }
}
