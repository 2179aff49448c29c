//! Storage pools: folders, volume groups and whatever else holds volumes.
//!
//! Each method names the C function behind it. Sizes are in bytes.

mod finders;

use uuid::Uuid;
use virt::connect::Connect;
use virt::storage_pool::StoragePool as Raw;
use virt::sys;

use super::door::{Operation, change, destroy, read};
use super::failure::Outcome;
use super::handle::{Handle, Object};
use crate::error::Result;

/// A handle on a storage pool.
pub type StoragePool = Handle<Raw>;

impl Object for Raw {
    type Key = Uuid;

    fn find(connect: &Connect, key: &Uuid) -> Outcome<Self> {
        Ok(connect.lookup_storage_pool_by_uuid(*key)?)
    }

    fn key(&self) -> Outcome<Uuid> {
        Ok(self.uuid()?)
    }

    fn label(&self) -> Outcome<String> {
        Ok(self.name()?)
    }

    fn connect(&self) -> Option<sys::virConnectPtr> {
        // SAFETY: a live pool.
        Some(unsafe { sys::virStoragePoolGetConnect(self.as_ptr()) })
    }
}

/// `virStoragePoolInfo`
#[derive(Clone, Copy, Debug)]
pub struct StoragePoolInfo {
    /// `virStoragePoolState`
    pub state: u32,
    /// bytes it has; where it does not run, as known last, or 0
    pub capacity: u64,
    /// bytes in use
    pub allocation: u64,
    /// bytes that are free
    pub available: u64,
}

impl StoragePool {
    /// Its name now (`virStoragePoolLookupByUUID`, `virStoragePoolGetName`): a pool can be defined
    /// anew with its UUID and another name.
    pub fn name(&self) -> Result<String> {
        let uuid = *self.key();
        self.call_live(read("pool.name"), move |live, _| {
            Ok(live.connect().lookup_storage_pool_by_uuid(uuid)?.name()?)
        })
    }

    /// Whether it runs (`virStoragePoolIsActive`).
    pub fn is_active(&self) -> Result<bool> {
        self.call(read("pool.is_active"), |p| Ok(p.is_active()?))
    }

    /// Whether it has a stored definition (`virStoragePoolIsPersistent`).
    pub fn is_persistent(&self) -> Result<bool> {
        self.call(read("pool.is_persistent"), |p| Ok(p.is_persistent()?))
    }

    /// Whether it starts with the host (`virStoragePoolGetAutostart`).
    pub fn autostart(&self) -> Result<bool> {
        self.call(read("pool.get_autostart"), |p| Ok(p.autostart()?))
    }

    /// Sets whether it starts with the host (`virStoragePoolSetAutostart`).
    pub fn set_autostart(&self, on: bool) -> Result<()> {
        self.call(change("pool.set_autostart"), move |p| Ok(p.set_autostart(on)?))
    }

    /// State and sizes (`virStoragePoolGetInfo`).
    pub fn info(&self) -> Result<StoragePoolInfo> {
        self.call(read("pool.info"), |p| {
            let info = p.info()?;
            Ok(StoragePoolInfo {
                state: info.state,
                capacity: info.capacity,
                allocation: info.allocation,
                available: info.available,
            })
        })
    }

    /// Its definition (`virStoragePoolGetXMLDesc`).
    pub fn xml(&self, flags: u32) -> Result<String> {
        self.call(read("pool.xml"), move |p| Ok(p.xml_desc(flags)?))
    }

    /// Prepares its storage: makes the folder, the file system, the volume group
    /// (`virStoragePoolBuild`).
    pub fn build(&self, flags: u32) -> Result<()> {
        let overwrites = flags & sys::VIR_STORAGE_POOL_BUILD_OVERWRITE != 0;
        self.call(overwriting("pool.build", overwrites), move |p| Ok(p.build(flags)?))
    }

    /// Starts it (`virStoragePoolCreate`).
    pub fn start(&self, flags: u32) -> Result<()> {
        let overwrites = flags & sys::VIR_STORAGE_POOL_CREATE_WITH_BUILD_OVERWRITE != 0;
        self.call(overwriting("pool.start", overwrites), move |p| Ok(p.create(flags)?))
    }

    /// Stops it; what it holds stays (`virStoragePoolDestroy`).
    pub fn destroy(&self) -> Result<()> {
        self.call(destroy("pool.destroy"), |p| Ok(p.destroy()?))
    }

    /// Deletes the storage behind it (`virStoragePoolDelete`).
    pub fn delete(&self, flags: u32) -> Result<()> {
        self.call(destroy("pool.delete"), move |p| Ok(p.delete(flags)?))
    }

    /// Removes its stored definition (`virStoragePoolUndefine`).
    pub fn undefine(&self) -> Result<()> {
        self.call(destroy("pool.undefine"), |p| Ok(p.undefine()?))
    }

    /// Makes libvirt look for its volumes again (`virStoragePoolRefresh`).
    pub fn refresh(&self) -> Result<()> {
        self.call(change("pool.refresh"), |p| Ok(p.refresh(0)?))
    }

    /// How many volumes it holds (`virStoragePoolNumOfVolumes`).
    pub fn num_of_volumes(&self) -> Result<u32> {
        self.call(read("pool.num_of_volumes"), |p| Ok(p.num_of_volumes()?))
    }
}

/// A call that changes something, and throws away what stands in its way where it is told to.
const fn overwriting(name: &'static str, overwrites: bool) -> Operation {
    if overwrites { destroy(name) } else { change(name) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::error::code;
    use crate::libvirt::test_node::TestNode;
    use crate::libvirt::{Connection, Door, Effect, Interrupt, Rules};

    const FAST: &str = "<pool type='dir'><name>fast</name><target><path>/fast</path></target></pool>";

    #[test]
    fn a_pool_is_found_by_name_and_uuid() {
        let node = TestNode::new();
        let connection = node.connection();
        let pool = connection.pool_by_name("default").unwrap();
        assert!(pool.is_same(&connection.pool_by_uuid(&pool.key().to_string()).unwrap()));
        assert_eq!(pool.name().unwrap(), "default");
        let error = connection.pool_by_name("nope").err().unwrap();
        assert_eq!((error.code(), error.facts().object.as_deref()), ("no_storage_pool", Some("nope")));
        let error = connection.pool_by_target_path("/img").err().unwrap();
        assert_eq!(error.code(), code::UNSUPPORTED, "the test driver has no such call");
        assert_eq!(connection.pool_by_target_path("/a\0b").err().unwrap().code(), code::USAGE);
    }

    #[test]
    fn sizes_are_in_bytes() {
        let node = TestNode::new();
        let pool = node.connection().pool_by_name("default").unwrap();
        let info = pool.info().unwrap();
        assert_eq!(info.state, sys::VIR_STORAGE_POOL_RUNNING);
        assert_eq!((info.capacity, info.allocation), (100 << 30, 1_000_000));
        assert_eq!(info.available, info.capacity - info.allocation);
        assert_eq!(pool.num_of_volumes().unwrap(), 1);
    }

    #[test]
    fn a_stored_pool_goes_through_its_life() {
        let node = TestNode::new();
        let connection = node.connection();
        let pool = connection.define_pool(FAST, 0).unwrap();
        assert!(pool.is_persistent().unwrap() && !pool.is_active().unwrap());
        pool.set_autostart(true).unwrap();
        assert!(pool.autostart().unwrap());
        pool.build(0).unwrap();
        pool.start(0).unwrap();
        pool.refresh().unwrap();
        let wanted = sys::VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE | sys::VIR_CONNECT_LIST_STORAGE_POOLS_DIR;
        assert_eq!(connection.pools(wanted).unwrap().len(), 3);
        pool.destroy().unwrap();
        pool.delete(0).unwrap();
        assert!(pool.xml(0).unwrap().contains("/fast"));
        pool.undefine().unwrap();
        assert_eq!(pool.name().err().unwrap().code(), "no_storage_pool");
    }

    #[test]
    fn a_created_pool_vanishes_when_it_stops() {
        let node = TestNode::new();
        let connection = node.connection();
        let pool = connection.create_pool(FAST, 0).unwrap();
        assert!(pool.is_active().unwrap() && !pool.is_persistent().unwrap());
        pool.destroy().unwrap();
        assert_eq!(connection.pools(0).unwrap().len(), 2);
    }

    #[test]
    fn building_over_what_is_there_counts_as_destroying() {
        assert_eq!(overwriting("pool.build", false).effect, Effect::Change);
        let rules = Rules { deny_destroy: true, ..Rules::default() };
        let door = Arc::new(Door::new(rules, Interrupt::default()));
        let node = TestNode::new();
        let connection = Connection::new(Some(node.uri()), false, door);
        let pool = connection.define_pool(FAST, 0).unwrap();
        pool.build(0).unwrap();
        let overwrite = sys::VIR_STORAGE_POOL_BUILD_OVERWRITE;
        assert_eq!(pool.build(overwrite).err().unwrap().code(), code::DENIED);
        let overwrite = sys::VIR_STORAGE_POOL_CREATE_WITH_BUILD_OVERWRITE;
        assert_eq!(pool.start(overwrite).err().unwrap().code(), code::DENIED);
        assert_eq!(connection.create_pool(FAST, overwrite).err().unwrap().code(), code::DENIED);
    }
}
