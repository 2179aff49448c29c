//! `XmlNode`.

use rhai::Array;
use rhai::plugin::{Dynamic, ImmutableString, export_module};

use super::{XmlNode, add, assign, find, found, maps, written};
use crate::api::Fallible;
use crate::lang::natives::Natives;

pub(super) fn register(natives: &mut Natives) {
    natives.global(&xml_node_functions::RHAI_MANIFEST);
}

#[export_module(manifest)]
#[allow(clippy::unwrap_used, reason = "in the code that export_module writes")]
mod xml_node_functions {
    /// The name of the element as it is written, with its prefix.
    ///
    /// ```rhai
    /// print(xml("<domain/>").root().tag());
    /// ```
    #[rhai_fn(pure)]
    pub fn tag(node: &mut XmlNode) -> String {
        node.node.tag()
    }

    /// All text in the element, that of elements in it included, with references such as `&amp;` resolved.
    ///
    /// ```rhai
    /// print(xml("<a><name>Tom &amp; Jerry</name></a>")["name"].text());
    /// ```
    #[rhai_fn(pure)]
    pub fn text(node: &mut XmlNode) -> String {
        node.node.text()
    }

    /// Sets the text of an element that holds no elements; comments in it stay.
    ///
    /// Errors: `xml` where it holds elements, and for a character that XML cannot carry; `usage` for a value that
    /// is no text.
    ///
    /// ```rhai
    /// let doc = xml("<a><name>web1</name></a>");
    /// doc["name"].set_text("db1");
    /// print(doc);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn set_text(node: &mut XmlNode, value: Dynamic) -> Fallible<()> {
        Ok(node.node.set_text(&super::written(&value)?)?)
    }

    /// The value of an attribute, or `()`.
    ///
    /// ```rhai
    /// print(xml("<domain type='test'/>").root().attr("type"));
    /// ```
    #[rhai_fn(pure)]
    pub fn attr(node: &mut XmlNode, name: ImmutableString) -> Dynamic {
        node.node.attr(&name).map_or(Dynamic::UNIT, Into::into)
    }

    /// The names of the attributes in document order.
    ///
    /// @returns [string]
    ///
    /// ```rhai
    /// print(xml("<source file='/img/a' index='1'/>").root().attributes());
    /// ```
    #[rhai_fn(pure)]
    pub fn attributes(node: &mut XmlNode) -> Array {
        node.node.attributes().into_iter().map(Into::into).collect()
    }

    /// Sets an attribute; the rest of the tag stays as it is.
    ///
    /// Errors: `xml` for a name or a character that XML cannot carry; `usage` for a value that is no text.
    ///
    /// ```rhai
    /// let node = xml("<memory unit='KiB'>1</memory>").root();
    /// node.set_attr("unit", "GiB");
    /// print(node);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn set_attr(node: &mut XmlNode, name: ImmutableString, value: Dynamic) -> Fallible<()> {
        Ok(node.node.set_attr(&name, &super::written(&value)?)?)
    }

    /// The elements directly in this one, in document order.
    ///
    /// @returns [XmlNode]
    ///
    /// ```rhai
    /// for node in xml("<a><b/><c/></a>").root().children() { print(node.tag()) }
    /// ```
    #[rhai_fn(pure)]
    pub fn children(node: &mut XmlNode) -> Array {
        node.node.children().into_iter().map(|child| Dynamic::from(XmlNode::from(child))).collect()
    }

    /// The element around this one; `()` for the root element and for one that was removed.
    ///
    /// @returns XmlNode
    ///
    /// ```rhai
    /// print(xml("<a><b/></a>")["b"].parent().tag());
    /// ```
    #[rhai_fn(pure)]
    pub fn parent(node: &mut XmlNode) -> Dynamic {
        node.node.parent().map_or(Dynamic::UNIT, |parent| Dynamic::from(XmlNode::from(parent)))
    }

    /// What a path finds first from this element, or `()`.
    ///
    /// Text for `@attribute` and `text()`, an element otherwise. Paths are those of `XmlDocument`. A path that starts with `/` or `//` starts at the document all the same;
    /// `.//mac` looks at any depth below this element.
    ///
    /// Errors: `xml` for a wrong path and for a step that cannot be created; `usage` for a value that is no text.
    ///
    /// ```rhai
    /// let disk = xml("<devices><disk><target dev='vda'/></disk></devices>")["disk"];
    /// print(disk["target/@dev"]);
    /// ```
    #[rhai_fn(index_get, pure, return_raw)]
    pub fn get(node: &mut XmlNode, path: ImmutableString) -> Fallible<Dynamic> {
        Ok(super::find(node.node.clone(), path)?)
    }

    /// Sets what a path finds first from this element, or creates it; see the reading form.
    ///
    /// Errors: `xml` for a wrong path and for a step that cannot be created; `usage` for a value that is no text.
    ///
    /// ```rhai
    /// let disk = xml("<devices><disk/></devices>")["disk"];
    /// disk["target/@dev"] = "vda";
    /// print(disk);
    /// ```
    #[rhai_fn(index_set, return_raw, pure)]
    pub fn set(node: &mut XmlNode, path: ImmutableString, value: Dynamic) -> Fallible<()> {
        Ok(super::assign(&node.node, &path, &value)?)
    }

    /// Everything that a path finds from this element, in document order.
    ///
    /// Errors: `xml` for a wrong path.
    ///
    /// ```rhai
    /// let devices = xml("<domain><devices><disk/><disk/></devices></domain>")["devices"];
    /// print(devices.all("disk").len());
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn all(node: &mut XmlNode, path: ImmutableString) -> Fallible<Array> {
        Ok(super::found(node.node.all(&path)?))
    }

    /// Adds an element as the last one in this element, indented like its siblings, and returns it.
    ///
    /// It is given as XML text or as an element or document, which is copied; to move an element, remove it and
    /// add it again.
    ///
    /// Errors: `xml` where the text is not one well-formed element.
    ///
    /// ```rhai
    /// let doc = xml("<domain><devices/></domain>");
    /// doc["devices"].add("<disk><target dev='vda'/></disk>");
    /// print(doc);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn add(node: &mut XmlNode, element: Dynamic) -> Fallible<XmlNode> {
        Ok(super::add(&node.node, &element)?)
    }

    /// Takes the element out of its document, with the line that it stood on.
    ///
    /// It can still be read, and added elsewhere.
    ///
    /// Errors: `xml` for the root element.
    ///
    /// ```rhai
    /// let doc = xml("<devices><disk/><tpm/></devices>");
    /// doc["tpm"].remove();
    /// print(doc);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn remove(node: &mut XmlNode) -> Fallible<()> {
        Ok(node.node.remove()?)
    }

    /// Removes everything that a path finds from this element and returns how many that were.
    ///
    /// Errors: `xml` for a wrong path and for the root element.
    ///
    /// ```rhai
    /// let disk = xml("<devices><disk><alias name='x'/></disk></devices>")["disk"];
    /// print(disk.remove("alias/@name"));
    /// ```
    #[rhai_fn(name = "remove", return_raw, pure)]
    pub fn remove_at(node: &mut XmlNode, path: ImmutableString) -> Fallible<i64> {
        Ok(node.node.remove_at(&path)? as i64)
    }

    /// What has to change to make the element say what another one says; see `diff` of `XmlDocument`.
    ///
    /// Errors: `xml` for a difference that lies more than 1,000 levels deep.
    /// @returns [map]
    ///
    /// ```rhai
    /// let disks = xml("<devices><disk a='1'/><disk a='2'/></devices>").all("disk");
    /// print(disks[0].diff(disks[1])[0].path);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn diff(node: &mut XmlNode, other: XmlNode) -> Fallible<Array> {
        Ok(super::maps(node.node.diff(&other.node)?))
    }

    /// The same as `diff` in the form of `diff -u`; empty where both elements say the same.
    ///
    /// ```rhai
    /// let disks = xml("<devices><disk a='1'/><disk a='2'/></devices>").all("disk");
    /// print(disks[0].diff_text(disks[1]));
    /// ```
    #[rhai_fn(pure)]
    pub fn diff_text(node: &mut XmlNode, other: XmlNode) -> String {
        node.node.diff_text(&other.node)
    }

    /// The element as XML text.
    ///
    /// ```rhai
    /// print(xml("<a><b>1</b></a>")["b"].to_string());
    /// ```
    #[rhai_fn(name = "to_string", name = "to_debug", pure)]
    pub fn to_text(node: &mut XmlNode) -> String {
        node.node.to_string()
    }

    /// True where both elements say the same, as `diff` sees it.
    ///
    /// ```rhai
    /// let disks = xml("<devices><disk/><disk/></devices>").all("disk");
    /// print(disks[0] == disks[1]);
    /// ```
    #[rhai_fn(name = "==", pure)]
    pub fn equals(node: &mut XmlNode, other: XmlNode) -> bool {
        node.node == other.node
    }

    /// True where the elements differ, as `diff` sees it.
    ///
    /// ```rhai
    /// let disks = xml("<devices><disk/><disk a='1'/></devices>").all("disk");
    /// print(disks[0] != disks[1]);
    /// ```
    #[rhai_fn(name = "!=", pure)]
    pub fn differs(node: &mut XmlNode, other: XmlNode) -> bool {
        node.node != other.node
    }
}
