//! Names and passwords asked for at the terminal while a connection is opened.

use crate::libvirt::{Credentials, Question, Wiped};
use crate::output;

/// True where there is somebody to ask.
pub(super) fn can_ask() -> bool {
    output::stdin_is_terminal() && output::stderr_is_terminal()
}

/// Asks on stderr and reads from stdin, without showing what must not be seen.
pub(super) struct Terminal;

impl Credentials for Terminal {
    fn answer(&self, question: &Question) -> Option<Wiped> {
        // A connection that is opened again in the background, for events.
        if crate::repl::is_editing() {
            return None;
        }
        let mut text = String::new();
        // Some parts of libvirt put the challenge into the prompt as well.
        if let Some(challenge) = question.challenge.as_ref().filter(|c| !question.prompt.contains(c.as_str()))
        {
            text.push_str(challenge.trim_end());
            text.push('\n');
        }
        text.push_str(question.prompt.trim_end().trim_end_matches(':'));
        text.push_str(": ");
        output::ask(&text, question.echo).map(Wiped::from)
    }
}
