//! Where added elements go, and how far they are indented: like what is there already.

use super::tree::{Id, Kind, Raw, Tree};

/// How deep an empty document indents: as libvirt does.
const UNIT: &str = "  ";
/// Deeper levels are not indented any further, so that depth does not cost its square in blanks.
const DEEPEST: usize = 100;

/// White space before a child and before the end tag of its parent.
struct Layout {
    child: String,
    end: String,
    unit: String,
}

/// Links `element`, which is linked to nothing, as the last child of `parent`, indented like its
/// siblings; what it holds itself is moved along by the same distance.
pub(super) fn append(tree: &mut Tree, parent: Id, element: Id) {
    open_up(tree, parent);
    let Some(layout) = layout(tree, parent) else {
        tree.link(parent, element, None);
        return;
    };
    let has_more = tree.children(parent).any(|child| tree.blank(child).is_none());
    let end = tree.last(parent).filter(|&last| tree.blank(last).is_some());
    if has_more {
        blank(tree, parent, &layout.child, end);
        tree.link(parent, element, end);
    } else {
        for old in tree.children(parent).collect::<Vec<_>>() {
            tree.unlink(old);
        }
        blank(tree, parent, &layout.child, None);
        tree.link(parent, element, None);
        blank(tree, parent, &layout.end, None);
    }
    if tree.subtree(element).any(|id| tree.blank(id).is_some()) {
        shift(tree, element, &layout.child);
    } else {
        spread(tree, element, &layout);
    }
}

/// Takes an element out, and the line that it leaves empty.
pub(super) fn take_out(tree: &mut Tree, element: Id) {
    let mixed = tree.parent(element).is_none_or(|parent| tree.is_mixed(parent));
    let space = tree.previous(element).filter(|&previous| !mixed && tree.blank(previous).is_some());
    let ends = tree.next(element).is_none_or(|next| tree.blank(next).is_some());
    if let Some(space) = space.filter(|_| ends) {
        tree.unlink(space);
    }
    tree.unlink(element);
}

/// Gives a self-closing element an end tag, so that something can stand in it.
pub(super) fn open_up(tree: &mut Tree, element: Id) {
    let Some((tag, length)) = tree.tag(element) else { return };
    let Some(open) = super::tag::opened(tag) else { return };
    let close = Raw::own(format!("</{}>", &tag[1..=length]));
    tree.set_kind(element, Kind::Element { open: Raw::own(open), close, name_length: length as u32 });
}

fn blank(tree: &mut Tree, parent: Id, text: &str, before: Option<Id>) {
    let id = tree.push(Kind::Text(Raw::own(text)));
    tree.link(parent, id, before);
}

/// Finds how the children of `parent` are laid out; nothing where they stand side by side.
fn layout(tree: &Tree, parent: Id) -> Option<Layout> {
    if tree.is_mixed(parent) {
        return None;
    }
    let line = |blank| last_line(blank).unwrap_or(blank);
    let inner = tree.children(parent).filter(|&child| tree.next(child).is_some());
    let between = inner.filter_map(|child| tree.blank(child)).last().map(line);
    if let Some(child) = between {
        let end = tree.last(parent).and_then(|last| tree.blank(last)).map_or("", line);
        let unit = child.strip_prefix(end).filter(|_| !end.is_empty()).unwrap_or(UNIT);
        return Some(Layout { child: child.to_owned(), end: end.to_owned(), unit: unit.to_owned() });
    }
    if tree.children(parent).any(|child| tree.blank(child).is_none()) {
        return None;
    }
    let outer = tree.parent(parent).filter(|&outer| outer != Id::DOCUMENT);
    let end = match outer {
        None => "\n",
        Some(_) => line_start(tree, parent)?,
    };
    let before = match outer.map(|outer| (outer, tree.parent(outer))) {
        Some((outer, Some(above))) if above != Id::DOCUMENT => line_start(tree, outer),
        Some(_) => Some(if end.starts_with('\r') { "\r\n" } else { "\n" }),
        None => None,
    };
    let unit = before.and_then(|before| end.strip_prefix(before)).filter(|unit| !unit.is_empty());
    let unit = unit.unwrap_or(UNIT).to_owned();
    Some(Layout { child: format!("{end}{unit}"), end: end.to_owned(), unit })
}

/// Returns the line break and the indentation of the line on which an item begins, if it does.
fn line_start(tree: &Tree, id: Id) -> Option<&str> {
    tree.previous(id).and_then(|previous| tree.blank(previous)).and_then(last_line)
}

fn last_line(blank: &str) -> Option<&str> {
    let at = blank.rfind('\n')?;
    Some(&blank[if blank[..at].ends_with('\r') { at - 1 } else { at }..])
}

/// Moves the lines inside an element that brings its own layout below its new line start.
fn shift(tree: &mut Tree, element: Id, line: &str) {
    let Some(new) = last_line(line).map(str::to_owned) else { return };
    let own_end = tree.last(element).and_then(|last| tree.blank(last)).and_then(last_line);
    let Some(old) = own_end.map(str::to_owned) else { return };
    let structured = |&id: &Id| tree.elements(id).next().is_some() && !tree.is_mixed(id);
    let owners: Vec<Id> = tree.subtree(element).filter(structured).collect();
    for id in owners.iter().flat_map(|&id| tree.children(id)).collect::<Vec<_>>() {
        let Some(text) = tree.blank(id) else { continue };
        let Some(deeper) = last_line(text).and_then(|start| start.strip_prefix(&*old)) else { continue };
        let kept = text.len() - old.len() - deeper.len();
        let moved = format!("{}{new}{deeper}", &text[..kept]);
        tree.set_kind(id, Kind::Text(Raw::own(moved)));
    }
}

/// Lays out an element that was built without any white space: each element on a line of its own.
fn spread(tree: &mut Tree, element: Id, layout: &Layout) {
    if last_line(&layout.child).is_none() {
        return;
    }
    let base = layout.child.clone();
    let mut depth = 0;
    for visit in tree.walk(element).collect::<Vec<_>>() {
        use super::tree::Visit::{Enter, Leave};
        let (Enter(id) | Leave(id)) = visit;
        if tree.is_mixed(id) || tree.elements(id).next().is_none() {
            continue;
        }
        match visit {
            Enter(_) => {
                depth += 1;
                let line = format!("{base}{}", layout.unit.repeat(depth.min(DEEPEST)));
                for child in tree.elements(id).collect::<Vec<_>>() {
                    blank(tree, id, &line, Some(child));
                }
            }
            Leave(_) => {
                depth -= 1;
                blank(tree, id, &format!("{base}{}", layout.unit.repeat(depth.min(DEEPEST))), None);
            }
        }
    }
}
