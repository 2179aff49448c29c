//! Disks of a guest: statistics, reading their data, sizes, errors and write thresholds; also its
//! memory, which is read the same way.

use std::os::raw::{c_int, c_void};

use virt::sys;

use super::super::door::{change, read};
use super::super::failure::{Failure, Outcome, check, text_of};
use super::super::typed_params::{Params, Value, c_text, fetch};
use super::{Domain, release};
use crate::error::{Result, code};

/// The most that is asked for at once: a daemon answers no more than a few MiB in one message.
const PIECE: usize = 1 << 20;

/// A disk of a guest that had an I/O error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskError {
    /// its target, such as `vda`
    pub disk: String,
    /// `virDomainDiskErrorCode`
    pub error: i32,
}

impl Domain {
    /// Counters of a disk, by target or path; of all disks for an empty text
    /// (`virDomainBlockStatsFlags`, `virDomainBlockStats` where the driver lacks it).
    pub fn block_stats(&self, disk: &str) -> Result<Params> {
        let c_disk = c_text("a disk", disk)?;
        let older = c_disk.clone();
        let told = self.call(read("domain.block_stats"), move |d| {
            // SAFETY: a live domain and a NUL-terminated name; `fetch` gives room for as many as it says.
            fetch(|params, count| unsafe {
                sys::virDomainBlockStatsFlags(d.as_ptr(), c_disk.as_ptr(), params, count, 0)
            })
        });
        match told {
            Err(error) if error.code() == code::UNSUPPORTED => {
                self.call(read("domain.block_stats"), move |d| few_stats(d, &older))
            }
            told => told,
        }
    }

    /// Data of a disk from a byte on (`virDomainBlockPeek`).
    pub fn block_peek(&self, disk: &str, offset: u64, size: usize) -> Result<Vec<u8>> {
        let disk = c_text("a disk", disk)?;
        self.call(read("domain.block_peek"), move |d| {
            // SAFETY: a live domain, a NUL-terminated name, and room for the piece.
            in_pieces(offset, size, |at, piece| unsafe {
                let (room, length) = (piece.as_mut_ptr().cast::<c_void>(), piece.len());
                sys::virDomainBlockPeek(d.as_ptr(), disk.as_ptr(), at, length, room, 0)
            })
        })
    }

    /// Data of its memory from an address on (`virDomainMemoryPeek`); `flags` are `VIR_MEMORY_*`.
    pub fn memory_peek(&self, start: u64, size: usize, flags: u32) -> Result<Vec<u8>> {
        self.call(read("domain.memory_peek"), move |d| {
            // SAFETY: a live domain and room for the piece.
            in_pieces(start, size, |at, piece| unsafe {
                let (room, length) = (piece.as_mut_ptr().cast::<c_void>(), piece.len());
                sys::virDomainMemoryPeek(d.as_ptr(), at, length, room, flags)
            })
        })
    }

    /// Gives a disk of the running guest another size in bytes (`virDomainBlockResize`).
    pub fn block_resize(&self, disk: &str, bytes: u64, flags: u32) -> Result<()> {
        let disk = c_text("a disk", disk)?;
        self.call(change("domain.block_resize"), move |d| {
            let flags = flags | sys::VIR_DOMAIN_BLOCK_RESIZE_BYTES;
            // SAFETY: a live domain and a NUL-terminated name.
            check(unsafe { sys::virDomainBlockResize(d.as_ptr(), disk.as_ptr(), bytes, flags) }).map(drop)
        })
    }

    /// Sets after how many bytes written to an image an event is sent, once (`virDomainSetBlockThreshold`).
    pub fn set_block_threshold(&self, disk: &str, bytes: u64) -> Result<()> {
        let disk = c_text("a disk", disk)?;
        self.call(change("domain.set_block_threshold"), move |d| {
            // SAFETY: a live domain and a NUL-terminated name.
            check(unsafe { sys::virDomainSetBlockThreshold(d.as_ptr(), disk.as_ptr(), bytes, 0) }).map(drop)
        })
    }

    /// Its disks that had an I/O error (`virDomainGetDiskErrors`).
    pub fn disk_errors(&self) -> Result<Vec<DiskError>> {
        self.call(read("domain.disk_errors"), |d| {
            // SAFETY: a live domain; without room the answer is how many there may be.
            let most = check(unsafe { sys::virDomainGetDiskErrors(d.as_ptr(), std::ptr::null_mut(), 0, 0) })?;
            let empty = sys::virDomainDiskError { disk: std::ptr::null_mut(), error: 0 };
            let mut errors = vec![empty; most as usize];
            if errors.is_empty() {
                return Ok(Vec::new());
            }
            // SAFETY: a live domain and room for as many errors as is said.
            let count = check(unsafe {
                sys::virDomainGetDiskErrors(d.as_ptr(), errors.as_mut_ptr(), errors.len() as u32, 0)
            })?;
            // SAFETY: libvirt filled in `count` of them; each name is ours to free, once.
            Ok(errors.iter().take(count as usize).map(|entry| unsafe { take_error(entry) }).collect())
        })
    }
}

/// Copies an entry and frees its name.
///
/// # Safety
/// The entry is one that libvirt filled in, and is not used again.
unsafe fn take_error(entry: &sys::virDomainDiskError) -> DiskError {
    // SAFETY: the caller's promise.
    unsafe {
        let disk = text_of(entry.disk).unwrap_or_default();
        release(entry.disk.cast());
        DiskError { disk, error: entry.error }
    }
}

/// The five counters that every driver with statistics has, in the names of the newer call.
fn few_stats(d: &virt::domain::Domain, disk: &std::ffi::CStr) -> Outcome<Params> {
    let mut stats = std::mem::MaybeUninit::<sys::virDomainBlockStatsStruct>::zeroed();
    // SAFETY: a live domain, a NUL-terminated name, and room for one structure of the size that is said.
    let stats = unsafe {
        let size = size_of::<sys::virDomainBlockStatsStruct>();
        check(sys::virDomainBlockStats(d.as_ptr(), disk.as_ptr(), stats.as_mut_ptr(), size))?;
        stats.assume_init()
    };
    let all = [
        ("rd_operations", stats.rd_req),
        ("rd_bytes", stats.rd_bytes),
        ("wr_operations", stats.wr_req),
        ("wr_bytes", stats.wr_bytes),
        ("errs", stats.errs),
    ];
    // libvirt says -1 where it does not know.
    let known = all.into_iter().filter(|(_, count)| *count >= 0);
    Ok(known.map(|(name, count)| (name.to_owned(), Value::LLong(count))).collect())
}

/// Reads what is longer than one call may ask for.
fn in_pieces(
    start: u64,
    size: usize,
    mut peek: impl FnMut(u64, &mut [u8]) -> c_int,
) -> std::result::Result<Vec<u8>, Failure> {
    let mut data = Vec::new();
    while data.len() < size {
        let from = data.len();
        data.resize(size.min(from + PIECE), 0);
        check(peek(start.saturating_add(from as u64), &mut data[from..]))?;
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_read_in_pieces_that_join() {
        let mut asked = Vec::new();
        let data = in_pieces(10, 2_500_000, |at, piece| {
            asked.push((at, piece.len()));
            piece.fill(asked.len() as u8);
            0
        });
        assert_eq!(asked, [(10, 1_048_576), (1_048_586, 1_048_576), (2_097_162, 402_848)]);
        let data = data.unwrap();
        assert_eq!((data.len(), data[1_048_575], data[1_048_576], data[2_499_999]), (2_500_000, 1, 2, 3));
        assert!(in_pieces(0, 0, |_, _| -1).unwrap().is_empty());
    }
}
