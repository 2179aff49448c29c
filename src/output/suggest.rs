//! The hint "did you mean …?" for words of the command line, the configuration and columns.

use crate::error::Error;
use crate::lang::suggest::nearest;

/// Adds the hint "did you mean …?" or, where nothing is near, the words that are known.
#[must_use]
pub fn did_you_mean(error: Error, word: &str, candidates: &[&str]) -> Error {
    match nearest(word, candidates.iter().copied()) {
        Some(candidate) => error.hint(format!("did you mean `{candidate}`?")),
        None if candidates.is_empty() => error,
        None => error.hint(format!("known: {}", candidates.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_nearest_or_all() {
        let hint = |word| did_you_mean(Error::usage("no"), word, &["red", "green"]).facts().hint.clone();
        assert_eq!(hint("gren").as_deref(), Some("did you mean `green`?"));
        assert_eq!(hint("ultraviolet").as_deref(), Some("known: red, green"));
        assert_eq!(did_you_mean(Error::usage("no"), "x", &[]).facts().hint, None);
    }
}
