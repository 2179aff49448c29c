//! The words that an argument or an option is one of, for completion: the tables by which the bindings read them.

use super::{domain, inventory, network, stats, words};
use crate::libvirt::{error_codes, events, known_functions};

/// The keys that events have, and what they hold.
pub const EVENT_KEYS: &[(&str, &str)] = &[
    ("kind", "What kind of event it is: `event_kinds()` lists them."),
    ("time", "When it arrived."),
    ("domain", "The name of the guest."),
    ("uuid", "The UUID of the guest, network or pool."),
    ("event", "What happened, as a word."),
    ("detail", "Why it happened, as a word."),
    ("network", "The name of the network."),
    ("pool", "The name of the pool."),
    ("node_device", "The name of the device."),
    ("secret", "The UUID of the secret."),
    ("reason", "Why the connection was closed."),
    ("count", "How many events were missed."),
];

/// Returns the words that an argument of a function is one of, where it is one of a few.
pub fn argument(function: &str, argument: usize) -> Vec<&'static str> {
    let (own, beside): (&[&str], &[&'static str]) = match (function, argument) {
        ("Domain.wait", 0) | ("wait::all", 1) => (words::DOMAIN_STATES, super::wait::GOALS),
        ("Network.wait" | "StoragePool.wait", 0) => (&["active", "inactive"], &[]),
        ("Domain.set_lifecycle_action", 0) => (domain::LIFECYCLES, &[]),
        ("Domain.set_lifecycle_action", 1) => (domain::ACTIONS, &[]),
        ("Domain.interface_addresses", 0) => (&["lease", "agent", "arp"], &[]),
        ("Domain.pm_suspend_for_duration" | "Host.suspend", 0) => (words::SUSPEND_TARGETS, &[]),
        ("Domain.send_process_signal", 1) => (domain::SIGNALS, &[]),
        ("Network.update", 0) => (network::COMMANDS, &[]),
        ("Network.update", 1) => (network::SECTIONS, &[]),
        ("StorageVolume.wipe", 0) => (words::WIPE_ALGORITHMS, &[]),
        ("Connection.supports", 0) => return known_functions().collect(),
        _ => (&[], &[]),
    };
    own.iter().chain(beside).copied().collect()
}

/// Returns the words that a property is one of; for a value of unknown type, those of the usual one.
pub fn property(of: &str, property: &str) -> Vec<&'static str> {
    match (of, property) {
        ("Domain" | "map" | "any", "state") => words::DOMAIN_STATES.to_vec(),
        ("StoragePool", "state") => words::POOL_STATES.to_vec(),
        ("Event" | "any", "kind") => events::kinds().map(|kind| kind.name).collect(),
        ("Error" | "any", "code") => {
            let own =
                ["usage", "timeout", "unsupported", "connect_failed", "disconnected", "denied", "io", "xml"];
            own.into_iter().chain(error_codes()).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the words that the elements of an option are of, for an option that is a list of some.
pub fn option(function: &str, option: &str) -> Vec<&'static str> {
    match (function, option) {
        ("events", "kinds") => events::kinds().map(|kind| kind.name).collect(),
        ("stats" | "all_stats", "groups") => stats::GROUPS.iter().map(|(word, _)| *word).collect(),
        ("inventory", "fields") => inventory::FIELDS.to_vec(),
        ("interface_addresses" | "addresses", "sources") => vec!["agent", "lease", "arp"],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_that_the_bindings_take() {
        assert!(argument("Domain.wait", 0).contains(&"block-ready:"));
        assert!(argument("Network.update", 1).contains(&"dns-host"));
        assert!(option("events", "kinds").contains(&"lifecycle"));
        assert!(argument("Domain.start", 0).is_empty());
        assert!(property("Domain", "state").contains(&"shutoff"));
        assert!(property("Error", "code").contains(&"no_domain"));
    }
}
