//! Running a program: its arguments as they are, no shell, a deadline, and an end when the run has to end.

use std::io::{self, IsTerminal, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::error::{Error, Result, code};
use crate::units;

/// How often an interruption and the deadline are looked for.
const POLL: Duration = Duration::from_millis(20);
/// How long a program may take to end after it was asked to.
const GRACE: Duration = Duration::from_millis(500);

/// What to run.
#[derive(Debug, Default)]
pub(in crate::api) struct Program {
    /// The program and its arguments.
    pub(in crate::api) argv: Vec<String>,
    /// What it reads on stdin; nothing where there is none.
    pub(in crate::api) input: Vec<u8>,
    /// When it is ended.
    pub(in crate::api) timeout: Option<Duration>,
    /// The folder it runs in.
    pub(in crate::api) cwd: Option<String>,
    /// Variables that are set, or taken away where there is no value.
    pub(in crate::api) env: Vec<(String, Option<String>)>,
    /// Whether it has our own input and outputs.
    pub(in crate::api) terminal: bool,
}

/// What came of it.
#[derive(Debug)]
pub(in crate::api) struct Finished {
    pub(in crate::api) out: Vec<u8>,
    pub(in crate::api) err: Vec<u8>,
    /// The exit status; 128 and the number of the signal for a program that was killed.
    pub(in crate::api) code: i64,
}

/// Which stream was read to its end.
enum Stream {
    Out(io::Result<Vec<u8>>),
    Err(io::Result<Vec<u8>>),
}

impl Program {
    /// Runs it to its end.
    ///
    /// Errors: `usage` for a program without a name, `io` where it cannot be started, `timeout` when its time
    /// is over, and what `interrupted` says.
    pub(in crate::api) fn run(&self, interrupted: &dyn Fn() -> Option<Error>) -> Result<Finished> {
        if self.terminal {
            return self.run_on_terminal();
        }
        let running = self.start()?;
        match self.watch(running, interrupted) {
            (_, Ok(finished)) => Ok(finished),
            (mut running, Err(error)) => {
                running.end();
                Err(error)
            }
        }
    }

    fn name(&self) -> &str {
        self.argv.first().map_or("", String::as_str)
    }

    /// Waits for a program that the person talks to: it ends when they want.
    fn run_on_terminal(&self) -> Result<Finished> {
        let status = self.command()?.status().map_err(|error| self.not_started(&error))?;
        Ok(Finished { out: Vec::new(), err: Vec::new(), code: exit_code(status) })
    }

    /// The program with its arguments, folder and variables.
    fn command(&self) -> Result<Command> {
        let Some((program, arguments)) = self.argv.split_first().filter(|(program, _)| !program.is_empty())
        else {
            return Err(Error::usage("there is no program to run")
                .hint("give the program and its arguments as an array: [\"ls\", \"-l\"]"));
        };
        if let Some(cwd) = self.cwd.as_ref().filter(|cwd| !std::path::Path::new(cwd).is_dir()) {
            return Err(Error::io(cwd.clone(), &io::ErrorKind::NotADirectory.into()));
        }
        let mut command = Command::new(program);
        command.args(arguments);
        if let Some(cwd) = &self.cwd {
            command.current_dir(cwd);
        }
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        Ok(command)
    }

    fn start(&self) -> Result<Running> {
        let mut command = self.command()?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own can be ended with all its children. On a terminal the program stays in ours:
        // elsewhere it would be stopped when it asks for a password.
        let grouped = !io::stdin().is_terminal();
        if grouped {
            command.process_group(0);
        }
        let child = command.spawn().map_err(|error| self.not_started(&error))?;
        Running::new(child, grouped, self.input.clone()).map_err(|error| self.not_started(&error))
    }

    fn not_started(&self, error: &io::Error) -> Error {
        let failed = Error::io(self.name(), error);
        match error.kind() {
            io::ErrorKind::NotFound => {
                failed.hint("it is in no folder of $PATH; see whether it is installed")
            }
            io::ErrorKind::ArgumentListTooLong => failed.hint("give long data as input, not as argument"),
            _ => failed,
        }
    }

    fn watch(
        &self,
        mut running: Running,
        interrupted: &dyn Fn() -> Option<Error>,
    ) -> (Running, Result<Finished>) {
        let deadline = self.timeout.map(|timeout| Instant::now() + timeout);
        loop {
            match running.step() {
                Ok(Some(finished)) => return (running, Ok(finished)),
                Ok(None) => {}
                Err(error) => return (running, Err(Error::io(self.name(), &error))),
            }
            if let Some(error) = interrupted() {
                return (running, Err(error));
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return (running, Err(self.too_slow()));
            }
        }
    }

    fn too_slow(&self) -> Error {
        let time = units::duration_text(self.timeout.unwrap_or_default().as_secs_f64());
        Error::new(code::TIMEOUT, format!("{} did not end within {time}", self.name())).object(self.name())
    }
}

/// A program that runs.
struct Running {
    child: Child,
    grouped: bool,
    streams: Receiver<Stream>,
    out: Option<Vec<u8>>,
    err: Option<Vec<u8>>,
}

impl Running {
    fn new(mut child: Child, grouped: bool, input: Vec<u8>) -> io::Result<Self> {
        let (sender, streams) = mpsc::channel();
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut running = Self { child, grouped, streams, out: None, err: None };
        let started = (|| {
            if let Some(mut stdin) = pipes.0 {
                // A program that does not read its input is none of our business.
                spawn(move || drop(stdin.write_all(&input)))?;
            }
            if let Some(stdout) = pipes.1 {
                collect(stdout, sender.clone(), Stream::Out)?;
            }
            if let Some(stderr) = pipes.2 {
                collect(stderr, sender, Stream::Err)?;
            }
            Ok(())
        })();
        if started.is_err() {
            running.end();
        }
        started.map(|()| running)
    }

    /// Waits a moment for the program to get on; returns what came of it when it has ended.
    fn step(&mut self) -> io::Result<Option<Finished>> {
        if self.out.is_none() || self.err.is_none() {
            match self.streams.recv_timeout(POLL) {
                Ok(Stream::Out(out)) => self.out = Some(out?),
                Ok(Stream::Err(err)) => self.err = Some(err?),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(io::ErrorKind::BrokenPipe.into()),
            }
            return Ok(None);
        }
        let Some(status) = self.child.try_wait()? else {
            // It has closed its streams and goes on.
            thread::sleep(Duration::from_millis(1));
            return Ok(None);
        };
        let (out, err) = (self.out.take().unwrap_or_default(), self.err.take().unwrap_or_default());
        Ok(Some(Finished { out, err, code: exit_code(status) }))
    }

    /// Ends the program: asked first, then made to.
    fn end(&mut self) {
        self.signal(Signal::SIGTERM);
        let patience = Instant::now() + GRACE;
        while Instant::now() < patience {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        // Also where the program itself has ended: its children may be deaf to the first signal.
        self.signal(Signal::SIGKILL);
        drop(self.child.wait());
    }

    fn signal(&mut self, signal: Signal) {
        let id = Pid::from_raw(self.child.id() as i32);
        if self.grouped {
            let _ = killpg(id, signal);
        } else if matches!(self.child.try_wait(), Ok(None)) {
            // Only while it runs: afterwards its number may be another's.
            let _ = kill(id, signal);
        }
    }
}

fn exit_code(status: ExitStatus) -> i64 {
    let killed = || status.signal().map_or(-1, |signal| 128 + i64::from(signal));
    status.code().map_or_else(killed, i64::from)
}

/// Reads a stream to its end on a thread of its own, so that neither stream can block the other.
fn collect(
    mut stream: impl Read + Send + 'static,
    sender: Sender<Stream>,
    wrap: fn(io::Result<Vec<u8>>) -> Stream,
) -> io::Result<()> {
    spawn(move || {
        let mut bytes = Vec::new();
        let read = stream.read_to_end(&mut bytes).map(|_| bytes);
        // Nobody waits any more where the program was ended.
        drop(sender.send(wrap(read)));
    })
}

fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("os::run".into()).spawn(work).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(argv: &[&str]) -> Program {
        Program { argv: argv.iter().map(|word| (*word).to_owned()).collect(), ..Program::default() }
    }

    fn run(program: &Program) -> Finished {
        program.run(&|| None).unwrap()
    }

    fn alive(id: &str) -> bool {
        let state = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        !state.is_empty() && !state.contains(") Z ")
    }

    #[test]
    fn both_streams_and_the_status_come_back() {
        let finished = run(&program(&["sh", "-c", "echo out; echo err >&2; exit 3"]));
        assert_eq!((finished.out, finished.err, finished.code), (b"out\n".to_vec(), b"err\n".to_vec(), 3));
    }

    #[test]
    fn arguments_reach_the_program_as_they_are() {
        let finished = run(&program(&["printf", "%s|", "a b", "$HOME", "*", "", "'", "é\n"]));
        assert_eq!(String::from_utf8(finished.out).unwrap(), "a b|$HOME|*||'|é\n|");
    }

    #[test]
    fn large_input_and_output_do_not_block_each_other() {
        let input = vec![b'x'; 3_000_000];
        let finished = run(&Program { input: input.clone(), ..program(&["cat"]) });
        assert_eq!(finished.out.len(), input.len());
        let ignored = run(&Program { input, ..program(&["true"]) });
        assert_eq!(ignored.code, 0);
    }

    #[test]
    fn without_input_there_is_nothing_to_read() {
        assert_eq!(run(&program(&["cat"])).out, b"");
    }

    #[test]
    fn folder_and_variables_are_those_given() {
        let env = vec![("VIRHAI_X".to_owned(), Some("1".to_owned())), ("HOME".to_owned(), None)];
        let program = Program {
            cwd: Some("/usr".into()),
            env,
            ..program(&["sh", "-c", "pwd; echo $VIRHAI_X-${HOME-no}"])
        };
        assert_eq!(run(&program).out, b"/usr\n1-no\n");
    }

    #[test]
    fn a_killed_program_has_the_status_that_a_shell_gives() {
        assert_eq!(run(&program(&["sh", "-c", "kill -9 $$"])).code, 137);
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended() {
        let program = Program { timeout: Some(Duration::from_millis(100)), ..program(&["sleep", "600"]) };
        let error = program.run(&|| None).unwrap_err();
        assert_eq!(error.code(), code::TIMEOUT);
        assert_eq!(error.to_string(), "sleep did not end within 100ms");
    }

    #[test]
    fn a_program_is_ended_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let program = Program {
            cwd: Some(folder.path().to_str().unwrap().into()),
            ..program(&["sh", "-c", "echo $$ > parent; sleep 600 & echo $! > child; wait"])
        };
        let id =
            |name| std::fs::read_to_string(folder.path().join(name)).unwrap_or_default().trim().to_owned();
        let started = || (!id("child").is_empty()).then(|| Error::new(code::INTERRUPTED, "interrupted"));
        program.run(&started).unwrap_err();
        assert!(!alive(&id("parent")));
        if !io::stdin().is_terminal() {
            // It has its signal; the system may take a moment to end it.
            while alive(&id("child")) {
                thread::sleep(Duration::from_millis(5));
            }
        }
    }

    #[test]
    fn an_interruption_ends_even_a_program_that_does_not_want_to() {
        let program = program(&["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]);
        let error = program.run(&|| Some(Error::new(code::INTERRUPTED, "interrupted"))).unwrap_err();
        assert_eq!(error.code(), code::INTERRUPTED);
    }

    #[test]
    fn what_cannot_be_started_says_why() {
        let failed = |program: Program| program.run(&|| None).unwrap_err();
        assert_eq!(failed(program(&[])).code(), code::USAGE);
        assert_eq!(failed(program(&[""])).code(), code::USAGE);
        let error = failed(program(&["virhai-no-such-program"]));
        assert_eq!(
            (error.code(), error.facts().object.as_deref()),
            (code::IO, Some("virhai-no-such-program"))
        );
        assert!(error.facts().hint.as_deref().unwrap().contains("PATH"));
        assert_eq!(failed(program(&["ls", "a\0b"])).code(), code::IO);
        let error = failed(Program { cwd: Some("/no/such".into()), ..program(&["ls"]) });
        assert_eq!(error.facts().object.as_deref(), Some("/no/such"));
    }
}
