//! Colours: whether to use them, and which.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::did_you_mean;
use crate::error::Error;

/// What the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    #[default]
    Auto,
    /// Also where there is no terminal, and in spite of `NO_COLOR`.
    Always,
    /// Not at all.
    Never,
}

impl ColorChoice {
    const NAMES: [(Self, &'static str); 3] =
        [(Self::Auto, "auto"), (Self::Always, "always"), (Self::Never, "never")];

    /// Decides for one stream; `variable` looks up the environment.
    pub fn decide(self, terminal: bool, variable: impl Fn(&str) -> Option<String>) -> Palette {
        let color = match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                let refused = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
                let dumb = variable("TERM").is_some_and(|value| value == "dumb");
                terminal && !refused && !dumb
            }
        };
        Palette { color }
    }
}

impl FromStr for ColorChoice {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        if let Some((choice, _)) = Self::NAMES.iter().find(|(_, name)| *name == word) {
            return Ok(*choice);
        }
        let error = Error::usage(format!("\"{word}\" says nothing about colours"));
        Err(did_you_mean(error, word, &Self::NAMES.map(|(_, name)| name)))
    }
}

impl fmt::Display for ColorChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(choice, _)| choice == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

/// The meaning of a piece of text; the one place that knows its colour is [`Style::code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The word `error` and what failed.
    Error,
    /// The word `warning`.
    Warning,
    /// Advice.
    Hint,
    /// What matters.
    Strong,
    /// What matters less: file names, history hints, switched-off objects.
    Dim,
    /// The heading of a column and the key of a map.
    Key,
    /// In order: running, active.
    Good,
    /// Worth a look: paused, in a crash dump.
    Caution,
    /// Broken: crashed.
    Bad,
    /// A name that is typed and means nothing.
    Wrong,
}

impl Style {
    /// Returns the parameters of the terminal's `SGR` sequence.
    fn code(self) -> &'static str {
        match self {
            Self::Error => "1;31",
            Self::Warning => "1;33",
            Self::Hint => "36",
            Self::Strong | Self::Key => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Caution => "33",
            Self::Bad => "31",
            Self::Wrong => "4;31",
        }
    }

    /// Returns the style of a libvirt state word (of a guest, network, pool, job …), `None` for other words.
    pub fn of_state(word: &str) -> Option<Self> {
        Some(match word {
            "running" | "active" | "online" | "up" | "connected" | "ok" | "done" | "completed" => Self::Good,
            "paused" | "pmsuspended" | "blocked" | "idle" | "in shutdown" | "shutdown" | "building"
            | "degraded" | "ready" | "inmigrate" => Self::Caution,
            "crashed" | "inaccessible" | "failed" | "error" | "disconnected" => Self::Bad,
            "shutoff" | "shut off" | "inactive" | "offline" | "down" | "nostate" => Self::Dim,
            _ => return None,
        })
    }
}

/// The decision about colours for one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    color: bool,
}

impl Palette {
    /// Writes without colours.
    pub const PLAIN: Self = Self { color: false };
    /// Writes with colours.
    pub const COLOR: Self = Self { color: true };

    /// True where colours are used.
    pub fn is_colored(self) -> bool {
        self.color
    }

    /// Returns `text` in `style`, or as it is where there are no colours.
    pub fn paint(self, style: Style, text: &str) -> String {
        let mut painted = String::with_capacity(text.len() + 12);
        self.paint_onto(&mut painted, style, text);
        painted
    }

    /// Appends `text` in `style`, or as it is where there are no colours.
    pub fn paint_onto(self, painted: &mut String, style: Style, text: &str) {
        if self.color && !text.is_empty() {
            for piece in ["\x1b[", style.code(), "m", text, "\x1b[0m"] {
                painted.push_str(piece);
            }
        } else {
            painted.push_str(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(choice: ColorChoice, terminal: bool, vars: &[(&str, &str)]) -> bool {
        let look =
            |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        choice.decide(terminal, look).is_colored()
    }

    #[test]
    fn auto_looks_at_the_terminal_and_the_environment() {
        assert!(decided(ColorChoice::Auto, true, &[("TERM", "xterm")]));
        assert!(decided(ColorChoice::Auto, true, &[("NO_COLOR", "")]));
        assert!(!decided(ColorChoice::Auto, false, &[]));
        assert!(!decided(ColorChoice::Auto, true, &[("NO_COLOR", "1")]));
        assert!(!decided(ColorChoice::Auto, true, &[("TERM", "dumb")]));
    }

    #[test]
    fn an_explicit_choice_wins() {
        assert!(decided(ColorChoice::Always, false, &[("NO_COLOR", "1"), ("TERM", "dumb")]));
        assert!(!decided(ColorChoice::Never, true, &[]));
    }

    #[test]
    fn the_names_are_read_and_written() {
        for name in ["auto", "always", "never"] {
            assert_eq!(name.parse::<ColorChoice>().unwrap().to_string(), name);
        }
        let error = "allways".parse::<ColorChoice>().unwrap_err();
        assert_eq!(error.facts().hint.as_deref(), Some("did you mean `always`?"));
    }

    #[test]
    fn painting_adds_colours_only_where_they_are_wanted() {
        assert_eq!(Palette::PLAIN.paint(Style::Error, "no"), "no");
        assert_eq!(Palette::COLOR.paint(Style::Error, "no"), "\x1b[1;31mno\x1b[0m");
        assert_eq!(Palette::COLOR.paint(Style::Hint, ""), "");
    }

    #[test]
    fn state_words_have_a_meaning() {
        assert_eq!(Style::of_state("running"), Some(Style::Good));
        assert_eq!(Style::of_state("paused"), Some(Style::Caution));
        assert_eq!(Style::of_state("crashed"), Some(Style::Bad));
        assert_eq!(Style::of_state("shutoff"), Some(Style::Dim));
        assert_eq!(Style::of_state("web1"), None);
    }
}
