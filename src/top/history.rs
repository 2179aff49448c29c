//! What was measured of one thing, the newest last.

use std::collections::VecDeque;

/// Samples that are kept of each series: a few minutes, and the width of a large screen.
pub(super) const LENGTH: usize = 120;

/// A series of numbers; unknown ones are gaps. Its memory does not grow past [`LENGTH`].
#[derive(Clone, Debug, Default)]
pub(super) struct Series(VecDeque<f32>);

impl Series {
    pub(super) fn push(&mut self, value: Option<f64>) {
        if self.0.len() == LENGTH {
            self.0.pop_front();
        }
        self.0.push_back(value.map_or(f32::NAN, |value| value as f32));
    }

    /// The newest `count`, the newest last; shorter where there are not so many.
    pub(super) fn last(&self, count: usize) -> impl Iterator<Item = Option<f64>> + '_ {
        let skipped = self.0.len().saturating_sub(count);
        self.0.iter().skip(skipped).map(|value| (!value.is_nan()).then_some(f64::from(*value)))
    }

    /// Points for a plot: the newest is at 0, the one before at -1.
    pub(super) fn points(&self) -> Vec<(f64, f64)> {
        let newest = self.0.len() as f64 - 1.0;
        let values = self.0.iter().enumerate().filter(|(_, value)| !value.is_nan());
        values.map(|(place, value)| (place as f64 - newest, f64::from(*value))).collect()
    }
}

/// The series of one guest.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// percent of one CPU
    pub(super) cpu: Series,
    /// percent that its CPUs waited for one of the host
    pub(super) steal: Series,
    /// bytes that it uses, as it tells itself
    pub(super) used: Series,
    /// bytes that it takes on the host
    pub(super) rss: Series,
    /// bytes a second
    pub(super) read: Series,
    /// bytes a second
    pub(super) write: Series,
    /// bytes a second
    pub(super) rx: Series,
    /// bytes a second
    pub(super) tx: Series,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_and_gaps_stay_gaps() {
        let mut series = Series::default();
        for number in 0..LENGTH + 2 {
            series.push((number % 2 == 0).then_some(number as f64));
        }
        assert_eq!(series.last(LENGTH * 2).count(), LENGTH);
        assert_eq!(series.last(2).collect::<Vec<_>>(), [Some(LENGTH as f64), None]);
        assert_eq!(series.points().last(), Some(&(-1.0, LENGTH as f64)));
    }
}
