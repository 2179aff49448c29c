//! Checksums of files that may be larger than memory.

use std::fs::File;
use std::io::{self, Read};

use rhai::plugin::export_module;
use rhai::{ImmutableString, NativeCallContext};
use sha2::{Digest, Sha256};

use super::failed;
use crate::api::Fallible;
use crate::api::host_context::interrupted;
use crate::units::hex;

/// How much is read between two looks for an interruption, in bytes.
const STEP: usize = 1 << 20;

/// Reads on until the buffer is full or the file ends.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Checksums of files.
#[export_module(manifest)]
pub(super) mod digest_functions {
    /// The SHA-256 checksum of a file, as `sha256sum` writes it: 64 hexadecimal digits.
    ///
    /// The file is read piece by piece, so it may be larger than memory.
    ///
    /// Errors: `io` for a file that cannot be read.
    ///
    /// ```rhai
    /// print(fs::sha256("/etc/passwd"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn sha256(context: NativeCallContext, path: ImmutableString) -> Fallible<String> {
        let failed = |error| failed("fs.sha256", &path, &error);
        let mut file = File::open(path.as_str()).map_err(failed)?;
        let mut buffer = vec![0; STEP];
        let mut digest = Sha256::new();
        loop {
            if let Some(error) = interrupted(&context) {
                return Err(error.into());
            }
            match fill(&mut file, &mut buffer).map_err(failed)? {
                0 => return Ok(hex(&digest.finalize())),
                count => digest.update(&buffer[..count]),
            }
        }
    }
}
