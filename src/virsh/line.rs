//! What was typed, as words: spaces, quotes, escapes and separators as virsh reads them.

use crate::error::{Error, Result};

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// A word, its quotes taken off.
    Text(String),
    /// `;` or the end of a line: the next word is a command.
    Separator,
}

/// A text of one or several commands.
pub struct Line<'a> {
    rest: std::str::Chars<'a>,
}

impl<'a> Line<'a> {
    /// Reads this text.
    pub fn new(text: &'a str) -> Self {
        Self { rest: text.chars() }
    }

    /// The next word; `None` at the end.
    ///
    /// Errors: `usage` for a quote without its end and for a backslash with nothing after it.
    pub fn next_word(&mut self) -> Result<Option<Word>> {
        self.skip_blanks();
        match self.peek() {
            None => return Ok(None),
            Some('\n' | ';') => {
                self.rest.next();
                return Ok(Some(Word::Separator));
            }
            Some(_) => {}
        }
        let (mut word, mut in_single, mut in_double) = (String::new(), false, false);
        while let Some(letter) = self.peek() {
            if !in_single && !in_double && matches!(letter, ' ' | '\t' | '\n' | ';') {
                break;
            }
            self.rest.next();
            match letter {
                '\'' if !in_double => in_single = !in_single,
                '"' if !in_single => in_double = !in_double,
                '\\' if !in_single => match self.rest.next() {
                    // The line goes on below, as if it had not ended.
                    Some('\n') => {}
                    Some(letter) => word.push(letter),
                    None => return Err(Error::usage("dangling \\")),
                },
                letter => word.push(letter),
            }
        }
        // A single quote without its end goes to the end of the text, as in virsh.
        if in_double { Err(Error::usage("missing \"")) } else { Ok(Some(Word::Text(word))) }
    }

    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    /// Blanks, line ends behind a backslash, and a comment up to the end of its line.
    fn skip_blanks(&mut self) {
        loop {
            let text = self.rest.as_str();
            if text.starts_with('#') {
                self.rest = text.find('\n').map_or("", |end| &text[end..]).chars();
                return;
            }
            let Some(rest) = text.strip_prefix([' ', '\t']).or_else(|| text.strip_prefix("\\\n")) else {
                return;
            };
            self.rest = rest.chars();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Result<Vec<String>> {
        let mut line = Line::new(text);
        let mut words = Vec::new();
        while let Some(word) = line.next_word()? {
            words.push(match word {
                Word::Text(text) => text,
                Word::Separator => ";".into(),
            });
        }
        Ok(words)
    }

    #[test]
    fn quotes_and_backslashes_join_words() {
        assert_eq!(words(r#"echo "a b" c\ d 'e "f'g"#).unwrap(), ["echo", "a b", "c d", "e \"fg"]);
        assert_eq!(words("a \\\n b").unwrap(), ["a", "b"]);
        assert_eq!(words("a\\\nb \"c\\\nd\"").unwrap(), ["ab", "cd"]);
        assert_eq!(words(r#"'a\b' "a\"b""#).unwrap(), [r"a\b", "a\"b"]);
    }

    #[test]
    fn commands_end_at_a_semicolon_and_at_the_line() {
        assert_eq!(words("list;uri\nversion").unwrap(), ["list", ";", "uri", ";", "version"]);
    }

    #[test]
    fn a_comment_goes_to_the_end_of_its_line() {
        assert_eq!(words("list # x; uri\nversion").unwrap(), ["list", ";", "version"]);
        assert_eq!(words("echo a#b").unwrap(), ["echo", "a#b"]);
    }

    #[test]
    fn what_has_no_end_is_refused_with_virshs_words() {
        assert_eq!(words("echo \"a").unwrap_err().to_string(), "missing \"");
        assert_eq!(words("echo a\\").unwrap_err().to_string(), "dangling \\");
        assert_eq!(words("echo 'a").unwrap(), ["echo", "a"]);
    }
}
