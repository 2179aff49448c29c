//! What the configuration wants to know about the process, as a value that tests can make up.

use std::collections::BTreeMap;
use std::path::PathBuf;

use directories::BaseDirs;

/// The environment variables, the folders of the system and the user, and who the user is.
#[derive(Clone, Debug, Default)]
pub struct Env {
    /// The variables that are UTF-8.
    pub variables: BTreeMap<String, String>,
    /// The folders to start from.
    pub places: Places,
    /// The effective user is root.
    pub root: bool,
}

/// The folders of the system, and those of the user where there is a home.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// `/etc/virhai`.
    pub config: PathBuf,
    /// `/var/lib/virhai`.
    pub state: PathBuf,
    /// `/run/virhai`.
    pub runtime: PathBuf,
    /// `/var/cache/virhai`.
    pub cache: PathBuf,
    /// The user's own.
    pub user: Option<UserPlaces>,
}

/// The folders of a user, by the XDG rules where those hold.
#[derive(Clone, Debug, Default)]
pub struct UserPlaces {
    /// The home folder, for `~/`.
    pub home: PathBuf,
    /// `~/.config/virhai`.
    pub config: PathBuf,
    /// `~/.local/state/virhai`.
    pub state: PathBuf,
    /// `~/.cache/virhai`.
    pub cache: PathBuf,
    /// `$XDG_RUNTIME_DIR/virhai`.
    pub runtime: Option<PathBuf>,
}

impl Env {
    /// Makes an environment of these variables and nothing else.
    pub fn new<K: Into<String>, V: Into<String>>(variables: impl IntoIterator<Item = (K, V)>) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { variables, ..Self::default() }
    }

    /// Reads the environment of this process; variables that are not UTF-8 are left out.
    pub fn of_process() -> Self {
        let texts = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let user = nix::unistd::geteuid();
        let places = Places {
            config: "/etc/virhai".into(),
            state: "/var/lib/virhai".into(),
            runtime: "/run/virhai".into(),
            cache: "/var/cache/virhai".into(),
            user: BaseDirs::new().map(|base| user_places(&base, user.as_raw())),
        };
        Self { places, root: user.is_root(), ..Self::new(texts) }
    }

    /// Returns a variable; one that is set to nothing counts as not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

fn user_places(base: &BaseDirs, uid: u32) -> UserPlaces {
    // cron and su do not set XDG_RUNTIME_DIR; a job must take the same locks there as in a session.
    let session = PathBuf::from(format!("/run/user/{uid}"));
    let runtime = base.runtime_dir().map(PathBuf::from).or_else(|| session.is_dir().then_some(session));
    UserPlaces {
        home: base.home_dir().to_owned(),
        config: base.config_dir().join("virhai"),
        state: base.state_dir().unwrap_or_else(|| base.data_local_dir()).join("virhai"),
        cache: base.cache_dir().join("virhai"),
        runtime: runtime.map(|folder| folder.join("virhai")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_is_not_set() {
        let env = Env::new([("A", "x"), ("B", "")]);
        assert_eq!(env.get("A"), Some("x"));
        assert_eq!(env.get("B"), None);
        assert_eq!(env.get("C"), None);
    }

    #[test]
    fn the_process_has_the_system_folders() {
        let env = Env::of_process();
        assert_eq!(env.places.config, PathBuf::from("/etc/virhai"));
        assert_eq!(env.root, nix::unistd::geteuid().is_root());
    }
}
