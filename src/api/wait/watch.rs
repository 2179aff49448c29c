//! Waiting itself: by events where the driver has them, by looking now and then where it has not.

use std::time::{Duration, Instant};

use rhai::EvalAltResult;

use crate::api::Fallible;
use crate::api::error::from_rhai;
use crate::error::code;
use crate::libvirt::events::{Event, Kind, MISSED, OPENED, Objects, Wanted};
use crate::libvirt::{Connection, Subscription};

/// How often something is looked at that no event announces.
const PAUSE: Duration = Duration::from_secs(1);

/// What is waited for.
pub(super) trait Goal {
    /// The events that may bring it.
    fn kinds(&self) -> Vec<&'static Kind>;

    /// True for what may also happen without an event: it is looked at once a second.
    fn is_silent(&self) -> bool {
        false
    }

    /// Asks whether it is reached.
    fn look(&self) -> Fallible<bool>;

    /// Takes an event of one of its kinds.
    fn hear(&self, event: &Event) -> Fallible<Heard>;
}

/// What an event means for a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It is reached.
    Reached,
    /// It may be reached: look.
    Perhaps,
    /// Nothing.
    Nothing,
}

/// Waits until a goal is reached, at most `time`; tells whether it was.
pub(super) fn watch(
    connection: &Connection,
    objects: Objects,
    goal: &dyn Goal,
    time: Duration,
) -> Fallible<bool> {
    let end = Instant::now().checked_add(time);
    // Subscribed before the first look, so that nothing happens unseen in between.
    let wanted = Wanted { kinds: goal.kinds(), ..Wanted::default() };
    let events = match connection.events(wanted, objects) {
        Ok(events) => Some(events),
        Err(error) if error.code() == code::UNSUPPORTED => None,
        Err(error) => return Err(error.into()),
    };
    watch_until(connection, events.as_ref(), goal, end)
}

fn watch_until(
    connection: &Connection,
    events: Option<&Subscription>,
    goal: &dyn Goal,
    end: Option<Instant>,
) -> Fallible<bool> {
    let looks = goal.is_silent() || events.is_none();
    let mut reached = goal.look()?;
    let mut next_look = Instant::now() + PAUSE;
    while !reached {
        let now = Instant::now();
        let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(now));
        if left.is_zero() {
            return Ok(false);
        }
        let pause = if looks { left.min(next_look.saturating_duration_since(now)) } else { left };
        let heard = match events {
            Some(events) => match events.next(pause)? {
                Some(event) => hear(goal, &event)?,
                // Closed under the waiter: opening says so.
                None if events.is_closed() => connection.open().map(|()| Heard::Perhaps)?,
                None => Heard::Nothing,
            },
            None => connection.door().interrupt().sleep(pause).map(|()| Heard::Nothing)?,
        };
        let due = looks && Instant::now() >= next_look;
        reached = match heard {
            Heard::Reached => true,
            Heard::Nothing if !due => false,
            Heard::Nothing | Heard::Perhaps => {
                next_look = Instant::now() + PAUSE;
                goal.look().or_else(not_while_lost)?
            }
        };
    }
    Ok(true)
}

/// A lost connection is opened again while the wait goes on: until then nothing is known.
fn not_while_lost(failure: Box<EvalAltResult>) -> Fallible<bool> {
    let lost = [code::DISCONNECTED, code::CONNECT_FAILED].contains(&from_rhai(&failure).code());
    if lost { Ok(false) } else { Err(failure) }
}

fn hear(goal: &dyn Goal, event: &Event) -> Fallible<Heard> {
    // After these, anything may have happened.
    if *event.kind == OPENED || *event.kind == MISSED {
        return Ok(Heard::Perhaps);
    }
    if goal.kinds().contains(&event.kind) { goal.hear(event) } else { Ok(Heard::Nothing) }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::libvirt::test_node::TestNode;

    struct Looks(Cell<u32>);

    impl Goal for Looks {
        fn kinds(&self) -> Vec<&'static Kind> {
            Vec::new()
        }

        fn look(&self) -> Fallible<bool> {
            self.0.set(self.0.get() + 1);
            Ok(false)
        }

        fn hear(&self, _: &Event) -> Fallible<Heard> {
            Ok(Heard::Nothing)
        }
    }

    #[test]
    fn a_driver_without_events_is_looked_at_at_most_once_a_second() {
        let node = TestNode::new();
        let goal = Looks(Cell::new(0));
        let start = Instant::now();
        let end = start + Duration::from_millis(2500);
        assert!(!watch_until(&node.connection(), None, &goal, Some(end)).unwrap());
        // As many as whole seconds have passed, and the first; a slow machine makes it fewer.
        assert!((2..=3).contains(&goal.0.get()), "{}", goal.0.get());
    }

    #[test]
    fn with_events_it_is_not_looked_at_in_between() {
        let node = TestNode::new();
        let events = node.connection().events(lifecycle(), Objects::default()).unwrap();
        let goal = Looks(Cell::new(0));
        let end = Instant::now() + Duration::from_millis(1500);
        assert!(!watch_until(&node.connection(), Some(&events), &goal, Some(end)).unwrap());
        assert_eq!(goal.0.get(), 1);
    }

    fn lifecycle() -> Wanted {
        let kinds = crate::libvirt::events::kinds().filter(|kind| kind.name == "lifecycle").collect();
        Wanted { kinds, ..Wanted::default() }
    }
}
