use crate::api::test_script::TestScript;

const FAST: &str = r#"let fast = conn().define_pool(
    "<pool type='dir'><name>fast</name><target><path>/fast</path></target></pool>");"#;

#[test]
fn a_pool_is_found_by_name_and_uuid_and_prints_as_its_name() {
    let script = TestScript::new();
    assert_eq!(script.text("pool(\"other\")"), "other");
    assert!(script.value::<bool>("let p = pool(\"other\"); conn().pool(p.uuid) == p && pool(p) == p"));
    assert!(script.value::<bool>("pools()[0].connection() == conn()"));
    assert_eq!(script.error("pool(\"/img\")").code(), "unsupported", "the test driver has no such call");
}

#[test]
fn sizes_are_bytes_and_the_state_is_a_word() {
    let script = TestScript::new();
    assert_eq!(
        script.text("let p = pool(\"default\"); [p.state, p.capacity, p.allocation]"),
        r#"["running", 107374182400, 1000000]"#
    );
    assert_eq!(script.value::<i64>("let i = pool(\"default\").info(); i.capacity - i.available"), 1_000_000);
    assert_eq!(script.value::<i64>("pool(\"default\").num_of_volumes"), 1);
}

#[test]
fn properties_follow_the_life_of_a_pool() {
    let script = TestScript::new();
    let states = script.text(&format!(
        "{FAST} let seen = []; let look = |p| [p.state, p.active, p.persistent, p.autostart];
         seen.push(look.call(fast)); fast.build(); fast.start(); fast.autostart = true; fast.refresh();
         seen.push(look.call(fast)); fast.set_autostart(false); fast.destroy(); fast.delete();
         seen.push(look.call(fast)); seen"
    ));
    assert_eq!(
        states,
        r#"[["inactive", false, true, false], ["running", true, true, true], ["inactive", false, true, false]]"#
    );
    assert!(script.text("pool(\"fast\").xml.to_string()").contains("/fast"));
    assert_eq!(script.error("let p = pool(\"fast\"); p.undefine(); p.name").code(), "no_storage_pool");
}

#[test]
fn lists_are_sorted_and_filtered() {
    let script = TestScript::new();
    let names = |call: &str| script.text(&format!("{call}.map(|p| p.name)"));
    script.value::<()>(&format!("{FAST} fast.autostart = true;"));
    assert_eq!(names("pools()"), r#"["default", "fast", "other"]"#);
    assert_eq!(names("conn().pools(#{ active: false })"), r#"["fast"]"#);
    assert_eq!(names("pools(#{ autostart: true, type: \"dir\" })"), r#"["fast"]"#);
    assert_eq!(names("pools(#{ type: \"rbd\" })"), "[]");
    assert_eq!(
        names("pools(#{ types: [\"iscsi-direct\", \"dir\"], name: \"[do]*\" })"),
        r#"["default", "other"]"#
    );
}

#[test]
fn the_definition_is_a_document_that_edit_changes() {
    let script = TestScript::new();
    let changed = script.text(&format!(
        "{FAST} [fast.edit(|doc| doc[\"target/path\"] = \"/faster\"), fast.xml[\"target/path\"].text(), fast.edit(|doc| ())]"
    ));
    assert_eq!(changed, r#"[true, "/faster", false]"#);
    assert_eq!(script.text("pool(\"fast\").xml_desc(#{})[\"target/path\"].text()"), "/faster");
    assert_eq!(script.refusal("pool(\"fast\").xml_desc(#{ inactive: true })").0, "unsupported");
    assert!(script.refusal("let p = pool(\"fast\"); p.xml[\"target/path\"] = \"/x\";").1.contains("edit"));
}

#[test]
fn each_type_has_its_bit() {
    use super::finders::type_bit;
    use crate::libvirt::sys;
    assert_eq!(type_bit("dir").unwrap(), sys::VIR_CONNECT_LIST_STORAGE_POOLS_DIR);
    assert_eq!(type_bit("mpath").unwrap(), sys::VIR_CONNECT_LIST_STORAGE_POOLS_MPATH);
    assert_eq!(type_bit("iscsi-direct").unwrap(), sys::VIR_CONNECT_LIST_STORAGE_POOLS_ISCSI_DIRECT);
}

#[test]
fn what_is_not_there_is_answered_with_what_may_be_meant() {
    let script = TestScript::new();
    let refusal = |code| script.refusal(code);
    assert_eq!(refusal("pool(\"ohter\")"), ("no_storage_pool".into(), "did you mean \"other\"?".into()));
    assert_eq!(refusal("pool(true)").0, "usage");
    assert!(refusal("pools(#{ type: \"logcial\" })").1.contains("logical"));
    assert!(refusal("pools(#{ types: [\"logcial\"] })").1.contains("logical"));
    assert!(refusal("pool(\"other\").build(#{ overwite: true })").1.contains("`overwrite`"));
    assert_eq!(refusal("conn().create_pool(\"<pool/>\")").0, "xml_error");
}

#[test]
fn volumes_are_listed_by_pattern_and_found_by_name() {
    let script = TestScript::new();
    script.text("pool(\"default\").create_volume(#{ name: \"a.img\", capacity: \"1MiB\" });");
    assert_eq!(
        script.text("pool(\"default\").volumes()"),
        r#"[StorageVolume("a.img"), StorageVolume("v1")]"#
    );
    assert_eq!(script.text("pool(\"default\").volumes(#{ name: \"*.img\" }).len()"), "1");
    assert_eq!(script.text("pool(\"default\").volume(\"v1\").path"), "/img/v1");
    let refusal = script.refusal("pool(\"default\").volume(\"a.igm\")");
    assert_eq!(refusal, ("no_storage_vol".into(), "did you mean \"a.img\"?".into()));
}

#[test]
fn a_volume_is_created_from_options() {
    let script = TestScript::new();
    let xml = script.text(
        "pool(\"default\").create_volume(#{ name: \"<w & \\\"b\\\">\", capacity: \"2MiB\", allocation: 4096,
             format: \"qcow2\", backing: \"v1\" }).xml.to_string()",
    );
    for part in [
        "<name>&lt;w &amp; &quot;b&quot;&gt;</name>",
        "<capacity unit='bytes'>2097152</capacity>",
        "<format type='qcow2'/>",
        "<path>/img/v1</path>",
        "<format type='raw'/>",
    ] {
        assert!(xml.contains(part), "{part} in {xml}");
    }
}

#[test]
fn a_volume_without_name_or_size_or_with_a_backing_file_of_unknown_format_is_refused() {
    let script = TestScript::new();
    let create =
        |options: &str| script.refusal(&format!("pool(\"default\").create_volume(#{{ {options} }})"));
    assert_eq!(create("capacity: 1024").0, "usage");
    assert!(create("name: \"x\"").1.contains("capacity"));
    assert!(create("name: \"x\", capactiy: 1").1.contains("`capacity`"));
    assert!(create("name: \"x\", backing: \"/elsewhere/base\"").1.contains("backing_format"));
    assert_eq!(create("name: \"x\", capacity: 1, backing_format: \"raw\"").0, "usage");
    assert_eq!(create("name: \"x\", backing: 7").0, "usage");
    assert_eq!(create("name: \"x\", backing: \"v2\"").1, "did you mean \"v1\"?");
    let file = "name: \"x\", capacity: 1024, backing: \"/elsewhere/base\", backing_format: \"raw\"";
    assert_eq!(script.text(&format!("pool(\"other\").create_volume(#{{ {file} }}).path")), "/other/x");
}

#[test]
fn a_clone_takes_format_and_sizes_from_the_first() {
    let script = TestScript::new();
    let copy = script.text(
        "let p = pool(\"default\");
         let first = p.create_volume(#{ name: \"first\", capacity: \"2MiB\", format: \"qcow2\" });
         let copy = p.clone_volume(first, #{ name: \"copy\" });
         [copy.capacity, copy.xml.to_string().contains(\"qcow2\"),
             p.clone_volume(first, #{ name: \"large\", capacity: \"4MiB\" }).capacity]",
    );
    assert_eq!(copy, "[2097152, true, 4194304]");
}

#[test]
fn xml_describes_a_volume_alone() {
    let script = TestScript::new();
    let xml = "`<volume><name>x</name><capacity>1024</capacity></volume>`";
    let create = |options| script.refusal(&format!("pool(\"default\").create_volume({xml}, {options})"));
    assert!(create("#{ name: \"y\" }").1.contains("XML"));
    assert_eq!(script.text(&format!("pool(\"default\").create_volume({xml}).name")), "x");
    let clone =
        |xml: &str| format!("let p = pool(\"default\"); p.clone_volume({xml}, p.volume(\"v1\")).name");
    assert_eq!(script.text(&clone(&xml.replace(">x<", ">y<"))), "y");
    assert_eq!(script.refusal(&clone("7")).0, "usage");
}

#[test]
fn a_pool_as_data_is_its_columns() {
    let script = TestScript::new();
    let expected = r#"{"name":"other","uuid":"UUID","state":"running","persistent":true,"autostart":false,"capacity":107374182400,"allocation":0,"available":107374182400}"#;
    let uuid = script.text("pool(\"other\").uuid");
    assert_eq!(script.json("pool(\"other\")"), expected.replace("UUID", &uuid));
}

#[test]
fn a_pool_is_described_by_options() {
    let script = TestScript::new();
    let xml = |options: &str| script.text(&format!("conn().define_pool(#{{ {options} }}).xml.to_string()"));
    let dir = xml("name: \"images & more\", type: \"dir\", target: \"/srv/images\"");
    assert!(dir.contains("<pool type=\"dir\">") || dir.contains("<pool type='dir'>"), "{dir}");
    assert!(dir.contains("images &amp; more") && dir.contains("<path>/srv/images</path>"), "{dir}");
    let nfs = xml(
        "name: \"nfs\", type: \"netfs\", source_host: \"nas1\", source_path: \"/export\", source_format: \"nfs\",
         target: \"/srv/nfs\"",
    );
    for part in ["<host name='nas1'/>", "<dir path='/export'/>", "<format type='nfs'/>"] {
        assert!(nfs.contains(part), "{part}: {nfs}");
    }
    let scsi =
        xml("name: \"hba\", type: \"scsi\", target: \"/dev/disk/by-path\", adapter_name: \"scsi_host1\"");
    assert!(scsi.contains("<adapter type='scsi_host' name='scsi_host1'/>"), "{scsi}");
    let temporary = "conn().create_pool(#{ name: \"temp\", type: \"dir\", target: \"/temp\" })";
    assert_eq!(script.text(&format!("let p = {temporary}; [p.active, p.persistent]")), "[true, false]");
}

#[test]
fn a_pool_that_is_not_described_enough_is_refused() {
    let script = TestScript::new();
    let refusal = |options: &str| script.refusal(&format!("conn().define_pool({options})"));
    assert!(refusal("#{ type: \"dir\" }").1.contains("name:"));
    assert!(refusal("#{ name: \"x\" }").1.contains("type:"));
    assert_eq!(refusal("#{ name: \"x\", type: \"drr\" }"), ("usage".into(), "did you mean `dir`?".into()));
    assert!(refusal("#{ name: \"x\", type: \"dir\", taget: \"/x\" }").1.contains("`target`"));
    let both = "\"<pool type='dir'><name>x</name></pool>\", #{ name: \"y\" }";
    assert!(refusal(both).1.contains("XML"));
}

#[test]
fn sources_are_found_by_type_and_server() {
    let script = TestScript::new();
    let refusal = |call: &str| script.refusal(&format!("conn().find_pool_sources({call})"));
    // The test driver answers for these two.
    assert_eq!(script.text("conn().find_pool_sources(\"logical\").all(\"source\").len()"), "2");
    assert_eq!(
        script.text("conn().find_pool_sources(\"netfs\", #{ host: \"nas1\" }).all(\"source\").len()"),
        "1"
    );
    assert_eq!(refusal("\"netfs\"").0, "invalid_arg");
    // Which types have sources is for libvirt to say.
    assert_eq!(refusal("\"logicl\"").0, "unsupported");
    assert_eq!(refusal("\"netfs\", #{ port: 2049 }").0, "usage");
    assert_eq!(refusal("\"netfs\", #{ host: \"nas1\", source: \"<source/>\" }").0, "usage");
    assert_eq!(script.error("host().storage_pool_capabilities()").code(), "unsupported");
}
