//! `XmlDocument`.

use rhai::Array;
use rhai::plugin::{Dynamic, ImmutableString, export_module};

use super::{XmlDocument, XmlNode, add, assign, find, found, maps};
use crate::api::Fallible;
use crate::lang::natives::Natives;
use crate::xml::Document;

pub(super) fn register(natives: &mut Natives) {
    natives.global(&xml_document_functions::RHAI_MANIFEST);
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod xml_document_functions {
    /// A text as it can stand in XML, between tags and in the quotes of an attribute.
    ///
    /// ```rhai
    /// print(`<title>${xml_escape("a < b")}</title>`);
    /// ```
    pub fn xml_escape(text: &str) -> String {
        quick_xml::escape::escape(text).into_owned()
    }

    /// Reads an XML text as a document.
    ///
    /// Printed again it is the same text, byte for byte; after a change only what was changed is printed anew.
    ///
    /// Errors: `xml` for a text that is not well-formed, with line, column and what was expected there.
    ///
    /// ```rhai
    /// let doc = xml("<domain type='test'><name>web1</name></domain>");
    /// print(doc["name"].text());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn xml(text: ImmutableString) -> Fallible<XmlDocument> {
        Ok(Document::parse(&text)?.into())
    }

    /// The root element.
    ///
    /// ```rhai
    /// print(xml("<domain/>").root().tag());
    /// ```
    #[rhai_fn(pure)]
    pub fn root(doc: &mut XmlDocument) -> XmlNode {
        doc.document.root().into()
    }

    /// What a path finds first: text for `@attribute` and `text()`, an element otherwise, `()` for nothing.
    ///
    /// Paths are a subset of XPath 1.0 and start at the root element: `devices/disk[@device='disk'][2]/source/@file`,
    /// `//mac/@address`, `disk[last()]`, `disk[not(source)]`, `disk[contains(source/@file, 'img')]`, `/domain/name`.
    /// `doc.devices.disk` reads like `doc["devices"]["disk"]`.
    ///
    /// Assigning a text, a number or a bool sets what the path finds first: an attribute, or the text of an
    /// element that holds no elements. Nothing found: what is missing is created, also so that predicates such
    /// as `[@a='v']` and `[b/@a='v']` hold. A bool becomes `true` or `false`; libvirt mostly wants `"yes"` or `"no"`.
    ///
    /// Errors: `xml` for a wrong path and for a step that cannot be created; `usage` for a value that is no text.
    ///
    /// ```rhai
    /// let doc = xml("<domain><devices/></domain>");
    /// doc["devices/disk[target/@dev='vdb']/source/@file"] = "/b.img";
    /// print(doc["devices/disk/target/@dev"]);
    /// ```
    #[rhai_fn(index_get, pure, return_raw)]
    pub fn get(doc: &mut XmlDocument, path: ImmutableString) -> Fallible<Dynamic> {
        Ok(super::find(doc.document.root(), path)?)
    }

    /// Sets what a path finds first, or creates it; see the reading form.
    ///
    /// Errors: `xml` for a wrong path and for a step that cannot be created; `usage` for a value that is no text.
    ///
    /// ```rhai
    /// let doc = xml("<domain><memory unit='KiB'>1</memory></domain>");
    /// doc["memory"] = 2097152;
    /// print(doc);
    /// ```
    #[rhai_fn(index_set, return_raw, pure)]
    pub fn set(doc: &mut XmlDocument, path: ImmutableString, value: Dynamic) -> Fallible<()> {
        Ok(super::assign(&doc.document.root(), &path, &value)?)
    }

    /// Everything that a path finds, in document order.
    ///
    /// Texts for `@attribute` and `text()`, elements otherwise.
    ///
    /// Errors: `xml` for a wrong path.
    ///
    /// ```rhai
    /// let doc = xml("<devices><disk/><disk><serial>x</serial></disk></devices>");
    /// for disk in doc.all("disk[serial]") { print(disk) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn all(doc: &mut XmlDocument, path: ImmutableString) -> Fallible<Array> {
        Ok(super::found(doc.document.all(&path)?))
    }

    /// Adds an element as the last one in the root element, indented like its siblings, and returns it.
    ///
    /// It is given as XML text or as an element or document, which is copied.
    ///
    /// Errors: `xml` where the text is not one well-formed element.
    ///
    /// ```rhai
    /// let doc = xml("<domain><name>web1</name></domain>");
    /// doc.add("<title>Web server</title>");
    /// print(doc);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn add(doc: &mut XmlDocument, element: Dynamic) -> Fallible<XmlNode> {
        Ok(super::add(&doc.document.root(), &element)?)
    }

    /// Removes everything that a path finds (elements, attributes, texts) and returns how many that were.
    ///
    /// Errors: `xml` for a wrong path and for the root element.
    ///
    /// ```rhai
    /// let doc = xml("<domain><uuid>x</uuid><name>web1</name></domain>");
    /// print(doc.remove("uuid"));
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn remove(doc: &mut XmlDocument, path: ImmutableString) -> Fallible<i64> {
        Ok(doc.document.remove_at(&path)? as i64)
    }

    /// An independent copy; other copies are handles on the same document.
    ///
    /// ```rhai
    /// let doc = xml("<a/>");
    /// let copy = doc.clone_doc();
    /// copy["@x"] = 1;
    /// print(doc != copy);
    /// ```
    #[rhai_fn(pure)]
    pub fn clone_doc(doc: &mut XmlDocument) -> XmlDocument {
        doc.document.copy().into()
    }

    /// What has to change to make the document say what another one says.
    ///
    /// Each change is `#{ path, kind, old, new_ }` with the kind `added`, `removed` or `changed`. Repeated elements
    /// are told apart by libvirt's keys (a disk's target, an interface's MAC address), a name, an alias, or their
    /// position. Blanks between tags, quotes, comments and the order of attributes do not count.
    ///
    /// Errors: `xml` for a difference that lies more than 1,000 levels deep.
    /// @returns [map]
    ///
    /// ```rhai
    /// for c in xml("<a x='1'/>").diff(xml("<a x='2'/>")) { print(`${c.path}: ${c.old} -> ${c.new_}`) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn diff(doc: &mut XmlDocument, other: XmlDocument) -> Fallible<Array> {
        Ok(super::maps(doc.document.diff(&other.document)?))
    }

    /// The same as `diff` in the form of `diff -u`; empty where both documents say the same.
    ///
    /// ```rhai
    /// print(xml("<a><b>1</b></a>").diff_text(xml("<a><b>2</b></a>")));
    /// ```
    #[rhai_fn(pure)]
    pub fn diff_text(doc: &mut XmlDocument, other: XmlDocument) -> String {
        doc.document.diff_text(&other.document)
    }

    /// The document as XML text.
    ///
    /// ```rhai
    /// print(xml("<a  x=\"1\"/>").to_string());
    /// ```
    #[rhai_fn(name = "to_string", name = "to_debug", pure)]
    pub fn to_text(doc: &mut XmlDocument) -> String {
        doc.document.to_string()
    }

    /// True where both documents say the same, as `diff` sees it.
    ///
    /// ```rhai
    /// print(xml("<a x='1'></a>") == xml("<a x=\"1\"/>"));
    /// ```
    #[rhai_fn(name = "==", pure)]
    pub fn equals(doc: &mut XmlDocument, other: XmlDocument) -> bool {
        doc.document == other.document
    }

    /// True where the documents differ, as `diff` sees it.
    ///
    /// ```rhai
    /// print(xml("<a x='1'/>") != xml("<a x='2'/>"));
    /// ```
    #[rhai_fn(name = "!=", pure)]
    pub fn differs(doc: &mut XmlDocument, other: XmlDocument) -> bool {
        doc.document != other.document
    }
}
