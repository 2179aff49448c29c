//! Source text cut into the statements of its top level.

use std::ops::Range;

use super::tokens::{Class, Token, opens, tokens};

/// What a statement is, as far as its first words tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `fn`, perhaps private.
    Function,
    /// `import`
    Import,
    /// `return`
    Return,
    /// A block or what ends with one (`for`, `if`, `switch`, …): it needs no semicolon behind it.
    Block,
    /// Everything else.
    Simple,
}

/// A statement of the top level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is.
    pub kind: Kind,
    /// Its bytes without the comments in front of it and the semicolon behind it.
    pub range: Range<usize>,
    /// Where the comments begin that stand in front of it.
    pub comments: usize,
}

/// Cuts source that parses into the statements of its top level.
pub fn statements(source: &str) -> Vec<Statement> {
    let tokens = tokens(source);
    let mut cutter = Cutter { source, found: Vec::new(), first: None, comments: None, end: 0 };
    // What is open, from the outside: true for a block, which ends a statement where it closes.
    let mut open: Vec<bool> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if token.class == Class::Comment {
            cutter.comments.get_or_insert(token.start);
            continue;
        }
        let text = token.text(source);
        if open.is_empty() && text == ";" && token.class == Class::Punctuation {
            cutter.cut();
            continue;
        }
        cutter.take(token);
        match opens(token, source) {
            Some(true) => open.push(text == "{"),
            Some(false) => {
                let was_block = open.pop().unwrap_or(false);
                let next = tokens[index + 1..].iter().find(|token| token.class != Class::Comment);
                if was_block && open.is_empty() && cutter.ends_with_block(next) {
                    cutter.cut();
                }
            }
            None => {}
        }
    }
    cutter.cut();
    cutter.found
}

struct Cutter<'a> {
    source: &'a str,
    found: Vec<Statement>,
    /// The first token of the statement at hand.
    first: Option<Token>,
    comments: Option<usize>,
    end: usize,
}

impl Cutter<'_> {
    fn take(&mut self, token: &Token) {
        self.first.get_or_insert(*token);
        self.end = token.end;
    }

    fn cut(&mut self) {
        let Some(first) = self.first.take() else { return };
        let comments = self.comments.take().filter(|at| *at < first.start).unwrap_or(first.start);
        self.found.push(Statement { kind: self.kind(&first), range: first.start..self.end, comments });
    }

    fn kind(&self, first: &Token) -> Kind {
        match (first.class, first.text(self.source)) {
            (Class::Keyword, "fn" | "private") => Kind::Function,
            (Class::Keyword, "import") => Kind::Import,
            (Class::Keyword, "return") => Kind::Return,
            (Class::Keyword, "if" | "for" | "while" | "loop" | "switch" | "try" | "do")
            | (Class::Bracket, "{") => Kind::Block,
            _ => Kind::Simple,
        }
    }

    /// Whether the block that has just closed is the end of the statement.
    fn ends_with_block(&self, next: Option<&Token>) -> bool {
        let Some(first) = self.first else { return false };
        let next = next.map_or("", |token| token.text(self.source));
        match self.kind(&first) {
            Kind::Function => true,
            Kind::Block if first.text(self.source) == "do" => false,
            Kind::Block => !matches!(next, "else" | "catch"),
            Kind::Import | Kind::Return | Kind::Simple => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(source: &str) -> Vec<(Kind, &str)> {
        statements(source).into_iter().map(|s| (s.kind, &source[s.range])).collect()
    }

    #[test]
    fn statements_end_at_semicolons_and_behind_blocks() {
        assert_eq!(
            cut("let a = #{ b: 1 }; fn f(x) { x; x } for i in #{}.keys() { f(i); } a.b + 1"),
            [
                (Kind::Simple, "let a = #{ b: 1 }"),
                (Kind::Function, "fn f(x) { x; x }"),
                (Kind::Block, "for i in #{}.keys() { f(i); }"),
                (Kind::Simple, "a.b + 1"),
            ]
        );
    }

    #[test]
    fn what_goes_on_behind_a_block_is_one_statement() {
        for source in [
            "if a { 1 } else if b { 2 } else { 3 }",
            "try { f() } catch (e) { g(e) }",
            "do { x += 1; } while x < 3",
            "let f = |x| { x; 2 }",
            "domains().map(|d| { d.name })",
            "`${ { let a = 1; a } }; }`",
        ] {
            assert_eq!(cut(source).len(), 1, "{source}: {:?}", cut(source));
        }
    }

    #[test]
    fn comments_belong_to_what_follows_them() {
        let source = "// one\nf(); // two\ng() // three";
        let found = statements(source);
        assert_eq!(&source[found[0].comments..found[0].range.end], "// one\nf()");
        assert_eq!(&source[found[1].comments..found[1].range.end], "// two\ng()");
        assert_eq!(found.len(), 2);
    }
}
