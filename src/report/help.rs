//! Help on the screen.

use std::fmt::Write as _;

use crate::lang::reference::{Body, HelpText};
use crate::output::{Palette, Style};

/// Lays a help text out for a terminal.
pub fn help(help: &HelpText, palette: Palette) -> String {
    let mut text = format!("{}\n", palette.paint(Style::Strong, &help.title));
    for section in &help.sections {
        text.push('\n');
        if !section.heading.is_empty() {
            let _ = writeln!(text, "{}", palette.paint(Style::Key, &section.heading));
        }
        let indent = if section.heading.is_empty() { "" } else { "  " };
        match &section.body {
            Body::Text(paragraphs) => {
                text.push_str(
                    &paragraphs.iter().map(|p| format!("{indent}{p}\n")).collect::<Vec<_>>().join("\n"),
                );
            }
            Body::Code(lines) => {
                for line in lines {
                    let _ = writeln!(text, "    {line}");
                }
            }
            Body::Rows(rows) => push_rows(&mut text, rows, palette),
        }
    }
    text
}

/// Names in one column, what they mean beside them.
fn push_rows(text: &mut String, rows: &[(String, String)], palette: Palette) {
    const WIDEST: usize = 40;
    let width = rows.iter().map(|(name, _)| name.chars().count()).filter(|n| *n <= WIDEST).max().unwrap_or(0);
    for (name, meaning) in rows {
        let fill = " ".repeat(width.saturating_sub(name.chars().count()));
        let line = format!("  {}{fill}  {meaning}", palette.paint(Style::Hint, name));
        text.push_str(line.trim_end());
        text.push('\n');
    }
}
