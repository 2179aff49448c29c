//! Where configuration, state, locks and caches live.
//!
//! systemd's `CONFIGURATION_DIRECTORY`, `STATE_DIRECTORY`, `RUNTIME_DIRECTORY` and `CACHE_DIRECTORY`
//! win where set. Otherwise root has the system's folders, so that a job finds the same state and the
//! same locks whether the scheduler or an administrator starts it, and others have their own.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::Env;
use crate::error::{Error, Result, code};

/// The folders of this run; each is made, readable by its owner only, when it is first asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    system_config: PathBuf,
    config: Option<PathBuf>,
    state: Option<PathBuf>,
    runtime: Option<PathBuf>,
    cache: Option<PathBuf>,
}

impl Folders {
    /// Works out the folders; makes none.
    pub fn find(env: &Env) -> Self {
        let places = &env.places;
        let user = places.user.as_ref();
        // systemd names several folders with colons between them; the first is ours.
        let given = |name: &str| env.get(name).and_then(|list| list.split(':').next()).map(PathBuf::from);
        let own = |system: &PathBuf, own: Option<PathBuf>| if env.root { Some(system.clone()) } else { own };
        Self {
            system_config: places.config.clone(),
            config: given("CONFIGURATION_DIRECTORY").or_else(|| user.map(|user| user.config.clone())),
            state: given("STATE_DIRECTORY")
                .or_else(|| own(&places.state, user.map(|user| user.state.clone()))),
            runtime: given("RUNTIME_DIRECTORY").or_else(|| {
                let runtime = user.map(|user| user.runtime.clone().unwrap_or_else(|| user.state.join("run")));
                own(&places.runtime, runtime)
            }),
            cache: given("CACHE_DIRECTORY")
                .or_else(|| own(&places.cache, user.map(|user| user.cache.clone()))),
        }
    }

    /// Returns the configuration files in the order in which they are read, whether they exist or not.
    pub fn config_files(&self) -> Vec<PathBuf> {
        let mut files = vec![self.system_config.join("config.toml")];
        if let Some(own) = self.config.as_ref().filter(|own| **own != self.system_config) {
            files.push(own.join("config.toml"));
        }
        files
    }

    /// Returns where the state folder is, whether it exists or not.
    pub fn state_path(&self) -> Option<&Path> {
        self.state.as_deref()
    }

    /// Returns the folder for prompt history and `history.db`, made if need be.
    ///
    /// Errors: `io` where it cannot be made, or where there is no home folder to have it in.
    pub fn state(&self) -> Result<&Path> {
        ready(self.state.as_deref(), "state", "STATE_DIRECTORY")
    }

    /// Returns the folder for locks, made if need be; it is empty after a restart of the host.
    ///
    /// Errors: as [`Folders::state`].
    pub fn runtime(&self) -> Result<&Path> {
        ready(self.runtime.as_deref(), "runtime", "RUNTIME_DIRECTORY")
    }

    /// Returns the folder for what can be made again, made if need be.
    ///
    /// Errors: as [`Folders::state`].
    pub fn cache(&self) -> Result<&Path> {
        ready(self.cache.as_deref(), "cache", "CACHE_DIRECTORY")
    }
}

fn ready<'a>(folder: Option<&'a Path>, what: &str, variable: &str) -> Result<&'a Path> {
    let hint = format!("set HOME, or {variable} to a folder that can be written");
    let Some(folder) = folder else {
        return Err(
            Error::new(code::IO, format!("there is no {what} folder: the user has no home")).hint(hint)
        );
    };
    match DirBuilder::new().recursive(true).mode(0o700).create(folder) {
        Ok(()) => Ok(folder),
        Err(error) => Err(Error::io(folder.display().to_string(), &error).operation("mkdir").hint(hint)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::{Places, UserPlaces};
    use super::*;

    fn env(root: bool, variables: &[(&str, &str)]) -> Env {
        let user = UserPlaces {
            home: "/home/me".into(),
            config: "/home/me/.config/virhai".into(),
            state: "/home/me/.local/state/virhai".into(),
            cache: "/home/me/.cache/virhai".into(),
            runtime: Some("/run/user/7/virhai".into()),
        };
        let places = Places {
            config: "/etc/virhai".into(),
            state: "/var/lib/virhai".into(),
            runtime: "/run/virhai".into(),
            cache: "/var/cache/virhai".into(),
            user: Some(user),
        };
        Env { places, root, ..Env::new(variables.iter().copied()) }
    }

    fn at(folder: Option<&PathBuf>) -> &str {
        folder.and_then(|folder| folder.to_str()).unwrap()
    }

    #[test]
    fn a_user_has_folders_of_their_own() {
        let folders = Folders::find(&env(false, &[]));
        assert_eq!(at(folders.state.as_ref()), "/home/me/.local/state/virhai");
        assert_eq!(at(folders.runtime.as_ref()), "/run/user/7/virhai");
        assert_eq!(
            folders.config_files(),
            [PathBuf::from("/etc/virhai/config.toml"), "/home/me/.config/virhai/config.toml".into()]
        );
    }

    #[test]
    fn root_has_the_systems_folders_and_its_own_configuration() {
        let folders = Folders::find(&env(true, &[]));
        assert_eq!(at(folders.state.as_ref()), "/var/lib/virhai");
        assert_eq!(at(folders.runtime.as_ref()), "/run/virhai");
        assert_eq!(at(folders.cache.as_ref()), "/var/cache/virhai");
        assert_eq!(at(folders.config.as_ref()), "/home/me/.config/virhai");
    }

    #[test]
    fn systemd_wins_and_the_first_of_several_counts() {
        let variables = [
            ("STATE_DIRECTORY", "/var/lib/job:/var/lib/other"),
            ("RUNTIME_DIRECTORY", "/run/job"),
            ("CONFIGURATION_DIRECTORY", "/etc/virhai"),
            ("CACHE_DIRECTORY", "/var/cache/job"),
        ];
        let folders = Folders::find(&env(true, &variables));
        assert_eq!(at(folders.state.as_ref()), "/var/lib/job");
        assert_eq!(at(folders.runtime.as_ref()), "/run/job");
        assert_eq!(at(folders.cache.as_ref()), "/var/cache/job");
        assert_eq!(folders.config_files(), [PathBuf::from("/etc/virhai/config.toml")]);
    }

    #[test]
    fn without_a_session_the_locks_are_beside_the_state() {
        let mut env = env(false, &[]);
        env.places.user.as_mut().unwrap().runtime = None;
        assert_eq!(at(Folders::find(&env).runtime.as_ref()), "/home/me/.local/state/virhai/run");
    }

    #[test]
    fn without_a_home_the_error_says_what_to_set() {
        let mut env = env(false, &[]);
        env.places.user = None;
        let folders = Folders::find(&env);
        let error = folders.state().unwrap_err();
        assert_eq!(error.code(), code::IO);
        assert!(error.facts().hint.as_deref().unwrap().contains("STATE_DIRECTORY"));
        assert_eq!(folders.config_files().len(), 1);
    }

    #[test]
    fn a_folder_is_made_private_when_it_is_first_needed() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        let folders = Folders::find(&env(false, &[("STATE_DIRECTORY", folder.to_str().unwrap())]));
        assert!(!folder.exists());
        assert_eq!(folders.state().unwrap(), folder);
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(folders.state().unwrap(), folder);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_that_names_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let folder = file.path().join("state");
        let folders = Folders::find(&env(false, &[("STATE_DIRECTORY", folder.to_str().unwrap())]));
        let error = folders.state().unwrap_err();
        assert_eq!(error.facts().object.as_deref(), folder.to_str());
    }
}
