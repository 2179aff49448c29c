//! How a prompt ends, is stopped and goes on.

use std::time::Duration;

use super::player::Player;
use crate::support::process::{lives, send_signal};
use crate::support::{Need, Pty, Terminal, Virhai, eventually, lab_or_skip};

fn world() -> Virhai {
    Virhai::new().small_node()
}

#[test]
fn ctrl_d_deletes_in_a_line_and_leaves_at_an_empty_one() {
    let player = Player::open(world(), "node>");
    player.play("# in a line\n> 12+34<Home><C-d><Enter>\n  36\n> 1 + 1<C-d><Enter>\n  2");
    player.terminal.keys(&["C-d"]);
    assert_eq!(player.terminal.wait_exit(), 0);
}

#[test]
fn there_are_words_for_leaving() {
    for (word, status) in
        [("exit", 0), ("quit", 0), (":quit", 0), ("exit(3)", 3), ("fn f() { exit(4) } f()", 4)]
    {
        let player = Player::open(world(), "node>");
        player.terminal.line(word);
        assert_eq!(player.terminal.wait_exit(), status, "{word}");
    }
}

#[test]
fn a_window_that_is_closed_ends_the_prompt_and_keeps_the_history() {
    let folder = tempfile::tempdir().unwrap();
    for state in ["while typing", "in a loop", "asleep"] {
        let mut pty = Pty::open(world().env("STATE_DIRECTORY", folder.path()));
        pty.wait_for("> ");
        pty.forget();
        pty.send(format!("let x = \"{state}\"; 40 + 2\r").as_bytes());
        pty.wait_for("42");
        match state {
            "in a loop" => pty.send(b"print(\"go\" + 1); loop {}\r"),
            "asleep" => pty.send(b"print(\"go\" + 1); sleep(1000)\r"),
            _ => pty.send(b"half a line, go1"),
        }
        pty.wait_for("go1");
        pty.close();
        assert_eq!(pty.wait_exit(), 143, "{state}");
    }
    let history = std::fs::read_to_string(folder.path().join(virhai::repl::HISTORY_FILE)).unwrap();
    for state in ["while typing", "in a loop", "asleep"] {
        assert!(history.contains(state), "{history}");
    }
}

#[test]
fn a_signal_ends_the_prompt_whatever_it_does() {
    for (busy, signal, status) in
        [("loop {}", "TERM", 143), ("sleep(1000)", "TERM", 143), ("1 + 1", "HUP", 143)]
    {
        let terminal = Terminal::open(world(), 100, 30);
        terminal.wait_until("the prompt", |screen| screen.ends_with('>'));
        terminal.line(&format!("print(\"go\" + 1); {busy}"));
        terminal.wait_for("\ngo1");
        send_signal(&terminal.pid().to_string(), signal);
        assert_eq!(terminal.wait_exit(), status, "{busy}");
        assert!(!terminal.screen().contains("panicked"), "{}", terminal.screen());
    }
}

#[test]
fn ctrl_z_stops_it_and_fg_goes_on_with_what_was_typed() {
    lab_or_skip!(Need::Program("bash"));
    let shell = Virhai::of("/bin/bash")
        .args(["--norc", "--noprofile", "-i"])
        .env("PS1", "shell$ ")
        .env("HISTFILE", "");
    let player = Player::open(shell, "shell$");
    let virhai = env!("CARGO_BIN_EXE_virhai");
    player.terminal.line(&format!("{virhai} -c test:///default"));
    let prompt = "test:///default>";
    player.wait("the prompt", |screen| screen.ends_with(prompt));
    player.terminal.press("domains().len() + <C-z>");
    player.wait("the shell", |screen| screen.ends_with("shell$"));
    player.terminal.press("fg<Enter>");
    player.wait("what was typed", |screen| screen.ends_with("domains().len() +"));
    player.terminal.press("70<Enter>");
    player.wait("the answer", |screen| screen.ends_with(&format!("\n71\n{prompt}")));
    // While it evaluates.
    player.terminal.line("print(\"go\" + 1); sleep(2); \"slept\" + 1");
    player.terminal.wait_for("\ngo1");
    player.terminal.keys(&["C-z"]);
    player.wait("the shell", |screen| screen.ends_with("shell$"));
    player.terminal.line("fg");
    player.wait("the answer", |screen| screen.ends_with(&format!("\nslept1\n{prompt}")));
    player.terminal.keys(&["C-d"]);
    player.wait("the shell", |screen| screen.ends_with("shell$"));
    // The terminal is as it was: what is typed is shown.
    player.terminal.line("stty -a");
    player.wait("a usual terminal", |screen| screen.contains(" icanon") && screen.contains(" echo "));
}

#[test]
fn without_a_terminal_on_both_sides_there_is_no_prompt() {
    world().stdin("let a = 6;\nprint(a * 7)").stdout("42\n").run();
    let shell = |line: &str| {
        let virhai = env!("CARGO_BIN_EXE_virhai");
        let shell = Virhai::of("/bin/sh").args(["-c", &line.replace("virhai", virhai)]);
        Terminal::open(shell, 100, 30)
    };
    // Its output is for a program: it reads a script to the end of the input.
    let terminal = shell("virhai -c test:///default | sed 's/^/read: /'; echo end");
    terminal.text("print(6 * 7)\n");
    eventually(Duration::from_secs(20), "the end", || {
        terminal.keys(&["C-d"]);
        terminal.screen().contains("\nend").then_some(())
    });
    assert!(terminal.screen().contains("read: 42"), "{}", terminal.screen());
    assert!(!terminal.screen().contains("default>"), "{}", terminal.screen());
}

#[test]
fn a_program_that_has_ended_leaves_nothing_behind() {
    let terminal = Terminal::open(world(), 100, 30);
    terminal.wait_until("the prompt", |screen| screen.ends_with('>'));
    let pid = terminal.pid();
    drop(terminal);
    eventually(Duration::from_secs(20), "the end", || (!lives(pid)).then_some(()));
}

#[test]
fn ctrl_c_again_and_again_ends_what_runs_and_not_the_session() {
    let player = Player::open(world(), "node>");
    player.play("# before\n> let kept = 41; let many = []; many.pad(3000000, 1);<Enter>\n  node>");
    // Writing it out is one step, which hears nothing until it is done.
    player.terminal.line("to_json(many); 1");
    for _ in 0..8 {
        player.terminal.keys(&["C-c"]);
        std::thread::sleep(Duration::from_millis(120));
    }
    player.play("# after\n> kept + 1<Enter>\n  42");
}
