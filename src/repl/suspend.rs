//! Ctrl-Z: the prompt stands still until the shell goes on with it.

use nix::sys::signal::{Signal, raise};
use rustyline::{Cmd, ConditionalEventHandler, Event, EventContext, RepeatCount};

use super::raw_mode;

/// See the module. The editor's own way asks the whole group to stop and may go on for a moment, with the terminal
/// already in its own mode again when the shell takes it over.
pub(super) struct Suspend;

impl ConditionalEventHandler for Suspend {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        // This thread stops here; a shell without job control goes on at once.
        raw_mode::aside(|| raise(Signal::SIGTSTP).is_ok());
        Some(Cmd::Repaint)
    }
}
