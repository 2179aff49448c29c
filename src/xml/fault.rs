//! What is wrong with a text, and where: turned into the project's error once the whole text is at hand.

use std::borrow::Cow;

use crate::error::{Error, code};

/// Something that is not well-formed, at a byte position of the text being read.
#[derive(Debug)]
pub(super) struct Fault {
    at: usize,
    message: Cow<'static, str>,
    hint: Option<Cow<'static, str>>,
}

impl Fault {
    pub(super) fn new(at: usize, message: impl Into<Cow<'static, str>>) -> Self {
        Self { at, message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Moves a position that was counted within a piece to one within the whole text.
    pub(super) fn within(mut self, start: usize) -> Self {
        self.at += start;
        self
    }

    /// Makes the error, with the line and column of the fault in `text`.
    pub(super) fn into_error(self, text: &str) -> Error {
        let (line, column) = line_and_column(text, self.at);
        let error = Error::new(
            code::XML,
            format!("XML that is not well-formed, line {line}, column {column}: {}", self.message),
        );
        match self.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// Returns the line and the column of a byte position, both counted from 1, columns in characters.
pub(super) fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let lines = before.bytes().filter(|&b| b == b'\n').count();
    (lines + 1, before[line_start..].trim_start_matches('\u{feff}').chars().count() + 1)
}
