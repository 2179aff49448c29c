//! A daemon that dies, hangs or refuses: what the user sees, and how soon.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use crate::support::lab::{Daemon, empty_domain_xml};
use crate::support::need::Need;
use crate::support::{Virhai, lab_or_skip, turn, within};

#[test]
fn a_daemon_killed_in_the_middle_fails_the_call_and_the_next_use_reconnects() {
    lab_or_skip!(Need::Daemon);
    let _alone = turn::alone();
    let daemon = Daemon::start();
    let script = "
        let before = domains().len();
        print(`ready`);
        let failed = ();
        while failed == () {
            try { domains() } catch (e) { failed = e }
        }
        print(failed.code);
        // Dead by now: each further use tries to open it and says the same.
        print(attempt(|| domains()).error.code);
        let c = ();
        while c == () {
            let r = attempt(|| domains().len());
            if r.ok { c = r.value } else { sleep(\"200ms\") }
        }
        print(c == before);
    ";
    let started = Virhai::new()
        .connect(&daemon.uri_for("test"))
        .file("s.rhai", script)
        .arg("s.rhai")
        .stdout("ready\ndisconnected\ndisconnected\ntrue\n")
        .start();
    started.running.wait_for_stdout("ready");
    // Stopped first, so that the kill surely falls into the middle of a call.
    daemon.stop_signal();
    std::thread::sleep(Duration::from_secs(1));
    daemon.kill9();
    let killed = Instant::now();
    started.running.wait_for_stdout("disconnected");
    within(killed.elapsed(), Duration::from_secs(1));
    started.running.wait_for_stdout("disconnected\ndisconnected");
    daemon.again();
    started.finish();
}

#[test]
fn a_daemon_that_hangs_ends_the_run_at_its_deadline() {
    lab_or_skip!(Need::Daemon);
    let _alone = turn::alone();
    let daemon = Daemon::start();
    let started = Virhai::new()
        .args(["--timeout", "5s"])
        .connect(&daemon.uri_for("test"))
        .args(["-e", "domains(); print(\"ready\"); sleep(\"1s\"); domains()"])
        .status(4)
        .stdout("ready\n")
        .stderr_contains("the deadline of the run has passed")
        .start();
    let start = Instant::now();
    started.running.wait_for_stdout("ready");
    daemon.stop_signal();
    started.finish();
    within(start.elapsed(), Duration::from_secs(7));
    daemon.cont_signal();
}

#[test]
fn opening_a_daemon_that_hangs_ends_at_the_deadline_too() {
    lab_or_skip!(Need::Daemon);
    let _alone = turn::alone();
    let daemon = Daemon::start();
    daemon.stop_signal();
    let start = Instant::now();
    Virhai::new()
        .args(["--timeout", "2s"])
        .connect(&daemon.uri())
        .args(["-e", "domains()"])
        .status(4)
        .any_stderr()
        .run();
    within(start.elapsed(), Duration::from_secs(4));
    daemon.cont_signal();
}

#[test]
fn an_interrupt_is_heard_while_the_daemon_hangs() {
    lab_or_skip!(Need::Daemon);
    let _alone = turn::alone();
    let daemon = Daemon::start();
    let started = Virhai::new()
        .connect(&daemon.uri_for("test"))
        .args(["-e", "domains(); print(\"ready\"); sleep(\"500ms\"); print(\"calling\"); domains()"])
        .status(130)
        .stdout("ready\ncalling\n")
        .any_stderr()
        .start();
    started.running.wait_for_stdout("ready");
    daemon.stop_signal();
    started.running.wait_for_stdout("calling");
    let interrupted = Instant::now();
    started.running.signal("INT");
    started.finish();
    within(interrupted.elapsed(), Duration::from_secs(1));
    daemon.cont_signal();
}

#[test]
fn a_change_that_was_lost_on_the_way_says_that_its_outcome_is_unknown() {
    lab_or_skip!(Need::Daemon);
    let _alone = turn::alone();
    let daemon = Daemon::start();
    let started = Virhai::new()
        .args(["--timeout", "3s"])
        .connect(&daemon.uri_for("test"))
        .args(["-e", "let vm = domains()[0]; print(\"ready\"); sleep(\"1s\"); vm.suspend()"])
        .status(4)
        .stdout("ready\n")
        .stderr_contains("whether it took effect is unknown")
        .start();
    started.running.wait_for_stdout("ready");
    daemon.stop_signal();
    started.finish();
    daemon.cont_signal();
}

#[test]
fn what_is_too_large_for_a_message_is_an_error_and_the_connection_stays() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    daemon.define(
        "define",
        &empty_domain_xml("it-large")
            .replace("</domain>", "<devices><serial type='pty'/></devices></domain>"),
    );
    let script = r#"
        let vm = domain("it-large");
        vm.start();
        // A stream ends with its connection, so it tells whether that is still the same.
        let console = vm.open_console();
        let text = ""; text.pad(5000000, 'x');
        let large = [
            || conn().define_domain(`<domain type="qemu"><name>large</name><description>${text}</description></domain>`),
            || vm.set_description(text),
        ];
        for f in large {
            let e = attempt(f).error;
            print(`${e.code}: ${e.message}`);
            if !e.hint.contains("4 MiB") { print(e) }
            console.send("x");
        }
        vm.destroy();
    "#;
    let expected = "rpc: Unable to encode message payload\n";
    Virhai::new()
        .connect(&daemon.uri())
        .file("s.rhai", script)
        .arg("s.rhai")
        .stdout(expected.repeat(2))
        .run();
}

#[test]
fn an_idle_connection_stays_alive_and_events_end_a_wait_at_once() {
    lab_or_skip!(Need::Daemon);
    let daemon = Daemon::start();
    let started = Virhai::new()
        .connect(&daemon.uri_for("test"))
        .args([
            "-e",
            "let vm = domains()[0]; let c = connect(conn().uri()); print(\"ready\"); vm.suspend();
             print(c.domain(vm.name).wait(\"paused\", 5)); print(vm.wait(\"shutoff\", \"200ms\"));",
        ])
        .stdout("ready\ntrue\nfalse\n")
        .start();
    started.running.wait_for_stdout("ready");
    started.finish();
}

#[test]
fn a_socket_without_permission_is_3_and_names_the_group() {
    lab_or_skip!(Need::Daemon, Need::Root, Need::Program("runuser"));
    let daemon = Daemon::start();
    let socket = daemon.socket();
    let mode = std::process::Command::new("chmod").arg("0600").arg(&socket).status().unwrap();
    assert!(mode.success());
    // The build folder may be closed to others; a folder of the test's own is not.
    let folder = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
    let program = folder.path().join("virhai");
    std::fs::copy(env!("CARGO_BIN_EXE_virhai"), &program).unwrap();
    let line =
        format!("exec runuser -u nobody -- {} -c '{}' -e 'domains()'", program.display(), daemon.uri());
    let output = Virhai::of("/bin/sh").args(["-c", &line]).output();
    assert_eq!(output.status, 3, "{}", output.stderr());
    assert!(
        output.stderr().contains("libvirt $USER") && output.stderr().contains("polkit"),
        "{}",
        output.stderr()
    );
}
