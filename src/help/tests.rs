use super::*;
use crate::lang::natives::Docs;
use crate::session::{bare_engine, catalog};

const LOOK: Look = Look { palette: Palette::PLAIN, columns: Some(100) };

fn shown(name: &str) -> String {
    on(&catalog(&bare_engine(Docs::Kept)), name, LOOK).unwrap()
}

#[test]
fn every_topic_is_a_short_page_with_a_sentence_that_fits_the_index() {
    let topics = topics::all();
    assert_eq!(topics[0].name, "start");
    assert!(topics.len() >= 15, "{}", topics.len());
    let mut faults = Vec::new();
    for topic in topics {
        let name = &topic.name;
        let (text, summary) = (LOOK.show(&topic.text()), topic.summary());
        let lines = text.lines().count();
        if !(18..=60).contains(&lines) {
            faults.push(format!("{name}: {lines} lines"));
        }
        if summary.len() > 84 || !summary.ends_with('.') {
            faults.push(format!("{name}: {summary:?}"));
        }
        faults.extend(text.lines().filter(|line| line.chars().count() > 100).map(str::to_owned));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_topic_says_what_else_has_its_name() {
    let page = shown("xml");
    assert!(page.starts_with("xml\n\nRead and change definitions"), "{page}");
    assert!(page.contains("`help xml()`") && page.contains("`help Domain.xml`"), "{page}");
    assert!(shown("xml()").contains("xml(text: string) -> XmlDocument"));
    assert_eq!(shown("\"xml\""), page);
}

#[test]
fn a_command_of_virsh_says_what_it_is_here() {
    let page = shown("dumpxml");
    assert!(page.contains("SYNOPSIS\n    dumpxml"), "{page}");
    assert!(page.ends_with("  HERE\n    domain(\"web1\").xml\n"), "{page}");
}

#[test]
fn an_unknown_name_is_answered_with_topics_functions_and_commands_that_are_near() {
    let hint = |name: &str| {
        let error = on(&catalog(&bare_engine(Docs::Kept)), name, LOOK).unwrap_err();
        error.facts().hint.clone().unwrap_or_default()
    };
    assert!(hint("snapshot_").contains("snapshots"), "{}", hint("snapshot_"));
    assert!(hint("dumpxlm").contains("dumpxml"), "{}", hint("dumpxlm"));
    assert_eq!(hint("qqqqq"), "`help` alone shows what there is, `help index` every function");
}
