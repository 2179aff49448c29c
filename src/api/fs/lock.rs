//! Work that only one process at a time may do.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};

use rhai::plugin::{Dynamic, export_module};
use rhai::{FnPtr, ImmutableString, NativeCallContext};

use super::failed;
use crate::api::Fallible;
use crate::api::host_context::allow;
use crate::api::permissions::Permission::Write as WriteFiles;
use crate::error::{Error, Result};

/// Locks a file, which is made where there is none, until it is closed; notes this process in it.
fn lock(path: &str) -> Result<File> {
    let failed = |error| failed("fs.locked", path, &error);
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(held(path, &mut file)),
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    let noted =
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
    noted.map_err(failed)?;
    Ok(file)
}

fn held(path: &str, file: &mut File) -> Error {
    let mut holder = String::new();
    let is_known = file.read_to_string(&mut holder).is_ok() && holder.trim().parse::<u32>().is_ok();
    let by = if is_known { format!("process {}", holder.trim()) } else { "another process".into() };
    Error::new("resource_busy", format!("{by} has it locked"))
        .operation("fs.locked")
        .object(path)
        .hint("wait for its end; the lock goes with the process that holds it, so nothing is to be removed")
}

/// Work that only one process at a time may do.
#[export_module(manifest)]
pub(super) mod lock_functions {
    /// Runs a closure while this process holds the lock of a file, and returns the closure's value.
    ///
    /// The file is made where there is none and stays. The lock goes with the process, however it ends; on a network file system it
    /// holds between hosts where that file system has locks.
    ///
    /// Errors: `resource_busy` at once where another process, or this one, holds it; `io` for a file that cannot be written; `denied`
    /// with `--deny write`; those of the closure.
    ///
    /// @closure
    ///
    /// ```rhai
    /// let file = fs::temp_file();
    /// print(fs::locked(file, || "nobody else does this now"));
    /// fs::remove(file);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn locked(context: NativeCallContext, path: ImmutableString, closure: FnPtr) -> Fallible<Dynamic> {
        allow(&context, WriteFiles, "fs::locked", &path)?;
        let _held = lock(&path)?;
        closure.call_within_context(&context, ())
    }
}
