//! Closures that are given an object and need not take it.

use rhai::plugin::{Dynamic, NativeCallContext};
use rhai::{EvalAltResult, FnPtr};

use super::Fallible;

/// Calls a closure with an object, or without it where the closure has no parameter.
pub(super) fn call_with<T: Clone + Send + Sync + 'static>(
    context: &NativeCallContext,
    closure: &FnPtr,
    object: &T,
) -> Fallible<Dynamic> {
    match closure.call_within_context::<Dynamic>(context, (object.clone(),)) {
        // Nothing of it has run: no function of its name takes what it was given.
        Err(error) if is_missing(&error, closure) => closure.call_within_context(context, ()),
        value => value,
    }
}

fn is_missing(error: &EvalAltResult, closure: &FnPtr) -> bool {
    matches!(error, EvalAltResult::ErrorFunctionNotFound(signature, _)
        if signature.split(' ').next() == Some(closure.fn_name()))
}
