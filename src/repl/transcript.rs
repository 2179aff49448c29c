//! A session at the prompt without a terminal: what is typed goes in, what would be on the screen comes out.

use super::screen::Paper;
use super::shell::Shell;
use super::validator::Validator;
use super::{Ending, Setup};

/// See the module. Lines are collected until the parser has a whole input, as Enter does at a terminal.
pub struct Transcript {
    shell: Shell,
    validator: Validator,
    paper: Paper,
    pending: String,
    ending: Option<Ending>,
}

impl Transcript {
    /// Begins a session; `print` writes into the transcript too.
    pub fn new(mut setup: Setup) -> Self {
        let paper = Paper::default();
        let printed = paper.clone();
        let shown = paper.clone();
        setup.session.context().virsh().redirect(move |text| shown.push(text));
        setup.session.on_print(move |text| printed.push(&format!("{text}\n")));
        Self {
            shell: Shell::new(setup),
            validator: Validator::new(),
            paper,
            pending: String::new(),
            ending: None,
        }
    }

    /// Takes one line and returns what the session answers: nothing while the input goes on, or after its end.
    pub fn line(&mut self, line: &str) -> String {
        if self.ending.is_some() {
            return String::new();
        }
        self.pending.push_str(line);
        if self.validator.wants_more(&self.pending) {
            self.pending.push('\n');
            return String::new();
        }
        let input = std::mem::take(&mut self.pending);
        self.ending = self.shell.input(&input, &mut self.paper);
        self.shell.notice(&mut self.paper);
        self.paper.take()
    }

    /// Returns the prompt that would stand in front of the next line.
    pub fn prompt(&self) -> String {
        self.shell.prompt()
    }

    /// Returns how the session has ended, if it has.
    pub fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// Returns what Tab would offer at the end of `line`, each with what it is.
    pub fn complete(&self, line: &str) -> Vec<(String, String)> {
        let choices = super::completer::choices(&self.shell, line, line.len());
        choices.list.into_iter().map(|choice| (choice.insert, choice.summary)).collect()
    }
}
