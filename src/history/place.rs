//! Where a store is.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::config::{Env, Folders};
use crate::error::{Error, Result, code};
use crate::uri::without_password;

/// The file's name in the state folder.
const FILE: &str = "history.db";

/// A file, or a database of a server. Shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// `SQLite`'s file.
    File(PathBuf),
    /// The URL of a database of `PostgreSQL`, as it was configured.
    Url(String),
}

impl Place {
    /// Where the store is: as the configuration says, otherwise in the state folder, which is made if need be.
    ///
    /// Errors: `unsupported` for a URL of something else than `PostgreSQL`; `io` where there is no state folder.
    pub fn find(configured: Option<&str>) -> Result<Self> {
        Self::find_by(configured, |folders| folders.state().map(Path::to_owned))
    }

    /// Does the same without making a folder; nothing where the user has no state folder.
    ///
    /// Errors: `unsupported` for a URL of something else than `PostgreSQL`.
    pub fn find_existing(configured: Option<&str>) -> Result<Option<Self>> {
        let folders = Folders::find(&Env::of_process());
        if configured.is_none() && folders.state_path().is_none() {
            return Ok(None);
        }
        Self::find_by(configured, |folders| Ok(folders.state_path().unwrap_or(Path::new("/")).to_owned()))
            .map(Some)
    }

    fn find_by(configured: Option<&str>, state: impl FnOnce(&Folders) -> Result<PathBuf>) -> Result<Self> {
        match configured {
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Ok(Self::Url(url.into()))
            }
            Some(url) if url.contains("://") => {
                let url = without_password(url);
                Err(Error::new(code::UNSUPPORTED, format!("{url} is no place for the history store"))
                    .hint("name a file or a postgres:// URL as `store` in the section [history] of the configuration"))
            }
            Some(path) => Ok(Self::File(path.into())),
            None => Ok(Self::File(state(&Folders::find(&Env::of_process()))?.join(FILE))),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            // Parameters may hold a password, too.
            Self::Url(url) => f.write_str(&crate::uri::shown(url)),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<&Self> for Place {
    fn from(place: &Self) -> Self {
        place.clone()
    }
}

impl<T: AsRef<Path> + ?Sized> From<&T> for Place {
    fn from(path: &T) -> Self {
        Self::File(path.as_ref().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_from_the_configuration() {
        assert_eq!(Place::find(Some("/x/y.db")).unwrap(), Place::File("/x/y.db".into()));
        let url = "postgres://db/virhai";
        assert_eq!(Place::find(Some(url)).unwrap(), Place::Url(url.into()));
        let error = Place::find(Some("mysql://me:geheim@db/virhai")).unwrap_err();
        assert_eq!(error.code(), code::UNSUPPORTED);
        assert!(error.to_string().contains("mysql://me@db/virhai"), "{error}");
    }

    #[test]
    fn no_password_is_shown() {
        for url in [
            "postgres://virhai:geheim@db:5432/virhai?connect_timeout=3",
            "postgres://virhai@db:5432/virhai?password=geheim",
        ] {
            let place = Place::Url(url.into());
            assert_eq!(place.to_string(), "postgres://virhai@db:5432/virhai");
            assert!(!format!("{place:?}").contains("geheim"));
        }
    }
}
