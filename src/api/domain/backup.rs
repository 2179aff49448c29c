//! Backups of the disks of a running guest.
//!
//! A *push* backup is written by the hypervisor. A *pull* backup is a server (NBD) from which another
//! program reads the disks as they were when it began.

mod description;
mod work;

use std::sync::Arc;

use rhai::Map;
use rhai::plugin::{Dynamic, export_module};

use crate::api::subject::of;
use crate::api::xml::XmlDocument;
use crate::api::{Fallible, checkpoint, definition_text};
use crate::error::Result;
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, OptionTable, any, flag, text, word};
use crate::libvirt::{Domain, Job, begun, sys};
use crate::xml::Document;
use work::BackupWork;

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_backup::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&BEGIN, &BEGIN_XML];

const REUSE_EXTERNAL: OptionSpec = flag(
    "reuse_external",
    sys::VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL,
    "Writes into files that exist, as they are.",
);
const PRESERVE_SHUTDOWN_DOMAIN: OptionSpec = flag(
    "preserve_shutdown_domain",
    sys::VIR_DOMAIN_BACKUP_BEGIN_PRESERVE_SHUTDOWN_DOMAIN,
    "Goes on when the guest shuts itself down (newer than libvirt 11).",
);

static BEGIN: OptionTable = OptionTable {
    function: "Domain.backup_begin",
    options: &[
        word("mode", &["push", "pull"], "Written by the hypervisor, or read from a server."),
        text("incremental", "The name of the checkpoint since which the changes are wanted."),
        any("disks", "Which disks, and where to: an array of #{ name, target, format, … }."),
        any("server", "Of a pull backup: \"unix:/path\", \"tcp:host:port\" or a map."),
        any("checkpoint", "A checkpoint to make with it: its name, or #{ name, description, disks }."),
        REUSE_EXTERNAL,
        PRESERVE_SHUTDOWN_DOMAIN,
    ],
};

static BEGIN_XML: OptionTable = OptionTable {
    function: "Domain.backup_begin_xml",
    options: &[
        any(
            "checkpoint",
            "A checkpoint to make with it: its XML as text or document, or as in backup_begin.",
        ),
        REUSE_EXTERNAL,
        PRESERVE_SHUTDOWN_DOMAIN,
    ],
};

/// Begins a backup, and listens to it from before that.
fn begin(vm: &Domain, xml: &str, checkpoint: Option<String>, flags: u32) -> Result<Job> {
    let work = BackupWork::new(vm, description::is_pull(xml))?;
    work.refuse_second()?;
    let note = begun::note(vm, "domain.backup_begin", None);
    vm.backup_begin(xml, checkpoint.as_deref(), flags)?;
    Ok(Job::noted("domain.backup_begin", vm.label(), Arc::new(work), note))
}

fn begin_with(vm: &Domain, options: Map) -> Result<Job> {
    let options = BEGIN.read(options)?;
    let checkpoint = options.get_any("checkpoint")?.map(checkpoint::description).transpose()?;
    begin(vm, &description::of(&options)?, checkpoint, options.flags())
}

/// A checkpoint as XML, or as `backup_begin` takes it.
fn checkpoint_xml(given: Dynamic) -> Result<String> {
    let is_xml =
        given.as_immutable_string_ref().map_or(!given.is_map(), |text| text.trim_start().starts_with('<'));
    if is_xml { definition_text(&given) } else { checkpoint::description(given) }
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod domain_backup {
    /// Begins a full backup of all disks of the running guest (`virDomainBackupBegin`).
    ///
    /// Each is written to a new file beside the disk's, whose name ends with the time.
    ///
    /// Errors: `operation_invalid` when the guest does not run or another job has it, `unsupported`
    /// where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").backup_begin().wait("1h") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn backup_begin(vm: &mut Domain) -> Fallible<Job> {
        Ok(begin_with(vm, Map::new())?)
    }

    /// Begins a backup of disks of the running guest, full or incremental (`virDomainBackupBegin`).
    ///
    /// `disks` are maps, or texts such as `"vda,target=/backup/vda.qcow2"`; without it, all disks. A
    /// disk has `name`; `backup: false` leaves it out; `target` is the file that is written, in `format`
    /// (qcow2 without it), `type` says whether it is a `file` or a `block` device. Of a pull backup,
    /// `scratch` is the file that keeps what the guest overwrites meanwhile; `exportname` and
    /// `exportbitmap` are the names at the server. `incremental` can differ from disk to disk.
    ///
    /// `server` of a pull backup: `"unix:/run/backup.sock"`, `"tcp:localhost:10809"`, or a map
    /// `#{ transport, socket, host, port, tls }`. The job of a pull backup goes on until `job.abort()`,
    /// which is how it ends well.
    ///
    /// `checkpoint` makes one at the same moment, so that a later backup can be `incremental` since.
    ///
    /// Errors: `no_domain_checkpoint` for a checkpoint that is not there, `operation_invalid` when the
    /// guest does not run or another job has it, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// let disks = [#{ name: "vda", target: "/backup/monday.qcow2" }];
    /// try { domain("test").backup_begin(#{ disks: disks, checkpoint: "monday" }).wait() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "backup_begin", return_raw, pure)]
    pub fn backup_begin_with(vm: &mut Domain, options: Map) -> Fallible<Job> {
        Ok(begin_with(vm, options)?)
    }

    /// Begins a backup that XML describes, as text or document (`virDomainBackupBegin`).
    ///
    /// Errors: `xml_error` and its relatives for a description that libvirt does not accept,
    /// `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").backup_begin_xml("<domainbackup/>").wait() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn backup_begin_xml(vm: &mut Domain, description: Dynamic) -> Fallible<Job> {
        Ok(begin(vm, &definition_text(&description).map_err(of("domain.backup_begin_xml", vm))?, None, 0)?)
    }

    /// Begins a backup that XML describes, with options (`virDomainBackupBegin`).
    ///
    /// Errors: `xml_error` and its relatives for a description that libvirt does not accept,
    /// `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").backup_begin_xml("<domainbackup/>", #{ checkpoint: "c1" }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "backup_begin_xml", return_raw, pure)]
    pub fn backup_begin_xml_with(vm: &mut Domain, description: Dynamic, options: Map) -> Fallible<Job> {
        let options = BEGIN_XML.read(options)?;
        let checkpoint = options.get_any("checkpoint")?.map(checkpoint_xml).transpose()?;
        Ok(begin(
            vm,
            &definition_text(&description).map_err(of("domain.backup_begin_xml", vm))?,
            checkpoint,
            options.flags(),
        )?)
    }

    /// The description of the backup that goes on, as a document (`virDomainBackupGetXMLDesc`).
    ///
    /// It has what libvirt filled in, such as the names of files and the port of the server.
    ///
    /// Errors: `no_domain_backup` where none goes on, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").backup_xml()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn backup_xml(vm: &mut Domain) -> Fallible<XmlDocument> {
        Ok(Document::parse(&vm.backup_xml()?)?.into())
    }
}
