//! How texts stand in the files of systemd.

use std::path::Path;
use std::time::Duration;

/// The name of a job's units without their kind: what unit names cannot hold is written as `systemd-escape` does.
pub fn unit_stem(job: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b":_.-".contains(&byte);
    let letter = |byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("\\x{byte:02x}") };
    format!("virhai-{}", job.bytes().map(letter).collect::<String>())
}

/// A text in which `%` means itself.
pub(super) fn specifiers_kept(text: &str) -> String {
    text.replace('%', "%%")
}

/// One argument of a command line.
pub(super) fn quoted_argument(text: &str) -> String {
    quoted(text).replace('$', "$$")
}

/// One path of a list.
pub(super) fn quoted_path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

fn quoted(text: &str) -> String {
    let kept = specifiers_kept(text);
    let is_plain = |sign: char| sign.is_alphanumeric() || "/._-:@+,=%$".contains(sign);
    if !kept.is_empty() && kept.chars().all(is_plain) {
        return kept;
    }
    let escaped = kept.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// A time span, in seconds; a part of one counts as a whole one.
pub(super) fn seconds(time: Duration) -> String {
    let whole = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    format!("{whole}s")
}
