//! Calls that block for long, each on a thread of its own beside the connection's worker.
//!
//! Meanwhile the worker makes other calls on the same open connection: how far is it, end it. Nobody
//! has to wait: the call goes on when its [`Apart`] is dropped, and the observer of changes is told
//! how it ended. Saving, restoring, dumping and migrating are such calls.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
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
        let end = Instant::now().checked_add(time);
        let mut phase = locked(&self.0.phase);
        loop {
            if let Phase::Done(_) = &*phase {
                return Ok(true);
            }
            self.0.interrupt.check()?;
            let left = end.map_or(TICK, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Ok(false);
            }
            phase =
                self.0.ended.wait_timeout(phase, left.min(TICK)).unwrap_or_else(PoisonError::into_inner).0;
        }
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
        let admitted = self.admit_apart(operation, object);
        let (live, apart) = admitted.map_err(|e| self.explain(e, operation, object))?;
        let inline = self.uri().starts_with("test:");
        self.start_apart(live, &apart, operation, object, inline, f)?;
        Ok(apart)
    }

    fn start_apart<T: Clone + Send + 'static>(
        &self,
        live: Arc<Live>,
        apart: &Apart<T>,
        operation: Operation,
        object: &str,
        inline: bool,
        f: impl FnOnce(&Arc<Live>) -> Outcome<T> + Send + 'static,
    ) -> Result<()> {
        self.0.door.long_calls().add(apart.0.clone());
        let (connection, object, task) = (self.clone(), object.to_owned(), apart.clone());
        let run = move || connection.run_apart(&live, operation, &object, &task, f);
        if inline {
            run();
            return Ok(());
        }
        let started = std::thread::Builder::new().name("libvirt-apart".into()).spawn(run);
        started.map(drop).map_err(|e| {
            apart.cancel();
            Error::new(code::IO, format!("cannot start a thread: {e}"))
        })
    }

    fn admit_apart<T: Clone + Send + 'static>(
        &self,
        operation: Operation,
        object: &str,
    ) -> Result<(Arc<Live>, Apart<T>)> {
        self.0.door.admit(operation, self.0.readonly)?;
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
            let outcome = match catch_unwind(AssertUnwindSafe(|| f(live))) {
                Ok(Ok(value)) => Ok(value),
                Ok(Err(failure)) => Err(self.failed(live, operation, failure)),
                Err(_) => Err(Error::new("internal_error", "the thread of a long call failed")),
            };
            task.end(self.conclude(operation, object, start, outcome));
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
        self.connection().call_apart(operation, self.label(), move |live| {
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
mod tests {
    use super::*;
    use std::sync::mpsc;

    use crate::libvirt::door::{Door, Rules, change};
    use crate::libvirt::interrupt::Reason;

    const SAVE: Operation = change("domain.save");

    /// A connection, and what its observer was told.
    fn observed() -> (Connection, Arc<Mutex<Vec<String>>>) {
        let told = Arc::<Mutex<Vec<String>>>::default();
        let list = told.clone();
        let door = Door::default().with_observer(move |change| {
            let outcome = change.outcome.map_or_else(|e| e.code().to_owned(), |()| "ok".into());
            locked(&list).push(format!("{} {} {outcome}", change.operation.name, change.object));
        });
        (Connection::new(Some("test:///default".into()), false, Arc::new(door)), told)
    }

    /// Begins a call as on a daemon: on a thread.
    fn begin<T: Clone + Send + 'static>(
        connection: &Connection,
        object: &str,
        f: impl FnOnce(&Arc<Live>) -> Outcome<T> + Send + 'static,
    ) -> Apart<T> {
        let (live, apart) = connection.admit_apart(SAVE, object).unwrap();
        connection.start_apart(live, &apart, SAVE, object, false, f).unwrap();
        apart
    }

    #[test]
    fn the_connection_is_free_while_the_call_runs_and_the_outcome_is_recorded() {
        let (connection, told) = observed();
        let (go, gate) = mpsc::channel::<()>();
        let apart = begin(&connection, "web1", move |_| {
            let _ = gate.recv();
            Ok(7)
        });
        assert!(apart.wait(Duration::ZERO).unwrap().is_none());
        connection.hostname().unwrap();
        assert!(locked(&told).is_empty());
        go.send(()).unwrap();
        assert_eq!(apart.wait(Duration::MAX).unwrap().unwrap().unwrap(), 7);
        assert_eq!(apart.answer().unwrap().unwrap(), 7);
        assert_eq!(*locked(&told), ["domain.save web1 ok"]);
    }

    #[test]
    fn more_calls_than_places_wait_for_their_turn_and_can_be_taken_back() {
        let (connection, told) = observed();
        let (go, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let nth = |n: usize| {
            let gate = gate.clone();
            begin(&connection, &format!("web{n}"), move |_| {
                let _ = locked(&gate).recv();
                Ok(n)
            })
        };
        let mut calls: Vec<_> = (0..PLACES).map(nth).collect();
        while calls.iter().any(Apart::is_queued) {
            std::thread::yield_now();
        }
        let waiting = nth(PLACES);
        let taken_back = nth(PLACES + 1);
        assert!(waiting.is_queued());
        assert!(taken_back.cancel());
        assert!(!calls[0].cancel(), "it has begun");
        assert_eq!(taken_back.answer().unwrap().unwrap_err().code(), "operation_aborted");
        drop(go);
        calls.push(waiting);
        for (n, call) in calls.iter().enumerate() {
            assert_eq!(call.wait(Duration::MAX).unwrap().unwrap().unwrap(), n);
        }
        // What was taken back never reached libvirt.
        assert_eq!(locked(&told).len(), PLACES + 1);
    }

    #[test]
    fn an_interrupt_ends_the_waiting_and_not_the_call() {
        let (connection, told) = observed();
        let (go, gate) = mpsc::channel::<()>();
        let apart = begin(&connection, "web1", move |_| {
            let _ = gate.recv();
            Ok(())
        });
        let interrupt = connection.door().interrupt();
        interrupt.raise(Reason::Interrupted);
        assert_eq!(apart.wait(Duration::MAX).unwrap_err().code(), code::INTERRUPTED);
        interrupt.reset();
        drop(go);
        assert!(apart.wait(Duration::MAX).unwrap().unwrap().is_ok());
        assert_eq!(*locked(&told), ["domain.save web1 ok"]);
    }

    #[test]
    fn a_failure_or_a_panic_is_the_answer_with_operation_and_object() {
        let (connection, told) = observed();
        let refused = begin::<()>(&connection, "web1", |_| Err(Error::usage("no").into()));
        let error = refused.wait(Duration::MAX).unwrap().unwrap().unwrap_err();
        assert_eq!((error.code(), error.facts().object.as_deref()), ("usage", Some("web1")));
        let panicked = begin::<()>(&connection, "web1", |_| panic!("no"));
        let error = panicked.wait(Duration::MAX).unwrap().unwrap().unwrap_err();
        assert_eq!(
            (error.code(), error.facts().operation.as_deref()),
            ("internal_error", Some("domain.save"))
        );
        assert_eq!(*locked(&told), ["domain.save web1 usage", "domain.save web1 internal_error"]);
    }

    #[test]
    fn the_end_of_a_run_waits_and_tells_the_failures_that_nobody_asked_for() {
        let (connection, _) = observed();
        let (door, interrupt) = (connection.door(), Interrupt::default());
        let (go, gate) = mpsc::channel::<()>();
        begin(&connection, "web1", move |_| {
            let _ = gate.recv();
            Ok(())
        });
        begin::<()>(&connection, "web2", |_| Err(Error::usage("nobody looked").into()));
        let looked = begin::<()>(&connection, "web3", |_| Err(Error::usage("somebody looked").into()));
        assert!(looked.wait(Duration::MAX).unwrap().unwrap().is_err());
        assert!(door.long_calls().running().contains(&"domain.save web1".to_owned()));
        interrupt.raise(Reason::Interrupted);
        assert_eq!(door.long_calls().settle(&interrupt, |_| {}).unwrap_err().code(), code::INTERRUPTED);
        interrupt.reset();
        drop(go);
        let failures = door.long_calls().settle(&interrupt, |_| {}).unwrap();
        assert_eq!(failures.iter().map(ToString::to_string).collect::<Vec<_>>(), ["nobody looked"]);
        assert!(door.long_calls().running().is_empty());
    }

    #[test]
    fn the_test_driver_answers_at_once_and_the_rules_hold() {
        let test = |door| Connection::new(Some("test:///default".into()), false, Arc::new(door));
        let apart = test(Door::default()).call_apart(SAVE, "web1", |_| Ok(1)).unwrap();
        assert_eq!(apart.answer().unwrap().unwrap(), 1);
        let rules = Rules { deny_change: true, ..Rules::default() };
        let refused = test(Door::new(rules, Interrupt::default())).call_apart(SAVE, "web1", |_| Ok(1));
        let error = refused.err().unwrap();
        assert_eq!((error.code(), error.facts().object.as_deref()), (code::DENIED, Some("web1")));
    }
}
