//! The document as linked items over the text it was read from.
//!
//! Every item keeps its own text as it was: a range of the source until it is changed, then a
//! string of its own. Printing strings the pieces together again, so what was not changed comes
//! out byte for byte. All walks follow links instead of recursing: depth costs no stack.

use std::borrow::Cow;
use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;

use super::chars::{Place, is_blank, unescape};
use super::tag::{self, Attribute};

/// Names one item of a [`Tree`]; it stays valid as long as the tree lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Id(NonZeroU32);

impl Id {
    /// The document itself, the parent of the root element.
    pub(super) const DOCUMENT: Self = Self(NonZeroU32::MIN);

    pub(super) fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// The text of an item.
#[derive(Clone, Debug)]
pub(super) enum Raw {
    /// As it was read: a range of the source.
    Source { start: u32, length: u32 },
    /// Changed or added.
    Own(Box<str>),
}

impl Raw {
    pub(super) fn own(text: impl Into<Box<str>>) -> Self {
        Self::Own(text.into())
    }

    /// Makes a piece of the source; [`super::read`] refuses sources that `u32` cannot count.
    pub(super) fn source(range: Range<usize>) -> Self {
        Self::Source { start: range.start as u32, length: range.len() as u32 }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Document,
    /// `close` is empty for a self-closing tag.
    Element {
        open: Raw,
        close: Raw,
        name_length: u32,
    },
    /// Character data with its references.
    Text(Raw),
    /// A whole `<![CDATA[…]]>`.
    CData(Raw),
    /// A comment, processing instruction, declaration or document type: kept, never looked into.
    Other(Raw),
}

#[derive(Clone, Debug)]
struct Item {
    parent: Option<Id>,
    previous: Option<Id>,
    next: Option<Id>,
    first: Option<Id>,
    last: Option<Id>,
    kind: Kind,
}

/// One document: its source and its items.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    source: Arc<str>,
    items: Vec<Item>,
}

/// A step of a walk over a subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visit {
    Enter(Id),
    Leave(Id),
}

impl Tree {
    /// Makes an empty document over a source that [`Raw::source`] pieces refer to.
    pub(super) fn new(source: &str) -> Self {
        // libvirt's XML has an element in some 45 bytes and white space after each.
        let mut tree = Self { source: source.into(), items: Vec::with_capacity(source.len() / 20 + 1) };
        tree.push(Kind::Document);
        tree
    }

    /// Adds an item that is linked to nothing yet.
    pub(super) fn push(&mut self, kind: Kind) -> Id {
        self.items.push(Item { parent: None, previous: None, next: None, first: None, last: None, kind });
        let count = u32::try_from(self.items.len()).ok().and_then(NonZeroU32::new);
        Id(count.expect("memory ends long before 2^32 items"))
    }

    /// Forgets the items added since there were `count`; none of the others may be linked to them.
    pub(super) fn forget_after(&mut self, count: usize) {
        self.items.truncate(count);
    }

    pub(super) fn count(&self) -> usize {
        self.items.len()
    }

    pub(super) fn kind(&self, id: Id) -> &Kind {
        &self.items[id.index()].kind
    }

    pub(super) fn set_kind(&mut self, id: Id, kind: Kind) {
        self.items[id.index()].kind = kind;
    }

    /// Gives an element another start tag with the same name.
    pub(super) fn set_tag(&mut self, id: Id, tag: String) {
        if let Kind::Element { open, .. } = &mut self.items[id.index()].kind {
            *open = Raw::own(tag);
        }
    }

    /// Gives an element its end tag, as text.
    pub(super) fn close(&mut self, id: Id, end_tag: Raw) {
        if let Kind::Element { close, .. } = &mut self.items[id.index()].kind {
            *close = end_tag;
        }
    }

    pub(super) fn parent(&self, id: Id) -> Option<Id> {
        self.items[id.index()].parent
    }

    pub(super) fn previous(&self, id: Id) -> Option<Id> {
        self.items[id.index()].previous
    }

    pub(super) fn next(&self, id: Id) -> Option<Id> {
        self.items[id.index()].next
    }

    pub(super) fn first(&self, id: Id) -> Option<Id> {
        self.items[id.index()].first
    }

    pub(super) fn last(&self, id: Id) -> Option<Id> {
        self.items[id.index()].last
    }

    pub(super) fn piece<'a>(&'a self, raw: &'a Raw) -> &'a str {
        match *raw {
            Raw::Source { start, length } => &self.source[start as usize..(start + length) as usize],
            Raw::Own(ref text) => text,
        }
    }

    /// Returns the root element.
    pub(super) fn root(&self) -> Id {
        self.elements(Id::DOCUMENT).next().expect("a document is read with a root, which cannot be removed")
    }

    pub(super) fn is_element(&self, id: Id) -> bool {
        matches!(self.kind(id), Kind::Element { .. })
    }

    /// True for text and CDATA.
    pub(super) fn is_text(&self, id: Id) -> bool {
        matches!(self.kind(id), Kind::Text(_) | Kind::CData(_))
    }

    /// Returns the raw text of an item that is nothing but white space.
    pub(super) fn blank(&self, id: Id) -> Option<&str> {
        match self.kind(id) {
            Kind::Text(raw) => Some(self.piece(raw)).filter(|text| is_blank(text)),
            _ => None,
        }
    }

    /// True where text stands between the elements of an item, so that blanks there mean something.
    pub(super) fn is_mixed(&self, id: Id) -> bool {
        self.children(id).any(|child| self.is_text(child) && self.blank(child).is_none())
    }

    /// Returns the start tag of an element and the length of its name; nothing for other items.
    pub(super) fn tag(&self, id: Id) -> Option<(&str, usize)> {
        match self.kind(id) {
            Kind::Element { open, name_length, .. } => Some((self.piece(open), *name_length as usize)),
            _ => None,
        }
    }

    /// Returns the name of an element as written, with its prefix; "" for other items.
    pub(super) fn name(&self, id: Id) -> &str {
        self.tag(id).map_or("", |(tag, length)| &tag[1..=length])
    }

    pub(super) fn attributes(&self, id: Id) -> impl Iterator<Item = (&str, Attribute)> {
        self.tag(id).into_iter().flat_map(|(tag, length)| {
            let attributes = tag::attributes(tag, length).map_while(Result::ok);
            attributes.map(move |attribute| (&tag[attribute.name.clone()], attribute))
        })
    }

    /// Returns an attribute's value with references resolved.
    pub(super) fn attribute(&self, id: Id, name: &str) -> Option<Cow<'_, str>> {
        let (tag, length) = self.tag(id)?;
        tag::find(tag, length, name).map(|attribute| attribute.value(tag))
    }

    pub(super) fn children(&self, id: Id) -> impl Iterator<Item = Id> {
        std::iter::successors(self.first(id), |&child| self.next(child))
    }

    pub(super) fn elements(&self, id: Id) -> impl Iterator<Item = Id> {
        self.children(id).filter(|&child| self.is_element(child))
    }

    /// Walks over `top` and everything in it, in document order.
    pub(super) fn walk(&self, top: Id) -> impl Iterator<Item = Visit> {
        std::iter::successors(Some(Visit::Enter(top)), move |&visit| match visit {
            Visit::Enter(id) => Some(self.first(id).map_or(Visit::Leave(id), Visit::Enter)),
            Visit::Leave(id) if id == top => None,
            Visit::Leave(id) => match self.next(id) {
                Some(next) => Some(Visit::Enter(next)),
                None => self.parent(id).map(Visit::Leave),
            },
        })
    }

    /// Returns `top` and everything in it, in document order.
    pub(super) fn subtree(&self, top: Id) -> impl Iterator<Item = Id> {
        self.walk(top).filter_map(|visit| match visit {
            Visit::Enter(id) => Some(id),
            Visit::Leave(_) => None,
        })
    }

    /// Returns the text of a text or CDATA item with references resolved; "" for others.
    pub(super) fn character_data(&self, id: Id) -> Cow<'_, str> {
        match self.kind(id) {
            Kind::Text(raw) => unescape(self.piece(raw), Place::Content),
            Kind::CData(raw) => {
                let text = self.piece(raw);
                let text = text.strip_prefix("<![CDATA[").and_then(|t| t.strip_suffix("]]>")).unwrap_or(text);
                if text.contains('\r') {
                    text.replace("\r\n", "\n").replace('\r', "\n").into()
                } else {
                    text.into()
                }
            }
            _ => Cow::Borrowed(""),
        }
    }

    /// Returns all text inside an item, as XPath's `string()` does.
    pub(super) fn text(&self, id: Id) -> Cow<'_, str> {
        self.joined(self.subtree(id))
    }

    /// Returns the character data of these items, one after the other.
    pub(super) fn joined(&self, items: impl Iterator<Item = Id>) -> Cow<'_, str> {
        let mut pieces = items.filter(|&item| self.is_text(item)).map(|item| self.character_data(item));
        let mut text = pieces.next().unwrap_or_default();
        for piece in pieces {
            text.to_mut().push_str(&piece);
        }
        text
    }

    /// Returns the items of the run of text that starts with `first`: XPath sees it as one node.
    pub(super) fn text_run(&self, first: Id) -> impl Iterator<Item = Id> {
        std::iter::successors(Some(first), |&item| self.next(item)).take_while(|&item| self.is_text(item))
    }

    /// Prints an item and everything in it.
    pub(super) fn print(&self, top: Id) -> String {
        let mut out = String::with_capacity(if top == Id::DOCUMENT { self.source.len() + 256 } else { 256 });
        for visit in self.walk(top) {
            match visit {
                Visit::Enter(id) => match self.kind(id) {
                    Kind::Document => {}
                    Kind::Element { open: raw, .. }
                    | Kind::Text(raw)
                    | Kind::CData(raw)
                    | Kind::Other(raw) => {
                        out.push_str(self.piece(raw));
                    }
                },
                Visit::Leave(id) => {
                    if let Kind::Element { close, .. } = self.kind(id) {
                        out.push_str(self.piece(close));
                    }
                }
            }
        }
        out
    }

    /// Links an item that has no parent as a child, before `before` or as the last one.
    pub(super) fn link(&mut self, parent: Id, child: Id, before: Option<Id>) {
        let previous = match before {
            Some(next) => self.items[next.index()].previous.replace(child),
            None => self.items[parent.index()].last.replace(child),
        };
        match previous {
            Some(previous) => self.items[previous.index()].next = Some(child),
            None => self.items[parent.index()].first = Some(child),
        }
        let item = &mut self.items[child.index()];
        (item.parent, item.previous, item.next) = (Some(parent), previous, before);
    }

    /// Takes an item out of its parent, with everything in it; without a parent nothing happens.
    pub(super) fn unlink(&mut self, id: Id) {
        let Item { parent: Some(parent), previous, next, .. } = self.items[id.index()] else { return };
        match previous {
            Some(previous) => self.items[previous.index()].next = next,
            None => self.items[parent.index()].first = next,
        }
        match next {
            Some(next) => self.items[next.index()].previous = previous,
            None => self.items[parent.index()].last = previous,
        }
        let item = &mut self.items[id.index()];
        (item.parent, item.previous, item.next) = (None, None, None);
    }
}
