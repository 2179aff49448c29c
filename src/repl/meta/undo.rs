//! `:undo`.

use crate::error::{Error, Result, code};
use crate::repl::Ending;
use crate::repl::screen::Screen;
use crate::repl::shell::Shell;

/// Takes back the last change, after it was shown and agreed to.
pub(super) fn run(shell: &mut Shell, _: &str, screen: &mut dyn Screen) -> Result<Option<Ending>> {
    let Some(caution) = shell.caution() else {
        return Err(Error::usage("changes are remembered only at a terminal, and not in virsh's prompt"));
    };
    let plan = caution.memory().plan()?;
    if !caution.agrees(&plan.describe(), screen) {
        return Err(Error::new(code::DENIED, "not undone: the answer was no"));
    }
    // What was agreed to is not asked about again.
    caution.pause();
    plan.run()?;
    caution.memory().forget();
    let _ = screen.show("undone\n")?;
    Ok(None)
}
