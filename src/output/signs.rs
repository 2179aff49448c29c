//! Signs beyond ASCII, on terminals whose locale has none.
//!
//! What is written to a file or a pipe is never touched.

use std::borrow::Cow;
use std::sync::OnceLock;

/// Signs that are drawn, and what stands for each; equally wide, so that tables stay aligned.
const SIGNS: &[(&str, char)] = &[
    ("…", '~'),
    ("─━═╌", '-'),
    ("│┃║▏▎▍▌▋▊▉", '|'),
    ("┌┐└┘├┤┬┴┼╭╮╰╯", '+'),
    ("█▓▒", '#'),
    ("░·•", '.'),
    ("→", '>'),
    ("←‹«", '<'),
    ("›»", '>'),
    ("×", 'x'),
    ("–—‐", '-'),
    ("‘’", '\''),
    ("“”", '"'),
    ("µ", 'u'),
    ("✓", '+'),
    ("✗", 'x'),
];

/// Returns a text as the terminal can show it.
pub fn drawn(text: &str) -> Cow<'_, str> {
    if is_utf8() { Cow::Borrowed(text) } else { in_ascii(text) }
}

/// True where the locale of the process says that text is UTF-8.
pub fn is_utf8() -> bool {
    static IS_UTF8: OnceLock<bool> = OnceLock::new();
    *IS_UTF8.get_or_init(|| locale_is_utf8(|name| std::env::var(name).ok()))
}

/// The first of the three variables that is set decides.
fn locale_is_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"];
    let locale = names.into_iter().filter_map(variable).find(|value| !value.is_empty());
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

fn in_ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    let sign = |letter: char| SIGNS.iter().find(|(signs, _)| signs.contains(letter)).map(|(_, ascii)| *ascii);
    text.chars().map(|letter| sign(letter).unwrap_or(letter)).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_become_ascii_and_names_stay() {
        assert_eq!(in_ascii("größe… ── │"), "größe~ -- |");
        assert!(matches!(in_ascii("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn the_first_variable_that_is_set_decides() {
        let is_utf8 = |set: &[(&str, &str)]| {
            locale_is_utf8(|name| {
                set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(is_utf8(&[("LANG", "de_DE.UTF-8")]));
        assert!(is_utf8(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")]));
        assert!(!is_utf8(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
        assert!(!is_utf8(&[]));
    }
}
