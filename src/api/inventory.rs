//! `conn().inventory()`: all guests of a host with what they have.
//!
//! State, memory, virtual CPUs and disks come from one bulk call; what a driver leaves out there is
//! asked guest by guest. Interfaces are in the definitions only, so they cost one call for each
//! guest; addresses come from the DHCP leases, one call for each network, and from the guest's agent
//! where one is connected.

mod definition;

use std::collections::{HashMap, HashSet};

use rhai::{Array, Dynamic, Map};
use uuid::Uuid;

use super::domain::{STATS_FILTERS, selection};
use super::stats::whole_stats;
use super::words;
use crate::error::{Error, Result, code};
use crate::lang::options::{OptionTable, list};
use crate::lang::suggest::nearest;
use crate::libvirt::{Connection, Domain, DomainStats, InterfaceAddresses, Value, sys};
use definition::Definition;

/// The options of `inventory`.
pub(super) static INVENTORY: OptionTable = OptionTable {
    function: "Connection.inventory",
    options: &[
        list(
            "fields",
            "Which fields besides name and uuid: state, memory, vcpus, disks, nics, managed_by; all without it.",
        ),
        STATS_FILTERS[0],
        STATS_FILTERS[1],
        STATS_FILTERS[2],
        STATS_FILTERS[3],
    ],
};

pub(super) const FIELDS: &[&str] = &["state", "memory", "vcpus", "disks", "nics", "managed_by"];

/// The fields that were asked for.
struct Fields(Vec<String>);

impl Fields {
    fn new(asked: Option<Vec<String>>) -> Result<Self> {
        let asked = asked.unwrap_or_else(|| FIELDS.iter().map(|field| (*field).to_owned()).collect());
        match asked.iter().find(|field| !FIELDS.contains(&field.as_str())) {
            None => Ok(Self(asked)),
            Some(unknown) => {
                let hint = match nearest(unknown, FIELDS.iter().copied()) {
                    Some(near) => format!("did you mean {near:?}?"),
                    None => format!("the fields are {}", FIELDS.join(", ")),
                };
                let error = Error::usage(format!("{unknown:?} is not a field of the inventory"));
                Err(error.operation("connection.inventory").hint(hint))
            }
        }
    }

    fn has(&self, field: &str) -> bool {
        self.0.iter().any(|asked| asked == field)
    }

    /// True where no other call than that for the definition tells it.
    fn needs_definition(&self) -> bool {
        self.has("nics") || self.has("managed_by")
    }

    fn stats_groups(&self) -> u32 {
        let group = |field, bit| if self.has(field) { bit } else { 0 };
        sys::VIR_DOMAIN_STATS_STATE
            | group("memory", sys::VIR_DOMAIN_STATS_BALLOON)
            | group("vcpus", sys::VIR_DOMAIN_STATS_VCPU)
            | group("disks", sys::VIR_DOMAIN_STATS_BLOCK)
    }
}

/// One guest on its way to a map.
struct Guest {
    handle: Domain,
    state: Option<i32>,
    memory: Option<u64>,
    vcpus: Option<i64>,
    disks: Option<Vec<Disk>>,
    nics: Option<Vec<Nic>>,
    /// The manager above libvirt, where there is one.
    managed_by: Option<&'static str>,
    /// False where its hypervisor hangs: nothing more is asked of it.
    answers: bool,
}

/// A disk; sizes in bytes, where known.
#[derive(Clone, Debug, Default, PartialEq)]
struct Disk {
    target: String,
    source: Option<String>,
    capacity: Option<i64>,
    allocation: Option<i64>,
}

/// A network interface.
#[derive(Clone, Debug, Default, PartialEq)]
struct Nic {
    mac: Option<String>,
    network: Option<String>,
    model: Option<String>,
    ips: Vec<String>,
}

/// All guests that the options choose, one map each.
pub(super) fn inventory(connection: &Connection, options: Map) -> Result<Array> {
    let options = INVENTORY.read(options)?;
    let fields = Fields::new(options.get_list("fields")?)?;
    let (flags, pattern) = selection(&options)?;
    let mut handles = connection.domains(flags)?;
    if let Some(pattern) = pattern {
        let matcher = super::names::pattern(&pattern)?;
        handles.retain(|vm| matcher.is_match(vm.label()));
    }
    handles.sort_by(|a, b| a.label().cmp(b.label()));
    let (stats, stale) = bulk(connection, &fields)?;
    let guest = |handle: Domain| {
        let (told, answers) = (stats.get(handle.key()), !stale.contains(handle.key()));
        Guest { answers, ..from_stats(told, handle, &fields) }
    };
    let mut guests: Vec<Guest> = handles.into_iter().map(guest).collect();
    complete(connection, &mut guests, &fields)?;
    Ok(guests.into_iter().map(|guest| Dynamic::from_map(map(guest, &fields))).collect())
}

/// The statistics by guest, and the guests that do not answer.
fn bulk(connection: &Connection, fields: &Fields) -> Result<(HashMap<Uuid, DomainStats>, HashSet<Uuid>)> {
    match whole_stats(connection, fields.stats_groups()) {
        Ok(stats) => Ok((stats.items.into_iter().map(|s| (s.uuid, s)).collect(), stats.stale)),
        Err(error) if error.code() == code::UNSUPPORTED => Ok(Default::default()),
        Err(error) => Err(error),
    }
}

fn from_stats(stats: Option<&DomainStats>, handle: Domain, fields: &Fields) -> Guest {
    let params: HashMap<&str, &Value> =
        stats.iter().flat_map(|s| s.params.iter().map(|(name, value)| (name.as_str(), value))).collect();
    let number = |name: &str| params.get(name).and_then(|value| value.as_i64());
    let memory = number("balloon.current").or_else(|| number("balloon.maximum"));
    Guest {
        state: number("state.state").and_then(|state| i32::try_from(state).ok()),
        memory: memory.and_then(|kib| u64::try_from(kib).ok()).map(|kib| kib.saturating_mul(1024)),
        vcpus: number("vcpu.current").or_else(|| number("vcpu.maximum")),
        disks: if fields.has("disks") { disks(&params) } else { None },
        nics: None,
        managed_by: None,
        answers: true,
        handle,
    }
}

fn disks(params: &HashMap<&str, &Value>) -> Option<Vec<Disk>> {
    let count = params.get("block.count")?.as_i64()?;
    let disk = |index: i64| {
        let field = |name: &str| params.get(format!("block.{index}.{name}").as_str()).copied();
        let text = |name| {
            field(name).and_then(|value| if let Value::String(s) = value { Some(s.clone()) } else { None })
        };
        let number = |name| field(name).and_then(Value::as_i64);
        Disk {
            target: text("name").unwrap_or_default(),
            source: text("path"),
            capacity: number("capacity"),
            allocation: number("allocation"),
        }
    };
    Some((0..count).map(disk).collect())
}

/// Asks guest by guest for what the bulk statistics left out.
fn complete(connection: &Connection, guests: &mut [Guest], fields: &Fields) -> Result<()> {
    complete_facts(connection, guests, fields)?;
    let incomplete: Vec<usize> = (0..guests.len())
        .filter(|&index| fields.needs_definition() || (fields.has("disks") && guests[index].disks.is_none()))
        .collect();
    let handles: Vec<Domain> = incomplete.iter().map(|&index| guests[index].handle.clone()).collect();
    let definitions = connection.domain_definitions(&handles, 0)?;
    let leases = if fields.has("nics") { leases(connection)? } else { HashMap::new() };
    for (&index, text) in incomplete.iter().zip(definitions) {
        let Some(definition) = text.map(|text| Definition::read(&text)).transpose()? else { continue };
        let guest = &mut guests[index];
        guest.managed_by = definition.managed_by;
        if fields.has("disks") && guest.disks.is_none() {
            let disks = definition.disks;
            guest.disks = Some(if guest.answers { sized(&guest.handle, disks) } else { disks });
        }
        if fields.has("nics") {
            let asks_agent = definition.agent && guest.answers;
            guest.nics = Some(addressed(&guest.handle, definition.nics, asks_agent, &leases));
        }
    }
    Ok(())
}

fn complete_facts(connection: &Connection, guests: &mut [Guest], fields: &Fields) -> Result<()> {
    let incomplete: Vec<usize> = (0..guests.len())
        .filter(|&index| {
            let guest = &guests[index];
            guest.state.is_none()
                || (fields.has("memory") && guest.memory.is_none())
                || (fields.has("vcpus") && guest.vcpus.is_none())
        })
        .collect();
    let handles: Vec<Domain> = incomplete.iter().map(|&index| guests[index].handle.clone()).collect();
    for (&index, info) in incomplete.iter().zip(connection.domain_infos(&handles)?) {
        let Some(info) = info else { continue };
        let guest = &mut guests[index];
        guest.state.get_or_insert(info.state as i32);
        guest.memory.get_or_insert(info.memory);
        guest.vcpus.get_or_insert(i64::from(info.vcpus));
    }
    Ok(())
}

/// The sizes of disks that only the definition told of; a disk that cannot be read has none.
fn sized(guest: &Domain, disks: Vec<Disk>) -> Vec<Disk> {
    let size = |mut disk: Disk| {
        if let Some(info) = disk.source.as_ref().and_then(|_| guest.block_info(&disk.target).ok()) {
            disk.capacity = i64::try_from(info.capacity).ok();
            disk.allocation = i64::try_from(info.allocation).ok();
        }
        disk
    };
    disks.into_iter().map(size).collect()
}

/// Adds the addresses that leases and the guest's agent tell.
fn addressed(guest: &Domain, nics: Vec<Nic>, agent: bool, leases: &HashMap<String, Vec<String>>) -> Vec<Nic> {
    let told: Vec<InterfaceAddresses> = if agent {
        guest.interface_addresses(sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT).unwrap_or_default()
    } else {
        Vec::new()
    };
    let address = |mut nic: Nic| {
        let Some(mac) = nic.mac.clone() else { return nic };
        nic.ips.extend(leases.get(&mac).into_iter().flatten().cloned());
        let own = told.iter().filter(|i| i.mac.as_deref() == Some(mac.as_str()));
        for address in own.flat_map(|interface| &interface.addresses) {
            if !nic.ips.contains(&address.address) {
                nic.ips.push(address.address.clone());
            }
        }
        nic
    };
    nics.into_iter().map(address).collect()
}

/// Addresses by MAC, from the DHCP leases of all active networks.
fn leases(connection: &Connection) -> Result<HashMap<String, Vec<String>>> {
    let mut leases: HashMap<String, Vec<String>> = HashMap::new();
    let networks = match connection.networks(sys::VIR_CONNECT_LIST_NETWORKS_ACTIVE) {
        Ok(networks) => networks,
        Err(error) if error.code() == code::UNSUPPORTED => return Ok(leases),
        Err(error) => return Err(error),
    };
    for network in networks {
        match network.dhcp_leases(None) {
            Ok(found) => {
                for lease in found {
                    let Some(mac) = lease.mac else { continue };
                    leases.entry(mac).or_default().push(lease.address);
                }
            }
            Err(error) if error.code() == code::UNSUPPORTED => break,
            // A network that went down meanwhile has no leases.
            Err(error) if matches!(error.code(), "no_network" | "operation_invalid") => {}
            Err(error) => return Err(error),
        }
    }
    Ok(leases)
}

fn map(guest: Guest, fields: &Fields) -> Map {
    let mut map = Map::new();
    map.insert("name".into(), guest.handle.label().to_owned().into());
    map.insert("uuid".into(), guest.handle.key().to_string().into());
    let known: [(&str, Option<Dynamic>); 6] = [
        ("state", guest.state.map(|state| words::domain_state(state).into_owned().into())),
        ("memory", guest.memory.map(|bytes| Dynamic::from_int(i64::try_from(bytes).unwrap_or(i64::MAX)))),
        ("vcpus", guest.vcpus.map(Dynamic::from_int)),
        ("disks", guest.disks.map(|disks| list_of(disks, disk_map))),
        ("nics", guest.nics.map(|nics| list_of(nics, nic_map))),
        ("managed_by", guest.managed_by.map(Into::into)),
    ];
    for (field, value) in known {
        if let Some(value) = value.filter(|_| fields.has(field)) {
            map.insert(field.into(), value);
        }
    }
    map
}

fn list_of<T>(items: Vec<T>, to_map: fn(T) -> Map) -> Dynamic {
    items.into_iter().map(|item| Dynamic::from_map(to_map(item))).collect::<Array>().into()
}

fn disk_map(disk: Disk) -> Map {
    let optional = |value: Option<Dynamic>| value.unwrap_or(Dynamic::UNIT);
    Map::from([
        ("target".into(), disk.target.into()),
        ("source".into(), optional(disk.source.map(Into::into))),
        ("capacity".into(), optional(disk.capacity.map(Dynamic::from_int))),
        ("allocation".into(), optional(disk.allocation.map(Dynamic::from_int))),
    ])
}

fn nic_map(nic: Nic) -> Map {
    let optional = |value: Option<String>| value.map_or(Dynamic::UNIT, Into::into);
    Map::from([
        ("mac".into(), optional(nic.mac)),
        ("network".into(), optional(nic.network)),
        ("model".into(), optional(nic.model)),
        ("ips".into(), nic.ips.into_iter().map(Dynamic::from).collect::<Array>().into()),
    ])
}
