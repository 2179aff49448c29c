//! What is done at the end whatever happened: `finally(|| …, |failure| …)`.

use std::time::Duration;

use rhai::plugin::{Dynamic, NativeCallContext, export_module};
use rhai::{EvalAltResult, FnPtr};

use super::closure::call_with;
use super::error::{from_rhai, is_final};
use super::{Context, Fallible};
use crate::error::Error;
use crate::lang::natives::Natives;

/// How long an interruption waits for the second closure: less than systemd and a cluster leave a service that they stop.
const LIMIT: Duration = Duration::from_secs(60);

/// Registers the function.
pub(super) fn register(natives: &mut Natives) {
    natives.global(&finally_functions::RHAI_MANIFEST);
}

/// A failure with a second one in its words, where it came from.
fn followed_by(first: EvalAltResult, second: &Error) -> EvalAltResult {
    use EvalAltResult::{ErrorInFunctionCall, ErrorInModule, ErrorRuntime};
    match first {
        ErrorInFunctionCall(name, source, inner, position) => {
            ErrorInFunctionCall(name, source, followed_by(*inner, second).into(), position)
        }
        ErrorInModule(path, inner, position) => {
            ErrorInModule(path, followed_by(*inner, second).into(), position)
        }
        other => ErrorRuntime(Dynamic::from(from_rhai(&other).followed_by(second)), other.position()),
    }
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod finally_functions {
    /// Runs a closure, then a second one whatever became of the first, and returns the value of the first.
    ///
    /// The second is given the error of the first, or `()`, and it runs also after an interruption, after the deadline of the
    /// run and after `exit()`: for at most 60 seconds, and a second interruption ends it. Nothing runs after signal 9.
    /// `import "maintain"` has `transaction`, which undoes single steps.
    ///
    /// Errors: those of the first closure, else of the second; where both fail, that of the first with the words of both.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// vm.suspend();
    /// finally(|| print(vm.state), |failure| vm.resume());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn finally(context: NativeCallContext, body: FnPtr, last: FnPtr) -> Fallible<Dynamic> {
        let value = body.call_within_context::<Dynamic>(&context, ());
        let failure = value.as_ref().err().map_or(Dynamic::UNIT, |error| Dynamic::from(from_rhai(error)));
        let held = Context::of(&context)?.door().interrupt().hold(LIMIT);
        let done = call_with(&context, &last, &failure);
        drop(held);
        match (value, done) {
            (Err(first), Err(second)) if !is_final(&first) => {
                Err(followed_by(*first, &from_rhai(&second)).into())
            }
            (Ok(_), Err(second)) => Err(second),
            (value, _) => value,
        }
    }
}
