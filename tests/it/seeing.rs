//! What values look like at the prompt: tables that fit, colours, XML, pictures, pages, and what is waited for.

use std::time::Duration;

use crate::support::{
    Daemon, Domain, Need, Node, Terminal, Virhai, eventually, lab_or_skip, prompt_of, turn,
};

/// The prompt of libvirt's test driver.
const PROMPT: &str = "test:///default> ";

/// A terminal of a size with the prompt of the test driver in it.
fn open(virhai: Virhai, columns: u16) -> Terminal {
    let terminal = Terminal::open(virhai.connect("test:///default"), columns, 30);
    terminal.wait_for_last_line(PROMPT);
    terminal
}

#[test]
fn a_narrow_table_says_what_it_left_out_and_wide_shows_it() {
    let terminal = open(Virhai::new(), 60);
    terminal.line("domains()");
    terminal.wait_for("\nname  id  state    persistent  autostart   memory  vcpus\n");
    terminal.wait_for("\nno room for uuid; :wide shows all\n");
    terminal.line(":wide");
    terminal.wait_for("\nuuid:        6695eb01-f6a4-8304-79aa-97f2502e193f\n");
    terminal.resize(120, 30);
    terminal.line("domains()");
    terminal.wait_for("uuid                                  id  state");
    assert_eq!(terminal.whole_screen().matches("no room").count(), 1);
}

#[test]
fn forty_columns_keep_name_and_state_and_no_line_breaks() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["the-database-of-the-accounting-department", "web木木1"];
    let node = names
        .iter()
        .zip(1..)
        .fold(Node::empty(), |node, (name, number)| node.domain(Domain::new(name, number)));
    let uri = node.write(&folder.path().join("n.xml"));
    let terminal = Terminal::open(Virhai::new().connect(&uri), 40, 30);
    terminal.wait_until("a prompt", |screen| screen.trim_end().ends_with('>'));
    terminal.line("domains()");
    terminal.wait_for("no room for");
    let screen = terminal.screen();
    assert!(screen.contains("the-database-of-the-accounting…  running\n"), "{screen}");
    assert!(screen.contains(&format!("web木木1{}running\n", " ".repeat(31 - 8 + 2))), "{screen}");
}

#[test]
fn states_have_colours_in_tables_of_both_kinds() {
    let terminal = open(Virhai::new(), 100);
    terminal.line("domain(\"test\").suspend(); domains()");
    terminal.wait_for("paused");
    terminal.line("list --all");
    terminal.wait_for(" 1    test   paused");
    let screen = terminal.coloured_screen();
    assert_eq!(screen.matches("mpaused").count(), 2, "{screen:?}");
    let plain = open(Virhai::new().env("NO_COLOR", "1"), 100);
    plain.line("domains(); domains()");
    plain.wait_for("running");
    plain.line("list");
    plain.wait_for(" 1    test   running");
    assert!(!plain.coloured_screen().contains('\x1b'), "{:?}", plain.coloured_screen());
}

#[test]
fn a_table_in_a_pipe_is_whole_and_has_no_colours() {
    let run = Virhai::new().connect("test:///default").args(["-o", "table", "-e", "domains()"]);
    let expected = "\
name  uuid                                  id  state    persistent  autostart   memory  vcpus
test  6695eb01-f6a4-8304-79aa-97f2502e193f   1  running  true        false      2.0 GiB      2
";
    run.stdout(expected).run();
}

#[test]
fn maps_of_bytes_and_nanoseconds_are_readable_and_exact_as_data() {
    let terminal = open(Virhai::new(), 100);
    terminal.line("[#{ name: \"a\", memory: gib(3), cpu_time_ns: 90000000000 }]");
    terminal.wait_for("a           1m30s  3.0 GiB\n");
    terminal.line("print(to_json(it))");
    terminal.wait_for(r#"[{"cpu_time_ns":90000000000,"memory":3221225472,"name":"a"}]"#);
}

#[test]
fn xml_has_colours_and_folds() {
    let terminal = open(Virhai::new(), 100);
    terminal.line(":fold 1");
    terminal.wait_for_last_line(PROMPT);
    terminal.line("domain(\"test\").xml");
    terminal.wait_for("\n  <devices>… 3 elements</devices>\n</domain>\n");
    assert!(terminal.coloured_screen().contains("\x1b[33mtype"), "{:?}", terminal.coloured_screen());
    terminal.keys(&["C-l"]);
    terminal.line("dumpxml test");
    terminal.wait_for("\n  <devices>… 3 elements</devices>\n</domain>\n");
    terminal.line(":fold off");
    terminal.wait_for("      <source network='default'/>\n");
}

#[test]
fn long_lines_of_virsh_go_through_the_pager_and_short_ones_do_not() {
    let terminal = open(Virhai::new().env("PAGER", "sed 's/^/paged /'"), 100);
    terminal.line("capabilities");
    terminal.wait_for("\npaged </capabilities>\n");
    terminal.line("domid test");
    terminal.wait_for("\n1\n");
    terminal.line("domid nothing");
    terminal.wait_for("failed to get domain 'nothing'");
}

#[test]
fn a_picture_is_drawn_where_the_terminal_can_and_told_elsewhere() {
    let terminal = open(Virhai::new(), 100);
    terminal.line("domain(\"test\").screenshot()");
    terminal.wait_for("\nimage/png, ");
    let screen = terminal.screen();
    assert!(screen.contains("▀▀▀▀▀▀▀▀"), "{screen}");
    let plain = open(Virhai::new().env("NO_COLOR", "1"), 100);
    plain.line("domain(\"test\").screenshot()");
    plain.wait_for("; save it with fs::write(\"picture.png\", it)\n");
    assert!(!plain.screen().contains('▀'), "{}", plain.screen());
    plain.line("blob(3, 0x41)");
    plain.wait_for("\n3 bytes  41 41 41\n");
}

#[test]
fn a_call_that_takes_long_says_so_and_leaves_nothing_behind() {
    lab_or_skip!(Need::Daemon);
    let daemon = Daemon::start();
    let _turn = turn::alone();
    let terminal = Terminal::open(Virhai::new().connect(&daemon.uri()), 100, 30);
    let prompt = prompt_of(&daemon.uri());
    terminal.wait_for_last_line(&prompt);
    terminal.line("domains()");
    terminal.wait_for("[]");
    terminal.wait_for_last_line(&prompt);
    daemon.stop_signal();
    terminal.line("domains()");
    eventually(Duration::from_secs(20), "the line about the call", || {
        let screen = terminal.screen();
        let line = screen.lines().find(|line| line.starts_with("still waiting for connection."))?;
        line.ends_with("(Ctrl-C gives up)").then_some(())
    });
    daemon.cont_signal();
    terminal.wait_for_last_line(&prompt);
    assert!(!terminal.whole_screen().contains("still waiting"), "{}", terminal.whole_screen());
}
