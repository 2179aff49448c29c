//! How scripts name kinds of events.

use crate::error::{Error, Result};
use crate::lang::suggest::nearest;
use crate::libvirt::events::{Kind, kinds};

/// Other ways to write the beginning of a name, as virsh has them.
const PREFIXES: &[(&str, &str)] =
    &[("domain_", ""), ("net_", "network_"), ("nodedev_", "node_device_"), ("storage_pool_", "pool_")];

/// The kinds that a word means: one, or all usual ones of a family (`network`).
pub(crate) fn named(word: &str) -> Result<Vec<&'static Kind>> {
    let plain = word.to_lowercase().replace('-', "_");
    let written_otherwise =
        |(written, meant): &(&str, &str)| plain.strip_prefix(written).map(|rest| format!("{meant}{rest}"));
    let name = PREFIXES.iter().find_map(written_otherwise).unwrap_or_else(|| plain.clone());
    if let Some(kind) = kinds().find(|kind| kind.name == name) {
        return Ok(vec![kind]);
    }
    let family: Vec<_> = usual().filter(|kind| kind.family() == name).collect();
    if family.is_empty() { Err(unknown(word, &name)) } else { Ok(family) }
}

/// What is told where nothing is asked for by name.
pub(crate) fn usual() -> impl Iterator<Item = &'static Kind> {
    kinds().filter(|kind| kind.is_usual())
}

fn unknown(word: &str, meant: &str) -> Error {
    let names: Vec<_> = kinds().map(|kind| kind.name).collect();
    let error =
        Error::usage(format!("there are no events of the kind {word:?}")).operation("connection.events");
    error.hint(match nearest(meant, names.iter().copied()) {
        Some(near) => format!("did you mean {near:?}? event_kinds() lists them all"),
        None => "event_kinds() lists them all".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(word: &str) -> Vec<&'static str> {
        named(word).unwrap().iter().map(|kind| kind.name).collect()
    }

    #[test]
    fn a_kind_is_written_as_here_or_as_in_virsh() {
        for (written, name) in [
            ("lifecycle", "lifecycle"),
            ("block-job-2", "block_job_2"),
            ("domain_reboot", "reboot"),
            ("net-lifecycle", "network_lifecycle"),
            ("nodedev_update", "node_device_update"),
            ("storage-pool-refresh", "pool_refresh"),
            ("qemu_monitor", "qemu_monitor"),
        ] {
            assert_eq!(names(written), [name]);
        }
        assert_eq!(names("pool"), ["pool_lifecycle", "pool_refresh"]);
        assert!(!names("domain").contains(&"qemu_monitor"));
    }

    #[test]
    fn an_unknown_kind_names_the_nearest() {
        let error = named("lifecicle").unwrap_err();
        assert_eq!(error.code(), "usage");
        assert!(error.facts().hint.as_deref().unwrap().contains("\"lifecycle\""), "{error:?}");
        assert!(named("").is_err());
    }
}
