//! Wrong names in the line that is being typed, found by the code of `check`.
//!
//! Checking is done when a word has ended: while one word is typed, what was found around it is still true. In a
//! long input, where checking would be felt, it is done when a line has ended.

use std::cell::RefCell;
use std::ops::Range;
use std::time::{Duration, Instant};

use rhai::Engine;

use super::commands::{self, Command};
use super::shell::Shell;
use super::validator::EXPRESSION_DEPTH;
use crate::lang::lint::{NoModules, Surroundings, parser, wrong_names};
use crate::virsh::records;

/// Longer inputs are not checked while they are typed: it must not be felt.
const LONGEST: usize = 50_000;

/// Up to this length an input is checked at every word.
const SHORT: usize = 2_000;
/// In a longer one a check that takes longer than this is done for whole lines.
const QUICK: Duration = Duration::from_millis(2);

/// Finds wrong names and remembers them.
pub(super) struct Mistakes {
    parser: Engine,
    found: RefCell<Found>,
}

/// What was found around one word or line.
#[derive(Default)]
struct Found {
    before: String,
    after: String,
    /// Before it, from the beginning of the input.
    early: Vec<Range<usize>>,
    /// Behind it, from its end.
    late: Vec<Range<usize>>,
    /// How long that took.
    took: Duration,
}

impl Mistakes {
    pub(super) fn new() -> Self {
        Self { parser: parser(EXPRESSION_DEPTH), found: RefCell::default() }
    }

    /// Returns where wrong names stand in an input. Only once the catalog is there: typing must not wait for it.
    pub(super) fn in_input(&self, shell: &Shell, input: &str, cursor: usize) -> Vec<Range<usize>> {
        if input.len() > LONGEST || !input.is_char_boundary(cursor) || may_be_command(shell, input) {
            return Vec::new();
        }
        let mut found = self.found.borrow_mut();
        if input.is_empty() {
            // A new input: what was defined meanwhile is known.
            *found = Found::default();
            return Vec::new();
        }
        let is_slow = input.len() > SHORT && found.took > QUICK;
        let word = if is_slow { line_at(input, cursor) } else { word_at(input, cursor) };
        let (before, after) = (&input[..word.start], &input[word.end..]);
        if found.before != before || found.after != after {
            let start = Instant::now();
            let Some(ranges) = self.check(shell, input, cursor) else { return Vec::new() };
            let took = start.elapsed();
            let (early, late): (Vec<_>, Vec<_>) =
                ranges.into_iter().partition(|range| range.end <= word.start);
            let late = late.into_iter().filter(|range| range.start >= word.end);
            *found = Found {
                before: before.to_owned(),
                after: after.to_owned(),
                early,
                late: late.map(|range| range.start - word.end..range.end - word.end).collect(),
                took,
            };
        }
        let late = found.late.iter().map(|range| range.start + word.end..range.end + word.end);
        found.early.iter().cloned().chain(late).collect()
    }

    fn check(&self, shell: &Shell, input: &str, cursor: usize) -> Option<Vec<Range<usize>>> {
        let catalog = shell.knowledge().ready_catalog(shell.session())?;
        let session = shell.session();
        let surroundings =
            Surroundings { scope: Some(session.scope()), functions: Some(session.functions()), imports: &[] };
        // Earlier imports are part of the source, as for completion.
        let prelude = shell.knowledge().prelude();
        let (source, shift) = (format!("{prelude}{input}"), prelude.len());
        let ranges = wrong_names(&source, cursor + shift, catalog, &NoModules, &self.parser, &surroundings);
        let is_ours = |range: &Range<usize>| {
            // The commands of virsh are registered when they are first used.
            range.start >= shift && &source[range.clone()] != "virsh"
        };
        Some(ranges.into_iter().filter(is_ours).map(|range| range.start - shift..range.end - shift).collect())
    }
}

/// True for what is no Rhai, or may yet become a line of virsh or a word of the prompt.
fn may_be_command(shell: &Shell, input: &str) -> bool {
    let typed = input.trim_start();
    let is_variable = |name: &str| shell.session().scope().contains(name);
    let is_word = !typed.contains(char::is_whitespace);
    typed.starts_with([':', '?', '!'])
        || Command::read(input, is_variable).is_some()
        || is_word && records::names().chain(commands::NAMES).any(|word| word.starts_with(typed))
}

/// The word that the cursor touches.
fn word_at(input: &str, cursor: usize) -> Range<usize> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let start = input[..cursor].trim_end_matches(is_part).len();
    let end = input.len() - input[cursor..].trim_start_matches(is_part).len();
    start..end
}

/// The line that the cursor is in.
fn line_at(input: &str, cursor: usize) -> Range<usize> {
    let start = input[..cursor].rfind('\n').map_or(0, |end| end + 1);
    let end = input[cursor..].find('\n').map_or(input.len(), |end| cursor + end);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_from_one_end_to_the_next() {
        assert_eq!(line_at("a\nbc\nd", 3), 2..4);
        assert_eq!(line_at("a\nbc\nd", 2), 2..4);
        assert_eq!(line_at("abc", 3), 0..3);
    }

    #[test]
    fn a_word_goes_as_far_as_letters_do() {
        assert_eq!(word_at("a + wörd_2(", 7), 4..11);
        assert_eq!(word_at("a + ", 4), 4..4);
        assert_eq!(word_at("", 0), 0..0);
    }
}
