//! A schedule as the five fields of cron, in a form that every cron reads alike.

use std::fmt;

use super::{Calendar, Fields};
use crate::error::{Error, Result};

/// The five fields: minute, hour, day of the month, month, weekday (Sunday is 0).
///
/// Neither day field has a step or both a limit, because crons differ in what that means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronFields {
    minute: String,
    hour: String,
    day: String,
    month: String,
    weekday: String,
}

impl fmt::Display for CronFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { minute, hour, day, month, weekday } = self;
        write!(f, "{minute} {hour} {day} {month} {weekday}")
    }
}

impl Calendar {
    /// Converts it; the zone that it may name is not part of the fields.
    ///
    /// Errors: `usage`, naming the part that has no equal in cron.
    pub fn to_cron(&self) -> Result<CronFields> {
        let refuse = |part: &str, why: &str| {
            let error = Error::usage(format!("\"{}\" has no form in cron: {part}, {why}", self.text));
            error.hint("use lists, ranges and steps of weekday, month, day, hour and minute")
        };
        let Fields { weekdays, months, days, hours, minutes, .. } = match &self.form {
            Ok(fields) => fields,
            Err(beyond) => {
                return Err(refuse(
                    &format!("\"{}\"", beyond.part),
                    &format!("{} cannot be said there", beyond.what),
                ));
            }
        };
        // From Sunday, which is 0, to Saturday.
        let from_sunday = (weekdays & 0x7e) | u64::from(weekdays & (1 << 7) != 0);
        let (day, weekday) = (listed(*days, 1..=31), listed(from_sunday, 0..=6));
        if day != "*" && weekday != "*" {
            let part = "a weekday together with a day of the month";
            return Err(refuse(part, "where cron fires when either fits"));
        }
        Ok(CronFields {
            minute: stepped(*minutes, 59),
            hour: stepped(*hours, 23),
            day,
            month: listed(*months, 1..=12),
            weekday,
        })
    }
}

/// A set of numbers from 0 with its steps: `*/15`, `5-59/10`.
fn stepped(set: u64, last: u32) -> String {
    let numbers: Vec<u32> = (0..=last).filter(|number| set & (1 << number) != 0).collect();
    if let [first, second, third, ..] = numbers.as_slice() {
        let step = second - first;
        let is_even = numbers.windows(2).all(|pair| pair[1] - pair[0] == step)
            && numbers.last().is_some_and(|end| end + step > last);
        if step > 1 && is_even && third > second {
            return match first {
                0 => format!("*/{step}"),
                _ => format!("{first}-{last}/{step}"),
            };
        }
    }
    listed(set, 0..=last)
}

/// A set of numbers: `*`, `1,15`, `1-5`.
fn listed(set: u64, all: std::ops::RangeInclusive<u32>) -> String {
    let has = |number: u32| set & (1 << number) != 0;
    if all.clone().all(has) {
        return "*".into();
    }
    let mut parts: Vec<String> = Vec::new();
    let mut numbers = all.filter(|number| has(*number)).peekable();
    while let Some(first) = numbers.next() {
        let mut last = first;
        while let Some(next) = numbers.next_if_eq(&(last + 1)) {
            last = next;
        }
        parts.push(match last - first {
            0 => first.to_string(),
            1 => format!("{first},{last}"),
            _ => format!("{first}-{last}"),
        });
    }
    parts.join(",")
}
