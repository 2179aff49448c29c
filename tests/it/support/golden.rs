//! Expected texts in files, and how a difference is shown.
//!
//! `VIRHAI_REWRITE=1` writes what came out into the expected files instead of failing; look at the
//! change with `git diff` before it is committed.

use std::fmt::Write;
use std::path::Path;

/// The hint under every difference.
pub(crate) const HOW_TO_REWRITE: &str = "if the new text is right: VIRHAI_REWRITE=1 cargo test";

/// Returns whether expected files are to be written instead of compared.
pub(crate) fn rewriting() -> bool {
    std::env::var_os("VIRHAI_REWRITE").is_some_and(|value| value == "1")
}

/// Compares a text with a file. Panics with the difference, or when the file is missing.
#[track_caller]
pub(crate) fn check(file: &Path, actual: &str) {
    if let Err(why) = compare(file, Some(actual)) {
        panic!("{why}");
    }
}

/// Compares a text with a file; with `None` the file must not be there.
pub(crate) fn compare(file: &Path, actual: Option<&str>) -> Result<(), String> {
    let name = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(file).display();
    let expected = std::fs::read_to_string(file).ok();
    if expected.as_deref() == actual {
        return Ok(());
    }
    if rewriting() {
        let written = match actual {
            Some(text) => {
                std::fs::create_dir_all(file.parent().expect("a file in a folder")).ok();
                std::fs::write(file, text)
            }
            None => std::fs::remove_file(file),
        };
        return written.map_err(|e| format!("cannot rewrite {name}: {e}"));
    }
    let what = match (&expected, actual) {
        (None, _) => format!("{name} is missing; it would be\n{}", actual.unwrap_or_default()),
        (Some(_), None) => format!("{name} is there, but nothing was written"),
        (Some(expected), Some(actual)) => format!("{name} differs\n{}", difference(expected, actual)),
    };
    Err(format!("{what}\n{HOW_TO_REWRITE}"))
}

/// Shows two texts line by line: `-` is expected only, `+` is actual only.
pub(crate) fn difference(expected: &str, actual: &str) -> String {
    let (old, new) = (lines(expected), lines(actual));
    // common[i][j]: the longest common sequence of old[i..] and new[j..]
    let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            let skipped = common[i + 1][j].max(common[i][j + 1]);
            common[i][j] = if old[i] == new[j] { common[i + 1][j + 1] + 1 } else { skipped };
        }
    }
    let (mut i, mut j, mut shown) = (0, 0, String::new());
    while i < old.len() || j < new.len() {
        let (mark, line) = if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
            (' ', &old[i - 1])
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            i += 1;
            ('-', &old[i - 1])
        } else {
            j += 1;
            ('+', &new[j - 1])
        };
        let _ = writeln!(shown, "{mark} {line}");
    }
    shown
}

/// Splits at line ends; what cannot be seen is made visible.
fn lines(text: &str) -> Vec<String> {
    let shown = |line: &str| {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line, ""),
            None => (line, " (no line end)"),
        };
        let visible = line.replace('\x1b', "␛").replace('\r', "␍").replace('\t', "␉");
        let kept = visible.trim_end_matches(' ');
        format!("{kept}{}{end}", "·".repeat(visible.len() - kept.len()))
    };
    text.split_inclusive('\n').map(shown).collect()
}
