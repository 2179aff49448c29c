//! A handle on one object of a connection: (connection, key), and what it found last.
//!
//! A copy is cheap. The object behind it is looked up by its key again after a reconnect, so a
//! handle outlives a lost connection. Objects are never locked while libvirt is called.

use std::sync::{Arc, Mutex, PoisonError};

use virt::connect::Connect;
use virt::sys;

use super::connection::{Connection, Live};
use super::door::{Effect, Operation, read};
use super::failure::Outcome;
use crate::error::{Error, Result};

/// What libvirt has of a kind of object, and how it is found again.
pub trait Object: Send + Sync + Sized + 'static {
    /// What identifies it on its host.
    type Key: Clone + Ord + Send + Sync + 'static;

    /// Looks it up.
    fn find(connect: &Connect, key: &Self::Key) -> Outcome<Self>;

    /// Its key; local, no call to the daemon.
    fn key(&self) -> Outcome<Self::Key>;

    /// Its name for people; local, no call to the daemon.
    fn label(&self) -> Outcome<String>;

    /// The connection that libvirt has it belong to, for kinds that tell.
    fn connect(&self) -> Option<sys::virConnectPtr> {
        None
    }

    /// What tells it from everything else, for kinds whose first change in a run is announced.
    fn watched(_key: &Self::Key) -> Option<u128> {
        None
    }

    /// Its definition, for the same kinds.
    fn definition(&self) -> Option<String> {
        None
    }
}

/// See the module.
pub struct Handle<O: Object>(Arc<Inner<O>>);

struct Inner<O: Object> {
    cached: Mutex<Option<Cached<O>>>,
    connection: Connection,
    key: O::Key,
    label: String,
}

/// An object, and the open connection that it was found on. In this order: the last reference that libvirt
/// counts closes the connection, which talks to the daemon and so belongs to the worker, and it is `Live`
/// that sees to that.
type Cached<O> = (Arc<O>, Arc<Live>);

impl<O: Object> Clone for Handle<O> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// A found object on its way from the calling thread to its handle.
pub(super) struct Found<O: Object> {
    key: O::Key,
    label: String,
    cached: Cached<O>,
}

impl<O: Object> Found<O> {
    /// Takes down what a handle needs, on the thread that made the call.
    pub(super) fn new(live: &Arc<Live>, object: O) -> Outcome<Self> {
        // A migration gives an object of the other host: its handle would find nothing there.
        // SAFETY: the pointer is only compared.
        if object.connect().is_some_and(|connect| connect != unsafe { live.connect().as_ptr() }) {
            let message = format!("{} belongs to another connection", object.label()?);
            let error = Error::new("internal_error", message);
            return Err(error.hint("this is a fault of virhai: please report it").into());
        }
        Self::looked_up(live, object)
    }

    /// Does the same for what a look-up on the connection gave: it belongs to no other, and to ask for that costs
    /// more than the look-up.
    pub(super) fn looked_up(live: &Arc<Live>, object: O) -> Outcome<Self> {
        Ok(Self { key: object.key()?, label: object.label()?, cached: (Arc::new(object), live.clone()) })
    }

    /// Does the same for a list.
    pub(super) fn all(live: &Arc<Live>, objects: Vec<O>) -> Outcome<Vec<Self>> {
        objects.into_iter().map(|object| Self::looked_up(live, object)).collect()
    }
}

impl<O: Object> Handle<O> {
    /// Makes the handle of a found object.
    pub(super) fn new(connection: &Connection, found: Found<O>) -> Self {
        let Found { key, label, cached } = found;
        let cached = Mutex::new(Some(cached));
        Self(Arc::new(Inner { connection: connection.clone(), key, label, cached }))
    }

    /// Makes the handles of a list.
    pub(super) fn all(connection: &Connection, found: Vec<Found<O>>) -> Vec<Self> {
        found.into_iter().map(|found| Self::new(connection, found)).collect()
    }

    /// The connection that it belongs to.
    pub fn connection(&self) -> &Connection {
        &self.0.connection
    }

    /// What identifies it on its host.
    pub fn key(&self) -> &O::Key {
        &self.0.key
    }

    /// Its name when the handle was made; for messages and order.
    pub fn label(&self) -> &str {
        &self.0.label
    }

    /// True where both mean the same object of the same connection.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.connection.is_same(&other.0.connection) && self.0.key == other.0.key)
    }

    /// Makes a call on the object.
    pub(super) fn call<T: Send + 'static>(
        &self,
        operation: Operation,
        f: impl FnOnce(&O) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        self.call_live(operation, move |_, object| f(object))
    }

    /// The object, on the thread that makes the calls.
    pub(super) fn object(&self, live: &Arc<Live>) -> Outcome<Arc<O>> {
        self.0.object(live)
    }

    /// Announces a change that will be made in another way than by a call on the object.
    pub fn announce_change(&self, definition: &str) {
        self.0.announce_with(|| Some(definition.to_owned()));
    }

    /// Announces a change on the thread that makes it.
    pub(super) fn announce(&self, operation: Operation, object: &O) {
        self.0.announce(operation, object);
    }

    /// Makes a call that also needs the open connection, to give objects that it found a handle.
    pub(super) fn call_live<T: Send + 'static>(
        &self,
        operation: Operation,
        f: impl FnOnce(&Arc<Live>, &O) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        let inner = self.0.clone();
        self.0.connection.call_about(operation, &self.0.label, self, move |live| {
            let object = inner.object(live)?;
            inner.announce(operation, &object);
            f(live, &object)
        })
    }
}

impl<O: Object> Inner<O> {
    /// Announces a change on the thread that makes it.
    fn announce(&self, operation: Operation, object: &O) {
        if operation.effect != Effect::Read {
            self.announce_with(|| {
                self.connection.door().count(read("domain.xml"), 1);
                object.definition()
            });
        }
    }

    /// Tells the door's watcher of a change, if it is the first one in this run.
    fn announce_with(&self, definition: impl FnOnce() -> Option<String>) {
        if let Some(uuid) = O::watched(&self.key) {
            let connection = &self.connection;
            connection.door().announce(uuid, &self.label, || connection.uri(), definition);
        }
    }

    fn object(&self, live: &Arc<Live>) -> Outcome<Arc<O>> {
        let cached = || self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((object, found_on)) = &*cached()
            && Arc::ptr_eq(found_on, live)
        {
            return Ok(object.clone());
        }
        // Not under the lock: the look-up may hang, and its caller may give up.
        let object = Arc::new(O::find(live.connect(), &self.key)?);
        *cached() = Some((object.clone(), live.clone()));
        Ok(object)
    }
}
