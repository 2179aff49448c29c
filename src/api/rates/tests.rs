use crate::api::test_script::TestScript;

/// A host on which two guests run, in a variable of each script.
fn script(code: &str) -> String {
    format!(
        "for name in [`web1`, `web2`] {{
            if !domains().some(|vm| vm.name == name) {{
                conn().create_domain(`<domain type='test'><name>${{name}}</name><memory>65536</memory>
                    <os><type>hvm</type></os></domain>`);
            }}
        }}
        let vm = domain(`web1`);
        {code}"
    )
}

#[test]
fn what_the_test_driver_counts_is_told_and_the_rest_is_absent() {
    let host = TestScript::new();
    let json = |code: &str| host.json(&script(code));
    assert_eq!(json("vm.memstat()"), r#"{"max_memory":67108864,"memory":67108864}"#);
    assert_eq!(json("let cpu = vm.cpustat(); [cpu.vcpus, cpu.time_ns > 0, cpu.steal_ns]"), "[1,true,null]");
    assert_eq!(json("[vm.blockstat(), vm.netstat()]"), "[[],[]]");
    assert_eq!(json("host().memstat()"), r#"{"memory_guests":134217728}"#);
    assert_eq!(json("let cpu = host().cpustat(); [cpu.cpus, cpu.guests_ns > 0]"), "[4,true]");
    assert_eq!(json("[host().blockstat(), host().netstat()]"), "[[],[]]");
}

#[test]
fn rates_are_measured_between_two_looks() {
    let host = TestScript::new();
    let json = |code: &str| host.json(&script(code));
    // The CPU time of the test driver is the time of day.
    let busy = "let busy = |guest| guest.cpu_percent > 50.0 && guest.cpu_percent < 200.0;";
    assert_eq!(
        json(&format!("{busy} conn().rates(0.05).map(|guest| [guest.name, busy.call(guest)])")),
        r#"[["web1",true],["web2",true]]"#
    );
    assert_eq!(
        json(&format!(
            "{busy} let guest = vm.rates(`50ms`); [busy.call(guest), guest.stale, guest.read_rate]"
        )),
        "[true,false,null]"
    );
    assert_eq!(json("host().rates(0.05).cpus"), "4");
    assert_eq!(host.refusal(&script("vm.rates(0)")).0, "usage");
}

#[test]
fn a_watch_ends_with_its_count_its_time_or_its_closure() {
    let host = TestScript::new();
    let json = |code: &str| host.json(&script(code));
    let every = "every: 0.02";
    assert_eq!(
        json(&format!(
            "let n = []; let m = conn().watch(#{{ {every}, count: 3 }}, |s| {{ n.push(s.guests.len()) }}); [n, m]"
        )),
        "[[2,2,2],3]"
    );
    assert_eq!(json(&format!("conn().watch(#{{ {every} }}, |sample| sample.guests.is_empty())")), "1");
    assert_eq!(json(&format!("conn().watch(#{{ {every}, timeout: 0.01 }}, |sample| true)")), "0");
    let (code, hint) = host.refusal(&script(&format!("conn().watch(#{{ {every} }}, |sample| 7)")));
    assert_eq!(code, "usage");
    assert!(hint.contains("`false` ends it"), "{hint}");
    assert_eq!(host.refusal(&script("conn().watch(#{ every: 0 }, |sample| true)")).0, "usage");
}

#[test]
fn the_view_needs_a_person() {
    let host = TestScript::new();
    for call in ["top()", "conn().top(#{ interval: `1s` })"] {
        let (code, hint) = host.refusal(call);
        assert_eq!((code.as_str(), hint.contains("conn().rates")), ("usage", true), "{call}: {hint}");
    }
    assert_eq!(host.refusal("conn().top(#{ interval: 0.01 })").0, "usage");
    assert!(host.refusal("conn().top(#{ sort: `memry` })").1.contains("memory"));
}
