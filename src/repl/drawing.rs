//! How much of a long input is drawn again.
//!
//! rustyline draws the whole input at each key. Of one that is longer than the screen, most lines have left it at its
//! top, and nothing reaches them any more: drawn again they would come once more into what the terminal keeps for
//! scrolling back, at each key. So they are left out as long as they stay as they were drawn.

use std::cell::RefCell;

/// See the module.
#[derive(Default)]
pub(super) struct Drawing {
    last: RefCell<Last>,
    next: RefCell<Option<Next>>,
}

/// What was drawn last.
#[derive(Default)]
struct Last {
    painted: String,
    /// How many bytes of it have certainly left the screen.
    hidden: usize,
}

/// What is drawn next.
struct Next {
    line: String,
    painted: String,
    /// How many bytes of it are left out.
    left_out: usize,
}

impl Drawing {
    /// A new input begins: nothing of it is on the screen.
    pub(super) fn forget(&self) {
        self.last.take();
        self.next.take();
    }

    /// Takes a line as it is painted, to be drawn on a screen of so many rows.
    pub(super) fn prepare(&self, line: &str, painted: String, rows: Option<usize>) {
        let last = self.last.borrow();
        let left_out = last.hidden.min(hidden(&painted, rows));
        let is_same = painted.as_bytes()[..left_out] == last.painted.as_bytes()[..left_out];
        let left_out = if is_same { left_out } else { 0 };
        self.next.replace(Some(Next { line: line.to_owned(), painted, left_out }));
    }

    /// True if the beginning of what was prepared, and the prompt before it, is left out.
    pub(super) fn leaves_out(&self) -> bool {
        self.next.borrow().as_ref().is_some_and(|next| next.left_out > 0)
    }

    /// Returns what is drawn of a line: as it was prepared, or else all of it as `paint` paints it.
    pub(super) fn take(&self, line: &str, rows: Option<usize>, paint: impl FnOnce() -> String) -> String {
        let (painted, left_out) = match self.next.take().filter(|next| next.line == line) {
            Some(next) => (next.painted, next.left_out),
            None => (paint(), 0),
        };
        let drawn = painted[left_out..].to_owned();
        let hidden = hidden(&painted, rows);
        self.last.replace(Last { painted, hidden });
        drawn
    }
}

/// Returns how many bytes of a text have left a screen of so many rows once it is drawn: every line takes at least
/// one row.
fn hidden(painted: &str, rows: Option<usize>) -> usize {
    let Some(before) = rows.and_then(|rows| rows.checked_sub(1)) else { return 0 };
    painted.rmatch_indices('\n').nth(before).map_or(0, |(at, end)| at + end.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is drawn of one text after the other on three rows.
    fn drawn(texts: &[&str]) -> Vec<String> {
        let drawing = Drawing::default();
        let draw = |text: &&str| {
            drawing.prepare(text, (*text).to_owned(), Some(3));
            drawing.take(text, Some(3), || unreachable!("it was prepared"))
        };
        texts.iter().map(draw).collect()
    }

    #[test]
    fn lines_that_have_left_the_screen_are_not_drawn_again() {
        assert_eq!(drawn(&["a\nb\nc\nd\ne", "a\nb\nc\nd\nex"]), ["a\nb\nc\nd\ne", "c\nd\nex"]);
        assert_eq!(drawn(&["a\nb\nc\nd", "a\nb\nc\nd\n"]), ["a\nb\nc\nd", "b\nc\nd\n"]);
        assert_eq!(drawn(&["a\nb\nc\nd\ne", "a\nb\nc\nd"]), ["a\nb\nc\nd\ne", "b\nc\nd"]);
    }

    #[test]
    fn what_fits_on_the_screen_is_drawn_as_a_whole() {
        assert_eq!(drawn(&["a\nb\nc", "a\nb\ncx"]), ["a\nb\nc", "a\nb\ncx"]);
        assert_eq!(drawn(&["a\nb\nc", "a\nb\nc\n"]), ["a\nb\nc", "a\nb\nc\n"]);
    }

    #[test]
    fn a_change_above_the_screen_is_drawn() {
        assert_eq!(drawn(&["a\nb\nc\nd\ne", "ax\nb\nc\nd\ne"])[1], "ax\nb\nc\nd\ne");
        assert_eq!(drawn(&["a\nb\nc\nd\ne", "f"])[1], "f");
    }

    #[test]
    fn what_was_not_prepared_is_drawn_as_a_whole() {
        let drawing = Drawing::default();
        let text = "a\nb\nc\nd\ne";
        for _ in 0..2 {
            assert_eq!(drawing.take(text, Some(3), || text.to_owned()), text);
        }
        drawing.prepare(text, text.to_owned(), Some(3));
        assert!(drawing.leaves_out());
        drawing.prepare(text, text.to_owned(), None);
        assert!(!drawing.leaves_out());
        assert_eq!(drawing.take("another", Some(3), || "another".to_owned()), "another");
    }

    #[test]
    fn a_new_input_is_drawn_as_a_whole() {
        let drawing = Drawing::default();
        let text = "a\nb\nc\nd\ne";
        drawing.take(text, Some(3), || text.to_owned());
        drawing.forget();
        drawing.prepare(text, text.to_owned(), Some(3));
        assert!(!drawing.leaves_out());
    }
}
