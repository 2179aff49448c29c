//! Who is asked before each change, and told after it.
//!
//! The prompt has a guard: it asks the person before something is destroyed, and remembers what was there before a
//! change. Scripts have none.

use std::any::Any;

use super::connection::Connection;
use super::door::{Change, Operation};
use super::storage_volume::StorageVolume;
use crate::error::Result;

/// A change that is about to be made.
#[derive(Clone, Copy)]
pub struct Coming<'a> {
    /// What will be called.
    pub operation: Operation,
    /// On which object; empty for calls on the connection itself.
    pub object: &'a str,
    /// On which connection.
    pub connection: &'a Connection,
    /// The handle that it is called on; nothing of use for calls on the connection itself.
    pub subject: &'a dyn Any,
}

/// See the module. It may read through the connection; what it changes by itself is asked about again.
pub trait Guard: Send + Sync {
    /// Lets a change pass; called on the thread that asked for the change, before anything is sent.
    ///
    /// Errors: the reason why it is not made.
    fn before(&self, coming: &Coming<'_>) -> Result<()>;

    /// Sees the definition that the next change stores; called on the same thread, right before [`Self::before`].
    fn defines(&self, definition: &str);

    /// Hears which volumes are deleted together with what the next change destroys: they are one question.
    fn together(&self, volumes: Vec<StorageVolume>);

    /// Hears how it ended; a long call ends on a thread of its own.
    fn after(&self, change: &Change<'_>);
}
