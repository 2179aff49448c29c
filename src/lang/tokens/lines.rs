//! Lines and columns of a text.

use std::ops::Range;

use rhai::Position;

/// Where the lines of a text begin.
///
/// Lines and columns count from 1, columns in characters, as rhai's positions do.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    source: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        let after_breaks =
            source.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { source, starts: std::iter::once(0).chain(after_breaks).collect() }
    }

    /// Returns the byte of a position; the end of the text for one that lies past it.
    pub(crate) fn byte(&self, position: Position) -> usize {
        self.byte_at(position.line().unwrap_or(1), position.position().unwrap_or(1))
    }

    /// Returns the byte of a line and column; the end of the line or text for one that lies past it.
    pub(crate) fn byte_at(&self, line: usize, column: usize) -> usize {
        let Some(&start) = self.starts.get(line - 1) else { return self.source.len() };
        let text = &self.source[start..self.end(line)];
        text.char_indices().nth(column - 1).map_or(start + text.len(), |(offset, _)| start + offset)
    }

    /// Returns the line and column of a byte.
    pub(crate) fn place(&self, byte: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|&start| start <= byte).max(1);
        let column = self.source[self.starts[line - 1]..byte].chars().count() + 1;
        (line, column)
    }

    /// Returns how many characters of a range stand on its first line.
    pub(crate) fn width(&self, range: Range<usize>) -> usize {
        self.source[range].lines().next().map_or(0, |line| line.chars().count())
    }

    fn end(&self, line: usize) -> usize {
        self.starts.get(line).map_or(self.source.len(), |next| next - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_bytes_agree() {
        let source = "let é = 1;\n\nlet ü = é;";
        let lines = Lines::new(source);
        for (byte, _) in source.char_indices() {
            let (line, column) = lines.place(byte);
            let position = Position::new(line as u16, column as u16);
            assert_eq!(lines.byte(position), byte, "{line}:{column}");
        }
    }

    #[test]
    fn a_position_past_the_end_is_the_end() {
        let lines = Lines::new("ab\nc");
        assert_eq!(lines.byte(Position::new(9, 1)), 4);
        assert_eq!(lines.byte(Position::new(1, 9)), 2);
        assert_eq!(lines.byte(Position::new(2, 2)), 4);
        assert_eq!(lines.place(4), (2, 2));
    }
}
