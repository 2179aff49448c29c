//! Whether anything has happened at all, for those who keep what they read and need no details.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use super::super::connection::{Connection, Live};
use super::hub::Wanted;
use super::kind::{Kind, kinds};
use super::queue::Queue;
use super::tap::{Objects, Tap};
use crate::error::Result;

/// Listens to one kind of event of one open connection, until it is dropped. Unlike a subscription it keeps no
/// event and never opens the connection again.
pub struct Watch {
    happened: Arc<AtomicBool>,
    tap: Arc<Tap>,
    /// Not its owner: closing the connection must be able to end it.
    live: Weak<Live>,
}

impl Connection {
    /// Begins to watch for events of a kind, by its name (`virConnectDomainEventRegisterAny` and its siblings).
    ///
    /// Errors: `unsupported` where the driver has none; nothing is watched for a kind that there is not.
    pub fn watch(&self, kind: &str) -> Result<Watch> {
        let happened = Arc::new(AtomicBool::new(false));
        let note = happened.clone();
        // Noted where events are sorted out, and none is taken into a queue that nobody reads.
        let name: super::NameFilter = Arc::new(move |_| {
            note.store(true, Ordering::Release);
            false
        });
        let tap = Arc::new(Tap::new(Objects { uuid: None, name: Some(name) }, Arc::new(Queue::default())));
        let kinds: Vec<&'static Kind> = kinds().filter(|known| known.name == kind).collect();
        let wanted = Wanted { kinds, strict: true, ..Wanted::default() };
        let live = self.attach(&tap, &wanted)?;
        Ok(Watch { happened, tap, live })
    }
}

impl Watch {
    /// True if something has happened since the last call.
    pub fn has_happened(&self) -> bool {
        self.happened.swap(false, Ordering::AcqRel)
    }

    /// True while the connection is open on which it listens.
    pub fn is_listening(&self) -> bool {
        self.live.upgrade().is_some_and(|live| !live.is_lost())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(live) = self.live.upgrade() {
            let (on, tap) = (live.clone(), self.tap.clone());
            live.post(move |connect| on.events.detach(connect, &tap));
        }
    }
}
