//! The source that a report quotes shows no secrets: texts that a script gives to functions which keep them.

use std::borrow::Cow;

use crate::lang::tokens::{Class, tokens};

/// The functions that are given secrets.
const KEEPERS: &[&str] = &["set_value", "set_user_password"];

/// The source with each byte of such texts as `*`: every place stays where it was.
pub(super) fn hide_secrets(source: &str) -> Cow<'_, str> {
    if !KEEPERS.iter().any(|keeper| source.contains(keeper)) {
        return source.into();
    }
    let mut bytes = source.as_bytes().to_vec();
    let (mut depth, mut after_keeper) = (0_usize, false);
    for token in tokens(source) {
        let text = token.text(source);
        match text {
            "(" | "[" | "{" | "#{" if after_keeper || depth > 0 => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ if depth > 0 && token.class == Class::String => {
                for byte in &mut bytes[token.start..token.end] {
                    if !matches!(byte, b'"' | b'`' | b'\'' | b'\n') {
                        *byte = b'*';
                    }
                }
            }
            _ => {}
        }
        after_keeper = matches!(token.class, Class::Call | Class::Method) && KEEPERS.contains(&text);
    }
    // Whole texts became ASCII, so this cannot fail; a source that it could fail for is not shown.
    String::from_utf8(bytes).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::hide_secrets;

    #[test]
    fn texts_given_to_keepers_are_hidden_and_nothing_else() {
        for (source, shown) in [
            (r#"s.set_value("hünter2"); print("x")"#, r#"s.set_value("********"); print("x")"#),
            (r#"secret("a").set_value(f(["b"], 'c'))"#, r#"secret("a").set_value(f(["*"], '*'))"#),
            ("s.set_value(`two\nlines`)", "s.set_value(`***\n*****`)"),
            (r#"vm.set_user_password("root", "pw")"#, r#"vm.set_user_password("****", "**")"#),
            (r#"s.set_value("unfinished"#, r#"s.set_value("**********"#),
            (r#"print("set_value")"#, r#"print("set_value")"#),
        ] {
            assert_eq!(hide_secrets(source), shown);
        }
    }
}
