//! Sizes, durations, times and bytes: the forms people write, and the numbers the program works with.
//!
//! A size is a whole number of bytes, a duration is in seconds, a time is an RFC 3339 text in the
//! local zone. [`size`], [`duration`] and [`time`] each read what people write and write what
//! people read; `api::units` offers the same functions to scripts.

mod duration;
mod hex;
mod size;
mod time;

pub use duration::{duration_text, parse_duration, seconds};
pub use hex::hex;
pub use size::{GIB, KIB, MIB, TIB, UNITS, parse_size, scaled, size_text, unit_bytes};
pub use time::{clock_text, from_unix, parse_moment, parse_time, parse_time_in, time_text, zoned_text};
