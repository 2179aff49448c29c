//! Guests (libvirt's domains): properties here; finding, lifecycle and hardware in the folder.
//!
//! A property always asks libvirt, so its value is never stale. What takes arguments, or time in the
//! guest, is a method.

mod actions;
mod addresses;
pub(in crate::api) mod affect;
mod agent;
mod agent_exec;
mod agent_system;
mod agent_users;
mod backup;
mod block;
mod block_job;
pub(crate) mod console;
mod definition;
mod devices;
mod disks;
mod finders;
mod freeze;
mod guest_files;
mod input;
mod job;
mod lifecycle;
mod lxc;
pub(super) mod managed_by;
mod memory;
mod metadata;
mod migration;
mod pinning;
mod qemu;
mod resources;
mod save;
mod screenshot;
mod security;
pub(in crate::api) mod settings;
mod statistics;
pub(super) use statistics::memory_stat_name;
#[cfg(test)]
mod tests;
mod tuning;
mod vcpus;

use rhai::plugin::{Dynamic, ImmutableString, export_module};

use super::{Fallible, words};
use crate::lang::natives::Natives;
use crate::lang::options::OptionTable;
use crate::libvirt::{Connection, Domain};

pub(super) use actions::open_files;
pub(super) use actions::{ACTIONS, LIFECYCLES};
pub(super) use finders::{STATS_FILTERS, find as find_domain, selection};
pub(super) use input::SIGNALS;
pub use managed_by::warning as manager_warning;

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    super::handle::register::<virt::domain::Domain>(natives, "Domain");
    natives.global(&domain_properties::RHAI_MANIFEST);
    addresses::register(natives);
    agent::register(natives);
    agent_exec::register(natives);
    agent_system::register(natives);
    agent_users::register(natives);
    freeze::register(natives);
    guest_files::register(natives);
    lxc::register(natives);
    qemu::register(natives);
    finders::register(natives);
    job::register(natives);
    lifecycle::register(natives);
    managed_by::register(natives);
    actions::register(natives);
    migration::register(natives);
    block::register(natives);
    definition::register(natives);
    devices::register(natives);
    input::register(natives);
    memory::register(natives);
    metadata::register(natives);
    pinning::register(natives);
    resources::register(natives);
    console::register(natives);
    screenshot::register(natives);
    save::register(natives);
    tuning::register(natives);
    backup::register(natives);
    block_job::register(natives);
    security::register(natives);
    statistics::register(natives);
    vcpus::register(natives);
}

/// The option tables of this folder.
pub(super) fn options() -> impl Iterator<Item = &'static OptionTable> {
    [
        backup::OPTIONS,
        block::OPTIONS,
        addresses::OPTIONS,
        console::OPTIONS,
        block_job::OPTIONS,
        agent::OPTIONS,
        agent_exec::OPTIONS,
        agent_system::OPTIONS,
        agent_users::OPTIONS,
        freeze::OPTIONS,
        guest_files::OPTIONS,
        lxc::OPTIONS,
        qemu::OPTIONS,
        finders::OPTIONS,
        job::OPTIONS,
        lifecycle::OPTIONS,
        actions::MORE_OPTIONS,
        actions::OPTIONS,
        migration::OPTIONS,
        definition::OPTIONS,
        devices::OPTIONS,
        input::OPTIONS,
        memory::OPTIONS,
        metadata::OPTIONS,
        pinning::OPTIONS,
        screenshot::OPTIONS,
        save::OPTIONS,
        security::OPTIONS,
        statistics::MORE_OPTIONS,
        statistics::OPTIONS,
        tuning::OPTIONS,
        vcpus::OPTIONS,
    ]
    .concat()
    .into_iter()
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod domain_properties {
    /// The name of the guest (`virDomainGetName`); of one that has gone, the name that it had.
    ///
    /// ```rhai
    /// print(domains()[0].name)
    /// ```
    #[rhai_fn(get = "name", return_raw, pure)]
    pub fn get_name(vm: &mut Domain) -> Fallible<String> {
        Ok(vm.name()?)
    }

    /// The UUID of the guest (`virDomainGetUUIDString`).
    ///
    /// ```rhai
    /// print(domains()[0].uuid)
    /// ```
    #[rhai_fn(get = "uuid", pure)]
    pub fn get_uuid(vm: &mut Domain) -> String {
        vm.key().to_string()
    }

    /// The number of the guest while it runs, otherwise `()` (`virDomainGetID`).
    ///
    /// ```rhai
    /// print(domains()[0].id)
    /// ```
    #[rhai_fn(get = "id", return_raw, pure)]
    pub fn get_id(vm: &mut Domain) -> Fallible<Dynamic> {
        Ok(vm.id()?.map_or(Dynamic::UNIT, |id| Dynamic::from_int(i64::from(id))))
    }

    /// The state of the guest as a word, such as `running` (`virDomainGetState`).
    ///
    /// One of nostate, running, blocked, paused, shutdown, shutoff, crashed, pmsuspended.
    ///
    /// ```rhai
    /// print(domains()[0].state)
    /// ```
    #[rhai_fn(get = "state", return_raw, pure)]
    pub fn get_state(vm: &mut Domain) -> Fallible<ImmutableString> {
        Ok(words::domain_state(vm.state()?.0).as_ref().into())
    }

    /// Why the guest is in its state, such as `booted` or `crashed` (`virDomainGetState`).
    ///
    /// ```rhai
    /// print(domains()[0].state_reason)
    /// ```
    #[rhai_fn(get = "state_reason", return_raw, pure)]
    pub fn get_state_reason(vm: &mut Domain) -> Fallible<ImmutableString> {
        let (state, reason) = vm.state()?;
        Ok(words::domain_reason(state, reason).as_ref().into())
    }

    /// Whether the guest runs or is paused (`virDomainIsActive`).
    ///
    /// ```rhai
    /// print(domains()[0].active)
    /// ```
    #[rhai_fn(get = "active", return_raw, pure)]
    pub fn get_active(vm: &mut Domain) -> Fallible<bool> {
        Ok(vm.is_active()?)
    }

    /// Whether the guest has a stored definition (`virDomainIsPersistent`).
    ///
    /// ```rhai
    /// print(domains()[0].persistent)
    /// ```
    #[rhai_fn(get = "persistent", return_raw, pure)]
    pub fn get_persistent(vm: &mut Domain) -> Fallible<bool> {
        Ok(vm.is_persistent()?)
    }

    /// Whether the running guest differs from its stored definition (`virDomainIsUpdated`).
    ///
    /// ```rhai
    /// print(domains()[0].updated)
    /// ```
    #[rhai_fn(get = "updated", return_raw, pure)]
    pub fn get_updated(vm: &mut Domain) -> Fallible<bool> {
        Ok(vm.is_updated()?)
    }

    /// Whether the guest starts with the host (`virDomainGetAutostart`).
    ///
    /// ```rhai
    /// print(domains()[0].autostart)
    /// ```
    #[rhai_fn(get = "autostart", return_raw, pure)]
    pub fn get_autostart(vm: &mut Domain) -> Fallible<bool> {
        Ok(vm.autostart()?)
    }

    /// Sets whether the guest starts with the host (`virDomainSetAutostart`).
    ///
    /// Errors: `operation_invalid` for a guest without a stored definition.
    ///
    /// ```rhai
    /// let vm = domains()[0];
    /// vm.autostart = true;
    /// ```
    #[rhai_fn(set = "autostart", name = "set_autostart", return_raw)]
    pub fn set_autostart(vm: &mut Domain, on: bool) -> Fallible<()> {
        Ok(vm.set_autostart(on)?)
    }

    /// Memory that the guest has now, in bytes (`virDomainGetInfo`).
    ///
    /// ```rhai
    /// print(domains()[0].memory / mib(1))
    /// ```
    #[rhai_fn(get = "memory", return_raw, pure)]
    pub fn get_memory(vm: &mut Domain) -> Fallible<i64> {
        Ok(vm.info()?.memory as i64)
    }

    /// The most memory that the guest may have, in bytes (`virDomainGetInfo`).
    ///
    /// ```rhai
    /// print(domains()[0].max_memory / mib(1))
    /// ```
    #[rhai_fn(get = "max_memory", return_raw, pure)]
    pub fn get_max_memory(vm: &mut Domain) -> Fallible<i64> {
        Ok(vm.info()?.max_memory as i64)
    }

    /// The number of virtual CPUs of the guest (`virDomainGetInfo`).
    ///
    /// ```rhai
    /// print(domains()[0].vcpus)
    /// ```
    #[rhai_fn(get = "vcpus", return_raw, pure)]
    pub fn get_vcpus(vm: &mut Domain) -> Fallible<i64> {
        Ok(i64::from(vm.info()?.vcpus))
    }

    /// CPU time that the guest has used, in nanoseconds (`virDomainGetInfo`).
    ///
    /// ```rhai
    /// print(domains()[0].cpu_time_ns)
    /// ```
    #[rhai_fn(get = "cpu_time_ns", return_raw, pure)]
    pub fn get_cpu_time_ns(vm: &mut Domain) -> Fallible<i64> {
        Ok(i64::try_from(vm.info()?.cpu_time_ns).unwrap_or(i64::MAX))
    }

    /// The kind of operating system, such as `hvm` or `exe` (`virDomainGetOSType`).
    ///
    /// ```rhai
    /// print(domains()[0].os_type)
    /// ```
    #[rhai_fn(get = "os_type", return_raw, pure)]
    pub fn get_os_type(vm: &mut Domain) -> Fallible<String> {
        Ok(vm.os_type()?)
    }

    /// Whether the next start goes on from a managed save image (`virDomainHasManagedSaveImage`).
    ///
    /// ```rhai
    /// print(domains()[0].has_managed_save)
    /// ```
    #[rhai_fn(get = "has_managed_save", return_raw, pure)]
    pub fn get_has_managed_save(vm: &mut Domain) -> Fallible<bool> {
        Ok(vm.has_managed_save()?)
    }

    /// The connection that the guest belongs to.
    ///
    /// ```rhai
    /// print(domains()[0].connection().uri())
    /// ```
    #[rhai_fn(pure)]
    pub fn connection(vm: &mut Domain) -> Connection {
        Domain::connection(vm).clone()
    }
}
