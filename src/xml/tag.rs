//! A start tag as text: `<disk type='file' device="disk">`.
//!
//! An element keeps its start tag exactly as it was read. Attributes are found in it when asked
//! for, and a change replaces only the characters of that one value, so that quotes, spacing and
//! order of everything else stay.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::chars::{Place, check_references, escape, is_space, name_length, unescape};
use super::fault::Fault;

/// One attribute of a tag, as byte ranges of the tag's text; `value` is without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

impl Attribute {
    /// Returns the value with its references resolved.
    pub(super) fn value<'a>(&self, tag: &'a str) -> Cow<'a, str> {
        unescape(&tag[self.value.clone()], Place::Attribute(self.quote(tag)))
    }

    fn quote(&self, tag: &str) -> char {
        char::from(tag.as_bytes()[self.value.start - 1])
    }
}

/// Walks over the attributes of a start tag; after a fault it ends.
pub(super) struct Attributes<'a> {
    tag: &'a str,
    at: usize,
}

/// Returns the attributes of a tag whose name is `name_length` bytes long.
pub(super) fn attributes(tag: &str, name_length: usize) -> Attributes<'_> {
    Attributes { tag, at: 1 + name_length }
}

impl Attributes<'_> {
    fn skip_space(&mut self) {
        let rest = &self.tag.as_bytes()[self.at..];
        self.at += rest.iter().position(|&b| !is_space(b)).unwrap_or(rest.len());
    }

    fn read(&mut self) -> Result<Option<Attribute>, Fault> {
        let bytes = self.tag.as_bytes();
        let gap = self.at;
        self.skip_space();
        if matches!(&bytes[self.at..], [] | [b'>'] | [b'/', b'>']) {
            return Ok(None);
        }
        let start = self.at;
        let length = bytes[start..].iter().position(|&b| is_space(b) || b"=<>/'\"".contains(&b));
        self.at += length.unwrap_or(bytes.len() - start);
        let name = start..self.at;
        if name.is_empty() {
            return Err(Fault::new(start, format!("expected an attribute or `>`, found {}", self.found())));
        }
        if gap == start {
            return Err(Fault::new(start, "expected white space before the attribute"));
        }
        self.skip_space();
        if bytes.get(self.at) != Some(&b'=') {
            let name = &self.tag[name];
            return Err(Fault::new(self.at, format!("expected `=` after `{name}`, found {}", self.found()))
                .hint(format!("an attribute has a value in quotes: {name}='…'")));
        }
        self.at += 1;
        self.skip_space();
        let Some(&quote @ (b'\'' | b'"')) = bytes.get(self.at) else {
            let expected = format!("expected a quote after `{}=`", &self.tag[name]);
            return Err(Fault::new(self.at, format!("{expected}, found {}", self.found()))
                .hint("put the value in quotes: '…'"));
        };
        self.at += 1;
        let start = self.at;
        let Some(length) = bytes[start..].iter().position(|&b| b == quote) else {
            return Err(Fault::new(start - 1, format!("expected a closing `{}`", char::from(quote))));
        };
        self.at += length + 1;
        Ok(Some(Attribute { name, value: start..start + length }))
    }

    fn found(&self) -> String {
        match self.tag[self.at..].chars().next() {
            Some(c) => format!("`{c}`"),
            None => "the end of the tag".to_owned(),
        }
    }
}

impl Iterator for Attributes<'_> {
    type Item = Result<Attribute, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read();
        if read.is_err() {
            self.at = self.tag.len();
        }
        read.transpose()
    }
}

/// Checks a start tag (with its `<` and `>`) and returns the length of the element's name.
pub(super) fn check(tag: &str, has_doctype: bool) -> Result<usize, Fault> {
    let length = name_length(&tag[1..]);
    if length == 0 {
        return Err(
            Fault::new(0, "expected the name of an element after `<`").hint("write `&lt;` for a plain `<`")
        );
    }
    let mut names = Names::default();
    for attribute in attributes(tag, length) {
        let attribute = attribute?;
        let name = &tag[attribute.name.clone()];
        if name_length(name) != name.len() {
            return Err(Fault::new(attribute.name.start, format!("`{name}` is no name for an attribute")));
        }
        if !names.insert(name) {
            return Err(Fault::new(attribute.name.start, format!("the attribute `{name}` is there twice"))
                .hint("remove one of the two"));
        }
        let value = &tag[attribute.value.clone()];
        if let Some(at) = value.find('<') {
            return Err(Fault::new(attribute.value.start + at, "`<` cannot stand in an attribute's value")
                .hint("write `&lt;`"));
        }
        check_references(value, has_doctype).map_err(|fault| fault.within(attribute.value.start))?;
    }
    Ok(length)
}

/// The names seen in one tag: a list while there are few, so that usual tags cost no hashing, and
/// a set beyond, so that a tag with 100,000 attributes costs no quadratic time.
#[derive(Default)]
struct Names<'a> {
    few: Vec<&'a str>,
    many: HashSet<&'a str>,
}

impl<'a> Names<'a> {
    const FEW: usize = 16;

    fn insert(&mut self, name: &'a str) -> bool {
        if self.few.len() < Self::FEW {
            let new = !self.few.contains(&name);
            self.few.push(name);
            return new;
        }
        !self.few.contains(&name) && self.many.insert(name)
    }
}

/// Returns the attribute called `name`, if the tag has it.
pub(super) fn find(tag: &str, name_length: usize, name: &str) -> Option<Attribute> {
    attributes(tag, name_length).map_while(Result::ok).find(|a| &tag[a.name.clone()] == name)
}

/// Returns the tag with the attribute set to `value`: replaced between its own quotes, or added
/// behind the last one in that one's quotes. `None` when it has that value already.
pub(super) fn with_attribute(tag: &str, name_length: usize, name: &str, value: &str) -> Option<String> {
    let mut last: Option<Attribute> = None;
    for attribute in attributes(tag, name_length).map_while(Result::ok) {
        if &tag[attribute.name.clone()] == name {
            if attribute.value(tag) == value {
                return None;
            }
            let escaped = escape(value, Place::Attribute(attribute.quote(tag)));
            let (before, after) = (&tag[..attribute.value.start], &tag[attribute.value.end..]);
            return Some(format!("{before}{escaped}{after}"));
        }
        last = Some(attribute);
    }
    let (end, quote) = match last {
        Some(attribute) => (attribute.value.end + 1, attribute.quote(tag)),
        None => (1 + name_length, '\''),
    };
    let escaped = escape(value, Place::Attribute(quote));
    Some(format!("{} {name}={quote}{escaped}{quote}{}", &tag[..end], &tag[end..]))
}

/// Returns the tag without the attribute and the white space before it; `None` when it has none.
pub(super) fn without_attribute(tag: &str, name_length: usize, name: &str) -> Option<String> {
    let attribute = find(tag, name_length, name)?;
    let before = tag[..attribute.name.start].trim_ascii_end();
    Some(format!("{before}{}", &tag[attribute.value.end + 1..]))
}

/// Returns the tag `<a b='c' />` as `<a b='c'>`; `None` when it is not self-closing.
pub(super) fn opened(tag: &str) -> Option<String> {
    tag.strip_suffix("/>").map(|tag| format!("{}>", tag.trim_ascii_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "<disk  type = 'file'\n device=\"a'b\" />";

    fn values(tag: &str) -> Vec<(&str, String)> {
        let length = check(tag, false).expect("a good tag");
        attributes(tag, length)
            .map(|a| a.expect("a good attribute"))
            .map(|a| (&tag[a.name.clone()], a.value(tag).into_owned()))
            .collect()
    }

    #[test]
    fn attributes_are_found_whatever_their_quotes_and_spacing() {
        assert_eq!(values(TAG), [("type", "file".to_owned()), ("device", "a'b".to_owned())]);
        assert_eq!(values("<a/>"), []);
        assert_eq!(values("<a x='1'/>"), [("x", "1".to_owned())]);
    }

    #[test]
    fn a_changed_value_keeps_the_rest_of_the_tag() {
        let tag = with_attribute(TAG, 4, "type", "a'b\"<").expect("changed");
        assert_eq!(tag, "<disk  type = 'a&apos;b\"&lt;'\n device=\"a'b\" />");
        let tag = with_attribute(TAG, 4, "device", "a'b\"").expect("changed");
        assert_eq!(tag, "<disk  type = 'file'\n device=\"a'b&quot;\" />");
        assert_eq!(with_attribute("<a x='&#65;'/>", 1, "x", "A"), None, "the same value is no change");
    }

    #[test]
    fn an_added_attribute_takes_the_quotes_of_its_neighbour() {
        assert_eq!(with_attribute("<a/>", 1, "x", "1").as_deref(), Some("<a x='1'/>"));
        assert_eq!(with_attribute("<a x=\"1\" >", 1, "y", "2").as_deref(), Some("<a x=\"1\" y=\"2\" >"));
    }

    #[test]
    fn a_removed_attribute_takes_its_space_along() {
        assert_eq!(without_attribute(TAG, 4, "type").as_deref(), Some("<disk\n device=\"a'b\" />"));
        assert_eq!(without_attribute(TAG, 4, "none"), None);
        assert_eq!(opened("<a x='1' />").as_deref(), Some("<a x='1'>"));
    }

    #[test]
    fn faults_are_named_where_they_are() {
        let fault = |tag: &str| check(tag, false).expect_err(tag).into_error(tag).to_string();
        assert!(fault("<a x='1' x='2'>").ends_with("column 10: the attribute `x` is there twice"));
        assert!(fault("<a x=1>").ends_with("column 6: expected a quote after `x=`, found `1`"));
        assert!(fault("<a x>").ends_with("column 5: expected `=` after `x`, found `>`"));
        assert!(fault("<a x='1'y='2'>").ends_with("column 9: expected white space before the attribute"));
        assert!(fault("<a x='<'>").ends_with("column 7: `<` cannot stand in an attribute's value"));
        assert!(fault("<a / >").ends_with("column 4: expected an attribute or `>`, found `/`"));
        assert!(fault("< a>").contains("column 1: expected the name of an element"));
        assert!(fault("<a x='a&b'>").contains("column 8: expected a reference"));
        assert!(fault("<a x='&nbsp;'>").contains("column 7: expected a known reference"));
    }

    #[test]
    fn many_attributes_are_checked_for_doubles_too() {
        let many: String = (0..200).map(|n| format!(" a{n}='{n}'")).collect::<Vec<_>>().concat();
        assert_eq!(check(&format!("<x{many}>"), false).expect("all different"), 1);
        assert!(check(&format!("<x{many} a150=''>"), false).is_err());
    }
}
