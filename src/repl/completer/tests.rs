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
        history: None,
    };
    let mut prompt = Transcript::new(Setup {
        session: Session::new(settings),
        options: Options::new(Format::Table),
        stderr: Palette::PLAIN,
        typed: Palette::PLAIN,
        prompt: crate::config::Prompt::default(),
        site: crate::repl::Site::default(),
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
fn commands_of_virsh_are_functions_too() {
    assert_eq!(inserts(&prompt(&[]), "let x = virsh::net_dh"), ["net_dhcp_leases("]);
    assert!(inserts(&prompt(&[]), "let x = virs").contains(&"virsh::".to_owned()));
}

#[test]
fn what_stands_for_a_method_is_told_as_the_method_is() {
    let offered = prompt(&[]).complete("let x = domains");
    assert!(offered[0].1.contains("guests"), "{offered:?}");
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

#[test]
fn a_command_of_the_prompt_completes_what_it_takes() {
    let prompt = prompt(&[]);
    assert_eq!(inserts(&prompt, ":sa"), ["save"]);
    assert_eq!(inserts(&prompt, ":help wa"), ["watch"]);
    assert_eq!(inserts(&prompt, ":save! Cargo.t"), ["Cargo.toml"]);
    assert_eq!(inserts(&prompt, ":watch list --al"), ["--all"]);
    assert!(inserts(&prompt, ":time domains()[0].sta").contains(&"state".to_owned()));
    assert!(inserts(&prompt, ":log x").is_empty());
    assert_eq!(inserts(&prompt, ":events o"), ["on", "off"]);
    assert_eq!(
        inserts(&prompt, ":events on lifecycle, net"),
        ["network_lifecycle", "network_metadata_change"]
    );
}

#[test]
fn results_of_functions_of_earlier_lines_are_known() {
    let prompt = prompt(&[
        "/// Returns what runs.\nfn running() { domains(#{ active: true }) }",
        "fn first(list) { if list.len() > 0 { return domain(\"test\"); } domain(\"other\") }",
        "fn Domain.twin() { domain(\"twin\") }",
    ]);
    assert_eq!(inserts(&prompt, "running().filter(|d| d.undef"), ["undefine("]);
    assert_eq!(inserts(&prompt, "for d in running() { d.undef"), ["undefine("]);
    assert_eq!(inserts(&prompt, "first([]).undef"), ["undefine("]);
    assert_eq!(inserts(&prompt, "domain(\"x\").twin().undef"), ["undefine("]);
    assert_eq!(inserts(&prompt, "domain(\"x\").twi"), ["twin()"]);
    assert_eq!(prompt.complete("runn"), [("running()".to_owned(), "Returns what runs.".to_owned())]);
}

#[test]
fn a_function_that_is_written_anew_has_its_new_result() {
    let prompt = prompt(&["fn one() { 1 }", "one()", "fn one() { domain(\"test\") }"]);
    assert_eq!(inserts(&prompt, "one().undef"), ["undefine("]);
}

#[test]
fn closures_of_calls_know_what_they_are_given() {
    let prompt = prompt(&["import \"table\" as t;"]);
    for line in [
        "domains().map(|d| d.undef",
        "domains().for_each(|d| d.undef",
        "domains().sort_by(|a, b| b.undef",
        "domains().find(|d| d.active).undef",
        "domain(\"x\").wait(|vm| vm.undef",
        "domain(\"x\").frozen(|vm| vm.undef",
        "t::group_by(domains(), |d| d.undef",
    ] {
        assert_eq!(inserts(&prompt, line), ["undefine("], "{line}");
    }
    assert_eq!(inserts(&prompt, "domain(\"x\").edit(|doc| doc.remov"), ["remove("]);
    assert_eq!(inserts(&prompt, "for e in conn().events() { e.ki"), ["kind"]);
    assert_eq!(inserts(&prompt, "let e = domain(\"x\").events().next(5); e.deta"), ["detail"]);
}

#[test]
fn what_lies_in_a_list_of_maps_is_known_before_it_is_reached() {
    let prompt = prompt(&["let inv = [#{ vm: domain(\"test\"), disks: [#{ target: \"vda\" }] }]; inv"]);
    assert_eq!(inserts(&prompt, "inv.filter(|g| g.vm.undef"), ["undefine("]);
    assert_eq!(inserts(&prompt, "inv.filter(|g| g.dis"), ["disks"]);
    assert_eq!(inserts(&prompt, "it.map(|g| g.disks[0].tar"), ["target"]);
    assert_eq!(inserts(&prompt, "for g in inv { for d in g.disks { d[\"tar"), ["target\""]);
}

#[test]
fn members_of_a_value_of_unknown_type_are_those_that_some_type_has() {
    let prompt = prompt(&[]);
    assert_eq!(prompt.complete("fn f(vm) { vm.block_commi")[0].0, "block_commit(");
    let start =
        prompt.complete("fn f(vm) { vm.start").into_iter().find(|(insert, _)| insert.starts_with("start("));
    assert!(start.is_none_or(|(_, summary)| summary.contains("Network")));
}

#[test]
fn what_belongs_to_an_object_is_named() {
    let prompt = prompt(&[
        "let vm = domain(\"test\"); let p = pool(\"default-pool\");",
        "vm.snapshot_create_xml(\"<domainsnapshot><name>first</name></domainsnapshot>\");",
        "p.create_volume(\"<volume><name>disk1</name><capacity>1024</capacity></volume>\");",
    ]);
    assert_eq!(inserts(&prompt, "vm.snapshot(\"fi"), ["first\""]);
    assert_eq!(inserts(&prompt, "domain(\"test\").snapshot(\""), ["first\""]);
    assert_eq!(inserts(&prompt, "p.volume(\"di"), ["disk1\""]);
    assert_eq!(inserts(&prompt, "volume(\"defa"), ["default-pool\""]);
    assert_eq!(inserts(&prompt, "volume(\"default-pool\", \"di"), ["disk1\""]);
    assert_eq!(inserts(&prompt, "conn().pool(\"default-pool\").volume(\""), ["disk1\""]);
}

#[test]
fn arguments_of_a_few_words_offer_them() {
    let prompt = prompt(&[]);
    assert_eq!(inserts(&prompt, "domain(\"x\").wait(\"shuto"), ["shutoff\""]);
    assert_eq!(inserts(&prompt, "domain(\"x\").wait(\"block-r"), ["block-ready:"]);
    assert_eq!(inserts(&prompt, "network(\"x\").wait(\"ina"), ["inactive\""]);
    assert_eq!(inserts(&prompt, "conn().events(#{ kinds: [\"network_l"), ["network_lifecycle\""]);
    assert_eq!(inserts(&prompt, "conn().stats(#{ groups: [\"ball"), ["balloon\""]);
    assert!(inserts(&prompt, "connect(\"test:").contains(&"test:///default\"".to_owned()));
    assert_eq!(inserts(&prompt, "env(\"PAT"), ["PATH\""]);
    assert_eq!(inserts(&prompt, "domains().filter(|d| d.state == \"shuto"), ["shutoff\""]);
    assert_eq!(
        inserts(&prompt, "try { 1 } catch (e) { if e.code == \"no_domain"),
        [
            "no_domain\"",
            "no_domain_snapshot\"",
            "no_domain_metadata\"",
            "no_domain_checkpoint\"",
            "no_domain_backup\""
        ]
    );
    assert_eq!(inserts(&prompt, "try { 1 } catch (e) { e.hin"), ["hint"]);
}

#[test]
fn paths_of_a_document_are_those_that_it_has() {
    let prompt = prompt(&["let doc = domain(\"test\").xml; let vm = domain(\"test\");"]);
    assert_eq!(inserts(&prompt, "doc[\"na"), ["name\""]);
    assert_eq!(inserts(&prompt, "doc[\"memory/@u"), ["memory/@unit\""]);
    assert_eq!(inserts(&prompt, "doc.all(\"dev"), ["devices"]);
    assert_eq!(inserts(&prompt, "vm.xml[\"na"), ["name\""]);
    assert_eq!(inserts(&prompt, "domain(\"test\").xml[\"na"), ["name\""]);
    assert_eq!(inserts(&prompt, "vm.edit(|doc| doc[\"na"), ["name\""]);
    assert_eq!(inserts(&prompt, "let other = domain(\"test\"); other.xml[\"na"), ["name\""]);
}

#[test]
fn letters_in_order_find_a_member() {
    let prompt = prompt(&[]);
    let found = inserts(&prompt, "domain(\"x\").sncr");
    assert_eq!(found, ["snapshot_create(", "snapshot_create_xml("]);
    assert!(inserts(&prompt, "domain(\"x\").xyzzy").is_empty());
}

#[test]
fn only_guests_that_do_not_run_are_offered_to_start() {
    let prompt = prompt(&["domain(\"test\").destroy()"]);
    assert_eq!(inserts(&prompt, "dumpx"), ["dumpxml"]);
    assert_eq!(inserts(&prompt, "net-dump"), ["net-dumpxml"]);
    assert!(inserts(&prompt, "list --a").contains(&"--all".to_owned()));
    assert_eq!(inserts(&prompt, "start te"), ["test"]);
    assert!(inserts(&prompt, "destroy te").is_empty());
}
