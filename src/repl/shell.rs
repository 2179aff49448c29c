//! The prompt without its terminal: one input after the other.

mod explain;
mod services;
mod show;

use std::sync::Arc;

use rhai::EvalAltResult;

use super::caution::Caution;
use super::commands::{self, Command};
use super::events::Feed;
use super::knowledge::Knowledge;
use super::names::Names;
use super::screen::Screen;
use super::sitting::Sitting;
use super::{Ending, Manner, Setup, meta};
use crate::api::error::from_rhai;
use crate::api::global::ExitStatus;
use crate::error::{Error, code};
use crate::libvirt::{Connection, Reason, Subscription};
use crate::output::{Options, Palette, Style, Written};
use crate::report::{self, Sources as _};
use crate::session::Session;
use crate::uri;
use crate::virsh;

/// See the module.
pub(super) struct Shell {
    session: Session,
    knowledge: Knowledge,
    names: Names,
    options: Options,
    stderr: Palette,
    sitting: Sitting,
    /// How many inputs were evaluated.
    inputs: usize,
    manner: Manner,
    /// The connection that was open after the last input.
    open: Option<Connection>,
    /// Asks before something is destroyed; nobody does where there is no terminal.
    caution: Option<Arc<Caution>>,
    /// The events that are shown above the prompt.
    feed: Option<Feed>,
    /// Why the last input failed, if it did.
    failure: Option<Box<EvalAltResult>>,
}

impl Shell {
    /// Makes a shell; nothing is opened or read.
    pub(super) fn new(setup: Setup) -> Self {
        setup.session.context().virsh().set_interactive();
        Self {
            session: setup.session,
            manner: setup.manner,
            knowledge: Knowledge::default(),
            sitting: Sitting::new(setup.site),
            names: Names::default(),
            options: Options { remedy: ":wide shows all", ..setup.options },
            stderr: setup.stderr,
            inputs: 0,
            open: None,
            caution: None,
            feed: None,
            failure: None,
        }
    }

    /// Asks before something is destroyed, from now on.
    pub(super) fn be_cautious(&mut self, caution: Caution) {
        let caution = Arc::new(caution);
        self.session.context().door().set_guard(caution.clone());
        self.caution = Some(caution);
    }

    /// Who asks before something is destroyed.
    pub(super) fn caution(&self) -> Option<Arc<Caution>> {
        self.caution.clone()
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

    /// Why the last input failed, if it did, with the advice that goes with it.
    pub(super) fn failure(&self) -> Option<Error> {
        let failure = self.failure.as_deref()?;
        let error = from_rhai(failure);
        Some(match self.session.hint(failure) {
            Some(hint) => error.hint(hint),
            None => error,
        })
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
        let name = if uri == "default" { "virhai".into() } else { uri::shown(&uri) };
        let mode = if connection.is_readonly() { " (read-only)" } else { "" };
        format!("{name}{mode}> ")
    }

    /// Returns how the prompt is painted: what can change nothing is green, another machine yellow.
    pub(super) fn prompt_style(&self) -> Style {
        let connection = self.session.connection();
        if connection.is_readonly() {
            Style::Good
        } else if uri::is_remote(&connection.uri()) {
            Style::Caution
        } else {
            Style::Strong
        }
    }

    /// Says that the connection was lost since the last input; once for each time.
    pub(super) fn notice(&mut self, screen: &mut dyn Screen) {
        let Some(connection) = self.open.take() else { return };
        if connection.is_open() {
            self.open = Some(connection);
        } else {
            let warning = self.stderr.paint(Style::Warning, "warning:");
            let host = uri::shown(&connection.uri());
            screen
                .tell(&format!("{warning} the connection to {host} was lost; its next use opens it again\n"));
        }
    }

    /// The events that are shown above the prompt.
    pub(super) fn feed(&mut self) -> &mut Option<Feed> {
        &mut self.feed
    }

    /// Returns the events that nobody shows yet; they are those of the current connection.
    pub(super) fn events_to_show(&mut self, screen: &mut dyn Screen) -> Option<Arc<Subscription>> {
        let connection = self.session.connection();
        match self.feed.as_ref()?.moved(&connection) {
            None => {}
            Some(Ok(feed)) => self.feed = Some(feed),
            Some(Err(error)) => {
                screen.tell(&report::error_text(&error, self.stderr));
                self.feed = None;
            }
        }
        self.feed.as_mut()?.take_unshown()
    }

    /// Evaluates a whole source under a name of its own, and shows nothing but its failure.
    pub(super) fn start_with(&mut self, name: &str, source: &str, screen: &mut dyn Screen) -> Option<Ending> {
        let outcome = self.session.eval(name, source);
        self.knowledge.learn(source, &self.session);
        self.sitting.journal.start_with(source);
        let ending = self.finish(outcome.map(drop), screen);
        self.forget_ctrl_c();
        ending
    }

    /// Takes one input: shows what it gives, or why it failed. Returns how the prompt ends, if it does.
    pub(super) fn input(&mut self, input: &str, screen: &mut dyn Screen) -> Option<Ending> {
        if input.trim().is_empty() {
            return None;
        }
        // Only here: one input may evaluate many times, and Ctrl-C ends all of it.
        self.forget_ctrl_c();
        if let Some(caution) = &self.caution {
            caution.begin();
        }
        self.sitting.journal.begin(&self.session.connection().uri());
        let is_command = input.trim_start().starts_with(':');
        if !is_command {
            input.clone_into(&mut self.sitting.last_input);
            self.sitting.table = None;
        }
        let is_timed = self.sitting.is_timed && !is_command;
        let ending = if is_timed { self.timed(input, screen) } else { self.answer(input, screen) };
        self.forget_ctrl_c();
        ending
    }

    fn forget_ctrl_c(&self) {
        if self.ends_the_run().is_none() {
            self.session.interrupt().reset();
        }
    }

    fn answer(&mut self, input: &str, screen: &mut dyn Screen) -> Option<Ending> {
        let input = match self.expanded(input) {
            Ok(input) => input,
            Err(error) => return self.refuse(error, screen),
        };
        let input = &*input;
        let command = Command::read(input, |name| self.session.scope().contains(name));
        // Who came for virsh gets virsh's own help.
        let asks_virsh =
            matches!(self.manner, Manner::Virsh { .. }) && input.trim_start().starts_with("help");
        if asks_virsh && matches!(command, Some(Command::Help(_))) {
            return self.virsh(input, screen);
        }
        match command {
            Some(Command::Leave) => Some(Ending::Status(0)),
            Some(Command::Help(name)) => self.help(name, screen),
            Some(Command::Explain(value)) => self.explain(value, screen),
            Some(Command::Meta(typed)) => self.meta(typed, screen),
            Some(Command::Virsh(line)) => self.virsh(line, screen),
            None => self.evaluate(input, screen),
        }
    }

    fn meta(&mut self, typed: &str, screen: &mut dyn Screen) -> Option<Ending> {
        meta::run(self, typed, screen).unwrap_or_else(|error| self.refuse(error, screen))
    }

    fn evaluate(&mut self, input: &str, screen: &mut dyn Screen) -> Option<Ending> {
        if let Some(reason) = self.ends_the_run() {
            return Some(Ending::Wish(reason));
        }
        self.inputs += 1;
        let source = commands::with_it(input);
        let name = format!("<line {}>", self.inputs);
        let outcome = self.measured(|shell| shell.session.eval(&name, &source));
        self.knowledge.learn(&source, &self.session);
        self.note(&source, &outcome);
        if let Err(failure) = &outcome
            && matches!(**failure, EvalAltResult::ErrorParsing(..))
            && let Some(error) = self.misspelt(input, failure)
        {
            return self.refuse(error, screen);
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

    fn misspelt(&self, input: &str, failure: &EvalAltResult) -> Option<Error> {
        let catalog = self.knowledge.catalog(&self.session);
        let is_known =
            |name: &str| self.session.scope().contains(name) || catalog.named(name).next().is_some();
        let is_explained = || is_known(input.trim()) || self.session.hint(failure).is_some();
        commands::misspelt(input, is_known)
            .or_else(|| (!is_explained()).then(|| commands::misspelt_word(input)).flatten())
    }

    /// Runs a line of virsh: its value is the last value, as that of any input.
    fn virsh(&mut self, line: &str, screen: &mut dyn Screen) -> Option<Ending> {
        if let Some(reason) = self.ends_the_run() {
            return Some(Ending::Wish(reason));
        }
        let calls = match virsh::parse_line(line) {
            Ok(calls) => calls,
            Err(error) => return self.refuse(error, screen),
        };
        for call in calls {
            if call.leaves() {
                return Some(Ending::Status(0));
            }
            let outcome = self.measured(|shell| shell.run_virsh(&call, screen));
            let outcome = outcome.map(|value| self.session.remember(value));
            let failed = outcome.is_err();
            if !failed {
                self.sitting.journal.called(line, &call);
            }
            if let Some(ending) = self.finish(show::without_place(outcome), screen) {
                return Some(ending);
            }
            if failed {
                return None;
            }
        }
        None
    }

    /// Nobody reads any more: that ends the run.
    pub(super) fn written(&self, written: Written) -> Option<Ending> {
        if written == Written::All {
            return None;
        }
        self.session.interrupt().raise(Reason::OutputClosed);
        Some(Ending::Wish(Reason::OutputClosed))
    }

    /// Says why nothing was done.
    fn refuse(&mut self, error: Error, screen: &mut dyn Screen) -> Option<Ending> {
        self.finish(Err(error.into()), screen)
    }

    /// Says what went wrong, and decides whether the prompt goes on.
    fn finish(&mut self, outcome: Result<(), Box<EvalAltResult>>, screen: &mut dyn Screen) -> Option<Ending> {
        if let Some(ExitStatus(status)) = outcome.as_ref().err().and_then(|failure| ExitStatus::of(failure)) {
            return Some(Ending::Status(status));
        }
        let ending = self.ends_the_run().map(Ending::Wish);
        if let Err(failure) = &outcome {
            self.sitting.was_interrupted |= from_rhai(failure).code() == code::INTERRUPTED;
            self.tell(failure, ending.is_some(), screen);
        }
        let connection = self.session.connection();
        if connection.is_open() {
            self.sitting.connected(&connection.uri());
            self.open = Some(connection);
        } else if connection.is_closed() || outcome.as_ref().is_err_and(|failure| tells_of_loss(failure)) {
            self.open = None;
        }
        self.failure = outcome.err();
        ending
    }

    fn tell(&self, failure: &EvalAltResult, is_end: bool, screen: &mut dyn Screen) {
        let error = from_rhai(failure);
        // Some commands of virsh fail without a word.
        if error.facts().message.is_empty() {
            return;
        }
        let text = if error.code() == code::INTERRUPTED && !is_end {
            // The terminal has shown `^C`.
            let begin = if screen.is_terminal() { "\n" } else { "" };
            format!("{begin}{}", report::error_text(&error, self.stderr))
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

/// True for a failure that says by itself what became of the connection.
fn tells_of_loss(failure: &EvalAltResult) -> bool {
    let told = [code::DISCONNECTED, code::INTERRUPTED, code::CONNECT_FAILED];
    told.contains(&from_rhai(failure).code())
}
