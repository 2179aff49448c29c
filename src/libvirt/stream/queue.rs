//! What has arrived on a stream and waits for its reader.

use std::collections::{HashMap, VecDeque};
use std::os::raw::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use virt::sys;

use super::super::event_loop::Watch;
use super::super::failure::{Outcome, check};
use super::raw::{Raw, closed, receive};
use super::{PIECE, Use};
use crate::error::{Error, Result};

/// Bytes that may wait until no more are taken in.
const ENOUGH: usize = 8 << 20;
/// Bytes that a reader that is far behind can still read of something that talks on.
const REMEMBERED: usize = 1 << 20;
/// How long the socket of a daemon is not read from. Then one gulp is taken, which has the daemon's
/// answers to keepalive in it: a reader that is slow must not cost the connection.
const PAUSE: Duration = Duration::from_secs(1);
/// Bytes beyond which no gulp is taken either; a reader that is as slow as this loses the connection.
const FAR_TOO_MUCH: usize = 32 << 20;
const FOR_GOOD: Duration = Duration::from_secs(3600);

const NOTHING: c_int = 0;
const READABLE: c_int = sys::VIR_STREAM_EVENT_READABLE as c_int;
const BROKEN: c_int = (sys::VIR_STREAM_EVENT_ERROR | sys::VIR_STREAM_EVENT_HANGUP) as c_int;

/// What comes out of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// Some bytes.
    Data(Vec<u8>),
    /// So many bytes that nothing was ever written to.
    Hole(u64),
    /// There is no more.
    End,
}

/// The queues that the event loop's thread fills, by their numbers. A callback is given a number and not
/// a queue, because libvirt's client (9.0 at least) never frees what it was given for a stream of a daemon.
static LISTENING: LazyLock<Mutex<HashMap<usize, Weak<Queue>>>> = LazyLock::new(Mutex::default);

fn listening() -> MutexGuard<'static, HashMap<usize, Weak<Queue>>> {
    LISTENING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// See the module.
pub(super) struct Queue {
    number: usize,
    usage: Use,
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Received>,
    bytes: usize,
    forgotten: u64,
    /// How it ended, once it did.
    end: Option<Result<()>>,
    /// True from the moment that the stream is ended on this side: it must not be touched any more.
    closed: bool,
    paused: bool,
    /// Where each piece is received.
    buffer: Vec<u8>,
    source: Option<Source>,
}

/// Where it comes from, to have the flow stopped and go on.
struct Source {
    /// Valid until the state is `closed`.
    stream: sys::virStreamPtr,
    watches: Vec<Watch>,
}

// SAFETY: the stream is used under the state's lock, and only before the state is `closed`.
unsafe impl Send for Source {}

impl Queue {
    pub(super) fn new(usage: Use) -> Self {
        static LAST: AtomicUsize = AtomicUsize::new(1);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        Self { number, usage, state: Mutex::default(), arrived: Condvar::new() }
    }

    /// Lets the event loop's thread fill it (`virStreamEventAddCallback`).
    pub(super) fn listen(self: &Arc<Self>, stream: &Raw, watches: &[Watch]) -> Outcome<()> {
        self.state().source = Some(Source { stream: stream.as_ptr(), watches: watches.to_vec() });
        listening().insert(self.number, Arc::downgrade(self));
        let data = std::ptr::without_provenance_mut(self.number);
        // SAFETY: an open stream; `data` is a number, which nobody frees.
        let added = unsafe {
            sys::virStreamEventAddCallback(stream.as_ptr(), READABLE | BROKEN, Some(on_event), data, None)
        };
        check(added).map(drop).inspect_err(|_| self.close())
    }

    /// Takes what came first, waiting for it at most `time`.
    pub(super) fn take(&self, time: Duration) -> Result<Option<Received>> {
        let empty = |state: &mut State| state.waiting.is_empty() && state.end.is_none() && !state.closed;
        let waited = self.arrived.wait_timeout_while(self.state(), time, empty);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        if let Some(received) = state.waiting.pop_front() {
            state.bytes -= size_of(&received);
            if state.paused && state.bytes < ENOUGH / 2 {
                state.go_on();
            }
            return Ok(Some(received));
        }
        match &state.end {
            Some(Ok(())) => Ok(Some(Received::End)),
            Some(Err(error)) => Err(error.clone()),
            None if state.closed => Err(closed()),
            None => Ok(None),
        }
    }

    /// Bytes that nobody took in time.
    pub(super) fn forgotten(&self) -> u64 {
        self.state().forgotten
    }

    /// Touches the stream no more, from now on; what has arrived can still be taken.
    pub(super) fn close(&self) {
        let mut state = self.state();
        if state.closed {
            return;
        }
        state.release();
        state.closed = true;
        self.arrived.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in one piece.
    ///
    /// # Safety
    /// `stream` is the one of [`Self::listen`], and is ended only after [`Self::close`].
    unsafe fn fill(&self, stream: sys::virStreamPtr, events: c_int) {
        let mut state = self.state();
        if state.closed || state.end.is_some() {
            return;
        }
        state.buffer.resize(PIECE, 0);
        // SAFETY: the caller's promise: the lock is held, so nobody can close it meanwhile.
        let received = unsafe { receive(stream, self.usage == Use::ReceiveSparse, &mut state.buffer) };
        match received {
            Ok(None) if events & BROKEN == 0 => return,
            Ok(None | Some(Received::End)) => state.end = Some(Ok(())),
            Ok(Some(received)) => {
                state.bytes += size_of(&received);
                state.waiting.push_back(received);
            }
            Err(failure) => state.end = Some(Err(Error::from(failure))),
        }
        if state.end.is_some() {
            // What has ended is readable for ever: the loop would spin.
            state.listen_to(NOTHING);
        } else if self.usage == Use::Talk {
            state.forget_beyond(REMEMBERED);
        } else if state.bytes >= ENOUGH {
            state.pause();
        }
        self.arrived.notify_all();
    }
}

impl State {
    fn pause(&mut self) {
        self.paused = true;
        let time = if self.bytes < FAR_TOO_MUCH { PAUSE } else { FOR_GOOD };
        match &self.source {
            Some(source) if !source.watches.is_empty() => {
                source.watches.iter().for_each(|watch| watch.hold(time));
            }
            // In this process nothing fills up that is not read.
            _ => self.listen_to(NOTHING),
        }
    }

    fn go_on(&mut self) {
        self.release();
        self.paused = false;
        if self.end.is_none() && !self.closed {
            self.listen_to(READABLE | BROKEN);
        }
    }

    /// Lets others read the socket again.
    fn release(&self) {
        if let Some(source) = self.source.as_ref().filter(|_| self.paused) {
            source.watches.iter().for_each(|watch| watch.release());
        }
    }

    fn listen_to(&self, events: c_int) {
        if let Some(source) = &self.source {
            // SAFETY: called under the lock, before the state is closed; fails only without a callback.
            unsafe { sys::virStreamEventUpdateCallback(source.stream, events) };
        }
    }

    fn forget_beyond(&mut self, most: usize) {
        while self.bytes > most
            && let Some(oldest) = self.waiting.pop_front()
        {
            self.bytes -= size_of(&oldest);
            self.forgotten += size_of(&oldest) as u64;
        }
    }
}

/// Bytes that it takes in memory.
fn size_of(received: &Received) -> usize {
    match received {
        Received::Data(data) => data.len(),
        Received::Hole(_) | Received::End => 0,
    }
}

unsafe extern "C" fn on_event(stream: sys::virStreamPtr, events: c_int, data: *mut c_void) {
    // A panic must not cross into C.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let queue = listening().get(&data.addr()).and_then(Weak::upgrade);
        if let Some(queue) = queue {
            // SAFETY: libvirt calls back with the stream that it was told of.
            unsafe { queue.fill(stream, events) };
        }
    }));
}

impl Drop for Queue {
    fn drop(&mut self) {
        listening().remove(&self.number);
    }
}
