//! What the rest of the project holds: [`Document`] and [`Node`], cheap handles on one shared tree.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::diff::{self, Change};
use super::edit;
use super::path::Path;
use super::path::select::{Found, select};
use super::read::read;
use super::tree::{Id, Tree};
use crate::error::Result;

/// An XML document. Copies are handles on the same document; [`Document::copy`] makes another one.
#[derive(Clone)]
pub struct Document {
    tree: Shared,
}

/// An element of a document, as a handle: a change through it is seen through every other handle.
///
/// An element that was removed lives on for its handles, outside the document.
#[derive(Clone)]
pub struct Node {
    tree: Shared,
    id: Id,
}

/// What a path found.
#[derive(Clone, Debug)]
pub enum Value {
    /// An element.
    Node(Node),
    /// The value of an attribute or a text, with references resolved.
    Text(String),
}

/// A tree, and whether anybody wrote to it.
#[derive(Clone)]
struct Shared(Arc<(RwLock<Tree>, AtomicBool)>);

impl Shared {
    fn new(tree: Tree) -> Self {
        Self(Arc::new((RwLock::new(tree), AtomicBool::new(false))))
    }

    // A panic in a neighbour's thread leaves no half-made change behind that would matter more than
    // the document, so a poisoned lock is used like any other.
    fn read(&self) -> RwLockReadGuard<'_, Tree> {
        self.0.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tree> {
        self.0.1.store(true, Ordering::Relaxed);
        self.0.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Document {
    /// Reads a document. Printed again it is the same text, byte for byte.
    ///
    /// Errors: `xml` for a text that is not well-formed XML 1.0, with line, column and what was
    /// expected there.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self { tree: Shared::new(read(text)?) })
    }

    /// Returns the root element.
    pub fn root(&self) -> Node {
        let id = self.tree.read().root();
        Node { tree: self.tree.clone(), id }
    }

    /// True once somebody wrote to the document, even the value that was there already.
    pub fn is_written(&self) -> bool {
        self.tree.0.1.load(Ordering::Relaxed)
    }

    /// Returns an independent copy.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self { tree: Shared::new(self.tree.read().clone()) }
    }

    /// Returns the first thing that the path finds from the root element.
    pub fn get(&self, path: &str) -> Result<Option<Value>> {
        self.root().get(path)
    }

    /// Returns the text of the first thing that the path finds: an attribute's value, or all text inside.
    pub fn text_at(&self, path: &str) -> Result<Option<String>> {
        self.root().text_at(path)
    }

    /// Returns everything that the path finds from the root element, in document order.
    pub fn all(&self, path: &str) -> Result<Vec<Value>> {
        self.root().all(path)
    }

    /// Sets what the path finds first, or creates it: see [`Node::set`].
    pub fn set(&self, path: &str, value: &str) -> Result<()> {
        self.root().set(path, value)
    }

    /// Removes everything that the path finds and returns how much that was.
    pub fn remove_at(&self, path: &str) -> Result<usize> {
        self.root().remove_at(path)
    }

    /// Adds an element to the root element: see [`Node::add`].
    pub fn add(&self, fragment: &str) -> Result<Node> {
        self.root().add(fragment)
    }

    /// Returns what has to change in this document to make it say what `other` says.
    pub fn diff(&self, other: &Self) -> Result<Vec<Change>> {
        self.root().diff(&other.root())
    }

    /// Returns the same as lines of a unified diff, "" where both say the same.
    pub fn diff_text(&self, other: &Self) -> String {
        self.root().diff_text(&other.root())
    }
}

impl PartialEq for Document {
    /// Compares what the documents say: see [`Node::eq`].
    fn eq(&self, other: &Self) -> bool {
        self.root() == other.root()
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tree.read().print(Id::DOCUMENT))
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Node {
    /// Returns the name of the element as written, with its prefix.
    pub fn tag(&self) -> String {
        self.tree.read().name(self.id).to_owned()
    }

    /// Returns all text in the element, also that of elements in it, with references resolved.
    pub fn text(&self) -> String {
        self.tree.read().text(self.id).into_owned()
    }

    /// Sets the text of an element that holds no elements; comments in it stay.
    ///
    /// Errors: `xml` where it holds elements, or for a character that XML 1.0 cannot carry.
    pub fn set_text(&self, value: &str) -> Result<()> {
        edit::set_text(&mut self.tree.write(), self.id, value)
    }

    /// Returns the value of an attribute with references resolved.
    pub fn attr(&self, name: &str) -> Option<String> {
        self.tree.read().attribute(self.id, name).map(Into::into)
    }

    /// The names of its attributes in document order.
    pub fn attributes(&self) -> Vec<String> {
        self.tree.read().attributes(self.id).map(|(name, _)| name.to_owned()).collect()
    }

    /// Sets an attribute; the rest of the tag stays as it is.
    ///
    /// Errors: `xml` for a name or a character that XML 1.0 cannot carry.
    pub fn set_attr(&self, name: &str, value: &str) -> Result<()> {
        edit::set_attribute(&mut self.tree.write(), self.id, name, value)
    }

    /// Returns the elements directly in this one, in document order.
    pub fn children(&self) -> Vec<Self> {
        self.tree.read().elements(self.id).map(|id| self.sibling(id)).collect()
    }

    /// Returns the element around this one; none for the root element and for a removed one.
    pub fn parent(&self) -> Option<Self> {
        let parent = self.tree.read().parent(self.id).filter(|&id| id != Id::DOCUMENT);
        parent.map(|id| self.sibling(id))
    }

    /// Returns the first thing that the path finds from this element.
    ///
    /// Errors: `xml` for a wrong path.
    pub fn get(&self, path: &str) -> Result<Option<Value>> {
        let path = Path::parse(path)?;
        let tree = self.tree.read();
        Ok(select(&tree, self.id, path.route()).first().map(|found| self.value(&tree, found)))
    }

    /// Returns the text of the first thing that the path finds: an attribute's value, or all text inside.
    ///
    /// Errors: `xml` for a wrong path.
    pub fn text_at(&self, path: &str) -> Result<Option<String>> {
        let path = Path::parse(path)?;
        let tree = self.tree.read();
        Ok(select(&tree, self.id, path.route()).first().map(|found| found.text(&tree).into_owned()))
    }

    /// Returns everything that the path finds from this element, in document order.
    ///
    /// Errors: `xml` for a wrong path.
    pub fn all(&self, path: &str) -> Result<Vec<Value>> {
        let path = Path::parse(path)?;
        let tree = self.tree.read();
        Ok(select(&tree, self.id, path.route()).iter().map(|found| self.value(&tree, found)).collect())
    }

    /// Sets the first thing (in document order) that the path finds: an attribute, a text, or the
    /// text of an element that holds no elements.
    ///
    /// Where the path finds nothing, what is missing is created, as far as the path says what that
    /// is: names of elements, an attribute or `text()` at the end, and predicates of the forms
    /// `[@a='v']`, `[b/@a='v']`, `[b='v']`, `[.='v']` and `and` of these.
    ///
    /// Errors: `xml` for a wrong path, for a step that cannot be created (nothing is changed then),
    /// for an element that holds elements and for a character that XML 1.0 cannot carry.
    pub fn set(&self, path: &str, value: &str) -> Result<()> {
        edit::set(&mut self.tree.write(), self.id, Path::parse(path)?.route(), value)
    }

    /// Adds the element that `fragment` is the text of as the last one in this element, indented
    /// like its siblings, and returns it.
    ///
    /// Errors: `xml` where `fragment` is not one well-formed element.
    pub fn add(&self, fragment: &str) -> Result<Self> {
        edit::add(&mut self.tree.write(), self.id, fragment).map(|id| self.sibling(id))
    }

    /// Takes the element out of the document, with the line that it stood on.
    ///
    /// Errors: `xml` for the root element.
    pub fn remove(&self) -> Result<()> {
        edit::remove_element(&mut self.tree.write(), self.id)
    }

    /// Removes everything (elements, attributes, texts) that the path finds and returns how much that was.
    ///
    /// Errors: `xml` for a wrong path and for the root element.
    pub fn remove_at(&self, path: &str) -> Result<usize> {
        edit::remove(&mut self.tree.write(), self.id, Path::parse(path)?.route())
    }

    /// Returns what has to change in this element to make it say what `other` says.
    ///
    /// Errors: `xml` for more than 1,000 levels between this element and a difference.
    pub fn diff(&self, other: &Self) -> Result<Vec<Change>> {
        let theirs = other.snapshot();
        diff::changes(&self.tree.read(), self.id, &theirs, other.id)
    }

    /// Returns the same as lines of a unified diff, "" where both say the same.
    pub fn diff_text(&self, other: &Self) -> String {
        let theirs = other.snapshot();
        diff::unified(&self.tree.read(), self.id, &theirs, other.id)
    }

    /// True where both are handles on one and the same element.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.tree.0, &other.tree.0) && self.id == other.id
    }

    fn sibling(&self, id: Id) -> Self {
        Self { tree: self.tree.clone(), id }
    }

    fn value(&self, tree: &Tree, found: &Found) -> Value {
        match found {
            Found::Element(id) => Value::Node(self.sibling(*id)),
            _ => Value::Text(found.text(tree).into_owned()),
        }
    }

    /// Copies the tree, so that two documents are never locked at once.
    fn snapshot(&self) -> Tree {
        self.tree.read().clone()
    }
}

impl PartialEq for Node {
    /// Compares what the elements say: names, attributes, texts and elements in their places, as
    /// [`Node::diff`] does; not quotes, comments, the order of attributes and blanks between tags.
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other) || {
            let theirs = other.snapshot();
            diff::same(&self.tree.read(), self.id, &theirs, other.id)
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tree.read().print(self.id))
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
