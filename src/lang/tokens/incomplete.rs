//! Whether the prompt must ask for more lines.

use rhai::{Engine, ParseErrorType};

use super::{Class, Lines, Token, parsable, tokens};

/// True if the text is the beginning of something longer, so that an editor should ask for the next line.
///
/// The parser decides: an error that it sees past the last piece of code means "more to come". Two things it
/// does not say are looked for here: a comment that is not closed, and a text over several lines that is not.
/// A text in `"…"` that is not closed is an error and not incomplete, unless its line ends in `\`.
pub fn is_incomplete(source: &str, engine: &Engine) -> bool {
    let tokens = tokens(source);
    if tokens.last().is_some_and(|last| open_text(last, source)) {
        return true;
    }
    let Err(error) = engine.compile(parsable(source)) else { return false };
    if *error.err_type() == ParseErrorType::UnexpectedEOF {
        return true;
    }
    let code_end =
        tokens.iter().rev().find(|token| token.class != Class::Comment).map_or(0, |token| token.end);
    Lines::new(source).byte(error.position()) >= code_end
}

fn open_text(token: &Token, source: &str) -> bool {
    if token.closed {
        return false;
    }
    let text = token.text(source);
    let one_line = token.class == Class::String && text.starts_with(['"', '\'']);
    !one_line || text.starts_with('"') && text.trim_end_matches('\n').ends_with('\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_code_asks_for_more() {
        let engine = Engine::new();
        for source in [
            "let x =",
            "let",
            "if x {",
            "if x { 1 } else",
            "for d in domains() {\n  d.start();",
            "fn f(a,",
            "fn f",
            "x.",
            "x?.",
            "f(1,",
            "[1, 2",
            "#{ a: 1,",
            "#{ a",
            "`text",
            "`text ${x",
            "`text ${x} more",
            "#\"raw",
            "1 +",
            "x ==",
            "arr.map(|d|",
            "arr.map(|d",
            "try { x() }",
            "do { x() }",
            "switch x {",
            "switch x { 1 =>",
            "import \"a\" as",
            "/* comment",
            "x; /* comment /* nested */",
            "let x = // the value",
            "\"continued \\",
            "while",
            "fs::",
        ] {
            assert!(is_incomplete(source, &engine), "{source:?}");
        }
    }

    #[test]
    fn finished_and_wrong_code_does_not() {
        let engine = Engine::new();
        for source in [
            "",
            "1",
            "let x",
            "let x = 1",
            "let x = 1;",
            "domains()",
            "x.y",
            "foo bar",
            "1 + )",
            "}",
            "\"open",
            "x = \"open\n",
            "'a",
            "// comment",
            "/* closed */",
            "`text`",
            "let x = 4GiB",
            "#!/usr/bin/env virhai\nprint(1)",
            "fn f() { 1 }",
            "\"bad \\q escape\"",
        ] {
            assert!(!is_incomplete(source, &engine), "{source:?}");
        }
    }
}
