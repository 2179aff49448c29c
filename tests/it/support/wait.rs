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

/// Asserts that something took no longer than `limit`.
///
/// The long version of the tests is exact. The short one runs anywhere, on a machine that does much else too, and
/// allows four seconds more: what it looks for would hang for half a minute or for ever.
#[track_caller]
pub(crate) fn within(took: Duration, limit: Duration) {
    let allowed = if super::soak() { limit } else { limit + Duration::from_secs(4) };
    assert!(took <= allowed, "took {took:?}, which is longer than {limit:?}");
}
