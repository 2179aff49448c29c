//! What snapshots and checkpoints have in common: both are points in time of a guest, in a tree.

use rhai::{Array, Dynamic};

use super::names;
use crate::error::{Error, Result};
use crate::lang::options::{OptionSpec, Parsed, text};
use crate::libvirt::{Handle, Object};
use crate::units::{from_unix, time_text};
use crate::xml::Document;

/// What it is called when it is made.
pub(super) const NAME: OptionSpec = text("name", "Its name; without one libvirt takes the time.");
/// What is said about it when it is made.
pub(super) const DESCRIPTION: OptionSpec = text("description", "A text to find out later what it was for.");

/// The array of a list: sorted by name, or in libvirt's order where that is what was asked for.
pub(super) fn list<O: Object>(points: Vec<Handle<O>>, options: &Parsed) -> Result<Array> {
    let wanted = options.get_text("name")?;
    if !options.flag("topological") {
        return names::list(points, wanted.as_deref());
    }
    let glob = wanted.as_deref().map(names::pattern).transpose()?;
    let fits = |point: &Handle<O>| glob.as_ref().is_none_or(|glob| glob.is_match(point.label()));
    Ok(points.into_iter().filter(fits).map(Dynamic::from).collect())
}

/// The description of a new one, with name and description from the options.
pub(super) fn described(root: &str, options: &Parsed) -> Result<Document> {
    let xml = Document::parse(&format!("<{root}/>"))?;
    for tag in ["name", "description"] {
        if let Some(text) = options.get_text(tag)? {
            xml.set(tag, &text)?;
        }
    }
    Ok(xml)
}

/// What libvirt's description of one says at a path, otherwise `()`.
pub(super) fn fact(xml: &Document, path: &str) -> Result<Dynamic> {
    Ok(xml.text_at(path)?.map_or(Dynamic::UNIT, Dynamic::from))
}

/// The one before it, otherwise `()`; `missing` is the code of the error that there is none.
pub(super) fn parent<O: Object>(found: Result<Handle<O>>, missing: &str) -> Result<Dynamic> {
    match found {
        Ok(parent) => Ok(Dynamic::from(parent)),
        Err(error) if error.code() == missing => Ok(Dynamic::UNIT),
        Err(error) => Err(error),
    }
}

/// When it was made: RFC 3339.
pub(super) fn creation_time(xml: &Document) -> Result<String> {
    let seconds = xml.text_at("creationTime")?.and_then(|text| text.parse::<i64>().ok());
    let seconds = seconds.ok_or_else(|| Error::new("xml_error", "the description has no creation time"))?;
    Ok(time_text(from_unix(seconds as f64)?))
}

/// Refuses a description that was edited to be that of another one.
pub(super) fn refuse_new_name(edited: &str, name: &str) -> Result<()> {
    match Document::parse(edited)?.text_at("name")? {
        Some(now) if now == name => Ok(()),
        _ => Err(Error::usage(format!("the name {name:?} cannot be edited"))
            .hint("create another one with the redefine option, then delete this one's metadata")),
    }
}

#[cfg(test)]
mod tests;
