//! What the commands that begin with a colon need of the shell.

use std::borrow::Cow;

use rhai::{Dynamic, EvalAltResult};

use super::Shell;
use crate::error::Error;
use crate::libvirt::Connection;
use crate::output::{self, Data, Options, Palette, Style};
use crate::repl::Ending;
use crate::repl::commands::{self, Command};
use crate::repl::screen::{Paper, Screen};
use crate::repl::sitting::{Cost, Sitting};
use crate::virsh;

/// What an input has shown.
pub(in crate::repl) struct Look {
    pub(in crate::repl) text: String,
    /// How the prompt ends, if it does.
    pub(in crate::repl) ending: Option<Ending>,
    /// Whether Ctrl-C ended it.
    pub(in crate::repl) was_interrupted: bool,
}

impl Shell {
    /// What it keeps beside the variables.
    pub(in crate::repl) fn sitting(&self) -> &Sitting {
        &self.sitting
    }

    /// The same, to be changed.
    pub(in crate::repl) fn sitting_mut(&mut self) -> &mut Sitting {
        &mut self.sitting
    }

    /// Returns the colours of errors and notices.
    pub(in crate::repl) fn stderr(&self) -> Palette {
        self.stderr
    }

    /// Returns a notice as a line of its own.
    pub(in crate::repl) fn dim(&self, text: &str) -> String {
        format!("{}\n", self.stderr.paint(Style::Dim, text))
    }

    /// Evaluates a file as if it were typed; its value is not shown, as that of a script is not.
    pub(in crate::repl) fn load(
        &mut self,
        name: &str,
        source: &str,
        screen: &mut dyn Screen,
    ) -> Option<Ending> {
        let outcome = self.measured(|shell| shell.session.eval(name, source));
        self.knowledge.learn(source, &self.session);
        if outcome.is_ok() {
            self.sitting.journal.loaded(source);
        }
        self.finish(outcome.map(drop), screen)
    }

    /// Takes an input and says what it cost.
    pub(in crate::repl) fn timed(&mut self, input: &str, screen: &mut dyn Screen) -> Option<Ending> {
        self.sitting.cost = None;
        let ending = self.answer(input, screen);
        if let Some(cost) = self.sitting.cost.take().filter(|_| ending.is_none()) {
            screen.tell(&self.dim(&cost.text()));
        }
        ending
    }

    /// Takes an input and returns all that it shows; nothing of it is kept for a script.
    pub(in crate::repl) fn look(&mut self, input: &str, width: Option<usize>) -> Look {
        let mut paper = Paper::new(width);
        let (printed, written) = (paper.clone(), paper.clone());
        let (journal, inputs) = (std::mem::take(&mut self.sitting.journal), self.inputs);
        self.sitting.was_interrupted = false;
        self.session.on_print(move |text| printed.push(&format!("{text}\n")));
        let context = self.session.context().clone();
        let ending =
            context.virsh().redirected(move |text| written.push(text), || self.answer(input, &mut paper));
        self.session.print_to_stdout();
        (self.sitting.journal, self.inputs) = (journal, inputs);
        Look { text: paper.take(), ending, was_interrupted: self.sitting.was_interrupted }
    }

    /// Makes another connection, which is open, the default one.
    pub(in crate::repl) fn use_connection(&mut self, connection: Connection) {
        self.sitting.connected(&connection.uri());
        self.session.context().set_connection(connection.clone());
        self.open = Some(connection);
    }

    /// Shows a table.
    pub(in crate::repl) fn show_table(
        &mut self,
        table: output::Table,
        screen: &mut dyn Screen,
    ) -> Result<Option<Ending>, Error> {
        let options = Options { width: screen.width(), columns: None, ..self.options.clone() };
        let text = output::render(&Data::Table(table.clone()), &options)?;
        self.sitting.table = Some(table);
        let written = screen.show(&text)?;
        Ok(self.written(written))
    }

    /// Whether a word is a variable or a command: no alias hides it.
    pub(in crate::repl) fn is_taken(&self, word: &str) -> bool {
        commands::NAMES.contains(&word)
            || self.session.scope().contains(word)
            || virsh::records::find(word).is_some()
    }

    /// Returns an input with what its alias stands for.
    ///
    /// Errors: `usage` for an alias that stands for itself.
    pub(in crate::repl) fn expanded<'a>(&self, input: &'a str) -> Result<Cow<'a, str>, Error> {
        self.sitting.aliases.expand(input, |word| self.is_taken(word))
    }

    /// Whether what is typed is read by the language, and not by virsh or the prompt.
    pub(in crate::repl) fn is_rhai(&self, line: &str) -> bool {
        let is_variable = |name: &str| self.session.scope().contains(name);
        matches!(self.expanded(line), Ok(Cow::Borrowed(line))
            if !matches!(Command::read(line, is_variable), Some(Command::Virsh(_) | Command::Meta(_))))
    }

    /// Does something and adds what it cost.
    pub(super) fn measured<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let door = self.session.context().door().clone();
        let (value, cost) = Cost::of(&door, || run(self));
        self.sitting.cost.get_or_insert_default().add(cost);
        value
    }

    /// Takes note of an input for whoever saves the session.
    pub(super) fn note(&mut self, source: &str, outcome: &Result<Dynamic, Box<EvalAltResult>>) {
        match outcome {
            Ok(value) => self.sitting.journal.evaluated(source, !value.is_unit()),
            Err(failure) if matches!(**failure, EvalAltResult::ErrorParsing(..)) => {}
            Err(_) => self.sitting.journal.failed(source),
        }
    }
}
