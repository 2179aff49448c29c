//! An event as scripts see it: a map with words.

use rhai::{Array, Dynamic, Map};

use crate::api::{params, words};
use crate::libvirt::events::{Event, Field, Fields};
use crate::units::time_text;

/// Makes the map of an event: `kind`, `time`, the object's name and UUID, then its own fields.
pub(super) fn map_of(event: &Event) -> Map {
    let mut map = Map::new();
    map.insert("kind".into(), event.kind.name.into());
    map.insert("time".into(), time_text(event.time).into());
    if let Some(subject) = &event.subject {
        map.insert(subject.role.into(), subject.name.clone().into());
        if let Some(uuid) = subject.uuid {
            map.insert("uuid".into(), uuid.to_string().into());
        }
    }
    map.extend(fields(&event.fields));
    map
}

fn fields(fields: &Fields) -> Map {
    fields.iter().map(|(name, field)| ((*name).into(), value(field))).collect()
}

pub(super) fn value(field: &Field) -> Dynamic {
    match field {
        Field::Absent => Dynamic::UNIT,
        Field::Bool(on) => (*on).into(),
        Field::Int(number) => (*number).into(),
        Field::Text(text) => text.clone().into(),
        Field::Word(table, number) => words::word(table, *number).as_ref().into(),
        Field::Params(params) => params::to_map(params.clone()).into(),
        Field::Group(group) => fields(group).into(),
        Field::Groups(groups) => {
            groups.iter().map(|group| Dynamic::from(fields(group))).collect::<Array>().into()
        }
    }
}
