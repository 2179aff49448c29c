//! Our parts as rustyline wants them.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;

use rustyline::completion::{Completer, Pair, longest_common_prefix};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::line_buffer::LineBuffer;
use rustyline::validate::{ValidationContext, ValidationResult};
use rustyline::{Changeset, CompletionType, Context, Result};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::choice::{Choice, Fit, Typed};
use super::completer;
use super::drawing::Drawing;
use super::highlighter;
use super::hinter::{self, Hint};
use super::mistakes::Mistakes;
use super::recall::Recall;
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
    recall: Recall,
    palette: Palette,
    mistakes: Mistakes,
    drawing: Drawing,
    /// False for the last drawing of an input.
    is_editing: Cell<bool>,
    /// What stands out in the hint that was given last.
    mark: RefCell<Range<usize>>,
}

impl Helper {
    pub(super) fn new(shell: Rc<RefCell<Shell>>, recall: Recall, palette: Palette) -> Self {
        Self {
            shell,
            validator: Validator::new(),
            recall,
            palette,
            mistakes: Mistakes::new(),
            drawing: Drawing::default(),
            is_editing: Cell::new(true),
            mark: RefCell::default(),
        }
    }

    /// A new input begins.
    pub(super) fn begin(&self) {
        self.drawing.forget();
    }

    fn paint<'l>(&self, line: &'l str, cursor: usize) -> Cow<'l, str> {
        let shell = self.shell.try_borrow().ok();
        if shell.as_ref().is_some_and(|shell| !shell.is_rhai(line)) {
            return highlighter::highlight_virsh(line, self.palette);
        }
        if !self.is_editing.get() {
            return highlighter::highlight(line, None, &[], self.palette);
        }
        let mistakes = shell.map(|shell| self.mistakes.in_input(&shell, line, cursor)).unwrap_or_default();
        highlighter::highlight(line, Some(cursor), &mistakes, self.palette)
    }
}

impl rustyline::Helper for Helper {}

impl Completer for Helper {
    type Candidate = Pair;

    fn complete(&self, line: &str, cursor: usize, context: &Context<'_>) -> Result<(usize, Vec<Pair>)> {
        if let Some(text) = self.recall.take_offer() {
            return Ok((0, vec![Pair { display: String::new(), replacement: text }]));
        }
        let Ok(shell) = self.shell.try_borrow() else { return Ok((cursor, Vec::new())) };
        shell.knowledge().read_history(context.history());
        let choices = completer::choices(&shell, line, cursor);
        let (start, is_loose) = (choices.start, choices.fit.is_loose());
        let typed = &line[start..cursor];
        let mut pairs = pairs(choices.list, output::width());
        if is_loose || typed.is_empty() {
            keep_typed(typed, &mut pairs);
        }
        Ok((start, pairs))
    }

    fn update(&self, line: &mut LineBuffer, start: usize, elected: &str, changes: &mut Changeset) {
        if self.recall.is_whole() {
            line.update(elected, elected.len(), changes);
        } else {
            line.replace(start..line.pos(), elected, changes);
        }
    }
}

/// rustyline writes what several choices begin with in the place of what was typed. Where that would take away
/// letters that tell the choices apart, what was typed stays; and where nothing was, the `--` of options does not
/// come by itself.
fn keep_typed(typed: &str, pairs: &mut [Pair]) {
    let wanted = Typed::new(typed);
    let loses = |common: &str| match typed {
        "" => !common.contains(char::is_alphanumeric),
        _ => !wanted.fits(common, Fit::Parts) && !wanted.fits(common, Fit::Letters),
    };
    if pairs.len() > 1 && longest_common_prefix(pairs).is_none_or(loses) {
        for pair in pairs {
            typed.clone_into(&mut pair.replacement);
        }
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
            cut(choice.word(), room)
        };
        Pair { display, replacement: choice.insert }
    };
    let mut pairs: Vec<Pair> = list.into_iter().map(pair).collect();
    // Where two would fit beside each other, rustyline puts them there, and the sentences run together.
    if let Some(first) = pairs.first_mut().filter(|_| explained) {
        let fill = (room / 2 + 1).saturating_sub(first.display.width());
        first.display.push_str(&" ".repeat(fill));
    }
    pairs
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
        shell.knowledge().prepare(shell.session());
        let hint = hinter::hint(&shell, line, cursor, self.palette, context);
        *self.mark.borrow_mut() = hint.as_ref().map(Hint::mark).unwrap_or_default();
        hint
    }
}

impl Highlighter for Helper {
    fn highlight<'l>(&self, line: &'l str, cursor: usize) -> Cow<'l, str> {
        self.drawing.take(line, output::height(), || self.paint(line, cursor).into_owned()).into()
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        if self.drawing.leaves_out() { "".into() } else { prompt.into() }
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

    /// rustyline asks this before it draws.
    fn highlight_char(&self, line: &str, cursor: usize, kind: CmdKind) -> bool {
        self.is_editing.set(kind != CmdKind::ForcedRefresh);
        if self.palette.is_colored() {
            let painted = self.paint(line, cursor).into_owned();
            self.drawing.prepare(line, painted, output::height());
        }
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
        assert_eq!(few[0].display.trim_end(), "start(  Starts it.");
        assert_eq!(few[0].display.width(), 40, "two of them have no room beside each other");
        assert_eq!(few[1].display, "id      Its number.");
        let many = pairs(vec![Choice::with("start(", "Starts it."); EXPLAINED + 1], Some(80));
        assert_eq!(many[0].display, "start");
    }

    #[test]
    fn what_was_typed_stays_where_choices_share_less() {
        let typed = |typed: &str, words: &[&str]| {
            let mut all = pairs(words.iter().map(|word| Choice::plain(*word)).collect(), Some(80));
            keep_typed(typed, &mut all);
            longest_common_prefix(&all).map(str::to_owned)
        };
        assert_eq!(typed("sc", &["snapshot_create(", "snapshot_current("]).as_deref(), Some("snapshot_c"));
        assert_eq!(typed("scr", &["snapshot_create(", "set_crash("]).as_deref(), Some("scr"));
        assert_eq!(typed("sc", &["snapshot_create("]).as_deref(), Some("snapshot_create("));
        assert_eq!(typed("", &["--all", "--name"]), None);
        assert_eq!(typed("", &["web1", "web2"]).as_deref(), Some("web"));
    }

    #[test]
    fn a_sentence_is_cut_at_the_edge_of_the_screen() {
        let few = pairs(vec![Choice::with("x", "A long sentence.")], Some(10));
        assert_eq!(few[0].display, "x  A lon…");
    }
}
