//! Building, starting, stopping and deleting storage pools.

use rhai::Map;
use rhai::plugin::export_module;

use crate::api::Fallible;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, OptionTable, flag};
use crate::libvirt::{StoragePool, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&pool_lifecycle::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&BUILD, &START, &DELETE];

static BUILD: OptionTable = OptionTable {
    function: "StoragePool.build",
    options: &[
        flag("overwrite", sys::VIR_STORAGE_POOL_BUILD_OVERWRITE, "Formats it whatever it holds."),
        flag("no_overwrite", sys::VIR_STORAGE_POOL_BUILD_NO_OVERWRITE, "Formats it only if it is empty."),
        flag("repair", sys::VIR_STORAGE_POOL_BUILD_REPAIR, "Repairs or rebuilds it."),
        flag("resize", sys::VIR_STORAGE_POOL_BUILD_RESIZE, "Extends it to the size of its storage."),
    ],
};

/// What builds a pool when it starts; libvirt takes each of the other two for building, too.
pub(super) const WITH_BUILD: &[OptionSpec] = &[
    flag("build", sys::VIR_STORAGE_POOL_CREATE_WITH_BUILD, "Builds it first.").alias("with_build"),
    flag(
        "overwrite",
        sys::VIR_STORAGE_POOL_CREATE_WITH_BUILD_OVERWRITE,
        "Builds it first and formats it whatever it holds.",
    )
    .alias("with_build_overwrite"),
    flag(
        "no_overwrite",
        sys::VIR_STORAGE_POOL_CREATE_WITH_BUILD_NO_OVERWRITE,
        "Builds it first and formats it only if it is empty.",
    )
    .alias("with_build_no_overwrite"),
];

static START: OptionTable = OptionTable { function: "StoragePool.start", options: WITH_BUILD };

static DELETE: OptionTable = OptionTable {
    function: "StoragePool.delete",
    options: &[flag("zeroed", sys::VIR_STORAGE_POOL_DELETE_ZEROED, "Overwrites it with zeros first.")],
};

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod pool_lifecycle {
    /// Prepares the storage of the pool (`virStoragePoolBuild`).
    ///
    /// Makes its folder, partition table, file system or volume group.
    ///
    /// Errors: `operation_invalid` while it runs; `storage_pool_built` and `storage_probe_failed` for a
    /// device that holds something.
    ///
    /// ```rhai
    /// let pool = conn().define_pool(`<pool type="dir"><name>build-me</name>
    ///     <target><path>/srv/build-me</path></target></pool>`);
    /// pool.build();
    /// pool.undefine();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn build(pool: &mut StoragePool) -> Fallible<()> {
        Ok(pool.build(0)?)
    }

    /// Prepares the storage of the pool, with options (`virStoragePoolBuild`).
    ///
    /// Errors: `operation_invalid` while it runs, or where there is nothing to format; `denied` for
    /// `overwrite` under `--deny destroy`; `storage_pool_built` and `storage_probe_failed` for a device
    /// that holds something.
    ///
    /// ```rhai
    /// let pool = conn().define_pool(`<pool type="dir"><name>build-me</name>
    ///     <target><path>/srv/build-me</path></target></pool>`);
    /// try { pool.build(#{ no_overwrite: true }) } catch (e) { print(e.code) }
    /// pool.undefine();
    /// ```
    #[rhai_fn(name = "build", return_raw, pure)]
    pub fn build_with(pool: &mut StoragePool, options: Map) -> Fallible<()> {
        Ok(pool.build(BUILD.read(options)?.flags())?)
    }

    /// Starts the pool and looks for its volumes (`virStoragePoolCreate`).
    ///
    /// Errors: `operation_invalid` when it runs already; `system_error` or `internal_error` where its
    /// storage cannot be reached.
    ///
    /// ```rhai
    /// let pool = conn().define_pool(`<pool type="dir"><name>start-me</name>
    ///     <target><path>/srv/start-me</path></target></pool>`);
    /// pool.start();
    /// pool.destroy();
    /// pool.undefine();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn start(pool: &mut StoragePool) -> Fallible<()> {
        Ok(pool.start(0)?)
    }

    /// Starts the pool with options (`virStoragePoolCreate`).
    ///
    /// Errors: `operation_invalid` when it runs already; `denied` for `overwrite` under `--deny destroy`.
    ///
    /// ```rhai
    /// let pool = conn().define_pool(`<pool type="dir"><name>start-me</name>
    ///     <target><path>/srv/start-me</path></target></pool>`);
    /// try { pool.start(#{ build: true }); pool.destroy() } catch (e) { print(e.code) }
    /// pool.undefine();
    /// ```
    #[rhai_fn(name = "start", return_raw, pure)]
    pub fn start_with(pool: &mut StoragePool, options: Map) -> Fallible<()> {
        Ok(pool.start(START.read(options)?.flags())?)
    }

    /// Stops the pool; what it holds stays where it is (`virStoragePoolDestroy`).
    ///
    /// A pool without a stored definition vanishes.
    ///
    /// Errors: `operation_invalid` when it does not run.
    ///
    /// ```rhai
    /// let pool = conn().create_pool(`<pool type="dir"><name>stop-me</name>
    ///     <target><path>/srv/stop-me</path></target></pool>`);
    /// pool.destroy();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn destroy(pool: &mut StoragePool) -> Fallible<()> {
        Ok(pool.destroy()?)
    }

    /// Deletes the storage behind the pool, such as its folder (`virStoragePoolDelete`).
    ///
    /// Its definition stays.
    ///
    /// Errors: `operation_invalid` while it runs; `system_error` for a folder that is not empty.
    ///
    /// ```rhai
    /// let pool = conn().define_pool(`<pool type="dir"><name>delete-me</name>
    ///     <target><path>/srv/delete-me</path></target></pool>`);
    /// pool.delete();
    /// pool.undefine();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn delete(pool: &mut StoragePool) -> Fallible<()> {
        Ok(pool.delete(0)?)
    }

    /// Deletes the storage behind the pool, with options (`virStoragePoolDelete`).
    ///
    /// Errors: `operation_invalid` while it runs; `invalid_arg` for an option that its kind of pool lacks.
    ///
    /// ```rhai
    /// let pool = conn().define_pool(`<pool type="dir"><name>delete-me</name>
    ///     <target><path>/srv/delete-me</path></target></pool>`);
    /// try { pool.delete(#{ zeroed: true }) } catch (e) { print(e.code) }
    /// pool.undefine();
    /// ```
    #[rhai_fn(name = "delete", return_raw, pure)]
    pub fn delete_with(pool: &mut StoragePool, options: Map) -> Fallible<()> {
        Ok(pool.delete(DELETE.read(options)?.flags())?)
    }

    /// Makes libvirt look for the volumes of the pool again (`virStoragePoolRefresh`).
    ///
    /// Needed where something else than libvirt made or removed files.
    ///
    /// Errors: `operation_invalid` when it does not run.
    ///
    /// ```rhai
    /// pool("default-pool").refresh();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn refresh(pool: &mut StoragePool) -> Fallible<()> {
        Ok(pool.refresh()?)
    }
}
