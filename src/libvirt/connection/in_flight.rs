//! Calls that several threads make on one connection at a time.
//!
//! libvirt's client lets the first of them read the socket for all. Before 10.0 a call that another thread begins in
//! the moment in which the first one goes to sleep does not wake it: the answer waits until something else comes from
//! the daemon, such as its keepalive after 5 s. So calls leave the first thread the time to fall asleep, and who waits
//! nevertheless makes another call, which wakes it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::Live;
use crate::libvirt::host::library_version;

/// Longer than the first thread needs from the answer to one call to its sleep.
const PAUSE: Duration = Duration::from_millis(1);

/// True for a libvirt that can sleep through a call.
static SLEEPS: LazyLock<bool> = LazyLock::new(|| library_version().is_ok_and(|version| version < 10_000_000));

/// The calls that are being made on an open connection.
#[derive(Default)]
pub(super) struct InFlight {
    calls: AtomicUsize,
    is_nudged: AtomicBool,
}

impl InFlight {
    /// Makes a call.
    pub(super) fn call<T>(&self, f: impl FnOnce() -> T) -> T {
        struct Ended<'a>(&'a AtomicUsize);
        impl Drop for Ended<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::AcqRel);
            }
        }
        let others = self.calls.fetch_add(1, Ordering::AcqRel);
        let _ended = Ended(&self.calls);
        if others > 0 && *SLEEPS {
            std::thread::sleep(PAUSE);
        }
        f()
    }

    /// Wakes the thread that reads for all, where there may be one that sleeps through a call.
    pub(super) fn nudge(live: &Arc<Live>) {
        let Self { calls, is_nudged } = &live.in_flight;
        if calls.load(Ordering::Acquire) < 2 || !*SLEEPS || is_nudged.swap(true, Ordering::AcqRel) {
            return;
        }
        let task = live.clone();
        let nudge = move || {
            // The cheapest question there is; the answer does not matter.
            let _ = task.connect().lib_version();
            task.in_flight.is_nudged.store(false, Ordering::Release);
        };
        if std::thread::Builder::new().name("libvirt-nudge".into()).spawn(nudge).is_err() {
            is_nudged.store(false, Ordering::Release);
        }
    }
}
