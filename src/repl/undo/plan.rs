//! What has to be done to bring an object back to what it was.

use std::fmt::Write as _;

use super::store::Stored;
use super::{Autostart, Before, Definition, Live, Name, live};
use crate::error::{Error, Result};
use crate::report;
use crate::uri;
use crate::xml::Document;

/// One call.
pub(super) type Step = Box<dyn FnOnce() -> Result<()>>;

/// See the module.
pub(in crate::repl) struct Plan {
    title: String,
    lines: Vec<String>,
    steps: Vec<Step>,
}

impl Plan {
    /// Compares what was with what is.
    ///
    /// Errors: `usage` where nothing differs; those of reading.
    pub(super) fn new(before: &Before) -> Result<Self> {
        let now = (before.store.find)(&before.connection, &before.key)?;
        let name = match (&now, &before.name) {
            (_, Some(name)) => name.clone(),
            (Some(object), None) => object.name()?,
            (None, None) => {
                before.definition.as_deref().and_then(name_in).unwrap_or_else(|| before.key.clone())
            }
        };
        let host = uri::shown(&before.connection.uri());
        let title = format!("{} {name} on {host} is taken back", before.operation);
        let mut plan = Self { title, lines: Vec::new(), steps: Vec::new() };
        plan.name(before, now.as_deref())?;
        plan.live(before, now.as_deref())?;
        plan.definition(before, now.as_deref())?;
        plan.autostart(before, now.as_deref())?;
        if plan.steps.is_empty() {
            let said = format!("{name} is as it was before `{}`: there is nothing to undo", before.operation);
            return Err(Error::usage(said));
        }
        Ok(plan)
    }

    /// What will be done, for the person who is asked.
    pub(in crate::repl) fn describe(&self) -> String {
        let mut text = format!("{}:\n", self.title);
        for line in self.lines.iter().flat_map(|lines| lines.lines()) {
            let _ = writeln!(text, "  {}", report::printable(&without_password(line)));
        }
        text
    }

    /// Does it.
    ///
    /// Errors: those of libvirt; what was done before stays done.
    pub(in crate::repl) fn run(self) -> Result<()> {
        self.steps.into_iter().try_for_each(|step| step())
    }

    pub(super) fn add(&mut self, line: String, step: impl FnOnce() -> Result<()> + 'static) {
        self.lines.push(line);
        self.steps.push(Box::new(step));
    }

    /// How many calls it takes.
    pub(super) fn step_count(&self) -> usize {
        self.steps.len()
    }

    /// Says something about what will be as it is.
    pub(super) fn remark(&mut self, line: &str) {
        self.lines.push(line.to_owned());
    }

    fn name(&mut self, before: &Before, now: Option<&dyn Stored>) -> Result<()> {
        let Some((guest, old)) =
            now.and_then(Stored::guest).zip(before.name.clone()).filter(|_| before.has(Name))
        else {
            return Ok(());
        };
        let new = guest.name()?;
        if new != old {
            let guest = guest.clone();
            self.add(format!("{new} is named {old} again"), move || guest.rename(&old));
        }
        Ok(())
    }

    fn live(&mut self, before: &Before, now: Option<&dyn Stored>) -> Result<()> {
        let (Some(now), Some(was)) = (now, before.live.as_deref().filter(|_| before.has(Live))) else {
            return Ok(());
        };
        match (now.guest(), now.live()?) {
            (Some(guest), Some(is)) => live::add(self, guest, &Document::parse(was)?, &Document::parse(&is)?),
            _ => Ok(()),
        }
    }

    fn definition(&mut self, before: &Before, now: Option<&dyn Stored>) -> Result<()> {
        if !before.has(Definition) {
            return Ok(());
        }
        let is = now.map(Stored::definition).transpose()?.flatten();
        let (store, connection, key) = (before.store, before.connection.clone(), before.key.clone());
        match (before.definition.clone(), is) {
            (Some(was), Some(is)) => {
                let difference = Document::parse(&is)?.diff_text(&Document::parse(&was)?);
                if !difference.is_empty() {
                    let line = format!("the stored definition becomes what it was:\n{}", pieces(&difference));
                    self.add(line, move || (store.define)(&connection, &was).map(drop));
                }
            }
            (Some(was), None) => {
                let lost =
                    "it is defined again; a saved state, snapshots or NVRAM that went with it stay lost";
                let line = if before.operation == "domain.undefine" { lost } else { "it is defined again" };
                self.add(line.into(), move || (store.define)(&connection, &was).map(drop));
            }
            (None, Some(_)) => self.add("its stored definition is removed".into(), move || {
                (store.find)(&connection, &key)?.map_or(Ok(()), |object| object.undefine())
            }),
            (None, None) => {}
        }
        Ok(())
    }

    fn autostart(&mut self, before: &Before, now: Option<&dyn Stored>) -> Result<()> {
        let Some(was) = before.autostart.filter(|_| before.has(Autostart)) else { return Ok(()) };
        // What is defined again does not start by itself.
        let is_stored = now.map(Stored::definition).transpose()?.flatten().is_some();
        let is = match now {
            Some(object) if is_stored => object.autostart()?,
            _ => false,
        };
        if is != was {
            let (store, connection, key) = (before.store, before.connection.clone(), before.key.clone());
            let line = if was {
                "it starts with the host again"
            } else {
                "it does not start with the host any more"
            };
            self.add(line.into(), move || {
                (store.find)(&connection, &key)?.map_or(Ok(()), |object| object.set_autostart(was))
            });
        }
        Ok(())
    }
}

fn name_in(definition: &str) -> Option<String> {
    let document = Document::parse(definition).ok()?;
    ["name", "@name"].iter().find_map(|path| document.text_at(path).ok()?)
}

/// A difference with a mark between its pieces in place of their line numbers.
fn pieces(difference: &str) -> String {
    let lines = difference.lines().map(|line| if line.starts_with("@@") { "…" } else { line });
    lines.skip_while(|line| *line == "…").collect::<Vec<_>>().join("\n")
}

/// A line of XML without the password of a screen.
fn without_password(line: &str) -> String {
    let Some((before, rest)) = line.split_once("passwd='") else { return line.to_owned() };
    let after = rest.split_once('\'').map_or("", |(_, after)| after);
    format!("{before}passwd='***'{after}")
}
