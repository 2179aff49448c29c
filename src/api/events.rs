//! `conn().events(…)`: what libvirt tells by itself, as values that a loop takes one after the other.

mod kinds;
mod line;
mod value;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use rhai::plugin::{Dynamic, export_module};
use rhai::{Array, Map};

pub(crate) use kinds::{named, usual};
pub(crate) use line::line;

use super::domain::find_domain;
use super::{Fallible, names, units};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, OptionTable, Parsed, any, boolean, duration, int, list, text};
use crate::libvirt::events::{Kind, MONITOR, Objects, Wanted};
use crate::libvirt::{Connection, Domain, Subscription, sys};

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    natives.engine().register_type_with_name::<Events>("Events");
    natives.engine().register_iterator_result::<Events, Map>();
    natives.global(&event_functions::RHAI_MANIFEST);
}

const KINDS: OptionSpec =
    list("kinds", "Which kinds, by `event_kinds()`'s names or by family; all usual ones without it.");
const TIMEOUT: OptionSpec = duration("timeout", "Ends after this time; without it only `close()` does.");
const COUNT: OptionSpec = int("count", "Ends after so many events.");
const EVENT: OptionSpec =
    text("event", "Of `qemu_monitor`, only this event of QEMU's, such as `STOP`; all without it.");
const REGEX: OptionSpec = boolean("regex", "`event` is a regular expression.");
const NOCASE: OptionSpec = boolean("nocase", "`event` is compared without regard to case.").alias("no_case");

static EVENTS: OptionTable = OptionTable {
    function: "Connection.events",
    options: &[
        KINDS,
        TIMEOUT,
        COUNT,
        any("domain", "Only events of this guest: a guest, a name or a UUID."),
        text("name", "Only events of objects whose name fits this pattern, with `*`, `?` and `[…]`."),
        EVENT,
        REGEX,
        NOCASE,
    ],
};

static DOMAIN_EVENTS: OptionTable =
    OptionTable { function: "Domain.events", options: &[KINDS, TIMEOUT, COUNT, EVENT, REGEX, NOCASE] };

/// The option tables of this file.
pub(super) const OPTIONS: &[&OptionTable] = &[&EVENTS, &DOMAIN_EVENTS];

/// A subscription as scripts hold it: copies are the same one.
#[derive(Clone)]
pub(super) struct Events(Arc<Inner>);

struct Inner {
    subscription: Subscription,
    /// `None` where there is none.
    end: Option<Instant>,
    /// How many events are still wanted.
    left: AtomicI64,
}

impl Events {
    /// Takes the next event, waiting for it at most `time` and never past the end.
    fn take(&self, time: Duration) -> Result<Option<Map>> {
        let Inner { subscription, end, left } = &*self.0;
        if left.load(Ordering::Acquire) <= 0 {
            return Ok(None);
        }
        let until_end = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        let event = subscription.next(time.min(until_end))?;
        if event.is_some() {
            left.fetch_sub(1, Ordering::AcqRel);
        }
        Ok(event.map(|event| value::map_of(&event)))
    }
}

impl Events {
    /// What it is, for people.
    pub(super) fn describe(&self) -> String {
        if self.0.subscription.is_closed() { "events (closed)".into() } else { "events".into() }
    }
}

impl IntoIterator for Events {
    type Item = Fallible<Map>;
    type IntoIter = Loop;

    fn into_iter(self) -> Loop {
        Loop { events: self, failed: false }
    }
}

/// A `for` over events.
pub(super) struct Loop {
    events: Events,
    failed: bool,
}

impl Iterator for Loop {
    type Item = Fallible<Map>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let taken = self.events.take(Duration::MAX);
        self.failed = taken.is_err();
        taken.map_err(Into::into).transpose()
    }
}

/// Subscribes to what the options say; `vm` is the guest that a method was called on.
fn subscribe(connection: &Connection, options: &Parsed, vm: Option<&Domain>) -> Result<Events> {
    let mut objects = Objects { uuid: vm.map(|vm| *vm.key()), name: None };
    if vm.is_none() {
        if let Some(wanted) = options.get_any("domain")? {
            objects.uuid = Some(guest(connection, wanted)?);
        }
        if let Some(wanted) = options.get_text("name")? {
            let pattern = names::pattern(&wanted)?;
            objects.name = Some(Arc::new(move |name: &str| pattern.is_match(name)));
        }
    }
    let count = options.get_int("count")?.unwrap_or(i64::MAX);
    if count < 1 {
        return Err(
            Error::usage(format!("count must be 1 or more, not {count}")).operation("connection.events")
        );
    }
    let end = options.get_duration("timeout")?;
    let end = end.and_then(|seconds| Instant::now().checked_add(Duration::from_secs_f64(seconds)));
    let wanted = wanted(options, objects.uuid.is_some())?;
    let subscription = connection.events(wanted, objects)?;
    Ok(Events(Arc::new(Inner { subscription, end, left: AtomicI64::new(count) })))
}

fn wanted(options: &Parsed, of_one_guest: bool) -> Result<Wanted> {
    let named = options.get_list("kinds")?;
    let strict = named.is_some();
    let mut kinds: Vec<&'static Kind> = match named {
        Some(words) => words.iter().map(|word| kinds::named(word)).collect::<Result<Vec<_>>>()?.concat(),
        None => kinds::usual().filter(|kind| !of_one_guest || kind.family() == "domain").collect(),
    };
    let monitor_event = options.get_text("event")?;
    if monitor_event.is_some() && !kinds.contains(&&MONITOR) {
        if strict {
            let error =
                Error::usage("`event` is for the kind \"qemu_monitor\"").operation("connection.events");
            return Err(error.hint("add \"qemu_monitor\" to the kinds"));
        }
        kinds = vec![&MONITOR];
    }
    let flag = |name, bit| Ok::<_, Error>(if options.get_bool(name)?.unwrap_or(false) { bit } else { 0 });
    let monitor_flags = flag("regex", sys::VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER_REGEX)?
        | flag("nocase", sys::VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER_NOCASE)?;
    Ok(Wanted { kinds, strict, monitor_event, monitor_flags })
}

fn guest(connection: &Connection, wanted: Dynamic) -> Result<uuid::Uuid> {
    match wanted.try_cast_result::<Domain>() {
        Ok(vm) => Ok(*vm.key()),
        Err(name) => Ok(*find_domain(connection, &name)?.key()),
    }
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod event_functions {
    /// The events of a host as they come, without end (`virConnectDomainEventRegisterAny`).
    ///
    /// See `events(options)`.
    ///
    /// ```rhai
    /// let events = conn().events();
    /// domain("test").suspend();
    /// print(events.next("5s").event);
    /// domain("test").resume();
    /// ```
    #[rhai_fn(name = "events", return_raw, pure)]
    pub fn all_events(connection: &mut Connection) -> Fallible<Events> {
        Ok(subscribe(connection, &EVENTS.read(Map::new())?, None)?)
    }

    /// The events of a host as they come (`virConnectDomainEventRegisterAny` and its relatives).
    ///
    /// A `for` takes one event after the other, in order, until the timeout; `next(time)` takes one,
    /// `close()` ends it. Each is a map: `kind`, `time` (of arrival), for guests `domain` (the name)
    /// and `uuid`, for others `network`, `pool`, `node_device` or `secret`, then the fields of its kind,
    /// with libvirt's names and words: `event_kinds()` lists the kinds. Sizes are in bytes.
    /// Events are kept from the moment of this call on; 65,536 may wait, and where more come, one
    /// of the kind `missed` stands for the rest, with their `count`. A lost connection is opened again:
    /// `connection_closed` (with a `reason`) and `connection_opened` tell so, whatever the kinds are.
    ///
    /// Errors: `usage` for an unknown kind, `unsupported` for one that the driver does not have.
    ///
    /// ```rhai
    /// let events = conn().events(#{ kinds: ["lifecycle"], name: "te*", timeout: "5s", count: 2 });
    /// let vm = domain("test");
    /// vm.suspend();
    /// vm.resume();
    /// for e in events { print(`${e.domain}: ${e.event} (${e.detail})`) }
    /// ```
    #[rhai_fn(name = "events", return_raw, pure)]
    pub fn some_events(connection: &mut Connection, options: Map) -> Fallible<Events> {
        Ok(subscribe(connection, &EVENTS.read(options)?, None)?)
    }

    /// The events of the guest as they come (`virConnectDomainEventRegisterAny`).
    ///
    /// See `events` of a connection.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// let events = vm.events();
    /// vm.suspend();
    /// vm.resume();
    /// print(events.next(5).event);
    /// ```
    #[rhai_fn(name = "events", return_raw, pure)]
    pub fn guest_events(vm: &mut Domain) -> Fallible<Events> {
        Ok(subscribe(vm.connection(), &DOMAIN_EVENTS.read(Map::new())?, Some(vm))?)
    }

    /// The events of the guest as they come, with options; see `events` of a connection.
    ///
    /// Errors: `usage` for an unknown kind, `unsupported` for one that the driver does not have.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// for e in vm.events(#{ kinds: ["lifecycle"], timeout: "10ms" }) { print(e.event) }
    /// ```
    #[rhai_fn(name = "events", return_raw, pure)]
    pub fn some_guest_events(vm: &mut Domain, options: Map) -> Fallible<Events> {
        Ok(subscribe(vm.connection(), &DOMAIN_EVENTS.read(options)?, Some(vm))?)
    }

    /// The next event, or `()` when none comes in this time: seconds, or a text such as `"5s"`.
    ///
    /// A timeout that was given when it was made is not exceeded.
    ///
    /// Errors: `auth_failed` or `permission_denied` where a lost connection is refused when it is
    /// opened again.
    ///
    /// ```rhai
    /// let events = conn().events();
    /// print(events.next("10ms") ?? "nothing happened");
    /// ```
    #[rhai_fn(name = "next", return_raw, pure)]
    pub fn next_within(events: &mut Events, time: Dynamic) -> Fallible<Dynamic> {
        let time = units::duration(&time)?;
        Ok(events.take(time)?.map_or(Dynamic::UNIT, Into::into))
    }

    /// Ends it: loops over it stop, and what was not read is thrown away.
    ///
    /// ```rhai
    /// let events = conn().events();
    /// events.close();
    /// for e in events { print(e) }
    /// ```
    #[rhai_fn(pure)]
    pub fn close(events: &mut Events) {
        events.0.subscription.close();
    }

    /// What it is, as `print` shows it.
    ///
    /// ```rhai
    /// print(conn().events())
    /// ```
    #[rhai_fn(name = "to_string", pure)]
    pub fn events_to_string(events: &mut Events) -> String {
        events.describe()
    }

    /// What it is, as `debug` shows it.
    ///
    /// ```rhai
    /// debug(conn().events())
    /// ```
    #[rhai_fn(name = "to_debug", pure)]
    pub fn events_to_debug(events: &mut Events) -> String {
        events.describe()
    }

    /// All kinds of events: maps with `kind`, `family`, `summary` and `usual`.
    ///
    /// `family` is the type of object; a family's name stands for all its usual kinds. Usual kinds are
    /// told where none is asked for by name; the others are older forms, and QEMU's own.
    ///
    /// @returns [Map]
    ///
    /// ```rhai
    /// for kind in event_kinds() { print(`${kind.kind}: ${kind.summary}`) }
    /// ```
    pub fn event_kinds() -> Array {
        let row = |kind: &Kind| {
            let pairs: [(&str, Dynamic); 4] = [
                ("kind", kind.name.into()),
                ("family", kind.family().into()),
                ("summary", kind.doc.into()),
                ("usual", kind.is_usual().into()),
            ];
            let map: Map = pairs.into_iter().map(|(key, value)| (key.into(), value)).collect();
            map.into()
        };
        crate::libvirt::events::kinds().map(row).collect()
    }
}

#[cfg(test)]
mod tests;
