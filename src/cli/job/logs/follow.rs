//! `virhai job logs --follow`: what a job writes, as it comes into the record.

use std::time::Duration;

use super::super::super::batch::wish_status;
use super::super::super::environment::Environment;
use super::super::super::status;
use super::super::place::{name_of, script_of, store};
use super::{Logs, error, nothing, shown, title};
use crate::error::{Error, Result, code};
use crate::history::{Filter, Outcome, Run};
use crate::output::{self, Palette, Written};

/// How often the record is asked. A running job tells it what it wrote once a second.
const PERIOD: Duration = Duration::from_millis(500);
/// So much of the end of what was shown is looked for in what is there later.
const OVERLAP: usize = 400;

/// Shows the last runs and goes on with what comes until Ctrl-C; gives the exit status.
pub(super) fn run(environment: &Environment, logs: &Logs) -> u8 {
    match follow(environment, logs) {
        Ok(()) => status::DONE,
        Err(error) if error.code() == code::INTERRUPTED => wish_status(environment.interrupt().reason()),
        Err(error) if error.code() == code::USAGE => environment.fail(&error, status::USAGE),
        Err(error) => environment.fail(&error, status::FAILED),
    }
}

fn follow(environment: &Environment, logs: &Logs) -> Result<()> {
    if environment.view.format.is_some() {
        return Err(Error::usage("`--follow` shows text only").hint("leave out `--output`"));
    }
    let job = name_of(&logs.job)?;
    let mut last = Last::default();
    for run in runs_after(environment, &job, 0, logs.count)? {
        let text = if run.outcome == Outcome::Running {
            last.go_on(&run, environment.view.palette)
        } else {
            last = Last { id: run.id, output: String::new(), has_ended: true };
            shown(environment, &[run])?
        };
        if output::out(&text)? == Written::Closed {
            return Ok(());
        }
    }
    if last.id == 0 {
        script_of(environment, &logs.job).map_err(|_| nothing(&job))?;
        output::err(&format!("no run of {job} is in the record yet: waiting for one\n"));
    }
    loop {
        environment.interrupt().sleep(PERIOD)?;
        for run in runs_after(environment, &job, last.id, usize::MAX)? {
            let text = last.go_on(&run, environment.view.palette);
            if !text.is_empty() && output::out(&text)? == Written::Closed {
                return Ok(());
            }
        }
    }
}

/// The last runs of a job from one on, the oldest first, each with what it wrote.
fn runs_after(environment: &Environment, job: &str, first: i64, limit: usize) -> Result<Vec<Run>> {
    let Some(store) = store(environment)? else { return Ok(Vec::new()) };
    // More of them do not begin between two looks.
    let filter = Filter { job: Some(job.to_owned()), limit: Some(limit.min(1_000)), ..Filter::default() };
    let ids: Vec<i64> =
        store.runs(&filter)?.iter().map(|run| run.id).take_while(|id| *id >= first.max(1)).collect();
    ids.into_iter().rev().filter_map(|id| store.run(id).transpose()).collect()
}

/// What was shown of the run that is followed.
#[derive(Default)]
struct Last {
    id: i64,
    output: String,
    has_ended: bool,
}

impl Last {
    /// What is new of this run or of a next one.
    fn go_on(&mut self, run: &Run, palette: Palette) -> String {
        let mut text = String::new();
        if run.id != self.id {
            *self = Self { id: run.id, ..Self::default() };
            let beginning = Run { duration: None, status: None, outcome: Outcome::Running, ..run.clone() };
            text.push_str(&title(&beginning, palette));
        }
        if self.has_ended {
            return text;
        }
        let output = run.output.as_deref().unwrap_or_default();
        text.push_str(added(&self.output, output));
        output.clone_into(&mut self.output);
        if run.outcome != Outcome::Running {
            self.has_ended = true;
            if !self.output.is_empty() && !self.output.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&error(run, palette));
            text.push_str(&title(run, palette));
        }
        text
    }
}

/// What came to an output, of which the middle may have gone meanwhile.
fn added<'a>(before: &str, now: &'a str) -> &'a str {
    if let Some(new) = now.strip_prefix(before) {
        return new;
    }
    let from = (before.len().saturating_sub(OVERLAP)..before.len()).find(|at| before.is_char_boundary(*at));
    let end = from.map_or(before, |from| &before[from..]);
    now.rfind(end).map_or(now, |at| &now[at + end.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_is_what_follows_what_was_there() {
        assert_eq!(added("", "one\n"), "one\n");
        assert_eq!(added("one\n", "one\ntwo\n"), "two\n");
        assert_eq!(added("one\n", "one\n"), "");
    }

    #[test]
    fn also_where_the_middle_has_gone() {
        let lines = |from: u32, to: u32| -> String {
            (from..to).flat_map(|number| ["line ".to_owned(), number.to_string(), "\n".to_owned()]).collect()
        };
        let now = format!("line 0\n[7000 bytes are left out here]\n{}", lines(900, 1_010));
        assert_eq!(added(&lines(0, 1_000), &now), lines(1_000, 1_010));
        assert_eq!(added(&lines(0, 100), &now), now, "too much came at once");
    }
}
