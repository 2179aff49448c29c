//! Schedules in systemd's words: `Mon..Fri 02:30`, `*-*-1,15 04:00`, `hourly`.
//!
//! What lists, ranges and steps of weekday, month, day, hour and minute can say is read here, has its next times here
//! and converts to cron's fields. Anything else is left to systemd, where its program `systemd-analyze` knows it.

mod cron;
mod next;
mod parse;
mod systemd;

use std::fmt;

use jiff::tz::TimeZone;

pub use cron::CronFields;
pub use next::Times;

use systemd::Verdict;

use crate::error::{Error, Result};

/// A schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    text: String,
    /// Its fields; or, where it says more than these can, the part that does.
    form: std::result::Result<Fields, Beyond>,
}

/// Which minutes of which days; bit n of a set stands for the number n.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fields {
    /// From Monday, which is 1, to Sunday, which is 7.
    weekdays: u64,
    months: u64,
    days: u64,
    hours: u64,
    minutes: u64,
    /// The zone in which these are read; without it the host's own.
    zone: Option<String>,
}

/// What systemd understands and lists, ranges and steps do not say.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Beyond {
    /// The part, as it was written.
    part: String,
    /// What it is, such as `seconds`.
    what: &'static str,
}

/// Why there are no fields.
enum Refusal {
    /// systemd may read it.
    Beyond(Beyond),
    /// It looks like nothing that is known.
    Wrong(Error),
}

const HINT: &str =
    "write \"Mon..Fri 02:30\", \"*-*-1,15 04:00\", \"*:0/15\" or \"daily\": man systemd.time has all of it";

impl Calendar {
    /// Reads a schedule.
    ///
    /// What is not read here is shown to `systemd-analyze`, which decides for systemd.
    ///
    /// Errors: `usage`, naming the part, for what neither reads, and for what only systemd could read where
    /// its program is missing.
    pub fn parse(text: &str) -> Result<Self> {
        Self::parse_with(text, systemd::verdict)
    }

    fn parse_with(text: &str, verdict: impl FnOnce(&str) -> Verdict) -> Result<Self> {
        let text = text.trim();
        let refusal = match parse::fields(text) {
            Ok(fields) => return Ok(Self { text: text.to_owned(), form: Ok(fields) }),
            Err(refusal) => refusal,
        };
        match (verdict(text), refusal) {
            (Verdict::Accepted, Refusal::Beyond(beyond)) => {
                Ok(Self { text: text.to_owned(), form: Err(beyond) })
            }
            (Verdict::Accepted, Refusal::Wrong(_)) => {
                let beyond = Beyond { part: text.to_owned(), what: "what only systemd reads" };
                Ok(Self { text: text.to_owned(), form: Err(beyond) })
            }
            (Verdict::Refused(words), Refusal::Beyond(_)) => {
                Err(Error::usage(format!("\"{text}\" is no schedule: {words}")).hint(HINT))
            }
            (Verdict::Missing, Refusal::Beyond(Beyond { part, what })) => {
                let error = format!(
                    "\"{text}\" cannot be checked here: \"{part}\", {what}, is for systemd-analyze, which is missing"
                );
                Err(Error::usage(error)
                    .hint("use lists, ranges and steps of weekday, month, day, hour and minute"))
            }
            (_, Refusal::Wrong(error)) => Err(error),
        }
    }

    /// As it was written, for systemd.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The zone that it names; without one it is read in the host's own.
    pub fn zone(&self) -> Option<&str> {
        self.form.as_ref().ok()?.zone.as_deref()
    }
}

impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The zone of a name as the database of time zones writes it; systemd tells letters' cases apart.
fn zone(name: &str) -> Option<TimeZone> {
    let zone = TimeZone::get(name).ok()?;
    (zone.iana_name() == Some(name)).then_some(zone)
}
