//! The tabular view of a value: what table, csv, tsv and text all start from.

use std::collections::HashMap;

use super::cell::is_scalar;
use super::{Column, Data, Table, did_you_mean, field};
use crate::error::{Error, Result};

/// The heading of the column for elements that have no keys.
const VALUE: &str = "value";

/// How a value is laid out.
pub(super) enum Layout<'a> {
    /// Null: nothing to write.
    Nothing,
    /// One value.
    Scalar(&'a Data),
    /// A list of values without keys.
    Lines(&'a [Data]),
    /// One map or object: a sheet of one row.
    Pairs(Sheet<'a>),
    /// A list of maps or objects.
    Rows(Sheet<'a>),
}

/// Columns and rows; a cell is `None` where an object does not have that field.
#[derive(Default)]
pub(super) struct Sheet<'a> {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Option<&'a Data>>>,
    /// False for rows without keys: a list of lists.
    pub(super) headed: bool,
}

impl<'a> Layout<'a> {
    /// Lays out `data` with only the columns named, in that order, where `names` are given.
    ///
    /// Errors: `usage` for a column that does not exist, and for columns of a value that has none.
    pub(super) fn of(data: &'a Data, names: Option<&[String]>) -> Result<Self> {
        let layout = Self::whole(data);
        let Some(names) = names else { return Ok(layout) };
        match layout {
            Self::Pairs(sheet) => sheet.select(names).map(Self::Pairs),
            Self::Rows(sheet) => sheet.select(names).map(Self::Rows),
            Self::Nothing | Self::Lines([]) => Ok(layout),
            Self::Scalar(_) | Self::Lines(_) => Err(Error::usage("the value has no columns to select")
                .hint("columns exist for objects, maps, tables and lists of them")),
        }
    }

    fn whole(data: &'a Data) -> Self {
        match data {
            Data::Null => Self::Nothing,
            Data::Map(_) | Data::Record(_) => Self::Pairs(Sheet::of_elements(std::slice::from_ref(data))),
            Data::Table(table) => Self::Rows(Sheet {
                columns: table.columns().to_vec(),
                rows: table.rows().iter().map(|row| row.iter().map(Some).collect()).collect(),
                headed: true,
            }),
            Data::List(list) if list.iter().all(|element| matches!(element, Data::List(_))) => {
                if list.is_empty() { Self::Lines(list) } else { Self::Rows(Sheet::of_lists(list)) }
            }
            Data::List(list) if list.iter().all(|element| is_scalar(element) || is_list(element)) => {
                Self::Lines(list)
            }
            Data::List(list) => Self::Rows(Sheet::of_elements(list)),
            scalar => Self::Scalar(scalar),
        }
    }
}

/// Says that there is no such column, and which there are.
pub fn unknown_column(name: &str, known: &[&str]) -> Error {
    did_you_mean(Error::usage(format!("there is no column \"{name}\"")), name, known)
}

fn is_list(data: &Data) -> bool {
    matches!(data, Data::List(_) | Data::Table(_))
}

impl<'a> Sheet<'a> {
    /// The union of all keys in the order in which they are first seen.
    fn of_elements(elements: &'a [Data]) -> Self {
        let mut builder = Builder::default();
        builder.lead(elements);
        for element in elements {
            match element {
                Data::Map(pairs) => {
                    let plain = |(key, value): &'a (String, Data)| (Found::Key(key), value);
                    builder.add(pairs.iter().map(plain));
                }
                Data::Record(record) => {
                    builder.add(record.columns().iter().map(Found::Column).zip(record.values()));
                }
                other => builder.add([(Found::Key(VALUE), other)]),
            }
        }
        builder.finish()
    }

    /// Rows without keys.
    fn of_lists(lists: &'a [Data]) -> Self {
        let cells = |element: &'a Data| match element {
            Data::List(cells) => cells.iter().map(Some).collect(),
            _ => Vec::new(),
        };
        let mut rows: Vec<Vec<Option<&'a Data>>> = lists.iter().map(cells).collect();
        let width = rows.iter().map(Vec::len).max().unwrap_or(0);
        for row in &mut rows {
            row.resize(width, None);
        }
        let columns = (1..=width).map(|number| Column::new(number.to_string())).collect();
        Self { columns, rows, headed: false }
    }

    /// Keeps the named columns in the order of the names.
    fn select(self, names: &[String]) -> Result<Self> {
        let mut picked = Vec::with_capacity(names.len());
        for name in names {
            let place = self.columns.iter().position(|column| column.name == name.as_str());
            picked.push(place.ok_or_else(|| self.unknown(name))?);
        }
        // What was asked for by name is not dropped for want of room.
        let columns = picked.iter().map(|&place| self.columns[place].clone().priority(0)).collect();
        let rows = self.rows.iter().map(|row| picked.iter().map(|&place| row[place]).collect()).collect();
        Ok(Self { columns, rows, headed: self.headed })
    }

    fn unknown(&self, name: &str) -> Error {
        let known: Vec<&str> = self.columns.iter().map(|column| column.name.as_ref()).collect();
        unknown_column(name, &known)
    }

    /// Returns the rows as maps again; fields that an object does not have stay absent.
    pub(super) fn to_maps(&self) -> Vec<Data> {
        let map = |row: &Vec<Option<&Data>>| {
            let cells = self.columns.iter().zip(row);
            let pairs =
                cells.filter_map(|(column, cell)| cell.map(|cell| (column.name.to_string(), cell.clone())));
            Data::Map(pairs.collect())
        };
        self.rows.iter().map(map).collect()
    }
}

impl Table {
    /// Makes a table of a list of maps or objects, of one of these, or of a list of values (one column
    /// `value`), with only the columns named, in that order, where `names` are given.
    ///
    /// Errors: `usage` for a column that no element has; an empty list takes the columns as they are named.
    pub fn of(data: &Data, names: Option<&[String]>) -> Result<Self> {
        let sheet = match Layout::whole(data) {
            Layout::Rows(sheet) | Layout::Pairs(sheet) => sheet,
            Layout::Nothing | Layout::Lines([]) => {
                let columns =
                    names.unwrap_or_default().iter().map(|name| Column::new(name.clone())).collect();
                return Ok(Self::new(columns, Vec::new()));
            }
            Layout::Scalar(value) => Sheet::of_elements(std::slice::from_ref(value)),
            Layout::Lines(list) => Sheet::of_elements(list),
        };
        let sheet = match names {
            Some(names) => sheet.select(names)?,
            None => sheet,
        };
        let row = |row: Vec<Option<&Data>>| {
            row.into_iter().map(|cell| cell.cloned().unwrap_or(Data::Null)).collect()
        };
        Ok(Self::new(sheet.columns.into(), sheet.rows.into_iter().map(row).collect()))
    }
}

/// A key on its way into a sheet.
enum Found<'a> {
    Key(&'a str),
    Column(&'a Column),
}

/// Collects rows whose keys differ.
#[derive(Default)]
struct Builder<'a> {
    columns: Vec<Column>,
    places: HashMap<&'a str, usize>,
    rows: Vec<Vec<Option<&'a Data>>>,
}

impl<'a> Builder<'a> {
    /// Makes columns of what rows are about: the keys of a script's map have no order of their own.
    fn lead(&mut self, elements: &'a [Data]) {
        for name in field::LEADING {
            let has = |element: &'a Data| match element {
                Data::Map(pairs) => pairs.iter().find(|(key, _)| key == name),
                _ => None,
            };
            if let Some((key, _)) = elements.iter().find_map(has) {
                self.place(Found::Key(key));
            }
        }
    }

    fn add(&mut self, cells: impl IntoIterator<Item = (Found<'a>, &'a Data)>) {
        let mut row = vec![None; self.columns.len()];
        for (found, value) in cells {
            let place = self.place(found);
            if place >= row.len() {
                row.resize(place + 1, None);
            }
            row[place] = Some(value);
        }
        self.rows.push(row);
    }

    fn place(&mut self, found: Found<'a>) -> usize {
        let name: &'a str = match found {
            Found::Key(key) => key,
            Found::Column(column) => &column.name,
        };
        if let Some(&place) = self.places.get(name) {
            return place;
        }
        self.columns.push(match found {
            Found::Key(key) => Column::of_field(key),
            Found::Column(column) => column.clone(),
        });
        self.places.insert(name, self.columns.len() - 1);
        self.columns.len() - 1
    }

    fn finish(mut self) -> Sheet<'a> {
        for row in &mut self.rows {
            row.resize(self.columns.len(), None);
        }
        Sheet { columns: self.columns, rows: self.rows, headed: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Columns, Kind, Record};

    fn map(pairs: &[(&str, i64)]) -> Data {
        Data::Map(pairs.iter().map(|(key, value)| ((*key).to_owned(), Data::Int(*value))).collect())
    }

    fn names(layout: &Layout<'_>) -> Vec<String> {
        match layout {
            Layout::Rows(sheet) | Layout::Pairs(sheet) => {
                sheet.columns.iter().map(|column| column.name.to_string()).collect()
            }
            _ => Vec::new(),
        }
    }

    fn select(data: &Data, columns: &[&str]) -> Result<Vec<String>> {
        let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
        Layout::of(data, Some(&columns)).map(|layout| names(&layout))
    }

    #[test]
    fn columns_are_the_union_of_keys_in_the_order_first_seen() {
        let data = Data::List(vec![map(&[("z", 1), ("a", 2)]), map(&[("b", 3), ("z", 4)])]);
        let layout = Layout::of(&data, None).unwrap();
        assert_eq!(names(&layout), ["z", "a", "b"]);
        let Layout::Rows(sheet) = layout else { panic!("rows") };
        assert_eq!(sheet.rows[0], [Some(&Data::Int(1)), Some(&Data::Int(2)), None]);
        assert_eq!(sheet.rows[1], [Some(&Data::Int(4)), None, Some(&Data::Int(3))]);
    }

    #[test]
    fn what_a_row_is_about_comes_first() {
        let data = Data::List(vec![map(&[("active", 1), ("name", 2), ("state", 3)])]);
        assert_eq!(names(&Layout::of(&data, None).unwrap()), ["name", "state", "active"]);
    }

    #[test]
    fn records_bring_their_hints_and_mix_with_maps() {
        let columns: Columns = [Column::new("memory").kind(Kind::Size)].into();
        let record = Data::Record(Record::new(columns, vec![Data::Int(1)]));
        let data = Data::List(vec![record, map(&[("memory", 2), ("x", 3)])]);
        let Layout::Rows(sheet) = Layout::of(&data, None).unwrap() else { panic!("rows") };
        assert_eq!(sheet.columns[0].kind, Kind::Size);
        assert_eq!(sheet.columns.len(), 2);
    }

    #[test]
    fn a_scalar_among_maps_gets_a_column_of_its_own() {
        let data = Data::List(vec![map(&[("a", 1)]), Data::Int(7)]);
        assert_eq!(names(&Layout::of(&data, None).unwrap()), ["a", "value"]);
    }

    #[test]
    fn a_list_of_lists_has_rows_without_headings() {
        let data = Data::List(vec![Data::from(vec![1_i64, 2]), Data::from(vec![3_i64])]);
        let Layout::Rows(sheet) = Layout::of(&data, None).unwrap() else { panic!("rows") };
        assert!(!sheet.headed);
        assert_eq!(sheet.rows[1], [Some(&Data::Int(3)), None]);
    }

    #[test]
    fn columns_are_selected_and_ordered() {
        let data = Data::List(vec![map(&[("name", 1), ("id", 2)]), map(&[("state", 3)])]);
        assert_eq!(select(&data, &["state", "name"]).unwrap(), ["state", "name"]);
        assert_eq!(select(&map(&[("a", 1), ("b", 2)]), &["b"]).unwrap(), ["b"]);
        assert_eq!(select(&Data::List(vec![]), &["b"]).unwrap(), [""; 0]);
    }

    #[test]
    fn an_unknown_column_is_answered_with_the_nearest() {
        let error = select(&map(&[("name", 1), ("state", 2)]), &["sate"]).unwrap_err();
        assert_eq!(error.to_string(), "there is no column \"sate\"");
        assert_eq!(error.facts().hint.as_deref(), Some("did you mean `state`?"));
        assert_eq!(select(&Data::Int(1), &["a"]).unwrap_err().code(), crate::error::code::USAGE);
    }

    #[test]
    fn selected_maps_leave_absent_fields_absent() {
        let data = Data::List(vec![map(&[("a", 1)]), map(&[("b", 2)])]);
        let columns = ["b".to_owned(), "a".to_owned()];
        let Layout::Rows(sheet) = Layout::of(&data, Some(&columns)).unwrap() else { panic!("rows") };
        assert_eq!(sheet.to_maps(), [map(&[("a", 1)]), map(&[("b", 2)])]);
    }
}
