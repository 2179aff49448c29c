//! The command line: arguments are recorded, then turned into what a run needs, then run.

mod arguments;
mod batch;
mod check;
mod completions;
mod credentials;
mod doc;

mod environment;
mod hidden;
mod history;
mod job;
mod prompt;
mod signals;
mod top;
mod validate;
mod virsh;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver};

use rhai::Engine;

pub use arguments::{Arguments, Mode};

use crate::error::Error;
use crate::lang::natives::Docs;
use crate::output::{stdin_is_terminal, stdout_is_terminal};
use crate::report;
use crate::session::bare_engine;
use environment::Environment;

/// Exit statuses; `exit(n)` gives any other.
pub mod status {
    /// Done.
    pub const DONE: u8 = 0;
    /// The script failed.
    pub const FAILED: u8 = 1;
    /// Wrong usage, a file that cannot be read or does not parse, a finding of `check`.
    pub const USAGE: u8 = 2;
    /// A connection could not be opened.
    pub const CONNECTION: u8 = 3;
    /// The deadline passed.
    pub const DEADLINE: u8 = 4;
    /// Interrupted, as a shell reports SIGINT.
    pub const INTERRUPTED: u8 = 130;
    /// Terminated, as a shell reports SIGTERM.
    pub const TERMINATED: u8 = 143;
}

/// Runs the program with the arguments of the process, its name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    let program = if arguments.is_empty() { OsString::new() } else { arguments.remove(0) };
    if virsh::is_called_as_virsh(&program) {
        arguments.insert(0, "virsh".into());
    }
    if let Some(status) = hidden::join_supervisor(&mut arguments) {
        return ExitCode::from(status);
    }
    if let Some(status) = hidden::run(&arguments) {
        return ExitCode::from(status);
    }
    let arguments = match Arguments::parse(arguments) {
        Ok(arguments) => arguments,
        Err(early) => return early.finish(),
    };
    crate::libvirt::grow_heaps_at_once();
    if arguments.mode.uses_libvirt() {
        // Meanwhile. A failure is told when a connection is opened.
        let start = || drop(crate::libvirt::initialize());
        let _ = std::thread::Builder::new().name("libvirt-start".into()).spawn(start);
    }
    // Scripts may recurse: the interpreter gets a stack of its own size. It is put together here meanwhile.
    let docs = match arguments.mode {
        Mode::Check(_) | Mode::Doc { .. } => Docs::Kept,
        Mode::Job(ref command) if command.checks() => Docs::Kept,
        _ => Docs::Dropped,
    };
    let (give, engine) = mpsc::channel();
    let thread = std::thread::Builder::new()
        .name("script".into())
        .stack_size(crate::session::STACK)
        .spawn(move || dispatch(arguments, engine));
    let _ = give.send(bare_engine(docs));
    let status = match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(status)) => status,
        Ok(Err(_)) => status::FAILED,
        Err(error) => {
            let error =
                Error::new(crate::error::code::IO, format!("cannot start the script thread: {error}"));
            report::error(&error, crate::output::Palette::PLAIN);
            status::FAILED
        }
    };
    leave(status)
}

/// Ends the process at once: nothing is left to do, and the clean-up of libvirt's many libraries takes longer than it is
/// worth.
fn leave(status: u8) -> ! {
    signal_hook::low_level::exit(status.into())
}

fn dispatch(arguments: Arguments, engine: Receiver<Engine>) -> u8 {
    let environment = match Environment::new(&arguments, engine) {
        Ok(environment) => environment,
        Err(error) => {
            report::error(&error, crate::output::Palette::PLAIN);
            return status::USAGE;
        }
    };
    if stdin_is_terminal() && stdout_is_terminal() {
        // Set once: there is one terminal, and one of these calls.
        let _ = crate::api::domain::console::TERMINAL.set(crate::repl::attach_console);
        let _ = crate::api::top::SHOW.set(crate::top::run);
    }
    hidden::thaw_leftovers(&environment);
    let status = run_mode(&environment, &arguments);
    environment.end_record(status);
    // With what the environment holds still there, for the same reason.
    leave(status)
}

fn run_mode(environment: &Environment, arguments: &Arguments) -> u8 {
    match &arguments.mode {
        Mode::Virsh(line) => virsh::run(environment, arguments, line),
        Mode::Validate(validation) => validate::run(environment, arguments, validation),
        Mode::Completions(shell) => {
            drop(crate::output::out(shell.script()));
            status::DONE
        }
        Mode::Check(files) => check::run(environment, files),
        Mode::Doc { name, markdown } => doc::run(environment, name.as_deref(), *markdown),
        Mode::History(history) => history::run(environment, arguments, history),
        Mode::Top(top) => top::run(environment, arguments, top),
        Mode::Job(command) => job::run(environment, arguments, command),
        Mode::Interactive if stdin_is_terminal() && stdout_is_terminal() => {
            prompt::run(environment, arguments)
        }
        _ => batch::run(environment, arguments),
    }
}
