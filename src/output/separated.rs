//! The formats `csv` and `tsv`: exact values in columns, lists and maps within a cell as JSON.

use std::borrow::Cow;

use super::Data;
use super::cell::exact;
use super::sheet::{Layout, Sheet};
use crate::error::{Error, Result, code};

/// Writes comma-separated values; `headers` adds the line of headings.
pub(super) fn csv(layout: &Layout<'_>, headers: bool, delimiter: u8) -> Result<String> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
    let failed = |error: &dyn std::fmt::Display| Error::new(code::IO, format!("csv: {error}"));
    for record in records(layout, headers) {
        writer.write_record(&record).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

/// Writes tab-separated values, one object a line whatever the values hold.
pub(super) fn tsv(layout: &Layout<'_>, headers: bool) -> String {
    let line = |record: Vec<String>| record.iter().map(|cell| escape(cell)).collect::<Vec<_>>().join("\t");
    super::screen::lines(records(layout, headers).into_iter().map(line))
}

fn escape(cell: &str) -> Cow<'_, str> {
    if !cell.contains(['\t', '\n', '\r', '\\']) {
        return cell.into();
    }
    cell.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r").into()
}

/// Returns all lines as lists of cells.
fn records(layout: &Layout<'_>, headers: bool) -> Vec<Vec<String>> {
    match layout {
        Layout::Nothing => Vec::new(),
        Layout::Scalar(value) => vec![vec![exact(value)]],
        Layout::Lines(list) => list.iter().map(|value| vec![exact(value)]).collect(),
        Layout::Pairs(sheet) | Layout::Rows(sheet) => sheet_records(sheet, headers),
    }
}

fn sheet_records(sheet: &Sheet<'_>, headers: bool) -> Vec<Vec<String>> {
    let heading = || sheet.columns.iter().map(|column| column.name.to_string()).collect();
    let row = |row: &Vec<Option<&Data>>| row.iter().map(|cell| cell.map_or(String::new(), exact)).collect();
    let mut records: Vec<Vec<String>> = Vec::with_capacity(sheet.rows.len() + 1);
    if headers && sheet.headed {
        records.push(heading());
    }
    records.extend(sheet.rows.iter().map(row));
    records
}
