//! The log file of `-l`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};

/// A file that errors are written to, if one was named.
pub(super) struct Log(Option<File>);

impl Log {
    /// Opens the file that `-l` names, else that of `VIRSH_LOG_FILE`; what is there stays.
    ///
    /// Errors: one of the two cannot be opened.
    pub(super) fn open(path: Option<&str>) -> io::Result<Self> {
        // Made, as virsh makes it, also where `-l` names another one.
        let variable = std::env::var("VIRSH_LOG_FILE").ok().filter(|path| !path.is_empty());
        let variable = variable.map(|path| append_to(&path)).transpose()?;
        let named = path.map(append_to).transpose()?;
        Ok(Self(named.or(variable)))
    }

    /// Writes an error with the time and this process's number.
    pub(super) fn error(&self, text: &str) {
        let Some(mut file) = self.0.as_ref() else { return };
        let time = jiff::Zoned::now().strftime("%Y.%m.%d %H:%M:%S");
        // The log is a convenience: nobody is told where it cannot be written.
        let _ = writeln!(file, "[{time} virsh {}] ERROR {text}", std::process::id());
    }
}

fn append_to(path: &str) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}
