//! Running a job's script: in a process of its own, until its deadline, again where it failed and may be retried.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::lock::RunLock;
use super::script_process::{Bond, ScriptProcess, Sink, shell_status};
use super::service::{Heartbeat, ServiceManager};
use crate::config::Recording;
use crate::error::{Error, Result, code};
use crate::libvirt::{Interrupt, Reason};
use crate::units::duration_text;

/// How often the script's process is looked at.
const POLL: Duration = Duration::from_millis(50);

/// Statuses after which trying again cannot help: wrong usage or a script that does not parse, the deadline.
const FINAL: [u8; 2] = [USAGE, DEADLINE];
const USAGE: u8 = 2;
const DEADLINE: u8 = 4;
const INTERRUPTED: u8 = 130;
const TERMINATED: u8 = 143;

/// What is to be run, and within which bounds.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The options of the script's run.
    pub options: Vec<OsString>,
    /// The script and its arguments.
    pub script: Vec<OsString>,
    /// The time for all attempts and the pauses between them.
    pub timeout: Option<Duration>,
    /// What the script may need to end when it is told to.
    pub grace: Duration,
    /// How often it is tried again.
    pub retries: u32,
    /// The pause before that.
    pub pause: Duration,
    /// What happens where a change cannot be recorded.
    pub recording: Recording,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The exit status of the run: that of the last attempt.
    pub status: u8,
    /// What kind of end it was.
    pub how: How,
    /// How often the script was started.
    pub attempts: u32,
    /// What the status does not say.
    pub why: Option<String>,
}

/// See [`Ended`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The script ended with status 0.
    Done,
    /// It ended with another, or was killed by somebody.
    Failed,
    /// The deadline passed.
    Deadline,
    /// The run was told to end.
    Told,
    /// It was not begun: another run of the job goes on.
    Skipped,
}

/// Who is told of each attempt.
pub trait Attempts {
    /// Hears that an attempt begins, counted from 1; gives the number of its record, where there is one.
    ///
    /// Errors: why it must not begin.
    fn begin(&self, attempt: u32) -> Result<Option<i64>>;

    /// Is asked now and then while it goes on.
    fn go_on(&self);

    /// Hears how it ended.
    fn end(&self, ended: &Ended);
}

/// One run; see the module.
pub struct Supervisor<'a> {
    /// What is run.
    pub plan: &'a Plan,
    /// The wish that it should end.
    pub interrupt: &'a Interrupt,
    /// Who is told how it goes.
    pub manager: &'a ServiceManager,
    /// Held by the script too.
    pub lock: &'a RunLock,
    /// Where the script's output goes.
    pub sink: Arc<Sink>,
    /// Hears of each attempt.
    pub log: &'a dyn Attempts,
    /// Hears what the run does by itself.
    pub tell: &'a dyn Fn(&str),
}

impl Supervisor<'_> {
    /// Runs the script to its end, as often as it takes and the deadline allows.
    ///
    /// Errors: `io` where its process cannot be started.
    pub fn run(&self) -> Result<Ended> {
        let deadline = self.plan.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut heartbeat = self.manager.heartbeat();
        let mut attempts = 1;
        loop {
            let number = self.log.begin(attempts)?;
            let ended = match self.attempt(number, deadline, &mut heartbeat) {
                Ok(ended) => Ended { attempts, ..ended },
                Err(error) => {
                    self.log.end(&not_started(&error));
                    return Err(error);
                }
            };
            self.log.end(&ended);
            let may_help = ended.how == How::Failed && !FINAL.contains(&ended.status);
            if !may_help || attempts > self.plan.retries || self.is_told().is_some() {
                return Ok(ended);
            }
            let pause = self.plan.pause;
            if deadline.is_some_and(|deadline| Instant::now() + pause >= deadline) {
                let why = "there was no time to try again before the deadline".to_owned();
                return Ok(Ended {
                    why: Some(ended.why.map_or(why.clone(), |first| format!("{first}; {why}"))),
                    ..ended
                });
            }
            (self.tell)(&format!(
                "attempt {attempts} of {} failed with status {}; the next one begins in {}",
                self.plan.retries + 1,
                ended.status,
                duration_text(pause.as_secs_f64())
            ));
            if self.rest(pause, &mut heartbeat).is_err() {
                // It was told to end before it could try again: what it has is the failure.
                return Ok(ended);
            }
            attempts += 1;
        }
    }

    fn rest(&self, pause: Duration, heartbeat: &mut Heartbeat<'_>) -> Result<()> {
        let end = Instant::now() + pause;
        while Instant::now() < end {
            heartbeat.beat();
            self.interrupt.sleep(POLL.min(end.saturating_duration_since(Instant::now())))?;
        }
        Ok(())
    }

    /// The signal that was sent to this run to end it.
    fn is_told(&self) -> Option<Signal> {
        match self.interrupt.reason() {
            Some(Reason::Interrupted) => Some(Signal::SIGINT),
            Some(Reason::Terminated) => Some(Signal::SIGTERM),
            _ => None,
        }
    }

    fn attempt(
        &self,
        number: Option<i64>,
        deadline: Option<Instant>,
        heartbeat: &mut Heartbeat<'_>,
    ) -> Result<Ended> {
        let grace = self.plan.grace;
        let bond = Bond { grace, run: number, recording: self.plan.recording };
        let mut script = ScriptProcess::start(&bond, &self.line(deadline), self.lock, &self.sink)?;
        let mut told: Option<(Signal, Instant)> = None;
        let mut killed = None;
        let status = loop {
            heartbeat.beat();
            self.log.go_on();
            if let Some(status) = script.ended()? {
                break status;
            }
            if told.is_none()
                && let Some(signal) = self.is_told()
            {
                self.manager.tell("STOPPING=1");
                script.tell(signal);
                told = Some((signal, Instant::now()));
            }
            // It hears of its deadline by itself.
            let is_late = deadline.is_some_and(|deadline| Instant::now() > deadline + grace);
            let is_deaf = told.is_some_and(|(_, at)| at.elapsed() > grace);
            if killed.is_none() && (is_late || is_deaf) {
                script.kill();
                killed = Some(if is_deaf { How::Told } else { How::Deadline });
            }
            std::thread::sleep(POLL);
        };
        script.drain();
        Ok(judge(status, told.map(|(signal, _)| signal), killed, grace))
    }

    /// The command line of one attempt: the script's own deadline is what is left.
    fn line(&self, deadline: Option<Instant>) -> Vec<OsString> {
        let mut line: Vec<OsString> = vec!["run".into()];
        line.extend(self.plan.options.iter().cloned());
        if let Some(deadline) = deadline {
            let left = deadline.saturating_duration_since(Instant::now()).as_secs_f64();
            line.extend(["--timeout".into(), format!("{left:.3}").into()]);
        }
        line.push("--".into());
        line.extend(self.plan.script.iter().cloned());
        line
    }
}

/// Tells how an attempt ended from its status and from what was done to it.
fn judge(status: ExitStatus, told: Option<Signal>, killed: Option<How>, grace: Duration) -> Ended {
    let asked = match told {
        Some(Signal::SIGINT) => INTERRUPTED,
        _ => TERMINATED,
    };
    let grace = duration_text(grace.as_secs_f64());
    let (status, how, why) = match (killed, shell_status(status)) {
        (Some(How::Told), _) => {
            (asked, How::Told, Some(format!("it had not ended {grace} after it was told to, and was killed")))
        }
        (Some(_), _) => (
            DEADLINE,
            How::Deadline,
            Some(format!("it had not ended {grace} after its deadline, and was killed")),
        ),
        (None, 0) => (0, How::Done, None),
        (None, DEADLINE) => (DEADLINE, How::Deadline, None),
        (None, status @ (INTERRUPTED | TERMINATED)) if told.is_some() => (status, How::Told, None),
        (None, other) => {
            let why = status.signal().map(|number| {
                let name = Signal::try_from(number).map_or("a signal", Signal::as_str);
                format!("the script's process was ended by {name}")
            });
            (other, How::Failed, why)
        }
    };
    Ended { status, how, attempts: 1, why }
}

/// The error of a run whose script could not be started at all.
pub fn not_started(error: &Error) -> Ended {
    let (status, how) = match error.code() {
        code::DEADLINE => (DEADLINE, How::Deadline),
        code::INTERRUPTED => (TERMINATED, How::Told),
        _ => (1, How::Failed),
    };
    Ended { status, how, attempts: 0, why: Some(error.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(raw: i32, told: Option<Signal>, killed: Option<How>) -> (u8, How, bool) {
        let ended = judge(ExitStatus::from_raw(raw), told, killed, Duration::from_secs(30));
        (ended.status, ended.how, ended.why.is_some())
    }

    #[test]
    fn the_status_of_a_run_is_that_of_its_script() {
        assert_eq!(judged(0, None, None), (0, How::Done, false));
        assert_eq!(judged(7 << 8, None, None), (7, How::Failed, false));
        assert_eq!(judged(4 << 8, None, None), (4, How::Deadline, false));
        // Told to end, it was just finished.
        assert_eq!(judged(0, Some(Signal::SIGTERM), None), (0, How::Done, false));
        assert_eq!(judged(143 << 8, Some(Signal::SIGTERM), None), (143, How::Told, false));
    }

    #[test]
    fn one_that_was_killed_says_by_whom() {
        assert_eq!(judged(9, None, None), (137, How::Failed, true));
        assert_eq!(judged(9, None, Some(How::Deadline)), (4, How::Deadline, true));
        assert_eq!(judged(9, Some(Signal::SIGINT), Some(How::Told)), (130, How::Told, true));
        assert_eq!(judged(143 << 8, None, None), (143, How::Failed, false));
    }
}
