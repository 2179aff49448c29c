use crate::api::test_script::TestScript;

#[test]
fn a_volume_is_found_by_path_key_and_pool() {
    let script = TestScript::new();
    assert_eq!(script.text("volume(\"/img/v1\")"), "v1");
    assert!(script.value::<bool>("let v = conn().volume(\"/img/v1\"); v == volume(\"default\", \"v1\")"));
    assert!(script.value::<bool>("let v = volume(\"/img/v1\"); v == volume(pool(\"default\"), v.name)"));
    assert!(
        script.value::<bool>("let v = volume(\"/img/v1\"); v == v.pool.volume(\"v1\") && v == volume(v.key)")
    );
}

#[test]
fn properties_are_words_and_bytes() {
    let script = TestScript::new();
    let v1 = "let v = volume(\"/img/v1\");";
    assert_eq!(
        script.text(&format!("{v1} [v.name, v.key, v.path, v.type, v.capacity, v.allocation, v.pool.name]")),
        r#"["v1", "/img/v1", "/img/v1", "file", 1000000, 1000000, "default"]"#
    );
    assert_eq!(
        script.text(&format!("{v1} v.info()")),
        r#"#{"allocation": 1000000, "capacity": 1000000, "type": "file"}"#
    );
    assert!(script.text(&format!("{v1} v.xml")).starts_with("<volume"));
    assert!(script.value::<bool>(&format!("{v1} v.connection() == conn()")));
}

#[test]
fn the_description_is_a_document_that_cannot_be_assigned() {
    let script = TestScript::new();
    assert_eq!(script.text("volume(\"/img/v1\").xml[\"target/format/@type\"]"), "raw");
    let refusal = script.refusal("let v = volume(\"/img/v1\"); v.xml[\"capacity\"] = 5;");
    assert!(refusal.1.contains("resize"));
}

#[test]
fn a_deleted_volume_is_gone() {
    let script = TestScript::new();
    assert_eq!(script.error("let v = volume(\"/img/v1\"); v.delete(); v.capacity").code(), "no_storage_vol");
}

#[test]
fn what_is_not_there_is_answered_with_what_may_be_meant() {
    let script = TestScript::new();
    let refusal = |code| script.refusal(code);
    assert_eq!(refusal("volume(\"/img/v2\")"), ("no_storage_vol".into(), "did you mean \"/img/v1\"?".into()));
    assert_eq!(refusal("volume(\"v1\")").1, "did you mean volume(\"default\", \"v1\")?");
    assert_eq!(refusal("volume(\"default\", \"v2\")").1, "did you mean \"v1\"?");
    assert_eq!(refusal("volume(\"defualt\", \"v1\")").1, "did you mean \"default\"?");
    assert_eq!(refusal("volume(7)").0, "usage");
    assert_eq!(refusal("volume(\"default\", 7)").0, "usage");
    assert_eq!(refusal("conn().volume(7)").0, "usage");
}

#[test]
fn what_the_driver_lacks_is_unsupported_and_a_wrong_word_is_a_usage_error() {
    let script = TestScript::new();
    let refusal = |call: &str| script.refusal(&format!("volume(\"/img/v1\").{call}"));
    for call in [
        "wipe()",
        "wipe(\"trim\")",
        "resize(\"2MiB\")",
        "resize(1, #{ delta: true })",
        "info(#{ physical: true })",
    ] {
        assert_eq!(refusal(call).0, "unsupported", "{call}");
    }
    assert_eq!(refusal("wipe(\"guttman\")"), ("usage".into(), "did you mean \"gutmann\"?".into()));
    assert_eq!(refusal("resize(\"2 MiX\")").0, "usage");
    assert_eq!(refusal("resize(-1)").0, "usage");
    assert!(refusal("resize(1, #{ shrnk: true })").1.contains("`shrink`"));
    assert!(refusal("delete(#{ zerod: true })").1.contains("`zeroed`"));
}

#[test]
fn a_volume_as_data_is_its_columns() {
    let script = TestScript::new();
    let all = script.json(
        "pool(\"other\").create_volume(#{ name: \"v2\", capacity: 1024 });
         pools().map(|p| p.volumes()).reduce(|all, some| all + some, [])",
    );
    let expected = r#"[{"name":"v1","pool":"default","path":"/img/v1","type":"file","capacity":1000000,"allocation":1000000},{"name":"v2","pool":"other","path":"/other/v2","type":"file","capacity":1024,"allocation":1024}]"#;
    assert_eq!(all, expected);
}

#[test]
fn transfers_are_refused_before_anything_is_touched() {
    let script = TestScript::new();
    let refusal = |call: &str| script.refusal(&format!("volume(\"/img/v1\").{call}"));
    // The test driver has no transfers; what is wrong here is found first.
    assert_eq!(refusal("upload(\"/no/such/file\")").0, "io");
    assert_eq!(refusal("upload(\"/etc\")").0, "io");
    assert_eq!(refusal("upload(\"/etc/hostname\")").0, "unsupported");
    assert_eq!(refusal("upload(\"/etc/hostname\", #{ length: 0 })").0, "usage");
    assert_eq!(refusal("upload(\"/etc/hostname\", #{ ofset: 1 })").1, "did you mean `offset`?");
    assert_eq!(refusal("download(\"/no/such/folder/file\")").0, "io");
    assert_eq!(refusal("read(0, \"1GiB\")").0, "usage");
    assert_eq!(refusal("read(-1, 1)").0, "usage");
    assert_eq!(refusal("write(0, 7)").0, "usage");
    assert_eq!(script.text("volume(\"/img/v1\").read(0, 0).len()"), "0");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy");
    assert_eq!(refusal(&format!("download({:?})", file.to_str().unwrap())).0, "unsupported");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
