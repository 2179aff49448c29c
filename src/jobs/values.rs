//! The values of the block's keys: what each may be, and what is said of one that is not.

use std::path::PathBuf;
use std::time::Duration;

use toml::de::DeValue;

use super::{Calendar, Credential, Overlap};
use crate::api::permissions::Permission;
use crate::config::Recording;
use crate::error::{Error, Result};
use crate::output::did_you_mean;
use crate::units;
use crate::uri::has_password;

/// The longest name: with it, the names of units and lock files stay within the limits of file systems.
const LONGEST_NAME: usize = 64;

/// What is read from a value of TOML.
pub(super) trait Value: Sized {
    /// Reads it.
    ///
    /// Errors: `usage`, without the name of the key.
    fn read(value: &DeValue) -> Result<Self>;
}

impl Value for String {
    fn read(value: &DeValue) -> Result<Self> {
        match value {
            DeValue::String(text) if text.contains(['\0', '\n', '\r']) => {
                Err(Error::usage("the text has a control character in it"))
            }
            DeValue::String(text) => Ok(text.clone().into_owned()),
            _ => Err(expected("a text in quotes", value)),
        }
    }
}

impl Value for bool {
    fn read(value: &DeValue) -> Result<Self> {
        match value {
            DeValue::Boolean(value) => Ok(*value),
            _ => Err(expected("true or false", value)),
        }
    }
}

impl Value for u32 {
    fn read(value: &DeValue) -> Result<Self> {
        let number = match value {
            DeValue::Integer(number) => Self::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        number.ok_or_else(|| expected("a whole number from 0", value))
    }
}

impl Value for Duration {
    fn read(value: &DeValue) -> Result<Self> {
        match value {
            DeValue::String(text) => units::parse_duration(text),
            DeValue::Integer(number) if number.radix() == 10 => units::parse_duration(number.as_str()),
            DeValue::Float(number) => units::parse_duration(number.as_str()),
            _ => Err(expected("a duration such as \"90s\" or a number of seconds", value)),
        }
    }
}

impl Value for Calendar {
    fn read(value: &DeValue) -> Result<Self> {
        Calendar::parse(&String::read(value)?)
    }
}

impl Value for Overlap {
    fn read(value: &DeValue) -> Result<Self> {
        one_of(value, &Self::ALL)
    }
}

impl Value for Recording {
    fn read(value: &DeValue) -> Result<Self> {
        one_of(value, &[(Self::Required, "required"), (Self::BestEffort, "best-effort")])
    }
}

impl Value for Permission {
    fn read(value: &DeValue) -> Result<Self> {
        one_of(value, &Self::ALL)
    }
}

impl Value for PathBuf {
    fn read(value: &DeValue) -> Result<Self> {
        let path = PathBuf::from(String::read(value)?);
        if !path.is_absolute() || path.components().any(|part| part.as_os_str() == "..") {
            let error = Error::usage(format!("\"{}\" is no absolute path", path.display()));
            return Err(error.hint("write it from the root, without `..`, such as \"/srv/reports\""));
        }
        Ok(path)
    }
}

impl Value for Credential {
    fn read(value: &DeValue) -> Result<Self> {
        let text = String::read(value)?;
        let (name, path) = match text.split_once(':') {
            Some((name, _)) => (name, Some(PathBuf::read(&DeValue::String(text[name.len() + 1..].into()))?)),
            None => (text.as_str(), None),
        };
        let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "-_.".contains(sign);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) {
            let error = Error::usage(format!("\"{text}\" names no credential"));
            return Err(
                error.hint("write NAME or NAME:/PATH, the name with letters, digits, `-`, `_` and `.`")
            );
        }
        Ok(Self { name: name.into(), path })
    }
}

/// The name of a variable of the environment.
pub(super) struct Variable(pub(super) String);

impl Value for Variable {
    fn read(value: &DeValue) -> Result<Self> {
        let name = String::read(value)?;
        let is_plain = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
        if name.is_empty()
            || name.starts_with(|sign: char| sign.is_ascii_digit())
            || !name.chars().all(is_plain)
        {
            let error = Error::usage(format!("\"{name}\" names no variable"));
            return Err(error.hint("write the name alone, such as \"PGPASSWORD\": its value is never stored"));
        }
        Ok(Self(name))
    }
}

/// The name of a unit of systemd, in which its specifiers (`%n`) may stand.
pub(super) struct UnitName(pub(super) String);

impl Value for UnitName {
    fn read(value: &DeValue) -> Result<Self> {
        let name = String::read(value)?;
        let is_plain = |sign: char| sign.is_ascii_alphanumeric() || ":_.-@\\%".contains(sign);
        let is_unit =
            [".service", ".target"].iter().any(|kind| name.len() > kind.len() && name.ends_with(kind));
        if !is_unit || !name.chars().all(is_plain) {
            let error = Error::usage(format!("\"{name}\" names no service of systemd"));
            return Err(error.hint("write a unit that exists, such as \"mail-admin@%n.service\""));
        }
        Ok(Self(name))
    }
}

/// The name of a job.
pub(super) struct Name(pub(super) String);

impl Value for Name {
    fn read(value: &DeValue) -> Result<Self> {
        let name = String::read(value)?;
        check_name(&name)?;
        Ok(Self(name))
    }
}

/// Refuses what cannot name a job: files, locks and units are named after it.
///
/// Errors: `usage`.
pub(super) fn check_name(name: &str) -> Result<()> {
    let why = if name.trim().is_empty() {
        "it is empty"
    } else if name.starts_with(['.', '-']) {
        "it begins with a dot or a dash"
    } else if name.chars().any(|sign| sign == '/' || sign.is_control()) {
        "it has a slash or a control character in it"
    } else if name.trim() != name {
        "it begins or ends with a blank"
    } else if name.len() > LONGEST_NAME {
        "it is longer than 64 bytes"
    } else {
        return Ok(());
    };
    Err(Error::usage(format!("{name:?} cannot name a job: {why}")))
}

/// One of a few words.
fn one_of<T: Copy, const N: usize>(value: &DeValue, all: &[(T, &'static str); N]) -> Result<T> {
    let word = String::read(value)?;
    let found = all.iter().find(|(_, known)| *known == word);
    found.map(|(value, _)| *value).ok_or_else(|| {
        let error = Error::usage(format!("there is no value \"{word}\""));
        did_you_mean(error, &word, &all.each_ref().map(|(_, known)| *known))
    })
}

fn expected(what: &str, value: &DeValue) -> Error {
    Error::usage(format!("{what} is expected, not {}", value.type_str()))
}

/// A URI of a connection.
pub(super) struct Uri(pub(super) String);

impl Value for Uri {
    fn read(value: &DeValue) -> Result<Self> {
        let uri = String::read(value)?;
        if has_password(&uri) {
            let error = Error::usage("the password would stand in the script and in the scheduler's files");
            return Err(
                error.hint("leave it out of the URI: libvirt's auth.conf has it, see `virhai doc schedule`")
            );
        }
        if uri.is_empty() || uri.contains(char::is_whitespace) {
            let error = Error::usage(format!("{uri:?} is no connection"));
            return Err(error.hint("write a URI such as \"qemu:///system\""));
        }
        Ok(Self(uri))
    }
}

/// A group of hosts, or URIs.
pub(super) struct Hosts(pub(super) String);

impl Value for Hosts {
    fn read(value: &DeValue) -> Result<Self> {
        let hosts = String::read(value)?;
        if hosts.trim().is_empty() {
            let error = Error::usage("no hosts are named");
            return Err(error.hint("write a group of the configuration, or URIs with commas between them"));
        }
        Ok(Self(hosts))
    }
}
