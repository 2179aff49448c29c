//! Completion at a terminal: what Tab shows, and what it never does.

use std::time::{Duration, Instant};

use crate::support::{Daemon, Need, Terminal, Virhai, lab_or_skip, turn, within};

/// A terminal with a prompt on a URI, ready for input, and without anybody's history.
fn open(uri: &str, columns: u16) -> Terminal {
    let virhai = Virhai::new();
    let state = virhai.work().join("state");
    let state = state.to_str().expect("a plain path");
    let terminal = Terminal::open(virhai.env("STATE_DIRECTORY", state).connect(uri), columns, 30);
    wait_for_prompt(&terminal);
    terminal
}

/// Waits until nothing is typed yet: what is typed before that may be thrown away.
fn wait_for_prompt(terminal: &Terminal) {
    terminal.wait_until("an empty prompt", |screen| screen.ends_with('>'));
}

/// Drops what is typed.
fn drop_line(terminal: &Terminal) {
    terminal.keys(&["C-c"]);
    wait_for_prompt(terminal);
}

/// Evaluates a line and waits for its answer.
fn answer(terminal: &Terminal, line: &str, expected: &str) {
    terminal.line(line);
    terminal.wait_for(&format!("{line}\n{expected}\n"));
    wait_for_prompt(terminal);
}

/// Types what is given, presses Tab and waits for a text on the screen.
fn tab(terminal: &Terminal, typed: &str, expected: &str) {
    terminal.text(typed);
    terminal.keys(&["Tab"]);
    terminal.wait_for(expected);
    drop_line(terminal);
}

#[test]
fn letters_in_order_are_completed_and_nothing_typed_is_lost() {
    let terminal = open("test:///default", 100);
    tab(&terminal, "domain(\"test\").snapcrx", "domain(\"test\").snapshot_create_xml(");
    // These begin in different ways: what was typed stays, and all are shown.
    terminal.text("domain(\"test\").mst");
    terminal.keys(&["Tab"]);
    terminal.wait_for("\nmemory_stats(");
    terminal.wait_for("\nset_memory_stats_period(");
    terminal.wait_until("what was typed", |screen| {
        screen.lines().last().is_some_and(|line| line.contains("> domain(\"test\").mst"))
    });
}

#[test]
fn what_was_used_last_is_offered_first() {
    let terminal = open("test:///default", 100);
    answer(&terminal, "domain(\"test\").snapshots().len()", "0");
    terminal.text("domain(\"test\").snapshot");
    terminal.keys(&["Tab"]);
    terminal.wait_until("what was used before what begins the alphabet", |screen| {
        let place = |word: &str| screen.lines().position(|line| line.starts_with(word));
        matches!((place("snapshots("), place("snapshot(")), (Some(first), Some(second)) if first < second)
    });
}

#[test]
fn a_new_guest_is_offered_as_soon_as_its_event_has_come() {
    let terminal = open("test:///default", 100);
    answer(&terminal, "domains().len()", "1");
    tab(&terminal, "domain(\"te", "domain(\"test\"");
    let definition =
        "<domain type='test'><name>newborn</name><memory>1024</memory><os><type>hvm</type></os></domain>";
    terminal.line(&format!("conn().define_domain(\"{definition}\").name"));
    terminal.wait_for("\nnewborn\n");
    wait_for_prompt(&terminal);
    terminal.text("domain(\"newb");
    terminal.wait_until("the name of the new guest", |screen| {
        terminal.keys(&["Tab"]);
        screen.contains("domain(\"newborn\"")
    });
}

#[test]
fn completion_opens_no_connection_and_asks_for_no_password() {
    // Opening this one would ask for a password.
    let terminal = open("esx://nobody@localhost.invalid/", 100);
    for typed in
        ["domain(\"", "start ", "domain(\"x\").snapshot(\"", "domain(\"x\").xml[\"", "pool(\"a\").volume(\""]
    {
        terminal.text(typed);
        terminal.keys(&["Tab", "Tab"]);
        terminal.text("x");
        terminal.wait_for(&format!("> {typed}x"));
        drop_line(&terminal);
    }
    answer(&terminal, "conn().is_open()", "false");
    assert!(!terminal.whole_screen().to_lowercase().contains("password"));
}

#[test]
fn a_daemon_that_hangs_holds_no_keystroke() {
    lab_or_skip!(Need::Daemon);
    let daemon = Daemon::start();
    let _turn = turn::alone();
    let terminal = open(&daemon.uri_for("test"), 160);
    answer(&terminal, "domains().len()", "1");
    daemon.stop_signal();
    for typed in
        ["network(\"", "pool(\"", "secret(\"", "start ", "domain(\"te", "domain(\"test\").snapshot(\""]
    {
        terminal.text(typed);
        let start = Instant::now();
        terminal.keys(&["Tab"]);
        terminal.text("x");
        terminal.wait_for(&format!("> {typed}x"));
        // A quarter of a second, and the time that tmux takes.
        within(start.elapsed(), Duration::from_secs(1));
        drop_line(&terminal);
    }
    daemon.cont_signal();
    answer(&terminal, "domains().len() + 41", "42");
}
