//! Jobs on the images of a running guest's disk: copy, commit, pull and rebase.
//!
//! A disk is named by its target (`vda`) or the path of its source.

mod signals;
mod start;
mod work;

use rhai::Map;
use rhai::plugin::{Dynamic, ImmutableString, export_module};

use super::disks::explain;
use crate::api::subject::of;
use crate::api::units::size as size_of;
use crate::api::{Fallible, words};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, flag};
use crate::libvirt::{BlockJobInfo, Domain, Job, sys};
use start::{attach, commit, copy, pull, rebase};
use work::TYPES;

pub(super) use signals::{Look, Signals};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_block_jobs::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] =
    &[&start::COPY, &start::COMMIT, &start::PULL, &start::REBASE, &start::ATTACH, &ABORT];

static ABORT: OptionTable = OptionTable {
    function: "Domain.block_job_abort",
    options: &[
        flag("pivot", sys::VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT, "Lets the guest go over to the result."),
        flag("async_", sys::VIR_DOMAIN_BLOCK_JOB_ABORT_ASYNC, "Returns at once, before the job has ended."),
    ],
};

fn info_map(info: BlockJobInfo) -> Map {
    let number = |number: u64| Dynamic::from_int(i64::try_from(number).unwrap_or(i64::MAX));
    Map::from([
        ("type".into(), words::word(TYPES, info.kind).into_owned().into()),
        ("bandwidth".into(), number(info.bandwidth)),
        ("cur".into(), number(info.cur)),
        ("end".into(), number(info.end)),
    ])
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod domain_block_jobs {
    /// Copies a disk of the running guest to another place (`virDomainBlockCopy`).
    ///
    /// The destination is the path of a new file, or the XML of a disk as text or document. When
    /// everything is copied the job is ready: both disks stay alike until `job.pivot()` lets the guest
    /// go over to the copy, or `job.abort()` leaves the copy as it is then. `job.wait()` returns when
    /// the job is ready. A guest with a stored definition needs the option `transient_job`.
    ///
    /// Errors: `invalid_arg` for a disk that the guest does not have, `block_copy_active` while another
    /// job has the disk, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try {
    ///     let job = domain("test").block_copy("vda", "/img/copy.qcow2");
    ///     job.wait("1h");
    ///     job.pivot();
    /// } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn block_copy(vm: &mut Domain, disk: ImmutableString, to: Dynamic) -> Fallible<Job> {
        Ok(copy(vm, &disk, &to, Map::new())?)
    }

    /// Copies a disk of the running guest to another place, with options (`virDomainBlockCopy`).
    ///
    /// A guest with a stored definition needs `transient_job`: the copy ends with the guest.
    /// With `pivot` the guest goes over to the copy while `job.wait()` waits, with `finish` the copy is
    /// left alone then; without either, `job.wait()` returns when the job is ready. `bandwidth` is in
    /// bytes a second, `granularity` and `buf_size` are in bytes.
    ///
    /// Errors: `invalid_arg` for a disk that the guest does not have, `block_copy_active` while another
    /// job has the disk, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try {
    ///     domain("test").block_copy("vda", "/img/copy.qcow2", #{ format: "qcow2", pivot: true }).wait();
    /// } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "block_copy", return_raw, pure)]
    pub fn block_copy_with(
        vm: &mut Domain,
        disk: ImmutableString,
        to: Dynamic,
        options: Map,
    ) -> Fallible<Job> {
        Ok(copy(vm, &disk, &to, options)?)
    }

    /// Writes images of a disk into those below them (`virDomainBlockCommit`).
    ///
    /// The chain of images becomes shorter, and the guest sees no difference.
    /// Without options: from the active image into the lowest one, which needs `active` or `pivot`;
    /// see the form with options.
    ///
    /// Errors: `invalid_arg` for a disk that the guest does not have and for images that are not in its
    /// chain, `block_copy_active` while another job has the disk, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").block_commit("vda").wait() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn block_commit(vm: &mut Domain, disk: ImmutableString) -> Fallible<Job> {
        Ok(commit(vm, &disk, Map::new())?)
    }

    /// Writes images of a disk into those below them, with options (`virDomainBlockCommit`).
    ///
    /// `base` and `top` are paths of images in the chain, or as in `vda[2]`. With `pivot` the active
    /// image is committed, and the guest goes over to `base` while `job.wait()` waits; with `active`
    /// alone the job becomes ready, and `job.pivot()` or `job.abort()` ends it. `bandwidth` is in bytes
    /// a second.
    ///
    /// Errors: `invalid_arg` for a disk that the guest does not have and for images that are not in its
    /// chain, `block_copy_active` while another job has the disk, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").block_commit("vda", #{ pivot: true, delete: true }).wait() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "block_commit", return_raw, pure)]
    pub fn block_commit_with(vm: &mut Domain, disk: ImmutableString, options: Map) -> Fallible<Job> {
        Ok(commit(vm, &disk, options)?)
    }

    /// Fills the active image of a disk with all that is below it (`virDomainBlockPull`).
    ///
    /// The image then stands alone, and the guest sees no difference.
    ///
    /// Errors: `invalid_arg` for a disk that the guest does not have, `block_copy_active` while another
    /// job has the disk, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").block_pull("vda").wait() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn block_pull(vm: &mut Domain, disk: ImmutableString) -> Fallible<Job> {
        Ok(pull(vm, &disk, Map::new())?)
    }

    /// Fills the active image of a disk with what is below it, with options (`virDomainBlockPull`).
    ///
    /// With `base` (the path of an image in the chain) what is above that is pulled
    /// (`virDomainBlockRebase`). `bandwidth` is in bytes a second.
    ///
    /// Errors: `invalid_arg` for a disk that the guest does not have and an image that is not in its chain.
    ///
    /// ```rhai
    /// try { domain("test").block_pull("vda", #{ bandwidth: "50MiB" }).wait() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "block_pull", return_raw, pure)]
    pub fn block_pull_with(vm: &mut Domain, disk: ImmutableString, options: Map) -> Fallible<Job> {
        Ok(pull(vm, &disk, options)?)
    }

    /// Makes an image the one right below the active one of a disk (`virDomainBlockRebase`).
    ///
    /// What lies between the two is pulled into the active one.
    /// `base` is the path of an image in the chain, or `()` to pull everything.
    ///
    /// Errors: `invalid_arg` for a disk that the guest does not have and an image that is not in its chain.
    ///
    /// ```rhai
    /// try { domain("test").block_rebase("vda", "/img/base.qcow2").wait() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn block_rebase(vm: &mut Domain, disk: ImmutableString, base: Dynamic) -> Fallible<Job> {
        Ok(rebase(vm, &disk, &base, Map::new())?)
    }

    /// Makes an image the one right below the active one, or copies (`virDomainBlockRebase`).
    ///
    /// With `copy` the disk is copied to the file `base`, as older libvirt did it; `block_copy` can
    /// more. `bandwidth` is in bytes a second.
    ///
    /// Errors: `invalid_arg` for a disk that the guest does not have and an image that is not in its chain.
    ///
    /// ```rhai
    /// try {
    ///     domain("test").block_rebase("vda", "/img/copy.raw", #{ copy: true, copy_raw: true, pivot: true }).wait()
    /// } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "block_rebase", return_raw, pure)]
    pub fn block_rebase_with(
        vm: &mut Domain,
        disk: ImmutableString,
        base: Dynamic,
        options: Map,
    ) -> Fallible<Job> {
        Ok(rebase(vm, &disk, &base, options)?)
    }

    /// The block job that goes on at a disk, whoever began it.
    ///
    /// Errors: `operation_invalid` where none goes on.
    ///
    /// ```rhai
    /// try { domain("test").block_job("vda").wait("10m") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn block_job(vm: &mut Domain, disk: ImmutableString) -> Fallible<Job> {
        Ok(attach(vm, &disk, Map::new())?)
    }

    /// The block job that goes on at a disk, with what `wait()` does when it is ready.
    ///
    /// Errors: `operation_invalid` where none goes on.
    ///
    /// ```rhai
    /// try { domain("test").block_job("vda", #{ pivot: true }).wait() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "block_job", return_raw, pure)]
    pub fn block_job_with(vm: &mut Domain, disk: ImmutableString, options: Map) -> Fallible<Job> {
        Ok(attach(vm, &disk, options)?)
    }

    /// How far the job on a disk is, or `()` where none goes on (`virDomainGetBlockJobInfo`).
    ///
    /// A map: `type` (`pull`, `copy`, `commit`, `active_commit` or `backup`), `bandwidth` in bytes a
    /// second (0 without a limit), `cur` and `end`, mostly in bytes.
    ///
    /// Errors: `invalid_arg` for a disk that the guest does not have, `unsupported` where the driver cannot.
    ///
    /// @returns Map
    ///
    /// ```rhai
    /// try {
    ///     let info = domain("test").block_job_info("vda");
    ///     if info != () { print(info.cur * 100 / info.end) }
    /// } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn block_job_info(vm: &mut Domain, disk: ImmutableString) -> Fallible<Dynamic> {
        let info = vm.block_job_info(&disk).map_err(|error| explain(vm, &disk, error))?;
        Ok(info.map_or(Dynamic::UNIT, |info| info_map(info).into()))
    }

    /// Gives up the job on a disk, waiting until it has ended (`virDomainBlockJobAbort`).
    ///
    /// A copy that is ready is complete then, and left alone.
    ///
    /// Errors: `invalid_arg` for a disk that the guest does not have and where no job goes on.
    ///
    /// ```rhai
    /// try { domain("test").block_job_abort("vda") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn block_job_abort(vm: &mut Domain, disk: ImmutableString) -> Fallible<()> {
        Ok(vm.block_job_abort(&disk, 0).map_err(|error| explain(vm, &disk, error))?)
    }

    /// Ends the job on a disk, with options (`virDomainBlockJobAbort`).
    ///
    /// `pivot` fails with `block_copy_active` while the job is not ready; `job.pivot()` waits instead.
    ///
    /// Errors: `invalid_arg` for a disk that the guest does not have and where no job goes on.
    ///
    /// ```rhai
    /// try { domain("test").block_job_abort("vda", #{ pivot: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "block_job_abort", return_raw, pure)]
    pub fn block_job_abort_with(vm: &mut Domain, disk: ImmutableString, options: Map) -> Fallible<()> {
        let flags = ABORT.read(options)?.flags();
        Ok(vm.block_job_abort(&disk, flags).map_err(|error| explain(vm, &disk, error))?)
    }

    /// Sets how fast the job on a disk may be (`virDomainBlockJobSetSpeed`).
    ///
    /// In bytes a second, or a text such as `"50MiB"`; 0 for no limit.
    ///
    /// Errors: `invalid_arg` for a disk that the guest does not have and where no job goes on.
    ///
    /// ```rhai
    /// try { domain("test").block_job_set_speed("vda", "50MiB") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn block_job_set_speed(vm: &mut Domain, disk: ImmutableString, speed: Dynamic) -> Fallible<()> {
        let set =
            vm.block_job_set_speed(&disk, size_of(&speed).map_err(of("domain.block_job_set_speed", vm))?);
        Ok(set.map_err(|error| explain(vm, &disk, error))?)
    }
}
