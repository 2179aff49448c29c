//! The record of a run: what passes the door goes into the history store.
//!
//! A run that changes nothing costs nothing: the store is opened at the first change, on a thread of its own, the writer.
//! Changes reach it before they are sent and again when they ended, and it writes them down in batches, every
//! [`writer::PERIOD`] or [`writer::BATCH`] changes: kill -9 loses at most the last batch. Where the record is required
//! nothing is lost: every change waits until it is written down that it will be sent.

#[cfg(test)]
mod tests;
mod writer;

use std::fmt;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::config::{self, Recording};
use crate::error::{Error, Result, code};
use crate::history::{self, ChangeOutcome, Ending, NewRun, digest};
use crate::libvirt::{Change, Effect, Operation, Record};
use crate::uri::without_password;
use writer::{Beginning, Message, Opening, Writer};

/// Changes that may wait for the writer before whoever makes more of them waits, too.
const ROOM: usize = 16_384;
/// How long the first change waits for the store.
const FIRST_PATIENCE: Duration = Duration::from_secs(1);
/// How long the end of a run waits for the store.
const LAST_PATIENCE: Duration = Duration::from_secs(30);

/// See the module. Copies are the same record.
#[derive(Clone)]
pub struct Recorder(Arc<Shared>);

struct Shared {
    store: Option<String>,
    keep: Duration,
    warn: Arc<dyn Fn(&str) + Send + Sync>,
    state: Mutex<State>,
}

struct State {
    policy: Recording,
    run: NewRun,
    /// What its digest is made of, where nobody has done that yet.
    source: Option<String>,
    /// A run of another process that this one adds to.
    joined: Option<i64>,
    start: (Timestamp, Instant),
    /// Why the run fails.
    error: Option<String>,
    changes: u64,
    writer: Option<SyncSender<Message>>,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recorder({})", self.state().run.script)
    }
}

impl Recorder {
    /// Makes the record of a run that begins now; nothing is opened. `warn` is told once where it cannot be kept.
    pub fn new(history: &config::History, run: NewRun, warn: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Shared {
            store: history.store.clone(),
            keep: history.keep,
            warn: Arc::new(warn),
            state: Mutex::new(State {
                policy: history.record,
                run,
                source: None,
                joined: None,
                start: (Timestamp::now(), Instant::now()),
                error: None,
                changes: 0,
                writer: None,
            }),
        }))
    }

    /// Says what happens where the record cannot be kept; holds from the next change on.
    pub fn set_policy(&self, policy: Recording) {
        self.state().policy = policy;
    }

    /// What happens where the record cannot be kept.
    pub fn policy(&self) -> Recording {
        self.state().policy
    }

    /// Says what runs, and that it begins now: before the first change, or after [`Self::end`] for a next run.
    pub fn describe(&self, run: NewRun) {
        let mut state = self.state();
        state.run = run;
        state.source = None;
        state.start = (Timestamp::now(), Instant::now());
        state.error = None;
    }

    /// Gives the text of what runs, whose digest is stored.
    pub fn set_source(&self, text: &str) {
        let mut state = self.state();
        if state.policy != Recording::Never {
            state.source = Some(text.to_owned());
        }
    }

    /// Adds changes to a run that another process began and will end.
    pub fn join(&self, run: i64) {
        self.state().joined = Some(run);
    }

    /// Writes down that the run began, as runs of jobs do; returns its number, or nothing where there is no record.
    ///
    /// Errors: where the record is required, those of the store; otherwise they are a warning.
    pub fn begin(&self) -> Result<Option<i64>> {
        let policy = self.policy();
        if policy == Recording::Never {
            return Ok(None);
        }
        match self.ask(|reply| Message::Begin { reply }) {
            Ok(number) => Ok(Some(number)),
            Err(error) if policy == Recording::Required => Err(error),
            // The writer has warned.
            Err(_) => Ok(None),
        }
    }

    /// Keeps what a run that [`Self::begin`] wrote down has written so far; where that fails, its end says so.
    pub fn keep_output(&self, text: String) {
        // Nobody waits for it.
        if let Some(writer) = &self.state().writer {
            let _ = writer.try_send(Message::Output(text));
        }
    }

    /// Remembers why the run fails, for its end.
    pub fn fail(&self, error: &Error) {
        self.state().error.get_or_insert_with(|| error.to_string());
    }

    /// Writes down how the run ended, and all that is left; does nothing where nothing was recorded.
    pub fn end(&self, mut ending: Ending) {
        let (writer, joined) = {
            let mut state = self.state();
            ending.duration.get_or_insert_with(|| state.start.1.elapsed());
            if ending.outcome.is_trouble() {
                ending.error = ending.error.take().or_else(|| state.error.take());
            }
            (state.writer.take(), state.joined)
        };
        let Some(writer) = writer else { return };
        let (reply, answer) = sync_channel(1);
        let ending = joined.is_none().then_some(ending);
        let asked = writer.send(Message::End { ending, reply });
        drop(writer);
        if asked.is_ok() && matches!(answer.recv_timeout(LAST_PATIENCE), Err(RecvTimeoutError::Timeout)) {
            (self.0.warn)("the history store does not answer: the record of this run is not complete");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The writer, begun if need be.
    fn writer(&self, state: &mut State) -> Result<SyncSender<Message>> {
        if let Some(writer) = &state.writer {
            return Ok(writer.clone());
        }
        let mut run = state.run.clone();
        if let (None, Some(source)) = (&run.digest, &state.source) {
            run.digest = Some(digest(source));
        }
        let beginning = match state.joined {
            Some(run) => Beginning::Joined(run),
            None => Beginning::New(run, state.start.0),
        };
        let (sender, messages) = sync_channel(ROOM);
        let opening = Opening { store: self.0.store.clone(), keep: self.0.keep, beginning };
        let writer = Writer::new(opening, state.policy, self.0.warn.clone());
        let thread = std::thread::Builder::new().name("record".into()).spawn(move || writer.serve(&messages));
        thread.map_err(|e| Error::new(code::IO, format!("cannot start the thread of the record: {e}")))?;
        state.writer = Some(sender.clone());
        Ok(sender)
    }

    /// Asks the writer for something and waits for its answer.
    fn ask<T>(&self, message: impl FnOnce(SyncSender<Result<T>>) -> Message) -> Result<T> {
        let writer = self.writer(&mut self.state())?;
        let (reply, answer) = sync_channel(1);
        let gone = || Error::new(code::IO, "the thread of the record has ended");
        writer.send(message(reply)).map_err(|_| gone())?;
        answer.recv().unwrap_or_else(|_| Err(gone()))
    }
}

impl Record for Recorder {
    fn opened(&self, host: &str) {
        let mut state = self.state();
        let host = without_password(host);
        if state.policy == Recording::Never {
            return;
        }
        // A run that changes nothing has no record, but those of jobs.
        if state.joined.is_some() || state.writer.is_some() {
            if let Ok(writer) = self.writer(&mut state) {
                let _ = writer.try_send(Message::Host(host));
            }
        } else if !state.run.hosts.contains(&host) {
            state.run.hosts.push(host);
        }
    }

    fn before(&self, operation: Operation, object: &str, host: &str) -> Result<u64> {
        let (number, policy, writer) = {
            let mut state = self.state();
            if state.policy == Recording::Never {
                return Ok(0);
            }
            state.changes += 1;
            let is_first = state.writer.is_none();
            let writer = self.writer(&mut state);
            if let (true, Recording::BestEffort, Ok(writer)) = (is_first, state.policy, &writer) {
                open_in_time(writer);
            }
            (state.changes, state.policy, writer)
        };
        let change = history::Change {
            run: 0,
            number: number as i64,
            job: None,
            time: Timestamp::now(),
            host: without_password(host),
            operation: operation.name.to_owned(),
            effect: effect(operation.effect).to_owned(),
            object: object.to_owned(),
            outcome: ChangeOutcome::Running,
            error: None,
            duration: None,
        };
        match policy {
            Recording::Required => {
                let asked = self.ask(|reply| Message::Sent { change, reply: Some(reply) });
                asked.map_err(|error| not_recorded(&error))?;
            }
            _ => {
                if let Ok(writer) = writer {
                    let _ = writer.send(Message::Sent { change, reply: None });
                }
            }
        }
        Ok(number)
    }

    fn after(&self, number: u64, change: &Change<'_>) {
        let Some(writer) = self.state().writer.clone() else { return };
        let (outcome, error) = match change.outcome {
            Ok(()) => (ChangeOutcome::Done, None),
            Err(error) => (outcome_of(error), Some(error.to_string())),
        };
        let (host, duration) = (without_password(change.host), change.duration);
        let _ = writer.send(Message::Ended { number: number as i64, host, outcome, error, duration });
    }
}

/// Why a change was not made.
fn not_recorded(error: &Error) -> Error {
    let why = format!("not done: its record is required and cannot be written: {error}");
    let facts = error.facts();
    let refused = Error::new(facts.code.clone(), why).cause(facts.message.clone());
    match &facts.hint {
        Some(hint) => refused.hint(hint.clone()),
        None => refused.hint("`record = \"best-effort\"` in the configuration would only warn"),
    }
}

/// Lets the writer open the store, so that its warning does not come in the middle of something else; where that takes
/// long, nobody waits for it.
fn open_in_time(writer: &SyncSender<Message>) {
    let (reply, answer) = sync_channel(1);
    if writer.send(Message::Begin { reply }).is_ok() {
        let _ = answer.recv_timeout(FIRST_PATIENCE);
    }
}

/// Whether a change that failed may have taken effect.
fn outcome_of(error: &Error) -> ChangeOutcome {
    match error.code() {
        code::DISCONNECTED | code::INTERRUPTED | code::DEADLINE => ChangeOutcome::Unknown,
        _ => ChangeOutcome::Failed,
    }
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "read",
        Effect::Change => "change",
        Effect::Destroy => "destroy",
    }
}
