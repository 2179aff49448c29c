//! Waiting for a fact, never for a time.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Looks every few milliseconds until `look` finds something and returns it.
///
/// Panics with `what` when `limit` has passed.
#[track_caller]
pub(crate) fn eventually<T>(limit: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < limit, "waited {limit:?} in vain for {what}");
        sleep(Duration::from_millis(10));
    }
}
