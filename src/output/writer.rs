//! The one way to stdout and stderr.

use std::io::{self, ErrorKind, Write};

use super::{drawn, progress, stderr_is_terminal, stdout_is_terminal};
use crate::error::{Error, Result};

/// What became of a text for stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "nobody reads any more after Closed: end the run quietly"]
pub enum Written {
    /// It was written.
    All,
    /// The reader has gone (`virhai … | head`): there is no point in going on, and nothing to complain about.
    Closed,
}

/// Writes a text to stdout and flushes it; progress bars step aside meanwhile. It is written as it is, but on a
/// terminal that has nothing but ASCII signs for drawing are replaced.
///
/// Errors: `io` where the text cannot be written, for example to a full disk.
pub fn out(text: &str) -> Result<Written> {
    let text = if stdout_is_terminal() { drawn(text) } else { text.into() };
    progress::aside(|| send(&mut io::stdout().lock(), text.as_bytes()))
}

/// Writes bytes to stdout as they are and flushes them.
///
/// Errors: as [`out`].
pub fn out_bytes(bytes: &[u8]) -> Result<Written> {
    progress::aside(|| send(&mut io::stdout().lock(), bytes))
}

/// Flushes what [`out`] has written: the last step before the process ends or replaces itself.
///
/// Errors: as [`out`].
pub fn flush() -> Result<Written> {
    send(&mut io::stdout().lock(), b"")
}

/// Writes a text to stderr as [`out`] does; there is no one to tell where that fails.
pub fn err(text: &str) {
    let text = if stderr_is_terminal() { drawn(text) } else { text.into() };
    progress::aside(|| {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    });
}

/// Writes bytes to stderr as they are; there is no one to tell where that fails.
pub fn err_bytes(bytes: &[u8]) {
    progress::aside(|| {
        let _ = io::stderr().lock().write_all(bytes);
    });
}

fn send(stream: &mut dyn Write, bytes: &[u8]) -> Result<Written> {
    match stream.write_all(bytes).and_then(|()| stream.flush()) {
        Ok(()) => Ok(Written::All),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Written::Closed),
        Err(error) => Err(Error::io("standard output", &error)
            .operation("write")
            .hint("see whether the disk is full and the output still open")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::code;

    #[test]
    fn a_text_arrives_unchanged() {
        let mut sink = Vec::new();
        assert_eq!(send(&mut sink, b"a\nb").unwrap(), Written::All);
        assert_eq!(sink, b"a\nb");
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error() {
        let (reader, mut writer) = io::pipe().unwrap();
        drop(reader);
        assert_eq!(send(&mut writer, b"text").unwrap(), Written::Closed);
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let Ok(mut full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else { return };
        let error = send(&mut full, b"text").unwrap_err();
        assert_eq!(error.code(), code::IO);
        assert_eq!(error.facts().object.as_deref(), Some("standard output"));
    }
}
