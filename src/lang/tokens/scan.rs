//! The pieces of a text, by rhai's own tokenizer.

use std::borrow::Cow;

use rhai::{InputStream, Position, Token as Word, TokenizeState, get_next_token};

use super::{Class, Token, recent};

/// A text that rhai reads character by character, and how far it has read.
struct Stream<'a> {
    source: &'a str,
    at: usize,
}

impl InputStream for Stream<'_> {
    fn unget(&mut self, letter: char) {
        self.at -= letter.len_utf8();
    }

    fn get_next(&mut self) -> Option<char> {
        let letter = self.peek_next()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    fn peek_next(&mut self) -> Option<char> {
        self.source[self.at..].chars().next()
    }
}

/// True if rhai reads the whole word as a name that anybody may use.
pub(crate) fn is_plain_identifier(word: &str) -> bool {
    let mut stream = Stream { source: word, at: 0 };
    let (token, _) = get_next_token(&mut stream, &mut TokenizeState::default(), &mut Position::new(1, 0));
    matches!(token, Word::Identifier(_)) && stream.at == word.len()
}

/// Returns the source as the parser can take it: rhai does not know the `#!` line, which becomes a comment of
/// the same length (and not a doc comment, which `#!/usr/…` would be).
pub(crate) fn parsable(source: &str) -> Cow<'_, str> {
    match source.strip_prefix("#!") {
        Some(rest) => match rest.strip_prefix(['/', '!']) {
            Some(rest) => Cow::Owned(format!("// {rest}")),
            None => Cow::Owned(format!("//{rest}")),
        },
        None => Cow::Borrowed(source),
    }
}

pub(super) fn scan(source: &str) -> Vec<Token> {
    let source = &*parsable(source);
    let mut tokens = recent::tokens(source);
    name(&mut tokens, source);
    tokens
}

/// Cuts a text, from its beginning or from a place where nothing is open.
pub(super) struct Scanner<'a> {
    stream: Stream<'a>,
    state: TokenizeState,
    position: Position,
    /// For each `${` that is open, how many braces are open inside it.
    interpolations: Vec<usize>,
    /// The pieces so far.
    pub(super) tokens: Vec<Token>,
}

impl<'a> Scanner<'a> {
    /// Begins at byte `at`, before which `tokens` stand.
    pub(super) fn new(source: &'a str, tokens: Vec<Token>, at: usize) -> Self {
        Self {
            stream: Stream { source, at },
            state: TokenizeState { include_comments: true, ..TokenizeState::default() },
            position: Position::new(1, 0),
            interpolations: Vec::new(),
            tokens,
        }
    }

    /// Reads everything that is left.
    pub(super) fn finish(mut self) -> Vec<Token> {
        while self.next() {}
        self.tokens
    }

    /// True where nothing before the last piece matters to how the text is cut from there on.
    pub(super) fn begins_afresh(&self) -> bool {
        let Some((last, before)) = self.tokens.split_last() else { return false };
        self.interpolations.is_empty() && recent::is_fresh(before, last, self.stream.source)
    }

    /// Reads one token; false at the end.
    pub(super) fn next(&mut self) -> bool {
        let in_text = self.state.is_within_text_terminated_by.is_some();
        if !in_text {
            let rest = &self.stream.source[self.stream.at..];
            self.stream.at += rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_whitespace()).len();
        }
        let start = self.stream.at;
        if start == self.stream.source.len() {
            return false;
        }
        if !in_text && self.stream.source[start..].starts_with("//!") {
            // The tokenizer swallows these: they document the whole file.
            let rest = &self.stream.source[start..];
            self.stream.at += rest.find('\n').unwrap_or(rest.len());
            self.push_trimmed(start, Class::Comment, true);
            return true;
        }
        let (word, _) = get_next_token(&mut self.stream, &mut self.state, &mut self.position);
        match word {
            Word::EOF => return false,
            Word::Comment(_) => {
                let closed = self.state.comment_level == 0;
                self.push_trimmed(start, Class::Comment, closed);
            }
            Word::InterpolatedString(_) => self.begin_interpolation(start),
            Word::StringConstant(_) | Word::CharConstant(_) => {
                let closed = self.state.is_within_text_terminated_by.take().is_none();
                self.push(start, self.stream.at, Class::String, closed);
            }
            Word::LexError(_) if matches!(self.byte(start), b'"' | b'\'') => self.recover_text(start),
            Word::LexError(_) => self.push_trimmed(start, Class::Wrong, true),
            Word::LeftBrace | Word::MapStart => {
                if let Some(depth) = self.interpolations.last_mut() {
                    *depth += 1;
                }
                self.push(start, self.stream.at, Class::Bracket, true);
            }
            Word::RightBrace => self.close_brace(start),
            Word::Unit => {
                self.push(start, start + 1, Class::Bracket, true);
                self.push(self.stream.at - 1, self.stream.at, Class::Bracket, true);
            }
            word => self.push(start, self.stream.at, class(&word), true),
        }
        true
    }

    fn byte(&self, at: usize) -> u8 {
        self.stream.source.as_bytes()[at]
    }

    fn push(&mut self, start: usize, end: usize, class: Class, closed: bool) {
        if end > start {
            self.tokens.push(Token { start, end, class, closed });
        }
    }

    fn push_trimmed(&mut self, start: usize, class: Class, closed: bool) {
        let text = &self.stream.source[start..self.stream.at];
        let end = if closed { start + text.trim_end().len() } else { self.stream.at };
        self.push(start, end, class, closed);
    }

    /// The tokenizer has read up to the `$`; the brace is its next token.
    fn begin_interpolation(&mut self, start: usize) {
        let dollar = self.stream.at - 1;
        self.push(start, dollar, Class::String, true);
        let _ = get_next_token(&mut self.stream, &mut self.state, &mut self.position);
        self.push(dollar, self.stream.at, Class::Interpolation, true);
        self.interpolations.push(0);
    }

    fn close_brace(&mut self, start: usize) {
        let class = match self.interpolations.last_mut() {
            Some(0) => {
                self.interpolations.pop();
                self.state.is_within_text_terminated_by = Some("`".into());
                Class::Interpolation
            }
            Some(depth) => {
                *depth -= 1;
                Class::Bracket
            }
            None => Class::Bracket,
        };
        self.push(start, self.stream.at, class, true);
    }

    /// Finds the end of a text that the tokenizer gave up on: its quote, or the end of the line.
    fn recover_text(&mut self, start: usize) {
        let quote = char::from(self.byte(start));
        let mut escaped = false;
        let mut end = self.stream.source.len();
        let mut closed = false;
        for (offset, letter) in self.stream.source[start + 1..].char_indices() {
            let at = start + 1 + offset;
            if letter == '\n' || letter == quote && !escaped {
                closed = letter == quote;
                end = at + usize::from(closed);
                break;
            }
            escaped = letter == '\\' && !escaped;
        }
        self.state.is_within_text_terminated_by = None;
        self.stream.at = end;
        self.push(start, end, Class::String, closed);
    }
}

fn class(word: &Word) -> Class {
    match word {
        Word::IntegerConstant(_) | Word::FloatConstant(_) => Class::Number,
        Word::Identifier(_) => Class::Variable,
        Word::Reserved(text) if rhai::is_valid_identifier(text) => Class::Keyword,
        Word::True | Word::False | Word::As | Word::In => Class::Keyword,
        Word::LeftParen
        | Word::RightParen
        | Word::LeftBracket
        | Word::RightBracket
        | Word::QuestionBracket => Class::Bracket,
        Word::Comma
        | Word::SemiColon
        | Word::Colon
        | Word::DoubleColon
        | Word::Period
        | Word::Elvis
        | Word::DoubleArrow => Class::Punctuation,
        word if word.is_standard_keyword() => Class::Keyword,
        _ => Class::Operator,
    }
}

/// Tells names apart by their neighbours.
fn name(tokens: &mut [Token], source: &str) {
    for index in 0..tokens.len() {
        let token = tokens[index];
        if !matches!(token.class, Class::Variable | Class::Keyword) {
            continue;
        }
        let text_at = |index: usize| tokens.get(index).map_or("", |token| token.text(source));
        let before = index.checked_sub(1).map_or("", &text_at);
        let after = text_at(index + 1);
        let called = after == "(" || after == "!" && text_at(index + 2) == "(";
        if token.class == Class::Keyword && !(called && is_callable(token.text(source))) {
            continue;
        }
        tokens[index].class = match (before, after) {
            ("." | "?.", _) if called => Class::Method,
            (_, "::") => Class::Module,
            ("." | "?.", _) | ("#{" | ",", ":") => Class::Property,
            _ if called => Class::Call,
            _ => Class::Variable,
        };
    }
}

/// True for the words of the language that are called like functions.
fn is_callable(word: &str) -> bool {
    matches!(word, "print" | "debug" | "type_of" | "eval" | "call" | "curry" | "Fn")
        || word.starts_with("is_")
}
