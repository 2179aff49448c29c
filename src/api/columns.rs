//! The default columns of each type of handle: what it is as data, in JSON, tables and CSV.
//!
//! One table a type, all in this file; how the rows of many guests are read with few calls is in
//! `domain_rows`.

use std::sync::Arc;

use rhai::Dynamic;

use super::events::Events;
use super::host::Host;
use super::xml::{XmlDocument, XmlNode};
use super::{domain_rows, job, point, words};
use crate::error::Result;
use crate::libvirt::{
    Connection, DomainCheckpoint, DomainSnapshot, Interface, Job, Network, NetworkPort, NodeDevice, NwFilter,
    NwFilterBinding, Secret, SecretValue, StoragePool, StorageVolume, sys,
};
use crate::output::{Column, Columns, Data, Kind, Record};
use crate::xml::Document;

/// Name, kind, and how early the column goes where the screen is narrow.
type Spec = (&'static str, Kind, u8);

const DOMAIN: &[Spec] = &[
    ("name", Kind::Plain, 0),
    ("uuid", Kind::Plain, 5),
    ("id", Kind::Plain, 1),
    ("state", Kind::State, 0),
    ("persistent", Kind::Plain, 4),
    ("autostart", Kind::Plain, 3),
    ("memory", Kind::Size, 1),
    ("vcpus", Kind::Plain, 2),
];

const SNAPSHOT: &[Spec] = &[
    ("name", Kind::Plain, 0),
    ("domain", Kind::Plain, 0),
    ("creation_time", Kind::Time, 1),
    ("state", Kind::State, 1),
    ("current", Kind::Plain, 1),
    ("parent", Kind::Plain, 2),
];

const CHECKPOINT: &[Spec] = &[
    ("name", Kind::Plain, 0),
    ("domain", Kind::Plain, 0),
    ("creation_time", Kind::Time, 1),
    ("parent", Kind::Plain, 2),
];

const JOB: &[Spec] = &[
    ("operation", Kind::Plain, 0),
    ("object", Kind::Plain, 0),
    ("state", Kind::State, 0),
    ("processed", Kind::Size, 2),
    ("total", Kind::Size, 1),
    ("percent", Kind::Plain, 1),
    ("elapsed", Kind::Duration, 3),
    ("error", Kind::Plain, 4),
];

const NETWORK: &[Spec] = &[
    ("name", Kind::Plain, 0),
    ("uuid", Kind::Plain, 5),
    ("active", Kind::Switch, 0),
    ("persistent", Kind::Plain, 4),
    ("autostart", Kind::Plain, 3),
    ("bridge", Kind::Plain, 1),
];

const PORT: &[Spec] = &[("uuid", Kind::Plain, 0), ("network", Kind::Plain, 0)];

const INTERFACE: &[Spec] = &[("name", Kind::Plain, 0), ("mac", Kind::Plain, 1), ("active", Kind::Switch, 0)];

const NODE_DEVICE: &[Spec] = &[
    ("name", Kind::Plain, 0),
    ("parent", Kind::Plain, 1),
    ("capabilities", Kind::Plain, 0),
    ("active", Kind::Switch, 2),
];

const NWFILTER: &[Spec] = &[("name", Kind::Plain, 0), ("uuid", Kind::Plain, 1)];

const NWFILTER_BINDING: &[Spec] = &[("port_dev", Kind::Plain, 0), ("filter_name", Kind::Plain, 0)];

/// Never the value.
const SECRET: &[Spec] =
    &[("uuid", Kind::Plain, 0), ("usage_type", Kind::Plain, 1), ("usage_id", Kind::Plain, 0)];

const POOL: &[Spec] = &[
    ("name", Kind::Plain, 0),
    ("uuid", Kind::Plain, 5),
    ("state", Kind::State, 0),
    ("persistent", Kind::Plain, 4),
    ("autostart", Kind::Plain, 3),
    ("capacity", Kind::Size, 1),
    ("allocation", Kind::Size, 2),
    ("available", Kind::Size, 1),
];

const VOLUME: &[Spec] = &[
    ("name", Kind::Plain, 0),
    ("pool", Kind::Plain, 2),
    ("path", Kind::Plain, 3),
    ("type", Kind::Plain, 4),
    ("capacity", Kind::Size, 0),
    ("allocation", Kind::Size, 1),
];

const CONNECTION: &[Spec] =
    &[("uri", Kind::Plain, 0), ("is_readonly", Kind::Plain, 1), ("is_open", Kind::Plain, 1)];

const HOST: &[Spec] = &[
    ("hostname", Kind::Plain, 0),
    ("uri", Kind::Plain, 0),
    ("driver", Kind::Plain, 1),
    ("cpus", Kind::Plain, 1),
    ("memory", Kind::Size, 1),
];

/// Reads handles of one type as records; `None` for values that are none, or not all of one type.
pub(super) fn read(values: &[Dynamic]) -> Rows {
    let of_type = TYPES.iter().find_map(|known| (known.read)(values, known.columns));
    of_type.or_else(|| TEXTS.iter().find_map(|read| read(values)))
}

/// What handles are as data; `None` where they are of another type.
type Rows = Option<Result<Vec<Data>>>;

/// The columns of a type, by its name.
pub(super) fn names(type_name: &str) -> Option<Vec<&'static str>> {
    let known = TYPES.iter().find(|known| known.type_name == type_name)?;
    Some(known.columns.iter().map(|(name, ..)| *name).collect())
}

/// A type of handle with its columns. Each column is also a property of the type, or a method of the same
/// name where the type has methods only.
struct Known {
    /// as scripts call it
    type_name: &'static str,
    columns: &'static [Spec],
    read: fn(&[Dynamic], &[Spec]) -> Rows,
}

const TYPES: &[Known] = &[
    Known {
        type_name: "Domain",
        columns: DOMAIN,
        read: |values, columns| rows_of(values, columns, domain_rows::rows),
    },
    Known {
        type_name: "DomainSnapshot",
        columns: SNAPSHOT,
        read: |values, columns| rows_of(values, columns, |all| all.iter().map(snapshot).collect()),
    },
    Known {
        type_name: "Job",
        columns: JOB,
        read: |values, columns| rows_of(values, columns, |all: &[Job]| all.iter().map(job::row).collect()),
    },
    Known {
        type_name: "DomainCheckpoint",
        columns: CHECKPOINT,
        read: |values, columns| rows_of(values, columns, |all| all.iter().map(checkpoint).collect()),
    },
    Known {
        type_name: "Network",
        columns: NETWORK,
        read: |values, columns| rows_of(values, columns, |all| all.iter().map(network).collect()),
    },
    Known {
        type_name: "NetworkPort",
        columns: PORT,
        read: |values, columns| rows_of(values, columns, |all| all.iter().map(port).collect()),
    },
    Known {
        type_name: "Interface",
        columns: INTERFACE,
        read: |values, columns| rows_of(values, columns, |all| all.iter().map(interface).collect()),
    },
    Known {
        type_name: "NodeDevice",
        columns: NODE_DEVICE,
        read: |values, columns| rows_of(values, columns, |all| all.iter().map(node_device).collect()),
    },
    Known {
        type_name: "NwFilter",
        columns: NWFILTER,
        read: |values, columns| rows_of(values, columns, |all| all.iter().map(nwfilter).collect()),
    },
    Known {
        type_name: "NwFilterBinding",
        columns: NWFILTER_BINDING,
        read: |values, columns| rows_of(values, columns, |all| all.iter().map(nwfilter_binding).collect()),
    },
    Known {
        type_name: "Secret",
        columns: SECRET,
        read: |values, columns| rows_of(values, columns, |all| all.iter().map(secret).collect()),
    },
    Known {
        type_name: "StoragePool",
        columns: POOL,
        read: |values, columns| rows_of(values, columns, |all| all.iter().map(pool).collect()),
    },
    Known {
        type_name: "StorageVolume",
        columns: VOLUME,
        read: |values, columns| rows_of(values, columns, volumes),
    },
    Known {
        type_name: "Connection",
        columns: CONNECTION,
        read: |values, columns| rows_of(values, columns, |all| Ok(all.iter().map(connection).collect())),
    },
    Known {
        type_name: "Host",
        columns: HOST,
        read: |values, columns| rows_of(values, columns, |all| all.iter().map(host).collect()),
    },
];

/// Those that are texts as data.
const TEXTS: &[fn(&[Dynamic]) -> Rows] = &[
    |values| Some(Ok(all_of::<Events>(values)?.iter().map(|events| Data::Text(events.describe())).collect())),
    |values| {
        Some(Ok(all_of::<XmlDocument>(values)?.iter().map(|x| Data::Text(x.document.to_string())).collect()))
    },
    |values| Some(Ok(all_of::<SecretValue>(values)?.iter().map(|x| Data::Text(x.to_string())).collect())),
    |values| Some(Ok(all_of::<XmlNode>(values)?.iter().map(|x| Data::Text(x.node.to_string())).collect())),
];

fn rows_of<T: Clone + Send + Sync + 'static>(
    values: &[Dynamic],
    specs: &[Spec],
    rows: fn(&[T]) -> Result<Vec<Vec<Data>>>,
) -> Rows {
    let columns: Columns = specs
        .iter()
        .map(|(name, kind, priority)| Column::new(*name).kind(*kind).priority(*priority))
        .collect::<Vec<_>>()
        .into();
    let record = |row| Data::Record(Record::new(Arc::clone(&columns), row));
    Some(rows(&all_of::<T>(values)?).map(|rows| rows.into_iter().map(record).collect()))
}

fn all_of<T: Clone + Send + Sync + 'static>(values: &[Dynamic]) -> Option<Vec<T>> {
    values.iter().map(|value| value.read_lock::<T>().map(|value| value.clone())).collect()
}

fn snapshot(snapshot: &DomainSnapshot) -> Result<Vec<Data>> {
    let xml = Document::parse(&snapshot.xml(0)?)?;
    Ok(vec![
        Data::Text(snapshot.label().to_owned()),
        Data::Text(snapshot.domain()?.label().to_owned()),
        Data::Text(point::creation_time(&xml)?),
        text_at(&xml, "state")?,
        Data::Bool(snapshot.is_current()?),
        text_at(&xml, "parent/name")?,
    ])
}

fn checkpoint(checkpoint: &DomainCheckpoint) -> Result<Vec<Data>> {
    let xml = Document::parse(&checkpoint.xml(sys::VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN)?)?;
    Ok(vec![
        Data::Text(checkpoint.label().to_owned()),
        Data::Text(checkpoint.domain()?.label().to_owned()),
        Data::Text(point::creation_time(&xml)?),
        text_at(&xml, "parent/name")?,
    ])
}

fn text_at(xml: &Document, path: &str) -> Result<Data> {
    Ok(xml.text_at(path)?.map_or(Data::Null, Data::Text))
}

fn network(network: &Network) -> Result<Vec<Data>> {
    Ok(vec![
        Data::Text(network.name()?),
        Data::Text(network.key().to_string()),
        Data::Bool(network.is_active()?),
        Data::Bool(network.is_persistent()?),
        Data::Bool(network.autostart()?),
        network.bridge_name()?.map_or(Data::Null, Data::Text),
    ])
}

fn port(port: &NetworkPort) -> Result<Vec<Data>> {
    Ok(vec![Data::Text(port.label().to_owned()), Data::Text(port.network()?.label().to_owned())])
}

fn interface(interface: &Interface) -> Result<Vec<Data>> {
    Ok(vec![
        Data::Text(interface.label().to_owned()),
        interface.mac()?.map_or(Data::Null, Data::Text),
        Data::Bool(interface.is_active()?),
    ])
}

fn node_device(device: &NodeDevice) -> Result<Vec<Data>> {
    let summary = device.summary()?;
    Ok(vec![
        Data::Text(device.label().to_owned()),
        summary.parent.map_or(Data::Null, Data::Text),
        Data::List(summary.capabilities.into_iter().map(Data::Text).collect()),
        summary.active.map_or(Data::Null, Data::Bool),
    ])
}

fn nwfilter(filter: &NwFilter) -> Result<Vec<Data>> {
    Ok(vec![Data::Text(filter.name()?), Data::Text(filter.key().to_string())])
}

fn nwfilter_binding(binding: &NwFilterBinding) -> Result<Vec<Data>> {
    Ok(vec![Data::Text(binding.label().to_owned()), Data::Text(binding.filter_name()?)])
}

fn secret(secret: &Secret) -> Result<Vec<Data>> {
    let (kind, thing) = super::secret::usage(secret)?;
    Ok(vec![Data::Text(secret.key().to_string()), Data::Text(kind), Data::Text(thing)])
}

fn pool(pool: &StoragePool) -> Result<Vec<Data>> {
    let info = pool.info()?;
    Ok(vec![
        Data::Text(pool.name()?),
        Data::Text(pool.key().to_string()),
        Data::Text(words::word(words::POOL_STATES, info.state as i32).into_owned()),
        Data::Bool(pool.is_persistent()?),
        Data::Bool(pool.autostart()?),
        bytes(info.capacity),
        bytes(info.allocation),
        bytes(info.available),
    ])
}

fn volumes(volumes: &[StorageVolume]) -> Result<Vec<Vec<Data>>> {
    let mut rows: Vec<Vec<Data>> = Vec::with_capacity(volumes.len());
    // Most often all are of one pool: its name is asked for once.
    let mut last: Option<(&StorageVolume, String)> = None;
    for volume in volumes {
        let pool = match &last {
            Some((before, pool))
                if before.key().0 == volume.key().0 && before.connection().is_same(volume.connection()) =>
            {
                pool.clone()
            }
            _ => volume.pool()?.label().to_owned(),
        };
        let info = volume.info(0)?;
        rows.push(vec![
            Data::Text(volume.name().to_owned()),
            Data::Text(pool.clone()),
            Data::Text(volume.path()?),
            Data::Text(words::word(words::VOLUME_TYPES, info.kind as i32).into_owned()),
            bytes(info.capacity),
            bytes(info.allocation),
        ]);
        last = Some((volume, pool));
    }
    Ok(rows)
}

fn bytes(number: u64) -> Data {
    Data::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn connection(connection: &Connection) -> Vec<Data> {
    vec![Data::Text(connection.uri()), Data::Bool(connection.is_readonly()), Data::Bool(connection.is_open())]
}

fn host(Host(connection): &Host) -> Result<Vec<Data>> {
    let info = connection.node_info()?;
    Ok(vec![
        Data::Text(connection.hostname()?),
        Data::Text(connection.canonical_uri()?),
        Data::Text(connection.driver()?),
        Data::Int(i64::from(info.cpus)),
        Data::Int(i64::try_from(info.memory).unwrap_or(i64::MAX)),
    ])
}

#[cfg(test)]
mod tests;
