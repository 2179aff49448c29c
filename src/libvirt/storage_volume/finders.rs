//! Finding and creating volumes, on a connection and in a pool.

use uuid::Uuid;
use virt::connect::Connect;
use virt::storage_pool::StoragePool as RawPool;
use virt::storage_vol::StorageVol as Raw;
use virt::sys;

use super::super::connection::Connection;
use super::super::door::{Operation, change, read};
use super::super::failure::{Failure, Outcome};
use super::super::handle::{Found, Handle, Object};
use super::super::name_lists::names;
use super::super::older::or_older;
use super::super::storage_pool::StoragePool;
use super::super::typed_params::c_text;
use super::{StorageVolume, VolumeInPool};
use crate::error::{Error, Result};

impl Connection {
    /// A volume by libvirt's key (`virStorageVolLookupByKey`), in any pool that runs.
    pub fn volume_by_key(&self, key: &str) -> Result<StorageVolume> {
        self.find_volume("a volume's key", key, |c, key| Ok(c.lookup_storage_vol_by_key(key)?))
    }

    /// A volume by path (`virStorageVolLookupByPath`), in any pool that runs.
    pub fn volume_by_path(&self, path: &str) -> Result<StorageVolume> {
        self.find_volume("a volume's path", path, |c, path| Ok(c.lookup_storage_vol_by_path(path)?))
    }

    fn find_volume(
        &self,
        what: &str,
        wanted: &str,
        find: impl FnOnce(&Connect, &str) -> Outcome<Raw> + Send + 'static,
    ) -> Result<StorageVolume> {
        c_text(what, wanted)?;
        let owned = wanted.to_owned();
        let found = self.call_live(read("volume.lookup"), wanted, move |live| {
            let volume = find(live.connect(), &owned)?;
            let pool = volume.lookup_storage_pool()?.uuid()?;
            Found::new(live, VolumeInPool { volume, pool })
        })?;
        Ok(Handle::new(self, found))
    }
}

impl StoragePool {
    /// Its volumes (`virStoragePoolListAllVolumes`).
    pub fn volumes(&self) -> Result<Vec<StorageVolume>> {
        let pool = *self.key();
        let found = self.call_live(read("pool.volumes"), move |live, p| {
            let volumes = or_older(true, p.list_all_volumes(0), || by_name(p))?.into_iter();
            Found::all(live, volumes.map(|volume| VolumeInPool { volume, pool }).collect())
        })?;
        Ok(Handle::all(self.connection(), found))
    }

    /// A volume by name (`virStorageVolLookupByName`).
    pub fn volume(&self, name: &str) -> Result<StorageVolume> {
        c_text("a volume's name", name)?;
        let owned = name.to_owned();
        self.volume_from(read("volume.lookup"), move |_, p| {
            p.lookup_storage_vol_by_name(&owned).map_err(|error| about(owned, error.into()))
        })
    }

    /// Creates a volume (`virStorageVolCreateXML`).
    pub fn create_volume(&self, xml: &str, flags: u32) -> Result<StorageVolume> {
        c_text("XML", xml)?;
        let xml = xml.to_owned();
        self.volume_from(change("pool.create_volume"), move |_, p| Ok(Raw::create_xml(p, &xml, flags)?))
    }

    /// Creates a volume that holds what another one of this host holds
    /// (`virStorageVolCreateXMLFrom`).
    pub fn clone_volume(&self, xml: &str, from: &StorageVolume, flags: u32) -> Result<StorageVolume> {
        c_text("XML", xml)?;
        if !from.connection().is_same(self.connection()) {
            return Err(Error::usage("a volume is cloned within one connection, and these are two")
                .operation("pool.clone_volume")
                .object(from.label())
                .hint("take the pool and the volume from the same connection"));
        }
        let (xml, from) = (xml.to_owned(), from.key().clone());
        self.volume_from(change("pool.clone_volume"), move |c, p| {
            let from = VolumeInPool::find(c, &from)?;
            Ok(Raw::create_xml_from(p, &xml, &from.volume, flags)?)
        })
    }

    fn volume_from(
        &self,
        operation: Operation,
        make: impl FnOnce(&Connect, &RawPool) -> Outcome<Raw> + Send + 'static,
    ) -> Result<StorageVolume> {
        let pool: Uuid = *self.key();
        let found = self.call_live(operation, move |live, p| {
            Found::new(live, VolumeInPool { volume: make(live.connect(), p)?, pool })
        })?;
        Ok(Handle::new(self.connection(), found))
    }
}

/// The volumes of a pool by their names (`virStoragePoolListVolumes`), for drivers without a newer list.
fn by_name(pool: &RawPool) -> Outcome<Vec<Raw>> {
    // SAFETY: a live pool; `names` gives room for as many names as it says.
    let names = unsafe {
        names(
            || sys::virStoragePoolNumOfVolumes(pool.as_ptr()),
            |names, room| sys::virStoragePoolListVolumes(pool.as_ptr(), names, room),
        )
    }?;
    // One that vanished meanwhile is left out.
    Ok(names.iter().filter_map(|name| pool.lookup_storage_vol_by_name(name).ok()).collect())
}

/// Says of an unknown volume that it is the object of the error; without this it were its pool.
fn about(name: String, failure: Failure) -> Failure {
    match failure {
        Failure::Libvirt(report) if report.number == sys::VIR_ERR_NO_STORAGE_VOL as i32 => {
            Failure::Own(Error::from(report).object(name))
        }
        other => other,
    }
}
