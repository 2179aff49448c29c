//! Entry points for a fuzz runner: each takes any bytes and panics where a promise of this folder
//! is broken. `make soak` runs them for long, the tests below for a moment.

use super::{Document, Path};

/// The document that paths are tried on.
const SAMPLE: &str = "<?xml version='1.0'?>\n<domain type='kvm'>\n  <name>web1</name>\n  <memory unit='KiB'>4</memory>\n  \
    <devices>\n    <disk type='file' device=\"disk\"><source file='/a'/><target dev='vda'/></disk>\n    \
    <disk><target dev='vdb'/></disk>\n    <!-- c --><interface><mac address='52:54:00:00:00:01'/></interface>\n  \
    </devices>\n  <q:x xmlns:q='u'>a<![CDATA[b]]>&amp;<i/>c</q:x>\n</domain>\n";

/// Reads the bytes as a document: what is read prints as it was, also after it was taken apart.
pub fn document(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(document) = Document::parse(text) else { return };
    assert_eq!(document.to_string(), text, "a document prints as it was read");
    let copy = document.copy();
    assert!(copy == document, "a copy says the same");
    assert_eq!(copy.diff_text(&document), "");
    for path in ["//*", "//@*", "//text()", ".//*[last()]/..", "*[@*]"] {
        let _ = document.all(path).expect("a good path");
    }
    copy.set("fuzz[@a='\"&']/b/@c", "<'\">\r\n\t").expect("these steps can be created");
    let read = copy.text_at("fuzz[@a='\"&']/b/@c").expect("a good path");
    assert_eq!(read.as_deref(), Some("<'\">\r\n\t"), "what was set is read back");
    if let Some(super::Value::Node(added)) = copy.get("fuzz").expect("a good path") {
        added.remove().expect("no root element");
    }
    well_formed(&copy);
}

/// Reads the first line of the bytes as a path and the rest as a value, and uses them in every way.
pub fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (text, value) = text.split_once('\n').unwrap_or((text, "value"));
    let Ok(path) = Path::parse(text) else { return };
    assert_eq!(path.to_string(), text);
    let document = Document::parse(SAMPLE).expect("the sample is well-formed");
    let all = document.all(text).expect("the path was read");
    let first = document.get(text).expect("the path was read");
    assert_eq!(first.is_some(), !all.is_empty(), "get() gives the first of all()");
    let changed = document.copy();
    if changed.set(text, value).is_ok() && !value.is_empty() {
        well_formed(&changed);
    } else if !value.is_empty() {
        assert_eq!(changed.to_string(), SAMPLE, "a set() that fails changes nothing");
    }
    let changed = document.copy();
    if let Ok(count) = changed.remove_at(text) {
        assert_eq!(count, all.len());
        well_formed(&changed);
    }
}

/// Reads the bytes as a fragment and adds it at several places.
pub fn fragment(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let document = Document::parse(SAMPLE).expect("the sample is well-formed");
    for place in ["devices", "devices/disk[2]/target", "name", "memory"] {
        if let Some(super::Value::Node(node)) = document.get(place).expect("a good path")
            && node.add(text).is_err()
        {
            return;
        }
    }
    well_formed(&document);
}

/// Reads the bytes, cut in two, as two documents and compares them.
pub fn difference(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some((a, b)) = text.split_once('\0') else { return };
    let (Ok(a), Ok(b)) = (Document::parse(a), Document::parse(b)) else { return };
    let Ok(changes) = a.diff(&b) else { return };
    assert_eq!(changes.is_empty(), a == b);
    assert_eq!(changes.is_empty(), a.diff_text(&b).is_empty());
    for change in changes {
        Path::parse(&change.path).expect("a change has a path that can be looked up");
    }
}

fn well_formed(document: &Document) {
    let text = document.to_string();
    let again = Document::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(again == *document, "what is printed says the same");
}
