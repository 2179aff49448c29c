//! XML as data that keeps its form: the document, its paths and the difference of two documents.
//!
//! A [`Document`] prints exactly the text it was read from, whatever that looked like; after a
//! change only what was changed is printed anew. [`Node`]s are handles on its elements. Both are
//! asked and changed by paths, a subset of XPath 1.0 whose grammar stands in [`mod@path`].
//!
//! ```text
//! text → read (quick-xml finds the pieces) → tree (linked items over the text) → print → text
//!                                              ↑
//!                   path/parse → path/select ──┤── edit, place (set, create, add, remove)
//!                                              └── diff (changes, lines)
//! ```
//!
//! What this reader takes and what it does not:
//! - XML 1.0 without validation: a document type is kept, but neither it nor anything outside is
//!   looked into. References to entities that it may declare stay as they are written.
//! - Names are compared as written, prefix included; namespaces are not resolved.
//! - Any depth: nothing here recurses over elements. Texts up to 4 GiB.
//! - Text is handed out as XML defines it: references resolved, CR LF as LF in text, line breaks
//!   and tabs as blanks in attributes. Written text is escaped, so that reading gives it back.

mod chars;
mod diff;
mod document;
mod edit;
mod fault;
pub mod fuzz;
#[cfg(test)]
mod generated;
pub mod path;
mod place;
mod read;
mod tag;
mod tree;

pub use diff::{Change, ChangeKind};
pub use document::{Document, Node, Value};
pub use path::Path;
