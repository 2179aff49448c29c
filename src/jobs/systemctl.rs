//! The service manager, asked through its own program.

use std::process::{Command, Stdio};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::unit::Scope;
use crate::error::{Error, Result, code};

impl Scope {
    /// The word for it: `systemctl` has an option of this name.
    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
        }
    }
}

/// What runs and what comes next, as the service manager says of a timer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimerState {
    /// When it fires next, in seconds since 1970.
    pub next: Option<i64>,
    /// When it fired last.
    pub last: Option<i64>,
    /// Whether it is started with the machine or the session.
    pub enabled: bool,
}

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct Systemctl(pub Scope);

impl Systemctl {
    /// Whether there is a service manager that could have a timer.
    pub fn is_there(self) -> bool {
        // Its status is not 0 for a machine that has failed services.
        let states = ["running", "degraded", "starting", "initializing", "maintenance"];
        self.command(&["is-system-running"])
            .output()
            .is_ok_and(|done| states.contains(&String::from_utf8_lossy(&done.stdout).trim()))
    }

    /// Runs a command of `systemctl`, which must succeed, and returns what it prints.
    ///
    /// Errors: `io` where there is no such program, or it fails; its words are in the message.
    pub fn call(self, arguments: &[&str]) -> Result<String> {
        let line = format!("systemctl --{} {}", self.0.word(), arguments.join(" "));
        let done = self.command(arguments).output().map_err(|error| Error::io("systemctl", &error))?;
        if done.status.success() {
            return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
        }
        let words = String::from_utf8_lossy(&done.stderr);
        let words = words.trim().lines().last().unwrap_or("it failed");
        Err(Error::new(code::IO, format!("{line}: {words}")).object(line))
    }

    /// What it says of a timer; nothing known where it cannot be asked.
    pub fn timer(self, unit: &str) -> TimerState {
        let properties = "--property=NextElapseUSecRealtime,LastTriggerUSec,UnitFileState";
        let shown = self.call(&["show", unit, properties]).unwrap_or_default();
        TimerState::read(&shown)
    }

    fn command(self, arguments: &[&str]) -> Command {
        let mut command = Command::new("systemctl");
        command.arg(format!("--{}", self.0.word())).arg("--no-pager").args(arguments);
        // Times are told for people; systemd 252 gives only some of them as numbers when asked for that.
        command.stdin(Stdio::null()).envs([("LC_ALL", "C"), ("TZ", "UTC")]);
        command
    }
}

impl TimerState {
    fn read(shown: &str) -> Self {
        let value = |key: &str| shown.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        let moment = |key: &str| {
            let time = DateTime::strptime("%a %Y-%m-%d %H:%M:%S UTC", value(key)?).ok()?;
            Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
        };
        Self {
            next: moment("NextElapseUSecRealtime"),
            last: moment("LastTriggerUSec"),
            enabled: value("UnitFileState").is_some_and(|state| state.starts_with("enabled")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_read_from_what_systemctl_shows() {
        let shown = "NextElapseUSecRealtime=Tue 2025-11-25 02:40:00 UTC\n\
            LastTriggerUSec=Mon 2025-11-24 02:40:00 UTC\nUnitFileState=enabled\n";
        let state = TimerState { next: Some(1_764_038_400), last: Some(1_763_952_000), enabled: true };
        assert_eq!(TimerState::read(shown), state);
        let never = "NextElapseUSecRealtime=\nLastTriggerUSec=n/a\nUnitFileState=disabled\n";
        assert_eq!(TimerState::read(never), TimerState::default());
        assert_eq!(TimerState::read(""), TimerState::default());
    }
}
