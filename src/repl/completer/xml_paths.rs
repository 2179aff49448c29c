//! The paths of a document: elements and attributes that are there, step by step.

use crate::xml::{Node, Value};

/// What is typed of a path, cut where the step begins that is being typed.
struct Typed<'a> {
    /// Everything before that step.
    before: &'a str,
    /// The element in which the step is looked for, as a path without conditions.
    context: String,
    /// The attribute or element whose value is being typed, with the quote in front of it.
    compared: Option<char>,
}

/// Returns what a path can become: each with whether it ends there. In `disk[target/@dev='` it is a value.
pub(super) fn paths(root: &Node, typed: &str) -> Vec<(String, bool)> {
    let cut = Typed::read(typed);
    if let Some(quote) = cut.compared {
        let mut values = values(root, &cut.context);
        values.retain(|value| !value.contains(quote));
        return values.into_iter().map(|value| (format!("{}{value}{quote}]", cut.before), false)).collect();
    }
    let parents = match cut.context.as_str() {
        "" => vec![root.clone()],
        context => nodes(root, context),
    };
    let mut steps: Vec<(String, bool)> = Vec::new();
    let is_condition = cut.before.ends_with('[') || open_bracket(cut.before).is_some();
    for (step, is_end) in parents.iter().flat_map(steps_of) {
        let path = format!("{}{step}", cut.before);
        match steps.iter_mut().find(|(known, _)| *known == path) {
            Some((_, known)) => *known &= is_end,
            None => steps.push((path, is_end && !is_condition)),
        }
    }
    steps
}

impl<'a> Typed<'a> {
    fn read(typed: &'a str) -> Self {
        let condition = open_bracket(typed);
        if let Some((open, (equals, quote))) =
            condition.and_then(|open| Some((open, open_quote(&typed[open..])?)))
        {
            let context =
                format!("{}/{}", typed[..open].trim_end_matches('/'), typed[open + 1..open + equals].trim());
            return Self {
                before: &typed[..open + equals + 2],
                context: without_conditions(&context),
                compared: Some(quote),
            };
        }
        let start = typed.rfind(['/', '[']).map_or(0, |at| at + 1);
        let context = match condition {
            Some(open) => format!("{}/{}", &typed[..open], &typed[open + 1..start.max(open + 1)]),
            None => typed[..start].to_owned(),
        };
        let context = without_conditions(&context).trim_matches('/').to_owned();
        Self { before: &typed[..start], context, compared: None }
    }
}

/// Returns where the condition begins that is not closed.
fn open_bracket(typed: &str) -> Option<usize> {
    let open = typed.rfind('[')?;
    (!typed[open..].contains(']')).then_some(open)
}

/// Returns where the `=` stands before the open quote of a condition, and the quote.
fn open_quote(condition: &str) -> Option<(usize, char)> {
    let equals = condition.rfind('=')?;
    let value = &condition[equals + 1..];
    let quote = value.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    (!value[1..].contains(quote)).then_some((equals, quote))
}

fn without_conditions(path: &str) -> String {
    let mut depth = 0_usize;
    let kept = |letter: &char| match letter {
        '[' => {
            depth += 1;
            false
        }
        ']' => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => depth == 0,
    };
    path.chars().filter(kept).collect()
}

fn nodes(root: &Node, path: &str) -> Vec<Node> {
    let found = root.all(path).unwrap_or_default();
    let node = |value| if let Value::Node(node) = value { Some(node) } else { None };
    found.into_iter().filter_map(node).collect()
}

/// Returns the values at a path, each once.
fn values(root: &Node, path: &str) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for value in root.all(path).unwrap_or_default() {
        let text = match value {
            Value::Node(node) => node.text(),
            Value::Text(text) => text,
        };
        if !values.contains(&text) {
            values.push(text);
        }
    }
    values
}

/// Returns the elements in an element and its attributes, each with whether a path ends there.
fn steps_of(node: &Node) -> Vec<(String, bool)> {
    let children = node.children().into_iter();
    let elements = children.map(|child| {
        let is_end = child.children().is_empty() && child.attributes().is_empty();
        (child.tag(), is_end)
    });
    let attributes = node.attributes().into_iter().map(|name| (format!("@{name}"), true));
    elements.chain(attributes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::Document;

    #[test]
    fn a_path_is_completed_step_by_step() {
        let document = Document::parse(
            "<domain type='test'><name>a</name><devices><disk device='disk'><target dev='vda'/></disk>\
             <disk device='cdrom'><source file='x'/><target dev='vdb'/></disk></devices></domain>",
        )
        .unwrap();
        let shown = |typed: &str| -> Vec<String> {
            let show = |(path, is_end): (String, bool)| if is_end { format!("{path}.") } else { path };
            paths(&document.root(), typed).into_iter().map(show).collect()
        };
        assert_eq!(shown("de"), ["name.", "devices", "@type."]);
        assert_eq!(shown("devices/"), ["devices/disk"]);
        assert_eq!(
            shown("devices/disk/ta"),
            ["devices/disk/target", "devices/disk/@device.", "devices/disk/source"]
        );
        assert_eq!(shown("devices/disk[1]/target/@")[0], "devices/disk[1]/target/@dev.");
        assert_eq!(shown("devices/disk[tar")[0], "devices/disk[target");
        assert_eq!(shown("devices/disk[target/@d"), ["devices/disk[target/@dev"]);
        assert_eq!(
            shown("devices/disk[target/@dev='"),
            ["devices/disk[target/@dev='vda']", "devices/disk[target/@dev='vdb']"]
        );
        assert_eq!(shown("devices/disk[target/@dev='vdb']/so")[2], "devices/disk[target/@dev='vdb']/source");
        for nothing in ["nothing/", "[", "]", "a[b='c']d[e", "//", "devices/disk['x"] {
            shown(nothing);
        }
    }
}
