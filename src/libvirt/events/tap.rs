//! One subscriber's end of one open connection: what it wants, and where that goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use uuid::Uuid;

use super::kind;
use super::queue::Queue;
use super::value::{Event, Field, Subject};
use super::words;

/// Says whether a name fits.
pub type NameFilter = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Which objects a subscriber wants to hear of.
#[derive(Clone, Default)]
pub struct Objects {
    /// the one with this UUID
    pub uuid: Option<Uuid>,
    /// those whose name fits
    pub name: Option<NameFilter>,
}

impl Objects {
    fn include(&self, subject: &Subject) -> bool {
        self.uuid.is_none_or(|uuid| subject.uuid == Some(uuid))
            && self.name.as_ref().is_none_or(|fits| fits(&subject.name))
    }
}

/// See the module.
pub(super) struct Tap {
    objects: Objects,
    queue: Arc<Queue>,
    /// The subscriber knows that this connection is lost, and hears nothing of it any more: one that
    /// was given up may still speak when the daemon goes on.
    shut: AtomicBool,
}

impl Tap {
    pub(super) fn new(objects: Objects, queue: Arc<Queue>) -> Self {
        Self { objects, queue, shut: AtomicBool::new(false) }
    }

    pub(super) fn wants(&self, subject: &Subject) -> bool {
        !self.shut.load(Ordering::Acquire) && self.objects.include(subject)
    }

    pub(super) fn push(&self, event: Arc<Event>) {
        self.queue.push(event);
    }

    /// Tells, once, that the connection was lost.
    pub(super) fn shut(&self, reason: i32) {
        if !self.shut.swap(true, Ordering::AcqRel) {
            let reason = ("reason", Field::Word(words::CLOSE_REASONS, reason));
            self.push(Arc::new(Event::now(&kind::CLOSED, None, vec![reason])));
        }
    }

    /// True once the subscriber was told that the connection is lost.
    pub(super) fn is_shut(&self) -> bool {
        self.shut.load(Ordering::Acquire)
    }
}
