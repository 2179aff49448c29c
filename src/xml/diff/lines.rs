//! A difference as lines, for eyes used to `diff -u`.

use std::fmt::Write as _;
use std::time::Duration;

use similar::{Algorithm, TextDiff};

use super::same;
use crate::xml::chars::{Place, escape};
use crate::xml::tree::{Id, Tree, Visit};

/// Lines around each difference.
const CONTEXT: usize = 3;
/// Deeper levels are not indented any further, so that depth does not cost its square in blanks.
const DEEPEST: usize = 100;
/// After that time the rest of the lines is compared less closely.
const TIME: Duration = Duration::from_secs(1);

/// Returns a unified diff of both elements, printed in one and the same way; "" where they say the same.
pub(in crate::xml) fn unified(a: &Tree, x: Id, b: &Tree, y: Id) -> String {
    if same(a, x, b, y) {
        return String::new();
    }
    let (old, new) = (print(a, x), print(b, y));
    let lines = TextDiff::configure().algorithm(Algorithm::Myers).timeout(TIME).diff_lines(&old, &new);
    lines.unified_diff().context_radius(CONTEXT).to_string()
}

/// Prints an element with one tag a line, single quotes and no comments.
fn print(tree: &Tree, top: Id) -> String {
    let mut out = String::new();
    let mut depth = 0_usize;
    for visit in tree.walk(top) {
        let (Visit::Enter(id) | Visit::Leave(id)) = visit;
        if !tree.is_element(id) {
            continue;
        }
        let has_elements = tree.elements(id).next().is_some();
        match visit {
            Visit::Enter(id) => {
                indent(&mut out, depth);
                print_tag(tree, id, &mut out);
                depth += 1;
            }
            Visit::Leave(_) => depth -= 1,
        }
        let text = own_text(tree, id);
        match visit {
            Visit::Enter(_) if has_elements => out.push_str(">\n"),
            Visit::Enter(_) if text.is_empty() => out.push_str("/>\n"),
            Visit::Enter(_) => {
                let _ = writeln!(out, ">{text}</{}>", tree.name(id));
            }
            Visit::Leave(_) if has_elements => {
                if !text.is_empty() {
                    indent(&mut out, depth + 1);
                    out.push_str(&text);
                    out.push('\n');
                }
                indent(&mut out, depth);
                let _ = writeln!(out, "</{}>", tree.name(id));
            }
            Visit::Leave(_) => {}
        }
    }
    out
}

fn print_tag(tree: &Tree, id: Id, out: &mut String) {
    out.push('<');
    out.push_str(tree.name(id));
    for (name, attribute) in tree.attributes(id) {
        let value = tree.tag(id).map_or("".into(), |(tag, _)| attribute.value(tag));
        let _ = write!(out, " {name}='{}'", escape(&value, Place::Attribute('\'')));
    }
}

fn own_text(tree: &Tree, id: Id) -> String {
    escape(&super::own_text(tree, id), Place::Content).into_owned()
}

fn indent(out: &mut String, depth: usize) {
    out.push_str(&"  ".repeat(depth.min(DEEPEST)));
}
