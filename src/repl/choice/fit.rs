//! How well a word fits what was typed of it.

/// From the best to the worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::repl) enum Fit {
    /// It begins so.
    #[default]
    Beginning,
    /// It begins so in other case.
    OtherCase,
    /// Its parts begin so, in this order: `sc` and `create` for `snapshot_create`.
    Parts,
    /// It has these letters in this order, the first one where a part begins.
    Letters,
}

impl Fit {
    /// True where it takes more than a look at the beginning to see why the word was found.
    pub(in crate::repl) fn is_loose(self) -> bool {
        self > Self::OtherCase
    }
}

/// What was typed, prepared for comparing it with many words.
pub(in crate::repl) struct Typed<'a> {
    text: &'a str,
    letters: Vec<char>,
}

impl<'a> Typed<'a> {
    pub(in crate::repl) fn new(text: &'a str) -> Self {
        Self { text, letters: text.chars().map(folded).collect() }
    }

    /// True if a word fits in this way.
    pub(in crate::repl) fn fits(&self, word: &str, fit: Fit) -> bool {
        match fit {
            Fit::Beginning => word.starts_with(self.text),
            Fit::OtherCase => {
                let mut letters = word.chars().map(folded);
                self.letters.iter().all(|typed| letters.next() == Some(*typed))
            }
            Fit::Parts => !self.letters.is_empty() && self.fits_parts(word),
            Fit::Letters => !self.letters.is_empty() && self.fits_letters(word),
        }
    }

    /// Each letter follows the one before directly, or begins a later part.
    fn fits_parts(&self, word: &str) -> bool {
        let word: Vec<(char, bool)> = parts(word).collect();
        // Whether what was typed so far can end at each place of the word.
        let mut ends: Option<Vec<bool>> = None;
        for typed in &self.letters {
            let mut ended = false;
            let next = word.iter().enumerate().map(|(at, (letter, begins))| {
                let (glued, earlier) = match &ends {
                    None => (false, true),
                    Some(ends) => {
                        let glued = at > 0 && ends[at - 1];
                        ended |= glued;
                        (glued, ended)
                    }
                };
                letter == typed && (glued || *begins && earlier)
            });
            let next: Vec<bool> = next.collect();
            if !next.contains(&true) {
                return false;
            }
            ends = Some(next);
        }
        true
    }

    fn fits_letters(&self, word: &str) -> bool {
        let mut word = parts(word);
        let mut typed = self.letters.iter();
        let Some(first) = typed.next() else { return true };
        word.any(|(letter, begins)| begins && letter == *first)
            && typed.all(|typed| word.any(|(letter, _)| letter == *typed))
    }
}

/// The letters of a word without case, each with whether a part of the word begins there.
fn parts(word: &str) -> impl Iterator<Item = (char, bool)> {
    let mut before = ' ';
    word.chars().map(move |letter| {
        let begins = letter.is_alphanumeric()
            && (!before.is_alphanumeric()
                || letter.is_uppercase() && before.is_lowercase()
                || letter.is_ascii_digit() && before.is_alphabetic());
        before = letter;
        (folded(letter), begins)
    })
}

fn folded(letter: char) -> char {
    letter.to_lowercase().next().unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(typed: &str, word: &str) -> Option<Fit> {
        let typed = Typed::new(typed);
        [Fit::Beginning, Fit::OtherCase, Fit::Parts, Fit::Letters]
            .into_iter()
            .find(|fit| typed.fits(word, *fit))
    }

    #[test]
    fn the_best_way_in_which_a_word_fits_counts() {
        for (typed, word, expected) in [
            ("", "start(", Some(Fit::Beginning)),
            ("sta", "start(", Some(Fit::Beginning)),
            ("WEB", "web-1", Some(Fit::OtherCase)),
            ("sc", "snapshot_create(", Some(Fit::Parts)),
            ("snapcre", "snapshot_create(", Some(Fit::Parts)),
            ("create", "snapshot_create(", Some(Fit::Parts)),
            ("p1", "web-prod1", Some(Fit::Parts)),
            ("ndl", "nodedev-list", Some(Fit::Letters)),
            ("vdl", "virDomainLookup", Some(Fit::Parts)),
            ("undf", "undefine(", Some(Fit::Letters)),
            ("efine", "undefine(", None),
            ("cs", "snapshot_create(", None),
            ("x", "start(", None),
        ] {
            assert_eq!(fit(typed, word), expected, "{typed} {word}");
        }
    }

    #[test]
    fn a_word_that_repeats_itself_takes_no_longer() {
        let word = "a_".repeat(2000);
        assert_eq!(fit(&format!("{}b", "a".repeat(200)), &word), None);
    }
}
