//! Signals become the wish that the run should end.
//!
//! The first one asks; the interpreter and everything that waits hear it within a moment. Whoever
//! presses Ctrl-C again while that has not happened leaves at once.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::status;
use crate::error::{Error, Result, code};
use crate::libvirt::{Interrupt, Reason};

/// Starts listening, on a thread of its own, for as long as the process lives.
pub(super) fn listen(interrupt: Interrupt) -> Result<()> {
    let failed = |error: std::io::Error| Error::new(code::IO, format!("cannot listen to signals: {error}"));
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(failed)?;
    let listener = move || {
        for signal in &mut signals {
            let (reason, status) = match signal {
                SIGINT => (Reason::Interrupted, status::INTERRUPTED),
                _ => (Reason::Terminated, status::TERMINATED),
            };
            if interrupt.reason().is_some() && signal == SIGINT {
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
