//! What virhai knows of the language its users write.
//!
//! [`catalog`] is the one record of every callable thing, read from an engine that others have filled;
//! [`options`] describes the keys of options maps. Everything else reads these two: [`lint`] judges a
//! script without running it, [`infer`] finds out what stands at a cursor, [`suggest`] finds the name
//! that was meant, [`reference`] writes help and the reference page, [`tokens`] serves highlighting and
//! multi-line input, [`statements`] cuts a
//! source into its statements. [`types`] holds the types of values as scripts see them, [`names`] the spelling of
//! libvirt's words in Rhai, [`literals`] that of values.
//!
//! This is the only place that uses rhai's unstable `internals`, and it knows nothing of libvirt.

pub mod catalog;
pub mod doc;
pub mod entry_points;
pub mod imports;
pub mod infer;
pub mod lint;
pub mod literals;
pub mod names;
pub mod natives;
pub mod options;
pub mod reference;
pub mod self_check;
pub mod statements;
pub mod suggest;
pub mod tokens;
pub mod types;

#[cfg(test)]
mod toy;
