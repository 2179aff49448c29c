//! The prompt as a mode of the command: what it is made with, and the exit status of its end.

use super::environment::Environment;
use super::{Arguments, batch};
use crate::config::{Env, Folders};
use crate::output::{self, Format, Palette};
use crate::repl::{self, Ending, HISTORY_FILE, Manner, Setup, Site};
use crate::report;
use crate::session::Session;

/// Runs the prompt and gives the exit status.
pub(super) fn run(environment: &Environment, arguments: &Arguments) -> u8 {
    // Modules are looked for where the person is.
    let session = environment.session(arguments, Some(".".into()));
    run_with(environment, arguments, session, Manner::Own)
}

/// Runs the prompt with a session that was made before.
pub(super) fn run_with(
    environment: &Environment,
    arguments: &Arguments,
    session: Session,
    manner: Manner,
) -> u8 {
    let history = match Folders::find(&Env::of_process()).state() {
        Ok(folder) => Some(folder.join(HISTORY_FILE)),
        Err(error) => {
            report::warn(&format!("the history is not kept: {error}"));
            None
        }
    };
    let mut prompt = environment.config.prompt.clone();
    prompt.confirm &= !arguments.options.yes;
    // Such a terminal cannot move its cursor.
    prompt.plain |= std::env::var("TERM").is_ok_and(|terminal| terminal == "dumb");
    let mut options = environment.view.options(environment.view.format.unwrap_or(Format::Table));
    let mut stderr = environment.stderr;
    let mut typed = arguments.options.palette(output::stdout_is_terminal(), prompt.color);
    if prompt.plain {
        output::progress::silence();
        (options.palette, stderr, typed) = (Palette::PLAIN, Palette::PLAIN, Palette::PLAIN);
    }
    let site = Site {
        aliases: environment.config.alias.clone(),
        hosts: environment.config.hosts.clone(),
        log: environment.log.clone(),
    };
    let door = session.context().door().clone();
    let ending = repl::run(Setup { session, options, stderr, typed, prompt, site, history, manner });
    let status = match ending {
        Ending::Status(status) => status,
        Ending::Wish(reason) => batch::wish_status(Some(reason)),
    };
    batch::settle(environment, &door, status)
}
