//! Networks on a real daemon: changes while they run, ports and leases.

use serde_json::Value;

use crate::support::{Daemon, Guest, Need, Virhai, lab_or_skip};

fn eval(daemon: &Daemon, code: &str) -> Virhai {
    Virhai::new().connect(&daemon.uri()).args(["-o", "json", "-e", code])
}

/// What virsh tells of the network that runs and of its stored definition.
fn definitions(daemon: &Daemon) -> [String; 2] {
    [daemon.virsh(&["net-dumpxml", "default"]), daemon.virsh(&["net-dumpxml", "default", "--inactive"])]
}

#[test]
fn a_network_is_changed_where_the_options_say() {
    lab_or_skip!(Need::Network);
    let daemon = Daemon::start();
    daemon.virsh(&["net-start", "default"]);
    for (number, (name, options, expected)) in [
        ("live", "#{ live: true }", [true, false]),
        ("stored", "#{ config: true }", [false, true]),
        ("both", "#{ live: true, config: true, parent_index: 0 }", [true, true]),
    ]
    .into_iter()
    .enumerate()
    {
        let host = format!("<host mac='52:54:00:00:0d:0{number}' name='{name}' ip='192.168.122.1{number}'/>");
        eval(&daemon, &format!("network(`default`).update(`add`, `ip-dhcp-host`, `{host}`, {options})"))
            .stdout("null\n")
            .run();
        assert_eq!(
            definitions(&daemon).map(|xml| xml.contains(&format!("name='{name}'"))),
            expected,
            "{name}"
        );
    }
    // Without options the network that runs is meant.
    eval(
        &daemon,
        r#"let net = network("default");
           net.update("add-first", "dns-host", "<host ip='192.168.122.20'><hostname>a</hostname></host>");
           net.update("add", "dns-txt", "<txt name='x' value='y'/>");
           net.update("delete", "dns-host", "<host ip='192.168.122.20'/>");
           [net.xml.all("dns/host").len(), net.xml["dns/txt/@value"], net.xml_desc(#{ inactive: true })["dns"]]"#,
    )
    .stdout("[0,\"y\",null]\n")
    .run();
    eval(&daemon, r#"network("default").update("delete", "dns-host", "<host ip='192.168.122.20'/>")"#)
        .status(1)
        .stderr_contains("network.update default: ")
        .run();
}

#[test]
fn ports_are_plugged_in_limited_and_pulled_out() {
    lab_or_skip!(Need::Network);
    let daemon = Daemon::start();
    eval(&daemon, r#"network("default").ports()"#).status(1).stderr_contains("not active").run();
    daemon.virsh(&["net-start", "default"]);
    eval(
        &daemon,
        r#"let net = network("default");
           let port = net.create_port(`<networkport><uuid>5d744f21-ba4a-4d6e-bdb2-30a35ff3207d</uuid>
               <owner><name>web1</name><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid></owner>
               <mac address="52:54:00:7b:35:93"/></networkport>`, #{ validate: true });
           [port == net.port(port.uuid), port.network == net, port.xml["owner/name"].text(), port.parameters(),
               port]"#,
    )
    .stdout(
        "[true,true,\"web1\",{},{\"uuid\":\"5d744f21-ba4a-4d6e-bdb2-30a35ff3207d\",\"network\":\"default\"}]\n",
    )
    .run();
    assert!(daemon.virsh(&["net-port-list", "default"]).contains("5d744f21-ba4a-4d6e-bdb2-30a35ff3207d"));
    eval(
        &daemon,
        r#"let port = network("default").ports()[0];
           port.set_parameters(#{ inbound: #{ average: "10MB", burst: "1MiB" }, outbound: #{ peak: 3000, average: 2000 } });
           port.parameters()"#,
    )
    .stdout(concat!(
        r#"{"inbound":{"average":10000000,"burst":1048576,"floor":0,"peak":0},"#,
        r#""outbound":{"average":2000,"burst":0,"peak":3000}}"#,
        "\n"
    ))
    .run();
    let xml = daemon.virsh(&["net-port-dumpxml", "default", "5d744f21-ba4a-4d6e-bdb2-30a35ff3207d"]);
    assert!(xml.contains("<inbound average='10000' burst='1024'/>"), "{xml}");
    eval(&daemon, r#"network("default").ports()[0].set_parameters(#{ inbound: #{ avrage: 1 } })"#)
        .status(1)
        .stderr_contains("did you mean `inbound.average`?")
        .run();
    eval(
        &daemon,
        r#"let port = network("default").ports()[0]; port.delete();
           [attempt(|| port.xml).error.code, network("default").ports().len()]"#,
    )
    .stdout("[\"no_network_port\",0]\n")
    .run();
    eval(&daemon, r#"network("default").port("5d744f21-ba4a-4d6e-bdb2-30a35ff3207d")"#)
        .status(1)
        .stderr_contains("network_port.lookup 5d744f21-ba4a-4d6e-bdb2-30a35ff3207d: ")
        .run();
}

#[test]
fn a_guest_has_a_port_and_a_lease() {
    lab_or_skip!(Need::Guest, Need::Network);
    let daemon = Daemon::start();
    let guest = Guest::plan(&daemon, "ne-guest").network("default").boot();
    let address = guest.wait_lease();
    let read = |code: &str| -> Value {
        serde_json::from_str(&eval(&daemon, code).any_stdout().run().stdout()).unwrap()
    };
    let port = read(r#"network("default").ports()[0].xml["mac/@address"]"#);
    let lease = read(&format!(r#"network("default").dhcp_leases({port})"#));
    assert_eq!((&lease[0]["address"], &lease[0]["family"]), (&address.as_str().into(), &"ipv4".into()));
    assert_eq!(lease, read(&format!(r#"network("default").dhcp_leases(#{{ mac: {port} }})"#)));
    assert_eq!(lease, read(r#"network("default").dhcp_leases()"#));
    assert_eq!(read(r#"network("default").dhcp_leases("52:54:00:ff:ff:ff")"#), Value::Array(Vec::new()));
}
