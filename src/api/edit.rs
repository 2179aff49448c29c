//! Editing a stored definition: what `edit(|doc| …)` of every type has in common.

use rhai::plugin::NativeCallContext;
use rhai::{Dynamic, FnPtr};

use super::Fallible;
use super::xml::XmlDocument;
use crate::error::{Error, Result};
use crate::xml::Document;

/// Reads the stored definition; `inactive` is the flag that asks for it.
pub(super) fn stored(inactive: u32, read: impl Fn(u32) -> Result<String>) -> Result<String> {
    match read(inactive) {
        // The test driver has one definition and does not know the flag.
        Err(error) if matches!(error.code(), "invalid_arg" | "unsupported") => read(0),
        outcome => outcome,
    }
}

/// Refuses to edit what has no stored definition: defining it would silently make it persistent.
///
/// Errors: `operation_invalid`.
pub(super) fn refuse_transient(persistent: bool, kind: &str, name: &str) -> Result<()> {
    if persistent {
        return Ok(());
    }
    let error =
        Error::new("operation_invalid", format!("the {kind} is transient: it has no stored definition"));
    let hint = format!("conn().define_{kind}(xml) stores one, and makes it persistent");
    Err(error.operation(format!("{kind}.edit")).object(name).hint(hint))
}

/// Lets a closure change a definition; returns the changed text, none where it is as before.
pub(super) fn edited(call: &NativeCallContext, before: &str, closure: &FnPtr) -> Fallible<Option<String>> {
    let document = XmlDocument::from(Document::parse(before)?);
    let _ = closure.call_within_context::<Dynamic>(call, (document.clone(),))?;
    let after = document.document.to_string();
    Ok((after != before).then_some(after))
}

/// Defines something checked against libvirt's schema, where the driver can do that.
pub(super) fn validated<T>(validate: u32, define: impl Fn(u32) -> Result<T>) -> Result<T> {
    match define(validate) {
        // The test driver and old daemons do not know the flag.
        Err(error) if matches!(error.code(), "invalid_arg" | "unsupported") => define(0),
        outcome => outcome,
    }
}
