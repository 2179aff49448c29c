//! The default columns of many guests, read with a constant number of calls where the driver can.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::stats::whole_stats;
use super::words;
use crate::error::{Result, code};
use crate::libvirt::{Connection, Domain, DomainEntry, DomainInfo, DomainStats, Value, sys};
use crate::output::Data;

/// Up to so many guests, asking each costs less than asking for all guests of the host.
const FEW: usize = 3;

/// The values of each guest, in the order of the columns.
pub(super) fn rows(guests: &[Domain]) -> Result<Vec<Vec<Data>>> {
    if guests.len() <= FEW {
        return guests.iter().map(row).collect();
    }
    let mut hosts: Vec<(Connection, Bulk)> = Vec::new();
    for guest in guests {
        if !hosts.iter().any(|(known, _)| known.is_same(guest.connection())) {
            let connection = guest.connection().clone();
            let of_host: Vec<Domain> =
                guests.iter().filter(|g| g.connection().is_same(&connection)).cloned().collect();
            let bulk = Bulk::read(&connection, &of_host)?;
            hosts.push((connection, bulk));
        }
    }
    let host = |guest: &Domain| hosts.iter().find(|(known, _)| known.is_same(guest.connection()));
    Ok(guests.iter().filter_map(|guest| host(guest)?.1.row(guest)).collect())
}

/// One guest by itself.
fn row(guest: &Domain) -> Result<Vec<Data>> {
    let info = guest.info()?;
    Ok(vec![
        Data::Text(guest.name()?),
        Data::Text(guest.key().to_string()),
        guest.id()?.map_or(Data::Null, |id| Data::Int(i64::from(id))),
        Data::Text(words::domain_state(info.state as i32).into_owned()),
        Data::Bool(guest.is_persistent()?),
        Data::Bool(guest.autostart()?),
        bytes(info.memory),
        Data::Int(i64::from(info.vcpus)),
    ])
}

fn bytes(number: u64) -> Data {
    Data::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// What a few calls tell of all guests of a host.
struct Bulk {
    entries: HashMap<Uuid, DomainEntry>,
    persistent: HashSet<Uuid>,
    autostart: HashSet<Uuid>,
    facts: HashMap<Uuid, Facts>,
}

/// State, memory in bytes, virtual CPUs.
#[derive(Clone, Copy)]
struct Facts {
    state: i32,
    memory: u64,
    vcpus: u32,
}

impl Bulk {
    fn read(connection: &Connection, guests: &[Domain]) -> Result<Self> {
        let entries: HashMap<_, _> =
            connection.domain_entries(0)?.into_iter().map(|entry| (entry.uuid, entry)).collect();
        let those = |flags| -> Result<HashSet<Uuid>> {
            Ok(connection.domain_entries(flags)?.into_iter().map(|entry| entry.uuid).collect())
        };
        Ok(Self {
            entries,
            persistent: those(sys::VIR_CONNECT_LIST_DOMAINS_PERSISTENT)?,
            autostart: those(sys::VIR_CONNECT_LIST_DOMAINS_AUTOSTART)?,
            facts: facts(connection, guests)?,
        })
    }

    /// `None` for a guest that is gone by now.
    fn row(&self, guest: &Domain) -> Option<Vec<Data>> {
        let uuid = guest.key();
        let entry = self.entries.get(uuid)?;
        let facts = self.facts.get(uuid)?;
        Some(vec![
            Data::Text(entry.name.clone()),
            Data::Text(uuid.to_string()),
            entry.id.map_or(Data::Null, |id| Data::Int(i64::from(id))),
            Data::Text(words::domain_state(facts.state).into_owned()),
            Data::Bool(self.persistent.contains(uuid)),
            Data::Bool(self.autostart.contains(uuid)),
            bytes(facts.memory),
            Data::Int(i64::from(facts.vcpus)),
        ])
    }
}

/// By bulk statistics, and guest by guest for what those lack.
fn facts(connection: &Connection, guests: &[Domain]) -> Result<HashMap<Uuid, Facts>> {
    let groups = sys::VIR_DOMAIN_STATS_STATE | sys::VIR_DOMAIN_STATS_BALLOON | sys::VIR_DOMAIN_STATS_VCPU;
    let mut facts: HashMap<Uuid, Facts> = match whole_stats(connection, groups) {
        Ok(stats) => stats.items.iter().filter_map(from_stats).collect(),
        Err(error) if error.code() == code::UNSUPPORTED => HashMap::new(),
        Err(error) => return Err(error),
    };
    let missing: Vec<Domain> =
        guests.iter().filter(|guest| !facts.contains_key(guest.key())).cloned().collect();
    let infos = connection.domain_infos(&missing)?;
    let known = missing.iter().zip(infos).filter_map(|(guest, info)| Some((*guest.key(), from_info(&info?))));
    facts.extend(known);
    Ok(facts)
}

fn from_stats(stats: &DomainStats) -> Option<(Uuid, Facts)> {
    let field = |name: &str| {
        stats
            .params
            .iter()
            .find(|(known, _)| known == name)
            .and_then(|(_, value): &(_, Value)| value.as_i64())
    };
    let memory = field("balloon.current").or_else(|| field("balloon.maximum"))?;
    let vcpus = field("vcpu.current").or_else(|| field("vcpu.maximum"))?;
    let facts = Facts {
        state: i32::try_from(field("state.state")?).ok()?,
        memory: u64::try_from(memory).ok()?.saturating_mul(1024),
        vcpus: u32::try_from(vcpus).ok()?,
    };
    Some((stats.uuid, facts))
}

fn from_info(info: &DomainInfo) -> Facts {
    Facts { state: info.state as i32, memory: info.memory, vcpus: info.vcpus }
}
