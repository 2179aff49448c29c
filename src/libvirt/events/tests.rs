//! Subscriptions on private nodes of the test driver.

use super::*;
use crate::libvirt::test_node::{GUEST, TestNode};

const SOON: Duration = Duration::from_secs(20);

fn wanted(names: &[&str]) -> Wanted {
    let kinds = kinds().filter(|kind| names.contains(&kind.name)).collect();
    Wanted { kinds, strict: true, ..Wanted::default() }
}

/// The word of the field `event` of the next event, and what it is about.
fn next(events: &Subscription) -> Option<(&'static str, &'static str, String)> {
    let event = events.next(SOON).unwrap()?;
    let word = event.fields.iter().find_map(|(name, field)| match field {
        Field::Word(words, number) if *name == "event" => words.get(*number as usize).copied(),
        _ => None,
    });
    let name = event.subject.as_ref().map_or_else(String::new, |subject| subject.name.clone());
    Some((event.kind.name, word.unwrap_or_default(), name))
}

fn lifecycle(word: &'static str) -> (&'static str, &'static str, String) {
    ("lifecycle", word, "guest".into())
}

#[test]
fn all_subscribers_of_a_connection_hear_the_same_in_order() {
    let node = TestNode::new();
    let connection = node.connection();
    let vm = connection.create_domain(GUEST, 0).unwrap();
    let one = connection.events(wanted(&["lifecycle"]), Objects::default()).unwrap();
    let other = connection.events(wanted(&["lifecycle"]), Objects::default()).unwrap();
    vm.suspend().unwrap();
    vm.resume().unwrap();
    assert_eq!(next(&one), Some(lifecycle("suspended")));
    drop(one);
    vm.suspend().unwrap();
    for word in ["suspended", "resumed", "suspended"] {
        assert_eq!(next(&other), Some(lifecycle(word)));
    }
    drop(other);
    let again = connection.events(wanted(&["lifecycle"]), Objects::default()).unwrap();
    vm.resume().unwrap();
    assert_eq!(next(&again), Some(lifecycle("resumed")));
}

#[test]
fn a_subscriber_hears_only_of_the_objects_it_wants() {
    let node = TestNode::new();
    let connection = node.connection();
    let vm = connection.create_domain(GUEST, 0).unwrap();
    let nobody = Objects { uuid: Some(uuid::Uuid::nil()), name: None };
    let nobody = connection.events(wanted(&["lifecycle"]), nobody).unwrap();
    let name: NameFilter = Arc::new(|name| name.starts_with('g'));
    let named = Objects { uuid: Some(*vm.key()), name: Some(name) };
    let named = connection.events(wanted(&["lifecycle"]), named).unwrap();
    vm.suspend().unwrap();
    assert_eq!(next(&named), Some(lifecycle("suspended")));
    assert!(nobody.next(Duration::ZERO).unwrap().is_none());
}

#[test]
fn networks_pools_and_devices_have_events_too() {
    let node = TestNode::new();
    let connection = node.connection();
    let usual = Wanted { kinds: kinds().filter(|kind| kind.is_usual()).collect(), ..Wanted::default() };
    let events = connection.events(usual, Objects::default()).unwrap();
    connection.network_by_name("default").unwrap().destroy().unwrap();
    assert_eq!(next(&events), Some(("network_lifecycle", "stopped", "default".into())));
    let pool = connection.pool_by_name("other").unwrap();
    pool.refresh().unwrap();
    assert_eq!(next(&events), Some(("pool_refresh", "", "other".into())));
    pool.destroy().unwrap();
    assert_eq!(next(&events), Some(("pool_lifecycle", "stopped", "other".into())));
}

#[test]
fn a_kind_that_the_driver_lacks_is_an_error_only_where_it_was_asked_for() {
    let node = TestNode::new();
    let connection = node.connection();
    let refusal = |name| connection.events(wanted(&[name]), Objects::default()).err().unwrap();
    assert_eq!(refusal("secret_lifecycle").code(), code::UNSUPPORTED);
    // A library that knows it has no reason to refuse it.
    if connection.events(wanted(&["channel_lifecycle"]), Objects::default()).is_err() {
        let newer = refusal("channel_lifecycle");
        assert_eq!(newer.code(), code::UNSUPPORTED);
        assert!(newer.facts().hint.as_deref().unwrap_or_default().contains("newer libvirt"), "{newer:?}");
    }
    // What was registered before the refusal is given back: it can be registered anew.
    assert!(connection.events(wanted(&["lifecycle", "secret_lifecycle"]), Objects::default()).is_err());
    assert!(connection.events(wanted(&["lifecycle"]), Objects::default()).is_ok());
}

#[test]
fn closing_the_connection_ends_it_and_a_reset_is_survived() {
    let node = TestNode::new();
    let connection = node.connection();
    let events = connection.events(wanted(&["lifecycle"]), Objects::default()).unwrap();
    connection.reset();
    let kinds: Vec<_> = (0..2).map(|_| events.next(SOON).unwrap().unwrap().kind.name).collect();
    assert_eq!(kinds, ["connection_closed", "connection_opened"]);
    connection.create_domain(GUEST, 0).unwrap();
    assert_eq!(next(&events), Some(lifecycle("started")));
    connection.close();
    assert_eq!(next(&events), None);
    assert!(events.is_closed());
}

#[test]
fn a_wish_that_the_run_should_end_is_heard_while_waiting() {
    let node = TestNode::new();
    let connection = node.connection();
    let events = connection.events(wanted(&["lifecycle"]), Objects::default()).unwrap();
    connection.door().interrupt().set_deadline(Duration::from_millis(30));
    assert_eq!(events.next(Duration::MAX).unwrap_err().code(), code::DEADLINE);
}

#[test]
fn a_panic_in_a_real_callback_is_contained() {
    let node = TestNode::new();
    let connection = node.connection();
    let vm = connection.create_domain(GUEST, 0).unwrap();
    let name: NameFilter = Arc::new(|_| panic!("a fault of ours"));
    let faulty = Objects { uuid: None, name: Some(name) };
    let faulty = connection.events(wanted(&["lifecycle"]), faulty).unwrap();
    vm.suspend().unwrap();
    assert!(faulty.next(Duration::from_millis(200)).unwrap().is_none());
    drop(faulty);
    let events = connection.events(wanted(&["lifecycle"]), Objects::default()).unwrap();
    vm.resume().unwrap();
    assert_eq!(next(&events), Some(lifecycle("resumed")));
}
