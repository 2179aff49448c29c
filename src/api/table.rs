//! The type `Table`: rows with columns in an order of the script's choice.
//!
//! Maps in Rhai list their keys in alphabetical order; a table keeps the order it was given, in every
//! output format. Its cells are plain data: a handle in the source becomes its default columns.

use std::cmp::Ordering;
use std::sync::Arc;

use rhai::plugin::export_module;
use rhai::{Array, Dynamic, ImmutableString, Map};

use super::Fallible;
use super::data::{from_data, to_data};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::output::{self, Data, Format, Kind, Options, did_you_mean};

/// A table as scripts hold it: copies share the rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table(Arc<output::Table>);

/// The words for what a column holds.
const KINDS: [(&str, Kind); 5] = [
    ("plain", Kind::Plain),
    ("size", Kind::Size),
    ("duration", Kind::Duration),
    ("time", Kind::Time),
    ("state", Kind::State),
];

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    natives.engine().register_type_with_name::<Table>("Table");
    natives.engine().register_iterator::<Table>();
    natives.global(&table_functions::RHAI_MANIFEST);
}

impl From<output::Table> for Table {
    fn from(table: output::Table) -> Self {
        Self(Arc::new(table))
    }
}

impl IntoIterator for Table {
    type Item = Map;
    type IntoIter = std::vec::IntoIter<Map>;

    fn into_iter(self) -> Self::IntoIter {
        (0..self.0.rows().len()).map(|row| self.row(row)).collect::<Vec<_>>().into_iter()
    }
}

impl Table {
    /// Returns the table as data.
    pub(super) fn data(&self) -> &output::Table {
        &self.0
    }

    /// Returns the rows as maps.
    pub(super) fn rows(&self) -> Array {
        (0..self.0.rows().len()).map(|row| self.row(row).into()).collect()
    }

    fn row(&self, row: usize) -> Map {
        let names = self.0.columns().iter().map(|column| column.name.as_ref().into());
        names.zip(self.0.rows()[row].iter().cloned().map(from_data)).collect()
    }

    fn of(source: &Dynamic, columns: Option<Array>) -> Result<Self> {
        let names = columns.map(column_names).transpose()?;
        output::Table::of(&to_data(source)?, names.as_deref()).map(Self::from)
    }

    fn place(&self, name: &str) -> Result<usize> {
        let names: Vec<&str> = self.0.columns().iter().map(|column| column.name.as_ref()).collect();
        let place = names.iter().position(|known| *known == name);
        place
            .ok_or_else(|| did_you_mean(Error::usage(format!("there is no column \"{name}\"")), name, &names))
    }
}

fn column_names(columns: Array) -> Result<Vec<String>> {
    let name = |column: Dynamic| {
        column
            .into_string()
            .map_err(|kind| Error::usage(format!("a column is named by a text, not by {kind}")))
    };
    columns.into_iter().map(name).collect()
}

/// Orders cells: truth values, numbers, texts, the rest, and what is missing last.
fn compare(left: &Data, right: &Data) -> Ordering {
    let rank = |cell: &Data| match cell {
        Data::Bool(_) => 0,
        Data::Int(_) | Data::Float(_) => 1,
        Data::Text(_) => 2,
        Data::Null => 4,
        _ => 3,
    };
    match (left, right) {
        (Data::Bool(left), Data::Bool(right)) => left.cmp(right),
        (Data::Int(left), Data::Int(right)) => left.cmp(right),
        (Data::Int(left), Data::Float(right)) => (*left as f64).total_cmp(right),
        (Data::Float(left), Data::Int(right)) => left.total_cmp(&(*right as f64)),
        (Data::Float(left), Data::Float(right)) => left.total_cmp(right),
        (Data::Text(left), Data::Text(right)) => left.cmp(right),
        _ => rank(left).cmp(&rank(right)),
    }
}

/// What scripts see.
#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
pub mod table_functions {
    /// Makes a table of an array of maps or handles.
    ///
    /// The columns are all keys in the order in which they are first seen; a map alone is a table of one row,
    /// and values without keys get the column `value`.
    ///
    /// Errors: those of reading a handle.
    ///
    /// ```rhai
    /// print(table([#{ name: "web1", disks: 2 }, #{ name: "db1", disks: 4 }]));
    /// ```
    #[rhai_fn(name = "table", return_raw)]
    pub fn table(rows: Dynamic) -> Fallible<Table> {
        Ok(Table::of(&rows, None)?)
    }

    /// Makes a table with these columns, in this order.
    ///
    /// Errors: `usage` for a column that no row has; those of reading a handle.
    ///
    /// ```rhai
    /// print(table([#{ name: "web1", disks: 2, id: 7 }], ["name", "id"]));
    /// ```
    #[rhai_fn(name = "table", return_raw)]
    pub fn table_with_columns(rows: Dynamic, columns: Array) -> Fallible<Table> {
        Ok(Table::of(&rows, Some(columns))?)
    }

    /// The names of the columns in their order.
    ///
    /// @returns [String]
    ///
    /// ```rhai
    /// print(table([#{ b: 1, a: 2 }], ["b", "a"]).columns());
    /// ```
    #[rhai_fn(pure)]
    pub fn columns(table: &mut Table) -> Array {
        table.0.columns().iter().map(|column| column.name.to_string().into()).collect()
    }

    /// The rows as an array of maps.
    ///
    /// @returns [Map]
    ///
    /// ```rhai
    /// for row in table([#{ name: "web1" }]).rows() { print(row.name); }
    /// ```
    #[rhai_fn(pure)]
    pub fn rows(table: &mut Table) -> Array {
        table.rows()
    }

    /// The values of one column.
    ///
    /// Errors: `usage` for a column that the table does not have.
    ///
    /// ```rhai
    /// print(table([#{ name: "web1" }, #{ name: "db1" }]).column("name"));
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn column(table: &mut Table, name: ImmutableString) -> Fallible<Array> {
        let place = table.place(&name)?;
        Ok(table.0.rows().iter().map(|row| from_data(row[place].clone())).collect())
    }

    /// The number of rows.
    ///
    /// ```rhai
    /// print(table([#{ name: "web1" }]).len());
    /// ```
    #[rhai_fn(pure)]
    pub fn len(table: &mut Table) -> i64 {
        table.0.rows().len() as i64
    }

    /// True for a table without rows.
    ///
    /// ```rhai
    /// print(table([]).is_empty());
    /// ```
    #[rhai_fn(pure)]
    pub fn is_empty(table: &mut Table) -> bool {
        table.0.rows().is_empty()
    }

    /// Sorts the rows by a column, the smallest first, and returns the table.
    ///
    /// Numbers are compared as numbers and texts letter by letter; rows without a value come last; equal rows
    /// keep their order.
    ///
    /// Errors: `usage` for a column that the table does not have.
    ///
    /// ```rhai
    /// let t = table([#{ name: "web1", memory: gib(4) }, #{ name: "db1", memory: gib(2) }]);
    /// print(t.sort_by("memory"));
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn sort_by(table: &mut Table, column: ImmutableString) -> Fallible<Table> {
        let place = table.place(&column)?;
        let mut rows = table.0.rows().to_vec();
        rows.sort_by(|left, right| compare(&left[place], &right[place]));
        *table = crate::output::Table::new(table.0.columns().clone(), rows).into();
        Ok(table.clone())
    }

    /// Turns the order of the rows round and returns the table.
    ///
    /// ```rhai
    /// print(table([#{ n: 1 }, #{ n: 2 }]).sort_by("n").reverse());
    /// ```
    #[rhai_fn(pure)]
    pub fn reverse(table: &mut Table) -> Table {
        let rows = table.0.rows().iter().rev().cloned().collect();
        *table = crate::output::Table::new(table.0.columns().clone(), rows).into();
        table.clone()
    }

    /// Says what a column holds, for the screen, and returns the table.
    ///
    /// The kind is one of `plain`, `size` (bytes, shown as `4.0 GiB`), `duration` (seconds, shown as `1h30m`),
    /// `time` (shown without zone) and `state` (coloured). Columns with libvirt's own names, such as `memory` and
    /// `cpu_time_ns`, need no word about it. Other formats than `table` stay exact.
    ///
    /// Errors: `usage` for a column that the table does not have and for another kind.
    ///
    /// ```rhai
    /// print(table([#{ name: "web1", read: gib(4) }]).show_as("read", "size"));
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn show_as(table: &mut Table, column: ImmutableString, kind: ImmutableString) -> Fallible<Table> {
        let place = table.place(&column)?;
        let known = KINDS.iter().find(|(word, _)| *word == kind.as_str());
        let Some((_, kind)) = known else {
            let error = Error::usage(format!("\"{kind}\" is no kind of column"));
            return Err(did_you_mean(error, &kind, &KINDS.map(|(word, _)| word)).into());
        };
        let mut columns = table.0.columns().to_vec();
        columns[place].kind = *kind;
        *table = crate::output::Table::new(columns.into(), table.0.rows().to_vec()).into();
        Ok(table.clone())
    }

    /// One row as a map; negative numbers count from the end.
    ///
    /// Errors: `usage` for a row that there is not.
    ///
    /// ```rhai
    /// print(table([#{ name: "web1" }])[0].name);
    /// ```
    #[rhai_fn(index_get, return_raw, pure)]
    pub fn get_row(table: &mut Table, row: i64) -> Fallible<Map> {
        let count = table.0.rows().len() as i64;
        let place = if row < 0 { row.saturating_add(count) } else { row };
        if !(0..count).contains(&place) {
            return Err(Error::usage(format!("there is no row {row} in a table of {count}")).into());
        }
        Ok(table.row(place as usize))
    }

    /// The table as the format `table` shows it, without colours.
    ///
    /// ```rhai
    /// print(table([#{ name: "web1" }]).to_string());
    /// ```
    #[rhai_fn(name = "to_string", name = "to_debug", return_raw, pure)]
    pub fn to_string(table: &mut Table) -> Fallible<String> {
        let text = output::render(&Data::Table(table.data().clone()), &Options::new(Format::Table))?;
        Ok(text.trim_end_matches('\n').to_owned())
    }

    /// True for tables with the same columns and rows.
    ///
    /// ```rhai
    /// print(table([#{ n: 1 }]) == table([#{ n: 1 }]));
    /// ```
    #[rhai_fn(name = "==", pure)]
    pub fn equals(left: &mut Table, right: Table) -> bool {
        *left == right
    }

    /// True for tables whose columns or rows differ.
    ///
    /// ```rhai
    /// print(table([#{ n: 1 }]) != table([#{ n: 2 }]));
    /// ```
    #[rhai_fn(name = "!=", pure)]
    pub fn differs(left: &mut Table, right: Table) -> bool {
        *left != right
    }
}

#[cfg(test)]
mod tests {
    use super::super::host_context::testing::failure;
    use rhai::Engine;

    use super::*;
    use crate::error::code;
    use crate::lang::natives::Docs;

    fn engine() -> Engine {
        let mut engine = Engine::new();
        Natives::bind(&mut engine, Docs::Dropped, register);
        engine
    }

    fn text(script: &str) -> String {
        engine().eval::<String>(script).expect(script)
    }

    const GUESTS: &str = r#"let t = table([
        #{ name: "web1", memory: 4294967296, state: "running" },
        #{ name: "db1", memory: 1073741824 },
    ], ["name", "state", "memory"]); "#;

    #[test]
    fn columns_have_the_order_they_were_given() {
        assert_eq!(
            text(&format!("{GUESTS} t.to_string()")),
            "name  state     memory\nweb1  running  4.0 GiB\ndb1   -        1.0 GiB"
        );
        assert_eq!(text(&format!("{GUESTS} t.columns().to_string()")), r#"["name", "state", "memory"]"#);
        assert_eq!(text(&format!("{GUESTS} `${{t}}`")).lines().count(), 3);
    }

    #[test]
    fn sorting_changes_the_table_and_returns_it() {
        assert_eq!(text(&format!("{GUESTS} t.sort_by(\"memory\"); t[0].name")), "db1");
        assert_eq!(text(&format!("{GUESTS} t.sort_by(\"memory\").reverse()[0].name")), "web1");
        assert_eq!(
            text(&format!("{GUESTS} t.sort_by(\"state\").column(\"name\").to_string()")),
            r#"["web1", "db1"]"#
        );
    }

    #[test]
    fn numbers_sort_as_numbers_and_what_is_missing_comes_last() {
        let sorted = text(
            r#"table([#{n: 10}, #{n: ()}, #{n: 9.5}, #{n: "x"}, #{n: 2}]).sort_by("n").column("n").to_string()"#,
        );
        assert_eq!(sorted, r#"[2, 9.5, 10, "x", ()]"#);
    }

    #[test]
    fn a_column_can_be_shown_as_a_size() {
        let shown = text("table([#{ read: 4294967296 }]).show_as(\"read\", \"size\").to_string()");
        assert!(shown.contains("4.0 GiB"), "{shown}");
        assert!(
            text(&format!("{GUESTS} t.show_as(\"memory\", \"plain\").to_string()")).contains("4294967296")
        );
        let error = failure(&engine(), &format!("{GUESTS} t.show_as(\"memory\", \"sise\")"));
        assert_eq!(error.facts().hint.as_deref(), Some("did you mean `size`?"));
    }

    #[test]
    fn rows_are_maps_and_can_be_walked() {
        assert_eq!(text(&format!("{GUESTS} let s = \"\"; for row in t {{ s += row.name; }} s")), "web1db1");
        assert_eq!(text(&format!("{GUESTS} t.rows()[1].name + t[-1].name")), "db1db1");
        assert!(
            engine()
                .eval::<bool>(&format!("{GUESTS} t.len() == 2 && !t.is_empty() && t == t && !(t != t)"))
                .unwrap()
        );
    }

    #[test]
    fn an_empty_table_keeps_its_columns() {
        assert_eq!(text(r#"table([], ["name", "state"]).to_string()"#), "name  state");
        assert_eq!(text("table([1, 2]).columns().to_string()"), r#"["value"]"#);
        assert_eq!(text("table(#{a: 1}).columns().to_string()"), r#"["a"]"#);
    }

    #[test]
    fn what_is_not_there_is_refused() {
        for script in [
            r#"table([#{name: 1}], ["nam"])"#,
            "table([#{name: 1}], [1])",
            r#"table([#{name: 1}]).sort_by("nme")"#,
            r#"table([#{name: 1}]).column("x")"#,
            "table([#{name: 1}])[1]",
            "table([#{name: 1}])[-2]",
        ] {
            assert_eq!(failure(&engine(), script).code(), code::USAGE, "{script}");
        }
    }
}
