//! What a call that destroys throws away, in words for the person who is asked.

use super::usage;
use crate::libvirt::{
    Coming, Domain, DomainCheckpoint, DomainSnapshot, Network, StoragePool, StorageVolume, sys,
};
use crate::units::{clock_text, from_unix, size_text};
use crate::xml::Document;

/// Said where nobody knows who uses something.
const UNSEEN: &str = "not all guests could be looked at: some may use it";

/// What would be lost, a sentence each; nothing where there is nothing to lose, because libvirt will refuse the call.
///
/// `together` are volumes that go with a guest. What cannot be read is left out.
pub(super) fn of(coming: &Coming<'_>, together: &[StorageVolume]) -> Option<Vec<String>> {
    let (operation, subject) = (coming.operation.name, coming.subject);
    let told = if let Some(guest) = subject.downcast_ref::<Domain>() {
        of_guest(operation, guest, together)?
    } else if let Some(snapshot) = subject.downcast_ref::<DomainSnapshot>() {
        of_snapshot(operation, snapshot)
    } else if let Some(checkpoint) = subject.downcast_ref::<DomainCheckpoint>() {
        of_checkpoint(checkpoint)
    } else if let Some(volume) = subject.downcast_ref::<StorageVolume>() {
        of_volume(operation, volume, None)
    } else if let Some(pool) = subject.downcast_ref::<StoragePool>() {
        of_pool(operation, pool)?
    } else if let Some(network) = subject.downcast_ref::<Network>() {
        of_network(operation, network)?
    } else {
        Vec::new()
    };
    Some(if told.is_empty() { vec![of_operation(operation, coming.object)] } else { told })
}

fn of_guest(operation: &str, guest: &Domain, together: &[StorageVolume]) -> Option<Vec<String>> {
    let name = guest.label();
    let is_active = guest.is_active().ok()?;
    Some(match operation {
        "domain.destroy" | "domain.reset" if !is_active => return None,
        "domain.destroy" => {
            let state = if is_paused(guest) { "paused" } else { "running" };
            let mut told = vec![format!(
                "{name} is {state}: it is cut off as by pulling the plug, and what it has not written is lost"
            )];
            if guest.is_persistent().is_ok_and(|is_persistent| !is_persistent) {
                told.push("its definition goes with it: it is stored nowhere".into());
            }
            told
        }
        "domain.reset" => {
            vec![format!("{name} begins anew as by its reset button, and what it has not written is lost")]
        }
        "domain.undefine" => definition_of_guest(guest, is_active, together),
        _ => Vec::new(),
    })
}

fn is_paused(guest: &Domain) -> bool {
    guest.state().is_ok_and(|(state, _)| state == sys::VIR_DOMAIN_PAUSED as i32)
}

fn definition_of_guest(guest: &Domain, is_active: bool, together: &[StorageVolume]) -> Vec<String> {
    let name = guest.label();
    let runs_on = if is_active { "; it runs on until it is shut off" } else { "" };
    let mut told = vec![format!("the stored definition of {name} is removed{runs_on}")];
    let disks = guest.xml(0).map(|definition| usage::disks(&definition)).unwrap_or_default();
    told.extend(together.iter().flat_map(|volume| of_volume("volume.delete", volume, Some(name))));
    if together.is_empty() && !disks.is_empty() {
        told.push(format!("its disks stay: {}", listed(&disks)));
    }
    if guest.has_managed_save().unwrap_or_default() {
        told.push("it has a saved state, which is worth nothing without it".into());
    }
    match guest.num_snapshots(0) {
        Ok(0) | Err(_) => {}
        Ok(count) => told.push(format!("it has {}", counted(count, "snapshot"))),
    }
    told
}

fn of_snapshot(operation: &str, snapshot: &DomainSnapshot) -> Vec<String> {
    let guest = snapshot.domain().map_or_else(|_| "its guest".to_owned(), |guest| guest.label().to_owned());
    let taken = snapshot.xml(0).ok().and_then(|xml| creation(&xml));
    let taken = taken.map(|time| format!(" of {time}")).unwrap_or_default();
    let name = snapshot.label();
    if operation == "snapshot.revert" {
        return vec![format!("{guest} goes back to the state{taken}: what happened since is lost")];
    }
    let mut told = vec![format!("there is no way back to the state{taken} that {name} keeps of {guest}")];
    match snapshot.num_children(0) {
        Ok(0) | Err(_) => {}
        Ok(count) => told.push(format!("{} built on it", counted(count, "later snapshot"))),
    }
    told
}

fn of_checkpoint(checkpoint: &DomainCheckpoint) -> Vec<String> {
    let guest = checkpoint.domain().map_or_else(|_| "its guest".to_owned(), |guest| guest.label().to_owned());
    vec![format!(
        "{guest} forgets what was written since {}: no incremental backup from it",
        checkpoint.label()
    )]
}

/// When a snapshot was taken.
fn creation(xml: &str) -> Option<String> {
    let seconds = Document::parse(xml).ok()?.text_at("creationTime").ok()??;
    Some(clock_text(from_unix(seconds.parse().ok()?).ok()?))
}

/// `owner` is a guest that goes with it, and not worth a word.
fn of_volume(operation: &str, volume: &StorageVolume, owner: Option<&str>) -> Vec<String> {
    let path = volume.path().unwrap_or_else(|_| volume.label().to_owned());
    let becomes = match operation {
        "volume.wipe" => "is overwritten: all that it holds is lost",
        "volume.upload" => "is overwritten with what is sent",
        "volume.resize" => "becomes smaller: what is beyond its new end is lost",
        _ => "is deleted with all that it holds",
    };
    let size = volume.info(0).map(|info| {
        let [capacity, allocation] =
            [info.capacity, info.allocation].map(|bytes| size_text(i64::try_from(bytes).unwrap_or(i64::MAX)));
        format!(" ({capacity}, {allocation} of it in use)")
    });
    let mut told = vec![format!("{path}{} {becomes}", size.unwrap_or_default())];
    let pool = volume.pool().map(|pool| pool.label().to_owned()).unwrap_or_default();
    let mut users = usage::of_volume(volume.connection(), &path, &pool, volume.name());
    users.names.retain(|user| Some(user.as_str()) != owner);
    told.extend(match users.names.as_slice() {
        [] if !users.is_complete => Some(UNSEEN.into()),
        [] if owner.is_some() => None,
        [] => Some("no guest of this host has it as a disk".into()),
        users => Some(format!("it is a disk of {}", listed(users))),
    });
    told
}

fn of_pool(operation: &str, pool: &StoragePool) -> Option<Vec<String>> {
    let name = pool.label();
    let is_active = pool.is_active().ok()?;
    Some(match operation {
        "pool.destroy" if !is_active => return None,
        "pool.destroy" => {
            let volumes = pool.num_of_volumes().map(|count| counted(count, "volume"));
            let volumes = volumes.unwrap_or_else(|_| "volumes".into());
            vec![format!(
                "{name} is stopped: its {volumes} cannot be reached until it is started; nothing is deleted"
            )]
        }
        "pool.undefine" => vec![format!("the stored definition of {name} is removed; what it holds stays")],
        "pool.delete" => {
            let place =
                pool.xml(0).ok().and_then(|xml| Document::parse(&xml).ok()?.text_at("target/path").ok()?);
            vec![format!(
                "the storage of {name} is deleted: {}",
                place.unwrap_or_else(|| "all that it holds".into())
            )]
        }
        "pool.build" | "pool.start" => vec![format!("what is in the place of {name} is overwritten")],
        _ => Vec::new(),
    })
}

fn of_network(operation: &str, network: &Network) -> Option<Vec<String>> {
    let name = network.label();
    Some(match operation {
        "network.destroy" if !network.is_active().ok()? => return None,
        "network.destroy" => {
            let users = usage::of_network(network.connection(), name);
            vec![match users.names.as_slice() {
                [] if !users.is_complete => format!("{name} is stopped; {UNSEEN}"),
                [] => format!("{name} is stopped; no running guest is connected to it"),
                users => format!("{name} is stopped, and with it the connection of {}", listed(users)),
            }]
        }
        "network.undefine" => vec![format!("the stored definition of {name} is removed")],
        _ => Vec::new(),
    })
}

/// What a call does that has no better sentence.
fn of_operation(operation: &str, object: &str) -> String {
    match operation {
        "domain.managed_save_remove" => {
            format!("the saved state of {object} is thrown away: it will start from its disks")
        }
        "domain.core_dump" => format!("{object} is ended or reset once its memory is written"),
        "domain.qemu_monitor_command" => "QEMU takes this unseen by libvirt: it may end the guest".into(),
        "secret.undefine" => "the secret and its value are removed".into(),
        "nwfilter.undefine" | "interface.undefine" | "node_device.undefine" => {
            format!("the stored definition of {object} is removed")
        }
        "interface.destroy" => format!("{object} goes down, and with it every connection over it"),
        "interface.change_rollback" => {
            "the changes to interfaces since their beginning are taken back".into()
        }
        "node_device.destroy" => format!("{object} is taken from the host"),
        "node_device.reset" => format!("{object} is reset: what it was doing is lost"),
        "pool.create" => "what is in the place of the pool is overwritten".into(),
        "network.update" => format!("a part of the definition of {object} is removed"),
        _ => "this may not be possible to take back".into(),
    }
}

/// A number and what it counts.
fn counted(count: u32, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The first names of a list, and how many more there are.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 6;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
