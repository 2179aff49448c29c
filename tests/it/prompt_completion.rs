//! Completion at a terminal: what Tab shows, and what it never does.

use std::time::{Duration, Instant};

use crate::support::{Daemon, Need, Terminal, Virhai, lab_or_skip, turn, within};

/// A terminal with a prompt on a URI, ready for input.
fn open(uri: &str) -> Terminal {
    let terminal = Terminal::open(Virhai::new().connect(uri), 100, 30);
    terminal.wait_for_last_line(&format!("{uri}> "));
    terminal
}

/// Types what is given, presses Tab and waits for a text on the screen.
fn tab(terminal: &Terminal, typed: &str, expected: &str) {
    terminal.text(typed);
    terminal.keys(&["Tab"]);
    terminal.wait_for(expected);
    terminal.keys(&["C-c"]);
}

#[test]
fn letters_in_order_are_completed_and_nothing_typed_is_lost() {
    let terminal = open("test:///default");
    tab(&terminal, "domain(\"test\").snapcrx", "domain(\"test\").snapshot_create_xml(");
    // Two members fit, which begin in different ways: what was typed stays, and both are shown.
    tab(&terminal, "domain(\"test\").mbv", "domain(\"test\").mbv");
}

#[test]
fn what_was_used_last_is_offered_first() {
    let terminal = open("test:///default");
    terminal.line("domain(\"test\").vcpus");
    terminal.wait_for("vcpus\n2\n");
    terminal.text("domain(\"test\").vc");
    terminal.keys(&["Tab"]);
    terminal.wait_until("the property before the methods", |screen| {
        let place = |word: &str| screen.lines().position(|line| line.trim_start().starts_with(word));
        matches!((place("vcpus"), place("vcpu_")), (Some(first), Some(second)) if first < second)
    });
}

#[test]
fn a_new_guest_is_offered_as_soon_as_its_event_has_come() {
    let terminal = open("test:///default");
    tab(&terminal, "domains().len(); domain(\"", "domain(\"");
    terminal.line("domains().len()");
    terminal.wait_for("len()\n1\n");
    tab(&terminal, "domain(\"te", "domain(\"test\"");
    let definition =
        "<domain type='test'><name>newborn</name><memory>1024</memory><os><type>hvm</type></os></domain>";
    terminal.line(&format!("conn().define_domain(\"{definition}\").name"));
    terminal.wait_for("newborn\n");
    terminal.text("domain(\"newb");
    terminal.wait_until("the name of the new guest", |screen| {
        terminal.keys(&["Tab"]);
        screen.contains("domain(\"newborn\"")
    });
}

#[test]
fn completion_opens_no_connection_and_asks_for_no_password() {
    // Opening this one would ask for a user and a password.
    let terminal = open("esx://nobody@localhost.invalid/");
    for typed in
        ["domain(\"", "start ", "domain(\"x\").snapshot(\"", "domain(\"x\").xml[\"", "pool(\"a\").volume(\""]
    {
        terminal.text(typed);
        terminal.keys(&["Tab", "Tab"]);
        terminal.wait_for_last_line(&format!("esx://nobody@localhost.invalid/> {typed}"));
        terminal.keys(&["C-c"]);
    }
    terminal.line("1 + 1");
    terminal.wait_for("1 + 1\n2\n");
    assert!(!terminal.whole_screen().to_lowercase().contains("password"));
}

#[test]
fn a_daemon_that_hangs_holds_no_keystroke() {
    lab_or_skip!(Need::Daemon);
    let daemon = Daemon::start();
    let _turn = turn::alone();
    let terminal = Terminal::open(Virhai::new().connect(&daemon.uri_for("test")), 160, 30);
    terminal.wait_for_last_line("test+unix:///default> ");
    terminal.line("domains().len()");
    terminal.wait_for("\n1\n");
    daemon.stop_signal();
    for typed in
        ["network(\"", "pool(\"", "secret(\"", "start ", "domain(\"te", "domain(\"test\").snapshot(\""]
    {
        terminal.text(typed);
        let start = Instant::now();
        terminal.keys(&["Tab"]);
        terminal.text("x");
        terminal.wait_until("what was typed after Tab", |screen| screen.trim_end().ends_with('x'));
        // A quarter of a second, and the time that tmux takes.
        within(start.elapsed(), Duration::from_secs(1));
        terminal.keys(&["C-c"]);
    }
    daemon.cont_signal();
    terminal.line("domains().len() + 41");
    terminal.wait_for("\n42\n");
}
