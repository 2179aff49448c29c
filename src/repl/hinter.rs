//! What stands behind the cursor in grey: the rest of an earlier input, or the call that is being typed.

use rustyline::Context;
use rustyline::hint::{Hinter as _, HistoryHinter};

use super::shell::Shell;
use crate::lang::infer::call_around;

/// A hint.
pub(super) struct Hint {
    text: String,
    /// Whether the right arrow takes it over; the signature of a call is only shown.
    is_input: bool,
}

impl rustyline::hint::Hint for Hint {
    fn display(&self) -> &str {
        &self.text
    }

    fn completion(&self) -> Option<&str> {
        self.is_input.then_some(&self.text)
    }
}

/// Returns the hint for a cursor at the end of the line.
pub(super) fn hint(shell: &Shell, line: &str, cursor: usize, context: &Context<'_>) -> Option<Hint> {
    if cursor < line.len() || line.trim().is_empty() {
        return None;
    }
    let earlier = HistoryHinter::new().hint(line, cursor, context);
    if let Some(rest) = earlier.and_then(|text| text.lines().next().map(str::to_owned)) {
        return Some(Hint { text: rest, is_input: true });
    }
    signature(shell, line).map(|text| Hint { text: format!("   {text}"), is_input: false })
}

/// Returns the form of the call whose argument is being typed. Only once the catalog is there: typing must not
/// wait for it.
fn signature(shell: &Shell, line: &str) -> Option<String> {
    let catalog = shell.knowledge().ready_catalog()?;
    let source = format!("{}{line}", shell.knowledge().prelude());
    let (call, argument) = call_around(&source, shell.session().scope(), &|_| None, catalog)?;
    let entry = match &call.receiver {
        Some(receiver) => catalog.method(receiver, &call.name),
        None => catalog.function(&call.namespace, &call.name),
    }?;
    let fits = entry.overloads.iter().find(|overload| overload.params.len() > argument);
    Some(entry.signature(fits?))
}
