//! How block jobs begin: their options, and what libvirt is told.

use crate::api::subject::of;
use std::sync::Arc;

use rhai::{Dynamic, Map};

use super::super::disks::{explain, target_of};
use super::work::{BlockWork, Ending};
use crate::api::xml;
use crate::error::{Error, Result};
use crate::lang::options::{OptionSpec, OptionTable, Parsed, boolean, flag, size, text};
use crate::libvirt::{Domain, Job, Params, Value, begun, sys};
use crate::xml::Document;

const BANDWIDTH: OptionSpec =
    size("bandwidth", "The most bytes a second, or such as \"50MiB\"; 0 for no limit.");
const PIVOT: OptionSpec = boolean("pivot", "wait() lets the guest go over to the result when it is ready.");
const FINISH: OptionSpec =
    boolean("finish", "wait() ends the job when it is ready; the guest stays where it is.");

pub(super) static COPY: OptionTable = OptionTable {
    function: "Domain.block_copy",
    options: &[
        text("format", "The format of the copy; without it, that of the disk."),
        boolean("blockdev", "The destination is a block device, not a file."),
        flag(
            "shallow",
            sys::VIR_DOMAIN_BLOCK_COPY_SHALLOW,
            "Copies the active image only; both share what is below.",
        ),
        flag(
            "reuse_external",
            sys::VIR_DOMAIN_BLOCK_COPY_REUSE_EXT,
            "Writes into a destination that exists, as it is.",
        )
        .alias("reuse_ext"),
        flag(
            "transient_job",
            sys::VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB,
            "Ends with the guest, which may then have a stored definition.",
        ),
        flag(
            "synchronous_writes",
            sys::VIR_DOMAIN_BLOCK_COPY_SYNCHRONOUS_WRITES,
            "The guest's writes wait for both disks, so that it surely becomes ready.",
        ),
        flag(
            "target_zeroed",
            sys::VIR_DOMAIN_BLOCK_COPY_TARGET_ZEROED,
            "The destination is known to hold zeros (newer than libvirt 11).",
        ),
        BANDWIDTH,
        size("granularity", "In how large pieces changes are tracked: a power of 2, from 512 bytes on."),
        size("buf_size", "The bytes that may be on their way.").alias("buffer_size"),
        PIVOT,
        FINISH,
    ],
};

pub(super) static COMMIT: OptionTable = OptionTable {
    function: "Domain.block_commit",
    options: &[
        text("base", "The image to write into; without it, the lowest one."),
        text("top", "The image from which down is committed; without it, the active one."),
        flag("shallow", sys::VIR_DOMAIN_BLOCK_COMMIT_SHALLOW, "Into the image just below `top`."),
        flag("delete", sys::VIR_DOMAIN_BLOCK_COMMIT_DELETE, "Deletes the images that were committed."),
        flag(
            "active",
            sys::VIR_DOMAIN_BLOCK_COMMIT_ACTIVE,
            "`top` is the image that the guest writes to: the job becomes ready, and then can pivot.",
        ),
        flag(
            "keep_relative",
            sys::VIR_DOMAIN_BLOCK_COMMIT_RELATIVE,
            "Keeps relative names of images in the chain.",
        )
        .alias("relative"),
        BANDWIDTH,
        PIVOT,
        boolean("finish", "wait() ends the job when it is ready; the guest keeps its image.")
            .alias("keep_overlay"),
    ],
};

pub(super) static PULL: OptionTable = OptionTable {
    function: "Domain.block_pull",
    options: &[
        text("base", "The image that stays below; without it, none does."),
        flag(
            "keep_relative",
            sys::VIR_DOMAIN_BLOCK_REBASE_RELATIVE,
            "Keeps relative names of images in the chain.",
        )
        .alias("relative"),
        BANDWIDTH,
    ],
};

pub(super) static REBASE: OptionTable = OptionTable {
    function: "Domain.block_rebase",
    options: &[
        flag("copy", sys::VIR_DOMAIN_BLOCK_REBASE_COPY, "Copies the disk to the file `base` instead."),
        flag("copy_raw", sys::VIR_DOMAIN_BLOCK_REBASE_COPY_RAW, "With copy: in raw format.").alias("raw"),
        flag("copy_dev", sys::VIR_DOMAIN_BLOCK_REBASE_COPY_DEV, "With copy: `base` is a block device.")
            .alias("blockdev"),
        flag("shallow", sys::VIR_DOMAIN_BLOCK_REBASE_SHALLOW, "With copy: the active image only."),
        flag(
            "reuse_external",
            sys::VIR_DOMAIN_BLOCK_REBASE_REUSE_EXT,
            "With copy: writes into a file that exists.",
        )
        .alias("reuse_ext"),
        flag(
            "keep_relative",
            sys::VIR_DOMAIN_BLOCK_REBASE_RELATIVE,
            "Keeps relative names of images in the chain.",
        )
        .alias("relative"),
        BANDWIDTH,
        PIVOT,
        FINISH,
    ],
};

pub(super) static ATTACH: OptionTable =
    OptionTable { function: "Domain.block_job", options: &[PIVOT, FINISH] };

/// What happens when it is ready.
fn ending(options: &Parsed) -> Result<Ending> {
    let wanted =
        |name: &str| Ok::<_, Error>(options.declares(name) && options.get_bool(name)?.unwrap_or(false));
    match (wanted("pivot")?, wanted("finish")?) {
        (true, true) => Err(Error::usage("`pivot` and `finish` exclude each other")
            .hint("pivot goes over to the result, finish leaves the guest where it is")),
        (true, false) => Ok(Ending::Pivot),
        (false, true) => Ok(Ending::Stop),
        (false, false) => Ok(Ending::Stay),
    }
}

/// Begins a job on a disk, and listens to it from before that.
fn begin(
    vm: &Domain,
    operation: &'static str,
    disk: &str,
    has_two_phases: bool,
    ending: Ending,
    start: impl FnOnce(&str) -> Result<()>,
) -> Result<Job> {
    if !has_two_phases && ending != Ending::Stay {
        return Err(Error::usage("this job ends by itself: `pivot` and `finish` do not fit")
            .operation(operation)
            .object(vm.label()));
    }
    let target = target_of(vm, disk)?;
    let work = BlockWork::new(vm, target.clone(), has_two_phases, ending)?;
    let note = begun::note(vm, operation, Some(&target));
    start(&target).map_err(|error| in_the_way(&target, explain(vm, disk, error)))?;
    Ok(Job::noted(operation, vm.label(), Arc::new(work), note))
}

/// Says what to do about what stands in the way.
fn in_the_way(disk: &str, error: Error) -> Error {
    match error.code() {
        "block_copy_active" => {
            error.hint(format!("vm.block_job({disk:?}) is the job that goes on: wait for it, or abort it"))
        }
        "operation_invalid" if error.to_string().contains("not transient") => {
            error.hint("a guest with a stored definition needs block_copy(…, #{ transient_job: true })")
        }
        _ => error,
    }
}

/// What `block_copy` writes to: XML as it is, a path made into it.
fn destination(given: &Dynamic, options: &Parsed) -> Result<String> {
    let text = xml::text_of(given).ok_or_else(|| {
        Error::usage(format!("a destination is a path or the XML of a disk, not {}", given.type_name()))
    })?;
    if text.trim_start().starts_with('<') {
        if let Some(name) = ["format", "blockdev"].iter().find(|name| options.has(name)) {
            return Err(Error::usage(format!("`{name}` does not fit a destination in XML"))
                .hint("write it into the XML"));
        }
        return Ok(text);
    }
    let is_device = options.get_bool("blockdev")?.unwrap_or(false);
    let document = Document::parse("<disk/>")?;
    document.set("@type", if is_device { "block" } else { "file" })?;
    document.set(if is_device { "source/@dev" } else { "source/@file" }, &text)?;
    if let Some(format) = options.get_text("format")? {
        document.set("driver/@type", &format)?;
    }
    Ok(document.to_string())
}

/// The options of a copy that libvirt takes as typed parameters.
fn copy_params(options: &Parsed) -> Result<Params> {
    let mut params = Params::new();
    for (option, name) in [("bandwidth", "bandwidth"), ("buf_size", "buf-size")] {
        if let Some(bytes) = options.get_size(option)? {
            params.push((name.to_owned(), Value::ULLong(bytes)));
        }
    }
    if let Some(bytes) = options.get_size("granularity")? {
        let bytes = u32::try_from(bytes).ok().filter(|bytes| bytes.is_power_of_two() && *bytes >= 512);
        let bytes = bytes.ok_or_else(|| Error::usage("`granularity` is a power of 2, from 512 bytes on"))?;
        params.push(("granularity".to_owned(), Value::UInt(bytes)));
    }
    Ok(params)
}

pub(super) fn copy(vm: &Domain, disk: &str, to: &Dynamic, options: Map) -> Result<Job> {
    let options = COPY.read(options)?;
    let (xml, params) =
        (destination(to, &options).map_err(of("domain.block_copy", vm))?, copy_params(&options)?);
    let start = |target: &str| vm.block_copy(target, &xml, params, options.flags());
    begin(vm, "domain.block_copy", disk, true, ending(&options)?, start)
}

pub(super) fn commit(vm: &Domain, disk: &str, options: Map) -> Result<Job> {
    let options = COMMIT.read(options)?;
    let (base, top) = (options.get_text("base")?, options.get_text("top")?);
    let ending = ending(&options)?;
    // As virsh: what is done with the active image when it is ready implies that it is meant.
    let implied = if ending == Ending::Stay { 0 } else { sys::VIR_DOMAIN_BLOCK_COMMIT_ACTIVE };
    let flags = options.flags() | implied;
    let is_active = flags & sys::VIR_DOMAIN_BLOCK_COMMIT_ACTIVE != 0;
    let bandwidth = options.get_size("bandwidth")?.unwrap_or(0);
    let start = |target: &str| {
        vm.block_commit(target, base.as_deref(), top.as_deref(), bandwidth, flags).map_err(|error| {
            let hint = "without `top` the active image is meant: add active: true, or pivot: true";
            if is_active || top.is_some() { error } else { error.hint(hint) }
        })
    };
    begin(vm, "domain.block_commit", disk, is_active, ending, start)
}

pub(super) fn pull(vm: &Domain, disk: &str, options: Map) -> Result<Job> {
    let options = PULL.read(options)?;
    let (base, flags) = (options.get_text("base")?, options.flags());
    let bandwidth = options.get_size("bandwidth")?.unwrap_or(0);
    let start = |target: &str| match &base {
        // Only the other call takes a base, or flags.
        None if flags == 0 => vm.block_pull(target, bandwidth, 0),
        base => vm.block_rebase(target, base.as_deref(), bandwidth, flags),
    };
    begin(vm, "domain.block_pull", disk, false, Ending::Stay, start)
}

pub(super) fn rebase(vm: &Domain, disk: &str, base: &Dynamic, options: Map) -> Result<Job> {
    let options = REBASE.read(options)?;
    let base = match base.clone().into_string() {
        Ok(base) => Some(base),
        Err(_) if base.is_unit() => None,
        Err(given) => {
            let error = Error::usage(format!("the base is the path of an image or (), not {given}"));
            return Err(of("domain.block_rebase", vm)(error));
        }
    };
    let is_copy = options.flag("copy");
    let bandwidth = options.get_size("bandwidth")?.unwrap_or(0);
    let start = |target: &str| vm.block_rebase(target, base.as_deref(), bandwidth, options.flags());
    begin(vm, "domain.block_rebase", disk, is_copy, ending(&options)?, start)
}

/// The job that goes on at a disk.
pub(super) fn attach(vm: &Domain, disk: &str, options: Map) -> Result<Job> {
    let options = ATTACH.read(options)?;
    let target = target_of(vm, disk)?;
    let info = vm.block_job_info(&target).map_err(|error| explain(vm, disk, error))?;
    let info = info.ok_or_else(|| {
        Error::new("operation_invalid", format!("there is no block job on {target}"))
            .operation("domain.block_job")
            .object(vm.label())
            .host(vm.connection().uri())
    })?;
    let (operation, has_two_phases) = match u32::try_from(info.kind) {
        Ok(sys::VIR_DOMAIN_BLOCK_JOB_TYPE_COPY) => ("domain.block_copy", true),
        Ok(sys::VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT) => ("domain.block_commit", true),
        Ok(sys::VIR_DOMAIN_BLOCK_JOB_TYPE_COMMIT) => ("domain.block_commit", false),
        Ok(sys::VIR_DOMAIN_BLOCK_JOB_TYPE_PULL) => ("domain.block_pull", false),
        _ => ("domain.block_job", false),
    };
    begin(vm, operation, disk, has_two_phases, ending(&options)?, |_| Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(table: &'static OptionTable, options: &str) -> Parsed {
        table.read(rhai::Engine::new().eval::<Map>(options).expect(options)).unwrap()
    }

    fn xml_of(to: &str, options: &str) -> Result<String> {
        destination(&to.to_owned().into(), &read(&COPY, options))
    }

    #[test]
    fn a_path_becomes_the_xml_of_a_disk() {
        let file = Document::parse(&xml_of("/a&b", "#{ format: `qcow2` }").unwrap()).unwrap();
        let at = |path: &str| file.text_at(path).unwrap();
        assert_eq!(at("@type").as_deref(), Some("file"));
        assert_eq!(at("source/@file").as_deref(), Some("/a&b"));
        assert_eq!(at("driver/@type").as_deref(), Some("qcow2"));
        assert!(xml_of("/dev/x", "#{ blockdev: true }").unwrap().contains("dev="));
        assert_eq!(xml_of(" <disk type='volume'/>", "#{}").unwrap(), " <disk type='volume'/>");
        assert_eq!(xml_of("<disk/>", "#{ format: `raw` }").unwrap_err().code(), "usage");
    }

    #[test]
    fn numbers_of_a_copy_go_as_typed_parameters() {
        let params = copy_params(&read(&COPY, "#{ bandwidth: `1MiB`, granularity: 65536, buf_size: 4096 }"));
        assert_eq!(
            params.unwrap(),
            [
                ("bandwidth".to_owned(), Value::ULLong(1 << 20)),
                ("buf-size".to_owned(), Value::ULLong(4096)),
                ("granularity".to_owned(), Value::UInt(65_536)),
            ]
        );
        for wrong in ["1000", "256", "`8GiB`"] {
            let params = copy_params(&read(&COPY, &format!("#{{ granularity: {wrong} }}")));
            assert_eq!(params.unwrap_err().code(), "usage", "{wrong}");
        }
    }

    #[test]
    fn pivot_and_finish_exclude_each_other() {
        assert_eq!(ending(&read(&COPY, "#{ pivot: true }")).unwrap(), Ending::Pivot);
        assert_eq!(ending(&read(&COMMIT, "#{ keep_overlay: true }")).unwrap(), Ending::Stop);
        assert_eq!(ending(&read(&REBASE, "#{ pivot: false }")).unwrap(), Ending::Stay);
        assert_eq!(ending(&read(&PULL, "#{}")).unwrap(), Ending::Stay);
        assert_eq!(ending(&read(&COPY, "#{ pivot: true, finish: true }")).unwrap_err().code(), "usage");
    }
}
