//! Disks of a guest: statistics, data, sizes, errors, write thresholds; and its memory's data.

use rhai::plugin::{Dynamic, ImmutableString, export_module};
use rhai::{Array, Blob, Map};

use super::disks;
use crate::api::subject::of;
use crate::api::units::size as size_of;
use crate::api::{Fallible, words};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, flag};
use crate::libvirt::{Domain, Params, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_block::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&MEMORY_PEEK, &BLOCK_RESIZE];

static MEMORY_PEEK: OptionTable = OptionTable {
    function: "Domain.memory_peek",
    options: &[
        flag("physical", sys::VIR_MEMORY_PHYSICAL, "The address is physical; so it is without options."),
        flag("virtual", sys::VIR_MEMORY_VIRTUAL, "The address is virtual, as the guest's first CPU sees it."),
    ],
};

static BLOCK_RESIZE: OptionTable = OptionTable {
    function: "Domain.block_resize",
    options: &[
        flag(
            "capacity",
            sys::VIR_DOMAIN_BLOCK_RESIZE_CAPACITY,
            "Takes the whole size of the device behind it; the size must be 0 or that (libvirt 10.0.0).",
        ),
        flag(
            "extend",
            sys::VIR_DOMAIN_BLOCK_RESIZE_EXTEND,
            "Refuses to make it smaller (newer than libvirt 11).",
        ),
    ],
};

/// `virDomainDiskErrorCode`
const DISK_ERRORS: &[&str] = &["none", "unspec", "no_space"];

/// The counters of `virDomainBlockStatsFlags` with the names that they have in the statistics of all guests.
const COUNTERS: &[(&str, &str, &str)] = &[
    ("rd_bytes", "rd", "bytes"),
    ("rd_operations", "rd", "reqs"),
    ("rd_total_times", "rd", "times_ns"),
    ("wr_bytes", "wr", "bytes"),
    ("wr_operations", "wr", "reqs"),
    ("wr_total_times", "wr", "times_ns"),
    ("flush_operations", "fl", "reqs"),
    ("flush_total_times", "fl", "times_ns"),
];

fn stats(vm: &Domain, disk: &str) -> Result<Map> {
    let told: Params = vm.block_stats(disk).map_err(|error| match disk {
        "" => error,
        disk => disks::explain(vm, disk, error),
    })?;
    let mut map = Map::new();
    for (name, value) in told {
        let value = Dynamic::from_int(value.as_i64().unwrap_or_default());
        let Some((_, group, field)) = COUNTERS.iter().find(|(known, ..)| *known == name) else {
            map.insert(name.into(), value);
            continue;
        };
        let mut group = map.entry((*group).into()).or_insert_with(|| Map::new().into()).write_lock::<Map>();
        if let Some(group) = &mut group {
            group.insert((*field).into(), value);
        }
    }
    Ok(map)
}

/// Sorts out the place and the length of data.
fn place(offset: &Dynamic, size: &Dynamic) -> Result<(u64, usize)> {
    let length = usize::try_from(size_of(size)?);
    Ok((size_of(offset)?, length.map_err(|_| Error::usage(format!("{size} bytes are too many")))?))
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod domain_block {
    /// The counters of all disks of the guest together (`virDomainBlockStatsFlags`).
    ///
    /// See `block_stats(disk)`.
    ///
    /// Errors: `invalid_arg` where the driver counts only single disks.
    ///
    /// ```rhai
    /// try { print(domain("test").block_stats().rd.bytes) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn block_stats(vm: &mut Domain) -> Fallible<Map> {
        Ok(stats(vm, "")?)
    }

    /// The counters of a disk of the guest, by target or path (`virDomainBlockStatsFlags`).
    ///
    /// `#{ rd, wr, fl, errs }`, as one of `block` in `stats()`, as far as the driver counts: what was read, written
    /// and flushed, each with `bytes` (not of `fl`), the number of requests `reqs` and the time they took,
    /// `times_ns`, in nanoseconds.
    ///
    /// Errors: `invalid_arg` for a disk that the guest does not have, `operation_invalid` when it does not run.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// for disk in vm.xml.all("devices/disk/target/@dev") { print(vm.block_stats(disk).rd.bytes) }
    /// ```
    #[rhai_fn(name = "block_stats", return_raw, pure)]
    pub fn block_stats_of(vm: &mut Domain, disk: ImmutableString) -> Fallible<Map> {
        Ok(stats(vm, &disk)?)
    }

    /// Bytes of a disk of the guest, by target or path, from an offset on (`virDomainBlockPeek`).
    ///
    /// They are those of the file or device behind it; QEMU's driver gives them of raw images only. Offset and
    /// size are in bytes, or texts such as `"4KiB"`.
    ///
    /// Errors: `invalid_arg` for a disk that the guest does not have, and for an image in another format,
    /// `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").block_peek("vda", 0, 512).len()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn block_peek(
        vm: &mut Domain,
        disk: ImmutableString,
        offset: Dynamic,
        size: Dynamic,
    ) -> Fallible<Blob> {
        let (offset, size) = place(&offset, &size).map_err(of("domain.block_peek", vm))?;
        Ok(vm.block_peek(&disk, offset, size).map_err(|error| disks::explain(vm, &disk, error))?)
    }

    /// Bytes of the guest's memory, from a physical address on (`virDomainMemoryPeek`).
    ///
    /// Address and size are in bytes, or texts such as `"1MiB"`.
    ///
    /// Errors: `operation_invalid` when it does not run, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").memory_peek(0, 512).len()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn memory_peek(vm: &mut Domain, start: Dynamic, size: Dynamic) -> Fallible<Blob> {
        let (start, size) = place(&start, &size).map_err(of("domain.memory_peek", vm))?;
        Ok(vm.memory_peek(start, size, sys::VIR_MEMORY_PHYSICAL)?)
    }

    /// Bytes of the guest's memory, from an address of another kind on (`virDomainMemoryPeek`).
    ///
    /// Address and size are in bytes, or texts such as `"1MiB"`.
    ///
    /// Errors: `operation_invalid` when it does not run, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").memory_peek(0, 512, #{ virtual: true }).len()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "memory_peek", return_raw, pure)]
    pub fn memory_peek_with(vm: &mut Domain, start: Dynamic, size: Dynamic, options: Map) -> Fallible<Blob> {
        let (start, size) = place(&start, &size).map_err(of("domain.memory_peek", vm))?;
        let flags = match MEMORY_PEEK.read(options)?.flags() {
            0 => sys::VIR_MEMORY_PHYSICAL,
            flags => flags,
        };
        Ok(vm.memory_peek(start, size, flags)?)
    }

    /// Gives a disk of the running guest another size (`virDomainBlockResize`).
    ///
    /// In bytes, or a text such as `"20GiB"`. A disk that becomes smaller loses what lies beyond.
    ///
    /// Errors: `invalid_arg` for a disk that the guest does not have, `operation_invalid` when it does not run.
    ///
    /// ```rhai
    /// try { domain("test").block_resize("vda", "20GiB") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn block_resize(vm: &mut Domain, disk: ImmutableString, size: Dynamic) -> Fallible<()> {
        let resized = vm.block_resize(&disk, size_of(&size).map_err(of("domain.block_resize", vm))?, 0);
        Ok(resized.map_err(|error| disks::explain(vm, &disk, error))?)
    }

    /// Gives a disk of the running guest another size, with options (`virDomainBlockResize`).
    ///
    /// In bytes, or a text such as `"20GiB"`.
    ///
    /// Errors: `unsupported` for an option that the driver does not know.
    ///
    /// ```rhai
    /// try { domain("test").block_resize("vda", 0, #{ capacity: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "block_resize", return_raw, pure)]
    pub fn block_resize_with(
        vm: &mut Domain,
        disk: ImmutableString,
        size: Dynamic,
        options: Map,
    ) -> Fallible<()> {
        let flags = BLOCK_RESIZE.read(options)?.flags();
        let resized = vm.block_resize(&disk, size_of(&size).map_err(of("domain.block_resize", vm))?, flags);
        Ok(resized.map_err(|error| disks::explain(vm, &disk, error))?)
    }

    /// The disks of the guest that had an I/O error, each with what it was (`virDomainGetDiskErrors`).
    ///
    /// A list of `#{ disk, error }`, where the error is `no_space` or `unspec`; empty where all is well.
    ///
    /// @returns [Map]
    /// Errors: `operation_invalid` when it does not run.
    ///
    /// ```rhai
    /// for broken in domain("test").disk_errors() { print(`${broken.disk}: ${broken.error}`) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn disk_errors(vm: &mut Domain) -> Fallible<Array> {
        let entry = |found: crate::libvirt::DiskError| {
            let error = words::word(DISK_ERRORS, found.error).into_owned();
            Dynamic::from(Map::from([("disk".into(), found.disk.into()), ("error".into(), error.into())]))
        };
        Ok(vm.disk_errors()?.into_iter().map(entry).collect())
    }

    /// Has an event sent, once, when an image has been written so far (`virDomainSetBlockThreshold`).
    ///
    /// The disk is a target, or one of its images as `vda[1]`; the threshold is in bytes of the image, or a
    /// text such as `"9GiB"`. The event is of the kind `block_threshold`.
    ///
    /// Errors: `invalid_arg` for a disk that the guest does not have, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").set_block_threshold("vda", "9GiB") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn set_block_threshold(vm: &mut Domain, disk: ImmutableString, threshold: Dynamic) -> Fallible<()> {
        let set =
            vm.set_block_threshold(&disk, size_of(&threshold).map_err(of("domain.set_block_threshold", vm))?);
        Ok(set.map_err(|error| disks::explain(vm, &disk, error))?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::test_script::TestScript;
    use super::*;

    #[test]
    fn words_stand_at_their_numbers() {
        assert_eq!(words::word(DISK_ERRORS, sys::VIR_DOMAIN_DISK_ERROR_NO_SPACE as i32), "no_space");
        assert_eq!(words::word(DISK_ERRORS, sys::VIR_DOMAIN_DISK_ERROR_UNSPEC as i32), "unspec");
    }

    #[test]
    fn the_older_call_counts_where_the_newer_one_is_missing() {
        let host = TestScript::new();
        host.value::<()>(
            "conn().define_domain(`<domain type='test'><name>web</name><memory>65536</memory>
                <os><type>hvm</type></os><devices><disk type='file' device='disk'>
                <source file='/img/web.qcow2'/><target dev='vda' bus='virtio'/></disk></devices></domain>`)
                .start()",
        );
        let counters =
            host.json("let s = domain(`web`).block_stats(`vda`); [s.rd.keys(), s.wr.keys(), s.rd.bytes > 0]");
        assert_eq!(counters, r#"[["bytes","reqs"],["bytes","reqs"],true]"#);
        // The driver makes them up.
        assert_eq!(host.json("domain(`web`).disk_errors()"), r#"[{"disk":"vda","error":"unspec"}]"#);
        let (code, hint) = host.refusal("domain(`web`).block_stats(`vdaa`)");
        assert_eq!(code, "invalid_arg");
        assert!(hint.contains("did you mean \"vda\"?"), "{hint}");
        assert_eq!(host.error("domain(`web`).block_resize(`vda`, `20GiB`)").code(), "unsupported");
        assert_eq!(host.error("domain(`web`).block_resize(`vda`, -1)").code(), "usage");
    }
}
