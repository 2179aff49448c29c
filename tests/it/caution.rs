//! The prompt takes care: it asks before something is destroyed, takes changes back, and shows events above what is
//! typed.

use virhai::repl::HISTORY_FILE;

use crate::support::{Daemon, Need, Node, Terminal, Virhai, lab_or_skip, prompt_of};

const ASKED: &str = "go on? y(es), n(o), a(ll of this input):";
const GUESTS: &str = "domains().filter(|vm| vm.active).map(|vm| vm.name)";

/// A prompt on a host of its own.
struct Prompt {
    terminal: Terminal,
    text: String,
    _folder: tempfile::TempDir,
}

impl Prompt {
    fn open(virhai: Virhai) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let uri = Node::small().write(&folder.path().join("node.xml"));
        let text = format!("{uri}> ");
        let terminal = Terminal::open(virhai.connect(&uri), 120, 40);
        terminal.wait_for_last_line(&text);
        Self { terminal, text, _folder: folder }
    }

    /// Types a line and waits until it is asked about.
    #[track_caller]
    fn line_asked(&self, line: &str) {
        self.terminal.line(line);
        self.terminal.wait_for_last_line(ASKED);
    }

    /// Asks for the last change to be taken back, and waits for the question.
    #[track_caller]
    fn undo_asked(&self) {
        self.terminal.line(":undo");
        self.terminal.wait_for_last_line("go on? y(es), n(o):");
    }

    /// Types a line, or an answer, and waits for the prompt after it.
    #[track_caller]
    fn line(&self, line: &str) {
        let prompt = self.text.trim_end();
        let prompts = |screen: &str| screen.lines().filter(|line| line.starts_with(prompt)).count();
        let before = prompts(&self.terminal.whole_screen());
        self.terminal.line(line);
        self.terminal.wait_until("the next prompt", |screen| {
            screen.lines().last().is_some_and(|last| last.trim_end() == prompt)
                && prompts(&self.terminal.whole_screen()) > before
        });
    }

    #[track_caller]
    fn running(&self, names: &str) {
        self.line(&format!("print(`running: ${{{GUESTS}.reduce(|a, b| a + \" \" + b, \"\")}}`)"));
        self.terminal.wait_for(format!("\nrunning:  {names}").trim_end());
    }
}

#[test]
fn what_destroys_is_asked_about_and_a_no_changes_nothing() {
    let prompt = Prompt::open(Virhai::new());
    prompt.line_asked("domain(\"web1\").destroy()");
    assert!(prompt.terminal.screen().contains("web1 is running: it is cut off as by pulling the plug"));
    prompt.line("n");
    prompt.terminal.wait_for("domain.destroy web1: not done: the answer was no");
    prompt.line_asked("destroy web2");
    prompt.line("");
    prompt.running("cache db1 web1 web2");
    prompt.line_asked("destroy web2");
    prompt.line("y");
    prompt.terminal.wait_for("Domain 'web2' destroyed");
    prompt.running("cache db1 web1");
}

#[test]
fn all_is_for_the_rest_of_one_input() {
    let prompt = Prompt::open(Virhai::new());
    prompt.line_asked("for vm in domains(#{ active: true }) { vm.destroy() }");
    prompt.line("a");
    prompt.running("");
    assert_eq!(prompt.terminal.whole_screen().matches(ASKED).count(), 1);
    prompt.line("start web1; start web2");
    prompt.line_asked("destroy web1; destroy web2");
    prompt.line("a");
    prompt.running("");
}

#[test]
fn a_guest_and_its_volumes_are_one_question() {
    let prompt = Prompt::open(Virhai::new());
    prompt.line_asked("undefine old --remove-all-storage");
    let question = prompt.terminal.screen();
    assert!(question.contains("the stored definition of old is removed"), "{question}");
    assert!(
        question.contains("old.qcow2 (") && question.contains("is deleted with all that it holds"),
        "{question}"
    );
    prompt.line("n");
    prompt.line("domains().map(|vm| vm.name).contains(\"old\")");
    prompt.terminal.wait_for("\ntrue\n");
    prompt.line_asked("undefine old --remove-all-storage");
    prompt.line("y");
    prompt.terminal.wait_for("old.qcow2) removed.");
}

#[test]
fn ctrl_c_and_ctrl_d_are_a_no() {
    let prompt = Prompt::open(Virhai::new());
    for key in ["C-c", "C-d"] {
        prompt.line_asked("domain(\"web1\").destroy()");
        prompt.terminal.keys(&[key]);
        prompt.terminal.wait_for_last_line(&prompt.text);
    }
    prompt.running("cache db1 web1 web2");
}

#[test]
fn what_was_typed_before_the_question_is_no_answer() {
    let prompt = Prompt::open(Virhai::new());
    prompt.terminal.line("print(\"asleep\"); sleep(3); domain(\"web1\").destroy()");
    prompt.terminal.wait_for_last_line("asleep");
    prompt.terminal.line("y");
    prompt.terminal.wait_for_last_line(ASKED);
    prompt.line("n");
    prompt.running("cache db1 web1 web2");
}

#[test]
fn yes_and_the_configuration_turn_it_off_and_virsh_asks_nothing() {
    for virhai in [Virhai::new().args(["--yes"]), Virhai::new().env("VIRHAI_PROMPT_CONFIRM", "no")] {
        let prompt = Prompt::open(virhai);
        prompt.line("domain(\"web1\").destroy()");
        prompt.line("destroy web2");
        prompt.running("cache db1");
    }
    let folder = tempfile::tempdir().unwrap();
    let uri = Node::small().write(&folder.path().join("node.xml"));
    let virsh = Terminal::open(Virhai::new().args(["virsh", "-c", &uri]), 100, 30);
    virsh.wait_for_last_line("virsh #");
    virsh.line("destroy web1");
    virsh.wait_for("Domain 'web1' destroyed");
}

#[test]
fn scripts_one_liners_and_the_startup_script_are_not_asked() {
    let folder = tempfile::tempdir().unwrap();
    let uri = Node::small().write(&folder.path().join("node.xml"));
    let destroy = "domain(\"web1\").destroy(); print(domain(\"web1\").state)";
    Virhai::new().connect(&uri).args(["-e", destroy]).stdout("shutoff\n").run();
    Virhai::new().connect(&uri).file("x.rhai", destroy).args(["x.rhai"]).stdout("shutoff\n").run();
    let startup = folder.path().join("startup.rhai");
    std::fs::write(&startup, destroy).unwrap();
    let prompt = Prompt::open(Virhai::new().env("VIRHAI_PROMPT_STARTUP", startup.to_str().unwrap()));
    prompt.terminal.wait_for("shutoff\n");
    prompt.running("cache db1 web2");
}

#[test]
fn undo_shows_what_it_will_do_and_takes_the_change_back() {
    let prompt = Prompt::open(Virhai::new());
    prompt.line(":undo");
    prompt.terminal.wait_for("there is no change to undo");
    prompt.line("domain(\"old\").set_autostart(true)");
    prompt.undo_asked();
    assert!(prompt.terminal.screen().contains("domain.set_autostart old on "));
    assert!(prompt.terminal.screen().contains("it does not start with the host any more"));
    prompt.line("n");
    prompt.line("domain(\"old\").autostart");
    prompt.terminal.wait_for("autostart\ntrue\n");
    prompt.undo_asked();
    prompt.line("y");
    prompt.line("print(`autostart is ${domain(\"old\").autostart}`)");
    prompt.terminal.wait_for("autostart is false\n");
    prompt.line("start old");
    prompt.line(":undo");
    prompt.terminal.wait_for("`domain.start old` cannot be undone");
}

#[test]
fn the_prompt_has_the_colour_of_what_it_can_do() {
    let coloured = |arguments: &[&str], prompt: &str| {
        let terminal = Terminal::open(Virhai::new().args(arguments.to_vec()), 100, 10);
        terminal.wait_for_last_line(prompt);
        terminal.coloured_screen()
    };
    assert!(coloured(&["-c", "test:///default"], "test:///default>").contains("\x1b[1mtest:///default>"));
    let readonly = coloured(&["-r", "-c", "test:///default"], "test:///default (read-only)>");
    assert!(readonly.contains("\x1b[32mtest:///default (read-only)>"), "{readonly:?}");
    // Nothing is opened before it is used.
    let remote = coloured(
        &["-c", "qemu+ssh://root:geheim@nowhere.invalid/system"],
        "qemu+ssh://root@nowhere.invalid/system>",
    );
    assert!(remote.contains("\x1b[33mqemu+ssh://root@nowhere.invalid/system>"), "{remote:?}");
}

#[test]
fn secrets_stay_out_of_the_history() {
    let folder = tempfile::tempdir().unwrap();
    let prompt = Prompt::open(Virhai::new().env("STATE_DIRECTORY", folder.path().to_str().unwrap()));
    prompt.line("set-user-password web1 root geheim");
    prompt.line("secret-set-value 0a81f5b2-8403-7b23-c8d6-21ccc2f80d6f geheim");
    prompt.line("try { secret(\"x\").set_value(\"geheim\") } catch { }");
    prompt.line("try { connect(\"esx://root:geheim@nowhere.invalid/\").open() } catch { }");
    prompt.line("40 + 2");
    let kept = std::fs::read_to_string(folder.path().join(HISTORY_FILE)).unwrap();
    assert_eq!(kept, "#V2\n40 + 2\n");
}

#[test]
fn events_are_told_between_inputs_where_nothing_can_be_drawn() {
    let prompt = Prompt::open(Virhai::new().env("TERM", "dumb"));
    prompt.line(":events on lifecycle");
    prompt.line("suspend web1");
    // The event may come after the prompt: the next one tells it.
    prompt.line("1 + 1");
    prompt.terminal.wait_for("lifecycle web1: suspended (paused)\n");
}

#[test]
fn events_stand_above_what_is_typed() {
    lab_or_skip!(Need::Daemon);
    let daemon = Daemon::start();
    let uri = daemon.uri_for("test");
    // No hints from an earlier history.
    let state = tempfile::tempdir().unwrap();
    let virhai = Virhai::new().env("STATE_DIRECTORY", state.path().to_str().unwrap());
    let terminal = Terminal::open(virhai.connect(&uri), 100, 30);
    let prompt = prompt_of(&uri);
    terminal.wait_for_last_line(&prompt);
    let elsewhere = |code: &str| drop(Virhai::new().connect(&uri).args(["-e", code]).run());
    terminal.line(":events on lifecycle");
    terminal.wait_for_last_line(&prompt);
    // A hint may stand behind what is typed.
    let typed = format!("{prompt}domain(\"te");
    let is_typed = |screen: &str| screen.lines().last().is_some_and(|last| last.starts_with(&typed));
    terminal.text("domain(\"te");
    terminal.wait_until("what is typed", is_typed);
    elsewhere("domain(\"test\").suspend()");
    terminal.wait_for("lifecycle test: suspended (paused)\n");
    terminal.wait_until("what is typed, below the event", is_typed);
    // The cursor is where it was: the line goes on.
    terminal.line("st\").state");
    terminal.wait_for("\npaused\n");
    terminal.line(":events");
    terminal.wait_for("events are shown above the prompt: lifecycle");

    daemon.kill9();
    terminal.wait_for("connection_closed");
    daemon.again();
    terminal.wait_for("connection_opened");
    elsewhere("domain(\"test\").suspend()");
    terminal.wait_until("the event after the return", |screen| {
        screen.rsplit("connection_opened").next().is_some_and(|rest| rest.contains("suspended (paused)"))
    });

    terminal.line(":events off");
    terminal.line(":events");
    terminal.wait_for("no events are shown");
    elsewhere("domain(\"test\").resume()");
    terminal.line("domain(\"test\").state");
    terminal.wait_for("\nrunning\n");
    assert!(!terminal.whole_screen().contains("resumed"), "{}", terminal.whole_screen());
}
