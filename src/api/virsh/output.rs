//! Where the bodies of virsh's commands write.

use std::sync::{Mutex, PoisonError};

use crate::output;

/// Writes a text somewhere.
type Write = Box<dyn Fn(&str) + Send>;

/// Silent until a line of virsh is run.
#[derive(Default)]
pub struct Output(Mutex<State>);

#[derive(Default)]
struct State {
    shown: bool,
    quiet: bool,
    interactive: bool,
    escape: Option<String>,
    write: Option<Write>,
    log: Option<Write>,
}

impl Output {
    /// Shows what is written while `f` runs; without the parts that `-q` leaves out where `quiet`.
    pub fn shown<T>(&self, quiet: bool, f: impl FnOnce() -> T) -> T {
        let before = self.set(true, quiet);
        let value = f();
        self.set(before.0, before.1);
        value
    }

    /// Hides what is written while `f` runs: a command that is called as a function.
    pub fn hidden<T>(&self, f: impl FnOnce() -> T) -> T {
        let before = self.set(false, false);
        let value = f();
        self.set(before.0, before.1);
        value
    }

    /// Writes to `write` instead of stdout.
    pub fn redirect(&self, write: impl Fn(&str) + Send + 'static) {
        self.state().write = Some(Box::new(write));
    }

    /// Hands every error line to `log`, too.
    pub fn log_to(&self, log: impl Fn(&str) + Send + 'static) {
        self.state().log = Some(Box::new(log));
    }

    /// Makes another key the one that leaves a console, as `-e` gives it: `^]`, `x`.
    pub fn set_escape(&self, key: &str) {
        self.state().escape = Some(key.to_owned());
    }

    /// The key that leaves a console, as virsh writes it.
    pub fn escape(&self) -> String {
        self.state().escape.clone().unwrap_or_else(|| "^]".into())
    }

    /// Lines are typed at a prompt from now on.
    pub fn set_interactive(&self) {
        self.state().interactive = true;
    }

    /// Whether lines are typed at a prompt.
    pub fn is_interactive(&self) -> bool {
        self.state().interactive
    }

    /// Whether what is written is seen.
    pub fn is_shown(&self) -> bool {
        self.state().shown
    }

    /// Whether less is written.
    pub fn is_quiet(&self) -> bool {
        self.state().quiet
    }

    /// Writes a text.
    pub fn write(&self, text: &str) {
        let state = self.state();
        if !state.shown {
            return;
        }
        match &state.write {
            Some(write) => write(text),
            // Nobody reads any more: virsh goes on too.
            None => drop(output::out(text)),
        }
    }

    /// Writes bytes.
    pub fn write_bytes(&self, bytes: &[u8]) {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.write(text),
            Err(_) if self.is_shown() => drop(output::out_bytes(bytes)),
            Err(_) => {}
        }
    }

    /// Writes a text that `-q` leaves out.
    pub fn extra(&self, text: &str) {
        if !self.is_quiet() {
            self.write(text);
        }
    }

    /// Writes an error line of a command that goes on.
    pub fn complain(&self, text: &str) {
        if self.is_shown() {
            self.tell(text);
        }
    }

    /// Writes an error line.
    pub fn tell(&self, text: &str) {
        output::err(&format!("error: {text}\n"));
        if let Some(log) = &self.state().log {
            log(text);
        }
    }

    fn set(&self, shown: bool, quiet: bool) -> (bool, bool) {
        let mut state = self.state();
        let before = (state.shown, state.quiet);
        (state.shown, state.quiet) = (shown, quiet);
        before
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
