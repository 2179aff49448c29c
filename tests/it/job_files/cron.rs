//! A cron of our own, made after its manual only: which moments five fields stand for.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

/// The fields: minute, hour, day of the month, month, weekday.
pub(super) struct Cron {
    sets: [BTreeSet<i8>; 5],
    /// Both day fields say something: a day that fits one of them counts.
    either_day: bool,
}

impl Cron {
    pub(super) fn parse(text: &str) -> Self {
        let fields: Vec<&str> = text.split(' ').collect();
        assert_eq!(fields.len(), 5, "{text}");
        let ranges = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];
        let sets = std::array::from_fn(|at| field(fields[at], ranges[at]));
        Self { sets, either_day: fields[2] != "*" && fields[4] != "*" }
    }

    fn has_day(&self, date: Date) -> bool {
        let [_, _, days, months, weekdays] = &self.sets;
        let (day, weekday) =
            (days.contains(&date.day()), weekdays.contains(&date.weekday().to_sunday_zero_offset()));
        months.contains(&date.month()) && if self.either_day { day || weekday } else { day && weekday }
    }

    /// The moments after `first` up to `last`; with each, whether the clock shows its time for the second time.
    pub(super) fn moments(
        &self,
        zone: &TimeZone,
        first: Timestamp,
        last: Timestamp,
    ) -> Vec<(Timestamp, bool)> {
        let mut date = first.to_zoned(zone.clone()).date();
        let end = last.to_zoned(zone.clone()).date();
        let mut found = Vec::new();
        while date <= end {
            for (hour, minute) in
                self.sets[1].iter().flat_map(|hour| self.sets[0].iter().map(move |minute| (*hour, *minute)))
            {
                if !self.has_day(date) {
                    break;
                }
                let time = zone.to_ambiguous_timestamp(date.at(hour, minute, 0, 0));
                match time.offset() {
                    AmbiguousOffset::Gap { .. } => {}
                    AmbiguousOffset::Fold { .. } => {
                        found.extend([(time.earlier().unwrap(), false), (time.later().unwrap(), true)]);
                    }
                    AmbiguousOffset::Unambiguous { .. } => found.push((time.unambiguous().unwrap(), false)),
                }
            }
            date = date.checked_add(1.day()).unwrap();
        }
        found.sort();
        found.retain(|(time, _)| *time > first && *time <= last);
        found
    }
}

fn field(text: &str, (least, most): (i8, i8)) -> BTreeSet<i8> {
    let number = |text: &str| text.parse::<i8>().unwrap_or_else(|_| panic!("{text}"));
    let mut set = BTreeSet::new();
    for part in text.split(',') {
        let (range, step) = part.split_once('/').map_or((part, 1), |(range, step)| (range, number(step)));
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (least, most),
            Some((from, to)) => (number(from), number(to)),
            None => (number(range), number(range)),
        };
        assert!(least <= from && from <= to && to <= most, "{text}");
        set.extend((from..=to).step_by(step as usize));
    }
    set
}

#[test]
fn the_cron_of_the_tests_does_what_its_manual_says() {
    let moments = |text: &str| {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let found =
            Cron::parse(text).moments(&zone, time("2026-10-23T22:00:00Z"), time("2026-10-26T22:00:00Z"));
        found.iter().map(|(time, _)| time.to_string()).collect::<Vec<_>>()
    };
    let twice =
        ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"];
    assert_eq!(moments("30 2 * * *"), twice);
    assert_eq!(moments("0 12 24 * 1"), ["2026-10-24T10:00:00Z", "2026-10-26T11:00:00Z"], "either day");
}
