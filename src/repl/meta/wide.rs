//! `:wide`.

use crate::error::{Error, Result};
use crate::repl::Ending;
use crate::repl::screen::Screen;
use crate::repl::shell::Shell;

/// What can stand behind it.
pub(super) const WORDS: &[&str] = &["on", "off"];

/// Shows the last value with all its columns, or does so with every table from now on.
pub(super) fn run(shell: &mut Shell, word: &str, screen: &mut dyn Screen) -> Result<Option<Ending>> {
    match word {
        "" => return shell.show_wide(screen),
        "on" => shell.view().wide = true,
        "off" => shell.view().wide = false,
        other => {
            return Err(Error::usage(format!("`:wide` takes `on`, `off` or nothing, not {other:?}"))
                .hint("`:wide` alone shows the last value with all its columns"));
        }
    }
    Ok(None)
}
