//! A part of the terminal that is drawn again and again.

use std::fmt::Write as _;

use super::screen::Screen;
use crate::output;

/// The terminal's other screen, the cursor out of sight, long lines cut.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const LEAVE: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";
/// The rows where the terminal does not say.
const ROWS: usize = 24;

/// See the module; the terminal is as before when it is dropped.
pub(super) struct Canvas {
    /// Whether the terminal can do more than write one line below the other.
    is_able: bool,
    is_open: bool,
}

impl Canvas {
    /// Begins to draw; nothing where there is no terminal.
    pub(super) fn begin(screen: &dyn Screen) -> Option<Self> {
        let is_able = std::env::var("TERM").is_ok_and(|term| term != "dumb");
        let canvas = screen.is_terminal().then(|| Self { is_able, is_open: true })?;
        if is_able {
            let _ = output::out(ENTER);
        }
        Some(canvas)
    }

    /// Draws a text in the place of the last one, as much of it as there are rows.
    pub(super) fn draw(&mut self, text: &str) {
        // Who no longer reads will end the run by other means.
        let _ = output::out(&if self.is_able { in_place(text, rows()) } else { format!("{text}\n") });
    }

    /// Ends, and leaves the last text on the screen.
    pub(super) fn end(mut self, text: &str) {
        self.close();
        if self.is_able {
            let _ = output::out(text);
        }
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.is_open) && self.is_able {
            let _ = output::out(LEAVE);
        }
    }
}

impl Drop for Canvas {
    fn drop(&mut self) {
        self.close();
    }
}

fn rows() -> usize {
    output::height().unwrap_or(ROWS)
}

/// Every line over the one that was there: nothing is cleared first, so nothing flickers.
fn in_place(text: &str, rows: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let fits = if lines.len() > rows { rows.saturating_sub(1) } else { lines.len() };
    let mut drawn = "\x1b[H".to_owned();
    for line in &lines[..fits] {
        drawn.push_str(line);
        drawn.push_str("\x1b[K\r\n");
    }
    if fits < lines.len() {
        // Writing to a text cannot fail.
        let _ = write!(drawn, "({} more lines)\x1b[K", lines.len() - fits);
    } else if fits == rows {
        // The last row has no line end: it would move everything up.
        drawn.truncate(drawn.len() - 2);
    }
    drawn.push_str("\x1b[J");
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_drawn_over_the_last_one_and_cut_where_the_screen_ends() {
        assert_eq!(in_place("a\nb\n", 5), "\x1b[Ha\x1b[K\r\nb\x1b[K\r\n\x1b[J");
        assert_eq!(in_place("a\nb\n", 2), "\x1b[Ha\x1b[K\r\nb\x1b[K\x1b[J");
        assert_eq!(in_place("a\nb\nc\n", 2), "\x1b[Ha\x1b[K\r\n(2 more lines)\x1b[K\x1b[J");
    }
}
