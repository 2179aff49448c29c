//! Long work that goes on by itself: what it is called, how far it is, how it ended.
//!
//! A [`Job`] is a handle on work that the hypervisor or a thread of ours does. Dropping it ends
//! nothing, and an interrupt or the deadline of the run ends only the waiting. How one kind of work
//! is asked, awaited and aborted is its [`Work`].

pub mod begun;
mod pace;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Domain;
use super::typed_params::Params;
use crate::error::{Error, Result};
use begun::Noted;
use pace::Pace;

/// How often [`Job::watch`] reports.
const REPORT: Duration = Duration::from_millis(250);

/// How far some work is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// bytes processed
    pub processed: u64,
    /// bytes in all; 0 where that is not known (yet)
    pub total: u64,
    /// what else libvirt tells, in its names and units
    pub details: Params,
}

/// What some work has made, beside being done.
#[derive(Clone)]
pub enum Product {
    /// a guest, such as the one at the destination of a migration
    Domain(Domain),
    /// a number, such as the bytes that were copied
    Number(i64),
    /// a text
    Text(String),
    /// named values
    Params(Params),
}

/// One kind of long work. All methods may be called from any thread, and after the end.
pub trait Work: Send + Sync {
    /// How far it is.
    fn progress(&self) -> Result<Progress>;

    /// Waits for its end, at most `time`: `None` while it goes on, otherwise how it ended.
    ///
    /// Fails, leaving the work as it is, when the run should end or nobody can tell how the work is.
    fn wait(&self, time: Duration) -> Result<Option<Result<()>>>;

    /// Asks it to end; `wait` tells when it has.
    fn abort(&self) -> Result<()>;

    /// True for work that `wait` called done while something still goes on, until [`Self::pivot`] or
    /// [`Self::abort`] ends it: the copy of a disk that is ready, and kept so.
    fn is_held(&self) -> bool {
        false
    }

    /// Goes over to what it has made, waiting until that is possible.
    fn pivot(&self) -> Result<()> {
        Err(Error::new("operation_invalid", "this work has nothing to pivot to")
            .hint("copies of disks and commits of active images can pivot"))
    }

    /// What it has made; asked only after it ended well.
    fn product(&self) -> Option<Product> {
        None
    }
}

/// How far a job is, with what follows from it.
#[derive(Clone, Debug)]
pub struct Reading {
    /// what the work says
    pub progress: Progress,
    /// 0 to 100; `None` while the total is not known
    pub percent: Option<f64>,
    /// bytes a second: lately, or over all once it is done
    pub rate: f64,
    /// seconds until the end at this rate; `None` where nothing moves
    pub eta: Option<f64>,
}

/// See the module. Copies are the same job.
#[derive(Clone)]
pub struct Job(Arc<Inner>);

struct Inner {
    operation: &'static str,
    object: String,
    work: Arc<dyn Work>,
    start: Instant,
    state: Mutex<State>,
    /// Goes when it has ended.
    note: Mutex<Option<Noted>>,
}

#[derive(Default)]
struct State {
    /// Once known it stays: the work is not asked again.
    outcome: Option<Result<()>>,
    ended: Option<Duration>,
    last: Progress,
    /// True once `last` was read after the end.
    is_final: bool,
    pace: Pace,
}

impl Job {
    /// Makes the job of work that has begun. `operation` is the door's name of the call that began
    /// it, `object` what it is about.
    pub fn new(operation: &'static str, object: impl Into<String>, work: Arc<dyn Work>) -> Self {
        Self::noted(operation, object, work, None)
    }

    /// Makes the job of work that is noted: see [`begun::note`].
    pub fn noted(
        operation: &'static str,
        object: impl Into<String>,
        work: Arc<dyn Work>,
        note: Option<Noted>,
    ) -> Self {
        let (start, note) = (Instant::now(), Mutex::new(note));
        let object = object.into();
        let job = Self(Arc::new(Inner { operation, object, work, start, state: Mutex::default(), note }));
        begun::remember(&job);
        job
    }

    /// What is done, as the door names it (`domain.save`).
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// What it is done to, by name.
    pub fn object(&self) -> &str {
        &self.0.object
    }

    /// True where both are copies of one job.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Seconds since it began, or that it took.
    pub fn elapsed(&self) -> f64 {
        self.state().ended.unwrap_or_else(|| self.0.start.elapsed()).as_secs_f64()
    }

    /// How it ended, as far as anybody has asked; asks nothing.
    pub fn outcome(&self) -> Option<Result<()>> {
        self.state().outcome.clone()
    }

    /// True once it has ended, well or not.
    pub fn is_done(&self) -> Result<bool> {
        Ok(self.wait(Duration::ZERO)?.is_some())
    }

    /// Waits for its end, at most `time`: `None` while it goes on, otherwise how it ended.
    ///
    /// Fails when the run should end; the work is left as it is, and the error says so.
    pub fn wait(&self, time: Duration) -> Result<Option<Result<()>>> {
        if let Some(outcome) = self.outcome() {
            return Ok(Some(outcome));
        }
        let outcome = self.0.work.wait(time).map_err(|error| self.left_alone(error))?;
        Ok(outcome.map(|outcome| self.end(outcome)))
    }

    /// Waits as [`Self::wait`] does and tells `each` a few times a second how far it is.
    pub fn watch(&self, time: Duration, mut each: impl FnMut(&Reading)) -> Result<Option<Result<()>>> {
        let end = Instant::now().checked_add(time);
        loop {
            let left = end.map_or(REPORT, |end| end.saturating_duration_since(Instant::now()));
            if let Some(outcome) = self.wait(left.min(REPORT))? {
                return Ok(Some(outcome));
            }
            // Work that ends at this moment may refuse to tell: the next wait knows.
            if let Ok(reading) = self.progress() {
                each(&reading);
            }
            if left <= REPORT && end.is_some() {
                return Ok(None);
            }
        }
    }

    /// Asks it to end before its time; a job that is done, and not held, stays what it is.
    pub fn abort(&self) -> Result<()> {
        if self.is_done()? && !self.is_held() { Ok(()) } else { self.0.work.abort() }
    }

    /// True where it is done but kept going, until [`Self::pivot`] or [`Self::abort`].
    pub fn is_held(&self) -> bool {
        self.0.work.is_held() && matches!(self.outcome(), Some(Ok(())))
    }

    /// Goes over to what the work has made, waiting until that is possible.
    pub fn pivot(&self) -> Result<()> {
        self.0.work.pivot().map_err(|error| self.left_alone(error))?;
        self.end(Ok(()))
    }

    /// How far it is; after the end, what was reached.
    pub fn progress(&self) -> Result<Reading> {
        let done = self.is_done()?;
        if !(done && self.state().is_final) {
            let told = self.0.work.progress();
            let mut state = self.state();
            match told {
                Ok(progress) if done => state.finish(Some(progress)),
                // Many kinds of work cannot tell after the end: what was seen last stands.
                Err(_) if done => state.finish(None),
                Ok(progress) => {
                    state.pace.add(self.0.start.elapsed(), progress.processed);
                    state.last = progress;
                }
                // It is ending at this moment: what it is done to has stopped or is gone.
                Err(error) if matches!(error.code(), "no_domain" | "operation_invalid") => {}
                Err(error) => return Err(self.left_alone(error)),
            }
        }
        Ok(self.state().reading())
    }

    /// What the work has made; `None` before it ended well.
    pub fn product(&self) -> Option<Product> {
        matches!(self.outcome(), Some(Ok(()))).then(|| self.0.work.product()).flatten()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers how it ended; who came first is right.
    fn end(&self, outcome: Result<()>) -> Result<()> {
        let mut state = self.state();
        state.ended.get_or_insert_with(|| self.0.start.elapsed());
        let named = outcome.map_err(|e| e.operation(self.0.operation).object(self.0.object.as_str()));
        if !self.0.work.is_held() {
            self.0.note.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        state.outcome.get_or_insert(named).clone()
    }

    fn left_alone(&self, error: Error) -> Error {
        let error = error.operation(self.0.operation).object(self.0.object.as_str());
        if error.ends_the_run() {
            return error.hint(format!(
                "only the waiting ended: {} of {} was not aborted",
                self.0.operation, self.0.object
            ));
        }
        error
    }
}

impl State {
    /// Takes the last reading; work that ended well is complete.
    fn finish(&mut self, progress: Option<Progress>) {
        if let Some(progress) = progress.filter(|progress| progress.total > 0) {
            self.last = progress;
        }
        if matches!(self.outcome, Some(Ok(()))) {
            self.last.total = self.last.total.max(self.last.processed);
            self.last.processed = self.last.total;
        }
        self.is_final = true;
    }

    fn reading(&self) -> Reading {
        let progress = self.last.clone();
        let (processed, total) = (progress.processed as f64, progress.total as f64);
        let well = matches!(self.outcome, Some(Ok(())));
        let percent = match progress.total {
            0 => well.then_some(100.0),
            _ => Some((processed * 100.0 / total).clamp(0.0, 100.0)),
        };
        let rate = match self.ended {
            Some(time) if !time.is_zero() => processed / time.as_secs_f64(),
            Some(_) => 0.0,
            None => self.pace.rate(),
        };
        let eta = match self.outcome {
            Some(_) => well.then_some(0.0),
            None => (rate > 0.0 && total > 0.0).then(|| ((total - processed) / rate).max(0.0)),
        };
        Reading { progress, percent, rate, eta }
    }
}

#[cfg(test)]
mod tests;
