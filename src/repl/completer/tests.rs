use crate::api::permissions::Permissions;
use crate::libvirt::{Door, Interrupt, Rules};
use crate::output::{Format, Options, Palette};
use crate::repl::{Setup, Transcript};
use crate::session::{Session, Settings};

/// A prompt on the test driver; the connection is open where asked for.
fn prompt(lines: &[&str]) -> Transcript {
    let door = Door::new(Rules::default(), Interrupt::default()).into();
    let settings = Settings {
        door,
        permissions: Permissions::default(),
        uri: Some("test:///default".into()),
        args: Vec::new(),
        folder: None,
        library: None,
        view: crate::output::View::default(),
    };
    let mut prompt = Transcript::new(Setup {
        session: Session::new(settings),
        options: Options::new(Format::Table),
        stderr: Palette::PLAIN,
        typed: Palette::PLAIN,
        prompt: crate::config::Prompt::default(),
        manner: crate::repl::Manner::Own,
        history: None,
    });
    for line in lines {
        prompt.line(line);
    }
    prompt
}

fn inserts(prompt: &Transcript, line: &str) -> Vec<String> {
    prompt.complete(line).into_iter().map(|(insert, _)| insert).collect()
}

#[test]
fn members_are_known_through_calls_and_indexing() {
    let prompt = prompt(&[]);
    for line in ["domain(\"x\").undef", "conn().domain(\"x\").undef", "domains()[0].undef"] {
        assert_eq!(inserts(&prompt, line), ["undefine("], "{line}");
    }
    assert_eq!(inserts(&prompt, "domains().filter(|d| d.undef"), ["undefine("]);
    assert_eq!(inserts(&prompt, "let vm = domain(\"x\"); vm.undef"), ["undefine("]);
}

#[test]
fn a_member_comes_with_its_summary() {
    let offered = prompt(&[]).complete("domain(\"x\").undefin");
    assert!(!offered[0].1.is_empty(), "{offered:?}");
}

#[test]
fn a_line_may_begin_with_a_command_of_virsh() {
    let mut prompt = prompt(&[]);
    assert_eq!(inserts(&prompt, "net-dhcp"), ["net-dhcp-leases"]);
    assert_eq!(inserts(&prompt, "domifad"), ["domifaddr"]);
    assert!(!inserts(&prompt, "let a = domifad").contains(&"domifaddr".to_owned()));
    prompt.line("let net = 1;");
    assert!(!inserts(&prompt, "net-dhcp").contains(&"net-dhcp-leases".to_owned()));
}

#[test]
fn variables_and_functions_of_earlier_lines_are_known() {
    let prompt = prompt(&["let vm = domain(\"test\");", "fn greet(who) { who }"]);
    assert_eq!(inserts(&prompt, "gre"), ["greet("]);
    assert_eq!(inserts(&prompt, "vm.undef"), ["undefine("]);
    assert_eq!(inserts(&prompt, "v")[0], "vm");
}

#[test]
fn live_names_need_an_open_connection() {
    assert!(inserts(&prompt(&[]), "domain(\"").is_empty());
    let open = prompt(&["domains().len()"]);
    assert_eq!(inserts(&open, "domain(\""), ["test\""]);
    assert_eq!(inserts(&open, "conn().domain(\"te"), ["test\""]);
    assert_eq!(inserts(&open, "network(\""), ["default\""]);
    assert_eq!(inserts(&open, "domains(#{ name: \""), ["test\""]);
}

#[test]
fn keys_and_words_of_options_are_offered_once() {
    let prompt = prompt(&[]);
    assert_eq!(inserts(&prompt, "domains(#{ acti"), ["active: "]);
    assert!(inserts(&prompt, "domains(#{ active: true, acti").is_empty());
    assert_eq!(inserts(&prompt, "domains(#{ active: t"), ["true"]);
    assert_eq!(inserts(&prompt, "domains(#{ state: \"p"), ["paused\""]);
    assert!(prompt.complete("domains(#{ acti")[0].1.contains("run"));
}

#[test]
fn modules_are_known_in_import_and_afterwards() {
    let prompt = prompt(&["import \"table\" as t;"]);
    assert_eq!(inserts(&prompt, "import \"tab"), ["table\""]);
    assert!(!inserts(&prompt, "t::").is_empty());
    assert!(inserts(&prompt, "fs::").contains(&"read(".to_owned()));
}

#[test]
fn keys_of_a_map_that_is_there_are_members_and_texts() {
    let prompt = prompt(&["let m = #{ colour: 1, size: #{ width: 2 } };"]);
    assert_eq!(inserts(&prompt, "m.col"), ["colour"]);
    assert_eq!(inserts(&prompt, "m.size.wi"), ["width"]);
    assert_eq!(inserts(&prompt, "m[\"co"), ["colour\""]);
}

#[test]
fn files_are_offered_where_a_path_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("guest.xml"), "").unwrap();
    let path = folder.path().display();
    assert_eq!(inserts(&prompt(&[]), &format!("fs::read(\"{path}/gu")), [format!("{path}/guest.xml\"")]);
}

#[test]
fn help_knows_its_topics() {
    let prompt = prompt(&[]);
    assert!(inserts(&prompt, "help Doma").contains(&"Domain".to_owned()));
    assert!(inserts(&prompt, "?Domain.undef").contains(&"Domain.undefine".to_owned()));
}

#[test]
fn nothing_is_offered_in_comments_and_numbers() {
    let prompt = prompt(&[]);
    for line in ["// dom", "1", "let d", "domain(\"x\"). /* und"] {
        assert!(inserts(&prompt, line).is_empty(), "{line}");
    }
}
