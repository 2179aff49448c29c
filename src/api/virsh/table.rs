//! Tables as virsh writes them.

use std::fmt::Write;

use rhai::{Array, Dynamic, Map};
use unicode_width::UnicodeWidthStr;

use crate::output::{Palette, Style};

/// The blanks between two columns.
const GAP: usize = 3;

/// The heading of the column whose words have colours.
const STATE: &str = "State";

/// Writes the rows below the headings, or without them where `quiet`; states have the colours of the palette.
pub(super) fn text(headings: &Array, rows: &Array, quiet: bool, palette: Palette) -> String {
    let headings = cells(headings);
    let rows: Vec<Vec<String>> =
        rows.iter().filter_map(|row| row.read_lock::<Array>().map(|row| cells(&row))).collect();
    let width = |column: usize| {
        let cells = rows.iter().chain((!quiet).then_some(&headings));
        cells.filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let state = headings.iter().position(|heading| heading == STATE);
    let style = |column: usize, cell: &str| Style::of_state(cell).filter(|_| Some(column) == state);
    let paint = |column: usize, cell: &str| match style(column, cell) {
        Some(style) => palette.paint(style, cell),
        None => cell.to_owned(),
    };
    let mut text = String::new();
    if !quiet {
        line(&mut text, &headings, &widths, |_, cell| cell.to_owned());
        text.push_str(&"-".repeat(widths.iter().map(|width| width + GAP).sum()));
        text.push('\n');
    }
    for row in &rows {
        line(&mut text, row, &widths, paint);
    }
    text
}

/// The rows of maps: the columns of these keys, with the words that stand for a value.
pub(super) fn rows(maps: &Array, keys: &Array, shown: &Map) -> Array {
    let keys: Vec<(String, Option<Map>)> = keys
        .iter()
        .map(|key| {
            let key = key.to_string();
            let words =
                shown.get(key.as_str()).and_then(|words| words.read_lock::<Map>().map(|words| words.clone()));
            (key, words)
        })
        .collect();
    let cell = |map: &Map, (key, words): &(String, Option<Map>)| -> Dynamic {
        let Some(value) = map.get(key.as_str()).filter(|value| !value.is_unit()) else { return "-".into() };
        let text = value.to_string();
        words.as_ref().and_then(|words| words.get(text.as_str()).cloned()).unwrap_or_else(|| text.into())
    };
    let row = |map: &Dynamic| -> Option<Dynamic> {
        let map = map.read_lock::<Map>()?;
        Some(keys.iter().map(|key| cell(&map, key)).collect::<Array>().into())
    };
    maps.iter().filter_map(row).collect()
}

fn cells(row: &Array) -> Vec<String> {
    row.iter().map(Dynamic::to_string).map(|text| escaped(&text)).collect()
}

/// What cannot be printed is written as its bytes.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() {
            let mut bytes = [0; 4];
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                let _ = write!(shown, "\\x{byte:02x}");
            }
        } else {
            shown.push(letter);
        }
    }
    shown
}

fn line(text: &mut String, row: &[String], widths: &[usize], paint: impl Fn(usize, &str) -> String) {
    for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
        text.push(' ');
        text.push_str(&paint(column, cell));
        if column + 1 < row.len() {
            text.push_str(&" ".repeat(width - cell.width() + GAP - 1));
        }
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Dynamic {
        cells.iter().map(|cell| Dynamic::from((*cell).to_owned())).collect::<Array>().into()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let headings = row(&["Id", "Name", "State"]).into_array().unwrap();
        let rows = vec![row(&["1", "test", "running"]), row(&["-", "a\tb", "shut off"])];
        let shown = " Id   Name     State\n-------------------------\n 1    test     running\n -    a\\x09b   shut off\n";
        assert_eq!(text(&headings, &rows, false, Palette::PLAIN), shown);
        let quiet = " 1   test     running\n -   a\\x09b   shut off\n";
        assert_eq!(text(&headings, &rows, true, Palette::PLAIN), quiet);
        let painted =
            quiet.replace("running", "\x1b[32mrunning\x1b[0m").replace("shut off", "\x1b[2mshut off\x1b[0m");
        assert_eq!(text(&headings, &rows, true, Palette::COLOR), painted);
    }
}
