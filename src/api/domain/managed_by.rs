//! Guests that belong to something above libvirt: who manages them, and with what they should be
//! changed.
//!
//! OpenStack, oVirt, KubeVirt and others keep their own record of each guest and do not know of what
//! is changed below them, or change it back. They leave marks in the definition; `managers.rs` lists
//! them. Nothing tells a guest of Harvester from one of KubeVirt, which it is built on. Creators such
//! as virt-install and virt-manager keep no record, so their guests are managed by nobody. Terraform
//! leaves no mark of its own: it is found where the configuration says so.

mod detect;
mod managers;
#[cfg(test)]
mod tests;

use rhai::Map;
use rhai::plugin::{Dynamic, export_module};

pub(in crate::api) use detect::{managed_by, managed_by_of};

use crate::api::Fallible;
use crate::error::Result;
use crate::lang::natives::Natives;
use crate::libvirt::{Connection, Domain, FirstChange};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_manager::RHAI_MANIFEST);
}

/// What to tell a user whose script is about to change a guest, if something manages that.
pub fn warning(change: &FirstChange<'_>) -> Option<String> {
    // A definition that cannot be read is no reason to hinder the change.
    let found = managed_by(change.definition).ok()??;
    Some(format!(
        "{} is managed by {} ({}): change it with {}, which does not know of changes made here",
        change.object, found.manager, found.evidence, found.tool
    ))
}

/// Those of some guests that something manages from above libvirt, or the others.
pub(super) fn filter(connection: &Connection, guests: Vec<Domain>, managed: bool) -> Result<Vec<Domain>> {
    let definitions = connection.domain_definitions(&guests, 0)?;
    let mut chosen = Vec::new();
    for (guest, definition) in guests.into_iter().zip(definitions) {
        // One that vanished meanwhile is in neither list.
        let Some(definition) = definition else { continue };
        if managed_by(&definition)?.is_some() == managed {
            chosen.push(guest);
        }
    }
    Ok(chosen)
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod domain_manager {
    /// What manages the guest from above libvirt, such as OpenStack or oVirt, otherwise `()`.
    ///
    /// A map: `manager`, its name; `instance`, how it calls the guest; `evidence`, the marks that tell so;
    /// `tool`, what should be used to change the guest. Read from the marks that managers leave in the
    /// definition (`virDomainGetXMLDesc`). A script that changes such a guest is warned once.
    ///
    /// @returns Map
    ///
    /// ```rhai
    /// for vm in domains() {
    ///     if vm.managed_by != () { print(`${vm.name}: use ${vm.managed_by.tool}`) }
    /// }
    /// ```
    #[rhai_fn(get = "managed_by", return_raw, pure)]
    pub fn get_managed_by(vm: &mut Domain) -> Fallible<Dynamic> {
        let Some(found) = managed_by(&vm.xml(0)?)? else { return Ok(Dynamic::UNIT) };
        Ok(Dynamic::from_map(Map::from([
            ("manager".into(), found.manager.into()),
            ("instance".into(), found.instance.into()),
            ("evidence".into(), found.evidence.into()),
            ("tool".into(), found.tool.into()),
        ])))
    }
}
