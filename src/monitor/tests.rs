use std::collections::HashMap;

use super::*;
use crate::libvirt::test_node::{GUEST, TestNode};

/// A host with two running guests.
fn host() -> (TestNode, Connection) {
    let node = TestNode::new();
    let connection = node.connection();
    for name in ["web1", "web2"] {
        connection.create_domain(&GUEST.replace("guest", name), 0).unwrap();
    }
    (node, connection)
}

#[test]
fn what_the_test_driver_leaves_out_is_asked_in_one_go() {
    let (_node, connection) = host();
    let mut sampler = Sampler::new(&connection);
    let first = sampler.guests().unwrap();
    assert_eq!(first.iter().map(|guest| &*guest.counters.name).collect::<Vec<_>>(), ["web1", "web2"]);
    assert!(first.iter().all(|guest| guest.rates.is_none() && guest.counters.cpu_time.is_some()));
    std::thread::sleep(Duration::from_millis(20));
    let second = sampler.guests().unwrap();
    // The CPU time of the test driver is the time of day: one CPU is busy.
    let cpu = second[0].rates.as_ref().unwrap().cpu.unwrap();
    assert!((50.0..200.0).contains(&cpu), "{cpu}");
}

#[test]
fn a_refresh_makes_the_same_few_calls_whatever_the_number_of_guests() {
    let (_node, connection) = host();
    let mut sampler = Sampler::new(&connection);
    sampler.guests().unwrap();
    connection.door().reset_counts();
    sampler.guests().unwrap();
    let counts: HashMap<_, _> = connection.door().counts();
    assert_eq!(counts.get("connection.domain_stats"), Some(&1));
    assert_eq!(counts.get("connection.domains"), None, "the handles are kept");
    assert_eq!(counts.get("domain.info"), Some(&2), "counted one by one, made in one go");
}

#[test]
fn a_guest_that_was_started_anew_is_another_one_with_no_rates_yet() {
    let (_node, connection) = host();
    let mut sampler = Sampler::new(&connection);
    let ids = |guests: &[GuestSample]| guests.iter().map(|guest| guest.counters.id).collect::<Vec<_>>();
    let first = ids(&sampler.guests().unwrap());
    assert_eq!(ids(&sampler.guests().unwrap()), first);
    connection.domain_by_name("web2").unwrap().destroy(0).unwrap();
    connection.create_domain(&GUEST.replace("guest", "web2"), 0).unwrap();
    let guests = sampler.guests().unwrap();
    assert_eq!(guests[0].counters.id, first[0]);
    assert_ne!(guests[1].counters.id, first[1]);
    let has_rates = |guest: &GuestSample| guest.rates.as_ref().is_some_and(|rates| rates.cpu.is_some());
    assert_eq!([has_rates(&guests[0]), has_rates(&guests[1])], [true, false]);
}
