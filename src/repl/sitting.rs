//! What one sitting at the prompt keeps beside its variables.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::aliases::Aliases;
use super::change_log::ChangeLog;
use super::journal::Journal;
use crate::config::HostGroup;
use crate::libvirt::Door;
use crate::output::Table;
use crate::units::duration_text;
use crate::uri::without_password;

/// What the prompt takes over from the configuration, and who notes the changes.
#[derive(Clone, Default)]
pub struct Site {
    /// The section `[alias]`.
    pub aliases: BTreeMap<String, String>,
    /// The sections `[hosts.NAME]`.
    pub hosts: BTreeMap<String, HostGroup>,
    /// What was changed; the door tells it.
    pub log: ChangeLog,
}

/// See the module.
#[derive(Default)]
pub(super) struct Sitting {
    /// What went well.
    pub(super) journal: Journal,
    /// The short words.
    pub(super) aliases: Aliases,
    /// The groups of hosts.
    pub(super) hosts: BTreeMap<String, HostGroup>,
    /// What was changed.
    pub(super) log: ChangeLog,
    /// The hosts that were connected with, the newest last.
    pub(super) recent: Vec<String>,
    /// Whether every input says what it cost.
    pub(super) is_timed: bool,
    /// What the last input cost.
    pub(super) cost: Option<Cost>,
    /// Whether the last input was ended by Ctrl-C.
    pub(super) was_interrupted: bool,
    /// The last input that was no command of the prompt.
    pub(super) last_input: String,
    /// What the next line begins with.
    pub(super) draft: Option<String>,
    /// The table that a command of the prompt showed since the last value.
    pub(super) table: Option<Table>,
}

impl Sitting {
    pub(super) fn new(site: Site) -> Self {
        let Site { aliases, hosts, log } = site;
        Self { aliases: Aliases::new(aliases), hosts, log, ..Self::default() }
    }

    /// Takes note of the connection in use.
    pub(super) fn connected(&mut self, uri: &str) {
        let uri = without_password(uri);
        // What nobody named and nothing opened has no URI yet.
        if uri != "default" && self.recent.last() != Some(&uri) {
            self.recent.retain(|known| *known != uri);
            self.recent.push(uri);
        }
    }
}

/// The time and the calls that an evaluation took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    time: Duration,
    calls: u64,
}

impl Cost {
    /// Does something, and says what that cost.
    pub(super) fn of<T>(door: &Door, f: impl FnOnce() -> T) -> (T, Self) {
        let (calls, start) = (door.calls(), Instant::now());
        let value = f();
        (value, Self { time: start.elapsed(), calls: door.calls() - calls })
    }

    /// Adds another.
    pub(super) fn add(&mut self, other: Self) {
        self.time += other.time;
        self.calls += other.calls;
    }

    /// Says it: `12ms, 4 calls to libvirt`.
    pub(super) fn text(self) -> String {
        let time = duration_text(self.time.as_secs_f64());
        let calls = match self.calls {
            0 => "no call".to_owned(),
            1 => "1 call".to_owned(),
            calls => format!("{calls} calls"),
        };
        format!("{time}, {calls} to libvirt")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_said_in_units_that_people_read() {
        let text = |micros, calls| Cost { time: Duration::from_micros(micros), calls }.text();
        assert_eq!(text(840, 0), "840us, no call to libvirt");
        assert_eq!(text(12_340, 1), "12ms, 1 call to libvirt");
        assert_eq!(text(2_500_000, 7), "2.5s, 7 calls to libvirt");
        assert_eq!(text(93_400_000, 2), "1m33s, 2 calls to libvirt");
    }

    #[test]
    fn the_newest_host_is_the_last_and_each_is_named_once() {
        let mut sitting = Sitting::default();
        for uri in ["default", "a", "b", "b", "a"] {
            sitting.connected(uri);
        }
        assert_eq!(sitting.recent, ["b", "a"]);
        sitting.connected("esx://root:geheim@host/");
        assert_eq!(sitting.recent[2], "esx://root@host/");
    }
}
