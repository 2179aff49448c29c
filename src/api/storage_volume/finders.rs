//! Finding volumes on a connection.

use rhai::plugin::{Dynamic, export_module};

use crate::api::{Fallible, names, storage_pool};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::suggest::nearest;
use crate::libvirt::{Connection, StorageVolume, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&volume_finders::RHAI_MANIFEST);
}

/// Finds a volume by path or by libvirt's key, in whatever pool.
fn find(connection: &Connection, wanted: &str) -> Result<StorageVolume> {
    connection
        .volume_by_path(wanted)
        .or_else(|error| match error.code() {
            // A key need not be a path: that of a logical volume is its UUID.
            "no_storage_vol" => connection.volume_by_key(wanted),
            _ => Err(error),
        })
        .map_err(|error| match error.code() {
            "no_storage_vol" => suggest(connection, error, wanted),
            _ => error,
        })
}

/// Adds what may have been meant: the volume of this name in its pool, or the nearest key.
fn suggest(connection: &Connection, error: Error, wanted: &str) -> Error {
    // What cannot be listed now is left out: the error that counts is the first one.
    let pools = connection.pools(sys::VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE).unwrap_or_default();
    let mut keys = Vec::new();
    for pool in &pools {
        for volume in pool.volumes().unwrap_or_default() {
            if volume.name() == wanted {
                let hint = format!("did you mean volume({:?}, {wanted:?})?", pool.label());
                return error.replace_hint(hint);
            }
            keys.extend(volume.volume_key());
        }
    }
    match nearest(wanted, keys.iter().map(String::as_str)) {
        Some(near) => error.replace_hint(format!("did you mean {near:?}?")),
        None => error,
    }
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod volume_finders {
    /// A volume by path or by libvirt's key (`virStorageVolLookupByPath`, `virStorageVolLookupByKey`).
    ///
    /// All pools that run are searched; where two show the same file, it is the volume of either.
    ///
    /// Errors: `no_storage_vol`, with the nearest one as a hint.
    ///
    /// ```rhai
    /// let made = pool("default-pool").create_volume(#{ name: "by-path", capacity: "1MiB" });
    /// print(conn().volume(made.path).name);
    /// made.delete();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn volume(connection: &mut Connection, path: Dynamic) -> Fallible<StorageVolume> {
        Ok(find(connection, &names::text("volume", "a path or a key", &path)?)?)
    }

    /// A volume by its pool and its name in it (`virStorageVolLookupByName`).
    ///
    /// The pool is one, or its name or UUID.
    ///
    /// Errors: `no_storage_pool` and `no_storage_vol`, with the nearest name as a hint;
    /// `operation_invalid` when the pool does not run.
    ///
    /// ```rhai
    /// pool("default-pool").create_volume(#{ name: "by-name", capacity: "1MiB" });
    /// conn().volume("default-pool", "by-name").delete();
    /// ```
    #[rhai_fn(name = "volume", return_raw, pure)]
    pub fn volume_in_pool(
        connection: &mut Connection,
        pool: Dynamic,
        name: Dynamic,
    ) -> Fallible<StorageVolume> {
        let pool = storage_pool::find(connection, &pool)?;
        Ok(storage_pool::volume_of(&pool, &names::text("volume", "the name of a volume", &name)?)?)
    }
}
