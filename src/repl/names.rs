//! The live names that completion offers.
//!
//! They are asked of an open connection on a thread of its own and kept for a moment. Completion waits for an
//! answer only as long as nobody notices: a slow, large or hung host gives the names it gave last, and the new
//! ones at the next key. Nothing here opens a connection.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::libvirt::Connection;
use crate::virsh::{self, complete::Value};

/// Names are used without asking again for this long.
const FRESH: Duration = Duration::from_secs(1);
/// Names older than this are not offered while newer ones are on their way.
const STALE: Duration = Duration::from_secs(60);
/// How long the prompt may stand still.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long it stands still where there are names to offer meanwhile: enough for a host of usual size.
const MOMENT: Duration = Duration::from_millis(8);
/// A question that has no answer after this time is given up, and another one may be asked.
const HUNG: Duration = Duration::from_secs(5);

/// A kind of object that is found by name.
pub(super) struct Kind {
    /// The functions that take its name.
    pub(super) finders: &'static [&'static str],
    read: fn(&Connection) -> Result<Vec<String>>,
}

/// Every kind whose names can be completed.
pub(super) static KINDS: &[Kind] = &[
    Kind {
        finders: &["domain", "domains"],
        read: |c| Ok(c.domain_entries(0)?.into_iter().map(|entry| entry.name).collect()),
    },
    Kind { finders: &["interface", "interfaces"], read: |c| Ok(labels(&c.interfaces(0)?)) },
    Kind { finders: &["network", "networks"], read: |c| Ok(labels(&c.networks(0)?)) },
    Kind { finders: &["node_device", "node_devices"], read: |c| Ok(labels(&c.node_devices(0)?)) },
    Kind { finders: &["nwfilter", "nwfilters"], read: |c| Ok(labels(&c.nwfilters(0)?)) },
    Kind { finders: &["nwfilter_binding"], read: |c| Ok(labels(&c.nwfilter_bindings(0)?)) },
    Kind { finders: &["pool", "pools"], read: |c| Ok(labels(&c.pools(0)?)) },
    Kind { finders: &["secret"], read: |c| Ok(labels(&c.secrets(0)?)) },
];

fn labels<O: crate::libvirt::Object>(all: &[crate::libvirt::Handle<O>]) -> Vec<String> {
    all.iter().map(|one| one.label().to_owned()).collect()
}

/// Returns the kind whose names a function takes.
pub(super) fn kind_of(function: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.finders.contains(&function))
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
}

impl Names {
    /// Returns the names of a kind, sorted; none where the connection is not open.
    pub(super) fn get(&self, connection: &Connection, kind: &'static Kind) -> Arc<[String]> {
        let read = kind.read;
        self.get_with(connection.uri(), kind.finders[0], connection.is_open(), {
            let connection = connection.clone();
            move || read(&connection)
        })
    }

    /// Returns the names that complete a value of a line of virsh, sorted; none where the connection is not open.
    pub(super) fn virsh(&self, connection: &Connection, value: &Value) -> Vec<String> {
        let key = format!("{} {:?}", value.kind, value.before);
        let (asked, value) = (connection.clone(), value.clone());
        self.get_with(connection.uri(), &key, connection.is_open(), move || virsh::names(&asked, &value))
            .to_vec()
    }

    fn get_with(
        &self,
        host: String,
        kind: &str,
        is_open: bool,
        read: impl FnOnce() -> Result<Vec<String>> + Send + 'static,
    ) -> Arc<[String]> {
        let slot = {
            let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            slots.entry((host, kind.to_owned())).or_default().clone()
        };
        let mut state = slot.state();
        let is_fresh = state.read.is_some_and(|read| read.elapsed() < FRESH);
        if is_fresh || !is_open {
            return state.names.clone();
        }
        if state.asked.is_none_or(|asked| asked.elapsed() > HUNG) {
            state.asked = Some(Instant::now());
            let answering = slot.clone();
            let thread = std::thread::Builder::new().name("names".into());
            if thread.spawn(move || answering.answer(read())).is_err() {
                state.asked = None;
            }
        }
        let has_names = state.read.is_some_and(|read| read.elapsed() < STALE);
        let patience = if has_names { MOMENT } else { PATIENCE };
        let (state, _) = slot
            .answered
            .wait_timeout_while(state, patience, |state| state.asked.is_some())
            .unwrap_or_else(PoisonError::into_inner);
        state.names.clone()
    }
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, names: Result<Vec<String>>) {
        let mut state = self.state();
        if let Ok(mut names) = names {
            names.sort_unstable();
            state.names = names.into();
            state.read = Some(Instant::now());
        }
        state.asked = None;
        self.answered.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn ask(names: &Names, answer: Result<Vec<String>>) -> Vec<String> {
        names.get_with("here".into(), "domain", true, move || answer).to_vec()
    }

    #[test]
    fn names_are_sorted_and_kept_for_a_moment() {
        let names = Names::default();
        assert_eq!(ask(&names, Ok(vec!["web".into(), "db".into()])), ["db", "web"]);
        assert_eq!(ask(&names, Ok(vec!["new".into()])), ["db", "web"]);
    }

    #[test]
    fn old_names_are_offered_while_new_ones_are_on_their_way() {
        let names = Names::default();
        ask(&names, Ok(vec!["old".into()]));
        for slot in names.0.lock().unwrap().values() {
            slot.state().read = Instant::now().checked_sub(FRESH * 2);
        }
        let (answer, slow) = mpsc::channel::<Vec<String>>();
        let read = move || Ok(slow.recv().unwrap_or_default());
        assert_eq!(names.get_with("here".into(), "domain", true, read).to_vec(), ["old"]);
        answer.send(vec!["new".into()]).unwrap();
        while names.0.lock().unwrap().values().any(|slot| slot.state().asked.is_some()) {
            std::thread::yield_now();
        }
        assert_eq!(ask(&names, Ok(vec![])), ["new"]);
    }

    #[test]
    fn a_failure_leaves_the_names_that_were_there() {
        let names = Names::default();
        assert!(ask(&names, Err(crate::error::Error::usage("no"))).is_empty());
        assert_eq!(ask(&names, Ok(vec!["web".into()])), ["web"]);
    }

    #[test]
    fn a_closed_connection_is_not_asked() {
        let names = Names::default();
        let asked = || -> Result<Vec<String>> { panic!("asked") };
        assert!(names.get_with("here".into(), "domain", false, asked).is_empty());
    }

    #[test]
    fn a_hung_host_is_asked_once_and_answers_later() {
        let names = Names::default();
        let (answer, hung) = mpsc::channel::<Vec<String>>();
        let read = move || Ok(hung.recv().unwrap_or_default());
        assert!(names.get_with("here".into(), "domain", true, read).is_empty());
        let again = || -> Result<Vec<String>> { panic!("asked twice") };
        assert!(names.get_with("here".into(), "domain", true, again).is_empty());
        answer.send(vec!["late".into()]).unwrap();
        let found = names.get_with("here".into(), "domain", true, || Ok(vec!["late".into()]));
        assert_eq!(found.to_vec(), ["late"]);
    }
}
