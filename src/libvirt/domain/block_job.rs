//! Jobs on the images of a running guest's disk: copy, commit, pull and rebase.
//!
//! A disk is named by its target or its path; speeds are in bytes a second, 0 for as fast as it goes.

use std::os::raw::c_ulong;

use virt::sys;

use super::super::door::{Operation, change, destroy, read};
use super::super::failure::check;
use super::super::texts::OptionalText;
use super::super::typed_params::{Params, ParamsBuffer, c_text};
use super::Domain;
use crate::error::{Error, Result};

/// How far a block job is (`virDomainBlockJobInfo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockJobInfo {
    /// `virDomainBlockJobType`
    pub kind: i32,
    /// the speed that it may have, in bytes a second; 0 without a limit
    pub bandwidth: u64,
    /// how far it is, in a unit that may not be bytes; equal to `end` when the job is about to end
    pub cur: u64,
    /// how far it goes
    pub end: u64,
}

impl Domain {
    /// Begins to copy a disk to what the XML of a disk describes (`virDomainBlockCopy`).
    pub fn block_copy(&self, disk: &str, xml: &str, params: Params, flags: u32) -> Result<()> {
        let (disk, xml) = (c_text("a disk", disk)?, c_text("XML", xml)?);
        self.call(change("domain.block_copy"), move |d| {
            let mut params = ParamsBuffer::new(&params)?;
            // SAFETY: a live domain, NUL-terminated texts, a valid array of its own length.
            check(unsafe {
                let (list, count) = (params.as_mut_ptr(), params.len());
                sys::virDomainBlockCopy(d.as_ptr(), disk.as_ptr(), xml.as_ptr(), list, count, flags)
            })
            .map(drop)
        })
    }

    /// Begins to write what is above `base` into it, from `top` on (`virDomainBlockCommit`).
    ///
    /// `None` is the lowest image for `base` and the active one for `top`.
    pub fn block_commit(
        &self,
        disk: &str,
        base: Option<&str>,
        top: Option<&str>,
        bandwidth: u64,
        flags: u32,
    ) -> Result<()> {
        let (disk, base, top) = (
            c_text("a disk", disk)?,
            OptionalText::new("an image", base)?,
            OptionalText::new("an image", top)?,
        );
        let (bandwidth, flags) = (speed(bandwidth)?, flags | sys::VIR_DOMAIN_BLOCK_COMMIT_BANDWIDTH_BYTES);
        let name = "domain.block_commit";
        let deletes = flags & sys::VIR_DOMAIN_BLOCK_COMMIT_DELETE != 0;
        self.call(if deletes { destroy(name) } else { change(name) }, move |d| {
            // SAFETY: a live domain; each text is NUL-terminated or null, which libvirt allows.
            check(unsafe {
                let (base, top) = (base.as_ptr(), top.as_ptr());
                sys::virDomainBlockCommit(d.as_ptr(), disk.as_ptr(), base, top, bandwidth, flags)
            })
            .map(drop)
        })
    }

    /// Begins to fill the active image with everything below it (`virDomainBlockPull`).
    pub fn block_pull(&self, disk: &str, bandwidth: u64, flags: u32) -> Result<()> {
        let (disk, bandwidth) = (c_text("a disk", disk)?, speed(bandwidth)?);
        self.call(change("domain.block_pull"), move |d| {
            let flags = flags | sys::VIR_DOMAIN_BLOCK_PULL_BANDWIDTH_BYTES;
            // SAFETY: a live domain and a NUL-terminated name.
            check(unsafe { sys::virDomainBlockPull(d.as_ptr(), disk.as_ptr(), bandwidth, flags) }).map(drop)
        })
    }

    /// Begins to fill the active image down to `base`, or to copy to the file `base`
    /// (`virDomainBlockRebase`).
    pub fn block_rebase(&self, disk: &str, base: Option<&str>, bandwidth: u64, flags: u32) -> Result<()> {
        let (disk, base, bandwidth) =
            (c_text("a disk", disk)?, OptionalText::new("an image", base)?, speed(bandwidth)?);
        self.call(change("domain.block_rebase"), move |d| {
            let flags = flags | sys::VIR_DOMAIN_BLOCK_REBASE_BANDWIDTH_BYTES;
            // SAFETY: a live domain; each text is NUL-terminated or null, which libvirt allows.
            check(unsafe {
                let base = base.as_ptr();
                sys::virDomainBlockRebase(d.as_ptr(), disk.as_ptr(), base, bandwidth, flags)
            })
            .map(drop)
        })
    }

    /// How far the job on a disk is; `None` where none goes on (`virDomainGetBlockJobInfo`).
    pub fn block_job_info(&self, disk: &str) -> Result<Option<BlockJobInfo>> {
        let disk = c_text("a disk", disk)?;
        self.call(read("domain.block_job_info"), move |d| {
            let mut info = std::mem::MaybeUninit::<sys::virDomainBlockJobInfo>::zeroed();
            let flags = sys::VIR_DOMAIN_BLOCK_JOB_INFO_BANDWIDTH_BYTES;
            // SAFETY: a live domain, a NUL-terminated name, and room for one structure, all zero, which
            // is a valid value.
            let (found, info) = unsafe {
                let answer =
                    sys::virDomainGetBlockJobInfo(d.as_ptr(), disk.as_ptr(), info.as_mut_ptr(), flags);
                (check(answer)? == 1, info.assume_init())
            };
            Ok(found.then_some(BlockJobInfo {
                kind: info.type_,
                bandwidth: info.bandwidth,
                cur: info.cur,
                end: info.end,
            }))
        })
    }

    /// Ends the job on a disk: by going over to the copy, or by giving it up (`virDomainBlockJobAbort`).
    pub fn block_job_abort(&self, disk: &str, flags: u32) -> Result<()> {
        const ABORT: Operation = change("domain.block_job_abort");
        let disk = c_text("a disk", disk)?;
        self.call(ABORT, move |d| {
            // SAFETY: a live domain and a NUL-terminated name.
            check(unsafe { sys::virDomainBlockJobAbort(d.as_ptr(), disk.as_ptr(), flags) }).map(drop)
        })
    }

    /// Sets the speed of the job on a disk (`virDomainBlockJobSetSpeed`).
    pub fn block_job_set_speed(&self, disk: &str, bandwidth: u64) -> Result<()> {
        let (disk, bandwidth) = (c_text("a disk", disk)?, speed(bandwidth)?);
        self.call(change("domain.block_job_set_speed"), move |d| {
            let flags = sys::VIR_DOMAIN_BLOCK_JOB_SPEED_BANDWIDTH_BYTES;
            // SAFETY: a live domain and a NUL-terminated name.
            check(unsafe { sys::virDomainBlockJobSetSpeed(d.as_ptr(), disk.as_ptr(), bandwidth, flags) })
                .map(drop)
        })
    }
}

fn speed(bandwidth: u64) -> Result<c_ulong> {
    c_ulong::try_from(bandwidth)
        .map_err(|_| Error::usage(format!("{bandwidth} bytes a second are more than libvirt can count")))
}
