//! The tests' own tools: a helper that lies makes every test with it worthless.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::process::{lives, run, wait_gone};
use crate::support::{Domain, Node, Terminal, Virhai, cases, golden, lab_or_skip, need::Need, transcripts};

/// A shell in the place of virhai.
fn shell(script: &str) -> Virhai {
    Virhai::of("/bin/sh").args(["-c", script])
}

/// Returns the message of a panic that must come.
fn panic_of<T>(f: impl FnOnce() -> T) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(f)) else { panic!("it did not panic") };
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn a_run_compares_status_and_both_streams() {
    let output =
        shell("cat; echo no >&2; exit 3").stdin("yes\n").status(3).stdout("yes\n").stderr("no\n").run();
    assert_eq!(output.stdout, b"yes\n");
    let difference = panic_of(|| shell("echo 'a\nb '").stdout("a\nc\n").run());
    assert!(difference.contains("standard output differs\n  a\n- c\n+ b·\n"), "{difference}");
    let status = panic_of(|| shell("kill -9 $$").run());
    assert!(status.contains("status is 137 (ended by signal 9), expected 0"), "{status}");
    let stray = panic_of(|| shell("echo oops >&2").run());
    assert!(stray.contains("standard error differs\n+ oops"), "{stray}");
}

#[test]
fn a_run_has_a_clean_world_of_its_own() {
    let output =
        shell("pwd; echo $HOME; env | cut -d= -f1 | sort | xargs; cat x").file("x", "here\n").output();
    let names = "COLUMNS HOME LC_ALL PATH PWD STATE_DIRECTORY TERM TZ XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME \
                 XDG_RUNTIME_DIR XDG_STATE_HOME";
    let got = output.stdout().replace("LD_LIBRARY_PATH ", "").replace(" _\n", "\n");
    assert_eq!(got, format!("[TMP]/work\n[TMP]/home\n{names}\nhere\n"));
}

#[test]
fn a_run_that_takes_too_long_is_killed_with_its_children() {
    let message = panic_of(|| shell("sleep 61 & echo $!; wait").limit(Duration::from_millis(300)).run());
    assert!(message.contains("did not end within 300ms"), "{message}");
    let child = message.lines().skip_while(|line| *line != "--- stdout").nth(1).unwrap();
    wait_gone(child.parse().unwrap(), Duration::from_secs(5));
}

#[test]
fn a_running_program_can_be_watched_and_signalled() {
    let mut started = shell("trap 'echo bye; exit 7' INT; echo ready; while read -r x; do echo got $x; done")
        .stdout("ready\ngot 1\nbye\n")
        .status(7)
        .start();
    started.running.wait_for_stdout("ready");
    started.running.write("1\n");
    started.running.wait_for_stdout("got 1");
    assert!(lives(started.running.pid()));
    started.running.signal("INT");
    started.finish();
}

#[test]
fn a_difference_shows_what_cannot_be_seen() {
    assert_eq!(golden::difference("a\nb\nc\n", "a\nx\nc"), "  a\n- b\n- c\n+ x\n+ c (no line end)\n");
    assert_eq!(golden::difference("", "\x1b[1mx\t\n"), "+ ␛[1mx␉\n");
}

#[test]
fn an_expected_file_that_is_missing_or_differs_names_the_way_to_rewrite_it() {
    if golden::rewriting() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.out");
    assert!(golden::compare(&file, Some("a\n")).unwrap_err().contains("VIRHAI_REWRITE=1"));
    std::fs::write(&file, "b\n").unwrap();
    let why = golden::compare(&file, Some("a\n")).unwrap_err();
    assert!(why.contains("- b\n+ a\n") && why.contains("VIRHAI_REWRITE=1"), "{why}");
    assert!(golden::compare(&file, None).is_err());
    assert_eq!(golden::compare(&file, Some("b\n")), Ok(()));
}

/// Makes a folder of cases; each is a name and a content.
fn folder_of(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }
    folder
}

#[test]
fn a_case_runs_as_its_first_lines_say() {
    if golden::rewriting() {
        return;
    }
    // Two lines of shell that show what virhai would have been given.
    let show = "#!/bin/sh\nfor a; do echo \"<$a>\"; done; cat; echo $V >&2; cat data.txt; exit 4\n";
    let folder = folder_of(&[
        (
            "t/x.rhai",
            "//# connect: test:///default\n//# options: -q\n//# args: a \"b c\" \"\"\n//# env: V=1\n//# stdin: in\n",
        ),
        ("t/x.out", "<-c>\n<test:///default>\n<-q>\n<x.rhai>\n<a>\n<b c>\n<>\nin\nhelper\n"),
        ("t/x.err", "1\n"),
        ("t/x.status", "4\n"),
        ("t/files/data.txt", "helper\n"),
        ("bad.rhai", "//# nonsense: 1\n"),
    ]);
    let program = folder_of(&[("show", show)]);
    let program = program.path().join("show");
    let made = run(
        {
            let mut c = Command::new("chmod");
            c.arg("+x").arg(&program);
            c
        },
        Duration::from_secs(5),
    );
    assert_eq!(made.status, 0);
    let faults = cases::run_all(folder.path(), || Virhai::of(&program));
    assert_eq!(faults.len(), 1, "{faults:#?}");
    assert!(faults[0].ends_with("bad.rhai: no such key: //# nonsense"), "{faults:#?}");
}

#[test]
fn a_case_without_its_other_half_is_found() {
    let folder =
        folder_of(&[("a.rhai", ""), ("b.err", ""), ("c.rhai", ""), ("c.out", ""), ("files/d.rhai", "")]);
    let strays = cases::strays(folder.path());
    assert_eq!(strays.len(), 2, "{strays:?}");
    assert!(strays[0].ends_with("a.rhai has no .out file"), "{strays:?}");
    assert!(strays[1].ends_with("b.err has no .rhai file"), "{strays:?}");
}

#[test]
fn a_transcript_reads_like_a_screen() {
    if golden::rewriting() {
        return;
    }
    let folder =
        folder_of(&[("x.in", "one\ntwo\n"), ("x.out", "> one\n1. one\n> two\n2. two\n"), ("y.in", "")]);
    let session = |_: &Path| {
        let mut number = 0;
        move |line: &str| {
            number += 1;
            format!("{number}. {line}")
        }
    };
    let faults = transcripts::run_all(folder.path(), session);
    assert_eq!(faults.len(), 1, "{faults:#?}");
    assert!(faults[0].contains("y.out is missing"), "{faults:#?}");
    assert_eq!(transcripts::strays(folder.path()).len(), 1);
}

/// Runs virsh on a node file.
fn virsh(node: &Node, args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let uri = node.write(&folder.path().join("node.xml"));
    let mut virsh = Command::new("virsh");
    virsh.args(["-q", "-c", &uri]).args(args).env("LC_ALL", "C.UTF-8");
    let output = run(virsh, Duration::from_secs(60));
    assert_eq!(output.status, 0, "virsh {args:?}: {}", output.stderr());
    let lines = output.stdout();
    let lines = lines.lines().filter(|line| !line.is_empty());
    lines.map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ") + "\n").collect()
}

#[test]
fn the_small_node_holds_what_it_says() {
    lab_or_skip!(Need::Program("virsh"));
    let node = Node::small();
    let list = virsh(&node, &["list", "--all"]);
    let mut states: Vec<_> = list.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    states.sort_unstable();
    assert_eq!(states, ["cache paused", "db1 running", "old shut off", "web1 running", "web2 running"]);
    assert_eq!(virsh(&node, &["snapshot-list", "db1", "--name"]), "after\nbefore\n");
    assert_eq!(virsh(&node, &["snapshot-current", "db1", "--name"]), "after\n");
    assert_eq!(virsh(&node, &["net-list", "--all", "--name"]), "default\nisolated\n");
    assert_eq!(virsh(&node, &["vol-list", "default"]).lines().count(), 6);
    assert_eq!(virsh(&node, &["iface-list", "--all"]), "eth1 active aa:bb:cc:dd:ee:ff\n");
    // virsh's nodedev-list passes a flag that the test driver refuses
    assert!(virsh(&node, &["nodedev-dumpxml", "net_eth1"]).contains("<parent>computer</parent>"));
}

#[test]
fn a_node_holds_any_number_of_guests_and_any_name() {
    lab_or_skip!(Need::Program("virsh"));
    let mixed = virsh(&Node::many(22, true), &["list", "--all"]);
    let count = |state: &str| mixed.lines().filter(|line| line.ends_with(state)).count();
    assert_eq!((count("shut off"), count("paused"), count("running")), (7, 2, 13));
    let names = ["a b", "it's <\"&", "zoë"];
    let node = names.iter().zip(1..).fold(Node::empty(), |node, (name, i)| node.domain(Domain::new(name, i)));
    let listed = virsh(&node, &["list", "--name"]);
    assert!(names.iter().all(|name| listed.lines().any(|line| line == *name)), "{listed}");
    let kept = Node::empty().domain(Domain::new("kept", 1).managed_save());
    assert_eq!(virsh(&kept, &["list", "--all", "--managed-save"]), "- kept saved\n");
}

#[test]
fn a_node_can_ask_who_is_there() {
    lab_or_skip!(Need::Program("virsh"));
    let folder = tempfile::tempdir().unwrap();
    let uri = Node::small().user("admin", Some("secret")).write(&folder.path().join("node.xml"));
    let login = "[credentials-t]\nusername=admin\npassword=PASSWORD\n[auth-test-localhost]\ncredentials=t\n";
    for (password, status) in [("secret", 0), ("wrong", 1)] {
        let file = folder.path().join(password);
        std::fs::write(&file, login.replace("PASSWORD", password)).unwrap();
        let mut virsh = Command::new("virsh");
        virsh.args(["-q", "-c", &uri, "list"]).env("LIBVIRT_AUTH_FILE", file);
        let output = run(virsh, Duration::from_secs(60));
        assert_eq!(output.status, status, "{}", output.stderr());
    }
}

#[test]
fn a_terminal_shows_the_screen_and_takes_keys() {
    lab_or_skip!(Need::Program("tmux"));
    let bash = Virhai::of("/bin/bash").args(["--norc", "-i"]).env("PS1", "$ ");
    let terminal = Terminal::open(bash, 50, 10);
    terminal.wait_for_last_line("$");
    terminal.line("stty size; pwd; echo a'  'b;");
    terminal.wait_for("10 50\n");
    terminal.wait_for("/work\na  b\n$");
    terminal.text("echo wrong");
    terminal.keys(&["C-u"]);
    terminal.wait_for_last_line("$");
    assert_eq!(terminal.cursor().0, 2);
    terminal.line("sleep 61");
    terminal.keys(&["C-c"]);
    terminal.wait_for("^C\n$");
    terminal.resize(40, 12);
    terminal.line("clear; stty size; printf '\\e[31mred\\e[m\\n'");
    terminal.wait_for("12 40\nred");
    assert!(terminal.coloured_screen().contains("\x1b[31mred"));
    terminal.paste("echo pasted;");
    terminal.keys(&["Enter"]);
    terminal.wait_for("\npasted\n");
    assert!(lives(terminal.pid()));
    terminal.line("exit 5");
    assert_eq!(terminal.wait_exit(), 5);
}
