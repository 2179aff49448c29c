//! What `vm.wait` waits for: a state, the agent, a block job, an address, a port, or a closure.

use rhai::plugin::NativeCallContext;
use rhai::{Dynamic, FnPtr};

use super::reach;
use super::watch::{Goal, Heard};
use crate::api::closure::call_with;
use crate::api::permissions::Permission;
use crate::api::{Context, Fallible, words};
use crate::error::{Error, Result};
use crate::lang::suggest::nearest;
use crate::libvirt::events::{Event, Kind, kinds, words as event_words};
use crate::libvirt::{Domain, sys};
use crate::xml::{Document, Node, Value};

/// The channel of a guest's agent.
const AGENT_CHANNEL: &str = "devices/channel/target[@name='org.qemu.guest_agent.0']";

/// What a guest can be waited for beside its states.
pub(in crate::api) const GOALS: &[&str] = &["active", "inactive", "agent", "ip", "block-ready:", "port:"];

/// What a guest is waited for.
pub(super) fn goal<'a>(
    context: &'a NativeCallContext<'a>,
    vm: &'a Domain,
    what: &Dynamic,
) -> Fallible<Box<dyn Goal + 'a>> {
    if let Some(function) = what.clone().try_cast::<FnPtr>() {
        return Ok(Box::new(Closure { context, vm, function }));
    }
    let text = what.to_string();
    let wanted = match text.split_once(':') {
        Some(("block-ready" | "block_ready", disk)) => {
            return Ok(Box::new(BlockReady { vm, disk: disk.into() }));
        }
        Some(("port", number)) => {
            let port = port(number)?;
            Context::of(context)?.permissions().check(Permission::Net, "Domain.wait(\"port:…\")")?;
            return Ok(Box::new(Address { vm, port: Some(port) }));
        }
        _ => text.as_str(),
    };
    if let Some(state) = words::DOMAIN_STATES.iter().find(|state| **state == wanted) {
        return Ok(Box::new(State { vm, wanted: state }));
    }
    match wanted {
        "active" => Ok(Box::new(Activity { vm, wanted: true })),
        "inactive" => Ok(Box::new(Activity { vm, wanted: false })),
        "agent" => Ok(Box::new(Agent { vm })),
        "ip" => Ok(Box::new(Address { vm, port: None })),
        _ => Err(unknown(wanted).into()),
    }
}

fn unknown(wanted: &str) -> Error {
    let all = words::DOMAIN_STATES.iter().chain(GOALS).copied();
    let hint = match nearest(wanted, all) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!(
            "it can be a state ({}), \"active\", \"inactive\", \"agent\", \"ip\", \"block-ready:DISK\", \"port:NUMBER\" or a closure",
            words::DOMAIN_STATES.join(", ")
        ),
    };
    let error = Error::usage(format!("{wanted:?} is nothing that a guest can be waited for"));
    error.hint(hint)
}

fn port(text: &str) -> Result<u16> {
    text.parse().ok().filter(|port| *port != 0).ok_or_else(|| {
        Error::usage(format!("{text:?} is not a port")).hint("write a number from 1 to 65535: \"port:22\"")
    })
}

fn by_name(names: &[&str]) -> Vec<&'static Kind> {
    kinds().filter(|kind| names.contains(&kind.name)).collect()
}

/// The lifecycle event's word, for events of that kind.
fn lifecycle(event: &Event) -> Option<&'static str> {
    let number = usize::try_from(event.number("event")?).ok()?;
    (event.kind.name == "lifecycle").then(|| event_words::LIFECYCLE.get(number).copied())?
}

/// Fails when the guest is gone for good, of which an event gives a sign.
fn check_presence(vm: &Domain, event: &Event) -> Result<()> {
    match lifecycle(event) {
        // libvirt tells that a transient guest has stopped a moment before it forgets it.
        Some("stopped") if !vm.is_persistent()? => Err(vanished(vm)),
        Some("undefined") => vm.is_persistent().map(drop),
        _ => Ok(()),
    }
}

fn vanished(vm: &Domain) -> Error {
    let error = Error::new("no_domain", format!("{} was transient and has stopped", vm.label()));
    error.hint("wait for \"shutoff\" to see a guest go")
}

/// The definition of the guest as it runs.
fn definition(vm: &Domain) -> Result<Document> {
    Document::parse(&vm.xml(0)?)
}

fn nodes(values: Vec<Value>) -> impl Iterator<Item = Node> {
    values.into_iter().filter_map(|value| if let Value::Node(node) = value { Some(node) } else { None })
}

struct State<'a> {
    vm: &'a Domain,
    wanted: &'static str,
}

/// The state that a lifecycle event leads to, where that is sure.
fn state_after(event: &str) -> Option<&'static str> {
    Some(match event {
        "suspended" => "paused",
        "resumed" => "running",
        "stopped" => "shutoff",
        "shutdown" => "shutdown",
        "pmsuspended" => "pmsuspended",
        "crashed" => "crashed",
        _ => return None,
    })
}

impl Goal for State<'_> {
    fn kinds(&self) -> Vec<&'static Kind> {
        by_name(&["lifecycle"])
    }

    fn is_silent(&self) -> bool {
        // Xen's guests go in and out of these without a word.
        ["blocked", "nostate"].contains(&self.wanted)
    }

    fn look(&self) -> Fallible<bool> {
        match self.vm.state() {
            Ok((state, _)) => Ok(words::domain_state(state) == self.wanted),
            Err(error) if error.code() == "no_domain" && self.wanted == "shutoff" => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    fn hear(&self, event: &Event) -> Fallible<Heard> {
        let Some(happened) = lifecycle(event) else { return Ok(Heard::Nothing) };
        match state_after(happened) {
            Some(state) if state == self.wanted => Ok(Heard::Reached),
            None => Ok(Heard::Perhaps),
            Some(_) => {
                check_presence(self.vm, event)?;
                Ok(Heard::Nothing)
            }
        }
    }
}

/// Whether it runs, in whatever state.
struct Activity<'a> {
    vm: &'a Domain,
    wanted: bool,
}

impl Goal for Activity<'_> {
    fn kinds(&self) -> Vec<&'static Kind> {
        by_name(&["lifecycle"])
    }

    fn look(&self) -> Fallible<bool> {
        match self.vm.is_active() {
            Ok(active) => Ok(active == self.wanted),
            Err(error) if error.code() == "no_domain" && !self.wanted => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    fn hear(&self, event: &Event) -> Fallible<Heard> {
        match lifecycle(event) {
            Some("stopped") if !self.wanted => Ok(Heard::Reached),
            Some(_) if self.wanted => {
                check_presence(self.vm, event)?;
                Ok(Heard::Perhaps)
            }
            Some(_) => Ok(Heard::Perhaps),
            None => Ok(Heard::Nothing),
        }
    }
}

struct Agent<'a> {
    vm: &'a Domain,
}

impl Goal for Agent<'_> {
    fn kinds(&self) -> Vec<&'static Kind> {
        by_name(&["lifecycle", "agent_lifecycle"])
    }

    fn look(&self) -> Fallible<bool> {
        let xml = definition(self.vm)?;
        if xml.get(AGENT_CHANNEL)?.is_none() {
            let message = format!("{} has no channel for a guest agent", self.vm.label());
            return Err(Error::new("argument_unsupported", message)
                .hint("add <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>")
                .into());
        }
        Ok(xml.text_at(&format!("{AGENT_CHANNEL}/@state"))?.as_deref() == Some("connected"))
    }

    fn hear(&self, event: &Event) -> Fallible<Heard> {
        check_presence(self.vm, event)?;
        Ok(if is_agent_connected(event) { Heard::Reached } else { Heard::Nothing })
    }
}

fn is_agent_connected(event: &Event) -> bool {
    let connected = sys::VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED as i32;
    event.kind.name == "agent_lifecycle" && event.number("state") == Some(connected)
}

struct BlockReady<'a> {
    vm: &'a Domain,
    disk: String,
}

impl Goal for BlockReady<'_> {
    fn kinds(&self) -> Vec<&'static Kind> {
        by_name(&["lifecycle", "block_job_2"])
    }

    fn look(&self) -> Fallible<bool> {
        let xml = definition(self.vm)?;
        // Compared here and not in the path: the name is the script's.
        let is_it = |disk: &Node| disk.text_at("target/@dev").ok().flatten().as_deref() == Some(&self.disk);
        let Some(disk) = nodes(xml.all("devices/disk")?).find(is_it) else {
            return Err(self.no_such_disk(&xml)?.into());
        };
        Ok(disk.text_at("mirror/@ready")?.is_some())
    }

    fn hear(&self, event: &Event) -> Fallible<Heard> {
        check_presence(self.vm, event)?;
        if event.kind.name != "block_job_2" || event.text("disk") != Some(self.disk.as_str()) {
            return Ok(Heard::Nothing);
        }
        let status = event.number("status").unwrap_or(-1);
        if status == sys::VIR_DOMAIN_BLOCK_JOB_READY as i32 {
            return Ok(Heard::Reached);
        }
        let word = words::word(event_words::BLOCK_JOB_STATUSES, status);
        let message = format!(
            "the block job on {} of {} ended before it was ready: {word}",
            self.disk,
            self.vm.label()
        );
        Err(Error::new("operation_failed", message).into())
    }
}

impl BlockReady<'_> {
    fn no_such_disk(&self, xml: &Document) -> Result<Error> {
        let targets = nodes(xml.all("devices/disk/target")?);
        let disks: Vec<String> = targets.filter_map(|target| target.attr("dev")).collect();
        let hint = match nearest(&self.disk, disks.iter().map(String::as_str)) {
            Some(near) => format!("did you mean {near:?}?"),
            None if disks.is_empty() => "it has no disks".into(),
            None => format!("its disks are {}", disks.join(", ")),
        };
        let error = Error::usage(format!("{} has no disk {:?}", self.vm.label(), self.disk));
        Ok(error.hint(hint))
    }
}

struct Address<'a> {
    vm: &'a Domain,
    port: Option<u16>,
}

impl Goal for Address<'_> {
    fn kinds(&self) -> Vec<&'static Kind> {
        by_name(&["lifecycle", "agent_lifecycle"])
    }

    fn is_silent(&self) -> bool {
        true
    }

    fn look(&self) -> Fallible<bool> {
        let Some(port) = self.port else { return Ok(self.vm.has_address()?) };
        let interrupt = self.vm.connection().door().interrupt();
        Ok(reach::answers(&reach::addresses(self.vm)?, port, interrupt)?)
    }

    fn hear(&self, event: &Event) -> Fallible<Heard> {
        check_presence(self.vm, event)?;
        Ok(if is_agent_connected(event) { Heard::Perhaps } else { Heard::Nothing })
    }
}

struct Closure<'a> {
    context: &'a NativeCallContext<'a>,
    vm: &'a Domain,
    function: FnPtr,
}

impl Goal for Closure<'_> {
    fn kinds(&self) -> Vec<&'static Kind> {
        kinds().filter(|kind| kind.is_usual() && kind.family() == "domain").collect()
    }

    fn is_silent(&self) -> bool {
        true
    }

    fn look(&self) -> Fallible<bool> {
        let answer = call_with(self.context, &self.function, self.vm)?;
        answer.as_bool().map_err(|given| {
            Error::usage(format!("the closure of wait must return true or false, not {given}")).into()
        })
    }

    fn hear(&self, event: &Event) -> Fallible<Heard> {
        // The closure may be waiting for just that; it is asked first.
        if !self.look()? {
            check_presence(self.vm, event)?;
            return Ok(Heard::Nothing);
        }
        Ok(Heard::Reached)
    }
}
