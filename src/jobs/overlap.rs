//! What happens when a job is to run while it runs already.

use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Overlap;
use super::lock::{Holder, RunLock, Tried};
use super::service::Heartbeat;
use crate::error::{Error, Result, code};
use crate::libvirt::Interrupt;
use crate::units::duration_text;

/// How often it is looked whether the other run has ended.
const POLL: Duration = Duration::from_millis(50);

/// What a run that was told to end may need beside its grace: its supervisor writes the record.
const MARGIN: Duration = Duration::from_secs(5);

/// What the rule has come to.
pub enum Turn {
    /// The job is ours to run.
    Ours(RunLock),
    /// Another run goes on, and this one is left out.
    Skipped(Option<Holder>),
}

/// How to have the lock.
pub struct Taking<'a> {
    /// The file of the lock.
    pub path: &'a Path,
    /// The job's rule.
    pub overlap: Overlap,
    /// How long the other run may take to end when it is told to.
    pub grace: Duration,
    /// How long it is waited for at most.
    pub patience: Option<Duration>,
}

impl Taking<'_> {
    /// Takes the lock as the rule says; `tell` hears what is waited for.
    ///
    /// Errors: `deadline` where the other run did not end in time, `timeout` where it cannot be ended, `io`.
    pub fn take(
        &self,
        interrupt: &Interrupt,
        heartbeat: &mut Heartbeat<'_>,
        tell: &dyn Fn(&str),
    ) -> Result<Turn> {
        let start = Instant::now();
        let mut replacing = Replacing { told: None, grace: self.grace, seen: start };
        let mut waits = false;
        loop {
            let holder = match RunLock::try_take(self.path)? {
                Tried::Taken(lock) => return Ok(Turn::Ours(lock)),
                Tried::Held(holder) => holder,
            };
            match self.overlap {
                Overlap::Skip => return Ok(Turn::Skipped(holder)),
                Overlap::Replace => replacing.press(holder.as_ref(), tell)?,
                Overlap::Wait => {
                    if !std::mem::replace(&mut waits, true) {
                        tell(&format!("waiting for {}", named(holder.as_ref())));
                    }
                    if self.patience.is_some_and(|patience| start.elapsed() > patience) {
                        return Err(self.waited_in_vain(holder.as_ref()));
                    }
                }
            }
            heartbeat.beat();
            interrupt.sleep(POLL)?;
        }
    }

    fn waited_in_vain(&self, holder: Option<&Holder>) -> Error {
        let time = self.patience.unwrap_or_default().as_secs_f64();
        let message = format!("{} did not end within {}", named(holder), duration_text(time));
        Error::new(code::DEADLINE, message).hint("its time was the `timeout` of the job")
    }
}

/// Who has the lock, for people.
pub fn named(holder: Option<&Holder>) -> String {
    match holder {
        Some(holder) => format!("the run of process {}, which began at {}", holder.process.pid, holder.since),
        None => "another run".into(),
    }
}

/// The ending of another run.
struct Replacing {
    /// Whom we told to end, and when.
    told: Option<(Holder, Instant, bool)>,
    grace: Duration,
    /// Since when the lock is held by a run that nobody can be told of.
    seen: Instant,
}

impl Replacing {
    /// Does what is due: tells the run to end, kills its supervisor when it does not, gives up in the end.
    fn press(&mut self, holder: Option<&Holder>, tell: &dyn Fn(&str)) -> Result<()> {
        let patience = self.grace + MARGIN;
        let Some(holder) = holder.filter(|holder| holder.lives()) else {
            // Its supervisor has gone: the script ends by itself within its grace.
            return if self.seen.elapsed() > patience * 2 { Err(stuck(None)) } else { Ok(()) };
        };
        let signal = |signal| {
            let _ = kill(Pid::from_raw(holder.process.pid.cast_signed()), signal);
        };
        match &mut self.told {
            Some((told, at, killed)) if told == holder => {
                if at.elapsed() > patience && !*killed {
                    tell(&format!("{} does not end: it is killed", named(Some(holder))));
                    signal(Signal::SIGKILL);
                    (*killed, self.seen) = (true, Instant::now());
                }
                if at.elapsed() > patience * 3 { Err(stuck(Some(holder))) } else { Ok(()) }
            }
            told => {
                tell(&format!("telling {} to end", named(Some(holder))));
                signal(Signal::SIGTERM);
                *told = Some((holder.clone(), Instant::now(), false));
                self.seen = Instant::now();
                Ok(())
            }
        }
    }
}

fn stuck(holder: Option<&Holder>) -> Error {
    Error::new(code::TIMEOUT, format!("{} cannot be ended", named(holder)))
        .hint("a process that waits for a disk or a mount that hangs cannot be killed: see `ps -o pid,stat,wchan,args`")
}
