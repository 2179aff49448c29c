//! Commands that are not for people: what this program does for itself in a process of its own.

use std::ffi::OsString;

use super::completions::{self, COMPLETE_COMMAND};
use super::environment::Environment;
use super::status;
use crate::config::{Env, Folders};
use crate::jobs::script_process;
use crate::kvm_probe;
use crate::libvirt::{ENTER_COMMAND, GUARD_COMMAND, enter_container, leftovers, serve_freeze_guard};
use crate::output::Palette;
use crate::report;

/// Runs a hidden command and gives the exit status; `None` where the arguments name none.
///
/// Must be called while the process has one thread: entering a container needs that.
pub(super) fn run(arguments: &[OsString]) -> Option<u8> {
    let (command, rest) = arguments.split_first()?;
    match command.to_str()? {
        GUARD_COMMAND => Some(serve_freeze_guard(rest.first()?.as_ref())),
        kvm_probe::COMMAND => Some(kvm_probe::serve(rest.first()?)),
        COMPLETE_COMMAND => Some(completions::answer(rest)),
        ENTER_COMMAND => Some(enter_container(rest.first().cloned())),
        _ => None,
    }
}

/// Takes the bond with a supervisor off the arguments of a process that runs a job's script; gives the exit status where
/// that fails.
pub(super) fn join_supervisor(arguments: &mut Vec<OsString>) -> Option<u8> {
    if arguments.first().is_none_or(|first| first != script_process::SCRIPT_COMMAND) {
        return None;
    }
    let bond = arguments.get(1).cloned().unwrap_or_default();
    arguments.drain(..arguments.len().min(2));
    let error = script_process::join_supervisor(&bond).err()?;
    report::error(&error, Palette::PLAIN);
    Some(status::USAGE)
}

/// Thaws what runs have left frozen that died together with their guards, in the background.
pub(super) fn thaw_leftovers(environment: &Environment) {
    if !environment.may_change() {
        return;
    }
    let folders = Folders::find(&Env::of_process());
    for left in folders.state_path().map(leftovers).unwrap_or_default() {
        let name = format!("{} ({})", left.name, left.uri);
        match left.thaw_in_background() {
            Ok(()) => report::warn(&format!("thawing {name}: the run that froze it was killed")),
            Err(error) => report::error(&error, environment.stderr),
        }
    }
}
