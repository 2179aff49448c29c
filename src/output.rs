//! How values look: formats, tables, colours and progress, and the one way to stdout and stderr.
//!
//! A script's result becomes [`Data`], [`render`] writes it in a [`Format`], and [`out`] sends the
//! text. Within `render`, everything tabular goes through one view of the value, a sheet of columns
//! and rows, so that `--columns` and the order of columns mean the same in every format. Only
//! [`Format::Table`] looks at the hints of columns (sizes, times, states); the other formats are exact.

mod cell;
mod data;
mod field;
mod fit;
mod format;
mod markup;
pub mod picture;
pub mod progress;
mod screen;
mod separated;
mod sheet;
mod signs;
mod style;
mod suggest;
mod terminal;
mod view;
mod writer;

pub use data::{Column, Columns, Data, Kind, Record, Table};
#[cfg(test)]
pub(crate) use field::kind as kind_of_field;
pub use fit::{shortened, shown_width};
pub use format::Format;
pub use markup::is_markup;
pub use signs::{drawn, is_utf8};
pub use style::{ColorChoice, Palette, Style};
pub use suggest::did_you_mean;
pub use terminal::{ask, height, stderr_is_terminal, stdin_is_terminal, stdout_is_terminal, width};
pub use view::View;
pub use writer::{Written, err, err_bytes, flush, out, out_bytes};

use crate::error::{Error, Result, code};
use sheet::Layout;
pub use sheet::unknown_column;

/// What [`render`] needs to know besides the value.
#[derive(Clone, Debug)]
pub struct Options {
    /// The format.
    pub format: Format,
    /// The columns to write, in this order; all where there are none.
    pub columns: Option<Vec<String>>,
    /// Whether table, csv, tsv and text have a line of headings.
    pub headers: bool,
    /// The columns of the terminal that a table has to fit; no limit where there is none.
    pub width: Option<usize>,
    /// Whether a table is coloured.
    pub palette: Palette,
    /// Whether all columns are shown however narrow the terminal is: then one block of lines for each object.
    pub wide: bool,
    /// How the columns that a narrow terminal has no room for are had, for the line that names them.
    pub remedy: &'static str,
    /// XML shows what is inside the elements of this depth as a number; the root's is 0.
    pub fold: Option<usize>,
}

impl Options {
    /// Writes in `format` with headings, all columns, any width and no colours.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            columns: None,
            headers: true,
            width: None,
            palette: Palette::PLAIN,
            wide: false,
            remedy: "--columns NAME,… chooses",
            fold: None,
        }
    }
}

/// Writes a value; the text is empty or ends with a line end.
///
/// Errors: `usage` for a column that the value does not have.
pub fn render(data: &Data, options: &Options) -> Result<String> {
    let layout = Layout::of(data, options.columns.as_deref())?;
    let mut text = match options.format {
        Format::Table => screen::screen(&layout, options),
        Format::Text => plain(&layout, options),
        Format::Csv => separated::csv(&layout, options.headers, b',')?,
        Format::Tsv => separated::tsv(&layout, options.headers),
        Format::Json => cell::json(&selected(data, &layout, options)),
        Format::Ndjson => ndjson(&selected(data, &layout, options)),
        Format::Yaml => yaml(&selected(data, &layout, options))?,
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// Writes CSV with another delimiter than the comma.
pub(crate) fn render_csv(data: &Data, options: &Options, delimiter: u8) -> Result<String> {
    separated::csv(&Layout::of(data, options.columns.as_deref())?, options.headers, delimiter)
}

/// Returns the value that the data formats write: with `columns` only those.
fn selected<'a>(data: &'a Data, layout: &Layout<'_>, options: &Options) -> std::borrow::Cow<'a, Data> {
    use std::borrow::Cow;
    match layout {
        Layout::Rows(sheet) if options.columns.is_some() => Cow::Owned(Data::List(sheet.to_maps())),
        Layout::Pairs(sheet) if options.columns.is_some() => {
            Cow::Owned(sheet.to_maps().into_iter().next().unwrap_or(Data::Null))
        }
        _ => Cow::Borrowed(data),
    }
}

fn plain(layout: &Layout<'_>, options: &Options) -> String {
    match layout {
        Layout::Nothing => String::new(),
        Layout::Scalar(value) => cell::exact(value),
        Layout::Lines(list) => screen::lines(list.iter().map(cell::exact)),
        Layout::Pairs(sheet) | Layout::Rows(sheet) => screen::plain_columns(sheet, options),
    }
}

fn ndjson(data: &Data) -> String {
    match data {
        Data::List(list) => screen::lines(list.iter().map(cell::json)),
        Data::Table(table) => {
            let record = |row: &Vec<Data>| Data::Record(Record::new(table.columns().clone(), row.clone()));
            screen::lines(table.rows().iter().map(|row| cell::json(&record(row))))
        }
        other => cell::json(other),
    }
}

/// Writes a YAML document; texts that look like numbers, truth values or null are quoted.
pub(crate) fn yaml(data: &Data) -> Result<String> {
    serde_saphyr::to_string(data).map_err(|error| Error::new(code::IO, format!("yaml: {error}")))
}

#[cfg(test)]
mod tests;
