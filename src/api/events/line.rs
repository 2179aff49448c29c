//! An event as a person reads it: one line.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::value;
use crate::libvirt::events::{Event, Field};

/// Writes time, kind, object and what happened: `09:14:03 lifecycle web1: stopped (destroyed)`.
pub(crate) fn line(event: &Event) -> String {
    let time = event.time.to_zoned(TimeZone::system()).strftime("%H:%M:%S");
    let mut line = format!("{time} {}", event.kind.name);
    if let Some(subject) = &event.subject {
        let _ = write!(line, " {}", subject.name);
    }
    let told: Vec<String> = event.fields.iter().filter_map(|(name, field)| told(name, field)).collect();
    if !told.is_empty() {
        let _ = write!(line, ": {}", told.join(" "));
    }
    line
}

/// What a field tells: the word alone where it says by itself what happened.
fn told(name: &str, field: &Field) -> Option<String> {
    if *field == Field::Absent {
        return None;
    }
    let value = value::value(field).to_string();
    match name {
        "event" | "state" | "status" | "action" | "phase" => Some(value),
        "detail" | "reason" => Some(format!("({value})")),
        _ if value.is_empty() => None,
        _ => Some(format!("{name}={value}")),
    }
}
