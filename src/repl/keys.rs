//! The keys that are ours: Up and Down, Enter inside an input of many lines, the editor.

use rustyline::{
    Cmd, ConditionalEventHandler, Event, EventContext, EventHandler, Helper, InputMode, KeyCode, KeyEvent,
    Modifiers, Movement, RepeatCount,
};

use super::recall::Recall;
use super::{external_editor, raw_mode};
use crate::config::Keys;
use crate::libvirt::Interrupt;
use crate::output::{self, Palette};
use crate::report;

/// Gives the keys their meaning.
pub(super) fn bind<H: Helper>(
    editor: &mut rustyline::Editor<H, rustyline::history::FileHistory>,
    keys: Keys,
    recall: &Recall,
    interrupt: &Interrupt,
    stderr: Palette,
) {
    let mut bind = |sequence: Vec<KeyEvent>, handler: EventHandler| {
        editor.bind_sequence(Event::KeySeq(sequence), handler);
    };
    let up = || EventHandler::Conditional(Box::new(Up(recall.clone())));
    let down = || EventHandler::Conditional(Box::new(Down(recall.clone())));
    bind(vec![key(KeyCode::Up)], up());
    bind(vec![key(KeyCode::Down)], down());
    bind(vec![KeyEvent::ctrl('P')], up());
    bind(vec![KeyEvent::ctrl('N')], down());
    bind(vec![key(KeyCode::Enter)], EventHandler::Conditional(Box::new(Enter)));
    for alt_enter in [KeyEvent(KeyCode::Enter, Modifiers::ALT), KeyEvent(KeyCode::Char('\r'), Modifiers::ALT)]
    {
        bind(vec![alt_enter], Cmd::Newline.into());
    }
    let open = || {
        EventHandler::Conditional(Box::new(Open {
            recall: recall.clone(),
            interrupt: interrupt.clone(),
            stderr,
            always: true,
        }))
    };
    bind(vec![KeyEvent::ctrl('X'), KeyEvent::ctrl('E')], open());
    if keys == Keys::Vi {
        let open = Open { recall: recall.clone(), interrupt: interrupt.clone(), stderr, always: false };
        bind(vec![KeyEvent(KeyCode::Char('v'), Modifiers::NONE)], EventHandler::Conditional(Box::new(open)));
    }
}

fn key(code: KeyCode) -> KeyEvent {
    KeyEvent(code, Modifiers::NONE)
}

/// Puts a text in the place of the line, the cursor at its end. `Cmd::Replace` leaves the cursor at the beginning
/// and what was there in the ring of what was cut; a completion does neither.
fn replaced(recall: &Recall, text: Option<String>) -> Cmd {
    let Some(text) = text else { return Cmd::Noop };
    recall.offer(text);
    Cmd::Complete
}

/// A line up inside the input, and from the first one on what was typed earlier.
struct Up(Recall);

impl ConditionalEventHandler for Up {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, at: &EventContext<'_>) -> Option<Cmd> {
        let (line, cursor) = (at.line(), at.pos());
        if line[..cursor].contains('\n') {
            return Some(Cmd::Move(Movement::LineUp(1)));
        }
        Some(replaced(&self.0, self.0.older(line, cursor)))
    }
}

/// A line down inside the input, and from the last one on back to what was typed.
struct Down(Recall);

impl ConditionalEventHandler for Down {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, at: &EventContext<'_>) -> Option<Cmd> {
        let (line, cursor) = (at.line(), at.pos());
        if line[cursor..].contains('\n') {
            return Some(Cmd::Move(Movement::LineDown(1)));
        }
        Some(replaced(&self.0, self.0.newer(line)))
    }
}

/// Enter in front of further lines adds one; at the end of the input it is entered.
struct Enter;

impl ConditionalEventHandler for Enter {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, at: &EventContext<'_>) -> Option<Cmd> {
        let is_typed = at.mode() == rustyline::EditMode::Emacs || at.input_mode() == InputMode::Insert;
        let is_inside = at.line()[at.pos()..].trim_end().contains('\n');
        (is_typed && is_inside).then_some(Cmd::Newline)
    }
}

/// The input in the person's editor.
struct Open {
    recall: Recall,
    interrupt: Interrupt,
    stderr: Palette,
    /// Also while text is typed; in vi's keys a plain letter opens the editor only as a command.
    always: bool,
}

impl ConditionalEventHandler for Open {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, at: &EventContext<'_>) -> Option<Cmd> {
        if !self.always && at.input_mode() != InputMode::Command {
            return None;
        }
        match raw_mode::aside(|| external_editor::edit(at.line(), &self.interrupt)) {
            Ok(edited) => Some(replaced(&self.recall, Some(edited))),
            Err(error) => {
                let text = report::error_text(&error, self.stderr);
                // The terminal is in raw mode again: a line end is not the beginning of a line.
                output::err(&format!("\r\n{}", text.replace('\n', "\r\n")));
                Some(Cmd::Repaint)
            }
        }
    }
}
