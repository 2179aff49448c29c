//! Writing a file so that a reader sees either the old or the new contents.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The mode of a new file before the umask.
const NEW_FILE: u32 = 0o666;

/// Replaces the contents of a file: a temporary file beside it is filled, brought to the disk and renamed.
///
/// Mode and, where the user may, owner of an existing file stay. A symbolic link stays too: what it points
/// to is replaced. Devices and pipes are simply written to.
pub(super) fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    let (target, old) = match fs::metadata(path) {
        Ok(old) if old.is_file() => (fs::canonicalize(path)?, Some(old)),
        Ok(old) if old.is_dir() => return Err(ErrorKind::IsADirectory.into()),
        Ok(_) => return OpenOptions::new().write(true).open(path)?.write_all(contents),
        // A link to nothing: what it points to is made.
        Err(error) if error.kind() == ErrorKind::NotFound && path.is_symlink() => {
            return File::create(path)?.write_all(contents);
        }
        Err(error) if error.kind() == ErrorKind::NotFound => (path.to_owned(), None),
        Err(error) => return Err(error),
    };
    let mode = old.as_ref().map_or(NEW_FILE, |old| old.mode() & 0o7777);
    let mut file = tempfile::Builder::new()
        .prefix(".virhai-")
        .permissions(Permissions::from_mode(mode & NEW_FILE))
        .tempfile_in(folder_of(&target))?;
    file.write_all(contents)?;
    if let Some(old) = old {
        keep_owner(file.path(), &old);
        // After the owner: changing that takes the set-user-id bit away.
        file.as_file().set_permissions(Permissions::from_mode(mode))?;
    }
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

/// Gives the new file the owner of the old one where the user may: a file of another user that only the
/// group may write cannot keep its owner, and that is no reason not to write it.
fn keep_owner(path: &Path, old: &fs::Metadata) {
    let differs = fs::metadata(path).is_ok_and(|new| (new.uid(), new.gid()) != (old.uid(), old.gid()));
    if differs {
        let _ = std::os::unix::fs::chown(path, Some(old.uid()), Some(old.gid()));
    }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn the_mode_of_an_existing_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        for bits in [0o600, 0o755, 0o640] {
            fs::write(&path, "old").unwrap();
            fs::set_permissions(&path, Permissions::from_mode(bits)).unwrap();
            replace(&path, b"new").unwrap();
            assert_eq!((mode(&path), fs::read(&path).unwrap()), (bits, b"new".to_vec()));
        }
    }

    #[test]
    fn a_new_file_has_the_mode_that_any_new_file_has() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, usual) = (folder.path().join("a"), folder.path().join("b"));
        replace(&ours, b"x").unwrap();
        fs::write(&usual, "x").unwrap();
        assert_eq!(mode(&ours), mode(&usual));
    }

    #[test]
    fn nothing_is_left_beside_the_file() {
        let folder = tempfile::tempdir().unwrap();
        replace(&folder.path().join("f"), b"x").unwrap();
        assert!(replace(&folder.path().join("no/f"), b"x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn links_stay_links() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("f"), folder.path().join("l"));
        std::os::unix::fs::symlink("f", &link).unwrap();
        for text in ["made through the link", "replaced through the link"] {
            replace(&link, text.as_bytes()).unwrap();
            assert!(link.is_symlink());
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
    }

    #[test]
    fn devices_are_written_to_and_folders_are_not() {
        replace(Path::new("/dev/null"), b"x").unwrap();
        assert!(!Path::new("/dev/null").is_file());
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(replace(folder.path(), b"x").unwrap_err().kind(), ErrorKind::IsADirectory);
    }
}
