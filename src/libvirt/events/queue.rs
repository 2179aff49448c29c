//! The events that wait to be read: bounded, in order, and what found no room is counted.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::value::Event;

/// Events that wait; those that come when they are all there are counted and dropped.
pub(super) const ROOM: usize = 65_536;

/// See the module.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Each with the number of events that were dropped after it.
    events: VecDeque<(Arc<Event>, u64)>,
    /// Dropped after the one that was read last.
    missed: u64,
    closed: bool,
}

impl State {
    fn pop(&mut self) -> Option<Arc<Event>> {
        if self.missed > 0 {
            return Some(Arc::new(Event::missed(std::mem::take(&mut self.missed))));
        }
        let (event, missed) = self.events.pop_front()?;
        self.missed = missed;
        Some(event)
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an event, or counts it where there is no room.
    pub(super) fn push(&self, event: Arc<Event>) {
        let mut state = self.state();
        if state.closed {
            return;
        }
        if state.events.len() < ROOM {
            state.events.push_back((event, 0));
            self.changed.notify_one();
        } else if let Some((_, missed)) = state.events.back_mut() {
            *missed += 1;
        }
    }

    /// Takes the next event, waiting for it at most `time`.
    pub(super) fn pop(&self, time: Duration) -> Option<Arc<Event>> {
        let mut state = self.state();
        if let Some(event) = state.pop() {
            return Some(event);
        }
        if state.closed || time.is_zero() {
            return None;
        }
        let waited = self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner);
        state = waited.0;
        state.pop()
    }

    /// Throws everything away; nothing is added any more.
    pub(super) fn close(&self) {
        *self.state() = State { closed: true, ..State::default() };
        self.changed.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }
}

#[cfg(test)]
mod tests {
    use super::super::kind;
    use super::super::value::Field;
    use super::*;

    fn push(queue: &Queue, number: i64) {
        let fields = vec![("number", Field::Int(number))];
        queue.push(Arc::new(Event::now(&kind::KINDS[0], None, fields)));
    }

    /// The number of the next event, or the count of a `missed` one as a negative number.
    fn pop(queue: &Queue) -> Option<i64> {
        let event = queue.pop(Duration::ZERO)?;
        let Field::Int(number) = event.fields[0].1 else { panic!("{event:?}") };
        Some(if std::ptr::eq(event.kind, &raw const kind::MISSED) { -number } else { number })
    }

    #[test]
    fn a_subscriber_that_sleeps_through_a_hundred_thousand_gets_one_missed_event_with_the_count() {
        let queue = Queue::default();
        (0..100_000).for_each(|number| push(&queue, number));
        let room = ROOM as i64;
        for number in 0..room {
            assert_eq!(pop(&queue), Some(number));
        }
        assert_eq!(pop(&queue), Some(room - 100_000));
        assert_eq!(pop(&queue), None);
        push(&queue, 7);
        assert_eq!(pop(&queue), Some(7));
    }

    #[test]
    fn what_is_missed_is_told_where_it_would_have_stood() {
        let queue = Queue::default();
        let room = ROOM as i64;
        (0..room + 3).for_each(|number| push(&queue, number));
        assert_eq!(pop(&queue), Some(0));
        push(&queue, room + 3);
        push(&queue, room + 4);
        for number in 1..room {
            assert_eq!(pop(&queue), Some(number));
        }
        assert_eq!([pop(&queue), pop(&queue), pop(&queue)], [Some(-3), Some(room + 3), Some(-1)]);
        assert_eq!(pop(&queue), None);
    }

    #[test]
    fn a_reader_that_waits_is_woken() {
        let queue = Arc::new(Queue::default());
        let reader = {
            let queue = queue.clone();
            std::thread::spawn(move || {
                let event = queue.pop(Duration::from_secs(60));
                event.is_some()
            })
        };
        push(&queue, 1);
        assert!(reader.join().unwrap());
        queue.close();
        push(&queue, 2);
        assert!(queue.pop(Duration::from_secs(60)).is_none());
    }
}
