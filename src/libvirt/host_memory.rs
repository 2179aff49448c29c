//! Memory of a host: what is free, by NUMA node and by size of page, and how pages are shared.

use std::ops::Range;
use std::os::raw::{c_int, c_uint};

use virt::sys;

use super::connection::Connection;
use super::door::{change, read};
use super::failure::{Outcome, check};
use super::typed_params::{Params, ParamsBuffer, fetch};
use crate::error::{Error, Result};

/// Bytes in the unit in which libvirt counts the sizes of pages.
const KIB: u64 = 1024;

impl Connection {
    /// Free memory of the host in bytes (`virNodeGetFreeMemory`).
    pub fn free_memory(&self) -> Result<u64> {
        self.call(read("host.free_memory"), "", |c| Ok(c.free_memory()?))
    }

    /// Free memory of some NUMA nodes in bytes (`virNodeGetCellsFreeMemory`).
    pub fn cells_free_memory(&self, cells: Range<u32>) -> Result<Vec<u64>> {
        self.call(read("host.cells_free_memory"), "", move |c| {
            let mut free = vec![0; cells.len()];
            let (start, room) = (cells.start as c_int, free.len() as c_int);
            // SAFETY: a live connection and room for `room` numbers.
            let filled =
                check(unsafe { sys::virNodeGetCellsFreeMemory(c.as_ptr(), free.as_mut_ptr(), start, room) })?;
            free.truncate(filled as usize);
            Ok(free)
        })
    }

    /// Free memory of one NUMA node in bytes, or nothing; libvirt checks its number (`virNodeGetCellsFreeMemory`).
    pub fn cell_free_memory(&self, cell: i32) -> Result<Vec<u64>> {
        self.call(read("host.cells_free_memory"), "", move |c| {
            let mut free = 0;
            // SAFETY: a live connection and room for one number.
            let filled =
                check(unsafe { sys::virNodeGetCellsFreeMemory(c.as_ptr(), &raw mut free, cell, 1) })?;
            Ok(if filled == 0 { Vec::new() } else { vec![free] })
        })
    }

    /// Free pages of some sizes (in bytes) on one NUMA node, in the same order (`virNodeGetFreePages`).
    ///
    /// One node at a time: nodes differ in their sizes, and not every driver says how many it answered for.
    pub fn free_pages(&self, sizes: &[u64], cell: u32) -> Result<Vec<u64>> {
        let mut sizes = sizes.iter().copied().map(page_size).collect::<Result<Vec<_>>>()?;
        self.call(read("host.free_pages"), "", move |c| {
            let mut counts = vec![0; sizes.len()];
            if counts.is_empty() {
                return Ok(counts);
            }
            let room = sizes.len() as c_uint;
            let (sizes, cell, counts_at) = (sizes.as_mut_ptr(), cell as c_int, counts.as_mut_ptr());
            // SAFETY: a live connection, as many sizes as said, and room for one number for each of them.
            check(unsafe { sys::virNodeGetFreePages(c.as_ptr(), room, sizes, cell, 1, counts_at, 0) })?;
            Ok(counts)
        })
    }

    /// Reserves pages, as (bytes, count), on some NUMA nodes or on all of them (`virNodeAllocPages`).
    /// Returns on how many nodes the number of pages was changed.
    pub fn alloc_pages(&self, pages: &[(u64, u64)], cells: Option<Range<u32>>, flags: u32) -> Result<u32> {
        let mut sizes = pages.iter().map(|(size, _)| page_size(*size)).collect::<Result<Vec<_>>>()?;
        let mut counts: Vec<_> = pages.iter().map(|(_, count)| *count).collect();
        let (start, cells) = cells.map_or((-1, 1), |cells| (cells.start as c_int, cells.len() as c_uint));
        self.call(change("host.alloc_pages"), "", move |c| {
            // SAFETY: a live connection and two arrays of the same, given length.
            check(unsafe {
                sys::virNodeAllocPages(
                    c.as_ptr(),
                    sizes.len() as c_uint,
                    sizes.as_mut_ptr(),
                    counts.as_mut_ptr(),
                    start,
                    cells,
                    flags,
                )
            })
            .map(|adjusted| adjusted as u32)
        })
    }

    /// How the host shares equal pages of guests (`virNodeGetMemoryParameters`).
    pub fn host_memory_parameters(&self) -> Result<Params> {
        self.call(read("host.memory_parameters"), "", |c| {
            // SAFETY: a live connection; `fetch` gives room for as many parameters as it says.
            fetch(|params, count| unsafe { sys::virNodeGetMemoryParameters(c.as_ptr(), params, count, 0) })
        })
    }

    /// Changes how the host shares equal pages of guests (`virNodeSetMemoryParameters`).
    pub fn set_host_memory_parameters(&self, settings: Params) -> Result<()> {
        self.call(change("host.set_memory_parameters"), "", move |c| -> Outcome<()> {
            let mut buffer = ParamsBuffer::new(&settings)?;
            // SAFETY: a live connection and a valid array of its own length.
            check(unsafe {
                sys::virNodeSetMemoryParameters(c.as_ptr(), buffer.as_mut_ptr(), buffer.len(), 0)
            })
            .map(drop)
        })
    }
}

/// The size of a page in KiB, as libvirt counts it.
fn page_size(bytes: u64) -> Result<c_uint> {
    let whole = bytes > 0 && bytes.is_multiple_of(KIB);
    whole.then(|| c_uint::try_from(bytes / KIB).ok()).flatten().ok_or_else(|| {
        Error::usage(format!("{bytes} bytes is not the size of a page"))
            .hint("sizes of pages are whole KiB, such as \"4KiB\", \"2MiB\" or \"1GiB\"")
    })
}
