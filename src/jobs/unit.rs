//! The units by which systemd runs a job: a service, and a timer where there is a schedule.
//!
//! A unit of the system is closed as far as libvirt's clients and the job's own folders allow; one of a user
//! has what a service manager without privileges can give.

mod hardening;
mod sockets;
mod text;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use text::unit_stem;

use super::{Job, Target};
use crate::uri::is_remote;
use text::{quoted_argument, quoted_path, seconds, specifiers_kept};

/// What is added to every limit of the job itself, so that it is the job that ends a run and records it.
const MARGIN: Duration = Duration::from_secs(60);

/// Whose service manager runs a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The system's, as root.
    System,
    /// The user's own.
    User,
}

/// What units have to know of the machine that they are for.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Whose service manager it is.
    pub scope: Scope,
    /// This program, absolute.
    pub program: PathBuf,
    /// Where systemd keeps what is enabled: `/etc/systemd/system`.
    pub enabled: PathBuf,
}

impl Machine {
    /// The machine that this process runs on.
    pub fn here(scope: Scope) -> Self {
        let program = std::env::current_exe().unwrap_or_else(|_| "/usr/bin/virhai".into());
        Self { scope, program, enabled: "/etc/systemd/system".into() }
    }
}

/// A unit's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The name of the file: `virhai-nightly.service`.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

impl Unit {
    /// Whether it is a timer.
    pub fn is_timer(&self) -> bool {
        Path::new(&self.name).extension() == Some("timer".as_ref())
    }

    /// The service, and the timer where there is a schedule.
    ///
    /// The service runs `virhai job run SCRIPT`, with the path as the job has it, which must be absolute.
    pub fn all(job: &Job, machine: &Machine) -> Vec<Self> {
        let stem = unit_stem(&job.name);
        let service = Self { name: format!("{stem}.service"), text: service(job, machine) };
        let timer = timer(job).map(|text| Self { name: format!("{stem}.timer"), text });
        std::iter::once(service).chain(timer).collect()
    }
}

/// Lines of one section of a unit.
struct Lines(String);

impl Lines {
    fn section(&mut self, name: &str) {
        let blank = if self.0.is_empty() { "" } else { "\n" };
        self.0.extend([blank, "[", name, "]\n"]);
    }

    fn add(&mut self, key: &str, value: impl AsRef<str>) {
        self.0.extend([key, "=", value.as_ref(), "\n"]);
    }

    /// One line with all values, or none at all.
    fn add_list(&mut self, key: &str, values: impl IntoIterator<Item = String>) {
        let values: Vec<String> = values.into_iter().collect();
        if !values.is_empty() {
            self.add(key, values.join(" "));
        }
    }
}

fn service(job: &Job, machine: &Machine) -> String {
    let mut lines = Lines(String::new());
    lines.section("Unit");
    lines.add("Description", specifiers_kept(&description(job)));
    if machine.scope == Scope::System {
        let (after, wants) = sockets::of(&job.target, &machine.enabled);
        lines.add_list("After", after);
        lines.add_list("Wants", wants);
    }
    // A schedule may be as dense as it likes; systemd would stop at five starts in ten seconds.
    lines.add("StartLimitIntervalSec", "0");
    let folders = job.writes.iter().map(PathBuf::as_path).chain([job.script.as_path()]);
    lines.add_list("RequiresMountsFor", folders.map(quoted_path));
    if let Some(unit) = &job.on_failure {
        lines.add("OnFailure", unit);
    }
    // systemd does not read these: they say which job this is.
    lines.add("X-Virhai-Job", &job.name);
    lines.add("X-Virhai-Script", job.script.to_string_lossy());
    lines.section("Service");
    lines.add("Type", "notify");
    let program = quoted_argument(&machine.program.to_string_lossy());
    let script = quoted_argument(&job.script.to_string_lossy());
    lines.add("ExecStart", format!("{program} job run {script}"));
    lines.add("ExecStopPost", format!("{program} job recover {}", quoted_argument(&job.name)));
    lines.add("SyslogIdentifier", unit_stem(&job.name).replace('%', "%%"));
    lines.add("KillMode", "mixed");
    lines.add("TimeoutStopSec", seconds(job.grace + MARGIN));
    lines.add(
        "RuntimeMaxSec",
        job.longest_run().map_or_else(|| "infinity".into(), |time| seconds(time + MARGIN)),
    );
    if let Some(watchdog) = job.watchdog {
        lines.add("WatchdogSec", seconds(watchdog));
    }
    lines.add_list("PassEnvironment", job.environment.iter().cloned());
    for credential in &job.credentials {
        let path =
            credential.path.as_deref().map(|path| format!(":{}", specifiers_kept(&path.to_string_lossy())));
        lines.add("LoadCredential", format!("{}{}", credential.name, path.unwrap_or_default()));
    }
    hardening::add(&mut lines, job, machine.scope);
    lines.0
}

fn timer(job: &Job) -> Option<String> {
    let schedule = job.schedule.as_ref()?;
    let mut lines = Lines(String::new());
    lines.section("Unit");
    lines.add("Description", specifiers_kept(&description(job)));
    lines.section("Timer");
    lines.add("OnCalendar", specifiers_kept(schedule.text()));
    lines.add("Persistent", "true");
    // Without it, systemd itself may be a minute late.
    lines.add("AccuracySec", "1s");
    if !job.jitter.is_zero() {
        lines.add("RandomizedDelaySec", seconds(job.jitter));
    }
    lines.section("Install");
    lines.add("WantedBy", "timers.target");
    Some(lines.0)
}

/// One line: what the job is for, or its name. systemd ends the sentences that it makes of it by itself.
fn description(job: &Job) -> String {
    let purpose = job.purpose.lines().find(|line| !line.trim().is_empty());
    let purpose = purpose.map(|line| line.trim().trim_end_matches('.'));
    purpose.map_or_else(|| format!("virhai job {}", job.name), |purpose| format!("virhai: {purpose}"))
}

impl Job {
    /// The longest time that a run can take with all its tries, where there is a limit.
    pub fn longest_run(&self) -> Option<Duration> {
        let tries = self.retry.count.saturating_add(1);
        let run = self.timeout?.saturating_add(self.grace).saturating_mul(tries);
        // Waiting for an earlier run takes at most the same time again.
        let wait =
            if self.overlap == super::Overlap::Skip { Duration::ZERO } else { self.timeout? + self.grace };
        Some(run.saturating_add(self.retry.after.saturating_mul(self.retry.count)).saturating_add(wait))
    }

    /// True where it may open connections to other machines.
    fn is_remote(&self) -> bool {
        match &self.target {
            Target::Default => false,
            Target::Uri(uri) => is_remote(uri),
            Target::Hosts(_) => true,
        }
    }
}

/// True for a place that `ProtectHome=yes` hides.
fn is_at_home(path: &Path) -> bool {
    ["/home", "/root", "/run/user"].iter().any(|home| path.starts_with(home))
}

#[cfg(test)]
mod tests;
