//! Errors on the screen: what happened, where, how the script got there, and what to do.
//!
//! Facts come from the error; the words are made here. Everything goes to stderr.

mod frames;
mod help;
mod hidden;

pub use help::{help, help_fitting};

use std::fmt::Write as _;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use rhai::{EvalAltResult, Position};

use crate::api::error::from_rhai;
use crate::error::{Error, code};
use crate::lang::lint::Finding;
use crate::output::{self, Palette, Style};
use frames::Frame;

/// What a report has to know of the sources that ran.
pub trait Sources {
    /// The name of the source that was evaluated.
    fn main(&self) -> &str;
    /// The text of a source by its name.
    fn text(&self, name: &str) -> Option<String>;
    /// The place as written of a place that Rhai names in a source.
    fn written(&self, file: &str, position: Position) -> Position;
    /// True for a source that comes with the program.
    fn is_embedded(&self, name: &str) -> bool;
    /// The source that a closure was written in; Rhai only tells from where it was called.
    fn home(&self, closure: &str) -> Option<&str>;
    /// The name that may have been meant, where a name was not found.
    fn hint(&self, failure: &EvalAltResult) -> Option<String>;
}

/// Shows an error that a script did not catch.
pub fn uncaught(error: &EvalAltResult, palette: Palette, sources: &dyn Sources) {
    output::err(&uncaught_text(error, palette, sources));
}

/// Shows an error that has no place in a script.
pub fn error(error: &Error, palette: Palette) {
    output::err(&error_text(error, palette));
}

/// What [`error`] shows.
pub fn error_text(error: &Error, palette: Palette) -> String {
    let mut text = format!("{} {}\n", palette.paint(Style::Error, "error:"), title(error));
    push_hint(&mut text, error, palette);
    text
}

/// Shows a warning.
pub fn warn(text: &str) {
    output::err(&format!("warning: {text}\n"));
}

/// Shows a finding of `check`.
pub fn finding(finding: &Finding, file: &str, text: &str, palette: Palette) {
    let frame = Frame::of_finding(finding, file);
    let level = Level::ERROR.primary_title(printable(&finding.message)).id(finding.code);
    let shown = hidden::hide_secrets(text);
    let report: Vec<Group<'_>> = vec![level.elements(snippet(&frame, text, &shown, true))];
    let mut shown = renderer(palette).render(&report);
    shown.push('\n');
    if let Some(hint) = &finding.hint {
        let _ = writeln!(shown, "{} {}", palette.paint(Style::Hint, "hint:"), printable(hint));
    }
    output::err(&shown);
}

fn renderer(palette: Palette) -> Renderer {
    let renderer = if palette.is_colored() { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii)
}

/// What [`uncaught`] shows.
pub fn uncaught_text(failure: &EvalAltResult, palette: Palette, sources: &dyn Sources) -> String {
    let mut error = from_rhai(failure);
    if let Some(hint) = sources.hint(failure) {
        error = error.hint(hint);
    }
    let mut frames = frames::frames(failure, sources);
    if error.code() == code::USAGE {
        frames::callers_first(&mut frames, |file| sources.is_embedded(file));
    }
    let texts: Vec<Option<String>> = frames.iter().map(|frame| sources.text(&frame.file)).collect();
    let shown: Vec<_> = texts.iter().map(|text| text.as_deref().map(hidden::hide_secrets)).collect();
    let title = title(&error);
    let snippets: Vec<_> = frames
        .iter()
        .zip(&texts)
        .zip(&shown)
        .enumerate()
        .filter_map(|(depth, ((frame, text), shown))| {
            snippet(frame, text.as_deref()?, shown.as_deref()?, depth == 0)
        })
        .collect();
    let report: Vec<Group<'_>> = vec![Level::ERROR.primary_title(title).elements(snippets)];
    let mut text = renderer(palette).render(&report);
    text.push('\n');
    push_hint(&mut text, &error, palette);
    text
}

/// One frame of the call chain: the first carries the caret, the others say that they called.
fn snippet<'a>(
    frame: &'a Frame,
    text: &'a str,
    shown: &'a str,
    first: bool,
) -> Option<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let span = frame.span(text)?;
    let annotation = if first {
        AnnotationKind::Primary.span(span)
    } else {
        AnnotationKind::Context.span(span).label(match frame.called.as_str() {
            "" => "it was refused here".to_owned(),
            called => format!("{called} was called here"),
        })
    };
    Some(Snippet::source(shown).path(frame.file.as_str()).annotation(annotation))
}

/// Operation and object, then the sentence.
fn title(error: &Error) -> String {
    let facts = error.facts();
    let place: Vec<&str> =
        [facts.operation.as_deref(), facts.object.as_deref()].into_iter().flatten().collect();
    // A failure of the system names its file itself.
    let named =
        facts.object.as_deref().and_then(|object| facts.message.strip_prefix(object)?.strip_prefix(": "));
    let sentence = printable(named.unwrap_or(&facts.message));
    if place.is_empty() { sentence } else { format!("{}: {sentence}", printable(&place.join(" "))) }
}

/// Keeps names from breaking the terminal.
pub(crate) fn printable(text: &str) -> String {
    text.trim_end()
        .chars()
        .flat_map(|c| if c.is_control() && c != '\n' { c.escape_default().collect() } else { vec![c] })
        .collect()
}

fn push_hint(text: &mut String, error: &Error, palette: Palette) {
    if let Some(hint) = &error.facts().hint {
        let _ = writeln!(text, "{} {}", palette.paint(Style::Hint, "hint:"), printable(hint));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rhai::Engine;

    struct Job(String);

    impl Sources for Job {
        fn main(&self) -> &'static str {
            "job.rhai"
        }
        fn text(&self, _name: &str) -> Option<String> {
            Some(self.0.clone())
        }
        fn written(&self, _file: &str, position: Position) -> Position {
            position
        }
        fn is_embedded(&self, name: &str) -> bool {
            name.starts_with("stdlib/")
        }
        fn home(&self, _closure: &str) -> Option<&str> {
            None
        }
        fn hint(&self, _failure: &EvalAltResult) -> Option<String> {
            None
        }
    }

    fn shown(script: &str) -> String {
        let mut engine = Engine::new();
        engine.register_fn("fail", || -> Result<(), Box<EvalAltResult>> {
            Err(Error::new("no_domain", "Domain not found")
                .operation("domain.lookup")
                .object("we\x1bb1")
                .hint("look again")
                .into())
        });
        let mut ast = engine.compile(script).unwrap();
        ast.set_source("job.rhai");
        let failure = engine.eval_ast::<()>(&ast).unwrap_err();
        uncaught_text(&failure, Palette::PLAIN, &Job(script.into()))
    }

    #[test]
    fn an_error_names_operation_object_place_and_hint() {
        let text = shown("let a = 1;\nfail();");
        assert_eq!(
            text,
            "error: domain.lookup we\\u{1b}b1: Domain not found\n --> job.rhai:2:1\n  |\n2 | fail();\n  | ^^^^\nhint: look again\n"
        );
    }

    #[test]
    fn the_chain_of_calls_is_shown() {
        let text = shown("fn deep() { fail() }\nfn outer() {\n  deep()\n}\nouter();");
        for part in ["job.rhai:1:13", "deep was called here", "outer was called here"] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }
}
