//! Values as they are written in source.

use std::fmt::Write as _;

use super::names::is_rhai_word;

/// Writes a text between double quotes.
pub fn text(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 2);
    written.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => written.extend(['\\', letter]),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            letter if letter.is_control() => {
                // Writing to a text cannot fail.
                let _ = write!(written, "\\u{:04x}", u32::from(letter));
            }
            letter => written.push(letter),
        }
    }
    written.push('"');
    written
}

/// Writes a key of an object map: a word of the language, and what is no name, stands between quotes.
pub fn key(name: &str) -> String {
    if rhai::is_valid_identifier(name) && !is_rhai_word(name) { name.to_owned() } else { text(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_reads_back_as_it_was() {
        for given in ["", "a b", "\"quoted\" \\ and \n\r\t", "ä`${x}`", "\x1b[1m\u{7f}"] {
            assert_eq!(rhai::Engine::new().eval::<String>(&text(given)).unwrap(), given);
        }
    }

    #[test]
    fn keys_are_bare_where_they_can_be() {
        assert_eq!(["all", "async", "a-b"].map(key), ["all", "\"async\"", "\"a-b\""]);
    }
}
