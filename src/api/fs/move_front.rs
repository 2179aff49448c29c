//! A file that another program adds to loses its beginning to a second file, and nothing else.

use std::fs::File;
use std::io::{Error as IoError, ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, fallocate};
use rhai::plugin::export_module;
use rhai::{ImmutableString, NativeCallContext};

use super::{WriteFiles, failed};
use crate::api::Fallible;
use crate::api::host_context::allow;
use crate::error::{Error, code};

/// How much of a file can be cut off: whole blocks, and never all of it.
fn whole_blocks(size: u64, block: u64) -> u64 {
    let block = block.max(1);
    size.saturating_sub(1) / block * block
}

/// Copies the first bytes of a file to a new one, down to the disk.
fn copy_front(file: &mut File, to: &str, length: u64) -> std::io::Result<()> {
    // Nobody may read more of it than of the file itself, not even while it is made.
    let mut copy = File::options().write(true).create_new(true).mode(0o600).open(to)?;
    let permissions = file.metadata()?.permissions();
    let copied = std::io::copy(&mut file.take(length), &mut copy).and_then(|copied| {
        if copied < length {
            return Err(IoError::new(ErrorKind::UnexpectedEof, "somebody else has shortened it meanwhile"));
        }
        copy.set_permissions(permissions)?;
        copy.sync_all()
    });
    if copied.is_err() {
        let _ = std::fs::remove_file(to);
    }
    copied
}

#[export_module(manifest)]
pub(super) mod move_functions {
    /// Moves the beginning of a growing file to a new file, and returns the bytes moved.
    ///
    /// Nothing that is written meanwhile is lost: the beginning is copied, and then cut off in one step. That can be done with
    /// whole blocks, so up to a block (4 KiB mostly) stays, and the last line of the new file goes on in the old one. 0 where
    /// the file is no longer than that: then there is no new file.
    ///
    /// The other program has to write to the end of the file (`append="on"` in libvirt's XML).
    ///
    /// Errors: `unsupported` where the file system cannot (ext4 and XFS can); `io` where the new file exists or a file cannot be
    /// read or written: the old file is then as it was. `denied` with `--deny write`.
    ///
    /// ```rhai
    /// let folder = fs::temp_dir();
    /// let log = fs::join(folder, "console.log");
    /// fs::write(log, "started\n");
    /// print(fs::move_front(log, log + ".1"));
    /// fs::remove_all(folder);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn move_front(
        context: NativeCallContext,
        path: ImmutableString,
        to: ImmutableString,
    ) -> Fallible<i64> {
        allow(&context, WriteFiles, "fs::move_front", &path)?;
        let of_file = |error: IoError| failed("fs.move_front", &path, &error);
        let mut file = File::options().read(true).write(true).open(path.as_str()).map_err(of_file)?;
        let found = file.metadata().map_err(of_file)?;
        let length = whole_blocks(found.size(), found.blksize());
        if length == 0 {
            return Ok(0);
        }
        copy_front(&mut file, &to, length).map_err(|error| failed("fs.move_front", &to, &error))?;
        let cut = fallocate(&file, FallocateFlags::FALLOC_FL_COLLAPSE_RANGE, 0, length as i64);
        let Err(refused) = cut else { return Ok(length as i64) };
        let _ = std::fs::remove_file(to.as_str());
        if [Errno::EOPNOTSUPP, Errno::ENOSYS, Errno::EINVAL].contains(&refused) {
            let why = format!("the file system of {path} cannot cut off the beginning of a file");
            let error = Error::new(code::UNSUPPORTED, why).operation("fs.move_front").object(path.as_str());
            return Err(error.hint("ext4 and XFS can").into());
        }
        Err(of_file(refused.into()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_blocks_go_and_something_stays() {
        let sizes = [0, 1, 4096, 4097, 8192, 8193, 10_000];
        assert_eq!(sizes.map(|size| whole_blocks(size, 4096)), [0, 0, 0, 4096, 4096, 8192, 8192]);
    }

    #[test]
    fn the_beginning_is_copied_or_there_is_no_copy() {
        let folder = tempfile::tempdir().unwrap();
        let [log, to] = ["log", "to"].map(|name| folder.path().join(name).to_str().unwrap().to_owned());
        std::fs::write(&log, "0123456789").unwrap();
        copy_front(&mut File::open(&log).unwrap(), &to, 4).unwrap();
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "0123");
        assert!(copy_front(&mut File::open(&log).unwrap(), &to, 4).is_err(), "it exists");
        std::fs::remove_file(&to).unwrap();
        assert!(copy_front(&mut File::open(&log).unwrap(), &to, 40).is_err());
        assert!(!std::path::Path::new(&to).exists());
    }
}
