//! "Did you mean": the nearest of the words that would have been right.

use crate::error::Error;

/// Returns the candidate that `word` was most likely meant to be, `None` where none is near.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(word);
    let allowed = match folded.chars().count() {
        0 => return None,
        1..=3 => 1,
        4..=5 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&folded, &fold(candidate)), candidate))
        // A word of which nothing is left is no suggestion.
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Adds the hint "did you mean …" or, where nothing is near, the words that are known.
#[must_use]
pub fn did_you_mean(error: Error, word: &str, candidates: &[&str]) -> Error {
    match nearest(word, candidates.iter().copied()) {
        Some(candidate) => error.hint(format!("did you mean \"{candidate}\"?")),
        None if candidates.is_empty() => error,
        None => error.hint(format!("known: {}", candidates.join(", "))),
    }
}

/// Letters in lower case, `-` and `_` alike.
fn fold(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_nearest_word() {
        let words = ["table", "json", "ndjson", "yaml"];
        assert_eq!(nearest("jsno", words), Some("json"));
        assert_eq!(nearest("YAML", words), Some("yaml"));
        assert_eq!(nearest("tabel", words), Some("table"));
        assert_eq!(nearest("managed-save", ["managed_save"]), Some("managed_save"));
    }

    #[test]
    fn finds_nothing_where_nothing_is_near() {
        assert_eq!(nearest("xml", ["table", "json"]), None);
        assert_eq!(nearest("", ["a"]), None);
        assert_eq!(nearest("x", ["a"]), None);
    }

    #[test]
    fn lists_what_is_known_instead() {
        let hint = |word| did_you_mean(Error::usage("no"), word, &["red", "green"]).facts().hint.clone();
        assert_eq!(hint("gren").as_deref(), Some("did you mean \"green\"?"));
        assert_eq!(hint("ultraviolet").as_deref(), Some("known: red, green"));
    }
}
