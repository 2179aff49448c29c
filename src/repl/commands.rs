//! The few words of the prompt that are no Rhai: `help`, `?name`, `exit`, `quit`.

use crate::error::Error;
use crate::lang::catalog::Catalog;
use crate::lang::names::is_rhai_word;
use crate::lang::reference;
use crate::lang::suggest::nearest;
use crate::output::Palette;
use crate::report;
use crate::virsh::{self, records};

/// Every command as it is typed, with what it does.
pub(super) const WORDS: &[(&str, &str)] = &[
    ("COMMAND …", "Any line of virsh: `list --all`, `start web1`; `!` forces virsh, parentheses force Rhai."),
    (":help", "Lists the commands of the prompt itself, all of which begin with a colon."),
    ("help", "Shows what there is; `help NAME` and `?NAME` explain one thing."),
    ("exit", "Leaves; so do `quit` and Ctrl-D."),
    ("quit", "Leaves; so do `exit` and Ctrl-D."),
];

/// An input that is a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    /// Explain a name, or show what there is.
    Help(Option<&'a str>),
    /// Leave the prompt.
    Leave,
    /// A command of the prompt itself: what stands behind its colon.
    Meta(&'a str),
    /// A line of virsh.
    Virsh(&'a str),
}

impl<'a> Command<'a> {
    /// Returns the command that an input is; a variable of that name, and anything that can be Rhai, is none.
    pub(super) fn read(input: &'a str, is_variable: impl Fn(&str) -> bool) -> Option<Self> {
        let input = input.trim();
        if let Some(name) = input.strip_prefix('?').or_else(|| input.strip_suffix('?')) {
            let name = name.trim();
            return (name.is_empty() || is_name(name))
                .then(|| Self::Help(Some(name).filter(|n| !n.is_empty())));
        }
        if let Some(command) = input.strip_prefix(':') {
            return Some(Self::Meta(command));
        }
        if let Some(line) = input.strip_prefix('!') {
            return Some(Self::Virsh(line.trim()));
        }
        let whole = input;
        let input = input.strip_suffix(';').unwrap_or(input).trim_end();
        let (word, rest) = input.split_once(char::is_whitespace).unwrap_or((input, ""));
        if is_variable(word) {
            return None;
        }
        match (word, rest.trim()) {
            ("help", "") => Some(Self::Help(None)),
            ("help", name) if is_name(name) => Some(Self::Help(Some(name))),
            ("exit" | "quit", "") => Some(Self::Leave),
            _ => virsh_line(whole, word).map(Self::Virsh),
        }
    }
}

/// The input, where its first word is a command of virsh and not the beginning of an expression.
fn virsh_line<'a>(input: &'a str, word: &str) -> Option<&'a str> {
    let name = word.split([';', '(', '.', '[', '=', ':']).next().unwrap_or(word);
    let rest = &input[name.len()..];
    let goes_on = rest.starts_with(['(', '.', '[', '=', ':']) || rest.trim_start().starts_with('=');
    (!goes_on && records::find(name).is_some()).then_some(input)
}

/// Why a line that is no Rhai is no line of virsh either, where only its first word is misspelt.
pub(super) fn misspelt(input: &str, is_known: impl Fn(&str) -> bool) -> Option<Error> {
    let (word, _) = input.trim().split_once(char::is_whitespace)?;
    let is_plain = word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if !is_plain || is_rhai_word(word) || is_known(word) {
        return None;
    }
    nearest(word, records::names())?;
    virsh::parse_line(input).err()
}

/// True for what help is given on: `start`, `Domain.start`, `fs::read`, each perhaps with parentheses.
fn is_name(text: &str) -> bool {
    let plain = text.strip_suffix("()").unwrap_or(text);
    !plain.is_empty()
        && plain.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '[' | ']'))
}

/// Reads a lone `_` at the beginning as `it`.
pub(super) fn with_it(input: &str) -> std::borrow::Cow<'_, str> {
    let rest = input.trim_start().strip_prefix('_');
    match rest.filter(|rest| matches!(rest.trim_start().chars().next(), None | Some('.' | '[' | '?' | ';'))) {
        Some(rest) => format!("it{rest}").into(),
        None => input.into(),
    }
}

/// Explains a name, or shows the prompt's own words and the index.
///
/// Errors: `usage` where there is nothing of that name, with those that may have been meant.
pub(super) fn help(catalog: &Catalog, name: Option<&str>, palette: Palette) -> Result<String, Error> {
    let Some(name) = name else {
        return Ok(welcome(catalog, palette));
    };
    let command = records::find(name).and_then(|command| virsh::help(Some(command.name)).ok());
    if let Some(help) = reference::help(catalog, name) {
        let also =
            command.map(|_| format!("\nvirsh has a command of this name: `!help {name}` explains it.\n"));
        return Ok(format!("{}{}", report::help(&help, palette), also.unwrap_or_default()));
    }
    if let Some(help) = command {
        return Ok(help);
    }
    let error = Error::usage(format!("there is no help on {name:?}"));
    let near = reference::near(catalog, name);
    Err(if near.is_empty() {
        error.hint("`help` alone shows what there is")
    } else {
        error.hint(format!("did you mean {}?", near.join(", ")))
    })
}

fn welcome(catalog: &Catalog, palette: Palette) -> String {
    use reference::{Body, HelpText, Section};
    let row = |(word, does): &(&str, &str)| ((*word).to_owned(), (*does).to_owned());
    let mut help = HelpText { title: "virhai".into(), sections: Vec::new() };
    let intro = "Type Rhai: `domains()`, `domain(\"web1\").start()`. Tab completes, `it` is the last value, \
                 Ctrl-C ends what runs.";
    help.sections.push(Section { heading: String::new(), body: Body::Text(vec![intro.into()]) });
    help.sections
        .push(Section { heading: "At the prompt".into(), body: Body::Rows(WORDS.iter().map(row).collect()) });
    help.sections.extend(reference::index(catalog).sections);
    report::help(&help, palette)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &str) -> Option<Command<'_>> {
        Command::read(input, |name| name == "quit")
    }

    #[test]
    fn help_is_asked_in_four_ways() {
        assert_eq!(read("help"), Some(Command::Help(None)));
        assert_eq!(read(" ? "), Some(Command::Help(None)));
        assert_eq!(read("help Domain.start"), Some(Command::Help(Some("Domain.start"))));
        assert_eq!(read("?fs::read"), Some(Command::Help(Some("fs::read"))));
        assert_eq!(read("start()?"), Some(Command::Help(Some("start()"))));
    }

    #[test]
    fn what_can_be_rhai_is_no_command() {
        for input in ["help(1)", "help = 3", "exit(2)", "quit", "x?.y", "a ?? b", "exiting", ""] {
            assert_eq!(read(input), None, "{input}");
        }
        assert_eq!(read("exit;"), Some(Command::Leave));
    }

    #[test]
    fn a_line_of_virsh_is_known_by_its_first_word() {
        for input in ["list", "net-list --all", "start web1; list", "dumpxml web1", "list;", "help net-list"]
        {
            assert_eq!(read(input), Some(Command::Virsh(input)), "{input}");
        }
        assert_eq!(read("!domains"), Some(Command::Virsh("domains")));
        for input in ["list(1)", "list.len()", "list = 3", "list[0]", "list::x", "domains()", "net - list"] {
            assert_eq!(read(input), None, "{input}");
        }
    }

    #[test]
    fn a_misspelt_command_of_virsh_is_told_as_such() {
        let told = |input| misspelt(input, |name| name == "domains");
        for (input, meant) in [("lsit --all", "list"), ("net-lst --all", "net-list"), ("strat web1", "start")]
        {
            let error = told(input).expect(input);
            assert_eq!(error.facts().hint.clone(), Some(format!("did you mean `{meant}`?")), "{input}");
        }
        for input in ["lsit", "domains test", "let x y", "qqqqqq --all", "x.y z"] {
            assert!(told(input).is_none(), "{input}");
        }
    }

    #[test]
    fn an_underscore_alone_is_the_last_value() {
        assert_eq!(with_it("_"), "it");
        assert_eq!(with_it(" _.name"), "it.name");
        assert_eq!(with_it("_[0]"), "it[0]");
        assert_eq!(with_it("_x"), "_x");
        assert_eq!(with_it("1 + _"), "1 + _");
    }
}
