//! Ports of networks: what is plugged into them.
//!
//! libvirt makes one for each interface of a running guest on a network; other programs can make more.

use rhai::plugin::{Dynamic, ImmutableString, export_module};
use rhai::{Array, Map};

use super::domain::settings;
use super::subject::of;
use super::xml::{XmlDocument, refuse_assignment};
use super::{Fallible, definition_text, names};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, flag};
use crate::libvirt::{Connection, Network, NetworkPort, Params, RawNetworkPort, Value, sys};
use crate::xml::Document;

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    super::handle::register::<RawNetworkPort>(natives, "NetworkPort");
    natives.global(&port_functions::RHAI_MANIFEST);
}

/// The option tables of this file.
pub(super) const OPTIONS: &[&OptionTable] = &[&CREATE];

static CREATE: OptionTable = OptionTable {
    function: "Network.create_port",
    options: &[
        flag(
            "reclaim",
            sys::VIR_NETWORK_PORT_CREATE_RECLAIM,
            "Takes over what the guest's interface has already, after a restart of whoever made the port.",
        ),
        flag(
            "validate",
            sys::VIR_NETWORK_PORT_CREATE_VALIDATE,
            "Checks the XML against libvirt's schema (libvirt 7.8.0).",
        ),
    ],
};

/// The limits that a port can have; libvirt names only those that it has.
const LIMITS: &[&str] = &[
    "inbound.average",
    "inbound.peak",
    "inbound.burst",
    "inbound.floor",
    "outbound.average",
    "outbound.peak",
    "outbound.burst",
];

fn limits() -> Params {
    LIMITS.iter().map(|name| ((*name).to_owned(), Value::UInt(0))).collect()
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod port_functions {
    /// What is plugged into the network, sorted by UUID (`virNetworkListAllPorts`).
    ///
    /// Errors: `unsupported` where the driver has no ports.
    ///
    /// @returns [NetworkPort]
    ///
    /// ```rhai
    /// try { for port in network("default").ports() { print(port.xml["owner/name"]) } } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn ports(network: &mut Network) -> Fallible<Array> {
        Ok(names::list(network.ports()?, None)?)
    }

    /// A port of the network by UUID (`virNetworkPortLookupByUUIDString`).
    ///
    /// Errors: `no_network_port`; `unsupported` where the driver has no ports.
    ///
    /// ```rhai
    /// try {
    ///     print(network("default").port("5d744f21-ba4a-4d6e-bdb2-30a35ff3207d"))
    /// } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn port(network: &mut Network, uuid: ImmutableString) -> Fallible<NetworkPort> {
        Ok(network.port(&uuid)?)
    }

    /// Plugs a port into the network that runs (`virNetworkPortCreateXML`).
    ///
    /// The definition is XML, as text or as a document; libvirt 9.0.0 wants a `<uuid>` in it.
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept; `unsupported`
    /// where the driver has no ports.
    ///
    /// ```rhai
    /// try {
    ///     network("default").create_port(`<networkport>
    ///         <uuid>5d744f21-ba4a-4d6e-bdb2-30a35ff3207d</uuid><owner><name>web1</name>
    ///         <uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid></owner>
    ///         <mac address="52:54:00:7b:35:93"/></networkport>`)
    /// } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn create_port(network: &mut Network, definition: Dynamic) -> Fallible<NetworkPort> {
        Ok(network
            .create_port(&definition_text(&definition).map_err(of("network.create_port", network))?, 0)?)
    }

    /// Plugs a port into the network that runs, with options (`virNetworkPortCreateXML`).
    ///
    /// Errors: `xml_error` and its relatives for a definition that libvirt does not accept; `unsupported`
    /// where the driver has no ports.
    ///
    /// ```rhai
    /// try { network("default").create_port("<networkport/>", #{ validate: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "create_port", return_raw, pure)]
    pub fn create_port_with(
        network: &mut Network,
        definition: Dynamic,
        options: Map,
    ) -> Fallible<NetworkPort> {
        let options = CREATE.read(options)?;
        Ok(network.create_port(
            &definition_text(&definition).map_err(of("network.create_port", network))?,
            options.flags(),
        )?)
    }

    /// The UUID of the port (`virNetworkPortGetUUIDString`).
    ///
    /// ```rhai
    /// try { print(network("default").ports()[0].uuid) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "uuid", pure)]
    pub fn get_uuid(port: &mut NetworkPort) -> String {
        port.label().to_owned()
    }

    /// The network that the port belongs to (`virNetworkPortGetNetwork`).
    ///
    /// ```rhai
    /// try { print(network("default").ports()[0].network.name) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "network", return_raw, pure)]
    pub fn get_network(port: &mut NetworkPort) -> Fallible<Network> {
        Ok(port.network()?)
    }

    /// The connection that the port belongs to.
    ///
    /// ```rhai
    /// try { print(network("default").ports()[0].connection().uri()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(pure)]
    pub fn connection(port: &mut NetworkPort) -> Connection {
        NetworkPort::connection(port).clone()
    }

    /// The description of the port as a document (`virNetworkPortGetXMLDesc`).
    ///
    /// The document is a copy. `set_parameters` changes the limits of the port.
    ///
    /// ```rhai
    /// try { print(network("default").ports()[0].xml["mac/@address"]) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "xml", return_raw, pure)]
    pub fn get_xml(port: &mut NetworkPort) -> Fallible<XmlDocument> {
        Ok(XmlDocument::of_property(Document::parse(&port.xml()?)?, port.label()))
    }

    /// Refuses: a document that the property gave is a copy, so assigning would change nothing.
    ///
    /// Errors: `usage`, with what to do instead as a hint.
    ///
    /// ```rhai
    /// try { let p = network("default").ports()[0]; p.xml["group"] = "x" } catch (e) { print(e.code) }
    /// ```
    /// @refuses
    #[rhai_fn(set = "xml", return_raw)]
    pub fn set_xml(port: &mut NetworkPort, document: Dynamic) -> Fallible<()> {
        let hint = "use port.set_parameters(…) for its limits, or delete() it and create_port(xml) anew";
        let refused = refuse_assignment(&document, port.label(), hint);
        Ok(refused.map_err(|error| error.operation("network_port.xml").object(port.label()))?)
    }

    /// The limits of the port (`virNetworkPortGetParameters`).
    ///
    /// A map with `inbound` and `outbound`, each a map with `average` and `peak` in bytes per second, `burst` in
    /// bytes, and inbound also `floor` in bytes per second. What is not limited is 0 or absent.
    ///
    /// Errors: `no_network_port` when it is unplugged.
    ///
    /// ```rhai
    /// try { print(network("default").ports()[0].parameters()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn parameters(port: &mut NetworkPort) -> Fallible<Map> {
        Ok(settings::to_map(port.parameters()?))
    }

    /// Changes limits of the port (`virNetworkPortSetParameters`).
    ///
    /// See `parameters()`: bytes per second, and bytes for `burst`; texts such as `"10MB"` are taken too. 0 is
    /// no limit.
    ///
    /// Errors: `usage` for a limit that there is not.
    ///
    /// ```rhai
    /// try {
    ///     network("default").ports()[0].set_parameters(#{ inbound: #{ average: "10MB" } })
    /// } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn set_parameters(port: &mut NetworkPort, limits: Map) -> Fallible<()> {
        let limits = settings::to_params(&super::limits(), limits)
            .map_err(|error| error.operation("network_port.set_parameters").object(port.label()))?;
        Ok(port.set_parameters(limits)?)
    }

    /// Unplugs the port (`virNetworkPortDelete`).
    ///
    /// Errors: `no_network_port` when it is unplugged already.
    ///
    /// ```rhai
    /// try { network("default").ports()[0].delete() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn delete(port: &mut NetworkPort) -> Fallible<()> {
        Ok(port.delete()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::test_script::TestScript;

    #[test]
    fn where_there_are_no_ports_every_call_says_so() {
        let script = TestScript::new();
        for call in [
            "ports()",
            "port(\"00000000-0000-4000-8000-000000000001\")",
            "create_port(\"<networkport/>\")",
            "create_port(\"<networkport/>\", #{ reclaim: true, validate: true })",
        ] {
            assert_eq!(script.refusal(&format!("network(\"default\").{call}")).0, "unsupported", "{call}");
        }
        assert_eq!(script.refusal("network(\"default\").create_port(7)").0, "usage");
    }

    #[test]
    fn limits_are_written_in_libvirts_units() {
        let wanted = rhai::Engine::new()
            .eval::<Map>("#{ inbound: #{ average: \"2MB\", burst: 2048 }, outbound: #{ peak: 3000 } }")
            .unwrap();
        let mut params = settings::to_params(&limits(), wanted).unwrap();
        params.sort_by(|a, b| a.0.cmp(&b.0));
        let expected = [("inbound.average", 2000), ("inbound.burst", 2), ("outbound.peak", 3)];
        assert_eq!(params, expected.map(|(name, value)| (name.to_owned(), Value::UInt(value))));
    }
}
