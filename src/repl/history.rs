//! Which inputs are remembered from one session to the next, and where.

use std::path::PathBuf;

use rustyline::history::{FileHistory, History as _};

use crate::error::{Error, Result, code};
use crate::secrets::is_secret;

/// True for an input that may be remembered: it does not start with a space and carries no secret.
pub(super) fn is_kept(input: &str) -> bool {
    !input.starts_with([' ', '\t']) && !input.trim().is_empty() && !is_secret(input)
}

/// The file of the history, readable by its owner only.
pub(super) struct HistoryFile {
    path: Option<PathBuf>,
}

impl HistoryFile {
    /// Keeps the history in a file, or nowhere.
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        Self { path }
    }

    /// Reads what is there.
    ///
    /// Errors: `io` for a file that is there and cannot be read.
    pub(super) fn load(&self, history: &mut FileHistory) -> Result<()> {
        let Some(path) = self.path.as_ref().filter(|path| path.exists()) else { return Ok(()) };
        history.load(path).map_err(|error| failed(path, "read", &error))
    }

    /// Writes what is new at once, so that it survives whatever happens next.
    ///
    /// Errors: `io`; it is tried once, later inputs are remembered in memory only.
    pub(super) fn append(&mut self, history: &mut FileHistory) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let outcome = history.append(path).map_err(|error| failed(path, "write", &error));
        if outcome.is_err() {
            self.path = None;
        }
        outcome
    }
}

fn failed(path: &std::path::Path, what: &'static str, error: &rustyline::error::ReadlineError) -> Error {
    Error::new(code::IO, format!("the history cannot be kept: {error}"))
        .operation(what)
        .object(path.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_space_in_front_or_a_secret_keeps_an_input_out() {
        for input in [" domains()", "", "let password = \"x\""] {
            assert!(!is_kept(input), "{input}");
        }
    }

    #[test]
    fn everything_else_is_kept() {
        for input in
            ["domains()", "for x in 1..3 {\n  print(x)\n}", "connect(\"qemu+ssh://root@kvm1:22/system\")"]
        {
            assert!(is_kept(input), "{input}");
        }
    }

    #[test]
    fn the_file_is_for_its_owner_only_and_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        let mut file = HistoryFile::new(Some(path.clone()));
        let mut history = FileHistory::new();
        history.add("for x in 1..3 {\n  x\n}").unwrap();
        file.append(&mut history).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let mut again = FileHistory::new();
        file.load(&mut again).unwrap();
        assert_eq!(again.iter().collect::<Vec<_>>(), ["for x in 1..3 {\n  x\n}"]);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_told_once() {
        let mut file = HistoryFile::new(Some("/proc/none/history".into()));
        let mut history = FileHistory::new();
        history.add("1").unwrap();
        assert!(file.append(&mut history).is_err());
        assert!(file.append(&mut history).is_ok());
    }
}
