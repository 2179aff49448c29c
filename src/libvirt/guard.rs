//! Who is asked before each change, and told after it.
//!
//! The prompt has a guard: it asks the person before something is destroyed, and remembers what was there before a
//! change. Scripts have none.

use std::any::Any;

use super::connection::Connection;
use super::door::{Change, Operation};
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
    /// The handle that it is called on, or a [`Definition`]; nothing of use for all other calls on a connection.
    pub subject: &'a dyn Any,
}

/// A definition that is about to be stored.
#[derive(Clone, Debug)]
pub struct Definition(pub String);

/// See the module. It may read through the connection; what it changes by itself is asked about again.
pub trait Guard: Send + Sync {
    /// Lets a change pass; called on the thread that asked for the change, before anything is sent.
    ///
    /// Errors: the reason why it is not made.
    fn before(&self, coming: &Coming<'_>) -> Result<()>;

    /// Hears how it ended; a long call ends on a thread of its own.
    fn after(&self, change: &Change<'_>);
}
