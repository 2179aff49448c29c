//! What stands behind the cursor in grey: the rest of an earlier input, or the call that is being typed.

use std::ops::Range;

use rustyline::Context;
use rustyline::hint::{Hinter as _, HistoryHinter};
use unicode_width::UnicodeWidthStr;

use super::commands::Command;
use super::helper::cut;
use super::shell::Shell;
use crate::lang::catalog::{Catalog, Entry, Overload};
use crate::lang::infer::{Calling, Place, call_around, place_at};
use crate::lang::options::OptionSpec;
use crate::lang::types::Type;
use crate::output::{self, Palette};
use crate::virsh::complete;

/// Between what is typed and the signature.
const GAP: &str = "   ";
/// With less room than this nothing is shown.
const NARROWEST: usize = 16;

/// A hint.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hint {
    text: String,
    /// Whether the right arrow takes it over; the signature of a call is only shown.
    is_input: bool,
    /// The part that stands out: the parameter that is being typed.
    mark: Range<usize>,
}

impl Hint {
    /// Returns the part that stands out.
    pub(super) fn mark(&self) -> Range<usize> {
        self.mark.clone()
    }
}

impl rustyline::hint::Hint for Hint {
    fn display(&self) -> &str {
        &self.text
    }

    fn completion(&self) -> Option<&str> {
        self.is_input.then_some(&self.text)
    }
}

/// A signature and where in it the parameter stands that is being typed.
#[derive(Debug, PartialEq, Eq)]
struct Form {
    text: String,
    current: Range<usize>,
}

/// Returns the hint for what is typed.
pub(super) fn hint(
    shell: &Shell,
    line: &str,
    cursor: usize,
    palette: Palette,
    context: &Context<'_>,
) -> Option<Hint> {
    if line.trim().is_empty() {
        return None;
    }
    if cursor == line.len() {
        let earlier = HistoryHinter::new().hint(line, cursor, context);
        if let Some(rest) = earlier.and_then(|text| text.lines().next().map(str::to_owned)) {
            return Some(Hint { text: rest, is_input: true, mark: 0..0 });
        }
    }
    let before = line.get(..cursor)?;
    shown(form(shell, before)?, room(shell, line), palette)
}

/// Returns the columns that are left on the last line.
fn room(shell: &Shell, line: &str) -> usize {
    let last = line.rsplit('\n').next().unwrap_or(line);
    let prompt = if last.len() == line.len() { shell.prompt().width() } else { 0 };
    let columns = output::width().unwrap_or(80);
    columns.saturating_sub(1 + (prompt + last.width()) % columns.max(1))
}

/// Lays a signature out in so many columns; without colours the parameter stands between `<` and `>`.
fn shown(form: Form, room: usize, palette: Palette) -> Option<Hint> {
    let Form { mut text, mut current } = form;
    if !palette.is_colored() && !current.is_empty() {
        // A value of virsh stands between such signs already.
        if !text[current.clone()].starts_with(['<', '[', '{']) {
            text.insert(current.end, '>');
            text.insert(current.start, '<');
        }
        current = 0..0;
    }
    let room = room.checked_sub(GAP.len()).filter(|room| *room >= NARROWEST)?;
    // The parameter that is being typed is what must be seen.
    let hidden = text[..current.end].width().saturating_sub(room);
    if hidden > 0 {
        return None;
    }
    let text = cut(&text, room);
    let mark = current.start + GAP.len()..current.end + GAP.len();
    Some(Hint { text: format!("{GAP}{text}"), is_input: false, mark })
}

fn form(shell: &Shell, before: &str) -> Option<Form> {
    let is_variable = |name: &str| shell.session().scope().contains(name);
    if let Some(Command::Virsh(_)) = Command::read(before, is_variable) {
        return virsh_form(before.trim_start().trim_start_matches('!'));
    }
    // Only once the catalog is there: typing must not wait for it.
    let catalog = shell.knowledge().ready_catalog(shell.session())?;
    let source = format!("{}{before}", shell.knowledge().prelude());
    let scope = shell.session().scope();
    let place = before.contains("#{").then(|| place_at(&source, scope, &|_| None, catalog));
    if let Some(Place::Word { option: Some(option), .. } | Place::OptionValue { option, .. }) = place {
        return Some(option_form(option));
    }
    let calling = call_around(&source, scope, &|_| None, catalog)?;
    native_form(&calling, catalog).or_else(|| own_form(shell, &calling))
}

/// What the value of an option is.
fn option_form(option: &OptionSpec) -> Form {
    let kind = option.kind.describe();
    Form { text: format!("{kind}: {}", option.doc), current: 0..kind.len() }
}

/// What a command of virsh still takes, once its name is complete.
fn virsh_form(line: &str) -> Option<Form> {
    complete::remaining(line).map(|(text, current)| Form { text, current })
}

fn native_form(calling: &Calling, catalog: &Catalog) -> Option<Form> {
    let call = &calling.call;
    let entry = match &call.receiver {
        Some(receiver) => catalog.method(receiver, &call.name),
        None => catalog.function(&call.namespace, &call.name),
    }?;
    let overload = fitting(entry, &calling.given)?;
    let text = entry.signature(overload);
    let open = text.find('(')? + 1;
    let current = parameter(&overload.params.iter().map(ToString::to_string).collect::<Vec<_>>(), calling);
    Some(Form { text, current: current.start + open..current.end + open })
}

/// The form that takes what is typed so far: the types of the arguments decide, the last one's only between equals.
fn fitting<'a>(entry: &'a Entry, given: &[Type]) -> Option<&'a Overload> {
    let earlier = given.len().saturating_sub(1);
    let room = |overload: &&Overload| overload.params.len() > earlier || given_nothing(given);
    let fits = |overload: &&Overload, count: usize| {
        overload.params.iter().zip(&given[..count]).all(|(param, type_)| type_.may_be(&param.type_))
    };
    let forms = || entry.overloads.iter().filter(room);
    let wanted = |overload: &&Overload| !given_nothing(given) || !overload.params.is_empty();
    forms()
        .filter(wanted)
        .find(|overload| fits(overload, given.len()))
        .or_else(|| forms().filter(wanted).find(|overload| fits(overload, earlier)))
        .or_else(|| forms().next())
}

/// True right behind the opening parenthesis.
fn given_nothing(given: &[Type]) -> bool {
    matches!(given, [] | [Type::Any])
}

/// Returns where the parameter that is being typed stands in the list of all.
fn parameter(names: &[String], calling: &Calling) -> Range<usize> {
    let current = calling.given.len().saturating_sub(1);
    let Some(name) = names.get(current) else { return 0..0 };
    let start: usize = names[..current].iter().map(|name| name.len() + ", ".len()).sum();
    start..start + name.len()
}

/// A function of an earlier line.
fn own_form(shell: &Shell, calling: &Calling) -> Option<Form> {
    let call = &calling.call;
    let name = call.name.as_str();
    let own = shell.session().functions();
    let function = own
        .iter_functions()
        .find(|function| function.name == name && function.params.len() >= calling.given.len())?;
    if !call.namespace.is_empty() {
        return None;
    }
    let params: Vec<String> = function.params.iter().map(ToString::to_string).collect();
    let current = parameter(&params, calling);
    let open = name.len() + 1;
    let text = format!("{name}({})", params.join(", "));
    Some(Form { text, current: current.start + open..current.end + open })
}

#[cfg(test)]
mod tests {
    use rhai::Scope;

    use super::*;
    use crate::lang::natives::Docs;
    use crate::session::{bare_engine, catalog};

    fn typed(before: &str) -> Option<String> {
        let catalog = catalog(&bare_engine(Docs::Kept));
        let calling = call_around(before, &Scope::new(), &|_| None, &catalog)?;
        let Form { text, current } = native_form(&calling, &catalog)?;
        Some(format!("{}<{}>{}", &text[..current.start], &text[current.clone()], &text[current.end..]))
    }

    #[test]
    fn the_form_that_fits_is_shown_and_the_parameter_stands_out() {
        for (before, form) in [
            ("domain(", "domain(<name>) -> Domain"),
            ("domain(\"a\").wait(\"running\", ", "Domain.wait(what, <timeout>) -> bool"),
            ("domain(\"a\").wait(\"running\", 5, #{", "Domain.wait(what, timeout, <options: map>) -> bool"),
            ("domain(\"a\").undefine(", "Domain.undefine(<options: map>)"),
            (
                "[domain(\"a\").snapshot_create(#{ name: \"x\"",
                "Domain.snapshot_create(<options: map>) -> DomainSnapshot",
            ),
        ] {
            assert_eq!(typed(before).as_deref(), Some(form), "{before}");
        }
        assert_eq!(typed("domain(\"a\", 1, 2"), None);
        assert_eq!(typed("domain(\"a\") + "), None);
    }

    #[test]
    fn without_colours_the_parameter_stands_between_signs_and_a_narrow_screen_shows_nothing() {
        let form = || Form { text: "wait(what, timeout) -> bool".into(), current: 11..18 };
        let text = |room, palette| shown(form(), room, palette).map(|hint| hint.text);
        assert_eq!(text(40, Palette::PLAIN).as_deref(), Some("   wait(what, <timeout>) -> bool"));
        assert_eq!(text(25, Palette::COLOR).as_deref(), Some("   wait(what, timeout) -…"));
        assert_eq!(text(15, Palette::COLOR), None);
        assert_eq!(shown(form(), 40, Palette::COLOR).unwrap().mark(), 14..21);
    }

    #[test]
    fn a_command_of_virsh_shows_what_it_still_takes() {
        let form = virsh_form("domstate ").unwrap();
        assert_eq!((form.text.as_str(), form.current.clone()), ("<domain> [--reason]", 0..8));
        assert_eq!(shown(form, 40, Palette::PLAIN).unwrap().text, "   <domain> [--reason]");
        assert_eq!(virsh_form("domstate web1 ").unwrap().text, "[--reason]");
        assert_eq!(virsh_form("domstate"), None);
    }
}
