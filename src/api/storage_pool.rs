//! Storage pools: properties here; finding, lifecycle and their volumes in the folder.
//!
//! A property always asks libvirt, so its value is never stale. Sizes are in bytes.

mod definition;
mod description;
mod finders;
mod lifecycle;
mod options;
mod sources;
#[cfg(test)]
mod tests;
mod volumes;

use rhai::Map;
use rhai::plugin::{Dynamic, ImmutableString, export_module};

use super::{Fallible, words};
use crate::lang::natives::Natives;
use crate::lang::options::OptionTable;
use crate::libvirt::{Connection, StoragePool};

pub(super) use finders::find;
pub(super) use volumes::volume_of;

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    super::handle::register::<virt::storage_pool::StoragePool>(natives, "StoragePool");
    natives.global(&pool_properties::RHAI_MANIFEST);
    finders::register(natives);
    lifecycle::register(natives);
    definition::register(natives);
    sources::register(natives);
    volumes::register(natives);
}

/// The option tables of this folder.
pub(super) fn options() -> impl Iterator<Item = &'static OptionTable> {
    [finders::OPTIONS, lifecycle::OPTIONS, definition::OPTIONS, sources::OPTIONS, volumes::OPTIONS]
        .concat()
        .into_iter()
}

/// Bytes as scripts count them.
pub(super) fn bytes(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn state(number: u32) -> ImmutableString {
    words::word(words::POOL_STATES, number as i32).as_ref().into()
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod pool_properties {
    /// The name of the pool (`virStoragePoolGetName`).
    ///
    /// ```rhai
    /// print(pools()[0].name)
    /// ```
    #[rhai_fn(get = "name", return_raw, pure)]
    pub fn get_name(pool: &mut StoragePool) -> Fallible<String> {
        Ok(pool.name()?)
    }

    /// The UUID of the pool (`virStoragePoolGetUUIDString`).
    ///
    /// ```rhai
    /// print(pools()[0].uuid)
    /// ```
    #[rhai_fn(get = "uuid", pure)]
    pub fn get_uuid(pool: &mut StoragePool) -> String {
        pool.key().to_string()
    }

    /// The state of the pool as a word, such as `running` (`virStoragePoolGetInfo`).
    ///
    /// One of inactive, building, running, degraded, inaccessible.
    ///
    /// ```rhai
    /// print(pools()[0].state)
    /// ```
    #[rhai_fn(get = "state", return_raw, pure)]
    pub fn get_state(pool: &mut StoragePool) -> Fallible<ImmutableString> {
        Ok(state(pool.info()?.state))
    }

    /// Whether the pool runs: its volumes can be seen and used (`virStoragePoolIsActive`).
    ///
    /// ```rhai
    /// print(pools()[0].active)
    /// ```
    #[rhai_fn(get = "active", return_raw, pure)]
    pub fn get_active(pool: &mut StoragePool) -> Fallible<bool> {
        Ok(pool.is_active()?)
    }

    /// Whether the pool has a stored definition (`virStoragePoolIsPersistent`).
    ///
    /// ```rhai
    /// print(pools()[0].persistent)
    /// ```
    #[rhai_fn(get = "persistent", return_raw, pure)]
    pub fn get_persistent(pool: &mut StoragePool) -> Fallible<bool> {
        Ok(pool.is_persistent()?)
    }

    /// Whether the pool starts with the host (`virStoragePoolGetAutostart`).
    ///
    /// ```rhai
    /// print(pools()[0].autostart)
    /// ```
    #[rhai_fn(get = "autostart", return_raw, pure)]
    pub fn get_autostart(pool: &mut StoragePool) -> Fallible<bool> {
        Ok(pool.autostart()?)
    }

    /// Sets whether the pool starts with the host (`virStoragePoolSetAutostart`).
    ///
    /// Errors: `internal_error` for a pool without a stored definition.
    ///
    /// ```rhai
    /// let pool = pool("default-pool");
    /// pool.autostart = true;
    /// ```
    #[rhai_fn(set = "autostart", name = "set_autostart", return_raw)]
    pub fn set_autostart(pool: &mut StoragePool, on: bool) -> Fallible<()> {
        Ok(pool.set_autostart(on)?)
    }

    /// How much fits into the pool, in bytes (`virStoragePoolGetInfo`).
    ///
    /// For a pool that does not run it is what was known last, or 0.
    ///
    /// ```rhai
    /// print(pools()[0].capacity / gib(1))
    /// ```
    #[rhai_fn(get = "capacity", return_raw, pure)]
    pub fn get_capacity(pool: &mut StoragePool) -> Fallible<i64> {
        Ok(bytes(pool.info()?.capacity))
    }

    /// How much of the pool is in use, in bytes (`virStoragePoolGetInfo`).
    ///
    /// For a pool that does not run it is what was known last, or 0.
    ///
    /// ```rhai
    /// print(pools()[0].allocation / gib(1))
    /// ```
    #[rhai_fn(get = "allocation", return_raw, pure)]
    pub fn get_allocation(pool: &mut StoragePool) -> Fallible<i64> {
        Ok(bytes(pool.info()?.allocation))
    }

    /// How much of the pool is free, in bytes (`virStoragePoolGetInfo`).
    ///
    /// For a pool that does not run it is what was known last, or 0.
    ///
    /// ```rhai
    /// print(pools()[0].available / gib(1))
    /// ```
    #[rhai_fn(get = "available", return_raw, pure)]
    pub fn get_available(pool: &mut StoragePool) -> Fallible<i64> {
        Ok(bytes(pool.info()?.available))
    }

    /// State and sizes of the pool in one call (`virStoragePoolGetInfo`).
    ///
    /// A map with `state` (a word), `capacity`, `allocation` and `available` (bytes).
    ///
    /// ```rhai
    /// let info = pools()[0].info();
    /// print(info.allocation * 100 / info.capacity)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn info(pool: &mut StoragePool) -> Fallible<Map> {
        let info = pool.info()?;
        Ok(Map::from([
            ("state".into(), state(info.state).into()),
            ("capacity".into(), Dynamic::from_int(bytes(info.capacity))),
            ("allocation".into(), Dynamic::from_int(bytes(info.allocation))),
            ("available".into(), Dynamic::from_int(bytes(info.available))),
        ]))
    }

    /// How many volumes the pool holds (`virStoragePoolNumOfVolumes`).
    ///
    /// Errors: `operation_invalid` when it does not run.
    ///
    /// ```rhai
    /// print(pools()[0].num_of_volumes)
    /// ```
    #[rhai_fn(get = "num_of_volumes", return_raw, pure)]
    pub fn get_num_of_volumes(pool: &mut StoragePool) -> Fallible<i64> {
        Ok(i64::from(pool.num_of_volumes()?))
    }

    /// The connection that the pool belongs to.
    ///
    /// ```rhai
    /// print(pools()[0].connection().uri())
    /// ```
    #[rhai_fn(pure)]
    pub fn connection(pool: &mut StoragePool) -> Connection {
        StoragePool::connection(pool).clone()
    }
}
