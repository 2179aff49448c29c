//! The libvirt layer under valgrind: nothing is lost per call, nothing is touched that is not ours.

use std::time::Duration;

use crate::support::lab::Daemon;
use crate::support::need::Need;
use crate::support::{Node, Virhai, lab_or_skip, soak};

/// Every kind of call: lists, look-ups, XML, statistics, typed parameters, snapshots, events,
/// failures, and connections that open and close.
const SCRIPT: &str = r#"
let rounds = parse_int(args[0]);
for round in 0..rounds {
    let vm = domains(#{ state: "running" })[0];
    let events = [conn().events(), vm.events(#{ kinds: ["lifecycle"] })];
    vm.suspend();
    vm.resume();
    for heard in events { heard.next(5); heard.next(5); }
    events[0].close();
    let facts = [vm.name, vm.state, vm.id, vm.memory, vm.os_type, vm.autostart, vm.persistent, vm.xml["name"]];
    conn().stats();
    conn().inventory();
    vm.scheduler_parameters();
    vm.interface_addresses("lease");
    let snapshot = vm.snapshot_create(#{ name: `s${round}` });
    let about = [snapshot.domain, snapshot.current, vm.snapshots(), vm.snapshot(snapshot.name)];
    snapshot.delete();
    for missing in ["nope", "none"] { try { domain(missing) } catch {} }
    try { vm.pm_wakeup() } catch {}
    try { conn().define_domain("<domain") } catch {}
    vm.wait("running", 1);
    for net in networks() { net.xml; net.active; }
    for store in pools() { store.xml; store.volumes().map(|v| v.capacity); }
    let other = connect(conn().uri(), #{ readonly: true });
    other.hostname();
    other.close();
}
"#;

/// Runs the script; fails for any invalid access and for every block that nothing points to any more.
fn check(uri: &str) {
    let rounds = if soak() { "200" } else { "5" };
    let output = Virhai::of("valgrind")
        .args(["--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite", "--error-exitcode=99"])
        .args(["--num-callers=30", env!("CARGO_BIN_EXE_virhai"), "-c", uri, "script.rhai", rounds])
        .file("script.rhai", SCRIPT)
        .limit(Duration::from_secs(if soak() { 1800 } else { 300 }))
        .output();
    assert_eq!(output.status, 0, "{}", output.stderr());
}

#[test]
fn nothing_leaks_in_the_process() {
    lab_or_skip!(Need::Program("valgrind"));
    let folder = tempfile::tempdir().unwrap();
    let uri = Node::small().write(&folder.path().join("node.xml"));
    check(&uri);
}

#[test]
fn nothing_leaks_over_a_daemon() {
    lab_or_skip!(Need::Daemon, Need::Program("valgrind"));
    let daemon = Daemon::start();
    check(&daemon.uri_for("test"));
}
