//! The process that runs a job's script: this program again, watched by the supervisor.
//!
//! It holds the lock of the run together with the supervisor, in a group of its own, and hears of the supervisor's death:
//! then it ends as if it had been told to. So at any moment either of them can be killed: the script never runs on alone,
//! and no second run begins before it has ended.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread::Builder;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::{Pid, dup2_stdin};

use super::lock::RunLock;
use crate::config::Recording;
use crate::error::{Error, Result, code};
use crate::libvirt::own_program;
use crate::units;

/// The hidden command of this program that runs a script under a supervisor; a [`Bond`] follows it, then the command line
/// of the run.
pub const SCRIPT_COMMAND: &str = "_job-script";

/// What the supervisor's own service manager said to it, and not to the script.
const OF_THE_SUPERVISOR: [&str; 4] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM"];

/// How long output is waited for that a program of the script, which has outlived it, may still write.
const REST: Duration = Duration::from_secs(2);

/// The exit status of a script that ends because its supervisor has gone, as a shell reports SIGTERM.
const TERMINATED: i32 = 143;

/// What the script's process knows of its supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bond {
    /// What it has to end by itself once the supervisor has gone.
    pub grace: Duration,
    /// The number of the run's record, to which its changes belong.
    pub run: Option<i64>,
    /// What happens where a change cannot be recorded.
    pub recording: Recording,
}

/// The words of a bond for what happens where a change cannot be recorded.
const RECORDINGS: [(Recording, &str); 3] =
    [(Recording::Required, "required"), (Recording::BestEffort, "best-effort"), (Recording::Never, "never")];

impl Bond {
    /// As one argument.
    fn written(&self) -> String {
        let word = RECORDINGS
            .iter()
            .find(|(recording, _)| *recording == self.recording)
            .map_or("", |(_, word)| word);
        format!("{},{},{word}", self.grace.as_secs_f64(), self.run.unwrap_or_default())
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(',');
        let grace = units::parse_duration(parts.next()?).ok()?;
        let run: i64 = parts.next()?.parse().ok()?;
        let word = parts.next()?;
        let (recording, _) = RECORDINGS.into_iter().find(|(_, known)| *known == word)?;
        Some(Self { grace, run: (run > 0).then_some(run), recording })
    }
}

/// Which stream something was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// Takes what the script writes, in pieces of whole lines where it writes lines.
pub type Sink = dyn Fn(Stream, &[u8]) + Send + Sync;

/// See the module. Dropping it kills what still runs.
pub struct ScriptProcess {
    child: Child,
    /// Ends when both streams have.
    streams: Receiver<()>,
    status: Option<ExitStatus>,
}

impl ScriptProcess {
    /// Starts it with a command line of virhai.
    ///
    /// Errors: `io` where it cannot be started.
    pub fn start(bond: &Bond, line: &[OsString], lock: &RunLock, sink: &Arc<Sink>) -> Result<Self> {
        let failed = |error: io::Error| Error::io("the script's process", &error).operation("job.run");
        let mut command = Command::new(own_program());
        command.arg0("virhai").arg(SCRIPT_COMMAND).arg(bond.written()).args(line);
        command.stdin(lock.share()?).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        for name in OF_THE_SUPERVISOR {
            command.env_remove(name);
        }
        let mut child = command.spawn().map_err(failed)?;
        let (open, streams) = mpsc::channel();
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let process = Self { child, streams, status: None };
        if let Some(out) = out {
            pass_on(out, Stream::Out, sink, open.clone()).map_err(failed)?;
        }
        if let Some(err) = err {
            pass_on(err, Stream::Err, sink, open).map_err(failed)?;
        }
        Ok(process)
    }

    /// Returns how it ended, once it has.
    ///
    /// Errors: `io` where the system cannot tell.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        if self.status.is_none() {
            let status = self.child.try_wait();
            self.status = status.map_err(|error| Error::io("the script's process", &error))?;
        }
        Ok(self.status)
    }

    /// Waits until what it has written has been taken.
    pub fn drain(&self) {
        let end = Instant::now() + REST;
        loop {
            match self.streams.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(()) => {}
                Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => return,
            }
        }
    }

    /// Tells the script to end; one that has ended hears nothing.
    pub fn tell(&mut self, signal: Signal) {
        if matches!(self.ended(), Ok(None)) {
            let _ = kill(self.pid(), signal);
        }
    }

    /// Ends it, and the programs that it runs in its own group.
    pub fn kill(&mut self) {
        if matches!(self.ended(), Ok(None)) {
            let _ = killpg(self.pid(), Signal::SIGKILL);
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }
}

impl Drop for ScriptProcess {
    fn drop(&mut self) {
        self.kill();
        // A killed process ends at once; without this it stays a zombie.
        let _ = self.child.wait();
    }
}

/// Returns the status of a process as a shell shows it: 128 and the number of the signal that ended it.
pub fn shell_status(status: ExitStatus) -> u8 {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    u8::try_from(code).unwrap_or(1)
}

/// Gives a sink what comes, line by line, on a thread of its own. A line that is not complete is given when it ends, or
/// when it has become long.
fn pass_on(
    stream: impl Read + Send + 'static,
    kind: Stream,
    sink: &Arc<Sink>,
    open: mpsc::Sender<()>,
) -> io::Result<()> {
    const LONGEST: u64 = 64 << 10;
    let sink = Arc::clone(sink);
    let pass = move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader.by_ref().take(LONGEST).read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            sink(kind, &line);
            line.clear();
        }
        drop(open);
    };
    Builder::new().name("output".into()).spawn(pass).map(drop)
}

/// What this process is bound to, where it has a supervisor.
static BOUND: OnceLock<(Bond, OwnedFd)> = OnceLock::new();

/// Makes this process one that runs a script under a supervisor; `bond` is the first argument of the hidden command.
///
/// Its standard input is the lock of the run, which it holds from now on and which none of its own children gets.
///
/// Errors: `usage` for a wrong argument, `io` where its streams cannot be set up.
pub fn join_supervisor(bond: &OsStr) -> Result<()> {
    let failed = |error: io::Error| Error::io("the script's process", &error);
    let bond = Bond::read(&bond.to_string_lossy())
        .ok_or_else(|| Error::usage(format!("{} is no bond with a supervisor", bond.display())))?;
    let lock = io::stdin().as_fd().try_clone_to_owned().map_err(failed)?;
    let nothing = File::open("/dev/null").map_err(failed)?;
    dup2_stdin(&nothing).map_err(|error| failed(error.into()))?;
    if BOUND.set((bond, lock)).is_err() {
        return Err(Error::new(code::IO, "this process has a supervisor already"));
    }
    let watch = move || end_with_supervisor(bond.grace);
    Builder::new().name("supervisor".into()).spawn(watch).map(drop).map_err(failed)
}

/// What this process is bound to; nothing where it has no supervisor.
pub fn bond() -> Option<Bond> {
    BOUND.get().map(|(bond, _)| *bond)
}

/// Waits until nobody can read the output any more, which is when the supervisor has gone.
fn end_with_supervisor(grace: Duration) {
    let stdout = io::stdout();
    // An error is always told; asked for is nothing.
    while poll(&mut [PollFd::new(stdout.as_fd(), PollFlags::empty())], PollTimeout::NONE)
        .is_err_and(|error| error == nix::errno::Errno::EINTR)
    {}
    let _ = kill(Pid::this(), Signal::SIGTERM);
    std::thread::sleep(grace);
    signal_hook::low_level::exit(TERMINATED);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bond_is_one_argument() {
        let grace = Duration::from_millis(30_500);
        for (run, recording) in [(Some(7), Recording::Required), (None, Recording::Never)] {
            let bond = Bond { grace, run, recording };
            assert_eq!(Bond::read(&bond.written()), Some(bond));
        }
        for wrong in ["", "30", "30,1", "30,1,sometimes", "x,1,never"] {
            assert_eq!(Bond::read(wrong), None, "{wrong}");
        }
    }
}
