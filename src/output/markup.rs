//! XML on the screen: coloured, and folded below a depth.
//!
//! This looks at a text that may be anything and is lenient: whoever needs XML as data has `crate::xml`. Without
//! colours and folding a text stays as it is.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use super::cell::visible_lines;
use super::{Palette, Style};

/// A piece of a text that looks like XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    /// `<name …>`
    Open,
    /// `<name …/>`
    Empty,
    /// `</name>`
    Close,
    /// A comment, an instruction, a document type.
    Aside,
    /// What stands between them.
    Text,
}

/// True for a text that is shown as XML.
pub fn is_markup(text: &str) -> bool {
    let text = text.trim();
    let mut start = text.strip_prefix('<').unwrap_or_default().chars();
    start.next().is_some_and(|c| c.is_alphabetic() || matches!(c, '?' | '!' | '_')) && text.ends_with('>')
}

/// Writes such a text for the screen: nothing in it steers the terminal.
pub(super) fn screen(text: &str, fold: Option<usize>, palette: Palette) -> String {
    let text = &*aligned(text);
    match fold {
        Some(depth) => paint(&folded(text, depth), palette),
        None => paint(text, palette),
    }
}

/// A part of a document keeps the indentation that it had there, all but its first line: that is taken away.
fn aligned(text: &str) -> Cow<'_, str> {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let lines = || text.lines().skip(1).filter(|line| !line.trim().is_empty());
    let depth = lines().last().filter(|last| last.trim_start().starts_with("</")).map_or(0, indent);
    if depth == 0 || lines().any(|line| indent(line) < depth) {
        return text.into();
    }
    text.replace(&format!("\n{}", " ".repeat(depth)), "\n").into()
}

/// Replaces what stands in the elements of a depth by their number; the root's depth is 0.
fn folded(text: &str, depth: usize) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut level = 0;
    // Where the contents of the element of that depth begin, and how many elements are right below it.
    let (mut start, mut children) = (0, 0_usize);
    for (piece, range) in pieces(text) {
        if piece == Piece::Close {
            level = usize::saturating_sub(level, 1);
            if level == depth && children > 0 {
                shown.truncate(start);
                let elements = if children == 1 { "element" } else { "elements" };
                // Writing to memory does not fail.
                let _ = write!(shown, "… {children} {elements}");
            }
        }
        children += usize::from(level == depth + 1 && matches!(piece, Piece::Open | Piece::Empty));
        shown.push_str(&text[range]);
        if piece == Piece::Open {
            if level == depth {
                (start, children) = (shown.len(), 0);
            }
            level += 1;
        }
    }
    shown
}

fn paint(text: &str, palette: Palette) -> String {
    if !palette.is_colored() {
        return visible_lines(text).into_owned();
    }
    let mut painted = String::with_capacity(text.len() * 2);
    for (piece, range) in pieces(text) {
        let raw = &text[range];
        match piece {
            Piece::Text => painted.push_str(&visible_lines(raw)),
            Piece::Aside => push_lines(&mut painted, raw, Style::Dim, palette),
            Piece::Open | Piece::Empty | Piece::Close => push_tag(&mut painted, raw, palette),
        }
    }
    painted
}

/// Paints line by line: a pager shows each line by itself.
fn push_lines(painted: &mut String, raw: &str, style: Style, palette: Palette) {
    for line in visible_lines(raw).split_inclusive('\n') {
        let text = line.strip_suffix('\n').unwrap_or(line);
        painted.push_str(&palette.paint(style, text));
        painted.push_str(&line[text.len()..]);
    }
}

fn push_tag(painted: &mut String, raw: &str, palette: Palette) {
    let is_name_end = |c: char| c.is_whitespace() || matches!(c, '/' | '>' | '=' | '\'' | '"');
    let start = if raw.starts_with("</") { 2 } else { 1 };
    let (bracket, mut rest) = raw.split_at(start);
    painted.push_str(bracket);
    let mut style = Style::Hint;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            c if is_name_end(c) => c.len_utf8(),
            _ => rest.find(is_name_end).unwrap_or(rest.len()),
        };
        let (word, after) = rest.split_at(length);
        rest = after;
        match first {
            '\'' | '"' => push_lines(painted, word, Style::Good, palette),
            c if is_name_end(c) => painted.push_str(&visible_lines(word)),
            _ => {
                push_lines(painted, word, style, palette);
                // The first word is the element, the others are attributes.
                style = Style::Caution;
            }
        }
    }
}

/// Takes a text apart; the pieces together are the text.
fn pieces(text: &str) -> impl Iterator<Item = (Piece, Range<usize>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = &text[at..];
        if rest.is_empty() {
            return None;
        }
        let (piece, length) = first_piece(rest);
        at += length;
        Some((piece, at - length..at))
    })
}

fn first_piece(rest: &str) -> (Piece, usize) {
    let until = |end: &str| rest.find(end).map_or(rest.len(), |found| found + end.len());
    if !rest.starts_with('<') {
        return (Piece::Text, rest.find('<').unwrap_or(rest.len()));
    }
    match rest.as_bytes().get(1) {
        Some(b'!') if rest.starts_with("<!--") => (Piece::Aside, until("-->")),
        Some(b'!') if rest.starts_with("<![CDATA[") => (Piece::Text, until("]]>")),
        Some(b'!') => (Piece::Aside, until(">")),
        Some(b'?') => (Piece::Aside, until("?>")),
        Some(b'/') => (Piece::Close, until(">")),
        _ => {
            let length = tag_length(rest);
            let is_empty = rest[..length].ends_with("/>");
            (if is_empty { Piece::Empty } else { Piece::Open }, length)
        }
    }
}

/// The length of a tag; a `>` in quotes does not end it.
fn tag_length(rest: &str) -> usize {
    let mut quote = None;
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (None, '>') => return at + 1,
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUEST: &str = "\
<domain type='test' id=\"1\">
  <name>web1</name>
  <!-- kept -->
  <devices>
    <disk type='file'>
      <source file='/a>b'/>
    </disk>
    <interface/>
  </devices>
</domain>
";

    #[test]
    fn a_part_stands_at_the_edge_of_the_screen() {
        let part = "<devices>\n    <disk/>\n\n  </devices>";
        assert_eq!(screen(part, None, Palette::PLAIN), "<devices>\n  <disk/>\n\n</devices>");
        let text = "<title>\n  a\n b\n  </title>";
        assert_eq!(screen(text, None, Palette::PLAIN), text, "text of its own keeps its blanks");
    }

    #[test]
    fn what_is_no_xml_is_left_alone() {
        for text in ["", "<", "< 3", "a <b> c", "<3", "<a"] {
            assert!(!is_markup(text), "{text:?}");
        }
        for text in ["<a/>", "<?xml version='1.0'?>\n<a></a>\n", " <a>b</a>"] {
            assert!(is_markup(text), "{text:?}");
        }
    }

    #[test]
    fn without_colours_and_folds_the_text_stays_as_it_is() {
        assert_eq!(screen(GUEST, None, Palette::PLAIN), GUEST);
        assert_eq!(screen(GUEST, Some(9), Palette::PLAIN), GUEST);
    }

    #[test]
    fn elements_of_a_depth_hide_what_is_in_them() {
        let shown = screen(GUEST, Some(1), Palette::PLAIN);
        let expected = "\
<domain type='test' id=\"1\">
  <name>web1</name>
  <!-- kept -->
  <devices>… 2 elements</devices>
</domain>
";
        assert_eq!(shown, expected);
        let shown = screen(GUEST, Some(2), Palette::PLAIN);
        assert!(shown.contains("    <disk type='file'>… 1 element</disk>\n    <interface/>\n"), "{shown}");
        assert_eq!(
            screen(GUEST, Some(0), Palette::PLAIN),
            "<domain type='test' id=\"1\">… 2 elements</domain>\n"
        );
    }

    #[test]
    fn elements_attributes_values_and_comments_have_colours() {
        let painted = screen("<a b='c>'>d<!-- e\nf --></a>", None, Palette::COLOR);
        assert_eq!(
            painted,
            "<\x1b[36ma\x1b[0m \x1b[33mb\x1b[0m=\x1b[32m'c>'\x1b[0m>d\x1b[2m<!-- e\x1b[0m\n\x1b[2mf -->\x1b[0m</\x1b[36ma\x1b[0m>"
        );
    }

    #[test]
    fn nothing_in_it_can_steer_the_terminal() {
        let painted = screen("<a b='\x1b[31m' \x1bc>\x1b[2J</a\x07>", None, Palette::COLOR);
        assert!(!painted.contains("\x1b[31m") && !painted.contains("\x1b[2J"), "{painted:?}");
        assert!(!painted.contains('\x07') && !painted.contains("\x1bc"), "{painted:?}");
    }

    #[test]
    fn the_pieces_of_any_text_are_the_text() {
        for text in ["<", "<a", "<a b='", "<!-", "<![CDATA[x", "</", "<a>b]]>", "<ö ä='木'>木", "<?"] {
            let joined: String = pieces(text).map(|(_, range)| &text[range]).collect();
            assert_eq!(joined, text);
            screen(text, Some(0), Palette::COLOR);
        }
    }
}
