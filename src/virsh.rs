//! virsh's commands: their records, how a line names one, and how it is run.
//!
//! [`records`] are data: `stdlib/virsh/*.tsv` lists every command with its options, and can be read without an
//! interpreter. [`Line`] splits what was typed into words as virsh does, [`Call`] is a command with the values
//! of its options, and [`run`] evaluates its body, a function of `stdlib/virsh/*.rhai`. The same records feed
//! help, completion, `virsh::NAME(#{…})` in scripts and the conformance tests.

mod call;
pub mod complete;
mod functions;
mod help;
mod line;
mod names;
pub(crate) mod number;
mod parse;
pub mod records;
mod run;

pub use call::Call;
pub(crate) use functions::functions;
pub use help::help;
pub use line::{Line, Word};
pub use names::{names, names_in_time};
pub use parse::{parse_line, parse_words};
pub use run::{error_lines, prepare, run};
