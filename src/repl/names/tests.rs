use std::sync::mpsc;

use super::*;
use crate::libvirt::{Door, Interrupt, Rules};

fn domains(is_open: bool) -> Question {
    Question { host: "here".into(), is_open, what: "domain".into(), event: None }
}

fn ask(names: &Names, answer: Result<Vec<String>>) -> Vec<String> {
    asked(names, move || answer)
}

fn asked(names: &Names, answer: impl FnOnce() -> Result<Vec<String>> + Send + 'static) -> Vec<String> {
    names.get_with(domains(true), move |_| Ok((answer()?, None))).to_vec()
}

#[test]
fn names_are_sorted_and_kept_for_a_moment() {
    let names = Names::default();
    assert_eq!(ask(&names, Ok(vec!["web".into(), "db".into()])), ["db", "web"]);
    assert_eq!(ask(&names, Ok(vec!["new".into()])), ["db", "web"]);
}

#[test]
fn old_names_are_offered_while_new_ones_are_on_their_way() {
    let names = Names::default();
    ask(&names, Ok(vec!["old".into()]));
    for slot in names.0.lock().unwrap().values() {
        slot.state().read = Instant::now().checked_sub(FRESH * 2);
    }
    let (answer, slow) = mpsc::channel::<Vec<String>>();
    let read = move || Ok(slow.recv().unwrap_or_default());
    assert_eq!(asked(&names, read), ["old"]);
    answer.send(vec!["new".into()]).unwrap();
    while names.0.lock().unwrap().values().any(|slot| slot.state().asked.is_some()) {
        std::thread::yield_now();
    }
    assert_eq!(ask(&names, Ok(vec![])), ["new"]);
}

#[test]
fn a_failure_leaves_the_names_that_were_there() {
    let names = Names::default();
    assert!(ask(&names, Err(crate::error::Error::usage("no"))).is_empty());
    assert_eq!(ask(&names, Ok(vec!["web".into()])), ["web"]);
}

#[test]
fn a_closed_connection_is_not_asked() {
    let names = Names::default();
    assert!(names.get_with(domains(false), |_| panic!("asked")).is_empty());
}

#[test]
fn a_hung_host_is_asked_once_and_answers_later() {
    let names = Names::default();
    let (answer, hung) = mpsc::channel::<Vec<String>>();
    let read = move || Ok(hung.recv().unwrap_or_default());
    assert!(asked(&names, read).is_empty());
    let again = || -> Result<Vec<String>> { panic!("asked twice") };
    assert!(asked(&names, again).is_empty());
    answer.send(vec!["late".into()]).unwrap();
    assert_eq!(ask(&names, Ok(vec!["late".into()])), ["late"]);
}

#[test]
fn names_are_kept_until_an_event_tells_of_a_change() {
    let connection = Connection::new(
        Some("test:///default".into()),
        false,
        Door::new(Rules::default(), Interrupt::default()).into(),
    );
    connection.open().unwrap();
    let names = Names::default();
    let ask = |answer: &str| {
        let answer = vec![answer.to_owned()];
        names.ask(&connection, "domain".into(), Some("lifecycle"), move |_| Ok(answer)).to_vec()
    };
    assert_eq!(ask("old"), ["old"]);
    for slot in names.0.lock().unwrap().values() {
        slot.state().read = Instant::now().checked_sub(STALE * 2);
    }
    assert_eq!(ask("new"), ["old"]);
    connection.domain_by_name("test").unwrap().suspend().unwrap();
    // The event comes on a thread of its own.
    let start = Instant::now();
    while ask("new") != ["new"] {
        assert!(start.elapsed() < Duration::from_secs(20), "no event came");
        std::thread::yield_now();
    }
}
