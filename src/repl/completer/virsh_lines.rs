//! Lines of virsh that are being typed, and its commands as functions.

use super::super::choice::{Choice, Choices};
use super::super::commands::Command;
use super::super::files;
use super::super::shell::Shell;
use crate::virsh::complete::{Value, Wanted, place};
use crate::virsh::records;

/// The namespace of the commands.
pub(super) const NAMESPACE: &str = "virsh";

/// What is typed, where it is a line of virsh with at least its first word.
pub(super) fn line<'a>(shell: &Shell, before: &'a str) -> Option<&'a str> {
    let forced = before.trim_start().strip_prefix('!');
    let is_variable = |name: &str| shell.session().scope().contains(name);
    match Command::read(before, is_variable) {
        Some(Command::Virsh(_)) if forced.is_some() || before.trim_start().contains(char::is_whitespace) => {
            Some(forced.unwrap_or(before))
        }
        _ => forced,
    }
}

/// `net-l`: a word with a dash at the beginning of a line is a command of virsh that is still being typed.
pub(super) fn dashed(shell: &Shell, before: &str) -> Option<Choices> {
    let typed = before.trim_start();
    let (first, _) = typed.split_once('-')?;
    let is_word = typed.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let is_dashed = is_word && !shell.session().scope().contains(first);
    let matching = || Choices::matching(before.len() - typed.len(), typed, commands());
    is_dashed.then(matching).filter(|choices| !choices.list.is_empty())
}

pub(super) fn choices(shell: &Shell, before: &str, line: &str) -> Choices {
    let Some(place) = place(line) else { return Choices::default() };
    let start = before.len() - line.len() + place.start;
    let value = |value: &Value| -> Vec<Choice> {
        let names = if value.is_file() {
            files::paths(&place.typed)
        } else if value.kind == "command" {
            return commands();
        } else {
            let words: Vec<String> = value.words().into_iter().map(str::to_owned).collect();
            if words.is_empty() { shell.names().virsh(&shell.session().connection(), value) } else { words }
        };
        names.into_iter().map(Choice::plain).collect()
    };
    let all = match &place.wanted {
        Wanted::Command => commands(),
        Wanted::Value(wanted) => value(wanted),
        Wanted::Options(options, wanted) => {
            let options = options.iter().map(|o| Choice::with(format!("--{}", o.name), o.summary));
            wanted.iter().flat_map(value).chain(options).collect()
        }
    };
    Choices::matching(start, &place.typed, all)
}

/// The commands as scripts call them: `virsh::net_list(`.
pub(super) fn functions(opened: bool) -> Vec<Choice> {
    let choice = |command: records::Command| {
        let name = command.function();
        let insert = if opened { name.clone() } else { format!("{name}(") };
        Choice { label: format!("{name}(options: map)"), ..Choice::with(insert, command.summary) }
    };
    records::commands().map(choice).collect()
}

pub(super) fn commands() -> Vec<Choice> {
    records::commands().map(|command| Choice::with(command.name, command.summary)).collect()
}
