//! Reading a whole file in a way that can be interrupted.

use std::io;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::error::{Error, Result};

/// How often an interruption is looked for.
const POLL: Duration = Duration::from_millis(50);

/// Reads a file. Pipes, sockets and devices may block for ever: those are read on a thread of their own,
/// which is left behind when `interrupted` says why the run has to end.
pub(super) fn slurp(
    path: &str,
    failed: impl Fn(&io::Error) -> Error,
    interrupted: impl Fn() -> Option<Error>,
) -> Result<Vec<u8>> {
    if Path::new(path).metadata().is_ok_and(|found| found.is_file()) {
        return std::fs::read(path).map_err(|error| failed(&error));
    }
    let (sender, receiver) = mpsc::channel();
    let path = path.to_owned();
    let reader = thread::Builder::new().name("fs::read".into());
    // The receiver may have gone: then nobody wants the contents any more.
    reader.spawn(move || drop(sender.send(std::fs::read(path)))).map_err(|error| failed(&error))?;
    loop {
        match receiver.recv_timeout(POLL) {
            Ok(contents) => return contents.map_err(|error| failed(&error)),
            Err(RecvTimeoutError::Disconnected) => return Err(failed(&io::ErrorKind::Other.into())),
            Err(RecvTimeoutError::Timeout) => {
                if let Some(error) = interrupted() {
                    return Err(error);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::code;

    fn failed(error: &io::Error) -> Error {
        Error::io("f", error)
    }

    #[test]
    fn files_and_devices_are_read() {
        assert!(!slurp("/proc/self/status", failed, || None).unwrap().is_empty());
        assert!(slurp("/dev/null", failed, || None).unwrap().is_empty());
        assert_eq!(slurp("/no/such", failed, || None).unwrap_err().code(), code::IO);
    }

    #[test]
    fn a_pipe_that_nobody_writes_can_be_interrupted() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let stop = || Some(Error::new(code::INTERRUPTED, "interrupted"));
        let error = slurp(pipe.to_str().unwrap(), failed, stop).unwrap_err();
        assert_eq!(error.code(), code::INTERRUPTED);
        // Lets the reader end.
        drop(std::fs::OpenOptions::new().write(true).open(&pipe));
    }
}
