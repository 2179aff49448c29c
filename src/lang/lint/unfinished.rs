//! Wrong names in source that is still being typed.
//!
//! Unfinished source is finished first, in the plainest way that parses: open brackets are closed, a value or a
//! block that is missing is put in. Then it is checked like any script. What the cursor touches is not judged:
//! it may still become something else.

use std::ops::Range;

use rhai::{AST, Engine, OptimizationLevel};

use super::{ModuleLookup, Surroundings, Text, walk};
use crate::lang::catalog::Catalog;
use crate::lang::tokens::{Class, Lines, Token, opens, parsable, tokens};

/// The findings that are about names.
const ABOUT_NAMES: [&str; 6] = [
    "unknown_function",
    "unknown_method",
    "unknown_module",
    "unknown_option",
    "unknown_property",
    "unknown_variable",
];
/// What may be missing at the end: in front of the closing brackets, and behind those that close an expression.
const MISSING: [(&str, &str); 12] = [
    ("", ""),
    (" ()", ""),
    ("", " {}"),
    (" ()", " {}"),
    (": ()", ""),
    (" a", ""),
    ("a()", ""),
    ("| ()", ""),
    ("", " catch {}"),
    (" in ()", " {}"),
    (" a()", " {}"),
    (" () => ()", ""),
];

/// Finds the names in typed source that mean nothing; nothing where the source cannot be understood.
///
/// `parser` is an engine of [`parser`]'s.
pub fn wrong_names(
    source: &str,
    cursor: usize,
    catalog: &Catalog,
    modules: &dyn ModuleLookup,
    parser: &Engine,
    surroundings: &Surroundings,
) -> Vec<Range<usize>> {
    let Some((whole, ast)) = finished(source, parser) else { return Vec::new() };
    let text = Text::new(&whole);
    let findings = walk::check(&ast, &text, "", catalog, modules, parser, surroundings);
    let lines = Lines::new(&whole);
    let place = |line, column, length| {
        let start = lines.byte_at(line, column);
        start..lines.byte_at(line, column + length)
    };
    let is_judged = |range: &Range<usize>| {
        range.end <= source.len() && !(range.start <= cursor && cursor <= range.end) && !range.is_empty()
    };
    // Files are not looked for here: the path of a module is not judged.
    let is_path =
        |code: &str, range: &Range<usize>| code == "unknown_module" && whole[range.start..].starts_with('"');
    let mut ranges: Vec<_> = findings
        .iter()
        .filter(|finding| ABOUT_NAMES.contains(&finding.code))
        .map(|finding| (finding.code, place(finding.line, finding.column, finding.length)))
        .filter(|(code, range)| is_judged(range) && !is_path(code, range))
        .map(|(_, range)| range)
        .collect();
    ranges.sort_by_key(|range| range.start);
    ranges.dedup();
    ranges
}

/// Makes an engine that only parses; as deep expressions as in a session.
pub fn parser(depth: usize) -> Engine {
    let mut parser = Engine::new_raw();
    parser.set_optimization_level(OptimizationLevel::None);
    parser.set_max_expr_depths(depth, depth);
    parser
}

/// Finishes source so that it parses, and parses it.
fn finished(source: &str, parser: &Engine) -> Option<(String, AST)> {
    let tokens = tokens(source);
    let last = tokens.iter().rposition(|token| token.class != Class::Comment)?;
    let code_end = tokens[last].end;
    let base = closed_text(source, &tokens);
    let (inner, outer) = closers(source, &tokens);
    for (missing, tail) in MISSING {
        let whole = format!("{base}{missing}{inner}{tail}{outer}");
        match parser.compile(parsable(&whole)) {
            Ok(ast) => return Some((whole, ast)),
            // What is wrong before the end stays wrong.
            Err(error) if Lines::new(&whole).byte(error.position()) < tokens[last].start => return None,
            Err(_) if code_end == 0 => return None,
            Err(_) => {}
        }
    }
    None
}

/// Closes a text or comment that the source ends in.
fn closed_text(source: &str, tokens: &[Token]) -> String {
    let Some(last) = tokens.last().filter(|last| !last.closed) else {
        // A comment at the end must not swallow what is added.
        let in_comment = tokens.last().is_some_and(|last| last.class == Class::Comment);
        return if in_comment { format!("{source}\n") } else { source.to_owned() };
    };
    let text = last.text(source);
    if last.class == Class::Comment {
        return source[..last.start].to_owned();
    }
    let hashes = text.len() - text.trim_start_matches('#').len();
    let quote = text[hashes..].chars().next().filter(|quote| matches!(quote, '"' | '\'')).unwrap_or('`');
    format!("{source}{quote}{}", "#".repeat(hashes))
}

/// Returns what closes the brackets that are open: those of the innermost expression, and all around it.
fn closers(source: &str, tokens: &[Token]) -> (String, String) {
    let mut open: Vec<&str> = Vec::new();
    for token in tokens {
        match (opens(token, source), token.text(source)) {
            (Some(true), bracket) => open.push(bracket),
            (Some(false), _) => {
                open.pop();
            }
            (None, _) => {}
        }
    }
    let closer = |bracket: &&str| match *bracket {
        "(" => ")",
        "[" | "?[" => "]",
        "${" => "}`",
        _ => "}",
    };
    let block = open.iter().rposition(|bracket| *bracket == "{").map_or(0, |at| at + 1);
    let inner = open[block..].iter().rev().map(closer).collect();
    let outer = open[..block].iter().rev().map(closer).collect();
    (inner, outer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::lint::NoModules;
    use crate::lang::toy;

    /// The words that are wrong, with the cursor at `|`.
    fn wrong(marked: &str) -> Vec<String> {
        let cursor = marked.find('‸').unwrap();
        let source = marked.replace('‸', "");
        let catalog = toy::catalog(&toy::engine());
        let surroundings = Surroundings::default();
        let ranges = wrong_names(&source, cursor, &catalog, &NoModules, &parser(64), &surroundings);
        ranges.into_iter().map(|range| source[range].to_owned()).collect()
    }

    #[test]
    fn a_name_is_judged_once_the_cursor_has_left_it() {
        for (typed, found) in [
            ("gest‸", &[] as &[&str]),
            ("gest(‸", &["gest"]),
            ("gest(\"a‸", &["gest"]),
            ("guest(\"a\").strat‸", &[]),
            ("guest(\"a\").strat(‸", &["strat"]),
            ("guest(\"a\").start(‸", &[]),
            ("guest(nme, ‸", &["nme"]),
            ("let x = nme + ‸", &["nme"]),
            ("gest‸(\"a\")", &[]),
            ("fsx::‸", &["fsx"]),
            ("fs::raed(‸", &["raed"]),
        ] {
            assert_eq!(wrong(typed), found, "{typed}");
        }
    }

    #[test]
    fn option_keys_are_judged() {
        assert_eq!(wrong("guest(\"a\").undefine(#{ nvrm‸"), [""; 0]);
        assert_eq!(wrong("guest(\"a\").undefine(#{ nvrm: ‸"), ["nvrm"]);
        assert_eq!(wrong("guest(\"a\").undefine(#{ nvram: true, ‸"), [""; 0]);
    }

    #[test]
    fn unfinished_statements_are_understood() {
        for typed in [
            "for g in gests() ‸",
            "for g in guests() { gests(); ‸",
            "if gests(‸",
            "if true { gests() } else ‸",
            "while gests() ‸",
            "fn f(a) { gests() ‸",
            "try { gests() } ‸",
            "let f = |a| gests() + ‸",
            "`text ${gests()‸",
            "`text ${gests()} more‸",
            "gests(); // a comment‸",
            "gests(); /* a comment‸",
            "[1, gests(), ‸",
            "switch 1 { 1 => gests(), ‸",
            "guests().filter(|g| gests() && ‸",
            "gests(); let x = ‸",
            "gests(); fn ‸",
            "gests(); import \"a\" as ‸",
        ] {
            assert_eq!(wrong(typed), ["gests"], "{typed}");
        }
    }

    #[test]
    fn what_cannot_be_understood_is_not_judged() {
        for typed in ["gests) + ‸", "foo bar baz ‸", "gests() 4GiB ‸", "‸", "let let x ‸", "\"gests( ‸"]
        {
            assert_eq!(wrong(typed), [""; 0], "{typed}");
        }
    }

    #[test]
    fn no_input_makes_it_stumble() {
        let whole = "let a = #{ b: [1, `x ${f(|c, d| c)} y`] }; for e in a.b { e?.f[0]::g(\"h\", |i| i.j). }";
        let catalog = toy::catalog(&toy::engine());
        let parser = parser(64);
        for (end, _) in whole.char_indices() {
            for (start, _) in whole[..end].char_indices() {
                let surroundings = Surroundings::default();
                wrong_names(&whole[start..end], end - start, &catalog, &NoModules, &parser, &surroundings);
            }
        }
    }
}
