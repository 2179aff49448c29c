//! File systems of a guest that are frozen are thawed again, whatever happens to the script.
//!
//! Before the call that freezes, an intent is written to the state folder and a small process (this
//! program again) waits on a pipe. It thaws at the end of the pipe, which comes when the script
//! ends in any way, and at a limit of time. What even that process could not do, because it was
//! killed too, the next start does from the intent: see [`leftovers`].

mod guard;
mod intent;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use super::connection::is_in_process;
use super::domain::{AgentPatience, Domain};
use crate::error::{Error, Result, code};
use guard::{Guard, Released};

pub use guard::serve;
pub use intent::{Leftover, leftovers};

/// How long file systems may stay frozen unless said otherwise.
pub const DEFAULT_LIMIT: Duration = Duration::from_secs(60);

/// The hidden command of this program that is the guard; its argument is the file of the intent.
pub const GUARD_COMMAND: &str = "_freeze-guard";

/// How a freeze is guarded.
#[derive(Clone, Debug)]
pub struct Guarding {
    /// Where intents are written: the folder `freeze` in the state folder.
    pub folder: PathBuf,
    /// When the guard thaws even while the script goes on.
    pub limit: Duration,
}

impl Guarding {
    /// Guards with intents below the state folder, for at most `limit`.
    pub fn new(state: &Path, limit: Duration) -> Self {
        Self { folder: intent::folder(state), limit }
    }
}

/// The guests that this process has frozen.
static FROZEN: Mutex<Vec<(String, Uuid, Guard)>> = Mutex::new(Vec::new());

fn frozen() -> MutexGuard<'static, Vec<(String, Uuid, Guard)>> {
    FROZEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the guard of a guest out of the list.
fn take(domain: &Domain) -> Option<Guard> {
    let uri = domain.connection().uri();
    let mut frozen = frozen();
    let place = frozen.iter().position(|(host, uuid, _)| *host == uri && uuid == domain.key())?;
    Some(frozen.swap_remove(place).2)
}

impl Domain {
    /// Stops writing to its file systems, or to those at the given places, under a guard, and returns
    /// how many they are (`virDomainFSFreeze`).
    ///
    /// Errors: `operation_invalid` where this run has frozen it already; `agent_unresponsive`; those
    /// of the guard, which needs a connection of its own. Then nothing stays frozen.
    pub fn fs_freeze(&self, mountpoints: &[String], guarding: &Guarding) -> Result<u32> {
        let of_this = |error: Error| error.operation("domain.fs_freeze").object(self.label());
        // An agent that is not there is found before anything is begun.
        match self.agent_ping(AgentPatience::Default) {
            Err(error) if error.code() != code::UNSUPPORTED => return Err(error),
            _ => {}
        }
        let uri = self.connection().uri();
        if is_in_process(&uri) {
            // Such a host ends with this process: there is nothing that could stay frozen.
            return self.fs_freeze_unguarded(mountpoints);
        }
        if let Some(mut guard) = take(self) {
            if guard.is_waiting() {
                frozen().push((uri, *self.key(), guard));
                return Err(of_this(
                    Error::new("operation_invalid", "its file systems are frozen already, by this run")
                        .hint("vm.fs_thaw() thaws them"),
                ));
            }
            guard.abandon();
        }
        let mut guard = Guard::start(self, &uri, guarding).map_err(of_this)?;
        match self.fs_freeze_unguarded(mountpoints) {
            Ok(count) => {
                guard.tell_frozen();
                frozen().push((uri, *self.key(), guard));
                Ok(count)
            }
            Err(error) => {
                if was_not_begun(&error) {
                    let _ = guard.release();
                } else {
                    // Whether they are frozen is unknown: the guard thaws them.
                    guard.abandon();
                }
                Err(error)
            }
        }
    }

    /// Lets its file systems be written to again, and returns how many they were (`virDomainFSThaw`).
    ///
    /// Errors: `timeout` where the guard of a freeze had to thaw them at its limit: what was done since
    /// then saw a file system that was written to.
    pub fn fs_thaw(&self) -> Result<u32> {
        let guard = take(self);
        match self.fs_thaw_all() {
            Ok(count) => match guard.map(Guard::release) {
                Some(Released::TooLate(limit)) => Err(self.too_late(limit)),
                _ => Ok(count),
            },
            Err(error) => Err(match guard {
                // It thaws at once, with a connection of its own, and goes on trying.
                Some(guard) => {
                    guard.abandon();
                    error
                }
                None => error,
            }),
        }
    }

    fn too_late(&self, limit: Duration) -> Error {
        let limit = crate::units::duration_text(limit.as_secs_f64());
        Error::new(code::TIMEOUT, format!("its file systems were thawed {limit} after they were frozen"))
            .operation("domain.fs_thaw")
            .object(self.label())
            .hint("what was done after that is not consistent; #{ limit: \"5m\" } gives it more time")
    }
}

/// True where the call failed before anything could have been frozen.
fn was_not_begun(error: &Error) -> bool {
    let words = [
        code::UNSUPPORTED,
        code::USAGE,
        code::DENIED,
        code::READ_ONLY,
        "no_domain",
        "operation_invalid",
        "operation_unsupported",
        "argument_unsupported",
        "config_unsupported",
        "access_denied",
    ];
    words.contains(&error.code())
}
