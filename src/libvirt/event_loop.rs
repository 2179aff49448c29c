//! libvirt's default event loop, on a thread of its own.
//!
//! Keepalive, close callbacks and events need it running, and it must be registered before the
//! first connection is opened. A loop that is registered but does not run is worse than none: the
//! daemon's keepalive would then cut the connection.

use std::os::raw::{c_int, c_void};
use std::sync::OnceLock;

use virt::sys;

use super::failure::{Outcome, check};
use crate::error::{Error, Result, code};

/// Starts the loop at the first call; later calls return what the first one did.
pub(crate) fn ensure_running() -> Result<()> {
    static STARTED: OnceLock<Result<()>> = OnceLock::new();
    STARTED.get_or_init(start).clone()
}

fn start() -> Result<()> {
    register()?;
    std::thread::Builder::new()
        .name("libvirt-events".into())
        .spawn(|| {
            loop {
                // SAFETY: the default implementation is registered, and only this thread runs it.
                if unsafe { sys::virEventRunDefaultImpl() } < 0 {
                    std::thread::sleep(std::time::Duration::from_millis(100));
                }
            }
        })
        .map(drop)
        .map_err(|e| Error::new(code::IO, format!("cannot start the event thread: {e}")))
}

fn register() -> Outcome<()> {
    // libvirt's own handler prints every error to stderr; ours are values.
    virt::error::clear_error_callback();
    // SAFETY: takes nothing, may be called more than once, and is called before any connection.
    check(unsafe { sys::virInitialize() })?;
    // SAFETY: called once, before any connection is opened.
    check(unsafe { sys::virEventRegisterDefaultImpl() })?;
    // The loop blocks for ever without a timer to wake it.
    // SAFETY: the callback takes no data, so there is nothing that could outlive it.
    check(unsafe { sys::virEventAddTimeout(1000, Some(nothing), std::ptr::null_mut(), None) })?;
    Ok(())
}

unsafe extern "C" fn nothing(_timer: c_int, _data: *mut c_void) {}
