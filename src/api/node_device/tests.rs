use crate::api::test_script::TestScript;

#[test]
fn a_device_is_found_by_name_and_knows_its_parent() {
    let script = TestScript::new();
    assert_eq!(script.text("node_device(\"net_eth1\").parent"), "computer");
    assert!(script.value::<bool>("conn().node_device(\"computer\") == node_device(\"computer\")"));
    assert!(script.value::<bool>("node_device(\"computer\").parent == ()"));
    assert_eq!(script.text("node_device(\"net_eth1\").capabilities"), r#"["net"]"#);
    assert_eq!(script.text("node_device(\"net_eth1\").xml[\"capability/interface\"].text()"), "eth1");
    assert!(script.value::<bool>("node_devices()[0].connection() == conn()"));
    let (code, hint) = script.refusal("node_device(\"net_eth2\")");
    assert_eq!((code.as_str(), hint.as_str()), ("no_node_device", "did you mean \"net_eth1\"?"));
    assert_eq!(script.refusal("node_device(7)").0, "usage");
    assert_eq!(script.refusal("node_device(\"2000\", \"1000\")").0, "unsupported");
}

#[test]
fn lists_are_sorted_and_filtered() {
    let script = TestScript::new();
    let names = |call: &str| script.text(&format!("{call}.map(|d| d.name)"));
    assert_eq!(names("node_devices()"), r#"["computer", "net_eth1"]"#);
    assert_eq!(names("conn().node_devices(#{ cap: \"net\" })"), r#"["net_eth1"]"#);
    assert_eq!(names("node_devices(#{ caps: [\"system\", \"pci\"] })"), r#"["computer"]"#);
    assert_eq!(names("node_devices(#{ name: \"*1\" })"), r#"["net_eth1"]"#);
    assert_eq!(script.refusal("node_devices(#{ cap: \"nett\" })").0, "usage");
    assert_eq!(script.refusal("node_devices(#{ caps: [\"nett\"] })").1, "did you mean \"net\"?");
    assert_eq!(script.refusal("node_devices(#{ active: true })").0, "unsupported");
}

#[test]
fn what_the_driver_lacks_is_unsupported() {
    let script = TestScript::new();
    for call in [
        "d.active",
        "d.persistent",
        "d.autostart",
        "d.set_autostart(true)",
        "d.detach()",
        "d.detach(#{ driver: \"vfio\" })",
        "d.reattach()",
        "d.reset()",
        "d.start()",
        "d.undefine()",
        "d.update(d.xml)",
        "d.update(d.xml, #{ live: true, config: true })",
        "conn().define_node_device(d.xml)",
        "conn().define_node_device(d.xml, #{ validate: true })",
    ] {
        assert_eq!(
            script.refusal(&format!("let d = node_device(\"net_eth1\"); {call}")).0,
            "unsupported",
            "{call}"
        );
    }
}

#[test]
fn wrong_arguments_are_refused_before_anything_happens() {
    let script = TestScript::new();
    let refusal = |call: &str| script.refusal(&format!("let d = node_device(\"net_eth1\"); {call}"));
    assert_eq!(refusal("d.update(7)").0, "usage");
    assert!(refusal("d.update(d.xml, #{ live: true, current: true })").1.contains("`live`"));
    // Which drivers there are is for libvirt to say.
    assert_eq!(refusal("d.detach(#{ driver: \"vifo\" })").0, "unsupported");
    assert!(refusal("d.xml[\"name\"] = \"x\"").1.contains("update"));
    assert_eq!(refusal("conn().create_node_device(7)").0, "usage");
}

#[test]
fn a_device_as_data_is_its_columns() {
    let script = TestScript::new();
    assert_eq!(
        script.json("node_devices()"),
        r#"[{"name":"computer","parent":null,"capabilities":["system"],"active":null},{"name":"net_eth1","parent":"computer","capabilities":["net"],"active":null}]"#
    );
}
