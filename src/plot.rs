//! Series of numbers as pictures: drawn with characters in a terminal, and as SVG.
//!
//! Both have the same axes ([`scale`]): the marks of the upright axis are round numbers of its unit, and those of
//! times round times of the local zone. Names and titles may hold anything; what is no sign to draw is replaced.

mod scale;
mod svg;
mod terminal;
#[cfg(test)]
mod tests;
mod unit;

pub use svg::svg;
pub use terminal::{Signs, text};
pub use unit::Unit;

use crate::error::{Error, Result};
use scale::Scale;

/// How many lines one picture can tell apart.
pub const LINES: usize = 12;
/// The largest number that is drawn; beyond it the steps of an axis are no numbers any more.
const LARGEST: f64 = 1e100;
/// How many columns a name may take in a legend.
const NAME: usize = 40;

/// What the points of all lines have as their first number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Across {
    /// Their place, or any number.
    Number,
    /// Seconds since 1970.
    Time,
}

/// One line of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What the legend calls it; empty where it is the only one.
    pub name: String,
    /// Its points: across, up.
    pub points: Vec<(f64, f64)>,
}

/// The lines of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    lines: Vec<Line>,
    across: Across,
}

/// What a picture says besides its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The line above it.
    pub title: Option<String>,
    /// What the numbers are.
    pub unit: Unit,
}

impl Series {
    /// Takes lines; points in time are put in their order.
    ///
    /// Errors: `usage` for none, for a line without points, for more than [`LINES`], and for what is no number or too
    /// large to be drawn.
    pub fn new(mut lines: Vec<Line>, across: Across) -> Result<Self> {
        if lines.is_empty() {
            return Err(empty("there is no line to draw"));
        }
        if lines.len() > LINES {
            let many = format!("{} lines are too many for one picture", lines.len());
            return Err(Error::usage(many).hint(format!("draw at most {LINES} at a time")));
        }
        for line in &mut lines {
            check(line)?;
            line.name = shown(&line.name, NAME);
            if across == Across::Time {
                line.points.sort_by(|a, b| a.0.total_cmp(&b.0));
            }
        }
        Ok(Self { lines, across })
    }

    /// Whether the picture needs a legend.
    fn has_legend(&self) -> bool {
        self.lines.iter().any(|line| !line.name.is_empty())
    }

    fn bounds(&self, number: fn(&(f64, f64)) -> f64) -> (f64, f64) {
        let numbers = self.lines.iter().flat_map(|line| &line.points).map(number);
        numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), n| (low.min(n), high.max(n)))
    }

    /// The level axis, with at most so many marks; `most` is told how many columns a label needs.
    fn across(&self, most: impl Fn(usize) -> usize) -> Scale {
        let (low, high) = self.bounds(|point| point.0);
        match self.across {
            Across::Number => Scale::of_numbers(low, high, most(8)),
            Across::Time => Scale::of_times(low, high, most),
        }
    }

    /// The upright axis, with at most so many marks.
    fn up(&self, unit: &Unit, most: usize) -> Scale {
        let (low, high) = self.bounds(|point| point.1);
        Scale::of_values(low, high, unit, most)
    }
}

fn empty(why: &str) -> Error {
    Error::usage(why).hint("a series needs at least one point: a number, #{ time, value } or [x, y]")
}

fn check(line: &Line) -> Result<()> {
    let of = if line.name.is_empty() { String::new() } else { format!(" \"{}\"", shown(&line.name, NAME)) };
    if line.points.is_empty() {
        return Err(empty(&format!("the series{of} is empty")));
    }
    let wrong = line.points.iter().flat_map(|(x, y)| [*x, *y]).find(|n| !n.is_finite() || n.abs() > LARGEST);
    match wrong {
        Some(number) => Err(Error::usage(format!("the series{of} has {number}, which cannot be drawn"))
            .hint("leave such points out: series.filter(|n| n.is_nan() == false)")),
        None => Ok(()),
    }
}

/// A text as a picture can show it: in one line, without signs that steer terminals, and not too wide.
fn shown(text: &str, width: usize) -> String {
    use unicode_width::UnicodeWidthChar;
    let mut left = width;
    let mut shown = String::new();
    let mut letters = text.chars().map(|c| if c.is_control() { '?' } else { c }).peekable();
    while let Some(letter) = letters.next() {
        let wide = letter.width().unwrap_or(0);
        if wide > left || (wide == left && letters.peek().is_some()) {
            shown.push('~');
            break;
        }
        left -= wide;
        shown.push(letter);
    }
    shown
}
