//! What was measured of one thing, the newest last.

/// Samples that are kept of each series: a few minutes, and the width of a large screen.
pub(super) const LENGTH: usize = 120;

/// A series of numbers; unknown ones are gaps. It takes all its memory with the first number that is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Series {
    /// In a circle; empty as long as nothing was known.
    ring: Box<[f32]>,
    /// Where in the circle the next number goes.
    next: usize,
    /// How many there are.
    len: usize,
}

impl Series {
    pub(super) fn push(&mut self, value: Option<f64>) {
        if self.ring.is_empty() && value.is_some() {
            self.ring = vec![f32::NAN; LENGTH].into();
        }
        if let Some(place) = self.ring.get_mut(self.next) {
            *place = value.map_or(f32::NAN, |value| value as f32);
        }
        self.next = (self.next + 1) % LENGTH;
        self.len = (self.len + 1).min(LENGTH);
    }

    /// The newest `count`, the newest last; shorter where there are not so many.
    pub(super) fn last(&self, count: usize) -> impl Iterator<Item = Option<f64>> + '_ {
        (1..=self.len.min(count)).rev().map(|back| {
            let value = self.ring.get((self.next + LENGTH - back) % LENGTH)?;
            (!value.is_nan()).then_some(f64::from(*value))
        })
    }

    /// Points for a plot: the newest is at 0, the one before at -1.
    pub(super) fn points(&self) -> Vec<(f64, f64)> {
        let newest = self.len as f64 - 1.0;
        let values = self.last(LENGTH).enumerate();
        values.filter_map(|(place, value)| Some((place as f64 - newest, value?))).collect()
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
