//! Parse errors in words that users understand, with what to do about them.

use rhai::{LexError, ParseError, ParseErrorType, Position};

use super::{Finding, Text};
use crate::lang::catalog::Catalog;
use crate::lang::names;
use crate::lang::tokens::{Class, opens};

const CODE: &str = "syntax";

/// Words of other languages, and what Rhai has instead.
const FOREIGN: &[(&str, &str)] = &[
    ("_", "`_` is no variable: at the prompt the last value is `it`"),
    ("null", "the empty value is `()`"),
    ("nil", "the empty value is `()`"),
    ("void", "the empty value is `()`"),
    ("var", "variables are declared with `let`"),
    ("static", "constants are declared with `const`"),
    ("match", "choose with `switch value { 1 => …, _ => … }`"),
    ("case", "choose with `switch value { 1 => …, _ => … }`"),
    ("and", "write `&&`"),
    ("or", "write `||`"),
    ("not", "write `!`"),
    ("is", "compare with `==`, or ask `type_of(x) == \"…\"`"),
    ("elif", "write `else if`"),
    ("elsif", "write `else if`"),
    ("then", "write `if condition { … }`"),
    ("def", "functions are declared with `fn`"),
    ("function", "functions are declared with `fn`, closures are `|x| …`"),
    ("use", "modules are loaded with `import \"name\" as name;`"),
    ("?", "choose with `if condition { a } else { b }`"),
    ("++", "write `x += 1`"),
    ("--", "write `x -= 1`"),
    ("#", "comments begin with `//`, object maps with `#{`"),
    ("$", "names have no `$`; inside back-ticks a value is `${name}`"),
    ("|>", "call the function: `f(x)`"),
    ("~", "there is no `~`"),
    ("@", "there is no `@`"),
];

/// Turns a parse error into a finding.
pub(super) fn finding(error: &ParseError, text: &Text, catalog: &Catalog) -> Finding {
    let position = error.position();
    let context = Context { text, catalog, at: text.token_at(position), position };
    context
        .word_of_rhai(error.err_type())
        .or_else(|| context.glued_number())
        .or_else(|| context.foreign_word(error.err_type()))
        .or_else(|| context.by_kind(error.err_type()))
        .unwrap_or_else(|| context.here(lower_first(&error.err_type().to_string())))
}

/// Finds a comment that is never closed: Rhai takes it for the end of the script.
pub(super) fn unclosed_comment(text: &Text) -> Option<Finding> {
    let last = text.tokens.last().filter(|last| last.class == Class::Comment && !last.closed)?;
    let message = "this comment is not closed: the rest of the file is part of it".to_string();
    let range = last.start..last.start + 2;
    Some(text.finding_at(range, "unclosed_comment", message).hint("close it with `*/`; comments nest"))
}

struct Context<'a> {
    text: &'a Text<'a>,
    catalog: &'a Catalog,
    /// The piece of code at the error, or the one after it.
    at: usize,
    position: Position,
}

impl Context<'_> {
    fn here(&self, message: impl Into<String>) -> Finding {
        self.text.finding(self.position, CODE, message.into())
    }

    fn word(&self) -> &str {
        self.text.word(self.at)
    }

    fn previous(&self) -> Option<usize> {
        self.text.before(self.at)
    }

    fn previous_word(&self) -> &str {
        self.previous().map_or("", |index| self.text.word(index))
    }

    /// A word of the language where a name should stand: as key, method, property or variable.
    fn word_of_rhai(&self, error: &ParseErrorType) -> Option<Finding> {
        let word = match error {
            ParseErrorType::Reserved(word) => word.as_str(),
            ParseErrorType::PropertyExpected
            | ParseErrorType::VariableExpected
            | ParseErrorType::FnMissingName
            | ParseErrorType::MissingToken(..) => self.word(),
            _ => return None,
        };
        let before = self.previous_word();
        let is_key = self.text.word(self.at + 1) == ":" && matches!(before, "#{" | ",");
        let is_member = matches!(before, "." | "?.");
        let is_name = matches!(before, "let" | "const" | "fn" | "for" | "|" | "," | "(" | "as");
        let missing_token = matches!(error, ParseErrorType::MissingToken(..));
        if !names::is_rhai_word(word) || missing_token && !is_key && !is_member {
            return None;
        }
        let spelled = names::script_name(word);
        let hint = match (is_key, is_member, is_name) {
            (true, ..) => format!("write the key as `{spelled}` or `\"{word}\"`"),
            (_, true, _) => format!("write `{spelled}`: names that are words of Rhai end in an underscore"),
            (.., true) => format!("take another name, for example `{spelled}`"),
            _ => return None,
        };
        Some(self.here(format!("`{word}` is a word of Rhai and cannot be a name")).hint(hint))
    }

    /// `4GiB`: a number with letters right behind it.
    fn glued_number(&self) -> Option<Finding> {
        let number = self.text.tokens.get(self.previous()?)?;
        let unit = self.text.tokens.get(self.at)?;
        if number.class != Class::Number
            || number.end != unit.start
            || !self.word().starts_with(char::is_alphabetic)
        {
            return None;
        }
        let (digits, letters) = (number.text(self.text.source), self.word());
        let literal = format!("{digits}{letters}");
        let function = letters.to_lowercase();
        let hint = if self.catalog.function("", &function).is_some() {
            format!("write `{function}({digits})`, or the text \"{literal}\" where a size is wanted")
        } else {
            format!("write the text \"{literal}\" where a size or duration is wanted")
        };
        let message = format!("`{literal}` is not a number");
        Some(self.text.finding_at(number.start..unit.end, CODE, message).hint(hint))
    }

    /// A word or sign that other languages have.
    fn foreign_word(&self, error: &ParseErrorType) -> Option<Finding> {
        let word = match error {
            ParseErrorType::Reserved(word)
            | ParseErrorType::UnknownOperator(word)
            | ParseErrorType::BadInput(LexError::UnexpectedInput(word)) => word.as_str(),
            ParseErrorType::MissingToken(..) | ParseErrorType::VariableExpected => self.word(),
            _ => return None,
        };
        // `def f()` and `elif x` are seen only at the word after them.
        let previous = self.previous_word();
        let (word, hint) = FOREIGN.iter().copied().find(|(known, _)| *known == word || *known == previous)?;
        Some(self.here(format!("Rhai has no `{word}`")).hint(hint))
    }

    fn by_kind(&self, error: &ParseErrorType) -> Option<Finding> {
        Some(match error {
            ParseErrorType::UnexpectedEOF => self.unclosed()?,
            ParseErrorType::MissingToken(token, purpose) => self.missing(token, purpose),
            ParseErrorType::BadInput(error) => self.bad_input(error)?,
            ParseErrorType::AssignmentToConstant(name) => self.constant(name),
            ParseErrorType::AssignmentToInvalidLHS(_) => self.not_assignable(),
            ParseErrorType::WrongFnDefinition => self
                .here("functions can be declared at the top level only")
                .hint("inside a block, keep a closure: `let f = |x| …;` and call it with `f.call(x)`"),
            ParseErrorType::WrongDocComment => {
                self.here("a `///` comment must stand right before a function").hint("write `//` here")
            }
            ParseErrorType::DuplicatedProperty(key) => self.here(format!("the key `{key}` is given twice")),
            ParseErrorType::VariableExpected => self.here("the name of a variable is missing here"),
            ParseErrorType::PropertyExpected => self.here("a name is missing here"),
            ParseErrorType::LoopBreak => self.here("`break` and `continue` stand inside loops only"),
            ParseErrorType::MismatchedType(wanted, _) if wanted.contains("boolean") => self
                .here("a condition must be true or false")
                .hint("compare: `x != 0`, `x != ()`, `!text.is_empty()`"),
            ParseErrorType::ExprTooDeep => {
                self.here("this is nested too deeply").hint("give parts of it names with `let`")
            }
            ParseErrorType::FnDuplicatedDefinition(name, count) => {
                self.here(format!("there is a function `{name}` with {count} parameters already"))
            }
            _ => return None,
        })
    }

    /// Names the bracket that is open where the file ends.
    fn unclosed(&self) -> Option<Finding> {
        let mut open = Vec::new();
        for token in &self.text.tokens {
            match opens(token, self.text.source) {
                Some(true) => open.push(token),
                Some(false) => {
                    open.pop();
                }
                None => {}
            }
        }
        let bracket = open.pop()?;
        let word = bracket.text(self.text.source);
        let closing = match word {
            "(" => ")",
            "[" | "?[" => "]",
            _ => "}",
        };
        let message = format!("this `{word}` is not closed");
        let range = bracket.start..bracket.end;
        Some(self.text.finding_at(range, CODE, message).hint(format!("a `{closing}` is missing")))
    }

    fn missing(&self, token: &str, purpose: &str) -> Finding {
        if self.at >= self.text.tokens.len()
            && let Some(unclosed) = self.unclosed()
        {
            return unclosed;
        }
        if token == ";" {
            return self.missing_semicolon();
        }
        let purpose = purpose.replace("this object map literal", "this map").replace("property", "key");
        self.here(format!("`{token}` is missing {purpose}")).maybe(self.after_try())
    }

    fn missing_semicolon(&self) -> Finding {
        if let Some(closer) = self.stray_closer() {
            return closer;
        }
        let message = "a `;` is missing at the end of this statement".to_string();
        let Some(previous) = self.previous() else { return self.here(message) };
        let end = self.text.tokens[previous].end;
        let last = self.text.tokens[previous].text(self.text.source).chars().next_back();
        let start = end - last.map_or(1, char::len_utf8);
        let finding = self.text.finding_at(start..end, CODE, message);
        match self.word() {
            "=" => finding
                .hint("variables are declared with `let`, and only names, keys and elements are assigned to"),
            "" => finding,
            word => finding.hint(format!("statements end in `;`, and `{word}` cannot follow here")),
        }
    }

    fn stray_closer(&self) -> Option<Finding> {
        let closer = self.word();
        let opener = match closer {
            "}" => "{",
            ")" => "(",
            "]" => "[",
            _ => return None,
        };
        Some(self.here(format!("there is no `{opener}` for this `{closer}`")))
    }

    fn after_try(&self) -> Option<String> {
        let words = self.text.tokens.iter().rev().map(|token| token.text(self.text.source));
        (self.at >= self.text.tokens.len() && words.into_iter().any(|word| word == "try"))
            .then(|| "`try { … }` needs `catch (e) { … }` behind it".into())
    }

    fn bad_input(&self, error: &LexError) -> Option<Finding> {
        Some(match error {
            LexError::UnterminatedString => self
                .here("this text is not closed")
                .hint("close it with its quote; texts over several lines stand in back-ticks"),
            LexError::MalformedEscapeSequence(sequence) => self
                .here(format!("`{sequence}` is no escape sequence"))
                .hint("write `\\\\` for a backslash, or put the text into back-ticks"),
            LexError::MalformedChar(_) => {
                self.here("one character stands in `'…'`").hint("texts stand in `\"…\"` or back-ticks")
            }
            LexError::MalformedNumber(number) => self.here(format!("`{number}` is not a number")),
            LexError::UnexpectedInput(word) if word == "try" => self
                .here("`try` is a statement and has no value")
                .hint("write `attempt(|| …)`, which gives `#{ ok, value }` or `#{ ok, error }`"),
            LexError::UnexpectedInput(word) => {
                self.stray_closer().unwrap_or_else(|| self.here(format!("`{word}` cannot stand here")))
            }
            LexError::ImproperSymbol(symbol, message) if symbol == "=" && message.contains("==") => {
                self.here("`=` assigns and cannot stand in an expression").hint("compare with `==`")
            }
            _ => return None,
        })
    }

    fn constant(&self, name: &str) -> Finding {
        let message = if name.is_empty() {
            "a constant cannot be assigned to".into()
        } else {
            format!("`{name}` is a constant and cannot be assigned to")
        };
        let hint = self.setter().unwrap_or_else(|| "declare it with `let` if it is to change".into());
        self.here(message).hint(hint)
    }

    fn not_assignable(&self) -> Finding {
        let hint = self.setter().unwrap_or_else(|| "keep it in a variable first: `let x = …;`".into());
        self.here("the result of a call cannot be assigned to").hint(hint)
    }

    /// Finds the property in `….property = …` behind the error, and says how it can be set by a call.
    fn setter(&self) -> Option<String> {
        let equals = (self.at..self.text.tokens.len()).find(|&index| self.text.word(index) == "=")?;
        let property =
            self.text.before(equals).filter(|&index| self.text.tokens[index].class == Class::Property)?;
        Some(format!("call `.set_{}(…)` instead", self.text.word(property)))
    }
}

fn lower_first(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}
