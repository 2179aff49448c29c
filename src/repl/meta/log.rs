//! `:log`: what was changed in this session, and what libvirt said.

use crate::error::{Error, Result};
use crate::libvirt;
use crate::output::{Column, Data, Kind, Table};
use crate::repl::Ending;
use crate::repl::screen::Screen;
use crate::repl::shell::Shell;
use crate::units::time_text;

/// Lists the changes, the oldest first: when, what, on which object, how long and with what outcome.
pub(super) fn run(shell: &mut Shell, rest: &str, screen: &mut dyn Screen) -> Result<Option<Ending>> {
    match rest {
        "" => {}
        "libvirt" => return messages(shell, screen),
        other => {
            return Err(Error::usage(format!("`:log` does not take {other:?}"))
                .hint("`:log` lists the changes, `:log libvirt` what libvirt said"));
        }
    }
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

/// What libvirt would have written over the screen.
fn messages(shell: &mut Shell, screen: &mut dyn Screen) -> Result<Option<Ending>> {
    let row = |(time, text)| vec![Data::Text(time_text(time)), Data::Text(text)];
    let rows: Vec<Vec<Data>> = libvirt::messages().into_iter().map(row).collect();
    if rows.is_empty() {
        screen.tell(&shell.dim("libvirt has said nothing"));
        return Ok(None);
    }
    let columns = [Column::new("time").kind(Kind::Time).priority(1), Column::new("message")];
    shell.show_table(Table::new(columns.into_iter().collect(), rows), screen)
}
