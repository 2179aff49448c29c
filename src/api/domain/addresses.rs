//! Where a guest can be reached: its addresses from all sources, and its host name.

use rhai::plugin::{Dynamic, ImmutableString, export_module};
use rhai::{Array, Map};

use crate::api::Fallible;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, boolean, list, word};
use crate::lang::suggest::nearest;
use crate::libvirt::{AddressSource, Domain, GuestAddress, sys};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_addresses::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&IPS, &HOSTNAME];

static IPS: OptionTable = OptionTable {
    function: "Domain.ips",
    options: &[
        list("sources", "Whom to ask, of \"agent\", \"lease\" and \"arp\"; all without it.").alias("source"),
        word("family", &["ipv4", "ipv6"], "Only addresses of this family."),
        boolean("link_local", "Also addresses that only mean something on their link; true without it."),
    ],
};

static HOSTNAME: OptionTable = OptionTable {
    function: "Domain.hostname",
    options: &[word("source", &["agent", "lease"], "Whom to ask; without it the driver chooses.")],
};

fn source(given: &str) -> Result<AddressSource> {
    let words = AddressSource::ALL.map(|(_, word)| word);
    AddressSource::ALL.iter().find(|(_, word)| *word == given).map(|(source, _)| *source).ok_or_else(|| {
        let hint = match nearest(given, words) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("the sources are {}", words.join(", ")),
        };
        Error::usage(format!("{given:?} is not a source of addresses")).operation("domain.ips").hint(hint)
    })
}

fn address_map(address: GuestAddress) -> Dynamic {
    let sources = address.sources.iter().map(|source| Dynamic::from(source.word())).collect::<Array>();
    Map::from([
        ("interface".into(), address.interface.into()),
        ("mac".into(), address.mac.map_or(Dynamic::UNIT, Into::into)),
        ("address".into(), address.address.into()),
        ("prefix".into(), address.prefix.map_or(Dynamic::UNIT, |bits| i64::from(bits).into())),
        ("family".into(), address.family.into()),
        ("sources".into(), sources.into()),
    ])
    .into()
}

fn ips_of(vm: &Domain, options: Map) -> Fallible<Array> {
    let options = IPS.read(options)?;
    let all = AddressSource::ALL.map(|(source, _)| source).to_vec();
    let sources = match options.get_list("sources")? {
        Some(words) => words.iter().map(|word| source(word)).collect::<Result<_>>()?,
        None => all,
    };
    let family = options.get_text("family")?;
    let link_local = options.get_bool("link_local")?.unwrap_or(true);
    let wanted = |address: &GuestAddress| {
        family.as_deref().is_none_or(|family| family == address.family)
            && (link_local || !address.is_link_local())
    };
    Ok(vm.guest_addresses(&sources)?.into_iter().filter(wanted).map(address_map).collect())
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod domain_addresses {
    /// The addresses of the guest from all that know some (`virDomainInterfaceAddresses`).
    ///
    /// One map for each address: `#{ interface, mac, address, prefix, family, sources }`. The sources are
    /// `agent` (in the guest), `lease` (the host's DHCP servers) and `arp` (the host's ARP table); one that
    /// the driver or the guest lacks is left out. `interface` is the guest's name where the agent tells it,
    /// otherwise the host's; `prefix` is in bits, and `()` where nobody knows it. Loopback addresses are left
    /// out, link-local ones come last, and a guest that does not run has none.
    ///
    /// Errors: `no_domain` when the guest is gone.
    ///
    /// @returns [Map]
    ///
    /// ```rhai
    /// for ip in domain("test").ips() { print(`${ip.address} (${ip.sources})`) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn ips(vm: &mut Domain) -> Fallible<Array> {
        ips_of(vm, Map::new())
    }

    /// The addresses of the guest, from chosen sources or of one family (`virDomainInterfaceAddresses`).
    ///
    /// With a single source, its failure is an error; one of several that fails is left out.
    ///
    /// Errors: `usage` for an unknown source; with a single one `unsupported` where the driver lacks it and
    /// `agent_unresponsive` where the guest has no agent.
    ///
    /// @returns [Map]
    ///
    /// ```rhai
    /// let all = domain("test").ips(#{ sources: ["lease", "arp"], family: "ipv4", link_local: false });
    /// print(all.map(|ip| ip.address));
    /// ```
    #[rhai_fn(name = "ips", return_raw, pure)]
    pub fn ips_with(vm: &mut Domain, options: Map) -> Fallible<Array> {
        ips_of(vm, options)
    }

    /// The guest's own name for itself, as its agent or its DHCP lease tells (`virDomainGetHostname`).
    ///
    /// Errors: `unsupported` where the driver cannot tell, `agent_unresponsive` where the agent is asked
    /// and does not answer, `no_hostname` where nobody knows it.
    ///
    /// ```rhai
    /// try { print(domain("test").hostname()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn hostname(vm: &mut Domain) -> Fallible<String> {
        Ok(vm.hostname(0)?)
    }

    /// The guest's own name for itself, from one source (`virDomainGetHostname`).
    ///
    /// Errors: `unsupported` where the driver cannot tell, `agent_unresponsive` where the agent is asked
    /// and does not answer, `no_hostname` where the source does not know it.
    ///
    /// ```rhai
    /// try { print(domain("test").hostname(#{ source: "lease" })) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "hostname", return_raw, pure)]
    pub fn hostname_with(vm: &mut Domain, options: Map) -> Fallible<ImmutableString> {
        let flags = match HOSTNAME.read(options)?.get_text("source")?.as_deref() {
            Some("agent") => sys::VIR_DOMAIN_GET_HOSTNAME_AGENT,
            Some(_) => sys::VIR_DOMAIN_GET_HOSTNAME_LEASE,
            None => 0,
        };
        Ok(vm.hostname(flags)?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_source_names_the_one_that_was_meant() {
        assert_eq!(source("lease").unwrap(), AddressSource::Lease);
        let error = source("leases").unwrap_err();
        assert_eq!((error.code(), error.facts().hint.as_deref()), ("usage", Some("did you mean \"lease\"?")));
    }
}
