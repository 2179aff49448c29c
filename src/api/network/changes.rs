//! Changes to elements of a network that runs or of its stored definition.

use rhai::plugin::export_module;
use rhai::{Dynamic, ImmutableString};

use crate::api::definition_text;
use crate::api::domain::affect::affect;
use crate::api::methods::methods_with_options;
use crate::api::names;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionSpec, Parsed, boolean, flag, int};
use crate::libvirt::{Network, sys};

pub(super) fn register(natives: &mut Natives) {
    register_methods(natives);
}

const LIVE: OptionSpec = flag("live", sys::VIR_NETWORK_UPDATE_AFFECT_LIVE, "Of the network that runs.");
const CONFIG: OptionSpec = flag("config", sys::VIR_NETWORK_UPDATE_AFFECT_CONFIG, "Of the stored definition.");
const CURRENT: OptionSpec =
    boolean("current", "Of the network that runs if it does, else of the definition: the default.");

/// The options that say which of the two definitions of a network is meant.
pub(super) const AFFECT: &[OptionSpec] = &[LIVE, CONFIG, CURRENT];

const PARENT_INDEX: OptionSpec = int(
    "parent_index",
    "Which of several parents, counted from 0, such as the `<ip>` of a host; without it libvirt chooses.",
);

/// The words of `virNetworkUpdateCommand`, from 1; `add` is the same as `add-last`.
pub(in crate::api) const COMMANDS: &[&str] = &["modify", "delete", "add-last", "add-first", "add"];

/// The words of `virNetworkUpdateSection`, from 1.
pub(in crate::api) const SECTIONS: &[&str] = &[
    "bridge",
    "domain",
    "ip",
    "ip-dhcp-host",
    "ip-dhcp-range",
    "forward",
    "forward-interface",
    "forward-pf",
    "portgroup",
    "dns-host",
    "dns-txt",
    "dns-srv",
];

fn command_number(word: &str) -> Result<u32> {
    match names::place("a way to change a network", COMMANDS, word)? {
        4 => Ok(sys::VIR_NETWORK_UPDATE_COMMAND_ADD_LAST),
        place => Ok(place as u32 + 1),
    }
}

fn section_number(word: &str) -> Result<u32> {
    Ok(names::place("a section of a network", SECTIONS, word)? as u32 + 1)
}

/// The index of the parent in libvirt's form: -1 is its own choice.
fn parent_index(options: &Parsed) -> Result<i32> {
    let Some(index) = options.get_int("parent_index")? else { return Ok(-1) };
    i32::try_from(index).map_err(|_| Error::usage(format!("`parent_index` cannot be {index}")))
}

methods_with_options! {
    #[export_module(manifest)]
    /// Changes an element of the network without defining it anew (`virNetworkUpdate`).
    ///
    /// `command` is `add` (the same as `add-last`), `add-first`, `modify` or `delete`. `section` says what the
    /// XML is: `ip-dhcp-host`, `ip-dhcp-range`, `dns-host`, `dns-txt`, `dns-srv`, `portgroup`,
    /// `forward-interface`, … A network that runs gets the change at once, and its stored definition only with
    /// `config`. `parent_index` counts from 0; with -1 libvirt chooses.
    ///
    /// Errors: `usage` for a word that is none of these; `operation_invalid` for an element that is there
    /// already or is not there, and for `live` while the network does not run; `config_unsupported` and
    /// `operation_unsupported` for a section that libvirt cannot change.
    ///
    /// ```rhai
    /// let net = network("default");
    /// let host = "<host mac='52:54:00:00:00:01' name='web1' ip='192.168.122.2'/>";
    /// net.update("add", "ip-dhcp-host", host, #{ live: true, config: true });
    /// net.update("delete", "ip-dhcp-host", host, #{ live: true, config: true });
    /// ```
    fn update(network: Network, command: ImmutableString, section: ImmutableString, xml: Dynamic; options: &[LIVE, CONFIG, CURRENT, PARENT_INDEX]) -> () {
        let about = |error: Error| error.operation("network.update").object(network.label());
        let command = command_number(&command).map_err(about)?;
        let section = section_number(&section).map_err(about)?;
        let parent = parent_index(&options).map_err(about)?;
        let (xml, flags) = (definition_text(&xml)?, affect(&options)?);
        Ok(network.update(command, section, parent, &xml, flags)?)
    }
}

#[cfg(test)]
mod numbers {
    use super::*;

    #[test]
    fn words_stand_at_their_numbers() {
        assert_eq!(command_number("modify").unwrap(), sys::VIR_NETWORK_UPDATE_COMMAND_MODIFY);
        assert_eq!(command_number("add-first").unwrap(), sys::VIR_NETWORK_UPDATE_COMMAND_ADD_FIRST);
        assert_eq!(command_number("add").unwrap(), sys::VIR_NETWORK_UPDATE_COMMAND_ADD_LAST);
        assert_eq!(section_number("bridge").unwrap(), sys::VIR_NETWORK_SECTION_BRIDGE);
        assert_eq!(section_number("ip-dhcp-host").unwrap(), sys::VIR_NETWORK_SECTION_IP_DHCP_HOST);
        assert_eq!(section_number("dns-srv").unwrap(), sys::VIR_NETWORK_SECTION_DNS_SRV);
        let error = section_number("dns-hosts").unwrap_err();
        assert_eq!(error.facts().hint.as_deref(), Some("did you mean \"dns-host\"?"));
    }
}
