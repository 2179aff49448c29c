//! Whether the driver behind a connection has a call, without trying it.
//!
//! libvirt has no question for that. Its documentation has the answer as a table, which
//! `drivers.tsv` holds; the version of the daemon decides what is newer.

use std::collections::BTreeSet;

use super::connection::Connection;
use super::symbols::SYMBOLS;
use crate::error::{Error, Result, code};

/// See the file.
const TABLE: &str = include_str!("drivers.tsv");

/// The drivers that a daemon has beside that of its hypervisor.
const BESIDE: &[&str] = &["bridge", "interface", "nwfilter", "secret", "storage", "udev"];

/// Drivers that have networks, storage and so on of their own, or none.
const ALONE: &[&str] = &["test", "esx", "hyperv", "vmware"];

/// What libvirt calls a driver in its table, where that is not what the driver calls itself.
const NAMES: &[(&str, &str)] = &[
    ("xen", "libxl"),
    ("hyper-v", "hyperv"),
    ("parallels", "vz"),
    ("network", "bridge"),
    ("nodedev", "udev"),
];

impl Connection {
    /// Whether the driver has a function, by its name in C.
    ///
    /// Errors: `usage` for a name that is none, `unsupported` for a driver that the table does not have.
    pub fn supports(&self, function: &str) -> Result<bool> {
        let line = lines().find(|(name, _)| *name == function).map(|(_, line)| line);
        let line = line.ok_or_else(|| Error::usage(format!("{function:?} is no function of libvirt")))?;
        // A function that is not in this process cannot be called, whatever the daemon has.
        if SYMBOLS.iter().any(|symbol| symbol.name == function && !symbol.is_there()) {
            return Ok(false);
        }
        let own = self.driver()?.to_lowercase();
        let own = NAMES.iter().find(|(name, _)| *name == own).map_or(own.as_str(), |(_, known)| known);
        if !TABLE.lines().any(|line| offers(line).any(|offer| offer.driver == own)) {
            return Err(Error::new(code::UNSUPPORTED, format!("nothing is known of the driver {own}")));
        }
        let version = self.daemon_version()?;
        let beside = if ALONE.contains(&own) { &[][..] } else { BESIDE };
        let has = |driver: &str| match driver {
            "*" => true,
            "daemon" => !super::connection::is_in_process(&self.uri()),
            _ => driver == own || beside.contains(&driver),
        };
        Ok(offers(line).any(|offer| has(offer.driver) && offer.since <= version))
    }
}

/// A driver that has a call, and since which libvirt.
struct Offer<'a> {
    driver: &'a str,
    since: u64,
}

fn offers(line: &str) -> impl Iterator<Item = Offer<'_>> {
    let drivers = line.split_once('\t').map_or("", |(_, drivers)| drivers);
    drivers.split_whitespace().map(|offer| match offer.split_once(':') {
        Some((driver, since)) => Offer { driver, since: number(since) },
        None => Offer { driver: offer, since: 0 },
    })
}

/// A version as libvirt counts them.
fn number(version: &str) -> u64 {
    version.split('.').fold(0, |number, part| number * 1000 + part.parse::<u64>().unwrap_or(0))
}

/// The drivers of hypervisors that the library in this process knows, as URIs name them, sorted.
pub(super) fn drivers() -> Vec<&'static str> {
    let version = super::library_version().unwrap_or(u64::MAX);
    let known = lines().flat_map(|(_, line)| offers(line)).filter(|offer| offer.since <= version);
    let of_hypervisors = known
        .map(|offer| offer.driver)
        .filter(|driver| !BESIDE.contains(driver) && !["*", "daemon"].contains(driver));
    let drivers: BTreeSet<_> =
        of_hypervisors.map(|driver| if driver == "libxl" { "xen" } else { driver }).collect();
    drivers.into_iter().collect()
}

/// The functions that [`Connection::supports`] knows.
pub fn known_functions() -> impl Iterator<Item = &'static str> {
    lines().map(|(function, _)| function)
}

/// The functions of the table, each with its line.
fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| Some((line.split_once('\t')?.0, line)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::libvirt::Door;

    fn test() -> Connection {
        Connection::new(Some("test:///default".into()), false, Arc::<Door>::default())
    }

    #[test]
    fn the_table_is_a_list_of_functions_and_known_drivers() {
        assert!(lines().count() > 400);
        for (function, line) in lines() {
            assert!(function.starts_with("vir") && !function.contains(' ') && line.is_ascii(), "{line}");
        }
    }

    #[test]
    fn the_test_driver_has_what_it_has() {
        let has = |name: &str| test().supports(name).unwrap();
        for name in ["virDomainSuspend", "virNetworkCreate", "virConnectGetURI"] {
            assert!(has(name), "{name}");
        }
        for name in ["virDomainMigrateToURI3", "virDomainBlockCopy", "virSecretGetValue"] {
            assert!(!has(name), "{name}");
        }
        assert!(!has("virConnectSetIdentity"), "no daemon");
        assert_eq!(test().supports("virDomainTeleport").unwrap_err().code(), code::USAGE);
    }

    #[test]
    fn what_it_says_is_what_a_call_finds() {
        let connection = test();
        let kind = super::super::GuestKind::default();
        let answers = [
            ("virNodeGetCPUStats", connection.cpu_stats(None).map(drop)),
            ("virNodeGetMemoryStats", connection.memory_stats(None).map(drop)),
            ("virNodeGetSEVInfo", connection.sev_info().map(drop)),
            ("virConnectGetSysinfo", connection.sysinfo().map(drop)),
            ("virConnectGetDomainCapabilities", connection.domain_capabilities(&kind, 0).map(drop)),
            ("virNodeGetSecurityModel", connection.security_model().map(drop)),
            (
                "virConnectGetAllDomainStats",
                connection.domain_stats(crate::libvirt::StatsOf::All, 0, 0).map(drop),
            ),
        ];
        for (name, answer) in answers {
            let lacks = answer.is_err_and(|error| error.code() == code::UNSUPPORTED);
            assert_eq!(connection.supports(name).unwrap(), !lacks, "{name}");
        }
    }

    #[test]
    fn versions_are_numbers_as_libvirt_counts_them() {
        assert_eq!(number("12.5.0"), 12_005_000);
        let (_, update) = lines().find(|(name, _)| *name == "virNodeDeviceUpdate").unwrap();
        assert_eq!(offers(update).map(|offer| offer.since).collect::<Vec<_>>(), [10_001_000]);
    }
}
