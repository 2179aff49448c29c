//! Finding, defining and creating storage pools.

use rhai::plugin::{Dynamic, export_module};
use rhai::{Array, Map};

use super::options;
use crate::api::names::{self, Lookup};
use crate::api::subject::of;
use crate::api::{Fallible, definition_text};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, OptionTable, Parsed, boolean, flag, list, text, word};
use crate::lang::suggest::nearest;
use crate::libvirt::{Connection, NameList, StoragePool, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&pool_finders::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&POOLS, &DEFINE, &CREATE];

static POOLS: OptionTable = OptionTable {
    function: "Connection.pools",
    options: &[
        text("name", "Only pools whose name fits this pattern, with `*`, `?` and `[…]`."),
        boolean("active", "Only pools that run, or with false only those that do not."),
        boolean("persistent", "Only pools with a stored definition, or with false only transient ones."),
        boolean("autostart", "Only pools that start with the host, or with false only the others."),
        word("type", TYPES, "Only pools of this type."),
        list("types", "Only pools of one of these types."),
    ],
};

pub(super) const VALIDATE: OptionSpec = flag(
    "validate",
    sys::VIR_STORAGE_POOL_DEFINE_VALIDATE,
    "Checks the XML against libvirt's schema (libvirt 7.7.0).",
);

static DEFINE: OptionTable = OptionTable { function: "Connection.define_pool", options: &options::DEFINE };
static CREATE: OptionTable = OptionTable { function: "Connection.create_pool", options: &options::CREATE };

/// The types of pools; the first has the bit [`FIRST_TYPE`], and so on.
pub(super) const TYPES: &[&str] = &[
    "dir",
    "fs",
    "netfs",
    "logical",
    "disk",
    "iscsi",
    "scsi",
    "mpath",
    "rbd",
    "sheepdog",
    "gluster",
    "zfs",
    "vstorage",
    "iscsi-direct",
];
const FIRST_TYPE: u32 = sys::VIR_CONNECT_LIST_STORAGE_POOLS_DIR;

/// The bits of each choice: for true, for false.
const CHOICES: &[(&str, u32, u32)] = &[
    ("active", sys::VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE, sys::VIR_CONNECT_LIST_STORAGE_POOLS_INACTIVE),
    (
        "persistent",
        sys::VIR_CONNECT_LIST_STORAGE_POOLS_PERSISTENT,
        sys::VIR_CONNECT_LIST_STORAGE_POOLS_TRANSIENT,
    ),
    (
        "autostart",
        sys::VIR_CONNECT_LIST_STORAGE_POOLS_AUTOSTART,
        sys::VIR_CONNECT_LIST_STORAGE_POOLS_NO_AUTOSTART,
    ),
];

const LOOKUP: Lookup<virt::storage_pool::StoragePool> = Lookup {
    missing: "no_storage_pool",
    list: "pools()",
    by_name: Connection::pool_by_name,
    by_other: Some((names::is_uuid, Connection::pool_by_uuid)),
    names: |connection| connection.names(NameList::POOLS),
};

/// Finds a pool by name, UUID or target path; a handle is what it is.
pub(in crate::api) fn find(connection: &Connection, wanted: &Dynamic) -> Result<StoragePool> {
    if let Some(pool) = wanted.read_lock::<StoragePool>() {
        return Ok(pool.clone());
    }
    let name = names::text("pool", "a name, a UUID or a path", wanted)?;
    // No name of a pool has a slash.
    if name.starts_with('/') { connection.pool_by_target_path(&name) } else { LOOKUP.find(connection, &name) }
}

/// The bit of a type.
pub(super) fn type_bit(word: &str) -> Result<u32> {
    let place = TYPES.iter().position(|known| *known == word).ok_or_else(|| {
        let error = Error::usage(format!("{word:?} is not a type of storage pool"));
        match nearest(word, TYPES.iter().copied()) {
            Some(near) => error.hint(format!("did you mean {near:?}?")),
            None => error.hint(format!("the types are {}", TYPES.join(", "))),
        }
    })?;
    Ok(FIRST_TYPE << place)
}

fn select(connection: &Connection, options: &Parsed) -> Result<Array> {
    let mut flags = names::chosen(options, CHOICES)?;
    for wanted in options.get_text("type")?.into_iter().chain(options.get_list("types")?.unwrap_or_default())
    {
        flags |= type_bit(&wanted)?;
    }
    names::list(connection.pools(flags)?, options.get_text("name")?.as_deref())
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod pool_finders {
    /// A storage pool by name, UUID or the path of its folder (`virStoragePoolLookupByName`).
    ///
    /// Errors: `no_storage_pool`, with the nearest name as a hint; `unsupported` for a path where the
    /// driver cannot.
    ///
    /// ```rhai
    /// print(conn().pool("default-pool").state)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn pool(connection: &mut Connection, name: Dynamic) -> Fallible<StoragePool> {
        Ok(find(connection, &name)?)
    }

    /// All storage pools, sorted by name (`virConnectListAllStoragePools`).
    ///
    /// @returns [StoragePool]
    ///
    /// ```rhai
    /// for pool in conn().pools() { print(pool.name) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn pools(connection: &mut Connection) -> Fallible<Array> {
        Ok(select(connection, &POOLS.read(Map::new())?)?)
    }

    /// The storage pools that fit the options, sorted by name (`virConnectListAllStoragePools`).
    ///
    /// @returns [StoragePool]
    ///
    /// ```rhai
    /// for pool in conn().pools(#{ active: true, type: "dir" }) { print(pool.name) }
    /// ```
    #[rhai_fn(name = "pools", return_raw, pure)]
    pub fn pools_with(connection: &mut Connection, options: Map) -> Fallible<Array> {
        Ok(select(connection, &POOLS.read(options)?)?)
    }

    /// Stores the definition of a storage pool, new or changed (`virStoragePoolDefineXML`).
    ///
    /// The definition is XML, as text or as a document. The pool is neither built nor started.
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept,
    /// `operation_failed` for storage that another pool has.
    ///
    /// ```rhai
    /// let pool = conn().define_pool(`<pool type="dir"><name>images1</name>
    ///     <target><path>/srv/images1</path></target></pool>`);
    /// print(pool.persistent);
    /// pool.undefine();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn define_pool(connection: &mut Connection, definition: Dynamic) -> Fallible<StoragePool> {
        Ok(connection
            .define_pool(&definition_text(&definition).map_err(of("pool.define", connection))?, 0)?)
    }

    /// Stores the definition of a storage pool that options describe: `name`, `type` and what else it
    /// shall have (`virStoragePoolDefineXML`).
    ///
    /// The pool is neither built nor started.
    ///
    /// Errors: `usage` without a name or a type; `xml_error` and its relatives where the type needs more.
    ///
    /// ```rhai
    /// let pool = conn().define_pool(#{ name: "images3", type: "dir", target: "/srv/images3" });
    /// print(pool.xml["target/path"]);
    /// pool.undefine();
    /// ```
    #[rhai_fn(name = "define_pool", return_raw, pure)]
    pub fn define_pool_from_options(connection: &mut Connection, options: Map) -> Fallible<StoragePool> {
        let options = DEFINE.read(options)?;
        let xml = options::definition(&options)?;
        Ok(connection.define_pool(&xml, options.flags())?)
    }

    /// Stores the definition of a storage pool, with options (`virStoragePoolDefineXML`).
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept.
    ///
    /// ```rhai
    /// let pool = conn().define_pool(`<pool type="dir"><name>images2</name>
    ///     <target><path>/srv/images2</path></target></pool>`, #{ validate: false });
    /// pool.undefine();
    /// ```
    #[rhai_fn(name = "define_pool", return_raw, pure)]
    pub fn define_pool_with(
        connection: &mut Connection,
        definition: Dynamic,
        options: Map,
    ) -> Fallible<StoragePool> {
        let flags = options::flags_beside_xml(&DEFINE, options)?;
        Ok(connection
            .define_pool(&definition_text(&definition).map_err(of("pool.define", connection))?, flags)?)
    }

    /// Starts a storage pool without storing its definition (`virStoragePoolCreateXML`).
    ///
    /// It vanishes when it is stopped.
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept.
    ///
    /// ```rhai
    /// let pool = conn().create_pool(`<pool type="dir"><name>temp1</name>
    ///     <target><path>/srv/temp1</path></target></pool>`);
    /// print(pool.state);
    /// pool.destroy();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn create_pool(connection: &mut Connection, definition: Dynamic) -> Fallible<StoragePool> {
        Ok(connection
            .create_pool(&definition_text(&definition).map_err(of("pool.create", connection))?, 0)?)
    }

    /// Starts a storage pool that options describe, without storing its definition
    /// (`virStoragePoolCreateXML`).
    ///
    /// The options are those of `define_pool`, and whether to build it first. It vanishes when it is stopped.
    ///
    /// Errors: `usage` without a name or a type; `xml_error` and its relatives where the type needs more;
    /// `denied` for `overwrite` under `--deny destroy`.
    ///
    /// ```rhai
    /// let pool = conn().create_pool(#{ name: "temp3", type: "dir", target: "/srv/temp3" });
    /// pool.destroy();
    /// ```
    #[rhai_fn(name = "create_pool", return_raw, pure)]
    pub fn create_pool_from_options(connection: &mut Connection, options: Map) -> Fallible<StoragePool> {
        let options = CREATE.read(options)?;
        let xml = options::definition(&options)?;
        Ok(connection.create_pool(&xml, options.flags())?)
    }

    /// Starts a storage pool without storing its definition, with options (`virStoragePoolCreateXML`).
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept; `denied` for
    /// `overwrite` under `--deny destroy`.
    ///
    /// ```rhai
    /// let pool = conn().create_pool(`<pool type="dir"><name>temp2</name>
    ///     <target><path>/srv/temp2</path></target></pool>`, #{ build: false });
    /// pool.destroy();
    /// ```
    #[rhai_fn(name = "create_pool", return_raw, pure)]
    pub fn create_pool_with(
        connection: &mut Connection,
        definition: Dynamic,
        options: Map,
    ) -> Fallible<StoragePool> {
        let flags = options::flags_beside_xml(&CREATE, options)?;
        Ok(connection
            .create_pool(&definition_text(&definition).map_err(of("pool.create", connection))?, flags)?)
    }
}
