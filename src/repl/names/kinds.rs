//! The kinds of objects whose names can be completed.

use crate::error::Result;
use crate::libvirt::{Connection, Handle, Object};

/// A kind of object that is found by name.
pub(in crate::repl) struct Kind {
    /// The functions that take its name.
    pub(super) finders: &'static [&'static str],
    /// The kind of event that tells of changes, where libvirt has one.
    pub(super) event: Option<&'static str>,
    pub(super) read: fn(&Connection) -> Result<Vec<String>>,
}

static KINDS: &[Kind] = &[
    Kind {
        finders: &["domain", "domains"],
        event: Some("lifecycle"),
        read: |c| Ok(c.domain_entries(0)?.into_iter().map(|entry| entry.name).collect()),
    },
    Kind { finders: &["interface", "interfaces"], event: None, read: |c| Ok(labels(&c.interfaces(0)?)) },
    Kind {
        finders: &["network", "networks"],
        event: Some("network_lifecycle"),
        read: |c| Ok(labels(&c.networks(0)?)),
    },
    Kind {
        finders: &["node_device", "node_devices"],
        event: Some("node_device_lifecycle"),
        read: |c| Ok(labels(&c.node_devices(0)?)),
    },
    Kind { finders: &["nwfilter", "nwfilters"], event: None, read: |c| Ok(labels(&c.nwfilters(0)?)) },
    Kind {
        finders: &["nwfilter_binding", "nwfilter_bindings"],
        event: None,
        read: |c| Ok(labels(&c.nwfilter_bindings(0)?)),
    },
    Kind {
        finders: &["pool", "pools", "volume"],
        event: Some("pool_lifecycle"),
        read: |c| Ok(labels(&c.pools(0)?)),
    },
    Kind {
        finders: &["secret", "secrets"],
        event: Some("secret_lifecycle"),
        read: |c| Ok(labels(&c.secrets(0)?)),
    },
];

fn labels<O: Object>(all: &[Handle<O>]) -> Vec<String> {
    all.iter().map(|one| one.label().to_owned()).collect()
}

/// Returns the kind whose names a function takes.
pub(in crate::repl) fn kind_of(function: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.finders.contains(&function))
}

/// Returns the kind of event that tells of changes to what virsh's table calls so: `domain-active`, `network`.
pub(super) fn event_of(kind: &str) -> Option<&'static str> {
    let object = kind.split(['-', '?']).next().unwrap_or(kind);
    KINDS.iter().find(|known| known.finders[0] == object).and_then(|known| known.event)
}
