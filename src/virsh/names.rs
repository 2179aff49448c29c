//! The live names that complete a value.

use std::sync::Arc;
use std::time::Duration;

use super::complete;
use crate::error::Result;
use crate::libvirt::choices::{self, Choices};
use crate::libvirt::{Connection, Domain, Door, Handle, Interrupt, Object, Rules};
use crate::xml::{Document, Value};

/// Names are asked for as long as nobody notices.
const PATIENCE: Duration = Duration::from_millis(70);

/// Reads the names over a connection of its own, which cannot change anything and asks nobody for a password; none
/// where they are not there in time. Without a URI libvirt chooses.
pub fn names_in_time(uri: Option<&str>, value: &complete::Value) -> Vec<String> {
    let interrupt = Interrupt::default();
    interrupt.set_deadline(PATIENCE);
    let door = Door::new(Rules { readonly: true, ..Rules::default() }, interrupt);
    let connection = Connection::new(uri.map(without_terminal), true, Arc::new(door));
    let mut names = names(&connection, value).unwrap_or_default();
    names.sort_unstable();
    names
}

/// A URI whose ssh asks nobody.
fn without_terminal(uri: &str) -> String {
    if !uri.contains("ssh://") {
        return uri.to_owned();
    }
    let sign = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{sign}no_tty=1")
}

/// Reads the names; none for what is not found by name.
///
/// Errors: those of the calls.
pub fn names(connection: &Connection, value: &complete::Value) -> Result<Vec<String>> {
    let (kind, which) = value.kind.trim_end_matches('?').split_once('-').unwrap_or((value.kind, ""));
    Ok(match kind {
        "domain" => {
            let entries = connection.domain_entries(flags(choices::DOMAINS, which))?;
            entries.into_iter().map(|entry| entry.name).collect()
        }
        "network" => labels(&connection.networks(flags(choices::NETWORKS, which))?),
        "pool" => labels(&connection.pools(flags(choices::POOLS, which))?),
        "interface" => labels(&connection.interfaces(flags(choices::INTERFACES, which))?),
        "nodedev" => labels(&connection.node_devices(0)?),
        "secret" => labels(&connection.secrets(0)?),
        "nwfilter" if which == "binding" => labels(&connection.nwfilter_bindings(0)?),
        "nwfilter" => labels(&connection.nwfilters(0)?),
        "volume" => match value.before("pool") {
            Some(pool) => labels(&connection.pool_by_name(pool)?.volumes()?),
            None => Vec::new(),
        },
        "snapshot" | "checkpoint" | "device" => match value.before("domain") {
            Some(domain) => of_guest(&connection.domain_by_name(domain)?, value.kind)?,
            None => Vec::new(),
        },
        _ => Vec::new(),
    })
}

/// Names of what belongs to a guest.
fn of_guest(guest: &Domain, kind: &str) -> Result<Vec<String>> {
    let attributes = match kind {
        "snapshot" => return Ok(labels(&guest.snapshots(0)?)),
        "checkpoint" => return Ok(labels(&guest.checkpoints(0)?)),
        "device-disk" => "devices/disk/target/@dev",
        "device-nic" => "devices/interface/mac/@address",
        "device-console" => "devices/console/alias/@name",
        "device-alias" => "devices/*/alias/@name",
        _ => return Ok(Vec::new()),
    };
    let values = Document::parse(&guest.xml(0)?)?.all(attributes)?;
    let text = |value: &Value| match value {
        Value::Node(node) => node.text(),
        Value::Text(text) => text.clone(),
    };
    Ok(values.iter().map(text).collect())
}

fn labels<O: Object>(objects: &[Handle<O>]) -> Vec<String> {
    objects.iter().map(|object| object.label().to_owned()).collect()
}

/// The bits of the word that chooses among objects; none where there is no such word.
fn flags(choices: Choices, which: &str) -> u32 {
    choices::bit(choices, which).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssh_never_asks() {
        assert_eq!(without_terminal("qemu+ssh://h/system"), "qemu+ssh://h/system?no_tty=1");
        assert_eq!(without_terminal("qemu:///system"), "qemu:///system");
    }
}
