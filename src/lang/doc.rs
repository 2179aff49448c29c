//! Doc comments, taken apart.
//!
//! The shape is the same for Rust bindings and for `.rhai` modules:
//!
//! ````text
//! /// Starts the guest.
//! ///
//! /// Details, with units.
//! ///
//! /// Errors: `operation_invalid` where it runs already.
//! /// @returns [Domain]
//! ///
//! /// ```rhai
//! /// domain("web1").start();
//! /// ```
//! ````
//!
//! Tags: `@returns TYPE` for a type that Rust does not show; `@closure TYPE, TYPE` for the parameters with
//! which a closure argument is called; `@method` for a function on a built-in type that reads as a method
//! though it does not take `&mut`; `@replaces` for one that stands in for a function of Rhai's own on purpose; `@refuses` for a setter
//! that takes nothing, so that the property is not settable. A TYPE is a type's name, `[TYPE]`, `self`, `element` (of
//! the receiver) or `result` (of the closure argument).

use super::types::Type;

/// The parts of a doc comment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doc {
    /// The first sentence.
    pub summary: String,
    /// Paragraphs after it, in Markdown.
    pub details: Vec<String>,
    /// What it throws and when, without the word `Errors:`.
    pub errors: Vec<String>,
    /// Code that shows its use.
    pub examples: Vec<String>,
}

/// What a doc comment says to the catalog and not to the reader.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tags {
    pub(crate) returns: Option<Type>,
    pub(crate) closure: Vec<Type>,
    pub(crate) method: bool,
    pub(crate) replaces: bool,
    pub(crate) refuses: bool,
}

impl Doc {
    /// Takes comment text apart; its lines still carry their `///`.
    pub fn parse(comments: &str) -> Self {
        let mut parser = Parser::default();
        for line in lines(comments) {
            parser.line(line);
        }
        parser.end_paragraph();
        parser.doc
    }

    /// True where there is no documentation at all.
    pub fn is_empty(&self) -> bool {
        self.summary.is_empty()
    }
}

impl Tags {
    /// Reads the tag lines only: comments are long, tags are few, and the catalog reads all of them.
    pub(crate) fn parse(comments: &str) -> Self {
        let mut tags = Self::default();
        for line in comments.match_indices('@').map(|(at, _)| line_at(comments, at)) {
            if let Some(written) = line.strip_prefix("@returns ") {
                tags.returns = Some(Type::from_doc(written));
            } else if let Some(written) = line.strip_prefix("@closure ") {
                tags.closure = written.split(',').map(Type::from_doc).collect();
            }
            tags.method |= line == "@method";
            tags.replaces |= line == "@replaces";
            tags.refuses |= line == "@refuses";
        }
        tags
    }
}

/// Returns the rest of the line from an `@` that is the first thing on it, nothing for any other.
fn line_at(comments: &str, at: usize) -> &str {
    let start = comments[..at].rfind('\n').map_or(0, |end| end + 1);
    let first = comments[start..at].chars().all(|letter| matches!(letter, ' ' | '/' | '*' | '!'));
    if first { comments[at..].lines().next().unwrap_or_default().trim_end() } else { "" }
}

/// Returns comment lines without what makes them comments.
fn lines(comments: &str) -> impl Iterator<Item = &str> {
    comments.lines().map(|line| {
        let line = line.trim_start();
        let text =
            ["///", "//!", "/**", "*/", "*"].iter().find_map(|lead| line.strip_prefix(lead)).unwrap_or(line);
        let text = text.trim_end();
        let text = text.strip_suffix("*/").unwrap_or(text);
        text.strip_prefix(' ').unwrap_or(text)
    })
}

#[derive(Default)]
struct Parser {
    doc: Doc,
    paragraph: Vec<String>,
    code: Option<Code>,
}

struct Code {
    is_example: bool,
    fence: String,
    lines: Vec<String>,
}

impl Parser {
    fn line(&mut self, line: &str) {
        if let Some(code) = &mut self.code {
            if line.trim() == "```" {
                self.end_code();
            } else {
                code.lines.push(line.to_string());
            }
            return;
        }
        let text = line.trim();
        if text.starts_with("```") {
            self.end_paragraph();
            let is_example = matches!(text, "```rhai" | "```");
            self.code = Some(Code { is_example, fence: text.into(), lines: Vec::new() });
        } else if text.is_empty() || text.starts_with('@') || is_example_heading(text) {
            self.end_paragraph();
        } else {
            if text.starts_with("Errors:") || text.starts_with("- ") {
                self.end_paragraph();
            }
            self.paragraph.push(text.to_string());
        }
    }

    fn end_paragraph(&mut self) {
        let text = std::mem::take(&mut self.paragraph).join(" ");
        if text.is_empty() {
        } else if let Some(errors) = text.strip_prefix("Errors:") {
            self.doc.errors.push(errors.trim().to_string());
        } else if self.doc.summary.is_empty() {
            self.doc.summary = text;
        } else {
            self.doc.details.push(text);
        }
    }

    fn end_code(&mut self) {
        let Some(code) = self.code.take() else { return };
        let text = code.lines.join("\n");
        if code.is_example {
            self.doc.examples.push(text);
        } else {
            self.doc.details.push(format!("{}\n{text}\n```", code.fence));
        }
    }
}

/// Rhai's own comments announce their examples.
fn is_example_heading(text: &str) -> bool {
    text.starts_with('#') && matches!(text.trim_start_matches('#').trim(), "Example" | "Examples")
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMENT: &str = "/// Starts the guest.\n///\n/// A transient guest\n/// has no start.\n///\n/// - first\n/// - second\n/// \
        Errors: `operation_invalid` where it\n/// runs already.\n/// @returns [Domain]\n/// @closure element, int\n///\n\
        /// # Example\n/// ```rhai\n/// let d = domain(\"web1\");\n///   d.start();\n/// ```";

    #[test]
    fn a_comment_has_parts() {
        let doc = Doc::parse(COMMENT);
        assert_eq!(doc.summary, "Starts the guest.");
        assert_eq!(doc.details, ["A transient guest has no start.", "- first", "- second"]);
        assert_eq!(doc.errors, ["`operation_invalid` where it runs already."]);
        assert_eq!(doc.examples, ["let d = domain(\"web1\");\n  d.start();"]);
    }

    #[test]
    fn tags_are_for_the_catalog() {
        let tags = Tags::parse(COMMENT);
        assert_eq!(tags.returns, Some(Type::array_of(Type::object("Domain"))));
        assert_eq!(tags.closure, [Type::Element, Type::Int]);
        assert!(!tags.method && Tags::parse("/// @method").method);
    }

    #[test]
    fn block_comments_and_nothing_are_read_too() {
        let doc = Doc::parse("/** Reads a file.\n  * Details here.\n  */");
        assert_eq!(doc.summary, "Reads a file. Details here.");
        assert!(Doc::parse("").is_empty());
    }
}
