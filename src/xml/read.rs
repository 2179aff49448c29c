//! Text → [`Tree`]: quick-xml finds where each piece begins and ends, this file checks what
//! quick-xml lets pass and keeps the pieces as they are.

#[cfg(test)]
mod tests;

use quick_xml::Reader;
use quick_xml::errors::{Error as ReaderError, IllFormedError, SyntaxError};
use quick_xml::events::Event;
use std::ops::Range;

use super::chars::{check_references, first_forbidden, is_blank, is_space, name_length};
use super::fault::{Fault, line_and_column};
use super::tag;
use super::tree::{Id, Kind, Raw, Tree};
use crate::error::{Error, Result, code};

const BOM: &str = "\u{feff}";

/// Reads a whole document.
pub(super) fn read(text: &str) -> Result<Tree> {
    if u32::try_from(text.len()).is_err() {
        return Err(Error::new(code::XML, "an XML text of more than 4 GiB cannot be read"));
    }
    Reading::new(text).read().map_err(|fault| fault.into_error(text))
}

struct Reading<'a> {
    text: &'a str,
    tree: Tree,
    /// The element that is open at this place, or the document.
    parent: Id,
    has_doctype: bool,
    has_root: bool,
}

impl<'a> Reading<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, tree: Tree::new(text), parent: Id::DOCUMENT, has_doctype: false, has_root: false }
    }

    fn read(mut self) -> std::result::Result<Tree, Fault> {
        if let Some((at, c)) = first_forbidden(self.text) {
            return Err(Fault::new(at, format!("the character U+{:04X} cannot be in XML 1.0", u32::from(c)))
                .hint("remove it, or encode the data, for example as base64"));
        }
        let start = if self.text.starts_with(BOM) { BOM.len() } else { 0 };
        if start > 0 {
            let bom = self.tree.push(Kind::Other(Raw::source(0..start)));
            self.tree.link(Id::DOCUMENT, bom, None);
        }
        let mut reader = Reader::from_str(&self.text[start..]);
        // Names are compared here, where the line of the start tag is known.
        reader.config_mut().check_end_names = false;
        reader.config_mut().allow_unmatched_ends = true;
        loop {
            let from = start + reader.buffer_position() as usize;
            let event = reader
                .read_event()
                .map_err(|error| reader_fault(&error).within(start + reader.error_position() as usize))?;
            let piece = from..start + reader.buffer_position() as usize;
            if matches!(event, Event::Eof) {
                return self.end();
            }
            let raw = &self.text[piece.clone()];
            self.event(&event, raw, piece.clone()).map_err(|fault| fault.within(piece.start))?;
        }
    }

    /// Takes in one piece; positions of faults are counted within it.
    fn event(&mut self, event: &Event, raw: &str, piece: Range<usize>) -> std::result::Result<(), Fault> {
        match event {
            Event::Start(_) | Event::Empty(_) => self.start_tag(raw, piece),
            Event::End(_) => self.end_tag(raw, piece),
            Event::Text(_) | Event::GeneralRef(_) => self.character_data(raw, piece),
            Event::CData(_) => self.cdata(piece),
            Event::Comment(_) => {
                check_comment(raw)?;
                self.add(Kind::Other(Raw::source(piece)));
                Ok(())
            }
            Event::PI(_) => {
                check_instruction(raw)?;
                self.add(Kind::Other(Raw::source(piece)));
                Ok(())
            }
            Event::Decl(_) => {
                if !self.text[..piece.start].trim_start_matches(BOM).is_empty() {
                    return Err(Fault::new(0, "the XML declaration must be at the very start of the text")
                        .hint("remove what stands before `<?xml`"));
                }
                check_declaration(raw)?;
                self.add(Kind::Other(Raw::source(piece)));
                Ok(())
            }
            Event::DocType(_) => self.doctype(raw, piece),
            Event::Eof => Ok(()),
        }
    }

    fn add(&mut self, kind: Kind) -> Id {
        let id = self.tree.push(kind);
        self.tree.link(self.parent, id, None);
        id
    }

    fn start_tag(&mut self, raw: &str, piece: Range<usize>) -> std::result::Result<(), Fault> {
        let name_length = tag::check(raw, self.has_doctype)? as u32;
        if self.parent == Id::DOCUMENT {
            if self.has_root {
                let message = format!("`<{}>` follows the root element", &raw[1..=name_length as usize]);
                return Err(Fault::new(0, message).hint("a document has one root element"));
            }
            self.has_root = true;
        }
        let id = self.add(Kind::Element { open: Raw::source(piece), close: Raw::own(""), name_length });
        if !raw.ends_with("/>") {
            self.parent = id;
        }
        Ok(())
    }

    fn end_tag(&mut self, raw: &str, piece: Range<usize>) -> std::result::Result<(), Fault> {
        let found = raw[2..raw.len() - 1].trim_ascii_end();
        if self.parent == Id::DOCUMENT {
            return Err(Fault::new(0, format!("`</{found}>` closes nothing")).hint("remove it"));
        }
        if self.tree.name(self.parent) != found {
            let expected = self.expected_end();
            return Err(Fault::new(0, format!("{expected}, found `</{found}>`"))
                .hint("elements close in the reverse order in which they open"));
        }
        let open = self.parent;
        self.parent = self.tree.parent(open).expect("an open element is linked");
        self.tree.close(open, Raw::source(piece));
        Ok(())
    }

    fn expected_end(&self) -> String {
        let name = self.tree.name(self.parent);
        let line = match self.tree.kind(self.parent) {
            Kind::Element { open: Raw::Source { start, .. }, .. } => {
                line_and_column(self.text, *start as usize).0
            }
            _ => 1,
        };
        format!("expected `</{name}>` for the `<{name}>` of line {line}")
    }

    fn character_data(&mut self, raw: &str, piece: Range<usize>) -> std::result::Result<(), Fault> {
        if self.parent == Id::DOCUMENT && !is_blank(raw) {
            let at = raw.bytes().position(|b| !is_space(b)).unwrap_or(0);
            let shown: String = raw[at..].chars().take(20).collect();
            let place = if self.has_root { "after" } else { "before" };
            return Err(Fault::new(
                at,
                format!("expected `<`, found the text `{shown}` {place} the root element"),
            )
            .hint("text stands inside elements, and XML starts with one, such as `<domain>`"));
        }
        if let Some(at) = raw.find("]]>") {
            return Err(Fault::new(at, "`]]>` cannot stand in text").hint("write `]]&gt;`"));
        }
        check_references(raw, self.has_doctype)?;
        // quick-xml cuts text at every reference; one item holds it all.
        if let Some(last) = self.tree.last(self.parent)
            && let &Kind::Text(Raw::Source { start, length }) = self.tree.kind(last)
            && (start + length) as usize == piece.start
        {
            self.tree.set_kind(last, Kind::Text(Raw::source(start as usize..piece.end)));
            return Ok(());
        }
        self.add(Kind::Text(Raw::source(piece)));
        Ok(())
    }

    fn cdata(&mut self, piece: Range<usize>) -> std::result::Result<(), Fault> {
        if self.parent == Id::DOCUMENT {
            return Err(Fault::new(0, "a CDATA section cannot stand outside the root element")
                .hint("text stands inside elements"));
        }
        self.add(Kind::CData(Raw::source(piece)));
        Ok(())
    }

    fn doctype(&mut self, raw: &str, piece: Range<usize>) -> std::result::Result<(), Fault> {
        if self.has_doctype || self.has_root {
            return Err(
                Fault::new(0, "a document type stands once, before the root element").hint("remove it")
            );
        }
        let name = raw.strip_prefix("<!DOCTYPE").unwrap_or_default();
        if !name.starts_with(|c: char| c.is_ascii_whitespace()) || name_length(name.trim_ascii_start()) == 0 {
            return Err(Fault::new(0, "expected `<!DOCTYPE` and a name"));
        }
        self.has_doctype = true;
        self.add(Kind::Other(Raw::source(piece)));
        Ok(())
    }

    fn end(self) -> std::result::Result<Tree, Fault> {
        if self.parent != Id::DOCUMENT {
            return Err(Fault::new(
                self.text.len(),
                format!("{}, found the end of the text", self.expected_end()),
            )
            .hint("the text may have been cut off"));
        }
        if !self.has_root {
            return Err(Fault::new(self.text.len(), "expected an element, found the end of the text")
                .hint("XML has a root element, such as `<domain>…</domain>`"));
        }
        Ok(self.tree)
    }
}

fn check_comment(raw: &str) -> std::result::Result<(), Fault> {
    let content = &raw[4..raw.len() - 3];
    let double = content.find("--").or_else(|| content.ends_with('-').then(|| content.len() - 1));
    match double {
        Some(at) => Err(Fault::new(4 + at, "`--` cannot stand in a comment").hint("write `- -`")),
        None => Ok(()),
    }
}

fn check_instruction(raw: &str) -> std::result::Result<(), Fault> {
    let content = &raw[2..raw.len() - 2];
    let (name, rest) = content.split_at(name_length(content));
    if name.is_empty() || !(rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_whitespace())) {
        return Err(Fault::new(2, "expected the name of a processing instruction after `<?`"));
    }
    if name.eq_ignore_ascii_case("xml") {
        return Err(Fault::new(2, format!("`{name}` is a reserved name"))
            .hint("the declaration `<?xml …?>` is written small and stands at the very start"));
    }
    Ok(())
}

fn check_declaration(raw: &str) -> std::result::Result<(), Fault> {
    let wrong = || {
        Fault::new(0, "the XML declaration is not complete")
            .hint("write `<?xml version='1.0' encoding='UTF-8'?>`")
    };
    // Inside its own brackets it reads like a tag.
    let tag = format!("<{}>", &raw[2..raw.len() - 2]);
    let mut expected = ["version", "encoding", "standalone"].iter();
    let mut found = 0;
    for attribute in tag::attributes(&tag, 3) {
        let attribute = attribute.map_err(|_| wrong())?;
        let (name, value) = (&tag[attribute.name], &tag[attribute.value]);
        let good = match name {
            "version" => value.strip_prefix("1.").is_some_and(|n| !n.is_empty() && is_number(n)),
            "encoding" => {
                value.starts_with(|c: char| c.is_ascii_alphabetic())
                    && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
            }
            "standalone" => matches!(value, "yes" | "no"),
            _ => false,
        };
        if !good || !expected.any(|&name_in_order| name_in_order == name) || (found == 0 && name != "version")
        {
            return Err(wrong());
        }
        found += 1;
    }
    if found == 0 || raw.ends_with("/?>") { Err(wrong()) } else { Ok(()) }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Says in our words what quick-xml found; its position is added by the caller.
fn reader_fault(error: &ReaderError) -> Fault {
    let unclosed = |what: &str, end: &str| {
        Fault::new(0, format!("{what} is not closed: expected `{end}`, found the end of the text"))
            .hint("the text may have been cut off")
    };
    match error {
        ReaderError::Syntax(SyntaxError::InvalidBangMarkup) => {
            Fault::new(0, "expected `<!--`, `<![CDATA[` or `<!DOCTYPE`")
        }
        ReaderError::Syntax(SyntaxError::UnclosedPI) => unclosed("a processing instruction", "?>"),
        ReaderError::Syntax(SyntaxError::UnclosedXmlDecl) => unclosed("the XML declaration", "?>"),
        ReaderError::Syntax(SyntaxError::UnclosedComment) => unclosed("a comment", "-->"),
        ReaderError::Syntax(SyntaxError::UnclosedDoctype) => unclosed("the document type", ">"),
        ReaderError::Syntax(SyntaxError::UnclosedCData) => unclosed("a CDATA section", "]]>"),
        ReaderError::Syntax(SyntaxError::UnclosedTag) => unclosed("a tag", ">"),
        ReaderError::Syntax(SyntaxError::UnclosedSingleQuotedAttributeValue) => {
            unclosed("an attribute's value in this tag", "'")
        }
        ReaderError::Syntax(SyntaxError::UnclosedDoubleQuotedAttributeValue) => {
            unclosed("an attribute's value in this tag", "\"")
        }
        ReaderError::IllFormed(IllFormedError::UnclosedReference) => {
            Fault::new(0, "expected a reference such as `&amp;`, found a plain `&`")
                .hint("write `&amp;` for a plain `&`")
        }
        other => Fault::new(0, other.to_string()),
    }
}
