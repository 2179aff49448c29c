//! Who keeps a record of each change.

use super::door::{Change, Operation};
use crate::error::Result;

/// See the module: told before a change is sent, so that what was sent is known even where nobody lived to see its end.
pub trait Record: Send + Sync {
    /// Hears of a connection that was opened, by the URI that was given or else the one that libvirt chose.
    fn opened(&self, host: &str);

    /// Hears of a change that was allowed and is about to be sent; what it returns tells it from others.
    ///
    /// Errors: the change must not be made, because it cannot be recorded.
    fn before(&self, operation: Operation, object: &str, host: &str) -> Result<u64>;

    /// Hears how a change ended that it heard of before; a long call ends on a thread of its own.
    fn after(&self, number: u64, change: &Change<'_>);
}
