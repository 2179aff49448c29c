//! The prompt.
//!
//! [`run`] reads lines at a terminal until the person leaves. The parts:
//!
//! - `shell` is the prompt without its terminal: it takes one input after the other and writes what it answers
//!   to a `screen`. [`Transcript`] is the same with a text as its screen, for tests and recorded sessions.
//! - `editor` is the terminal: rustyline with our `helper`, which asks `completer`, `hinter`, `highlighter`
//!   and `validator`. They read what the shell knows (`knowledge`) between two inputs and never run anything.
//!   `drawing` says how much of a long input is drawn again.
//!   `raw_mode` and `suspend` give the terminal back to whoever had it before.
//! - `plain` is the prompt where nothing may be drawn.
//! - `console` makes the person's terminal the one of a guest, for `vm.console()`.
//! - `sitting` is what the shell keeps beside the session's variables: the `journal` of what went well, which `:save`
//!   writes, the `change_log`, the `aliases`. `canvas` is what `:watch` draws on.
//! - `keys` gives keys a meaning of our own: `recall` for Up and Down, `external_editor`.
//! - `caution` asks before something is destroyed; `question` puts the question to the person.
//! - `undo` remembers what was there before a change.
//! - `events` shows what the host tells above what is typed.
//! - `names` holds the live names that completion offers; it asks an open connection in the background, and anew
//!   when an event tells of a change.
//! - `mistakes` finds wrong names as they are typed; `preparation` makes the catalog in the background.
//! - `welcome` is what `help` alone shows, `explanation` what `help(x)` says of a value.
//! - `commands` tells what an input is; `meta` has the commands that begin with a colon, `history` and `pager` what their names say.

mod aliases;
mod canvas;
mod caution;
mod change_log;
mod choice;
mod commands;
mod completer;
mod console;
mod drawing;
mod editor;
mod events;
mod explanation;
mod external_editor;
mod files;
mod helper;
mod highlighter;
mod hinter;
mod history;
mod imports;
mod journal;
mod keys;
mod knowledge;
mod meta;
mod mistakes;
mod names;
mod pager;
mod plain;
mod preparation;
mod presence;
mod question;
mod raw_mode;
mod recall;
mod screen;
mod shell;
mod sitting;
mod suspend;
mod transcript;
mod type_ahead;
mod undo;
mod validator;
mod welcome;

use std::path::PathBuf;

use crate::config;
use crate::libvirt::Reason;
use crate::output::{Options, Palette};
use crate::session::Session;

pub use change_log::ChangeLog;
pub use console::attach as attach_console;
pub use presence::is_open;
pub use raw_mode::{is_editing, restore as restore_terminal};
pub use sitting::Site;
pub use transcript::Transcript;

/// What the prompt is made with.
pub struct Setup {
    /// What evaluates.
    pub session: Session,
    /// How values are shown; the width follows the terminal.
    pub options: Options,
    /// Colours of errors.
    pub stderr: Palette,
    /// Colours of what is typed.
    pub typed: Palette,
    /// The section `[prompt]`.
    pub prompt: config::Prompt,
    /// What else the configuration says, and who notes the changes.
    pub site: Site,
    /// The file of the history; none is kept without it.
    pub history: Option<PathBuf>,
    /// How it presents itself.
    pub manner: Manner,
}

/// How a prompt presents itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// As virhai: with the connection.
    #[default]
    Own,
    /// As virsh; `quiet` where it was called with `-q`.
    Virsh {
        /// Less is written.
        quiet: bool,
    },
}

/// How a prompt ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The person left, or `exit(n)` was called with this status.
    Status(u8),
    /// The run as a whole had to end.
    Wish(Reason),
}

/// The name of the history's file in the state folder.
pub const HISTORY_FILE: &str = "prompt_history";

/// Reads lines at the terminal until the person leaves.
pub fn run(setup: Setup) -> Ending {
    editor::run(setup)
}
