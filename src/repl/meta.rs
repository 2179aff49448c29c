//! The commands of the prompt itself: `:help`, `:quit` and their like, one record each.
//!
//! A record feeds dispatch, `:help` and completion. Each body is a small file of its own in this folder and
//! says what it does through the shell and its screen; none of them is part of the language.

mod fold;
mod help;
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
    /// Nothing, or one of these words.
    OneOf(&'static [&'static str]),
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
        name: "help",
        form: "[COMMAND]",
        summary: "Lists these commands, or explains one.",
        takes: Takes::Command,
        run: help::run,
    },
    Meta {
        name: "wide",
        form: "[on|off]",
        summary: "Shows the last value with all its columns; `on` does so from now on.",
        takes: Takes::OneOf(wide::WORDS),
        run: wide::run,
    },
    Meta {
        name: "fold",
        form: "DEPTH|off",
        summary: "Shows XML down to a depth: 1 is what is right below the root.",
        takes: Takes::OneOf(fold::WORDS),
        run: fold::run,
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

/// Runs what was typed behind the colon.
///
/// Errors: those of the command, and `usage` for one that does not exist or takes nothing.
pub(super) fn run(shell: &mut Shell, typed: &str, screen: &mut dyn Screen) -> Result<Option<Ending>> {
    let (name, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
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
