//! Devices and interfaces of the host, on a real daemon. Nothing here changes the machine: its
//! hardware is the same inside the lab.

use serde_json::Value;

use crate::support::{Daemon, Need, Virhai, lab_or_skip};

fn eval(daemon: &Daemon, code: &str) -> Virhai {
    Virhai::new().connect(&daemon.uri()).args(["-o", "json", "-e", code])
}

fn read(daemon: &Daemon, code: &str) -> Value {
    serde_json::from_str(&eval(daemon, code).any_stdout().run().stdout()).unwrap()
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn devices_are_those_that_virsh_lists() {
    lab_or_skip!(Need::Daemon);
    let daemon = Daemon::start();
    for (options, arguments) in [
        ("#{}", &["nodedev-list", "--all"][..]),
        ("#{ active: true }", &["nodedev-list"]),
        ("#{ cap: \"net\" }", &["nodedev-list", "--cap", "net"]),
        ("#{ caps: [\"pci\", \"net\"] }", &["nodedev-list", "--cap", "pci,net"]),
        ("#{ active: false }", &["nodedev-list", "--inactive"]),
    ] {
        let ours = read(&daemon, &format!("node_devices({options}).map(|d| d.name)"));
        let ours: Vec<&str> = ours.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(ours, sorted(&daemon.virsh(arguments)), "{options}");
    }
    let rows = read(&daemon, "node_devices(#{ cap: \"net\" })");
    for row in rows.as_array().unwrap() {
        let xml = daemon.virsh(&["nodedev-dumpxml", row["name"].as_str().unwrap()]);
        assert!(xml.contains(&format!("<parent>{}</parent>", row["parent"].as_str().unwrap())), "{xml}");
        assert_eq!((&row["capabilities"][0], &row["active"]), (&"net".into(), &true.into()));
    }
    eval(&daemon, r#"let d = node_device("computer"); [d.parent, d.active, d.xml["capability/@type"]]"#)
        .stdout("[null,true,\"system\"]\n")
        .run();
}

#[test]
fn what_cannot_be_done_with_a_device_is_refused_and_named() {
    lab_or_skip!(Need::Daemon);
    let daemon = Daemon::start();
    let refused =
        |call: &str| read(&daemon, &format!("let d = node_device(\"computer\"); attempt(|| {call}).error"));
    for (call, code, operation) in [
        ("d.start()", "operation_invalid", "node_device.start"),
        ("node_device(\"2000000000000000\", \"1000000000000000\")", "no_node_device", "node_device.lookup"),
    ] {
        let error = refused(call);
        assert_eq!(
            (&error["code"], &error["operation"]),
            (&code.into(), &operation.into()),
            "{call}: {error}"
        );
    }
    for (call, operation) in [
        ("d.detach()", "node_device.detach"),
        ("d.detach(#{ driver: \"vfio\" })", "node_device.detach"),
        ("d.reattach()", "node_device.reattach"),
        ("d.reset()", "node_device.reset"),
        ("d.destroy()", "node_device.destroy"),
        ("d.undefine()", "node_device.undefine"),
        ("d.update(\"<device/>\", #{ config: true })", "node_device.update"),
        ("conn().create_node_device(\"<device/>\", #{ validate: true })", "node_device.create"),
        ("conn().define_node_device(\"<device/>\", #{ validate: true })", "node_device.define"),
    ] {
        assert_eq!(refused(call)["operation"], operation, "{call}");
    }
}

#[test]
fn interfaces_of_a_host_that_only_shows_them() {
    lab_or_skip!(Need::Daemon);
    let daemon = Daemon::start();
    let listed = daemon.virsh(&["iface-list", "--all"]);
    let rows = read(&daemon, "interfaces()");
    assert_eq!(rows.as_array().unwrap().len(), sorted(&listed).len(), "{listed}");
    let lo = rows.as_array().unwrap().iter().find(|row| row["name"] == "lo").unwrap();
    let line = sorted(&listed).into_iter().find(|line| line.starts_with("lo ")).unwrap().to_owned();
    assert_eq!(lo["active"], !line.contains("inactive"), "{line}");
    eval(&daemon, "interface(\"lo\").xml[\"@name\"]").stdout("\"lo\"\n").run();
    eval(&daemon, "attempt(|| conn().interface_change_begin()).error.code").stdout("\"unsupported\"\n").run();
}
