//! A backup as long work: a job of libvirt's that goes on by itself.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::block_job::{Look, Signals};
use crate::error::{Error, Result, code};
use crate::libvirt::{Domain, JobStats, Params, Progress, Value, Work, sys};

/// Of the last job, and again the next time somebody asks.
const COMPLETED: u32 = sys::VIR_DOMAIN_JOB_STATS_COMPLETED | sys::VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED;

/// See the module.
pub(super) struct BackupWork {
    vm: Domain,
    /// Ends only by being aborted, and then well.
    is_pull: bool,
    signals: Signals,
    /// What was told last while it went on.
    last: Mutex<Params>,
}

impl BackupWork {
    pub(super) fn new(vm: &Domain, is_pull: bool) -> Result<Self> {
        let signals = Signals::of(vm, &["job_completed", "lifecycle"])?;
        Ok(Self { vm: vm.clone(), is_pull, signals, last: Mutex::default() })
    }

    /// Refuses a backup while another one goes on, which libvirt does after 30 seconds only.
    pub(super) fn refuse_second(&self) -> Result<()> {
        if !self.vm.job_stats(0).is_ok_and(|now| is_backup(&now)) {
            return Ok(());
        }
        Err(Error::new("operation_invalid", "a backup of this guest goes on already")
            .operation("domain.backup_begin")
            .object(self.vm.label())
            .host(self.vm.connection().uri())
            .hint("vm.backup_xml() describes it, vm.abort_job() ends it"))
    }

    fn last(&self) -> MutexGuard<'_, Params> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self) -> Result<Look<Result<()>>> {
        let now = match self.vm.job_stats(0) {
            Ok(now) => now,
            Err(error) if matches!(error.code(), "operation_invalid" | "no_domain") => {
                return Ok(Look::Ended(Err(error)));
            }
            Err(error) => return Err(error),
        };
        if is_backup(&now) {
            *self.last() = now.params;
            return Ok(Look::AtEvents);
        }
        let then = self.vm.job_stats(COMPLETED)?;
        if !is_backup(&then) {
            // Another job came after it before anybody looked.
            let error =
                Error::new("operation_failed", "the backup has ended, and another job since; how is unknown");
            return Ok(Look::Ended(Err(error.hint("the files that it wrote show it"))));
        }
        let outcome = match u32::try_from(then.kind) {
            Ok(sys::VIR_DOMAIN_JOB_COMPLETED) => Ok(()),
            Ok(sys::VIR_DOMAIN_JOB_CANCELLED) if self.is_pull => Ok(()),
            Ok(sys::VIR_DOMAIN_JOB_CANCELLED) => {
                Err(Error::new("operation_aborted", "the backup was aborted"))
            }
            _ => Err(Error::new("operation_failed", failure(&then.params))),
        };
        *self.last() = then.params;
        Ok(Look::Ended(outcome))
    }
}

impl Work for BackupWork {
    fn progress(&self) -> Result<Progress> {
        match self.vm.job_stats(0) {
            Ok(now) if is_backup(&now) => *self.last() = now.params,
            Err(error) if error.code() == code::UNSUPPORTED => return Err(error),
            // It is over: what was told last stands.
            _ => {}
        }
        Ok(progress(&self.last(), self.is_pull))
    }

    fn wait(&self, time: Duration) -> Result<Option<Result<()>>> {
        self.signals.watch(time, |_| true, || self.look())
    }

    fn abort(&self) -> Result<()> {
        self.vm.abort_job(0)
    }
}

/// True for the job of a backup.
fn is_backup(stats: &JobStats) -> bool {
    let kind = u32::try_from(stats.kind).unwrap_or_default();
    kind != sys::VIR_DOMAIN_JOB_NONE
        && number(&stats.params, "operation") == u64::from(sys::VIR_DOMAIN_JOB_OPERATION_BACKUP)
}

/// Why libvirt says that it failed.
fn failure(params: &Params) -> String {
    let told = params.iter().find_map(|(name, value)| match value {
        Value::String(text) if name == "errmsg" => Some(text.as_str()),
        _ => None,
    });
    told.map_or_else(|| "the backup failed".into(), |text| format!("the backup failed: {text}"))
}

/// Of a push backup the bytes written; a pull backup has no end to go to.
fn progress(params: &Params, is_pull: bool) -> Progress {
    let (processed, total) = if is_pull {
        (number(params, "disk_temp_used"), 0)
    } else {
        (number(params, "disk_processed"), number(params, "disk_total"))
    };
    Progress { processed, total, details: params.clone() }
}

fn number(params: &Params, name: &str) -> u64 {
    let found = params.iter().find(|(field, _)| field == name);
    found.and_then(|(_, value)| value.as_i64()).and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(numbers: &[(&str, u64)]) -> Params {
        numbers.iter().map(|(name, number)| ((*name).to_owned(), Value::ULLong(*number))).collect()
    }

    #[test]
    fn only_a_push_backup_has_an_end_to_go_to() {
        let told = params(&[("disk_total", 100), ("disk_processed", 40), ("disk_temp_used", 7)]);
        let push = progress(&told, false);
        assert_eq!((push.processed, push.total), (40, 100));
        let pull = progress(&told, true);
        assert_eq!((pull.processed, pull.total), (7, 0));
    }

    #[test]
    fn the_job_of_another_kind_is_not_the_backup() {
        let of = |kind: u32, operation: u32| JobStats {
            kind: kind as i32,
            params: vec![("operation".to_owned(), Value::Int(operation as i32))],
        };
        assert!(is_backup(&of(sys::VIR_DOMAIN_JOB_UNBOUNDED, sys::VIR_DOMAIN_JOB_OPERATION_BACKUP)));
        assert!(!is_backup(&of(sys::VIR_DOMAIN_JOB_UNBOUNDED, sys::VIR_DOMAIN_JOB_OPERATION_SAVE)));
        assert!(!is_backup(&of(sys::VIR_DOMAIN_JOB_NONE, sys::VIR_DOMAIN_JOB_OPERATION_BACKUP)));
        let told = vec![("errmsg".to_owned(), Value::String("no space".into()))];
        assert_eq!(failure(&told), "the backup failed: no space");
    }
}
