//! The few words of the prompt that are no Rhai: `help`, `?name`, `exit`, `quit`.

use crate::error::Error;
use crate::lang::names::is_rhai_word;
use crate::lang::suggest::nearest;
use crate::lang::tokens::{partner, tokens};
use crate::virsh::{self, records};

/// Every command as it is typed, with what it does.
pub(super) const WORDS: &[(&str, &str)] = &[
    ("COMMAND …", "Any line of virsh: `list --all`, `start web1`; `!` forces virsh, parentheses force Rhai."),
    (":help", "Lists the commands of the prompt itself, all of which begin with a colon."),
    ("help", "Says what to do next and lists the topics; `help NAME` and `?NAME` explain one thing."),
    ("help(VALUE)", "Explains what a value is and what it can do; so does `?VALUE`."),
    ("exit", "Leaves; so do `quit` and Ctrl-D."),
    ("quit", "Leaves; so do `exit` and Ctrl-D."),
];

/// The names among them, which no alias hides.
pub(super) const NAMES: [&str; 3] = ["help", "exit", "quit"];

/// An input that is a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    /// Explain a name, or show what there is.
    Help(Option<&'a str>),
    /// Explain the value of an expression.
    Explain(&'a str),
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
        if let Some(asked) = input.strip_prefix('?').map(str::trim) {
            return Some(Self::about(asked, is_variable).unwrap_or(Self::Explain(asked)));
        }
        if let Some(name) = input.strip_suffix('?') {
            return Self::about(name.trim(), is_variable);
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
        if let Some(value) = argument_of_help(input).filter(|_| !is_variable("help")) {
            let root = value.split(['.', '[', '(']).next().unwrap_or(value);
            let named = Self::about(value, &is_variable).filter(|_| !is_variable(root));
            return Some(named.unwrap_or(Self::Explain(value)));
        }
        match (word, rest.trim()) {
            ("help", name) if Self::about(name, &is_variable).is_some() => Self::about(name, is_variable),
            ("help", value) if is_call(value) => Some(Self::Explain(value)),
            ("exit" | "quit", "") => Some(Self::Leave),
            _ => virsh_line(whole, word).map(Self::Virsh),
        }
    }

    /// Returns what asks about a name, a topic in quotes or a variable; nothing for anything else.
    fn about(name: &'a str, is_variable: impl Fn(&str) -> bool) -> Option<Self> {
        if name.is_empty() {
            Some(Self::Help(None))
        } else if is_variable(name) {
            Some(Self::Explain(name))
        } else {
            (is_name(name) || is_quoted(name)).then_some(Self::Help(Some(name)))
        }
    }
}

/// `help(x)`: what stands between the parentheses, if they are the whole input.
fn argument_of_help(input: &str) -> Option<&str> {
    let open = input.find('(').filter(|at| input[..*at].trim() == "help")?;
    let tokens = tokens(input);
    let first = tokens.iter().position(|token| token.start == open)?;
    let last = partner(&tokens, input, first).filter(|last| last + 1 == tokens.len())?;
    Some(input[open + 1..tokens[last].start].trim())
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
    if !is_plain(word) || is_rhai_word(word) || is_known(word) {
        return None;
    }
    nearest(word, records::names())?;
    virsh::parse_line(input).err()
}

/// Why a lone word that nobody knows is no command, where one is spelt nearly so.
pub(super) fn misspelt_word(input: &str) -> Option<Error> {
    let word = input.trim();
    let near = nearest(word, records::names().chain(NAMES)).filter(|_| is_plain(word))?;
    Some(Error::usage(format!("unknown command: '{word}'")).hint(format!("did you mean `{near}`?")))
}

/// True for what the name of a command is made of.
fn is_plain(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// True for what help is given on: `start`, `Domain.start`, `fs::read`, each perhaps with parentheses, and
/// commands of virsh.
fn is_name(text: &str) -> bool {
    let plain = text.strip_suffix("()").unwrap_or(text);
    !plain.is_empty()
        && !plain.starts_with(|c: char| c.is_ascii_digit())
        && (plain.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '[' | ']'))
            || records::find(text).is_some())
}

/// True for what begins like a call or an index: `domain("web1")`, `xs[0].name`.
fn is_call(text: &str) -> bool {
    let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | ':')));
    end.is_some_and(|end| end > 0 && text[end..].starts_with(['(', '[']))
}

/// True for a topic in quotes.
fn is_quoted(text: &str) -> bool {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.is_some_and(|inner| !inner.is_empty() && !inner.contains(['"', '\\', '$']))
}

/// Reads a lone `_` at the beginning as `it`.
pub(super) fn with_it(input: &str) -> std::borrow::Cow<'_, str> {
    let rest = input.trim_start().strip_prefix('_');
    match rest.filter(|rest| matches!(rest.trim_start().chars().next(), None | Some('.' | '[' | '?' | ';'))) {
        Some(rest) => format!("it{rest}").into(),
        None => input.into(),
    }
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
    fn help_on_a_value_is_asked_with_parentheses_or_by_its_variable() {
        let is_variable = |name: &str| name == "vm";
        let read = |input| Command::read(input, is_variable);
        for (input, value) in
            [("help(1 + 1)", "1 + 1"), ("help( domain(\"web1\") );", "domain(\"web1\")"), ("help(vm)", "vm")]
        {
            assert_eq!(read(input), Some(Command::Explain(value)), "{input}");
        }
        assert_eq!(read("help(vm.xml)"), Some(Command::Explain("vm.xml")));
        assert_eq!(read("?vm.xml"), Some(Command::Help(Some("vm.xml"))));
        for input in ["?vm", "vm?", "help vm"] {
            assert_eq!(read(input), Some(Command::Explain("vm")), "{input}");
        }
        for input in ["?domain(\"web1\")", "? domain(\"web1\")", "help domain(\"web1\")"] {
            assert_eq!(read(input), Some(Command::Explain("domain(\"web1\")")), "{input}");
        }
        assert_eq!(read("?1 + 1"), Some(Command::Explain("1 + 1")));
        assert_eq!(read("help()"), Some(Command::Help(None)));
        assert_eq!(read("help(Domain.start)"), Some(Command::Help(Some("Domain.start"))));
        for topic in ["help \"wait\"", "help(\"wait\")", "?\"wait\""] {
            assert_eq!(read(topic), Some(Command::Help(Some("\"wait\""))), "{topic}");
        }
    }

    #[test]
    fn what_can_be_rhai_is_no_command() {
        for input in ["help(1) + 2", "help = 3", "exit(2)", "quit", "x?.y", "a ?? b", "exiting", ""] {
            assert_eq!(read(input), None, "{input}");
        }
        assert_eq!(read("exit;"), Some(Command::Leave));
    }

    #[test]
    fn a_line_of_virsh_is_known_by_its_first_word() {
        for input in ["list", "net-list --all", "start web1; list", "dumpxml web1", "list;"] {
            assert_eq!(read(input), Some(Command::Virsh(input)), "{input}");
        }
        assert_eq!(read("help net-list"), Some(Command::Help(Some("net-list"))));
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
    fn a_lone_word_that_is_nearly_a_command_names_it() {
        let hint = |word| misspelt_word(word).and_then(|error| error.facts().hint.clone());
        for (word, meant) in [("lsit", "list"), (" hlep ", "help"), ("exi", "exit"), ("net-lst", "net-list")]
        {
            assert_eq!(hint(word), Some(format!("did you mean `{meant}`?")), "{word}");
        }
        assert_eq!((hint("nonsense"), hint("list(1)")), (None, None));
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
