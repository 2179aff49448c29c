//! What the prompt does before a change: it asks the person before something is destroyed.
//!
//! It is the door's guard, so whatever way a call takes, Rhai or a line of virsh, it is asked about in one place.
//! Only calls that an input makes are: neither the startup script nor what goes on in the background.

mod loss;
mod usage;

use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::uri;
use crate::error::{Error, Result, code};
use crate::libvirt::{Change, Coming, Effect, Guard};
use crate::output::{Palette, Style};
use crate::report;

/// Puts a question to the person: what was answered, or nothing where nobody answers.
pub(super) type Ask = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// See the module.
pub(super) struct Caution {
    ask: Ask,
    /// Whether anything is asked at all.
    confirms: bool,
    palette: Palette,
    phase: Mutex<Phase>,
}

/// What is done about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No input is running.
    Idle,
    /// Each call that destroys is asked about.
    Asking,
    /// The person has said yes to all of this input.
    All,
}

impl Caution {
    /// Asks through `ask`, unless `confirms` is false.
    pub(super) fn new(ask: Ask, confirms: bool, palette: Palette) -> Self {
        Self { ask, confirms, palette, phase: Mutex::new(Phase::Idle) }
    }

    /// An input begins.
    pub(super) fn begin(&self) {
        *self.phase() = if self.confirms { Phase::Asking } else { Phase::All };
    }

    /// The input has ended.
    pub(super) fn end(&self) {
        *self.phase() = Phase::Idle;
    }

    /// One question at a time: the others wait for this.
    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn confirm(&self, coming: &Coming<'_>) -> Result<()> {
        let mut phase = self.phase();
        if *phase != Phase::Asking {
            return Ok(());
        }
        // Where it cannot be opened there is nothing to ask.
        coming.connection.open()?;
        let Some(losses) = loss::of(coming) else { return Ok(()) };
        match answer((self.ask)(&self.question(coming, &losses))) {
            Answer::Yes => Ok(()),
            Answer::All => {
                *phase = Phase::All;
                Ok(())
            }
            Answer::No => Err(Error::new(code::DENIED, "not done: the answer was no")),
        }
    }

    /// What would be done, what that loses, and what can be answered.
    fn question(&self, coming: &Coming<'_>, losses: &[String]) -> String {
        let what = format!("{} {}", coming.operation.name, coming.object);
        let host = uri::shown(&coming.connection.uri());
        let mut text = format!("{} on {host}\n", self.palette.paint(Style::Warning, what.trim_end()));
        for loss in losses {
            let _ = writeln!(text, "  {}", report::printable(loss));
        }
        text.push_str("go on? y(es), n(o), a(ll of this input): ");
        text
    }
}

impl Guard for Caution {
    fn before(&self, coming: &Coming<'_>) -> Result<()> {
        if coming.operation.effect == Effect::Destroy { self.confirm(coming) } else { Ok(()) }
    }

    fn after(&self, _: &Change<'_>) {}
}

/// What the person has said.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    All,
}

/// Only what is clearly a yes is one.
fn answer(said: Option<String>) -> Answer {
    match said.unwrap_or_default().trim().to_lowercase().as_str() {
        "y" | "yes" => Answer::Yes,
        "a" | "all" => Answer::All,
        _ => Answer::No,
    }
}

#[cfg(test)]
mod tests;
