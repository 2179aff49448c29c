//! How one run wants its values shown: what `-o`, `--columns`, `--no-headers` and the colours say.

use super::{Data, Format, Options, Palette, render};
use crate::error::Result;

/// See the module. The default is that of a program in a pipe: no format asked for, no colours.
#[derive(Clone, Debug)]
pub struct View {
    /// The format that was asked for.
    pub format: Option<Format>,
    /// The columns to write, in this order; all where there are none.
    pub columns: Option<Vec<String>>,
    /// Whether there is a line of headings.
    pub headers: bool,
    /// Colours on stdout.
    pub palette: Palette,
    /// Whether stdout is a terminal.
    pub terminal: bool,
    /// The columns of that terminal.
    pub width: Option<usize>,
}

impl Default for View {
    fn default() -> Self {
        Self {
            format: None,
            columns: None,
            headers: true,
            palette: Palette::PLAIN,
            terminal: false,
            width: None,
        }
    }
}

impl View {
    /// Returns the format in which a value is written.
    pub fn format_of(&self, data: &Data) -> Format {
        self.format.unwrap_or_else(|| Format::preferred(data, self.terminal))
    }

    /// Writes a value; the text is empty or ends with a line end.
    ///
    /// Errors: `usage` for a column that the value does not have.
    pub fn render(&self, data: &Data) -> Result<String> {
        render(data, &self.options(self.format_of(data)))
    }

    /// What [`render`] needs to write in a format.
    pub fn options(&self, format: Format) -> Options {
        Options {
            columns: self.columns.clone(),
            headers: self.headers,
            width: self.width,
            palette: self.palette,
            ..Options::new(format)
        }
    }
}
