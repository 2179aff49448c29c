//! A connection that opens at first use, and anew after it was lost.
//!
//! Drivers inside the process (`test:`, `…/embed`) are called on the caller's thread. Everything
//! else may hang, so each open connection to a daemon has a worker thread that makes the calls. A
//! call that was abandoned takes its thread and the open connection with it; the next use opens a
//! new one. No call is ever repeated by itself.

mod apart;
mod aside;
mod in_flight;
mod live;
mod opening;

pub(super) use apart::Apart;
pub(super) use aside::Aside;
use in_flight::InFlight;
pub(super) use live::Live;
use opening::Opening;
pub(super) use opening::is_in_process;

use std::any::Any;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use virt::connect::Connect;

use super::door::{Change, Door, Effect, Operation};
use super::failure::{Failure, Outcome};
use super::guard::Coming;
use super::interrupt::Interrupt;
use super::typed_params::Params;
use super::unsupported;
use super::worker::Unanswered;
use crate::error::{Error, Result, code};

/// See the module. Copies are the same connection.
#[derive(Clone)]
pub struct Connection(Arc<Inner>);

struct Inner {
    /// As the user gave it; `None` lets libvirt choose.
    uri: Option<String>,
    readonly: bool,
    door: Arc<Door>,
    state: Mutex<State>,
    /// In whose name calls are made, where it is not the user's own.
    identity: Mutex<Option<Params>>,
}

#[derive(Default)]
struct State {
    live: Option<Arc<Live>>,
    /// Begun by [`Connection::open_ahead`].
    opening: Option<Opening>,
    /// True once a connection was open: opening again is then worth some patience.
    was_open: bool,
    closed: bool,
    /// As libvirt reports it, once known.
    uri: Option<Arc<str>>,
}

impl Connection {
    /// Makes a connection that opens at its first use.
    pub fn new(uri: Option<String>, readonly: bool, door: Arc<Door>) -> Self {
        let readonly = readonly || door.rules().readonly;
        Self(Arc::new(Inner { uri, readonly, door, state: Mutex::default(), identity: Mutex::default() }))
    }

    /// Opens it now (`virConnectOpenAuth`), so that failures show here and not later.
    pub fn open(&self) -> Result<()> {
        self.0.door.interrupt().check()?;
        self.live().map(drop)
    }

    /// Ends the connection (`virConnectClose`, once nothing uses it any more); a later use is an error.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.live = None;
    }

    /// Drops the open connection without closing the handle: the next use opens anew.
    pub fn reset(&self) {
        self.state().live = None;
    }

    /// The URI: libvirt's once open, otherwise as given, otherwise `default`.
    pub fn uri(&self) -> String {
        let reported = self.state().uri.as_deref().map(str::to_owned);
        reported.or_else(|| self.0.uri.clone()).unwrap_or_else(|| "default".into())
    }

    /// True where changes are refused.
    pub fn is_readonly(&self) -> bool {
        self.0.readonly
    }

    /// True while it is open and, as far as is known without asking, not lost.
    pub fn is_open(&self) -> bool {
        self.state().live.as_ref().is_some_and(|live| !live.is_lost())
    }

    /// True after [`Self::close`].
    pub fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// The door that its calls pass.
    pub fn door(&self) -> &Arc<Door> {
        &self.0.door
    }

    /// True where both are copies of one connection.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a call on the connection itself.
    pub(super) fn call<T: Send + 'static>(
        &self,
        operation: Operation,
        object: &str,
        f: impl FnOnce(&Connect) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        self.call_live(operation, object, move |live| f(live.connect()))
    }

    /// Makes a call on an open connection.
    pub(super) fn call_live<T: Send + 'static>(
        &self,
        operation: Operation,
        object: &str,
        f: impl FnOnce(&Arc<Live>) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        self.call_about(operation, object, &(), f)
    }

    /// Makes a call: the one way to libvirt. `subject` is what the guard is shown.
    pub(super) fn call_about<T: Send + 'static>(
        &self,
        operation: Operation,
        object: &str,
        subject: &dyn Any,
        f: impl FnOnce(&Arc<Live>) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        let admitted = self.admit(operation, object, subject);
        if operation.effect == Effect::Read {
            let answer = admitted.and_then(|_| self.attempt(operation, object, f));
            return answer.map_err(|e| self.explain(e, operation, object));
        }
        let start = Instant::now();
        let noted = admitted.as_ref().ok().copied().flatten();
        let outcome = admitted.and_then(|_| self.attempt(operation, object, f));
        self.conclude(operation, object, start, noted, outcome)
    }

    /// Lets a call pass and notes a change in the record, or says who forbids it.
    fn admit(&self, operation: Operation, object: &str, subject: &dyn Any) -> Result<Option<u64>> {
        self.allow(operation, object, subject)?;
        self.note(operation, object)
    }

    fn allow(&self, operation: Operation, object: &str, subject: &dyn Any) -> Result<()> {
        self.0.door.admit(operation, self.0.readonly)?;
        self.0.door.consult(&Coming { operation, object, connection: self, subject })
    }

    fn note(&self, operation: Operation, object: &str) -> Result<Option<u64>> {
        self.0.door.note(operation, object, || self.uri())
    }

    /// Completes the error of a change and tells the record and the observer of it.
    fn conclude<T>(
        &self,
        operation: Operation,
        object: &str,
        start: Instant,
        noted: Option<u64>,
        outcome: Result<T>,
    ) -> Result<T> {
        let outcome = outcome.map_err(|e| self.explain(e, operation, object));
        let change = Change {
            operation,
            object,
            host: &self.uri(),
            outcome: outcome.as_ref().map(drop),
            duration: start.elapsed(),
        };
        self.0.door.observe(&change, noted);
        outcome
    }

    /// Adds to an error what the door knows.
    pub(super) fn explain(&self, error: Error, operation: Operation, object: &str) -> Error {
        let error = error.operation(operation.name).host(self.uri());
        if object.is_empty() { error } else { error.object(object) }
    }

    fn attempt<T: Send + 'static>(
        &self,
        operation: Operation,
        object: &str,
        f: impl FnOnce(&Arc<Live>) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        self.attempt_on(&self.live()?, self.0.door.interrupt(), operation, object, f)
    }

    /// Makes a further call for something that passed the door already and belongs to one open
    /// connection, such as a stream; whoever waits for it is interrupted by `interrupt`.
    pub(super) fn call_on<T: Send + 'static>(
        &self,
        live: &Arc<Live>,
        interrupt: &Interrupt,
        operation: Operation,
        object: &str,
        f: impl FnOnce() -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        self.0.door.count(operation, 1);
        self.attempt_on(live, interrupt, operation, object, move |_| f())
            .map_err(|error| self.explain(error, operation, object))
    }

    fn attempt_on<T: Send + 'static>(
        &self,
        live: &Arc<Live>,
        interrupt: &Interrupt,
        operation: Operation,
        object: &str,
        f: impl FnOnce(&Arc<Live>) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        let Some(worker) = &live.worker else {
            return f(live).map_err(|failure| unsupported::explain(failure, live.connect()).into());
        };
        let task = live.clone();
        let call = move || {
            let outcome = task.in_flight.call(|| f(&task));
            outcome.map_err(|failure| unsupported::explain(failure, task.connect()))
        };
        let late = |since| self.0.door.late(operation, object, since);
        match worker.run_telling(interrupt, || InFlight::nudge(live), late, call) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(failure)) => Err(self.failed(live, operation, failure)),
            Err(Unanswered::Failed(error)) => Err(error),
            Err(Unanswered::Abandoned(reason)) => {
                self.abandon(live);
                let error = reason.error();
                Err(match operation.effect {
                    Effect::Read => error,
                    _ => error.hint(format!(
                        "{} was sent and its answer not awaited: whether it took effect is unknown",
                        operation.name
                    )),
                })
            }
        }
    }

    /// Sorts a failed call: is it the call, or is the connection gone?
    fn failed(&self, live: &Arc<Live>, operation: Operation, failure: Failure) -> Error {
        let Failure::Libvirt(report) = failure else { return failure.into() };
        // Not by our own mark: a connection that another call gave up still carries long calls.
        if !live.is_cut() && !report.is_transport() {
            return report.into();
        }
        self.forget(live);
        let error = Error::new(code::DISCONNECTED, format!("the connection was lost: {}", report.message))
            .libvirt(report.message.clone())
            .cause(report.message);
        error.hint(match operation.effect {
            Effect::Read => "the next use opens it again",
            _ => "whether the call took effect is unknown: look before you repeat it",
        })
    }

    fn forget(&self, live: &Arc<Live>) {
        live.lost.store(true, Ordering::Release);
        let mut state = self.state();
        if state.live.as_ref().is_some_and(|now| Arc::ptr_eq(now, live)) {
            state.live = None;
        }
    }

    /// Gives up a connection whose worker hangs in C.
    fn abandon(&self, live: &Arc<Live>) {
        self.forget(live);
        // Closing talks to the daemon and would hang too: this reference is never given back, so
        // that no later drop of a handle can be the one that closes.
        std::mem::forget(live.connect().clone());
    }
}
