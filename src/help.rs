//! What `help NAME`, `?NAME` and `virhai doc NAME` answer.
//!
//! A name is looked for among the [`topics`], which teach, then in the catalog of what scripts can call, and
//! then among the commands of virsh. Quotes mean a topic, parentheses a function.

pub mod topics;

use crate::error::{Error, Result};
use crate::lang::catalog::Catalog;
use crate::lang::reference::{self, Body, HelpText, Section};
use crate::lang::suggest;
use crate::output::Palette;
use crate::report;
use crate::virsh::{self, records};
use topics::Topic;

/// The word on which help lists everything that can be called.
pub const INDEX: &str = "index";
/// So many names are suggested for one that is not known.
const SUGGESTIONS: usize = 5;

/// How help is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Its colours.
    pub palette: Palette,
    /// The columns that it may take.
    pub columns: Option<usize>,
}

impl Look {
    /// Lays a help text out.
    pub fn show(self, help: &HelpText) -> String {
        report::help_fitting(help, self.palette, self.columns)
    }
}

/// Explains a name.
///
/// Errors: `usage` where there is nothing of that name, with those that may have been meant.
pub fn on(catalog: &Catalog, name: &str, look: Look) -> Result<String> {
    let asked = name.trim();
    let quoted = asked.len() > 1 && asked.starts_with('"') && asked.ends_with('"');
    let asked = asked.trim_matches('"').trim();
    if asked == INDEX {
        return Ok(look.show(&reference::index(catalog)));
    }
    if let Some(topic) = topics::find(asked) {
        return Ok(look.show(&with_namesakes(topic.text(), catalog, asked)));
    }
    // `virsh::net_list` is `net-list` as scripts call it.
    if let Some(function) = asked.strip_prefix("virsh::").map(|name| name.trim_end_matches("()"))
        && let Some(command) = records::commands().find(|command| command.function() == function)
    {
        let text = on_command(command.name)?;
        return Ok(format!(
            "{}\n\n  IN SCRIPTS\n    virsh::{function}(#{{ option: value }}), with _ for -\n",
            text.trim_end()
        ));
    }
    let command = records::find(asked).filter(|_| !quoted).and_then(|command| on_command(command.name).ok());
    if let Some(mut help) = reference::help(catalog, asked).filter(|_| !quoted) {
        if command.is_some() {
            let also =
                format!("virsh has a command of this name: `!help {asked}` explains it{}.", here(asked));
            help.sections.push(Section { heading: String::new(), body: Body::Text(vec![also]) });
        }
        return Ok(look.show(&help));
    }
    command.ok_or_else(|| unknown(catalog, asked))
}

/// The topics, each with its sentence.
pub fn list_of_topics() -> Section {
    let row = |topic: Topic| (topic.name.clone(), topic.summary());
    Section { heading: "Topics".into(), body: Body::Rows(topics::all().into_iter().map(row).collect()) }
}

/// What virsh says of its command, and how the same is said here.
fn on_command(name: &str) -> Result<String> {
    let text = virsh::help(Some(name))?;
    let Some(code) = topics::instead_of(name) else { return Ok(text) };
    Ok(format!("{}\n\n  HERE\n    {code}\n", text.trim_end()))
}

fn here(command: &str) -> String {
    topics::instead_of(command).map(|code| format!("; here it is `{code}`")).unwrap_or_default()
}

/// A topic may be named like functions and types: it says how to ask for those.
fn with_namesakes(mut text: HelpText, catalog: &Catalog, name: &str) -> HelpText {
    let is_own = |path: &String| path.rsplit(['.', ':']).next() == Some(name);
    let mut paths: Vec<String> =
        catalog.named(name).map(crate::lang::catalog::Entry::path).filter(is_own).collect();
    paths.dedup();
    if !paths.is_empty() {
        let asked: Vec<String> = paths
            .iter()
            .map(|path| if path == name { format!("`help {path}()`") } else { format!("`help {path}`") })
            .collect();
        let body = Body::Text(vec![format!("Of the same name: {}.", asked.join(", "))]);
        text.sections.push(Section { heading: String::new(), body });
    }
    text
}

fn unknown(catalog: &Catalog, name: &str) -> Error {
    let error = Error::usage(format!("there is no help on {name:?}"));
    let topics = topics::all();
    let mut near: Vec<String> = suggest::near(name, topics.iter().map(|topic| topic.name.as_str()), 2)
        .into_iter()
        .map(str::to_owned)
        .collect();
    near.extend(reference::near(catalog, name));
    near.extend(suggest::near(name, records::names(), 2).into_iter().map(str::to_owned));
    let mut seen = std::collections::HashSet::new();
    near.retain(|name| seen.insert(name.clone()));
    near.truncate(SUGGESTIONS);
    if near.is_empty() {
        error.hint("`help` alone shows what there is, `help index` every function")
    } else {
        error.hint(format!("did you mean {}?", near.join(", ")))
    }
}

#[cfg(test)]
mod tests;
