//! Writing a file so that a reader sees either the old or the new contents.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use crate::replacement::Replacement;

/// Replaces the contents of a file, see [`Replacement`]. Devices and pipes are simply written to.
pub(in crate::api) fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    match Replacement::begin(path)? {
        Some(mut new) => {
            new.file().write_all(contents)?;
            new.commit()
        }
        None => OpenOptions::new().write(true).open(path)?.write_all(contents),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::io::ErrorKind;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

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
