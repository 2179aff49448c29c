//! `check`: what is wrong with a script, found without running it.
//!
//! The text is parsed (a parse error becomes the one finding, in words that users understand: `syntax`), the
//! tree is walked once with a simple forward inference of types, and each call, name and known trap is compared
//! with the [`Catalog`]. **No finding is better than a wrong one**: where a type is not known, everything that
//! exists on any type passes; a variable that is assigned again anywhere has no known type.
//!
//! `program` holds the parsed script, `walk` and `expr` follow its statements and values, `member`, `call`,
//! `method` and `arguments` judge what is asked of them, `traps` finds what looks right and is not, `modules`
//! knows what is imported, `syntax` words parse errors, `unfinished` checks what is still being typed.

mod arguments;
mod call;
mod chain;
mod expr;
mod member;
mod method;
mod modules;
mod program;
mod scope;
mod syntax;
mod traps;
pub(super) mod typing;
mod unfinished;
mod walk;

use rhai::{AST, Engine, OptimizationLevel, ParseError, ParseErrorType, Position, Scope};

pub use modules::{ModuleLookup, NoModules};
pub use unfinished::{parser, wrong_names};

use super::catalog::Catalog;
use super::tokens::{self, Class, Lines, Token, parsable};

/// Something that is wrong, or works otherwise than it looks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// How many characters of the line it is about.
    pub length: usize,
    /// A stable word for the kind of finding: `syntax`, `unclosed_comment`; `unknown_function`, `unknown_method`,
    /// `unknown_property`, `unknown_variable`, `unknown_module`, `broken_module`; `wrong_arguments`,
    /// `unknown_option`, `wrong_option`; and the traps `len_property`, `xml_copy`, `read_only_property`,
    /// `changed_constant`, `for_each_index`, `captured_receiver`.
    pub code: &'static str,
    /// One sentence for people.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// What exists around a script before it runs: at the prompt, what earlier lines have left.
#[derive(Default, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Variables that the top level sees beside `args`.
    pub scope: Option<&'a Scope<'a>>,
    /// Functions defined earlier.
    pub functions: Option<&'a AST>,
    /// Imports made earlier, as alias and module path.
    pub imports: &'a [(String, String)],
}

/// Checks a script; the findings are sorted by place.
///
/// `file` is the script's own path, from which relative imports are looked up.
pub fn check(
    source: &str,
    file: &str,
    catalog: &Catalog,
    modules: &dyn ModuleLookup,
    engine: &Engine,
) -> Vec<Finding> {
    check_in(source, file, catalog, modules, engine, &Surroundings::default())
}

/// Checks a script that runs where something exists already.
pub fn check_in(
    source: &str,
    file: &str,
    catalog: &Catalog,
    modules: &dyn ModuleLookup,
    engine: &Engine,
    surroundings: &Surroundings,
) -> Vec<Finding> {
    let text = Text::new(source);
    let mut findings = match parse(source, engine) {
        Err(error) => vec![syntax::finding(&error, &text, catalog)],
        Ok(ast) => walk::check(&ast, &text, file, catalog, modules, engine, surroundings),
    };
    findings.extend(syntax::unclosed_comment(&text));
    findings.sort();
    findings.dedup();
    findings
}

/// Parses a script without the optimizer, which would drop code that is to be checked.
///
/// The real engine is asked as well: it knows custom operators and symbols that are switched off.
pub(super) fn parse(source: &str, engine: &Engine) -> Result<AST, ParseError> {
    let source = parsable(source);
    let mut plain = Engine::new_raw();
    plain.set_optimization_level(OptimizationLevel::None);
    plain.set_max_expr_depths(engine.max_expr_depth(), engine.max_function_expr_depth());
    let ast = plain.compile(&source);
    match (ast, engine.compile(&source)) {
        (Ok(ast), Ok(_)) => Ok(ast),
        // Undefined names are judged by the walk, all of them and not only the first.
        (Ok(ast), Err(error)) if is_about_names(&error) => Ok(ast),
        (_, other) => other,
    }
}

fn is_about_names(error: &ParseError) -> bool {
    matches!(error.err_type(), ParseErrorType::VariableUndefined(_) | ParseErrorType::ModuleUndefined(_))
}

/// A script's text with its pieces, to tell where a finding is and how long.
pub(super) struct Text<'a> {
    source: &'a str,
    lines: Lines<'a>,
    tokens: Vec<Token>,
}

impl<'a> Text<'a> {
    fn new(source: &'a str) -> Self {
        Self { source, lines: Lines::new(source), tokens: tokens::tokens(source) }
    }

    /// Returns the index of the piece of code that begins at a position, or of the next one.
    fn token_at(&self, position: Position) -> usize {
        let byte = self.lines.byte(position);
        self.tokens.partition_point(|token| token.end <= byte)
    }

    /// Returns the text of a piece, nothing past the end.
    fn word(&self, index: usize) -> &'a str {
        self.tokens.get(index).map_or("", |token| token.text(self.source))
    }

    /// Returns the index of the piece of code before another, comments skipped.
    fn before(&self, index: usize) -> Option<usize> {
        (0..index.min(self.tokens.len())).rev().find(|&at| self.tokens[at].class != Class::Comment)
    }

    /// Makes a finding about the piece of code at a position.
    fn finding(&self, position: Position, code: &'static str, message: String) -> Finding {
        let byte = self.lines.byte(position);
        match self.tokens.get(self.token_at(position)) {
            Some(token) if token.start <= byte => self.finding_at(token.start..token.end, code, message),
            _ => self.finding_at(byte..byte, code, message),
        }
    }

    /// Makes a finding about a range of bytes.
    fn finding_at(&self, range: std::ops::Range<usize>, code: &'static str, message: String) -> Finding {
        let (line, column) = self.lines.place(range.start);
        let length = self.lines.width(range).max(1);
        Finding { line, column, length, code, message, hint: None }
    }
}

impl Finding {
    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn maybe(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }
}

/// Words a suggestion as a hint.
fn did_you_mean(name: Option<&str>) -> Option<String> {
    name.map(|name| format!("did you mean `{name}`?"))
}

#[cfg(test)]
mod tests;
