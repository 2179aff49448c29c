//! Words into calls: which command, and which word is the value of which option.

use super::Call;
use super::line::{Line, Word};
use super::records::{self, Command, CommandOption, Kind};
use crate::error::{Error, Result};
use crate::lang::suggest::nearest;

/// Reads a text of one or several commands; nothing of it is run where a part is wrong.
///
/// Errors: `usage` with virsh's own words.
pub fn parse_line(text: &str) -> Result<Vec<Call>> {
    let mut line = Line::new(text);
    parse(|| line.next_word())
}

/// Reads words that are one command: the arguments of the program.
///
/// Errors: as [`parse_line`].
pub fn parse_words(words: impl IntoIterator<Item = String>) -> Result<Vec<Call>> {
    let mut words = words.into_iter();
    parse(|| Ok(words.next().map(Word::Text)))
}

fn parse(mut next: impl FnMut() -> Result<Option<Word>>) -> Result<Vec<Call>> {
    let mut calls = Vec::new();
    loop {
        match next()? {
            None => return Ok(calls),
            Some(Word::Separator) => {}
            // A comment, also where it is an argument of the program: up to the end of its line.
            Some(Word::Text(name)) if name.starts_with('#') => while let Some(Word::Text(_)) = next()? {},
            Some(Word::Text(name)) => calls.push(one(&name, &mut next)?),
        }
    }
}

/// Reads the options of one command.
fn one(name: &str, next: &mut impl FnMut() -> Result<Option<Word>>) -> Result<Call> {
    let command = records::find(name).ok_or_else(|| unknown(name))?;
    let mut reader = Reader { given: Vec::new(), wants_help: false, command };
    let mut only_data = false;
    while let Some(Word::Text(word)) = next()? {
        match word.strip_prefix("--") {
            Some("") if !only_data => only_data = true,
            Some(option) if !only_data && option.starts_with(|c: char| c.is_ascii_alphanumeric()) => {
                reader.named(option, next)?;
            }
            _ => reader.by_place(word)?,
        }
    }
    reader.finish()
}

fn unknown(name: &str) -> Error {
    let error = Error::usage(format!("unknown command: '{name}'"));
    match nearest(name, records::names()) {
        Some(meant) => error.hint(format!("did you mean `{meant}`?")),
        None => error,
    }
}

struct Reader {
    command: Command,
    given: Vec<(usize, String)>,
    wants_help: bool,
}

impl Reader {
    /// `--name`, `--name VALUE` or `--name=VALUE`.
    fn named(&mut self, text: &str, next: &mut impl FnMut() -> Result<Option<Word>>) -> Result<()> {
        let (name, attached) = text.split_once('=').map_or((text, None), |(n, v)| (n, Some(v.to_owned())));
        let Some((index, attached)) = self.meant(name, attached)? else { return Ok(()) };
        let option = &self.command.options[index];
        if option.kind == Kind::Flag {
            if attached.is_some() {
                return Err(Error::usage(format!("invalid '=' after option --{}", option.name)));
            }
            self.given.push((index, String::new()));
            return Ok(());
        }
        let value = if let Some(value) = attached {
            value
        } else {
            let Some(Word::Text(value)) = next()? else {
                let what = if option.value.is_number() { "number" } else { "string" };
                return Err(Error::usage(format!("expected syntax: --{} <{what}>", option.name)));
            };
            value
        };
        self.given.push((index, value));
        Ok(())
    }

    /// The option that a name means, with the value that an alias stands for; `None` for `--help`.
    fn meant(&mut self, name: &str, attached: Option<String>) -> Result<Option<(usize, Option<String>)>> {
        let place = |name: &str| self.command.options.iter().position(|option| option.name == name);
        if name == "help" {
            self.wants_help = true;
            return Ok(None);
        }
        let Some(found) = place(name) else {
            // `help` takes anything.
            return if self.command.name == "help" { Ok(None) } else { Err(self.unknown(name)) };
        };
        let (index, attached) = match self.command.options[found].kind {
            Kind::Alias { target, value } => {
                if value.is_some() && attached.is_some() {
                    return Err(Error::usage(format!("invalid '=' after option --{name}")));
                }
                (place(target).unwrap_or(found), value.map(str::to_owned).or(attached))
            }
            _ => (found, attached),
        };
        let option = &self.command.options[index];
        if option.kind != Kind::Rest && self.is_given(index) {
            return Err(Error::usage(format!("option --{} already seen", option.name)));
        }
        Ok(Some((index, attached)))
    }

    fn unknown(&self, name: &str) -> Error {
        let error = Error::usage(format!("command '{}' doesn't support option --{name}", self.command.name));
        match nearest(name, self.command.options.iter().map(|option| option.name)) {
            Some(meant) => error.hint(format!("did you mean `--{meant}`?")),
            None => error,
        }
    }

    /// A value whose option is the next one that has none.
    fn by_place(&mut self, value: String) -> Result<()> {
        let takes = |(index, option): (usize, &CommandOption)| {
            let free = option.kind == Kind::Rest || !self.is_given(index);
            (option.by_place && free).then_some(index)
        };
        match self.command.options.iter().enumerate().find_map(takes) {
            Some(index) => self.given.push((index, value)),
            None if self.command.name == "help" => {}
            None => return Err(Error::usage(format!("unexpected data '{value}'"))),
        }
        Ok(())
    }

    fn is_given(&self, index: usize) -> bool {
        self.given.iter().any(|(given, _)| *given == index)
    }

    fn finish(self) -> Result<Call> {
        if self.wants_help {
            return parse_words(["help".into(), self.command.name.into()])?
                .pop()
                .ok_or_else(|| Error::usage("no command"));
        }
        let missing = self.command.options.iter().enumerate();
        let missing = missing.filter(|(index, option)| option.required && !self.is_given(*index));
        let mut lines: Vec<String> = missing.map(|(_, option)| self.missing(option)).collect();
        let Some(last) = lines.pop() else { return Ok(Call { command: self.command, given: self.given }) };
        let error = Error::usage(last).hint(format!("`help {}` shows all options", self.command.name));
        Err(lines.into_iter().rev().fold(error, Error::context))
    }

    fn missing(&self, option: &CommandOption) -> String {
        let is_data = matches!(option.kind, Kind::Data | Kind::Rest) && !option.value.is_number();
        let name = if is_data { format!("<{}>", option.name) } else { format!("--{}", option.name) };
        format!("command '{}' requires {name} option", self.command.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> Vec<(String, String)> {
        let call = parse_line(text).unwrap().pop().unwrap();
        let name = |index: usize| call.command.options[index].name.to_owned();
        call.given.iter().map(|(index, value)| (name(*index), value.clone())).collect()
    }

    fn refusal(text: &str) -> String {
        parse_line(text).unwrap_err().to_string()
    }

    #[test]
    fn values_find_their_options_by_name_and_by_place() {
        let expected = [("domain".to_owned(), "web1".to_owned()), ("count".to_owned(), "4".to_owned())];
        for text in ["setvcpus web1 4", "setvcpus --count 4 web1", "setvcpus --domain=web1 --count=4"] {
            let mut found = given(text);
            found.sort_by_key(|(name, _)| name == "count");
            assert_eq!(found, expected, "{text}");
        }
        assert_eq!(given("domid -- --x"), [("domain".to_owned(), "--x".to_owned())]);
    }

    #[test]
    fn an_alias_is_its_option_perhaps_with_a_value() {
        assert!(given("attach-disk a b c --shareable").contains(&("mode".into(), "shareable".into())));
        assert!(given("setmem a --kilobytes 3").contains(&("size".into(), "3".into())));
    }

    #[test]
    fn what_is_wrong_is_said_with_virshs_words() {
        assert_eq!(refusal("bogus"), "unknown command: 'bogus'");
        assert_eq!(refusal("list --all --all"), "option --all already seen");
        assert_eq!(refusal("list --foo"), "command 'list' doesn't support option --foo");
        assert_eq!(refusal("list foo"), "unexpected data 'foo'");
        assert_eq!(refusal("domid"), "command 'domid' requires <domain> option");
        assert_eq!(refusal("domid --domain"), "expected syntax: --domain <string>");
        assert_eq!(refusal("list --all=1"), "invalid '=' after option --all");
    }

    #[test]
    fn several_commands_are_read_before_one_is_run() {
        let calls = parse_line("list --all; uri # no more; uri\nversion").unwrap();
        let names: Vec<_> = calls.iter().map(|call| call.command.name).collect();
        assert_eq!(names, ["list", "uri", "version"]);
        assert!(parse_line("list; bogus").is_err());
    }

    #[test]
    fn a_comment_may_be_an_argument_of_the_program() {
        assert!(parse_words(["#x".into(), "echo".into()]).unwrap().is_empty());
    }

    #[test]
    fn help_is_an_option_of_every_command() {
        let call = parse_line("start --help").unwrap().pop().unwrap();
        assert_eq!((call.command.name, call.given[0].1.as_str()), ("help", "start"));
    }
}
