//! libvirt's object of a stream, freed once and never left open.

use std::os::raw::c_char;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use virt::connect::Connect;
use virt::sys;

use super::super::failure::{Failure, Outcome, check, check_pointer};
use super::queue::{Queue, Received};
use crate::error::Error;

/// What libvirt answers where a call would have to wait.
const WOULD_WAIT: i32 = -2;
/// What libvirt answers at a hole.
const AT_HOLE: i32 = -3;

/// See the module. All but receiving happens on the thread of its connection's calls.
pub(super) struct Raw {
    pointer: sys::virStreamPtr,
    /// False once it was finished or aborted, which lets libvirt forget what is behind it.
    open: Mutex<bool>,
    /// What the event loop's thread fills from it.
    queue: Arc<Queue>,
}

// SAFETY: libvirt counts references to streams and locks what it changes; that nothing else happens
// while a stream is ended is what `open` and the queue's lock are for.
unsafe impl Send for Raw {}
// SAFETY: as above.
unsafe impl Sync for Raw {}

impl Raw {
    /// Makes a stream that belongs to nothing yet (`virStreamNew`).
    pub(super) fn new(connect: &Connect, queue: Arc<Queue>) -> Outcome<Self> {
        // SAFETY: a live connection.
        let pointer = unsafe { sys::virStreamNew(connect.as_ptr(), sys::VIR_STREAM_NONBLOCK) };
        Ok(Self { pointer: check_pointer(pointer)?, open: Mutex::new(true), queue })
    }

    pub(super) fn as_ptr(&self) -> sys::virStreamPtr {
        self.pointer
    }

    /// Sends some bytes and tells how many; `None` where there is no room now.
    pub(super) fn send(&self, data: &[u8]) -> Outcome<Option<usize>> {
        let _open = self.still_open()?;
        // SAFETY: an open stream, and a slice with its length.
        let sent = unsafe { sys::virStreamSend(self.pointer, data.as_ptr().cast::<c_char>(), data.len()) };
        if sent == WOULD_WAIT { Ok(None) } else { check(sent).map(|count| Some(count as usize)) }
    }

    pub(super) fn send_hole(&self, length: u64) -> Outcome<()> {
        let _open = self.still_open()?;
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        // SAFETY: an open stream.
        check(unsafe { sys::virStreamSendHole(self.pointer, length, 0) }).map(drop)
    }

    pub(super) fn finish(&self) -> Outcome<()> {
        self.end(sys::virStreamFinish)
    }

    pub(super) fn abort(&self) -> Outcome<()> {
        self.end(sys::virStreamAbort)
    }

    fn end(&self, how: unsafe extern "C" fn(sys::virStreamPtr) -> i32) -> Outcome<()> {
        let mut open = self.still_open()?;
        *open = false;
        self.queue.close();
        // SAFETY: a stream that was not ended before. Without a callback this is only an error.
        unsafe { sys::virStreamEventRemoveCallback(self.pointer) };
        // SAFETY: as above; `open` keeps every sender out, the queue's end every receiver.
        check(unsafe { how(self.pointer) }).map(drop)
    }

    fn still_open(&self) -> Outcome<MutexGuard<'_, bool>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if *open { Ok(open) } else { Err(Failure::Own(closed())) }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Ended already, or the connection has gone: either way there is nothing left to end.
        let _ = self.abort();
        // SAFETY: the one reference that virStreamNew gave.
        unsafe { sys::virStreamFree(self.pointer) };
    }
}

/// Receives what is there (`virStreamRecv`, `virStreamRecvFlags`); `None` where nothing is.
///
/// # Safety
/// `stream` was not ended, and is not while this runs.
pub(super) unsafe fn receive(
    stream: sys::virStreamPtr,
    sparse: bool,
    buffer: &mut [u8],
) -> Outcome<Option<Received>> {
    let (room, bytes) = (buffer.len(), buffer.as_mut_ptr().cast::<c_char>());
    // SAFETY: the caller's promise, and a buffer with its length. Drivers need not know the second
    // form, which only sparse streams need.
    let count = unsafe {
        if sparse {
            sys::virStreamRecvFlags(stream, bytes, room, sys::VIR_STREAM_RECV_STOP_AT_HOLE)
        } else {
            sys::virStreamRecv(stream, bytes, room)
        }
    };
    match count {
        WOULD_WAIT => Ok(None),
        AT_HOLE => {
            let mut length = 0;
            // SAFETY: the caller's promise, and a number to write to.
            check(unsafe { sys::virStreamRecvHole(stream, &raw mut length, 0) })?;
            Ok(Some(Received::Hole(u64::try_from(length).unwrap_or(0))))
        }
        0 => Ok(Some(Received::End)),
        count => Ok(Some(Received::Data(buffer[..check(count)? as usize].to_vec()))),
    }
}

/// What the use of an ended stream fails with.
pub(super) fn closed() -> Error {
    Error::usage("this stream was closed").hint("open it again")
}
