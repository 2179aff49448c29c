//! What a guest tells of its block jobs and other long work, while a job is watched.

use std::time::{Duration, Instant};

use crate::error::{Result, code};
use crate::libvirt::Domain;
use crate::libvirt::events::{Event, Kind, Objects, Subscription, Wanted, kinds};

/// How often is looked where the driver has no events.
const PAUSE: Duration = Duration::from_secs(1);

/// See the module.
pub(in crate::api::domain) struct Signals {
    vm: Domain,
    /// `None` where the driver has no such events.
    events: Option<Subscription>,
}

impl Signals {
    /// Listens to events of a guest, by the names of their kinds.
    pub(in crate::api::domain) fn of(vm: &Domain, names: &[&str]) -> Result<Self> {
        let kinds: Vec<&'static Kind> = kinds().filter(|kind| names.contains(&kind.name)).collect();
        let wanted = Wanted { kinds, ..Wanted::default() };
        let objects = Objects { uuid: Some(*vm.key()), name: None };
        let events = match vm.connection().events(wanted, objects) {
            Ok(events) => Some(events),
            Err(error) if error.code() == code::UNSUPPORTED => None,
            Err(error) => return Err(error),
        };
        Ok(Self { vm: vm.clone(), events })
    }

    /// Looks until there is an outcome, at most for `time`: at once, and after each event. `hear` is
    /// told each event first, and says whether it is one to look after; `look` says how long it may
    /// take until it is worth looking again without an event, if at all.
    pub(in crate::api::domain) fn watch<T>(
        &self,
        time: Duration,
        mut hear: impl FnMut(&Event) -> bool,
        mut look: impl FnMut() -> Result<Look<T>>,
    ) -> Result<Option<T>> {
        let end = Instant::now().checked_add(time);
        loop {
            // What came so far belongs to this look.
            while let Some(event) = self.next(Duration::ZERO)? {
                hear(&event);
            }
            let again = match look()? {
                Look::Ended(outcome) => return Ok(Some(outcome)),
                Look::After(pause) => pause,
                Look::AtEvents if self.events.is_some() => Duration::MAX,
                Look::AtEvents => PAUSE,
            };
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Ok(None);
            }
            self.await_one(left.min(again), &mut hear)?;
        }
    }

    /// Waits for an event that is one to look after, at most for `time`.
    fn await_one(&self, time: Duration, hear: &mut impl FnMut(&Event) -> bool) -> Result<()> {
        let end = Instant::now().checked_add(time);
        loop {
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            match self.next(left)? {
                // A connection that was lost and is back: what happened meanwhile nobody told.
                Some(event) if hear(&event) || event.subject.is_none() => return Ok(()),
                Some(_) => {}
                None => return Ok(()),
            }
        }
    }

    fn next(&self, time: Duration) -> Result<Option<std::sync::Arc<Event>>> {
        if let Some(events) = &self.events {
            return events.next(time);
        }
        self.vm.connection().door().interrupt().sleep(time)?;
        Ok(None)
    }
}

/// What a look at some work has found.
pub(in crate::api::domain) enum Look<T> {
    /// It has ended.
    Ended(T),
    /// It goes on; worth another look after this time.
    After(Duration),
    /// It goes on; an event will tell.
    AtEvents,
}
