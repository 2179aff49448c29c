//! `virhai virsh`: what virsh does with its command line, its standard input and its exit status.

mod log;
mod options;

use std::collections::VecDeque;
use std::path::Path;
use std::time::Instant;

use super::environment::Environment;
use super::{Arguments, batch, status};
use crate::api::error::from_rhai;
use crate::error::{Error, code};
use crate::libvirt::{Connection, Reason};
use crate::output;
use crate::repl::Manner;
use crate::report;
use crate::session::Session;
use crate::virsh::{self, Call};
use log::Log;
use options::VirshOptions;
pub(super) use options::{VirshLine, option_names};

const BANNER: &str = "Welcome to virsh, the virtualization interactive terminal.\n\n\
    Type:  'help' for help with commands\n       'quit' to quit\n\n";

/// Whether the program was called through a link of virsh's name.
pub(super) fn is_called_as_virsh(program: &std::ffi::OsStr) -> bool {
    Path::new(program).file_name().is_some_and(|name| name == "virsh")
}

/// Runs the commands and gives virsh's exit status.
pub(super) fn run(environment: &Environment, arguments: &Arguments, line: &VirshLine) -> u8 {
    let (options, words) = match line {
        VirshLine::Help => return say(&usage()),
        VirshLine::Version { long } => return say(&version(*long)),
        VirshLine::Run(options, words) => (options, words),
    };
    let Ok(log) = Log::open(options.log.as_deref()) else {
        output::err("error: failed to open the log file. check the log file path\n");
        return status::FAILED;
    };
    let calls = match words.as_slice() {
        [] => None,
        [text] => Some(virsh::parse_line(text)),
        words => Some(virsh::parse_words(words.iter().cloned())),
    };
    let named = options.connect.clone().or_else(|| arguments.options.connect.clone());
    let opens_first = named.is_some();
    let uri = named.or_else(default_uri);
    let readonly = options.readonly || arguments.options.readonly;
    let connection = (uri.is_some() || readonly).then(|| {
        let uri = uri.or_else(|| environment.uri(arguments));
        Connection::new(uri, readonly, environment.door().clone())
    });
    if let Some(connection) = connection.as_ref().filter(|_| is_needed(calls.as_ref(), opens_first)) {
        // While the interpreter and the command are put together.
        connection.open_ahead();
    }
    let session = environment.session(arguments, None);
    let context = session.context();
    if let Some(connection) = connection {
        context.set_connection(connection);
    }
    if let Some(key) = &options.escape {
        context.virsh().set_escape(key);
    }
    context.virsh().log_to(move |text| log.error(text));
    if words.is_empty() && output::stdin_is_terminal() && output::stdout_is_terminal() {
        let quiet = options.quiet;
        return prompt(environment, arguments, session, opens_first, quiet);
    }
    let mut shell = Shell { session, options: options.clone(), opens_first, environment };
    shell.greet();
    let done = match calls {
        None => shell.standard_input(),
        Some(calls) => shell.one(calls, words.as_slice() != [""]),
    };
    let ended = if done { status::DONE } else { status::FAILED };
    let interrupt = shell.session.interrupt().reason();
    let ended = match interrupt {
        Some(reason @ (Reason::Interrupted | Reason::Terminated | Reason::Deadline)) => {
            batch::wish_status(Some(reason))
        }
        _ => ended,
    };
    let ended = batch::settle(environment, environment.door(), ended);
    environment.leave(shell.session);
    ended
}

/// Whether what is first done needs the connection.
fn is_needed(calls: Option<&crate::error::Result<Vec<Call>>>, opens_first: bool) -> bool {
    match calls {
        None => opens_first,
        Some(Ok(calls)) => calls.first().is_some_and(|call| opens_first || !call.command.offline),
        Some(Err(_)) => false,
    }
}

/// Commands are typed: our prompt, which looks like virsh's.
fn prompt(
    environment: &Environment,
    arguments: &Arguments,
    session: Session,
    opens_first: bool,
    quiet: bool,
) -> u8 {
    if opens_first && let Err(error) = session.connection().open() {
        for line in lines_of_opening(&error) {
            session.context().virsh().tell(&line);
        }
        return status::FAILED;
    }
    if !quiet {
        drop(output::out(BANNER));
    }
    super::prompt::run_with(environment, arguments, session, Manner::Virsh { quiet })
}

/// Says something that virsh would not say: only its log file has it, if there is one.
pub(super) fn note(log: Option<&str>, text: &str) {
    if let Ok(log) = Log::open(log) {
        log.error(text);
    }
}

pub(super) fn default_uri() -> Option<String> {
    std::env::var("VIRSH_DEFAULT_CONNECT_URI").ok().filter(|uri| !uri.is_empty())
}

fn say(text: &str) -> u8 {
    if output::out(text).is_ok() { status::DONE } else { status::FAILED }
}

fn usage() -> String {
    let commands = virsh::help(None).unwrap_or_default();
    let commands = commands.split_once("\n\n").map_or("", |(_, groups)| groups);
    format!(
        "\nvirsh [options]... [<command_string>]\nvirsh [options]... <command> [args...]\n\n  options:\n{OPTIONS}  \
         commands (non interactive mode):\n\n{commands}\n  (specify help <group> for details about the commands in \
         the group)\n\n  (specify help <command> for details about the command)\n\n"
    )
}

const OPTIONS: &str = "    -c | --connect=URI      the connection to open
    -d | --debug=NUM        how much is said of what is done, 0 to 4
    -e | --escape <char>    the key that leaves a console
    -h | --help             this help
    -k | --keepalive-interval=NUM
                            seconds between keepalive messages, 0 for none
    -K | --keepalive-count=NUM
                            keepalive messages that may stay without an answer
    -l | --log=FILE         write what is said into a file too
    -q | --quiet            say less
    -r | --readonly         open the connection read-only
    -t | --timing           say how long each command took
    -v                      the version of libvirt
    -V                      the version and what it was built for
         --version[=TYPE]   the version, TYPE is short or long (default short)
";

fn version(long: bool) -> String {
    let version = crate::libvirt::version_text(crate::libvirt::library_version().unwrap_or_default());
    if !long {
        return format!("{version}\n");
    }
    format!(
        "Virsh command line tool of libvirt {version}\nSee web site at https://libvirt.org/\n\nPart of virhai {}\n",
        env!("CARGO_PKG_VERSION")
    )
}

/// The commands of one run, one after the other.
struct Shell<'a> {
    session: Session,
    options: VirshOptions,
    /// Whether `-c` names the connection: it is opened before the first command, whatever that is, and must open.
    opens_first: bool,
    environment: &'a Environment,
}

impl Shell<'_> {
    /// Says what is wrong with the settings and yet no reason to stop.
    fn greet(&self) {
        const DEBUG: &str = "VIRSH_DEBUG not set with a valid numeric value";
        let debug = std::env::var("VIRSH_DEBUG").ok();
        let times = self.options.debug_complaints(debug.as_deref());
        // What virsh says before it opens the log file is not in it.
        for remark in self.options.remarks.iter().map(String::as_str).chain((times > 0).then_some(DEBUG)) {
            output::err(&format!("error: {remark}\n"));
        }
        if times > 1 {
            self.complain(DEBUG);
        }
    }

    /// Runs the commands of the command line; `full` is false for an empty text, with which nothing is done.
    fn one(&mut self, calls: crate::error::Result<Vec<Call>>, full: bool) -> bool {
        match calls {
            Ok(calls) => {
                if let Some(call) = calls.first() {
                    virsh::prepare(&self.session, call);
                }
                if self.opens_first && !calls.is_empty() && !self.connect() {
                    return false;
                }
                self.run(&calls).unwrap_or(true) && full
            }
            Err(error) => {
                self.tell(&error);
                false
            }
        }
    }

    /// Reads commands line by line, as virsh does where its standard input is no terminal: what became of them is
    /// not in the status.
    fn standard_input(&mut self) -> bool {
        if self.opens_first && !self.connect() {
            return false;
        }
        if !self.options.quiet {
            write(BANNER);
        }
        self.session.context().virsh().set_interactive();
        let mut lines = VecDeque::new();
        loop {
            write(if self.session.connection().is_readonly() { "virsh > " } else { "virsh # " });
            if lines.is_empty() {
                lines.extend(read_lines());
            }
            let Some(line) = lines.pop_front() else { break };
            write(&format!("{line}\n"));
            match virsh::parse_line(&line) {
                Ok(calls) if self.run(&calls).is_none() => break,
                Ok(_) => {}
                Err(error) => self.tell(&error),
            }
            if self.session.interrupt().reason().is_some() {
                return true;
            }
        }
        write("\n");
        true
    }

    /// Runs commands; returns whether the last one went well, or nothing where one of them was to leave.
    fn run(&mut self, calls: &[Call]) -> Option<bool> {
        let mut done = true;
        for call in calls {
            if call.leaves() {
                return None;
            }
            let start = Instant::now();
            done = (call.command.offline || self.connect()) && self.evaluate(call);
            if self.session.interrupt().reason().is_some() {
                return Some(false);
            }
            if self.options.timing {
                write(&format!("\n(Time: {:.3} ms)\n\n", start.elapsed().as_secs_f64() * 1000.0));
            } else if !self.options.quiet {
                write("\n");
            }
        }
        Some(done)
    }

    fn evaluate(&mut self, call: &Call) -> bool {
        let outcome = virsh::run(&self.session, call, self.options.quiet);
        let Err(failure) = outcome else { return true };
        let error = from_rhai(&failure);
        if error.code() == code::SCRIPT {
            // A fault of ours: told with its place, as for any script.
            report::uncaught(&failure, self.environment.stderr, &self.session);
        } else if !error.ends_the_run() {
            self.tell(&error);
        }
        false
    }

    /// Opens the connection, if it is not open.
    fn connect(&mut self) -> bool {
        let opened = self.session.connection().open();
        for line in opened.as_ref().err().map(lines_of_opening).unwrap_or_default() {
            self.complain(&line);
        }
        opened.is_ok()
    }

    /// Says what virsh says of an error, a line for each part of it.
    fn tell(&self, error: &Error) {
        for line in virsh::error_lines(error) {
            self.complain(&line);
        }
    }

    fn complain(&self, text: &str) {
        self.session.context().virsh().tell(text);
    }
}

/// The lines in which virsh tells that a connection was not opened: what it was about stands before the summary.
fn lines_of_opening(error: &Error) -> Vec<String> {
    let mut lines = virsh::error_lines(error);
    lines.insert(lines.len().saturating_sub(1), "failed to connect to the hypervisor".into());
    lines
}

/// The next lines of standard input; none at its end. No more is read than that: a command may read on.
fn read_lines() -> Vec<String> {
    let mut text = String::new();
    match std::io::stdin().read_line(&mut text) {
        // A return ends a line, too.
        Ok(1..) => text.strip_suffix('\n').unwrap_or(&text).split('\r').map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn write(text: &str) {
    // Nobody reads any more: virsh goes on too.
    drop(output::out(text));
}
