//! The host's memory: what is free, by NUMA node and size of page, and how equal pages are shared.

use std::ops::Range;

use rhai::plugin::{Dynamic, export_module};
use rhai::{Array, Map};

use super::Host;
use super::cpu::stats_map;
use crate::api::Fallible;
use crate::api::params::{to_i64, to_map, typed};
use crate::api::subject::of;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, OptionTable, Parsed, flag, int, list};
use crate::libvirt::{Params, Value, sys};
use crate::units::parse_size;
use crate::xml::{Document, Value as XmlValue};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&host_memory::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&CELLS_FREE_MEMORY, &FREE_PAGES, &ALLOC_PAGES];

const CELL: OptionSpec =
    int("cell", "The first NUMA node, by its number.").alias("start_cell").alias("cellno");
const CELLS: OptionSpec =
    int("cells", "How many NUMA nodes from the first one; 1 without it.").alias("cell_count");

static CELLS_FREE_MEMORY: OptionTable =
    OptionTable { function: "Host.cells_free_memory", options: &[CELL, CELLS] };

static FREE_PAGES: OptionTable = OptionTable {
    function: "Host.free_pages",
    options: &[
        CELL,
        CELLS,
        list("sizes", "Sizes of pages, such as [\"2MiB\"]; all that the host has without it."),
    ],
};

static ALLOC_PAGES: OptionTable = OptionTable {
    function: "Host.alloc_pages",
    options: &[
        CELL,
        CELLS,
        flag("set", sys::VIR_NODE_ALLOC_PAGES_SET, "Sets the number of pages, instead of adding to it."),
    ],
};

/// More NUMA nodes than libvirt's protocol can tell about.
const MOST_CELLS: u32 = 1024;

/// The NUMA nodes that the options name; none where they name none.
fn cells(options: &Parsed) -> Result<Option<Range<u32>>> {
    let (first, count) = (options.get_int("cell")?, options.get_int("cells")?);
    if first.is_none() && count.is_none() {
        return Ok(None);
    }
    let first = first.unwrap_or(0);
    let count = count.unwrap_or(1);
    let start = u32::try_from(first).ok().filter(|start| *start < MOST_CELLS);
    let start = start.ok_or_else(|| Error::usage(format!("{first} is not the number of a NUMA node")))?;
    let length = u32::try_from(count).ok().filter(|count| (1..=MOST_CELLS).contains(count));
    let length = length.ok_or_else(|| Error::usage(format!("{count} is not a number of NUMA nodes")))?;
    Ok(Some(start..start + length))
}

/// The NUMA nodes of the host and the sizes of their pages in bytes, from its capabilities.
fn topology(host: &Host) -> Result<Vec<(u32, Vec<u64>)>> {
    let document = Document::parse(&host.0.capabilities()?)?;
    let mut nodes = Vec::new();
    for cell in document.all("host/topology/cells/cell")? {
        let XmlValue::Node(cell) = cell else { continue };
        let Some(id) = cell.attr("id").and_then(|id| id.parse().ok()) else { continue };
        let mut sizes = Vec::new();
        for pages in cell.all("pages")? {
            let XmlValue::Node(pages) = pages else { continue };
            let (size, unit) = (pages.attr("size"), pages.attr("unit"));
            let text = format!("{}{}", size.unwrap_or_default(), unit.unwrap_or_else(|| "KiB".into()));
            sizes.extend(parse_size(&text).ok());
        }
        nodes.push((id, sizes));
    }
    Ok(nodes)
}

fn free_pages(host: &Host, options: Map) -> Result<Array> {
    let options = FREE_PAGES.read(options)?;
    let wanted = cells(&options)?;
    let sizes = options.get_list("sizes")?;
    let sizes = sizes.map(|sizes| sizes.iter().map(|size| parse_size(size)).collect::<Result<Vec<_>>>());
    let sizes = sizes.transpose()?;
    let nodes = match (&wanted, &sizes) {
        (Some(cells), Some(sizes)) => cells.clone().map(|cell| (cell, sizes.clone())).collect(),
        // Nodes may have pages of other sizes than their neighbours: each is asked for its own.
        _ => topology(host)?,
    };
    let mut rows = Array::new();
    for (cell, own) in nodes {
        if wanted.as_ref().is_some_and(|wanted| !wanted.contains(&cell)) {
            continue;
        }
        let sizes = sizes.as_ref().unwrap_or(&own);
        let counts = host.0.free_pages(sizes, cell)?;
        let row = |(size, free): (&u64, &u64)| {
            Dynamic::from(Map::from([
                ("cell".into(), Dynamic::from_int(i64::from(cell))),
                ("size".into(), Dynamic::from_int(to_i64(*size))),
                ("free".into(), Dynamic::from_int(to_i64(*free))),
            ]))
        };
        rows.extend(sizes.iter().zip(&counts).map(row));
    }
    Ok(rows)
}

fn alloc_pages(host: &Host, pages: Map, options: Map) -> Result<i64> {
    let options = ALLOC_PAGES.read(options)?;
    let page = |(size, count): (rhai::Identifier, Dynamic)| {
        let wrong = || Error::usage(format!("{count} is not a number of pages of {size}"));
        let count = count.as_int().ok().and_then(|count| u64::try_from(count).ok()).ok_or_else(wrong)?;
        Ok((parse_size(&size)?, count))
    };
    let pages = pages.into_iter().map(page).collect::<Result<Vec<_>>>()?;
    if pages.is_empty() {
        return Err(Error::usage("no pages were named").hint("for example #{ \"2MiB\": 512 }"));
    }
    Ok(i64::from(host.0.alloc_pages(&pages, cells(&options)?, options.flags())?))
}

fn cells_free_memory(host: &Host, options: Map) -> Result<Array> {
    let cells = cells(&CELLS_FREE_MEMORY.read(options)?)?.unwrap_or(0..MOST_CELLS);
    let row = |(cell, free)| {
        Dynamic::from(Map::from([
            ("cell".into(), Dynamic::from_int(i64::from(cell))),
            ("free".into(), Dynamic::from_int(to_i64(free))),
        ]))
    };
    Ok(cells.clone().zip(host.0.cells_free_memory(cells)?).map(row).collect())
}

/// libvirt counts in KiB here.
fn memory_map(stats: crate::libvirt::NodeStats) -> Map {
    stats_map(stats, |name, kib| (name, kib.saturating_mul(1024)))
}

/// The settings that can be changed, with their types.
fn tunable() -> Params {
    ["shm_pages_to_scan", "shm_sleep_millisecs", "shm_merge_across_nodes"]
        .map(|name| (name.to_owned(), Value::UInt(0)))
        .into()
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod host_memory {
    /// Free memory of the host in bytes (`virNodeGetFreeMemory`).
    ///
    /// Errors: `unsupported` where the driver does not know.
    ///
    /// ```rhai
    /// try { print(host().free_memory()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn free_memory(host: &mut Host) -> Fallible<i64> {
        Ok(to_i64(host.0.free_memory()?))
    }

    /// Free memory of each NUMA node in bytes (`virNodeGetCellsFreeMemory`).
    ///
    /// One map for each node: `#{ cell, free }`, with the node's number and its free bytes.
    ///
    /// Errors: `unsupported` where the driver does not know, `invalid_arg` where there are no nodes.
    ///
    /// @returns [Map]
    ///
    /// ```rhai
    /// try { for cell in host().cells_free_memory() { print(cell.free) } } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "cells_free_memory", return_raw, pure)]
    pub fn all_cells_free_memory(host: &mut Host) -> Fallible<Array> {
        Ok(cells_free_memory(host, Map::new())?)
    }

    /// Free memory of some NUMA nodes in bytes (`virNodeGetCellsFreeMemory`).
    ///
    /// See `cells_free_memory()`.
    ///
    /// Errors: `usage` for a number below 0, libvirt's `invalid_arg` for a node that there is not.
    ///
    /// @returns [Map]
    ///
    /// ```rhai
    /// try { print(host().cells_free_memory(#{ cell: 1 })[0].free) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "cells_free_memory", return_raw, pure)]
    pub fn some_cells_free_memory(host: &mut Host, options: Map) -> Fallible<Array> {
        Ok(cells_free_memory(host, options)?)
    }

    /// The memory of the host in bytes (`virNodeGetMemoryStats`).
    ///
    /// A map: `total`, `free`, `buffers`, `cached` and what else the driver has.
    ///
    /// Errors: `unsupported` where the driver does not know.
    ///
    /// ```rhai
    /// try { print(host().memory_stats().total) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn memory_stats(host: &mut Host) -> Fallible<Map> {
        Ok(memory_map(host.0.memory_stats(None)?))
    }

    /// The memory of one NUMA node in bytes (`virNodeGetMemoryStats`).
    ///
    /// A map: `total`, `free` and what else the driver has.
    ///
    /// Errors: `invalid_arg` for a node that there is not, `unsupported` where the driver does not know.
    ///
    /// ```rhai
    /// try { print(host().memory_stats(0).free) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "memory_stats", return_raw, pure)]
    pub fn memory_stats_of(host: &mut Host, cell: i64) -> Fallible<Map> {
        let number = i32::try_from(cell).ok().filter(|cell| *cell >= 0);
        let number = number.ok_or_else(|| Error::usage(format!("{cell} is not the number of a NUMA node")));
        let number = number.map_err(of("host.memory_stats", host))?;
        Ok(memory_map(host.0.memory_stats(Some(number))?))
    }

    /// Free pages of each size on each NUMA node (`virNodeGetFreePages`).
    ///
    /// One map for each node and size: `#{ cell, size, free }`, with the node's number, the size of a
    /// page in bytes and the number of free pages.
    ///
    /// Errors: `unsupported` where the driver does not know.
    ///
    /// @returns [Map]
    ///
    /// ```rhai
    /// for row in host().free_pages() { print(`${row.cell}: ${row.free} of ${row.size} bytes`) }
    /// ```
    #[rhai_fn(name = "free_pages", return_raw, pure)]
    pub fn all_free_pages(host: &mut Host) -> Fallible<Array> {
        Ok(free_pages(host, Map::new())?)
    }

    /// Free pages of some sizes on some NUMA nodes (`virNodeGetFreePages`).
    ///
    /// See `free_pages()`. Sizes are texts such as `"2MiB"`.
    ///
    /// Errors: `usage` for a size that is not in whole KiB, libvirt's error for one that the host lacks.
    ///
    /// @returns [Map]
    ///
    /// ```rhai
    /// print(host().free_pages(#{ sizes: ["2MiB"], cell: 0 })[0].free)
    /// ```
    #[rhai_fn(name = "free_pages", return_raw, pure)]
    pub fn some_free_pages(host: &mut Host, options: Map) -> Fallible<Array> {
        Ok(free_pages(host, options)?)
    }

    /// Reserves huge pages of the host for guests (`virNodeAllocPages`).
    ///
    /// `pages` is a map of numbers of pages by their size, such as `#{ "2MiB": 512 }`. They are added to
    /// what the host has. Gives the number of NUMA nodes that were changed.
    ///
    /// Errors: `unsupported` where the driver cannot, `usage` for a size that is not in whole KiB.
    ///
    /// ```rhai
    /// try { host().alloc_pages(#{ "2MiB": 8 }); } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "alloc_pages", return_raw, pure)]
    pub fn alloc_pages_anywhere(host: &mut Host, pages: Map) -> Fallible<i64> {
        Ok(alloc_pages(host, pages, Map::new()).map_err(of("host.alloc_pages", host))?)
    }

    /// Reserves huge pages on some NUMA nodes of the host, or in place of those it has (`virNodeAllocPages`).
    ///
    /// See `alloc_pages(pages)`. With `set` the numbers replace what there is. Gives the number of nodes that were changed.
    ///
    /// Errors: `unsupported` where the driver cannot, `usage` for a size that is not in whole KiB.
    ///
    /// ```rhai
    /// try { host().alloc_pages(#{ "2MiB": 8 }, #{ cell: 0 }); } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "alloc_pages", return_raw, pure)]
    pub fn alloc_some_pages(host: &mut Host, pages: Map, options: Map) -> Fallible<i64> {
        Ok(alloc_pages(host, pages, options)?)
    }

    /// How the host shares equal pages of guests (`virNodeGetMemoryParameters`).
    ///
    /// A map with libvirt's names: `shm_pages_to_scan`, `shm_pages_shared` and others are numbers of
    /// pages, `shm_sleep_millisecs` is in milliseconds, `shm_full_scans` counts scans.
    ///
    /// Errors: `unsupported` where the driver does not know.
    ///
    /// ```rhai
    /// try { print(host().memory_parameters().shm_pages_shared) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn memory_parameters(host: &mut Host) -> Fallible<Map> {
        Ok(to_map(host.0.host_memory_parameters()?))
    }

    /// Changes how the host shares equal pages of guests (`virNodeSetMemoryParameters`).
    ///
    /// `shm_pages_to_scan` is a number of pages, `shm_sleep_millisecs` is in milliseconds,
    /// `shm_merge_across_nodes` is 0 or 1.
    ///
    /// Errors: `usage` for another name, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { host().set_memory_parameters(#{ shm_pages_to_scan: 200 }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn set_memory_parameters(host: &mut Host, settings: Map) -> Fallible<()> {
        let settings =
            typed(&settings, &tunable()).map_err(|error| error.operation("host.set_memory_parameters"))?;
        Ok(host.0.set_host_memory_parameters(settings)?)
    }
}
