//! Values on their way to the screen or a file.
//!
//! [`Data`] is plain data plus presentation hints. The hints sit on columns, not on values: a
//! [`Record`] (one object) and a [`Table`] (many) name a [`Kind`] for each column, and only the
//! screen looks at it. Every other format writes the exact value, so a table and a list of maps
//! with the same contents give the same JSON.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::field;

/// A value without behaviour: what a script's result becomes before it is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Rhai's `()`, JSON's `null`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction; JSON writes `null` for one that is not finite.
    Float(f64),
    /// A text, kept as it is in data formats.
    Text(String),
    /// A list of anything.
    List(Vec<Data>),
    /// Keys in a fixed order.
    Map(Vec<(String, Data)>),
    /// One object with columns; as data a map.
    Record(Record),
    /// Many objects with the same columns; as data a list of maps.
    Table(Table),
}

/// What a column holds, for the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Shown as it is.
    #[default]
    Plain,
    /// Bytes: `4.0 GiB`.
    Size,
    /// Bytes a second: `4.0 MiB/s`.
    Rate,
    /// Something measured, such as percent: `12.3`.
    Measured,
    /// Seconds: `1h30m`.
    Duration,
    /// Nanoseconds: `4.5s`.
    Nanoseconds,
    /// RFC 3339: `2026-03-01 04:30:00`.
    Time,
    /// A state word of libvirt: coloured.
    State,
    /// True or false, which says whether an object runs: coloured.
    Switch,
}

/// A column of a [`Table`] or [`Record`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading and its key in data formats.
    pub name: Cow<'static, str>,
    /// How the screen shows its values.
    pub kind: Kind,
    /// 0 stays on the screen; the larger the number, the earlier it goes where the screen is narrow.
    pub priority: u8,
}

impl Column {
    /// Makes a plain column that always stays on the screen.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), kind: Kind::Plain, priority: 0 }
    }

    /// Makes the column of a map's key: its name says what it holds and how early it goes.
    pub(super) fn of_field(name: &str) -> Self {
        Self { name: name.to_owned().into(), kind: field::kind(name), priority: field::priority(name) }
    }

    /// Says what the column holds.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Says how early the column goes where the screen is narrow.
    #[must_use]
    pub fn priority(mut self, priority: u8) -> Self {
        self.priority = priority;
        self
    }
}

/// The columns of a type of object, shared by all its records.
pub type Columns = Arc<[Column]>;

/// One object: its columns and one value for each.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    columns: Columns,
    values: Vec<Data>,
}

impl Record {
    /// Joins columns and values; missing values become null, surplus ones are dropped.
    pub fn new(columns: Columns, mut values: Vec<Data>) -> Self {
        values.resize(columns.len(), Data::Null);
        Self { columns, values }
    }

    /// Returns the columns.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Returns the values in the order of the columns.
    pub fn values(&self) -> &[Data] {
        &self.values
    }
}

/// Many objects with the same columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    columns: Columns,
    rows: Vec<Vec<Data>>,
}

impl Table {
    /// Joins columns and rows; missing cells become null, surplus ones are dropped.
    pub fn new(columns: Columns, mut rows: Vec<Vec<Data>>) -> Self {
        for row in &mut rows {
            row.resize(columns.len(), Data::Null);
        }
        Self { columns, rows }
    }

    /// Returns the columns.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Returns the rows, each with one cell a column.
    pub fn rows(&self) -> &[Vec<Data>] {
        &self.rows
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Data {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Data {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Data {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<bool> for Data {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl<T: Into<Data>> From<Option<T>> for Data {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Data>> From<Vec<T>> for Data {
    fn from(list: Vec<T>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(list) => serializer.collect_seq(list),
            Self::Map(pairs) => serializer.collect_map(pairs.iter().map(|(key, value)| (key, value))),
            Self::Record(record) => Row(&record.columns, &record.values).serialize(serializer),
            Self::Table(table) => {
                let mut list = serializer.serialize_seq(Some(table.rows.len()))?;
                for row in &table.rows {
                    list.serialize_element(&Row(&table.columns, row))?;
                }
                list.end()
            }
        }
    }
}

/// Columns and cells, written as a map.
struct Row<'a>(&'a [Column], &'a [Data]);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (column, cell) in self.0.iter().zip(self.1) {
            map.serialize_entry(&column.name, cell)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DataVisitor)
    }
}

/// Reads any JSON or YAML value; whole numbers past `i64` become floats.
struct DataVisitor;

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_none<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Data, D::Error> {
        Data::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Data, E> {
        Ok(Data::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Data, E> {
        Ok(Data::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Data, E> {
        Ok(i64::try_from(number).map_or(Data::Float(number as f64), Data::Int))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Data, E> {
        Ok(i64::try_from(number).map_or(Data::Float(number as f64), Data::Int))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Data, E> {
        Ok(i64::try_from(number).map_or(Data::Float(number as f64), Data::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Data, E> {
        Ok(Data::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Data, E> {
        Ok(Data::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Data, E> {
        Ok(Data::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Data, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = seq.next_element()? {
            list.push(element);
        }
        Ok(Data::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut pairs: Vec<(String, Data)> = Vec::new();
        while let Some((key, value)) = map.next_entry::<Data, Data>()? {
            pairs.push((key_text(&key), value));
        }
        Ok(Data::Map(pairs))
    }
}

/// Turns a key into text: YAML also has numbers, truth values and null as keys.
fn key_text(key: &Data) -> String {
    match key {
        Data::Text(text) => text.clone(),
        other => super::cell::exact(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &[&'static str]) -> Columns {
        names.iter().map(|name| Column::new(*name)).collect()
    }

    fn json(data: &Data) -> String {
        serde_json::to_string(data).unwrap()
    }

    #[test]
    fn a_table_is_a_list_of_maps_in_the_order_of_its_columns() {
        let table =
            Table::new(columns(&["name", "id"]), vec![vec!["web".into(), 3.into()], vec!["db".into()]]);
        assert_eq!(json(&Data::Table(table)), r#"[{"name":"web","id":3},{"name":"db","id":null}]"#);
    }

    #[test]
    fn a_record_is_a_map_and_hints_do_not_show() {
        let columns: Columns = [Column::new("memory").kind(Kind::Size)].into();
        let record = Record::new(columns, vec![Data::Int(1 << 30), Data::Null]);
        assert_eq!(record.values().len(), 1);
        assert_eq!(json(&Data::Record(record)), r#"{"memory":1073741824}"#);
    }

    #[test]
    fn maps_keep_their_order_both_ways() {
        let text = r#"{"z":1,"a":[true,null,1.5,"x"],"m":{}}"#;
        let data: Data = serde_json::from_str(text).unwrap();
        assert_eq!(json(&data), text);
    }

    #[test]
    fn whole_numbers_past_i64_become_floats() {
        let read = |text: &str| serde_json::from_str::<Data>(text).unwrap();
        assert_eq!(read("9223372036854775807"), Data::Int(i64::MAX));
        assert_eq!(read("18446744073709551615"), Data::Float(18_446_744_073_709_551_615.0));
        assert_eq!(read("-9223372036854775808"), Data::Int(i64::MIN));
    }

    #[test]
    fn numbers_that_are_not_finite_are_null_in_json() {
        assert_eq!(json(&Data::from(vec![f64::NAN, f64::INFINITY])), "[null,null]");
    }
}
