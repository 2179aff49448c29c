//! What the system knows of a file without opening it, and where a script keeps its own.

use std::os::unix::fs::{FileTypeExt, MetadataExt};

use nix::unistd::{AccessFlags, Gid, Group, Uid, User, access};
use rhai::plugin::export_module;
use rhai::{Dynamic, ImmutableString, Map};

use super::failed;
use crate::api::Fallible;
use crate::config::{Env, Folders};
use crate::error::{Error, Result};

/// Reads what kinds of access are asked for, such as `"rw"`.
fn flags(kinds: &str) -> Result<AccessFlags> {
    kinds.chars().try_fold(AccessFlags::F_OK, |flags, kind| match kind {
        'r' => Ok(flags | AccessFlags::R_OK),
        'w' => Ok(flags | AccessFlags::W_OK),
        'x' => Ok(flags | AccessFlags::X_OK),
        _ => Err(Error::usage(format!("{kinds:?} is no kind of access"))
            .operation("fs.is_accessible")
            .hint("use letters of \"rwx\", for example \"rw\"")),
    })
}

fn kind(found: &std::fs::Metadata) -> &'static str {
    let kind = found.file_type();
    let kinds = [
        (kind.is_file(), "file"),
        (kind.is_dir(), "folder"),
        (kind.is_char_device(), "character device"),
        (kind.is_block_device(), "block device"),
        (kind.is_socket(), "socket"),
        (kind.is_fifo(), "pipe"),
    ];
    kinds.iter().find(|(is, _)| *is).map_or("other", |(_, word)| word)
}

/// What the system knows of a file without opening it.
#[export_module(manifest)]
pub(super) mod status_functions {
    /// True where this user may access a file in all the given ways, such as `"rw"` (`access`).
    ///
    /// The letters are `r` for reading, `w` for writing and `x` for executing. A file that is not there, or in a folder that may not be entered, gives false.
    ///
    /// Errors: `usage` for other letters.
    ///
    /// ```rhai
    /// print(fs::is_accessible("/dev/kvm", "rw"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn is_accessible(path: ImmutableString, kinds: ImmutableString) -> Fallible<bool> {
        Ok(access(path.as_str(), super::flags(&kinds)?).is_ok())
    }

    /// What the system knows of a file, a link followed: `#{ kind, mode, user, group, size, links }`.
    ///
    /// `kind` is `file`, `folder`, `character device`, `block device`, `socket`, `pipe` or `other`; `mode` the
    /// permissions as in `"0660"`; `user` and `group` the names of its owners, or their numbers where they have
    /// none; `size` bytes; `links` how many names it has (a folder has 2 and one for each folder in it).
    ///
    /// Errors: `io` where there is nothing, or it may not be looked at.
    ///
    /// ```rhai
    /// print(fs::status("/etc/passwd").mode);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn status(path: ImmutableString) -> Fallible<Map> {
        let found = std::fs::metadata(path.as_str()).map_err(|error| failed("fs.status", &path, &error))?;
        let user = User::from_uid(Uid::from_raw(found.uid())).ok().flatten();
        let group = Group::from_gid(Gid::from_raw(found.gid())).ok().flatten();
        let entries: [(&str, Dynamic); 6] = [
            ("kind", super::kind(&found).into()),
            ("mode", format!("{:04o}", found.mode() & 0o7777).into()),
            ("user", user.map_or(found.uid().to_string(), |user| user.name).into()),
            ("group", group.map_or(found.gid().to_string(), |group| group.name).into()),
            ("size", (found.size() as i64).into()),
            ("links", (found.nlink() as i64).into()),
        ];
        Ok(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// The folder for what a script has to remember until its next run, made if need be.
    ///
    /// It is that of the configuration's history too: `STATE_DIRECTORY` where systemd or somebody else sets it, otherwise
    /// `/var/lib/virhai` for root and the own state folder for others.
    ///
    /// Errors: `io` where it cannot be made.
    ///
    /// ```rhai
    /// let file = fs::join(fs::state_dir(), "restarts.json");
    /// print(fs::exists(file));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn state_dir() -> Fallible<String> {
        let folders = Folders::find(&Env::of_process());
        Ok(folders.state().map(crate::api::fs::shown)?)
    }
}
