//! Events of every kind that libvirt has, as a queue that a script can wait on.
//!
//! libvirt calls back on the event loop's thread; the callback copies the event into the queue of
//! each subscriber that wants it and returns. A [`Subscription`] outlives a lost connection: it
//! tells of the loss, opens the connection again and goes on.

mod callbacks;
mod hub;
mod kind;
mod queue;
mod tap;
mod value;
mod watch;
pub mod words;

pub use hub::Wanted;
pub use kind::{CLOSED, Kind, MISSED, MONITOR, OPENED, kinds};
pub use tap::{NameFilter, Objects};
pub use value::{Event, Field, Fields, Subject};
pub use watch::Watch;

pub(super) use hub::Hub;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use virt::sys;

use super::connection::{Connection, Live};
use super::door::read;
use super::interrupt::TICK;
use crate::error::{Error, Result, code};
use queue::Queue;
use tap::Tap;

/// The longest pause between two tries to open a lost connection again.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// The first one; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Events as they come, until it is dropped.
pub struct Subscription {
    connection: Connection,
    wanted: Wanted,
    objects: Objects,
    queue: Arc<Queue>,
    listening: Mutex<Listening>,
}

/// What it listens to at the moment.
struct Listening {
    tap: Arc<Tap>,
    /// Not its owner: closing the connection must be able to end it.
    live: Weak<Live>,
    lost_since: Option<Instant>,
    /// Before the next try to open the connection again.
    pause: Duration,
    next_try: Instant,
}

impl Connection {
    /// Subscribes to events (`virConnectDomainEventRegisterAny` and its siblings for networks, storage
    /// pools, node devices and secrets, `virConnectDomainQemuMonitorEventRegister`,
    /// `virConnectRegisterCloseCallback`).
    ///
    /// Fails with `unsupported` where the driver lacks a kind that was asked for by name, or all.
    pub fn events(&self, wanted: Wanted, objects: Objects) -> Result<Subscription> {
        let queue = Arc::new(Queue::default());
        let tap = Arc::new(Tap::new(objects.clone(), queue.clone()));
        let live = self.attach(&tap, &wanted)?;
        let (pause, next_try) = (FIRST_PAUSE, Instant::now());
        let listening = Mutex::new(Listening { tap, live, lost_since: None, pause, next_try });
        Ok(Subscription { connection: self.clone(), wanted, objects, queue, listening })
    }

    fn attach(&self, tap: &Arc<Tap>, wanted: &Wanted) -> Result<Weak<Live>> {
        let (tap, wanted) = (tap.clone(), wanted.clone());
        self.call_live(read("connection.event_register"), "", move |live| {
            live.events.attach(live.connect(), &tap, &wanted)?;
            Ok(Arc::downgrade(live))
        })
    }
}

impl Subscription {
    /// Waits for the next event, at most `time`; `None` when none came, and after [`Self::close`] or
    /// the end of the connection.
    ///
    /// Fails when the run should end, and where the lost connection is refused when it is opened again.
    pub fn next(&self, time: Duration) -> Result<Option<Arc<Event>>> {
        let end = Instant::now().checked_add(time);
        loop {
            self.connection.door().interrupt().check()?;
            let left = end.map_or(TICK, |end| end.saturating_duration_since(Instant::now()));
            if let Some(event) = self.queue.pop(left.min(TICK)) {
                return Ok(Some(event));
            }
            if self.connection.is_closed() {
                self.close();
            }
            if left.is_zero() || self.is_closed() {
                return Ok(None);
            }
            self.restore()?;
        }
    }

    /// Ends it; what was not read is thrown away.
    pub fn close(&self) {
        self.queue.close();
        let listening = self.listening();
        if let Some(live) = listening.live.upgrade() {
            let (on, tap) = (live.clone(), listening.tap.clone());
            live.post(move |connect| on.events.detach(connect, &tap));
        }
    }

    /// True once it was closed.
    pub fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    fn listening(&self) -> MutexGuard<'_, Listening> {
        self.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the connection is gone: tells so, then tries now and then to open it again.
    fn restore(&self) -> Result<()> {
        // Another thread that waits on the same subscription may be at it.
        let Ok(mut listening) = self.listening.try_lock() else { return Ok(()) };
        match listening.live.upgrade() {
            Some(live) if !live.is_lost() => return Ok(()),
            // libvirt is about to tell, and knows better why.
            Some(_) if listening.lost_since.get_or_insert_with(Instant::now).elapsed() < FIRST_PAUSE => {}
            _ => listening.tap.shut(sys::VIR_CONNECT_CLOSE_REASON_ERROR as i32),
        }
        if !listening.tap.is_shut() || Instant::now() < listening.next_try {
            return Ok(());
        }
        match self.reopen(&mut listening) {
            Err(error) if is_passing(&error) => {
                listening.next_try = Instant::now() + listening.pause;
                listening.pause = (listening.pause * 2).min(LONGEST_PAUSE);
                Ok(())
            }
            done => done,
        }
    }

    fn reopen(&self, listening: &mut Listening) -> Result<()> {
        self.connection.try_open()?;
        listening.tap = Arc::new(Tap::new(self.objects.clone(), self.queue.clone()));
        // Before the first event of the new connection can come.
        self.queue.push(Arc::new(Event::now(&kind::OPENED, None, Vec::new())));
        listening.live = self.connection.attach(&listening.tap, &self.wanted)?;
        (listening.pause, listening.lost_since) = (FIRST_PAUSE, None);
        Ok(())
    }
}

/// True for the errors of a host that may be back in a moment.
fn is_passing(error: &Error) -> bool {
    [code::CONNECT_FAILED, code::DISCONNECTED].contains(&error.code())
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests;
