//! What scripts see: one file per type of object, and the conventions they share.

use rhai::EvalAltResult;

/// What a script-visible function returns.
pub type Fallible<T> = std::result::Result<T, Box<EvalAltResult>>;
