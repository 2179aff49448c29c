//! virsh's command lines, through virsh and through virhai, on equal fresh state: the same text, the same status.
//!
//! `tests/virsh/*.cases` are the command lines; `cases` reads them, `world` has the state that they run on,
//! `compare` says what counts as the same, `page` writes `docs/virsh-coverage.md`.
//!
//! The short version runs what the test driver can show. `VIRHAI_CASES=all`, as `make soak` has it, also runs the
//! private daemons and looks at the page; `VIRHAI_CASES=WORD` runs the cases whose line or file has this word.

mod cases;
mod compare;
mod page;
mod world;

use std::fmt::Write as _;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{golden, need, project, soak};
use cases::{Case, Section};
use compare::Outcome;
use page::Row;

/// How many cases there are at least, and how many of a hundred are the same at least.
const LEAST_CASES: usize = 900;
const LEAST_SAME_PERCENT: usize = 98;

/// Sections that run at the same time.
const WORKERS: usize = 3;

/// What became of one case.
struct Verdict {
    file: String,
    world: String,
    case: Case,
    theirs: Outcome,
    ours: Outcome,
}

impl Verdict {
    fn is_same(&self) -> bool {
        self.theirs == self.ours
    }

    /// What is wrong: a difference without a reason, or a reason without a difference.
    fn fault(&self) -> Option<String> {
        let place = format!("{}:{} {}", self.file, self.case.number, self.case.line);
        match (self.is_same(), &self.case.differs) {
            (true, None) | (false, Some(_)) => None,
            (true, Some(reason)) => Some(format!("{place}\nis the same, and is said to differ: {reason}")),
            (false, None) => Some(format!("{place}\n{}", self.theirs.difference(&self.ours))),
        }
    }
}

#[test]
fn virsh_and_virhai_do_the_same() {
    let Some(virsh) = need::on_path("virsh") else {
        assert!(!need::met(
            concat!(module_path!(), "::virsh_and_virhai_do_the_same::here"),
            &[need::Need::Program("virsh")]
        ));
        return;
    };
    let wanted = std::env::var("VIRHAI_CASES").ok();
    let all = soak() || wanted.as_deref() == Some("all");
    let word = wanted.as_deref().filter(|word| *word != "all");
    let mut sections = cases::read_all(&project("tests/virsh"), word);
    if !all && word.is_none() {
        sections.retain(Section::is_on_test_driver);
    }
    let (verdicts, skipped) = run_all(&sections, &virsh);
    report(&verdicts);
    let faults: Vec<String> = verdicts.iter().filter_map(Verdict::fault).collect();
    assert!(faults.is_empty(), "{} cases differ\n\n{}", faults.len(), faults.join("\n\n"));
    if word.is_some() {
        return;
    }
    assert!(verdicts.len() >= LEAST_CASES, "{} cases", verdicts.len());
    let same = verdicts.iter().filter(|verdict| verdict.is_same()).count();
    assert!(
        same * 100 >= verdicts.len() * LEAST_SAME_PERCENT,
        "{same} of {} cases are the same",
        verdicts.len()
    );
    if !all || skipped {
        return;
    }
    let rows: Vec<Row> = verdicts.iter().map(Row::of).collect();
    golden::check(&project("docs/virsh-coverage.md"), &page::text(&rows));
    let lacking = page::lacking(&rows);
    assert!(lacking.is_empty(), "no case of these commands succeeds, or none fails: {}", lacking.join(", "));
}

/// Runs all sections, and says whether some could not be run here.
fn run_all(sections: &[Section], virsh: &std::path::Path) -> (Vec<Verdict>, bool) {
    let (next, done, skipped) = (AtomicUsize::new(0), Mutex::new(Vec::new()), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some((index, section)) = Some(next.fetch_add(1, Ordering::Relaxed))
                    .and_then(|index| Some((index, sections.get(index)?)))
                {
                    match world::run(section, virsh) {
                        Some(verdicts) => done.lock().unwrap().push((index, verdicts)),
                        None => drop(skipped.fetch_add(1, Ordering::Relaxed)),
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(index, _)| *index);
    (done.into_iter().flat_map(|(_, verdicts)| verdicts).collect(), skipped.into_inner() > 0)
}

/// Prints how many cases of each file are the same, and each difference with its reason.
fn report(verdicts: &[Verdict]) {
    let mut text = String::new();
    let mut files: Vec<&str> = verdicts.iter().map(|verdict| verdict.file.as_str()).collect();
    files.dedup();
    for file in files {
        let of_file = || verdicts.iter().filter(|verdict| verdict.file == file);
        let same = of_file().filter(|verdict| verdict.is_same()).count();
        let _ = writeln!(text, "{file}: {same}/{} the same", of_file().count());
        for verdict in of_file().filter(|verdict| !verdict.is_same()) {
            let reason = verdict.case.differs.as_deref().unwrap_or("NO REASON");
            let _ = writeln!(text, "  {}: {reason}", verdict.case.line);
        }
    }
    // Written directly: the output of a test that passes is not shown otherwise.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
