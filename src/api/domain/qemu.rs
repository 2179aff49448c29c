//! What only QEMU has: the monitor of a guest, and guests that libvirt did not start.

use std::fs::{File, OpenOptions};

use rhai::Map;
use rhai::plugin::{Dynamic, NativeCallContext, export_module};
use serde_json::Value;

use super::agent::{answer, command};
use crate::api::Fallible;
use crate::api::host_context::allow;
use crate::api::permissions::Permission;
use crate::api::subject::{named, of};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, boolean, list};
use crate::libvirt::{Connection, Domain, MonitorCommand};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&qemu_functions::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&MONITOR];

static MONITOR: OptionTable = OptionTable {
    function: "Domain.qemu_monitor_command",
    options: &[
        boolean("hmp", "The command is in the words of the monitor for people; the answer is a text."),
        list("files", "Local files that are handed to QEMU with the command.").alias("pass_fds"),
        boolean("write", "The files are opened for writing too."),
    ],
};

/// QEMU's answer: what stands in its `return`, or its complaint.
fn monitor_answer(vm: &Domain, text: &str) -> Fallible<Dynamic> {
    let of_call = |error: Error| error.operation("domain.qemu_monitor_command").object(vm.label());
    let mut value: Value = serde_json::from_str(text).map_err(|error| {
        of_call(Error::new("internal_error", format!("QEMU's answer is no JSON: {error}")))
    })?;
    if let Some(complaint) = value.get("error") {
        let words = complaint["desc"].as_str().unwrap_or(text);
        return Err(of_call(Error::new("operation_failed", words)).into());
    }
    answer(value["return"].take())
}

fn open(path: &str, write: bool) -> Result<File> {
    OpenOptions::new()
        .read(true)
        .write(write)
        .open(path)
        .map_err(|error| Error::io(path, &error).operation("domain.qemu_monitor_command"))
}

fn send(vm: &Domain, given: &Dynamic, hmp: bool, files: Vec<File>) -> Fallible<Dynamic> {
    if hmp {
        let Ok(text) = given.as_immutable_string_ref() else {
            return Err(Error::usage("a command for the monitor for people is a text").into());
        };
        let text = vm.qemu_monitor_command(MonitorCommand::Human(text.to_string()), "", files)?;
        return Ok(text.replace("\r\n", "\n").trim_end().to_owned().into());
    }
    let command = command("monitor", given)
        .map_err(|error| error.replace_hint("words such as \"info block\" need #{ hmp: true }"))?;
    let name = command["execute"].as_str().unwrap_or_default().to_owned();
    let text = vm.qemu_monitor_command(MonitorCommand::Protocol(command.to_string()), &name, files)?;
    monitor_answer(vm, &text)
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod qemu_functions {
    /// Sends QEMU's monitor a command and returns what it answers (`virDomainQemuMonitorCommand`).
    ///
    /// The command is a map `#{ execute, arguments }`, a text of JSON, or the name of a command that needs no
    /// arguments. The answer is data: what stands in its `return`. libvirt is not told of what a command
    /// changes. Everything but `query-…` counts as destroying.
    ///
    /// Errors: `operation_failed` with QEMU's words for a command that fails, `unsupported` where the
    /// driver is not QEMU's.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { print(vm.qemu_monitor_command("query-status").status) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn qemu_monitor_command(vm: &mut Domain, command: Dynamic) -> Fallible<Dynamic> {
        named(send(vm, &command, false, Vec::new()), "domain.qemu_monitor_command", vm)
    }

    /// Sends QEMU's monitor a command in people's words, or with files (`virDomainQemuMonitorCommand`).
    ///
    /// With `hmp` the command is words such as `info block`, and the answer a text. Files go with a local
    /// connection only (`virDomainQemuMonitorCommandWithFiles`).
    ///
    /// Errors: `operation_failed` with QEMU's words for a command that fails, `io` for a file that cannot be
    /// opened, `denied` with `--deny write` for files to write, `unsupported` where the driver is not QEMU's.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { print(vm.qemu_monitor_command("info block", #{ hmp: true })) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "qemu_monitor_command", return_raw)]
    pub fn qemu_monitor_command_with(
        context: NativeCallContext,
        vm: Domain,
        command: Dynamic,
        options: Map,
    ) -> Fallible<Dynamic> {
        let options = MONITOR.read(options)?;
        let write = options.flag("write");
        let paths = options.get_list("files")?.unwrap_or_default();
        for path in paths.iter().filter(|_| write) {
            allow(&context, Permission::Write, "Domain.qemu_monitor_command", path)?;
        }
        let files = paths.iter().map(|path| open(path, write)).collect::<Result<_>>()?;
        named(send(&vm, &command, options.flag("hmp"), files), "domain.qemu_monitor_command", &vm)
    }

    /// Takes over a QEMU process that libvirt did not start, by its process id (`virDomainQemuAttach`).
    ///
    /// Errors: `unsupported` where the driver is not QEMU's, or is newer than libvirt 5.4, which dropped it.
    ///
    /// ```rhai
    /// try { print(conn().qemu_attach(1234).name) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn qemu_attach(connection: &mut Connection, pid: i64) -> Fallible<Domain> {
        let pid = u32::try_from(pid).map_err(|_| Error::usage(format!("{pid} is not a process id")));
        let pid = pid.map_err(of("connection.qemu_attach", connection))?;
        Ok(connection.qemu_attach(pid)?)
    }
}
