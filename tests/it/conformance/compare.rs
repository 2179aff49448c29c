//! What counts as the same: stdout, stderr and the status, but for times, identifiers and temporary paths.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use super::cases::Case;
use crate::support::golden;

/// What a command line did.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) status: i32,
}

/// What is replaced, and by what.
static REPLACED: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let rules = [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
        (r"52:54:00(:[0-9a-f]{2}){3}", "MAC"),
        (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?( ?[+-]\d{4})?", "TIME"),
        (r"Time: \d+\.\d+ ms", "Time: TIME"),
        (r"(CPU time: +)\d+\.\ds", "${1}TIME"),
        (r"\b1[6-9]\d{8}\b", "EPOCH"),
        (r"\b(pid|PID)([ =:]+)\d+", "${1}${2}PID"),
    ];
    rules.into_iter().map(|(regex, by)| (Regex::new(regex).unwrap(), by)).collect()
});

impl Outcome {
    /// Replaces what is never twice the same. `places` are the folders of the world.
    pub(super) fn settled(mut self, case: &Case, places: &[(&Path, &str)]) -> Self {
        for text in [&mut self.stdout, &mut self.stderr] {
            for (place, name) in places {
                *text = text.replace(place.to_str().unwrap(), name);
            }
            for (regex, by) in REPLACED.iter() {
                *text = regex.replace_all(text, *by).into_owned();
            }
            for regex in &case.varies {
                *text = regex.replace_all(text, "VARIES").into_owned();
            }
        }
        self
    }

    /// Shows how another outcome differs.
    pub(super) fn difference(&self, other: &Self) -> String {
        let mut shown = String::new();
        if self.status != other.status {
            let _ = writeln!(shown, "status {} and not {}", self.status, other.status);
        }
        for (name, theirs, ours) in
            [("stdout", &self.stdout, &other.stdout), ("stderr", &self.stderr, &other.stderr)]
        {
            if theirs != ours {
                let _ = write!(shown, "{name} (- virsh, + virhai)\n{}", golden::difference(theirs, ours));
            }
        }
        shown
    }
}
