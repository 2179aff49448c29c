//! Volumes of storage pools: files, logical volumes, partitions, images of a cluster.
//!
//! Each method names the C function behind it. Sizes are in bytes.

mod finders;
mod local_file;
mod transfer;

pub use transfer::Extent;

use uuid::Uuid;
use virt::connect::Connect;
use virt::storage_vol::StorageVol as Raw;
use virt::sys;

use super::door::{change, destroy, read};
use super::failure::{Failure, Outcome, check};
use super::handle::{Found, Handle, Object};
use super::storage_pool::StoragePool;
use crate::error::Result;

/// A handle on a volume.
pub type StorageVolume = Handle<VolumeInPool>;

/// A volume together with the UUID of its pool, which libvirt's own object does not tell without
/// a call.
pub struct VolumeInPool {
    volume: Raw,
    pool: Uuid,
}

impl Object for VolumeInPool {
    /// The pool, and the volume's name within it.
    ///
    /// Not libvirt's key: two active pools can hold volumes with one key (libvirt 9.0.0: a `dir`
    /// and an `fs` pool over one folder; RBD pools of two clusters), a look-up by key then gives
    /// that of either pool, and for a pool that is stopped it says that there is no such volume.
    type Key = (Uuid, String);

    fn find(connect: &Connect, (pool, name): &Self::Key) -> Outcome<Self> {
        let raw_pool = connect.lookup_storage_pool_by_uuid(*pool)?;
        Ok(Self { volume: raw_pool.lookup_storage_vol_by_name(name)?, pool: *pool })
    }

    fn key(&self) -> Outcome<Self::Key> {
        Ok((self.pool, self.volume.name()?))
    }

    fn label(&self) -> Outcome<String> {
        Ok(self.volume.name()?)
    }

    fn connect(&self) -> Option<sys::virConnectPtr> {
        // SAFETY: a live volume.
        Some(unsafe { sys::virStorageVolGetConnect(self.volume.as_ptr()) })
    }
}

/// `virStorageVolInfo`
#[derive(Clone, Copy, Debug)]
pub struct StorageVolumeInfo {
    /// `virStorageVolType`
    pub kind: u32,
    /// bytes that a guest sees
    pub capacity: u64,
    /// bytes that it occupies, or with `VIR_STORAGE_VOL_GET_PHYSICAL` the size of its file
    pub allocation: u64,
}

impl StorageVolume {
    /// Its name within its pool; no call.
    pub fn name(&self) -> &str {
        &self.key().1
    }

    /// libvirt's key of it, most often its path (`virStorageVolGetKey`).
    pub fn volume_key(&self) -> Result<String> {
        self.call(read("volume.key"), |v| Ok(v.volume.key()?))
    }

    /// Where it is on the host (`virStorageVolGetPath`).
    pub fn path(&self) -> Result<String> {
        self.call(read("volume.path"), |v| Ok(v.volume.path()?))
    }

    /// Type and sizes (`virStorageVolGetInfo`, with flags `virStorageVolGetInfoFlags`).
    pub fn info(&self, flags: u32) -> Result<StorageVolumeInfo> {
        self.call(read("volume.info"), move |v| {
            let info = match flags {
                // The test driver and daemons older than 3.0.0 know only this one.
                0 => v.volume.info()?,
                flags => v.volume.info_flags(flags)?,
            };
            let virt::storage_vol::StorageVolInfo { kind, capacity, allocation } = info;
            Ok(StorageVolumeInfo { kind, capacity, allocation })
        })
    }

    /// Its description (`virStorageVolGetXMLDesc`).
    pub fn xml(&self) -> Result<String> {
        self.call(read("volume.xml"), |v| Ok(v.volume.xml_desc(0)?))
    }

    /// Its pool (`virStoragePoolLookupByVolume`).
    pub fn pool(&self) -> Result<StoragePool> {
        let found =
            self.call_live(read("volume.pool"), |live, v| Found::new(live, v.volume.lookup_storage_pool()?))?;
        Ok(Handle::new(self.connection(), found))
    }

    /// Deletes it and what it holds (`virStorageVolDelete`).
    pub fn delete(&self, flags: u32) -> Result<()> {
        self.call(destroy("volume.delete"), move |v| Ok(v.volume.delete(flags)?))
    }

    /// Overwrites what it holds, by a `virStorageVolWipeAlgorithm` (`virStorageVolWipePattern`).
    pub fn wipe(&self, algorithm: u32) -> Result<()> {
        self.call(destroy("volume.wipe"), move |v| {
            let zeros = algorithm == sys::VIR_STORAGE_VOL_WIPE_ALG_ZERO;
            match v.volume.wipe_pattern(algorithm, 0).map_err(Failure::from) {
                // The older call does the same; where it is refused too, its error is the one that virsh shows.
                Err(Failure::Libvirt(report)) if zeros && report.is_unsupported() => {
                    // SAFETY: a live volume.
                    check(unsafe { sys::virStorageVolWipe(v.volume.as_ptr(), 0) }).map(drop)
                }
                made => made.map(drop),
            }
        })
    }

    /// Changes its capacity to, or with `VIR_STORAGE_VOL_RESIZE_DELTA` by, so many bytes
    /// (`virStorageVolResize`). Shrinking it throws away what is beyond the new end.
    pub fn resize(&self, bytes: u64, flags: u32) -> Result<()> {
        let shrinks = flags & sys::VIR_STORAGE_VOL_RESIZE_SHRINK != 0;
        let operation = if shrinks { destroy("volume.resize") } else { change("volume.resize") };
        self.call(operation, move |v| Ok(v.volume.resize(bytes, flags)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::code;
    use crate::libvirt::test_node::TestNode;

    const V2: &str = "<volume><name>v2</name><capacity unit='MiB'>4</capacity></volume>";

    #[test]
    fn a_volume_is_found_by_pool_and_name_path_and_key() {
        let node = TestNode::new();
        let connection = node.connection();
        let pool = connection.pool_by_name("default").unwrap();
        let volume = pool.volume("v1").unwrap();
        assert_eq!((volume.name(), volume.path().unwrap().as_str()), ("v1", "/img/v1"));
        assert!(volume.is_same(&connection.volume_by_path("/img/v1").unwrap()));
        assert!(volume.is_same(&connection.volume_by_key(&volume.volume_key().unwrap()).unwrap()));
        assert!(volume.pool().unwrap().is_same(&pool));
        assert_eq!(pool.volumes().unwrap().len(), 1);
    }

    #[test]
    fn an_unknown_volume_is_named_by_the_error() {
        let node = TestNode::new();
        let connection = node.connection();
        let pool = connection.pool_by_name("default").unwrap();
        let error = pool.volume("nope").err().unwrap();
        assert_eq!((error.code(), error.facts().object.as_deref()), ("no_storage_vol", Some("nope")));
        assert_eq!(error.facts().operation.as_deref(), Some("volume.lookup"));
        assert_eq!(connection.volume_by_path("/nope").err().unwrap().code(), "no_storage_vol");
        assert_eq!(pool.volume("a\0b").err().unwrap().code(), code::USAGE);
        assert_eq!(pool.create_volume("<volume/>\0", 0).err().unwrap().code(), code::USAGE);
    }

    #[test]
    fn a_volume_is_created_cloned_and_deleted() {
        let node = TestNode::new();
        let connection = node.connection();
        let pool = connection.pool_by_name("default").unwrap();
        let volume = pool.create_volume(V2, 0).unwrap();
        let info = volume.info(0).unwrap();
        assert_eq!((info.kind, info.capacity), (sys::VIR_STORAGE_VOL_FILE, 4 << 20));
        let other = connection.pool_by_name("other").unwrap();
        let copy = "<volume><name>copy</name><capacity unit='MiB'>8</capacity></volume>";
        // The test driver clones within one pool only; the call itself arrives.
        assert_eq!(other.clone_volume(copy, &volume, 0).err().unwrap().code(), "no_storage_vol");
        let copy = pool.clone_volume(copy, &volume, 0).unwrap();
        assert_eq!(copy.info(0).unwrap().capacity, 8 << 20);
        assert!(copy.xml().unwrap().contains("<name>copy</name>"));
        copy.delete(0).unwrap();
        assert_eq!(copy.path().err().unwrap().code(), "no_storage_vol");
    }

    #[test]
    fn a_volume_of_another_connection_is_not_cloned() {
        let (here, there) = (TestNode::new(), TestNode::new());
        let pool = here.connection().pool_by_name("default").unwrap();
        let volume = there.connection().pool_by_name("default").unwrap().volume("v1").unwrap();
        let error = pool.clone_volume("<volume><name>copy</name></volume>", &volume, 0).err().unwrap();
        assert_eq!((error.code(), error.facts().object.as_deref()), (code::USAGE, Some("v1")));
    }

    #[test]
    fn a_handle_tells_that_its_pool_was_stopped_and_works_when_it_runs_again() {
        let node = TestNode::new();
        let connection = node.connection();
        let pool = connection.pool_by_name("default").unwrap();
        let volume = pool.volume("v1").unwrap();
        pool.destroy().unwrap();
        assert_eq!(volume.path().err().unwrap().code(), "operation_invalid");
        pool.start(0).unwrap();
        assert_eq!(volume.path().unwrap(), "/img/v1");
    }

    #[test]
    fn what_the_test_driver_lacks_is_unsupported() {
        let node = TestNode::new();
        let volume = node.connection().volume_by_path("/img/v1").unwrap();
        let unsupported = |outcome: Result<()>| assert_eq!(outcome.err().unwrap().code(), code::UNSUPPORTED);
        unsupported(volume.wipe(sys::VIR_STORAGE_VOL_WIPE_ALG_ZERO));
        unsupported(volume.resize(2_000_000, 0));
        unsupported(volume.info(sys::VIR_STORAGE_VOL_GET_PHYSICAL).map(drop));
    }
}
