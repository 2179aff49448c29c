//! Our parts as rustyline wants them.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult};
use rustyline::{CompletionType, Context, Result};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::choice::Choice;
use super::commands::Command;
use super::completer;
use super::highlighter;
use super::hinter::{self, Hint};
use super::mistakes::Mistakes;
use super::shell::Shell;
use super::validator::Validator;
use crate::output::{self, Palette, Style};

/// Up to this many choices are shown one a line, with what they are.
const EXPLAINED: usize = 40;
/// Signatures are cut at this width so that the sentences beside them have room.
const WIDEST_LABEL: usize = 44;
/// Between a signature and its sentence.
const GAP: &str = "  ";

/// See the module.
pub(super) struct Helper {
    shell: Rc<RefCell<Shell>>,
    validator: Validator,
    palette: Palette,
    mistakes: Mistakes,
    /// False for the last drawing of an input.
    is_editing: Cell<bool>,
    /// What stands out in the hint that was given last.
    mark: RefCell<Range<usize>>,
}

impl Helper {
    pub(super) fn new(shell: Rc<RefCell<Shell>>, palette: Palette) -> Self {
        Self {
            shell,
            validator: Validator::new(),
            palette,
            mistakes: Mistakes::new(),
            is_editing: Cell::new(true),
            mark: RefCell::default(),
        }
    }
}

impl rustyline::Helper for Helper {}

impl Completer for Helper {
    type Candidate = Pair;

    fn complete(&self, line: &str, cursor: usize, _: &Context<'_>) -> Result<(usize, Vec<Pair>)> {
        let Ok(shell) = self.shell.try_borrow() else { return Ok((cursor, Vec::new())) };
        let choices = completer::choices(&shell, line, cursor);
        Ok((choices.start, pairs(choices.list, output::width())))
    }
}

/// Lays the choices out: few with their sentences, many as names.
fn pairs(list: Vec<Choice>, width: Option<usize>) -> Vec<Pair> {
    let explained = list.len() <= EXPLAINED && list.iter().any(|choice| !choice.summary.is_empty());
    let labels = list.iter().map(|choice| choice.label.width());
    let column = labels.max().unwrap_or(0).min(WIDEST_LABEL);
    let room = width.unwrap_or(80).saturating_sub(1);
    let pair = |choice: Choice| {
        let summary = output::drawn(&choice.summary);
        let display = if explained {
            let label = cut(&choice.label, column);
            let fill = " ".repeat(column - label.width());
            let line = format!("{label}{fill}{GAP}{summary}");
            cut(line.trim_end(), room)
        } else {
            cut(choice.insert.trim_end_matches(['(', ')', ' ', '"']), room)
        };
        Pair { display, replacement: choice.insert }
    };
    list.into_iter().map(pair).collect()
}

/// Cuts a text to a width.
pub(super) fn cut(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut width = 1;
    for letter in text.chars() {
        width += letter.width().unwrap_or(0);
        if width > room {
            break;
        }
        cut.push(letter);
    }
    cut.push_str(&output::drawn("…"));
    cut
}

impl Hinter for Helper {
    type Hint = Hint;

    fn hint(&self, line: &str, cursor: usize, context: &Context<'_>) -> Option<Hint> {
        let shell = self.shell.try_borrow().ok()?;
        shell.knowledge().prepare();
        let hint = hinter::hint(&shell, line, cursor, self.palette, context);
        *self.mark.borrow_mut() = hint.as_ref().map(Hint::mark).unwrap_or_default();
        hint
    }
}

impl Highlighter for Helper {
    fn highlight<'l>(&self, line: &'l str, cursor: usize) -> Cow<'l, str> {
        let is_variable =
            |name: &str| self.shell.try_borrow().is_ok_and(|shell| shell.session().scope().contains(name));
        if let Some(Command::Virsh(_) | Command::Meta(_)) = Command::read(line, is_variable) {
            return highlighter::highlight_virsh(line, self.palette);
        }
        if !self.is_editing.get() {
            return highlighter::highlight(line, None, &[], self.palette);
        }
        let mistakes = self.shell.try_borrow().map(|shell| self.mistakes.in_input(&shell, line, cursor));
        highlighter::highlight(line, Some(cursor), &mistakes.unwrap_or_default(), self.palette)
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        let mark = self.mark.borrow().clone();
        let dim = |text| self.palette.paint(Style::Dim, text);
        match (hint.get(..mark.start), hint.get(mark.clone()), hint.get(mark.end..)) {
            (Some(before), Some(marked), Some(after)) if !marked.is_empty() => {
                format!("{}{}{}", dim(before), self.palette.paint(Style::Strong, marked), dim(after)).into()
            }
            _ => dim(hint).into(),
        }
    }

    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        match candidate.split_once(GAP) {
            Some((label, summary)) => {
                format!("{label}{GAP}{}", self.palette.paint(Style::Dim, summary)).into()
            }
            None => candidate.into(),
        }
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.is_editing.set(kind != CmdKind::ForcedRefresh);
        self.palette.is_colored()
    }
}

impl rustyline::validate::Validator for Helper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> Result<ValidationResult> {
        Ok(if self.validator.wants_more(context.input()) {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_choices_are_explained_and_many_are_named() {
        let few =
            pairs(vec![Choice::with("start(", "Starts it."), Choice::with("id", "Its number.")], Some(80));
        assert_eq!(few[0].display, "start(  Starts it.");
        assert_eq!(few[1].display, "id      Its number.");
        let many = pairs(vec![Choice::with("start(", "Starts it."); EXPLAINED + 1], Some(80));
        assert_eq!(many[0].display, "start");
    }

    #[test]
    fn a_sentence_is_cut_at_the_edge_of_the_screen() {
        let few = pairs(vec![Choice::with("x", "A long sentence.")], Some(10));
        assert_eq!(few[0].display, "x  A lon…");
    }
}
