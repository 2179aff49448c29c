//! `help`: all commands, those of a group, and one command.

use std::fmt::Write;

use super::records::{self, Command, CommandOption, Group, Kind};
use crate::error::{Error, Result};

/// The help on a command or a group, or on everything.
///
/// Errors: `usage` where there is no such command or group.
pub fn help(name: Option<&str>) -> Result<String> {
    let Some(name) = name else {
        let groups: Vec<String> = records::groups().iter().map(|group| group_text(*group)).collect();
        return Ok(format!("Grouped commands:\n\n{}", groups.concat()));
    };
    if let Some(command) = records::find(name) {
        return Ok(command_text(&command));
    }
    let group = records::groups().iter().find(|group| group.keyword == name || group.title == name);
    group
        .map(|group| group_text(*group).trim_end_matches('\n').to_owned() + "\n")
        .ok_or_else(|| Error::usage(format!("command or command group '{name}' doesn't exist")))
}

fn group_text(group: Group) -> String {
    let row = |command: Command| format!("    {:30} {}\n", command.name, command.summary);
    let rows: String = group.commands().map(row).collect();
    format!(" {} (help keyword '{}'):\n{rows}\n", group.title, group.keyword)
}

fn command_text(command: &Command) -> String {
    let synopsis = synopsis(command);
    let mut text = format!(
        "  NAME\n    {name} - {summary}\n\n  SYNOPSIS\n    {name}{synopsis}\n\n  DESCRIPTION\n    {summary}\n",
        name = command.name,
        summary = command.summary,
    );
    if command.options.iter().any(is_shown) {
        text.push_str("\n  OPTIONS\n");
        for option in command.options.iter().filter(|option| is_shown(option)) {
            let _ = writeln!(text, "    {:15}  {}", usage(command, option), option.summary);
        }
    }
    text.push('\n');
    text
}

fn is_shown(option: &CommandOption) -> bool {
    !matches!(option.kind, Kind::Alias { .. })
}

fn type_word(option: &CommandOption) -> &'static str {
    if option.value.is_number() { "<number>" } else { "<string>" }
}

/// What can stand behind the name of a command: ` <domain> [--force]`.
fn synopsis(command: &Command) -> String {
    command.options.iter().filter_map(|option| form(command, option)).collect()
}

/// How an option is written: ` <domain>`, ` [--force]`; nothing for another name of one.
pub(super) fn form(command: &Command, option: &CommandOption) -> Option<String> {
    let name = option.name;
    Some(match option.kind {
        Kind::Alias { .. } => return None,
        Kind::Flag => format!(" [--{name}]"),
        Kind::Option if option.required => format!(" --{name} {}", type_word(option)),
        Kind::Option => format!(" [--{name} {}]", type_word(option)),
        Kind::Data if option.required => format!(" <{name}>"),
        Kind::Data => format!(" [<{name}>]"),
        Kind::Rest => {
            let (open, close) = if option.required { ("{", "}") } else { ("[", "]") };
            match usage(command, option) {
                short if short.starts_with('<') && option.required => format!(" {short}..."),
                usage => format!(" {open}{usage}{close}..."),
            }
        }
    })
}

fn usage(command: &Command, option: &CommandOption) -> String {
    let name = option.name;
    let needs_no_name =
        |other: &CommandOption| matches!(other.kind, Kind::Flag | Kind::Alias { .. }) || other.name == name;
    match option.kind {
        Kind::Flag | Kind::Alias { .. } => format!("--{name}"),
        Kind::Option => format!("--{name} {}", type_word(option)),
        // What the values belong to is clear where nothing else takes one.
        Kind::Rest if command.options.iter().all(needs_no_name) => format!("<{name}>"),
        Kind::Data | Kind::Rest => format!("[--{name}] {}", type_word(option)),
    }
}
