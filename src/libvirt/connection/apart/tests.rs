use super::*;
use std::sync::mpsc;

use crate::libvirt::door::{Door, Rules, change};
use crate::libvirt::interrupt::Reason;

const SAVE: Operation = change("domain.save");

/// A connection, and what its observer was told.
fn observed() -> (Connection, Arc<Mutex<Vec<String>>>) {
    let told = Arc::<Mutex<Vec<String>>>::default();
    let list = told.clone();
    let door = Door::default().with_observer(move |change| {
        let outcome = change.outcome.map_or_else(|e| e.code().to_owned(), |()| "ok".into());
        locked(&list).push(format!("{} {} {outcome}", change.operation.name, change.object));
    });
    (Connection::new(Some("test:///default".into()), false, Arc::new(door)), told)
}

/// Begins a call as on a daemon: on a thread.
fn begin<T: Clone + Send + 'static>(
    connection: &Connection,
    object: &str,
    f: impl FnOnce(&Arc<Live>) -> Outcome<T> + Send + 'static,
) -> Apart<T> {
    let (live, apart) = connection.admit_apart(SAVE, object, &()).unwrap();
    connection.start_apart(live, &apart, SAVE, object, Some(Builder::new()), f).unwrap();
    apart
}

#[test]
fn the_connection_is_free_while_the_call_runs_and_the_outcome_is_recorded() {
    let (connection, told) = observed();
    let (go, gate) = mpsc::channel::<()>();
    let apart = begin(&connection, "web1", move |_| {
        let _ = gate.recv();
        Ok(7)
    });
    assert!(apart.wait(Duration::ZERO).unwrap().is_none());
    connection.hostname().unwrap();
    assert!(locked(&told).is_empty());
    go.send(()).unwrap();
    assert_eq!(apart.wait(Duration::MAX).unwrap().unwrap().unwrap(), 7);
    assert_eq!(apart.answer().unwrap().unwrap(), 7);
    assert_eq!(*locked(&told), ["domain.save web1 ok"]);
}

#[test]
fn more_calls_than_places_wait_for_their_turn_and_can_be_taken_back() {
    let (connection, told) = observed();
    let (go, gate) = mpsc::channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let nth = |n: usize| {
        let gate = gate.clone();
        begin(&connection, &format!("web{n}"), move |_| {
            let _ = locked(&gate).recv();
            Ok(n)
        })
    };
    let mut calls: Vec<_> = (0..PLACES).map(nth).collect();
    while calls.iter().any(Apart::is_queued) {
        std::thread::yield_now();
    }
    let waiting = nth(PLACES);
    let taken_back = nth(PLACES + 1);
    assert!(waiting.is_queued());
    assert!(taken_back.cancel());
    assert!(!calls[0].cancel(), "it has begun");
    assert_eq!(taken_back.answer().unwrap().unwrap_err().code(), "operation_aborted");
    drop(go);
    calls.push(waiting);
    for (n, call) in calls.iter().enumerate() {
        assert_eq!(call.wait(Duration::MAX).unwrap().unwrap().unwrap(), n);
    }
    // What was taken back never reached libvirt.
    assert_eq!(locked(&told).len(), PLACES + 1);
}

#[test]
fn a_call_whose_thread_cannot_start_fails_at_once_and_is_told_once() {
    let (connection, told) = observed();
    let (live, apart) = connection.admit_apart::<()>(SAVE, "web1", &()).unwrap();
    let no_room = Builder::new().stack_size(1 << 60);
    let error = connection.start_apart(live, &apart, SAVE, "web1", Some(no_room), |_| Ok(())).unwrap_err();
    let facts = error.facts();
    assert_eq!((error.code(), facts.object.as_deref()), (code::IO, Some("web1")));
    assert!(facts.message.starts_with("it was not begun"), "{error}");
    let long_calls = connection.door().long_calls();
    assert!(long_calls.settle(&Interrupt::default(), |_| {}).unwrap().is_empty());
    assert!(locked(&told).is_empty());
}

#[test]
fn an_interrupt_ends_the_waiting_and_not_the_call() {
    let (connection, told) = observed();
    let (go, gate) = mpsc::channel::<()>();
    let apart = begin(&connection, "web1", move |_| {
        let _ = gate.recv();
        Ok(())
    });
    let interrupt = connection.door().interrupt();
    interrupt.raise(Reason::Interrupted);
    assert_eq!(apart.wait(Duration::MAX).unwrap_err().code(), code::INTERRUPTED);
    interrupt.reset();
    drop(go);
    assert!(apart.wait(Duration::MAX).unwrap().unwrap().is_ok());
    assert_eq!(*locked(&told), ["domain.save web1 ok"]);
}

#[test]
fn a_failure_or_a_panic_is_the_answer_with_operation_and_object() {
    let (connection, told) = observed();
    let refused = begin::<()>(&connection, "web1", |_| Err(Error::usage("no").into()));
    let error = refused.wait(Duration::MAX).unwrap().unwrap().unwrap_err();
    assert_eq!((error.code(), error.facts().object.as_deref()), ("usage", Some("web1")));
    let panicked = begin::<()>(&connection, "web1", |_| panic!("no"));
    let error = panicked.wait(Duration::MAX).unwrap().unwrap().unwrap_err();
    assert_eq!((error.code(), error.facts().operation.as_deref()), ("internal_error", Some("domain.save")));
    assert_eq!(*locked(&told), ["domain.save web1 usage", "domain.save web1 internal_error"]);
}

#[test]
fn the_end_of_a_run_waits_and_tells_the_failures_that_nobody_asked_for() {
    let (connection, _) = observed();
    let (door, interrupt) = (connection.door(), Interrupt::default());
    let (go, gate) = mpsc::channel::<()>();
    begin(&connection, "web1", move |_| {
        let _ = gate.recv();
        Ok(())
    });
    begin::<()>(&connection, "web2", |_| Err(Error::usage("nobody looked").into()));
    let looked = begin::<()>(&connection, "web3", |_| Err(Error::usage("somebody looked").into()));
    assert!(looked.wait(Duration::MAX).unwrap().unwrap().is_err());
    assert!(door.long_calls().running().contains(&"domain.save web1".to_owned()));
    interrupt.raise(Reason::Interrupted);
    assert_eq!(door.long_calls().settle(&interrupt, |_| {}).unwrap_err().code(), code::INTERRUPTED);
    interrupt.reset();
    drop(go);
    let failures = door.long_calls().settle(&interrupt, |_| {}).unwrap();
    assert_eq!(failures.iter().map(ToString::to_string).collect::<Vec<_>>(), ["nobody looked"]);
    assert!(door.long_calls().running().is_empty());
}

#[test]
fn the_test_driver_answers_at_once_and_the_rules_hold() {
    let test = |door| Connection::new(Some("test:///default".into()), false, Arc::new(door));
    let apart = test(Door::default()).call_apart(SAVE, "web1", |_| Ok(1)).unwrap();
    assert_eq!(apart.answer().unwrap().unwrap(), 1);
    let rules = Rules { deny_change: true, ..Rules::default() };
    let refused = test(Door::new(rules, Interrupt::default())).call_apart(SAVE, "web1", |_| Ok(1));
    let error = refused.err().unwrap();
    assert_eq!((error.code(), error.facts().object.as_deref()), (code::DENIED, Some("web1")));
}
