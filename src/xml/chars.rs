//! Which characters and names XML 1.0 can carry, and how text travels in and out of its escaped form.

use std::borrow::Cow;

use quick_xml::escape::resolve_xml_entity;

use super::fault::Fault;

/// Where a piece of text stands: the rules for white space and quotes differ.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Between tags.
    Content,
    /// In an attribute's value, between these quotes.
    Attribute(char),
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

pub(super) fn is_blank(text: &str) -> bool {
    text.bytes().all(is_space)
}

/// True for the characters of XML 1.0's production `Char`.
pub(super) fn is_allowed(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        c => c >= ' ',
    }
}

/// Returns the first character that XML cannot carry, with its byte position.
pub(super) fn first_forbidden(text: &str) -> Option<(usize, char)> {
    // The quick look at whole blocks decides almost always; it compiles to vector instructions.
    let suspicious = |block: &[u8]| {
        block.iter().fold(false, |found, &b| found | matches!(b, 0..=8 | 11 | 12 | 14..=31 | 0xef))
    };
    if !text.as_bytes().chunks(64).any(suspicious) {
        return None;
    }
    text.char_indices().find(|&(_, c)| !is_allowed(c))
}

fn is_name_start(c: char) -> bool {
    matches!(c, 'a'..='z' | 'A'..='Z' | '_' | ':'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}'
        | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

fn is_name_part(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '0'..='9' | '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// Returns how many bytes at the start of `text` make a name; 0 where none starts there.
pub(super) fn name_length(text: &str) -> usize {
    if !text.starts_with(is_name_start) {
        return 0;
    }
    text.find(|c| !is_name_part(c)).unwrap_or(text.len())
}

pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && name_length(text) == text.len()
}

/// Returns what a reference such as `&lt;` or `&#65;` stands for; `name` is without `&` and `;`.
fn referenced(name: &str) -> Option<char> {
    let code = match name.strip_prefix('#') {
        None => return resolve_xml_entity(name).and_then(|text| text.chars().next()),
        Some(number) => match number.strip_prefix('x') {
            Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16),
            None if number.bytes().all(|b| b.is_ascii_digit()) => number.parse(),
            _ => return None,
        },
    };
    code.ok().and_then(char::from_u32).filter(|&c| is_allowed(c))
}

/// Checks every reference in `raw`; with a document type, names that it may declare pass.
pub(super) fn check_references(raw: &str, has_doctype: bool) -> Result<(), Fault> {
    for (at, _) in raw.match_indices('&') {
        let rest = &raw[at + 1..];
        let (name, end) = rest.split_at(rest.find(|c| !is_name_part(c) && c != '#').unwrap_or(rest.len()));
        if name.is_empty() || !end.starts_with(';') {
            return Err(Fault::new(at, "expected a reference such as `&amp;`, found a plain `&`")
                .hint("write `&amp;` for a plain `&`"));
        }
        if referenced(name).is_none() && !(has_doctype && is_name(name)) {
            return Err(wrong_reference(at, name));
        }
    }
    Ok(())
}

fn wrong_reference(at: usize, name: &str) -> Fault {
    let shown: String = name.chars().take(20).collect();
    if name.starts_with('#') {
        Fault::new(at, format!("`&{shown};` stands for no character that XML 1.0 can carry"))
            .hint("remove it, or encode the data, for example as base64")
    } else {
        Fault::new(at, format!("expected a known reference after `&`, found `{shown}`")).hint(
            "write `&amp;` for a plain `&`; known are amp, lt, gt, apos, quot and numbers such as `&#65;`",
        )
    }
}

/// Returns the text that `raw` stands for: references resolved, line ends and white space as XML
/// hands them to applications. A reference that only a document type explains stays as written.
pub(super) fn unescape(raw: &str, place: Place) -> Cow<'_, str> {
    let special = |c: char| match place {
        Place::Content => matches!(c, '&' | '\r'),
        Place::Attribute(_) => matches!(c, '&' | '\r' | '\n' | '\t'),
    };
    let Some(first) = raw.find(special) else { return Cow::Borrowed(raw) };
    let mut out = String::with_capacity(raw.len());
    let (plain, mut rest) = raw.split_at(first);
    out.push_str(plain);
    while let Some(c) = rest.chars().next() {
        let mut used = c.len_utf8();
        match c {
            '&' => {
                let name = rest[1..].split(';').next().unwrap_or_default();
                match referenced(name) {
                    Some(resolved) => {
                        out.push(resolved);
                        used = name.len() + 2;
                    }
                    None => out.push('&'),
                }
            }
            '\r' | '\n' | '\t' => {
                if rest.starts_with("\r\n") {
                    used = 2;
                }
                out.push(if place == Place::Content { '\n' } else { ' ' });
            }
            _ => out.push(c),
        }
        rest = &rest[used..];
        let (plain, left) = rest.split_at(rest.find(special).unwrap_or(rest.len()));
        out.push_str(plain);
        rest = left;
    }
    Cow::Owned(out)
}

/// Returns `text` in the form in which it can stand in `place`.
pub(super) fn escape(text: &str, place: Place) -> Cow<'_, str> {
    let reference = |c: char| match (c, place) {
        ('&', _) => Some("&amp;"),
        ('<', _) => Some("&lt;"),
        ('>', _) => Some("&gt;"),
        ('\r', _) => Some("&#13;"),
        ('\n', Place::Attribute(_)) => Some("&#10;"),
        ('\t', Place::Attribute(_)) => Some("&#9;"),
        ('\'', Place::Attribute('\'')) => Some("&apos;"),
        ('"', Place::Attribute('"')) => Some("&quot;"),
        _ => None,
    };
    if !text.contains(|c| reference(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match reference(c) {
            Some(reference) => out.push_str(reference),
            None => out.push(c),
        }
    }
    Cow::Owned(out)
}
