//! "Did you mean …?": the known name that is nearest to one that is not known.

use strsim::damerau_levenshtein;

/// Returns the candidate that was most likely meant, if any is near enough.
///
/// The same word in other letters' case or with other separators is nearest; then come names that differ
/// by a typing mistake, at most one for every three letters; then names that the word begins.
/// Among equals the shorter and then the alphabetically first wins, so the answer is stable.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(word);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .filter_map(|candidate| Some((score(&folded, &fold(candidate))?, candidate.len(), candidate)))
        .min()
        .map(|(_, _, candidate)| candidate)
}

/// Returns the nearest of `first`, or where none of these is near, the nearest of `then`.
///
/// `first` holds the members of the receiver's own type: a farther name there beats a nearer one elsewhere.
pub fn nearest_of<'a>(
    word: &str,
    first: impl IntoIterator<Item = &'a str>,
    then: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    nearest(word, first).or_else(|| nearest(word, then))
}

/// Returns up to `count` candidates that are near, the nearest first.
pub fn near<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>, count: usize) -> Vec<&'a str> {
    let folded = fold(word);
    let mut found: Vec<_> = candidates
        .into_iter()
        .filter_map(|candidate| Some((score(&folded, &fold(candidate))?, candidate.len(), candidate)))
        .collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(count).map(|(_, _, candidate)| candidate).collect()
}

fn fold(word: &str) -> String {
    word.chars().filter(|letter| !matches!(letter, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// Returns how far apart two folded words are, or nothing where they are not near.
fn score(word: &str, candidate: &str) -> Option<usize> {
    const PREFIX: usize = 100;
    let letters = word.chars().count();
    if letters == 0 || candidate.is_empty() {
        return None;
    }
    let limit = (letters / 3).clamp(1, 3);
    // A word of one or two letters is near to every other such word: its first letter must be right.
    let plausible = letters > 2 || word.chars().next() == candidate.chars().next();
    let distance = damerau_levenshtein(word, candidate);
    if distance <= limit && plausible {
        Some(distance)
    } else if letters >= 3 && candidate.starts_with(word)
        || candidate.len() >= 3 && word.starts_with(candidate)
    {
        Some(PREFIX + candidate.len().abs_diff(word.len()))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 8] =
        ["start", "state", "shutdown", "destroy", "snapshot_create", "set_memory", "undefine", "autostart"];

    #[test]
    fn a_typing_mistake_finds_its_name() {
        for (word, meant) in [
            ("strat", "start"),
            ("destory", "destroy"),
            ("shut_down", "shutdown"),
            ("Shutdown", "shutdown"),
            ("undefin", "undefine"),
            ("setMemory", "set_memory"),
            ("snapshot", "snapshot_create"),
        ] {
            assert_eq!(nearest(word, NAMES), Some(meant), "{word}");
        }
    }

    #[test]
    fn nothing_is_suggested_for_a_strange_word() {
        for word in ["migrate", "x", "zz", "", "frobnicate"] {
            assert_eq!(nearest(word, NAMES), None, "{word}");
        }
    }

    #[test]
    fn the_receivers_own_names_come_first() {
        assert_eq!(nearest_of("snapsho", ["snapshot_create"], ["snapshot"]), Some("snapshot_create"));
        assert_eq!(nearest_of("snapsho", ["undefine"], ["snapshot"]), Some("snapshot"));
    }

    #[test]
    fn several_are_listed_nearest_first() {
        assert_eq!(near("stat", NAMES, 9), ["start", "state"]);
    }
}
