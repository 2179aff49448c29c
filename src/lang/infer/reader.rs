//! Source before a cursor, and moving about in it.

use std::cell::Cell;

use rhai::Scope;

use super::{Call, Place};
use crate::lang::catalog::{Catalog, Kind};
use crate::lang::options::OptionTable;
use crate::lang::tokens::{self, Class, Token, opens};
use crate::lang::types::Type;

/// How deeply values may be nested that still have a type.
const MAX_DEPTH: usize = 40;

/// Pieces of source without comments, and everything that types are known from.
pub(super) struct Reader<'a> {
    pub(super) source: &'a str,
    pub(super) tokens: Vec<Token>,
    /// For each bracket that has one, the index of its partner.
    partners: Vec<Option<usize>>,
    pub(super) scope: &'a Scope<'a>,
    pub(super) known: &'a dyn Fn(&str) -> Option<Type>,
    pub(super) catalog: &'a Catalog,
    /// How much more work may be done: code can refer to itself in circles.
    budget: Cell<usize>,
    /// How deeply the work is nested: as deeply as brackets in code that anybody may type.
    depth: Cell<usize>,
    ends_in_comment: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        source: &'a str,
        scope: &'a Scope<'a>,
        known: &'a dyn Fn(&str) -> Option<Type>,
        catalog: &'a Catalog,
    ) -> Self {
        let mut tokens = tokens::tokens(source);
        let ends_in_comment = tokens.last().is_some_and(|last| {
            let line = last.text(source).starts_with("//") && !source[last.end..].contains('\n');
            last.class == Class::Comment && (!last.closed || line)
        });
        tokens.retain(|token| token.class != Class::Comment);
        let partners = partners(&tokens, source);
        Self {
            source,
            tokens,
            partners,
            scope,
            known,
            catalog,
            budget: Cell::new(2000),
            depth: Cell::new(0),
            ends_in_comment,
        }
    }

    pub(super) fn in_comment(&self) -> bool {
        self.ends_in_comment
    }

    /// Returns the text of a piece, nothing past the end.
    pub(super) fn text(&self, index: usize) -> &'a str {
        self.tokens.get(index).map_or("", |token| token.text(self.source))
    }

    /// Returns the text of the piece before `index`.
    pub(super) fn before(&self, index: usize) -> &'a str {
        index.checked_sub(1).map_or("", |before| self.text(before))
    }

    /// Returns the source of some pieces.
    pub(super) fn range(&self, start: usize, end: usize) -> &'a str {
        match (self.tokens.get(start), end.checked_sub(1).and_then(|last| self.tokens.get(last))) {
            (Some(first), Some(last)) if start < end => &self.source[first.start..last.end],
            _ => "",
        }
    }

    pub(super) fn partner(&self, index: usize) -> Option<usize> {
        self.partners.get(index).copied().flatten()
    }

    /// True for a name or keyword.
    pub(super) fn is_word(&self, index: usize) -> bool {
        let text = self.text(index);
        self.tokens.get(index).is_some_and(|token| !matches!(token.class, Class::String | Class::Number))
            && text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
    }

    /// True for a word that is a name and not a keyword.
    pub(super) fn is_name(&self, index: usize) -> bool {
        self.is_word(index) && self.tokens[index].class != Class::Keyword
    }

    /// True where a piece can be the last of a value.
    pub(super) fn ends_value(&self, index: usize) -> bool {
        let Some(token) = self.tokens.get(index) else { return false };
        match token.class {
            Class::Number => true,
            Class::String => token.closed,
            Class::Bracket => opens(token, self.source) == Some(false),
            Class::Keyword => matches!(self.text(index), "this" | "true" | "false"),
            _ => self.is_name(index),
        }
    }

    /// Returns the innermost bracket that is open at `at`.
    pub(super) fn opener(&self, at: usize) -> Option<usize> {
        let mut index = at.min(self.tokens.len());
        while index > 0 {
            index -= 1;
            match opens(&self.tokens[index], self.source) {
                Some(true) => return Some(index),
                Some(false) => index = self.partner(index)?,
                None => {}
            }
        }
        None
    }

    /// Returns which argument of the call that opens at `open` contains `at`.
    pub(super) fn argument(&self, open: usize, at: usize) -> usize {
        self.split(open + 1, at, ",").len() - 1
    }

    /// Cuts a range at a separator that is in no inner bracket.
    pub(super) fn split(&self, start: usize, end: usize, separator: &str) -> Vec<(usize, usize)> {
        let mut parts = Vec::new();
        let mut from = start;
        let mut index = start;
        while index < end {
            if self.text(index) == separator {
                parts.push((from, index));
                from = index + 1;
            } else if self.text(index) == "|" && self.closure_params(index).is_some() {
                // The bars around parameters hold commas of their own.
                index = self.closure_params(index).map_or(index, |(close, _)| close);
            } else if opens(&self.tokens[index], self.source) == Some(true) {
                index = self.partner(index).filter(|&close| close < end).unwrap_or(end);
            }
            index += 1;
        }
        parts.push((from, end.max(from)));
        parts
    }

    /// Reads `|a, b|` from its first bar: the index of the second, and the names between.
    pub(super) fn closure_params(&self, open: usize) -> Option<(usize, Vec<usize>)> {
        if open > 0 && self.ends_value(open - 1) {
            return None;
        }
        let mut names = Vec::new();
        let mut index = open + 1;
        loop {
            match self.text(index) {
                "|" => return Some((index, names)),
                "," => {}
                _ if self.is_name(index) => names.push(index),
                _ => return None,
            }
            index += 1;
        }
    }

    /// Returns where the value begins that ends before `end`: `a.b(c)[d]` as a whole.
    pub(super) fn value_start(&self, end: usize) -> usize {
        let mut start = end;
        loop {
            let Some(last) = start.checked_sub(1) else { return start };
            if !self.ends_value(last) {
                return start;
            }
            start = match self.text(last) {
                ")" | "]" | "}" => match self.partner(last) {
                    Some(open) => open,
                    None => return start,
                },
                _ if self.tokens[last].class == Class::String => self.text_start(last),
                _ => last,
            };
            let open = self.text(start);
            let follows_value = start > 0 && self.ends_value(start - 1);
            if matches!(open, "(" | "[" | "?[") && follows_value && start < last {
                // The brackets belong to what stands before them: a called name or an indexed value.
                if open == "(" {
                    start -= 1;
                } else {
                    continue;
                }
            }
            while self.before(start) == "::" && start > 1 {
                start -= 2;
            }
            if matches!(self.before(start), "." | "?.") {
                start -= 1;
            } else {
                return start;
            }
        }
    }

    /// Returns where a text begins whose last part is at `index`: before its first `${`.
    fn text_start(&self, mut index: usize) -> usize {
        while self.tokens[index].class == Class::String
            && index > 0
            && self.tokens[index - 1].class == Class::Interpolation
            && self.text(index - 1) == "}"
        {
            match self.partner(index - 1).and_then(|open| open.checked_sub(1)) {
                Some(part) => index = part,
                None => break,
            }
        }
        index
    }

    /// The cursor stands behind the dot at `dot`.
    pub(super) fn member(&self, dot: usize, typed: String, start: usize) -> Place {
        let first = self.value_start(dot);
        if first == dot {
            return Place::Nothing;
        }
        let receiver = self.expression(first, dot);
        Place::Member { receiver, source: self.source_of(first, dot), typed, start }
    }

    /// Returns the source of a value by which a live one can be found: that of an example where there is one.
    pub(super) fn source_of(&self, start: usize, end: usize) -> String {
        let found = self.example(start, end).or_else(|| self.expanded(start, end));
        found.unwrap_or_else(|| self.range(start, end).to_string())
    }

    /// The cursor stands behind the `::` at `colons`.
    pub(super) fn namespace(&self, colons: usize, typed: String, start: usize) -> Place {
        let mut first = colons;
        while first > 0 && self.is_name(first - 1) {
            first -= 1;
            if self.before(first) == "::" {
                first -= 1;
            } else {
                break;
            }
        }
        let path = self.range(first, colons).to_string();
        let module = self.imports().into_iter().find(|(alias, _)| *alias == path).map(|(_, module)| module);
        Place::Namespace { path, module, typed, start }
    }

    /// Returns the call whose arguments begin with the bracket at `open`.
    pub(super) fn call_at(&self, open: usize) -> Option<Call> {
        let name = open.checked_sub(1).filter(|&name| self.is_name(name) || self.is_called_keyword(name))?;
        let mut call = Call {
            receiver: None,
            source: String::new(),
            namespace: String::new(),
            name: self.text(name).into(),
            first: self.only_text(open + 1).filter(|_| matches!(self.text(open + 2), "," | ")")),
        };
        match self.before(name) {
            "fn" => return None,
            "." | "?." => {
                let first = self.value_start(name - 1);
                if self.is_declaration(name) {
                    return None;
                }
                call.receiver = Some(self.expression(first, name - 1));
                call.source = self.source_of(first, name - 1);
            }
            "::" => {
                let Place::Namespace { path, .. } = self.namespace(name - 1, String::new(), 0) else {
                    return None;
                };
                call.namespace = path;
            }
            _ => {}
        }
        Some(call)
    }

    /// Returns what a text holds that is one piece.
    fn only_text(&self, index: usize) -> Option<String> {
        let token = self.tokens.get(index).filter(|token| token.class == Class::String && token.closed)?;
        Some(token.text(self.source).trim_matches(['"', '`']).to_owned())
    }

    fn is_called_keyword(&self, index: usize) -> bool {
        self.tokens[index].class == Class::Call
    }

    /// True for the name in `fn Type.name(`.
    pub(super) fn is_declaration(&self, name: usize) -> bool {
        name >= 3 && self.before(name) == "." && self.text(name - 3) == "fn"
    }

    /// Returns the options of a call; for a receiver of unknown type, those of the only method of that name.
    pub(super) fn table(&self, call: &Call) -> Option<&'static OptionTable> {
        if let Some(table) = self.catalog.option_table(&call.path()) {
            return Some(table);
        }
        let unknown = call.receiver.as_ref().is_some_and(Type::is_any);
        let mut tables = self
            .catalog
            .named(&call.name)
            .filter(|entry| unknown && entry.kind == Kind::Method)
            .filter_map(|entry| self.catalog.option_table(&entry.path()));
        tables.next().filter(|_| tables.next().is_none())
    }

    /// Returns the keys of a map literal up to `end`.
    pub(super) fn keys(&self, map: usize, end: usize) -> Vec<String> {
        self.split(map + 1, end, ",")
            .into_iter()
            .filter(|(start, _)| self.text(start + 1) == ":")
            .map(|(start, _)| self.text(start).trim_matches('"').to_string())
            .collect()
    }

    /// Does one unit of work, unless too much was done already or it is nested too deeply.
    pub(super) fn limited(&self, work: impl FnOnce() -> Type) -> Type {
        let (left, depth) = (self.budget.get(), self.depth.get());
        if left == 0 || depth == MAX_DEPTH {
            return Type::Any;
        }
        self.budget.set(left - 1);
        self.depth.set(depth + 1);
        let type_ = work();
        self.depth.set(depth);
        type_
    }
}

fn partners(tokens: &[Token], source: &str) -> Vec<Option<usize>> {
    let mut partners = vec![None; tokens.len()];
    let mut open = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match opens(token, source) {
            Some(true) => open.push(index),
            Some(false) => {
                if let Some(opener) = open.pop() {
                    partners[opener] = Some(index);
                    partners[index] = Some(opener);
                }
            }
            None => {}
        }
    }
    partners
}
