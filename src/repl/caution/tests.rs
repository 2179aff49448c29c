use std::sync::Arc;

use super::*;
use crate::libvirt::test_node::TestNode;
use crate::libvirt::{Connection, Domain, Door};

/// A guest that is stored: 64 MiB, 4 CPUs and a disk.
pub(in crate::repl) const WEB1: &str = "<domain type='test'><name>web1</name><memory>65536</memory><vcpu>4</vcpu>\
    <os><type>hvm</type></os><devices><disk type='file'><source file='/img/v1'/><target dev='vda'/></disk></devices>\
    </domain>";

/// A host of its own behind a guard, and a person who gives these answers one after the other.
pub(in crate::repl) struct World {
    pub(in crate::repl) connection: Connection,
    pub(in crate::repl) caution: Arc<Caution>,
    questions: Arc<Mutex<Vec<String>>>,
    _node: TestNode,
}

impl World {
    /// An input has begun, and nothing has happened in it.
    pub(in crate::repl) fn new(answers: &[&str]) -> Self {
        let questions = Arc::new(Mutex::new(Vec::new()));
        let answers: Vec<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
        let answers = Mutex::new(answers.into_iter());
        let put = questions.clone();
        let ask = move |question: &str| {
            put.lock().unwrap().push(question.to_owned());
            answers.lock().unwrap().next()
        };
        let caution = Arc::new(Caution::new(Box::new(ask), true, Palette::PLAIN));
        let door = Arc::new(Door::default());
        door.set_guard(caution.clone());
        let node = TestNode::new();
        let connection = Connection::new(Some(node.uri()), false, door);
        caution.begin();
        Self { connection, caution, questions, _node: node }
    }

    /// The guest of [`WEB1`], which runs.
    pub(in crate::repl) fn running(&self) -> Domain {
        let guest = self.connection.define_domain(WEB1, 0).unwrap();
        guest.start(0).unwrap();
        guest
    }

    fn questions(&self) -> Vec<String> {
        self.questions.lock().unwrap().clone()
    }
}

#[test]
fn only_a_clear_yes_is_one() {
    let said = |text: &str| answer(Some(text.to_owned()));
    for (text, meant) in
        [("y\n", Answer::Yes), (" YES ", Answer::Yes), ("a", Answer::All), ("All\n", Answer::All)]
    {
        assert_eq!(said(text), meant, "{text}");
    }
    for text in ["", "n", "yess", "domains()"] {
        assert_eq!(said(text), Answer::No, "{text}");
    }
    assert_eq!(answer(None), Answer::No);
}

#[test]
fn a_no_is_denied_and_changes_nothing() {
    let world = World::new(&["n"]);
    let guest = world.running();
    let error = guest.destroy(0).unwrap_err();
    assert_eq!(error.code(), code::DENIED);
    assert_eq!(error.facts().operation.as_deref(), Some("domain.destroy"));
    assert_eq!(error.facts().object.as_deref(), Some("web1"));
    assert!(guest.is_active().unwrap());
    let question = &world.questions()[0];
    assert!(question.starts_with("domain.destroy web1 on test:///"), "{question}");
    assert!(question.contains("\n  web1 is running: it is cut off"), "{question}");
}

#[test]
fn a_yes_counts_once_and_all_counts_for_the_rest_of_the_input() {
    let world = World::new(&["y", "a", "n"]);
    let guest = world.running();
    for _ in 0..3 {
        guest.destroy(0).unwrap();
        guest.start(0).unwrap();
    }
    assert_eq!(world.questions().len(), 2);
    world.caution.pause();
    world.caution.begin();
    assert_eq!(guest.destroy(0).unwrap_err().code(), code::DENIED);
}

#[test]
fn nothing_is_asked_outside_an_input_and_about_what_libvirt_refuses() {
    let world = World::new(&[]);
    let guest = world.running();
    world.caution.pause();
    guest.destroy(0).unwrap();
    world.caution.begin();
    assert_eq!(guest.destroy(0).unwrap_err().code(), "operation_invalid");
    assert_eq!(world.questions(), [""; 0]);
}

#[test]
fn a_definition_names_the_disks_that_stay() {
    let world = World::new(&["n"]);
    let guest = world.running();
    guest.undefine(0).unwrap_err();
    let question = &world.questions()[0];
    assert!(
        question.contains("definition of web1 is removed; it runs on until it is shut off"),
        "{question}"
    );
    assert!(question.contains("its disks stay: vda /img/v1"), "{question}");
}

#[test]
fn a_volume_is_named_with_its_path_and_who_uses_it() {
    let world = World::new(&[]);
    let volume = world.connection.pool_by_name("default").unwrap().volume("v1").unwrap();
    assert_eq!(volume.delete(0).unwrap_err().code(), code::DENIED);
    world.running();
    volume.delete(0).unwrap_err();
    let [unused, used] = &world.questions()[..] else { panic!("two questions") };
    assert!(unused.contains("/img/v1 (976.6 KiB, "), "{unused}");
    assert!(unused.contains("no guest of this host has it as a disk"), "{unused}");
    assert!(used.contains("it is a disk of web1\n"), "{used}");
}

#[test]
fn pools_and_networks_say_what_stops() {
    let world = World::new(&[]);
    let pool = world.connection.pool_by_name("default").unwrap();
    pool.destroy().unwrap_err();
    pool.delete(0).unwrap_err();
    world.connection.network_by_name("default").unwrap().destroy().unwrap_err();
    let [stopped, deleted, network] = &world.questions()[..] else { panic!("three questions") };
    assert!(stopped.contains("its 1 volume cannot be reached until it is started"), "{stopped}");
    assert!(deleted.contains("the storage of default is deleted: /img"), "{deleted}");
    assert!(network.contains("no running guest is connected to it"), "{network}");
}
