//! What the prompt does before a change: it asks the person before something is destroyed, and remembers what was
//! there.
//!
//! It is the door's guard, so whatever way a call takes, Rhai or a line of virsh, it is asked about in one place.
//! Only calls that inputs make are: neither the startup script nor what goes on while a line is edited.

mod loss;
mod usage;

use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::raw_mode;
use super::screen::Screen;
use super::undo::Memory;
use crate::error::{Error, Result, code};
use crate::libvirt::{Change, Coming, Effect, Guard, StorageVolume};
use crate::output::{Palette, Style};
use crate::report;
use crate::uri;

/// Puts a question to the person: what was answered, or nothing where nobody answers.
pub(super) type Ask = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// See the module.
pub(super) struct Caution {
    ask: Ask,
    /// Whether anything is asked at all.
    confirms: bool,
    palette: Palette,
    phase: Mutex<Phase>,
    memory: Mutex<Memory>,
    /// Volumes that go together with what is destroyed next, and whether the person has agreed to that.
    together: Mutex<(Vec<StorageVolume>, bool)>,
}

/// What is done about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing is asked and remembered: before the first input, and while a change is taken back.
    Idle,
    /// Each call that destroys is asked about.
    Asking,
    /// The person has said yes to all of this input.
    All,
}

impl Caution {
    /// Asks through `ask`, unless `confirms` is false.
    pub(super) fn new(ask: Ask, confirms: bool, palette: Palette) -> Self {
        Self {
            ask,
            confirms,
            palette,
            phase: Mutex::new(Phase::Idle),
            memory: Mutex::default(),
            together: Mutex::default(),
        }
    }

    /// An input begins.
    pub(super) fn begin(&self) {
        *self.volumes() = (Vec::new(), false);
        *self.phase() = if self.confirms { Phase::Asking } else { Phase::All };
    }

    /// Nothing is asked and remembered until the next input.
    pub(super) fn pause(&self) {
        *self.phase() = Phase::Idle;
    }

    fn volumes(&self) -> MutexGuard<'_, (Vec<StorageVolume>, bool)> {
        self.together.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was there before the last change.
    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what will be done, and asks whether it may be.
    pub(super) fn agrees(&self, what: &str, screen: &mut dyn Screen) -> bool {
        if !self.confirms {
            screen.tell(what);
            return true;
        }
        answer((self.ask)(&format!("{what}go on? y(es), n(o): "))) == Answer::Yes
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
        let mut together = self.volumes();
        let (volumes, is_agreed) = &mut *together;
        let volume = coming.subject.downcast_ref::<StorageVolume>();
        if *is_agreed && volume.is_some_and(|volume| volumes.iter().any(|other| other.is_same(volume))) {
            return Ok(());
        }
        let Some(losses) = loss::of(coming, volumes) else { return Ok(()) };
        match answer((self.ask)(&self.question(coming, &losses))) {
            Answer::Yes => {
                *is_agreed = true;
                Ok(())
            }
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
        // While a line is edited, the keys belong to it: what happens now was begun by an earlier input.
        if *self.phase() == Phase::Idle || raw_mode::is_editing() {
            return Ok(());
        }
        if coming.operation.effect == Effect::Destroy {
            self.confirm(coming)?;
        }
        self.memory().before(coming);
        Ok(())
    }

    fn defines(&self, definition: &str) {
        if *self.phase() != Phase::Idle {
            self.memory().given(definition);
        }
    }

    fn together(&self, volumes: Vec<StorageVolume>) {
        *self.volumes() = (volumes, false);
    }

    fn after(&self, change: &Change<'_>) {
        if *self.phase() != Phase::Idle {
            self.memory().after(change);
        }
    }
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
pub(super) mod tests;
