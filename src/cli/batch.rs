//! Scripts without a prompt: a file, `-e`, or standard input.

use std::io::Read;
use std::path::Path;

use rhai::{Dynamic, EvalAltResult};

use super::environment::Environment;
use super::{Arguments, Mode, status};
use crate::api::Fallible;
use crate::api::data::to_data;
use crate::api::error::from_rhai;
use crate::api::global::ExitStatus;
use crate::config::{Env, Folders};
use crate::error::{Error, Result, code};
use crate::jobs::script_process;
use crate::libvirt::{Door, Interrupt, Reason, begun};
use crate::output::{self, Written};
use crate::report;
use crate::session::Session;

/// What standard input is called in errors.
const STDIN: &str = "<stdin>";

/// Runs the sources that the arguments name and gives the exit status.
pub(super) fn run(environment: &Environment, arguments: &Arguments) -> u8 {
    match &arguments.mode {
        Mode::Eval(codes) => eval(environment, arguments, codes),
        Mode::Script(file) => script(environment, arguments, file),
        _ => match read_stdin() {
            Ok(text) => one(environment, environment.session(arguments, None), STDIN, &text),
            Err(error) => environment.fail(&error, status::USAGE),
        },
    }
}

fn script(environment: &Environment, arguments: &Arguments, file: &Path) -> u8 {
    match read_script(file) {
        Ok(text) => {
            let folder = file.parent().map(Path::to_path_buf);
            keep_long_work();
            one(environment, environment.session(arguments, folder), &file.display().to_string(), &text)
        }
        Err(error) => environment.fail(&error, status::USAGE),
    }
}

/// Keeps the long work of a job's script, so that it can be aborted.
fn keep_long_work() {
    if script_process::bond().is_some()
        && let Ok(state) = Folders::find(&Env::of_process()).state()
    {
        begun::keep(state);
    }
}

/// One source whose value is not shown.
fn one(environment: &Environment, mut session: Session, name: &str, text: &str) -> u8 {
    environment.recorder.set_source(text);
    let status = match session.eval(name, text) {
        Ok(_) => done(&session),
        Err(error) => ended(environment, &session, &error),
    };
    let door = session.context().door();
    // Whether it was told to end by now or hears it while it waits.
    give_up(environment, door.interrupt());
    let status = settle(environment, door, status);
    give_up(environment, door.interrupt());
    // What goes on after a script that is through was meant to.
    begun::forget();
    environment.leave(session);
    status
}

/// Aborts the long work of a job's script that must end before its time; of other scripts it goes on.
fn give_up(environment: &Environment, interrupt: &Interrupt) {
    let Some(bond) = script_process::bond() else { return };
    if !matches!(interrupt.reason(), Some(Reason::Deadline | Reason::Terminated | Reason::Interrupted)) {
        return;
    }
    // The rest is for what is left to do before the supervisor's patience ends.
    for (title, aborted) in begun::abort_all(interrupt, bond.grace.mul_f64(0.8)) {
        match aborted {
            Ok(()) => report::warn(&format!("{title} was aborted")),
            Err(error) => report::error(&error, environment.stderr),
        }
    }
}

/// A script that came to its end; its last lines may not have reached anybody.
fn done(session: &Session) -> u8 {
    match session.interrupt().reason() {
        Some(Reason::OutputFailed) => status::FAILED,
        _ => status::DONE,
    }
}

/// Code from the command line: the last value is shown.
pub(super) fn eval(environment: &Environment, arguments: &Arguments, codes: &[String]) -> u8 {
    let mut session = environment.session(arguments, None);
    if let (Some(columns), Some(text)) = (&environment.view.columns, codes.last())
        && let Err(error) = session.check_columns(text, columns)
    {
        return environment.fail(&error, status::USAGE);
    }
    environment.recorder.set_source(&codes.join("\n"));
    let shown = last_value(&mut session, codes).and_then(|value| Ok(show(environment, &value)?));
    let status = match shown {
        Ok(_) => done(&session),
        Err(error) => ended(environment, &session, &error),
    };
    let status = settle(environment, session.context().door(), status);
    environment.leave(session);
    status
}

fn last_value(session: &mut Session, codes: &[String]) -> Fallible<Dynamic> {
    let mut last = Dynamic::UNIT;
    for (index, text) in codes.iter().enumerate() {
        let name = if codes.len() == 1 { "-e".to_owned() } else { format!("-e#{}", index + 1) };
        last = session.eval(&name, text)?;
    }
    Ok(last)
}

/// Waits for long work that was begun and not awaited: some of it would end with this program. A failure
/// that nobody was told of is told here, and makes a run that went well a failed one.
pub(super) fn settle(environment: &Environment, door: &Door, status: u8) -> u8 {
    let interrupt = door.interrupt();
    let tell = |running: &[String]| {
        if !output::progress::is_silent() {
            output::err(&format!("waiting for {}\n", few(running)));
        }
    };
    match door.long_calls().settle(interrupt, tell) {
        Ok(failures) => {
            for failure in &failures {
                environment.recorder.fail(failure);
                report::error(failure, environment.stderr);
            }
            if status == status::DONE && !failures.is_empty() { status::FAILED } else { status }
        }
        // Where this is the first to hear that the run should end, it is why it ends.
        Err(error) if status == status::DONE && error.ends_the_run() => {
            report::error(&error, environment.stderr);
            wish_status(interrupt.reason())
        }
        Err(_) => status,
    }
}

/// The first of them, and how many more.
fn few(texts: &[String]) -> String {
    match texts {
        [first, second, rest @ ..] if !rest.is_empty() => {
            format!("{first}, {second} and {} more", rest.len())
        }
        texts => texts.join(", "),
    }
}

/// The exit status of a run that was asked to end.
pub(super) fn wish_status(reason: Option<Reason>) -> u8 {
    match reason {
        Some(Reason::Deadline) => status::DEADLINE,
        Some(Reason::Terminated) => status::TERMINATED,
        Some(Reason::OutputClosed) => status::DONE,
        Some(Reason::OutputFailed) => status::FAILED,
        Some(Reason::Interrupted) | None => status::INTERRUPTED,
    }
}

/// Shows a value in the format of the run; `()` only where a format was asked for.
fn show(environment: &Environment, value: &Dynamic) -> Result<Written> {
    if value.is_unit() && environment.view.format.is_none() {
        return Ok(Written::All);
    }
    output::out(&environment.view.render(&to_data(value)?)?)
}

/// Says why a script ended early, and gives the exit status.
pub(super) fn ended(environment: &Environment, session: &Session, failure: &EvalAltResult) -> u8 {
    if let Some(ExitStatus(status)) = ExitStatus::of(failure) {
        return status;
    }
    let reason = session.interrupt().reason();
    match reason {
        // Nobody reads any more: there is nobody to tell.
        Some(Reason::OutputClosed) => return status::DONE,
        Some(Reason::OutputFailed) => return status::FAILED,
        _ => {}
    }
    report::uncaught(failure, environment.stderr, session);
    let error = from_rhai(failure);
    environment.recorder.fail(&error);
    match (error.code(), reason) {
        (code::DEADLINE, _) => status::DEADLINE,
        (code::INTERRUPTED, reason) => wish_status(reason),
        (code::CONNECT_FAILED | code::AUTH_FAILED | code::PERMISSION_DENIED, _) => status::CONNECTION,
        _ if matches!(failure, EvalAltResult::ErrorParsing(..)) => status::USAGE,
        _ => status::FAILED,
    }
}

/// Reads a script and says clearly why it cannot be one.
pub(super) fn read_script(file: &Path) -> Result<String> {
    let name = file.display().to_string();
    if file.is_dir() {
        return Err(Error::new(code::IO, format!("{name} is a folder, not a script")).object(name));
    }
    let bytes = std::fs::read(file).map_err(|error| Error::io(name.clone(), &error))?;
    text_of(bytes, &name)
}

fn read_stdin() -> Result<String> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).map_err(|error| Error::io(STDIN, &error))?;
    text_of(bytes, STDIN)
}

fn text_of(bytes: Vec<u8>, name: &str) -> Result<String> {
    if bytes.contains(&0) {
        return Err(Error::new(code::IO, format!("{name} is binary, not a script")).object(name));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|byte| *byte == b'\n').count();
        Error::new(code::IO, format!("{name} is not UTF-8: see line {line}"))
            .object(name)
            .hint(format!("convert it, for example with `iconv -f latin1 -t utf-8 {name}`"))
    })
}
