//! The callbacks, called as libvirt would, for the events that the test driver never sends.

use std::ptr::null;

use super::super::kind;
use super::super::queue::Queue;
use super::super::tap::{Objects, Tap};
use super::*;
use crate::libvirt::test_node::{GUEST, TestNode};
use crate::libvirt::typed_params::{Params, ParamsBuffer, Value};

type Conn = sys::virConnectPtr;
type Dom = sys::virDomainPtr;

/// Calls a callback with a real guest and returns the fields that a subscriber gets.
fn fields(call: impl FnOnce(Dom, *mut c_void) + Send + 'static) -> Fields {
    let node = TestNode::new();
    let connection = node.connection();
    let vm = connection.create_domain(GUEST, 0).unwrap();
    let queue = Arc::new(Queue::default());
    let data = Data::new(&kind::KINDS[0]);
    data.listeners().push(Arc::new(Tap::new(Objects::default(), queue.clone())));
    let read = super::super::super::door::read;
    vm.call(read("test"), move |domain| {
        let mut data = data;
        // SAFETY: borrowed for the call only.
        call(unsafe { domain.as_ptr() }, (&raw mut data).cast());
        Ok(())
    })
    .unwrap();
    let event = queue.pop(std::time::Duration::ZERO).expect("the callback tells of an event");
    assert_eq!(event.subject.as_ref().map(|subject| subject.name.as_str()), Some("guest"));
    event.fields.clone()
}

/// Turns a callback back into the form that libvirt calls.
macro_rules! form {
    ($callback:ident($($arg:ty),* $(,)?)) => {
        // SAFETY: the form that the callback was made from.
        unsafe {
            std::mem::transmute::<Callback, unsafe extern "C" fn(Conn, Dom, $($arg,)* *mut c_void)>($callback)
        }
    };
}

fn field<'a>(fields: &'a Fields, name: &str) -> &'a Field {
    &fields.iter().find(|(key, _)| *key == name).expect(name).1
}

#[test]
fn texts_are_copied_and_missing_ones_are_absent() {
    let told = fields(|domain, data| {
        let call = form!(IO_ERROR_REASON(*const c_char, *const c_char, c_int, *const c_char));
        // SAFETY: libvirt's promise is kept: a live guest and data, and texts that are null or end.
        unsafe {
            call(std::ptr::null_mut(), domain, c"/img/a".as_ptr(), null(), 1, c"enospc".as_ptr(), data);
        };
    });
    assert_eq!(*field(&told, "src_path"), Field::Text("/img/a".into()));
    assert_eq!(*field(&told, "dev_alias"), Field::Absent);
    assert_eq!(*field(&told, "action"), Field::Word(words::IO_ERROR_ACTIONS, 1));
    assert_eq!(*field(&told, "reason"), Field::Text("enospc".into()));
}

#[test]
fn who_looks_at_a_screen_is_copied_with_all_identities() {
    let told = fields(|domain, data| {
        let call = form!(
            GRAPHICS(
                c_int,
                *const sys::virDomainEventGraphicsAddress,
                *const sys::virDomainEventGraphicsAddress,
                *const c_char,
                *const sys::virDomainEventGraphicsSubject,
            )
        );
        let local = sys::virDomainEventGraphicsAddress {
            family: 0,
            node: c"127.0.0.1".as_ptr().cast_mut(),
            service: c"5900".as_ptr().cast_mut(),
        };
        let mut who = sys::virDomainEventGraphicsSubjectIdentity {
            type_: c"saslUsername".as_ptr().cast_mut(),
            name: c"ann".as_ptr().cast_mut(),
        };
        let subject = sys::virDomainEventGraphicsSubject { nidentity: 1, identities: &raw mut who };
        // SAFETY: as above.
        unsafe {
            call(std::ptr::null_mut(), domain, 1, &raw const local, null(), null(), &raw const subject, data);
        };
    });
    assert_eq!(*field(&told, "phase"), Field::Word(words::GRAPHICS_PHASES, 1));
    assert_eq!(
        *field(&told, "local"),
        Field::Group(vec![
            ("family", Field::Word(words::GRAPHICS_FAMILIES, 0)),
            ("node", Field::Text("127.0.0.1".into())),
            ("service", Field::Text("5900".into())),
        ])
    );
    assert_eq!(*field(&told, "remote"), Field::Absent);
    let ann = vec![("type", Field::Text("saslUsername".into())), ("name", Field::Text("ann".into()))];
    assert_eq!(*field(&told, "identities"), Field::Groups(vec![ann]));
}

#[test]
fn parameters_are_copied_and_sizes_are_bytes() {
    let list: Params = vec![
        ("cputune.vcpupin0".into(), Value::String("0-1".into())),
        ("blkdeviotune.total_bytes_sec".into(), Value::ULLong(7)),
    ];
    let expected = list.clone();
    let told = fields(move |domain, data| {
        let call = form!(PARAMS(sys::virTypedParameterPtr, c_int));
        let mut buffer = ParamsBuffer::new(&list).unwrap();
        // SAFETY: as above; the buffer outlives the call.
        unsafe { call(std::ptr::null_mut(), domain, buffer.as_mut_ptr(), buffer.len(), data) };
    });
    assert_eq!(*field(&told, "params"), Field::Params(expected));
    let told = fields(|domain, data| {
        let call = form!(BALLOON_CHANGE(c_ulonglong));
        // SAFETY: as above.
        unsafe { call(std::ptr::null_mut(), domain, 1024, data) };
    });
    assert_eq!(*field(&told, "actual"), Field::Int(1 << 20));
    let told = fields(|domain, data| {
        let call = form!(MEMORY_FAILURE(c_int, c_int, c_uint));
        // SAFETY: as above.
        unsafe { call(std::ptr::null_mut(), domain, 1, 2, 1, data) };
    });
    assert_eq!(*field(&told, "action"), Field::Word(words::MEMORY_FAILURE_ACTIONS, 2));
    assert_eq!(*field(&told, "action_required"), Field::Bool(true));
    assert_eq!(*field(&told, "recursive"), Field::Bool(false));
}

#[test]
fn a_panic_inside_a_callback_goes_no_further() {
    let told = fields(|domain, data| {
        // SAFETY: as above.
        unsafe { deliver(data, domain, || panic!("a fault of ours")) };
        // The next event comes as if nothing had been.
        let call = form!(MIGRATION_ITERATION(c_int));
        // SAFETY: as above.
        unsafe { call(std::ptr::null_mut(), domain, 3, data) };
    });
    assert_eq!(*field(&told, "iteration"), Field::Int(3));
}
