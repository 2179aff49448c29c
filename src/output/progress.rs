//! Progress of long work: a bar with rate and remaining time on stderr.
//!
//! All bars of the process share one [`MultiProgress`], so that [`super::out`] and [`super::err`]
//! can write above them. Where stderr is no terminal, or the run is quiet, a bar draws nothing.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes, shown as MiB/s.
    Bytes,
    /// Pieces, shown as pieces a second.
    Items,
    /// Nothing but the time that passes.
    Waiting,
}

/// A bar; it disappears when it is dropped.
pub struct Progress {
    bar: ProgressBar,
    unit: Unit,
    drawn: bool,
}

/// Bars that are drawn at this moment.
static DRAWN: AtomicUsize = AtomicUsize::new(0);

/// True with `-q`.
static QUIET: AtomicBool = AtomicBool::new(false);

/// True while a line is typed at the prompt.
static EDITED: AtomicBool = AtomicBool::new(false);

/// Keeps progress off the screen for the rest of the process (`-q`).
pub fn silence() {
    QUIET.store(true, Ordering::SeqCst);
}

/// Whether progress may be shown at all.
pub fn is_silent() -> bool {
    QUIET.load(Ordering::SeqCst)
}

/// Whether a person can see a bar: stderr is a terminal, the run is not quiet, and no line is being typed.
pub fn is_seen() -> bool {
    super::stderr_is_terminal() && !is_silent() && !EDITED.load(Ordering::SeqCst)
}

/// Keeps bars that would start meanwhile off the screen: it is somebody else's.
pub fn hidden_during<T>(f: impl FnOnce() -> T) -> T {
    EDITED.store(true, Ordering::SeqCst);
    let value = f();
    EDITED.store(false, Ordering::SeqCst);
    value
}

fn bars() -> &'static MultiProgress {
    static BARS: OnceLock<MultiProgress> = OnceLock::new();
    BARS.get_or_init(MultiProgress::new)
}

/// Starts a bar. It is drawn where `visible` is true; the caller decides that with [`is_seen`].
///
/// `total` of 0 means that the end is not known yet; [`Progress::set`] may tell it later.
pub fn start(title: &str, total: u64, unit: Unit, visible: bool) -> Progress {
    start_since(title, total, unit, visible, Duration::ZERO)
}

fn start_since(title: &str, total: u64, unit: Unit, visible: bool, since: Duration) -> Progress {
    let bar = if visible {
        DRAWN.fetch_add(1, Ordering::SeqCst);
        let bar = bars().add(ProgressBar::new(total).with_elapsed(since));
        bar.enable_steady_tick(Duration::from_millis(250));
        bar
    } else {
        ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden())
    };
    bar.set_prefix(super::cell::visible(title).into_owned());
    bar.set_style(style(unit, total > 0));
    Progress { bar, unit, drawn: visible }
}

/// Shows a line that says what is waited for and since when.
pub fn waiting(what: &str, since: Duration) -> Progress {
    start_since(what, 0, Unit::Waiting, true, since)
}

/// Runs `write` while the bars are off the screen.
pub(super) fn aside<T>(write: impl FnOnce() -> T) -> T {
    if DRAWN.load(Ordering::SeqCst) == 0 { write() } else { bars().suspend(write) }
}

impl Progress {
    /// Says how far the work is, in the unit of the bar.
    pub fn set(&self, done: u64, total: u64) {
        if self.bar.length() != Some(total) {
            self.bar.set_length(total);
            self.bar.set_style(style(self.unit, total > 0));
        }
        self.bar.set_position(done);
    }

    /// Shows a word behind the bar, for example the phase of the work.
    pub fn note(&self, text: &str) {
        self.bar.set_message(super::cell::visible(text).into_owned());
    }

    /// Returns how far the work is and its total.
    pub fn state(&self) -> (u64, u64) {
        (self.bar.position(), self.bar.length().unwrap_or(0))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        if self.drawn {
            bars().remove(&self.bar);
            DRAWN.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

fn style(unit: Unit, bounded: bool) -> ProgressStyle {
    ProgressStyle::with_template(template(unit, bounded)).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn template(unit: Unit, bounded: bool) -> &'static str {
    match (unit, bounded) {
        (Unit::Bytes, true) => {
            "{prefix} {wide_bar} {percent:>3}% {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta} {msg}"
        }
        (Unit::Bytes, false) => "{prefix} {spinner} {binary_bytes} {binary_bytes_per_sec} {elapsed} {msg}",
        (Unit::Items, true) => "{prefix} {wide_bar} {percent:>3}% {pos}/{len} {per_sec} {eta} {msg}",
        (Unit::Items, false) => "{prefix} {spinner} {pos} {elapsed} {msg}",
        (Unit::Waiting, _) => "still waiting for {prefix}, {elapsed} (Ctrl-C gives up)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_that_is_not_drawn_still_counts() {
        let bar = start("web\x1b[31m", 0, Unit::Bytes, false);
        bar.set(10, 100);
        bar.note("copying");
        assert_eq!(bar.state(), (10, 100));
        bar.set(120, 100);
        assert_eq!(bar.state(), (120, 100));
    }

    #[test]
    fn every_template_is_valid() {
        for unit in [Unit::Bytes, Unit::Items, Unit::Waiting] {
            for bounded in [true, false] {
                assert!(ProgressStyle::with_template(template(unit, bounded)).is_ok());
            }
        }
    }

    #[test]
    fn without_bars_writing_goes_straight_through() {
        assert_eq!(aside(|| 7), 7);
    }
}
