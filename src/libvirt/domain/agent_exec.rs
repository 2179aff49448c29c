//! Programs in a guest, run by its agent.
//!
//! The agent starts a program and is asked again and again whether it has ended, with pauses that
//! grow. Its input goes with one command and what it wrote comes in one answer, and libvirt carries
//! neither if it is large: then they go through files in the guest.

mod files;

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::door::{change, read};
use super::Domain;
use super::agent::AgentPatience;
use crate::error::{Error, Result, code};

/// Bytes of input that go with the command. libvirt 9.0 never ends a command to the agent that is larger
/// than the buffer of its socket (208 KiB), so it has to stay well below that, in base64.
const MOST_INPUT: usize = 96 * 1024;
/// How long an answer may take that holds what a program wrote: a busy guest under emulation is slow.
const ANSWER: AgentPatience = AgentPatience::AtMost(Duration::from_secs(60));
/// Pauses between two looks at a program.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A program to run in a guest.
#[derive(Clone, Debug, Default)]
pub struct GuestProgram {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// What it reads on stdin.
    pub input: Vec<u8>,
    /// `NAME=value`, in place of the agent's own environment; `None` for that.
    pub env: Option<Vec<String>>,
    /// When it counts as too slow; `None` for never.
    pub timeout: Option<Duration>,
    /// Lets its input and output go through files in the guest, so that they may be of any size.
    pub large: bool,
}

/// What a program in a guest has done so far.
#[derive(Clone, Debug, Default)]
pub struct GuestProcess {
    /// whether it has ended
    pub exited: bool,
    /// its exit status; `None` while it runs and where a signal ended it
    pub code: Option<i64>,
    /// the signal (on Windows the exception) that ended it
    pub signal: Option<i64>,
    /// what it wrote to stdout
    pub out: Vec<u8>,
    /// what it wrote to stderr
    pub err: Vec<u8>,
    /// whether the agent threw a part of it away
    pub truncated: bool,
}

impl GuestProgram {
    fn name(&self) -> &str {
        self.argv.first().map_or("", String::as_str)
    }

    fn check(&self) -> Result<()> {
        if self.name().is_empty() {
            return Err(Error::usage("there is no program to run")
                .hint("give the program and its arguments as an array: [\"/bin/ls\", \"-l\"]"));
        }
        if self.input.len() > MOST_INPUT && !self.large {
            let message =
                format!("the input has {} bytes; {MOST_INPUT} go with the command", self.input.len());
            return Err(Error::usage(message)
                .hint("run it with #{ large: true }: its input then goes through a file in the guest"));
        }
        Ok(())
    }

    fn command(&self, argv: &[String]) -> Value {
        let mut arguments = json!({ "path": argv[0], "arg": argv[1..], "capture-output": true });
        if !self.input.is_empty() && !self.large {
            arguments["input-data"] = STANDARD.encode(&self.input).into();
        }
        if let Some(env) = &self.env {
            arguments["env"] = env.as_slice().into();
        }
        json!({ "execute": "guest-exec", "arguments": arguments })
    }
}

impl Domain {
    /// Runs a program in the guest to its end (agent command `guest-exec`).
    ///
    /// Errors: `timeout` with the process's id in the message, which goes on; `usage` for too much
    /// input; `io` for more output than libvirt carries; those of [`Domain::agent_command`].
    pub fn exec(&self, program: &GuestProgram) -> Result<GuestProcess> {
        if program.large {
            return self.exec_through_files(program);
        }
        let pid = self.exec_start(program)?;
        self.exec_wait(program, pid)
    }

    /// Starts a program in the guest and returns its process id there (agent command `guest-exec`).
    pub fn exec_start(&self, program: &GuestProgram) -> Result<i64> {
        self.start_as(program, &program.argv)
    }

    fn start_as(&self, program: &GuestProgram, argv: &[String]) -> Result<i64> {
        program.check().map_err(|e| e.operation("domain.exec").object(self.label()))?;
        let answer = self.agent_answer(change("domain.exec"), &program.command(argv), AgentPatience::Default);
        let answer = answer.map_err(|e| self.not_run(program, e))?;
        answer["pid"].as_i64().ok_or_else(|| {
            Error::new("internal_error", format!("the agent gave no process id: {answer}"))
                .operation("domain.exec")
                .object(self.label())
        })
    }

    /// What a program that was started has done (agent command `guest-exec-status`). Once it has ended,
    /// the agent forgets it with this answer.
    pub fn exec_status(&self, pid: i64) -> Result<GuestProcess> {
        let ask = json!({ "execute": "guest-exec-status", "arguments": { "pid": pid } });
        let answer = self.agent_answer(read("domain.exec_status"), &ask, ANSWER);
        process(&answer.map_err(too_large)?)
    }

    fn exec_wait(&self, program: &GuestProgram, pid: i64) -> Result<GuestProcess> {
        let interrupt = self.connection().door().interrupt();
        let end = program.timeout.and_then(|time| Instant::now().checked_add(time));
        let mut pause = FIRST_PAUSE;
        loop {
            let process = self.exec_status(pid)?;
            if process.exited {
                return Ok(process);
            }
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Err(self.too_slow(program, pid));
            }
            interrupt.sleep(pause.min(left)).map_err(|error| {
                error.hint(format!("{} goes on: it is process {pid} in the guest", program.name()))
            })?;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }

    fn too_slow(&self, program: &GuestProgram, pid: i64) -> Error {
        let time = crate::units::duration_text(program.timeout.unwrap_or_default().as_secs_f64());
        let message = format!("{} (process {pid} in the guest) did not end within {time}", program.name());
        Error::new(code::TIMEOUT, message)
            .operation("domain.exec")
            .object(self.label())
            .hint(format!("it goes on: vm.exec_status({pid}) looks at it again"))
    }

    fn not_run(&self, program: &GuestProgram, error: Error) -> Error {
        if error.code() == "agent_command_failed" && error.facts().message.contains("No such file") {
            let message = format!("there is no program {:?} in the guest", program.name());
            return Error::new(code::IO, message)
                .cause(error.facts().message.clone())
                .operation("domain.exec")
                .object(self.label())
                .host(error.facts().host.clone().unwrap_or_default())
                .hint("the agent looks in its own PATH: give the full path, such as \"/bin/sh\"");
        }
        error
    }
}

/// libvirt could not carry what the program wrote, and it is lost.
fn too_large(error: Error) -> Error {
    let facts = error.facts();
    let words = format!("{} {}", facts.message, facts.cause.as_deref().unwrap_or_default());
    let broken = words.contains("No complete agent response");
    if !broken && !words.contains("encode message payload") {
        return error;
    }
    let hint = "run it with #{ large: true }: its output then goes through files in the guest";
    let hint = if broken {
        format!("{hint}; libvirt has closed its channel to the agent: restart the agent in the guest")
    } else {
        hint.to_owned()
    };
    Error::new(code::IO, "the program wrote more than libvirt carries in one answer (4 MiB): it is lost")
        .cause(facts.cause.clone().unwrap_or_else(|| facts.message.clone()))
        .operation("domain.exec")
        .object(facts.object.clone().unwrap_or_default())
        .host(facts.host.clone().unwrap_or_default())
        .hint(hint)
}

fn process(answer: &Value) -> Result<GuestProcess> {
    let is = |name: &str| answer[name].as_bool().unwrap_or(false);
    Ok(GuestProcess {
        exited: is("exited"),
        code: answer["exitcode"].as_i64(),
        signal: answer["signal"].as_i64(),
        out: decoded(&answer["out-data"])?,
        err: decoded(&answer["err-data"])?,
        truncated: is("out-truncated") || is("err-truncated"),
    })
}

/// The bytes of a member that the agent gives in base64; none where there is no such member.
pub(super) fn decoded(member: &Value) -> Result<Vec<u8>> {
    STANDARD
        .decode(member.as_str().unwrap_or_default())
        .map_err(|error| Error::new("internal_error", format!("the agent's answer is no base64: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_the_agent_becomes_a_process() {
        let running = process(&json!({ "exited": false })).unwrap();
        assert!(!running.exited && running.code.is_none());
        let done = json!({ "exited": true, "exitcode": 3, "out-data": "aGk=", "out-truncated": true });
        let done = process(&done).unwrap();
        assert_eq!((done.code, done.signal, done.out.as_slice()), (Some(3), None, &b"hi"[..]));
        assert!(done.exited && done.truncated && done.err.is_empty());
        assert_eq!(process(&json!({ "exited": true, "signal": 9 })).unwrap().signal, Some(9));
        assert!(process(&json!({ "out-data": "?" })).is_err());
    }

    #[test]
    fn a_command_holds_what_was_given_and_no_more() {
        let argv = vec!["/bin/cat".to_owned(), "-n".to_owned()];
        let program = GuestProgram { argv: argv.clone(), ..GuestProgram::default() };
        assert_eq!(
            program.command(&argv)["arguments"],
            json!({ "path": "/bin/cat", "arg": ["-n"], "capture-output": true })
        );
        let program = GuestProgram { input: b"hi".to_vec(), env: Some(vec!["A=1".into()]), ..program };
        let arguments = &program.command(&argv)["arguments"];
        assert_eq!((&arguments["input-data"], &arguments["env"]), (&json!("aGk="), &json!(["A=1"])));
    }

    #[test]
    fn nothing_to_run_and_too_much_input_are_refused() {
        assert_eq!(GuestProgram::default().check().unwrap_err().code(), code::USAGE);
        let program =
            GuestProgram { argv: vec!["x".into()], input: vec![0; MOST_INPUT + 1], ..Default::default() };
        assert!(program.check().unwrap_err().facts().hint.as_deref().unwrap().contains("large"));
    }

    #[test]
    fn an_output_that_libvirt_cannot_carry_says_what_to_do() {
        let error = too_large(Error::new("rpc", "Unable to encode message payload"));
        assert_eq!(error.code(), code::IO);
        assert!(error.facts().hint.as_deref().unwrap().contains("large: true"));
        let other = too_large(Error::new("no_domain", "gone"));
        assert_eq!(other.code(), "no_domain");
    }
}
