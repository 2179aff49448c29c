//! The live names that complete a value.

use super::complete;
use crate::error::Result;
use crate::libvirt::{Connection, Domain, Handle, Object, sys};
use crate::xml::{Document, Value};

/// Reads the names; none for what is not found by name.
///
/// Errors: those of the calls.
pub fn names(connection: &Connection, value: &complete::Value) -> Result<Vec<String>> {
    let (kind, which) = value.kind.trim_end_matches('?').split_once('-').unwrap_or((value.kind, ""));
    Ok(match kind {
        "domain" => {
            let entries = connection.domain_entries(flags(DOMAINS, which))?;
            entries.into_iter().map(|entry| entry.name).collect()
        }
        "network" => labels(&connection.networks(flags(NETWORKS, which))?),
        "pool" => labels(&connection.pools(flags(POOLS, which))?),
        "interface" => labels(&connection.interfaces(flags(INTERFACES, which))?),
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

/// The bits of a word that chooses among objects.
type Choices = &'static [(&'static str, u32)];

fn flags(choices: Choices, which: &str) -> u32 {
    choices.iter().find(|(word, _)| *word == which).map_or(0, |(_, flag)| *flag)
}

const DOMAINS: Choices = &[
    ("active", sys::VIR_CONNECT_LIST_DOMAINS_ACTIVE),
    ("inactive", sys::VIR_CONNECT_LIST_DOMAINS_INACTIVE),
    ("shutoff", sys::VIR_CONNECT_LIST_DOMAINS_SHUTOFF),
    ("running", sys::VIR_CONNECT_LIST_DOMAINS_RUNNING),
    ("paused", sys::VIR_CONNECT_LIST_DOMAINS_PAUSED),
    ("pmsuspended", sys::VIR_CONNECT_LIST_DOMAINS_OTHER),
    ("persistent", sys::VIR_CONNECT_LIST_DOMAINS_PERSISTENT),
    ("with-snapshot", sys::VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT),
    ("with-checkpoint", sys::VIR_CONNECT_LIST_DOMAINS_HAS_CHECKPOINT),
    ("with-managedsave", sys::VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE),
];

const NETWORKS: Choices = &[
    ("active", sys::VIR_CONNECT_LIST_NETWORKS_ACTIVE),
    ("inactive", sys::VIR_CONNECT_LIST_NETWORKS_INACTIVE),
    ("persistent", sys::VIR_CONNECT_LIST_NETWORKS_PERSISTENT),
];

const POOLS: Choices = &[
    ("active", sys::VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE),
    ("inactive", sys::VIR_CONNECT_LIST_STORAGE_POOLS_INACTIVE),
    ("persistent", sys::VIR_CONNECT_LIST_STORAGE_POOLS_PERSISTENT),
];

const INTERFACES: Choices = &[
    ("active", sys::VIR_CONNECT_LIST_INTERFACES_ACTIVE),
    ("inactive", sys::VIR_CONNECT_LIST_INTERFACES_INACTIVE),
];
