//! `:alias`: the short words of the configuration.

use crate::error::Result;
use crate::output::{Column, Data, Table};
use crate::repl::Ending;
use crate::repl::screen::Screen;
use crate::repl::shell::Shell;

/// Lists the aliases with what they stand for, and says which of them cannot be seen.
pub(super) fn run(shell: &mut Shell, _: &str, screen: &mut dyn Screen) -> Result<Option<Ending>> {
    let row = |(word, meaning): (&str, &str)| {
        let meaning = if shell.is_taken(word) {
            format!("{meaning}   (not used: `{word}` is a variable or a command)")
        } else {
            meaning.to_owned()
        };
        vec![Data::Text(word.to_owned()), Data::Text(meaning)]
    };
    let rows: Vec<Vec<Data>> = shell.sitting().aliases.iter().map(row).collect();
    if rows.is_empty() {
        screen
            .tell(&shell.dim("there are no aliases: write ll = \"list --all\" under [alias] in config.toml"));
        return Ok(None);
    }
    let columns = ["alias", "stands for"].map(Column::new);
    shell.show_table(Table::new(columns.into_iter().collect(), rows), screen)
}
