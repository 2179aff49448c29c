use super::super::test_script::TestScript;

const GUEST: &str = "let vm = conn().create_domain(\"<domain type='test'><name>web1</name>
    <memory>65536</memory><os><type>hvm</type></os></domain>\");";

fn on_a_guest(script: &str) -> String {
    format!("{} {script}", GUEST.replace('\n', " "))
}

#[test]
fn a_loop_takes_one_event_after_the_other_until_the_timeout() {
    let node = TestScript::new();
    let script = on_a_guest(
        r#"let events = conn().events(#{ kinds: ["lifecycle"], timeout: "300ms" });
        vm.suspend(); vm.resume(); vm.destroy();
        let seen = [];
        for e in events { seen.push(`${e.kind} ${e.domain} ${e.event} ${e.detail}`) }
        seen"#,
    );
    assert_eq!(
        node.json(&script),
        r#"["lifecycle web1 suspended paused","lifecycle web1 resumed unpaused","lifecycle web1 stopped destroyed"]"#
    );
}

#[test]
fn a_count_a_break_and_close_end_it_sooner() {
    let node = TestScript::new();
    let script = on_a_guest(
        r#"let events = vm.events(#{ count: 2 });
        vm.suspend(); vm.resume(); vm.suspend();
        let seen = [];
        for e in events { seen.push(e.event) }
        let more = vm.events();
        vm.resume(); vm.suspend();
        for e in more { seen.push(e.event); break }
        seen.push(more.next("5s").event);
        more.close();
        for e in more { seen.push("never") }
        seen.push(more.next(5));
        seen"#,
    );
    assert_eq!(node.json(&script), r#"["suspended","resumed","resumed","suspended",null]"#);
}

#[test]
fn an_event_tells_when_and_to_whom_it_happened() {
    let node = TestScript::new();
    let script = on_a_guest(
        r#"let events = conn().events(#{ domain: vm, kinds: ["lifecycle"] });
        vm.suspend();
        let e = events.next(5);
        e.uuid == vm.uuid && time::parse(e.time).unix > 1700000000.0 && e.keys().len() == 6"#,
    );
    assert_eq!(
        node.text(&script.replace("time::parse(e.time).unix > 1700000000.0", "e.time.len() > 20")),
        "true"
    );
    let named = on_a_guest(r#"conn().events(#{ domain: "web1", name: "w*" }).to_string()"#);
    assert_eq!(TestScript::new().text(&named), "events");
}

#[test]
fn bad_options_are_refused_with_a_hint_and_nothing_is_registered() {
    let node = TestScript::new();
    for (options, code, hint) in [
        (r#"#{ kinds: ["lifecicle"] }"#, "usage", "lifecycle"),
        (r#"#{ kinds: ["net-lifecylce"] }"#, "usage", "network_lifecycle"),
        (r#"#{ kind: ["lifecycle"] }"#, "usage", "kinds"),
        (r#"#{ kinds: "lifecycle" }"#, "usage", ""),
        ("#{ count: 0 }", "usage", ""),
        ("#{ timeout: -1 }", "usage", ""),
        (r#"#{ domain: "nobody" }"#, "no_domain", ""),
        (r#"#{ kinds: ["secret"] }"#, "unsupported", ""),
        (r#"#{ kinds: ["lifecycle"], event: "STOP" }"#, "usage", "qemu_monitor"),
        (r#"#{ kinds: ["qemu-monitor"] }"#, "unsupported", ""),
    ] {
        let (given, advice) = node.refusal(&format!("conn().events({options})"));
        assert_eq!(given, code, "{options}");
        assert!(advice.contains(hint), "{options}: {advice}");
    }
}

#[test]
fn every_kind_is_listed_with_its_family() {
    let node = TestScript::new();
    let kinds = "event_kinds().filter(|k| k.family == \"pool\").map(|k| k.kind)";
    assert_eq!(node.json(kinds), r#"["pool_lifecycle","pool_refresh"]"#);
    assert_eq!(node.json("event_kinds().filter(|k| k.summary == \"\").len()"), "0");
}
