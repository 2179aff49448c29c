//! Nothing stays frozen: not when the script fails, is interrupted or killed, nor when its guard is too.

use std::path::Path;
use std::time::Duration;

use crate::support::process::{lives, send_signal, wait_gone};
use crate::support::{Daemon, Guest, Need, Virhai, eventually, lab_or_skip};

const NAME: &str = "it-freeze";
const LIMIT: Duration = Duration::from_secs(60);

/// One guest for all: to boot it takes longer than everything that is done with it.
#[test]
fn file_systems_are_thawed_whatever_happens() {
    lab_or_skip!(Need::Guest);
    let daemon = Daemon::start();
    let _guest = Guest::plan(&daemon, NAME).boot();
    let state = tempfile::tempdir().unwrap();
    a_closure_runs_while_they_are_frozen(&daemon, state.path());
    what_another_has_frozen_is_left_to_it(&daemon, state.path());
    a_backup_is_begun_while_they_are_frozen(&daemon, state.path());
    the_limit_thaws_and_says_so(&daemon, state.path());
    a_script_that_ends_or_fails_leaves_nothing(&daemon, state.path());
    an_interrupted_script_leaves_nothing(&daemon, state.path());
    a_killed_script_leaves_nothing(&daemon, state.path());
    the_next_start_thaws_what_script_and_guard_left(&daemon, state.path());
}

fn virhai(daemon: &Daemon, state: &Path, script: &str) -> Virhai {
    let script = format!("let vm = domain(\"{NAME}\");\n{script}");
    let virhai = Virhai::new().connect(&daemon.uri()).env("STATE_DIRECTORY", state);
    virhai.file("s.rhai", script).arg("s.rhai")
}

fn status(daemon: &Daemon) -> String {
    daemon.virsh(&["qemu-agent-command", NAME, r#"{"execute":"guest-fsfreeze-status"}"#])
}

/// Waits until they are thawed and no note of a freeze is left.
#[track_caller]
fn wait_thawed(daemon: &Daemon, state: &Path) {
    eventually(LIMIT, "the file systems to be thawed", || status(daemon).contains("thawed").then_some(()));
    let notes = || std::fs::read_dir(state.join("freeze")).unwrap().count();
    eventually(LIMIT, "the note of the freeze to go", || (notes() == 0).then_some(()));
}

fn a_closure_runs_while_they_are_frozen(daemon: &Daemon, state: &Path) {
    let script = r#"
        print(vm.frozen(|vm| vm.agent_command("guest-fsfreeze-status")));
        print(vm.agent_command("guest-fsfreeze-status"));
        vm.fs_freeze(#{ mountpoints: ["/data"] });
        print(attempt(|| vm.fs_freeze()).error.code);
        print(vm.fs_thaw());
        print(attempt(|| vm.frozen(|vm| throw "stop")).error.code);
        print(vm.agent_command("guest-fsfreeze-status"));
    "#;
    let expected = "frozen\nthawed\noperation_invalid\n1\nthrown\nthawed\n";
    virhai(daemon, state, script).stdout(expected).run();
    wait_thawed(daemon, state);
}

fn what_another_has_frozen_is_left_to_it(daemon: &Daemon, state: &Path) {
    let refused = r#"
        let e = attempt(|| vm.frozen(|vm| print("inside"))).error;
        print(`${e.code} ${e.operation}: ${e.message}; ${e.hint}`);
    "#;
    let first = virhai(daemon, state, FREEZE).status(143).stdout("frozen\n").any_stderr().start();
    first.running.wait_for_stdout("frozen");
    let expected = format!(
        "operation_invalid domain.fs_freeze: the file systems of {NAME} are frozen already, by another run; \
         process {} holds them: wait for its end; vm.fs_thaw() thaws them now, and what it does then is not \
         consistent\n",
        first.running.pid()
    );
    virhai(daemon, state, refused).stdout(expected).run();
    assert!(status(daemon).contains("frozen"), "the first run's freeze was thawed");
    first.running.signal("TERM");
    first.finish();
    wait_thawed(daemon, state);

    daemon.virsh(&["domfsfreeze", NAME]);
    virhai(daemon, state, refused).stdout_contains("are frozen already; a backup, a snapshot or").run();
    assert!(status(daemon).contains("frozen"), "virsh's freeze was thawed");
    virhai(daemon, state, "print(vm.fs_thaw());").stdout("1\n").run();

    // Who had them frozen and thinks they still are is told.
    let script = r#"
        let thaw = |vm| vm.agent_command("guest-fsfreeze-thaw");
        print(attempt(|| vm.frozen(thaw)).error.message);
        print(vm.fs_thaw());
    "#;
    let expected = "its file systems had been thawed before, and not by this run\n0\n";
    virhai(daemon, state, script).stdout(expected).run();
    wait_thawed(daemon, state);
}

fn a_backup_is_begun_while_they_are_frozen(daemon: &Daemon, state: &Path) {
    let store = daemon.dir().join("vm/store");
    std::fs::create_dir(&store).unwrap();
    let script = format!(
        r#"import "backup" as backup;
        let store = "{}";
        print(backup::run(vm, #{{ folder: store }}).consistent);
        print(vm.agent_command("guest-fsfreeze-status"));
        print(backup::run(vm, #{{ folder: store, quiesce: false }}).consistent);
        // What cannot be frozen, because it is, fails the run that asks for it, and not the other.
        vm.agent_command("guest-fsfreeze-freeze");
        print(attempt(|| backup::run(vm, #{{ folder: store, quiesce: true }})).error.code);
        let ran = backup::run(vm, #{{ folder: store }});
        print([ran.kind, ran.consistent, ran.notes.len()]);
        vm.agent_command("guest-fsfreeze-thaw");"#,
        store.display()
    );
    let expected = "agent\nthawed\ncrash\noperation_invalid\n[\"incremental\", \"crash\", 1]\n";
    virhai(daemon, state, &script).stdout(expected).run();
    wait_thawed(daemon, state);
}

fn the_limit_thaws_and_says_so(daemon: &Daemon, state: &Path) {
    let script = r#"
        let e = attempt(|| vm.frozen(|vm| {
            while vm.agent_command("guest-fsfreeze-status") == "frozen" { sleep("50ms") }
        }, #{ limit: "500ms" })).error;
        print(`${e.code} ${e.hint.contains("limit")}`);
    "#;
    virhai(daemon, state, script).stdout("timeout true\n").run();
    wait_thawed(daemon, state);
}

fn a_script_that_ends_or_fails_leaves_nothing(daemon: &Daemon, state: &Path) {
    virhai(daemon, state, "vm.fs_freeze();").run();
    wait_thawed(daemon, state);
    virhai(daemon, state, "vm.fs_freeze(); throw 1").status(1).any_stderr().run();
    wait_thawed(daemon, state);
}

fn an_interrupted_script_leaves_nothing(daemon: &Daemon, state: &Path) {
    let script = "vm.frozen(|vm| { print(\"frozen\"); sleep(600) });";
    let started = virhai(daemon, state, script).status(130).stdout("frozen\n").any_stderr().start();
    started.running.wait_for_stdout("frozen");
    started.running.signal_group("INT");
    started.finish();
    wait_thawed(daemon, state);
}

const FREEZE: &str = "vm.fs_freeze(#{ limit: \"10m\" }); print(\"frozen\"); sleep(600);";

fn a_killed_script_leaves_nothing(daemon: &Daemon, state: &Path) {
    let started = virhai(daemon, state, FREEZE).status(137).stdout("frozen\n").start();
    started.running.wait_for_stdout("frozen");
    assert!(status(daemon).contains("frozen"));
    let pid = started.running.pid();
    started.running.signal_group("KILL");
    wait_gone(pid, LIMIT);
    wait_thawed(daemon, state);
    started.finish();
}

fn the_next_start_thaws_what_script_and_guard_left(daemon: &Daemon, state: &Path) {
    let started = virhai(daemon, state, FREEZE).status(137).stdout("frozen\n").start();
    started.running.wait_for_stdout("frozen");
    let guard = guard(state);
    send_signal(&guard.to_string(), "KILL");
    started.running.signal("KILL");
    started.finish();
    wait_gone(guard, LIMIT);
    assert!(status(daemon).contains("frozen"), "nobody was left to thaw");
    // A run that may not change anything leaves it to another.
    Virhai::new().env("STATE_DIRECTORY", state).args(["-r", "-e", "1"]).stdout("1\n").run();
    assert!(status(daemon).contains("frozen"));
    let thawing = Virhai::new().env("STATE_DIRECTORY", state).args(["-e", "1"]).stdout("1\n");
    thawing.stderr_contains(format!("thawing {NAME}")).run();
    wait_thawed(daemon, state);
}

/// The process that waits for the end of a script with this state folder.
fn guard(state: &Path) -> u32 {
    let state = state.to_str().unwrap();
    let is_guard = |pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        line.contains("_freeze-guard") && line.contains(state) && lives(*pid)
    };
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.into_iter().find(is_guard).expect("a guard waits")
}
