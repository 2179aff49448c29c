//! The path language: a subset of XPath 1.0, with XPath's meaning for everything in it.
//!
//! ```text
//! path       = [ "/" | "//" ] step { ( "/" | "//" ) step }
//! step       = "." | ".." | "@" name | "@*" | "text()" | ( name | "*" ) { "[" predicate "]" }
//! predicate  = number | "last()" | condition
//! condition  = part { "or" part }            part = test { "and" test }
//! test       = "not(" condition ")" | "(" condition ")"
//!            | "contains(" value "," value ")" | "starts-with(" value "," value ")"
//!            | value [ ( "=" | "!=" ) value ]
//! value      = path | "'" text "'" | '"' text '"' | number
//! ```
//!
//! - `/domain/devices` starts at the document, `//mac` looks at every depth of the document and
//!   `.//mac` at every depth below the node at hand; any other path starts at the node at hand,
//!   which for a document is its root element: `devices/disk`, not `domain/devices/disk`.
//! - `@x` and `text()` give strings and end a path; other steps give elements.
//! - Positions count from 1 among the matches below one parent: `disk[2]`, `disk[last()]`.
//! - A name is compared as written, prefix included: `qemu:commandline`.
//! - `path = 'v'` holds when any match has that value, `path != 'v'` when any has another one;
//!   with a number both sides are compared as numbers. A path alone holds when it matches.
//! - A quote inside a quoted text is doubled, as in XPath 2: `'it''s'`.
//!
//! A path has at most [`Path::MOST_STEPS`] steps in a row and brackets [`Path::DEEPEST`] deep.

mod parse;
pub(super) mod select;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::error::Result;

/// A path that was read once and can be looked up in any document.
#[derive(Clone, Debug)]
pub struct Path {
    text: Box<str>,
    route: Route,
}

impl Path {
    /// Steps in a row, at most.
    pub const MOST_STEPS: usize = 256;
    /// Brackets and parentheses inside each other, at most.
    pub const DEEPEST: usize = 32;

    /// Reads a path.
    ///
    /// Errors: `xml` for a text that is no path of the language described in this module, with
    /// the place and what was expected there.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self { route: parse::parse(text)?, text: text.into() })
    }

    pub(super) fn route(&self) -> &Route {
        &self.route
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Steps from a start.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// Starts at the document whatever the node at hand.
    pub(super) absolute: bool,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(super) struct Step {
    /// The step was written behind `//`.
    pub(super) deep: bool,
    pub(super) test: Test,
    pub(super) predicates: Vec<Predicate>,
    /// The step as written, for messages.
    pub(super) text: Box<str>,
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    Name(Box<str>),
    AnyElement,
    Itself,
    Parent,
    Attribute(Box<str>),
    AnyAttribute,
    Text,
}

#[derive(Clone, Debug)]
pub(super) enum Predicate {
    Position(usize),
    Last,
    Holds(Condition),
}

#[derive(Clone, Debug)]
pub(super) enum Condition {
    Or(Vec<Condition>),
    And(Vec<Condition>),
    Not(Box<Condition>),
    /// The value is not empty: a path matches something, a text has characters, a number is not 0.
    Is(Value),
    Compare {
        left: Value,
        equal: bool,
        right: Value,
    },
    Contains(Value, Value),
    StartsWith(Value, Value),
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Route(Route),
    Text(Box<str>),
    Number(f64),
}

/// Writes a text as a quoted value of a path.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
