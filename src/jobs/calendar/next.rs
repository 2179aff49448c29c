//! When a schedule fires next.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{ToSpan, Zoned};

use super::{Calendar, Fields, zone};

/// A leap day that is a certain weekday can be 40 years away.
const LONGEST_WAIT: usize = 41 * 366;

/// The times at which a schedule fires, without end where there is one; see [`Calendar::times`].
#[derive(Clone, Debug)]
pub struct Times<'a> {
    fields: Option<&'a Fields>,
    last: Zoned,
}

impl Calendar {
    /// The times at which it fires after a moment, in its own zone or in that moment's.
    ///
    /// As systemd does it, a time of day that daylight saving skips is left out, and one that comes twice counts
    /// once, the first time. There are none where only systemd understands the schedule.
    pub fn times(&self, after: &Zoned) -> Times<'_> {
        let fields = self.form.as_ref().ok();
        let named = fields.and_then(|fields| zone(fields.zone.as_deref()?));
        Times { fields, last: named.map_or_else(|| after.clone(), |zone| after.with_time_zone(zone)) }
    }
}

impl Calendar {
    /// The next day, within two years, on which the clock skips or repeats a time at which it fires.
    ///
    /// The zone is that of the moment.
    pub fn clock_change(&self, after: &Zoned) -> Option<Date> {
        let fields = self.form.as_ref().ok()?;
        let zone = after.time_zone();
        let end = after.checked_add(2.years()).ok()?.timestamp();
        let changes = zone.following(after.timestamp()).take_while(|change| change.timestamp() < end);
        changes.into_iter().find_map(|change| {
            let at = change.timestamp();
            let before = at.checked_sub(1.second()).ok()?.to_zoned(zone.clone());
            let jump = i64::from(change.offset().seconds() - before.offset().seconds());
            // What is skipped begins where the old clock ends; what is repeated, where the new one begins.
            let old = before.datetime().checked_add(1.second()).ok()?;
            let first = if jump > 0 { old } else { old.checked_add(jump.seconds()).ok()? };
            let minutes = (0..jump.abs() / 60).filter_map(|minute| first.checked_add(minute.minutes()).ok());
            minutes.into_iter().find(|time| fields.has(*time)).map(DateTime::date)
        })
    }
}

impl Iterator for Times<'_> {
    type Item = Zoned;

    fn next(&mut self) -> Option<Zoned> {
        let next = self.fields?.after(&self.last)?;
        self.last.clone_from(&next);
        Some(next)
    }
}

impl Fields {
    fn after(&self, moment: &Zoned) -> Option<Zoned> {
        let mut date = moment.date();
        for _ in 0..LONGEST_WAIT {
            if self.has_day(date) {
                let found = self.times_of_day().filter_map(|time| exact(date, time, moment.time_zone()));
                if let Some(found) = found.into_iter().find(|time| time > moment) {
                    return Some(found);
                }
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }

    fn has(&self, time: DateTime) -> bool {
        self.has_day(time.date()) && has(self.hours, time.hour()) && has(self.minutes, time.minute())
    }

    fn has_day(&self, date: Date) -> bool {
        has(self.months, date.month())
            && has(self.days, date.day())
            && has(self.weekdays, date.weekday().to_monday_one_offset())
    }

    fn times_of_day(&self) -> impl Iterator<Item = Time> {
        let minutes = |hour| {
            (0..60)
                .filter(|minute| has(self.minutes, *minute))
                .map(move |minute| Time::constant(hour, minute, 0, 0))
        };
        (0..24).filter(|hour| has(self.hours, *hour)).flat_map(minutes)
    }
}

fn has(set: u64, number: i8) -> bool {
    set & (1 << number) != 0
}

/// The moment of a date and time of day: none where the clock jumps over it, the first where it shows it twice.
fn exact(date: Date, time: Time, zone: &TimeZone) -> Option<Zoned> {
    let ambiguous = zone.to_ambiguous_zoned(date.to_datetime(time));
    if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) { None } else { ambiguous.earlier().ok() }
}
