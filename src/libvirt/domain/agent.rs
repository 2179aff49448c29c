//! The agent in a guest: commands as JSON, and how long libvirt waits for it.
//!
//! Everything that has no call of its own in libvirt goes through [`Domain::agent_command`]: programs
//! and files are built on it.

use std::os::raw::c_int;
use std::time::Duration;

use serde_json::Value;
use virt::sys;

use super::super::door::{Operation, change, read};
use super::super::failure::{check, take_text};
use super::super::typed_params::c_text;
use super::Domain;
use crate::error::{Error, Result};

/// How long the agent may take to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AgentPatience {
    /// As long as libvirt finds right: 5 seconds.
    #[default]
    Default,
    /// libvirt's own number, which it checks itself.
    Number(i32),
    /// Until it answers.
    Forever,
    /// Not at all: the answer is there, or the call fails.
    None,
    /// This long; libvirt counts in seconds, and parts of one are rounded up.
    AtMost(Duration),
}

impl AgentPatience {
    fn number(self) -> c_int {
        match self {
            Self::Default => sys::VIR_DOMAIN_QEMU_AGENT_COMMAND_DEFAULT,
            Self::Number(number) => number,
            Self::Forever => sys::VIR_DOMAIN_QEMU_AGENT_COMMAND_BLOCK,
            Self::None => sys::VIR_DOMAIN_QEMU_AGENT_COMMAND_NOWAIT as c_int,
            Self::AtMost(time) => {
                let seconds = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
                c_int::try_from(seconds.max(1)).unwrap_or(c_int::MAX)
            }
        }
    }
}

/// Commands that only look, by the beginning of their names.
const READS: &[&str] = &["guest-get-", "guest-ping", "guest-info", "guest-sync", "guest-network-get-"];

/// What a command is at the door: by its name, a look or a change.
fn effect(command: &Value) -> Operation {
    let name = command.get("execute").and_then(Value::as_str).unwrap_or_default();
    let looks = READS.iter().any(|start| name.starts_with(start));
    if looks { read("domain.agent_command") } else { change("domain.agent_command") }
}

impl Domain {
    /// Asks the agent whether it is there (`virDomainQemuAgentCommand`).
    ///
    /// Errors: `agent_unresponsive` where it is not.
    pub fn agent_ping(&self, patience: AgentPatience) -> Result<()> {
        let ping = serde_json::json!({ "execute": "guest-ping" });
        self.agent_answer(read("domain.agent_ping"), &ping, patience).map(drop)
    }

    /// Sends the agent a command and returns what it answers (`virDomainQemuAgentCommand`).
    ///
    /// Errors: `agent_unresponsive` where there is no agent or no answer in time, `internal_error` with
    /// the agent's own words for a command that fails.
    pub fn agent_command(&self, command: &Value, patience: AgentPatience) -> Result<Value> {
        self.agent_answer(effect(command), command, patience)
    }

    /// Does the same as another operation: what a command does is known to whoever makes it.
    pub(in crate::libvirt) fn agent_answer(
        &self,
        operation: Operation,
        command: &Value,
        patience: AgentPatience,
    ) -> Result<Value> {
        let answer = self.agent_text(operation, &command.to_string(), patience)?;
        let strange = || {
            Error::new("internal_error", format!("the agent's answer is not what it should be: {answer:?}"))
                .operation(operation.name)
                .object(self.label())
        };
        let Ok(Value::Object(mut answer)) = serde_json::from_str(&answer) else { return Err(strange()) };
        answer.remove("return").ok_or_else(strange)
    }

    /// Sends the agent a text, whatever it is, and returns the text of its answer (`virDomainQemuAgentCommand`).
    pub fn agent_command_text(&self, command: &str, patience: AgentPatience) -> Result<String> {
        let name = serde_json::from_str::<Value>(command).unwrap_or_default();
        self.agent_text(effect(&name), command, patience)
    }

    fn agent_text(&self, operation: Operation, command: &str, patience: AgentPatience) -> Result<String> {
        let text = c_text("an agent command", command)?;
        self.call(operation, move |d| {
            // SAFETY: a live domain and a NUL-terminated text; the answer is ours to free.
            unsafe {
                take_text(sys::virDomainQemuAgentCommand(d.as_ptr(), text.as_ptr(), patience.number(), 0))
            }
        })
    }

    /// Sets how long libvirt waits for the agent in every later call
    /// (`virDomainAgentSetResponseTimeout`).
    pub fn set_agent_response_timeout(&self, patience: AgentPatience) -> Result<()> {
        self.call(change("domain.agent_set_response_timeout"), move |d| {
            // SAFETY: a live domain.
            check(unsafe { sys::virDomainAgentSetResponseTimeout(d.as_ptr(), patience.number(), 0) })
                .map(drop)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_second_are_rounded_up_and_none_is_never_the_default() {
        assert_eq!(AgentPatience::AtMost(Duration::from_millis(1500)).number(), 2);
        assert_eq!(AgentPatience::AtMost(Duration::ZERO).number(), 1);
        assert_eq!(AgentPatience::AtMost(Duration::MAX).number(), c_int::MAX);
        assert_eq!(AgentPatience::Default.number(), -1);
        assert_eq!(AgentPatience::Forever.number(), -2);
        assert_eq!(AgentPatience::None.number(), 0);
    }
}
