//! The command table: `stdlib/virsh/*.tsv`, one file for each of virsh's groups.
//!
//! A file begins with the group's title and keyword. A line that does not begin with a tab is a command: its
//! name, the module of its body, the version of libvirt that it came with where that is newer than 9.0.0, its
//! marks, and a sentence. The lines below it are its options: name, kind, type, whether it must be given,
//! whether it may be given by its place alone, what completes it, and a sentence.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use crate::stdlib;

/// The groups in the order of virsh's help.
const GROUPS: &[&str] = &[
    "domain",
    "monitor",
    "events",
    "host",
    "checkpoint",
    "interface",
    "filter",
    "network",
    "nodedev",
    "secret",
    "snapshot",
    "backup",
    "pool",
    "volume",
    "virsh",
];

/// The commands that `help` does not list: for the shells and for virsh's own tests.
const HIDDEN: &str = "hidden";

/// Names that virsh takes for a command without listing them.
const COMMAND_ALIASES: &[(&str, &str)] = &[("nodedev-dettach", "nodedev-detach")];

/// Commands whose name is a reserved word of Rhai: their functions have a `_` behind it.
const RESERVED: &[&str] = &["await"];

/// One of virsh's groups of commands.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The word that `help` takes for it.
    pub keyword: &'static str,
    /// Its title.
    pub title: &'static str,
    /// The lines of its commands.
    text: &'static str,
}

/// A command.
#[derive(Clone, Debug)]
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// The module of `stdlib/virsh/` that has its body.
    pub module: &'static str,
    /// The version of libvirt whose virsh had it first, where that is newer than 9.0.0.
    pub since: Option<&'static str>,
    /// Whether it needs no connection.
    pub offline: bool,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Its options, in virsh's order.
    pub options: Vec<CommandOption>,
}

/// An option of a command.
#[derive(Clone, Debug)]
pub struct CommandOption {
    /// Its name without the dashes.
    pub name: &'static str,
    /// How it is given.
    pub kind: Kind,
    /// What its value is.
    pub value: Value,
    /// Whether the command needs it.
    pub required: bool,
    /// Whether its value may stand without the name, in the order of the table.
    pub by_place: bool,
    /// What completes its value: `domain`, `file`, `enum:a,b`, `none`; a `?` marks a guess.
    pub completes: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
}

/// How an option is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `--name`, true where it is there.
    Flag,
    /// `--name VALUE`.
    Option,
    /// A value that the command is about; its name may be left out.
    Data,
    /// Everything that follows.
    Rest,
    /// Another name: of an option, and perhaps with its value.
    Alias {
        /// The option that is meant.
        target: &'static str,
        /// The value that the name stands for.
        value: Option<&'static str>,
    },
}

/// What the value of an option is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// True or absent.
    Flag,
    /// A text that is not empty.
    Text,
    /// A text that may be empty.
    TextOrEmpty,
    /// A number as the C type of this name holds it.
    Number(&'static str),
    /// A number that the command itself reads: it arrives as it was typed.
    NumberText,
    /// A size; a number without a unit counts this many bytes.
    Size(u64),
}

impl Group {
    /// Its commands.
    pub fn commands(self) -> impl Iterator<Item = Command> {
        self.texts().map(Command::read)
    }

    /// The names of its commands.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.texts().map(name_in)
    }

    /// For each of its commands the text that begins with it.
    fn texts(self) -> impl Iterator<Item = &'static str> {
        let starts = self.text.split_inclusive('\n').scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some((start, line))
        });
        starts.filter(|(_, line)| !line.starts_with('\t')).map(move |(start, _)| &self.text[start..])
    }
}

/// The name of the command that the text begins with.
fn name_in(text: &'static str) -> &'static str {
    text.split(['\t', '\n']).next().unwrap_or_default()
}

/// All groups.
pub fn groups() -> &'static [Group] {
    static READ: OnceLock<Vec<Group>> = OnceLock::new();
    READ.get_or_init(|| GROUPS.iter().filter_map(|keyword| read_group(keyword)).collect())
}

fn read_group(keyword: &'static str) -> Option<Group> {
    // Embedded in the program; read once where a development build reads it from its file.
    let text: &'static str = match stdlib::file(&format!("virsh/{keyword}.tsv"))? {
        Cow::Borrowed(text) => text,
        Cow::Owned(text) => text.leak(),
    };
    let (head, text) = text.split_once('\n')?;
    let (title, _) = head.split_once('\t')?;
    Some(Group { keyword, title, text })
}

/// The names of all commands, in the order of virsh's help.
pub fn names() -> impl Iterator<Item = &'static str> {
    groups().iter().flat_map(|group| group.names())
}

/// All commands, in the order of virsh's help.
pub fn commands() -> impl Iterator<Item = Command> {
    groups().iter().flat_map(|group| group.commands())
}

fn hidden() -> Option<&'static Group> {
    static READ: OnceLock<Option<Group>> = OnceLock::new();
    READ.get_or_init(|| read_group(HIDDEN)).as_ref()
}

/// The command of a name, also of one that `help` does not list.
pub fn find(name: &str) -> Option<Command> {
    let name = COMMAND_ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, meant)| meant);
    by_name().get(name).map(|text| Command::read(text))
}

/// For each command the text that begins with it: the prompt looks for some at each key.
fn by_name() -> &'static HashMap<&'static str, &'static str> {
    static READ: OnceLock<HashMap<&str, &str>> = OnceLock::new();
    READ.get_or_init(|| {
        // The first one of a name counts.
        let all = groups().iter().chain(hidden()).rev().flat_map(|group| group.texts());
        all.map(|text| (name_in(text), text)).collect()
    })
}

impl Command {
    /// Reads the command that the text begins with.
    fn read(text: &'static str) -> Self {
        let mut lines = text.lines();
        let mut fields = lines.next().unwrap_or_default().split('\t');
        let mut field = || fields.next().unwrap_or_default();
        let (name, module, since, marks, summary) = (field(), field(), field(), field(), field());
        Self {
            name,
            module,
            since: Some(since).filter(|since| !since.is_empty()),
            offline: marks == "offline",
            summary,
            options: lines.map_while(|line| line.strip_prefix('\t')).map(CommandOption::read).collect(),
        }
    }

    /// The option of a name; an alias is found as itself.
    pub fn option(&self, name: &str) -> Option<&CommandOption> {
        self.options.iter().find(|option| option.name == name)
    }

    /// What it is called in scripts.
    pub fn function(&self) -> String {
        let name = script_name(self.name);
        if RESERVED.contains(&self.name) { name + "_" } else { name }
    }
}

/// The name of a command or an option in scripts.
pub fn script_name(name: &str) -> String {
    name.replace('-', "_")
}

impl CommandOption {
    fn read(line: &'static str) -> Self {
        let mut fields = line.split('\t');
        let mut field = || fields.next().unwrap_or_default();
        let (name, kind, value, required, place) = (field(), field(), field(), field(), field());
        let (completes, summary) = (field(), field());
        let (kind, value) = match kind {
            "flag" => (Kind::Flag, Value::Flag),
            "alias" => {
                let (target, value) = value.split_once('=').map_or((value, None), |(t, v)| (t, Some(v)));
                (Kind::Alias { target, value }, Value::Text)
            }
            "option" => (Kind::Option, Value::read(value)),
            "rest" => (Kind::Rest, Value::read(value)),
            _ => (Kind::Data, Value::read(value)),
        };
        let (required, by_place) = (required == "yes", place == "yes");
        Self { name, kind, value, required, by_place, completes, summary }
    }
}

impl Value {
    fn read(word: &'static str) -> Self {
        match word {
            "string" => Self::Text,
            "string?" => Self::TextOrEmpty,
            "number" => Self::NumberText,
            "bytes" => Self::Size(1),
            "kib" => Self::Size(1 << 10),
            "mib" => Self::Size(1 << 20),
            number => Self::Number(number),
        }
    }

    /// Whether it is written as a number.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Number(_) | Self::NumberText | Self::Size(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_virsh_is_there_once() {
        let mut names: Vec<_> = names().collect();
        assert_eq!(names.len(), 285);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 285);
        assert!(find("nodedev-dettach").is_some_and(|command| command.name == "nodedev-detach"));
        assert!(find("domain").is_none() && find("").is_none());
        assert!(find("complete").is_some_and(|command| command.offline) && !names.contains(&"complete"));
    }

    #[test]
    fn the_words_of_the_table_are_known() {
        const NUMBERS: &[&str] = &["int", "uint", "ulong", "longlong", "ulonglong", "ulonglongwrap"];
        for command in commands() {
            assert!(!command.module.is_empty() && !command.summary.is_empty(), "{}", command.name);
            for option in &command.options {
                let place = format!("{} --{}", command.name, option.name);
                if let Value::Number(word) = option.value {
                    assert!(NUMBERS.contains(&word), "{place}: {word}");
                }
                if let Kind::Alias { target, .. } = option.kind {
                    assert!(command.option(target).is_some(), "{place}: {target}");
                }
            }
        }
    }
}
