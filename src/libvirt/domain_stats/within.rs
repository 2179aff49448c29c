//! Bulk statistics that a guest which hangs does not hold up.
//!
//! For most groups libvirt asks the hypervisor's process of each guest, and waits for a process that does not answer
//! as long as it takes, with all other guests behind it in the same call. libvirt can leave out guests that *another*
//! call waits for, so a call that takes too long is left waiting, and a second one is told of the others. Where several
//! guests hang, what libvirt knows without asking them is told.

use std::collections::HashSet;
use std::time::Duration;

use uuid::Uuid;
use virt::sys;

use super::super::connection::{Aside, Connection};
use super::super::door::read;
use super::super::failure::check;
use super::{StatsOf, StatsSink};
use crate::error::{Result, code};

/// Calls that may wait for guests at one time: a daemon takes five requests of one connection.
const MOST_WAITING: usize = 3;

/// The groups that libvirt knows without asking the hypervisor's process; the time of its CPUs is not among them.
const UNASKED: u32 = sys::VIR_DOMAIN_STATS_STATE
    | sys::VIR_DOMAIN_STATS_INTERFACE
    | sys::VIR_DOMAIN_STATS_PERF
    | sys::VIR_DOMAIN_STATS_MEMORY;

const NOWAIT: u32 = sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT;

/// Statistics, and whose are not complete.
#[derive(Clone, Debug)]
pub struct StatsWithin<T> {
    /// One for each guest, in libvirt's order.
    pub items: Vec<T>,
    /// The guests whose hypervisor does not answer; what is told of them is what is known without it.
    pub stale: HashSet<Uuid>,
}

/// One way to ask: groups and flags.
type Attempt = (u32, u32);

/// The ways to ask that may take too long, while so many earlier calls wait for a guest.
fn attempts(groups: u32, flags: u32, waiting: usize) -> Vec<Attempt> {
    match waiting {
        0 if flags & NOWAIT == 0 => vec![(groups, flags), (groups, flags | NOWAIT)],
        0..MOST_WAITING => vec![(groups, flags | NOWAIT)],
        _ => Vec::new(),
    }
}

/// The way to ask that waits for no guest. What is not to be had in this way does not fail the call.
fn unasked(groups: u32, flags: u32) -> Attempt {
    let groups = if groups == 0 { UNASKED } else { groups & UNASKED | sys::VIR_DOMAIN_STATS_STATE };
    (groups, flags & !(NOWAIT | sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS))
}

impl Connection {
    /// Statistics, where guests that do not answer within `limit` do not keep the others waiting.
    ///
    /// As [`Self::domain_stats`]; each guest is handed to a sink on the thread that makes the call. Drivers inside this
    /// process are asked without a limit.
    pub fn domain_stats_within<S: StatsSink>(
        &self,
        guests: &StatsOf,
        groups: u32,
        flags: u32,
        limit: Duration,
        sink: S,
    ) -> Result<StatsWithin<S::Item>> {
        let told = |items, stale| Ok(StatsWithin { items, stale });
        if guests.is_nobody() {
            return told(Vec::new(), HashSet::new());
        }
        let (operation, label) = (guests.operation(), guests.label());
        let call = |(groups, flags): Attempt| {
            let (guests, sink) = (guests.clone(), sink.clone());
            move |live: &_| guests.fetch(live, groups, flags, sink)
        };
        if !self.opened()?.has_worker() {
            return told(self.call_live(operation, label, call((groups, flags)))?, HashSet::new());
        }
        let aside = Aside::new(self, operation, label)?;
        for attempt in attempts(groups, flags, aside.waiting()) {
            aside.begin(call(attempt))?;
            match aside.answer(limit)? {
                None => {}
                // A daemon without the flag.
                Some(Err(error)) if attempt.1 != flags && is_unknown(error.code()) => {}
                Some(answer) if attempt == (groups, flags) => return told(answer?, HashSet::new()),
                Some(answer) => return told(answer?, self.occupied(limit)?),
            }
        }
        let items = self.call_live(operation, label, call(unasked(groups, flags)))?;
        told(items, self.occupied(limit)?)
    }

    /// The running guests whose hypervisor has left a question unanswered for about so long.
    fn occupied(&self, time: Duration) -> Result<HashSet<Uuid>> {
        self.call(read("domain.control_info"), "", move |connect| {
            let guests = connect.list_all_domains(sys::VIR_CONNECT_LIST_DOMAINS_ACTIVE)?;
            let is_occupied = |guest: &&virt::domain::Domain| {
                let mut info = sys::virDomainControlInfo { state: 0, details: 0, stateTime: 0 };
                // SAFETY: a live domain and room for one structure.
                let told = check(unsafe { sys::virDomainGetControlInfo(guest.as_ptr(), &raw mut info, 0) });
                told.is_ok()
                    && info.state == sys::VIR_DOMAIN_CONTROL_OCCUPIED
                    && u128::from(info.stateTime) * 2 >= time.as_millis()
            };
            Ok(guests.iter().filter(is_occupied).filter_map(|guest| guest.uuid().ok()).collect())
        })
    }
}

/// True for how a daemon refuses a flag that it does not know.
fn is_unknown(word: &str) -> bool {
    matches!(word, "invalid_arg" | code::UNSUPPORTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: u32 = sys::VIR_DOMAIN_STATS_BLOCK;

    #[test]
    fn guests_that_a_call_waits_for_already_are_left_out_at_once() {
        assert_eq!(attempts(BLOCK, 1, 0), [(BLOCK, 1), (BLOCK, 1 | NOWAIT)]);
        assert_eq!(attempts(BLOCK, 1 | NOWAIT, 0), [(BLOCK, 1 | NOWAIT)]);
        assert_eq!(attempts(BLOCK, 1, 2), [(BLOCK, 1 | NOWAIT)]);
        assert_eq!(attempts(BLOCK, 1, 3), []);
    }

    #[test]
    fn at_last_nobody_is_asked() {
        assert_eq!(unasked(0, NOWAIT), (UNASKED, 0));
        assert_eq!(unasked(BLOCK, 1), (sys::VIR_DOMAIN_STATS_STATE, 1));
        let interface = sys::VIR_DOMAIN_STATS_INTERFACE;
        assert_eq!(unasked(BLOCK | interface, 0).0, interface | sys::VIR_DOMAIN_STATS_STATE);
        assert_eq!(unasked(0, sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS).1, 0);
    }
}
