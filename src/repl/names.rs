//! The live names that completion offers.
//!
//! They are asked of an open connection on a thread of its own and kept: as long as nothing has happened to
//! objects of their kind where the driver tells that by events, and for a moment elsewhere. Completion waits for
//! an answer only as long as nobody notices: a slow, large or hung host gives the names it gave last, and the new
//! ones at the next key. Nothing here opens a connection.

mod kinds;

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::libvirt::Connection;
use crate::libvirt::events::Watch;
use crate::virsh::{self, complete::Value};

pub(super) use kinds::{Kind, kind_of};

/// Names are used without asking again for this long where no events tell that they have changed.
const FRESH: Duration = Duration::from_secs(1);
/// Names older than this are not offered while newer ones are on their way.
const STALE: Duration = Duration::from_secs(60);
/// How long the prompt may stand still.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long it stands still where there are names to offer meanwhile, or where an answer is overdue: enough for
/// a host of usual size.
const MOMENT: Duration = Duration::from_millis(8);
/// A question that has no answer after this time is given up, and another one may be asked.
const HUNG: Duration = Duration::from_secs(5);

/// What is asked of a connection, and when an answer is out of date.
struct Question {
    host: String,
    is_open: bool,
    /// What is asked for.
    what: String,
    /// The kind of event after which it has to be asked again.
    event: Option<&'static str>,
}

/// The names that were found last, by connection and kind.
#[derive(Default)]
pub(super) struct Names(Mutex<HashMap<(String, String), Arc<Slot>>>);

#[derive(Default)]
struct Slot {
    state: Mutex<State>,
    answered: Condvar,
}

#[derive(Default)]
struct State {
    names: Arc<[String]>,
    read: Option<Instant>,
    asked: Option<Instant>,
    /// Something has happened since they were read.
    is_outdated: bool,
    /// Tells when the names may have changed.
    watch: Option<Watch>,
}

impl Names {
    /// Returns the names of a kind, sorted; none where the connection is not open.
    pub(super) fn get(&self, connection: &Connection, kind: &'static Kind) -> Arc<[String]> {
        self.ask(connection, kind.finders[0].into(), kind.event, kind.read)
    }

    /// Returns the names that complete a value of a line of virsh, sorted; none where the connection is not open.
    pub(super) fn virsh(&self, connection: &Connection, value: &Value) -> Vec<String> {
        let what = format!("{} {:?}", value.kind, value.before);
        let value = value.clone();
        let event = kinds::event_of(value.kind);
        self.ask(connection, what, event, move |connection| virsh::names(connection, &value)).to_vec()
    }

    /// Returns what `read` finds, sorted; nothing where the connection is not open.
    pub(super) fn ask(
        &self,
        connection: &Connection,
        what: String,
        event: Option<&'static str>,
        read: impl FnOnce(&Connection) -> Result<Vec<String>> + Send + 'static,
    ) -> Arc<[String]> {
        let question = Question { host: connection.uri(), is_open: connection.is_open(), what, event };
        let connection = connection.clone();
        self.get_with(question, move |watched| {
            // Before the names are read: nothing that happens meanwhile is missed. A driver without events
            // is asked again after a moment.
            let watch = watched.and_then(|event| connection.watch(event).ok());
            Ok((read(&connection)?, watch))
        })
    }

    fn get_with(
        &self,
        question: Question,
        read: impl FnOnce(Option<&'static str>) -> Result<(Vec<String>, Option<Watch>)> + Send + 'static,
    ) -> Arc<[String]> {
        let Question { host, is_open, what, event } = question;
        let slot = {
            let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            slots.entry((host, what)).or_default().clone()
        };
        let mut state = slot.state();
        if !is_open || state.is_fresh() {
            return state.names.clone();
        }
        if state.asked.is_none_or(|asked| asked.elapsed() > HUNG) {
            state.asked = Some(Instant::now());
            let answering = slot.clone();
            let watched = event.filter(|_| state.watch.as_ref().is_none_or(|watch| !watch.is_listening()));
            let thread = std::thread::Builder::new().name("names".into());
            if thread.spawn(move || answering.answer(read(watched))).is_err() {
                state.asked = None;
            }
        }
        let has_names = state.read.is_some_and(|read| read.elapsed() < STALE || state.watch.is_some());
        let is_overdue = state.asked.is_some_and(|asked| asked.elapsed() > PATIENCE);
        let patience = if has_names || is_overdue { MOMENT } else { PATIENCE };
        let (state, _) = slot
            .answered
            .wait_timeout_while(state, patience, |state| state.asked.is_some())
            .unwrap_or_else(PoisonError::into_inner);
        state.names.clone()
    }
}

impl State {
    /// True while the names are as they were read.
    fn is_fresh(&mut self) -> bool {
        if let Some(watch) = self.watch.as_ref().filter(|watch| watch.is_listening()) {
            if watch.has_happened() {
                self.is_outdated = true;
            }
            return !self.is_outdated;
        }
        self.read.is_some_and(|read| read.elapsed() < FRESH)
    }
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, answer: Result<(Vec<String>, Option<Watch>)>) {
        let mut state = self.state();
        if let Ok((mut names, watch)) = answer {
            names.sort_unstable();
            state.names = names.into();
            state.read = Some(Instant::now());
            state.is_outdated = false;
            if let Some(watch) = watch {
                state.watch = Some(watch);
            }
        }
        state.asked = None;
        self.answered.notify_all();
    }
}

#[cfg(test)]
mod tests;
