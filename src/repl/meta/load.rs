//! `:load`: a file as if it were typed.

use super::save::path;
use crate::error::{Error, Result};
use crate::repl::Ending;
use crate::repl::screen::Screen;
use crate::repl::shell::Shell;

/// `:load FILE`: its functions, variables and imports stay.
pub(super) fn run(shell: &mut Shell, rest: &str, screen: &mut dyn Screen) -> Result<Option<Ending>> {
    if rest.is_empty() {
        return Err(Error::usage("`:load` needs the name of a file").hint("such as `:load night.rhai`"));
    }
    let path = path(rest);
    let name = path.display().to_string();
    let text =
        std::fs::read_to_string(&path).map_err(|error| Error::io(name.clone(), &error).operation("load"))?;
    Ok(shell.load(&name, &text, screen))
}
