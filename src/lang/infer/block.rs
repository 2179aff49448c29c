//! The types of what blocks, branches and the functions of this source give.

use super::reader::Reader;
use crate::lang::tokens::opens;
use crate::lang::types::Type;

impl Reader<'_> {
    /// Returns the type of what the function gives that this source declares under a name: for a method the
    /// type that it belongs to is said. With several of one name it is the one with as many parameters.
    pub(super) fn declared_result(&self, of: Option<&Type>, name: &str, arguments: usize) -> Option<Type> {
        let fits = |&(_, params): &(usize, usize)| params == arguments;
        let all: Vec<_> = self.declared(of, name).collect();
        let (body, _) = all.iter().rev().copied().find(fits).or(all.last().copied())?;
        Some(self.limited(|| self.function_body(body)))
    }

    /// The bodies of the functions of a name, with the numbers of their parameters.
    fn declared<'r>(&'r self, of: Option<&'r Type>, name: &'r str) -> impl Iterator<Item = (usize, usize)> {
        let before_name = if of.is_some() { 3 } else { 1 };
        let is_declared = move |keyword: usize| {
            self.text(keyword) == "fn"
                && self.text(keyword + before_name) == name
                && of.is_none_or(|of| {
                    self.text(keyword + 2) == "."
                        && Type::from_this(self.text(keyword + 1).trim_matches('"')).name() == of.name()
                })
        };
        (0..self.tokens.len()).filter(move |&keyword| is_declared(keyword)).filter_map(move |keyword| {
            let open = keyword + before_name + 1;
            let close = self.partner(open).filter(|_| self.text(open) == "(")?;
            let params = (open + 1..close).filter(|&index| self.is_name(index)).count();
            (self.text(close + 1) == "{").then_some((close + 1, params))
        })
    }

    /// Returns the type of what a function or closure with this body gives.
    pub(super) fn function_body(&self, open: usize) -> Type {
        let Some(close) = self.partner(open) else { return Type::Any };
        let mut all: Vec<Type> = self.last_value(open + 1, close).into_iter().collect();
        let mut index = open + 1;
        while index < close {
            let is_inner = self.text(index) == "{" && matches!(self.before(index), "|" | "||");
            if is_inner {
                index = self.partner(index).unwrap_or(close);
            } else if self.text(index) == "return" {
                let end = self.statement_end(index + 1, close);
                all.push(if end > index + 1 { self.expression(index + 1, end) } else { Type::Nothing });
            }
            index += 1;
        }
        all.into_iter().reduce(Type::join).unwrap_or(Type::Any)
    }

    /// Returns the type of the last statement between two pieces; nothing where the end is never reached.
    pub(super) fn last_value(&self, start: usize, end: usize) -> Option<Type> {
        let statements = self.split(start, end, ";");
        let &(mut from, to) = statements.last()?;
        if from == to {
            let leaves = |&(start, _): &(usize, usize)| matches!(self.text(start), "return" | "throw");
            let before = statements.len().checked_sub(2).map(|at| statements[at]);
            return if before.as_ref().is_some_and(leaves) { None } else { Some(Type::Nothing) };
        }
        // A loop or branch needs no semicolon behind it.
        while let Some(next) = self.block_statement_end(from, to).filter(|&next| next < to) {
            if matches!(self.text(next), "." | "?." | "[" | "?[") {
                break;
            }
            from = next;
        }
        match self.text(from) {
            "return" | "throw" => None,
            "for" | "while" | "fn" => Some(Type::Nothing),
            _ => Some(self.expression(from, to)),
        }
    }

    /// Returns where the statement ends that begins at `start` and ends with a block of its own.
    fn block_statement_end(&self, start: usize, limit: usize) -> Option<usize> {
        if !matches!(self.text(start), "if" | "for" | "while" | "loop" | "switch" | "try" | "fn" | "{") {
            return None;
        }
        let mut end = self.partner(self.block_from(start, limit)?)? + 1;
        while matches!(self.text(end), "else" | "catch") {
            end = self.partner(self.block_from(end, limit)?)? + 1;
        }
        Some(end).filter(|&end| end <= limit)
    }

    /// Returns the first block from a piece on that is in no other bracket.
    fn block_from(&self, start: usize, limit: usize) -> Option<usize> {
        let mut index = start;
        while index < limit {
            if self.text(index) == "{" {
                return Some(index);
            }
            if opens(self.tokens.get(index)?, self.source) == Some(true) {
                index = self.partner(index)?;
            }
            index += 1;
        }
        None
    }

    /// Returns the type of `if … { … } else { … }`: what all of its branches agree on.
    pub(super) fn branches(&self, start: usize, end: usize) -> Type {
        let mut all = Vec::new();
        let mut at = start;
        loop {
            let block = self.block_from(at, end).and_then(|open| Some((open, self.partner(open)?)));
            let Some((open, close)) = block else { return Type::Any };
            all.extend(self.last_value(open + 1, close));
            let is_last = self.text(at) == "else" && self.text(at + 1) != "if";
            if close + 1 == end && !is_last {
                all.push(Type::Nothing);
            }
            if close + 1 >= end || is_last {
                break;
            }
            if self.text(close + 1) != "else" {
                return Type::Any;
            }
            at = close + 1;
        }
        all.into_iter().reduce(Type::join).unwrap_or(Type::Any)
    }
}
