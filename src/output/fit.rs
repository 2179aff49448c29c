//! Which columns stay on a narrow screen, and how wide they are.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::cell::visible;
use super::{Column, Kind, drawn, field};

/// Columns are this far apart.
const GAP: usize = 2;
/// A text is not cut shorter than this.
const SHORTEST: usize = 8;

/// The columns that are shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fit {
    /// The place of each column in the sheet and the width its texts are cut to.
    pub(super) columns: Vec<(usize, usize)>,
    /// The places of the columns that were left out, in their order.
    pub(super) dropped: Vec<usize>,
}

impl Fit {
    /// Shows all columns in full.
    pub(super) fn everything(widths: &[usize]) -> Self {
        Self { columns: widths.iter().copied().enumerate().collect(), dropped: Vec::new() }
    }

    /// Returns how many columns of the terminal it takes.
    pub(super) fn total(&self) -> usize {
        let texts: usize = self.columns.iter().map(|(_, width)| width).sum();
        texts + self.columns.len().saturating_sub(1) * GAP
    }

    fn drop(&mut self, number: usize) {
        let (place, _) = self.columns.remove(number);
        self.dropped.push(place);
        self.dropped.sort_unstable();
    }
}

/// Fits columns of the given natural widths into `room`: first the columns of the largest priority
/// number go (the rightmost first), then texts are cut, then columns go from the right. What names an
/// object and its state goes last of all; one column always stays.
pub(super) fn fit(columns: &[Column], widths: &[usize], room: usize) -> Fit {
    let mut fit = Fit::everything(widths);
    cap_remarks(&mut fit, columns, room);
    while fit.total() > room {
        let droppable = |&(number, &(place, _)): &(usize, &(usize, usize))| (columns[place].priority, number);
        let Some((number, &(place, _))) = fit.columns.iter().enumerate().max_by_key(droppable) else { break };
        if columns[place].priority == 0 || fit.columns.len() == 1 {
            break;
        }
        fit.drop(number);
    }
    while fit.total() > room {
        if shrink(&mut fit, columns, room) || fit.columns.len() == 1 {
            break;
        }
        let goes = |(place, _): &(usize, usize)| !field::is_kept(&columns[*place].name);
        let number = fit.columns.iter().rposition(goes).unwrap_or(fit.columns.len() - 1);
        fit.drop(number);
    }
    grow(&mut fit, widths, room);
    fit
}

/// Gives the room that is left to the texts that were cut, up to one common width.
fn grow(fit: &mut Fit, widths: &[usize], room: usize) {
    let grown = |place: usize, width: usize, cap: usize| width.max(cap.min(widths[place]));
    let added = |cap: usize| -> usize {
        fit.columns.iter().map(|&(place, width)| grown(place, width, cap) - width).sum()
    };
    let left = room.saturating_sub(fit.total());
    let cap = (0..=room).rev().find(|&cap| added(cap) <= left).unwrap_or(0);
    for (place, width) in &mut fit.columns {
        *width = grown(*place, *width, cap);
    }
}

/// Cuts texts that take more than a third of the screen where something has to be cut anyway: they would drive
/// out all the others.
fn cap_remarks(fit: &mut Fit, columns: &[Column], room: usize) {
    let stays = |place: usize| columns[place].priority == 0;
    let staying = Fit {
        columns: fit.columns.iter().copied().filter(|(place, _)| stays(*place)).collect(),
        dropped: Vec::new(),
    };
    if staying.total() <= room {
        return;
    }
    for (place, width) in &mut fit.columns {
        let column = &columns[*place];
        if stays(*place) && column.kind == Kind::Plain && !field::is_kept(&column.name) {
            *width = (*width).min((room / 3).max(SHORTEST));
        }
    }
}

/// Cuts the widest texts to one common width so that all fits; false (and no change) where that would be too short.
fn shrink(fit: &mut Fit, columns: &[Column], room: usize) -> bool {
    // Half a number or half a state word says something wrong.
    let may_shrink = |place: usize| columns[place].kind == Kind::Plain;
    let surplus = fit.total() - room;
    let saved = |cap: usize| -> usize {
        let plain = fit.columns.iter().filter(|(place, _)| may_shrink(*place));
        plain.map(|(_, width)| width.saturating_sub(cap)).sum()
    };
    let widest = fit.columns.iter().map(|(_, width)| *width).max().unwrap_or(0);
    let Some(cap) = (SHORTEST..widest).rev().find(|&cap| saved(cap) >= surplus) else { return false };
    for (place, width) in &mut fit.columns {
        if may_shrink(*place) {
            *width = (*width).min(cap);
        }
    }
    true
}

/// Returns the columns of the terminal that a text takes.
pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Returns the columns of the terminal that a line takes which may have colours.
pub fn shown_width(line: &str) -> usize {
    let mut pieces = line.split("\x1b[");
    let first = pieces.next().map_or(0, width);
    first + pieces.map(|piece| width(piece.split_once('m').map_or("", |(_, text)| text))).sum::<usize>()
}

/// A text from elsewhere on one line of so many columns: nothing in it moves the cursor, and `…` stands for what is missing.
pub fn shortened(text: &str, room: usize) -> String {
    drawn(&cut(&visible(text), room)).into_owned()
}

/// Cuts a text to a width, `…` for what is missing.
pub(super) fn cut(text: &str, room: usize) -> String {
    if text.len() <= room || width(text) <= room {
        return text.to_owned();
    }
    let mut left = room.saturating_sub(1);
    let mut short = String::new();
    for c in text.chars() {
        let wide = UnicodeWidthChar::width(c).unwrap_or(0);
        if wide > left {
            break;
        }
        left -= wide;
        short.push(c);
    }
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(priorities: &[u8]) -> Vec<Column> {
        priorities.iter().map(|priority| Column::new("c").priority(*priority)).collect()
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let fit = fit(&columns(&[0, 1]), &[10, 10], 22);
        assert_eq!(fit, Fit { columns: vec![(0, 10), (1, 10)], dropped: vec![] });
    }

    #[test]
    fn the_largest_priority_number_goes_first_and_the_rightmost_of_equals() {
        let places = |room| {
            let fit = fit(&columns(&[0, 2, 1, 2]), &[10, 10, 10, 10], room);
            fit.columns.iter().map(|(place, _)| *place).collect::<Vec<_>>()
        };
        assert_eq!(places(46), [0, 1, 2, 3]);
        assert_eq!(places(45), [0, 1, 2]);
        assert_eq!(places(33), [0, 2]);
        assert_eq!(places(20), [0]);
    }

    #[test]
    fn name_and_state_go_last_of_all() {
        let columns: Vec<Column> = ["path", "name", "state", "other"].map(Column::new).into();
        let fit = fit(&columns, &[30, 8, 8, 30], 20);
        assert_eq!(fit.columns, [(1, 8), (2, 8)]);
        assert_eq!(fit.dropped, [0, 3]);
    }

    #[test]
    fn then_the_widest_texts_are_cut() {
        let fit = fit(&columns(&[0, 0, 0]), &[10, 60, 50], 80);
        assert_eq!(fit.columns, [(0, 10), (1, 33), (2, 33)]);
        assert_eq!(fit.dropped, [0; 0]);
    }

    #[test]
    fn a_long_remark_does_not_drive_out_the_others() {
        let columns = [Column::new("name"), Column::new("remark"), Column::new("memory").priority(1)];
        let fit = fit(&columns, &[10, 200, 9], 80);
        assert_eq!(fit.columns, [(0, 10), (1, 57), (2, 9)]);
    }

    #[test]
    fn sizes_and_states_are_never_cut() {
        let columns = [Column::new("a").kind(Kind::Size), Column::new("b")];
        assert_eq!(fit(&columns, &[20, 40], 40).columns, [(0, 20), (1, 18)]);
    }

    #[test]
    fn the_first_column_stays_however_narrow_the_screen_is() {
        let fit = fit(&columns(&[0; 30]), &[12; 30], 5);
        assert_eq!(fit.columns.len(), 1);
        assert_eq!(fit.columns[0].0, 0);
        assert_eq!(fit.dropped.len(), 29);
        assert_eq!(self::fit(&[], &[], 0), Fit { columns: vec![], dropped: vec![] });
    }

    #[test]
    fn cutting_counts_columns_of_the_terminal() {
        assert_eq!(cut("hello", 5), "hello");
        assert_eq!(cut("hello!", 5), "hell…");
        assert_eq!(cut("größe!", 5), "größ…");
        assert_eq!(cut("木木木", 6), "木木木");
        assert_eq!(cut("木木木", 5), "木木…");
        assert_eq!(cut("木木木", 4), "木…");
    }
}
