//! The chain of calls that led to an error, innermost first.

use std::ops::Range;

use rhai::{EvalAltResult, Position};

use super::Sources;
use crate::lang::lint::Finding;
use crate::lang::names::is_closure;

/// One place in a script.
pub(super) struct Frame {
    /// The file or what stands for it.
    pub(super) file: String,
    /// The function that was called here; empty for the innermost frame.
    pub(super) called: String,
    position: Position,
    /// How many characters, where known; otherwise those of the name or sign at the position.
    length: Option<usize>,
}

impl Frame {
    /// The place of a finding.
    pub(super) fn of_finding(finding: &Finding, file: &str) -> Self {
        let at = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        let position = Position::new(at(finding.line.max(1)), at(finding.column));
        Self { file: file.into(), called: String::new(), position, length: Some(finding.length) }
    }

    /// The bytes of the name or sign at the position; `None` where the text has no such place.
    pub(super) fn span(&self, text: &str) -> Option<Range<usize>> {
        let line = self.position.line()?;
        let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let line = text.get(start..)?.lines().next().unwrap_or("");
        let column = self.position.position().unwrap_or(1).max(1) - 1;
        let offset = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
        let rest = &line[offset..];
        let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if let Some(characters) = self.length {
            let length: usize = rest.chars().take(characters.max(1)).map(char::len_utf8).sum();
            return Some(start + offset..start + offset + length);
        }
        let length = word.max(rest.chars().next().map_or(0, char::len_utf8));
        Some(start + offset..start + offset + length)
    }
}

/// Takes an error apart. Rhai wraps it once per call; the source it names is that of the function
/// called, so it belongs to the position one level further in.
pub(super) fn frames(error: &EvalAltResult, sources: &dyn Sources) -> Vec<Frame> {
    let frame = |file: &str, called: String, position: Position| {
        let position = sources.written(file, position);
        Frame { file: file.to_owned(), called, position, length: None }
    };
    let mut frames = Vec::new();
    let mut file = sources.main().to_owned();
    let mut current = error;
    loop {
        match current {
            EvalAltResult::ErrorInFunctionCall(name, source, inner, position) => {
                frames.push(frame(&file, readable(name), *position));
                match sources.home(name) {
                    Some(home) => home.clone_into(&mut file),
                    None if !source.is_empty() => file.clone_from(source),
                    None => {}
                }
                current = inner;
            }
            EvalAltResult::ErrorInModule(path, inner, position) => {
                frames.push(frame(&file, format!("import {path:?}"), *position));
                file.clone_from(path);
                current = inner;
            }
            leaf => {
                frames.push(frame(&file, String::new(), leaf.position()));
                break;
            }
        }
    }
    frames.reverse();
    frames
}

/// Puts the calls inside the library that comes with the program behind those of the script: what a function
/// of the library refuses is a mistake where it was called.
pub(super) fn callers_first(frames: &mut [Frame], is_library: impl Fn(&str) -> bool) {
    let inside = frames.iter().take_while(|frame| is_library(&frame.file)).count();
    frames.rotate_left(inside % frames.len().max(1));
}

/// Closures have names that nobody wrote.
fn readable(name: &str) -> String {
    if is_closure(name) { "a closure".into() } else { name.into() }
}
