//! Transcripts: a session at the prompt without a terminal.
//!
//! `tests/transcripts/x.in` holds what is typed. `x.out` holds each line after `> ` and under it what
//! the session answered, so that it reads like a copy of the screen.

use std::fmt::Write;
use std::path::Path;

use super::cases::files_below;
use super::golden::compare;

/// Plays every transcript below `folder` and returns what is wrong with each. `start` begins a
/// session: a function that takes one line and returns what it writes.
pub(crate) fn run_all<S: FnMut(&str) -> String>(folder: &Path, start: impl Fn(&Path) -> S) -> Vec<String> {
    let mut faults = Vec::new();
    for input in files_below(folder, &["in"]) {
        let (typed, mut session) = (std::fs::read_to_string(&input).unwrap(), start(&input));
        let mut screen = String::new();
        for line in typed.lines() {
            let _ = writeln!(screen, "> {line}");
            let answer = session(line);
            screen.push_str(&answer);
            if !answer.is_empty() && !answer.ends_with('\n') {
                screen.push('\n');
            }
        }
        faults.extend(compare(&input.with_extension("out"), Some(&screen)).err());
    }
    faults
}

/// Returns expected files without input, and input without an expected file.
pub(crate) fn strays(folder: &Path) -> Vec<String> {
    let mut strays = Vec::new();
    for file in files_below(folder, &["in", "out"]) {
        let other = if file.extension().is_some_and(|e| e == "in") { "out" } else { "in" };
        if !file.with_extension(other).exists() {
            strays.push(format!("{} has no .{other} file", file.display()));
        }
    }
    strays
}
