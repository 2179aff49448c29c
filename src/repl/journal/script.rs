//! The source of a saved session.

use super::Done;
use crate::lang::literals;
use crate::lang::statements::{Kind, Statement, statements};
use crate::lang::tokens::{Class, tokens};

/// The parts of the script, in their order.
#[derive(Default)]
pub(super) struct Script {
    imports: Vec<String>,
    /// Each with what tells it from others: its name and the number of its parameters.
    functions: Vec<(String, String)>,
    body: String,
}

impl Script {
    /// Adds what was done; `named` where its value is spoken of later.
    pub(super) fn add(&mut self, done: &Done, named: bool) {
        match done {
            Done::Rhai { source, shown } => self.add_source(source, *shown, named),
            Done::Virsh { call } if named => self.line(&format!("let it = vsh::shown(|| {call});")),
            Done::Virsh { call } => self.line(&format!("vsh::shown(|| {call});")),
            Done::Connected { uri, readonly } => {
                let readonly = if *readonly { ", readonly: true" } else { "" };
                let name = literals::text(uri);
                self.line(&format!("virsh::connect(#{{ name: {name}{readonly} }});"));
            }
            Done::Secret => self.line("// Left out: a line with a secret in it."),
        }
    }

    /// Adds what the rest needs of another source: functions, imports, variables and constants.
    pub(super) fn complete(&mut self, source: &str) {
        let mut offered: Vec<(String, Statement)> = statements(source)
            .into_iter()
            .filter_map(|statement| {
                Some((declared(&source[statement.range.clone()], statement.kind)?, statement))
            })
            .collect();
        let mut variables = String::new();
        loop {
            let functions = self.functions.iter().map(|(_, text)| text.as_str());
            let so_far: String =
                functions.chain([variables.as_str(), self.body.as_str()]).collect::<Vec<_>>().join("\n");
            let Some(place) = offered.iter().position(|(name, _)| mentions(&so_far, name)) else { break };
            let (_, statement) = offered.remove(place);
            let text = &source[statement.comments..statement.range.end];
            match statement.kind {
                Kind::Import => self.add_import(text),
                // One of the session's own stays.
                Kind::Function if self.functions.iter().any(|(known, _)| *known == signature(text)) => {}
                Kind::Function => self.add_function(text),
                _ => variables = format!("{text};\n{variables}"),
            }
        }
        self.body.insert_str(0, &variables);
    }

    /// The whole text.
    pub(super) fn text(self) -> String {
        let imports = self.imports.join("\n");
        let functions = self.functions.into_iter().map(|(_, text)| text);
        let parts = std::iter::once(imports).chain(functions).chain([self.body.trim_end().to_owned()]);
        let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
        parts.join("\n\n") + "\n"
    }

    fn add_source(&mut self, source: &str, shown: bool, named: bool) {
        let mut ran: Vec<Statement> = Vec::new();
        for statement in statements(source) {
            let text = &source[statement.comments..statement.range.end];
            match statement.kind {
                Kind::Function => self.add_function(text),
                Kind::Import if self.has_room_for(text) => self.add_import(text),
                // What stands behind a `return` did not run.
                _ if ran.last().is_some_and(|last| last.kind == Kind::Return) => {}
                _ => ran.push(statement),
            }
        }
        let last = ran.len().saturating_sub(1);
        for (index, statement) in ran.iter().enumerate() {
            let is_value = index == last && (shown || statement.kind == Kind::Return);
            self.add_statement(source, statement, is_value.then_some(named));
        }
    }

    /// Adds a statement; `shown` where its value is that of the input: whether it gets a name.
    fn add_statement(&mut self, source: &str, statement: &Statement, shown: Option<bool>) {
        let comments = source[statement.comments..statement.range.start].trim_end();
        if !comments.is_empty() {
            self.line(comments);
        }
        let text = &source[statement.range.clone()];
        let Some(named) = shown else {
            return self.line(&if statement.kind == Kind::Block {
                text.to_owned()
            } else {
                format!("{text};")
            });
        };
        let value =
            if statement.kind == Kind::Return { text.trim_start_matches("return").trim() } else { text };
        match (value, named) {
            ("", _) => {}
            (_, true) => self.line(&format!("let it = {value};\nshow(it);")),
            (_, false) => self.line(&format!("show({value});")),
        }
    }

    fn line(&mut self, text: &str) {
        self.body.push_str(text);
        self.body.push('\n');
    }

    fn add_function(&mut self, text: &str) {
        let signature = signature(text);
        match self.functions.iter_mut().find(|(known, _)| *known == signature) {
            Some((_, earlier)) => text.clone_into(earlier),
            None => self.functions.push((signature, text.to_owned())),
        }
    }

    fn add_import(&mut self, text: &str) {
        let statement = format!("{text};");
        if !self.imports.contains(&statement) {
            self.imports.push(statement);
        }
    }

    /// False where another module has the name already: the later import stays where it was made.
    fn has_room_for(&self, text: &str) -> bool {
        let statement = format!("{text};");
        let name = |text: &str| {
            text.rsplit_once(" as ").map(|(_, name)| name.trim_end_matches(';').trim().to_owned())
        };
        let taken = |earlier: &&String| **earlier != statement && name(earlier) == name(text);
        !self.imports.iter().any(|earlier| taken(&earlier))
    }
}

/// The name that a statement declares: of a function, a module, a variable.
fn declared(text: &str, kind: Kind) -> Option<String> {
    let tokens = tokens(text);
    let words: Vec<&str> =
        tokens.iter().filter(|t| t.class != Class::Comment).map(|t| t.text(text)).collect();
    let name = match kind {
        Kind::Function => words[..words.iter().position(|word| *word == "(")?].last(),
        Kind::Import => words.last(),
        Kind::Simple if matches!(words.first(), Some(&("let" | "const"))) => words.get(1),
        _ => None,
    };
    name.map(|name| (*name).to_owned())
}

fn mentions(source: &str, name: &str) -> bool {
    let is_name = |class| matches!(class, Class::Call | Class::Method | Class::Module | Class::Variable);
    tokens(source).iter().any(|token| is_name(token.class) && token.text(source) == name)
}

/// The name of a function and the number of its parameters, which is what tells it from others.
fn signature(text: &str) -> String {
    let tokens = tokens(text);
    let head = tokens.iter().filter(|token| token.class != Class::Comment).map(|token| token.text(text));
    let head: Vec<&str> = head.take_while(|piece| *piece != "{").collect();
    let opening = head.iter().position(|piece| *piece == "(").unwrap_or(head.len());
    let parameters = head[opening..].iter().filter(|piece| !matches!(**piece, "(" | ")" | ",")).count();
    let name: Vec<&str> = head[..opening].iter().filter(|piece| **piece != "private").copied().collect();
    format!("{}/{parameters}", name.concat())
}
