//! Events through a real daemon: bursts, a daemon that is killed, waits that ask nothing, and what only
//! QEMU tells.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use virhai::api::permissions::Permissions;
use virhai::libvirt::Door;
use virhai::output::View;
use virhai::session::{Session, Settings};

use crate::support::{Daemon, Guest, Need, Virhai, lab_or_skip, soak};

/// Sends pairs of lifecycle events and reads them on another connection.
const BURST: &str = r#"
    fn memory() {
        let status = fs::read("/proc/self/status");
        let line = status.split("\n").filter(|line| line.starts_with("VmRSS:"))[0];
        parse_int(line.split(" ").filter(|word| word != "" && word[0] >= '0' && word[0] <= '9')[0]) / 1024
    }
    let pairs = parse_int(args()[0]);
    let vm = domain("test");
    let events = connect(conn().uri()).events(#{ kinds: ["lifecycle"], domain: "test" });
    vm.suspend();
    vm.resume();
    for i in 0..2 { events.next("20s") }
    let before = memory();
    for i in 0..pairs { vm.suspend(); vm.resume() }
"#;

fn burst(daemon: &Daemon, pairs: u32, then: &str, stdout: &str) {
    Virhai::new()
        .connect(&daemon.uri_for("test"))
        .limit(Duration::from_secs(300))
        .file("burst.rhai", format!("{BURST}\n{then}"))
        .args(["burst.rhai", &pairs.to_string()])
        .stdout(stdout)
        .run();
}

#[test]
fn ten_thousand_events_in_a_burst_come_all_and_in_order() {
    lab_or_skip!(Need::Daemon);
    let daemon = Daemon::start();
    let read = r#"
        let expected = "suspended";
        for i in 0..pairs * 2 {
            let e = events.next("60s");
            if e.event != expected { throw `${i}: ${e}` }
            expected = if expected == "suspended" { "resumed" } else { "suspended" };
        }
        print(events.next("100ms") == ());
        let grown = memory() - before;
        print(if grown < 24 { "flat" } else { `${grown} MiB more` });
    "#;
    burst(&daemon, 5_000, read, "true\nflat\n");
}

#[test]
fn a_subscriber_that_sleeps_through_too_many_is_told_how_many() {
    lab_or_skip!(Need::Daemon);
    // The real thing takes a while; the count itself is tested beside the queue.
    let pairs = if soak() { 50_000 } else { 33_000 };
    let daemon = Daemon::start();
    let read = r#"
        // Everything has arrived when the last event of another subscriber has.
        let last = connect(conn().uri()).events(#{ kinds: ["network_lifecycle"] });
        network("default").destroy();
        last.next("60s");
        sleep("1s");
        let seen = 0;
        let missed = [];
        for i in 0..65537 {
            let e = events.next("20s");
            if e.kind == "missed" { missed.push(e.count) } else { seen += 1 }
        }
        print(seen);
        print(missed.len() == 1 && seen + missed[0] == pairs * 2);
        print(events.next("100ms") == ());
    "#;
    burst(&daemon, pairs, read, "65536\ntrue\ntrue\n");
}

#[test]
fn a_subscription_outlives_a_daemon_that_is_killed() {
    lab_or_skip!(Need::Daemon);
    let daemon = Daemon::start();
    let script = r#"
        let events = conn().events(#{ kinds: ["lifecycle", "connection"], timeout: "60s" });
        print("ready");
        for e in events {
            switch e.kind {
                "connection_closed" => print(`closed: ${e.reason}`),
                "connection_opened" => { print("opened"); domain("test").suspend() }
                "lifecycle" => { print(`${e.domain} ${e.event}`); break }
            }
        }
    "#;
    let started = Virhai::new()
        .connect(&daemon.uri_for("test"))
        .file("s.rhai", script)
        .arg("s.rhai")
        .stdout("ready\nclosed: eof\nopened\ntest suspended\n")
        .start();
    started.running.wait_for_stdout("ready");
    daemon.kill9();
    started.running.wait_for_stdout("closed");
    daemon.again();
    started.finish();
}

fn session(uri: &str, door: &Arc<Door>) -> Session {
    Session::new(Settings {
        door: door.clone(),
        permissions: Permissions::default(),
        uri: Some(uri.into()),
        args: Vec::new(),
        folder: None,
        library: None,
        view: View::default(),
        history: None,
    })
}

/// What a wait gave, the calls that it made, and how long it took.
struct Waited {
    value: bool,
    counts: HashMap<&'static str, u64>,
    took: Duration,
}

/// Runs a wait while, `after` it began, something is done to the guest.
fn wait(
    session: &mut Session,
    door: &Door,
    code: &str,
    after: Duration,
    act: impl FnOnce() + Send,
) -> Waited {
    door.reset_counts();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(after);
            act();
        });
        let start = Instant::now();
        let value = session.eval("wait", code).unwrap().as_bool().unwrap();
        Waited { value, counts: door.counts(), took: start.elapsed() }
    })
}

fn virsh(uri: &str, args: &[&str]) {
    let done = std::process::Command::new("virsh").args(["-q", "-c", uri]).args(args).output().unwrap();
    assert!(done.status.success(), "virsh {args:?}: {done:?}");
}

#[test]
fn a_wait_returns_soon_after_the_event_and_asks_nothing_in_between() {
    lab_or_skip!(Need::Daemon);
    let daemon = Daemon::start();
    let uri = daemon.uri_for("test");
    let door = Arc::new(Door::default());
    // One session for all: the test driver forgets everything with the last connection.
    let mut session = session(&uri, &door);
    session.eval("open", "let vm = domains()[0]; vm.state").map(drop).unwrap();
    let waited = wait(&mut session, &door, "vm.wait(\"paused\", 60)", Duration::from_millis(2500), || {
        virsh(&uri, &["suspend", "test"]);
    });
    assert!(waited.value);
    assert_eq!(waited.counts.get("domain.state"), Some(&1), "{:?}", waited.counts);
    assert_eq!(waited.counts.get("connection.event_register"), Some(&1), "{:?}", waited.counts);
    assert_eq!(waited.counts.values().sum::<u64>(), 2, "{:?}", waited.counts);
    // A slow machine may take its time; what is measured by hand stands in ARCHITECTURE.md.
    assert!(waited.took < Duration::from_secs(20), "{:?}", waited.took);
    let code = "vm.wait(|v| v.state == \"running\", 60)";
    let closure = wait(&mut session, &door, code, Duration::from_millis(1500), || {
        virsh(&uri, &["resume", "test"]);
    });
    assert!(closure.value);
    let looks = closure.counts.get("domain.state").copied().unwrap_or_default();
    assert!((2..=2 + closure.took.as_secs()).contains(&looks), "{looks} in {:?}", closure.took);
}

#[test]
fn what_qemu_tells_arrives_with_names_and_words() {
    lab_or_skip!(Need::Daemon, Need::Qemu);
    let daemon = Daemon::start();
    daemon.define_empty("events1");
    let script = r#"
        let vm = domain("events1");
        let monitor = conn().events(#{ kinds: ["qemu_monitor"], event: "^(stop|RESUME)$", regex: true, nocase: true });
        let events = vm.events();
        vm.start();
        vm.suspend();
        vm.resume();
        vm.destroy();
        let seen = [];
        for e in events {
            // Whether QEMU says that it shuts down before it is gone depends on its speed.
            if e.kind == "lifecycle" && e.event != "shutdown" { seen.push(`${e.event}/${e.detail}`) }
            if e.event == "stopped" { break }
        }
        print(seen);
        let told = monitor.next("20s");
        while told != () && told.event != "STOP" { told = monitor.next("20s") }
        print(`${told.kind} ${told.domain} ${told.event} ${told.seconds > 1700000000} ${told.details}`);
    "#;
    Virhai::new()
        .connect(&daemon.uri())
        .file("s.rhai", script)
        .arg("s.rhai")
        .stdout(
            "[\"resumed/unpaused\", \"started/booted\", \"suspended/paused\", \"resumed/unpaused\", \
             \"stopped/destroyed\"]\nqemu_monitor events1 STOP true \n",
        )
        .run();
}

#[test]
fn a_guest_is_waited_for_until_its_agent_an_address_a_port_and_a_block_job_are_there() {
    lab_or_skip!(Need::Guest, Need::Network);
    let daemon = Daemon::start();
    daemon.virsh(&["net-start", "default"]);
    let guest = Guest::plan(&daemon, "vhwait1").network("default").define();
    let uri = daemon.uri();
    let door = Arc::new(Door::default());
    let mut session = session(&uri, &door);
    session.eval("start", "let vm = domain(\"vhwait1\"); vm.start();").map(drop).unwrap();
    door.reset_counts();
    let agent = session.eval("agent", "vm.wait(\"agent\", \"150s\")").unwrap().as_bool().unwrap();
    assert!(agent);
    // Ten seconds of booting, and one look.
    assert_eq!(door.counts().values().sum::<u64>(), 2, "{:?}", door.counts());
    let ip = session.eval("ip", "vm.wait(\"ip\", \"90s\")").unwrap().as_bool().unwrap();
    assert!(ip);
    wait_for_a_port(&daemon, &guest);
    let copy = daemon.dir().join("vm/copy.qcow2");
    let (name, copy) = (guest.name().to_owned(), copy.display().to_string());
    daemon.virsh(&["blockcopy", &name, "vda", &copy, "--transient-job"]);
    door.reset_counts();
    let ready = session.eval("ready", "vm.wait(\"block-ready:vda\", \"60s\")").unwrap().as_bool().unwrap();
    assert!(ready);
    assert!(door.counts().values().sum::<u64>() <= 2, "{:?}", door.counts());
    daemon.virsh(&["blockjob", &name, "vda", "--abort"]);
    let stopped = session.eval("off", "vm.shutdown(); vm.wait(\"shutoff\", \"90s\")").unwrap();
    assert!(stopped.as_bool().unwrap());
}

/// The guest's network is in the daemon's namespaces: so is the program that connects.
fn wait_for_a_port(daemon: &Daemon, guest: &Guest<'_>) {
    let listen = r#"{"execute":"guest-exec","arguments":{"path":"/bin/busybox","arg":["nc","-l","-p","7"]}}"#;
    daemon.virsh(&["qemu-agent-command", guest.name(), listen]);
    let code = format!(
        "let vm = domain(\"{}\"); [vm.wait(\"port:9\", 0), vm.wait(\"port:7\", \"60s\")]",
        guest.name()
    );
    let program = env!("CARGO_BIN_EXE_virhai");
    let told = daemon.exec(&[program, "-o", "json", "-c", "qemu:///system", "-e", &code]);
    assert_eq!(told.trim(), "[false,true]");
}
