//! `:help`.

use super::{COMMANDS, Meta, find};
use crate::error::Result;
use crate::help::Look;
use crate::lang::reference::{Body, HelpText, Section};
use crate::repl::Ending;
use crate::repl::screen::Screen;
use crate::repl::shell::Shell;

/// Lists the commands of the prompt, or explains one.
pub(super) fn run(shell: &mut Shell, name: &str, screen: &mut dyn Screen) -> Result<Option<Ending>> {
    let rows = if name.is_empty() {
        COMMANDS.iter().map(row).collect()
    } else {
        vec![row(find(name.trim_start_matches(':'))?)]
    };
    let section = Section { heading: String::new(), body: Body::Rows(rows) };
    let help = HelpText { title: "Commands of the prompt".into(), sections: vec![section] };
    let look = Look { palette: shell.palette(), columns: screen.width() };
    let written = screen.show(&look.show(&help))?;
    Ok(shell.written(written))
}

fn row(command: &Meta) -> (String, String) {
    (format!(":{} {}", command.name, command.form).trim_end().to_owned(), command.summary.to_owned())
}
