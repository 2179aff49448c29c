//! Colours of what is typed.

use std::borrow::Cow;
use std::ops::Range;

use super::meta;
use crate::lang::tokens::{Class, brackets_at, tokens};
use crate::output::{Palette, Style};
use crate::virsh::records;

/// Returns the source with colours; the brackets that belong together at the cursor stand out, and mistakes, which
/// are in order, are underlined.
pub(super) fn highlight<'s>(
    source: &'s str,
    cursor: Option<usize>,
    mistakes: &[Range<usize>],
    palette: Palette,
) -> Cow<'s, str> {
    if !palette.is_colored() || source.is_empty() {
        return source.into();
    }
    let tokens = tokens(source);
    let pair = cursor.and_then(|cursor| brackets_at(&tokens, source, cursor));
    let in_pair = |range: &Range<usize>| pair.as_ref().is_some_and(|(a, b)| a == range || b == range);
    let mut painted = String::with_capacity(source.len() * 2);
    let mut at = 0;
    let mut mistakes = mistakes.iter().peekable();
    for token in tokens {
        painted.push_str(&source[at..token.start]);
        while mistakes.next_if(|range| range.end <= token.start).is_some() {}
        let is_mistake =
            mistakes.peek().is_some_and(|range| range.start <= token.start && token.end <= range.end);
        let style = match token.class {
            _ if is_mistake => Some(Style::Wrong),
            _ if in_pair(&(token.start..token.end)) => Some(Style::Warning),
            class => style(class),
        };
        let text = token.text(source);
        match style {
            // A line end inside a colour would carry it into the prompt's own movements.
            Some(style) => {
                for (number, line) in text.split('\n').enumerate() {
                    if number > 0 {
                        painted.push('\n');
                    }
                    palette.paint_onto(&mut painted, style, line);
                }
            }
            None => painted.push_str(text),
        }
        at = token.end;
    }
    painted.push_str(&source[at..]);
    painted.into()
}

/// Returns a line of virsh, or a command of the prompt, with colours: its commands and their options; those that do
/// not exist are underlined once they have been typed past.
pub(super) fn highlight_virsh(line: &str, palette: Palette) -> Cow<'_, str> {
    if !palette.is_colored() {
        return line.into();
    }
    let mut painted = String::with_capacity(line.len() * 2);
    let mut is_command = true;
    let mut command = None;
    // What stands in quotes, or behind `--` alone, is no option.
    let mut has_options = !line.contains(['"', '\'']);
    for piece in line.split_inclusive([' ', ';', '\n']) {
        let word = piece.trim_end_matches([' ', ';', '\n']);
        let style = match word {
            _ if is_command && !word.is_empty() => {
                command = records::find(word.trim_start_matches('!'));
                let is_wrong = piece != word && is_unknown_meta(word);
                Some(if is_wrong { Style::Wrong } else { Style::Hint })
            }
            word if word.starts_with("--") => {
                has_options &= word != "--";
                let is_wrong = piece != word && has_options && lacks(command.as_ref(), word);
                Some(if is_wrong { Style::Wrong } else { Style::Caution })
            }
            _ => None,
        };
        match style.filter(|_| !word.is_empty()) {
            Some(style) => palette.paint_onto(&mut painted, style, word),
            None => painted.push_str(word),
        }
        painted.push_str(&piece[word.len()..]);
        is_command = piece.ends_with([';', '\n']) || (is_command && word.is_empty());
    }
    painted.into()
}

/// True for an option that a command of virsh does not have.
fn lacks(command: Option<&records::Command>, word: &str) -> bool {
    let name = word.trim_start_matches("--").split('=').next().unwrap_or_default();
    name != "help" && command.is_some_and(|command| command.option(name).is_none())
}

/// True for a command of the prompt that does not exist.
fn is_unknown_meta(word: &str) -> bool {
    word.strip_prefix(':').is_some_and(|name| meta::find(meta::split(name).0).is_err())
}

fn style(class: Class) -> Option<Style> {
    match class {
        Class::Keyword => Some(Style::Strong),
        Class::String => Some(Style::Good),
        Class::Number => Some(Style::Caution),
        Class::Comment => Some(Style::Dim),
        Class::Call | Class::Method | Class::Module | Class::Interpolation => Some(Style::Hint),
        Class::Wrong => Some(Style::Bad),
        Class::Property | Class::Variable | Class::Operator | Class::Bracket | Class::Punctuation => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_colours_and_the_text_stays() {
        let painted = highlight("let x = \"a\nb", None, &[], Palette::COLOR);
        assert_eq!(painted, "\x1b[1mlet\x1b[0m x = \x1b[32m\"a\x1b[0m\nb");
        assert_eq!(highlight("let x", None, &[], Palette::PLAIN), "let x");
    }

    #[test]
    fn a_line_of_virsh_shows_its_commands_and_options() {
        let painted = highlight_virsh("list --all;uri", Palette::COLOR);
        assert_eq!(painted, "\x1b[36mlist\x1b[0m \x1b[33m--all\x1b[0m;\x1b[36muri\x1b[0m");
    }

    #[test]
    fn an_option_that_virsh_lacks_is_underlined_once_it_is_typed_past() {
        let wrong = |line: &str| highlight_virsh(line, Palette::COLOR).contains("\x1b[4;31m");
        for line in ["list --foo ", "!list --foo --all", "uri; list --foo=1 ", ":wach 1", "list --all --foo;"]
        {
            assert!(wrong(line), "{line}");
        }
        for line in [
            "list --foo",
            "list --all ",
            "list --help ",
            "ll --foo ",
            ":watch list",
            ":save! x",
            "echo -- --foo ",
            "desc web1 'a --foo b' ",
        ] {
            assert!(!wrong(line), "{line}");
        }
    }

    #[test]
    fn brackets_at_the_cursor_stand_out_with_their_partner() {
        let painted = highlight("f(1)", Some(4), &[], Palette::COLOR);
        assert_eq!(painted, "\x1b[36mf\x1b[0m\x1b[1;33m(\x1b[0m\x1b[33m1\x1b[0m\x1b[1;33m)\x1b[0m");
    }

    #[test]
    fn mistakes_are_underlined() {
        let painted = highlight("dmain(x)", Some(8), std::slice::from_ref(&(0..5)), Palette::COLOR);
        assert!(painted.starts_with("\x1b[4;31mdmain\x1b[0m"), "{painted:?}");
    }
}
