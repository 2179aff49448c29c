//! What an event tells: everything copied out of libvirt's memory.

use jiff::Timestamp;
use uuid::Uuid;

use super::super::typed_params::Params;
use super::kind::{self, Kind};
use super::words::Words;

/// One event.
#[derive(Clone, Debug)]
pub struct Event {
    /// what happened
    pub kind: &'static Kind,
    /// when it arrived here, to the millisecond
    pub time: Timestamp,
    /// what it happened to; `None` for events of the connection
    pub subject: Option<Subject>,
    /// what else is told, in libvirt's order
    pub fields: Fields,
}

/// The object of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// `domain`, `network`, `pool`, `node_device` or `secret`
    pub role: &'static str,
    /// its name; of a secret, the name of what it is for
    pub name: String,
    /// its UUID; node devices have none
    pub uuid: Option<Uuid>,
}

/// Names and values.
pub type Fields = Vec<(&'static str, Field)>;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// libvirt had nothing to say
    Absent,
    /// true or false
    Bool(bool),
    /// a number; sizes are in bytes
    Int(i64),
    /// any text
    Text(String),
    /// a number that has a word
    Word(Words, i32),
    /// typed parameters
    Params(Params),
    /// several values with names
    Group(Fields),
    /// several groups
    Groups(Vec<Fields>),
}

impl Field {
    pub(super) fn text(text: Option<String>) -> Self {
        text.map_or(Self::Absent, Self::Text)
    }

    /// A count that C has as 64 bits without sign.
    pub(super) fn count(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// A size that C has in KiB.
    pub(super) fn kib(number: u64) -> Self {
        Self::count(number.saturating_mul(1024))
    }
}

impl Event {
    pub(super) fn now(kind: &'static Kind, subject: Option<Subject>, fields: Fields) -> Self {
        let now = Timestamp::now();
        let time = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        Self { kind, time, subject, fields }
    }

    /// Tells how many events found no room.
    pub(super) fn missed(count: u64) -> Self {
        Self::now(&kind::MISSED, None, vec![("count", Field::count(count))])
    }

    /// The number of a field that has a word; `None` where there is no such field.
    pub fn number(&self, name: &str) -> Option<i32> {
        self.fields.iter().find_map(|(key, field)| match field {
            Field::Word(_, number) if *key == name => Some(*number),
            _ => None,
        })
    }

    /// The text of a field.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.iter().find_map(|(key, field)| match field {
            Field::Text(text) if *key == name => Some(text.as_str()),
            _ => None,
        })
    }
}
