//! What is done for a migration while it goes on: end it in time, or change to post-copy.

use std::sync::mpsc::{self, SyncSender};
use std::thread::{Builder, JoinHandle};
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

/// An escort that waits for its migration to begin; nothing where nothing is to do. Its thread ends
/// with the migration, or when this is dropped.
pub(super) struct Waiting(Option<SyncSender<Apart<Option<Product>>>>);

impl Waiting {
    /// Accompanies a migration that has begun until its end.
    pub(super) fn accompany(self, call: &Apart<Option<Product>>) {
        if let Some(migration) = self.0 {
            // There is room for one, and the thread takes one: this neither waits nor fails.
            let _ = migration.send(call.clone());
        }
    }
}

impl Escort {
    /// Starts a thread that waits for the migration, if there is anything to do. That it cannot start has
    /// to show before the migration begins.
    pub(super) fn start(self, domain: &Domain) -> Result<Waiting> {
        if self.late.is_none() && !self.post_copy_after_pre_copy {
            return Ok(Waiting(None));
        }
        let (waiting, _) = self.start_on(Builder::new(), domain)?;
        Ok(waiting)
    }

    fn start_on(self, thread: Builder, domain: &Domain) -> Result<(Waiting, JoinHandle<()>)> {
        let (migration, begun) = mpsc::sync_channel(1);
        let domain = domain.clone();
        let walk = move || {
            if let Ok(call) = begun.recv() {
                self.walk(&domain, &call);
            }
        };
        let thread = thread.name("migration-escort".into()).spawn(walk).map_err(|e| {
            Error::new(code::IO, format!("the migration was not begun: cannot start a thread beside it: {e}"))
                .operation("domain.migrate")
        })?;
        Ok((Waiting(Some(migration)), thread))
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::libvirt::{Connection, Door};

    const ABORT: Escort =
        Escort { late: Some((Duration::from_secs(60), Late::Abort)), post_copy_after_pre_copy: false };

    fn domain() -> Domain {
        let connection = Connection::new(Some("test:///default".into()), false, Arc::<Door>::default());
        connection.domain_by_name("test").unwrap()
    }

    #[test]
    fn a_thread_that_cannot_start_fails_before_the_migration_begins() {
        let error = ABORT.start_on(Builder::new().stack_size(1 << 60), &domain()).err().unwrap();
        assert_eq!((error.code(), error.facts().operation.as_deref()), (code::IO, Some("domain.migrate")));
        assert!(error.to_string().starts_with("the migration was not begun"), "{error}");
    }

    #[test]
    fn an_escort_whose_migration_does_not_begin_goes_home() {
        let (waiting, thread) = ABORT.start_on(Builder::new(), &domain()).unwrap();
        drop(waiting);
        thread.join().unwrap();
    }

    #[test]
    fn an_escort_goes_home_with_its_migration() {
        let domain = domain();
        let (waiting, thread) = ABORT.start_on(Builder::new(), &domain).unwrap();
        // The test driver has no migration: it has failed when the escort hears of it.
        let call = domain.call_apart(super::super::MIGRATE, |_, _| Err(Error::usage("no").into())).unwrap();
        waiting.accompany(&call);
        thread.join().unwrap();
    }
}
