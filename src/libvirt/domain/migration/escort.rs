//! What is done for a migration while it goes on: end it in time, or change to post-copy.

use std::time::{Duration, Instant};

use crate::error::{Error, Result, code};
use crate::libvirt::Domain;
use crate::libvirt::connection::Apart;
use crate::libvirt::job::Product;

/// How often is looked whether the memory was sent once.
const LOOK: Duration = Duration::from_millis(200);

/// What happens to a migration that takes too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// The guest is suspended, so that its memory changes no more.
    Suspend,
    /// The guest goes on at the destination; the rest of its memory follows.
    PostCopy,
    /// The migration is aborted: the guest stays where it is.
    Abort,
}

/// See the module. The default does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Escort {
    /// what happens after that time
    pub late: Option<(Duration, Late)>,
    /// change to post-copy as soon as the memory was sent once
    pub post_copy_after_pre_copy: bool,
}

impl Escort {
    /// Accompanies a migration until its end, on a thread of its own; nothing where nothing is to do.
    pub(super) fn accompany(self, domain: &Domain, call: &Apart<Option<Product>>) -> Result<()> {
        if self.late.is_none() && !self.post_copy_after_pre_copy {
            return Ok(());
        }
        let (domain, call) = (domain.clone(), call.clone());
        std::thread::Builder::new()
            .name("migration-escort".into())
            .spawn(move || self.walk(&domain, &call))
            .map(drop)
            .map_err(|e| Error::new(code::IO, format!("cannot start a thread: {e}")))
    }

    /// What fails here fails because the migration has just ended, or shows in how it ends.
    fn walk(mut self, domain: &Domain, call: &Apart<Option<Product>>) {
        let start = Instant::now();
        loop {
            let until_late = self.late.map(|(time, _)| time.saturating_sub(start.elapsed()));
            let look = self.post_copy_after_pre_copy.then_some(LOOK);
            let Some(pause) = until_late.into_iter().chain(look).min() else { return };
            match call.wait_unseen(pause) {
                Ok(false) => {}
                Ok(true) => return,
                // The run should end, which is no reason to stop: the migration goes on.
                Err(_) => std::thread::sleep(LOOK),
            }
            if self.post_copy_after_pre_copy && sent_once(domain) {
                self.post_copy_after_pre_copy = domain.migrate_start_post_copy().is_err();
            }
            if let Some((time, late)) = self.late
                && start.elapsed() >= time
            {
                self.late = None;
                let _ = match late {
                    Late::Suspend => domain.suspend(),
                    Late::PostCopy => domain.migrate_start_post_copy(),
                    Late::Abort => domain.abort_job(0),
                };
            }
        }
    }
}

/// True once all memory was sent and what changed meanwhile is sent again.
fn sent_once(domain: &Domain) -> bool {
    domain.job_stats(0).is_ok_and(|stats| stats.number("memory_iteration") > 1)
}
