//! The command `virhai`; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    virhai::cli::run(std::env::args_os())
}
