//! The module `csv`: RFC 4180, with a separator of choice.
//!
//! Everything in CSV is a text: `parse` does not guess what is a number.

use rhai::plugin::export_module;
use rhai::{Array, Dynamic, ImmutableString, Map};

use super::Fallible;
use super::data::to_data;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, Parsed, boolean, list, text};
use crate::output::{self, Format, Options};

/// The options of `csv::parse`.
pub(super) static PARSE: OptionTable = OptionTable {
    function: "csv::parse",
    options: &[
        text("separator", "What stands between cells (default `,`)."),
        boolean("headers", "Whether the first line holds the names of the columns (default true)."),
    ],
};

/// The options of `csv::to_string`.
pub(super) static TO_STRING: OptionTable = OptionTable {
    function: "csv::to_string",
    options: &[
        text("separator", "What stands between cells (default `,`)."),
        boolean("headers", "Whether the first line holds the names of the columns (default true)."),
        list("columns", "The columns to write, in this order."),
    ],
};

/// Registers the module.
pub(super) fn register(natives: &mut Natives) {
    natives.namespace("csv", &[&csv_functions::RHAI_MANIFEST]);
}

fn separator(options: &Parsed) -> Result<u8> {
    match options.get_text("separator")?.as_deref().map(str::as_bytes) {
        None => Ok(b','),
        Some([byte]) if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        Some(_) => {
            Err(Error::usage("the separator is one ASCII character").hint("for example \";\" or \"\\t\""))
        }
    }
}

fn read(text: &str, options: Map) -> Result<Array> {
    let options = PARSE.read(options)?;
    let headed = options.get_bool("headers")?.unwrap_or(true);
    // Spreadsheets write a byte order mark, which is no part of the first heading.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(!headed)
        .delimiter(separator(&options)?)
        .from_reader(text.as_bytes());
    let records: Vec<csv::StringRecord> =
        reader.records().collect::<std::result::Result<_, _>>().map_err(|error| not_read(&error))?;
    if headed { maps(&records) } else { Ok(records.iter().map(|record| cells(record).into()).collect()) }
}

fn not_read(error: &csv::Error) -> Error {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            Error::usage(format!(
                "this is no CSV: line {line} has {len} cells and the first line {expected_len}"
            ))
            .hint("with `headers: false` lines may have any number of cells")
        }
        _ => Error::usage(format!("this is no CSV: {error}")),
    }
}

fn cells(record: &csv::StringRecord) -> Array {
    record.iter().map(|cell| cell.to_owned().into()).collect()
}

fn maps(records: &[csv::StringRecord]) -> Result<Array> {
    let Some((headings, rows)) = records.split_first() else { return Ok(Array::new()) };
    let names: Vec<&str> = headings.iter().collect();
    if let Some(twice) = names.iter().enumerate().find(|(place, name)| names[..*place].contains(name)) {
        return Err(Error::usage(format!("this CSV has two columns \"{}\"", twice.1))
            .hint("read it with `headers: false`"));
    }
    let map = |row: &csv::StringRecord| {
        let pairs = names.iter().zip(row.iter()).map(|(name, cell)| ((*name).into(), cell.to_owned().into()));
        Dynamic::from(pairs.collect::<Map>())
    };
    Ok(rows.iter().map(map).collect())
}

fn written(value: &Dynamic, options: Map) -> Result<String> {
    let options = TO_STRING.read(options)?;
    let form = Options {
        columns: options.get_list("columns")?,
        headers: options.get_bool("headers")?.unwrap_or(true),
        ..Options::new(Format::Csv)
    };
    output::render_csv(&to_data(value)?, &form, separator(&options)?)
}

/// Rows and tables as CSV (RFC 4180).
#[export_module(manifest)]
pub mod csv_functions {
    /// Reads CSV whose first line holds the names of the columns, and returns one map a line.
    ///
    /// All values are texts.
    ///
    /// Errors: `usage` for a line with more or fewer cells than the first, and for a column that is there twice.
    ///
    /// @returns [Map]
    ///
    /// ```rhai
    /// for row in csv::parse("name,memory\nweb1,4GiB\n") { print(row.memory.bytes()); }
    /// ```
    #[rhai_fn(name = "parse", return_raw)]
    pub fn parse(text: ImmutableString) -> Fallible<Array> {
        Ok(read(&text, Map::new())?)
    }

    /// Reads CSV with options: `separator` (default `,`) and `headers`.
    ///
    /// With `headers: false` each line becomes an array of texts.
    ///
    /// Errors: `usage` for a line with more or fewer cells than the first, for a column that is there twice, and for
    /// wrong options.
    ///
    /// @returns [Dynamic]
    ///
    /// ```rhai
    /// print(csv::parse("web1;4\n", #{ separator: ";", headers: false })[0][1]);
    /// ```
    #[rhai_fn(name = "parse", return_raw)]
    pub fn parse_with_options(text: ImmutableString, options: Map) -> Fallible<Array> {
        Ok(read(&text, options)?)
    }

    /// Writes an array of maps or handles, or a table, as CSV with a line of names.
    ///
    /// Lists and maps within a cell are written as JSON; `()` and absent values are empty.
    ///
    /// Errors: those of reading a handle.
    ///
    /// ```rhai
    /// print(csv::to_string([#{ name: "web1", disks: 2 }]));
    /// ```
    #[rhai_fn(name = "to_string", return_raw)]
    pub fn to_string(value: Dynamic) -> Fallible<String> {
        Ok(written(&value, Map::new())?)
    }

    /// Writes CSV with options: `separator` (default `,`), `headers` and `columns`.
    ///
    /// Errors: those of reading a handle; `usage` for a column that no row has and for wrong options.
    ///
    /// ```rhai
    /// print(csv::to_string([#{ name: "web1", disks: 2 }], #{ columns: ["name"], separator: ";" }));
    /// ```
    #[rhai_fn(name = "to_string", return_raw)]
    pub fn to_string_with_options(value: Dynamic, options: Map) -> Fallible<String> {
        Ok(written(&value, options)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::host_context::testing::failure;
    use super::super::{json, table};
    use rhai::Engine;

    use super::*;
    use crate::error::code;
    use crate::lang::natives::Docs;

    fn engine() -> Engine {
        let mut engine = Engine::new();
        Natives::bind(&mut engine, Docs::Dropped, register);
        Natives::bind(&mut engine, Docs::Dropped, json::register);
        crate::lang::natives::Natives::bind(
            &mut engine,
            crate::lang::natives::Docs::Dropped,
            table::register,
        );
        engine
    }

    fn text(script: &str) -> String {
        engine().eval::<String>(script).expect(script)
    }

    #[test]
    fn lines_become_maps_of_texts() {
        let json = text("json::to_string(csv::parse(`name,note\r\nweb1,\"a,\"\"b\"\"\nc\"\r\ndb,\r\n`))");
        assert_eq!(json, r#"[{"name":"web1","note":"a,\"b\"\nc"},{"name":"db","note":""}]"#);
        assert_eq!(text("json::to_string(csv::parse(``))"), "[]");
        assert_eq!(text("json::to_string(csv::parse(`\u{feff}a\n1`))"), r#"[{"a":"1"}]"#);
    }

    #[test]
    fn without_headings_lines_become_arrays() {
        let json = text("json::to_string(csv::parse(`a;b\nc`, #{ headers: false, separator: `;` }))");
        assert_eq!(json, r#"[["a","b"],["c"]]"#);
    }

    #[test]
    fn what_is_written_can_be_read() {
        let rows = r#"[#{ a: "x,y", b: "q\"\n" }, #{ a: "", b: "é" }]"#;
        assert_eq!(
            text(&format!("json::to_string(csv::parse(csv::to_string({rows})))")),
            text(&format!("json::to_string({rows})"))
        );
        assert_eq!(text(r#"csv::to_string(table([#{ a: 1, z: 2 }], ["z", "a"]))"#), "z,a\n2,1\n");
        assert_eq!(
            text(r#"csv::to_string([#{ a: 1, b: 2 }], #{ columns: ["b"], separator: ";", headers: false })"#),
            "2\n"
        );
    }

    #[test]
    fn what_is_no_csv_or_no_option_is_refused() {
        for script in [
            "csv::parse(`a,b\n1`)",
            "csv::parse(`a,a\n1,2`)",
            "csv::parse(`a`, #{ separator: `;;` })",
            "csv::parse(`a`, #{ separator: `é` })",
            "csv::parse(`a`, #{ seperator: `;` })",
            "csv::to_string([#{ a: 1 }], #{ columns: [`b`] })",
        ] {
            assert_eq!(failure(&engine(), script).code(), code::USAGE, "{script}");
        }
        assert!(failure(&engine(), "csv::parse(`a,b\n1`)").to_string().contains("line 2 has 1 cells"));
    }
}
