//! Functions of the language itself that the core lacks or that have to know the session.

use rhai::plugin::{Dynamic, ImmutableString, NativeCallContext, export_module};
use std::any::TypeId;

use rhai::{Array, Blob, EvalAltResult, FnPtr, FuncRegistration, INT, Position};

use super::{Context, Fallible, units::duration};
use crate::lang::natives::{Docs, Natives};
use crate::lang::suggest::nearest;

/// Registers the functions.
pub(super) fn register(natives: &mut Natives) {
    natives.global(&global_functions::RHAI_MANIFEST);
    // Rhai's own gives values of a type that has no functions here.
    natives.module().set_iter(TypeId::of::<Blob>(), |blob| {
        Box::new(blob.cast::<Blob>().into_iter().map(|byte| INT::from(byte).into()))
    });
    // Rhai's own takes any value, so it is found last, and compares each text with the names of types: most of what
    // a number in a text costs. It does the same, and is the one that is documented.
    if natives.docs() == Docs::Dropped {
        let digits = |number: INT| number.to_string();
        FuncRegistration::new("to_string").set_into_module(natives.module(), digits);
    }
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod global_functions {
    /// The arguments of the script, visible in functions too.
    ///
    /// @returns [string]
    ///
    /// ```rhai
    /// fn first() { if args().is_empty() { "none" } else { args()[0] } }
    /// print(first())
    /// ```
    #[rhai_fn(name = "args", return_raw)]
    pub fn script_args(context: NativeCallContext) -> Fallible<Array> {
        Ok(Context::of(&context)?.args())
    }

    /// The value of an environment variable, or `()`.
    ///
    /// ```rhai
    /// print(env("HOME") ?? "nowhere")
    /// ```
    pub fn env(name: ImmutableString) -> Dynamic {
        variable(&name).map_or(Dynamic::UNIT, Into::into)
    }

    /// The value of an environment variable, or a default.
    ///
    /// ```rhai
    /// print(env("VIRHAI_NO_SUCH", "default"))
    /// ```
    #[rhai_fn(name = "env")]
    pub fn env_or(name: ImmutableString, default: Dynamic) -> Dynamic {
        variable(&name).map_or(default, Into::into)
    }

    /// Ends the script with exit status 0; no `try` holds it up.
    ///
    /// @replaces
    ///
    /// ```rhai
    /// if domains().is_empty() { exit() }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn exit() -> Fallible<()> {
        leave(0)
    }

    /// Ends the script with an exit status from 0 to 255; no `try` holds it up.
    ///
    /// @replaces
    ///
    /// Errors: `usage` for another number.
    ///
    /// ```rhai
    /// if domains().is_empty() { exit(3) }
    /// ```
    #[rhai_fn(name = "exit", return_raw)]
    pub fn exit_with(status: i64) -> Fallible<()> {
        leave(status)
    }

    /// Waits for a time: seconds, or a text such as `"500ms"`; an interruption ends it.
    ///
    /// Errors: `usage` for what is no time or is negative.
    ///
    /// ```rhai
    /// sleep("10ms");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn sleep(context: NativeCallContext, time: Dynamic) -> Fallible<()> {
        let time = duration(&time)?;
        Ok(Context::of(&context)?.door().interrupt().sleep(time)?)
    }

    /// Waits for a whole number of seconds; an interruption ends it.
    ///
    /// Rhai's own, which nothing can interrupt, would be chosen before a function that takes any value.
    ///
    /// @replaces
    ///
    /// ```rhai
    /// sleep(0);
    /// ```
    #[rhai_fn(name = "sleep", return_raw)]
    pub fn sleep_seconds(context: NativeCallContext, time: i64) -> Fallible<()> {
        sleep(context, time.into())
    }

    /// Waits for seconds; an interruption ends it.
    ///
    /// @replaces
    ///
    /// ```rhai
    /// sleep(0.01);
    /// ```
    #[rhai_fn(name = "sleep", return_raw)]
    pub fn sleep_fraction(context: NativeCallContext, time: f64) -> Fallible<()> {
        sleep(context, time.into())
    }

    /// The word of a list that was most likely meant, or `()` when none is near.
    ///
    /// ```rhai
    /// print(nearest("--dry-rum", ["--dry-run", "--help"]))
    /// ```
    #[rhai_fn(name = "nearest")]
    pub fn nearest_word(word: ImmutableString, words: Array) -> Dynamic {
        let words: Vec<String> = words.into_iter().filter_map(|word| word.into_string().ok()).collect();
        let found = nearest(&word, words.iter().map(String::as_str));
        found.map_or(Dynamic::UNIT, Into::into)
    }

    /// Calls a closure with each element of an array.
    ///
    /// @replaces
    ///
    /// ```rhai
    /// domains().for_each(|vm| print(vm.name));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn for_each(context: NativeCallContext, array: Array, closure: FnPtr) -> Fallible<()> {
        for element in array {
            let _ = closure.call_within_context::<Dynamic>(&context, (element,))?;
        }
        Ok(())
    }
}

fn variable(name: &str) -> Option<String> {
    // A name with `=` or NUL is no name of a variable; std would panic on some of them.
    if name.is_empty() || name.contains(['=', '\0']) {
        return None;
    }
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// What `exit` throws; Rhai's own kind of error for it would end a whole source as a value does.
#[derive(Clone, Copy)]
pub struct ExitStatus(pub u8);

impl ExitStatus {
    /// The status of a failure that `exit` made.
    pub fn of(failure: &EvalAltResult) -> Option<Self> {
        match super::error::innermost(failure) {
            EvalAltResult::ErrorTerminated(value, _) => value.clone().try_cast(),
            _ => None,
        }
    }
}

fn leave(status: i64) -> Fallible<()> {
    let Ok(status) = u8::try_from(status) else {
        return Err(crate::error::Error::usage(format!("{status} is not an exit status"))
            .operation("exit")
            .hint("use a number from 0 to 255")
            .into());
    };
    let status = Dynamic::from(ExitStatus(status));
    Err(Box::new(EvalAltResult::ErrorTerminated(status, Position::NONE)))
}
