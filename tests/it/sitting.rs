//! What the prompt's own commands and keys do: saving, timing, watching, connecting, aliases, editing.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use virhai::api::permissions::Permissions;
use virhai::config::Prompt;
use virhai::output::{Format, Options, Palette};
use virhai::repl::{Manner, Setup, Site, Transcript};
use virhai::session::{Session, Settings};

use crate::support::{Terminal, Virhai, eventually};

const URI: &str = "test:///default";
const PROMPT: &str = "test:///default> ";

/// A prompt without a terminal on libvirt's test driver.
fn transcript() -> Transcript {
    let session = Session::new(Settings {
        door: std::sync::Arc::default(),
        permissions: Permissions::default(),
        uri: Some(URI.into()),
        args: Vec::new(),
        folder: None,
        library: None,
        view: virhai::output::View::default(),
        history: None,
    });
    Transcript::new(Setup {
        session,
        options: Options::new(Format::Table),
        stderr: Palette::PLAIN,
        typed: Palette::PLAIN,
        prompt: Prompt::default(),
        site: Site::default(),
        manner: Manner::Own,
        history: None,
    })
}

fn open(virhai: Virhai) -> Terminal {
    let terminal = Terminal::open(virhai.connect(URI), 100, 30);
    terminal.wait_for_last_line(PROMPT);
    terminal
}

/// Types a line once the prompt is there to take it.
#[track_caller]
fn type_line(terminal: &Terminal, line: &str) {
    terminal.wait_until("an empty prompt", |screen| {
        screen.lines().last().is_some_and(|last| last.trim_end() == PROMPT.trim_end())
    });
    terminal.text(line);
    terminal.wait_for(&format!("> {line}"));
    terminal.keys(&["Enter"]);
}

/// A world whose configuration is this.
fn configured(text: &str) -> Virhai {
    Virhai::new().home_file(".config/virhai/config.toml", text)
}

/// An editor that changes a file with sed.
fn editor(folder: &Path, command: &str) -> String {
    let path = folder.join("editor");
    std::fs::write(&path, format!("#!/bin/sh\nsed -i '{command}' \"$1\"\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

#[test]
fn a_saved_session_passes_check_and_gives_the_same_in_batch() {
    const FAILS: &str = "nonsense(sizes)";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("night.rhai").display().to_string();
    let mut session = transcript();
    let mut shown = String::new();
    for line in [
        "import \"table\" as t;",
        "fn twice(x) { x * 2 }",
        "fn greeting(vm) { `${vm.name} is ${vm.state}` } // for the report",
        "let sizes = [];",
        "for i in 1..4 { sizes.push(twice(i)); print(`size ${twice(i)}`) }",
        FAILS,
        "suspend test; domstate test --reason",
        "greeting(domain(\"test\"))",
        "sizes.push(t::sum_by(sizes, |n| n)); sizes",
        "it.len() + 1",
        "fn twice(x) { x + x }",
        "list --all",
        "#{ twice: twice(4), guests: it.len() }",
        "if sizes.len() > 3 { \"many\" } else { \"few\" }",
    ] {
        let answer = session.line(line);
        assert_eq!(answer.contains("error"), line == FAILS, "{line}: {answer}");
        if line != FAILS {
            shown.push_str(&answer);
        }
    }
    assert!(shown.contains("size 6\n") && shown.contains("Domain 'test' suspended"), "{shown}");
    assert_eq!(session.line(&format!(":save {file}")), format!("saved 14 lines as {file}\n"));

    let script = std::fs::read_to_string(&file).unwrap();
    assert!(script.starts_with("#!/usr/bin/env virhai\n") && !script.contains("nonsense"), "{script}");
    assert!(script.contains("virsh::suspend(#{ domain: \"test\" })"), "{script}");
    Virhai::new().args(["check", &file]).run();
    Virhai::new().connect(URI).args(["-o", "table", &file]).stdout(shown).run();
}

#[test]
fn saving_replaces_a_file_only_when_told_to_and_loading_brings_everything_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.rhai").display().to_string();
    let mut session = transcript();
    session.line("fn twice(x) { x * 2 }");
    session.line("let n = 20;");
    assert_eq!(session.line(&format!(":save {file}")), format!("saved 2 lines as {file}\n"));
    let before = std::fs::read_to_string(&file).unwrap();
    session.line("n = 21;");
    let refused = session.line(&format!(":save {file}"));
    assert!(refused.contains("is there already") && refused.contains(":save! "), "{refused}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
    assert_eq!(session.line(&format!(":save! {file}")), format!("saved 3 lines as {file}\n"));

    let mut other = transcript();
    assert_eq!(other.line(&format!(":load {file}")), "");
    assert_eq!(other.line("twice(n)"), "42\n");
    std::fs::write(&file, "let m = 1;\nthrow \"no\";").unwrap();
    let failure = other.line(&format!(":load {file}"));
    assert!(failure.contains("no") && failure.contains("a.rhai:2"), "{failure}");
}

#[test]
fn what_a_script_could_not_do_is_told_when_it_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("b.rhai").display().to_string();
    let mut session = transcript();
    session.line("let password = \"geheim\";");
    session.line("let known = 1; nonsense(1)");
    session.line("known + 1");
    let answer = session.line(&format!(":save {file}"));
    assert!(answer.contains("1 left out: a secret may be in them"), "{answer}");
    assert!(answer.contains("needs your eye") && answer.contains("known"), "{answer}");
    assert!(!std::fs::read_to_string(&file).unwrap().contains("geheim"));
}

#[test]
fn watch_draws_in_place_goes_on_after_an_error_and_leaves_the_last_state() {
    let terminal = open(Virhai::new());
    type_line(&terminal, "let n = 0;");
    terminal.wait_for_last_line(PROMPT);
    type_line(&terminal, ":watch { n += 1; if n == 2 { nonsense() } `round ${n}` } 100ms");
    terminal.wait_for("round 5");
    assert!(!terminal.screen().contains("round 1\n"), "{}", terminal.screen());
    terminal.keys(&["C-c"]);
    terminal.wait_for_last_line(PROMPT);
    assert!(terminal.screen().contains("\nround "), "{}", terminal.screen());
    type_line(&terminal, ":watch list --all 100ms");
    terminal.wait_for("Ctrl-C ends");
    terminal.wait_for("1    test   running");
    terminal.keys(&["C-c"]);
    terminal.wait_for_last_line(PROMPT);
    terminal.wait_for("every 100ms: list --all");
}

#[test]
fn ctrl_c_ends_a_watch_that_is_in_the_middle_of_a_round() {
    let terminal = open(Virhai::new());
    type_line(&terminal, "let n = 0;");
    terminal.wait_for_last_line(PROMPT);
    type_line(&terminal, ":watch { n += 1; if n > 1 { sleep(1000) } `round ${n}` } 100ms");
    terminal.wait_for("round 1");
    eventually(std::time::Duration::from_secs(10), "the prompt", || {
        terminal.keys(&["C-c"]);
        std::thread::sleep(std::time::Duration::from_millis(200));
        terminal.screen().ends_with(PROMPT.trim_end()).then_some(())
    });
    assert!(terminal.screen().contains("\nround 1\n"), "{}", terminal.screen());
}

#[test]
fn time_tells_what_an_input_takes_once_or_always() {
    let terminal = open(Virhai::new());
    type_line(&terminal, ":time domains().len() + 40");
    terminal.wait_for("41\n");
    terminal.wait_for(", 1 call to libvirt");
    type_line(&terminal, ":time");
    type_line(&terminal, "40 + 2");
    terminal.wait_for(", no call to libvirt");
    type_line(&terminal, ":time");
    terminal.wait_for("inputs are timed no more");
}

#[test]
fn aliases_and_the_startup_script_come_from_the_configuration() {
    let terminal = open(
        configured(
            "[alias]\nll = \"list --all\"\nn = \"domains().len() + 41\"\nlist = \"uri\"\na = \"b\"\nb = \"a 1\"\n\
             [prompt]\nstartup = \"start.rhai\"\n",
        )
        .home_file(".config/virhai/start.rhai", "fn mine(x) { x + 1 }\nprint(\"good morning\");\n"),
    );
    terminal.wait_for("good morning");
    type_line(&terminal, "ll --title");
    terminal.wait_for("Id   Name   State     Title");
    type_line(&terminal, "n");
    terminal.wait_for("\n42\n");
    type_line(&terminal, "mine(6)");
    terminal.wait_for("\n7\n");
    type_line(&terminal, "a");
    terminal.wait_for("the alias `a` stands for itself: `a`, `b`, `a`");
    type_line(&terminal, "let n = 8;");
    type_line(&terminal, "n");
    terminal.wait_for("\n8\n");
    type_line(&terminal, ":alias");
    terminal.wait_for("not used: `list` is a variable or a command");
    terminal.text("ll --na");
    terminal.keys(&["Tab", "Enter"]);
    terminal.wait_for("ll --name\ntest\n");
}

#[test]
fn hosts_and_log_tell_what_there_is_and_what_was_done() {
    let terminal = open(configured("[hosts.lab]\nuris = [\"test:///default\"]\n"));
    type_line(&terminal, "suspend test");
    terminal.wait_for("suspended");
    type_line(&terminal, "domain(\"test\").suspend()");
    terminal.wait_for("error");
    type_line(&terminal, ":log");
    terminal.wait_until("both changes", |screen| {
        let of =
            |outcome: &str| screen.lines().any(|l| l.contains("domain.suspend  test") && l.contains(outcome));
        of("ok") && of("failed:")
    });
    type_line(&terminal, ":log libvirt");
    terminal.wait_for("message");
    terminal.wait_for("internal error: domain 'test' not running");
    type_line(&terminal, ":connect lab --readonly");
    terminal.wait_for_last_line("test:///default (read-only)> ");
    terminal.line(":hosts");
    terminal.wait_for("this session (now)");
    assert!(terminal.screen().contains("lab   test:///default  configuration"), "{}", terminal.screen());
}

#[test]
fn the_editor_takes_what_is_typed_or_the_last_input() {
    let folder = tempfile::tempdir().unwrap();
    let editor = editor(folder.path(), "s/1/40/");
    let terminal = open(Virhai::new().env("EDITOR", &editor).env("VISUAL", ""));
    terminal.text("1 + 2");
    terminal.keys(&["C-x", "C-e"]);
    terminal.wait_for_last_line(&format!("{PROMPT}40 + 2"));
    terminal.keys(&["Enter"]);
    terminal.wait_for("\n42\n");
    type_line(&terminal, "1 + 7");
    terminal.wait_for("\n8\n");
    type_line(&terminal, ":edit");
    terminal.wait_for_last_line(&format!("{PROMPT}40 + 7"));
    terminal.keys(&["Enter"]);
    terminal.wait_for("\n47\n");
}

#[test]
fn an_editor_that_is_missing_or_fails_leaves_the_input_as_it_was() {
    let terminal = open(Virhai::new().env("VISUAL", "no-such-editor"));
    terminal.text("40 + 2");
    terminal.keys(&["C-x", "C-e"]);
    terminal.wait_for("the editor `no-such-editor` was not found");
    terminal.keys(&["Enter"]);
    terminal.wait_for("\n42\n");
}

#[test]
fn up_brings_back_what_begins_as_the_line_does() {
    let terminal = open(Virhai::new());
    for line in ["let a = 1", "40 + 1", "let b = 2", "40 + 2"] {
        type_line(&terminal, line);
    }
    terminal.wait_for("\n42\n");
    terminal.text("let");
    terminal.keys(&["Up"]);
    terminal.wait_for_last_line(&format!("{PROMPT}let b = 2"));
    terminal.keys(&["Up"]);
    terminal.wait_for_last_line(&format!("{PROMPT}let a = 1"));
    terminal.keys(&["Down", "Down"]);
    terminal.wait_until("what was typed", |screen| {
        screen
            .lines()
            .last()
            .is_some_and(|last| last.starts_with(&format!("{PROMPT}let")) && !last.contains("a ="))
    });
    terminal.keys(&["C-u", "Up"]);
    terminal.wait_for_last_line(&format!("{PROMPT}40 + 2"));
    terminal.text("0");
    terminal.keys(&["Enter"]);
    terminal.wait_for("\n60\n");
}

#[test]
fn enter_and_the_arrows_work_inside_an_input_of_many_lines() {
    let terminal = open(Virhai::new());
    terminal.text("print(1);");
    terminal.keys(&["M-Enter"]);
    terminal.text("print(3);");
    terminal.wait_for_last_line("print(3);");
    terminal.keys(&["Up", "End", "Enter"]);
    terminal.text("print(2);");
    terminal.wait_for("print(1);\nprint(2);\nprint(3);");
    terminal.keys(&["Down", "End", "Enter"]);
    terminal.wait_for("print(3);\n1\n2\n3\n");
    terminal.keys(&["Up"]);
    terminal.wait_for_last_line("print(3);");
}

#[test]
fn the_history_is_searched_in_emacs_and_in_vi_keys() {
    for keys in ["emacs", "vi"] {
        let terminal = open(configured(&format!("[prompt]\nkeys = \"{keys}\"\n")));
        type_line(&terminal, "40 + 2");
        terminal.wait_for("\n42\n");
        type_line(&terminal, "7");
        terminal.wait_for("\n7\n");
        terminal.keys(&["C-r"]);
        terminal.text("40");
        terminal.wait_for("`40': 40 + 2");
        terminal.keys(&["Enter"]);
        terminal.wait_until("the sum again", |screen| screen.matches("\n42").count() == 2);
    }
}
