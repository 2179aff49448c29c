//! Writing a file so that a reader sees either the old or the new contents.
//!
//! The new file has no name until it is complete, where the file system can do that: nothing is left
//! of it when the process is killed. Elsewhere it has a name of its own, `.virhai-…`, beside the old.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use nix::fcntl::{AT_FDCWD, AtFlags, OFlag};
use nix::unistd::linkat;
use tempfile::TempPath;

/// The mode of a new file before the umask.
const NEW_FILE: u32 = 0o666;
/// The beginning of temporary names.
const PREFIX: &str = ".virhai-";
/// How many links may point to one another.
const LINKS: usize = 40;

/// Whether a path names an open file of a process: `/dev/stdout`, `/dev/fd/3`, `/proc/self/fd/3`.
fn is_descriptor(path: &Path) -> bool {
    let is_in_proc =
        |path: &Path| path.starts_with("/proc") && path.parent().is_some_and(|p| p.ends_with("fd"));
    let mut path = path.to_path_buf();
    for _ in 0..LINKS {
        if is_in_proc(&path) || path.starts_with("/dev/fd") {
            return true;
        }
        let Ok(next) = fs::read_link(&path) else { return false };
        path = path.parent().unwrap_or(Path::new("/")).join(next);
    }
    false
}

/// The new contents of a file, until they are complete; see the module.
pub struct Replacement {
    file: File,
    /// Its name, where it has one.
    name: Option<TempPath>,
    target: PathBuf,
    old: Option<Metadata>,
}

impl Replacement {
    /// Makes room for the new contents of `path`; `None` for a device, a pipe or a socket, which has
    /// no contents to be replaced and is simply written to.
    ///
    /// A symbolic link stays: what it points to is replaced, or made.
    pub fn begin(path: &Path) -> io::Result<Option<Self>> {
        // What is no file, and what is open already under another name (`/dev/stdout`), is written to.
        let there = fs::metadata(path).ok();
        if there.is_some_and(|there| !there.is_file() && !there.is_dir()) || is_descriptor(path) {
            return Ok(None);
        }
        let target = followed(path)?;
        let old = match fs::metadata(&target) {
            Ok(old) if old.is_file() => Some(old),
            Ok(old) if old.is_dir() => return Err(ErrorKind::IsADirectory.into()),
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let mode = old.as_ref().map_or(NEW_FILE, Metadata::mode) & NEW_FILE;
        let (file, name) = match unnamed(folder_of(&target), mode) {
            Ok(file) => (file, None),
            // The file system, or the kernel, has no files without a name.
            Err(_) => named(folder_of(&target), mode)?,
        };
        Ok(Some(Self { file, name, target, old }))
    }

    /// What is written to.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Brings the new contents to the disk and puts them in the place of the old.
    ///
    /// Mode and, where the user may, owner of an existing file stay.
    pub fn commit(self) -> io::Result<()> {
        let Self { file, name, target, old } = self;
        if let Some(old) = &old {
            keep_owner(&file, old);
            // After the owner: changing that takes the set-user-id bit away.
            file.set_permissions(Permissions::from_mode(old.mode() & 0o7777))?;
        }
        file.sync_all()?;
        let name = match name {
            Some(name) => name,
            None => tempfile::Builder::new()
                .prefix(PREFIX)
                .make_in(folder_of(&target), |name| give_name(&file, name))?
                .into_temp_path(),
        };
        name.persist(&target).map_err(|error| error.error)
    }
}

/// The file that a path means in the end, whether it is there or not.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..LINKS {
        if !target.is_symlink() {
            return Ok(target);
        }
        target = folder_of(&target).join(fs::read_link(&target)?);
    }
    Err(nix::errno::Errno::ELOOP.into())
}

fn unnamed(folder: &Path, mode: u32) -> io::Result<File> {
    let flags = OFlag::O_TMPFILE.bits();
    OpenOptions::new().read(true).write(true).mode(mode).custom_flags(flags).open(folder)
}

fn named(folder: &Path, mode: u32) -> io::Result<(File, Option<TempPath>)> {
    let temporary = tempfile::Builder::new()
        .prefix(PREFIX)
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder)?;
    let (file, name) = temporary.into_parts();
    Ok((file, Some(name)))
}

fn give_name(file: &File, name: &Path) -> io::Result<()> {
    let own = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    Ok(linkat(AT_FDCWD, &own, AT_FDCWD, name, AtFlags::AT_SYMLINK_FOLLOW)?)
}

/// Gives the new file the owner of the old one where the user may: a file of another user that only the
/// group may write cannot keep its owner, and that is no reason not to write it.
fn keep_owner(file: &File, old: &Metadata) {
    let differs = file.metadata().is_ok_and(|new| (new.uid(), new.gid()) != (old.uid(), old.gid()));
    if differs {
        let _ = fchown(file, Some(old.uid()), Some(old.gid()));
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn nothing_is_seen_before_it_is_complete_and_nothing_is_left_of_what_never_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let mut new = Replacement::begin(&path).unwrap().unwrap();
        new.file().write_all(b"half").unwrap();
        drop(new);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let mut new = Replacement::begin(&path).unwrap().unwrap();
        new.file().write_all(b"all").unwrap();
        assert!(!path.exists());
        new.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"all");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn where_files_need_a_name_it_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("f");
        let (file, name) = named(folder.path(), NEW_FILE).unwrap();
        let mut new = Replacement { file, name, target: target.clone(), old: None };
        new.file().write_all(b"all").unwrap();
        new.commit().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"all");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn links_that_go_in_circles_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("l");
        std::os::unix::fs::symlink("l", &link).unwrap();
        assert!(Replacement::begin(&link).is_err());
    }
}
