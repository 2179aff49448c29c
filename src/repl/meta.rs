//! The commands of the prompt itself: `:help`, `:quit` and their like, one record each.
//!
//! A record feeds dispatch, `:help` and completion. Each body is a small file of its own in this folder and
//! says what it does through the shell and its screen; none of them is part of the language.

mod alias;
mod connect;
mod edit;
mod events;
mod fold;
mod help;
pub(super) mod hosts;
mod load;
mod log;
mod save;
mod time;
mod undo;
mod watch;
mod wide;

use super::Ending;
use super::screen::Screen;
use super::shell::Shell;
use crate::error::{Error, Result};
use crate::lang::suggest::nearest;

/// What can stand behind a command, for completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// Nothing.
    Nothing,
    /// The name of one of these commands.
    Command,
    /// A file.
    File,
    /// Something to connect with.
    Host,
    /// An input, as it stands alone.
    Input,
    /// `on` with kinds of events, or `off`.
    Events,
    /// One of these words, and whatever else.
    Words(&'static [&'static str]),
}

/// A command of the prompt.
#[derive(Debug)]
pub(super) struct Meta {
    /// Its name, without the colon.
    pub(super) name: &'static str,
    /// What is written behind the name, as help shows it.
    pub(super) form: &'static str,
    /// What it does, in one sentence.
    pub(super) summary: &'static str,
    /// What completes behind the name.
    pub(super) takes: Takes,
    /// Does it; what stands behind the name is trimmed. Gives how the prompt ends, if it does.
    pub(super) run: fn(&mut Shell, &str, &mut dyn Screen) -> Result<Option<Ending>>,
}

/// Every command, in the order in which `:help` lists them.
pub(super) static COMMANDS: &[Meta] = &[
    Meta {
        name: "events",
        form: "[on [KINDS]|off]",
        summary: "Shows what the host tells above the prompt: `:events on`, `:events on lifecycle network`.",
        takes: Takes::Events,
        run: events::run,
    },
    Meta {
        name: "help",
        form: "[COMMAND]",
        summary: "Lists these commands, or explains one.",
        takes: Takes::Command,
        run: help::run,
    },
    Meta {
        name: "wide",
        form: "[on|off]",
        summary: "Shows the last table with all its columns; `on` does so from now on.",
        takes: Takes::Words(wide::WORDS),
        run: wide::run,
    },
    Meta {
        name: "fold",
        form: "DEPTH|off",
        summary: "Shows XML down to a depth: 1 is what is right below the root.",
        takes: Takes::Words(fold::WORDS),
        run: fold::run,
    },
    Meta {
        name: "time",
        form: "[INPUT]",
        summary: "Says how long an input took and how many calls to libvirt; alone: every input.",
        takes: Takes::Input,
        run: |shell, rest, screen| Ok(time::run(shell, rest, screen)),
    },
    Meta {
        name: "watch",
        form: "INPUT [EVERY]",
        summary: "Evaluates again every 2s, or as often as said, in place; Ctrl-C ends.",
        takes: Takes::Input,
        run: watch::run,
    },
    Meta {
        name: "connect",
        form: "[URI] [--readonly]",
        summary: "Goes to another host: a URI, an alias, a group of one; alone: opens anew.",
        takes: Takes::Host,
        run: connect::run,
    },
    Meta {
        name: "hosts",
        form: "",
        summary: "Lists what there is to connect with.",
        takes: Takes::Nothing,
        run: hosts::run,
    },
    Meta {
        name: "undo",
        form: "",
        summary: "Takes back the last change where libvirt has the inverse, after showing what it will do.",
        takes: Takes::Nothing,
        run: undo::run,
    },
    Meta {
        name: "log",
        form: "[libvirt]",
        summary: "Lists what this session changed; `:log libvirt` what libvirt said.",
        takes: Takes::Words(&["libvirt"]),
        run: log::run,
    },
    Meta {
        name: "save",
        form: "FILE",
        summary: "Makes a script of the lines that succeeded; `:save! FILE` replaces a file.",
        takes: Takes::File,
        run: save::run,
    },
    Meta {
        name: "load",
        form: "FILE",
        summary: "Evaluates a script as if typed: functions, variables and imports stay.",
        takes: Takes::File,
        run: load::run,
    },
    Meta {
        name: "edit",
        form: "",
        summary: "Opens the last input in your editor; Ctrl-X Ctrl-E the one being typed.",
        takes: Takes::Nothing,
        run: edit::run,
    },
    Meta {
        name: "alias",
        form: "",
        summary: "Lists the short words of `[alias]` in the configuration.",
        takes: Takes::Nothing,
        run: alias::run,
    },
    Meta {
        name: "quit",
        form: "",
        summary: "Leaves; so do `exit`, `quit` and Ctrl-D.",
        takes: Takes::Nothing,
        run: |_, _, _| Ok(Some(Ending::Status(0))),
    },
];

/// Returns the command of a name; its beginning is enough where only one begins so.
///
/// Errors: `usage` where there is none, or several begin so.
pub(super) fn find(name: &str) -> Result<&'static Meta> {
    if let Some(exact) = COMMANDS.iter().find(|command| command.name == name) {
        return Ok(exact);
    }
    let begun: Vec<&Meta> =
        COMMANDS.iter().filter(|c| !name.is_empty() && c.name.starts_with(name)).collect();
    match begun[..] {
        [one] => Ok(one),
        [] => {
            let near = nearest(name, COMMANDS.iter().map(|command| command.name));
            let error = Error::usage(format!("there is no command `:{name}` of the prompt"));
            Err(error.hint(match near {
                Some(near) => format!("did you mean `:{near}`?"),
                None => "`:help` lists them".into(),
            }))
        }
        _ => {
            let names: Vec<String> = begun.iter().map(|command| format!("`:{}`", command.name)).collect();
            Err(Error::usage(format!("`:{name}` may be {}", names.join(" or "))))
        }
    }
}

/// Takes the name apart from what stands behind it: `save! x` is `save` and `! x`.
pub(super) fn split(typed: &str) -> (&str, &str) {
    let is_mark = |c: char| c.is_whitespace() || c == '!';
    typed.split_at(typed.find(is_mark).unwrap_or(typed.len()))
}

/// Runs what was typed behind the colon.
///
/// Errors: those of the command, and `usage` for one that does not exist or takes nothing.
pub(super) fn run(shell: &mut Shell, typed: &str, screen: &mut dyn Screen) -> Result<Option<Ending>> {
    let (name, rest) = split(typed);
    let command = find(name)?;
    let rest = rest.trim();
    if command.takes == Takes::Nothing && !rest.is_empty() {
        return Err(Error::usage(format!("`:{}` takes nothing, but was given {rest:?}", command.name)));
    }
    (command.run)(shell, rest, screen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_name_is_enough_where_it_is_clear() {
        assert_eq!(find("quit").unwrap().name, "quit");
        assert_eq!(find("q").unwrap().name, "quit");
    }

    #[test]
    fn an_unknown_command_names_the_nearest() {
        assert_eq!(find("hlep").unwrap_err().facts().hint.as_deref(), Some("did you mean `:help`?"));
        assert_eq!(find("").unwrap_err().facts().hint.as_deref(), Some("`:help` lists them"));
    }
}
