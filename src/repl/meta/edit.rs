//! `:edit`: the last input in the editor.

use crate::error::{Error, Result};
use crate::repl::Ending;
use crate::repl::external_editor;
use crate::repl::screen::Screen;
use crate::repl::shell::Shell;

/// Opens the last input in the editor; what comes back stands at the next prompt, to be looked at and entered.
pub(super) fn run(shell: &mut Shell, _: &str, screen: &mut dyn Screen) -> Result<Option<Ending>> {
    if !screen.is_terminal() {
        return Err(Error::usage("`:edit` opens an editor on a terminal, and there is none"));
    }
    let edited = external_editor::edit(&shell.sitting().last_input, shell.session().interrupt())?;
    shell.sitting_mut().draft = Some(edited);
    Ok(None)
}
