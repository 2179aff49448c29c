//! Putting away what a run has left that was killed: frozen guests, work at a hypervisor.

use std::path::Path;

use crate::error::Result;
use crate::libvirt::begun::leftover_work;
use crate::libvirt::{Interrupt, leftovers};

/// What was found, and what became of it.
#[derive(Debug, Default)]
pub struct Recovered {
    /// What was put away, in words.
    pub done: Vec<String>,
    /// What could not be; it is tried again at the next start.
    pub failed: Vec<String>,
}

/// Thaws the guests that dead runs have left frozen. Does nothing a second time.
pub fn thaw(state: &Path, recovered: &mut Recovered) {
    for left in leftovers(state) {
        let name = format!("{} ({})", left.name, left.uri);
        if left.thaw() {
            recovered.done.push(format!("thawed {name}"));
        } else {
            recovered
                .failed
                .push(format!("{name} could not be thawed: `virsh domfsthaw {}` does it", left.name));
        }
    }
}

/// Aborts the work that dead runs have left at hypervisors. Does nothing a second time.
///
/// Errors: `interrupted` and `deadline`.
pub fn abort_work(state: &Path, interrupt: &Interrupt, recovered: &mut Recovered) -> Result<()> {
    for left in leftover_work(state) {
        match left.abort(interrupt) {
            Ok(true) => recovered.done.push(format!("aborted {}", left.title())),
            Ok(false) => {}
            Err(error) if error.ends_the_run() => return Err(error),
            Err(error) => recovered.failed.push(format!("{} could not be aborted: {error}", left.title())),
        }
    }
    Ok(())
}
