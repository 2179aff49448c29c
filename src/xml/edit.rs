//! Changing a [`Tree`]. Every change either happens as a whole or leaves the tree as it was.

#[cfg(test)]
mod tests;

use super::chars::{Place, escape, first_forbidden, is_name};
use super::path::select::{Found, elements_after, holds, select};
use super::path::{Condition, Predicate, Route, Step, Test, Value};
use super::place;
use super::read::read;
use super::tag;
use super::tree::{Id, Kind, Raw, Tree};
use crate::error::{Error, Result, code};

/// Sets the first thing that the route finds to `value`, or creates it.
pub(super) fn set(tree: &mut Tree, start: Id, route: &Route, value: &str) -> Result<()> {
    check_value(value)?;
    match select(tree, start, route).into_iter().next() {
        Some(Found::Attribute(id, attribute)) => {
            let name = tree.tag(id).map_or("", |(tag, _)| &tag[attribute.name.clone()]).to_owned();
            write_attribute(tree, id, &name, value);
            Ok(())
        }
        Some(Found::Text(first)) => {
            if tree.joined(tree.text_run(first)) != value {
                replace_text(tree, &tree.text_run(first).collect::<Vec<_>>(), value);
            }
            Ok(())
        }
        Some(Found::Element(id)) => set_text(tree, id, value),
        None => create(tree, start, route, value),
    }
}

/// Sets an attribute of an element.
pub(super) fn set_attribute(tree: &mut Tree, id: Id, name: &str, value: &str) -> Result<()> {
    check_value(value)?;
    if !is_name(name) {
        return Err(Error::new(code::XML, format!("`{}` is no name for an attribute", name.escape_debug()))
            .hint("a name starts with a letter or `_` and holds letters, digits, `-`, `_`, `.` and `:`"));
    }
    write_attribute(tree, id, name, value);
    Ok(())
}

/// Sets the text of an element that holds no other elements; comments in it stay.
pub(super) fn set_text(tree: &mut Tree, id: Id, value: &str) -> Result<()> {
    check_value(value)?;
    let name = tree.name(id);
    if let Some(child) = tree.elements(id).next() {
        let child = tree.name(child);
        return Err(Error::new(code::XML, format!("<{name}> holds elements, a text would replace them all"))
            .hint(format!(
                "set what is in it (`…/{name}/{child}`), an attribute (`…/{name}/@…`), or remove them first"
            )));
    }
    if tree.text(id) != value {
        let texts: Vec<_> = tree.children(id).filter(|&child| tree.is_text(child)).collect();
        write_text(tree, id, &texts, value);
    }
    Ok(())
}

/// Adds the one element of an XML text, and comments around it, as the last child of `parent`.
pub(super) fn add(tree: &mut Tree, parent: Id, fragment: &str) -> Result<Id> {
    let other = read(fragment.trim_ascii())
        .map_err(|error| error.hint("add() takes the text of one element, such as \"<disk>…</disk>\""))?;
    let mut added = None;
    for item in other.children(Id::DOCUMENT) {
        let raw = other.print(item);
        if other.is_element(item) {
            let element = copy(tree, &other, item);
            place::append(tree, parent, element);
            added = Some(element);
        } else if raw.starts_with("<!DOCTYPE") {
            return Err(
                Error::new(code::XML, "a document type cannot be added to an element").hint("remove it")
            );
        } else if raw.starts_with("<!--") || (raw.starts_with("<?") && !is_declaration(&raw)) {
            let comment = tree.push(Kind::Other(Raw::own(raw)));
            place::append(tree, parent, comment);
        }
    }
    Ok(added.expect("a text that was read has a root element"))
}

fn is_declaration(raw: &str) -> bool {
    raw.strip_prefix("<?xml").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_whitespace()))
}

/// Takes an element out of the document; it lives on by itself. The root element cannot be.
pub(super) fn remove_element(tree: &mut Tree, id: Id) -> Result<()> {
    if tree.parent(id) == Some(Id::DOCUMENT) {
        let message = format!("<{}> is the root element, which a document cannot be without", tree.name(id));
        return Err(
            Error::new(code::XML, message).hint("remove what is in it, or make a new document with xml()")
        );
    }
    place::take_out(tree, id);
    Ok(())
}

/// Removes everything that the route finds and returns how much that was.
pub(super) fn remove(tree: &mut Tree, start: Id, route: &Route) -> Result<usize> {
    let found = select(tree, start, route);
    let is_root =
        |found: &Found| matches!(found, Found::Element(id) if tree.parent(*id) == Some(Id::DOCUMENT));
    if let Some(Found::Element(root)) = found.iter().find(|found| is_root(found)) {
        remove_element(tree, *root)?;
    }
    // Ranges in a tag shift with the first removal: names do not.
    let names: Vec<String> = found.iter().map(|found| attribute_name(tree, found)).collect();
    for (found, name) in found.iter().zip(names) {
        match found {
            Found::Element(id) => remove_element(tree, *id)?,
            Found::Attribute(id, _) => remove_attribute(tree, *id, &name),
            Found::Text(first) => {
                for id in tree.text_run(*first).collect::<Vec<_>>() {
                    tree.unlink(id);
                }
            }
        }
    }
    Ok(found.len())
}

fn attribute_name(tree: &Tree, found: &Found) -> String {
    match found {
        Found::Attribute(id, attribute) => {
            tree.tag(*id).map_or("", |(tag, _)| &tag[attribute.name.clone()]).to_owned()
        }
        _ => String::new(),
    }
}

fn check_value(value: &str) -> Result<()> {
    match first_forbidden(value) {
        Some((at, c)) => {
            let place = value[..at].chars().count() + 1;
            let message =
                format!("the character U+{:04X} (number {place}) cannot be in XML 1.0", u32::from(c));
            Err(Error::new(code::XML, message).hint("remove it, or encode the data, for example as base64"))
        }
        None => Ok(()),
    }
}

fn write_attribute(tree: &mut Tree, id: Id, name: &str, value: &str) {
    let Some((tag, length)) = tree.tag(id) else { return };
    if let Some(tag) = tag::with_attribute(tag, length, name, value) {
        tree.set_tag(id, tag);
    }
}

fn remove_attribute(tree: &mut Tree, id: Id, name: &str) {
    let Some((tag, length)) = tree.tag(id) else { return };
    if let Some(tag) = tag::without_attribute(tag, length, name) {
        tree.set_tag(id, tag);
    }
}

fn text_kind(value: &str) -> Kind {
    Kind::Text(Raw::own(escape(value, Place::Content)))
}

/// Writes the text of an element in place of `texts`, which are all the texts that it has.
fn write_text(tree: &mut Tree, id: Id, texts: &[Id], value: &str) {
    if !texts.is_empty() {
        replace_text(tree, texts, value);
    } else if !value.is_empty() {
        place::open_up(tree, id);
        let text = tree.push(text_kind(value));
        tree.link(id, text, None);
    }
}

/// Puts one text in the place of the first of `texts` and removes the others.
fn replace_text(tree: &mut Tree, texts: &[Id], value: &str) {
    let keep_first = usize::from(!value.is_empty());
    for &text in &texts[keep_first..] {
        tree.unlink(text);
    }
    if keep_first == 1 {
        tree.set_kind(texts[0], text_kind(value));
    }
}

/// Copies an item and everything in it from another tree.
fn copy(tree: &mut Tree, other: &Tree, top: Id) -> Id {
    use super::tree::Visit::{Enter, Leave};
    let own = |raw: &Raw| Raw::own(other.piece(raw));
    let mut open: Vec<Id> = Vec::new();
    let mut last = None;
    for visit in other.walk(top) {
        match visit {
            Enter(id) => {
                let item = tree.push(match other.kind(id) {
                    Kind::Document => Kind::Document,
                    Kind::Element { open, close, name_length } => {
                        Kind::Element { open: own(open), close: own(close), name_length: *name_length }
                    }
                    Kind::Text(raw) => Kind::Text(own(raw)),
                    Kind::CData(raw) => Kind::CData(own(raw)),
                    Kind::Other(raw) => Kind::Other(own(raw)),
                });
                if let Some(&parent) = open.last() {
                    tree.link(parent, item, None);
                }
                open.push(item);
            }
            Leave(_) => last = open.pop(),
        }
    }
    last.expect("a walk leaves where it entered")
}

/// Creates what is missing of a route: the rest of its steps below the longest part that is there.
fn create(tree: &mut Tree, start: Id, route: &Route, value: &str) -> Result<()> {
    let (base, missing) = longest_match(tree, start, route);
    if missing[0].deep {
        return Err(nowhere(&missing[0]));
    }
    if base == Id::DOCUMENT {
        let why = format!("the root element is <{}>", tree.name(tree.root()));
        return Err(impossible(&missing[0], &why));
    }
    if let [Step { test, .. }] = missing {
        match test {
            Test::Attribute(name) => {
                write_attribute(tree, base, name, value);
                return Ok(());
            }
            Test::Text => {
                write_text(tree, base, &[], value);
                return Ok(());
            }
            _ => {}
        }
    }
    let before = tree.count();
    match build(tree, missing, value) {
        Ok(element) => {
            place::append(tree, base, element);
            Ok(())
        }
        Err(error) => {
            tree.forget_after(before);
            Err(error)
        }
    }
}

/// Returns the first element that as many steps as possible lead to, and the steps left.
fn longest_match<'a>(tree: &Tree, start: Id, route: &'a Route) -> (Id, &'a [Step]) {
    let first_after = |steps: usize| {
        let found = elements_after(tree, start, route, steps).into_iter().next();
        found.map(|id| (id, &route.steps[steps..]))
    };
    (0..route.steps.len()).rev().find_map(first_after).unwrap_or((start, &route.steps))
}

/// Builds the elements for these steps, linked to nothing yet, and returns the outermost.
fn build(tree: &mut Tree, steps: &[Step], value: &str) -> Result<Id> {
    let mut outermost = None;
    let mut inner: Option<Id> = None;
    for (index, step) in steps.iter().enumerate() {
        match (&step.test, inner) {
            _ if step.deep => return Err(nowhere(step)),
            (Test::Name(name), _) => {
                let element = new_element(tree, name);
                for predicate in &step.predicates {
                    satisfy(tree, element, step, predicate)?;
                }
                if let Some(parent) = inner {
                    place::open_up(tree, parent);
                    tree.link(parent, element, None);
                }
                outermost.get_or_insert(element);
                inner = Some(element);
                if index + 1 == steps.len() {
                    set_text(tree, element, value)?;
                }
            }
            (Test::Attribute(name), Some(parent)) => write_attribute(tree, parent, name, value),
            (Test::Text, Some(parent)) => set_text(tree, parent, value)?,
            (Test::Itself, _) => {
                if let (Some(parent), true) = (inner, index + 1 == steps.len()) {
                    set_text(tree, parent, value)?;
                }
            }
            _ => return Err(impossible(step, "it does not name what to create")),
        }
    }
    // What came later may have undone what a predicate asked for.
    let mut element = outermost;
    for step in steps.iter().filter(|step| matches!(step.test, Test::Name(_))) {
        let Some(id) = element else { break };
        let fits = |predicate: &Predicate| match predicate {
            Predicate::Holds(condition) => holds(tree, id, condition),
            Predicate::Position(_) | Predicate::Last => true,
        };
        if !step.predicates.iter().all(fits) {
            return Err(impossible(step, "its predicates and the value contradict each other"));
        }
        element = tree.elements(id).last();
    }
    outermost.ok_or_else(|| impossible(&steps[0], "it does not name what to create"))
}

fn new_element(tree: &mut Tree, name: &str) -> Id {
    let (open, name_length) = (Raw::own(format!("<{name}/>")), name.len() as u32);
    tree.push(Kind::Element { open, close: Raw::own(""), name_length })
}

/// Makes a predicate hold for a new element.
fn satisfy(tree: &mut Tree, element: Id, step: &Step, predicate: &Predicate) -> Result<()> {
    match predicate {
        Predicate::Position(_) | Predicate::Last => {
            Err(impossible(step, "a position says where to look, not what to create"))
        }
        Predicate::Holds(condition) => fulfil(tree, element, step, condition),
    }
}

fn fulfil(tree: &mut Tree, element: Id, step: &Step, condition: &Condition) -> Result<()> {
    match condition {
        Condition::And(parts) => parts.iter().try_for_each(|part| fulfil(tree, element, step, part)),
        Condition::Compare { left: Value::Route(route), equal: true, right: Value::Text(text) }
        | Condition::Compare { left: Value::Text(text), equal: true, right: Value::Route(route) }
            if !route.absolute =>
        {
            create_below(tree, element, route, text)
        }
        Condition::Compare { left: Value::Route(route), equal: true, right: Value::Number(number) }
        | Condition::Compare { left: Value::Number(number), equal: true, right: Value::Route(route) }
            if !route.absolute =>
        {
            create_below(tree, element, route, &number.to_string())
        }
        _ => Err(impossible(step, "only predicates such as [@a='v'] and [b/@a='v'] say what to create")),
    }
}

/// Sets what a predicate's route leads to inside a new element, which has no layout yet.
fn create_below(tree: &mut Tree, element: Id, route: &Route, value: &str) -> Result<()> {
    if let [Step { test: Test::Itself, .. }] = route.steps.as_slice() {
        return set_text(tree, element, value);
    }
    let (base, missing) = longest_match(tree, element, route);
    match missing {
        [Step { deep: false, test: Test::Attribute(name), .. }] => {
            write_attribute(tree, base, name, value);
        }
        [Step { deep: false, test: Test::Text, .. }] => set_text(tree, base, value)?,
        _ => {
            let new = build(tree, missing, value)?;
            place::open_up(tree, base);
            tree.link(base, new, None);
        }
    }
    Ok(())
}

fn nowhere(step: &Step) -> Error {
    impossible(step, "`//` does not say where")
}

fn impossible(step: &Step, why: &str) -> Error {
    Error::new(code::XML, format!("`{}` is not there and cannot be created: {why}", step.text))
        .hint("name elements and attributes, with predicates such as [@a='v']; or build it with add()")
}
