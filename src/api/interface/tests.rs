use crate::api::test_script::TestScript;

const DUMMY: &str = r#"let dummy = conn().define_interface(
    `<interface type="ethernet" name="dummy0"><mac address="02:00:00:00:00:01"/></interface>`);"#;

#[test]
fn an_interface_is_found_by_name_and_mac() {
    let script = TestScript::new();
    assert_eq!(script.text("interface(\"eth1\")"), "eth1");
    assert_eq!(script.text("interface(\"eth1\").mac"), "aa:bb:cc:dd:ee:ff");
    assert!(script.value::<bool>("interface(\"aa:bb:cc:dd:ee:ff\") == conn().interfaces()[0]"));
    assert!(script.value::<bool>("interface(\"eth1\").connection() == conn()"));
    assert_eq!(
        script.refusal("interface(\"eth2\")"),
        ("no_interface".into(), "did you mean \"eth1\"?".into())
    );
    assert_eq!(script.refusal("interface(\"02:00:00:00:00:09\")").0, "no_interface");
    assert_eq!(script.refusal("interface(7)").0, "usage");
}

#[test]
fn an_interface_is_defined_brought_up_and_removed() {
    let script = TestScript::new();
    let seen = script.text(&format!(
        "{DUMMY} let seen = [dummy.active]; dummy.start(); seen.push(interfaces(#{{ active: true }}).len());
         dummy.destroy(); seen.push(interfaces(#{{ active: false }}).map(|i| i.name)); dummy.undefine();
         seen.push(interfaces(#{{ name: \"d*\" }}).len()); seen"
    ));
    assert_eq!(seen, r#"[false, 2, ["dummy0"], 0]"#);
    assert_eq!(script.refusal("conn().define_interface(\"<card/>\")").0, "xml_error");
    assert!(script.refusal("interfaces(#{ activ: true })").1.contains("`active`"));
}

#[test]
fn changes_of_a_transaction_can_be_taken_back() {
    let script = TestScript::new();
    let seen = script.text(&format!(
        "let c = conn(); c.interface_change_begin(); {DUMMY} c.interface_change_rollback();
         let seen = [interfaces().len()];
         c.interface_change_begin(); c.interface_change_commit(); seen.push(interfaces().len()); seen"
    ));
    assert_eq!(seen, "[1, 1]");
    assert_eq!(script.refusal("conn().interface_change_commit()").0, "operation_invalid");
}

#[test]
fn the_definition_is_a_document_that_edit_changes() {
    let script = TestScript::new();
    assert_eq!(script.text("interface(\"eth1\").xml[\"@type\"]"), "ethernet");
    let changed = script.text(
        "let card = interface(\"eth1\");
         [card.edit(|doc| doc[\"mtu/@size\"] = 9000), card.xml[\"mtu/@size\"], card.edit(|doc| ())]",
    );
    assert_eq!(changed, r#"[true, "9000", false]"#);
    let refusal = script.refusal("let card = interface(\"eth1\"); card.xml[\"@type\"] = \"bond\";");
    assert!(refusal.1.contains("edit"));
}

#[test]
fn an_interface_as_data_is_its_columns() {
    let script = TestScript::new();
    assert_eq!(script.json("interfaces()"), r#"[{"name":"eth1","mac":"aa:bb:cc:dd:ee:ff","active":true}]"#);
}
