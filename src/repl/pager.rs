//! Output that is taller than the screen goes through a pager.

use std::io::Write;
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::libvirt::{Interrupt, Reason, TICK};
use crate::output;

/// What runs where neither the configuration nor `$PAGER` names a pager.
const DEFAULT: &str = "less";

/// Shows a long text page by page.
pub(super) struct Pager {
    /// The command line for the shell; none where it is empty.
    command: String,
    interrupt: Interrupt,
}

impl Pager {
    /// Takes the configured command line, or `$PAGER`, or `less`; an empty one means no pager.
    pub(super) fn new(configured: Option<&str>, interrupt: Interrupt) -> Self {
        let command = configured.map(str::to_owned).or_else(|| std::env::var("PAGER").ok());
        Self { command: command.unwrap_or_else(|| DEFAULT.into()), interrupt }
    }

    /// True where the text is taller than the terminal and there is a pager.
    pub(super) fn is_wanted(&self, text: &str) -> bool {
        let command = self.command.trim();
        let is_taller = |(columns, rows)| height(text, columns) >= rows;
        !command.is_empty() && command != "cat" && size().is_some_and(is_taller)
    }

    /// Shows the text; false where the pager could not be started, and nothing was shown.
    pub(super) fn show(&self, text: &str) -> bool {
        let mut pager = Command::new("/bin/sh");
        pager.arg("-c").arg(&self.command).stdin(Stdio::piped());
        if std::env::var_os("LESS").is_none() {
            // What fits is just written, colours pass, and the text stays on the screen afterwards.
            pager.env("LESS", "FRX");
        }
        let Ok(mut child) = pager.spawn() else { return false };
        let Some(mut stdin) = child.stdin.take() else { return false };
        let (sender, ended) = std::sync::mpsc::channel();
        let text = text.to_owned();
        // Writing waits while somebody reads the first page.
        let writer = std::thread::Builder::new().name("pager".into()).spawn(move || {
            // Fails when the person has seen enough.
            let _ = stdin.write_all(text.as_bytes());
            drop(stdin);
            let _ = sender.send(());
        });
        if writer.is_err() {
            return end(&mut child);
        }
        let status = wait(&mut child, &self.interrupt).and_then(|status| status.code());
        let _ = ended.recv_timeout(TICK);
        // 127: the shell did not find it.
        status != Some(127)
    }
}

/// Waits for a program that has the terminal. Ctrl-C is the program's while it runs; its exit status where it ended by
/// itself.
pub(super) fn wait(child: &mut Child, interrupt: &Interrupt) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) => {}
            Err(_) => return None,
        }
        match interrupt.reason() {
            Some(Reason::Interrupted) => interrupt.reset(),
            Some(_) => {
                end(child);
                return None;
            }
            None => {}
        }
        std::thread::sleep(TICK);
    }
}

/// Ends a pager that is of no use; false for "nothing was shown".
fn end(child: &mut Child) -> bool {
    let _ = child.kill();
    let _ = child.wait();
    false
}

/// Returns the rows that a text takes on a terminal of so many columns; what is too long goes on in the next row.
fn height(text: &str, columns: usize) -> usize {
    text.lines().map(|line| output::shown_width(line).div_ceil(columns.max(1)).max(1)).sum()
}

/// Returns the columns and rows of the terminal.
fn size() -> Option<(usize, usize)> {
    let (columns, rows) = terminal_size::terminal_size_of(std::io::stdout())?;
    output::stdout_is_terminal().then(|| (usize::from(columns.0), usize::from(rows.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_take_more_than_one_row_and_colours_none() {
        assert_eq!(height("", 10), 0);
        assert_eq!(height("a\n\nb\n", 10), 3);
        assert_eq!(height("0123456789\n01234567890\n", 10), 3);
        assert_eq!(height("\x1b[1;31m01234\x1b[0m56789\n", 10), 1);
        assert_eq!(height("木木木木木木\n", 10), 2);
    }
}
