//! Text → [`Route`], by recursive descent; how deep it goes is limited.

use super::{Condition, Path, Predicate, Route, Step, Test, Value};
use crate::error::{Error, Result, code};
use crate::xml::chars::{first_forbidden, name_length};

/// Reads a whole path.
pub(super) fn parse(text: &str) -> Result<Route> {
    if let Some((at, c)) = first_forbidden(text) {
        let found = format!("the character U+{:04X}", u32::from(c));
        return Err(wrong(text, at, "a character that XML can carry", &found));
    }
    let mut parser = Parser { text, at: 0, depth: 0 };
    parser.skip_space();
    let route = parser.route()?;
    parser.skip_space();
    if parser.rest().is_empty() {
        return Ok(route);
    }
    let last = route.steps.last().map(|step| &step.test);
    Err(match last {
        Some(Test::Attribute(_) | Test::AnyAttribute) => parser.expected("the end: `@…` ends a path"),
        Some(Test::Text) => parser.expected("the end: `text()` ends a path"),
        _ if parser.rest().starts_with('|') => {
            parser.expected("`/` or the end; look up each path on its own instead of `|`")
        }
        _ if parser.rest().starts_with("::") => {
            parser.expected("`/` or the end; of XPath's axes there are `//`, `..` and `@`")
        }
        _ => parser.expected("`/`, `[` or the end"),
    })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_ascii_start().len();
    }

    /// Takes `token` if it is next, and the white space behind it.
    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
            self.skip_space();
        }
        found
    }

    fn demand(&mut self, token: &str) -> Result<()> {
        if self.take(token) { Ok(()) } else { Err(self.expected(&format!("`{token}`"))) }
    }

    fn expected(&self, what: &str) -> Error {
        let found = match self.rest().chars().next() {
            Some(c) => format!("`{c}`"),
            None => "the end".to_owned(),
        };
        wrong(self.text, self.at, what, &found)
    }

    /// Goes one bracket deeper for as long as `inner` takes.
    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == Path::DEEPEST {
            return Err(self.expected(&format!("at most {} brackets inside each other", Path::DEEPEST)));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn route(&mut self) -> Result<Route> {
        let absolute = self.rest().starts_with('/');
        let mut deep = self.take("//");
        if absolute && !deep {
            self.take("/");
        }
        let mut steps = Vec::new();
        loop {
            if steps.len() == Path::MOST_STEPS {
                return Err(self.expected(&format!("at most {} steps", Path::MOST_STEPS)));
            }
            let step = self.step(deep)?;
            let ends = matches!(step.test, Test::Attribute(_) | Test::AnyAttribute | Test::Text);
            steps.push(step);
            let before = self.at;
            self.skip_space();
            if ends || !self.rest().starts_with('/') {
                self.at = before;
                return Ok(Route { absolute, steps });
            }
            deep = self.take("//");
            if !deep {
                self.take("/");
            }
        }
    }

    fn step(&mut self, deep: bool) -> Result<Step> {
        let start = self.at;
        let test = self.test()?;
        let mut predicates = Vec::new();
        loop {
            let before = self.at;
            self.skip_space();
            if !self.rest().starts_with('[') {
                self.at = before;
                break;
            }
            if !matches!(test, Test::Name(_) | Test::AnyElement) {
                return Err(self.expected("no `[`: only a name or `*` can have a predicate"));
            }
            self.take("[");
            predicates.push(self.deeper(Self::predicate)?);
            if !self.rest().starts_with(']') {
                return Err(self.expected("`]`, `and`, `or`, `=` or `!=`"));
            }
            self.at += 1;
        }
        Ok(Step { deep, test, predicates, text: self.text[start..self.at].into() })
    }

    fn test(&mut self) -> Result<Test> {
        for (token, test) in [
            ("..", Test::Parent),
            (".", Test::Itself),
            ("@*", Test::AnyAttribute),
            ("*", Test::AnyElement),
            ("text()", Test::Text),
        ] {
            if self.rest().starts_with(token) {
                self.at += token.len();
                return Ok(test);
            }
        }
        if self.rest().starts_with('@') {
            self.at += 1;
            return Ok(Test::Attribute(self.name("the name of an attribute or `*`")?.into()));
        }
        let start = self.at;
        let name = self.name("a name, `*`, `@…`, `text()`, `.` or `..`")?;
        if self.rest().starts_with('(') {
            self.at = start;
            return Err(self.expected("a step; of XPath's functions only `text()` can be one"));
        }
        Ok(Test::Name(name.into()))
    }

    fn name(&mut self, expected: &str) -> Result<&'a str> {
        let mut name = &self.rest()[..name_length(self.rest())];
        // XPath's axes (`child::a`) look like a name with colons, which would never match.
        if let Some(axis) = name.find("::") {
            name = &name[..axis];
        }
        if name.is_empty() {
            return Err(self.expected(expected));
        }
        self.at += name.len();
        Ok(name)
    }

    fn predicate(&mut self) -> Result<Predicate> {
        if self.take("last()") {
            if !self.rest().starts_with(']') {
                return Err(self.expected("`]`"));
            }
            return Ok(Predicate::Last);
        }
        let start = self.at;
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && self.rest()[digits..].trim_ascii_start().starts_with(']') {
            let position = self.rest()[..digits].parse().ok().filter(|&position| position > 0);
            let Some(position) = position else {
                return Err(wrong(self.text, start, "a position from 1 on", &self.rest()[..digits]));
            };
            self.at += digits;
            self.skip_space();
            return Ok(Predicate::Position(position));
        }
        Ok(Predicate::Holds(self.condition()?))
    }

    fn condition(&mut self) -> Result<Condition> {
        let mut parts = vec![self.conjunction()?];
        while self.take_word("or") {
            parts.push(self.conjunction()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::Or(parts) })
    }

    fn conjunction(&mut self) -> Result<Condition> {
        let mut parts = vec![self.comparison()?];
        while self.take_word("and") {
            parts.push(self.comparison()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::And(parts) })
    }

    /// Takes the word as an operator: nothing that goes on like a name.
    fn take_word(&mut self, word: &str) -> bool {
        name_length(self.rest()) == word.len() && self.take(word)
    }

    /// Takes `name` and `(` if they are next: otherwise `name` may be an element.
    fn take_function(&mut self, name: &str) -> bool {
        let is_call = self.rest().strip_prefix(name).is_some_and(|r| r.trim_ascii_start().starts_with('('));
        is_call && self.take(name) && self.take("(")
    }

    fn comparison(&mut self) -> Result<Condition> {
        if self.take_function("not") {
            let inner = self.deeper(Self::condition)?;
            self.demand(")")?;
            return Ok(Condition::Not(Box::new(inner)));
        }
        for (name, make) in [
            ("contains", Condition::Contains as fn(Value, Value) -> Condition),
            ("starts-with", Condition::StartsWith),
        ] {
            if self.take_function(name) {
                let text = self.deeper(Self::value)?;
                self.demand(",")?;
                let part = self.deeper(Self::value)?;
                self.demand(")")?;
                return Ok(make(text, part));
            }
        }
        if self.take("(") {
            let inner = self.deeper(Self::condition)?;
            self.demand(")")?;
            return Ok(inner);
        }
        let left = self.value()?;
        let equal = match (self.take("!="), self.rest().starts_with('=')) {
            (true, _) => false,
            (false, true) => self.take("="),
            (false, false) => return Ok(Condition::Is(left)),
        };
        Ok(Condition::Compare { left, equal, right: self.value()? })
    }

    fn value(&mut self) -> Result<Value> {
        let value = match self.rest().bytes().next() {
            Some(b'\'' | b'"') => Value::Text(self.quoted()?.into()),
            Some(b'0'..=b'9' | b'-') => self.number()?,
            _ => {
                let start = self.at;
                let route = self.route();
                let is_bare = self.at == start && !self.rest().is_empty();
                Value::Route(route.map_err(|error| {
                    if is_bare { error.hint("texts stand in quotes: [@dev='vda']") } else { error }
                })?)
            }
        };
        self.skip_space();
        Ok(value)
    }

    fn quoted(&mut self) -> Result<String> {
        let start = self.at;
        let quote = &self.rest()[..1];
        let mut text = String::new();
        loop {
            self.at += 1;
            let Some(length) = self.rest().find(quote) else {
                return Err(wrong(self.text, start, &format!("a closing {quote}"), "the end"));
            };
            text.push_str(&self.rest()[..length]);
            self.at += length + 1;
            if !self.rest().starts_with(quote) {
                return Ok(text);
            }
            text.push_str(quote);
        }
    }

    fn number(&mut self) -> Result<Value> {
        let length =
            self.rest().bytes().take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-')).count();
        let Ok(number) = self.rest()[..length].parse() else {
            return Err(self.expected("a number such as 4 or 0.5, or a text in quotes"));
        };
        self.at += length;
        Ok(Value::Number(number))
    }
}

/// Says what was expected where, and shows the place under the path.
fn wrong(text: &str, at: usize, expected: &str, found: &str) -> Error {
    const SHOWN: usize = 60;
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let before: Vec<char> = text[..at].chars().map(printable).collect();
    let (cut, dots) = match before.len().checked_sub(SHOWN) {
        None | Some(0) => (0, ""),
        Some(more) => (more, "…"),
    };
    let before: String = dots.chars().chain(before[cut..].iter().copied()).collect();
    let after: String = text[at..].chars().map(printable).take(SHOWN).collect();
    let column = text[..at].chars().count() + 1;
    let caret = " ".repeat(unicode_width::UnicodeWidthStr::width(before.as_str()));
    Error::new(
        code::XML,
        format!(
            "wrong path, column {column}: expected {expected}, found {found}\n  {before}{after}\n  {caret}^"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(path: &str) -> String {
        parse(path).expect_err(path).to_string()
    }

    #[test]
    fn the_documented_forms_are_read() {
        for path in [
            "name",
            "devices/disk/source/@file",
            "/domain/devices",
            "//mac/@address",
            ".//mac",
            "*",
            ".",
            "..",
            "../@type",
            "@*",
            "name/text()",
            "disk[3]",
            "disk[ last() ]",
            "disk[@device]",
            "disk[@device='cdrom'][2]",
            "disk[target/@dev = \"vda\"]/source/@file",
            "memory[. = '4']",
            "disk[@a != 'x' and not(source) or (b and c)]",
            "disk[contains(source/@file, 'images')][starts-with(@x, 'y')]",
            "vcpu[. = 4]",
            "cell[@id=-1.5]",
            "qemu:commandline/qemu:arg[@value='it''s']",
            "a[and and or]",
            "a[not]",
            "a[text()='x']",
            " a / b // c [ 1 ] ",
            "a-b.c/_d",
        ] {
            assert!(parse(path).is_ok(), "{path}: {:?}", parse(path));
        }
    }

    #[test]
    fn a_wrong_path_shows_the_place_and_what_was_expected() {
        assert_eq!(
            message("devices/disk[@device=]/x"),
            "wrong path, column 22: expected a name, `*`, `@…`, `text()`, `.` or `..`, found `]`\n  \
             devices/disk[@device=]/x\n                       ^"
        );
        for (path, start) in [
            ("", "wrong path, column 1: expected a name, `*`, `@…`, `text()`, `.` or `..`, found the end"),
            ("/", "wrong path, column 2: expected a name"),
            ("a//", "wrong path, column 4: expected a name"),
            ("a[", "wrong path, column 3: expected a name"),
            ("a[1", "wrong path, column 4: expected `]`, `and`, `or`, `=` or `!=`, found the end"),
            ("a[0]", "wrong path, column 3: expected a position from 1 on, found 0"),
            ("a[@x='v]", "wrong path, column 6: expected a closing ', found the end"),
            ("a b", "wrong path, column 3: expected `/`, `[` or the end, found `b`"),
            ("@x/y", "wrong path, column 3: expected the end: `@…` ends a path, found `/`"),
            ("@x[1]", "wrong path, column 3: expected no `[`"),
            ("child::a", "wrong path, column 6: expected `/` or the end; of XPath's axes"),
            ("a|b", "wrong path, column 2: expected `/` or the end; look up each path"),
            ("count(a)", "wrong path, column 1: expected a step; of XPath's functions"),
            ("a[@x>1]", "wrong path, column 5: expected `]`, `and`, `or`, `=` or `!=`, found `>`"),
            ("a[not(b]", "wrong path, column 8: expected `)`, found `]`"),
            ("a\0", "wrong path, column 2: expected a character that XML can carry"),
        ] {
            assert!(message(path).starts_with(start), "{path}: {}", message(path));
        }
    }

    #[test]
    fn depth_and_length_are_limited() {
        let deep = format!("a{}1{}", "[not(b".repeat(50_000), ")]".repeat(50_000));
        assert!(message(&deep).contains("at most 32 brackets inside each other"));
        let parentheses = format!("a[{}b", "(".repeat(50_000));
        assert!(message(&parentheses).contains("at most 32 brackets"));
        assert!(message(&"a/".repeat(50_000)).contains("at most 256 steps"));
    }

    #[test]
    fn a_long_path_is_shown_around_the_place() {
        let message = message(&format!("{}]", "a/".repeat(100)));
        assert!(message.contains("\n  …a/a/"), "{message}");
        assert!(message.lines().all(|line| line.chars().count() < 130), "{message}");
    }
}
