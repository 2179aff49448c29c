//! What a text means that is an argument: the name of something that is there, a word of a few, a path, a URI.

use super::objects::{Object, definition};
use super::{At, FILE_PARAMETERS, uris, xml_paths};
use crate::api::argument_words;
use crate::api::xml::{XmlDocument, XmlNode};
use crate::lang::catalog::Entry;
use crate::lang::infer::{Call, live};
use crate::lang::options::OptionSpec;
use crate::lang::types::Type;
use crate::repl::choice::Choice;
use crate::repl::{files, names};
use crate::virsh::complete::Value;
use crate::xml::Document;

/// A text to choose.
pub(super) struct Text {
    pub(super) written: String,
    /// What it is.
    pub(super) summary: String,
    /// What follows it is still the same text: a folder, an element in which there are others.
    pub(super) goes_on: bool,
}

impl Text {
    fn new(text: impl Into<String>) -> Self {
        Self { written: text.into(), summary: String::new(), goes_on: false }
    }

    /// Writes it as it must stand between quotes.
    pub(super) fn choice(&self, quote: char, closed: bool) -> Choice {
        Choice { summary: self.summary.clone(), ..Choice::text(&self.written, quote, closed || self.goes_on) }
    }
}

/// Makes choices of plain names.
pub(super) fn plain<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Vec<Text> {
    names.into_iter().map(Text::new).collect()
}

impl At<'_> {
    /// Returns what an argument can be.
    pub(super) fn arguments(&self, call: &Call, argument: usize, typed: &str) -> Vec<Text> {
        if let Some(paths) = self.paths_of_call(call, argument, typed) {
            return paths;
        }
        let is_finder = call.receiver.as_ref().is_none_or(|of| of.is_any() || of.name() == "Connection");
        let names = if argument == 0 && is_finder { self.live_names(call) } else { Vec::new() };
        if !names.is_empty() {
            return plain(names);
        }
        let names = self.parts(call, argument);
        if !names.is_empty() {
            return plain(names);
        }
        let is_unknown = call.receiver.as_ref().is_some_and(Type::is_any);
        // What nothing is known of is mostly a guest.
        let path = if is_unknown { format!("Domain.{}", call.name) } else { call.path() };
        let words = argument_words::argument(&path, argument);
        if !words.is_empty() {
            return words.into_iter().map(|word| going_on(word.into())).collect();
        }
        match (path.as_str(), argument) {
            ("connect", 0) => self.uris(),
            ("env", 0) => plain(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())),
            _ if self.is_file(call, argument) => files::paths(typed)
                .into_iter()
                .map(|path| Text { goes_on: path.ends_with('/'), ..Text::new(path) })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Returns what the value of an option can be.
    pub(super) fn option_values(&self, call: &Call, option: &OptionSpec) -> Vec<Text> {
        if !option.words().is_empty() {
            return plain(option.words().iter().copied());
        }
        let words = argument_words::option(&call.name, option.name);
        if !words.is_empty() {
            return plain(words);
        }
        if option.name == "name" {
            return plain(self.live_names(call));
        }
        let of_guest = call.receiver.as_ref().is_some_and(|of| of.name() == "Domain");
        match names::kind_of(option.name).zip(self.connection_of(call)) {
            Some((kind, connection)) => plain(self.shell.names().get(&connection, kind).iter().cloned()),
            None if of_guest && ["disk", "disks"].contains(&option.name) => {
                plain(self.parts_of(self.object(&call.source), "device-disk"))
            }
            None => Vec::new(),
        }
    }

    /// Returns what a text between `[` and `]` can be.
    pub(super) fn indices(&self, receiver: &Type, source: &str, typed: &str) -> Vec<Text> {
        if ["XmlDocument", "XmlNode"].contains(&receiver.name()) {
            return self.paths(source, typed);
        }
        plain(live::look(source, self.scope, live::keys).unwrap_or_default())
    }

    pub(super) fn live_names(&self, call: &Call) -> Vec<String> {
        let kind = names::kind_of(&call.name).filter(|_| call.namespace.is_empty());
        let names = kind.zip(self.connection_of(call));
        names.map(|(kind, connection)| self.shell.names().get(&connection, kind).to_vec()).unwrap_or_default()
    }

    fn connection_of(&self, call: &Call) -> Option<crate::libvirt::Connection> {
        match &call.receiver {
            None => self.connection(""),
            Some(of) if of.is_any() || of.name() == "Connection" => self.connection(&call.source),
            Some(_) => Some(self.object(&call.source)?.connection),
        }
    }

    /// Returns the names of what belongs to an object: its snapshots, its disks, the volumes of a pool.
    fn parts(&self, call: &Call, argument: usize) -> Vec<String> {
        let parameter = self.parameter(call, argument).unwrap_or_default();
        let is_named = |name: &str| parameter == name;
        match call.path().as_str() {
            "volume" | "Connection.volume" if argument == 1 => {
                let connection = self.connection_of(call);
                let pool = connection.zip(call.first.clone());
                let object = pool.map(|(connection, name)| Object { connection, kind: "pool", name });
                self.parts_of(object, "volume")
            }
            "StoragePool.volume" => self.parts_of(self.object(&call.source), "volume"),
            "Domain.snapshot" => self.parts_of(self.object(&call.source), "snapshot"),
            "Domain.checkpoint" => self.parts_of(self.object(&call.source), "checkpoint"),
            path if path.starts_with("Domain.") => {
                let kind = match parameter.as_str() {
                    _ if is_named("disk") => "device-disk",
                    _ if is_named("device") && path.contains("interface") => "device-nic",
                    _ if is_named("alias") => "device-alias",
                    _ => return Vec::new(),
                };
                self.parts_of(self.object(&call.source), kind)
            }
            _ => Vec::new(),
        }
    }

    fn parts_of(&self, object: Option<Object>, kind: &'static str) -> Vec<String> {
        let Some(object) = object else { return Vec::new() };
        let value = Value { kind, before: vec![(object.kind, object.name)] };
        self.shell.names().virsh(&object.connection, &value)
    }

    fn uris(&self) -> Vec<Text> {
        let mut found: Vec<Text> = plain(self.shell.knowledge().usage().uris());
        let configured = uris::configured().into_iter();
        found.extend(configured.map(|(text, summary)| Text { summary, ..Text::new(text) }));
        let usual = ["qemu:///system", "qemu:///session", "lxc:///system", "test:///default"];
        found.extend(plain(usual));
        found
    }

    /// Returns the paths of the document that a method with a path is called on.
    fn paths_of_call(&self, call: &Call, argument: usize, typed: &str) -> Option<Vec<Text>> {
        let of = call.receiver.as_ref()?;
        let takes_path = ["all", "remove"].contains(&call.name.as_str()) && argument == 0;
        let is_xml = ["XmlDocument", "XmlNode"].contains(&of.name());
        (is_xml && takes_path).then(|| self.paths(&call.source, typed))
    }

    /// Returns the paths of a document of the session, or of the definition of an object of it.
    fn paths(&self, source: &str, typed: &str) -> Vec<Text> {
        let in_document = |value: &rhai::Dynamic| {
            if let Some(xml) = value.read_lock::<XmlDocument>() {
                return Some(xml_paths::paths(&xml.document.root(), typed));
            }
            value.read_lock::<XmlNode>().map(|xml| xml_paths::paths(&xml.node, typed))
        };
        let found = live::look(source, self.scope, in_document).flatten();
        let found = found.or_else(|| {
            let object = self.object(source.strip_suffix(".xml")?)?;
            let what = format!("the definition of {} {}", object.kind, object.name);
            let (kind, name) = (object.kind, object.name);
            let text = self
                .shell
                .names()
                .ask(&object.connection, what, None, move |connection| definition(connection, kind, &name));
            Some(xml_paths::paths(&Document::parse(text.first()?).ok()?.root(), typed))
        });
        let text = |(path, is_end): (String, bool)| Text { goes_on: !is_end, ..Text::new(path) };
        found.unwrap_or_default().into_iter().map(text).collect()
    }

    /// Returns the name of a parameter.
    fn parameter(&self, call: &Call, argument: usize) -> Option<String> {
        let overloads = self.entry(call)?.overloads.iter();
        overloads.filter_map(|one| one.params.get(argument)).map(|param| param.name.clone()).next()
    }

    fn entry(&self, call: &Call) -> Option<&Entry> {
        match &call.receiver {
            Some(receiver) => self.catalog.method(receiver, &call.name),
            None => self.catalog.function(&call.namespace, &call.name),
        }
    }

    fn is_file(&self, call: &Call, argument: usize) -> bool {
        self.parameter(call, argument).is_some_and(|name| FILE_PARAMETERS.contains(&name.as_str()))
    }
}

/// A word that ends with a colon wants something behind it.
fn going_on(word: String) -> Text {
    Text { goes_on: word.ends_with(':'), ..Text::new(word) }
}
