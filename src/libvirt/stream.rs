//! libvirt's streams: bytes to and from a volume, a console, a channel.
//!
//! They are non-blocking. What arrives is taken by the event loop's thread and waits in a bounded
//! queue, so that whoever reads it can be interrupted at any time, whatever the daemon does. libvirt
//! itself takes from its socket as much as comes and keeps all of it in memory; so where the queue is
//! full, the loop stops reading that socket for a while, and the daemon waits.
//!
//! What is sent goes through the connection's worker like any other call: libvirt hands each piece to
//! the daemon before it returns, which is all the back-pressure that sending needs.

mod queue;
mod raw;

use std::sync::Arc;
use std::time::{Duration, Instant};

use virt::sys;

use super::connection::{Connection, Live};
use super::door::{Operation, read};
use super::failure::Outcome;
use super::handle::{Handle, Object};
use super::interrupt::{Interrupt, TICK};
use crate::error::{Error, Result, code};
use queue::Queue;
pub use queue::Received;
use raw::Raw;

/// Bytes that every daemon takes in one message.
pub(super) const PIECE: usize = 262_120;
/// How long a sender waits before it tries again, where the driver has no room.
const NO_ROOM: Duration = Duration::from_millis(2);

const SEND: Operation = read("stream.send");
const SEND_HOLE: Operation = read("stream.send_hole");
const RECEIVE: Operation = read("stream.recv");
const FINISH: Operation = read("stream.finish");
const ABORT: Operation = read("stream.abort");

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Only sending.
    Send,
    /// Receiving all of it: the daemon waits for a slow reader.
    Receive,
    /// The same, with holes told apart from zeros.
    ReceiveSparse,
    /// Both ways, with something that talks whether one listens or not: a reader that is far behind
    /// loses the oldest.
    Talk,
}

/// See the module. What was neither finished nor aborted is aborted when it is dropped.
pub struct Stream {
    connection: Connection,
    live: Arc<Live>,
    object: String,
    queue: Arc<Queue>,
    /// `None` only while it is being dropped.
    raw: Option<Arc<Raw>>,
}

impl<O: Object> Handle<O> {
    /// Makes a call on the object that begins a stream.
    pub(super) fn open_stream<T: Send + 'static>(
        &self,
        operation: Operation,
        usage: Use,
        begin: impl FnOnce(&O, sys::virStreamPtr) -> Outcome<T> + Send + 'static,
    ) -> Result<(Stream, T)> {
        let handle = self.clone();
        let queue = Arc::new(Queue::new(usage));
        let arrivals = queue.clone();
        let (live, raw, value) =
            self.connection().call_about(operation, self.label(), self, move |live| {
                let object = handle.object(live)?;
                let raw = Raw::new(live.connect(), arrivals.clone())?;
                let value = begin(&object, raw.as_ptr())?;
                if usage != Use::Send {
                    arrivals.listen(&raw, live.watches())?;
                }
                Ok((live.clone(), raw, value))
            })?;
        let stream = Stream {
            connection: self.connection().clone(),
            live,
            object: self.label().to_owned(),
            queue,
            raw: Some(Arc::new(raw)),
        };
        Ok((stream, value))
    }
}

impl Stream {
    /// Waits at most `time` for what comes next; `None` when nothing came.
    ///
    /// Errors: what the other side reported, `disconnected`, and the reason of `interrupt`.
    pub fn receive(&self, time: Duration, interrupt: &Interrupt) -> Result<Option<Received>> {
        let end = Instant::now().checked_add(time);
        loop {
            let left = end.map_or(TICK, |end| end.saturating_duration_since(Instant::now()));
            match self.queue.take(left.min(TICK)) {
                Ok(Some(received)) => return Ok(Some(received)),
                Ok(None) => {}
                Err(error) => return Err(self.explain(error, RECEIVE)),
            }
            if self.live.is_lost() {
                return Err(self.explain(lost(), RECEIVE));
            }
            interrupt.check()?;
            if left.is_zero() {
                return Ok(None);
            }
        }
    }

    /// Receives everything up to the end; `None` where it is more than `most` bytes. Holes read as zeros.
    pub(super) fn receive_all(&self, most: usize, interrupt: &Interrupt) -> Result<Option<Vec<u8>>> {
        let mut all = Vec::new();
        loop {
            match self.receive(Duration::MAX, interrupt)? {
                Some(Received::Data(data)) => all.extend_from_slice(&data),
                Some(Received::Hole(length)) if length <= (most - all.len()) as u64 => {
                    all.resize(all.len() + length as usize, 0);
                }
                Some(Received::End) => return Ok(Some(all)),
                Some(Received::Hole(_)) => return Ok(None),
                None => {}
            }
            if all.len() > most {
                return Ok(None);
            }
        }
    }

    /// Bytes that came and were forgotten, because nobody took them in time.
    pub fn forgotten(&self) -> u64 {
        self.queue.forgotten()
    }

    /// Sends bytes (`virStreamSend`); returns when all of them are on their way.
    pub fn send(&self, data: &[u8], interrupt: &Interrupt) -> Result<()> {
        for piece in data.chunks(PIECE) {
            let mut rest = piece.to_vec();
            while !rest.is_empty() {
                let (unsent, count) = self.call(SEND, interrupt, move |raw| {
                    let count = raw.send(&rest)?;
                    Ok((rest, count))
                })?;
                rest = unsent;
                match count {
                    Some(count) => drop(rest.drain(..count)),
                    None => interrupt.sleep(NO_ROOM)?,
                }
            }
        }
        Ok(())
    }

    /// Sends a hole of so many bytes (`virStreamSendHole`).
    pub(super) fn send_hole(&self, length: u64, interrupt: &Interrupt) -> Result<()> {
        self.call(SEND_HOLE, interrupt, move |raw| raw.send_hole(length))
    }

    /// Ends it after its last byte, and tells whether the other side took all of it
    /// (`virStreamFinish`).
    pub fn finish(&self, interrupt: &Interrupt) -> Result<()> {
        self.call(FINISH, interrupt, Raw::finish)
    }

    /// Ends it where it is (`virStreamAbort`).
    pub fn abort(&self, interrupt: &Interrupt) -> Result<()> {
        self.call(ABORT, interrupt, Raw::abort)
    }

    fn call<T: Send + 'static>(
        &self,
        operation: Operation,
        interrupt: &Interrupt,
        f: impl FnOnce(&Raw) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        let raw = self.raw.clone().expect("taken only by drop");
        if self.live.is_lost() {
            return Err(self.explain(lost(), operation));
        }
        self.connection.call_on(&self.live, interrupt, operation, &self.object, move || f(&raw))
    }

    fn explain(&self, error: Error, operation: Operation) -> Error {
        self.connection.explain(error, operation, &self.object)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.queue.close();
        // Aborting and freeing talk to the daemon: not on a thread that must stay responsive.
        if let Some(raw) = self.raw.take() {
            self.live.post(move |_| drop(raw));
        }
    }
}

fn lost() -> Error {
    Error::new(code::DISCONNECTED, "the connection was lost while a stream was open")
        .hint("a stream ends with its connection: open it again")
}
