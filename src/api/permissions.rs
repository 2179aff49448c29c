//! What a script may do: `--deny run,write,net,change,destroy`.
//!
//! The value is decided once, before the script starts, and every function that runs programs,
//! writes files, uses the network or changes an object asks it. A script cannot reach or alter it.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result, code};
use crate::output::did_you_mean;

/// One thing that can be forbidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// To run programs, a connection's own helper programs included.
    Run,
    /// To write, rename and remove files.
    Write,
    /// To open connections to other hosts.
    Net,
    /// To change objects of libvirt.
    Change,
    /// To destroy objects or their data.
    Destroy,
}

impl Permission {
    /// All of them with their words.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Run, "run"),
        (Self::Write, "write"),
        (Self::Net, "net"),
        (Self::Change, "change"),
        (Self::Destroy, "destroy"),
    ];
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::ALL.iter().find(|(permission, _)| permission == self).map_or("", |(_, word)| word);
        f.write_str(word)
    }
}

impl FromStr for Permission {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        if let Some((permission, _)) = Self::ALL.iter().find(|(_, known)| *known == word) {
            return Ok(*permission);
        }
        let error = Error::usage(format!("\"{word}\" is nothing that --deny knows"));
        Err(did_you_mean(error, word, &Self::ALL.map(|(_, known)| known)))
    }
}

/// What is allowed; everything is, unless it was denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "five independent switches, one for each word of --deny")]
pub struct Permissions {
    /// To run programs.
    pub run: bool,
    /// To write files.
    pub write: bool,
    /// To open connections to other hosts.
    pub net: bool,
    /// To change objects of libvirt.
    pub change: bool,
    /// To destroy objects or their data.
    pub destroy: bool,
}

impl Default for Permissions {
    fn default() -> Self {
        Self::ALL
    }
}

impl Permissions {
    /// Everything is allowed.
    pub const ALL: Self = Self { run: true, write: true, net: true, change: true, destroy: true };
    /// Nothing is allowed but to read.
    pub const NONE: Self = Self { run: false, write: false, net: false, change: false, destroy: false };

    /// Takes one permission away.
    #[must_use]
    pub fn without(mut self, permission: Permission) -> Self {
        match permission {
            Permission::Run => self.run = false,
            Permission::Write => self.write = false,
            Permission::Net => self.net = false,
            Permission::Change => self.change = false,
            Permission::Destroy => self.destroy = false,
        }
        self
    }

    /// Returns what both allow: the command line's and a job's own.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Permission::ALL
            .into_iter()
            .filter(|(permission, _)| !other.allows(*permission))
            .fold(self, |left, (permission, _)| left.without(permission))
    }

    /// True where it is allowed.
    pub fn allows(self, permission: Permission) -> bool {
        match permission {
            Permission::Run => self.run,
            Permission::Write => self.write,
            Permission::Net => self.net,
            Permission::Change => self.change,
            Permission::Destroy => self.destroy,
        }
    }

    /// Lets `what` (a function or an operation) pass where it is allowed.
    ///
    /// Errors: `denied`, naming the switch that forbids it.
    pub fn check(self, permission: Permission, what: &str) -> Result<()> {
        if self.allows(permission) {
            return Ok(());
        }
        let error = Error::new(code::DENIED, format!("{what} is forbidden by --deny {permission}"));
        Err(error.hint(format!("run without --deny {permission} if this script may do it")))
    }
}

impl FromStr for Permissions {
    type Err = Error;

    /// Reads what is denied: words with commas between them.
    fn from_str(list: &str) -> Result<Self> {
        let words = list.split(',').map(str::trim).filter(|word| !word.is_empty());
        words.map(str::parse).try_fold(Self::ALL, |left, permission| Ok(left.without(permission?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_is_denied_and_nothing_else() {
        let permissions: Permissions = "run, write".parse().unwrap();
        assert_eq!(permissions, Permissions { run: false, write: false, ..Permissions::ALL });
        assert_eq!("".parse::<Permissions>().unwrap(), Permissions::ALL);
        assert_eq!("run,write,net,change,destroy".parse::<Permissions>().unwrap(), Permissions::NONE);
    }

    #[test]
    fn an_unknown_word_is_answered_with_the_nearest() {
        let error = "run,wirte".parse::<Permissions>().unwrap_err();
        assert_eq!(error.code(), code::USAGE);
        assert_eq!(error.facts().hint.as_deref(), Some("did you mean `write`?"));
    }

    #[test]
    fn a_refusal_says_who_forbade_it() {
        let permissions = Permissions::ALL.without(Permission::Write);
        permissions.check(Permission::Run, "os::run").unwrap();
        let error = permissions.check(Permission::Write, "fs::write").unwrap_err();
        assert_eq!(error.code(), code::DENIED);
        assert_eq!(error.to_string(), "fs::write is forbidden by --deny write");
    }

    #[test]
    fn two_sets_allow_what_both_allow() {
        let job: Permissions = "run".parse().unwrap();
        let line: Permissions = "net".parse().unwrap();
        assert_eq!(job.and(line), "run,net".parse().unwrap());
    }

    #[test]
    fn every_permission_can_be_taken_away_by_its_word() {
        for (permission, word) in Permission::ALL {
            assert_eq!(permission.to_string(), word);
            assert!(!word.parse::<Permissions>().unwrap().allows(permission));
        }
    }
}
