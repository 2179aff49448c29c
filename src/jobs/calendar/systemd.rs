//! What systemd itself says of a schedule.

use std::io::ErrorKind;
use std::process::Command;

/// What `systemd-analyze calendar` says.
pub(super) enum Verdict {
    /// It reads it.
    Accepted,
    /// It does not, in its own words.
    Refused(String),
    /// There is no such program here.
    Missing,
}

/// Asks it.
pub(super) fn verdict(text: &str) -> Verdict {
    let asked =
        Command::new("systemd-analyze").args(["calendar", "--", text]).env("LC_ALL", "C.UTF-8").output();
    match asked {
        Ok(output) if output.status.success() => Verdict::Accepted,
        Ok(output) => {
            let words = String::from_utf8_lossy(&output.stderr);
            Verdict::Refused(words.lines().next().unwrap_or_default().trim().to_owned())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Verdict::Missing,
        Err(error) => Verdict::Refused(crate::error::Error::words(&error)),
    }
}
