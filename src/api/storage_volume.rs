//! Volumes of storage pools: properties and methods here; finding them on a connection in the folder.
//!
//! A volume is known by its pool and its name. Sizes are in bytes.

mod finders;
#[cfg(test)]
mod tests;
mod transfer;

use rhai::Map;
use rhai::plugin::{Dynamic, ImmutableString, export_module};

use super::storage_pool::bytes;
use super::subject::of;
use super::units::size;
use super::xml::{XmlDocument, refuse_assignment};
use super::{Fallible, words};
use crate::error::Error;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, flag};
use crate::lang::suggest::nearest;
use crate::libvirt::{Connection, StoragePool, StorageVolume, VolumeInPool, sys};
use crate::xml::Document;

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    super::handle::register::<VolumeInPool>(natives, "StorageVolume");
    natives.global(&volume_functions::RHAI_MANIFEST);
    finders::register(natives);
    transfer::register(natives);
}

/// The option tables of this file and its folder.
pub(super) fn options() -> impl Iterator<Item = &'static OptionTable> {
    [OPTIONS, transfer::OPTIONS].concat().into_iter()
}

const OPTIONS: &[&OptionTable] = &[&INFO, &DELETE, &RESIZE];

static INFO: OptionTable = OptionTable {
    function: "StorageVolume.info",
    options: &[flag(
        "physical",
        sys::VIR_STORAGE_VOL_GET_PHYSICAL,
        "The size of its file or device in place of what it occupies.",
    )],
};

static DELETE: OptionTable = OptionTable {
    function: "StorageVolume.delete",
    options: &[
        flag("zeroed", sys::VIR_STORAGE_VOL_DELETE_ZEROED, "Overwrites it with zeros first."),
        flag(
            "with_snapshots",
            sys::VIR_STORAGE_VOL_DELETE_WITH_SNAPSHOTS,
            "Deletes its snapshots too (RBD only).",
        )
        .alias("delete_snapshots"),
    ],
};

static RESIZE: OptionTable = OptionTable {
    function: "StorageVolume.resize",
    options: &[
        flag("allocate", sys::VIR_STORAGE_VOL_RESIZE_ALLOCATE, "Takes the room for it at once."),
        flag("delta", sys::VIR_STORAGE_VOL_RESIZE_DELTA, "The size is what is added, or taken away."),
        flag("shrink", sys::VIR_STORAGE_VOL_RESIZE_SHRINK, "Makes it smaller; what is beyond is lost."),
    ],
};

fn wipe_algorithm(word: &str) -> Fallible<u32> {
    words::number(words::WIPE_ALGORITHMS, word).ok_or_else(|| {
        let error = Error::usage(format!("{word:?} is not a way to wipe")).operation("volume.wipe");
        match nearest(word, words::WIPE_ALGORITHMS.iter().copied()) {
            Some(near) => error.hint(format!("did you mean {near:?}?")),
            None => error.hint(format!("the ways are {}", words::WIPE_ALGORITHMS.join(", "))),
        }
        .into()
    })
}

fn kind(number: u32) -> ImmutableString {
    words::word(words::VOLUME_TYPES, number as i32).as_ref().into()
}

/// What the documents of a volume remember where they come from.
fn owner(volume: &StorageVolume) -> String {
    let (pool, name) = volume.key();
    format!("{pool}/{name}")
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod volume_functions {
    /// The name of the volume within its pool (`virStorageVolGetName`).
    ///
    /// ```rhai
    /// for volume in pool("default-pool").volumes() { print(volume.name) }
    /// ```
    #[rhai_fn(get = "name", pure)]
    pub fn get_name(volume: &mut StorageVolume) -> String {
        volume.name().to_owned()
    }

    /// libvirt's key of the volume, most often its path (`virStorageVolGetKey`).
    ///
    /// It need not be unique: two pools over one folder show the same files.
    ///
    /// ```rhai
    /// for volume in pool("default-pool").volumes() { print(volume.key) }
    /// ```
    #[rhai_fn(get = "key", return_raw, pure)]
    pub fn get_key(volume: &mut StorageVolume) -> Fallible<String> {
        Ok(volume.volume_key()?)
    }

    /// Where the volume is on the host (`virStorageVolGetPath`).
    ///
    /// ```rhai
    /// for volume in pool("default-pool").volumes() { print(volume.path) }
    /// ```
    #[rhai_fn(get = "path", return_raw, pure)]
    pub fn get_path(volume: &mut StorageVolume) -> Fallible<String> {
        Ok(volume.path()?)
    }

    /// The type of the volume as a word, such as `file` (`virStorageVolGetInfo`).
    ///
    /// One of file, block, dir, network, netdir, ploop.
    ///
    /// ```rhai
    /// for volume in pool("default-pool").volumes() { print(volume.type) }
    /// ```
    #[rhai_fn(get = "type", return_raw, pure)]
    pub fn get_type(volume: &mut StorageVolume) -> Fallible<ImmutableString> {
        Ok(kind(volume.info(0)?.kind))
    }

    /// How much a guest may write to the volume, in bytes (`virStorageVolGetInfo`).
    ///
    /// ```rhai
    /// for volume in pool("default-pool").volumes() { print(volume.capacity / gib(1)) }
    /// ```
    #[rhai_fn(get = "capacity", return_raw, pure)]
    pub fn get_capacity(volume: &mut StorageVolume) -> Fallible<i64> {
        Ok(bytes(volume.info(0)?.capacity))
    }

    /// How much the volume occupies, in bytes (`virStorageVolGetInfo`).
    ///
    /// ```rhai
    /// for volume in pool("default-pool").volumes() { print(volume.allocation / gib(1)) }
    /// ```
    #[rhai_fn(get = "allocation", return_raw, pure)]
    pub fn get_allocation(volume: &mut StorageVolume) -> Fallible<i64> {
        Ok(bytes(volume.info(0)?.allocation))
    }

    /// The pool of the volume (`virStoragePoolLookupByVolume`).
    ///
    /// ```rhai
    /// for volume in pool("default-pool").volumes() { print(volume.pool.name) }
    /// ```
    #[rhai_fn(get = "pool", return_raw, pure)]
    pub fn get_pool(volume: &mut StorageVolume) -> Fallible<StoragePool> {
        Ok(volume.pool()?)
    }

    /// Type and sizes of the volume in one call (`virStorageVolGetInfo`).
    ///
    /// A map with `type` (a word), `capacity` and `allocation` (bytes).
    ///
    /// ```rhai
    /// for volume in pool("default-pool").volumes() { print(volume.info().allocation) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn info(volume: &mut StorageVolume) -> Fallible<Map> {
        info_with(volume, Map::new())
    }

    /// Type and sizes of the volume, with options (`virStorageVolGetInfoFlags`).
    ///
    /// A map with `type` (a word), `capacity` and `allocation` (bytes); with `physical: true` it has
    /// `physical`, the size of the file or device in bytes, in place of `allocation`.
    ///
    /// Errors: `unsupported` where the driver does not tell.
    ///
    /// ```rhai
    /// for volume in pool("default-pool").volumes() {
    ///     try { print(volume.info(#{ physical: true }).physical) } catch (e) { print(e.code) }
    /// }
    /// ```
    #[rhai_fn(name = "info", return_raw, pure)]
    pub fn info_with(volume: &mut StorageVolume, options: Map) -> Fallible<Map> {
        let options = INFO.read(options)?;
        let info = volume.info(options.flags())?;
        let size = if options.flag("physical") { "physical" } else { "allocation" };
        Ok(Map::from([
            ("type".into(), kind(info.kind).into()),
            ("capacity".into(), Dynamic::from_int(bytes(info.capacity))),
            (size.into(), Dynamic::from_int(bytes(info.allocation))),
        ]))
    }

    /// The connection that the volume belongs to.
    ///
    /// ```rhai
    /// for volume in pool("default-pool").volumes() { print(volume.connection().uri()) }
    /// ```
    #[rhai_fn(pure)]
    pub fn connection(volume: &mut StorageVolume) -> Connection {
        StorageVolume::connection(volume).clone()
    }

    /// The description of the volume as a document (`virStorageVolGetXMLDesc`).
    ///
    /// The document is a copy: changing it changes no volume.
    ///
    /// ```rhai
    /// for volume in pool("default-pool").volumes() { print(volume.xml["target/format/@type"]) }
    /// ```
    #[rhai_fn(get = "xml", return_raw, pure)]
    pub fn get_xml(volume: &mut StorageVolume) -> Fallible<XmlDocument> {
        Ok(XmlDocument::of_property(Document::parse(&volume.xml()?)?, owner(volume)))
    }

    /// Refuses: libvirt cannot change the description of a volume.
    ///
    /// Errors: `usage`.
    ///
    /// ```rhai
    /// for volume in pool("default-pool").volumes() {
    ///     try { volume.xml["capacity"] = 5 } catch (e) { print(e.hint) }
    /// }
    /// ```
    /// @refuses
    #[rhai_fn(set = "xml", return_raw)]
    pub fn set_xml(volume: &mut StorageVolume, document: Dynamic) -> Fallible<()> {
        let hint = "volume.resize() changes its capacity; the rest is as it was created";
        let refused = refuse_assignment(&document, &owner(volume), hint);
        Ok(refused.map_err(|error| error.operation("volume.xml").object(volume.label()))?)
    }

    /// Deletes the volume and what it holds (`virStorageVolDelete`).
    ///
    /// Errors: `operation_invalid` when its pool does not run or the volume is being written.
    ///
    /// ```rhai
    /// let volume = pool("default-pool").create_volume(#{ name: "delete-me", capacity: "1MiB" });
    /// volume.delete();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn delete(volume: &mut StorageVolume) -> Fallible<()> {
        Ok(volume.delete(0)?)
    }

    /// Deletes the volume and what it holds, with options (`virStorageVolDelete`).
    ///
    /// Errors: `operation_invalid` when its pool does not run; `invalid_arg` for an option that its kind
    /// of pool lacks.
    ///
    /// ```rhai
    /// let volume = pool("default-pool").create_volume(#{ name: "delete-me", capacity: "1MiB" });
    /// try { volume.delete(#{ zeroed: true }) } catch (e) { volume.delete() }
    /// ```
    #[rhai_fn(name = "delete", return_raw, pure)]
    pub fn delete_with(volume: &mut StorageVolume, options: Map) -> Fallible<()> {
        Ok(volume.delete(DELETE.read(options)?.flags())?)
    }

    /// Overwrites what the volume holds with zeros; the volume stays (`virStorageVolWipePattern`).
    ///
    /// Errors: `unsupported` where the driver cannot, `operation_invalid` when its pool does not run.
    ///
    /// ```rhai
    /// let volume = pool("default-pool").create_volume(#{ name: "wipe-me", capacity: "1MiB" });
    /// try { volume.wipe() } catch (e) { print(e.code) }
    /// volume.delete();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn wipe(volume: &mut StorageVolume) -> Fallible<()> {
        Ok(volume.wipe(sys::VIR_STORAGE_VOL_WIPE_ALG_ZERO)?)
    }

    /// Overwrites what the volume holds in a given way (`virStorageVolWipePattern`).
    ///
    /// One of zero, nnsa, dod, bsi, gutmann, schneier, pfitzner7, pfitzner33, random, trim.
    ///
    /// Errors: `usage` for another word; `unsupported` and `argument_unsupported` where the driver or the
    /// kind of volume cannot; `system_error` where the host lacks the program `scrub`.
    ///
    /// ```rhai
    /// let volume = pool("default-pool").create_volume(#{ name: "wipe-me", capacity: "1MiB" });
    /// try { volume.wipe("random") } catch (e) { print(e.code) }
    /// volume.delete();
    /// ```
    #[rhai_fn(name = "wipe", return_raw, pure)]
    pub fn wipe_by(volume: &mut StorageVolume, algorithm: ImmutableString) -> Fallible<()> {
        Ok(volume.wipe(wipe_algorithm(&algorithm)?)?)
    }

    /// Makes the volume larger (`virStorageVolResize`).
    ///
    /// The new capacity is in bytes, or a text such as `"20GiB"`.
    ///
    /// Errors: `invalid_arg` for less than it has, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// let volume = pool("default-pool").create_volume(#{ name: "resize-me", capacity: "1MiB" });
    /// try { volume.resize("2MiB") } catch (e) { print(e.code) }
    /// volume.delete();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn resize(volume: &mut StorageVolume, capacity: Dynamic) -> Fallible<()> {
        Ok(volume.resize(size(&capacity).map_err(of("volume.resize", volume))?, 0)?)
    }

    /// Changes the capacity of the volume, with options (`virStorageVolResize`).
    ///
    /// In bytes, or a text such as `"20GiB"`; with `delta: true` by so much, and with `shrink: true` too,
    /// by so much less.
    ///
    /// Errors: `invalid_arg` for less than it has without `shrink`, `denied` for `shrink` under
    /// `--deny destroy`, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// let volume = pool("default-pool").create_volume(#{ name: "resize-me", capacity: "1MiB" });
    /// try { volume.resize("1MiB", #{ delta: true }) } catch (e) { print(e.code) }
    /// volume.delete();
    /// ```
    #[rhai_fn(name = "resize", return_raw, pure)]
    pub fn resize_with(volume: &mut StorageVolume, capacity: Dynamic, options: Map) -> Fallible<()> {
        Ok(volume
            .resize(size(&capacity).map_err(of("volume.resize", volume))?, RESIZE.read(options)?.flags())?)
    }
}
