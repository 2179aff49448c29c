//! The libvirt layer under valgrind: nothing is lost per call, nothing is touched that is not ours.

use std::time::Duration;

use crate::support::disk_guest::text;
use crate::support::{Daemon, DiskGuest, Guest, Need, Node, Virhai, lab_or_skip, soak};

/// Every kind of call: lists, look-ups, XML, statistics, typed parameters, snapshots, events,
/// failures, and connections that open and close.
const CALLS: &str = r#"
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

/// Streams in both directions, with holes and without, that end, fail and are aborted; jobs that wait for
/// events and those on threads of their own; and an agent that is not there.
const STREAMS_AND_JOBS: &str = r#"
let rounds = parse_int(args[0]);
let folder = args[1];
let vm = domain("it-leaks");
fs::write(folder + "/source", blob(1500000, 7));
for round in 0..rounds {
    let volume = pool("vols").create_volume(#{ name: `v${round}`, capacity: "4MiB", allocation: 0 });
    for sparse in [true, false] {
        let job = volume.upload(folder + "/source", #{ sparse: sparse });
        job.wait();
        let reached = [job.progress, job.state];
        volume.download(folder + "/copy", #{ sparse: sparse }).wait();
    }
    volume.write("1MiB", "a label");
    volume.read("1MiB", 7);
    let aborted = volume.upload("/dev/zero");
    aborted.abort();
    for failing in [|| aborted.wait(), || volume.download("/dev/full").wait(), || volume.upload("/nonexistent")] {
        if attempt(failing).ok { throw "it did not fail" }
    }
    volume.delete();

    let file = `${folder}/copy-${round}.qcow2`;
    let copy = vm.block_copy("vda", file, #{ transient_job: true });
    copy.wait();
    let reached = [copy.progress, vm.block_job_info("vda"), vm.job_info().type];
    copy.abort();
    vm.managed_save().wait();
    vm.managed_save_xml_desc();
    vm.start();
    for failing in [|| vm.save("/nonexistent/x").wait(), || vm.block_job("vdz"), || vm.agent_ping(),
        || vm.exec(["/bin/true"]), || vm.fs_freeze()] {
        if attempt(failing).ok { throw "it did not fail" }
    }
}
"#;

/// What goes through the agent of a guest and its console. A freeze is left out: its guard would be valgrind.
const AGENT: &str = r#"
let rounds = parse_int(args[0]);
let vm = domain("it-leaks-agent");
for round in 0..rounds {
    let console = vm.open_console(#{ force: true });
    console.send("\n");
    console.expect("login:", "60s");
    console.close();
    vm.agent_ping();
    let bytes = blob(100000, 120);
    vm.exec(["/bin/sh", "-c", "cat; echo e >&2; exit 3"], #{ input: "hello", env: #{ A: 1 } });
    vm.exec(["cat"], #{ input: bytes, large: true });
    vm.file_write("/run/leaks", bytes);
    vm.file_read("/run/leaks");
    let about = [vm.guest_info(), vm.fs_info(), vm.guest_vcpus(), vm.time(), vm.ips(), vm.hostname(#{ source: "agent" })];
    vm.set_user_password("root", "secret");
    vm.set_authorized_ssh_keys("root", ["ssh-ed25519 AAAA a"]);
    vm.authorized_ssh_keys("root");
    for failing in [|| vm.exec(["/no/such"]), || vm.exec(["sleep", "60"], #{ timeout: "10ms" }),
        || vm.file_read("/no/such"), || vm.agent_command("guest-nonsense")] {
        if attempt(failing).ok { throw "it did not fail" }
    }
}
"#;

/// How often a script is run through: in the short version, and in the long one.
type Rounds = (u32, u32);

/// Runs a script; fails for any invalid access and for every block that nothing points to any more.
fn check(uri: &str, script: &str, rounds: Rounds, argument: &str) {
    let rounds = if soak() { rounds.1 } else { rounds.0 }.to_string();
    let output = Virhai::of("valgrind")
        .args(["--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite", "--error-exitcode=99"])
        .args(["--num-callers=30", env!("CARGO_BIN_EXE_virhai"), "-c", uri, "script.rhai", &rounds, argument])
        .file("script.rhai", script)
        .limit(Duration::from_secs(if soak() { 1800 } else { 600 }))
        .output();
    assert_eq!(output.status, 0, "{}", output.stderr());
}

#[test]
fn nothing_leaks_in_the_process() {
    lab_or_skip!(Need::Program("valgrind"));
    let folder = tempfile::tempdir().unwrap();
    let uri = Node::small().write(&folder.path().join("node.xml"));
    check(&uri, CALLS, (5, 200), "");
}

#[test]
fn nothing_leaks_over_a_daemon() {
    lab_or_skip!(Need::Daemon, Need::Program("valgrind"));
    let daemon = Daemon::start();
    check(&daemon.uri_for("test"), CALLS, (5, 200), "");
}

#[test]
fn nothing_leaks_in_streams_and_jobs() {
    lab_or_skip!(Need::Qemu, Need::Program("valgrind"));
    let daemon = Daemon::start();
    let folder = daemon.dir().join("vm");
    let pool =
        format!("<pool type='dir'><name>vols</name><target><path>{}</path></target></pool>", text(&folder));
    daemon.define("pool-create", &pool);
    let _guest = DiskGuest::start(&daemon, "it-leaks", 1);
    check(&daemon.uri(), STREAMS_AND_JOBS, (2, 50), text(&folder));
}

#[test]
fn nothing_leaks_through_the_agent() {
    lab_or_skip!(Need::Guest, Need::Program("valgrind"));
    let daemon = Daemon::start();
    let _guest = Guest::plan(&daemon, "it-leaks-agent").boot();
    check(&daemon.uri(), AGENT, (2, 50), "");
}
