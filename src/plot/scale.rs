//! Axes: from where to where, and the marks on them.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use super::unit::Unit;

/// Seconds of a day.
const DAY: f64 = 86_400.0;
/// Seconds between the marks of an axis of times.
const STEPS: [f64; 30] = [
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    900.0,
    1_800.0,
    3_600.0,
    7_200.0,
    10_800.0,
    21_600.0,
    43_200.0,
    DAY,
    2.0 * DAY,
    7.0 * DAY,
    14.0 * DAY,
];
/// More marks than any axis has.
const MOST: i32 = 1_000;
/// How close numbers may lie, in parts of themselves, before rounding shows.
const CLOSEST: f64 = 1e-9;

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    /// Places and labels, from low to high.
    pub(super) marks: Vec<(f64, String)>,
}

impl Scale {
    /// An axis of values, whose ends are marks; at most `most` of them, at least two.
    pub(super) fn of_values(low: f64, high: f64, unit: &Unit, most: usize) -> Self {
        let (low, high) = with_zero(low, high);
        let (size, name) = unit.counted(low.abs().max(high.abs()));
        let (low, high) = (low / size, high / size);
        // There is no part of a byte.
        let smallest = if *unit == Unit::Bytes { 1.0 / size } else { 0.0 };
        let mut step = round(((high - low) / (most.max(2) - 1) as f64).max(smallest));
        let count = |step: f64| (high / step).ceil() - (low / step).floor() + 1.0;
        while count(step) > most.max(2) as f64 && count(step) > 2.0 {
            step = round(step * 1.01);
        }
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        let decimals = decimals(step);
        let marks: Vec<_> = (0..=(last - first) as usize)
            .map(|place| (first + place as f64) * step)
            .map(|value| (value * size, format!("{}{name}", plain(value, decimals))))
            .collect();
        Self { low: first * step * size, high: last * step * size, marks }
    }

    /// An axis of plain numbers from the first to the last of them.
    pub(super) fn of_numbers(low: f64, high: f64, most: usize) -> Self {
        let (low, high) = if low < high { (low, high) } else { (low - 0.5, high + 0.5) };
        let (size, name) = Unit::None.counted(low.abs().max(high.abs()));
        let span = (high - low).max(high.abs() * CLOSEST);
        let whole = low.fract() == 0.0 && high.fract() == 0.0;
        let step = round(span / size / most.max(2) as f64).max(if whole { 1.0 / size } else { 0.0 });
        let first = (low / size / step).ceil();
        let decimals = decimals(step);
        let marks = (0..MOST)
            .map(|place| (first + f64::from(place)) * step)
            .take_while(|value| value * size <= high)
            .map(|value| (value * size, format!("{}{name}", plain(value, decimals))))
            .collect();
        Self { low, high, marks }
    }

    /// An axis of times in the local zone; `most` says how many labels of a width there may be.
    pub(super) fn of_times(low: f64, high: f64, most: impl Fn(usize) -> usize) -> Self {
        Self::of_times_in(low, high, most, &TimeZone::system())
    }

    pub(super) fn of_times_in(low: f64, high: f64, most: impl Fn(usize) -> usize, zone: &TimeZone) -> Self {
        if high - low < STEPS[0] {
            let label =
                zoned(low, zone).map_or(String::new(), |t| t.strftime("%Y-%m-%d %H:%M:%S").to_string());
            return Self { low: low - 1.0, high: high + 1.0, marks: vec![(low, label)] };
        }
        let years = (1..).map(|half| f64::from(half) * 182.0 * DAY);
        let steps =
            STEPS.into_iter().chain([30.0, 61.0, 91.0].map(|days| days * DAY)).chain(years.take(20_000));
        let fits = |step: &f64| (high - low) / step + 1.0 <= most(format_of(*step).1).max(1) as f64;
        let step = steps.clone().find(fits).unwrap_or(high - low);
        let places =
            if step < DAY { within_days(low, high, step, zone) } else { midnights(low, high, step, zone) };
        let label =
            |place: f64| zoned(place, zone).map(|t| (place, t.strftime(format_of(step).0).to_string()));
        Self { low, high, marks: places.into_iter().filter_map(label).collect() }
    }

    /// Where a number lies between both ends, from 0 to 1.
    pub(super) fn part(&self, number: f64) -> f64 {
        (number - self.low) / (self.high - self.low)
    }
}

/// Lets an axis begin at zero where that costs little, and gives one number room.
fn with_zero(low: f64, high: f64) -> (f64, f64) {
    let span = high - low;
    if span <= low.abs().max(high.abs()) * CLOSEST {
        return match high {
            0.0 => (0.0, 1.0),
            high if high > 0.0 => (0.0, high),
            _ => (low, 0.0),
        };
    }
    if low > 0.0 && low <= high / 2.0 {
        (0.0, high)
    } else if high < 0.0 && high >= low / 2.0 {
        (low, 0.0)
    } else {
        (low, high)
    }
}

/// The next of 1, 2, 5, 10, 20, … that is not smaller.
fn round(number: f64) -> f64 {
    let power = 10.0_f64.powf(number.log10().floor());
    let factor = number / power;
    let round = [1.0, 2.0, 5.0].into_iter().find(|round| factor <= round * (1.0 + CLOSEST)).unwrap_or(10.0);
    round * power
}

/// The decimals that tell marks apart.
fn decimals(step: f64) -> usize {
    (-step.log10().floor()).clamp(0.0, 12.0) as usize
}

/// A number of an axis; those with many digits as powers of ten.
fn plain(value: f64, decimals: usize) -> String {
    // -0 is 0.
    let value = if value == 0.0 { 0.0 } else { value };
    if value.abs() < 1e6 { format!("{value:.decimals$}") } else { format!("{value:.1e}") }
}

fn zoned(seconds: f64, zone: &TimeZone) -> Option<Zoned> {
    Some(crate::units::from_unix(seconds).ok()?.to_zoned(zone.clone()))
}

/// How marks so far apart are written, and how wide that is.
fn format_of(step: f64) -> (&'static str, usize) {
    match step {
        step if step < 1.0 => ("%H:%M:%S%.3f", 12),
        step if step < 60.0 => ("%H:%M:%S", 8),
        step if step < DAY => ("%m-%d %H:%M", 11),
        _ => ("%Y-%m-%d", 10),
    }
}

fn within_days(low: f64, high: f64, step: f64, zone: &TimeZone) -> Vec<f64> {
    let offset = zoned(low, zone).map_or(0.0, |t| f64::from(t.offset().seconds()));
    let first = ((low + offset) / step).ceil();
    let places = (0..).map(|place| (first + f64::from(place)) * step - offset);
    places.take_while(|place| *place <= high).collect()
}

/// Midnights by the calendar: days are not equally long.
fn midnights(low: f64, high: f64, step: f64, zone: &TimeZone) -> Vec<f64> {
    let Some(start) = zoned(low, zone) else { return Vec::new() };
    let days = (step / DAY).round() as i64;
    let midnight = |place: i64| {
        let date = start.date().checked_add((place * days + 1).days()).ok()?;
        let moment: Timestamp = date.to_zoned(zone.clone()).ok()?.timestamp();
        Some(moment.as_second() as f64)
    };
    (0..).map_while(midnight).take_while(|place| *place <= high).collect()
}
