//! One value as one piece of text: exact for files, readable for the screen.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{Data, Kind};
use crate::units;

/// What the screen shows for null and for a field that an object does not have.
const NOTHING: &str = "-";

/// Returns the value for csv, tsv and text: null is empty, lists and maps are compact JSON.
pub(super) fn exact(value: &Data) -> String {
    match value {
        Data::Null => String::new(),
        Data::Bool(value) => value.to_string(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => float(*number),
        Data::Text(text) => text.clone(),
        nested => json(nested),
    }
}

/// Returns compact JSON.
pub(super) fn json(value: &Data) -> String {
    serde_json::to_string(value).expect("Data has only text as keys and writing to memory does not fail")
}

/// Returns a float that is seen to be one: `1.0`, not `1`.
fn float(number: f64) -> String {
    format!("{number:?}")
}

/// Returns the value as a cell of a table on the screen: one line, no control characters.
pub(super) fn human(value: &Data, kind: Kind) -> String {
    match (kind, value) {
        (_, Data::Null) => NOTHING.to_owned(),
        (Kind::Size, Data::Int(bytes)) => units::size_text(*bytes),
        (Kind::Rate, Data::Int(bytes)) => format!("{}/s", units::size_text(*bytes)),
        (Kind::Rate, Data::Float(bytes)) => format!("{}/s", units::size_text(bytes.round() as i64)),
        (Kind::Measured, Data::Float(number)) => format!("{number:.1}"),
        (Kind::Duration, Data::Int(seconds)) => units::duration_text(*seconds as f64),
        (Kind::Duration, Data::Float(seconds)) => units::duration_text(*seconds),
        (Kind::Nanoseconds, Data::Int(count)) => units::duration_text(*count as f64 / 1e9),
        (Kind::Time, Data::Text(text)) => visible(&clock(text)).into_owned(),
        (_, Data::List(list)) => list_text(list, kind),
        (_, Data::Map(_) | Data::Record(_) | Data::Table(_)) => visible(&json(value)).into_owned(),
        (_, scalar) => visible(&exact(scalar)).into_owned(),
    }
}

/// Shows a list of scalars with commas, anything deeper as JSON.
fn list_text(list: &[Data], kind: Kind) -> String {
    if list.is_empty() {
        return NOTHING.to_owned();
    }
    if list.iter().all(is_scalar) {
        return list.iter().map(|value| human(value, kind)).collect::<Vec<_>>().join(", ");
    }
    visible(&serde_json::to_string(list).expect("as in json()")).into_owned()
}

/// True for what is neither list nor map.
pub(super) fn is_scalar(value: &Data) -> bool {
    !matches!(value, Data::List(_) | Data::Map(_) | Data::Record(_) | Data::Table(_))
}

/// Shows `2026-03-01T04:30:00.123+01:00` as `2026-03-01 04:30:00`; other texts as they are.
fn clock(text: &str) -> Cow<'_, str> {
    let is_time = text.len() >= 20 && text.is_ascii() && text.parse::<jiff::Timestamp>().is_ok();
    if !is_time || text.as_bytes()[10] != b'T' {
        return text.into();
    }
    format!("{} {}", &text[..10], &text[11..19]).into()
}

/// Makes everything visible that would move the cursor, end the line or turn the writing direction.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    escape(text, |_| false)
}

/// Does what [`visible`] does but lets line ends and tabs pass: for texts of many lines.
pub(super) fn visible_lines(text: &str) -> Cow<'_, str> {
    escape(text, |c| matches!(c, '\n' | '\t'))
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(|c| is_unsafe(c) && !keep(c)) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            c if !is_unsafe(c) || keep(c) => safe.push(c),
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            c if c.is_ascii() => write!(safe, "\\x{:02x}", c as u32).expect("memory"),
            c => write!(safe, "\\u{{{:x}}}", c as u32).expect("memory"),
        }
    }
    safe.into()
}

/// True for control characters, line and paragraph separators and bidirectional controls.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_values_lose_nothing() {
        assert_eq!(exact(&Data::Null), "");
        assert_eq!(exact(&Data::Int(i64::MIN)), "-9223372036854775808");
        assert_eq!(exact(&Data::Float(1.0)), "1.0");
        assert_eq!(exact(&Data::Text("a\nb".into())), "a\nb");
        assert_eq!(exact(&Data::Map(vec![("a".into(), Data::from(vec![1_i64, 2]))])), r#"{"a":[1,2]}"#);
    }

    #[test]
    fn the_screen_shows_units() {
        assert_eq!(human(&Data::Int(4 << 30), Kind::Size), "4.0 GiB");
        assert_eq!(human(&Data::Int(4 << 30), Kind::Plain), "4294967296");
        assert_eq!(human(&Data::Float(5400.0), Kind::Duration), "1h30m");
        assert_eq!(human(&Data::Int(4_500_000_000), Kind::Nanoseconds), "4.5s");
        assert_eq!(human(&Data::Int(81), Kind::Nanoseconds), "81ns");
        assert_eq!(human(&"2026-03-01T04:30:00.5+01:00".into(), Kind::Time), "2026-03-01 04:30:00");
        assert_eq!(human(&"never".into(), Kind::Time), "never");
        assert_eq!(human(&Data::Null, Kind::Size), "-");
    }

    #[test]
    fn lists_of_scalars_are_joined_and_deeper_values_are_json() {
        assert_eq!(human(&Data::from(vec!["10.0.0.1", "fe80::1"]), Kind::Plain), "10.0.0.1, fe80::1");
        assert_eq!(human(&Data::from(vec![1024_i64, 2048]), Kind::Size), "1.0 KiB, 2.0 KiB");
        assert_eq!(human(&Data::List(vec![]), Kind::Plain), "-");
        let deep = Data::List(vec![Data::Map(vec![("target".into(), "vda".into())])]);
        assert_eq!(human(&deep, Kind::Plain), r#"[{"target":"vda"}]"#);
    }

    #[test]
    fn nothing_in_a_cell_can_steer_the_terminal() {
        assert_eq!(visible("web\n1\t\x1b[31m"), "web\\n1\\t\\x1b[31m");
        assert_eq!(visible("\u{9b}31m\u{202e}\u{7f}"), "\\u{9b}31m\\u{202e}\\x7f");
        assert_eq!(visible("größe 木"), "größe 木");
        assert_eq!(human(&Data::from(vec!["a\u{9b}"]), Kind::Plain), "a\\u{9b}");
    }

    #[test]
    fn texts_of_many_lines_keep_their_lines() {
        assert_eq!(visible_lines("<a>\n\t<b/>\x07\r\n"), "<a>\n\t<b/>\\x07\\r\n");
    }
}
