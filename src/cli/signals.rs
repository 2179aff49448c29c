//! Signals become the wish that the run should end.
//!
//! The first one asks; the interpreter and everything that waits hear it within a moment. Whoever
//! presses Ctrl-C again while that has not happened leaves at once; at the prompt, whose variables would be
//! lost, only once it should have been heard long ago.

use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::status;
use crate::error::{Error, Result, code};
use crate::libvirt::{Interrupt, Reason};

/// Nobody presses a key twice in this time.
const SAME_PRESS: Duration = Duration::from_millis(50);

/// The time in which a prompt comes back in any case that we know.
const HEARD: Duration = Duration::from_secs(3);

/// Starts listening, on a thread of its own, for as long as the process lives.
pub(super) fn listen(interrupt: Interrupt) -> Result<()> {
    let failed = |error: std::io::Error| Error::new(code::IO, format!("cannot listen to signals: {error}"));
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(failed)?;
    let listener = move || {
        let mut last: Option<Instant> = None;
        let mut asked = Instant::now();
        for signal in &mut signals {
            // timeout(1) and others send it to the process and to its group: that is one wish. Where it is
            // forgotten already, a prompt runs its next input, and somebody wants that to end.
            let again = last.replace(Instant::now()).is_some_and(|last| last.elapsed() < SAME_PRESS);
            if again && signal == SIGINT && interrupt.is_asked() {
                continue;
            }
            let (reason, status) = match signal {
                SIGINT => (Reason::Interrupted, status::INTERRUPTED),
                _ => (Reason::Terminated, status::TERMINATED),
            };
            if interrupt.reason().is_none() {
                asked = Instant::now();
            } else if signal == SIGINT && (!crate::repl::is_open() || asked.elapsed() > HEARD) {
                signal_hook::low_level::exit(i32::from(status));
            }
            interrupt.raise(reason);
            // An editor that waits for a key hears nothing.
            if reason == Reason::Terminated && crate::repl::restore_terminal() {
                signal_hook::low_level::exit(i32::from(status));
            }
        }
    };
    std::thread::Builder::new().name("signals".into()).spawn(listener).map(drop).map_err(failed)
}
