//! libvirt's event loop, on a thread of its own.
//!
//! Keepalive, close callbacks and events need it running, and it must be registered before the
//! first connection is opened. A loop that is registered but does not run is worse than none: the
//! daemon's keepalive would then cut the connection.
//!
//! libvirt's default loop is not used: every call to a daemon tells the loop to look away from the
//! socket and back again, and the default one wakes its thread each time, which makes a call up to
//! three times as long. This one stands on epoll, which is told without waking anybody.

mod registry;

use std::cell::RefCell;
use std::os::raw::{c_int, c_void};
use std::sync::OnceLock;
use std::time::Duration;

use virt::sys;

use super::failure::{Outcome, check};
use crate::error::{Error, Result, code};
use registry::Registry;

/// Prepares libvirt and starts the loop at the first call; later calls return what the first one did.
///
/// The first connection does it too: a program that will open one anyway can have it done early.
pub fn initialize() -> Result<()> {
    static STARTED: OnceLock<Result<()>> = OnceLock::new();
    STARTED.get_or_init(start).clone()
}

static REGISTRY: OnceLock<Registry> = OnceLock::new();

fn registry() -> &'static Registry {
    REGISTRY.get().expect("set before the functions below are registered")
}

fn start() -> Result<()> {
    let failed = |e: std::io::Error| Error::new(code::IO, format!("cannot start the event thread: {e}"));
    let made = Registry::new().map_err(|e| failed(e.into()))?;
    let registry = REGISTRY.get_or_init(|| made);
    register()?;
    std::thread::Builder::new()
        .name("libvirt-events".into())
        .spawn(|| {
            loop {
                registry.run_once();
            }
        })
        .map(drop)
        .map_err(failed)
}

fn register() -> Outcome<()> {
    // libvirt's own handler prints every error to stderr; ours are values (`virSetErrorFunc`).
    super::messages::keep();
    // SAFETY: takes nothing, may be called more than once, and is called before any connection.
    check(unsafe { sys::virInitialize() })?;
    // SAFETY: called once, before any connection is opened; the functions live as long as the process.
    unsafe {
        sys::virEventRegisterImpl(
            Some(add_handle),
            Some(update_handle),
            Some(remove_handle),
            Some(add_timeout),
            Some(update_timeout),
            Some(remove_timeout),
        );
    }
    Ok(())
}

thread_local! {
    /// The descriptors that this thread has asked the loop to watch, while somebody wants to know.
    static ADDED: RefCell<Option<Vec<Watch>>> = const { RefCell::new(None) };
}

/// A descriptor that the loop watches, such as the socket of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Watch(c_int);

impl Watch {
    /// Reads nothing from it, at most for `time`: what arrives waits in the system, and so does its
    /// sender. A later call counts anew from then.
    pub(super) fn hold(self, time: Duration) {
        registry().hold(self.0, time);
    }

    /// Ends [`Self::hold`].
    pub(super) fn release(self) {
        registry().release(self.0);
    }
}

/// Runs `f` and tells which descriptors it made the loop watch.
pub(super) fn added_by<T>(f: impl FnOnce() -> T) -> (T, Vec<Watch>) {
    ADDED.set(Some(Vec::new()));
    let value = f();
    (value, ADDED.take().unwrap_or_default())
}

unsafe extern "C" fn add_handle(
    fd: c_int,
    events: c_int,
    callback: sys::virEventHandleCallback,
    opaque: *mut c_void,
    free: sys::virFreeCallback,
) -> c_int {
    let watch = callback.map_or(-1, |callback| registry().add_handle(fd, events, callback, opaque, free));
    ADDED.with_borrow_mut(|added| added.iter_mut().for_each(|added| added.push(Watch(watch))));
    watch
}

unsafe extern "C" fn update_handle(watch: c_int, events: c_int) {
    registry().update_handle(watch, events);
}

unsafe extern "C" fn remove_handle(watch: c_int) -> c_int {
    registry().remove_handle(watch)
}

unsafe extern "C" fn add_timeout(
    milliseconds: c_int,
    callback: sys::virEventTimeoutCallback,
    opaque: *mut c_void,
    free: sys::virFreeCallback,
) -> c_int {
    callback.map_or(-1, |callback| registry().add_timer(milliseconds, callback, opaque, free))
}

unsafe extern "C" fn update_timeout(timer: c_int, milliseconds: c_int) {
    registry().update_timer(timer, milliseconds);
}

unsafe extern "C" fn remove_timeout(timer: c_int) -> c_int {
    registry().remove_timer(timer)
}
