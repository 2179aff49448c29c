//! Which guests use what is about to be destroyed.

use crate::error::Result;
use crate::libvirt::sys;
use crate::libvirt::{Connection, Domain};
use crate::xml::{Document, Value};

/// The disks of a definition that have a source: `vda /srv/web1.qcow2`.
pub(super) fn disks(definition: &str) -> Vec<String> {
    let Ok(document) = Document::parse(definition) else { return Vec::new() };
    let disks = document.all("devices/disk").unwrap_or_default();
    let disk = |value: Value| {
        let Value::Node(disk) = value else { return None };
        let target = disk.text_at("target/@dev").ok()??;
        let sources = ["file", "dev", "volume", "name", "dir"].map(|kind| format!("source/@{kind}"));
        let source = sources.iter().find_map(|path| disk.text_at(path).ok()?)?;
        Some(format!("{target} {source}"))
    };
    disks.into_iter().filter_map(disk).collect()
}

/// The guests that have a volume as a disk or below one, each with its state where it runs.
pub(super) fn of_volume(
    connection: &Connection,
    path: &str,
    pool: &str,
    volume: &str,
) -> Result<Vec<String>> {
    guests(connection, 0, |document| {
        // A backing file counts too: without it the disk above is of no use.
        let sources = document.all("devices/disk//source").unwrap_or_default();
        sources.into_iter().any(|value| {
            let Value::Node(source) = value else { return false };
            let is = |name: &str, wanted: &str| source.attr(name).is_some_and(|value| value == wanted);
            ["file", "dev", "name", "dir"].iter().any(|name| is(name, path))
                || (is("volume", volume) && is("pool", pool))
        })
    })
}

/// The running guests that are connected to a network.
pub(super) fn of_network(connection: &Connection, network: &str) -> Result<Vec<String>> {
    guests(connection, sys::VIR_CONNECT_LIST_DOMAINS_ACTIVE, |document| {
        let networks = document.all("devices/interface/source/@network").unwrap_or_default();
        networks.iter().any(|value| matches!(value, Value::Text(name) if name == network))
    })
}

fn guests(connection: &Connection, flags: u32, has: impl Fn(&Document) -> bool) -> Result<Vec<String>> {
    let guests = connection.domains(flags)?;
    let definitions = connection.domain_definitions(&guests, 0)?;
    let user = |(guest, definition): (&Domain, Option<String>)| {
        let document = Document::parse(&definition?).ok()?;
        has(&document).then(|| guest.label().to_owned())
    };
    Ok(guests.iter().zip(definitions).filter_map(user).collect())
}
