//! A connection that opens at first use, and anew after it was lost.
//!
//! Drivers inside the process (`test:`, `…/embed`) are called on the caller's thread. Everything
//! else may hang, so each open connection to a daemon has a worker thread that makes the calls. A
//! call that was abandoned takes its thread and the open connection with it; the next use opens a
//! new one. No call is ever repeated by itself.

mod apart;

pub(super) use apart::Apart;

use std::ffi::CString;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use virt::connect::Connect;
use virt::sys;

use super::auth;
use super::door::{Change, Door, Effect, Operation, read};
use super::event_loop::{self, Watch};
use super::events::Hub;
use super::failure::{Failure, Outcome, check};
use super::interrupt::Interrupt;
use super::open_failure;
use super::typed_params::{Params, ParamsBuffer};
use super::unsupported;
use super::worker::{Unanswered, Worker};
use crate::error::{Error, Result, code};

/// Seconds between two keepalive messages.
const KEEPALIVE_INTERVAL: i32 = 5;
/// Unanswered messages after which a connection counts as lost.
const KEEPALIVE_COUNT: u32 = 5;
/// Pauses between tries to open a connection again that was lost.
const BACK_OFF: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
];

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
    /// True once a connection was open: opening again is then worth some patience.
    was_open: bool,
    closed: bool,
    /// As libvirt reports it, once known.
    uri: Option<Arc<str>>,
}

/// One open connection, from opening to loss.
pub(super) struct Live {
    /// `None` only while it is being dropped.
    connect: Option<Connect>,
    /// Tells handles that what they cached belongs to an earlier connection.
    pub(super) generation: u64,
    worker: Option<Worker>,
    /// The sockets to the daemon, as the event loop knows them.
    watches: Vec<Watch>,
    lost: AtomicBool,
    /// What subscribers hear of it.
    pub(super) events: Hub,
    /// Calls that are made beside the worker.
    apart: apart::Places,
}

impl Live {
    pub(super) fn connect(&self) -> &Connect {
        self.connect.as_ref().expect("taken only by drop")
    }

    pub(super) fn is_lost(&self) -> bool {
        // The client's own knowledge, no question to the daemon; drivers in this process are never lost.
        self.lost.load(Ordering::Acquire) || self.is_cut()
    }

    /// True where the transport itself is gone.
    pub(super) fn is_cut(&self) -> bool {
        self.worker.is_some() && !self.connect().is_alive().unwrap_or(false)
    }

    /// The sockets to the daemon; none for a driver inside this process.
    pub(super) fn watches(&self) -> &[Watch] {
        &self.watches
    }

    /// Makes a call whose outcome does not matter, without waiting for it.
    pub(super) fn post(self: &Arc<Self>, f: impl FnOnce(&Connect) + Send + 'static) {
        match &self.worker {
            Some(worker) => {
                let live = self.clone();
                worker.post(move || f(live.connect()));
            }
            None => f(self.connect()),
        }
    }
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

    /// Makes the calls of this connection in another name (`virConnectSetIdentity`), also after it was
    /// opened anew.
    pub fn set_identity(&self, identity: Params) -> Result<()> {
        let wanted = identity.clone();
        // Changes nothing on the host, only what the connection may do there.
        self.call(read("connection.set_identity"), "", move |c| identify(c, &wanted))?;
        *self.identity() = Some(identity);
        Ok(())
    }

    fn identity(&self) -> MutexGuard<'_, Option<Params>> {
        self.0.identity.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Makes a call: the one way to libvirt.
    pub(super) fn call_live<T: Send + 'static>(
        &self,
        operation: Operation,
        object: &str,
        f: impl FnOnce(&Arc<Live>) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        if operation.effect == Effect::Read {
            return self.attempt(operation, f).map_err(|e| self.explain(e, operation, object));
        }
        let start = Instant::now();
        self.conclude(operation, object, start, self.attempt(operation, f))
    }

    /// Completes the error of a change and tells the observer of it.
    fn conclude<T>(
        &self,
        operation: Operation,
        object: &str,
        start: Instant,
        outcome: Result<T>,
    ) -> Result<T> {
        let outcome = outcome.map_err(|e| self.explain(e, operation, object));
        self.0.door.observe(&Change {
            operation,
            object,
            host: &self.uri(),
            outcome: outcome.as_ref().map(drop),
            duration: start.elapsed(),
        });
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
        f: impl FnOnce(&Arc<Live>) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        self.0.door.admit(operation, self.0.readonly)?;
        self.attempt_on(&self.live()?, self.0.door.interrupt(), operation, f)
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
        self.attempt_on(live, interrupt, operation, move |_| f())
            .map_err(|error| self.explain(error, operation, object))
    }

    fn attempt_on<T: Send + 'static>(
        &self,
        live: &Arc<Live>,
        interrupt: &Interrupt,
        operation: Operation,
        f: impl FnOnce(&Arc<Live>) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        let Some(worker) = &live.worker else {
            return f(live).map_err(|failure| unsupported::explain(failure, live.connect()).into());
        };
        let task = live.clone();
        let call = move || f(&task).map_err(|failure| unsupported::explain(failure, task.connect()));
        match worker.run(interrupt, call) {
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

    /// Returns the open connection, opening it when there is none.
    fn live(&self) -> Result<Arc<Live>> {
        let patient = {
            let mut state = self.state();
            if state.closed {
                return Err(self.was_closed());
            }
            match &state.live {
                Some(live) if !live.is_lost() => return Ok(live.clone()),
                Some(_) => state.live = None,
                None => {}
            }
            state.was_open
        };
        let mut pauses = if patient { BACK_OFF.iter() } else { [].iter() };
        loop {
            match self.open_once() {
                Ok(live) => return self.keep(live),
                Err(error) if error.code() == code::CONNECT_FAILED => match pauses.next() {
                    Some(pause) => self.0.door.interrupt().sleep(*pause)?,
                    None if patient => return Err(still_lost(error)),
                    None => return Err(error),
                },
                Err(error) => return Err(error),
            }
        }
    }

    /// Opens it where it is not open, with a single try: for those who try again by themselves.
    pub(super) fn try_open(&self) -> Result<()> {
        if self.is_open() || self.is_closed() {
            return Ok(());
        }
        self.0.door.interrupt().check()?;
        self.keep(self.open_once()?).map(drop)
    }

    /// Keeps what was opened, unless another thread was faster or has closed it meanwhile.
    fn keep(&self, live: Live) -> Result<Arc<Live>> {
        let mut state = self.state();
        if state.closed {
            return Err(self.was_closed());
        }
        if let Some(first) = state.live.as_ref().filter(|first| !first.is_lost()) {
            return Ok(first.clone());
        }
        let live = Arc::new(live);
        state.was_open = true;
        state.live = Some(live.clone());
        Ok(live)
    }

    fn was_closed(&self) -> Error {
        Error::usage("this connection was closed")
            .hint("connect(uri) makes a new one")
            .host(self.0.uri.clone().unwrap_or_default())
    }

    fn open_once(&self) -> Result<Live> {
        static GENERATION: AtomicU64 = AtomicU64::new(1);
        event_loop::initialize()?;
        let uri = self.0.uri.clone();
        let c_uri = match &uri {
            Some(uri) => Some(CString::new(uri.as_str()).map_err(|_| {
                Error::usage("a connection URI cannot contain a NUL character")
                    .object(uri.escape_debug().to_string())
            })?),
            None => None,
        };
        let worker = Worker::start("libvirt-call")?;
        let readonly = self.0.readonly;
        let credentials = self.0.door.credentials();
        let identity = self.identity().clone();
        let opened = worker.run(self.0.door.interrupt(), move || {
            let (connect, watches) =
                event_loop::added_by(|| auth::open(c_uri.as_ref(), readonly, credentials));
            let connect = connect?;
            let reported = connect.uri()?;
            if !is_in_process(&reported) {
                // Refused by drivers that are clients themselves (esx, vbox, …): they do without.
                let _ = connect.set_keep_alive(KEEPALIVE_INTERVAL, KEEPALIVE_COUNT);
            }
            if let Some(identity) = &identity {
                identify(&connect, identity)?;
            }
            Outcome::Ok((connect, reported, watches))
        });
        let (connect, reported, watches) = match opened {
            Ok(Ok(opened)) => opened,
            Ok(Err(failure)) => return Err(open_failure::explain(failure, uri.as_deref())),
            Err(Unanswered::Failed(error)) => return Err(error),
            Err(Unanswered::Abandoned(reason)) => return Err(reason.error()),
        };
        let (worker, watches) =
            if is_in_process(&reported) { (None, Vec::new()) } else { (Some(worker), watches) };
        self.state().uri = Some(reported.into());
        let generation = GENERATION.fetch_add(1, Ordering::Relaxed);
        Ok(Live {
            connect: Some(connect),
            generation,
            worker,
            watches,
            lost: AtomicBool::new(false),
            events: Hub::default(),
            apart: apart::Places::default(),
        })
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let Some(connect) = self.connect.take() else { return };
        let events = std::mem::take(&mut self.events);
        let close = move || {
            events.end(&connect);
            drop(connect);
        };
        // The last reference may close the connection, which talks to the daemon: not on a thread
        // that must stay responsive.
        match &self.worker {
            Some(worker) => worker.post(close),
            None => close(),
        }
    }
}

/// What a use of a lost connection fails with: `disconnected`, whether the loss shows in the middle
/// of a call or before it.
fn still_lost(error: Error) -> Error {
    let facts = error.facts();
    let message = format!("the connection was lost and could not be opened again: {}", facts.message);
    let lost = Error::new(code::DISCONNECTED, message).cause(facts.message.clone());
    match facts.hint.clone() {
        Some(hint) => lost.hint(hint),
        None => lost,
    }
}

/// Tells the daemon in whose name the next calls are.
fn identify(connect: &Connect, identity: &Params) -> Outcome<()> {
    let mut params = ParamsBuffer::new(identity)?;
    // SAFETY: a live connection and a valid array of its own length.
    check(unsafe { sys::virConnectSetIdentity(connect.as_ptr(), params.as_mut_ptr(), params.len(), 0) })
        .map(drop)
}

/// True for drivers that run inside this process and answer without waiting for anybody.
pub(super) fn is_in_process(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let embedded = path.ends_with("/embed");
    !scheme.contains('+') && (embedded || (scheme == "test" && path.starts_with("///")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_drivers_without_a_daemon_are_called_inline() {
        for inline in ["test:///default", "test:///tmp/node.xml", "secret:///embed?root=/x", "qemu:///embed"]
        {
            assert!(is_in_process(inline), "{inline}");
        }
        for daemon in [
            "test+unix:///default?socket=/x",
            "test://host/default",
            "qemu:///system",
            "qemu+ssh://root@host/system",
            "esx://host/",
            "",
        ] {
            assert!(!is_in_process(daemon), "{daemon}");
        }
    }

    fn connection(uri: &str) -> Connection {
        Connection::new(Some(uri.into()), false, Arc::default())
    }

    #[test]
    fn it_opens_at_first_use_and_not_after_close() {
        let connection = connection("test:///default");
        assert!(!connection.is_open());
        connection.open().unwrap();
        assert!(connection.is_open());
        connection.close();
        let error = connection.open().unwrap_err();
        assert_eq!(error.code(), code::USAGE);
    }

    #[test]
    fn a_uri_that_nobody_serves_is_connect_failed_with_a_hint() {
        let error = connection("qemu+unix:///system?socket=/nonexistent/sock").open().unwrap_err();
        assert_eq!(error.code(), code::CONNECT_FAILED);
        assert!(error.facts().hint.as_deref().unwrap_or_default().contains("test:///default"));
    }

    #[test]
    fn a_nul_in_the_uri_is_refused_before_it_reaches_c() {
        assert_eq!(connection("test:///a\0b").open().unwrap_err().code(), code::USAGE);
    }
}
