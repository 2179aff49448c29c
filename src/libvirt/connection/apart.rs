//! Calls that block for long, each on a thread of its own beside the connection's worker.
//!
//! Meanwhile the worker makes other calls on the same open connection: how far is it, end it. Nobody
//! has to wait: the call goes on when its [`Apart`] is dropped, and the observer of changes is told
//! how it ended. Saving, restoring, dumping and migrating are such calls.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use super::{Connection, Live};
use crate::error::{Error, Result, code};
use crate::libvirt::door::Operation;
use crate::libvirt::failure::Outcome;
use crate::libvirt::handle::{Handle, Object};
use crate::libvirt::interrupt::{Interrupt, TICK};
use crate::libvirt::long_calls::LongCall;

/// Calls beside the worker that run at one time; more wait for their turn. A daemon takes five
/// requests of one connection (`max_client_requests`) and lets all later ones wait: the question how
/// far it is among them.
const PLACES: usize = 4;

/// The places of one open connection.
#[derive(Default)]
pub(super) struct Places {
    taken: Mutex<usize>,
    left: Condvar,
}

impl Places {
    /// Waits for a place; false where `cancelled` became true before there was one.
    fn take(&self, cancelled: impl Fn() -> bool) -> bool {
        let mut taken = locked(&self.taken);
        loop {
            if cancelled() {
                return false;
            }
            if *taken < PLACES {
                *taken += 1;
                return true;
            }
            taken = self.left.wait_timeout(taken, TICK * 5).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn leave(&self) {
        *locked(&self.taken) -= 1;
        self.left.notify_one();
    }
}

/// A call that is made on a thread of its own. Copies are the same call.
pub(in crate::libvirt) struct Apart<T>(Arc<Shared<T>>);

impl<T> Clone for Apart<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

struct Shared<T> {
    /// operation and object
    title: String,
    phase: Mutex<Phase<T>>,
    ended: Condvar,
    /// True once somebody was told how it ended.
    seen: AtomicBool,
    interrupt: Interrupt,
}

impl<T: Send> LongCall for Shared<T> {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn is_ended(&self) -> bool {
        matches!(*locked(&self.phase), Phase::Done(_))
    }

    fn unseen_failure(&self) -> Option<Error> {
        match &*locked(&self.phase) {
            Phase::Done(Err(error)) if !self.seen.load(Ordering::Acquire) => Some(error.clone()),
            _ => None,
        }
    }
}

enum Phase<T> {
    /// It waits for a place.
    Queued,
    Running,
    Done(Result<T>),
}

impl<T: Clone + Send + 'static> Apart<T> {
    fn new(title: String, interrupt: Interrupt) -> Self {
        Self(Arc::new(Shared {
            title,
            phase: Mutex::new(Phase::Queued),
            ended: Condvar::new(),
            seen: AtomicBool::new(false),
            interrupt,
        }))
    }

    /// Waits for the answer, at most `time`: `None` while there is none.
    ///
    /// Fails when the run should end; the call goes on.
    pub(in crate::libvirt) fn wait(&self, time: Duration) -> Result<Option<Result<T>>> {
        let ended = self.wait_unseen(time)?;
        if ended {
            self.forgive();
        }
        Ok(self.answer().filter(|_| ended))
    }

    /// Waits for the end without being told how it was; true once it has ended.
    pub(in crate::libvirt) fn wait_unseen(&self, time: Duration) -> Result<bool> {
        let Shared { interrupt, phase, ended, .. } = &*self.0;
        let done = interrupt.wait(phase, ended, time, |phase| matches!(phase, Phase::Done(_)))?;
        Ok(done.is_some())
    }

    /// Takes a failure as known: somebody was told, or has asked for it.
    pub(in crate::libvirt) fn forgive(&self) {
        self.0.seen.store(true, Ordering::Release);
    }

    /// The answer, once there is one; for the work itself, so it counts as told to nobody.
    pub(in crate::libvirt) fn answer(&self) -> Option<Result<T>> {
        match &*locked(&self.0.phase) {
            Phase::Done(outcome) => Some(outcome.clone()),
            _ => None,
        }
    }

    /// True while it waits for its turn, so that nothing has happened yet.
    pub(in crate::libvirt) fn is_queued(&self) -> bool {
        matches!(*locked(&self.0.phase), Phase::Queued)
    }

    /// Takes it back while it waits for its turn; false once it was begun.
    pub(in crate::libvirt) fn cancel(&self) -> bool {
        let mut phase = locked(&self.0.phase);
        let queued = matches!(*phase, Phase::Queued);
        if queued {
            *phase = Phase::Done(Err(Error::new("operation_aborted", "it was aborted before it began")));
            self.0.ended.notify_all();
        }
        queued
    }

    /// Begins it, unless it was taken back.
    fn begin(&self) -> bool {
        let mut phase = locked(&self.0.phase);
        let queued = matches!(*phase, Phase::Queued);
        if queued {
            *phase = Phase::Running;
        }
        queued
    }

    fn end(&self, outcome: Result<T>) {
        *locked(&self.0.phase) = Phase::Done(outcome);
        self.0.ended.notify_all();
    }
}

impl Connection {
    /// The open connection, for a call on another one that needs both.
    pub(in crate::libvirt) fn opened(&self) -> Result<Arc<Live>> {
        self.0.door.interrupt().check()?;
        self.live().map_err(|error| error.host(self.uri()))
    }

    /// Begins a long call on a thread of its own; what forbids it, and a connection that cannot be
    /// opened, shows here.
    ///
    /// libvirt's test driver is called at once: there nothing takes long, and the answer is there
    /// when this returns.
    pub(in crate::libvirt) fn call_apart<T: Clone + Send + 'static>(
        &self,
        operation: Operation,
        object: &str,
        f: impl FnOnce(&Arc<Live>) -> Outcome<T> + Send + 'static,
    ) -> Result<Apart<T>> {
        self.call_apart_about(operation, object, &(), f)
    }

    /// Does the same; `subject` is what the guard is shown.
    fn call_apart_about<T: Clone + Send + 'static>(
        &self,
        operation: Operation,
        object: &str,
        subject: &dyn Any,
        f: impl FnOnce(&Arc<Live>) -> Outcome<T> + Send + 'static,
    ) -> Result<Apart<T>> {
        let admitted = self.admit_apart(operation, object, subject);
        let (live, apart) = admitted.map_err(|e| self.explain(e, operation, object))?;
        // Of the drivers in this process, only this one never takes long.
        let uri = self.uri();
        let inline = super::is_in_process(&uri) && uri.starts_with("test:");
        let thread = (!inline).then(Builder::new);
        self.start_apart(live, &apart, operation, object, thread, f)?;
        Ok(apart)
    }

    /// Makes the call on a thread, or at once where there is none.
    fn start_apart<T: Clone + Send + 'static>(
        &self,
        live: Arc<Live>,
        apart: &Apart<T>,
        operation: Operation,
        object: &str,
        thread: Option<Builder>,
        f: impl FnOnce(&Arc<Live>) -> Outcome<T> + Send + 'static,
    ) -> Result<()> {
        self.0.door.long_calls().add(apart.0.clone());
        let (connection, name, task) = (self.clone(), object.to_owned(), apart.clone());
        let run = move || connection.run_apart(&live, operation, &name, &task, f);
        let Some(thread) = thread else {
            run();
            return Ok(());
        };
        let started = thread.name("libvirt-apart".into()).spawn(run);
        started.map(drop).map_err(|e| {
            apart.cancel();
            // The caller is told here and now.
            apart.forgive();
            let error = Error::new(code::IO, format!("it was not begun: cannot start a thread: {e}"));
            self.explain(error, operation, object)
        })
    }

    fn admit_apart<T: Clone + Send + 'static>(
        &self,
        operation: Operation,
        object: &str,
        subject: &dyn Any,
    ) -> Result<(Arc<Live>, Apart<T>)> {
        self.allow(operation, object, subject)?;
        let live = self.live()?;
        let title = format!("{} {object}", operation.name);
        Ok((live, Apart::new(title, self.0.door.interrupt().clone())))
    }

    fn run_apart<T: Clone + Send + 'static>(
        &self,
        live: &Arc<Live>,
        operation: Operation,
        object: &str,
        task: &Apart<T>,
        f: impl FnOnce(&Arc<Live>) -> Outcome<T>,
    ) {
        if !live.apart.take(|| !task.is_queued()) {
            return;
        }
        if task.begin() {
            let start = Instant::now();
            // Only now: what was taken back before is no change.
            let noted = self.note(operation, object);
            let call = || match catch_unwind(AssertUnwindSafe(|| live.in_flight.call(|| f(live)))) {
                Ok(Ok(value)) => Ok(value),
                Ok(Err(failure)) => Err(self.failed(live, operation, failure)),
                Err(_) => Err(Error::new("internal_error", "the thread of a long call failed")),
            };
            let number = noted.as_ref().ok().copied().flatten();
            let outcome = noted.and_then(|_| call());
            task.end(self.conclude(operation, object, start, number, outcome));
        }
        live.apart.leave();
    }
}

impl<O: Object> Handle<O> {
    /// Begins a long call on the object: see [`Connection::call_apart`].
    pub(in crate::libvirt) fn call_apart<T: Clone + Send + 'static>(
        &self,
        operation: Operation,
        f: impl FnOnce(&Live, &O) -> Outcome<T> + Send + 'static,
    ) -> Result<Apart<T>> {
        let handle = self.clone();
        self.connection().call_apart_about(operation, self.label(), self, move |live| {
            let object = handle.object(live)?;
            handle.announce(operation, &object);
            f(live, &object)
        })
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
