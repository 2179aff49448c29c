//! The prompt: what it answers (transcripts), and what a person at a terminal sees.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use virhai::api::permissions::Permissions;
use virhai::config::Prompt;
use virhai::libvirt::{Door, Interrupt, Rules};
use virhai::output::{Format, Options, Palette};
use virhai::repl::{HISTORY_FILE, Setup, Transcript};
use virhai::session::{Session, Settings};

use crate::support::process::send_signal;
use crate::support::{
    Daemon, Need, Node, Terminal, Virhai, eventually, lab_or_skip, project, prompt_of, transcripts, turn,
    within,
};

/// The prompt of libvirt's test driver.
const PROMPT: &str = "test:///default> ";

/// A prompt without a terminal on libvirt's test driver.
fn transcript(_: &Path) -> impl FnMut(&str) -> String + use<> {
    transcript_on("test:///default")
}

/// A prompt without a terminal.
pub(crate) fn transcript_on(uri: &str) -> impl FnMut(&str) -> String + use<> {
    let session = Session::new(Settings {
        door: Door::new(Rules::default(), Interrupt::default()).into(),
        permissions: Permissions::default(),
        uri: Some(uri.into()),
        args: Vec::new(),
        folder: None,
        library: None,
        view: virhai::output::View::default(),
        history: None,
    });
    let mut transcript = Transcript::new(Setup {
        session,
        options: Options::new(Format::Table),
        stderr: Palette::PLAIN,
        typed: Palette::PLAIN,
        prompt: Prompt::default(),
        site: virhai::repl::Site::default(),
        manner: virhai::repl::Manner::Own,
        history: None,
    });
    move |line| transcript.line(line)
}

#[test]
fn transcripts_read_as_before() {
    let folder = project("tests/transcripts");
    assert_eq!(transcripts::run_all(&folder, transcript), [""; 0]);
}

/// A terminal with the prompt of the test driver in it, ready for input.
fn open(virhai: Virhai) -> Terminal {
    let terminal = Terminal::open(virhai.connect("test:///default"), 100, 30);
    terminal.wait_for_last_line(PROMPT);
    terminal
}

/// Types a line and waits for its answer and the next prompt.
#[track_caller]
fn answer(terminal: &Terminal, line: &str, expected: &str) {
    terminal.line(line);
    terminal.wait_until(&format!("{expected:?} and a prompt"), |screen| {
        let mut lines = screen.lines().rev();
        lines.next().is_some_and(|last| last.trim_end() == PROMPT.trim_end())
            && lines.next().is_some_and(|line| line.contains(expected))
    });
}

#[test]
fn tab_completes_a_member_of_what_a_call_gives() {
    let terminal = open(Virhai::new());
    terminal.text("domain(\"test\").persis");
    terminal.keys(&["Tab", "Enter"]);
    terminal.wait_for("domain(\"test\").persistent\ntrue\n");
    terminal.text("domain(\"t");
    terminal.keys(&["Tab"]);
    terminal.wait_for("> domain(\"test\"");
    terminal.text(").sna");
    terminal.keys(&["Tab"]);
    terminal.wait_for("Takes a snapshot of the guest");
}

#[test]
fn an_input_of_several_lines_is_one_input() {
    let terminal = open(Virhai::new());
    terminal.line("for i in 1..3 {");
    terminal.line("print(`number ${i}`)");
    terminal.line("}");
    terminal.wait_for("number 1\nnumber 2\n");
    terminal.wait_for_last_line(PROMPT);
    terminal.keys(&["Up"]);
    terminal.wait_for_last_line("}");
}

#[test]
fn pasted_lines_are_one_input_that_waits_for_enter() {
    let terminal = open(Virhai::new());
    terminal.paste("let a = 20;\nlet b = 22;\na + b");
    terminal.wait_for_last_line("a + b");
    terminal.keys(&["Enter"]);
    terminal.wait_for("a + b\n42\n");
}

#[test]
fn ctrl_c_ends_what_runs_and_keeps_the_variables() {
    let terminal = open(Virhai::new());
    answer(&terminal, "let n = 41; n", "41");
    for endless in ["loop { }", "sleep(1000)", "while true { sleep(0.001) }"] {
        terminal.line(endless);
        terminal.wait_for_last_line(&format!("{PROMPT}{endless}"));
        // Only once it runs is the terminal its own again, and ^C shown.
        eventually(Duration::from_secs(10), "the interruption", || {
            terminal.keys(&["C-c"]);
            std::thread::sleep(Duration::from_millis(300));
            terminal.screen().ends_with(PROMPT.trim_end()).then_some(())
        });
    }
    answer(&terminal, "n + 1", "42");
}

#[test]
fn ctrl_c_while_typing_drops_the_line_and_ctrl_d_leaves() {
    let terminal = open(Virhai::new());
    terminal.text("domain(\"nonsense");
    terminal.wait_for("domain(\"nonsense");
    terminal.keys(&["C-c"]);
    // Ctrl-D means the end only to a prompt that reads again.
    terminal.wait_for_last_line(PROMPT);
    terminal.keys(&["C-d"]);
    assert_eq!(terminal.wait_exit(), 0);
}

#[test]
fn exit_gives_its_status() {
    let terminal = open(Virhai::new());
    terminal.line("exit(7)");
    assert_eq!(terminal.wait_exit(), 7);
}

#[test]
fn sigterm_ends_the_prompt_and_restores_the_terminal() {
    let terminal = open(Virhai::new());
    send_signal(&terminal.pid().to_string(), "TERM");
    assert_eq!(terminal.wait_exit(), 143);
}

#[test]
fn the_history_is_private_and_holds_no_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_str().unwrap().to_owned();
    let terminal = open(Virhai::new().env("STATE_DIRECTORY", &state));
    answer(&terminal, "40 + 2", "42");
    answer(&terminal, " 40 + 3", "43");
    answer(&terminal, "`password=${40 + 4}`", "44");
    terminal.keys(&["C-d"]);
    terminal.wait_exit();
    let file = folder.path().join(HISTORY_FILE);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "#V2\n40 + 2\n");
    let again = open(Virhai::new().env("STATE_DIRECTORY", &state));
    again.keys(&["Up"]);
    again.wait_for_last_line(&format!("{PROMPT}40 + 2"));
}

#[test]
fn long_output_goes_through_the_pager() {
    let terminal = open(Virhai::new().env("PAGER", "sed 's/^/paged /'"));
    answer(&terminal, "let a = []; for i in 1..60 { a.push(i) } a", "paged 59");
    answer(&terminal, "a[3]", "4");
    assert!(!terminal.screen().contains("paged 4\n"), "{}", terminal.screen());
}

#[test]
fn colours_follow_the_rules() {
    let plain = open(Virhai::new().env("NO_COLOR", "1"));
    plain.text("let x = \"a\"");
    plain.wait_for("let x = \"a\"");
    assert!(!plain.coloured_screen().contains('\x1b'), "{:?}", plain.coloured_screen());
    let coloured = open(Virhai::new());
    coloured.text("let x = \"a\"");
    coloured.wait_for("let x = \"a\"");
    assert!(coloured.coloured_screen().contains("\x1b[32m\"a\""), "{:?}", coloured.coloured_screen());
}

#[test]
fn the_prompt_says_read_only_and_the_daemon_refuses() {
    let terminal = Terminal::open(Virhai::new().args(["-r"]).connect("test:///default"), 100, 30);
    terminal.wait_for_last_line("test:///default (read-only)> ");
    terminal.line("domain(\"test\").destroy()");
    terminal.wait_for("read-only");
}

#[test]
fn a_name_and_a_password_are_asked_for_and_the_password_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let uri = Node::small().user("admin", Some("secret")).write(&folder.path().join("node.xml"));
    let terminal = Terminal::open(Virhai::new().connect(&uri), 100, 30);
    terminal.wait_for_last_line(&format!("{uri}> "));
    terminal.line("domains().len() + 70");
    terminal.wait_for("username for");
    terminal.line("admin");
    terminal.wait_for("password for");
    terminal.line("secret");
    terminal.wait_for("\n7");
    assert!(!terminal.whole_screen().contains("secret"), "{}", terminal.whole_screen());
}

#[test]
fn a_hung_daemon_gives_the_prompt_back_and_a_dead_one_is_told() {
    lab_or_skip!(Need::Daemon);
    let daemon = Daemon::start();
    let _turn = turn::alone();
    let terminal = Terminal::open(Virhai::new().connect(&daemon.uri()), 100, 30);
    let prompt = prompt_of(&daemon.uri());
    terminal.wait_for_last_line(&prompt);
    terminal.line("let n = 41; domains()");
    terminal.wait_for("[]");
    terminal.wait_for_last_line(&prompt);

    daemon.stop_signal();
    terminal.text("domain(\"");
    terminal.keys(&["Tab"]);
    terminal.text("x");
    within(terminal.wait_for("domain(\"x"), Duration::from_secs(1));
    terminal.keys(&["C-c"]);
    terminal.wait_for_last_line(&prompt);
    terminal.line("domains()");
    terminal.wait_for_last_line(&format!("{prompt}domains()"));
    // The call is under way: nothing else is seen of it.
    std::thread::sleep(Duration::from_secs(1));
    terminal.keys(&["C-c"]);
    within(terminal.wait_for_last_line(&prompt), Duration::from_secs(1));
    terminal.line("n + 1");
    terminal.wait_for("\n42\n");

    daemon.cont_signal();
    terminal.line("domains().len() + 70");
    terminal.wait_for("\n70\n");
    daemon.kill9();
    terminal.line("n + 2");
    terminal.wait_for("was lost; its next use");
    assert_eq!(terminal.whole_screen().matches("was lost").count(), 1);
    daemon.again();
    terminal.line("domains().len() + 80");
    terminal.wait_for("\n80\n");
}
