//! What can stand at the end of a line of virsh that is being typed.

use std::ops::Range;

use super::help::form;
use super::records::{self, Command, CommandOption, Kind};

/// The end of a line.
#[derive(Debug)]
pub struct Place {
    /// The byte where the word begins that is being typed.
    pub start: usize,
    /// What of it is there.
    pub typed: String,
    /// What it can become.
    pub wanted: Wanted,
}

/// What a word can become.
#[derive(Debug)]
pub enum Wanted {
    /// A command.
    Command,
    /// One of these options, or a value where one can stand without its option's name.
    Options(Vec<CommandOption>, Option<Value>),
    /// The value of an option.
    Value(Value),
}

/// A value that is being typed.
#[derive(Clone, Debug)]
pub struct Value {
    /// What completes it, as the table says: `domain-active`, `file`, `enum:a,b`.
    pub kind: &'static str,
    /// The values that stand before it, with the kinds of their options.
    pub before: Vec<(&'static str, String)>,
}

impl Value {
    /// The words that it is one of.
    pub fn words(&self) -> Vec<&'static str> {
        let words = self.kind.strip_prefix("enum?:").or_else(|| self.kind.strip_prefix("enum:"));
        words.map(|words| words.split(',').map(str::trim).collect()).unwrap_or_default()
    }

    /// Whether it is a file.
    pub fn is_file(&self) -> bool {
        self.kind.starts_with("file")
    }

    /// The value before it whose kind begins like this.
    pub fn before(&self, kind: &str) -> Option<&str> {
        let found = self.before.iter().find(|(of, _)| of.starts_with(kind));
        found.map(|(_, value)| value.as_str())
    }
}

/// The words that can stand at a place where `typed` is, each with a sentence about it or none; `names` gives the
/// live names of a value. A value that is a file is left to the shell.
pub fn candidates(
    place: &Place,
    typed: &str,
    names: impl Fn(&Value) -> Vec<String>,
) -> Vec<(String, &'static str)> {
    // `--option=` stays in front of the value.
    let prefix = &typed[..place.start];
    let values = |value: &Value| -> Vec<(String, &'static str)> {
        let words = match value.kind {
            "command" => records::names().map(str::to_owned).collect(),
            _ => value.words().into_iter().map(str::to_owned).collect::<Vec<_>>(),
        };
        let words = if words.is_empty() { names(value) } else { words };
        words.into_iter().map(|word| (format!("{prefix}{word}"), "")).collect()
    };
    match &place.wanted {
        Wanted::Command => records::commands().map(|c| (c.name.to_owned(), c.summary)).collect(),
        Wanted::Value(value) => values(value),
        Wanted::Options(_, Some(value)) if value.is_file() && typed.is_empty() => Vec::new(),
        Wanted::Options(all, value) => {
            let options = all.iter().map(|option| (format!("--{}", option.name), option.summary));
            value.iter().flat_map(values).chain(options).collect()
        }
    }
}

/// The words of the last command on a line, and the one that is being typed.
fn words_of(line: &str) -> (Vec<&str>, &str) {
    let begin = line.rfind([';', '\n']).map_or(0, |at| at + 1);
    let mut words: Vec<&str> = line[begin..].split_whitespace().collect();
    let typed = if line.ends_with(char::is_whitespace) { "" } else { words.pop().unwrap_or_default() };
    (words, typed)
}

/// What the last command on a line still takes, and where in that the value stands that is being typed:
/// `<target> [--live]`. Nothing before the command's name is complete.
pub fn remaining(line: &str) -> Option<(String, Range<usize>)> {
    let (words, typed) = words_of(line);
    let (name, given) = words.split_first()?;
    let command = records::find(name)?;
    let mut seen = Seen::default();
    for word in given {
        seen.word(&command, word);
    }
    let begun = typed.strip_prefix("--");
    let current = match seen.expected {
        None if begun.is_none() => seen.next_by_place(&command),
        expected => expected,
    };
    let mut text = String::new();
    let mut mark = 0..0;
    for (index, option) in command.options.iter().enumerate() {
        let is_current = current == Some(index);
        let is_meant = begun.is_none_or(|begun| option.name.starts_with(begun));
        if !is_current && (seen.has(index) || seen.expected.is_none() && !is_meant) {
            continue;
        }
        let Some(form) = form(&command, option) else { continue };
        let form = form.trim_start();
        if !text.is_empty() {
            text.push(' ');
        }
        if is_current {
            mark = text.len()..text.len() + form.len();
        }
        text.push_str(form);
    }
    (!text.is_empty()).then_some((text, mark))
}

/// Reads a line up to the cursor; nothing where no command is known whose options could follow.
pub fn place(line: &str) -> Option<Place> {
    let (words, typed) = words_of(line);
    place_of_words(&words, typed).map(|mut place| {
        place.start += line.len() - typed.len();
        place
    })
}

/// Does the same for words; the start is counted from the beginning of what is typed.
pub fn place_of_words(words: &[&str], typed: &str) -> Option<Place> {
    let Some((name, given)) = words.split_first() else {
        return Some(Place { start: 0, typed: typed.into(), wanted: Wanted::Command });
    };
    let command = records::find(name)?;
    let mut seen = Seen::default();
    for word in given {
        seen.word(&command, word);
    }
    let values = || seen.values(&command);
    if let Some(option) = seen.expected {
        return Some(Place {
            start: 0,
            typed: typed.into(),
            wanted: value(&command.options[option], values()),
        });
    }
    if let Some((name, start)) = typed.strip_prefix("--").and_then(|text| text.split_once('=')) {
        let option = command.option(name)?;
        let typed_from = typed.len() - start.len();
        return Some(Place { start: typed_from, typed: start.into(), wanted: value(option, values()) });
    }
    let next = seen.next_by_place(&command).filter(|_| !typed.starts_with('-'));
    let next = next.map(|index| Value { kind: command.options[index].completes, before: values() });
    let free = |(index, option): &(usize, &CommandOption)| {
        !matches!(option.kind, Kind::Alias { .. }) && !seen.has(*index)
    };
    let options = command.options.iter().enumerate().filter(free).map(|(_, option)| option.clone()).collect();
    Some(Place { start: 0, typed: typed.into(), wanted: Wanted::Options(options, next) })
}

fn value(option: &CommandOption, before: Vec<(&'static str, String)>) -> Wanted {
    Wanted::Value(Value { kind: option.completes, before })
}

/// The options that the words so far have given.
#[derive(Default)]
struct Seen {
    given: Vec<(usize, String)>,
    /// The option whose value comes next.
    expected: Option<usize>,
}

impl Seen {
    fn word(&mut self, command: &Command, word: &str) {
        if let Some(option) = self.expected.take() {
            self.given.push((option, word.into()));
            return;
        }
        let place = |name: &str| command.options.iter().position(|option| option.name == name);
        if let Some(text) = word.strip_prefix("--") {
            let (name, attached) = text.split_once('=').map_or((text, None), |(n, v)| (n, Some(v)));
            let Some(index) = place(name) else { return };
            match attached {
                None if command.options[index].kind != Kind::Flag => self.expected = Some(index),
                attached => self.given.push((index, attached.unwrap_or_default().into())),
            }
            return;
        }
        let free = |(index, option): &(usize, &CommandOption)| option.by_place && !self.has(*index);
        if let Some((index, _)) = command.options.iter().enumerate().find(free) {
            self.given.push((index, word.into()));
        }
    }

    fn has(&self, option: usize) -> bool {
        self.given.iter().any(|(given, _)| *given == option)
    }

    /// The option whose value can come next without its name.
    fn next_by_place(&self, command: &Command) -> Option<usize> {
        let is_next = |(index, option): &(usize, &CommandOption)| {
            option.by_place && (option.kind == Kind::Rest || !self.has(*index))
        };
        command.options.iter().enumerate().find(is_next).map(|(index, _)| index)
    }

    fn values(&self, command: &Command) -> Vec<(&'static str, String)> {
        self.given.iter().map(|(index, value)| (command.options[*index].completes, value.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_at(line: &str) -> (String, &'static str) {
        let place = place(line).unwrap();
        match place.wanted {
            Wanted::Value(value) | Wanted::Options(_, Some(value)) => (place.typed, value.kind),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_value_is_known_by_its_option_or_its_place() {
        assert_eq!(value_at("start w").1, "domain-shutoff");
        assert_eq!(value_at("list; domid "), (String::new(), "domain-active"));
        assert_eq!(value_at("dumpxml --domain we"), ("we".into(), "domain"));
        assert_eq!(value_at("dumpxml --domain=we"), ("we".into(), "domain"));
    }

    #[test]
    fn options_that_were_given_are_not_offered_again() {
        let Some(Place { wanted: Wanted::Options(options, _), .. }) = place("list --all --") else {
            panic!()
        };
        let names: Vec<_> = options.iter().map(|option| option.name).collect();
        assert!(names.contains(&"inactive") && !names.contains(&"all"));
    }

    #[test]
    fn what_a_command_still_takes_leaves_out_what_was_given() {
        let shown = |line: &str| {
            let (text, mark) = remaining(line)?;
            let text = format!("{}«{}»{}", &text[..mark.start], &text[mark.clone()], &text[mark.end..]);
            Some(text.split(' ').take(2).collect::<Vec<_>>().join(" "))
        };
        for (line, form) in [
            ("attach-disk ", Some("«<domain>» <source>")),
            ("attach-disk web1 /img/a", Some("«<source>» <target>")),
            ("attach-disk web1 a vdb ", Some("«[--targetbus <string>]»")),
            ("attach-disk web1 a vdb --per", Some("«»[--persistent]")),
            ("domstate web1 --reason ", None),
            ("list; domstate ", Some("«<domain>» [--reason]")),
            ("dumpxml --domain ", Some("«<domain>» [--inactive]")),
            ("domstate", None),
        ] {
            assert_eq!(shown(line).as_deref(), form, "{line}");
        }
    }

    #[test]
    fn the_first_word_is_a_command() {
        assert!(matches!(place("ne"), Some(Place { wanted: Wanted::Command, start: 0, .. })));
        assert!(matches!(place("list; ne"), Some(Place { wanted: Wanted::Command, start: 6, .. })));
        assert!(place("bogus x").is_none());
    }
}
