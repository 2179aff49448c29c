//! The one door that every call to libvirt passes.
//!
//! A call names its [`Operation`] (what it is called and what it does to the host) and the object.
//! The door refuses what the rules forbid, counts, gives every error its operation, object and
//! host, and tells an observer of each change.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::auth::Credentials;
use super::guard::{Coming, Guard};
use super::interrupt::Interrupt;
use super::long_calls::LongCalls;
use super::record::Record;
use super::storage_volume::StorageVolume;
use crate::error::{Error, Result, code};

/// What a call does to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Changes something that can be changed back.
    Change,
    /// Ends, deletes or throws away something: forced power-off, undefine, delete, wipe, revert.
    Destroy,
}

/// The name and the effect of a call.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Type and call, as libvirt has them: `domain.start`.
    pub name: &'static str,
    /// What it does to the host.
    pub effect: Effect,
}

/// A call that changes nothing.
pub(super) const fn read(name: &'static str) -> Operation {
    Operation { name, effect: Effect::Read }
}

/// A call that changes something.
pub(super) const fn change(name: &'static str) -> Operation {
    Operation { name, effect: Effect::Change }
}

/// A call that ends, deletes or throws away something.
pub(super) const fn destroy(name: &'static str) -> Operation {
    Operation { name, effect: Effect::Destroy }
}

/// What a run may not do.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a rule of its own")]
pub struct Rules {
    /// `-r`: every connection is opened read-only.
    pub readonly: bool,
    /// `--deny change`
    pub deny_change: bool,
    /// `--deny destroy`
    pub deny_destroy: bool,
    /// What a read-only connection cannot do is left to libvirt to refuse, in its own words.
    pub libvirt_refuses: bool,
}

/// How often a server is asked whether it is still there, and how many questions in a row it may leave unanswered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// Seconds between two questions; 0 for none.
    pub interval: u32,
    /// Questions without an answer after which the connection counts as lost.
    pub count: u32,
}

/// One change that was tried: what an observer is told.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// What was called.
    pub operation: Operation,
    /// On which object.
    pub object: &'a str,
    /// On which host.
    pub host: &'a str,
    /// How it ended.
    pub outcome: std::result::Result<(), &'a Error>,
    /// How long it took.
    pub duration: Duration,
}

/// A guest that is about to be changed for the first time in a run.
#[derive(Clone, Copy, Debug)]
pub struct FirstChange<'a> {
    /// Its name.
    pub object: &'a str,
    /// Its host.
    pub host: &'a str,
    /// Its definition before the change.
    pub definition: &'a str,
}

type Observer = dyn Fn(&Change<'_>) + Send + Sync;
type Watcher = dyn Fn(&FirstChange<'_>) + Send + Sync;
type Patience = dyn Fn(Operation, &str, Duration) -> Option<Box<dyn Any>> + Send + Sync;

/// See the module. One door serves all connections of a session.
#[derive(Default)]
pub struct Door {
    rules: Rules,
    interrupt: Interrupt,
    credentials: Option<Arc<dyn Credentials>>,
    keepalive: Option<Keepalive>,
    /// Few names, and the same few again and again: looked up by address, which costs less than hashing.
    counts: Mutex<Vec<(&'static str, u64)>>,
    observer: Option<Box<Observer>>,
    watcher: Option<Box<Watcher>>,
    record: Option<Arc<dyn Record>>,
    guard: OnceLock<Arc<dyn Guard>>,
    patience: Option<Box<Patience>>,
    /// What was changed already, by UUID.
    changed: Mutex<HashSet<u128>>,
    long_calls: LongCalls,
}

impl Door {
    /// Makes a door with the rules of a run.
    pub fn new(rules: Rules, interrupt: Interrupt) -> Self {
        Self { rules, interrupt, ..Self::default() }
    }

    /// Sets who answers when a server asks for a name or a password; without one, it is told that
    /// nobody can.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Arc<dyn Credentials>) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sets how often servers are asked whether they are still there: a connection that cannot do it is not opened.
    #[must_use]
    pub fn with_keepalive(mut self, keepalive: Keepalive) -> Self {
        self.keepalive = Some(keepalive);
        self
    }

    /// Sets who is told of each change.
    #[must_use]
    pub fn with_observer(mut self, observer: impl Fn(&Change<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Sets who keeps a record of each change.
    #[must_use]
    pub fn with_record(mut self, record: Arc<dyn Record>) -> Self {
        self.record = Some(record);
        self
    }

    /// Sets who is told, before it happens, of the first change to each guest.
    #[must_use]
    pub fn with_watcher(mut self, watcher: impl Fn(&FirstChange<'_>) + Send + Sync + 'static) -> Self {
        self.watcher = Some(Box::new(watcher));
        self
    }

    /// Sets who is asked before each change and told after it; the first one stays.
    pub fn set_guard(&self, guard: Arc<dyn Guard>) {
        let _ = self.guard.set(guard);
    }

    /// Tells the guard which volumes are deleted together with what the next change destroys.
    pub fn destroy_together(&self, volumes: Vec<StorageVolume>) {
        if let Some(guard) = self.guard.get() {
            guard.together(volumes);
        }
    }

    /// Sets who is told of a call that takes its time, while it is waited for: the operation, the object and the time so far.
    /// What that gives is dropped when the waiting is over.
    #[must_use]
    pub fn with_patience(
        mut self,
        patience: impl Fn(Operation, &str, Duration) -> Option<Box<dyn Any>> + Send + Sync + 'static,
    ) -> Self {
        self.patience = Some(Box::new(patience));
        self
    }

    /// The rules of this run.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// The wish that the run should end.
    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// The calls that go on beside the script.
    pub fn long_calls(&self) -> &LongCalls {
        &self.long_calls
    }

    pub(super) fn keepalive(&self) -> Option<Keepalive> {
        self.keepalive
    }

    pub(super) fn credentials(&self) -> Option<Arc<dyn Credentials>> {
        self.credentials.clone()
    }

    /// How often each operation has been called since the last [`Self::reset_counts`].
    pub fn counts(&self) -> HashMap<&'static str, u64> {
        let mut counts = HashMap::new();
        // A name may have several addresses: one for each place in the code that names it.
        for (name, calls) in self.counts.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            *counts.entry(*name).or_default() += calls;
        }
        counts
    }

    /// How many calls there were since the last [`Self::reset_counts`].
    pub fn calls(&self) -> u64 {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|(_, calls)| calls).sum()
    }

    /// Counts calls that are made together with one that passes the door.
    pub(super) fn count(&self, operation: Operation, calls: u64) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.iter_mut().find(|(name, _)| std::ptr::eq(*name, operation.name)) {
            Some((_, count)) => *count += calls,
            None => counts.push((operation.name, calls)),
        }
    }

    /// Starts counting anew.
    pub fn reset_counts(&self) {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Lets a call pass, or says who forbids it.
    pub(super) fn admit(&self, operation: Operation, readonly: bool) -> Result<()> {
        self.interrupt.check()?;
        if operation.effect != Effect::Read {
            self.check_rules(operation, readonly)?;
        }
        self.count(operation, 1);
        Ok(())
    }

    /// Lets the guard refuse a change that the rules allow.
    pub(super) fn consult(&self, coming: &Coming<'_>) -> Result<()> {
        match self.guard.get() {
            Some(guard) if coming.operation.effect != Effect::Read => guard.before(coming),
            _ => Ok(()),
        }
    }

    /// Tells the record of a connection that was opened.
    pub(super) fn tell_opened(&self, host: &str) {
        if let Some(record) = &self.record {
            record.opened(host);
        }
    }

    /// Notes a change that is about to be sent, or says why it must not be.
    pub(super) fn note(
        &self,
        operation: Operation,
        object: &str,
        host: impl FnOnce() -> String,
    ) -> Result<Option<u64>> {
        match &self.record {
            Some(record) if operation.effect != Effect::Read => {
                record.before(operation, object, &host()).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Shows the guard the definition that the next change stores.
    pub(super) fn show_definition(&self, definition: &str) {
        if let Some(guard) = self.guard.get() {
            guard.defines(definition);
        }
    }

    fn check_rules(&self, operation: Operation, readonly: bool) -> Result<()> {
        let Operation { name, effect } = operation;
        if self.rules.deny_destroy && effect == Effect::Destroy {
            return Err(Error::new(code::DENIED, format!("{name} is forbidden by --deny destroy"))
                .hint("run without --deny destroy to allow it"));
        }
        if self.rules.deny_change {
            return Err(Error::new(code::DENIED, format!("{name} is forbidden by --deny change"))
                .hint("run without --deny change to allow it"));
        }
        if self.rules.libvirt_refuses {
            return Ok(());
        }
        if self.rules.readonly {
            return Err(Error::new(code::READ_ONLY, format!("{name} is forbidden by -r (--readonly)"))
                .hint("run without -r to allow changes"));
        }
        if readonly {
            return Err(Error::new(
                code::READ_ONLY,
                format!("{name} is forbidden: this connection was opened read-only"),
            )
            .hint("open it without `--readonly` or `readonly: true` to allow changes"));
        }
        Ok(())
    }

    /// Tells the watcher of a change, if it is the first one to this guest; its definition is read
    /// only then.
    pub(super) fn announce(
        &self,
        uuid: u128,
        object: &str,
        host: impl FnOnce() -> String,
        definition: impl FnOnce() -> Option<String>,
    ) {
        let Some(watcher) = &self.watcher else { return };
        if !self.changed.lock().unwrap_or_else(PoisonError::into_inner).insert(uuid) {
            return;
        }
        // One that cannot be read is no reason to hinder the change, which will say what is wrong.
        if let Some(definition) = definition() {
            watcher(&FirstChange { object, host: &host(), definition: &definition });
        }
    }

    /// Tells of a call that takes its time.
    pub(super) fn late(&self, operation: Operation, object: &str, since: Duration) -> Option<Box<dyn Any>> {
        self.patience.as_ref().and_then(|patience| patience(operation, object, since))
    }

    /// Tells the record, the observer and the guard of a change that was tried; `noted` is what [`Self::note`] gave for
    /// it, where it came so far.
    pub(super) fn observe(&self, change: &Change<'_>, noted: Option<u64>) {
        if let (Some(record), Some(number)) = (&self.record, noted) {
            record.after(number, change);
        }
        if let Some(observer) = &self.observer {
            observer(change);
        }
        if let Some(guard) = self.guard.get() {
            guard.after(change);
        }
    }
}
