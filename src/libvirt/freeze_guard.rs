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
use super::door::read;
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

/// A guest that this process has frozen.
struct Frozen {
    uri: String,
    uuid: Uuid,
    /// how many file systems
    count: u32,
    guard: Guard,
}

static FROZEN: Mutex<Vec<Frozen>> = Mutex::new(Vec::new());

fn frozen() -> MutexGuard<'static, Vec<Frozen>> {
    FROZEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a guest out of the list.
fn take(domain: &Domain) -> Option<Frozen> {
    let uri = domain.connection().uri();
    let mut frozen = frozen();
    let place = frozen.iter().position(|guest| guest.uri == uri && guest.uuid == *domain.key())?;
    Some(frozen.swap_remove(place))
}

impl Domain {
    /// Stops writing to its file systems, or to those at the given places, under a guard, and returns
    /// how many they are (`virDomainFSFreeze`).
    ///
    /// Errors: `operation_invalid` where they are frozen already, which is left as it is;
    /// `agent_unresponsive`; those of the guard, which needs a connection of its own. Then nothing that
    /// this call froze stays frozen.
    pub fn fs_freeze(&self, mountpoints: &[String], guarding: &Guarding) -> Result<u32> {
        let uri = self.connection().uri();
        if is_in_process(&uri) {
            // Such a host ends with this process: there is nothing that could stay frozen.
            return self.fs_freeze_unguarded(mountpoints);
        }
        if let Some(mut before) = take(self) {
            if before.guard.is_waiting() {
                frozen().push(before);
                return Err(self.frozen_already(Some(std::process::id())));
            }
            before.guard.abandon();
        }
        // An agent that is not there is found here too, before anything is begun.
        if self.is_frozen()? {
            return Err(self.frozen_already(self.holder(guarding)));
        }
        let mut guard = Guard::start(self, &uri, guarding)
            .map_err(|error| error.operation("domain.fs_freeze").object(self.label()))?;
        match self.fs_freeze_unguarded(mountpoints) {
            Ok(count) => {
                guard.tell_frozen();
                frozen().push(Frozen { uri, uuid: *self.key(), count, guard });
                Ok(count)
            }
            Err(error) if was_refused(&error) => {
                // What is frozen now is not ours to thaw: another was faster.
                let _ = guard.release();
                Err(match self.is_frozen() {
                    Ok(true) => self.frozen_already(self.holder(guarding)).cause(error.to_string()),
                    _ => error,
                })
            }
            Err(error) => {
                // Whether they are frozen is unknown: the guard thaws them.
                guard.abandon();
                Err(error)
            }
        }
    }

    /// Asks the agent whether its file systems are frozen (agent command `guest-fsfreeze-status`); one
    /// that cannot tell counts as not frozen.
    fn is_frozen(&self) -> Result<bool> {
        let ask = serde_json::json!({ "execute": "guest-fsfreeze-status" });
        match self.agent_answer(read("domain.fs_freeze_status"), &ask, AgentPatience::Default) {
            Ok(status) => Ok(status == "frozen"),
            Err(error) if matches!(error.code(), code::UNSUPPORTED | "agent_command_failed") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The process that has frozen it, as far as the notes of this machine tell.
    fn holder(&self, guarding: &Guarding) -> Option<u32> {
        intent::holder(&guarding.folder, &self.key().to_string())
    }

    fn frozen_already(&self, holder: Option<u32>) -> Error {
        let (by, hint) = match holder {
            Some(pid) if pid == std::process::id() => (", by this run", "vm.fs_thaw() thaws them".to_owned()),
            Some(pid) => (
                ", by another run",
                format!(
                    "process {pid} holds them: wait for its end; vm.fs_thaw() thaws them now, and what it \
                     does then is not consistent"
                ),
            ),
            None => (
                "",
                "a backup, a snapshot or a run on another machine may hold them: wait for its end; \
                 vm.fs_thaw() thaws them, whoever froze them"
                    .to_owned(),
            ),
        };
        let message = format!("the file systems of {} are frozen already{by}", self.label());
        Error::new("operation_invalid", message)
            .operation("domain.fs_freeze")
            .object(self.label())
            .host(self.connection().uri())
            .hint(hint)
    }

    /// Lets its file systems be written to again, and returns how many they were (`virDomainFSThaw`).
    ///
    /// Errors: `timeout` where the guard of a freeze had to thaw them at its limit, `operation_invalid`
    /// where somebody else has thawed what this run froze: what was done since then saw file systems that
    /// were written to.
    pub fn fs_thaw(&self) -> Result<u32> {
        let frozen = take(self);
        match (self.fs_thaw_all(), frozen) {
            (outcome, None) => outcome,
            (Ok(thawed), Some(frozen)) => match frozen.guard.release() {
                Released::TooLate(limit) => Err(self.too_late(limit)),
                Released::InTime if thawed == 0 && frozen.count > 0 => Err(self.thawed_by_others()),
                Released::InTime => Ok(thawed),
            },
            (Err(error), Some(frozen)) => {
                // It thaws at once, with a connection of its own, and goes on trying.
                frozen.guard.abandon();
                Err(error)
            }
        }
    }

    fn too_late(&self, limit: Duration) -> Error {
        let limit = crate::units::duration_text(limit.as_secs_f64());
        Error::new(code::TIMEOUT, format!("its file systems were thawed {limit} after they were frozen"))
            .operation("domain.fs_thaw")
            .object(self.label())
            .hint("what was done after that is not consistent; #{ limit: \"5m\" } gives it more time")
    }

    fn thawed_by_others(&self) -> Error {
        Error::new("operation_invalid", "its file systems had been thawed before, and not by this run")
            .operation("domain.fs_thaw")
            .object(self.label())
            .hint("what was done since they were frozen may not be consistent")
    }
}

/// True where the call has frozen nothing: it failed before that, or the agent did, which thaws what it
/// has frozen so far.
fn was_refused(error: &Error) -> bool {
    let words = [
        "agent_command_failed",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failure_that_leaves_it_unknown_is_thawed() {
        for word in ["agent_command_failed", "operation_invalid", "no_domain", code::DENIED] {
            assert!(was_refused(&Error::new(word, "no")), "{word}");
        }
        for word in [code::DISCONNECTED, code::INTERRUPTED, code::DEADLINE, "agent_unresponsive"] {
            assert!(!was_refused(&Error::new(word, "no")), "{word}");
        }
    }
}
