//! The jobs that the system's scheduler has. Its unit files are the only list that there is: what somebody removes with
//! the tools of the system is gone, and nothing of ours has to be kept in step.

use std::path::{Path, PathBuf};

use super::unit::Scope;
use crate::config::Env;
use crate::error::{Error, Result};

/// What the names of our units begin with.
const PREFIX: &str = "virhai-";
/// The lines of a service that say which job it is.
const JOB: &str = "X-Virhai-Job=";
const SCRIPT: &str = "X-Virhai-Script=";
const SCHEDULE: &str = "OnCalendar=";

/// A job that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Its name.
    pub name: String,
    /// Its script.
    pub script: PathBuf,
    /// When it runs, as its timer says.
    pub schedule: Option<String>,
    /// Whose it is.
    pub scope: Scope,
    /// The file of its service.
    pub service: PathBuf,
}

impl Installed {
    /// The name of its service.
    pub fn service_name(&self) -> String {
        self.service.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// The file of its timer.
    pub fn timer(&self) -> PathBuf {
        self.service.with_extension("timer")
    }

    /// The name of its timer.
    pub fn timer_name(&self) -> String {
        self.service_name().replace(".service", ".timer")
    }
}

/// Returns the folder of unit files that are installed by hand.
///
/// Errors: `io` for a user without a home.
pub fn folder(scope: Scope, env: &Env) -> Result<PathBuf> {
    let own = env.places.user.as_ref().and_then(|user| user.config.parent());
    match (scope, own) {
        (Scope::System, _) => Ok("/etc/systemd/system".into()),
        (Scope::User, Some(config)) => Ok(config.join("systemd/user")),
        (Scope::User, None) => {
            Err(Error::new(crate::error::code::IO, "there is no folder for units: the user has no home")
                .hint("set HOME"))
        }
    }
}

/// The jobs of the machine and of the user, by name.
pub fn all(env: &Env) -> Vec<Installed> {
    let mut jobs: Vec<_> =
        [Scope::System, Scope::User].into_iter().flat_map(|scope| of(scope, env)).collect();
    jobs.sort_by(|a, b| a.name.cmp(&b.name));
    jobs
}

/// The job of a name; root's is the machine's, another user's is their own, where both have it.
pub fn find(env: &Env, name: &str) -> Option<Installed> {
    let mut found: Vec<_> = all(env).into_iter().filter(|job| job.name == name).collect();
    found.sort_by_key(|job| (job.scope == Scope::User) == env.root);
    found.into_iter().next()
}

fn of(scope: Scope, env: &Env) -> Vec<Installed> {
    let Ok(folder) = folder(scope, env) else { return Vec::new() };
    let files = folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
    let is_ours = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(PREFIX) && name.ends_with(".service")
    };
    files.filter(|path| is_ours(path)).filter_map(|path| read(path, scope)).collect()
}

fn read(service: PathBuf, scope: Scope) -> Option<Installed> {
    let text = std::fs::read_to_string(&service).ok()?;
    let value =
        |text: &str, key: &str| text.lines().find_map(|line| Some(line.strip_prefix(key)?.trim().to_owned()));
    let timer = std::fs::read_to_string(service.with_extension("timer")).unwrap_or_default();
    Some(Installed {
        name: value(&text, JOB)?,
        script: value(&text, SCRIPT)?.into(),
        schedule: value(&timer, SCHEDULE),
        scope,
        service,
    })
}
