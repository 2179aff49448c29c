//! Checkpoints of a guest: points in time from which its disks remember what is written.

use uuid::Uuid;
use virt::connect::Connect;
use virt::sys;

use super::domain::Domain;
use super::door::{change, destroy, read};
use super::failure::{Outcome, check, check_pointer, take_text, text_of};
use super::handle::{Found, Handle, Object};
use super::owned::{owned, take_list};
use super::typed_params::c_text;
use crate::error::Result;

/// A handle on a checkpoint.
pub type DomainCheckpoint = Handle<RawCheckpoint>;

owned! {
    /// libvirt's `virDomainCheckpoint`.
    RawCheckpoint: sys::virDomainCheckpointPtr, sys::virDomainCheckpointFree
}

impl RawCheckpoint {
    /// Its guest, with a reference of its own.
    fn domain(&self) -> Outcome<virt::domain::Domain> {
        // SAFETY: a live checkpoint. The call gives the pointer that it holds, without a reference;
        // one is added before it is wrapped, because the wrapper gives one back.
        unsafe {
            let pointer = check_pointer(sys::virDomainCheckpointGetDomain(self.as_ptr()))?;
            check(sys::virDomainRef(pointer))?;
            Ok(virt::domain::Domain::from_ptr(pointer))
        }
    }

    fn lookup(domain: &virt::domain::Domain, name: &str) -> Outcome<Self> {
        let name = c_text("a checkpoint's name", name)?;
        // SAFETY: a live domain and a NUL-terminated name.
        unsafe { Self::take(sys::virDomainCheckpointLookupByName(domain.as_ptr(), name.as_ptr(), 0)) }
    }
}

impl Object for RawCheckpoint {
    /// The guest, and the checkpoint's name within it.
    type Key = (Uuid, String);

    fn find(connect: &Connect, (uuid, name): &Self::Key) -> Outcome<Self> {
        Self::lookup(&connect.lookup_domain_by_uuid(*uuid)?, name)
    }

    fn key(&self) -> Outcome<Self::Key> {
        Ok((self.domain()?.uuid()?, self.label()?))
    }

    fn label(&self) -> Outcome<String> {
        // SAFETY: a live checkpoint, which owns its name.
        unsafe {
            let name = check_pointer(sys::virDomainCheckpointGetName(self.as_ptr()).cast_mut())?;
            Ok(text_of(name).unwrap_or_default())
        }
    }

    fn connect(&self) -> Option<sys::virConnectPtr> {
        // SAFETY: a live checkpoint.
        Some(unsafe { sys::virDomainCheckpointGetConnect(self.as_ptr()) })
    }
}

impl Domain {
    /// Makes a checkpoint (`virDomainCheckpointCreateXML`).
    pub fn create_checkpoint(&self, xml: &str, flags: u32) -> Result<DomainCheckpoint> {
        let xml = c_text("XML", xml)?;
        let found = self.call_live(change("domain.checkpoint_create"), move |live, d| {
            // SAFETY: a live domain and a NUL-terminated text; the answer is a fresh reference.
            let made = unsafe {
                RawCheckpoint::take(sys::virDomainCheckpointCreateXML(d.as_ptr(), xml.as_ptr(), flags))
            };
            Found::new(live, made?)
        })?;
        Ok(Handle::new(self.connection(), found))
    }

    /// Its checkpoints (`virDomainListAllCheckpoints`).
    pub fn checkpoints(&self, flags: u32) -> Result<Vec<DomainCheckpoint>> {
        let found = self.call_live(read("domain.checkpoints"), move |live, d| {
            // SAFETY: a live domain; the list and its references are the caller's.
            let all = unsafe {
                take_list(
                    |list| sys::virDomainListAllCheckpoints(d.as_ptr(), list, flags),
                    RawCheckpoint::from_ptr,
                )
            };
            Found::all(live, all?)
        })?;
        Ok(Handle::all(self.connection(), found))
    }

    /// A checkpoint by name (`virDomainCheckpointLookupByName`).
    pub fn checkpoint(&self, name: &str) -> Result<DomainCheckpoint> {
        let owned = name.to_owned();
        let found = self
            .call_live(read("domain.checkpoint"), move |live, d| {
                Found::new(live, RawCheckpoint::lookup(d, &owned)?)
            })
            .map_err(|e| e.object(name))?;
        Ok(Handle::new(self.connection(), found))
    }
}

impl DomainCheckpoint {
    /// Its guest (`virDomainCheckpointGetDomain`).
    pub fn domain(&self) -> Result<Domain> {
        let found = self.call_live(read("checkpoint.domain"), |live, c| Found::new(live, c.domain()?))?;
        Ok(Handle::new(self.connection(), found))
    }

    /// Its description (`virDomainCheckpointGetXMLDesc`).
    pub fn xml(&self, flags: u32) -> Result<String> {
        self.call(read("checkpoint.xml"), move |c| {
            // SAFETY: a live checkpoint; the text is ours to free.
            unsafe { take_text(sys::virDomainCheckpointGetXMLDesc(c.as_ptr(), flags)) }
        })
    }

    /// The checkpoint before it (`virDomainCheckpointGetParent`); an error when it has none.
    pub fn parent(&self) -> Result<DomainCheckpoint> {
        let found = self.call_live(read("checkpoint.parent"), |live, c| {
            // SAFETY: a live checkpoint; the answer is a fresh reference.
            Found::new(live, unsafe {
                RawCheckpoint::take(sys::virDomainCheckpointGetParent(c.as_ptr(), 0))?
            })
        })?;
        Ok(Handle::new(self.connection(), found))
    }

    /// The checkpoints made after it (`virDomainCheckpointListAllChildren`).
    pub fn children(&self, flags: u32) -> Result<Vec<DomainCheckpoint>> {
        let found = self.call_live(read("checkpoint.children"), move |live, c| {
            // SAFETY: a live checkpoint; the list and its references are the caller's.
            let all = unsafe {
                take_list(
                    |list| sys::virDomainCheckpointListAllChildren(c.as_ptr(), list, flags),
                    RawCheckpoint::from_ptr,
                )
            };
            Found::all(live, all?)
        })?;
        Ok(Handle::all(self.connection(), found))
    }

    /// Deletes it (`virDomainCheckpointDelete`).
    pub fn delete(&self, flags: u32) -> Result<()> {
        self.call(destroy("checkpoint.delete"), move |c| {
            // SAFETY: a live checkpoint.
            check(unsafe { sys::virDomainCheckpointDelete(c.as_ptr(), flags) }).map(drop)
        })
    }
}
