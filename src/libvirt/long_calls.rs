//! The long calls of a run, so that none of them is lost: not one that waits for its turn when the
//! script ends, and not the failure of one that nobody waited for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::interrupt::{Interrupt, TICK};
use crate::error::{Error, Result};

/// Waiting longer than this wants a word.
const LONG: Duration = Duration::from_secs(1);

/// A call that goes on by itself.
pub(super) trait LongCall: Send + Sync {
    /// What it does, such as `domain.save web1`.
    fn title(&self) -> String;

    /// True once it has ended, well or not.
    fn is_ended(&self) -> bool;

    /// Its failure, where it failed and nobody has asked how it ended.
    fn unseen_failure(&self) -> Option<Error>;
}

/// See the module.
#[derive(Default)]
pub struct LongCalls(Mutex<Vec<Arc<dyn LongCall>>>);

impl LongCalls {
    /// Adds a call, and forgets those of which everything is known.
    pub(super) fn add(&self, call: Arc<dyn LongCall>) {
        let mut calls = self.calls();
        calls.retain(|call| !call.is_ended() || call.unseen_failure().is_some());
        calls.push(call);
    }

    /// What the calls do that have not ended.
    pub fn running(&self) -> Vec<String> {
        self.calls().iter().filter(|call| !call.is_ended()).map(|call| call.title()).collect()
    }

    /// Waits until all have ended; the failures that nobody has asked for. Where it takes long, `tell`
    /// is called once with what is awaited.
    ///
    /// Fails when the run should end.
    pub fn settle(&self, interrupt: &Interrupt, tell: impl FnOnce(&[String])) -> Result<Vec<Error>> {
        let (start, mut tell) = (Instant::now(), Some(tell));
        loop {
            let running = self.running();
            if running.is_empty() {
                break;
            }
            if start.elapsed() > LONG
                && let Some(tell) = tell.take()
            {
                tell(&running);
            }
            interrupt.sleep(TICK)?;
        }
        Ok(self.calls().drain(..).filter_map(|call| call.unseen_failure()).collect())
    }

    fn calls(&self) -> MutexGuard<'_, Vec<Arc<dyn LongCall>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
