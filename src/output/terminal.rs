//! What the standard streams are connected to.

use std::io::{self, BufRead, IsTerminal};
use std::sync::OnceLock;

/// True where stdin is a terminal.
pub fn stdin_is_terminal() -> bool {
    io::stdin().is_terminal()
}

/// True where stdout was a terminal when this was asked first: every line that is written asks.
pub fn stdout_is_terminal() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| io::stdout().is_terminal())
}

/// True where stderr was a terminal when this was asked first.
pub fn stderr_is_terminal() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| io::stderr().is_terminal())
}

/// Asks the person at the terminal; what is typed is shown only with `echo`. `None` where nobody answers.
pub fn ask(question: &str, echo: bool) -> Option<String> {
    super::err(question);
    if !echo {
        return rpassword::read_password().ok();
    }
    let mut line = String::new();
    let read = io::BufReader::new(std::fs::File::open("/dev/tty").ok()?).read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Returns the columns of the terminal at stdout, `None` where it is no terminal or has no size.
pub fn width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
    (width.0 > 0).then(|| usize::from(width.0))
}

/// Returns the rows of the terminal at stdout, `None` where it is no terminal or has no size.
pub fn height() -> Option<usize> {
    let (_, height) = terminal_size::terminal_size_of(io::stdout())?;
    (height.0 > 0).then(|| usize::from(height.0))
}
