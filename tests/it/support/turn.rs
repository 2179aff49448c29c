//! Who may use the processor: booting guests share it, what measures seconds has it alone.
//!
//! Emulated guests that boot keep a core busy each, and more of them than cores make every wait
//! tight. A test that asserts "within a second" must not run beside them at all.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Guests that may boot at the same time.
const SEATS: usize = 2;

static FREE: Mutex<usize> = Mutex::new(SEATS);
static CHANGED: Condvar = Condvar::new();
static ALONE: Mutex<()> = Mutex::new(());

/// Seats that are taken; given back when it is dropped.
pub(crate) struct Turn(usize);

/// Waits for a seat among the booting guests.
pub(crate) fn boot() -> Turn {
    take(1)
}

/// Waits until no guest boots, and keeps others from booting.
pub(crate) fn alone() -> Turn {
    // One at a time, or two that each hold half the seats would wait for ever.
    let _queue = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // One seat after the other: guests that keep coming cannot hold it up.
    for _ in 0..SEATS {
        std::mem::forget(take(1));
    }
    Turn(SEATS)
}

fn take(seats: usize) -> Turn {
    let mut free = free();
    while *free < seats {
        free = CHANGED.wait(free).unwrap_or_else(PoisonError::into_inner);
    }
    *free -= seats;
    Turn(seats)
}

fn free() -> MutexGuard<'static, usize> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Turn {
    fn drop(&mut self) {
        *free() += self.0;
        CHANGED.notify_all();
    }
}
