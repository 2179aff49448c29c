//! What guests and their host do, measured between two moments.
//!
//! A [`Sampler`] remembers the counters that it saw last, so that each [`Sample`] after the first one has rates.

mod counters;
mod host;
mod one_by_one;
mod rates;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;

pub use counters::{Counters, Disk, Memory, Nic, Requests, Traffic};
use counters::{CountersSink, Identities, identities, sorted};
pub use host::{HostCounters, HostRates};
pub use rates::{DiskRates, NicRates, Rates, RequestRates, TrafficRates};

use crate::error::{Result, code};
use crate::libvirt::{Connection, Domain, StatsOf, sys};

/// What is asked for.
const GROUPS: u32 = sys::VIR_DOMAIN_STATS_STATE
    | sys::VIR_DOMAIN_STATS_CPU_TOTAL
    | sys::VIR_DOMAIN_STATS_BALLOON
    | sys::VIR_DOMAIN_STATS_VCPU
    | sys::VIR_DOMAIN_STATS_INTERFACE
    | sys::VIR_DOMAIN_STATS_BLOCK
    | sys::VIR_DOMAIN_STATS_DIRTYRATE;

/// How long guests that do not answer keep the others waiting.
pub const LIMIT: Duration = Duration::from_secs(1);

/// See the module.
pub struct Sampler {
    connection: Connection,
    guests: StatsOf,
    limit: Duration,
    /// By name.
    seen: Vec<Seen>,
    host: HostCounters,
    /// For drivers whose bulk statistics tell little, or that have none.
    handles: Vec<Domain>,
    has_bulk: bool,
    /// The numbers of all that ran at the last look, in order. While they are the same, so are [`Self::known`].
    running: Vec<u32>,
    known: Arc<Identities>,
}

/// The last counters of a guest.
struct Seen {
    at: Instant,
    counters: Arc<Counters>,
}

/// All running guests at one moment.
#[derive(Clone, Debug)]
pub struct Sample {
    /// the host
    pub host: HostRates,
    /// the guests, by name
    pub guests: Vec<GuestSample>,
}

/// One guest at one moment.
#[derive(Clone, Debug)]
pub struct GuestSample {
    /// what it has done so far
    pub counters: Arc<Counters>,
    /// what it does, where it was seen before
    pub rates: Option<Rates>,
    /// True where its hypervisor does not answer.
    pub is_stale: bool,
}

impl Sampler {
    /// Watches all running guests.
    pub fn new(connection: &Connection) -> Self {
        Self::of(connection, StatsOf::All)
    }

    /// Watches some guests of the connection, running or not.
    pub fn of(connection: &Connection, guests: StatsOf) -> Self {
        Self {
            connection: connection.clone(),
            guests,
            limit: LIMIT,
            seen: Vec::new(),
            host: HostCounters::default(),
            handles: Vec::new(),
            has_bulk: true,
            running: Vec::new(),
            known: Arc::default(),
        }
    }

    /// Sets how long guests that do not answer may keep the others waiting.
    #[must_use]
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Looks now (`virConnectGetAllDomainStats`, `virNodeGetCPUStats`, `virNodeGetMemoryStats`).
    pub fn sample(&mut self) -> Result<Sample> {
        let host = self.host.sample(&self.connection)?;
        let guests = self.guests()?;
        Ok(Sample { host, guests })
    }

    /// Looks at the guests alone.
    pub fn guests(&mut self) -> Result<Vec<GuestSample>> {
        let (counters, stale) = self.read()?;
        let at = Instant::now();
        let mut before = std::mem::take(&mut self.seen).into_iter().peekable();
        let mut guests = Vec::with_capacity(counters.len());
        for counters in counters {
            while before.next_if(|seen| seen.counters.name < counters.name).is_some() {}
            let seen = before.next_if(|seen| seen.counters.uuid == counters.uuid);
            let is_stale = stale.contains(&counters.uuid);
            guests.push(self.measure(counters, seen, is_stale, at));
        }
        Ok(guests)
    }

    /// Rates since the guest was seen last. One that does not answer keeps what was seen of it before, so that its
    /// next rates are those since then.
    fn measure(
        &mut self,
        counters: Counters,
        before: Option<Seen>,
        is_stale: bool,
        at: Instant,
    ) -> GuestSample {
        let counters = Arc::new(counters);
        if is_stale {
            self.seen.extend(before);
            return GuestSample { counters, rates: None, is_stale };
        }
        let rates = before.map(|seen| Rates::between(&seen.counters, &counters, at - seen.at));
        self.seen.push(Seen { at, counters: counters.clone() });
        GuestSample { counters, rates, is_stale }
    }

    /// The counters by name, and who does not answer.
    fn read(&mut self) -> Result<(Vec<Counters>, HashSet<Uuid>)> {
        if self.has_bulk {
            match self.read_bulk() {
                Err(error) if error.code() == code::UNSUPPORTED => self.has_bulk = false,
                outcome => return outcome,
            }
        }
        let guests = match &self.guests {
            StatsOf::All => self.connection.domains(sys::VIR_CONNECT_LIST_DOMAINS_ACTIVE)?,
            StatsOf::Guests(guests) => guests.clone(),
        };
        let mut counters = one_by_one::read(&self.connection, &guests)?;
        counters.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok((counters, HashSet::new()))
    }

    fn read_bulk(&mut self) -> Result<(Vec<Counters>, HashSet<Uuid>)> {
        let flags = match self.guests {
            StatsOf::All => {
                self.forget_where_one_was_started();
                sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE
            }
            StatsOf::Guests(_) => 0,
        };
        let sink = CountersSink { known: self.known.clone() };
        let told = self.connection.domain_stats_within(&self.guests, GROUPS, flags, self.limit, sink)?;
        let mut counters = sorted(told.items, self.known.len());
        if self.known.is_empty() && !self.running.is_empty() {
            self.known = Arc::new(identities(&counters));
        }
        self.complete(&mut counters)?;
        Ok((counters, told.stale))
    }

    /// Each start of a guest has a number of its own: while the same ones run, they are who they were.
    fn forget_where_one_was_started(&mut self) {
        // Without an answer everything is asked for each time.
        let mut running = self.connection.domain_ids(self.running.len()).unwrap_or_default();
        running.sort_unstable();
        if running != self.running {
            self.known = Arc::default();
            self.running = running;
        }
    }

    /// Asks guest by guest, in one go, for what a driver leaves out of its bulk statistics.
    fn complete(&mut self, guests: &mut [Counters]) -> Result<()> {
        let lacks = |guest: &&mut Counters| guest.id.is_some() && guest.cpu_time.is_none();
        let mut incomplete: Vec<&mut Counters> = guests.iter_mut().filter(lacks).collect();
        if incomplete.is_empty() {
            return Ok(());
        }
        if !self.handles.iter().map(Domain::key).eq(incomplete.iter().map(|guest| &guest.uuid)) {
            let all = self.connection.domains(0)?;
            let by_uuid: HashMap<Uuid, Domain> = all.into_iter().map(|guest| (*guest.key(), guest)).collect();
            incomplete.retain(|guest| by_uuid.contains_key(&guest.uuid));
            self.handles = incomplete.iter().map(|guest| by_uuid[&guest.uuid].clone()).collect();
        }
        for (guest, info) in incomplete.into_iter().zip(self.connection.domain_infos(&self.handles)?) {
            if let Some(info) = info {
                one_by_one::take_info(guest, &info);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
