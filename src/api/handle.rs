//! What all handles on libvirt's objects have in common in scripts: they print as their name,
//! compare and sort by it, and are equal when they mean the same object.

use rhai::FuncRegistration;

use crate::lang::natives::Natives;
use crate::libvirt::{Handle, Object};

/// Registers a type of handle and what it has in common with the others.
pub(super) fn register<O: Object>(natives: &mut Natives, name: &'static str) {
    natives.engine().register_type_with_name::<Handle<O>>(name);
    let module = natives.module();
    for (operator, holds) in COMPARISONS {
        let holds = *holds;
        FuncRegistration::new(*operator).set_into_module(module, move |a: Handle<O>, b: Handle<O>| {
            holds(if a.is_same(&b) { std::cmp::Ordering::Equal } else { order(&a, &b) })
        });
    }
    FuncRegistration::new("to_string")
        .with_comments([
            "/// The name of the object, as `print` shows it.",
            "///",
            "/// ```rhai",
            "/// print(domains()[0].to_string())",
            "/// ```",
        ])
        .set_into_module(module, |handle: &mut Handle<O>| handle.label().to_owned());
    FuncRegistration::new("to_debug")
        .with_comments([
            "/// The type and the name of the object.",
            "///",
            "/// ```rhai",
            "/// print(domains()[0].to_debug())",
            "/// ```",
        ])
        .set_into_module(module, move |handle: &mut Handle<O>| format!("{name}({:?})", handle.label()));
}

/// By name, then by host and key: two objects that are not the same are never equal.
fn order<O: Object>(a: &Handle<O>, b: &Handle<O>) -> std::cmp::Ordering {
    a.label()
        .cmp(b.label())
        .then_with(|| a.connection().uri().cmp(&b.connection().uri()))
        .then_with(|| a.key().cmp(b.key()))
}

type Holds = fn(std::cmp::Ordering) -> bool;

const COMPARISONS: &[(&str, Holds)] = &[
    ("==", std::cmp::Ordering::is_eq),
    ("!=", std::cmp::Ordering::is_ne),
    ("<", std::cmp::Ordering::is_lt),
    ("<=", std::cmp::Ordering::is_le),
    (">", std::cmp::Ordering::is_gt),
    (">=", std::cmp::Ordering::is_ge),
];
