//! Commands to the agent of a guest that take something back, given also when the run has to end.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use serde_json::Value;
use virt::sys;

use super::super::connection::Live;
use super::super::door::read;
use super::super::typed_params::c_text;
use super::{Domain, release};
use crate::error::Result;

/// How long the run waits for the answer: only so that the command leaves before the process ends.
const PATIENCE: Duration = Duration::from_millis(500);

/// See the module. It holds all that giving a command needs: once a run is interrupted it is too late to
/// ask for that.
pub(super) struct AgentUndo {
    live: Arc<Live>,
    object: Arc<virt::domain::Domain>,
}

impl AgentUndo {
    pub(super) fn new(domain: &Domain) -> Result<Self> {
        let handle = domain.clone();
        let (live, object) =
            domain.connection().call_live(read("domain.agent_command"), domain.label(), move |live| {
                Ok((live.clone(), handle.object(live)?))
            })?;
        Ok(Self { live, object })
    }

    /// Gives a command, past the door, which lets nothing through once the run is to end. Whether it
    /// succeeds is not known.
    pub(super) fn run(&self, command: &Value) {
        let Ok(command) = c_text("an agent command", &command.to_string()) else { return };
        let object = self.object.clone();
        let (done, ended) = mpsc::channel::<()>();
        self.live.post(move |_| {
            // SAFETY: a live domain and a NUL-terminated text; the answer is ours to free, null is fine.
            unsafe {
                let patience = sys::VIR_DOMAIN_QEMU_AGENT_COMMAND_DEFAULT;
                let answer = sys::virDomainQemuAgentCommand(object.as_ptr(), command.as_ptr(), patience, 0);
                release(answer.cast());
            }
            drop(done);
        });
        let _ = ended.recv_timeout(PATIENCE);
    }
}
