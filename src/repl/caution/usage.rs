//! Which guests use what is about to be destroyed.

use std::time::{Duration, Instant};

use crate::libvirt::{Connection, sys};
use crate::xml::{Document, Value};

/// Definitions that are read in one go.
const AT_ONCE: usize = 256;
/// How long a question may take to come.
const PATIENCE: Duration = Duration::from_secs(3);

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

/// Guests that use something.
#[derive(Default)]
pub(super) struct Users {
    pub(super) names: Vec<String>,
    /// False where not every guest could be looked at.
    pub(super) is_complete: bool,
}

/// The guests that have a volume as a disk or below one.
pub(super) fn of_volume(connection: &Connection, path: &str, pool: &str, volume: &str) -> Users {
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
pub(super) fn of_network(connection: &Connection, network: &str) -> Users {
    guests(connection, sys::VIR_CONNECT_LIST_DOMAINS_ACTIVE, |document| {
        let networks = document.all("devices/interface/source/@network").unwrap_or_default();
        networks.iter().any(|value| matches!(value, Value::Text(name) if name == network))
    })
}

fn guests(connection: &Connection, flags: u32, has: impl Fn(&Document) -> bool) -> Users {
    let end = Instant::now() + PATIENCE;
    let mut users = Users::default();
    let Ok(guests) = connection.domains(flags) else { return users };
    for some in guests.chunks(AT_ONCE) {
        let Ok(definitions) = connection.domain_definitions(some, 0) else { return users };
        users.names.extend(some.iter().zip(definitions).filter_map(|(guest, definition)| {
            let document = Document::parse(&definition?).ok()?;
            has(&document).then(|| guest.label().to_owned())
        }));
        if Instant::now() > end {
            return users;
        }
    }
    users.is_complete = true;
    users
}
