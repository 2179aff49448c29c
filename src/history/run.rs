//! What is known of a run and of the changes that it made.

use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::process::Process;
use crate::units::hex;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has not ended, and its process is there.
    Running,
    /// It did what it should.
    Done,
    /// It failed.
    Failed,
    /// Its deadline passed.
    Timeout,
    /// It was told to end, or its process died.
    Interrupted,
    /// It was not begun because another run of the job was still there.
    Skipped,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Running, Self::Done, Self::Failed, Self::Timeout, Self::Interrupted, Self::Skipped];

    /// The word for it, in the store and on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Interrupted => "interrupted",
            Self::Skipped => "skipped",
        }
    }

    /// The outcome that a word stands for.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }

    /// True for what somebody should look at.
    pub fn is_trouble(self) -> bool {
        matches!(self, Self::Failed | Self::Timeout | Self::Interrupted)
    }
}

/// A run that begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewRun {
    /// The job that it is a run of.
    pub job: Option<String>,
    /// Which attempt at it this is, from 1; 0 counts as 1.
    pub attempt: i64,
    /// The path of the script, or what stands for one: `-e`, `<stdin>`, `prompt`, `virsh`.
    pub script: String,
    /// The SHA-256 of the script: see [`digest`].
    pub digest: Option<String>,
    /// The arguments; what may be a secret is not stored.
    pub arguments: Vec<String>,
    /// The URIs that it is to run on, as far as they are known; passwords are not stored. Those that it changes are
    /// added by themselves.
    pub hosts: Vec<String>,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    /// How it ended.
    pub outcome: Outcome,
    /// The exit status.
    pub status: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
    /// What it wrote; what is more than [`OUTPUT_LIMIT`] is cut out of the middle.
    pub output: Option<String>,
    /// How long it took by a clock that nobody sets; a [`Recorder`](crate::record::Recorder) knows it.
    pub duration: Option<Duration>,
}

impl Ending {
    /// An end of which nothing is known but how it was.
    pub fn new(outcome: Outcome) -> Self {
        Self { outcome, status: None, error: None, output: None, duration: None }
    }
}

/// A run as the store knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its number in the store; none is given twice.
    pub id: i64,
    /// The job that it is a run of.
    pub job: Option<String>,
    /// Which attempt at it this is, from 1.
    pub attempt: i64,
    /// The path of the script, or what stands for one: `-e`, `<stdin>`, `prompt`, `virsh`.
    pub script: String,
    /// The SHA-256 of the script.
    pub digest: Option<String>,
    /// The arguments without secrets.
    pub arguments: Vec<String>,
    /// The URIs of its hosts, in alphabetic order.
    pub hosts: Vec<String>,
    /// Who ran it.
    pub user: String,
    /// On which machine.
    pub machine: String,
    /// In which process.
    pub process: Process,
    /// When it began.
    pub start: Timestamp,
    /// When it ended; absent while it runs, and where its process died.
    pub end: Option<Timestamp>,
    /// The last sign of life.
    pub seen: Timestamp,
    /// How long it took.
    pub duration: Option<Duration>,
    /// How it ended; a run whose process died is interrupted.
    pub outcome: Outcome,
    /// The exit status.
    pub status: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
    /// What it wrote; only where one run is asked for.
    pub output: Option<String>,
    /// How many changes it made or tried.
    pub changes: i64,
    /// How many of them failed.
    pub failures: i64,
}

/// How a change ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// It was sent and has not ended.
    Running,
    /// It was made.
    Done,
    /// It was refused or failed.
    Failed,
    /// It was sent, and nobody knows whether it took effect: the answer was not awaited, the connection was lost, or
    /// the process died meanwhile.
    Unknown,
}

impl ChangeOutcome {
    /// The word for it, in the store and on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// The outcome that a word stands for.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Running, Self::Done, Self::Failed, Self::Unknown]
            .into_iter()
            .find(|outcome| outcome.word() == word)
    }
}

/// A change: something that was sent to a host.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The run that made it.
    pub run: i64,
    /// Its number in the run: later ones have larger ones.
    pub number: i64,
    /// The job that the run belongs to; only where changes are read.
    pub job: Option<String>,
    /// When it was sent.
    pub time: Timestamp,
    /// The URI of the host, without a password.
    pub host: String,
    /// What was called: `domain.start`.
    pub operation: String,
    /// What it does to the host: `change` or `destroy`.
    pub effect: String,
    /// On which object; empty for the host itself.
    pub object: String,
    /// How it ended.
    pub outcome: ChangeOutcome,
    /// Why it failed.
    pub error: Option<String>,
    /// How long it took.
    pub duration: Option<Duration>,
}

/// Which runs or changes are wanted; what is not set does not matter. `*` in a text stands for anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// This run.
    pub run: Option<i64>,
    /// Runs of this job.
    pub job: Option<String>,
    /// On this host.
    pub host: Option<String>,
    /// Changes of this object, and runs that changed it.
    pub object: Option<String>,
    /// Changes of this kind, and runs that made one.
    pub operation: Option<String>,
    /// Not begun before.
    pub since: Option<Timestamp>,
    /// Not begun after.
    pub until: Option<Timestamp>,
    /// Only what failed, passed its deadline or was interrupted.
    pub failed: bool,
    /// At most so many, the newest.
    pub limit: Option<usize>,
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// So many runs.
    pub runs: u64,
    /// So many changes.
    pub changes: u64,
}

/// Output that is kept of one run, in bytes.
pub const OUTPUT_LIMIT: usize = 1 << 20;

/// The SHA-256 of a script in hexadecimal digits.
pub fn digest(script: &str) -> String {
    hex(&Sha256::digest(script))
}

/// Cuts out of the middle of a text what is more than [`OUTPUT_LIMIT`]: its beginning and its end say most.
pub(super) fn limited(text: &str) -> String {
    if text.len() <= OUTPUT_LIMIT {
        return text.to_owned();
    }
    let is_boundary = |at: &usize| text.is_char_boundary(*at);
    let head = (0..=OUTPUT_LIMIT / 4).rev().find(is_boundary).unwrap_or(0);
    let tail = (text.len() - OUTPUT_LIMIT * 3 / 4..text.len()).find(is_boundary).unwrap_or(text.len());
    let gone = tail - head;
    format!("{}\n[… {gone} bytes were not kept …]\n{}", &text[..head], &text[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_what_sha256sum_prints() {
        assert_eq!(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn long_output_keeps_its_beginning_and_its_end() {
        assert_eq!(limited("short"), "short");
        let text = format!("begin {} end", "ä".repeat(OUTPUT_LIMIT));
        let kept = limited(&text);
        assert!(kept.len() < OUTPUT_LIMIT + 100, "{}", kept.len());
        assert!(kept.starts_with("begin ä") && kept.ends_with("ä end"));
        assert!(kept.contains("bytes were not kept"));
    }

    #[test]
    fn every_outcome_has_a_word_of_its_own() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::of_word(outcome.word()), Some(outcome));
        }
        assert_eq!(Outcome::of_word("nonsense"), None);
    }
}
