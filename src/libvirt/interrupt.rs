//! The wish that a run should end: Ctrl-C, SIGTERM or the deadline.
//!
//! One value is shared by the signal thread, the interpreter's progress hook and everything that
//! waits. Waiting code looks at it at least every [`TICK`], so a wish is heard within that time
//! even while a daemon does not answer.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, code};

/// How often waiting code looks whether it should give up.
pub const TICK: Duration = Duration::from_millis(20);

/// Why the run should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Ctrl-C or SIGINT
    Interrupted,
    /// SIGTERM or SIGHUP
    Terminated,
    /// `--timeout`
    Deadline,
    /// Nobody reads the output any more (`virhai … | head`).
    OutputClosed,
    /// The output could not be written, such as to a full disk.
    OutputFailed,
}

const REASONS: [Reason; 5] =
    [Reason::Interrupted, Reason::Terminated, Reason::Deadline, Reason::OutputClosed, Reason::OutputFailed];

impl Reason {
    /// The error that carries this reason outwards; a script cannot catch it.
    pub fn error(self) -> Error {
        match self {
            Self::Interrupted => Error::new(code::INTERRUPTED, "interrupted"),
            Self::Terminated => Error::new(code::INTERRUPTED, "terminated"),
            Self::Deadline => Error::new(code::DEADLINE, "the deadline of the run has passed"),
            Self::OutputClosed => Error::new(code::INTERRUPTED, "nobody reads the output any more"),
            Self::OutputFailed => Error::new(code::INTERRUPTED, "the output could not be written"),
        }
    }
}

/// Shared and cheap to copy; see the module.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<State>);

#[derive(Debug)]
struct State {
    wish: AtomicU8,
    /// Nanoseconds after `origin`; 0 for none.
    deadline: AtomicU64,
    /// The wish that is held back, as in `wish`.
    held: AtomicU8,
    /// Until when it is, in nanoseconds after `origin`; 0 while nothing is held back.
    held_until: AtomicU64,
    origin: Instant,
}

impl Default for State {
    fn default() -> Self {
        Self {
            wish: AtomicU8::new(0),
            deadline: AtomicU64::new(0),
            held: AtomicU8::new(0),
            held_until: AtomicU64::new(0),
            origin: Instant::now(),
        }
    }
}

impl Interrupt {
    /// Asks the run to end.
    pub fn raise(&self, reason: Reason) {
        let wish = reason as u8 + 1;
        let first = || self.0.held.compare_exchange(0, wish, Ordering::AcqRel, Ordering::Acquire).is_ok();
        // Work that nobody reads about has to be done all the same.
        let is_of_output = matches!(reason, Reason::OutputClosed | Reason::OutputFailed);
        if self.0.held_until.load(Ordering::Acquire) == 0 || !(first() || is_of_output) {
            self.0.wish.store(wish, Ordering::Release);
        }
    }

    /// Lets work that puts things in order run on, although the run should end, for at most `limit`.
    ///
    /// Until the value is dropped one wish is held back, and so is the deadline; a second wish is heard.
    pub fn hold(&self, limit: Duration) -> Held {
        let until = self.nanos(limit);
        let state = &self.0;
        let outermost =
            state.held_until.compare_exchange(0, until, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if outermost {
            state.held.store(state.wish.swap(0, Ordering::AcqRel), Ordering::Release);
        }
        Held { interrupt: self.clone(), outermost }
    }

    /// Tells whether somebody has asked already, although it may be held back.
    pub fn is_asked(&self) -> bool {
        self.0.wish.load(Ordering::Acquire) != 0 || self.0.held.load(Ordering::Acquire) != 0
    }

    /// Forgets the wish, for the next line of a prompt; a deadline stays.
    pub fn reset(&self) {
        self.0.wish.store(0, Ordering::Release);
    }

    /// Sets the time at which the run must have ended, counted from now.
    pub fn set_deadline(&self, after: Duration) {
        self.0.deadline.store(self.nanos(after), Ordering::Release);
    }

    /// A time counted from now as it is kept, never 0.
    fn nanos(&self, after: Duration) -> u64 {
        let at = self.0.origin.elapsed().saturating_add(after);
        u64::try_from(at.as_nanos()).unwrap_or(u64::MAX).max(1)
    }

    /// Tells whether and why the run should end.
    pub fn reason(&self) -> Option<Reason> {
        let wish = self.0.wish.load(Ordering::Acquire);
        if let Some(reason) = REASONS.into_iter().find(|reason| *reason as u8 + 1 == wish) {
            return Some(reason);
        }
        let held_until = self.0.held_until.load(Ordering::Acquire);
        let deadline = if held_until == 0 { self.0.deadline.load(Ordering::Acquire) } else { held_until };
        let passed = deadline != 0 && self.0.origin.elapsed().as_nanos() >= u128::from(deadline);
        passed.then_some(Reason::Deadline)
    }

    /// Fails once the run should end.
    pub fn check(&self) -> Result<(), Error> {
        self.reason().map_or(Ok(()), |reason| Err(reason.error()))
    }

    /// Sleeps, unless the run should end before that.
    pub fn sleep(&self, time: Duration) -> Result<(), Error> {
        let end = Instant::now().checked_add(time);
        loop {
            self.check()?;
            let left = end.map_or(TICK, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(TICK));
        }
    }

    /// Waits until a state is as wanted, at most `time`: the state then, or nothing where it was not in time.
    ///
    /// `changed` is notified whenever the state changes. Fails once the run should end.
    pub fn wait<'a, T>(
        &self,
        state: &'a Mutex<T>,
        changed: &Condvar,
        time: Duration,
        is_reached: impl Fn(&T) -> bool,
    ) -> Result<Option<MutexGuard<'a, T>>, Error> {
        let end = Instant::now().checked_add(time);
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if is_reached(&state) {
                return Ok(Some(state));
            }
            self.check()?;
            let left = end.map_or(TICK, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Ok(None);
            }
            state = changed.wait_timeout(state, left.min(TICK)).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// While it lives a wish is held back; see [`Interrupt::hold`].
#[derive(Debug)]
pub struct Held {
    interrupt: Interrupt,
    outermost: bool,
}

impl Drop for Held {
    fn drop(&mut self) {
        let state = &self.interrupt.0;
        if !self.outermost {
            return;
        }
        state.held_until.store(0, Ordering::Release);
        let held = state.held.swap(0, Ordering::AcqRel);
        // A second wish that came meanwhile stays.
        let _ = state.wish.compare_exchange(0, held, Ordering::AcqRel, Ordering::Acquire);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raised_wish_is_seen_by_every_copy_and_forgotten_by_reset() {
        let one = Interrupt::default();
        let other = one.clone();
        assert_eq!(other.reason(), None);
        assert!(!other.is_asked());
        one.raise(Reason::Terminated);
        assert!(other.is_asked());
        assert_eq!(other.reason(), Some(Reason::Terminated));
        assert_eq!(other.check().unwrap_err().code(), code::INTERRUPTED);
        other.reset();
        assert_eq!(one.reason(), None);
    }

    #[test]
    fn a_deadline_outlives_a_reset() {
        let interrupt = Interrupt::default();
        interrupt.set_deadline(Duration::ZERO);
        interrupt.reset();
        assert_eq!(interrupt.reason(), Some(Reason::Deadline));
        assert_eq!(interrupt.sleep(Duration::from_secs(60)).unwrap_err().code(), code::DEADLINE);
    }

    #[test]
    fn one_wish_is_held_back_and_a_second_one_is_heard() {
        let interrupt = Interrupt::default();
        interrupt.raise(Reason::Terminated);
        let held = interrupt.hold(Duration::MAX);
        assert_eq!(interrupt.reason(), None);
        assert!(interrupt.is_asked());
        interrupt.raise(Reason::OutputClosed);
        assert_eq!(interrupt.reason(), None, "nobody asked for that");
        interrupt.raise(Reason::Interrupted);
        assert_eq!(interrupt.reason(), Some(Reason::Interrupted));
        interrupt.reset();
        drop(interrupt.hold(Duration::ZERO));
        assert_eq!(interrupt.reason(), None, "the inner one ends nothing");
        drop(held);
        assert_eq!(interrupt.reason(), Some(Reason::Terminated));
    }

    #[test]
    fn a_wish_and_a_deadline_that_come_while_it_is_held_are_heard_afterwards() {
        let interrupt = Interrupt::default();
        let held = interrupt.hold(Duration::MAX);
        interrupt.raise(Reason::Interrupted);
        interrupt.set_deadline(Duration::ZERO);
        assert_eq!(interrupt.reason(), None);
        drop(held);
        assert_eq!(interrupt.reason(), Some(Reason::Interrupted));
        interrupt.reset();
        assert_eq!(interrupt.reason(), Some(Reason::Deadline));
        let held = interrupt.hold(Duration::ZERO);
        assert_eq!(interrupt.reason(), Some(Reason::Deadline), "for a limited time");
        drop(held);
    }

    #[test]
    fn a_state_is_waited_for_until_it_is_there_the_time_is_over_or_the_run_should_end() {
        let interrupt = Interrupt::default();
        let (state, changed) = (Mutex::new(0), Condvar::new());
        let wait = |wanted: i32, time| {
            let reached = interrupt.wait(&state, &changed, time, |now| *now == wanted)?;
            Ok::<_, Error>(reached.map(|now| *now))
        };
        assert_eq!(wait(0, Duration::ZERO).unwrap(), Some(0));
        assert_eq!(wait(1, TICK).unwrap(), None);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                *state.lock().unwrap() = 1;
                changed.notify_all();
            });
            assert_eq!(wait(1, Duration::MAX).unwrap(), Some(1));
        });
        interrupt.raise(Reason::Interrupted);
        assert_eq!(wait(2, Duration::MAX).unwrap_err().code(), code::INTERRUPTED);
        assert_eq!(wait(1, Duration::MAX).unwrap(), Some(1), "what is there is there");
    }

    #[test]
    fn an_endless_sleep_ends_with_the_wish() {
        let interrupt = Interrupt::default();
        let raiser = interrupt.clone();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(TICK);
            raiser.raise(Reason::Interrupted);
        });
        assert_eq!(interrupt.sleep(Duration::MAX).unwrap_err().code(), code::INTERRUPTED);
        thread.join().unwrap();
    }
}
