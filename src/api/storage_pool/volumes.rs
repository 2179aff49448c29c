//! The volumes of a storage pool: listing, creating and cloning.

use rhai::plugin::{Dynamic, ImmutableString, export_module};
use rhai::{Array, Map};

use super::description;
use super::options::flags_beside_xml;
use crate::api::subject::of;
use crate::api::{Fallible, definition_text, names};
use crate::error::Result;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, Parsed, any, flag, size, text};
use crate::libvirt::{StoragePool, StorageVolume, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&pool_volumes::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&VOLUMES, &CREATE, &CLONE];

static VOLUMES: OptionTable = OptionTable {
    function: "StoragePool.volumes",
    options: &[text("name", "Only volumes whose name fits this pattern, with `*`, `?` and `[…]`.")],
};

pub(super) static CREATE: OptionTable = OptionTable {
    function: "StoragePool.create_volume",
    options: &[
        text("name", "Its name."),
        size("capacity", "How much a guest may write to it; with a backing volume that one's, if not given."),
        size("allocation", "How much of it takes room at once; without this, all where the format can."),
        text("format", "How it is stored, such as raw or qcow2; without this the pool's usual one."),
        any("backing", "What it is a layer over: a volume, its path, or its name in this pool.")
            .alias("backing_vol"),
        text("backing_format", "How that is stored; without this as its own description says.")
            .alias("backing_vol_format"),
        flag(
            "prealloc_metadata",
            sys::VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA,
            "Writes the tables of a qcow2 volume in advance.",
        ),
        flag(
            "validate",
            sys::VIR_STORAGE_VOL_CREATE_VALIDATE,
            "Checks the XML against libvirt's schema; libvirt 9.0.0 refuses it.",
        ),
    ],
};

pub(super) static CLONE: OptionTable = OptionTable {
    function: "StoragePool.clone_volume",
    options: &[
        text("name", "Its name."),
        size("capacity", "How much a guest may write to it; without this as much as to the first."),
        size("allocation", "How much of it takes room at once; without this as much as of the first."),
        text("format", "How it is stored; without this as the first."),
        flag(
            "prealloc_metadata",
            sys::VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA,
            "Writes the tables of a qcow2 volume in advance.",
        ),
        flag(
            "reflink",
            sys::VIR_STORAGE_VOL_CREATE_REFLINK,
            "Shares the blocks with the first; fails where the file system cannot.",
        ),
        flag(
            "validate",
            sys::VIR_STORAGE_VOL_CREATE_VALIDATE,
            "Checks the XML against libvirt's schema; libvirt 9.0.0 refuses it.",
        ),
    ],
};

fn list(pool: &StoragePool, options: &Parsed) -> Result<Array> {
    names::list(pool.volumes()?, options.get_text("name")?.as_deref())
}

/// Finds a volume by its name in a pool.
pub(in crate::api) fn volume_of(pool: &StoragePool, name: &str) -> Result<StorageVolume> {
    pool.volume(name).map_err(|error| {
        if error.code() != "no_storage_vol" {
            return error;
        }
        let all = || Ok(pool.volumes()?.iter().map(|volume| volume.label().to_owned()).collect());
        names::suggest(error, name, "pool.volumes()", all)
    })
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod pool_volumes {
    /// A volume of the pool by name (`virStorageVolLookupByName`).
    ///
    /// Errors: `no_storage_vol`, with the nearest name as a hint; `operation_invalid` when the pool does
    /// not run.
    ///
    /// ```rhai
    /// let images = pool("default-pool");
    /// images.create_volume(#{ name: "find-me", capacity: "1MiB" });
    /// print(images.volume("find-me").path);
    /// images.volume("find-me").delete();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn volume(pool: &mut StoragePool, name: ImmutableString) -> Fallible<StorageVolume> {
        Ok(volume_of(pool, &name)?)
    }

    /// The volumes of the pool, sorted by name (`virStoragePoolListAllVolumes`).
    ///
    /// Errors: `operation_invalid` when it does not run.
    ///
    /// @returns [StorageVolume]
    ///
    /// ```rhai
    /// for volume in pool("default-pool").volumes() { print(volume.name) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn volumes(pool: &mut StoragePool) -> Fallible<Array> {
        Ok(list(pool, &VOLUMES.read(Map::new())?)?)
    }

    /// The volumes of the pool that fit the options, sorted by name (`virStoragePoolListAllVolumes`).
    ///
    /// Errors: `operation_invalid` when it does not run.
    ///
    /// @returns [StorageVolume]
    ///
    /// ```rhai
    /// for volume in pool("default-pool").volumes(#{ name: "*.qcow2" }) { print(volume.name) }
    /// ```
    #[rhai_fn(name = "volumes", return_raw, pure)]
    pub fn volumes_with(pool: &mut StoragePool, options: Map) -> Fallible<Array> {
        Ok(list(pool, &VOLUMES.read(options)?)?)
    }

    /// Creates a volume in the pool from options: `name`, `capacity` and what else it shall have
    /// (`virStorageVolCreateXML`).
    ///
    /// Sizes are bytes, or texts such as `"10GiB"`.
    ///
    /// Errors: `storage_vol_exist` for a name that is taken, `operation_invalid` when the pool does not
    /// run, `usage` without a name, without a size, or for a backing file of unknown format.
    ///
    /// ```rhai
    /// let images = pool("default-pool");
    /// let volume = images.create_volume(#{ name: "web1.qcow2", capacity: "10GiB", format: "qcow2" });
    /// print(volume.capacity);
    /// volume.delete();
    /// ```
    #[rhai_fn(name = "create_volume", return_raw, pure)]
    pub fn create_volume_from_options(pool: &mut StoragePool, options: Map) -> Fallible<StorageVolume> {
        let options = CREATE.read(options)?;
        let xml = description::of_new(pool, &options)?;
        Ok(pool.create_volume(&xml, options.flags())?)
    }

    /// Creates a volume in the pool from XML, as text or as a document (`virStorageVolCreateXML`).
    ///
    /// Errors: `xml_error` and its relatives for a description that libvirt does not accept,
    /// `storage_vol_exist` for a name that is taken, `operation_invalid` when the pool does not run.
    ///
    /// ```rhai
    /// let volume = pool("default-pool").create_volume(
    ///     `<volume><name>db1.img</name><capacity unit="GiB">1</capacity></volume>`);
    /// print(volume.path);
    /// volume.delete();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn create_volume(pool: &mut StoragePool, description: Dynamic) -> Fallible<StorageVolume> {
        Ok(pool.create_volume(&definition_text(&description).map_err(of("pool.create_volume", pool))?, 0)?)
    }

    /// Creates a volume in the pool from XML, with options (`virStorageVolCreateXML`).
    ///
    /// Errors: `xml_error` and its relatives for a description that libvirt does not accept,
    /// `usage` for options that describe the volume.
    ///
    /// ```rhai
    /// let volume = pool("default-pool").create_volume(
    ///     `<volume><name>db2.img</name><capacity unit="GiB">1</capacity></volume>`, #{ validate: false });
    /// volume.delete();
    /// ```
    #[rhai_fn(name = "create_volume", return_raw, pure)]
    pub fn create_volume_with(
        pool: &mut StoragePool,
        description: Dynamic,
        options: Map,
    ) -> Fallible<StorageVolume> {
        let flags = flags_beside_xml(&CREATE, options)?;
        Ok(pool
            .create_volume(&definition_text(&description).map_err(of("pool.create_volume", pool))?, flags)?)
    }

    /// Creates a volume in the pool that holds what another volume holds (`virStorageVolCreateXMLFrom`).
    ///
    /// Format and sizes are those of the first, unless the options say otherwise; sizes are bytes, or
    /// texts such as `"10GiB"`. The volumes may be in two pools of one host.
    ///
    /// Errors: `storage_vol_exist` for a name that is taken, `operation_invalid` while either pool does
    /// not run or the first is being written, `usage` without a name.
    ///
    /// ```rhai
    /// let images = pool("default-pool");
    /// let first = images.create_volume(#{ name: "first.img", capacity: "1MiB" });
    /// let copy = images.clone_volume(first, #{ name: "copy.img" });
    /// print(copy.capacity);
    /// copy.delete();
    /// first.delete();
    /// ```
    #[rhai_fn(name = "clone_volume", return_raw, pure)]
    pub fn clone_volume_from_options(
        pool: &mut StoragePool,
        from: StorageVolume,
        options: Map,
    ) -> Fallible<StorageVolume> {
        let options = CLONE.read(options)?;
        let xml = description::of_clone(&from, &options)?;
        Ok(pool.clone_volume(&xml, &from, options.flags())?)
    }

    /// Creates a volume from XML that holds what another volume holds (`virStorageVolCreateXMLFrom`).
    ///
    /// Errors: `xml_error` and its relatives for a description that libvirt does not accept,
    /// `storage_vol_exist` for a name that is taken.
    ///
    /// ```rhai
    /// let images = pool("default-pool");
    /// let first = images.create_volume(#{ name: "first.img", capacity: "1MiB" });
    /// let copy = images.clone_volume(
    ///     `<volume><name>copy.img</name><capacity unit="MiB">1</capacity></volume>`, first);
    /// copy.delete();
    /// first.delete();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn clone_volume(
        pool: &mut StoragePool,
        description: Dynamic,
        from: StorageVolume,
    ) -> Fallible<StorageVolume> {
        Ok(pool.clone_volume(
            &definition_text(&description).map_err(of("pool.clone_volume", pool))?,
            &from,
            0,
        )?)
    }

    /// Creates a volume from XML that holds what another volume holds, with options
    /// (`virStorageVolCreateXMLFrom`).
    ///
    /// Errors: `xml_error` and its relatives for a description that libvirt does not accept,
    /// `usage` for options that describe the volume.
    ///
    /// ```rhai
    /// let images = pool("default-pool");
    /// let first = images.create_volume(#{ name: "first.img", capacity: "1MiB" });
    /// let xml = `<volume><name>copy.img</name><capacity unit="MiB">1</capacity></volume>`;
    /// try { images.clone_volume(xml, first, #{ reflink: true }).delete() } catch (e) { print(e.code) }
    /// first.delete();
    /// ```
    #[rhai_fn(name = "clone_volume", return_raw, pure)]
    pub fn clone_volume_with(
        pool: &mut StoragePool,
        description: Dynamic,
        from: StorageVolume,
        options: Map,
    ) -> Fallible<StorageVolume> {
        let flags = flags_beside_xml(&CLONE, options)?;
        Ok(pool.clone_volume(
            &definition_text(&description).map_err(of("pool.clone_volume", pool))?,
            &from,
            flags,
        )?)
    }
}
