//! The terminal side: reads inputs with rustyline and hands them to the shell.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::path::Path;
use std::rc::Rc;

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Behavior, ColorMode, CompletionType, Config, EditMode, Editor, ExternalPrinter as _};

use super::caution::Caution;
use super::events::{self, Gate};
use super::helper::Helper;
use super::history::{self, HistoryFile};
use super::keys;
use super::pager::Pager;
use super::recall::Recall;
use super::screen::{Screen, Terminal};
use super::shell::Shell;
use super::{Ending, Manner, Setup, plain, question, raw_mode};
use crate::config::{Keys, Prompt};
use crate::error::{Error, code};
use crate::libvirt::Reason;
use crate::output::Palette;
use crate::report;

/// From this many choices on, Tab asks before it shows them.
const MANY_CHOICES: usize = 200;

/// Reads and evaluates until the person leaves.
pub(super) fn run(setup: Setup) -> Ending {
    super::presence::begin();
    let (typed, stderr) = (setup.typed, setup.stderr);
    let prompt = setup.prompt.clone();
    let interrupt = setup.session.interrupt().clone();
    let asked = interrupt.clone();
    let is_own = setup.manner == Manner::Own;
    let mut screen = Terminal { pager: Pager::new(prompt.pager.as_deref(), interrupt) };
    let file = HistoryFile::new(setup.history.clone());
    let recall = Recall::default();
    let mut shell = Shell::new(setup);
    // virsh itself asks nothing.
    if is_own {
        let ask = Box::new(move |text: &str| question::ask(text, &asked));
        shell.be_cautious(Caution::new(ask, prompt.confirm, stderr));
    }
    let shell = Rc::new(RefCell::new(shell));
    if prompt.plain {
        return plainly(&prompt, &shell, &mut screen, stderr);
    }
    let editor = match editor(&prompt, typed) {
        Ok(mut editor) => {
            super::suspend::bind(&mut editor);
            editor.set_helper(Some(Helper::new(shell.clone(), recall.clone(), typed)));
            keys::bind(&mut editor, prompt.keys, &recall, shell.borrow().session().interrupt(), stderr);
            editor
        }
        Err(error) => {
            let error = Error::new(code::IO, format!("the terminal cannot be used: {error}"));
            report::error(&error, stderr);
            return Ending::Status(1);
        }
    };
    if let Some(ending) = prompt.startup.and_then(|startup| start_with(&startup, &shell, &mut screen, stderr))
    {
        return ending;
    }
    let gate = Gate::default();
    let mut conversation = Conversation { editor, shell, screen, file, recall, typed, stderr, gate };
    conversation.run()
}

fn editor(prompt: &Prompt, typed: Palette) -> rustyline::Result<Editor<Helper, FileHistory>> {
    let config = Config::builder()
        .behavior(Behavior::Stdio)
        .edit_mode(match prompt.keys {
            Keys::Emacs => EditMode::Emacs,
            Keys::Vi => EditMode::Vi,
        })
        .color_mode(if typed.is_colored() { ColorMode::Forced } else { ColorMode::Disabled })
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .completion_prompt_limit(MANY_CHOICES)
        .max_history_size(prompt.history_size)?
        .history_ignore_dups(true)?
        .bracketed_paste(true)
        .auto_add_history(false)
        .build();
    Editor::with_config(config)
}

/// The same without drawing.
fn plainly(prompt: &Prompt, shell: &Rc<RefCell<Shell>>, screen: &mut dyn Screen, stderr: Palette) -> Ending {
    let started = prompt.startup.as_ref().and_then(|file| start_with(file, shell, screen, stderr));
    started.map_or_else(|| plain::converse(shell, screen), Ok).unwrap_or_else(|error| {
        report::error(&error, stderr);
        Ending::Status(1)
    })
}

/// Runs the configured script; one that cannot be read is told and no reason to stop.
fn start_with(
    file: &Path,
    shell: &Rc<RefCell<Shell>>,
    screen: &mut dyn Screen,
    stderr: Palette,
) -> Option<Ending> {
    let name = file.display().to_string();
    match std::fs::read_to_string(file) {
        Ok(source) => shell.borrow_mut().start_with(&name, &source, screen),
        Err(error) => {
            report::error(&Error::io(name, &error).operation("startup"), stderr);
            None
        }
    }
}

struct Conversation {
    editor: Editor<Helper, FileHistory>,
    shell: Rc<RefCell<Shell>>,
    screen: Terminal,
    file: HistoryFile,
    recall: Recall,
    typed: Palette,
    stderr: Palette,
    gate: Gate,
}

impl Conversation {
    fn run(&mut self) -> Ending {
        if let Err(error) = self.file.load(self.editor.history_mut()) {
            report::error(&error, self.stderr);
        }
        for input in self.editor.history().iter() {
            self.recall.push(input);
        }
        loop {
            self.shell.borrow_mut().notice(&mut self.screen);
            let plain = self.shell.borrow().prompt();
            let styled = self.typed.paint(self.shell.borrow().prompt_style(), &plain);
            self.show_events();
            let draft = self.shell.borrow_mut().sitting_mut().draft.take().unwrap_or_default();
            if let Some(helper) = self.editor.helper() {
                helper.begin();
            }
            let edit =
                || raw_mode::during(|| self.editor.readline_with_initial(&(plain, styled), (&draft, "")));
            let input = self.gate.during(edit);
            match input {
                Ok(input) => {
                    self.keep(&input);
                    if let Some(ending) = self.shell.borrow_mut().input(&input, &mut self.screen) {
                        return ending;
                    }
                }
                // Ctrl-C drops what was typed.
                Err(ReadlineError::Interrupted) => {}
                Err(ReadlineError::Eof) => return Ending::Status(0),
                Err(ReadlineError::Io(error)) if error.kind() == ErrorKind::InvalidData => self.no_text(),
                Err(error) => {
                    // The terminal has gone away, as when its window is closed.
                    let error = Error::new(code::IO, format!("the terminal cannot be read: {error}"));
                    report::error(&error, self.stderr);
                    return Ending::Wish(Reason::Terminated);
                }
            }
        }
    }

    /// Starts to show events, where that was asked for since the last line.
    fn show_events(&mut self) {
        let Some(subscription) = self.shell.borrow_mut().events_to_show(&mut self.screen) else { return };
        let started = match self.editor.create_external_printer() {
            Ok(mut printer) => {
                let above = Box::new(move |text| printer.print(text).is_ok());
                events::show(subscription, self.gate.clone(), above, self.typed)
            }
            Err(error) => Err(Error::new(code::IO, format!("events cannot be shown here: {error}"))),
        };
        if let Err(error) = started {
            report::error(&error, self.stderr);
        }
    }

    /// Bytes that are no text were typed or pasted: the editor has lost the line, and what comes behind them
    /// is no input of its own.
    fn no_text(&self) {
        super::type_ahead::forget();
        let error = Error::usage("what was typed or pasted is no text in UTF-8; it is forgotten");
        report::error(&error.hint("files of another encoding can be read with `fs::read_blob`"), self.stderr);
    }

    fn keep(&mut self, input: &str) {
        // What is pasted ends with a line end.
        let input = input.trim_end();
        if !history::is_kept(input) {
            return;
        }
        self.recall.push(input);
        let added = self.editor.add_history_entry(input).unwrap_or(false);
        if added && let Err(error) = self.file.append(self.editor.history_mut()) {
            report::error(&error, self.stderr);
        }
    }
}
