//! Calls that only read, made beside the worker for those who cannot wait for all of them.
//!
//! What is not awaited goes on by itself on its thread, and its answer is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::in_flight::InFlight;
use super::{Connection, Live};
use crate::error::{Error, Result, code};
use crate::libvirt::door::Operation;
use crate::libvirt::failure::Outcome;
use crate::libvirt::interrupt::TICK;
use crate::libvirt::unsupported;

/// Several ways to ask a daemon for the same: the first answer is taken.
pub(in crate::libvirt) struct Aside<'a, T> {
    connection: &'a Connection,
    live: Arc<Live>,
    operation: Operation,
    object: &'a str,
    sender: Sender<Outcome<T>>,
    answers: Receiver<Outcome<T>>,
}

/// Counts a call for as long as nothing has answered it.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count.clone())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl<'a, T: Send + 'static> Aside<'a, T> {
    pub(in crate::libvirt) fn new(
        connection: &'a Connection,
        operation: Operation,
        object: &'a str,
    ) -> Result<Self> {
        let live = connection.opened()?;
        let (sender, answers) = channel();
        Ok(Self { connection, live, operation, object, sender, answers })
    }

    /// How many such calls of the open connection nothing has answered yet.
    pub(in crate::libvirt) fn waiting(&self) -> usize {
        self.live.aside.load(Ordering::Acquire)
    }

    /// Makes a call on a thread of its own.
    pub(in crate::libvirt) fn begin(
        &self,
        f: impl FnOnce(&Arc<Live>) -> Outcome<T> + Send + 'static,
    ) -> Result<()> {
        let Self { connection, operation, object, .. } = *self;
        connection.admit(operation, object, &()).map_err(|e| connection.explain(e, operation, object))?;
        let (live, sender) = (self.live.clone(), self.sender.clone());
        let waiting = Waiting::new(&live.aside);
        let run = move || {
            let outcome = live.in_flight.call(|| f(&live));
            let outcome = outcome.map_err(|failure| unsupported::explain(failure, live.connect()));
            drop(waiting);
            // Nobody may want it any more.
            let _ = sender.send(outcome);
        };
        let started = std::thread::Builder::new().name("libvirt-aside".into()).spawn(run);
        let failed = |e| Error::new(code::IO, format!("cannot start a thread: {e}"));
        started.map(drop).map_err(|e| connection.explain(failed(e), operation, object))
    }

    /// The first answer to any of the calls, waiting at most so long.
    ///
    /// Fails when the run should end.
    pub(in crate::libvirt) fn answer(&self, limit: Duration) -> Result<Option<Result<T>>> {
        let start = Instant::now();
        loop {
            let left = limit.saturating_sub(start.elapsed());
            match self.answers.recv_timeout(left.min(TICK)) {
                Ok(outcome) => return Ok(Some(self.explained(outcome))),
                // A sender is in this end, too.
                Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => {
                    self.connection.door().interrupt().check()?;
                    InFlight::nudge(&self.live);
                    if left.is_zero() {
                        return Ok(None);
                    }
                }
            }
        }
    }

    fn explained(&self, outcome: Outcome<T>) -> Result<T> {
        let Self { connection, live, operation, object, .. } = self;
        outcome.map_err(|failure| {
            connection.explain(connection.failed(live, *operation, failure), *operation, object)
        })
    }
}
