//! The module `fs`: files and folders.
//!
//! Paths are texts, relative ones start at the current folder. Texts are UTF-8; other contents are
//! read and written as blobs. Everything that writes asks the session's permissions first (`--deny
//! write`). Names that are not UTF-8 are shown with replacement characters and cannot be opened.

mod digest;
mod glob;
mod lock;
mod move_front;
pub(super) mod replace;
mod slurp;
mod status;

use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::SystemTime;

use rhai::plugin::export_module;
use rhai::{Array, Blob, Dynamic, ImmutableString, NativeCallContext};

use super::Fallible;
use super::host_context::{allow, interrupted};
use super::permissions::Permission::Write as WriteFiles;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::units;

/// Registers the module.
pub(super) fn register(natives: &mut Natives) {
    let parts = [
        &file_functions::RHAI_MANIFEST,
        &digest::digest_functions::RHAI_MANIFEST,
        &lock::lock_functions::RHAI_MANIFEST,
        &status::status_functions::RHAI_MANIFEST,
        &move_front::move_functions::RHAI_MANIFEST,
    ];
    natives.namespace("fs", &parts);
}

/// Words a failure: what was done to which file, and what may help.
fn failed(operation: &'static str, path: &str, error: &std::io::Error) -> Error {
    let hint = match error.kind() {
        ErrorKind::NotFound => {
            Some("see whether the path is right; relative paths start at the current folder")
        }
        ErrorKind::PermissionDenied => Some("the user that runs the script has no permission"),
        ErrorKind::InvalidData => Some("the file is no UTF-8 text: read it with fs::read_blob"),
        ErrorKind::DirectoryNotEmpty => Some("remove a folder with its contents with fs::remove_all"),
        _ => None,
    };
    let error = Error::io(path, error).operation(operation);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// Reads a file.
fn bytes(call: &NativeCallContext, path: &str) -> Result<Vec<u8>> {
    slurp::slurp(path, |error| failed("fs.read", path, error), || interrupted(call))
}

/// Reads a file of UTF-8 text.
fn text(call: &NativeCallContext, path: &str) -> Result<String> {
    String::from_utf8(bytes(call, path)?)
        .map_err(|error| failed("fs.read", path, &std::io::Error::new(ErrorKind::InvalidData, error)))
}

/// Returns what a script gives for contents as bytes.
fn contents(value: &Dynamic) -> Result<Vec<u8>> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(text.as_bytes().to_vec());
    }
    match value.read_lock::<Blob>() {
        Some(blob) => Ok(blob.to_vec()),
        None => Err(Error::usage(format!(
            "the contents of a file are a text or a blob, not {}",
            value.type_name()
        ))
        .hint("turn the value into a text first, for example with json::to_string")),
    }
}

fn moment(time: SystemTime) -> Result<String> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    units::from_unix(since.as_secs() as f64).map(units::time_text)
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Files and folders.
#[export_module(manifest)]
pub mod file_functions {
    /// Reads a text file.
    ///
    /// Errors: `io` for a file that cannot be read or is no UTF-8.
    ///
    /// ```rhai
    /// print(fs::read("/proc/sys/kernel/ostype"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn read(context: NativeCallContext, path: ImmutableString) -> Fallible<String> {
        Ok(text(&context, &path)?)
    }

    /// Reads a text file as an array of lines, without their line ends.
    ///
    /// Errors: `io` for a file that cannot be read or is no UTF-8.
    ///
    /// @returns [String]
    ///
    /// ```rhai
    /// for line in fs::read_lines("/proc/mounts") { print(line); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn read_lines(context: NativeCallContext, path: ImmutableString) -> Fallible<Array> {
        Ok(text(&context, &path)?.lines().map(|line| line.to_owned().into()).collect())
    }

    /// Reads any file as a blob.
    ///
    /// Errors: `io` for a file that cannot be read.
    ///
    /// ```rhai
    /// print(fs::read_blob("/proc/sys/kernel/ostype").len());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn read_blob(context: NativeCallContext, path: ImmutableString) -> Fallible<Blob> {
        Ok(bytes(&context, &path)?)
    }

    /// Writes a text or a blob to a file, made new or replaced.
    ///
    /// A reader sees either the old or the new contents: they are written beside the file, brought to the disk
    /// and renamed. The mode of an existing file stays, and a symbolic link stays a link.
    ///
    /// Errors: `io` where it cannot be written; `denied` with `--deny write`; `usage` for other contents.
    ///
    /// ```rhai
    /// let folder = fs::temp_dir();
    /// fs::write(fs::join(folder, "guests.txt"), "web1\n");
    /// fs::remove_all(folder);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn write(context: NativeCallContext, path: ImmutableString, contents: Dynamic) -> Fallible<()> {
        allow(&context, WriteFiles, "fs::write", &path)?;
        let contents = super::contents(&contents)?;
        Ok(replace::replace(Path::new(path.as_str()), &contents)
            .map_err(|error| failed("fs.write", &path, &error))?)
    }

    /// Adds a text or a blob to the end of a file, which is made where there is none.
    ///
    /// Errors: `io` where it cannot be written; `denied` with `--deny write`; `usage` for other contents.
    ///
    /// ```rhai
    /// let log = fs::temp_file();
    /// fs::append(log, "started\n");
    /// fs::remove(log);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn append(context: NativeCallContext, path: ImmutableString, contents: Dynamic) -> Fallible<()> {
        allow(&context, WriteFiles, "fs::append", &path)?;
        let contents = super::contents(&contents)?;
        let file = std::fs::OpenOptions::new().append(true).create(true).open(path.as_str());
        let written = file.and_then(|mut file| file.write_all(&contents));
        Ok(written.map_err(|error| failed("fs.append", &path, &error))?)
    }

    /// True where there is something at the path; a link to nothing counts as nothing.
    ///
    /// ```rhai
    /// print(fs::exists("/etc/libvirt"));
    /// ```
    pub fn exists(path: ImmutableString) -> bool {
        Path::new(path.as_str()).exists()
    }

    /// True where there is a regular file, or a link to one.
    ///
    /// ```rhai
    /// print(fs::is_file("/etc/passwd"));
    /// ```
    pub fn is_file(path: ImmutableString) -> bool {
        Path::new(path.as_str()).is_file()
    }

    /// True where there is a block device, or a link to one.
    ///
    /// ```rhai
    /// print(fs::is_block_device("/dev/null"));
    /// ```
    pub fn is_block_device(path: ImmutableString) -> bool {
        use std::os::unix::fs::FileTypeExt;
        std::fs::metadata(path.as_str()).is_ok_and(|data| data.file_type().is_block_device())
    }

    /// True where there is a folder, or a link to one.
    ///
    /// ```rhai
    /// print(fs::is_dir("/etc"));
    /// ```
    pub fn is_dir(path: ImmutableString) -> bool {
        Path::new(path.as_str()).is_dir()
    }

    /// The names in a folder in alphabetical order, hidden ones included.
    ///
    /// Errors: `io` for a folder that cannot be read.
    ///
    /// @returns [String]
    ///
    /// ```rhai
    /// print(fs::list("/etc/ssl"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn list(path: ImmutableString) -> Fallible<Array> {
        let entries = std::fs::read_dir(path.as_str()).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        let entries = entries.map_err(|error| failed("fs.list", &path, &error))?;
        let mut names: Vec<_> = entries.iter().map(std::fs::DirEntry::file_name).collect();
        names.sort();
        Ok(names.iter().map(|name| shown(Path::new(name)).into()).collect())
    }

    /// The paths that a pattern matches, in alphabetical order.
    ///
    /// `*` and `?` stay within a name, `**` crosses folders, `{a,b}` and `[a-z]` are alternatives. Nothing found
    /// is an empty array; folders that cannot be read are passed over.
    ///
    /// Errors: `usage` for what is no pattern.
    ///
    /// @returns [String]
    ///
    /// ```rhai
    /// print(fs::glob("/etc/*.conf"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn glob(pattern: ImmutableString) -> Fallible<Array> {
        Ok(super::glob::glob(&pattern)?.iter().map(|path| shown(path).into()).collect())
    }

    /// Makes a folder and the folders above it; one that exists is left as it is.
    ///
    /// Errors: `io` where it cannot be made; `denied` with `--deny write`.
    ///
    /// ```rhai
    /// let folder = fs::temp_dir();
    /// fs::mkdir(fs::join(folder, "a/b"));
    /// fs::remove_all(folder);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn mkdir(context: NativeCallContext, path: ImmutableString) -> Fallible<()> {
        allow(&context, WriteFiles, "fs::mkdir", &path)?;
        Ok(std::fs::create_dir_all(path.as_str()).map_err(|error| failed("fs.mkdir", &path, &error))?)
    }

    /// Removes a file, a link or an empty folder.
    ///
    /// Errors: `io` where it cannot be removed, for example because it is not there or not empty; `denied` with
    /// `--deny write`.
    ///
    /// ```rhai
    /// fs::remove(fs::temp_file());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn remove(context: NativeCallContext, path: ImmutableString) -> Fallible<()> {
        allow(&context, WriteFiles, "fs::remove", &path)?;
        let is_folder = std::fs::symlink_metadata(path.as_str()).map(|found| found.is_dir());
        let removed = is_folder.and_then(|is_folder| {
            let path = path.as_str();
            if is_folder { std::fs::remove_dir(path) } else { std::fs::remove_file(path) }
        });
        Ok(removed.map_err(|error| failed("fs.remove", &path, &error))?)
    }

    /// Removes a folder with everything in it; links in it are removed, not followed.
    ///
    /// Errors: `io` where something cannot be removed; `denied` with `--deny write`; `usage` for `/`.
    ///
    /// ```rhai
    /// fs::remove_all(fs::temp_dir());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn remove_all(context: NativeCallContext, path: ImmutableString) -> Fallible<()> {
        allow(&context, WriteFiles, "fs::remove_all", &path)?;
        let failed = |error| failed("fs.remove_all", &path, &error);
        let whole = std::fs::canonicalize(path.as_str()).map_err(failed)?;
        if whole.parent().is_none() {
            return Err(Error::usage("the whole file system is not removed")
                .operation("fs.remove_all")
                .into());
        }
        Ok(std::fs::remove_dir_all(path.as_str()).map_err(failed)?)
    }

    /// Renames a file or folder within a file system, replacing a file of the new name.
    ///
    /// Errors: `io` where it cannot be renamed; `denied` with `--deny write`.
    ///
    /// ```rhai
    /// let old = fs::temp_file();
    /// fs::rename(old, old + ".done");
    /// fs::remove(old + ".done");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn rename(context: NativeCallContext, from: ImmutableString, to: ImmutableString) -> Fallible<()> {
        allow(&context, WriteFiles, "fs::rename", &from)?;
        Ok(std::fs::rename(from.as_str(), to.as_str()).map_err(|error| failed("fs.rename", &from, &error))?)
    }

    /// Copies a file with its mode, replacing a file of that name, and returns the bytes copied.
    ///
    /// Errors: `io` where it cannot be copied; `denied` with `--deny write`.
    ///
    /// ```rhai
    /// let file = fs::temp_file();
    /// fs::copy(file, file + ".bak");
    /// fs::remove(file + ".bak");
    /// fs::remove(file);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn copy(context: NativeCallContext, from: ImmutableString, to: ImmutableString) -> Fallible<i64> {
        allow(&context, WriteFiles, "fs::copy", &to)?;
        let copied = std::fs::copy(from.as_str(), to.as_str());
        Ok(copied.map_err(|error| failed("fs.copy", &format!("{from} to {to}"), &error))? as i64)
    }

    /// The size of a file in bytes.
    ///
    /// Errors: `io` where there is none, or it cannot be looked at.
    ///
    /// ```rhai
    /// print(size_text(fs::size("/etc/passwd")));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn size(path: ImmutableString) -> Fallible<i64> {
        Ok(std::fs::metadata(path.as_str()).map_err(|error| failed("fs.size", &path, &error))?.len() as i64)
    }

    /// When a file was last written, as RFC 3339 to the second.
    ///
    /// Errors: `io` where there is none, or it cannot be looked at.
    ///
    /// ```rhai
    /// print(fs::modified("/etc/passwd"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn modified(path: ImmutableString) -> Fallible<String> {
        let time = std::fs::metadata(path.as_str()).and_then(|found| found.modified());
        Ok(moment(time.map_err(|error| failed("fs.modified", &path, &error))?)?)
    }

    /// Makes an empty folder that only its owner can enter, and returns its path.
    ///
    /// It lies in `$TMPDIR` or `/tmp`, and the script removes it.
    ///
    /// Errors: `io` where it cannot be made; `denied` with `--deny write`.
    ///
    /// ```rhai
    /// let folder = fs::temp_dir();
    /// fs::remove_all(folder);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn temp_dir(context: NativeCallContext) -> Fallible<String> {
        allow(&context, WriteFiles, "fs::temp_dir", "")?;
        let folder = tempfile::Builder::new()
            .prefix("virhai-")
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir();
        let folder = folder.map_err(|error| failed("fs.temp_dir", &shown(&std::env::temp_dir()), &error))?;
        Ok(shown(&folder.keep()))
    }

    /// Makes an empty file that only its owner can read and write, and returns its path.
    ///
    /// It lies in `$TMPDIR` or `/tmp`, and the script removes it.
    ///
    /// Errors: `io` where it cannot be made; `denied` with `--deny write`.
    ///
    /// ```rhai
    /// let file = fs::temp_file();
    /// fs::remove(file);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn temp_file(context: NativeCallContext) -> Fallible<String> {
        temp_file_named(context, "virhai-".into(), "".into())
    }

    /// Makes such a file whose name begins and ends like this.
    ///
    /// Errors: as with generated names.
    ///
    /// ```rhai
    /// let file = fs::temp_file("web1-", ".xml");
    /// fs::remove(file);
    /// ```
    #[rhai_fn(name = "temp_file", return_raw)]
    pub fn temp_file_named(
        context: NativeCallContext,
        prefix: ImmutableString,
        suffix: ImmutableString,
    ) -> Fallible<String> {
        allow(&context, WriteFiles, "fs::temp_file", "")?;
        let file = tempfile::Builder::new().prefix(prefix.as_str()).suffix(suffix.as_str()).tempfile();
        let kept = file.and_then(|file| file.keep().map_err(|error| error.error));
        let (_, path) =
            kept.map_err(|error| failed("fs.temp_file", &shown(&std::env::temp_dir()), &error))?;
        Ok(shown(&path))
    }

    /// Joins a folder and a name; a name that starts with `/` stands alone.
    ///
    /// ```rhai
    /// print(fs::join("/var/lib", "libvirt/images"));
    /// ```
    pub fn join(folder: ImmutableString, name: ImmutableString) -> String {
        shown(&Path::new(folder.as_str()).join(name.as_str()))
    }

    /// The last part of a path, or `""` where there is none.
    ///
    /// ```rhai
    /// print(fs::base_name("/var/lib/libvirt/images/web1.qcow2"));
    /// ```
    pub fn base_name(path: ImmutableString) -> String {
        Path::new(path.as_str()).file_name().map_or(String::new(), |name| shown(Path::new(name)))
    }

    /// The path without its last part, or `""` where nothing is left.
    ///
    /// ```rhai
    /// print(fs::parent("/var/lib/libvirt"));
    /// ```
    pub fn parent(path: ImmutableString) -> String {
        Path::new(path.as_str()).parent().map_or(String::new(), shown)
    }

    /// What follows the last dot of the name, without the dot, or `""`.
    ///
    /// ```rhai
    /// print(fs::extension("web1.qcow2"));
    /// ```
    pub fn extension(path: ImmutableString) -> String {
        Path::new(path.as_str()).extension().map_or(String::new(), |name| shown(Path::new(name)))
    }

    /// The path from `/` on, with links, `.` and `..` resolved.
    ///
    /// Errors: `io` where there is nothing at the path.
    ///
    /// ```rhai
    /// print(fs::absolute("."));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn absolute(path: ImmutableString) -> Fallible<String> {
        let whole = std::fs::canonicalize(path.as_str());
        Ok(shown(&whole.map_err(|error| failed("fs.absolute", &path, &error))?))
    }
}

#[cfg(test)]
mod tests;
