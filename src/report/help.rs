//! Help on the screen.

use unicode_width::UnicodeWidthStr;

use crate::lang::reference::{Body, HelpText};
use crate::output::{Palette, Style};

/// Names wider than this do not widen the column of names.
const WIDEST: usize = 40;
/// A column of meanings narrower than this is none: meanings then stand below their names.
const NARROWEST: usize = 24;

/// Lays a help text out for a terminal, its lines as long as they are.
pub fn help(help: &HelpText, palette: Palette) -> String {
    help_fitting(help, palette, None)
}

/// Lays a help text out for a terminal of so many columns: lines are broken between words.
pub fn help_fitting(help: &HelpText, palette: Palette, columns: Option<usize>) -> String {
    let mut page = Page { text: String::new(), palette, columns: columns.unwrap_or(usize::MAX) };
    page.line(&palette.paint(Style::Strong, &help.title));
    for section in &help.sections {
        page.line("");
        if !section.heading.is_empty() {
            page.line(&palette.paint(Style::Key, &section.heading));
        }
        let indent = if section.heading.is_empty() { 0 } else { 2 };
        match &section.body {
            Body::Text(paragraphs) => {
                for (number, paragraph) in paragraphs.iter().enumerate() {
                    if number > 0 {
                        page.line("");
                    }
                    page.paragraph(paragraph, indent);
                }
            }
            Body::Code(lines) => lines.iter().for_each(|line| page.line(&format!("    {line}"))),
            Body::Rows(rows) => page.rows(rows),
        }
    }
    page.text
}

struct Page {
    text: String,
    palette: Palette,
    columns: usize,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Writes text; a paragraph may hold lines of its own, such as code in a fence.
    fn paragraph(&mut self, paragraph: &str, indent: usize) {
        let margin = " ".repeat(indent);
        for line in paragraph.split('\n') {
            for piece in broken(line, self.columns.saturating_sub(indent)) {
                self.line(&format!("{margin}{piece}"));
            }
        }
    }

    /// Names in one column, what they mean beside them.
    fn rows(&mut self, rows: &[(String, String)]) {
        let column = rows.iter().map(|(name, _)| name.width()).filter(|n| *n <= WIDEST).max().unwrap_or(0);
        let beside = self.columns.saturating_sub(column + 4);
        for (name, meaning) in rows {
            let fill = column.saturating_sub(name.width());
            let painted = self.palette.paint(Style::Hint, name);
            if beside < NARROWEST {
                self.line(&format!("  {painted}"));
                self.paragraph(meaning, 4);
                continue;
            }
            let room = if fill == 0 && name.width() > column {
                self.columns.saturating_sub(name.width() + 4)
            } else {
                beside
            };
            let mut pieces = broken(meaning, room).into_iter();
            let first = pieces.next().unwrap_or_default();
            self.line(&format!("  {painted}{}  {first}", " ".repeat(fill)));
            let rest: Vec<&str> = pieces.collect();
            for piece in broken(&rest.join(" "), beside) {
                if !piece.is_empty() {
                    self.line(&format!("{}{piece}", " ".repeat(column + 4)));
                }
            }
        }
    }
}

/// Breaks a line between its words; a word that is too wide stands alone.
fn broken(line: &str, room: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while rest.width() > room {
        let fits = |at: &usize| rest[..*at].width() <= room;
        let gaps = || rest.match_indices(' ').map(|(at, _)| at);
        let Some(at) = gaps().take_while(fits).last().or_else(|| gaps().next()).filter(|at| *at > 0) else {
            break;
        };
        pieces.push(&rest[..at]);
        rest = rest[at..].trim_start();
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::reference::Section;

    fn shown(body: Body, columns: usize) -> String {
        let section = Section { heading: String::new(), body };
        let text = HelpText { title: "T".into(), sections: vec![section] };
        help_fitting(&text, Palette::PLAIN, Some(columns))
    }

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(broken("one two three", 8), ["one two", "three"]);
        assert_eq!(broken("extraordinarily so", 5), ["extraordinarily", "so"]);
        assert_eq!(broken("one", 0), ["one"]);
        assert_eq!(broken("", 5), [""]);
    }

    #[test]
    fn meanings_stand_beside_their_names_or_below_them() {
        let rows = || Body::Rows(vec![("start".into(), "Starts the guest that was named.".into())]);
        assert_eq!(shown(rows(), 35), "T\n\n  start  Starts the guest that was\n         named.\n");
        assert_eq!(shown(rows(), 30), "T\n\n  start\n    Starts the guest that was\n    named.\n");
    }
}
