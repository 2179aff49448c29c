use rhai::Map;

use super::*;
use crate::api::test_script::TestScript;

const LAN: &str =
    r#"let lan = conn().define_network("<network><name>lan</name><bridge name='virbr9'/></network>");"#;

#[test]
fn a_network_is_found_by_name_and_uuid_and_prints_as_its_name() {
    let script = TestScript::new();
    assert_eq!(script.text("network(\"default\")"), "default");
    assert!(script.value::<bool>("let n = network(\"default\"); conn().network(n.uuid) == n"));
    assert_eq!(script.text("networks()[0].bridge"), "virbr0");
    assert!(script.value::<bool>("networks()[0].connection() == conn()"));
}

#[test]
fn properties_follow_the_life_of_a_network() {
    let script = TestScript::new();
    let states = script.text(&format!(
        "{LAN} let seen = []; let look = |n| [n.active, n.persistent, n.autostart];
         seen.push(look.call(lan)); lan.start(); lan.autostart = true; seen.push(look.call(lan));
         lan.set_autostart(false); lan.destroy(); seen.push(look.call(lan)); seen"
    ));
    assert_eq!(states, "[[false, true, false], [true, true, true], [false, true, false]]");
    assert_eq!(script.error("let lan = network(\"lan\"); lan.undefine(); lan.name").code(), "no_network");
}

#[test]
fn lists_are_sorted_and_filtered() {
    let script = TestScript::new();
    let names = |call: &str| script.text(&format!("{call}.map(|n| n.name)"));
    script.value::<()>(&format!("{LAN} lan.autostart = true;"));
    assert_eq!(names("networks()"), r#"["default", "lan"]"#);
    assert_eq!(names("conn().networks(#{ active: false })"), r#"["lan"]"#);
    assert_eq!(names("networks(#{ active: true })"), r#"["default"]"#);
    assert_eq!(names("networks(#{ autostart: true, persistent: true })"), r#"["lan"]"#);
    assert_eq!(names("networks(#{ persistent: false })"), "[]");
    assert_eq!(names("networks(#{ name: \"?an\" })"), r#"["lan"]"#);
}

#[test]
fn what_is_not_there_is_answered_with_what_may_be_meant() {
    let script = TestScript::new();
    let refusal = |code| script.refusal(code);
    assert_eq!(refusal("network(\"defualt\")"), ("no_network".into(), "did you mean \"default\"?".into()));
    assert_eq!(refusal("network(7)").0, "usage");
    assert!(refusal("networks(#{ activ: true })").1.contains("`active`"));
    assert!(refusal("conn().define_network(\"<network/>\", #{ validat: true })").1.contains("`validate`"));
    assert_eq!(refusal("conn().define_network(\"<net/>\")").0, "xml_error");
    let unknown = "00000000-0000-4000-8000-000000000001";
    assert_eq!(refusal(&format!("network(\"{unknown}\")")).0, "no_network");
}

#[test]
fn a_created_network_vanishes_when_it_ends() {
    let script = TestScript::new();
    let seen = script.text(
        "let temp = conn().create_network(\"<network><name>temp</name></network>\");
         let seen = [temp.active, temp.persistent]; temp.destroy(); seen.push(networks().len()); seen",
    );
    assert_eq!(seen, "[true, false, 1]");
}

#[test]
fn the_definition_is_a_document_that_edit_changes() {
    let script = TestScript::new();
    assert_eq!(script.text("network(\"default\").xml[\"bridge/@name\"]"), "virbr0");
    let refusal = script.refusal("let n = network(\"default\"); n.xml[\"bridge/@name\"] = \"x\";");
    assert!(refusal.1.contains("edit"));
    let changed = script.text(&format!(
        "{LAN} [lan.edit(|doc| doc[\"domain/@name\"] = \"lab\"), lan.xml[\"domain/@name\"], lan.edit(|doc| ())]"
    ));
    assert_eq!(changed, r#"[true, "lab", false]"#);
    let refusal = script.refusal("network(\"default\").xml_desc(#{ inactive: true })");
    assert_eq!(refusal.0, "unsupported", "the flag arrives, and the test driver does not know it");
}

#[test]
fn leases_that_the_driver_lacks_are_unsupported() {
    let script = TestScript::new();
    assert_eq!(script.refusal("network(\"default\").dhcp_leases()").0, "unsupported");
    assert_eq!(script.refusal("network(\"default\").dhcp_leases(\"52:54:00:00:00:01\")").0, "unsupported");
}

#[test]
fn a_lease_is_a_map_with_a_time_and_nothing_for_what_is_not_known() {
    let given = DhcpLease {
        iface: "virbr0".into(),
        expiry_time: Some(1_700_000_000),
        family: "ipv4",
        mac: Some("52:54:00:00:00:01".into()),
        iaid: None,
        address: "192.168.122.2".into(),
        prefix: 24,
        hostname: None,
        client_id: None,
    };
    let map = lease(given.clone()).unwrap().cast::<Map>();
    let time = map["expiry_time"].clone().into_string().unwrap();
    assert_eq!(units::parse_time(&time).unwrap().timestamp().as_second(), 1_700_000_000);
    assert_eq!((map["prefix"].as_int(), map["hostname"].is_unit()), (Ok(24), true));
    let endless = lease(DhcpLease { expiry_time: None, ..given }).unwrap().cast::<Map>();
    assert!(endless["expiry_time"].is_unit());
}

#[test]
fn a_network_as_data_is_its_columns() {
    let script = TestScript::new();
    let expected = r#"[{"name":"default","uuid":"UUID","active":true,"persistent":true,"autostart":false,"bridge":"virbr0"}]"#;
    let uuid = script.text("network(\"default\").uuid");
    assert_eq!(script.json("networks()"), expected.replace("UUID", &uuid));
}

#[test]
fn an_element_is_added_changed_and_deleted() {
    let script = TestScript::new();
    let seen = script.text(
        "let net = network(\"default\"); let seen = [];
         let host = |name| `<host mac='52:54:00:00:00:01' name='${name}' ip='192.168.122.9'/>`;
         let names = || network(\"default\").xml.all(\"ip/dhcp/host/@name\");
         net.update(\"add\", \"ip-dhcp-range\", \"<range start='192.168.122.2' end='192.168.122.99'/>\");
         net.update(\"add\", \"ip-dhcp-host\", host.call(\"web1\")); seen.push(names.call());
         net.update(\"modify\", \"ip-dhcp-host\", xml(host.call(\"web2\")), #{ live: true, parent_index: 0 });
         seen.push(names.call());
         net.update(\"delete\", \"ip-dhcp-host\", host.call(\"web2\")); seen.push(names.call()); seen",
    );
    assert_eq!(seen, r#"[["web1"], ["web2"], []]"#);
}

#[test]
fn an_update_that_cannot_be_is_refused() {
    let script = TestScript::new();
    let refusal = |arguments: &str| script.refusal(&format!("network(\"default\").update({arguments})"));
    assert_eq!(refusal("\"change\", \"ip\", \"<ip/>\"").0, "usage");
    assert_eq!(refusal("\"add\", \"dns-hosts\", \"<host/>\"").1, "did you mean \"dns-host\"?");
    assert_eq!(refusal("\"add\", \"dns-host\", 7").0, "usage");
    assert!(
        refusal("\"add\", \"dns-host\", \"<host/>\", #{ current: true, config: true }").1.contains("`live`")
    );
    assert_eq!(refusal("\"add\", \"dns-host\", \"<host/>\", #{ parent_index: 9999999999 }").0, "usage");
    assert_eq!(refusal("\"delete\", \"dns-host\", \"<host ip='192.168.122.7'/>\"").0, "operation_invalid");
}

#[test]
fn metadata_that_libvirt_or_the_driver_lacks_is_unsupported() {
    let script = TestScript::new();
    for call in [
        "net.title",
        "net.set_title(\"x\", #{ live: true })",
        "net.description",
        "net.description = \"x\"; net.title = ()",
        "net.set_description(\"x\", #{ config: true })",
        "net.metadata(\"http://example.org\")",
        "net.metadata(\"http://example.org\", #{ config: true })",
        "net.set_metadata(\"http://example.org\", \"e\", \"<e/>\")",
        "net.remove_metadata(\"http://example.org\", #{ live: true })",
    ] {
        let outcome = script.outcome(&format!("let net = network(\"default\"); {call}"));
        // libvirt 9.7.0 and later have it, for the test driver too.
        assert!(outcome.is_none_or(|error| error.code() == "unsupported"), "{call}");
    }
    assert_eq!(script.refusal("network(\"default\").set_title(7)").0, "usage");
    assert_eq!(
        script.refusal("network(\"default\").set_metadata(\"http://example.org\", \"e\", 7)").0,
        "usage"
    );
}
