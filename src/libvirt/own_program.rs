//! This program, as one that can be started again with a hidden command.

use std::path::{Path, PathBuf};

/// Returns the file of this program.
pub fn own_program() -> PathBuf {
    // The file may have been replaced while this process runs; this name means the one that runs.
    const RUNNING: &str = "/proc/self/exe";
    if Path::new(RUNNING).exists() {
        return RUNNING.into();
    }
    std::env::current_exe().unwrap_or_else(|_| "virhai".into())
}
