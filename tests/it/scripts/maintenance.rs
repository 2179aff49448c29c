//! The scripts that keep guests going: patched, started again, trimmed, their logs rotated, their use told.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::script;
use crate::support::process::send_signal;
use crate::support::{Daemon, Domain, Guest, Need, Node, Virhai, eventually, lab_or_skip, project};

/// A script of `scripts/` with a state folder, whose table comes as CSV with these columns.
fn scheduled(state: &Path, columns: &str, name: &str) -> Virhai {
    let virhai = Virhai::new().env("STATE_DIRECTORY", state);
    virhai
        .args(["-o", "csv", "--no-headers", "--columns", columns])
        .arg(project(&format!("scripts/{name}.rhai")))
}

#[test]
fn without_an_agent_no_guest_is_patched_and_the_first_one_is_the_last() {
    let run = script("patch-guests").small_node().args(["--guests", "web*,db1"]).status(1).any_stderr();
    let shown: Value = serde_json::from_str(&run.any_stdout().run().stdout()).unwrap();
    let results: Vec<_> = shown.as_array().unwrap().iter().map(|row| &row["result"]).collect();
    assert_eq!(results, ["failed", "skipped", "skipped"]);
    let usage = script("patch-guests").small_node().status(2);
    usage.stderr_contains("nothing says which guests to patch").run();
    let wrong = script("patch-guests").small_node().args(["--guests", "wbe1"]).status(2);
    wrong.stderr_contains("there is no guest \"wbe1\"").stderr_contains("did you mean \"web1\"?").run();
}

#[test]
fn where_to_evacuate_to_has_to_be_said() {
    let refused = |arguments: &[&str], why: &str| {
        let run = script("evacuate-host").small_node().args(arguments).status(2);
        run.stderr_contains(why).run();
    };
    refused(&[], "say where to: to another host or back");
    refused(&["--to", "test:///default", "--back"], "say where to: to another host or back");
    refused(&["--back", "--dry-run"], "--back brings back what was moved");
    refused(&["--to", "test:///default", "--guests", "wbe1"], "there is no guest \"wbe1\"");
    // The other host has 3 GiB, and neither network nor disk.
    let run = script("evacuate-host").small_node().args(["--to", "test:///default"]).status(1);
    let shown = run.any_stdout().any_stderr().run().stdout();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert!(shown.as_array().unwrap().iter().all(|row| row["result"] == "refused"), "{shown}");
    let state = tempfile::tempdir().unwrap();
    let back = script("evacuate-host").small_node().env("STATE_DIRECTORY", state.path()).arg("--back");
    back.any_stdout().stderr("no guest was moved away\n").run();
}

#[test]
fn a_crashed_guest_is_started_again_until_it_crashes_too_often() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    daemon.define_empty("sm-crash");
    daemon.define_empty("sm-off");
    daemon.virsh(&["start", "sm-crash"]);
    daemon.virsh(&["start", "sm-off"]);
    daemon.virsh(&["destroy", "sm-off"]);
    let state = tempfile::tempdir().unwrap();
    let restart = |arguments: &[&str]| {
        scheduled(state.path(), "name,reason,starts,result", "restart-crashed")
            .connect(&daemon.uri())
            .args(arguments)
    };
    let crash = || {
        let pid = std::fs::read_to_string(daemon.dir().join("run/qemu/sm-crash.pid")).unwrap();
        send_signal(pid.trim(), "KILL");
        eventually(Duration::from_secs(20), "the crash to be seen", || {
            (daemon.virsh(&["domstate", "sm-crash", "--reason"]) == "shut off (crashed)").then_some(())
        });
    };
    restart(&[]).stderr("no guest has crashed\n").run();
    crash();
    restart(&["--dry-run"]).stdout("sm-crash,crashed,0,would start\n").run();
    restart(&["--limit", "2"]).stdout("sm-crash,crashed,1,started\n").run();
    crash();
    restart(&["--limit", "2"]).stdout("sm-crash,crashed,2,started\n").run();
    crash();
    restart(&["--limit", "2"]).status(1).stdout("sm-crash,crashed,2,gave up\n").run();
    assert_eq!(daemon.virsh(&["domstate", "sm-crash"]), "shut off");
    // Starts of yesterday do not count.
    let file = state.path().join("restart-crashed.json");
    let mut starts: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let guest = starts[daemon.uri()].as_object_mut().unwrap().values_mut().next().unwrap();
    guest[0] = "2020-01-01T00:00:00Z".into();
    std::fs::write(&file, starts.to_string()).unwrap();
    restart(&["--limit", "2"]).stdout("sm-crash,crashed,2,started\n").run();
    crash();
    // Who does not know how often starts nothing.
    std::fs::write(&file, "{").unwrap();
    restart(&[]).status(1).stderr_contains("how often guests were started is not known").run();
    assert_eq!(daemon.virsh(&["domstate", "sm-crash"]), "shut off");
    assert_eq!(daemon.virsh(&["domstate", "sm-off", "--reason"]), "shut off (destroyed)");
}

/// A guest whose console has a log.
fn logging(name: &str, number: u64, log: &Path, append: bool) -> Domain {
    let append = if append { " append='on'" } else { "" };
    Domain::new(name, number).device(&format!(
        "<serial type='file'><source path='{}'{append}/><target port='0'/></serial>",
        log.display()
    ))
}

fn rotate(state: &Path, node: &Node, arguments: &[&str]) -> Virhai {
    let run = scheduled(state, "guest,result", "rotate-console-logs").node(node).args(arguments);
    run.any_stderr()
}

#[test]
fn no_line_is_lost_while_a_log_is_rotated() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("web1.log");
    let line = |number: usize| format!("{number} {}\n", "x".repeat(number % 90));
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
    (0..2000).for_each(|number| file.write_all(line(number).as_bytes()).unwrap());
    let node = Node::empty().domain(logging("web1", 1, &log, true));
    let stop = std::sync::atomic::AtomicBool::new(false);
    let mut rotated = 0;
    let written = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut number = 2000;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                file.write_all(line(number).as_bytes()).unwrap();
                number += 1;
                if number % 50 == 0 {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            number
        });
        for _ in 0..3 {
            let output = rotate(folder.path(), &node, &["--size", "20KiB", "--keep", "50"]).output();
            // A file system that cannot cut off refuses, and loses nothing either.
            let refused = output.stdout() == "web1,not rotated\n" && output.status == 1;
            assert!(refused || output.status == 0, "{}{}", output.stdout(), output.stderr());
            rotated += usize::from(output.stdout() == "web1,rotated\n");
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        writer.join().unwrap()
    });
    let mut whole = String::new();
    for number in (1..=rotated).rev() {
        whole += &std::fs::read_to_string(folder.path().join(format!("web1.log.{number}"))).unwrap();
    }
    whole += &std::fs::read_to_string(&log).unwrap();
    assert_eq!(whole, (0..written).map(line).collect::<String>());
}

#[test]
fn logs_are_rotated_only_where_nothing_can_be_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["off.log", "hole.log", "small.log"] {
        std::fs::write(path(name), name.repeat(if name == "small.log" { 1 } else { 4000 })).unwrap();
    }
    let node = Node::empty()
        .domain(logging("off", 1, &path("off.log"), false).shut_off())
        .domain(logging("hole", 2, &path("hole.log"), false))
        .domain(logging("small", 3, &path("small.log"), true))
        .domain(logging("none", 4, &path("none.log"), true));
    let run = |arguments: &[&str]| rotate(folder.path(), &node, arguments);
    let expected = |off: &str| format!("hole,not rotated\nnone,absent\noff,{off}\nsmall,small\n");
    run(&["--size", "16KiB", "--dry-run"]).status(1).stdout(expected("would rotate")).run();
    assert!(!path("off.log.1").exists());
    // What a run has left that was killed half-way is not written over.
    std::fs::write(path("off.log.rotating"), "left").unwrap();
    std::fs::write(path("off.log.1"), "one").unwrap();
    run(&["--size", "16KiB", "--keep", "3"]).status(1).stdout(expected("rotated")).run();
    let text = |name: &str| std::fs::read_to_string(path(name)).unwrap_or_default();
    assert_eq!(text("off.log.1"), "off.log".repeat(4000));
    assert_eq!([text("off.log.2"), text("off.log.3")], ["left", "one"]);
    assert!(!path("off.log").exists() && !path("off.log.rotating").exists());
    assert_eq!(text("hole.log"), "hole.log".repeat(4000));
    run(&["--keep", "1"]).stdout("hole,small\nnone,absent\noff,absent\nsmall,small\n").run();
    assert!(path("off.log.1").exists() || !path("off.log.2").exists());
}

#[test]
fn a_log_of_virtlogd_is_left_to_it() {
    lab_or_skip!(Need::Qemu, Need::Root);
    let daemon = Daemon::start();
    let log = daemon.dir().join("vm/console.log");
    daemon.define(
        "define",
        &format!(
            "<domain type='qemu'><name>sm-log</name><memory unit='MiB'>16</memory><os><type>hvm</type></os><devices>\
             <serial type='file'><source path='{}' append='on'/></serial></devices></domain>",
            log.display()
        ),
    );
    daemon.virsh(&["start", "sm-log"]);
    std::fs::write(&log, "x".repeat(30_000)).unwrap();
    let state = tempfile::tempdir().unwrap();
    let run = scheduled(state.path(), "guest,result", "rotate-console-logs").connect(&daemon.uri());
    run.args(["--size", "1KiB"]).any_stderr().stdout("sm-log,virtlogd\n").run();
    assert_eq!(std::fs::metadata(&log).unwrap().len(), 30_000);
}

#[test]
fn what_guests_used_is_the_growth_between_samples() {
    let state = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let uri = Node::small().write(&folder.path().join("node.xml"));
    let report = |arguments: &[&str]| {
        scheduled(state.path(), "name,cpu_seconds,memory,received", "usage-report")
            .connect(&uri)
            .args(arguments)
    };
    report(&[]).stderr_contains("no guest was seen twice yet").run();
    // A counter that went back began at zero again: 5 and then 2 seconds.
    let samples = [("50m", 100.0), ("40m", 105.0), ("30m", 2.0)].map(|(ago, value)| {
        format!(
            "#{{ kind: \"guest\", name: \"gone\", measure: \"cpu_seconds\", value: {value:?}, time: time::sub(time::now(), \"{ago}\") }}"
        )
    });
    let keep = format!("history::add_samples([{}])", samples.join(", "));
    Virhai::new().env("STATE_DIRECTORY", state.path()).connect(&uri).args(["-e", &keep]).run();
    let shown = report(&["--no-samples", "--since", "1h"]).any_stdout().run().stdout();
    assert_eq!(shown, "gone,7.0,,\n");
    report(&["--since", "35m", "--no-samples"]).stderr_contains("no guest was seen twice yet").run();
    let shown = report(&["--name", "web*"]).any_stdout().run().stdout();
    assert_eq!(shown.lines().count(), 2, "{shown}");
    assert!(shown.starts_with("web1,") && shown.contains(&format!(",{},", 512 << 20)), "{shown}");
    let shown = report(&["--markdown", "--live", "200ms", "--no-samples"]).any_stdout().run().stdout();
    assert!(shown.starts_with("| name | over | cpu_seconds |") && shown.contains("\n| web1 | "), "{shown}");
}

/// One boot for all: what needs a system inside.
#[test]
fn a_guest_is_trimmed_patched_and_taken_back() {
    lab_or_skip!(Need::Guest);
    let daemon = Daemon::start();
    let guest = Guest::plan(&daemon, "sm-guest").define();
    let discard = "domain(\"sm-guest\").edit(|doc| doc[\"devices/disk/driver/@discard\"] = \"unmap\")";
    Virhai::new().connect(&daemon.uri()).args(["-e", discard]).any_stdout().run();
    guest.start();
    let asked = |line: &str| {
        let code = format!("print(domain(\"sm-guest\").exec([\"/bin/sh\", \"-c\", `{line}`]).out)");
        Virhai::new().connect(&daemon.uri()).args(["-e", &code]).any_stdout()
    };
    let inside = |line: &str| asked(line).run().stdout().trim().to_owned();
    let state = tempfile::tempdir().unwrap();
    let limit = Duration::from_secs(180);

    inside("head -c 20000000 /dev/urandom > /data/big; sync; rm /data/big; sync");
    let trim = scheduled(state.path(), "guest,disk,result,freed", "storage-trim").connect(&daemon.uri());
    let shown = trim.any_stdout().any_stderr().run().stdout();
    let freed: u64 = shown.trim().strip_prefix("sm-guest,vda,trimmed,").unwrap().parse().unwrap();
    assert!(freed > 10_000_000, "{shown}");

    let patch = |arguments: &[&str]| {
        let run = scheduled(state.path(), "name,result,error", "patch-guests").connect(&daemon.uri());
        run.args(["--all"]).args(arguments).limit(limit).any_stderr()
    };
    patch(&["--dry-run"]).stdout("sm-guest,would patch,\n").run();
    patch(&["--command", "echo x > /data/broken; sync; echo bad >&2; exit 3"])
        .status(1)
        .stdout("sm-guest,rolled back,/bin/sh in sm-guest ended with status 3: bad\n")
        .run();
    assert_eq!(inside("ls /data/broken"), "");
    // An interruption in the middle is a failure like any other.
    let started = patch(&["--command", "echo x > /data/broken; sync; sleep 60", "--no-restart"])
        .status(130)
        .any_stdout()
        .start();
    // While its memory is saved the guest is paused, and does not answer.
    eventually(limit, "the command to run", || {
        asked("ls /data/broken").output().stdout().starts_with("/data/broken").then_some(())
    });
    started.running.signal("INT");
    started.finish();
    assert_eq!(inside("ls /data/broken"), "");
    patch(&["--command", "echo new > /data/patched; sync", "--health", "grep new /data/patched"])
        .stdout("sm-guest,done,\n")
        .run();
    assert_eq!(daemon.virsh(&["snapshot-list", "sm-guest", "--name"]), "");
}
