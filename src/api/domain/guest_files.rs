//! Files in a guest: read, written and carried over by its agent.

use std::fs::{File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rhai::plugin::{Dynamic, ImmutableString, NativeCallContext, export_module};
use rhai::{Blob, Map};

use crate::api::Fallible;
use crate::api::host_context::allow;
use crate::api::os::bytes;
use crate::api::permissions::Permission;
use crate::api::subject::of;
use crate::error::{Error, Result, code};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, boolean};
use crate::libvirt::{Domain, GuestFileMode};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_files::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&WRITE];

static WRITE: OptionTable = OptionTable {
    function: "Domain.file_write",
    options: &[boolean("append", "Writes at the end of the file instead of replacing it.")],
};

/// Bytes that are read from a local file at once.
const PIECE: usize = 512 * 1024;
/// The mode of a new file before the umask.
const NEW_FILE: u32 = 0o666;

fn push_file(vm: &Domain, local: &str, remote: &str) -> Result<i64> {
    let failed = |error: std::io::Error| Error::io(local, &error).operation("domain.push");
    let mut from = File::open(local).map_err(failed)?;
    if from.metadata().map_err(failed)?.is_dir() {
        return Err(failed(std::io::ErrorKind::IsADirectory.into()));
    }
    let mut to = vm.file_open(remote, GuestFileMode::Write)?;
    let mut piece = vec![0; PIECE];
    let mut sum = 0;
    loop {
        let count = from.read(&mut piece).map_err(failed)?;
        if count == 0 {
            break;
        }
        to.write(&piece[..count])?;
        sum += count as i64;
    }
    to.close()?;
    Ok(sum)
}

/// Fills a temporary file beside the local one and renames it: a reader sees the old or the new content.
fn pull_file(vm: &Domain, remote: &str, local: &str) -> Result<i64> {
    let failed = |error: std::io::Error| Error::io(local, &error).operation("domain.pull");
    let target = Path::new(local);
    if target.is_dir() {
        let error = failed(std::io::ErrorKind::IsADirectory.into());
        return Err(error.hint("give the name of the file, not of the folder it goes to"));
    }
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut from = vm.file_open(remote, GuestFileMode::Read)?;
    let mut to = tempfile::Builder::new()
        .prefix(".virhai-")
        .permissions(Permissions::from_mode(NEW_FILE))
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map_err(failed)?;
    let mut sum = 0;
    while let Some(piece) = from.read()? {
        to.write_all(&piece).map_err(failed)?;
        sum += piece.len() as i64;
    }
    from.close()?;
    to.as_file().sync_all().map_err(failed)?;
    to.persist(target).map_err(|error| failed(error.error))?;
    Ok(sum)
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod domain_files {
    /// Reads a text file in the guest (agent commands `guest-file-*`).
    ///
    /// Errors: `io` for a file that cannot be read or is no UTF-8, `agent_unresponsive` where there is no agent.
    ///
    /// ```rhai
    /// try { print(domain("test").file_read("/etc/os-release")) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn file_read(vm: &mut Domain, path: ImmutableString) -> Fallible<String> {
        let content = vm.file_read(&path)?;
        Ok(String::from_utf8(content).map_err(|_| {
            Error::new(code::IO, format!("{path} in {} is no UTF-8", vm.label()))
                .operation("domain.file_read")
                .object(vm.label())
                .hint("file_read_blob reads any file")
        })?)
    }

    /// Reads any file in the guest as a blob (agent commands `guest-file-*`).
    ///
    /// Errors: `io` for a file that cannot be read, `agent_unresponsive` where there is no agent.
    ///
    /// ```rhai
    /// try { print(domain("test").file_read_blob("/bin/true").len()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn file_read_blob(vm: &mut Domain, path: ImmutableString) -> Fallible<Blob> {
        Ok(vm.file_read(&path)?)
    }

    /// Writes a text or a blob to a file in the guest, which it replaces (agent commands `guest-file-*`).
    ///
    /// Errors: `io` where the guest refuses, `agent_unresponsive` where there is no agent.
    ///
    /// ```rhai
    /// try { domain("test").file_write("/etc/motd", "hello\n") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn file_write(vm: &mut Domain, path: ImmutableString, contents: Dynamic) -> Fallible<()> {
        Ok(vm.file_write(
            &path,
            &bytes(&contents).map_err(of("domain.file_write", vm))?,
            GuestFileMode::Write,
        )?)
    }

    /// Writes a text or a blob to a file in the guest, with options (agent commands `guest-file-*`).
    ///
    /// Errors: `io` where the guest refuses, `agent_unresponsive` where there is no agent.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { vm.file_write("/var/log/notes", "done\n", #{ append: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "file_write", return_raw, pure)]
    pub fn file_write_with(
        vm: &mut Domain,
        path: ImmutableString,
        contents: Dynamic,
        options: Map,
    ) -> Fallible<()> {
        let append = WRITE.read(options)?.flag("append");
        let mode = if append { GuestFileMode::Append } else { GuestFileMode::Write };
        Ok(vm.file_write(&path, &bytes(&contents).map_err(of("domain.file_write", vm))?, mode)?)
    }

    /// Copies a file of this machine into the guest and returns its size in bytes.
    ///
    /// The agent writes it (`guest-file-*`), as its own user and with the mode of any new file; the file in
    /// the guest is written where it is.
    ///
    /// Errors: `io` for a file that cannot be read here or written there, `agent_unresponsive` where there
    /// is no agent.
    ///
    /// ```rhai
    /// try { print(domain("test").push("/etc/hostname", "/tmp/hostname")) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn push(vm: &mut Domain, local: ImmutableString, remote: ImmutableString) -> Fallible<i64> {
        Ok(push_file(vm, &local, &remote)?)
    }

    /// Copies a file of the guest to this machine and returns its size in bytes.
    ///
    /// The agent reads it (`guest-file-*`). The local file is replaced when all of it is there.
    ///
    /// Errors: `io` for a file that cannot be read there or written here, `denied` with `--deny write`,
    /// `agent_unresponsive` where there is no agent.
    ///
    /// ```rhai
    /// try { print(domain("test").pull("/etc/hostname", "/tmp/hostname")) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn pull(
        context: NativeCallContext,
        vm: Domain,
        remote: ImmutableString,
        local: ImmutableString,
    ) -> Fallible<i64> {
        allow(&context, Permission::Write, "Domain.pull", &local)?;
        Ok(pull_file(&vm, &remote, &local)?)
    }
}
