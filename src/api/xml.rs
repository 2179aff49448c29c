//! XML documents in scripts: `xml(text)`, the types `XmlDocument` and `XmlNode`.
//!
//! Both are handles: a copy is the same document or element, and a change through one is seen
//! through all. A path as index reads and writes (`doc["devices/disk/@device"]`), and because Rhai
//! asks the indexer where a type has no such property, `doc.devices.disk` reads too. So there are
//! methods only and no properties: a property would hide the element of its name.
//!
//! `vm.xml` gives a document of its own: changing it changes no guest, `vm.edit(|doc| …)` does. Rhai
//! also assigns to a property what was only read through it (`vm.xml["devices"].all("disk")` ends
//! with `vm.xml = …`), so its setter tells one from the other: see [`refuse_assignment`].

mod document;
mod node;

use std::sync::Arc;

use rhai::{Array, Dynamic, ImmutableString, Map};

use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::xml::{Change, Document, Node, Value};

/// A document in a script.
#[derive(Clone)]
pub struct XmlDocument {
    /// The document.
    pub document: Document,
    /// Whose property gave it out, if one did.
    owner: Option<ImmutableString>,
}

/// An element of a document in a script.
#[derive(Clone)]
pub struct XmlNode {
    /// The element.
    pub node: Node,
    /// The element and the path that an index found it by: after `a["b"]["@c"] = 1` Rhai also
    /// assigns what `a["b"]` gave to `a["b"]`, which must not count as an assignment of an element.
    found_by: Option<Arc<(Node, ImmutableString)>>,
}

/// Registers the types and their functions.
pub(super) fn register(natives: &mut Natives) {
    natives.engine().register_type_with_name::<XmlDocument>("XmlDocument");
    natives.engine().register_type_with_name::<XmlNode>("XmlNode");
    document::register(natives);
    node::register(natives);
}

/// Returns the XML text of a value: a text as it is, a document or an element printed.
pub fn text_of(value: &Dynamic) -> Option<String> {
    if let Some(xml) = value.read_lock::<XmlDocument>() {
        return Some(xml.document.to_string());
    }
    if let Some(node) = value.read_lock::<XmlNode>() {
        return Some(node.node.to_string());
    }
    value.clone().into_string().ok()
}

impl From<Document> for XmlDocument {
    fn from(document: Document) -> Self {
        Self { document, owner: None }
    }
}

impl XmlDocument {
    /// Makes the document that a property of `owner` (a UUID or another key) gives out.
    pub fn of_property(document: Document, owner: impl Into<ImmutableString>) -> Self {
        Self { document, owner: Some(owner.into()) }
    }
}

/// The setter of a property that gives out documents with [`XmlDocument::of_property`]: accepts
/// what `owner` gave out and nobody wrote to, which is how Rhai ends a chain of reads.
///
/// Errors: `usage` with the hint for everything else.
pub fn refuse_assignment(value: &Dynamic, owner: &str, hint: &str) -> Result<()> {
    if let Some(xml) = value.read_lock::<XmlDocument>()
        && xml.owner.as_deref() == Some(owner)
        && !xml.document.is_written()
    {
        return Ok(());
    }
    Err(Error::usage("this document is a copy: assigning to it changes nothing but itself").hint(hint))
}

impl From<Node> for XmlNode {
    fn from(node: Node) -> Self {
        Self { node, found_by: None }
    }
}

/// Reads a path as an index does.
fn find(start: Node, path: ImmutableString) -> Result<Dynamic> {
    Ok(match start.get(&path)? {
        Some(Value::Node(node)) => Dynamic::from(XmlNode { node, found_by: Some(Arc::new((start, path))) }),
        Some(Value::Text(text)) => text.into(),
        None => Dynamic::UNIT,
    })
}

/// Writes a path as an index does.
fn assign(start: &Node, path: &ImmutableString, value: &Dynamic) -> Result<()> {
    if let Some(node) = value.read_lock::<XmlNode>()
        && let Some(found_by) = &node.found_by
        && found_by.0.is_same(start)
        && found_by.1 == *path
    {
        return Ok(());
    }
    start.set(path, &written(value)?)
}

/// Returns the text that a value is in XML.
fn written(value: &Dynamic) -> Result<String> {
    if let Ok(number) = value.as_float() {
        return if number.is_finite() {
            Ok(number.to_string())
        } else {
            Err(Error::usage(format!("{number} is no number that XML could hold")))
        };
    }
    if value.is_string() || value.is_int() || value.is_bool() || value.is_char() {
        return Ok(value.to_string());
    }
    let (what, hint) = if value.is::<XmlNode>() || value.is::<XmlDocument>() {
        ("an element", "assign its text(), or add(…) it where it belongs")
    } else if value.is_map() || value.is_array() {
        ("a map or an array", "assign each value by its own path, or add(…) the XML text")
    } else if value.is_unit() {
        ("()", "remove(path) takes out what a path finds")
    } else {
        ("this value", "texts, numbers and bools can be assigned")
    };
    Err(Error::usage(format!("{what} cannot be assigned to a path: {}", value.type_name())).hint(hint))
}

/// Returns everything that a path finds: texts and elements.
fn found(values: Vec<Value>) -> Array {
    let dynamic = |value| match value {
        Value::Node(node) => Dynamic::from(XmlNode::from(node)),
        Value::Text(text) => text.into(),
    };
    values.into_iter().map(dynamic).collect()
}

/// Adds what a script gives as XML: a text, or a copy of an element or a document.
fn add(parent: &Node, what: &Dynamic) -> Result<XmlNode> {
    let text = text_of(what).ok_or_else(|| {
        Error::usage(format!("an element is added as XML text or as XmlNode, not {}", what.type_name()))
            .hint("write it as text: add(\"<disk>…</disk>\")")
    })?;
    parent.add(&text).map(XmlNode::from)
}

/// Returns changes as scripts see them; what there is not is left out. `new` is a word of Rhai's.
pub(super) fn maps(changes: Vec<Change>) -> Array {
    let map = |change: Change| {
        let mut map = Map::new();
        map.insert("path".into(), change.path.into());
        map.insert("kind".into(), change.kind.word().into());
        for (key, value) in [("old", change.old), ("new_", change.new)] {
            if let Some(value) = value {
                map.insert(key.into(), value.into());
            }
        }
        Dynamic::from(map)
    };
    changes.into_iter().map(map).collect()
}

#[cfg(test)]
mod tests;
