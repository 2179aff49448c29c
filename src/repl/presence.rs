//! Whether there is a prompt in this process, for whoever has to end it.

use std::sync::atomic::{AtomicBool, Ordering};

static OPEN: AtomicBool = AtomicBool::new(false);

/// Notes that the prompt begins.
pub(super) fn begin() {
    OPEN.store(true, Ordering::Relaxed);
}

/// True once a prompt has begun in this process.
pub fn is_open() -> bool {
    OPEN.load(Ordering::Relaxed)
}
