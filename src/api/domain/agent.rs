//! The agent in a guest: whether it is there, its commands, and how long libvirt waits for it.

use rhai::Map;
use rhai::plugin::{Dynamic, export_module};
use serde_json::{Value, json};

use crate::api::Fallible;
use crate::api::data::{from_data, to_data};
use crate::api::subject::of;
use crate::api::units::duration;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, OptionTable, boolean, duration as duration_option};
use crate::libvirt::{AgentPatience, Domain};
use crate::output::Data;
use crate::units;

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_agent::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&COMMAND, &QEMU_COMMAND];

const PATIENCE: &[OptionSpec] = &[
    duration_option("timeout", "How long the agent may take, in whole seconds; 5 s without it."),
    boolean("block", "Waits until the agent answers, however long that takes."),
];

static COMMAND: OptionTable = OptionTable { function: "Domain.agent_command", options: PATIENCE };
static QEMU_COMMAND: OptionTable = OptionTable { function: "Domain.qemu_agent_command", options: PATIENCE };

/// A command as JSON: a map, a text of JSON, or the name of a command without arguments.
pub(super) fn command(what: &str, given: &Dynamic) -> Result<Value> {
    let wrong = |reason: String| {
        Error::usage(format!("this is no {what} command: {reason}"))
            .hint("give #{ execute: \"NAME\", arguments: #{ … } }, JSON, or the name alone")
    };
    if given.is_map() {
        let value = serde_json::to_value(to_data(given)?).map_err(|error| wrong(error.to_string()))?;
        if value.get("execute").and_then(Value::as_str).is_none() {
            return Err(wrong("it has no `execute`".into()));
        }
        return Ok(value);
    }
    let Ok(text) = given.as_immutable_string_ref() else {
        return Err(wrong(format!("it is neither a map nor a text but {}", given.type_name())));
    };
    let text = text.trim();
    if text.starts_with('{') {
        return serde_json::from_str(text).map_err(|error| wrong(error.to_string()));
    }
    let is_name = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if is_name { Ok(json!({ "execute": text })) } else { Err(wrong(format!("{text:?} is no name"))) }
}

/// An answer as a script value.
pub(super) fn answer(value: Value) -> Fallible<Dynamic> {
    let data: Data = serde_json::from_value(value)
        .map_err(|error| Error::new("internal_error", format!("an answer that is no data: {error}")))?;
    Ok(from_data(data))
}

fn patience(value: &Dynamic) -> Result<AgentPatience> {
    let word = value.as_immutable_string_ref().ok().map(|word| word.to_string());
    Ok(match word.as_deref() {
        Some("default") => AgentPatience::Default,
        Some("block") => AgentPatience::Forever,
        Some("nowait") => AgentPatience::None,
        _ => AgentPatience::AtMost(duration(value)?),
    })
}

#[export_module(manifest)]
mod domain_agent {
    /// Asks whether the guest's agent is there (`virDomainQemuAgentCommand` with `guest-ping`).
    ///
    /// Returns when it has answered; an agent that hangs is given up after 5 seconds.
    ///
    /// Errors: `agent_unresponsive` where it does not answer, `operation_invalid` for a guest that does not
    /// run, `unsupported` where the driver knows no agent.
    ///
    /// ```rhai
    /// try { domain("test").agent_ping() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn agent_ping(vm: &mut Domain) -> Fallible<()> {
        Ok(vm.agent_ping(AgentPatience::Default)?)
    }

    /// Sends the guest's agent a command and returns what it answers (`virDomainQemuAgentCommand`).
    ///
    /// The command is a map `#{ execute, arguments }`, a text of JSON, or the name of a command that needs
    /// no arguments. The answer is data: what stands in its `return`.
    ///
    /// Errors: `agent_unresponsive` where no answer comes within 5 seconds, `agent_command_failed` with the
    /// agent's words for a command that fails, `unsupported` where the driver knows no agent.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { print(vm.agent_command("guest-get-osinfo")) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "agent_command", name = "qemu_agent_command", return_raw, pure)]
    pub fn agent_command(vm: &mut Domain, command: Dynamic) -> Fallible<Dynamic> {
        answer(vm.agent_command(
            &super::command("agent", &command).map_err(of("domain.agent_command", vm))?,
            AgentPatience::Default,
        )?)
    }

    /// Sends the guest's agent a command that may take a while (`virDomainQemuAgentCommand`).
    ///
    /// `timeout` is in seconds, of which libvirt counts whole ones.
    ///
    /// Errors: `agent_unresponsive` where no answer comes in time, `agent_command_failed` with the agent's words
    /// for a command that fails, `unsupported` where the driver knows no agent.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// let command = #{ execute: "guest-fstrim", arguments: #{ minimum: 0 } };
    /// try { print(vm.agent_command(command, #{ timeout: "5m" })) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "agent_command", name = "qemu_agent_command", return_raw, pure)]
    pub fn agent_command_with(vm: &mut Domain, command: Dynamic, options: Map) -> Fallible<Dynamic> {
        let options = COMMAND.read(options)?;
        let patience = match options.get_duration("timeout")? {
            _ if options.flag("block") => AgentPatience::Forever,
            Some(seconds) => AgentPatience::AtMost(units::seconds(seconds)?),
            None => AgentPatience::Default,
        };
        answer(vm.agent_command(
            &super::command("agent", &command).map_err(of("domain.agent_command", vm))?,
            patience,
        )?)
    }

    /// Sets how long libvirt waits for the guest's agent from now on (`virDomainAgentSetResponseTimeout`).
    ///
    /// In whole seconds, or `"default"` (5 s), `"block"` (for ever) or `"nowait"`.
    ///
    /// Errors: `operation_invalid` for a guest that does not run, `unsupported` where the driver knows no agent.
    ///
    /// ```rhai
    /// try { domain("test").agent_set_response_timeout("30s") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn agent_set_response_timeout(vm: &mut Domain, timeout: Dynamic) -> Fallible<()> {
        let patience = patience(&timeout).map_err(of("domain.agent_set_response_timeout", vm))?;
        Ok(vm.set_agent_response_timeout(patience)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_a_map_json_or_a_name() {
        let ping = json!({ "execute": "guest-ping" });
        assert_eq!(command("agent", &"guest-ping".into()).unwrap(), ping);
        assert_eq!(command("agent", &" {\"execute\": \"guest-ping\"}".into()).unwrap(), ping);
        let map: Map = [("execute".into(), "guest-ping".into())].into_iter().collect();
        assert_eq!(command("agent", &map.into()).unwrap(), ping);
        for wrong in ["", "guest ping", "{\"execute\":", "info block"] {
            assert_eq!(command("agent", &wrong.into()).unwrap_err().code(), "usage", "{wrong:?}");
        }
        assert_eq!(command("agent", &Map::new().into()).unwrap_err().code(), "usage");
        assert_eq!(command("agent", &7_i64.into()).unwrap_err().code(), "usage");
    }

    #[test]
    fn patience_is_a_time_or_a_word() {
        assert_eq!(patience(&"block".into()).unwrap(), AgentPatience::Forever);
        assert_eq!(patience(&"default".into()).unwrap(), AgentPatience::Default);
        let half = AgentPatience::AtMost(std::time::Duration::from_millis(500));
        assert_eq!(patience(&0.5_f64.into()).unwrap(), half);
        assert_eq!(patience(&(-1_i64).into()).unwrap_err().code(), "usage");
    }
}
