//! Steps that take back what was done: what `maintain::transaction` gives to its closure.

use std::sync::{Arc, Mutex, PoisonError};

use rhai::plugin::export_module;
use rhai::{Array, Dynamic, FnPtr};

use crate::lang::natives::Natives;

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    natives.engine().register_type_with_name::<UndoSteps>("UndoSteps");
    natives.global(&undo_functions::RHAI_MANIFEST);
}

/// The steps, first to last; copies are the same list, so that a closure may add to it.
#[derive(Clone, Debug, Default)]
pub struct UndoSteps(Arc<Mutex<Vec<FnPtr>>>);

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod undo_functions {
    /// Makes an empty list of steps that take something back; `maintain::transaction` has one.
    ///
    /// ```rhai
    /// let steps = undo_steps();
    /// steps.undo(|| print("taken back"));
    /// for step in steps.take() { step.call() }
    /// ```
    pub fn undo_steps() -> UndoSteps {
        UndoSteps::default()
    }

    /// Says how to take back what was done just now.
    ///
    /// The closure keeps the variables as they are now, so that in a loop each step knows its own guest; what it changes of
    /// them is not seen outside.
    ///
    /// ```rhai
    /// import "maintain" as maintain;
    /// let vm = domain("test");
    /// maintain::transaction(|t| { vm.suspend(); t.undo(|| vm.resume()); });
    /// vm.resume();
    /// ```
    #[rhai_fn(pure)]
    pub fn undo(steps: &mut UndoSteps, mut step: FnPtr) {
        // What a closure captures is shared, also by the rounds of a loop.
        let kept: Vec<Dynamic> = step.iter_curry().map(Dynamic::flatten_clone).collect();
        step.set_curry(kept);
        steps.0.lock().unwrap_or_else(PoisonError::into_inner).push(step);
    }

    /// Takes all steps out of the list, as closures, the last one first.
    ///
    /// @returns array
    ///
    /// ```rhai
    /// print(undo_steps().take().len());
    /// ```
    #[rhai_fn(pure)]
    pub fn take(steps: &mut UndoSteps) -> Array {
        let taken = std::mem::take(&mut *steps.0.lock().unwrap_or_else(PoisonError::into_inner));
        taken.into_iter().rev().map(Dynamic::from).collect()
    }

    /// How many steps there are.
    ///
    /// ```rhai
    /// print(undo_steps().to_string());
    /// ```
    #[rhai_fn(name = "to_string", name = "to_debug", pure)]
    pub fn to_string(steps: &mut UndoSteps) -> String {
        format!("{} steps to undo", steps.0.lock().unwrap_or_else(PoisonError::into_inner).len())
    }
}
