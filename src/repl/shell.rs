//! The prompt without its terminal: one input after the other.

use rhai::{Dynamic, EvalAltResult, Scope};

use super::commands::{self, Command};
use super::knowledge::Knowledge;
use super::names::Names;
use super::screen::Screen;
use super::{Ending, Manner, Setup, meta};
use crate::api::data::to_data;
use crate::api::error::from_rhai;
use crate::api::global::ExitStatus;
use crate::error::{Error, code};
use crate::libvirt::{Connection, Reason};
use crate::output::{self, Data, Options, Palette, Style, Written};
use crate::report;
use crate::session::Session;
use crate::virsh;

/// See the module.
pub(super) struct Shell {
    session: Session,
    knowledge: Knowledge,
    names: Names,
    options: Options,
    stderr: Palette,
    /// How many inputs were evaluated.
    inputs: usize,
    manner: Manner,
    /// The connection that was open after the last input.
    open: Option<Connection>,
}

impl Shell {
    /// Makes a shell; nothing is opened or read.
    pub(super) fn new(setup: Setup) -> Self {
        setup.session.context().virsh().set_interactive();
        Self {
            session: setup.session,
            manner: setup.manner,
            knowledge: Knowledge::default(),
            names: Names::default(),
            options: setup.options,
            stderr: setup.stderr,
            inputs: 0,
            open: None,
        }
    }

    /// What evaluates.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// What is known about the language.
    pub(super) fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }

    /// The live names.
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// Returns the colours of what it shows.
    pub(super) fn palette(&self) -> Palette {
        self.options.palette
    }

    /// Returns the prompt: the connection, without the parameters of its URI, and its mode.
    pub(super) fn prompt(&self) -> String {
        let connection = self.session.connection();
        if let Manner::Virsh { .. } = self.manner {
            return if connection.is_readonly() { "virsh > ".into() } else { "virsh # ".into() };
        }
        let uri = connection.uri();
        // Nothing was named and nothing is open: there is no URI yet.
        let name = if uri == "default" { "virhai" } else { without_parameters(&uri) };
        let mode = if connection.is_readonly() { " (read-only)" } else { "" };
        format!("{name}{mode}> ")
    }

    /// Says that the connection was lost since the last input; once for each time.
    pub(super) fn notice(&mut self, screen: &mut dyn Screen) {
        let Some(connection) = self.open.take() else { return };
        if connection.is_open() {
            self.open = Some(connection);
        } else {
            let uri = connection.uri();
            let warning = self.stderr.paint(Style::Warning, "warning:");
            let host = without_parameters(&uri);
            screen
                .tell(&format!("{warning} the connection to {host} was lost; its next use opens it again\n"));
        }
    }

    /// Evaluates a whole source under a name of its own, and shows nothing but its failure.
    pub(super) fn start_with(&mut self, name: &str, source: &str, screen: &mut dyn Screen) -> Option<Ending> {
        let outcome = self.session.eval(name, source);
        self.knowledge.learn(source, &self.session);
        self.finish(outcome.map(drop), screen)
    }

    /// Takes one input: shows what it gives, or why it failed. Returns how the prompt ends, if it does.
    pub(super) fn input(&mut self, input: &str, screen: &mut dyn Screen) -> Option<Ending> {
        if input.trim().is_empty() {
            return None;
        }
        match Command::read(input, |name| self.session.scope().contains(name)) {
            Some(Command::Leave) => Some(Ending::Status(0)),
            Some(Command::Help(name)) => self.help(name, screen),
            Some(Command::Meta(typed)) => self.meta(typed, screen),
            Some(Command::Virsh(line)) => self.virsh(line, screen),
            None => self.evaluate(input, screen),
        }
    }

    fn help(&mut self, name: Option<&str>, screen: &mut dyn Screen) -> Option<Ending> {
        let catalog = self.knowledge.documented(&self.session);
        let shown = commands::help(catalog, name, self.options.palette).and_then(|help| screen.show(&help));
        match shown {
            Ok(written) => self.written(written),
            Err(error) => {
                screen.tell(&report::error_text(&error, self.stderr));
                None
            }
        }
    }

    fn meta(&mut self, typed: &str, screen: &mut dyn Screen) -> Option<Ending> {
        meta::run(self, typed, screen).unwrap_or_else(|error| {
            screen.tell(&report::error_text(&error, self.stderr));
            None
        })
    }

    fn evaluate(&mut self, input: &str, screen: &mut dyn Screen) -> Option<Ending> {
        if let Some(reason) = self.ends_the_run() {
            return Some(Ending::Wish(reason));
        }
        self.session.interrupt().reset();
        self.inputs += 1;
        let source = commands::with_it(input);
        let outcome = self.session.eval(&format!("<line {}>", self.inputs), &source);
        self.knowledge.learn(&source, &self.session);
        if let Err(failure) = &outcome
            && matches!(**failure, EvalAltResult::ErrorParsing(..))
            && let Some(error) = self.misspelt(input)
        {
            screen.tell(&report::error_text(&error, self.stderr));
            return None;
        }
        let outcome = outcome.and_then(|value| {
            self.show(&value, screen)?;
            if !value.is_unit() {
                self.session.remember(value);
            }
            Ok(())
        });
        self.finish(outcome, screen)
    }

    fn misspelt(&self, input: &str) -> Option<Error> {
        let catalog = self.knowledge.catalog(&self.session);
        let is_variable = |name: &str| self.session.scope().contains(name);
        commands::misspelt(input, |name| is_variable(name) || catalog.named(name).next().is_some())
    }

    /// Runs a line of virsh: its value is the last value, as that of any input.
    fn virsh(&mut self, line: &str, screen: &mut dyn Screen) -> Option<Ending> {
        if let Some(reason) = self.ends_the_run() {
            return Some(Ending::Wish(reason));
        }
        self.session.interrupt().reset();
        let calls = match virsh::parse_line(line) {
            Ok(calls) => calls,
            Err(error) => {
                screen.tell(&report::error_text(&error, self.stderr));
                return None;
            }
        };
        let quiet = self.manner == Manner::Virsh { quiet: true };
        for call in calls {
            if call.leaves() {
                return Some(Ending::Status(0));
            }
            let outcome = virsh::run(&self.session, &call, quiet).map(|value| self.session.remember(value));
            let failed = outcome.is_err();
            if let Some(ending) = self.finish(outcome, screen) {
                return Some(ending);
            }
            if failed {
                return None;
            }
        }
        None
    }

    fn show(&mut self, value: &Dynamic, screen: &mut dyn Screen) -> Result<(), Box<EvalAltResult>> {
        if value.is_unit() {
            return Ok(());
        }
        let data = match to_data(value)? {
            Data::Text(_) if !value.is_string() && !value.is_char() => Data::Text(self.text_of(value)),
            data => data,
        };
        self.options.width = screen.width();
        let text = match (&data, self.options.format) {
            (Data::List(list), output::Format::Table) if list.is_empty() => "[]\n".to_owned(),
            (Data::Map(map), output::Format::Table) if map.is_empty() => "#{}\n".to_owned(),
            _ => output::render(&data, &self.options)?,
        };
        let written = screen.show(&text)?;
        self.written(written);
        Ok(())
    }

    /// Returns what `print` writes of a value that is neither plain nor a handle, such as a document.
    fn text_of(&self, value: &Dynamic) -> String {
        let mut scope = Scope::new();
        scope.push_dynamic("value", value.clone());
        let text = self.session.engine().eval_expression_with_scope(&mut scope, "value.to_string()");
        text.unwrap_or_else(|_| value.to_string())
    }

    /// Nobody reads any more: that ends the run.
    fn written(&self, written: Written) -> Option<Ending> {
        if written == Written::All {
            return None;
        }
        self.session.interrupt().raise(Reason::OutputClosed);
        Some(Ending::Wish(Reason::OutputClosed))
    }

    /// Says what went wrong, and decides whether the prompt goes on.
    fn finish(&mut self, outcome: Result<(), Box<EvalAltResult>>, screen: &mut dyn Screen) -> Option<Ending> {
        if let Some(ExitStatus(status)) = outcome.as_ref().err().and_then(|failure| ExitStatus::of(failure)) {
            return Some(Ending::Status(status));
        }
        let ending = self.ends_the_run().map(Ending::Wish);
        if let Err(failure) = &outcome {
            self.tell(failure, ending.is_some(), screen);
        }
        let connection = self.session.connection();
        if connection.is_open() {
            self.open = Some(connection);
        } else if connection.is_closed() || outcome.as_ref().is_err_and(|failure| tells_of_loss(failure)) {
            self.open = None;
        }
        if ending.is_none() {
            self.session.interrupt().reset();
        }
        ending
    }

    fn tell(&self, failure: &EvalAltResult, is_end: bool, screen: &mut dyn Screen) {
        let error = from_rhai(failure);
        let text = if error.code() == code::INTERRUPTED && !is_end {
            report::error_text(&error, self.stderr)
        } else if error.code() == code::INTERRUPTED {
            return;
        } else {
            report::uncaught_text(failure, self.stderr, &self.session)
        };
        screen.tell(&text);
    }

    /// Returns the wish that ends the whole run; Ctrl-C ends only what is running.
    fn ends_the_run(&self) -> Option<Reason> {
        self.session.interrupt().reason().filter(|reason| *reason != Reason::Interrupted)
    }
}

fn without_parameters(uri: &str) -> &str {
    uri.split_once('?').map_or(uri, |(uri, _)| uri)
}

/// True for a failure that says by itself what became of the connection.
fn tells_of_loss(failure: &EvalAltResult) -> bool {
    let told = [code::DISCONNECTED, code::INTERRUPTED, code::CONNECT_FAILED];
    told.contains(&from_rhai(failure).code())
}
