//! Ctrl-Z: the prompt stands still until the shell goes on with it.

use nix::sys::signal::{Signal, raise};
use rustyline::history::History;
use rustyline::{
    Cmd, ConditionalEventHandler, Editor, Event, EventContext, EventHandler, Helper, KeyEvent, RepeatCount,
};

use super::raw_mode;

/// Binds the key.
pub(super) fn bind<H: Helper, I: History>(editor: &mut Editor<H, I>) {
    editor.bind_sequence(KeyEvent::ctrl('Z'), EventHandler::Conditional(Box::new(Suspend)));
}

/// The editor's own way asks the whole group to stop and may go on for a moment, with the terminal
/// already in its own mode again when the shell takes it over.
struct Suspend;

impl ConditionalEventHandler for Suspend {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        // This thread stops here; a shell without job control goes on at once.
        raw_mode::aside(|| raise(Signal::SIGTSTP).is_ok());
        Some(Cmd::Repaint)
    }
}
