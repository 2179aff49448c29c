//! What a guest is busy with: libvirt's jobs, and long calls on a guest as a [`Job`].

use std::os::raw::{c_int, c_uint};
use std::sync::Arc;
use std::time::{Duration, Instant};

use virt::sys;

use super::Domain;
use crate::error::{Result, code};
use crate::libvirt::connection::{Apart, Live};
use crate::libvirt::door::{Operation, change, read};
use crate::libvirt::failure::{Outcome, check};
use crate::libvirt::job::{Job, Product, Progress, Work};
use crate::libvirt::typed_params::{Params, Value, take};

/// How long an abort waits for the work to begin, where another job holds the guest.
const BEGINNING: Duration = Duration::from_secs(35);

/// `virDomainJobInfo`: times in milliseconds, sizes in bytes.
pub type JobInfo = sys::virDomainJobInfo;

/// What libvirt tells of a job, in its own names and units.
#[derive(Clone, Debug, Default)]
pub struct JobStats {
    /// `virDomainJobType`
    pub kind: i32,
    /// times in milliseconds, sizes in bytes
    pub params: Params,
}

/// `virDomainControlInfo`
#[derive(Clone, Copy, Debug)]
pub struct ControlInfo {
    /// `virDomainControlState`
    pub state: u32,
    /// for the state `error` a `virDomainControlErrorReason`
    pub details: u32,
    /// milliseconds since the state began
    pub milliseconds: u64,
}

impl Domain {
    /// What it is busy with, in the fields that every driver has (`virDomainGetJobInfo`).
    pub fn job_info(&self) -> Result<JobInfo> {
        self.call(read("domain.job_info"), |d| {
            let mut info = std::mem::MaybeUninit::<JobInfo>::zeroed();
            // SAFETY: a live domain and room for one structure, all zero, which is a valid value.
            unsafe {
                check(sys::virDomainGetJobInfo(d.as_ptr(), info.as_mut_ptr()))?;
                Ok(info.assume_init())
            }
        })
    }

    /// What it is busy with, or was last (`virDomainGetJobStats`); `flags` are
    /// `VIR_DOMAIN_JOB_STATS_*` bits.
    pub fn job_stats(&self, flags: u32) -> Result<JobStats> {
        self.call(read("domain.job_stats"), move |d| {
            let mut kind = 0;
            // SAFETY: a live domain and a number to write to; `take` gives room for the parameters, and
            // frees them.
            let params = take(|params, count| unsafe {
                sys::virDomainGetJobStats(d.as_ptr(), &raw mut kind, params, count, flags)
            })?;
            Ok(JobStats { kind, params })
        })
    }

    /// Asks what it is busy with to end (`virDomainAbortJob`, `virDomainAbortJobFlags`); `flags` are
    /// `VIR_DOMAIN_ABORT_JOB_*` bits.
    pub fn abort_job(&self, flags: u32) -> Result<()> {
        self.call(change("domain.abort_job"), move |d| {
            // SAFETY: a live domain. Without flags the older call, which more drivers have.
            check(unsafe {
                match flags {
                    0 => sys::virDomainAbortJob(d.as_ptr()),
                    _ => sys::virDomainAbortJobFlags(d.as_ptr(), flags),
                }
            })
            .map(drop)
        })
    }

    /// Whether the driver can talk to the hypervisor about it at this moment (`virDomainGetControlInfo`).
    pub fn control_info(&self) -> Result<ControlInfo> {
        self.call(read("domain.control_info"), |d| {
            let mut info = sys::virDomainControlInfo { state: 0, details: 0, stateTime: 0 };
            // SAFETY: a live domain and room for one structure.
            check(unsafe { sys::virDomainGetControlInfo(d.as_ptr(), &raw mut info, 0) })?;
            Ok(ControlInfo { state: info.state, details: info.details, milliseconds: info.stateTime })
        })
    }

    /// Begins a long call on the guest; `kind` is the `virDomainJobOperation` that libvirt shows
    /// meanwhile.
    pub(super) fn begin(
        &self,
        operation: Operation,
        kind: c_uint,
        f: impl FnOnce(&Live, &virt::domain::Domain) -> Outcome<Option<Product>> + Send + 'static,
    ) -> Result<Job> {
        Ok(self.job(operation, kind, self.call_apart(operation, f)?))
    }

    /// The job of a long call that was begun.
    pub(super) fn job(&self, operation: Operation, kind: c_uint, call: Apart<Option<Product>>) -> Job {
        let work = LongCall { domain: self.clone(), kind, call };
        Job::new(operation.name, self.label(), Arc::new(work))
    }

    /// The progress of the job of this kind: of the one that goes on, or of the last one.
    fn job_progress(&self, kind: c_uint, flags: u32) -> Result<Progress> {
        match self.job_stats(flags) {
            Ok(stats) => Ok(stats.progress(kind)),
            Err(error) if error.code() == code::UNSUPPORTED => match self.job_info() {
                Ok(info) => Ok(Progress {
                    processed: info.dataTotal.saturating_sub(info.dataRemaining),
                    total: info.dataTotal,
                    details: Params::new(),
                }),
                Err(error) if error.code() == code::UNSUPPORTED => Ok(Progress::default()),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        }
    }
}

impl JobStats {
    /// A number by its name; 0 where there is none.
    pub fn number(&self, name: &str) -> u64 {
        let found = self.params.iter().find(|(field, _)| field == name);
        found.and_then(|(_, value)| value.as_i64()).and_then(|n| u64::try_from(n).ok()).unwrap_or(0)
    }

    /// How far the job is; nothing where another kind of job has the guest at this moment.
    fn progress(self, kind: c_uint) -> Progress {
        let operation = self.params.iter().find(|(name, _)| name == "operation");
        if let Some((_, Value::Int(number))) = operation
            && u32::try_from(*number) != Ok(kind)
        {
            return Progress::default();
        }
        // A dump of the memory alone has no sum.
        let sum = |what: &str| match self.number(&format!("data_{what}")) {
            0 => self.number(&format!("memory_{what}")) + self.number(&format!("disk_{what}")),
            sum => sum,
        };
        let total = sum("total");
        // What was transferred may be more than there is: memory that changes is sent again.
        let processed = total.saturating_sub(sum("remaining"));
        Progress { processed, total, details: self.params }
    }
}

/// A call on a guest that blocks until the work is done.
struct LongCall {
    domain: Domain,
    /// `virDomainJobOperation`
    kind: c_uint,
    call: Apart<Option<Product>>,
}

impl LongCall {
    fn is_yet_to_begin(&self) -> bool {
        let none = sys::VIR_DOMAIN_JOB_NONE as c_int;
        self.call.answer().is_none() && self.domain.job_info().is_ok_and(|info| info.type_ == none)
    }
}

impl Work for LongCall {
    fn progress(&self) -> Result<Progress> {
        if self.call.is_queued() {
            return Ok(Progress::default());
        }
        let completed = sys::VIR_DOMAIN_JOB_STATS_COMPLETED | sys::VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED;
        match self.call.answer() {
            None => self.domain.job_progress(self.kind, 0),
            Some(Ok(product)) => match (self.domain.job_progress(self.kind, completed), product) {
                // Forgotten here: perhaps the destination can tell how it went.
                (Err(_), Some(Product::Domain(there))) => {
                    there.job_progress(sys::VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN, completed)
                }
                (told, _) => told,
            },
            Some(Err(error)) => Err(error),
        }
    }

    fn wait(&self, time: Duration) -> Result<Option<Result<()>>> {
        Ok(self.call.wait(time)?.map(|outcome| outcome.map(drop)))
    }

    fn abort(&self) -> Result<()> {
        let start = Instant::now();
        loop {
            if self.call.cancel() || self.call.answer().is_some() {
                self.call.forgive();
                return Ok(());
            }
            match self.domain.abort_job(0) {
                // The call was sent, but the hypervisor has not begun: soon there is something to abort.
                Err(error) if error.code() == "operation_invalid" && self.is_yet_to_begin() => {
                    if start.elapsed() > BEGINNING {
                        return Err(error);
                    }
                    self.call.wait_unseen(Duration::from_millis(50))?;
                }
                answer => {
                    // Only what was aborted on request may fail unseen.
                    if answer.is_ok() {
                        self.call.forgive();
                    }
                    return answer;
                }
            }
        }
    }

    fn product(&self) -> Option<Product> {
        self.call.answer()?.ok()?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(operation: c_uint, numbers: &[(&str, u64)]) -> JobStats {
        let mut params = vec![("operation".to_owned(), Value::Int(operation as i32))];
        params.extend(numbers.iter().map(|(name, number)| ((*name).to_owned(), Value::ULLong(*number))));
        JobStats { kind: sys::VIR_DOMAIN_JOB_UNBOUNDED as i32, params }
    }

    #[test]
    fn progress_is_what_remains_because_changed_memory_is_sent_again() {
        let numbers = [("data_total", 1_000), ("data_processed", 5_000), ("data_remaining", 200)];
        let progress =
            stats(sys::VIR_DOMAIN_JOB_OPERATION_SAVE, &numbers).progress(sys::VIR_DOMAIN_JOB_OPERATION_SAVE);
        assert_eq!((progress.processed, progress.total), (800, 1_000));
        assert_eq!(progress.details.len(), 4);
    }

    #[test]
    fn a_dump_of_the_memory_alone_has_progress_too() {
        let numbers = [("memory_total", 1_000), ("memory_processed", 900), ("memory_remaining", 100)];
        let progress =
            stats(sys::VIR_DOMAIN_JOB_OPERATION_DUMP, &numbers).progress(sys::VIR_DOMAIN_JOB_OPERATION_DUMP);
        assert_eq!((progress.processed, progress.total), (900, 1_000));
    }

    #[test]
    fn the_job_of_somebody_else_is_not_ours() {
        let backup = stats(sys::VIR_DOMAIN_JOB_OPERATION_BACKUP, &[("data_total", 1_000)]);
        assert_eq!(backup.progress(sys::VIR_DOMAIN_JOB_OPERATION_SAVE), Progress::default());
    }
}
