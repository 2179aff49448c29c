//! A block job as long work: it is watched by its events, and changed over when it is ready.
//!
//! A copy and the commit of the active image have two phases: when everything is copied the job is
//! *ready* and goes on copying what the guest writes, until it is told to change over to the copy
//! (pivot) or to stop.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::disks::Disks;
use super::signals::{Look, Signals};
use crate::api::words;
use crate::error::{Error, Result};
use crate::libvirt::events::Event;
use crate::libvirt::{Domain, Progress, Value, Work, sys};

/// `virDomainBlockJobType`
pub(super) const TYPES: &[&str] = &["unknown", "pull", "copy", "commit", "active_commit", "backup"];

/// Pauses while a job that says it is ready is not: it takes milliseconds.
const MOMENT: Duration = Duration::from_millis(50);
/// How long the event may take that tells how a job ended which is no longer there.
const PATIENCE: Duration = Duration::from_secs(5);

/// What happens to a job that is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It stays ready.
    Stay,
    /// The guest goes over to the copy.
    Pivot,
    /// The guest stays where it is; the copy is complete and left alone.
    Stop,
}

/// See the module.
pub(super) struct BlockWork {
    vm: Domain,
    /// Its target: the source changes.
    disk: String,
    has_two_phases: bool,
    ending: Ending,
    signals: Signals,
    told: Mutex<Told>,
}

/// What is known of it.
#[derive(Default)]
struct Told {
    /// `virConnectDomainEventBlockJobStatus` of the last event that tells of an end
    status: Option<i32>,
    /// the job was seen after that event: it may be about the one before on the same disk
    doubtful: bool,
    /// since when it is no longer there, while no event told how it ended
    gone: Option<Instant>,
    /// it is over, by an event or by our own call
    over: bool,
}

impl BlockWork {
    pub(super) fn new(vm: &Domain, disk: String, has_two_phases: bool, ending: Ending) -> Result<Self> {
        let signals = Signals::of(vm, &["block_job_2", "lifecycle"])?;
        Ok(Self { vm: vm.clone(), disk, has_two_phases, ending, signals, told: Mutex::default() })
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what an event tells; true for one that is about this job or the whole guest.
    fn hear(&self, event: &Event) -> bool {
        if event.kind.name != "block_job_2" {
            return true;
        }
        if event.text("disk") != Some(&self.disk) {
            return false;
        }
        if let Some(status) = event.number("status")
            && status != sys::VIR_DOMAIN_BLOCK_JOB_READY as i32
        {
            let mut told = self.told();
            (told.status, told.doubtful) = (Some(status), false);
        }
        true
    }

    fn wait_with(&self, ending: Ending, time: Duration) -> Result<Option<Result<()>>> {
        self.signals.watch(time, |event| self.hear(event), || self.look(ending))
    }

    fn look(&self, ending: Ending) -> Result<Look<Result<()>>> {
        match self.vm.block_job_info(&self.disk) {
            Ok(None) => Ok(self.ended()),
            Ok(Some(_)) if self.has_two_phases && self.is_ready()? => self.end_ready(ending),
            Ok(Some(_)) => {
                self.told().doubtful = true;
                Ok(Look::AtEvents)
            }
            Err(error) if is_without_guest(&error) => Ok(self.over(Err(error))),
            Err(error) => Err(error),
        }
    }

    /// It is no longer there: events tell how it ended.
    fn ended(&self) -> Look<Result<()>> {
        let mut told = self.told();
        if told.status.is_none() || told.doubtful {
            let since = told.gone.get_or_insert_with(Instant::now).elapsed();
            if let Some(left) = PATIENCE.checked_sub(since).filter(|left| !left.is_zero()) {
                return Look::After(left);
            }
        }
        let outcome = match told.status.map(|status| status as u32) {
            Some(sys::VIR_DOMAIN_BLOCK_JOB_COMPLETED) => Ok(()),
            Some(sys::VIR_DOMAIN_BLOCK_JOB_CANCELED) => Err(self.error("operation_aborted", "was aborted")),
            Some(_) => Err(self
                .error("operation_failed", "failed")
                .hint("the host's log of the guest may say why; the disk goes on without it")),
            None => Err(self
                .error("operation_failed", "has ended while nobody listened; how is unknown")
                .hint("the disk's source and backing chain in vm.xml show whether it took effect")),
        };
        drop(told);
        self.over(outcome)
    }

    fn error(&self, code: &'static str, what: &str) -> Error {
        Error::new(code, format!("the block job on {} {what}", self.disk)).host(self.vm.connection().uri())
    }

    fn over(&self, outcome: Result<()>) -> Look<Result<()>> {
        self.told().over = true;
        Look::Ended(outcome)
    }

    /// Whether everything is copied. The numbers of the job may be equal before that, and an event may
    /// have come before anybody listened; the definition knows.
    fn is_ready(&self) -> Result<bool> {
        let disks = Disks::of(&self.vm)?;
        let Some(disk) = disks.find(&self.disk)? else { return Ok(false) };
        Ok(disk.text_at("mirror/@ready")?.as_deref() == Some("yes"))
    }

    fn end_ready(&self, ending: Ending) -> Result<Look<Result<()>>> {
        let flags = match ending {
            Ending::Stay => return Ok(Look::Ended(Ok(()))),
            Ending::Pivot => sys::VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT,
            Ending::Stop => 0,
        };
        match self.vm.block_job_abort(&self.disk, flags) {
            Ok(()) => Ok(self.over(Ok(()))),
            // "not ready for pivot yet", in spite of what the definition says: the guest wrote.
            Err(error) if error.code() == "block_copy_active" => Ok(Look::After(MOMENT)),
            Err(error) if error.ends_the_run() => Err(error),
            // Somebody else may have ended it meanwhile: the next look tells.
            Err(_) if matches!(self.vm.block_job_info(&self.disk), Ok(None)) => Ok(Look::After(MOMENT)),
            Err(error) => Ok(Look::Ended(Err(error))),
        }
    }
}

impl Work for BlockWork {
    fn progress(&self) -> Result<Progress> {
        let Some(info) = self.vm.block_job_info(&self.disk)? else { return Ok(Progress::default()) };
        let mut details = vec![
            ("type".to_owned(), Value::String(words::word(TYPES, info.kind).into_owned())),
            ("bandwidth".to_owned(), Value::ULLong(info.bandwidth)),
        ];
        if self.has_two_phases {
            details.push(("ready".to_owned(), Value::Boolean(self.is_ready()?)));
        }
        Ok(Progress { processed: info.cur, total: info.end, details })
    }

    fn wait(&self, time: Duration) -> Result<Option<Result<()>>> {
        self.wait_with(self.ending, time)
    }

    fn abort(&self) -> Result<()> {
        self.vm.block_job_abort(&self.disk, 0)?;
        self.told().over = true;
        Ok(())
    }

    fn is_held(&self) -> bool {
        self.has_two_phases && !self.told().over
    }

    fn pivot(&self) -> Result<()> {
        if !self.has_two_phases {
            return Err(Error::new(
                "operation_invalid",
                "this job ends by itself: there is nothing to pivot to",
            )
            .hint("copies and commits of the active image can pivot"));
        }
        match self.wait_with(Ending::Pivot, Duration::MAX)? {
            Some(outcome) => outcome,
            None => Err(self.error("operation_failed", "did not become ready")),
        }
    }
}

/// True for the errors of a guest that does not run any more.
fn is_without_guest(error: &Error) -> bool {
    matches!(error.code(), "operation_invalid" | "no_domain")
}
