//! What the view shows: the newest sample, what was before it, and what the person chose.

use std::sync::Arc;
use std::time::Duration;

use globset::GlobMatcher;
use uuid::Uuid;

use super::history::History;
use crate::error::{Error, Result};
use crate::lang::suggest::nearest;
use crate::monitor::{Counters, HostRates, Rates, Sample};

/// The order of the guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// by CPU
    Cpu,
    /// by memory
    Memory,
    /// by what disks read and write
    Disk,
    /// by what network interfaces receive and send
    Net,
    /// by name
    Name,
}

impl Sort {
    /// All of them, in the order of the key `s`, with their words.
    pub(super) const ALL: [(Self, &str); 5] = [
        (Self::Cpu, "cpu"),
        (Self::Memory, "memory"),
        (Self::Disk, "disk"),
        (Self::Net, "net"),
        (Self::Name, "name"),
    ];

    pub(super) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(sort, _)| *sort == self).map_or("", |(_, word)| word)
    }

    /// The one that a word means.
    ///
    /// Errors: `usage` for another word, with the nearest one.
    pub(super) fn named(word: &str) -> Result<Self> {
        let known = Self::ALL.iter().find(|(_, known)| *known == word);
        known.map(|(sort, _)| *sort).ok_or_else(|| {
            let words = Self::ALL.map(|(_, word)| word);
            let hint = match nearest(word, words) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("it is one of {}", words.join(", ")),
            };
            Error::usage(format!("guests are not sorted by {word:?}")).operation("top").hint(hint)
        })
    }

    pub(super) fn next(self) -> Self {
        let place = Self::ALL.iter().position(|(sort, _)| *sort == self).unwrap_or_default();
        Self::ALL[(place + 1) % Self::ALL.len()].0
    }
}

/// One guest as it is shown.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) counters: Arc<Counters>,
    /// What it did when it was seen last.
    pub(super) rates: Rates,
    pub(super) is_stale: bool,
    pub(super) history: History,
}

impl Row {
    pub(super) fn disk(&self) -> Option<f64> {
        either(self.read(), self.write())
    }

    pub(super) fn net(&self) -> Option<f64> {
        either(self.rx(), self.tx())
    }

    pub(super) fn read(&self) -> Option<f64> {
        self.rates.disks_sum(|disk| disk.read.bytes)
    }

    pub(super) fn write(&self) -> Option<f64> {
        self.rates.disks_sum(|disk| disk.write.bytes)
    }

    pub(super) fn rx(&self) -> Option<f64> {
        self.rates.nics_sum(|nic| nic.rx.bytes)
    }

    pub(super) fn tx(&self) -> Option<f64> {
        self.rates.nics_sum(|nic| nic.tx.bytes)
    }

    fn weight(&self, sort: Sort) -> f64 {
        let value = match sort {
            Sort::Cpu => self.rates.cpu,
            Sort::Memory => self.counters.memory.current.map(|bytes| bytes as f64),
            Sort::Disk => self.disk(),
            Sort::Net => self.net(),
            Sort::Name => None,
        };
        value.unwrap_or(-1.0)
    }

    fn remember(&mut self) {
        let (cpu, steal) = (self.rates.cpu, self.rates.steal);
        let (read, write, rx, tx) = (self.read(), self.write(), self.rx(), self.tx());
        let memory = self.counters.memory;
        let history = &mut self.history;
        history.cpu.push(cpu.filter(|_| !self.is_stale));
        history.steal.push(steal.filter(|_| !self.is_stale));
        history.used.push(memory.used().map(|bytes| bytes as f64));
        history.rss.push(memory.rss.map(|bytes| bytes as f64));
        let rates = [&mut history.read, &mut history.write, &mut history.rx, &mut history.tx];
        for (series, value) in rates.into_iter().zip([read, write, rx, tx]) {
            series.push(value.filter(|_| !self.is_stale));
        }
    }
}

fn either(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (None, None) => None,
        (one, other) => Some(one.unwrap_or(0.0) + other.unwrap_or(0.0)),
    }
}

/// See the module.
#[allow(clippy::struct_excessive_bools, reason = "each is something that a key turns on and off")]
pub(super) struct Model {
    /// the URI, without password and parameters
    pub(super) title: String,
    pub(super) host: HostRates,
    pub(super) interval: Duration,
    pub(super) sort: Sort,
    pub(super) is_reversed: bool,
    /// The filter as it was typed; what is typed while it is edited.
    pub(super) filter: String,
    pub(super) is_filtering: bool,
    pub(super) is_paused: bool,
    /// The guest that the cursor is on.
    pub(super) selected: Option<Uuid>,
    /// True while one guest is shown, not the list.
    pub(super) is_single: bool,
    pub(super) shows_help: bool,
    /// The first guest of the list that is on the screen.
    pub(super) offset: usize,
    /// Why there is no newer sample.
    pub(super) failure: Option<String>,
    /// The time of the newest sample.
    pub(super) time: String,
    /// By name.
    rows: Vec<Row>,
    /// The places of the guests that the filter leaves, in order.
    order: Vec<usize>,
}

impl Model {
    pub(super) fn new(title: String, interval: Duration) -> Self {
        Self {
            title,
            host: HostRates::default(),
            interval,
            sort: Sort::Cpu,
            is_reversed: false,
            filter: String::new(),
            is_filtering: false,
            is_paused: false,
            selected: None,
            is_single: false,
            shows_help: false,
            offset: 0,
            failure: None,
            time: String::new(),
            rows: Vec::new(),
            order: Vec::new(),
        }
    }

    /// Takes a new sample.
    pub(super) fn update(&mut self, sample: Sample, time: String) {
        self.host = sample.host;
        self.time = time;
        self.failure = None;
        let mut before = std::mem::take(&mut self.rows).into_iter().peekable();
        self.rows.reserve_exact(sample.guests.len());
        // Both are sorted by name.
        for guest in sample.guests {
            while before.next_if(|row| row.counters.name < guest.counters.name).is_some() {}
            let known = before.next_if(|row| row.counters.uuid == guest.counters.uuid);
            let (mut rates, history) = known.map(|row| (row.rates, row.history)).unwrap_or_default();
            // What does not answer shows what it did last, and says so.
            if let Some(new) = guest.rates {
                rates = new;
            } else if !guest.is_stale {
                rates = Rates::default();
            }
            let mut row = Row { counters: guest.counters, rates, is_stale: guest.is_stale, history };
            row.remember();
            self.rows.push(row);
        }
        self.arrange();
    }

    /// Sorts and filters anew.
    pub(super) fn arrange(&mut self) {
        let matcher = matcher(&self.filter);
        let fits = |row: &Row| matcher.as_ref().is_none_or(|matcher| matcher.fits(&row.counters.name));
        let fitting = self.rows.iter().enumerate().filter(|(_, row)| fits(row));
        let mut weights: Vec<(f64, usize)> =
            fitting.map(|(place, row)| (row.weight(self.sort), place)).collect();
        // The places follow the names.
        weights.sort_unstable_by(|(a, first), (b, second)| b.total_cmp(a).then(first.cmp(second)));
        if self.is_reversed {
            weights.reverse();
        }
        self.order = weights.into_iter().map(|(_, place)| place).collect();
        if self.place().is_none() && !self.is_single {
            self.selected = self.uuid_at(0);
        }
    }

    /// The guests in their order.
    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = &Row> {
        self.order.iter().map(|place| &self.rows[*place])
    }

    fn uuid_at(&self, place: usize) -> Option<Uuid> {
        self.rows().nth(place).map(|row| row.counters.uuid)
    }

    /// The guest that the cursor is on.
    pub(super) fn current(&self) -> Option<&Row> {
        self.rows.iter().find(|row| Some(row.counters.uuid) == self.selected)
    }

    /// Where the cursor is.
    pub(super) fn place(&self) -> Option<usize> {
        self.rows().position(|row| Some(row.counters.uuid) == self.selected)
    }

    /// Moves the cursor; it stops at both ends.
    pub(super) fn step(&mut self, by: isize) {
        let last = self.order.len().saturating_sub(1);
        let place = self.place().unwrap_or_default().saturating_add_signed(by).min(last);
        self.selected = self.uuid_at(place);
    }

    /// How many guests are known, whatever the filter, and how many of them do not answer.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.rows.len(), self.rows.iter().filter(|row| row.is_stale).count())
    }
}

/// How names are chosen.
enum Matcher {
    Part(String),
    Glob(GlobMatcher),
}

impl Matcher {
    fn fits(&self, name: &str) -> bool {
        match self {
            Self::Part(part) => name.to_lowercase().contains(part),
            Self::Glob(glob) => glob.is_match(name),
        }
    }
}

/// A part of the name, or a pattern where it has signs of one; none for an empty text.
fn matcher(filter: &str) -> Option<Matcher> {
    if filter.is_empty() {
        return None;
    }
    let part = || Matcher::Part(filter.to_lowercase());
    if !filter.contains(['*', '?', '[', '{']) {
        return Some(part());
    }
    // While it is typed it may be no pattern yet.
    Some(globset::Glob::new(filter).map_or_else(|_| part(), |glob| Matcher::Glob(glob.compile_matcher())))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::libvirt::StatsGuest;
    use crate::monitor::{GuestSample, HostRates};

    /// A guest that uses so much CPU; nothing is known of its rates without it.
    pub(in crate::top) fn guest(name: &str, cpu: Option<f64>, is_stale: bool) -> GuestSample {
        let uuid = Uuid::from_bytes(std::array::from_fn(|at| *name.as_bytes().get(at).unwrap_or(&0)));
        let mut counters = Counters::new(StatsGuest::known(name, uuid, Some(1)));
        counters.state = Some(1);
        counters.vcpus = Some(2);
        counters.memory.current = Some(4 << 30);
        let rates = cpu.map(|cpu| Rates { cpu: Some(cpu), ..Rates::default() });
        GuestSample { counters: counters.into(), rates, is_stale }
    }

    /// Guests come by name.
    pub(in crate::top) fn sample(mut guests: Vec<GuestSample>) -> Sample {
        guests.sort_by(|a, b| a.counters.name.cmp(&b.counters.name));
        Sample { host: HostRates { cpus: Some(8), cpu: Some(120.0), ..HostRates::default() }, guests }
    }

    pub(in crate::top) fn model(guests: Vec<GuestSample>) -> Model {
        let mut model = Model::new("qemu:///system".into(), Duration::from_secs(2));
        model.update(sample(guests), "12:00:00".into());
        model
    }

    fn names(model: &Model) -> Vec<&str> {
        model.rows().map(|row| &*row.counters.name).collect()
    }

    #[test]
    fn the_busiest_is_the_first_and_what_is_unknown_the_last() {
        let mut model = model(vec![
            guest("a", Some(5.0), false),
            guest("b", None, false),
            guest("c", Some(50.0), false),
            guest("d", Some(5.0), false),
        ]);
        assert_eq!(names(&model), ["c", "a", "d", "b"]);
        model.sort = Sort::Name;
        model.arrange();
        assert_eq!(names(&model), ["a", "b", "c", "d"]);
        model.is_reversed = true;
        model.arrange();
        assert_eq!(names(&model), ["d", "c", "b", "a"]);
    }

    #[test]
    fn the_cursor_stays_on_its_guest_and_between_the_ends() {
        let mut model = model(vec![guest("a", Some(9.0), false), guest("b", Some(1.0), false)]);
        model.step(1);
        assert_eq!(&*model.current().unwrap().counters.name, "b");
        model.step(1);
        assert_eq!(model.place(), Some(1));
        model.update(sample(vec![guest("a", Some(1.0), false), guest("b", Some(9.0), false)]), String::new());
        assert_eq!((model.place(), &*model.current().unwrap().counters.name), (Some(0), "b"));
        model.update(sample(vec![guest("a", Some(1.0), false)]), String::new());
        assert_eq!(&*model.current().unwrap().counters.name, "a");
    }

    #[test]
    fn a_guest_that_hangs_shows_what_it_did_last() {
        let mut model = model(vec![guest("a", Some(40.0), false)]);
        model.update(sample(vec![guest("a", None, true)]), String::new());
        let row = model.current().unwrap();
        assert_eq!((row.is_stale, row.rates.cpu), (true, Some(40.0)));
        assert_eq!(row.history.cpu.last(2).collect::<Vec<_>>(), [Some(40.0), None]);
        assert_eq!(model.counts(), (1, 1));
    }

    #[test]
    fn a_filter_is_a_part_of_the_name_or_a_pattern() {
        let guests = ["web1", "web2", "db1"].map(|name| guest(name, None, false)).to_vec();
        let mut model = model(guests);
        for (filter, fitting) in [
            ("WEB", vec!["web1", "web2"]),
            ("*1", vec!["db1", "web1"]),
            ("[", vec![]),
            ("", vec!["db1", "web1", "web2"]),
        ] {
            model.filter = filter.into();
            model.arrange();
            assert_eq!(names(&model), fitting, "{filter}");
        }
    }

    #[test]
    fn a_wrong_word_names_the_nearest() {
        let error = Sort::named("memry").unwrap_err();
        assert_eq!(error.facts().hint.as_deref(), Some("did you mean \"memory\"?"));
    }
}
