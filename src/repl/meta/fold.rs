//! `:fold`.

use crate::error::{Error, Result};
use crate::repl::Ending;
use crate::repl::screen::Screen;
use crate::repl::shell::Shell;

/// What can stand behind it.
pub(super) const WORDS: &[&str] = &["1", "2", "3", "off"];

/// Folds XML from now on, and shows the last value so.
pub(super) fn run(shell: &mut Shell, word: &str, screen: &mut dyn Screen) -> Result<Option<Ending>> {
    let depth = match word {
        "off" => None,
        number => Some(number.parse().map_err(|_| {
            Error::usage(format!("`:fold` takes a depth or `off`, not {number:?}"))
                .hint("`:fold 1` shows what is right below the root, and the rest as numbers of elements")
        })?),
    };
    shell.view().fold = depth;
    if shell.has_markup() {
        shell.show_again(screen, |_| {})?;
    }
    Ok(None)
}
