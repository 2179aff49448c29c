//! Snapshots of a guest.

use uuid::Uuid;
use virt::connect::Connect;
use virt::domain_snapshot::DomainSnapshot as Raw;
use virt::sys;

use super::domain::Domain;
use super::door::{destroy, read};
use super::failure::{Outcome, check, check_pointer};
use super::handle::{Found, Handle, Object};
use super::name_lists::names;
use super::older::or_older;
use crate::error::Result;

/// A handle on a snapshot.
pub type DomainSnapshot = Handle<Raw>;

impl Object for Raw {
    /// The guest, and the snapshot's name within it.
    type Key = (Uuid, String);

    fn find(connect: &Connect, (uuid, name): &Self::Key) -> Outcome<Self> {
        let domain = connect.lookup_domain_by_uuid(*uuid)?;
        Ok(virt::domain::Domain::lookup_snapshot_by_name(&domain, name, 0)?)
    }

    fn key(&self) -> Outcome<Self::Key> {
        Ok((borrowed_domain(self)?.uuid()?, self.name()?))
    }

    /// Its name (`virDomainSnapshotGetName`).
    fn label(&self) -> Outcome<String> {
        Ok(self.name()?)
    }

    fn connect(&self) -> Option<sys::virConnectPtr> {
        // SAFETY: a live snapshot.
        Some(unsafe { sys::virDomainSnapshotGetConnect(self.as_ptr()) })
    }
}

/// The guest of a snapshot, with a reference of its own.
fn borrowed_domain(snapshot: &Raw) -> Outcome<virt::domain::Domain> {
    // SAFETY: a live snapshot. The call gives the pointer that the snapshot holds, without a
    // reference; one is added before it is wrapped, because the wrapper gives one back.
    unsafe {
        let pointer = check_pointer(sys::virDomainSnapshotGetDomain(snapshot.as_ptr()))?;
        check(sys::virDomainRef(pointer))?;
        Ok(virt::domain::Domain::from_ptr(pointer))
    }
}

/// The snapshots of a guest that fit the flags (`virDomainListAllSnapshots`).
pub(super) fn all(domain: &virt::domain::Domain, flags: u32) -> Outcome<Vec<Raw>> {
    or_older(true, domain.list_all_snapshots(flags), || {
        // SAFETY: a live domain; `names` gives room for as many names as it says.
        let names = unsafe {
            let pointer = domain.as_ptr();
            names(
                || sys::virDomainSnapshotNum(pointer, flags),
                |names, room| sys::virDomainSnapshotListNames(pointer, names, room, flags),
            )
        }?;
        Ok(found(domain, &names))
    })
}

/// The snapshots taken on one, for drivers without a newer list (`virDomainSnapshotListChildrenNames`).
fn children_by_name(snapshot: &Raw, flags: u32) -> Outcome<Vec<Raw>> {
    // SAFETY: a live snapshot; `names` gives room for as many names as it says.
    let names = unsafe {
        let pointer = snapshot.as_ptr();
        names(
            || sys::virDomainSnapshotNumChildren(pointer, flags),
            |names, room| sys::virDomainSnapshotListChildrenNames(pointer, names, room, flags),
        )
    }?;
    Ok(found(&borrowed_domain(snapshot)?, &names))
}

/// Snapshots by their names; one that vanished meanwhile is left out.
fn found(domain: &virt::domain::Domain, names: &[String]) -> Vec<Raw> {
    let find = |name: &String| virt::domain::Domain::lookup_snapshot_by_name(domain, name, 0).ok();
    names.iter().filter_map(find).collect()
}

impl Domain {
    /// How many snapshots fit the flags (`virDomainSnapshotNum`).
    pub fn num_snapshots(&self, flags: u32) -> Result<u32> {
        self.call(read("domain.snapshot_num"), move |d| Ok(d.num_snapshots(flags)?))
    }

    /// Whether there is a snapshot that it came from last (`virDomainHasCurrentSnapshot`).
    pub fn has_current_snapshot(&self) -> Result<bool> {
        self.call(read("domain.has_current_snapshot"), |d| {
            // SAFETY: a live domain.
            Ok(check(unsafe { sys::virDomainHasCurrentSnapshot(d.as_ptr(), 0) })? == 1)
        })
    }
}

impl DomainSnapshot {
    /// Its guest (`virDomainSnapshotGetDomain`).
    pub fn domain(&self) -> Result<Domain> {
        let found =
            self.call_live(read("snapshot.domain"), |live, s| Found::new(live, borrowed_domain(s)?))?;
        Ok(Handle::new(self.connection(), found))
    }

    /// Its description (`virDomainSnapshotGetXMLDesc`).
    pub fn xml(&self, flags: u32) -> Result<String> {
        self.call(read("snapshot.xml"), move |s| Ok(s.xml_desc(flags)?))
    }

    /// The snapshot that it was taken on (`virDomainSnapshotGetParent`); an error when it has none.
    pub fn parent(&self) -> Result<DomainSnapshot> {
        let found = self.call_live(read("snapshot.parent"), |live, s| Found::new(live, s.parent(0)?))?;
        Ok(Handle::new(self.connection(), found))
    }

    /// How many snapshots were taken on it (`virDomainSnapshotNumChildren`).
    pub fn num_children(&self, flags: u32) -> Result<u32> {
        self.call(read("snapshot.num_children"), move |s| Ok(s.num_children(flags)?))
    }

    /// The snapshots taken on it (`virDomainSnapshotListAllChildren`).
    pub fn children(&self, flags: u32) -> Result<Vec<DomainSnapshot>> {
        let found = self.call_live(read("snapshot.children"), move |live, s| {
            Found::all(live, or_older(true, s.list_all_children(flags), || children_by_name(s, flags))?)
        })?;
        Ok(Handle::all(self.connection(), found))
    }

    /// Whether it is the current one (`virDomainSnapshotIsCurrent`).
    pub fn is_current(&self) -> Result<bool> {
        self.call(read("snapshot.is_current"), |s| Ok(s.is_current(0)?))
    }

    /// Whether libvirt keeps metadata of it (`virDomainSnapshotHasMetadata`).
    pub fn has_metadata(&self) -> Result<bool> {
        self.call(read("snapshot.has_metadata"), |s| Ok(s.has_metadata(0)?))
    }

    /// Takes its guest back to it (`virDomainRevertToSnapshot`).
    pub fn revert(&self, flags: u32) -> Result<()> {
        self.call(destroy("snapshot.revert"), move |s| Ok(s.revert(flags).map(drop)?))
    }

    /// Deletes it (`virDomainSnapshotDelete`).
    pub fn delete(&self, flags: u32) -> Result<()> {
        self.call(destroy("snapshot.delete"), move |s| Ok(s.delete(flags).map(drop)?))
    }
}
