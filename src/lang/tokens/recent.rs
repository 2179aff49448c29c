//! Pieces of long texts that are read again and again with small changes, as while one is typed.
//!
//! Only the lines around a change are cut anew: from a line before it at which nothing is open, to a line behind
//! it at which nothing is open and from which on the text is the same.

use std::cell::RefCell;

use super::scan::Scanner;
use super::{Class, Token};

/// Shorter texts are cut in no time.
const LONG: usize = 1000;
/// At each key a few forms of one text are read: the whole, and what stands before the cursor.
const KEPT: usize = 4;
/// So many bytes are compared at once.
const BLOCK: usize = 256;

/// A text and its pieces.
struct Known {
    source: String,
    tokens: Vec<Token>,
}

thread_local! {
    /// The texts that were read last.
    static RECENT: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
}

/// Returns the pieces of a text, names not yet told apart.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    if source.len() < LONG {
        return Scanner::new(source, Vec::new(), 0).finish();
    }
    RECENT.with_borrow_mut(|recent| {
        let similar = |known: &&Known| {
            let same = common(&known.source, source);
            same.0 + same.1
        };
        let tokens = match recent.iter().max_by_key(similar) {
            Some(known) if known.source == source => return known.tokens.clone(),
            Some(known) => changed(source, known),
            None => Scanner::new(source, Vec::new(), 0).finish(),
        };
        recent.insert(0, Known { source: source.to_owned(), tokens: tokens.clone() });
        recent.truncate(KEPT);
        tokens
    })
}

/// Returns how many bytes two texts have in common at their beginning, and then at their end.
fn common(one: &str, other: &str) -> (usize, usize) {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    // Whole blocks are compared at once.
    let blocks = one.chunks(BLOCK).zip(other.chunks(BLOCK)).take_while(|(a, b)| a == b).count();
    let block = (blocks * BLOCK).min(one.len()).min(other.len());
    let bytes = one[block..].iter().zip(&other[block..]).take_while(|(a, b)| a == b).count();
    let start = block + bytes;
    let (one, other) = (&one[start..], &other[start..]);
    let blocks = one.rchunks(BLOCK).zip(other.rchunks(BLOCK)).take_while(|(a, b)| a == b).count();
    let block = (blocks * BLOCK).min(one.len()).min(other.len());
    let (one, other) = (&one[..one.len() - block], &other[..other.len() - block]);
    (start, block + one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count())
}

/// Cuts a text that differs a little from one that is known.
fn changed(source: &str, known: &Known) -> Vec<Token> {
    let (start, end) = common(&known.source, source);
    let depths = depths(known);
    let is_fresh_in_known =
        |at: usize| depths[at] == 0 && is_fresh(&known.tokens[..at], &known.tokens[at], &known.source);
    let reached = known.tokens.partition_point(|token| token.start <= start);
    let first = (0..reached).rev().find(|&at| is_fresh_in_known(at)).unwrap_or(0);
    let begin = if first == 0 { 0 } else { known.tokens[first].start };
    let mut scanner = Scanner::new(source, known.tokens[..first].to_vec(), begin);
    let same_from = source.len() - end;
    while scanner.next() {
        let Some(last) = scanner.tokens.last().filter(|last| last.start >= same_from) else { continue };
        let before = last.start + known.source.len() - source.len();
        let Ok(at) = known.tokens.binary_search_by_key(&before, |token| token.start) else { continue };
        if is_fresh_in_known(at) && scanner.begins_afresh() {
            scanner.tokens.pop();
            let shift = |token: &Token| {
                let place = |byte: usize| byte + source.len() - known.source.len();
                Token { start: place(token.start), end: place(token.end), ..*token }
            };
            scanner.tokens.extend(known.tokens[at..].iter().map(shift));
            break;
        }
    }
    scanner.tokens
}

/// Tells for each piece in how many `${` it stands.
fn depths(known: &Known) -> Vec<usize> {
    let mut depth = 0_usize;
    let mut depths = Vec::with_capacity(known.tokens.len());
    for token in &known.tokens {
        depths.push(depth);
        if token.class == Class::Interpolation {
            depth = if token.text(&known.source) == "${" { depth + 1 } else { depth.saturating_sub(1) };
        }
    }
    depths
}

/// True for the first piece of a line behind code that is complete. A sign may belong to the number behind it,
/// which depends on what stands before it.
pub(super) fn is_fresh(before: &[Token], token: &Token, source: &str) -> bool {
    let begins_line = before.last().is_none_or(|last| {
        let is_code = !matches!(last.class, Class::Interpolation | Class::Comment | Class::Wrong);
        is_code && last.closed && source[last.end..token.start].contains('\n')
    });
    begins_line
        && !matches!(token.class, Class::Interpolation | Class::String)
        && !token.text(source).starts_with(['-', '+'])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "#!/usr/bin/env virhai\n//! doc\nlet a = `x ${f(1)} y\n z ${#{b: `${c}`}}`;\n\
                          if a == \"q\" {\n    g(-1, /* c\n d */ 2);\n}\n// end\nlet é = 'x'\n - 1;\n#\"raw\n\"#;\nh()\n";

    fn whole(source: &str) -> Vec<Token> {
        Scanner::new(source, Vec::new(), 0).finish()
    }

    #[test]
    fn a_changed_text_is_cut_as_if_it_were_new() {
        let known = Known { source: SOURCE.into(), tokens: whole(SOURCE) };
        for (at, _) in SOURCE.char_indices() {
            for typed in
                ["", "x", "\"", "`", "${", "}", "\n", "//", "/*", "*/", "-", "1", "{", "#!", "é", "a\nb"]
            {
                let inserted = format!("{}{typed}{}", &SOURCE[..at], &SOURCE[at..]);
                assert_eq!(changed(&inserted, &known), whole(&inserted), "{inserted}");
            }
            for (end, _) in SOURCE[at..].char_indices().skip(1).step_by(3).take(12) {
                let removed = format!("{}{}", &SOURCE[..at], &SOURCE[at + end..]);
                assert_eq!(changed(&removed, &known), whole(&removed), "{removed}");
            }
            assert_eq!(changed(&SOURCE[..at], &known), whole(&SOURCE[..at]));
        }
    }

    #[test]
    fn what_two_texts_have_in_common_is_found_in_blocks() {
        let long = "abc".repeat(1000);
        for at in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 1500, 2999, 3000] {
            let changed = format!("{}-{}", &long[..at], &long[at..]);
            assert_eq!(common(&long, &changed), (at, long.len() - at), "{at}");
        }
        assert_eq!(common(&long, &long), (3000, 0));
        assert_eq!(common(&long, &long[..BLOCK]), (BLOCK, 0));
        assert_eq!(common("", "a"), (0, 0));
    }

    #[test]
    fn a_long_text_is_the_same_when_it_is_read_again() {
        let long = SOURCE.repeat(10);
        for cut in [long.len(), long.len() - 3, 1500, 1200] {
            assert_eq!(tokens(&long[..cut]), whole(&long[..cut]));
            assert_eq!(tokens(&long[..cut]), whole(&long[..cut]));
        }
    }
}
