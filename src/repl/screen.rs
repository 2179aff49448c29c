//! Where the answers of the shell go.

use std::sync::{Arc, Mutex, PoisonError};

use super::pager::Pager;
use crate::error::Result;
use crate::output::picture::{self, Way};
use crate::output::{self, Palette, Written};

/// Takes what the shell says.
pub(super) trait Screen {
    /// Shows a value or help.
    fn show(&mut self, text: &str) -> Result<Written>;

    /// Shows an error or a notice.
    fn tell(&mut self, text: &str);

    /// Draws the picture of a PNG file; `None` where it cannot.
    fn draw(&mut self, _png: &[u8], _palette: Palette) -> Result<Option<Written>> {
        Ok(None)
    }

    /// Returns how many columns it has, `None` for no limit.
    fn width(&self) -> Option<usize>;

    /// Whether somebody sits in front of it, and lines can be drawn over.
    fn is_terminal(&self) -> bool {
        false
    }
}

/// The terminal of the process.
pub(super) struct Terminal {
    pub(super) pager: Pager,
}

impl Screen for Terminal {
    fn show(&mut self, text: &str) -> Result<Written> {
        if self.pager.is_wanted(text) && self.pager.show(&output::drawn(text)) {
            return Ok(Written::All);
        }
        output::out(text)
    }

    fn tell(&mut self, text: &str) {
        output::err(text);
    }

    fn draw(&mut self, png: &[u8], palette: Palette) -> Result<Option<Written>> {
        let way = Way::of_terminal(palette, |name| std::env::var(name).ok());
        let room = terminal_size::terminal_size_of(std::io::stdout());
        let (Some(way), Some((columns, rows))) = (way, room) else { return Ok(None) };
        // Half blocks are letters, and such a terminal has none of them.
        if matches!(way, Way::Blocks | Way::FewColors) && !output::is_utf8() {
            return Ok(None);
        }
        // The line that says what it is stands below it, and the prompt below that.
        let room = (usize::from(columns.0), usize::from(rows.0).saturating_sub(3));
        picture::text(png, way, room).map(|text| output::out(&text)).transpose()
    }

    fn width(&self) -> Option<usize> {
        output::width()
    }

    fn is_terminal(&self) -> bool {
        output::stdin_is_terminal() && output::stdout_is_terminal()
    }
}

/// A text that everything is written to; copies share it.
#[derive(Clone)]
pub(super) struct Paper {
    text: Arc<Mutex<String>>,
    width: Option<usize>,
}

impl Default for Paper {
    fn default() -> Self {
        Self::new(Some(100))
    }
}

impl Paper {
    /// Takes a sheet with so many columns.
    pub(super) fn new(width: Option<usize>) -> Self {
        Self { text: Arc::default(), width }
    }

    /// Writes.
    pub(super) fn push(&self, text: &str) {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
    }

    /// Returns what was written since the last time.
    pub(super) fn take(&self) -> String {
        std::mem::take(&mut self.text.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Screen for Paper {
    fn show(&mut self, text: &str) -> Result<Written> {
        self.push(text);
        Ok(Written::All)
    }

    fn tell(&mut self, text: &str) {
        self.push(text);
    }

    fn width(&self) -> Option<usize> {
        self.width
    }
}
