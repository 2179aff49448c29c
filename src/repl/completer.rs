//! What can stand at the cursor.
//!
//! `lang::infer` says what kind of place it is; the words come from the catalog, the session's variables and
//! functions, and the live names. Nothing is evaluated.

mod arguments;
mod objects;
mod uris;
mod virsh_lines;
mod xml_paths;

use arguments::Text;
use std::borrow::Cow;
use std::collections::BTreeMap;

use rhai::Scope;

use super::choice::{Choice, Choices};
use super::commands::{self, Command};
use super::files;
use super::meta::{self, Takes};
use super::shell::Shell;
use crate::api::argument_words::{self, EVENT_KEYS};
use crate::help::topics;
use crate::lang::catalog::{Catalog, Entry, Kind, Origin};
use crate::lang::infer::{EVENT, Place, live, place_at};
use crate::lang::options::OptionSpec;
use crate::lang::types::Type;
use crate::libvirt::events::kinds;

/// The words of the language that are worth completing.
const KEYWORDS: &[&str] = &[
    "as", "break", "catch", "const", "continue", "do", "else", "export", "false", "fn", "for", "if",
    "import", "in", "let", "loop", "private", "return", "switch", "this", "throw", "true", "try", "until",
    "while",
];

/// Parameters of these names are files.
const FILE_PARAMETERS: &[&str] =
    &["path", "file", "folder", "from", "to", "source", "target", "program", "dir"];

/// Returns what can stand in the place of the word that ends at byte `cursor`, what was used last first.
pub(super) fn choices(shell: &Shell, line: &str, cursor: usize) -> Choices {
    let mut choices = all_choices(shell, line, cursor);
    shell.knowledge().usage().rank(&mut choices);
    choices
}

fn all_choices(shell: &Shell, line: &str, cursor: usize) -> Choices {
    let Some((before, after)) = line.split_at_checked(cursor) else { return Choices::default() };
    if let Some(choices) = behind_alias(shell, line, cursor) {
        return choices;
    }
    let catalog = shell.knowledge().catalog(shell.session());
    if let Some(choices) = help_topics(before, catalog) {
        return choices;
    }
    if let Some(typed) = before.trim_start().strip_prefix(':') {
        return meta_choices(shell, line, cursor, typed);
    }
    if let Some(line) = virsh_lines::line(shell, before) {
        return virsh_lines::choices(shell, before, line);
    }
    if let Some(choices) = virsh_lines::dashed(shell, before) {
        return choices;
    }
    let scope = shell.session().scope();
    let prelude = shell.knowledge().prelude();
    let place = place_at(&format!("{prelude}{before}"), scope, &|_| None, catalog);
    let at = At { shell, catalog, scope, before, after, prelude: prelude.len() };
    at.choices(place)
}

/// What can stand behind an alias is what can stand behind its meaning.
fn behind_alias(shell: &Shell, line: &str, cursor: usize) -> Option<Choices> {
    let is_behind = line.get(..cursor)?.trim_start().contains(char::is_whitespace);
    let Ok(Cow::Owned(meant)) = shell.expanded(line) else { return None };
    let inner = all_choices(shell, &meant, meant.len() - (line.len() - cursor));
    let start = (inner.start + line.len()).checked_sub(meant.len()).filter(|_| is_behind)?;
    Some(Choices { start, ..inner })
}

/// `:he`, `:help qu`: the commands of the prompt and what they take.
fn meta_choices(shell: &Shell, line: &str, cursor: usize, typed: &str) -> Choices {
    let before = &line[..cursor];
    let commands =
        || meta::COMMANDS.iter().map(|command| Choice::with(command.name, command.summary)).collect();
    let (name, rest) = meta::split(typed);
    if !rest.contains(char::is_whitespace) {
        return Choices::matching(before.len() - typed.len(), typed, commands());
    }
    let rest = rest.trim_start_matches('!').trim_start();
    let words = match meta::find(name).map(|command| command.takes) {
        Ok(Takes::Command) => commands(),
        Ok(Takes::File) => files::paths(rest).into_iter().map(Choice::plain).collect(),
        Ok(Takes::Host) => meta::hosts::names(shell).into_iter().map(Choice::plain).collect(),
        Ok(Takes::Input) => {
            let skipped = before.len() - rest.len();
            let inner = all_choices(shell, &line[skipped..], cursor - skipped);
            return Choices { start: inner.start + skipped, ..inner };
        }
        Ok(Takes::Words(words)) => words.iter().map(|word| Choice::plain(*word)).collect(),
        Ok(Takes::Events) => return event_words(before, rest),
        Ok(Takes::Nothing) | Err(_) => Vec::new(),
    };
    Choices::matching(before.len() - rest.len(), rest, words)
}

/// `on`, `off`, and behind `on` the kinds of events.
fn event_words(before: &str, rest: &str) -> Choices {
    let typed = rest.rsplit([' ', ',']).next().unwrap_or(rest);
    let offered = || kinds().map(|kind| Choice::with(kind.name, kind.doc)).collect();
    let words = match rest[..rest.len() - typed.len()].trim() {
        "" => ["on", "off"].map(Choice::plain).to_vec(),
        on if on.split([' ', ',']).next() == Some("on") => offered(),
        _ => Vec::new(),
    };
    Choices::matching(before.len() - typed.len(), typed, words)
}

/// `help Dom`, `?Dom`: what help is given on.
fn help_topics(before: &str, catalog: &Catalog) -> Option<Choices> {
    let word = before.trim_start();
    let typed = word.strip_prefix('?').or_else(|| word.strip_prefix("help "))?.trim_start();
    if !typed.is_empty() && !matches!(Command::read(before, |_| false), Some(Command::Help(Some(_)))) {
        return None;
    }
    let type_names = catalog.types().into_iter().map(Choice::plain);
    let groups = catalog.namespaces().into_iter().chain(catalog.modules()).map(Choice::plain);
    let pages = topics::all().into_iter().map(|topic| Choice::with(topic.name.as_str(), topic.summary()));
    let mut topics: Vec<Choice> = pages.chain(type_names).chain(groups).collect();
    let wanted = |entry: &&Entry| entry.origin != Origin::Rhai || typed.len() > 1;
    let with_type = typed.contains(['.', ':']);
    for entry in catalog.entries().iter().filter(wanted) {
        if with_type || entry.receiver.is_none() {
            topics.push(Choice::with(entry.path(), entry.doc().summary));
        }
    }
    topics.sort_by(|a, b| a.insert.cmp(&b.insert));
    Some(Choices::matching(before.len() - typed.len(), typed, topics))
}

/// A cursor and what is known around it.
struct At<'a> {
    shell: &'a Shell,
    catalog: &'a Catalog,
    scope: &'a Scope<'static>,
    before: &'a str,
    after: &'a str,
    /// The length of the earlier imports, which stand in front of `before` for the reader.
    prelude: usize,
}

impl At<'_> {
    fn choices(&self, place: Place) -> Choices {
        match place {
            Place::Nothing => Choices::default(),
            Place::Word { typed, start, variables, functions, modules, option } => {
                let words = match option {
                    Some(option) if !option.words().is_empty() => option_values(option),
                    _ => self.words(&typed, &variables, &functions, &modules),
                };
                self.matching(start, &typed, words)
            }
            Place::Member { receiver, source, typed, start } => {
                self.matching(start, &typed, self.members(&receiver, &source, &typed))
            }
            Place::Namespace { path, module, typed, start } => {
                self.matching(start, &typed, self.functions_of(&path, module.as_deref()))
            }
            Place::ImportPath { typed, start } => {
                let modules = self.shell.session().modules().names();
                self.texts(start, &typed, &arguments::plain(modules))
            }
            Place::Text { call, argument, typed, start } => {
                let texts = self.arguments(&call, argument, &typed);
                self.texts(start, &typed, &texts)
            }
            Place::IndexText { receiver, source, typed, start } => {
                self.texts(start, &typed, &self.indices(&receiver, &source, &typed))
            }
            Place::Compared { receiver, property, typed, start } => {
                let words = argument_words::property(receiver.name(), &property);
                self.texts(start, &typed, &arguments::plain(words))
            }
            Place::OptionKey { table, used, typed, start, .. } => {
                let is_free = |option: &&OptionSpec| !used.iter().any(|key| option.answers_to(key));
                let keys = table.options.iter().filter(is_free).map(Choice::key).collect();
                self.matching(start, &typed, keys)
            }
            Place::OptionValue { call, option, typed, start } => {
                self.texts(start, &typed, &self.option_values(&call, option))
            }
        }
    }

    fn matching(&self, start: usize, typed: &str, all: Vec<Choice>) -> Choices {
        Choices::matching(start.saturating_sub(self.prelude), typed, all)
    }

    fn texts(&self, start: usize, typed: &str, texts: &[Text]) -> Choices {
        let start_here = start.saturating_sub(self.prelude);
        let quote = self.before[..start_here].chars().next_back().unwrap_or('"');
        let closed = self.after.starts_with(quote);
        self.matching(start, typed, texts.iter().map(|text| text.choice(quote, closed)).collect())
    }

    /// True where the parentheses of a call stand behind the cursor.
    fn is_opened(&self) -> bool {
        self.after.starts_with('(')
    }

    /// Variables first, then the user's functions, then the host's; with a letter typed also Rhai's own.
    fn words(
        &self,
        typed: &str,
        variables: &[(String, Type)],
        functions: &[String],
        modules: &[String],
    ) -> Vec<Choice> {
        let opened = self.is_opened();
        let variable = |(name, type_): &(String, Type)| Choice::with(name, type_.to_string());
        let mut words: Vec<Choice> = variables.iter().map(variable).collect();
        words.extend(functions.iter().map(|name| Choice {
            label: format!("{name}(…)"),
            ..Choice::plain(if opened { name.clone() } else { format!("{name}(") })
        }));
        let own = |entry: &&Entry| entry.origin == Origin::Script;
        words.extend(self.catalog.functions("").filter(own).map(|entry| Choice::entry(entry, opened)));
        let everything = !typed.is_empty();
        let host = |entry: &&Entry| (entry.origin != Origin::Rhai || everything) && is_word(&entry.name);
        words.extend(self.catalog.functions("").filter(host).map(|entry| self.function(entry, opened)));
        let namespaces = self.catalog.namespaces().into_iter().filter(|name| *name != virsh_lines::NAMESPACE);
        let namespaces = namespaces.chain([virsh_lines::NAMESPACE]).chain(modules.iter().map(String::as_str));
        words.extend(namespaces.map(|name| {
            let summary = self.catalog.doc(name).map(|doc| doc.summary.clone()).unwrap_or_default();
            Choice::with(format!("{name}::"), summary)
        }));
        if everything {
            words.extend(KEYWORDS.iter().map(|word| Choice::plain(*word)));
        }
        if self.before.trim_start() == typed {
            let aliases = self.shell.sitting().aliases.iter();
            words.extend(
                aliases.map(|(word, meaning)| Choice::with(word, format!("Stands for `{meaning}`."))),
            );
            words.extend(commands::WORDS.iter().map(|(word, does)| Choice::with(*word, *does)));
            // Not all of them before a letter was typed.
            words.extend(virsh_lines::commands().into_iter().filter(|_| everything));
        }
        words
    }

    /// A function; one that stands for a method of the connection is told by the sentence on that.
    fn function(&self, entry: &Entry, opened: bool) -> Choice {
        let choice = Choice::entry(entry, opened);
        let method = self.catalog.method(&Type::object("Connection"), &entry.name);
        match method.filter(|_| choice.summary.ends_with(" of the default connection, `conn()`.")) {
            Some(method) => Choice { summary: method.doc().summary, ..choice },
            None => choice,
        }
    }

    /// The keys of a map that is there, then the type's own members, then what every value has.
    fn members(&self, receiver: &Type, source: &str, typed: &str) -> Vec<Choice> {
        let opened = self.is_opened();
        let keys = live::look(source, self.scope, live::keys).unwrap_or_default();
        let mut members: Vec<Choice> =
            keys.into_iter().filter(|key| rhai::is_valid_identifier(key)).map(Choice::plain).collect();
        if receiver.name() == EVENT {
            members.extend(EVENT_KEYS.iter().map(|(key, holds)| Choice::with(*key, *holds)));
        }
        let mut entries: Vec<&Entry> =
            self.catalog.members(receiver).filter(|e| e.kind != Kind::Index && is_word(&e.name)).collect();
        // A property hides the method of the same name: it is the shorter way.
        entries
            .sort_by_key(|entry| (entry.receiver.as_ref() == Some(&Type::Any), entry.kind == Kind::Method));
        let mut seen = std::collections::HashSet::new();
        entries.retain(|entry| seen.insert(entry.name.as_str()));
        members.extend(entries.into_iter().map(|entry| Choice::entry(entry, opened)));
        if receiver.is_any() && !typed.is_empty() {
            members.extend(self.members_of_all());
        }
        members
    }

    /// The members of every type, for a value that nothing is known of: each with the types that have it.
    fn members_of_all(&self) -> Vec<Choice> {
        let opened = self.is_opened();
        let mut found: BTreeMap<&str, (Choice, Vec<&str>)> = BTreeMap::new();
        let entries =
            self.catalog.entries().iter().filter(|e| e.origin != Origin::Rhai && e.kind != Kind::Index);
        for entry in entries {
            let Some(receiver) = entry.receiver.as_ref().filter(|of| !of.is_any()) else { continue };
            let choice = || (Choice::entry(entry, opened), Vec::new());
            found.entry(&entry.name).or_insert_with(choice).1.push(receiver.name());
        }
        let choice = |(name, (choice, mut types)): (&str, (Choice, Vec<&str>))| {
            types.dedup();
            match types[..] {
                [one] => Choice { label: format!("{one}.{}", choice.label), ..choice },
                _ => Choice { label: name.to_owned(), summary: format!("of {}", types.join(", ")), ..choice },
            }
        };
        found.into_iter().map(choice).collect()
    }

    fn functions_of(&self, path: &str, module: Option<&str>) -> Vec<Choice> {
        let opened = self.is_opened();
        if path == virsh_lines::NAMESPACE {
            return virsh_lines::functions(opened);
        }
        let choice = |entry: &Entry| Choice::entry(entry, opened);
        match module {
            Some(module) => {
                let functions = self.catalog.module_entries(module).filter(|e| e.kind == Kind::Function);
                functions.map(choice).collect()
            }
            None => self.catalog.functions(path).map(choice).collect(),
        }
    }
}

/// True for what can be typed as a name: operators and the parser's own functions are none.
fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_') && rhai::is_valid_identifier(name)
}

fn option_values(option: &OptionSpec) -> Vec<Choice> {
    let is_flag = option.words() == ["true", "false"];
    let word = |word: &&str| if is_flag { (*word).to_owned() } else { format!("\"{word}\"") };
    option.words().iter().map(|w| Choice::plain(word(w))).collect()
}

#[cfg(test)]
mod tests;
