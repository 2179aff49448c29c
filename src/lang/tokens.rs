//! Source text as classified pieces: for highlighting, bracket matching and multi-line input.
//!
//! rhai's own tokenizer reads the text, one token at a time, from a stream that counts the bytes; what it
//! leaves to the parser (strings with `${…}` in them) or gives up on (a bad escape) is handled here, so that
//! unfinished and wrong input has pieces too.

mod incomplete;
mod lines;
mod recent;
mod scan;

use std::ops::Range;

pub use incomplete::is_incomplete;
pub(crate) use lines::Lines;
pub(crate) use scan::{is_plain_identifier, parsable};

/// What a piece of source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// A word of the language, `true`, `false` and `this` included.
    Keyword,
    /// A text or a character, or the part of one around `${…}`.
    String,
    /// The `${` and `}` around code inside a text.
    Interpolation,
    /// A number.
    Number,
    /// A comment.
    Comment,
    /// The name of a function that is called or declared.
    Call,
    /// The name of a method that is called.
    Method,
    /// A name after a dot that is not called, or a key of an object map.
    Property,
    /// The name of a module in front of `::`.
    Module,
    /// Any other name.
    Variable,
    /// An operator.
    Operator,
    /// `(` `)` `[` `]` `{` `}` `#{` `?[`.
    Bracket,
    /// `,` `;` `:` `::` `.` `?.` `=>`.
    Punctuation,
    /// What Rhai cannot read.
    Wrong,
}

/// A piece of source; white space lies between pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// What it is.
    pub class: Class,
    /// False for a text or comment that the input ends in.
    pub closed: bool,
}

impl Token {
    /// Returns the piece's text.
    pub fn text<'a>(&self, source: &'a str) -> &'a str {
        &source[self.start..self.end]
    }
}

/// Cuts source text, finished or not, into its pieces.
pub fn tokens(source: &str) -> Vec<Token> {
    scan::scan(source)
}

/// Returns the index of the bracket that belongs to the one at `index`.
pub fn partner(tokens: &[Token], source: &str, index: usize) -> Option<usize> {
    let bracket = tokens.get(index)?;
    let opens = opens(bracket, source)?;
    let step: &mut dyn Iterator<Item = usize> =
        if opens { &mut (index..tokens.len()) } else { &mut (0..=index).rev() };
    let mut depth = 0_usize;
    for at in step {
        match self::opens(&tokens[at], source) {
            Some(same) if same == opens => depth += 1,
            Some(_) => depth -= 1,
            None => {}
        }
        if depth == 0 {
            return Some(at).filter(|&found| fit(tokens[index].text(source), tokens[found].text(source)));
        }
    }
    None
}

/// Returns the bracket at or just before a byte and its partner, as byte ranges.
pub fn brackets_at(tokens: &[Token], source: &str, byte: usize) -> Option<(Range<usize>, Range<usize>)> {
    let touches = |token: &Token| token.start <= byte && byte <= token.end && opens(token, source).is_some();
    let index = tokens.iter().rposition(touches)?;
    let partner = partner(tokens, source, index)?;
    Some((tokens[index].start..tokens[index].end, tokens[partner].start..tokens[partner].end))
}

/// True for an opening bracket, false for a closing one, nothing for everything else.
pub(crate) fn opens(token: &Token, source: &str) -> Option<bool> {
    match token.class {
        Class::Bracket | Class::Interpolation => Some(!matches!(token.text(source), ")" | "]" | "}")),
        _ => None,
    }
}

fn fit(one: &str, other: &str) -> bool {
    let kind = |bracket: &str| match bracket {
        "(" | ")" => 0,
        "[" | "?[" | "]" => 1,
        _ => 2,
    };
    kind(one) == kind(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows pieces as `class:text`, which reads better than numbers.
    fn show(source: &str) -> Vec<String> {
        tokens(source)
            .iter()
            .map(|token| {
                let open = if token.closed { "" } else { "…" };
                format!("{:?}:{}{open}", token.class, token.text(source))
            })
            .collect()
    }

    #[test]
    fn names_are_told_apart_by_what_stands_around_them() {
        assert_eq!(
            show("let v = c.domain(name)?.state; fs::read(x)"),
            [
                "Keyword:let",
                "Variable:v",
                "Operator:=",
                "Variable:c",
                "Punctuation:.",
                "Method:domain",
                "Bracket:(",
                "Variable:name",
                "Bracket:)",
                "Punctuation:?.",
                "Property:state",
                "Punctuation:;",
                "Module:fs",
                "Punctuation:::",
                "Call:read",
                "Bracket:(",
                "Variable:x",
                "Bracket:)",
            ]
        );
        assert_eq!(show("f()"), ["Call:f", "Bracket:(", "Bracket:)"]);
        assert_eq!(show("#{ a: 1 }"), ["Bracket:#{", "Property:a", "Punctuation::", "Number:1", "Bracket:}"]);
        assert_eq!(show("print(this)"), ["Call:print", "Bracket:(", "Keyword:this", "Bracket:)"]);
    }

    #[test]
    fn code_inside_a_text_is_code() {
        assert_eq!(
            show("`a ${#{b: `${c}`}} d`"),
            [
                "String:`a ",
                "Interpolation:${",
                "Bracket:#{",
                "Property:b",
                "Punctuation::",
                "String:`",
                "Interpolation:${",
                "Variable:c",
                "Interpolation:}",
                "String:`",
                "Bracket:}",
                "Interpolation:}",
                "String: d`",
            ]
        );
    }

    #[test]
    fn unfinished_input_has_pieces_too() {
        assert_eq!(
            show("x.start(\"web"),
            ["Variable:x", "Punctuation:.", "Method:start", "Bracket:(", "String:\"web…"]
        );
        assert_eq!(show("`a ${x"), ["String:`a ", "Interpolation:${", "Variable:x"]);
        assert_eq!(
            show("`a ${x} b"),
            ["String:`a ", "Interpolation:${", "Variable:x", "Interpolation:}", "String: b…"]
        );
        assert_eq!(show("1 /* no end"), ["Number:1", "Comment:/* no end…"]);
        assert_eq!(show("`lines\nof text"), ["String:`lines\nof text…"]);
        assert_eq!(show("#\"raw"), ["String:#\"raw…"]);
        assert_eq!(show("`${x}"), ["String:`", "Interpolation:${", "Variable:x", "Interpolation:}"]);
    }

    #[test]
    fn a_wrong_escape_does_not_spoil_the_rest() {
        assert_eq!(show(r#""a\q b" + 1"#), [r#"String:"a\q b""#, "Operator:+", "Number:1"]);
        assert_eq!(show("\"open\nx"), ["String:\"open…", "Variable:x"]);
    }

    #[test]
    fn comments_and_the_first_line_are_comments() {
        assert_eq!(
            show("#!/usr/bin/env virhai\n//! doc\nx /* a /* b */ c */ // end"),
            [
                "Comment:#!/usr/bin/env virhai",
                "Comment://! doc",
                "Variable:x",
                "Comment:/* a /* b */ c */",
                "Comment:// end"
            ]
        );
    }

    #[test]
    fn every_byte_is_in_one_piece_or_white_space() {
        for source in
            ["é€ \"é\" + `ü${ä}`", "'", "'ab'", "\\", "a\u{0}b", "#", "0x", "1e", "\"\\", "`\\`", "!in !i"]
        {
            let mut at = 0;
            for token in tokens(source) {
                assert!(source[at..token.start].trim().is_empty(), "{source:?} {token:?}");
                assert!(token.end > token.start, "{source:?} {token:?}");
                at = token.end;
            }
            assert!(source[at..].trim().is_empty(), "{source:?}: {at}");
        }
    }

    #[test]
    fn brackets_find_their_partners() {
        let at = |source: &str, byte| brackets_at(&tokens(source), source, byte);
        let source = "f([1, (2)], #{a: `${b}`})";
        assert_eq!(at(source, 2), Some((2..3, 9..10)));
        assert_eq!(at(source, source.len()), Some((24..25, 1..2)));
        assert_eq!(at(source, 0), None);
        assert_eq!(at("(]", 0), None);
        assert_eq!(at("((", 0), None);
    }
}
