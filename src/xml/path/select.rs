//! Looking a [`Route`] up in a [`Tree`].
//!
//! Items found so far are always in document order and without doubles. Where that order could get
//! lost (a step from items that lie inside each other) one walk over the document restores it, so
//! that no path takes more than a walk for each of its steps (and each time for its predicates).

use std::borrow::Cow;

use super::{Condition, Predicate, Route, Step, Test, Value};
use crate::xml::tag::Attribute;
use crate::xml::tree::{Id, Tree};

/// Steps in a row that are looked up by recursion, at most.
const MOST_PLAIN: usize = 8;

/// One thing that a path found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::xml) enum Found {
    Element(Id),
    /// An attribute of an element; valid until the element's tag changes.
    Attribute(Id, Attribute),
    /// The first item of a run of text.
    Text(Id),
}

impl Found {
    /// Returns the string-value: an attribute's value, or all the text inside.
    pub(in crate::xml) fn text<'a>(&self, tree: &'a Tree) -> Cow<'a, str> {
        match self {
            Self::Element(Id::DOCUMENT) => tree.text(tree.root()),
            Self::Element(id) => tree.text(*id),
            Self::Attribute(id, attribute) => {
                tree.tag(*id).map_or(Cow::Borrowed(""), |(tag, _)| attribute.value(tag))
            }
            Self::Text(first) => tree.joined(tree.text_run(*first)),
        }
    }
}

/// Returns everything that the route leads to from `start`, in document order.
pub(in crate::xml) fn select(tree: &Tree, start: Id, route: &Route) -> Vec<Found> {
    let mut found = select_any(tree, start, route);
    found.retain(|found| *found != Found::Element(Id::DOCUMENT));
    found
}

/// Returns the same with the document itself where the route leads there, which predicates can ask for.
fn select_any(tree: &Tree, start: Id, route: &Route) -> Vec<Found> {
    let start = if route.absolute { Id::DOCUMENT } else { start };
    let Some((last, steps)) = route.steps.split_last() else { return Vec::new() };
    let items = steps.iter().fold(Items::one(start), |items, step| items.step(tree, step));
    let wanted = |name: &str| match &last.test {
        Test::Attribute(wanted) => **wanted == *name,
        _ => true,
    };
    match &last.test {
        Test::Attribute(_) | Test::AnyAttribute => {
            let owners = if last.deep { items.with_descendants(tree) } else { items };
            let attributes = owners.list.iter().flat_map(|&id| {
                let attributes = tree.attributes(id).filter(|(name, _)| wanted(name));
                attributes.map(move |(_, attribute)| Found::Attribute(id, attribute))
            });
            attributes.collect()
        }
        Test::Text => items.step(tree, last).list.into_iter().map(Found::Text).collect(),
        _ => {
            let items = items.step(tree, last).list.into_iter();
            items.filter(|&id| id == Id::DOCUMENT || tree.is_element(id)).map(Found::Element).collect()
        }
    }
}

/// Returns the elements that the first `count` steps of a route lead to.
pub(in crate::xml) fn elements_after(tree: &Tree, start: Id, route: &Route, count: usize) -> Vec<Id> {
    let start = if route.absolute { Id::DOCUMENT } else { start };
    route.steps[..count].iter().fold(Items::one(start), |items, step| items.step(tree, step)).list
}

/// Items in document order, without doubles.
struct Items {
    list: Vec<Id>,
    /// None of them lies inside another one.
    apart: bool,
}

impl Items {
    fn one(id: Id) -> Self {
        Self { list: vec![id], apart: true }
    }

    /// Takes any items and puts them in order.
    fn sorted(tree: &Tree, list: Vec<Id>) -> Self {
        if list.len() < 2 {
            return Self { list, apart: true };
        }
        let mut wanted = vec![false; tree.count()];
        let mut count = 0;
        for id in &list {
            count += usize::from(!std::mem::replace(&mut wanted[id.index()], true));
        }
        let top = list.first().map(|&id| std::iter::successors(Some(id), |&id| tree.parent(id)).last());
        let in_order = top.flatten().into_iter().flat_map(|top| tree.subtree(top));
        Self { list: in_order.filter(|id| wanted[id.index()]).take(count).collect(), apart: false }
    }

    fn step(self, tree: &Tree, step: &Step) -> Self {
        if step.deep && !by_position(step) && matches!(step.test, Test::Name(_) | Test::AnyElement) {
            return self.descendants(tree, step);
        }
        let items = match &step.test {
            // What has a parent need not be an element.
            Test::Parent if step.deep => Self { list: self.below(tree, true, |_| true), apart: false },
            _ if step.deep => self.with_descendants(tree),
            _ => self,
        };
        let mut list = Vec::new();
        match &step.test {
            Test::Itself => return items,
            Test::Parent => {
                list.extend(items.list.iter().filter_map(|&id| tree.parent(id)));
                return Self::sorted(tree, list);
            }
            Test::Attribute(_) | Test::AnyAttribute => return Self { list, apart: true },
            Test::Text => {
                // Blanks around the root element are no text for XPath.
                let owners = items.list.iter().filter(|&&id| id != Id::DOCUMENT);
                let children = owners.flat_map(|&id| tree.children(id));
                list.extend(children.filter(|&child| begins_text(tree, child)));
            }
            Test::Name(_) | Test::AnyElement => {
                for &id in &items.list {
                    let from = list.len();
                    list.extend(tree.elements(id).filter(|&child| is_named(tree, child, step)));
                    for predicate in &step.predicates {
                        keep(tree, &mut list, from, predicate);
                    }
                }
            }
        }
        if items.apart { Self { list, apart: true } } else { Self::sorted(tree, list) }
    }

    /// Returns the elements below these that fit the step, whatever their depth.
    fn descendants(&self, tree: &Tree, step: &Step) -> Self {
        let fits = |id| is_named(tree, id, step) && holds_all(tree, id, step);
        Self { list: self.below(tree, false, fits), apart: false }
    }

    fn with_descendants(&self, tree: &Tree) -> Self {
        Self { list: self.below(tree, true, |id| id == Id::DOCUMENT || tree.is_element(id)), apart: false }
    }

    /// Walks over everything below these items, once though they may lie inside each other.
    fn below(&self, tree: &Tree, with_themselves: bool, fits: impl Fn(Id) -> bool) -> Vec<Id> {
        let mut list = Vec::new();
        let mut tops = self.list.iter().copied().peekable();
        while let Some(top) = tops.next() {
            for id in tree.subtree(top) {
                if id != top && tops.peek() == Some(&id) {
                    tops.next();
                }
                if (with_themselves || id != top) && fits(id) {
                    list.push(id);
                }
            }
        }
        list
    }
}

fn by_position(step: &Step) -> bool {
    step.predicates.iter().any(|predicate| !matches!(predicate, Predicate::Holds(_)))
}

fn is_named(tree: &Tree, id: Id, step: &Step) -> bool {
    match &step.test {
        Test::Name(name) => tree.name(id) == &**name,
        _ => tree.is_element(id),
    }
}

/// Says whether all predicates of a step without positions hold for an element.
fn holds_all(tree: &Tree, id: Id, step: &Step) -> bool {
    step.predicates.iter().all(|predicate| match predicate {
        Predicate::Holds(condition) => holds(tree, id, condition),
        Predicate::Position(_) | Predicate::Last => false,
    })
}

fn begins_text(tree: &Tree, id: Id) -> bool {
    tree.is_text(id) && tree.previous(id).is_none_or(|previous| !tree.is_text(previous))
}

/// Keeps what fits the predicate among the items from `from` on: the candidates of one parent.
fn keep(tree: &Tree, list: &mut Vec<Id>, from: usize, predicate: &Predicate) {
    let count = list.len();
    let mut kept = from;
    for at in from..count {
        let fits = match predicate {
            Predicate::Position(position) => at - from + 1 == *position,
            Predicate::Last => at + 1 == count,
            Predicate::Holds(condition) => holds(tree, list[at], condition),
        };
        if fits {
            list[kept] = list[at];
            kept += 1;
        }
    }
    list.truncate(kept);
}

/// Says whether a condition holds for an element.
pub(in crate::xml) fn holds(tree: &Tree, id: Id, condition: &Condition) -> bool {
    match condition {
        Condition::Or(parts) => parts.iter().any(|part| holds(tree, id, part)),
        Condition::And(parts) => parts.iter().all(|part| holds(tree, id, part)),
        Condition::Not(part) => !holds(tree, id, part),
        Condition::Is(Value::Route(route)) => finds(tree, id, route, &mut |_| true),
        Condition::Is(Value::Text(text)) => !text.is_empty(),
        Condition::Is(Value::Number(number)) => *number != 0.0,
        Condition::Contains(text, part) => string(tree, id, text).contains(&*string(tree, id, part)),
        Condition::StartsWith(text, part) => string(tree, id, text).starts_with(&*string(tree, id, part)),
        Condition::Compare { left, equal, right } => {
            let numbers = matches!(left, Value::Number(_)) || matches!(right, Value::Number(_));
            #[expect(clippy::float_cmp, reason = "XPath compares numbers exactly")]
            let same = |a: &str, b: &str| if numbers { number(a) == number(b) } else { a == b };
            any(tree, id, left, &mut |a| any(tree, id, right, &mut |b| same(a, b) == *equal))
        }
    }
}

/// Says whether a value, or one of those that a route finds, passes the test.
fn any(tree: &Tree, id: Id, value: &Value, passes: &mut dyn FnMut(&str) -> bool) -> bool {
    match value {
        Value::Route(route) => finds(tree, id, route, &mut |found| passes(&found.text(tree))),
        Value::Text(text) => passes(text),
        Value::Number(number) => passes(&number.to_string()),
    }
}

/// Says whether the route finds something that passes the test. Unlike [`select`], it needs no
/// order and so stops at the first: nearly all predicates are a few plain steps.
fn finds(tree: &Tree, start: Id, route: &Route, passes: &mut dyn FnMut(&Found) -> bool) -> bool {
    let plain = |step: &Step| {
        !step.deep && !by_position(step) && matches!(step.test, Test::Name(_) | Test::Attribute(_))
    };
    let few = route.steps.len() <= MOST_PLAIN;
    if route.absolute || !few || !route.steps.iter().all(plain) {
        return select_any(tree, start, route).iter().any(passes);
    }
    finds_plain(tree, start, &route.steps, passes)
}

fn finds_plain(tree: &Tree, id: Id, steps: &[Step], passes: &mut dyn FnMut(&Found) -> bool) -> bool {
    let Some((step, rest)) = steps.split_first() else { return passes(&Found::Element(id)) };
    if let Test::Attribute(name) = &step.test {
        let attribute = tree.attributes(id).find(|(found, _)| *found == &**name);
        return attribute.is_some_and(|(_, attribute)| passes(&Found::Attribute(id, attribute)));
    }
    let named = tree.elements(id).filter(|&child| is_named(tree, child, step));
    let mut children = named.filter(|&child| holds_all(tree, child, step));
    children.any(|child| finds_plain(tree, child, rest, passes))
}

/// Returns the string-value of the first that a value finds, as XPath's functions take it.
fn string<'a>(tree: &'a Tree, id: Id, value: &'a Value) -> Cow<'a, str> {
    match value {
        Value::Route(route) => {
            select_any(tree, id, route).first().map(|found| found.text(tree)).unwrap_or_default()
        }
        Value::Text(text) => Cow::Borrowed(text),
        Value::Number(number) => Cow::Owned(number.to_string()),
    }
}

/// Returns the number a text is for XPath; not a number, which equals nothing, where it is none.
fn number(text: &str) -> f64 {
    let text = text.trim_ascii();
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    if plain { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}
