//! The log file of `-l`.

use std::fs::{File, OpenOptions};
use std::io::Write;

/// A file that errors are written to, if one was named and can be opened.
pub(super) struct Log(Option<File>);

impl Log {
    /// Opens the file; what is there stays.
    pub(super) fn open(path: Option<String>) -> Self {
        let Some(path) = path else { return Self(None) };
        let file = OpenOptions::new().append(true).create(true).open(path);
        if file.is_err() {
            crate::output::err("error: failed to open the log file. check the log file path\n");
        }
        Self(file.ok())
    }

    /// Writes an error with the time and this process's number.
    pub(super) fn error(&self, text: &str) {
        let Some(mut file) = self.0.as_ref() else { return };
        let time = jiff::Zoned::now().strftime("%Y.%m.%d %H:%M:%S");
        // The log is a convenience: nobody is told where it cannot be written.
        let _ = writeln!(file, "[{time} virsh {}] ERROR {text}", std::process::id());
    }
}
