//! `vm.wait(WHAT, TIMEOUT)`: states by events, anything else by looking again.

use std::time::{Duration, Instant};

use rhai::plugin::{Dynamic, NativeCallContext, export_module};
use rhai::{Engine, FnPtr, Map};

use super::{Fallible, units::duration, words};
use crate::error::{Error, code};
use crate::lang::options::{OptionTable, boolean};
use crate::lang::suggest::nearest;
use crate::libvirt::{Domain, Subscription};
use crate::units::duration_text;

/// Registers the functions.
pub(super) fn register(engine: &mut Engine) {
    engine.register_global_module(rhai::exported_module!(wait_functions).into());
}

/// The options of `wait`.
pub(super) static WAIT: OptionTable = OptionTable {
    function: "Domain.wait",
    options: &[boolean("or_throw", "Throws `timeout` instead of returning false.")],
};

/// How often something is looked at that no event announces.
const PAUSE: Duration = Duration::from_secs(1);

#[export_module]
#[allow(clippy::needless_pass_by_value)]
mod wait_functions {
    /// Waits for a state of the guest, or until a closure returns true.
    ///
    /// The state is one of `state`'s words; it is looked at when an event of the guest arrives, not
    /// before. A closure is called with the guest, at each of its events and once a second. The time
    /// is in seconds or a text such as `"90s"`. A transient guest that vanishes counts as `shutoff`.
    /// Returns whether it happened in time.
    ///
    /// Errors: `no_domain` when the guest vanishes while anything else is waited for.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.shutdown();
    /// if !vm.wait("shutoff", "5s") { vm.destroy() }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn wait(context: NativeCallContext, vm: Domain, what: Dynamic, timeout: Dynamic) -> Fallible<bool> {
        wait_until(&context, &vm, &what, &timeout)
    }

    /// Waits as `wait(what, timeout)` does, with options.
    ///
    /// Errors: `timeout` with `or_throw`, `no_domain` when the guest vanishes.
    ///
    /// ```rhai
    /// domain("test").wait("running", 5, #{ or_throw: true });
    /// ```
    #[rhai_fn(name = "wait", return_raw)]
    pub fn wait_with(
        context: NativeCallContext,
        vm: Domain,
        what: Dynamic,
        timeout: Dynamic,
        options: Map,
    ) -> Fallible<bool> {
        let options = WAIT.read(options)?;
        let happened = wait_until(&context, &vm, &what, &timeout)?;
        if !happened && options.get_bool("or_throw")?.unwrap_or(false) {
            return Err(Error::new(
                code::TIMEOUT,
                format!("{} was not {} within {}", vm.label(), described(&what), duration_text(duration(&timeout)?.as_secs_f64())),
            )
            .operation("domain.wait")
            .object(vm.label())
            .into());
        }
        Ok(happened)
    }
}

fn described(what: &Dynamic) -> String {
    if what.is_fnptr() { "as the closure wants it".into() } else { what.to_string() }
}

fn wait_until(context: &NativeCallContext, vm: &Domain, what: &Dynamic, timeout: &Dynamic) -> Fallible<bool> {
    let time = duration(timeout)?;
    if let Some(closure) = what.clone().try_cast::<FnPtr>() {
        return wait_for(vm, time, true, || {
            let answer = closure.call_within_context::<Dynamic>(context, (vm.clone(),))?;
            answer.as_bool().map_err(|given| {
                Error::usage(format!("the closure of wait must return true or false, not {given}")).into()
            })
        });
    }
    let wanted = what.to_string();
    if !words::DOMAIN_STATES.contains(&wanted.as_str()) {
        let hint = match nearest(&wanted, words::DOMAIN_STATES.iter().copied()) {
            Some(near) => format!("did you mean {near:?}?"),
            None => {
                format!("the states are {}; a closure can wait for anything", words::DOMAIN_STATES.join(", "))
            }
        };
        let error = Error::usage(format!("{wanted:?} is not a state of a guest"));
        return Err(error.operation("Domain.wait").object(vm.label()).hint(hint).into());
    }
    wait_for(vm, time, false, || match vm.state() {
        Ok((state, _)) => Ok(words::domain_state(state) == wanted.as_str()),
        Err(error) if error.code() == "no_domain" && wanted == "shutoff" => Ok(true),
        Err(error) => Err(error.into()),
    })
}

/// Looks again after each event of the guest; where there are none, and for closures, once a second.
fn wait_for(vm: &Domain, time: Duration, poll: bool, look: impl Fn() -> Fallible<bool>) -> Fallible<bool> {
    // Subscribed before the first look, so that nothing happens unseen in between.
    let mut events = subscribe(vm)?;
    let end = Instant::now().checked_add(time);
    loop {
        if look()? {
            return Ok(true);
        }
        let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return Ok(false);
        }
        events = match events {
            Some(events) if events.is_lost() => subscribe(vm)?,
            Some(events) => {
                await_event(vm, &events, if poll { left.min(PAUSE) } else { left })?;
                Some(events)
            }
            None => {
                vm.connection().door().interrupt().sleep(left.min(PAUSE))?;
                None
            }
        };
    }
}

/// Subscribes to the guest's events; `None` where the driver has none.
fn subscribe(vm: &Domain) -> Fallible<Option<Subscription>> {
    match vm.connection().lifecycle_events() {
        Ok(events) => Ok(Some(events)),
        Err(error) if error.code() == code::UNSUPPORTED => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Waits for an event of this guest, at most `time`.
fn await_event(vm: &Domain, events: &Subscription, time: Duration) -> Fallible<()> {
    let end = Instant::now().checked_add(time);
    loop {
        let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        match events.next(left)? {
            Some(event) if event.uuid == *vm.key() => return Ok(()),
            Some(_) if !left.is_zero() => {}
            _ => return Ok(()),
        }
    }
}
