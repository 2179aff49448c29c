//! Lifecycle events of guests, as a queue that a script can wait on.
//!
//! libvirt calls back on its event thread; the callback copies the event into a bounded queue and
//! returns. Dropping the [`Subscription`] ends it.

use std::os::raw::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use uuid::Uuid;
use virt::connect::Connect;
use virt::sys;

use super::connection::{Connection, Live};
use super::door::read;
use super::failure::{Outcome, check};
use super::interrupt::TICK;
use crate::error::Result;

/// Events that wait to be read; later ones are dropped, which a waiter that looks again at the
/// state does not notice.
const ROOM: usize = 65_536;

/// Something happened to a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifecycleEvent {
    /// which guest
    pub uuid: Uuid,
    /// `virDomainEventType`
    pub event: i32,
    /// the detail, whose meaning depends on `event`
    pub detail: i32,
}

/// See the module.
pub struct Subscription {
    connection: Connection,
    live: Arc<Live>,
    id: c_int,
    events: Receiver<LifecycleEvent>,
}

impl Connection {
    /// Subscribes to the lifecycle of all guests (`virConnectDomainEventRegisterAny`).
    pub fn lifecycle_events(&self) -> Result<Subscription> {
        let (sender, events) = mpsc::sync_channel(ROOM);
        let (live, id) = self.call_live(read("connection.domain_event_register"), "", move |live| {
            Ok((live.clone(), register(live.connect(), sender)?))
        })?;
        Ok(Subscription { connection: self.clone(), live, id, events })
    }
}

fn register(connect: &Connect, sender: SyncSender<LifecycleEvent>) -> Outcome<c_int> {
    let data = Box::into_raw(Box::new(sender)).cast::<c_void>();
    // The lifecycle callback has parameters of its own behind libvirt's generic type.
    // SAFETY: libvirt's contract: the callback of VIR_DOMAIN_EVENT_ID_LIFECYCLE is called with
    // exactly the parameters of `on_event`.
    let callback: unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *mut c_void) =
        unsafe { std::mem::transmute::<LifecycleCallback, _>(on_event) };
    // SAFETY: a live connection; `data` stays valid until libvirt calls `free_sender` on it.
    let id = unsafe {
        sys::virConnectDomainEventRegisterAny(
            connect.as_ptr(),
            std::ptr::null_mut(),
            sys::VIR_DOMAIN_EVENT_ID_LIFECYCLE as c_int,
            Some(callback),
            data,
            Some(free_sender),
        )
    };
    check(id).inspect_err(|_| {
        // SAFETY: a failed registration does not take the data over.
        unsafe { free_sender(data) };
    })
}

type LifecycleCallback =
    unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, c_int, c_int, *mut c_void);

unsafe extern "C" fn on_event(
    _connect: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    event: c_int,
    detail: c_int,
    data: *mut c_void,
) {
    // A panic must not cross into C.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: `data` is the sender boxed by `register`, alive until `free_sender`.
        let sender = unsafe { &*data.cast::<SyncSender<LifecycleEvent>>() };
        let mut uuid = [0; 16];
        // SAFETY: a domain that lives during the callback, and room for a UUID.
        if unsafe { sys::virDomainGetUUID(domain, uuid.as_mut_ptr()) } < 0 {
            return;
        }
        // Full or nobody listens any more: see ROOM.
        let _ = sender.try_send(LifecycleEvent { uuid: Uuid::from_bytes(uuid), event, detail });
    }));
}

unsafe extern "C" fn free_sender(data: *mut c_void) {
    // SAFETY: made by `register`, freed once: by libvirt, or by `register` when it failed.
    drop(unsafe { Box::from_raw(data.cast::<SyncSender<LifecycleEvent>>()) });
}

impl Subscription {
    /// Waits for the next event, at most `time`; `None` when none came.
    ///
    /// Fails when the run should end. A lost connection sends no events: see [`Self::is_lost`].
    pub fn next(&self, time: Duration) -> Result<Option<LifecycleEvent>> {
        let end = Instant::now().checked_add(time);
        loop {
            self.connection.door().interrupt().check()?;
            let left = end.map_or(TICK, |end| end.saturating_duration_since(Instant::now()));
            match self.events.recv_timeout(left.min(TICK)) {
                Ok(event) => return Ok(Some(event)),
                Err(RecvTimeoutError::Timeout) if left > TICK && !self.is_lost() => {}
                Err(_) => return Ok(None),
            }
        }
    }

    /// True once the connection that it was made on is gone.
    pub fn is_lost(&self) -> bool {
        self.live.is_lost()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let id = self.id;
        // Best effort: a lost connection has forgotten it already.
        self.live.post(move |connect| {
            // SAFETY: a live connection; an id that is unknown by now is only an error.
            unsafe { sys::virConnectDomainEventDeregisterAny(connect.as_ptr(), id) };
        });
    }
}
