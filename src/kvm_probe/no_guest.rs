//! Machines for which there is no counting guest.

use std::path::Path;
use std::time::Duration;

use super::Speed;
use crate::error::{Error, Result, code};

/// Says that there is none.
pub(super) fn count(_device: &Path, _iterations: u64, _limit: Duration) -> Result<Speed> {
    let machine = std::env::consts::ARCH;
    Err(Error::new(
        code::UNSUPPORTED,
        format!("the guest that measures the speed is x86-64 code, this is {machine}"),
    ))
}
