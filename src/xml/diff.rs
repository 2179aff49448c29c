//! What differs between two elements, as data and as lines.
//!
//! Elements are paired by what identifies them: libvirt's own keys for devices ([`KEYS`]), a name,
//! an alias, and otherwise their position. What XML gives no meaning does not count: quotes, the
//! order of attributes, blanks between tags, comments and processing instructions.

mod lines;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::ControlFlow::{self, Break, Continue};

use super::path::quoted;
use super::tree::{Id, Tree};
use crate::error::{Error, Result, code};

pub(super) use lines::unified;

/// Levels that [`changes`] looks into, at most: its paths grow with each. libvirt reads 256.
pub(super) const DEEPEST: usize = 1000;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where, as a path from the element compared: `devices/disk[target/@dev='vda']/source/@file`.
    pub path: String,
    /// What happened there.
    pub kind: ChangeKind,
    /// What was there: an attribute's value, a text, or an element as XML.
    pub old: Option<String>,
    /// What is there instead.
    pub new: Option<String>,
}

/// What happened to an attribute, a text or an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Only the second one has it.
    Added,
    /// Only the first one has it.
    Removed,
    /// Both have it, with different values.
    Changed,
}

impl ChangeKind {
    /// Returns the word for it that scripts see.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// An attribute that is part of a key: of the element itself, or of a child of it.
type KeyPart = (Option<&'static str>, &'static str);

/// What identifies libvirt's repeated elements, whatever their order.
const KEYS: &[(&str, &[KeyPart])] = &[
    ("disk", &[(Some("target"), "dev")]),
    ("interface", &[(Some("mac"), "address")]),
    ("controller", &[(None, "type"), (None, "index")]),
    ("filesystem", &[(Some("target"), "dir")]),
    ("vcpupin", &[(None, "vcpu")]),
    ("cell", &[(None, "id")]),
];

/// What identifies any other repeated element, the first that does for all of a kind.
const GENERAL_KEYS: &[&[KeyPart]] = &[&[(None, "name")], &[(Some("alias"), "name")]];

/// Returns what has to change in element `x` of `a` to make it say what `y` of `b` says.
pub(super) fn changes(a: &Tree, x: Id, b: &Tree, y: Id) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    let mut comparison = Comparison { a, b, paths: vec![(0, String::new())] };
    let flow = comparison.run(x, y, &mut |comparison, path, difference| {
        if comparison.depth(path) > DEEPEST {
            return Break(());
        }
        changes.push(comparison.change(path, difference));
        Continue(())
    });
    match flow {
        Continue(()) => Ok(changes),
        Break(()) => Err(Error::new(code::XML, format!("a difference lies more than {DEEPEST} levels deep"))
            .hint("compare the elements inside instead")),
    }
}

/// True where `x` of `a` says what `y` of `b` says.
pub(super) fn same(a: &Tree, x: Id, b: &Tree, y: Id) -> bool {
    Comparison { a, b, paths: vec![(0, String::new())] }.run(x, y, &mut |_, _, _| Break(())).is_continue()
}

/// A difference before its path is spelled out.
enum Difference {
    Attribute(String, Option<String>, Option<String>),
    Text(String, String, bool),
    Names(Id, Id),
    Removed(Id),
    Added(Id),
}

/// What is left to compare; the number says which of the paths leads there.
enum Task {
    Pair(Id, Id, usize),
    Removed(Id, usize),
    Added(Id, usize),
}

struct Comparison<'a> {
    a: &'a Tree,
    b: &'a Tree,
    /// Each path as the path that it continues and its last step; the first is the start.
    paths: Vec<(usize, String)>,
}

type Report<'r, 'a> = &'r mut dyn FnMut(&Comparison<'a>, usize, Difference) -> ControlFlow<()>;

impl<'a> Comparison<'a> {
    fn run(&mut self, x: Id, y: Id, report: Report<'_, 'a>) -> ControlFlow<()> {
        let mut tasks = vec![Task::Pair(x, y, 0)];
        while let Some(task) = tasks.pop() {
            match task {
                Task::Removed(x, path) => report(self, path, Difference::Removed(x))?,
                Task::Added(y, path) => report(self, path, Difference::Added(y))?,
                Task::Pair(x, y, path) if self.a.name(x) != self.b.name(y) => {
                    report(self, path, Difference::Names(x, y))?;
                }
                Task::Pair(x, y, path) => {
                    self.attributes(x, y, path, report)?;
                    let (old, new) = (own_text(self.a, x), own_text(self.b, y));
                    if old != new {
                        let leaf = |tree: &Tree, id| tree.elements(id).next().is_none();
                        let is_leaf = leaf(self.a, x) && leaf(self.b, y);
                        report(self, path, Difference::Text(old, new, is_leaf))?;
                    }
                    // The last task is taken first: reversed, the changes come in document order.
                    let children = self.children(x, y, path);
                    tasks.extend(children.into_iter().rev());
                }
            }
        }
        Continue(())
    }

    fn attributes(&self, x: Id, y: Id, path: usize, report: Report<'_, 'a>) -> ControlFlow<()> {
        for (name, attribute) in self.a.attributes(x) {
            let old = self.a.tag(x).map_or("".into(), |(tag, _)| attribute.value(tag));
            let new = self.b.attribute(y, name);
            if new.as_ref() != Some(&old) {
                let new = new.map(Into::into);
                report(self, path, Difference::Attribute(name.to_owned(), Some(old.into()), new))?;
            }
        }
        for (name, attribute) in self.b.attributes(y) {
            if self.a.attribute(x, name).is_none() {
                let new = self.b.tag(y).map_or("".into(), |(tag, _)| attribute.value(tag)).into();
                report(self, path, Difference::Attribute(name.to_owned(), None, Some(new)))?;
            }
        }
        Continue(())
    }

    /// Pairs the elements in `x` with those in `y`.
    fn children(&mut self, x: Id, y: Id, path: usize) -> Vec<Task> {
        let (a, b) = (self.a, self.b);
        let mut groups: HashMap<&str, (Vec<Id>, Vec<Id>)> = HashMap::new();
        for id in a.elements(x) {
            groups.entry(a.name(id)).or_default().0.push(id);
        }
        for id in b.elements(y) {
            groups.entry(b.name(id)).or_default().1.push(id);
        }
        let mut paired = Paired::default();
        for (name, (old, new)) in &groups {
            self.pair(name, old, new, &mut paired);
        }
        let mut tasks = Vec::new();
        for id in a.elements(x) {
            if let Some((partner, step)) = paired.old.remove(&id) {
                let path = self.path(path, step);
                tasks.push(partner.map_or(Task::Removed(id, path), |y| Task::Pair(id, y, path)));
            }
        }
        for id in b.elements(y) {
            if let Some(step) = paired.added.remove(&id) {
                let path = self.path(path, step);
                tasks.push(Task::Added(id, path));
            }
        }
        tasks
    }

    /// Pairs elements of one name, by the first key that all of them have, or by position.
    fn pair(&self, name: &str, old: &[Id], new: &[Id], paired: &mut Paired) {
        let own = KEYS.iter().find(|(of, _)| *of == name).map(|&(_, key)| key);
        let several = old.len() > 1 || new.len() > 1;
        let general = GENERAL_KEYS.iter().copied().filter(|_| several);
        let keyed = own.into_iter().chain(general).find_map(|key| {
            let (old, new) = (keys(self.a, old, key)?, keys(self.b, new, key)?);
            Some((key, old, new))
        });
        let Some((key, old, mut new)) = keyed else {
            let step = |at: usize| if several { format!("{name}[{}]", at + 1) } else { name.to_owned() };
            for (at, &id) in old.iter().enumerate() {
                paired.old.insert(id, (new.get(at).copied(), step(at)));
            }
            for (at, &id) in new.iter().enumerate().skip(old.len()) {
                paired.added.insert(id, step(at));
            }
            return;
        };
        for (values, id) in old {
            paired.old.insert(id, (new.remove(&values), keyed_step(name, key, &values)));
        }
        paired.added.extend(new.into_iter().map(|(values, id)| (id, keyed_step(name, key, &values))));
    }

    fn path(&mut self, start: usize, step: String) -> usize {
        self.paths.push((start, step));
        self.paths.len() - 1
    }

    fn steps(&self, path: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(path), |&path| Some(self.paths[path].0)).take_while(|&path| path != 0)
    }

    fn depth(&self, path: usize) -> usize {
        self.steps(path).count()
    }

    fn change(&self, path: usize, difference: Difference) -> Change {
        let mut steps: Vec<&str> = self.steps(path).map(|path| self.paths[path].1.as_str()).collect();
        steps.reverse();
        let mut last = None;
        let (old, new) = match difference {
            Difference::Attribute(name, old, new) => {
                last = Some(format!("@{name}"));
                (old, new)
            }
            Difference::Text(old, new, is_leaf) => {
                last = (!is_leaf).then(|| "text()".to_owned());
                (Some(old), Some(new))
            }
            Difference::Names(x, y) => (Some(self.a.print(x)), Some(self.b.print(y))),
            Difference::Removed(x) => (Some(self.a.print(x)), None),
            Difference::Added(y) => (None, Some(self.b.print(y))),
        };
        steps.extend(last.as_deref());
        let path = if steps.is_empty() { ".".to_owned() } else { steps.join("/") };
        let kind = match (&old, &new) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Removed,
            _ => ChangeKind::Changed,
        };
        Change { path, kind, old, new }
    }
}

/// Which elements belong together, with the step of a path that leads to them.
#[derive(Default)]
struct Paired {
    old: HashMap<Id, (Option<Id>, String)>,
    added: HashMap<Id, String>,
}

/// Returns the elements by their keys; nothing where one has no such key or two have the same.
fn keys(tree: &Tree, elements: &[Id], key: &[KeyPart]) -> Option<HashMap<Vec<String>, Id>> {
    let mut keys = HashMap::new();
    for &id in elements {
        let part = |&(child, attribute): &KeyPart| {
            let owner = match child {
                Some(child) => tree.elements(id).find(|&id| tree.name(id) == child)?,
                None => id,
            };
            tree.attribute(owner, attribute).map(String::from)
        };
        let values: Vec<String> = key.iter().map(part).collect::<Option<_>>()?;
        if keys.insert(values, id).is_some() {
            return None;
        }
    }
    Some(keys)
}

fn keyed_step(name: &str, key: &[KeyPart], values: &[String]) -> String {
    let part = |(&(child, attribute), value): (&KeyPart, &String)| {
        let child = child.map_or(String::new(), |child| format!("{child}/"));
        format!("{child}@{attribute}={}", quoted(value))
    };
    let parts: Vec<String> = key.iter().zip(values).map(part).collect();
    format!("{name}[{}]", parts.join(" and "))
}

/// Returns the text directly in an element; "" where it is only the blanks between tags.
fn own_text(tree: &Tree, id: Id) -> String {
    let text = tree.joined(tree.children(id));
    if text.trim_ascii().is_empty() { String::new() } else { text.into_owned() }
}
