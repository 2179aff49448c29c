//! Where the bodies of virsh's commands write.

use std::sync::{Mutex, PoisonError};

use crate::output::{self, Palette};

/// Writes a text somewhere.
type Write = Box<dyn Fn(&str) + Send>;

/// Silent until a line of virsh is run.
#[derive(Default)]
pub struct Output(Mutex<State>);

#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
struct State {
    shown: bool,
    quiet: bool,
    /// Commands that are called as functions are shown too.
    aloud: bool,
    interactive: bool,
    escape: Option<String>,
    write: Option<Write>,
    /// What is kept back, until it is known whether it is longer than the screen.
    held: Option<String>,
    /// What was written last did not end its line.
    is_line_open: bool,
    palette: Palette,
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

    /// Hides what is written while `f` runs, a command that is called as a function; unless that is [`Self::aloud`],
    /// and then what it calls in its turn is hidden.
    pub fn hidden<T>(&self, f: impl FnOnce() -> T) -> T {
        let aloud = self.set_aloud(false);
        let before = self.set(aloud, false);
        let value = f();
        self.set(before.0, before.1);
        self.set_aloud(aloud);
        value
    }

    /// Shows what is written by the commands that `f` calls as functions.
    pub fn aloud<T>(&self, f: impl FnOnce() -> T) -> T {
        let before = self.set_aloud(true);
        let value = f();
        self.set_aloud(before);
        value
    }

    /// Keeps what is written while `f` runs and returns it; from [`Self::release`] on it is written at once. Some
    /// commands of virsh leave their last line open, and a prompt would stand over it: it is ended.
    pub fn held<T>(&self, palette: Palette, f: impl FnOnce() -> T) -> (T, String) {
        {
            let mut state = self.state();
            (state.held, state.palette, state.is_line_open) = (Some(String::new()), palette, false);
        }
        let value = f();
        let mut state = self.state();
        state.palette = Palette::PLAIN;
        let mut held = state.held.take().unwrap_or_default();
        if held.chars().next_back().map_or(state.is_line_open, |last| last != '\n') {
            held.push('\n');
        }
        (value, held)
    }

    /// Writes what was kept back, and the rest at once: somebody is about to be asked, or to wait.
    pub fn release(&self) {
        let held = self.state().held.take();
        if let Some(held) = held.filter(|held| !held.is_empty()) {
            self.send(&held);
        }
    }

    /// The colours of tables.
    pub fn palette(&self) -> Palette {
        self.state().palette
    }

    /// Writes to `write` instead of stdout.
    pub fn redirect(&self, write: impl Fn(&str) + Send + 'static) {
        self.state().write = Some(Box::new(write));
    }

    /// Writes to `write` while `f` runs, and then to where it did before.
    pub fn redirected<T>(&self, write: impl Fn(&str) + Send + 'static, f: impl FnOnce() -> T) -> T {
        let before = self.state().write.replace(Box::new(write));
        let value = f();
        self.state().write = before;
        value
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
        let mut state = self.state();
        if !state.shown {
            return;
        }
        if let Some(held) = &mut state.held {
            held.push_str(text);
            return;
        }
        drop(state);
        self.send(text);
    }

    fn send(&self, text: &str) {
        let mut state = self.state();
        state.is_line_open = !text.ends_with('\n');
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
            Err(_) if self.is_shown() => {
                self.release();
                drop(output::out_bytes(bytes));
            }
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
        self.release();
        output::err(&format!("error: {text}\n"));
        if let Some(log) = &self.state().log {
            log(text);
        }
    }

    fn set_aloud(&self, aloud: bool) -> bool {
        std::mem::replace(&mut self.state().aloud, aloud)
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
