//! What the prompt teaches while one types, and terminals that can do less than most.

use std::ops::Deref;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::{Node, Terminal, Virhai, eventually};

const PROMPT: &str = "test:///default> ";

/// A terminal with a prompt that has no history.
struct Prompt {
    terminal: Terminal,
    _state: TempDir,
}

impl Deref for Prompt {
    type Target = Terminal;

    fn deref(&self) -> &Terminal {
        &self.terminal
    }
}

fn open_at(virhai: Virhai, columns: u16, rows: u16) -> Prompt {
    let state = tempfile::tempdir().unwrap();
    let virhai = virhai.env("STATE_DIRECTORY", state.path()).env("PAGER", "cat");
    let terminal = Terminal::open(virhai.connect("test:///default"), columns, rows);
    terminal.wait_for_last_line(PROMPT);
    Prompt { terminal, _state: state }
}

fn open(virhai: Virhai) -> Prompt {
    open_at(virhai, 100, 40)
}

/// Types until what is made in the background is there: it is seen at the next key.
fn wait_for_catalog(terminal: &Terminal) {
    terminal.text("domain(");
    eventually(Duration::from_secs(30), "the parameters of a call", || {
        terminal.keys(&["x", "BSpace"]);
        terminal.screen().contains("domain(name) -> Domain").then_some(())
    });
    terminal.keys(&["C-c"]);
    terminal.wait_for_last_line(PROMPT);
}

#[test]
fn a_wrong_name_is_underlined_once_it_has_been_typed_past() {
    let terminal = open(Virhai::new());
    wait_for_catalog(&terminal);
    let underlined = |word: &str| {
        let screen = terminal.coloured_screen();
        let (before, _) = screen.rsplit_once(word).expect("the word is on the screen");
        let style = before.trim_end_matches(|c: char| c.is_ascii_digit() || "\x1b[;m".contains(c)).len();
        before[style..].contains("31m")
    };
    terminal.text("domian");
    terminal.wait_for("> domian");
    assert!(!underlined("domian"), "{:?}", terminal.coloured_screen());
    terminal.text("(\"test\")");
    terminal.wait_for("domian(\"test\")");
    assert!(underlined("domian"), "{:?}", terminal.coloured_screen());
    for _ in 0..12 {
        terminal.keys(&["BSpace"]);
    }
    terminal.text("main(\"test\").shutdwn().");
    terminal.wait_for("domain(\"test\").shutdwn().");
    assert!(!underlined("domain") && underlined("shutdwn"), "{:?}", terminal.coloured_screen());
}

#[test]
fn inside_a_call_its_parameters_are_shown_also_in_the_middle_of_the_line() {
    let terminal = open(Virhai::new());
    wait_for_catalog(&terminal);
    terminal.text("domain(\"test\").wait(\"running\", ");
    terminal.wait_for("Domain.wait(what, timeout) -> bool");
    terminal.text("5, #{");
    terminal.wait_for("Domain.wait(what, timeout, options: map)");
    terminal.keys(&["C-u"]);
    terminal.text("f(2) + sleep()");
    terminal.keys(&["Left"]);
    terminal.text("1");
    terminal.wait_for("sleep(1)   sleep(");
    terminal.keys(&["C-c"]);
    terminal.text("domstate ");
    terminal.wait_for("domstate    <domain>");
}

#[test]
fn help_looks_at_the_session_and_completes_its_topics() {
    // As many rows as the list of topics and all around it takes.
    let terminal = open_at(Virhai::new(), 100, 60);
    terminal.text("help snapsh");
    terminal.keys(&["Tab", "Enter"]);
    terminal.wait_for("Take a guest back to what it was");
    terminal.wait_for_last_line(PROMPT);
    terminal.line("domain(\"tset\")");
    terminal.wait_for("did you mean \"test\"?");
    terminal.keys(&["C-l"]);
    terminal.line("help");
    terminal.wait_for("help errors");
    terminal.wait_for("The last line failed: Domain not found; did you mean \"test\"?.");
}

#[test]
fn a_narrow_screen_breaks_the_list_of_commands_between_words() {
    let terminal = Terminal::open(Virhai::new().connect("test:///default"), 60, 50);
    terminal.wait_for_last_line(PROMPT);
    terminal.line(":help");
    terminal.wait_for("Leaves; so do");
    let screen = terminal.screen();
    let lines: Vec<&str> = screen.lines().collect();
    let begin = lines.iter().position(|line| line.trim_start().starts_with(":time")).unwrap();
    let end = lines.iter().position(|line| line.trim_start().starts_with(":watch")).unwrap();
    let said = lines[begin..end].join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.ends_with("how many calls to libvirt; alone: every input."), "{screen}");
}

#[test]
fn what_virsh_still_takes_leaves_out_what_was_typed() {
    let terminal = open(Virhai::new().env("NO_COLOR", "1"));
    terminal.text("attach-disk test ");
    terminal.wait_for("attach-disk test    <source> <target> [--");
    terminal.text("a vdb --per");
    terminal.wait_for_last_line(&format!("{PROMPT}attach-disk test a vdb --per   [--persistent]"));
}

#[test]
fn a_dumb_terminal_and_plain_mode_draw_nothing() {
    let plain = Virhai::new().env("VIRHAI_PROMPT_PLAIN", "true");
    for virhai in [Virhai::new().env("TERM", "dumb"), plain] {
        let terminal = open(virhai);
        terminal.line("domain(\"test\").name");
        terminal.wait_for(&format!("{PROMPT}domain(\"test\").name\ntest\n{}", PROMPT.trim_end()));
        terminal.line("for i in 1..3 {");
        terminal.wait_for_last_line("...");
        terminal.line("print(i)");
        terminal.wait_for("... print(i)\n...");
        terminal.line("}");
        terminal.wait_for("... }\n1\n2\n");
        terminal.text("half a line");
        terminal.keys(&["C-c"]);
        terminal.wait_for_last_line(PROMPT);
        terminal.line("sleep(100)");
        terminal.wait_for_last_line(&format!("{PROMPT}sleep(100)"));
        // Nothing is seen of the call, and only once it runs can it be interrupted.
        eventually(Duration::from_secs(20), "the interruption", || {
            terminal.keys(&["C-c"]);
            std::thread::sleep(Duration::from_millis(300));
            terminal.screen().ends_with(PROMPT.trim_end()).then_some(())
        });
        terminal.line("domains()");
        terminal.wait_for("running");
        assert!(!terminal.coloured_screen().contains('\x1b'), "{:?}", terminal.coloured_screen());
        terminal.keys(&["C-d"]);
        assert_eq!(terminal.wait_exit(), 0);
    }
}

#[test]
fn a_terminal_without_utf8_gets_ascii() {
    let terminal = open_at(Virhai::new().env("LC_ALL", "C"), 40, 40);
    terminal.line("\"cut\\u2026\"");
    terminal.wait_for("\ncut~\n");
    terminal.line("domains()");
    terminal.wait_for("running");
    assert!(terminal.screen().is_ascii(), "{}", terminal.screen());
}

#[test]
fn forty_columns_are_enough_to_read() {
    let terminal = open_at(Virhai::new(), 40, 40);
    terminal.line("?Domain.start");
    terminal.wait_for("  `operation_invalid` when it runs\n  already.\n");
    terminal.wait_for_last_line(PROMPT);
    terminal.text("domain(\"t");
    terminal.keys(&["Tab"]);
    terminal.wait_for("domain(\"test\"");
}

#[test]
fn a_table_follows_the_width_of_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let uri = Node::small().write(&folder.path().join("node.xml"));
    let terminal = Terminal::open(Virhai::new().connect(&uri), 100, 30);
    terminal.wait_for_last_line(&format!("{uri}> "));
    terminal.line("domains()");
    terminal.wait_for("uuid");
    terminal.resize(44, 30);
    terminal.keys(&["C-l"]);
    terminal.line("domains()");
    terminal.wait_until("a table without the column that is too wide", |screen| {
        let heading = screen.lines().find(|line| line.starts_with("name ")).unwrap_or_default();
        heading.contains("state") && !heading.contains("uuid")
    });
}
