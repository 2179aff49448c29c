//! Running a command: its body is a function of `stdlib/virsh/`, compiled at its first call.

use std::sync::Arc;

use rhai::{AST, CallFnOptions, Dynamic, Engine, EvalAltResult, Map, Scope};

use super::Call;
use super::records::Command;
use crate::api::Fallible;
use crate::error::Error;
use crate::session::Session;
use crate::stdlib::Modules;

/// Runs a command with what it writes shown, and returns its data.
///
/// Errors: `usage` for a value that the command cannot take; those of its body.
pub fn run(session: &Session, call: &Call, quiet: bool) -> Fallible<Dynamic> {
    let options = call.options()?;
    let output = session.context().virsh();
    output.shown(quiet, || body(session.engine(), session.modules(), &call.command, options))
}

/// Compiles what a call will need, while something else is waited for. What fails shows when it runs.
pub fn prepare(session: &Session, call: &Call) {
    let _ = program(session.engine(), session.modules(), &call.command);
}

fn program(engine: &Engine, modules: &Modules, command: &Command) -> Fallible<Arc<AST>> {
    modules.program(engine, &format!("virsh/{}", command.module))
}

pub(super) fn body(engine: &Engine, modules: &Modules, command: &Command, options: Map) -> Fallible<Dynamic> {
    let program = program(engine, modules, command)?;
    // Its imports are made again at each call, which costs a look into the modules that are kept.
    let how = CallFnOptions::new().eval_ast(true);
    engine
        .call_fn_with_options(how, &mut Scope::new(), &program, command.function(), (options,))
        .map_err(unwrapped)
}

/// The call of the body itself is of no interest to whoever called the command.
#[allow(
    clippy::unnecessary_box_returns,
    clippy::boxed_local,
    reason = "what every evaluation of Rhai fails with"
)]
fn unwrapped(failure: Box<EvalAltResult>) -> Box<EvalAltResult> {
    match *failure {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _)
            if matches!(*inner, EvalAltResult::ErrorRuntime(..) | EvalAltResult::ErrorTerminated(..)) =>
        {
            inner
        }
        other => Box::new(other),
    }
}

/// The lines in which virsh tells of an error: what was being done, and libvirt's own sentence.
pub fn error_lines(error: &Error) -> Vec<String> {
    let facts = error.facts();
    let last = facts.libvirt.as_deref().unwrap_or(&facts.message);
    facts
        .context
        .iter()
        .map(String::as_str)
        .chain([last])
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}
