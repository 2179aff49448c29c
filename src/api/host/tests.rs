use crate::api::test_script::TestScript;

/// `test:///default` has a topology, which a node file cannot describe.
fn on_default(code: &str) -> String {
    TestScript::new().text(&format!("let host = connect(\"test:///default\").host(); {code}"))
}

#[test]
fn cpus_are_numbered_and_their_times_say_their_unit() {
    assert_eq!(
        on_default("let m = host.cpu_map(); [m.present, m.online, m.map[0], m.map[1]]"),
        "[8, 3, true, false]"
    );
    assert_eq!(on_default("host.cpu_stats().keys()"), r#"["idle_ns", "iowait_ns", "kernel_ns", "user_ns"]"#);
    assert_eq!(on_default("host.cpu_stats(0).user_ns > 0"), "true");
    let script = TestScript::new();
    assert_eq!(script.refusal("host().cpu_stats(-1)").0, "usage");
}

#[test]
fn free_pages_are_rows_of_each_nodes_own_sizes() {
    let rows = on_default("host.free_pages().filter(|row| row.cell == 1).map(|row| row.size)");
    assert_eq!(rows, "[8192, 2097152, 1073741824]");
    let rows = on_default(
        r#"host.free_pages(#{ sizes: ["4KiB"], cell: 0, cells: 1 }).map(|row| [row.cell, row.size])"#,
    );
    assert_eq!(rows, "[[0, 4096]]");
    let script = TestScript::new();
    let (code, hint) = script.refusal(r#"host().free_pages(#{ sizes: ["5"], cell: 0 })"#);
    assert_eq!(code, "usage");
    assert!(hint.contains("2MiB"), "{hint}");
    assert_eq!(script.refusal("host().free_pages(#{ cell: -1 })").0, "usage");
}

#[test]
fn free_memory_of_nodes_is_in_bytes() {
    assert_eq!(
        on_default("host.cells_free_memory().map(|row| [row.cell, row.free])"),
        "[[0, 2097152], [1, 4194304]]"
    );
    assert_eq!(on_default("host.cells_free_memory(#{ cell: 1 }).map(|row| row.cell)"), "[1]");
}

#[test]
fn huge_pages_are_reserved_by_size_and_node() {
    let script = TestScript::new();
    assert_eq!(
        script.error("host().alloc_pages(#{ \"2MiB\": 4 }, #{ cell: 0, set: true })").code(),
        "unsupported"
    );
    assert_eq!(script.refusal("host().alloc_pages(#{})").0, "usage");
    assert_eq!(script.refusal("host().alloc_pages(#{ \"2MiB\": -1 })").0, "usage");
    assert_eq!(script.refusal("host().alloc_pages(#{ \"two\": 1 })").0, "usage");
}

#[test]
fn a_cpu_is_found_in_whatever_describes_one() {
    let cpu = |model: &str| format!("<cpu><arch>x86_64</arch><model>{model}</model></cpu>");
    let texts = [
        cpu("Penryn"),
        format!("<capabilities><host>{}</host></capabilities>", cpu("Penryn")),
        format!("<domain type='test'>{}</domain>", cpu("Penryn")),
        "<domainCapabilities><cpu><mode name='host-model'><arch>x86_64</arch><model>Penryn</model></mode></cpu></domainCapabilities>"
            .into(),
    ];
    let script = TestScript::new();
    for text in texts {
        assert_eq!(
            script.text(&format!("host().baseline_cpu([`{text}`])[\"model\"].text()")),
            "Penryn",
            "{text}"
        );
    }
    let common =
        format!("host().baseline_cpu([`{}`, `{}`])[\"model\"].text()", cpu("Nehalem"), cpu("Penryn"));
    assert_eq!(script.text(&common), "Penryn");
    let (code, hint) = script.refusal("host().baseline_cpu([\"<domain type='x'/>\"])");
    assert_eq!(code, "usage");
    assert!(hint.contains("host().capabilities()"), "{hint}");
    assert_eq!(script.refusal("host().baseline_cpu([5])").0, "usage");
    assert_eq!(script.refusal("host().compare_cpu(\"<cpu\")").0, "xml");
}

#[test]
fn models_are_names_and_an_unknown_architecture_is_refused() {
    let script = TestScript::new();
    assert!(script.value::<bool>("host().cpu_models(\"x86_64\").contains(\"Nehalem\")"));
    assert_eq!(script.error("host().cpu_models(\"pdp11\")").code(), "invalid_arg");
    assert_eq!(script.refusal("host().cpu_models(\"x\\x00\")").0, "usage");
}

#[test]
fn what_the_host_sleeps_into_is_one_of_three_words() {
    let script = TestScript::new();
    assert_eq!(
        script.refusal("host().suspend(\"dsk\", 60)"),
        ("usage".into(), "did you mean \"disk\"?".into())
    );
    assert_eq!(script.error("host().suspend(\"mem\", \"2m\")").code(), "unsupported");
}

#[test]
fn settings_of_shared_pages_are_checked_before_they_are_sent() {
    let script = TestScript::new();
    let (code, hint) = script.refusal("host().set_memory_parameters(#{ shm_pages_to_scann: 5 })");
    assert_eq!((code.as_str(), hint.as_str()), ("usage", "did you mean `shm_pages_to_scan`?"));
    assert_eq!(script.refusal("host().set_memory_parameters(#{ shm_pages_to_scan: -5 })").0, "usage");
    assert_eq!(script.refusal("host().set_memory_parameters(#{})").0, "usage");
    assert_eq!(script.error("host().set_memory_parameters(#{ shm_pages_to_scan: 5 })").code(), "unsupported");
}
