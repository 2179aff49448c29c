//! The person's own editor for an input.

use std::io::Write as _;
use std::process::Command;

use super::pager;
use crate::api::virsh::usual_editor;
use crate::error::{Error, Result, code};
use crate::libvirt::Interrupt;

/// Lets the person edit a text; the terminal must be in its ordinary mode.
///
/// Errors: `io` where the editor cannot be started or fails, or the text is no longer UTF-8.
pub(super) fn edit(text: &str, interrupt: &Interrupt) -> Result<String> {
    let failed = |error: std::io::Error| Error::io("the text to edit", &error).operation("edit");
    let mut file = tempfile::Builder::new().prefix("virhai-").suffix(".rhai").tempfile().map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(failed)?;
    let editor = usual_editor();
    // A shell reads the options of the editor; the file's name is its argument.
    let line = format!("{editor} \"$1\"");
    let child = Command::new("/bin/sh").args(["-c", &line, "sh"]).arg(file.path()).spawn();
    let mut child = child.map_err(|error| Error::io("/bin/sh", &error).operation("edit"))?;
    let status = pager::wait(&mut child, interrupt);
    if !status.is_some_and(|status| status.success()) {
        let how = match status.and_then(|status| status.code()) {
            Some(127) => "was not found".to_owned(),
            Some(code) => format!("ended with status {code}"),
            None => "was killed".to_owned(),
        };
        return Err(Error::new(code::IO, format!("the editor `{editor}` {how}; nothing was taken over"))
            .operation("edit")
            .hint("set VISUAL or EDITOR to the editor that you use"));
    }
    let edited = std::fs::read_to_string(file.path()).map_err(failed)?;
    Ok(edited.trim_end().to_owned())
}
