//! The thread that writes the record of a run.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::config::Recording;
use crate::error::Result;
use crate::history::{Change, ChangeOutcome, Ending, FIRST_NUMBER, NewRun, Place, Store};

/// How long a change waits for others to be written with.
pub(super) const PERIOD: Duration = Duration::from_millis(100);
/// Changes that are written at once without waiting.
pub(super) const BATCH: usize = 100;
/// A sign of life of a run that changes nothing meanwhile.
const PULSE: Duration = Duration::from_secs(60);
/// How long a store that failed is left alone.
const RECOVERY: Duration = Duration::from_secs(10);
/// Changes that are kept for a store that fails; the oldest go.
const MEMORY: usize = 50_000;

/// What the writer is told.
pub(super) enum Message {
    /// The run begins now.
    Begin { reply: SyncSender<Result<i64>> },
    /// A host that the run has to do with.
    Host(String),
    /// What the run has written so far.
    Output(String),
    /// A change is about to be sent; who wants an answer waits until it is written down.
    Sent { change: Change, reply: Option<SyncSender<Result<()>>> },
    /// A change ended.
    Ended { number: i64, host: String, outcome: ChangeOutcome, error: Option<String>, duration: Duration },
    /// The run ended; nothing for one that another process ends.
    End { ending: Option<Ending>, reply: SyncSender<()> },
}

/// What the writer needs to open the store.
pub(super) struct Opening {
    pub(super) store: Option<String>,
    pub(super) keep: Duration,
    pub(super) beginning: Beginning,
}

/// The run that changes belong to.
pub(super) enum Beginning {
    /// One that began at this moment.
    New(NewRun, Timestamp),
    /// One that is in the store.
    Joined(i64),
}

/// The store with the run.
struct Open {
    store: Store,
    run: i64,
    /// What the numbers of its changes begin with.
    first: i64,
}

/// See the module.
pub(super) struct Writer {
    opening: Opening,
    policy: Recording,
    warn: Arc<dyn Fn(&str) + Send + Sync>,
    open: Option<Open>,
    /// Changes that are not written yet.
    new: Vec<Change>,
    /// Changes that ended after they were written.
    ended: Vec<Change>,
    /// Hosts that are not in the store.
    hosts: Vec<String>,
    /// What the run wrote, where it is not in the store.
    output: Option<String>,
    /// When the oldest of all that came.
    since: Option<Instant>,
    failed: Option<Instant>,
    has_warned: bool,
    lost: usize,
}

impl Writer {
    pub(super) fn new(opening: Opening, policy: Recording, warn: Arc<dyn Fn(&str) + Send + Sync>) -> Self {
        Self {
            opening,
            policy,
            warn,
            open: None,
            new: Vec::new(),
            ended: Vec::new(),
            hosts: Vec::new(),
            output: None,
            since: None,
            failed: None,
            has_warned: false,
            lost: 0,
        }
    }

    /// Serves until the run ends, or nobody is left who could tell of a change.
    pub(super) fn serve(mut self, messages: &Receiver<Message>) {
        loop {
            match messages.recv_timeout(self.patience()) {
                Ok(Message::End { ending, reply }) => {
                    self.end(ending);
                    let _ = reply.send(());
                    return;
                }
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => self.flush_in_time(),
                Err(RecvTimeoutError::Disconnected) => return self.flush_loudly(),
            }
        }
    }

    fn patience(&self) -> Duration {
        match (self.since, self.failed) {
            (None, _) => PULSE,
            (Some(_), Some(failed)) => RECOVERY.saturating_sub(failed.elapsed()),
            (Some(since), None) => PERIOD.saturating_sub(since.elapsed()),
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Begin { reply } => {
                let begun = self.open().map(|open| open.run);
                if let (Err(error), Recording::BestEffort) = (&begun, self.policy) {
                    self.complain(error);
                }
                let _ = reply.send(begun);
            }
            Message::Host(host) => self.hosts.push(host),
            Message::Output(text) => self.output = Some(text),
            Message::Sent { change, reply: Some(reply) } => {
                let number = change.number;
                self.add(change);
                let written = self.flush();
                if written.is_err() {
                    // It will not be sent.
                    self.new.retain(|change| change.number != number);
                }
                let _ = reply.send(written);
            }
            Message::Sent { change, reply: None } => self.add(change),
            Message::Ended { number, host, outcome, error, duration } => {
                let complete = |change: &mut Change| {
                    (change.host, change.outcome) = (host, outcome);
                    (change.error, change.duration) = (error, Some(duration));
                };
                if let Some(change) = self.new.iter_mut().rev().find(|change| change.number == number) {
                    complete(change);
                } else {
                    let mut change = blank(number);
                    complete(&mut change);
                    self.ended.push(change);
                }
            }
            // It is served before.
            Message::End { .. } => {}
        }
        self.since.get_or_insert_with(Instant::now);
        if self.new.len() + self.ended.len() >= BATCH || self.patience().is_zero() {
            self.flush_in_time();
        }
    }

    fn add(&mut self, change: Change) {
        self.new.push(change);
        if self.new.len() > MEMORY {
            self.new.remove(0);
            self.lost += 1;
        }
    }

    /// Writes what is there, unless the store failed a moment ago.
    fn flush_in_time(&mut self) {
        if self.failed.is_none_or(|failed| failed.elapsed() >= RECOVERY) {
            self.flush_loudly();
        }
    }

    /// Writes what is there, all or nothing; what was not written is kept.
    fn flush(&mut self) -> Result<()> {
        let written = self.write();
        match &written {
            Ok(()) => {
                self.new.clear();
                self.ended.clear();
                self.hosts.clear();
                self.output = None;
                (self.since, self.failed) = (None, None);
            }
            Err(_) => self.failed = Some(Instant::now()),
        }
        written
    }

    /// Writes what is there, and says where that fails.
    fn flush_loudly(&mut self) {
        if let Err(error) = self.flush() {
            self.complain(&error);
        }
    }

    fn write(&mut self) -> Result<()> {
        let attempt = self.write_once();
        match (&attempt, &self.open) {
            // A server that was started anew meanwhile.
            (Err(_), Some(open)) if open.store.is_lost() => {
                self.reopen()?;
                self.write_once()
            }
            _ => attempt,
        }
    }

    fn write_once(&mut self) -> Result<()> {
        self.open()?;
        let Some(open) = &mut self.open else { return Ok(()) };
        let placed =
            |change: &Change| Change { run: open.run, number: open.first + change.number, ..change.clone() };
        let new: Vec<Change> = self.new.iter().map(placed).collect();
        let ended: Vec<Change> = self.ended.iter().map(placed).collect();
        open.store.add_hosts(open.run, &self.hosts)?;
        if let Some(output) = &self.output {
            open.store.set_output(open.run, output)?;
        }
        open.store.add_changes(open.run, &new, &ended)
    }

    /// Opens the store and begins the run, if that was not done.
    fn open(&mut self) -> Result<&Open> {
        if self.open.is_none() {
            let mut store = Store::open(Place::find(self.opening.store.as_deref())?)?;
            let (run, first) = match &self.opening.beginning {
                Beginning::New(run, start) => (store.begin_run(run, *start)?, FIRST_NUMBER),
                Beginning::Joined(run) => (*run, store.first_number(*run)?),
            };
            self.open = Some(Open { store, run, first });
        }
        self.open.as_ref().ok_or_else(|| crate::error::Error::new("internal_error", "the store is not open"))
    }

    /// Opens the store anew for the same run.
    fn reopen(&mut self) -> Result<()> {
        let store = Store::open(Place::find(self.opening.store.as_deref())?)?;
        if let Some(open) = &mut self.open {
            open.store = store;
        }
        Ok(())
    }

    /// Writes what is left and how the run ended, and then removes what is old.
    fn end(&mut self, ending: Option<Ending>) {
        let flushed = self.flush();
        let Some(Open { store, run, .. }) = &mut self.open else {
            // Who was refused everything knows why.
            if let (Err(error), false) = (&flushed, self.new.is_empty()) {
                self.complain(error);
            }
            return self.tell_lost();
        };
        let ended =
            flushed.and_then(|()| ending.as_ref().map_or(Ok(()), |ending| store.end_run(*run, ending)));
        let ended = ended.and_then(|()| store.tidy(self.opening.keep, *run));
        if let Err(error) = ended {
            self.complain(&error);
        }
        self.tell_lost();
    }

    fn tell_lost(&self) {
        let lost = self.lost + self.new.len();
        if lost > 0 {
            (self.warn)(&format!("{lost} changes of this run are not in the history store"));
        }
    }

    /// Says that the record is not kept, once.
    fn complain(&mut self, error: &crate::error::Error) {
        if self.has_warned {
            return;
        }
        self.has_warned = true;
        let hint = error.facts().hint.as_deref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        (self.warn)(&format!("the changes of this run are not recorded: {error}{hint}"));
    }
}

/// The end of a change that is in the store.
fn blank(number: i64) -> Change {
    Change {
        run: 0,
        number,
        job: None,
        time: Timestamp::UNIX_EPOCH,
        host: String::new(),
        operation: String::new(),
        effect: String::new(),
        object: String::new(),
        outcome: ChangeOutcome::Running,
        error: None,
        duration: None,
    }
}
