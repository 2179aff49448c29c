//! The prompt as a mode of the command: what it is made with, and the exit status of its end.

use super::environment::Environment;
use super::{Arguments, status};
use crate::config::{Env, Folders};
use crate::libvirt::Reason;
use crate::output::{self, Format};
use crate::repl::{self, Ending, HISTORY_FILE, Setup};
use crate::report;

/// Runs the prompt and gives the exit status.
pub(super) fn run(environment: &Environment, arguments: &Arguments) -> u8 {
    let history = match Folders::find(&Env::of_process()).state() {
        Ok(folder) => Some(folder.join(HISTORY_FILE)),
        Err(error) => {
            report::warn(&format!("the history is not kept: {error}"));
            None
        }
    };
    let prompt = environment.config.prompt.clone();
    let ending = repl::run(Setup {
        // Modules are looked for where the person is.
        session: environment.session(arguments, Some(".".into())),
        options: environment.view.options(environment.view.format.unwrap_or(Format::Table)),
        stderr: environment.stderr,
        typed: arguments.options.palette(output::stdout_is_terminal(), prompt.color),
        prompt,
        history,
    });
    match ending {
        Ending::Status(status) => status,
        Ending::Wish(Reason::Deadline) => status::DEADLINE,
        Ending::Wish(Reason::Terminated) => status::TERMINATED,
        Ending::Wish(Reason::Interrupted) => status::INTERRUPTED,
        Ending::Wish(Reason::OutputClosed) => status::DONE,
        Ending::Wish(Reason::OutputFailed) => status::FAILED,
    }
}
