//! What was measured, over time.

use jiff::Timestamp;

use super::backend::{Outcome, Row, Value, rows};
use super::failure::Failure;
use super::{Store, backend};
use crate::error::Result;

/// A number that was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole one.
    Int(i64),
    /// One with a fraction.
    Float(f64),
}

/// One measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// When.
    pub time: Timestamp,
    /// The URI of the host, without a password.
    pub host: String,
    /// The kind of object: `guest`, `pool`, `host`.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// What was measured: `allocation`, `memory`.
    pub measure: String,
    /// How much it was.
    pub value: Number,
}

/// Which samples are wanted; what is not set does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Those of this host.
    pub host: Option<String>,
    /// Those of this kind of object.
    pub kind: Option<String>,
    /// Those of the object of this name.
    pub name: Option<String>,
    /// Those of this measure.
    pub measure: Option<String>,
    /// Not older ones.
    pub since: Option<Timestamp>,
    /// Not newer ones.
    pub until: Option<Timestamp>,
}

const ADD_MEASURE: &str = "INSERT INTO measures (host, kind, name, measure)
    SELECT id, ?2, ?3, ?4 FROM hosts WHERE uri = ?1 ON CONFLICT DO NOTHING";

const ADD_SAMPLE: &str = "INSERT INTO samples (measure, time, whole, fraction)
    SELECT measures.id, ?5, ?6, ?7 FROM measures JOIN hosts ON hosts.id = host
    WHERE uri = ?1 AND kind = ?2 AND name = ?3 AND measure = ?4
    ON CONFLICT (measure, time) DO UPDATE SET whole = excluded.whole, fraction = excluded.fraction";

impl Store {
    /// Adds samples, all or none; one of the same object, measure and time takes the place of the old one.
    ///
    /// Errors: `io` with a full disk and what else keeps it from being written; `timeout` where it is locked.
    pub fn add(&mut self, samples: &[Sample]) -> Result<()> {
        self.change(|backend| {
            for Sample { time, host, kind, name, measure, value } in samples {
                let (whole, fraction) = match value {
                    Number::Int(whole) => (Value::Int(*whole), Value::Null),
                    Number::Float(number) => (Value::Null, Value::Real(*number)),
                };
                let mut values: Vec<Value> = vec![host.into(), kind.into(), name.into(), measure.into()];
                backend.execute(super::ADD_HOST, &values[..1])?;
                backend.execute(ADD_MEASURE, &values)?;
                values.extend([time.as_microsecond().into(), whole, fraction]);
                backend.execute(ADD_SAMPLE, &values)?;
            }
            Ok(())
        })
    }

    /// Returns samples by time; at one time by host, kind, name and measure.
    ///
    /// Errors: `io` where it is damaged.
    pub fn samples(&self, wanted: &Wanted) -> Result<Vec<Sample>> {
        let Wanted { host, kind, name, measure, since, until } = wanted;
        let mut filter = backend::Conditions::default();
        for (column, text) in [("uri", host), ("kind", kind), ("name", name), ("measures.measure", measure)] {
            if let Some(text) = text {
                filter.add(&format!("{column} = ?"), text);
            }
        }
        filter.since("time", *since);
        filter.until("time", *until);
        let query = format!(
            "SELECT time, uri, kind, name, measures.measure, whole, fraction
             FROM samples JOIN measures ON measures.id = samples.measure JOIN hosts ON hosts.id = host
             {} ORDER BY time, uri, kind, name, measures.measure",
            filter.text()
        );
        self.read(|backend| rows(backend, &query, filter.values(), sample))
    }

    /// Removes samples that are older than a time, and returns how many there were.
    ///
    /// Errors: as [`Store::add`].
    pub fn prune(&mut self, before: Timestamp) -> Result<usize> {
        self.change(|backend| {
            let removed =
                backend.execute("DELETE FROM samples WHERE time < ?1", &[before.as_microsecond().into()])?;
            backend.execute("DELETE FROM measures WHERE id NOT IN (SELECT measure FROM samples)", &[])?;
            Ok(removed as usize)
        })
    }
}

fn sample(row: &Row) -> Outcome<Sample> {
    let value = match (row.opt_int(5)?, row.opt_real(6)?) {
        (Some(whole), _) => Number::Int(whole),
        (None, Some(number)) => Number::Float(number),
        (None, None) => return Err(Failure::Damaged("a sample without a value".into())),
    };
    Ok(Sample {
        time: row.time(0)?,
        host: row.text(1)?,
        kind: row.text(2)?,
        name: row.text(3)?,
        measure: row.text(4)?,
        value,
    })
}
