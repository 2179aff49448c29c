//! How fast work goes on, from what was read of it lately.

use std::collections::VecDeque;
use std::time::Duration;

/// How far back is looked: long enough to be calm, short enough to see a change.
const WINDOW: Duration = Duration::from_secs(10);

/// Readings of the last [`WINDOW`], oldest first.
#[derive(Debug, Default)]
pub(super) struct Pace(VecDeque<(Duration, u64)>);

impl Pace {
    /// Adds a reading: the bytes processed at a time since the start.
    pub(super) fn add(&mut self, at: Duration, processed: u64) {
        if self.0.is_empty() {
            self.0.push_back((Duration::ZERO, 0));
        }
        // Work that begins anew, such as another round over memory, is measured anew.
        if self.0.back().is_some_and(|(_, before)| *before > processed) {
            self.0.clear();
        }
        self.0.push_back((at, processed));
        // Two stay, however old: without the older one there is no rate.
        while self.0.len() > 2 && self.0.front().is_some_and(|(time, _)| *time + WINDOW < at) {
            self.0.pop_front();
        }
    }

    /// Bytes a second; 0 where nothing moved.
    pub(super) fn rate(&self) -> f64 {
        let (Some(first), Some(last)) = (self.0.front(), self.0.back()) else { return 0.0 };
        let seconds = last.0.saturating_sub(first.0).as_secs_f64();
        if seconds > 0.0 { last.1.saturating_sub(first.1) as f64 / seconds } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In whole bytes a second.
    fn pace(readings: &[(u64, u64)]) -> u64 {
        let mut pace = Pace::default();
        for (seconds, processed) in readings {
            pace.add(Duration::from_secs(*seconds), *processed);
        }
        pace.rate() as u64
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        assert_eq!(pace(&[]), 0);
        assert_eq!(pace(&[(2, 100)]), 50);
        // The first 20 s were slow and are forgotten.
        assert_eq!(pace(&[(10, 10), (20, 20), (25, 5_020), (30, 10_020)]), 1_000);
    }

    #[test]
    fn going_back_begins_anew_and_standing_still_is_no_rate() {
        assert_eq!(pace(&[(1, 1_000), (2, 0)]), 0);
        assert_eq!(pace(&[(1, 1_000), (2, 0), (3, 70)]), 70);
        assert_eq!(pace(&[(1, 0), (2, 0)]), 0);
        assert_eq!(pace(&[(0, 0), (0, 5)]), 0);
    }
}
