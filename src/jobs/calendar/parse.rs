//! What `systemd.time(7)` calls a calendar event, as far as sets of minutes, hours, days, months and weekdays say it.

use super::{Beyond, Fields, HINT, Refusal};
use crate::error::Error;
use crate::output::did_you_mean;

/// The words that stand for a whole schedule.
const WORDS: &[(&str, &str)] = &[
    ("minutely", "*-*-* *:*"),
    ("hourly", "*-*-* *:00"),
    ("daily", "*-*-* 00:00"),
    ("weekly", "Mon *-*-* 00:00"),
    ("monthly", "*-*-01 00:00"),
    ("quarterly", "*-01,04,07,10-01 00:00"),
    ("semiannually", "*-01,07-01 00:00"),
    ("semi-annually", "*-01,07-01 00:00"),
    ("biannually", "*-01,07-01 00:00"),
    ("bi-annually", "*-01,07-01 00:00"),
    ("yearly", "*-01-01 00:00"),
    ("annually", "*-01-01 00:00"),
    ("anually", "*-01-01 00:00"),
];

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// A field: what it is called and its numbers.
#[derive(Clone, Copy)]
struct Range {
    name: &'static str,
    first: u32,
    last: u32,
}

const MONTH: Range = Range { name: "month", first: 1, last: 12 };
const DAY: Range = Range { name: "day of the month", first: 1, last: 31 };
const HOUR: Range = Range { name: "hour", first: 0, last: 23 };
const MINUTE: Range = Range { name: "minute", first: 0, last: 59 };

impl Range {
    fn all(self) -> u64 {
        (self.first..=self.last).fold(0, |set, number| set | 1 << number)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Wrong(error)
    }
}

fn beyond<T>(part: &str, what: &'static str) -> Read<T> {
    Err(Refusal::Beyond(Beyond { part: part.to_owned(), what }))
}

fn wrong(text: &str, why: impl std::fmt::Display) -> Error {
    Error::usage(format!("\"{text}\" is no schedule: {why}")).hint(HINT)
}

type Read<T> = std::result::Result<T, Refusal>;

/// Reads an expression.
pub(super) fn fields(text: &str) -> Read<Fields> {
    let mut words: Vec<&str> = text.split_ascii_whitespace().collect();
    let zone = taken_zone(&mut words);
    if let [word] = words.as_slice()
        && let Some((_, meaning)) = WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word))
    {
        return Ok(Fields { zone, ..fields(meaning)? });
    }
    let mut read = Fields {
        weekdays: Range { name: "weekday", first: 1, last: 7 }.all(),
        months: MONTH.all(),
        days: DAY.all(),
        hours: 1,
        minutes: 1,
        zone,
    };
    if words.is_empty() {
        return Err(wrong(text, "it is empty").into());
    }
    let mut rest = words.as_slice();
    if let [word, later @ ..] = rest
        && word.starts_with(|sign: char| sign.is_ascii_alphabetic())
    {
        read.weekdays = weekdays(text, word)?;
        rest = later;
    }
    if let [word, later @ ..] = rest
        && !word.contains(':')
    {
        date(text, word, &mut read)?;
        rest = later;
    }
    if let [word, later @ ..] = rest {
        time(text, word, &mut read)?;
        rest = later;
    }
    match rest {
        [] => Ok(read),
        [word, ..] => Err(wrong(text, format_args!("\"{word}\" is one word too many")).into()),
    }
}

/// Takes the zone away from the end.
fn taken_zone(words: &mut Vec<&str>) -> Option<String> {
    let last = words.last()?;
    let name = if last.eq_ignore_ascii_case("utc") { "UTC" } else { last };
    super::zone(name)?;
    let name = name.to_owned();
    words.pop();
    Some(name)
}

/// `Mon`, `Mon,Wed`, `Mon..Fri`, `Mon-Fri`, `mon..tuesday`.
fn weekdays(text: &str, word: &str) -> Read<u64> {
    let day = |name: &str| {
        let folded = name.to_ascii_lowercase();
        let at = WEEKDAYS.iter().position(|known| *known == folded || known[..3] == folded);
        at.map(|at| at as u32 + 1).ok_or_else(|| {
            let error = wrong(text, format_args!("\"{name}\" is no weekday, word or time zone"));
            let known: Vec<&str> =
                WEEKDAYS.iter().copied().chain(WORDS.iter().map(|(known, _)| *known)).collect();
            match crate::lang::suggest::nearest(name, known.iter().copied()) {
                Some(_) => did_you_mean(error, name, &known),
                None => error,
            }
        })
    };
    let mut set = 0;
    for part in word.split(',') {
        let (first, last) = match part.split_once("..").or_else(|| part.split_once('-')) {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(part)?, day(part)?),
        };
        if first > last {
            return Err(wrong(text, format_args!("the range \"{part}\" runs backwards")).into());
        }
        set |= (first..=last).fold(0, |set, number| set | 1 << number);
    }
    Ok(set)
}

/// `*-*-*`, `*-1..3-15`, `12-24`.
fn date(text: &str, word: &str, fields: &mut Fields) -> Read<()> {
    if word.starts_with('@') {
        return beyond(word, "a moment");
    }
    if word.contains('~') {
        return beyond(word, "days counted from the end of the month");
    }
    let parts: Vec<&str> = word.split('-').collect();
    let (year, month, day) = match parts.as_slice() {
        [year, month, day] => (*year, *month, *day),
        [month, day] => ("*", *month, *day),
        _ => return Err(wrong(text, format_args!("\"{word}\" is no date")).into()),
    };
    fields.months = set(text, month, MONTH)?;
    fields.days = set(text, day, DAY)?;
    if year != "*" {
        return beyond(year, "a year");
    }
    Ok(())
}

/// `02:30`, `*:0/15`, `8..18:00`, `02:30:00`.
fn time(text: &str, word: &str, fields: &mut Fields) -> Read<()> {
    let parts: Vec<&str> = word.split(':').collect();
    let (hour, minute, second) = match parts.as_slice() {
        [hour, minute] => (*hour, *minute, "0"),
        [hour, minute, second] => (*hour, *minute, *second),
        _ => return Err(wrong(text, format_args!("\"{word}\" is no time of day")).into()),
    };
    fields.hours = set(text, hour, HOUR)?;
    fields.minutes = set(text, minute, MINUTE)?;
    if second.is_empty() || !second.bytes().all(|sign| sign == b'0') {
        return beyond(second, "seconds");
    }
    Ok(())
}

/// A list of numbers, ranges and steps: `1`, `1,15`, `1..5`, `0/15`, `8..18/2`; `*` for all.
fn set(text: &str, written: &str, range: Range) -> Read<u64> {
    if written == "*" {
        return Ok(range.all());
    }
    let refuse = |why: String| wrong(text, format!("{} \"{written}\": {why}", range.name));
    let number = |digits: &str| {
        let number = digits.parse::<u32>().ok().filter(|_| digits.bytes().all(|sign| sign.is_ascii_digit()));
        number.ok_or_else(|| refuse(format!("\"{digits}\" is no number")))
    };
    let mut set = 0;
    for part in written.split(',') {
        let (numbers, step) = match part.split_once('/') {
            Some((numbers, step)) => (numbers, Some(number(step)?)),
            None => (part, None),
        };
        let (first, last) = match numbers.split_once("..") {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(numbers)?, if step.is_some() { range.last } else { number(numbers)? }),
        };
        if first < range.first || last > range.last {
            return Err(refuse(format!("it has numbers from {} to {}", range.first, range.last)).into());
        }
        if first > last {
            return Err(refuse("it runs backwards".into()).into());
        }
        // systemd refuses a step that leads nowhere.
        if step.is_some_and(|step| step == 0 || first.saturating_add(step) > last) {
            return Err(refuse("the step leads nowhere".into()).into());
        }
        set |= (first..=last).step_by(step.unwrap_or(1) as usize).fold(0, |set, number| set | 1 << number);
    }
    Ok(set)
}
