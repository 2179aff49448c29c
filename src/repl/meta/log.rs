//! `:log`: what was changed in this session.

use crate::error::Result;
use crate::repl::Ending;
use crate::repl::screen::Screen;
use crate::repl::shell::Shell;

/// Lists the changes, the oldest first: when, what, on which object, how long and with what outcome.
pub(super) fn run(shell: &mut Shell, _: &str, screen: &mut dyn Screen) -> Result<Option<Ending>> {
    let (table, forgotten) = shell.sitting().log.table();
    if table.rows().is_empty() {
        screen.tell(&shell.dim("nothing was changed in this session"));
        return Ok(None);
    }
    if forgotten > 0 {
        screen.tell(&shell.dim(&format!("{forgotten} older changes are not kept")));
    }
    shell.show_table(table, screen)
}
