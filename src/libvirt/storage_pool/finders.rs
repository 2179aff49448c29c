//! Finding, defining and creating storage pools on a connection.

use virt::connect::Connect;
use virt::storage_pool::StoragePool as Raw;
use virt::sys;

use super::super::connection::Connection;
use super::super::door::{Operation, change, read};
use super::super::failure::{Outcome, take_text};
use super::super::handle::{Found, Handle};
use super::super::older::{POOLS, or_older};
use super::super::texts::OptionalText;
use super::super::typed_params::c_text;
use super::{StoragePool, overwriting};
use crate::error::Result;

impl Connection {
    /// All storage pools that fit the flags (`virConnectListAllStoragePools`).
    pub fn pools(&self, flags: u32) -> Result<Vec<StoragePool>> {
        let found = self.call_live(read("connection.pools"), "", move |live| {
            let connect = live.connect();
            let made = connect.list_all_storage_pools(flags);
            let find = |name: &str| connect.lookup_storage_pool_by_name(name);
            let older = || POOLS.objects(connect, flags, find);
            Found::all(live, or_older(POOLS.can_tell(flags), made, older)?)
        })?;
        Ok(Handle::all(self, found))
    }

    /// A storage pool by name (`virStoragePoolLookupByName`).
    pub fn pool_by_name(&self, name: &str) -> Result<StoragePool> {
        self.find_pool("a pool's name", name, |c, name| Ok(c.lookup_storage_pool_by_name(name)?))
    }

    /// A storage pool by UUID in text (`virStoragePoolLookupByUUIDString`).
    pub fn pool_by_uuid(&self, uuid: &str) -> Result<StoragePool> {
        self.find_pool("a UUID", uuid, |c, uuid| Ok(c.lookup_storage_pool_by_uuid_string(uuid)?))
    }

    /// A storage pool by the path of its folder (`virStoragePoolLookupByTargetPath`).
    pub fn pool_by_target_path(&self, path: &str) -> Result<StoragePool> {
        self.find_pool("a path", path, |c, path| Ok(c.lookup_storage_pool_by_target_path(path)?))
    }

    fn find_pool(
        &self,
        what: &str,
        wanted: &str,
        find: impl FnOnce(&Connect, &str) -> Outcome<Raw> + Send + 'static,
    ) -> Result<StoragePool> {
        c_text(what, wanted)?;
        let owned = wanted.to_owned();
        self.pool_from(read("pool.lookup"), wanted, move |c| find(c, &owned))
    }

    /// Stores a definition (`virStoragePoolDefineXML`).
    pub fn define_pool(&self, xml: &str, flags: u32) -> Result<StoragePool> {
        self.door().show_definition(xml);
        c_text("XML", xml)?;
        let xml = xml.to_owned();
        self.pool_from(change("pool.define"), "", move |c| Ok(c.define_storage_pool_xml(&xml, flags)?))
    }

    /// Starts a storage pool without storing it (`virStoragePoolCreateXML`).
    pub fn create_pool(&self, xml: &str, flags: u32) -> Result<StoragePool> {
        c_text("XML", xml)?;
        let xml = xml.to_owned();
        let overwrites = flags & sys::VIR_STORAGE_POOL_CREATE_WITH_BUILD_OVERWRITE != 0;
        self.pool_from(overwriting("pool.create", overwrites), "", move |c| {
            Ok(c.create_storage_pool_xml(&xml, flags)?)
        })
    }

    /// Storage that could become a pool of a type, as XML (`virConnectFindStoragePoolSources`);
    /// `source` is a `source` element that says where to look.
    pub fn find_pool_sources(&self, kind: &str, source: Option<&str>) -> Result<String> {
        let kind = c_text("a type of pool", kind)?;
        let source = OptionalText::new("XML", source)?;
        self.call(read("connection.find_pool_sources"), "", move |c| {
            let source = source.as_ptr();
            // SAFETY: a live connection, NUL-terminated texts or null; the answer is ours to free.
            unsafe { take_text(sys::virConnectFindStoragePoolSources(c.as_ptr(), kind.as_ptr(), source, 0)) }
        })
    }

    /// What kinds of pools the host knows, as XML (`virConnectGetStoragePoolCapabilities`).
    pub fn storage_pool_capabilities(&self) -> Result<String> {
        self.call(read("connection.storage_pool_capabilities"), "", |c| {
            // SAFETY: a live connection; the answer is ours to free.
            unsafe { take_text(sys::virConnectGetStoragePoolCapabilities(c.as_ptr(), 0)) }
        })
    }

    fn pool_from(
        &self,
        operation: Operation,
        object: &str,
        make: impl FnOnce(&Connect) -> Outcome<Raw> + Send + 'static,
    ) -> Result<StoragePool> {
        let found = self.call_live(operation, object, move |live| Found::new(live, make(live.connect())?))?;
        Ok(Handle::new(self, found))
    }
}
