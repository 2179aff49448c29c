//! What completion offers.

mod fit;

pub(super) use fit::{Fit, Typed};

use crate::lang::catalog::{Entry, Kind, Origin, Overload};
use crate::lang::options::OptionSpec;

/// One thing to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// What is written in the place of what was typed.
    pub(super) insert: String,
    /// What the list shows: the name, with its parameters where it is called.
    pub(super) label: String,
    /// What it is, in one sentence.
    pub(super) summary: String,
    /// True for what nearly everything has: it comes after the rest, however often it is used.
    pub(super) is_general: bool,
}

/// Everything to choose from, for the text from `start` to the cursor.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Choices {
    /// The byte where what was typed begins.
    pub(super) start: usize,
    /// How all of them fit what was typed.
    pub(super) fit: Fit,
    /// In the order in which they are shown.
    pub(super) list: Vec<Choice>,
}

impl Choice {
    /// A word without more to say about it.
    pub(super) fn plain(word: impl Into<String>) -> Self {
        let insert = word.into();
        Self { label: insert.clone(), insert, summary: String::new(), is_general: false }
    }

    /// A word and what it is.
    pub(super) fn with(word: impl Into<String>, summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), ..Self::plain(word) }
    }

    /// Something callable; `opened` where its parentheses stand behind the cursor already.
    pub(super) fn entry(entry: &Entry, opened: bool) -> Self {
        let takes_nothing = entry.overloads.iter().all(|overload| overload.params.is_empty());
        let call = match entry.kind {
            Kind::Property { .. } | Kind::Index => "",
            _ if opened => "",
            _ if takes_nothing => "()",
            _ => "(",
        };
        Self {
            insert: format!("{}{call}", entry.name),
            label: entry.main_form().map_or_else(|| entry.name.clone(), |overload| label(entry, overload)),
            summary: entry.doc().summary,
            is_general: entry.origin == Origin::Rhai,
        }
    }

    /// A key of an options map.
    pub(super) fn key(option: &OptionSpec) -> Self {
        let mut choice = Self::with(format!("{}: ", option.name), option.doc);
        choice.label = format!("{} ({})", option.name, option.kind.describe());
        choice
    }

    /// Returns the word itself, without what is written behind it.
    pub(super) fn word(&self) -> &str {
        let word = self.insert.strip_suffix(": ").unwrap_or(&self.insert);
        word.trim_end_matches(['(', ')', ' ', '"', '`', '\''])
    }

    /// A text, which ends with its quote unless that stands behind the cursor already.
    pub(super) fn text(text: &str, quote: char, closed: bool) -> Self {
        let mut choice = Self::plain(text);
        choice.insert = escaped(text, quote);
        if !closed {
            choice.insert.push(quote);
        }
        choice
    }
}

/// Writes a text as it must stand between quotes.
fn escaped(text: &str, quote: char) -> String {
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' if quote == '"' => written.push_str("\\\\"),
            '\n' if quote == '"' => written.push_str("\\n"),
            '`' if quote == '`' => written.push_str("``"),
            _ if letter == quote => written.extend(['\\', letter]),
            _ => written.push(letter),
        }
    }
    written
}

/// Returns a form of an entry without the type or namespace in front of it.
fn label(entry: &Entry, overload: &Overload) -> String {
    let signature = entry.signature(overload);
    let at = signature.find(entry.name.as_str()).unwrap_or(0);
    let prefix = entry.path().len() - entry.name.len();
    signature.get(prefix.max(at.min(prefix))..).unwrap_or(&signature).to_owned()
}

impl Choices {
    /// Keeps the choices that fit best: those that begin as `typed` does, where there are none, those that do in
    /// other case, then those whose parts begin so, and at last those with these letters in this order.
    pub(super) fn matching(start: usize, typed: &str, all: Vec<Choice>) -> Self {
        let wanted = Typed::new(typed);
        for fit in [Fit::Beginning, Fit::OtherCase, Fit::Parts, Fit::Letters] {
            if all.iter().any(|choice| wanted.fits(&choice.insert, fit)) {
                let mut list = all;
                list.retain(|choice| wanted.fits(&choice.insert, fit));
                let mut seen = std::collections::HashSet::new();
                list.retain(|choice| seen.insert(choice.insert.clone()));
                return Self { start, fit, list };
            }
        }
        Self { start, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_written_as_the_language_wants_it() {
        let insert = |text, quote, closed| Choice::text(text, quote, closed).insert;
        assert_eq!(insert("web 1", '"', false), "web 1\"");
        assert_eq!(insert("a\"b\\c", '"', true), "a\\\"b\\\\c");
        assert_eq!(insert("a`b\"", '`', false), "a``b\"`");
    }

    #[test]
    fn other_case_matches_only_where_nothing_else_does() {
        let all = || vec![Choice::plain("Web"), Choice::plain("web"), Choice::plain("db")];
        let found = |typed: &str| -> Vec<String> {
            Choices::matching(0, typed, all()).list.into_iter().map(|choice| choice.insert).collect()
        };
        assert_eq!(found("w"), ["web"]);
        assert_eq!(found("D"), ["db"]);
        assert!(found("x").is_empty());
    }

    #[test]
    fn letters_in_order_match_only_where_no_beginning_does() {
        let all =
            || vec![Choice::plain("snapshot_create("), Choice::plain("suspend"), Choice::plain("set_cpu(")];
        let found = |typed: &str| -> Vec<String> {
            Choices::matching(0, typed, all()).list.into_iter().map(|choice| choice.insert).collect()
        };
        assert_eq!(found("su"), ["suspend"]);
        assert_eq!(found("sc"), ["snapshot_create(", "set_cpu("]);
        assert_eq!(found("spd"), ["suspend"]);
    }
}
