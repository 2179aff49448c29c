use std::sync::Arc;

use super::*;
use crate::libvirt::{Connection, Door};

/// A connection to a test driver of its own whose guard hears these answers, one after the other; and the
/// questions that were put.
fn asked(answers: &[&str]) -> (Connection, Arc<Caution>, Arc<Mutex<Vec<String>>>) {
    let questions = Arc::new(Mutex::new(Vec::new()));
    let answers =
        Mutex::new(answers.iter().map(|answer| (*answer).to_owned()).collect::<Vec<_>>().into_iter());
    let put = questions.clone();
    let ask = move |question: &str| {
        put.lock().unwrap().push(question.to_owned());
        answers.lock().unwrap().next()
    };
    let caution = Arc::new(Caution::new(Box::new(ask), true, Palette::PLAIN));
    let door = Arc::new(Door::default());
    door.set_guard(caution.clone());
    (Connection::new(Some("test:///default".into()), false, door), caution, questions)
}

#[test]
fn only_a_clear_yes_is_one() {
    let said = |text: &str| answer(Some(text.to_owned()));
    assert_eq!(
        [said("y\n"), said(" YES "), said("a"), said("All\n")],
        [Answer::Yes, Answer::Yes, Answer::All, Answer::All]
    );
    assert_eq!(
        [said(""), said("n"), said("yess"), said("domains()"), answer(None)],
        [const { Answer::No }; 5]
    );
}

#[test]
fn a_no_is_denied_and_changes_nothing() {
    let (connection, caution, questions) = asked(&["n"]);
    let guest = connection.domain_by_name("test").unwrap();
    caution.begin();
    let error = guest.destroy(0).unwrap_err();
    assert_eq!(error.code(), code::DENIED);
    assert_eq!(error.facts().operation.as_deref(), Some("domain.destroy"));
    assert_eq!(error.facts().object.as_deref(), Some("test"));
    assert!(guest.is_active().unwrap());
    let questions = questions.lock().unwrap();
    assert!(
        questions[0].starts_with("domain.destroy test on test:///default\n  test is running: it is cut off"),
        "{questions:?}"
    );
}

#[test]
fn a_yes_counts_once_and_all_counts_for_the_rest_of_the_input() {
    let (connection, caution, questions) = asked(&["y", "a", "n"]);
    let guest = connection.domain_by_name("test").unwrap();
    caution.begin();
    for _ in 0..3 {
        guest.destroy(0).unwrap();
        guest.start(0).unwrap();
    }
    assert_eq!(questions.lock().unwrap().len(), 2);
    caution.end();
    caution.begin();
    assert_eq!(guest.destroy(0).unwrap_err().code(), code::DENIED);
}

#[test]
fn nothing_is_asked_outside_an_input_and_about_what_libvirt_refuses() {
    let (connection, caution, questions) = asked(&[]);
    let guest = connection.domain_by_name("test").unwrap();
    guest.destroy(0).unwrap();
    caution.begin();
    assert_eq!(guest.destroy(0).unwrap_err().code(), "operation_invalid");
    assert_eq!(questions.lock().unwrap().len(), 0);
}

#[test]
fn a_volume_is_named_with_its_path_and_who_uses_it() {
    let (connection, caution, questions) = asked(&["n", "n"]);
    let pool = connection.pool_by_name("default-pool").unwrap();
    let volume =
        |name: &str| format!("<volume><name>{name}</name><capacity unit='GiB'>2</capacity></volume>");
    let volume = pool.create_volume(&volume("disk1"), 0).unwrap();
    caution.begin();
    assert_eq!(volume.delete(0).unwrap_err().code(), code::DENIED);
    let path = volume.path().unwrap();
    let guest = format!(
        "<domain type='test'><name>user</name><memory>1024</memory><os><type>hvm</type></os><devices>\
         <disk type='file'><source file='{path}'/><target dev='vda'/></disk></devices></domain>"
    );
    connection.define_domain(&guest, 0).unwrap();
    assert_eq!(volume.delete(0).unwrap_err().code(), code::DENIED);
    let questions = questions.lock().unwrap();
    assert!(questions[0].contains(&format!("{path} (2.0 GiB, ")), "{questions:?}");
    assert!(questions[0].contains("no guest of this host has it"), "{questions:?}");
    assert!(questions[1].contains("it is a disk of user\n"), "{questions:?}");
}
