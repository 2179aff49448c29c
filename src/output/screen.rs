//! The format `table`: what people read on a terminal.
//!
//! Columns without borders and with at least two spaces between them, headings spelled like the
//! keys, one object a line: fit for `grep`, `sort` and the eye.

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Row, Table};

use super::cell::{human, visible, visible_lines};
use super::fit::{self, Fit};
use super::sheet::{Layout, Sheet};
use super::{Column, Data, Kind, Options, Palette, Style, markup};

/// Columns are this far apart.
const GAP: u16 = 2;

/// comfy-table counts in 16 bits and folds what is wider.
const WIDEST: usize = 60_000;

/// Writes a value for the screen.
pub(super) fn screen(layout: &Layout<'_>, options: &Options) -> String {
    match layout {
        Layout::Nothing => String::new(),
        Layout::Scalar(Data::Text(text)) if markup::is_markup(text) => {
            markup::screen(text, options.fold, options.palette)
        }
        Layout::Scalar(Data::Text(text)) => visible_lines(text).into_owned(),
        Layout::Scalar(value) => human(value, Kind::Plain),
        Layout::Lines(list) => lines(list.iter().map(|value| human(value, Kind::Plain))),
        Layout::Pairs(sheet) => pairs(sheet, options.palette),
        Layout::Rows(sheet) => rows(sheet, options),
    }
}

/// Writes a table that fits the screen, and says what it had no room for.
fn rows(sheet: &Sheet<'_>, options: &Options) -> String {
    let texts = Texts::human(sheet);
    let widths = texts.widths(sheet.headed && options.headers);
    let everything = Fit::everything(&widths);
    let Some(room) = options.width.filter(|room| everything.total() > *room) else {
        return table(sheet, &texts, &everything, options);
    };
    if options.wide && sheet.headed {
        return pairs(sheet, options.palette);
    }
    let fit = fit::fit(&sheet.columns, &widths, room);
    let mut text = table(sheet, &texts, &fit, options);
    if !fit.dropped.is_empty() && sheet.headed && options.headers {
        text.push_str(&left_out(&texts, &fit, room, options));
    }
    text
}

/// The line below a table that names the columns which had no room.
fn left_out(texts: &Texts, fit: &Fit, room: usize, options: &Options) -> String {
    let names: Vec<&str> = fit.dropped.iter().map(|&place| texts.headings[place].as_str()).collect();
    let remedy = format!("; {}", options.remedy);
    let names = format!("no room for {}", names.join(", "));
    // What can be done about it is the part that must be read.
    let names = fit::cut(&names, room.saturating_sub(fit::width(&remedy)).max(16));
    format!("{}\n", options.palette.paint(Style::Dim, &format!("{names}{remedy}")))
}

/// Writes rows as plain columns with exact values, whatever their width: the format `text`.
pub(super) fn plain_columns(sheet: &Sheet<'_>, options: &Options) -> String {
    let plain = Options { palette: Palette::PLAIN, ..options.clone() };
    let texts = Texts::exact(sheet);
    table(sheet, &texts, &Fit::everything(&texts.widths(sheet.headed)), &plain)
}

/// Joins lines, each with its line end.
pub(super) fn lines(lines: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// One `key:  value` line for each field, and a blank line between objects; what a line has no room for is
/// not cut.
fn pairs(sheet: &Sheet<'_>, palette: Palette) -> String {
    let keys: Vec<String> =
        sheet.columns.iter().map(|column| format!("{}:", visible(&column.name))).collect();
    let widest = keys.iter().map(|key| fit::width(key)).max().unwrap_or(0);
    let line = |((key, column), cell): ((&String, &Column), Option<&Data>)| {
        let text = human(cell.unwrap_or(&Data::Null), column.kind);
        let gap = " ".repeat(widest - fit::width(key) + usize::from(GAP));
        let value = match state_style(column, &text) {
            Some(style) => palette.paint(style, &text),
            None => text,
        };
        format!("{}{gap}{value}", palette.paint(Style::Key, key)).trim_end().to_owned()
    };
    let block =
        |row: &Vec<Option<&Data>>| lines(keys.iter().zip(&sheet.columns).zip(row.iter().copied()).map(line));
    sheet.rows.iter().map(block).collect::<Vec<_>>().join("\n")
}

fn state_style(column: &Column, text: &str) -> Option<Style> {
    match (column.kind, text) {
        (Kind::State, word) => Style::of_state(word),
        (Kind::Switch, "true") => Some(Style::Good),
        (Kind::Switch, "false") => Some(Style::Dim),
        _ => None,
    }
}

/// The texts of all headings and cells, ready for a terminal.
struct Texts {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Texts {
    fn human(sheet: &Sheet<'_>) -> Self {
        Self::with(sheet, human)
    }

    fn exact(sheet: &Sheet<'_>) -> Self {
        Self::with(sheet, |value, _| visible(&super::cell::exact(value)).into_owned())
    }

    fn with(sheet: &Sheet<'_>, text: impl Fn(&Data, Kind) -> String) -> Self {
        let headings = sheet.columns.iter().map(|column| visible(&column.name).into_owned()).collect();
        let row = |row: &Vec<Option<&Data>>| {
            let cells = row.iter().zip(&sheet.columns);
            cells.map(|(cell, column)| text(cell.unwrap_or(&Data::Null), column.kind)).collect()
        };
        Self { headings, rows: sheet.rows.iter().map(row).collect() }
    }

    /// Returns the width of each column as it is.
    fn widths(&self, headed: bool) -> Vec<usize> {
        let mut widths: Vec<usize> =
            self.headings.iter().map(|text| if headed { fit::width(text) } else { 0 }).collect();
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(fit::width(cell));
            }
        }
        widths
    }
}

/// Lays the texts out; `fit` says which columns and how wide.
fn table(sheet: &Sheet<'_>, texts: &Texts, fit: &Fit, options: &Options) -> String {
    if fit.columns.iter().any(|(_, width)| *width > WIDEST) {
        return unaligned(sheet, texts, fit, options.headers);
    }
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
    if options.palette.is_colored() {
        // The palette has decided already; what comfy-table draws with would ask NO_COLOR again.
        crossterm::style::force_color_output(true);
        table.enforce_styling().style_text_only();
    }
    if sheet.headed && options.headers {
        let headings: Vec<Cell> = fit
            .columns
            .iter()
            .map(|&(place, width)| styled(fit::cut(&texts.headings[place], width), Some(Style::Key)))
            .collect();
        table.set_header(headings);
    }
    for row in &texts.rows {
        let cell = |&(place, width): &(usize, usize)| {
            styled(fit::cut(&row[place], width), state_style(&sheet.columns[place], &row[place]))
        };
        table.add_row(Row::from(fit.columns.iter().map(cell).collect::<Vec<_>>()));
    }
    for (number, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, GAP));
        if fit.columns.get(number).is_some_and(|&(place, _)| is_number_column(sheet, place)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    lines(table.lines().map(|line| line.trim_end().to_owned()))
}

/// Joins the cells of each row: where one cell is enormous, nothing is gained by aligning the others.
fn unaligned(sheet: &Sheet<'_>, texts: &Texts, fit: &Fit, headers: bool) -> String {
    let headings = (sheet.headed && headers).then_some(&texts.headings);
    let join = |row: &Vec<String>| {
        let cells: Vec<&str> = fit.columns.iter().map(|&(place, _)| row[place].as_str()).collect();
        cells.join(&" ".repeat(GAP.into()))
    };
    lines(headings.into_iter().chain(&texts.rows).map(join))
}

/// True for a column in which every value that exists is a number.
fn is_number_column(sheet: &Sheet<'_>, place: usize) -> bool {
    let mut cells =
        sheet.rows.iter().filter_map(|row| row[place]).filter(|cell| **cell != Data::Null).peekable();
    cells.peek().is_some() && cells.all(|cell| matches!(cell, Data::Int(_) | Data::Float(_)))
}

/// Turns our style into the table's.
fn styled(text: String, style: Option<Style>) -> Cell {
    let cell = Cell::new_owned(text);
    match style {
        Some(Style::Key | Style::Strong) => cell.add_attribute(Attribute::Bold),
        Some(Style::Dim) => cell.add_attribute(Attribute::Dim),
        Some(Style::Good) => cell.fg(Color::DarkGreen),
        Some(Style::Caution) => cell.fg(Color::DarkYellow),
        Some(Style::Bad) => cell.fg(Color::DarkRed),
        _ => cell,
    }
}
