//! `vm.wait(WHAT, TIMEOUT)`, and the same on networks and storage pools: by events, and by looking
//! once a second at what no event announces.

mod domain;
mod others;
mod reach;
mod watch;

pub(super) use domain::GOALS;

use rhai::Map;
use rhai::plugin::{Dynamic, ImmutableString, NativeCallContext, export_module};

use super::subject::named;
use super::{Fallible, units::duration};
use crate::error::{Error, code};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, boolean};
use crate::libvirt::events::Objects;
use crate::libvirt::{Domain, Handle, Network, Object, StoragePool};
use crate::units::duration_text;
use uuid::Uuid;
use watch::{Goal, watch};

/// Registers the functions.
pub(super) fn register(natives: &mut Natives) {
    natives.global(&wait_functions::RHAI_MANIFEST);
}

macro_rules! tables {
    ($($name:ident $function:literal),*) => {
        $(static $name: OptionTable = OptionTable {
            function: $function,
            options: &[boolean("or_throw", "Throws `timeout` instead of returning false.")],
        };)*
        /// The option tables of this file.
        pub(super) const OPTIONS: &[&OptionTable] = &[$(&$name),*];
    };
}

tables! { DOMAIN "Domain.wait", NETWORK "Network.wait", POOL "StoragePool.wait" }

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod wait_functions {
    /// Waits for something to happen to the guest, and tells whether it did in time.
    ///
    /// It can be a word of `state` (`"running"`, `"shutoff"`, …), `"active"` (it runs, in whatever state) or
    /// `"inactive"`, `"agent"` (the guest's agent is connected) or `"block-ready:vda"` (the block job on that disk can be ended): these are heard of by
    /// events, and nothing is asked in between. `"ip"` (the guest has an address) and `"port:22"` (that
    /// TCP port of the guest accepts a connection from here) are looked at once a second. A closure is
    /// called with the guest at each of its events and once a second until it returns true.
    /// The time is in seconds or a text such as `"90s"`. A transient guest that vanishes counts as
    /// `shutoff` and inactive. A lost connection is opened again meanwhile.
    ///
    /// Errors: `no_domain` when the guest vanishes while anything else is waited for,
    /// `argument_unsupported` for a guest without a channel for an agent, `operation_failed` for a block
    /// job that ends before it is ready.
    ///
    /// @closure self
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.shutdown();
    /// if !vm.wait("shutoff", "5s") { vm.destroy() }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn wait(context: NativeCallContext, vm: Domain, what: Dynamic, timeout: Dynamic) -> Fallible<bool> {
        wait_with(context, vm, what, timeout, Map::new())
    }

    /// Waits as `wait(what, timeout)` does, with options.
    ///
    /// Errors: `timeout` with `or_throw`, `no_domain` when the guest vanishes.
    ///
    /// @closure self
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
        wait_for(&vm, &DOMAIN, domain::goal(&context, &vm, &what), &what, &timeout, options)
    }

    /// Waits until the network is `"active"` or `"inactive"`, and tells whether it was in time.
    ///
    /// The time is in seconds or a text such as `"90s"`. A transient network that vanishes counts as
    /// inactive.
    ///
    /// Errors: `no_network` when it vanishes while it is waited for to be active.
    ///
    /// ```rhai
    /// print(network("default").wait("active", "5s"))
    /// ```
    #[rhai_fn(name = "wait", return_raw, pure)]
    pub fn wait_network(net: &mut Network, state: ImmutableString, timeout: Dynamic) -> Fallible<bool> {
        wait_network_with(net, state, timeout, Map::new())
    }

    /// Waits as `wait(state, timeout)` does, with options.
    ///
    /// Errors: `timeout` with `or_throw`, `no_network` when the network vanishes.
    ///
    /// ```rhai
    /// network("default").wait("active", 5, #{ or_throw: true });
    /// ```
    #[rhai_fn(name = "wait", return_raw, pure)]
    pub fn wait_network_with(
        net: &mut Network,
        state: ImmutableString,
        timeout: Dynamic,
        options: Map,
    ) -> Fallible<bool> {
        wait_for(net, &NETWORK, others::State::of_network(net, &state), &state.into(), &timeout, options)
    }

    /// Waits for a state of the storage pool, and tells whether it had it in time.
    ///
    /// It is one of `state`'s words (`"running"`, `"inactive"`, …) or `"active"`. The time is in seconds or
    /// a text such as `"90s"`. A transient pool that vanishes counts as inactive.
    ///
    /// Errors: `no_storage_pool` when it vanishes while anything else is waited for.
    ///
    /// ```rhai
    /// print(pool("default-pool").wait("running", "5s"))
    /// ```
    #[rhai_fn(name = "wait", return_raw, pure)]
    pub fn wait_pool(pool: &mut StoragePool, state: ImmutableString, timeout: Dynamic) -> Fallible<bool> {
        wait_pool_with(pool, state, timeout, Map::new())
    }

    /// Waits as `wait(state, timeout)` does, with options.
    ///
    /// Errors: `timeout` with `or_throw`, `no_storage_pool` when the pool vanishes.
    ///
    /// ```rhai
    /// pool("default-pool").wait("active", 5, #{ or_throw: true });
    /// ```
    #[rhai_fn(name = "wait", return_raw, pure)]
    pub fn wait_pool_with(
        pool: &mut StoragePool,
        state: ImmutableString,
        timeout: Dynamic,
        options: Map,
    ) -> Fallible<bool> {
        wait_for(pool, &POOL, others::State::of_pool(pool, &state), &state.into(), &timeout, options)
    }
}

fn wait_for<O: Object<Key = Uuid>>(
    handle: &Handle<O>,
    table: &'static OptionTable,
    goal: Fallible<Box<dyn Goal + '_>>,
    what: &Dynamic,
    timeout: &Dynamic,
    options: Map,
) -> Fallible<bool> {
    let wait = |goal: Box<dyn Goal + '_>| {
        let options = table.read(options)?;
        let time = duration(timeout)?;
        let objects = Objects { uuid: Some(*handle.key()), name: None };
        let reached = watch(handle.connection(), objects, &*goal, time)?;
        if !reached && options.get_bool("or_throw")?.unwrap_or(false) {
            let what = if what.is_fnptr() { "as the closure wants it".into() } else { what.to_string() };
            let time = duration_text(time.as_secs_f64());
            let message = format!("{} was not {what} within {time}", handle.label());
            return Err(Error::new(code::TIMEOUT, message).into());
        }
        Ok(reached)
    };
    named(goal.and_then(wait), &table.operation(), handle)
}

#[cfg(test)]
mod tests;
