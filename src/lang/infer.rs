//! What stands at a cursor: for completion, hints and help on a half-typed line.
//!
//! Unfinished code has no syntax tree, so this walks over pieces of source, backwards from the cursor: to the
//! start of the value before a dot, to the call whose argument is being typed, to the declaration of a
//! variable. Types follow the same catalog and the same rules as `check`. Nothing is run and nothing is asked
//! of the host.

mod block;
mod declare;
mod example;
pub mod live;
mod reader;
mod value;

use rhai::{AST, Scope};

use super::catalog::{Catalog, Entry, module_entries};
use super::options::{OptionSpec, OptionTable};
use super::tokens::Class;
use super::types::Type;
use reader::Reader;
pub use value::EVENT;

/// Where a cursor stands. `typed` is what is there of the word to complete, `start` the byte where it begins.
#[derive(Debug, Clone)]
pub enum Place {
    /// Where nothing can be completed: in a comment, a number, a new name.
    Nothing,
    /// Where a variable, function or keyword may stand.
    Word {
        /// What is typed of it.
        typed: String,
        /// Where it begins.
        start: usize,
        /// The variables that can be used here with their types, the nearest first.
        variables: Vec<(String, Type)>,
        /// The functions that this source declares.
        functions: Vec<String>,
        /// The modules that this source has imported, by alias.
        modules: Vec<String>,
        /// The option whose value is wanted here.
        option: Option<&'static OptionSpec>,
    },
    /// After a dot.
    Member {
        /// The type of the value before the dot.
        receiver: Type,
        /// Its source text, or that of a value like it, for looking up a live one.
        source: String,
        /// What is typed of the member's name.
        typed: String,
        /// Where it begins.
        start: usize,
    },
    /// After `::`.
    Namespace {
        /// What stands before the `::`.
        path: String,
        /// The module path, where this source imported it under that alias.
        module: Option<String>,
        /// What is typed of the function's name.
        typed: String,
        /// Where it begins.
        start: usize,
    },
    /// In the path of an `import`.
    ImportPath {
        /// What is typed of it.
        typed: String,
        /// Where it begins, behind the quote.
        start: usize,
    },
    /// In a text that is an argument of a call, or an element of an array that is one.
    Text {
        /// The call.
        call: Call,
        /// Which argument it is, from 0.
        argument: usize,
        /// What is typed of it.
        typed: String,
        /// Where it begins, behind the quote.
        start: usize,
    },
    /// In a text that a property is compared with.
    Compared {
        /// The type of the value that has the property.
        receiver: Type,
        /// The property.
        property: String,
        /// What is typed of the text.
        typed: String,
        /// Where it begins, behind the quote.
        start: usize,
    },
    /// In a text between `[` and `]` behind a value.
    IndexText {
        /// The type of the value.
        receiver: Type,
        /// Its source text.
        source: String,
        /// What is typed of the text.
        typed: String,
        /// Where it begins, behind the quote.
        start: usize,
    },
    /// At a key of an options map.
    OptionKey {
        /// The call.
        call: Call,
        /// Its options.
        table: &'static OptionTable,
        /// The keys that the map has already.
        used: Vec<String>,
        /// What is typed of the key.
        typed: String,
        /// Where it begins.
        start: usize,
    },
    /// In a text that is the value of an option, or an element of a list that is one.
    OptionValue {
        /// The call.
        call: Call,
        /// The option.
        option: &'static OptionSpec,
        /// What is typed of the text.
        typed: String,
        /// Where it begins, behind the quote.
        start: usize,
    },
}

/// The call around a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The type of the value that it is a method of.
    pub receiver: Option<Type>,
    /// The source text of that value, empty for functions.
    pub source: String,
    /// The namespace in front of `::`, or empty.
    pub namespace: String,
    /// The name of the function.
    pub name: String,
    /// The text that its first argument is, where it is one.
    pub first: Option<String>,
}

impl Call {
    /// Returns the name under which the catalog lists it: `Domain.start`, `fs::read`, `domain`.
    pub fn path(&self) -> String {
        match &self.receiver {
            Some(receiver) => format!("{}.{}", receiver.name(), self.name),
            None if self.namespace.is_empty() => self.name.clone(),
            None => format!("{}::{}", self.namespace, self.name),
        }
    }
}

/// Finds out what stands at the end of `before`, which is the source up to the cursor.
///
/// Variables that the source does not declare are looked for in `scope`, and then asked of `known`.
pub fn place_at(
    before: &str,
    scope: &Scope,
    known: &dyn Fn(&str) -> Option<Type>,
    catalog: &Catalog,
) -> Place {
    let reader = Reader::new(before, scope, known, catalog);
    if reader.in_comment() {
        return Place::Nothing;
    }
    match reader.tokens.last() {
        Some(last) if last.class == Class::String && !last.closed => in_text(&reader),
        _ => at_word(&reader),
    }
}

/// A call whose arguments are being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calling {
    /// The call.
    pub call: Call,
    /// The types of its arguments so far; the last is the one that is being typed.
    pub given: Vec<Type>,
}

/// Returns the innermost call whose arguments are being typed at the end of `before`; for showing its signature.
pub fn call_around(
    before: &str,
    scope: &Scope,
    known: &dyn Fn(&str) -> Option<Type>,
    catalog: &Catalog,
) -> Option<Calling> {
    let reader = Reader::new(before, scope, known, catalog);
    let end = reader.tokens.len();
    let mut at = end;
    while let Some(open) = reader.opener(at) {
        if let Some(call) =
            Some(open).filter(|&open| reader.text(open) == "(").and_then(|open| reader.call_at(open))
        {
            let arguments = reader.split(open + 1, end, ",").into_iter();
            let type_of = |(start, end): (usize, usize)| {
                if start == end { Type::Any } else { reader.expression(start, end) }
            };
            return Some(Calling { call, given: arguments.map(type_of).collect() });
        }
        at = open;
    }
    None
}

/// Returns the type of the value that a whole expression gives, as far as it can be told without running it.
pub fn type_of_source(
    source: &str,
    scope: &Scope,
    known: &dyn Fn(&str) -> Option<Type>,
    catalog: &Catalog,
) -> Type {
    let reader = Reader::new(source, scope, known, catalog);
    reader.expression(0, reader.tokens.len())
}

/// Returns the type of the value that a program gives, that of its last statement, as far as it can be told
/// without running it.
pub fn type_of_program(source: &str, scope: &Scope, catalog: &Catalog) -> Type {
    let reader = Reader::new(source, scope, &|_| None, catalog);
    match reader.last_value(0, reader.tokens.len()) {
        Some(Type::Nothing) | None => Type::Any,
        Some(type_) => type_,
    }
}

/// Returns the functions and methods that a source declares, with the types of what they give; `ast` is the
/// same source parsed.
pub fn declared_functions(source: &str, ast: &AST, catalog: &Catalog) -> Vec<Entry> {
    let scope = Scope::new();
    let reader = Reader::new(source, &scope, &|_| None, catalog);
    let mut entries = module_entries("", ast);
    for entry in &mut entries {
        entry.module = None;
        for overload in entry.overloads.iter_mut().filter(|overload| overload.returns.is_any()) {
            let params = overload.params.len();
            let result = reader.declared_result(entry.receiver.as_ref(), &entry.name, params);
            overload.returns = result.unwrap_or(Type::Any);
        }
    }
    entries
}

/// The cursor stands behind code: at the end of a word, or where one may begin.
fn at_word(reader: &Reader) -> Place {
    let end = reader.source.len();
    let count = reader.tokens.len();
    let is_typed = reader.tokens.last().is_some_and(|last| last.end == end && reader.is_word(count - 1));
    let (at, start) = if is_typed { (count - 1, reader.tokens[count - 1].start) } else { (count, end) };
    let typed = reader.source[start..].to_string();
    let before = reader.before(at);
    let glued = at > 0 && reader.tokens[at - 1].end == start && reader.tokens[at - 1].class == Class::Number;
    match before {
        "." | "?." => reader.member(at - 1, typed, start),
        "::" => reader.namespace(at - 1, typed, start),
        "let" | "const" | "fn" | "for" | "as" | "import" => Place::Nothing,
        _ if glued => Place::Nothing,
        "#{" | "," if reader.opener(at).is_some_and(|open| reader.text(open) == "#{") => {
            option_key(reader, at, typed, start)
        }
        _ if !is_typed && at > 0 && reader.ends_value(at - 1) && before != "}" => Place::Nothing,
        _ => Place::Word {
            variables: reader.visible(at),
            functions: reader.declared_functions(),
            modules: reader.imports().into_iter().map(|(alias, _)| alias).collect(),
            option: option_at(reader, at).map(|(_, option)| option),
            typed,
            start,
        },
    }
}

/// The cursor stands in a text that is not closed, which is the last piece.
fn in_text(reader: &Reader) -> Place {
    let at = reader.tokens.len() - 1;
    let text = reader.text(at);
    let hashes = text.len() - text.trim_start_matches('#').len();
    if !text[hashes..].starts_with(['"', '`', '\'']) {
        // The rest of a text behind `${…}`.
        return Place::Nothing;
    }
    let quote = hashes + 1;
    let start = reader.tokens[at].start + quote;
    let typed = reader.source[start..].to_string();
    let before = reader.before(at);
    if before == "import" {
        return Place::ImportPath { typed, start };
    }
    if let Some((receiver, property)) = compared(reader, at) {
        return Place::Compared { receiver, property, typed, start };
    }
    let Some(open) = reader.opener(at) else { return Place::Nothing };
    match (reader.text(open), before) {
        ("#{", "#{" | ",") => option_key(reader, at, typed, start),
        ("#{", ":") => option_value(reader, at, typed, start),
        ("(", "(" | ",") => match reader.call_at(open) {
            Some(call) => Place::Text { call, argument: reader.argument(open, at), typed, start },
            None => Place::Nothing,
        },
        ("[" | "?[", "[" | "?[") if open > 0 && reader.ends_value(open - 1) => {
            let first = reader.value_start(open);
            let receiver = reader.expression(first, open);
            Place::IndexText { receiver, source: reader.source_of(first, open), typed, start }
        }
        ("[", "[" | ",") => match (reader.before(open), reader.opener(open)) {
            (":", _) => option_value(reader, open, typed, start),
            ("(" | ",", Some(outer)) if reader.text(outer) == "(" => match reader.call_at(outer) {
                Some(call) => Place::Text { call, argument: reader.argument(outer, open), typed, start },
                None => Place::Nothing,
            },
            _ => Place::Nothing,
        },
        _ => Place::Nothing,
    }
}

/// Returns the property that the text at `at` is compared with, `vm.state == "…"`, and whose it is.
fn compared(reader: &Reader, at: usize) -> Option<(Type, String)> {
    let operator = at.checked_sub(1).filter(|&before| matches!(reader.text(before), "==" | "!="))?;
    let property = operator.checked_sub(1).filter(|&property| reader.is_name(property))?;
    let dot = property.checked_sub(1).filter(|&dot| matches!(reader.text(dot), "." | "?."))?;
    let receiver = reader.expression(reader.value_start(dot), dot);
    Some((receiver, reader.text(property).to_string()))
}

/// The cursor stands at a key of the map that is open there.
fn option_key(reader: &Reader, at: usize, typed: String, start: usize) -> Place {
    let Some(map) = reader.opener(at) else { return Place::Nothing };
    let Some((call, table)) = options_of(reader, map) else { return Place::Nothing };
    let used = reader.keys(map, at);
    Place::OptionKey { call, table, used, typed, start }
}

fn option_value(reader: &Reader, at: usize, typed: String, start: usize) -> Place {
    let found = reader.opener(at).and_then(|map| options_of(reader, map)).zip(option_at(reader, at));
    match found {
        Some(((call, _), (_, option))) => Place::OptionValue { call, option, typed, start },
        None => Place::Nothing,
    }
}

/// Returns the option whose value begins at `at`: there is `key:` before it in an options map.
fn option_at(reader: &Reader, at: usize) -> Option<(&'static OptionTable, &'static OptionSpec)> {
    let map = reader.opener(at).filter(|&open| reader.text(open) == "#{" && reader.before(at) == ":")?;
    let (_, table) = options_of(reader, map)?;
    let key = reader.text(at.checked_sub(2)?).trim_matches('"');
    Some((table, table.spec(key)?))
}

/// Returns the call and the table that a map literal belongs to as an argument.
fn options_of(reader: &Reader, map: usize) -> Option<(Call, &'static OptionTable)> {
    let open = reader.opener(map).filter(|&open| reader.text(open) == "(")?;
    if !matches!(reader.before(map), "(" | ",") {
        return None;
    }
    let call = reader.call_at(open)?;
    let table = reader.table(&call)?;
    Some((call, table))
}

#[cfg(test)]
mod tests;
