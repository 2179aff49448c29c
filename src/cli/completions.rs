//! Completion in shells: the scripts of `virhai completions SHELL`, and the answers that they ask for.
//!
//! The scripts are the same for every version: they hand the line to the hidden command, which knows the rest.

use std::ffi::OsString;

use clap::CommandFactory;

use super::arguments::{COMMANDS, Line};
use super::virsh::{VirshLine, option_names};
use crate::error::{Error, Result};
use crate::output;
use crate::virsh::complete::{self, Value, place_of_words};
use crate::virsh::{self, Word};

/// The hidden command that the scripts call: `__complete SHELL LINE`.
pub(super) const COMPLETE_COMMAND: &str = "__complete";

const BASH: &str = r#"_virhai() {
    local IFS=$'\n'
    COMPREPLY=($(virhai __complete bash "${COMP_LINE:0:COMP_POINT}" 2>/dev/null))
}
complete -o default -o nosort -F _virhai virhai
"#;

const ZSH: &str = r#"#compdef virhai
_virhai() {
    local -a found
    found=("${(@f)$(virhai __complete zsh "${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
    if [[ -n $found[1] ]]; then
        _describe virhai found
    else
        _files
    fi
}
compdef _virhai virhai
"#;

const FISH: &str = r#"function __virhai_complete
    virhai __complete fish (commandline -cp | string collect) 2>/dev/null
end
complete -c virhai -n 'test -n "$(__virhai_complete)"' -f -a '(__virhai_complete)'
"#;

/// A shell whose completion is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// GNU Bash
    Bash,
    /// Zsh
    Zsh,
    /// fish
    Fish,
}

impl std::str::FromStr for Shell {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "bash" => Ok(Self::Bash),
            "zsh" => Ok(Self::Zsh),
            "fish" => Ok(Self::Fish),
            _ => Err(Error::usage(format!("completion is for bash, zsh and fish, not for {text:?}"))),
        }
    }
}

impl Shell {
    /// The script that teaches it.
    pub(super) fn script(self) -> &'static str {
        match self {
            Self::Bash => BASH,
            Self::Zsh => ZSH,
            Self::Fish => FISH,
        }
    }

    /// A candidate as this shell reads it. `typed` is the word that it stands for.
    fn line(self, typed: &str, candidate: &Candidate) -> String {
        let Candidate { word, summary } = candidate;
        match self {
            // It replaces only what follows the last of these letters.
            Self::Bash => {
                let kept = typed.rfind([':', '=']).map_or(0, |at| at + 1);
                word.get(kept..).unwrap_or(word).to_owned()
            }
            Self::Zsh if summary.is_empty() => word.replace(':', "\\:"),
            Self::Zsh => format!("{}:{summary}", word.replace(':', "\\:")),
            Self::Fish if summary.is_empty() => word.clone(),
            Self::Fish => format!("{word}\t{summary}"),
        }
    }
}

/// A word that can stand in the place of the one that is typed.
struct Candidate {
    word: String,
    summary: String,
}

impl Candidate {
    fn new(word: impl Into<String>, summary: impl Into<String>) -> Self {
        Self { word: word.into(), summary: summary.into() }
    }
}

/// Answers `__complete SHELL LINE`: one candidate on each line, none where a file is meant.
pub(super) fn answer(arguments: &[OsString]) -> u8 {
    let texts: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    let [shell, line] = texts.as_slice() else { return super::status::USAGE };
    let Ok(shell) = shell.parse::<Shell>() else { return super::status::USAGE };
    let (words, typed) = split(line);
    let found = candidates(&words, &typed);
    let fits = found.iter().filter(|candidate| candidate.word.starts_with(&typed));
    let text: String = fits.map(|candidate| shell.line(&typed, candidate) + "\n").collect();
    drop(output::out(&text));
    super::status::DONE
}

/// The words behind the program's name, and the one that is being typed.
fn split(line: &str) -> (Vec<String>, String) {
    let mut reader = virsh::Line::new(line);
    let mut words = Vec::new();
    while let Ok(Some(word)) = reader.next_word() {
        match word {
            Word::Text(text) => words.push(text),
            Word::Separator => words.push(";".into()),
        }
    }
    let typed = if line.ends_with([' ', '\t']) { String::new() } else { words.pop().unwrap_or_default() };
    (words.into_iter().skip(1).collect(), typed)
}

fn candidates(words: &[String], typed: &str) -> Vec<Candidate> {
    match words.iter().position(|word| word == "virsh") {
        Some(at) => of_virsh(&words[at + 1..], typed),
        None => own(words, typed),
    }
}

/// Options, and in the first place the commands.
fn own(words: &[String], typed: &str) -> Vec<Candidate> {
    if typed.starts_with('-') {
        let line = Line::command();
        let option = |argument: &clap::Arg| {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            argument.get_long().map(|long| Candidate::new(format!("--{long}"), help))
        };
        return line.get_arguments().filter_map(option).collect();
    }
    let is_first = words.iter().all(|word| word.starts_with('-'));
    let commands = is_first.then_some(COMMANDS).into_iter().flatten();
    commands.map(|command| Candidate::new(*command, "")).collect()
}

fn of_virsh(words: &[String], typed: &str) -> Vec<Candidate> {
    // The value of an option that is still missing is nothing that we know.
    let Ok(VirshLine::Run(options, words)) = VirshLine::parse(words.iter().map(OsString::from)) else {
        return Vec::new();
    };
    if words.is_empty() && typed.starts_with('-') {
        return option_names().map(|name| Candidate::new(format!("--{name}"), "")).collect();
    }
    let begin = words.iter().rposition(|word| word == ";").map_or(0, |at| at + 1);
    let words: Vec<&str> = words[begin..].iter().map(String::as_str).collect();
    let Some(place) = place_of_words(&words, typed) else { return Vec::new() };
    let uri = options.connect.or_else(super::virsh::default_uri);
    let uri = uri.or_else(|| std::env::var("LIBVIRT_DEFAULT_URI").ok());
    let names = |value: &Value| virsh::names_in_time(uri.as_deref(), value);
    let found = complete::candidates(&place, typed, names);
    found.into_iter().map(|(word, summary)| Candidate::new(word, summary)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        let (words, typed) = split(line);
        let found = candidates(&words, &typed);
        found.into_iter().map(|c| c.word).filter(|word| word.starts_with(&typed)).collect()
    }

    #[test]
    fn commands_options_and_names_are_completed() {
        assert_eq!(words("virhai vir"), ["virsh"]);
        assert!(words("virhai virsh net-l").contains(&"net-list".to_owned()));
        assert_eq!(words("virhai virsh list --al"), ["--all"]);
        assert_eq!(words("virhai virsh --conn"), ["--connect"]);
        assert_eq!(words("virhai virsh -c test:///default dumpxml te"), ["test"]);
        assert_eq!(words("virhai virsh -c test:///default dumpxml --domain=te"), ["--domain=test"]);
    }

    #[test]
    fn each_shell_has_its_own_form() {
        let candidate = Candidate::new("--domain=a:b", "a guest");
        assert_eq!(Shell::Bash.line("--domain=a", &candidate), "a:b");
        assert_eq!(Shell::Zsh.line("", &candidate), "--domain=a\\:b:a guest");
        assert_eq!(Shell::Fish.line("", &candidate), "--domain=a:b\ta guest");
    }
}
