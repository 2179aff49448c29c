//! What was changed in a sitting: the door tells of each change.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::libvirt::Change;
use crate::output::{Column, Data, Kind, Table};
use crate::units::time_text;
use crate::uri::without_password;

/// How many changes are kept.
const KEPT: usize = 1000;

/// See the module; copies share what they hold.
#[derive(Clone, Default)]
pub struct ChangeLog(Arc<Mutex<Noted>>);

#[derive(Default)]
struct Noted {
    rows: VecDeque<Vec<Data>>,
    /// How many were let go.
    forgotten: usize,
}

impl ChangeLog {
    /// Takes note of a change.
    pub fn note(&self, change: &Change<'_>) {
        let outcome = match change.outcome {
            Ok(()) => "ok".to_owned(),
            Err(error) => format!("failed: {error}"),
        };
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.rows.len() == KEPT {
            noted.rows.pop_front();
            noted.forgotten += 1;
        }
        noted.rows.push_back(vec![
            Data::Text(time_text(Timestamp::now())),
            Data::Text(change.operation.name.to_owned()),
            Data::Text(change.object.to_owned()),
            Data::Float(change.duration.as_secs_f64()),
            Data::Text(outcome),
            Data::Text(without_password(change.host)),
        ]);
    }

    /// The changes as a table, the oldest first, and how many older ones are not kept.
    pub(super) fn table(&self) -> (Table, usize) {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let columns = [
            Column::new("time").kind(Kind::Time).priority(1),
            Column::new("operation"),
            Column::new("object"),
            Column::new("duration").kind(Kind::Duration).priority(2),
            Column::new("outcome"),
            Column::new("host").priority(3),
        ];
        (Table::new(columns.into_iter().collect(), noted.rows.iter().cloned().collect()), noted.forgotten)
    }
}
