use super::super::test_script::TestScript;

const GUEST: &str = "let vm = conn().define_domain(\"<domain type='test'><name>web1</name> \
    <memory>65536</memory><os><type>hvm</type></os><devices><disk type='file' device='disk'> \
    <source file='/img/a'/><target dev='vda'/></disk></devices></domain>\"); vm.start();";

fn value(script: &str) -> String {
    TestScript::new().text(&format!("{GUEST} {script}"))
}

fn refusal(script: &str) -> (String, String) {
    TestScript::new().refusal(&format!("{GUEST} {script}"))
}

#[test]
fn a_state_that_is_there_needs_no_time_and_one_that_never_comes_is_false() {
    assert_eq!(value(r#"vm.wait("running", 0)"#), "true");
    assert_eq!(value(r#"vm.wait("paused", "50ms")"#), "false");
    let (code, _) = refusal(r#"vm.wait("paused", 0, #{ or_throw: true })"#);
    assert_eq!(code, "timeout");
}

#[test]
fn a_guest_is_active_in_whatever_state_it_runs() {
    assert_eq!(
        value(r#"vm.suspend(); [vm.wait("active", 0), vm.wait("inactive", "50ms")]"#),
        "[true, false]"
    );
    assert_eq!(
        value(r#"vm.destroy(); [vm.wait("inactive", 0), vm.wait("active", "50ms")]"#),
        "[true, false]"
    );
    assert_eq!(value(r#"vm.wait(|v| { v.destroy(); v.wait("inactive", 5) }, 5)"#), "true");
}

#[test]
fn waits_may_be_nested_and_use_the_same_connection() {
    assert_eq!(value(r#"vm.wait(|v| { v.suspend(); v.wait("paused", 5) }, 5)"#), "true");
}

#[test]
fn a_transient_guest_that_vanishes_is_shutoff_and_anything_else_is_an_error() {
    let gone = "let t = conn().create_domain(\"<domain type='test'><name>t</name><memory>65536</memory> \
        <os><type>hvm</type></os></domain>\"); t.destroy();";
    assert_eq!(value(&format!(r#"{gone} t.wait("shutoff", 0)"#)), "true");
    assert_eq!(value(&format!(r#"{gone} t.wait("inactive", 0)"#)), "true");
    assert_eq!(refusal(&format!(r#"{gone} t.wait("active", 0)"#)).0, "no_domain");
    assert_eq!(refusal(&format!(r#"{gone} t.wait("running", 0)"#)).0, "no_domain");
    assert_eq!(refusal(&format!(r#"{gone} t.wait("ip", 0)"#)).0, "no_domain");
}

#[test]
fn what_cannot_be_waited_for_is_refused_with_advice() {
    for (what, code, hint) in [
        (r#""runing""#, "usage", "\"running\""),
        (r#""agnet""#, "usage", "\"agent\""),
        (r#""actve""#, "usage", "\"active\""),
        (r#""breakfast""#, "usage", "closure"),
        (r#""agent""#, "argument_unsupported", "org.qemu.guest_agent.0"),
        (r#""block-ready:vdb""#, "usage", "\"vda\""),
        (r#""port:0""#, "usage", "65535"),
        (r#""port:ssh""#, "usage", "65535"),
        ("|v| 5", "usage", ""),
    ] {
        let (given, advice) = refusal(&format!("vm.wait({what}, 0)"));
        assert_eq!(given, code, "{what}");
        assert!(advice.contains(hint), "{what}: {advice}");
    }
    assert_eq!(refusal(r#"vm.wait("running", "soon")"#).0, "usage");
    assert_eq!(refusal(r#"vm.wait("running", 0, #{ throw_: true })"#).0, "usage");
}

#[test]
fn a_disk_without_a_job_is_not_ready() {
    assert_eq!(value(r#"vm.wait("block-ready:vda", 0)"#), "false");
}

#[test]
fn networks_and_pools_can_be_waited_for() {
    assert_eq!(value(r#"network("default").wait("active", 0)"#), "true");
    assert_eq!(value(r#"network("default").wait("inactive", "50ms")"#), "false");
    assert_eq!(value(r#"let n = network("default"); n.destroy(); n.wait("inactive", 0)"#), "true");
    assert_eq!(
        value(r#"[pool("other").wait("running", 0), pool("other").wait("active", 0)]"#),
        "[true, true]"
    );
    let (code, hint) = refusal(r#"pool("other").wait("inactiv", 0)"#);
    assert_eq!((code.as_str(), hint.contains("\"inactive\"")), ("usage", true), "{hint}");
}
