//! Topics: pages of help that teach, `stdlib/help/NAME.md`.
//!
//! A page is Markdown of few forms: `# name`, one line that says what it is about, then paragraphs,
//! `## headings`, tables of two columns (whose headings are for other readers of the file) and `rhai` code.
//! Tests run all of its code and look at every command of virsh in it.

use crate::lang::reference::{Body, HelpText, Section};
use crate::stdlib;

const FOLDER: &str = "help/";
/// The page whose table says for commands of virsh what is written here.
const VIRSH: &str = "virsh";
/// The page that stands first.
const FIRST: &str = "start";

/// A page.
#[derive(Clone, Debug)]
pub struct Topic {
    /// Its name.
    pub name: String,
    source: String,
}

/// Returns every page, the one for beginners first.
pub fn all() -> Vec<Topic> {
    let names = stdlib::names_in(FOLDER);
    let mut topics: Vec<Topic> =
        names.iter().filter_map(|file| file.strip_suffix(".md")).filter_map(find).collect();
    topics.sort_by_key(|topic| topic.name != FIRST);
    topics
}

/// Returns the page of a name.
pub fn find(name: &str) -> Option<Topic> {
    let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphabetic());
    let source = stdlib::file(&format!("{FOLDER}{name}.md")).filter(|_| is_name)?;
    Some(Topic { name: name.to_owned(), source: source.into_owned() })
}

/// Returns what is written here instead of a command of virsh, for those that the page on virsh lists.
pub fn instead_of(command: &str) -> Option<String> {
    let page = find(VIRSH)?;
    let rows = page.text().sections.into_iter().filter_map(|section| match section.body {
        Body::Rows(rows) => Some(rows),
        _ => None,
    });
    let is_command = |(line, _): &(String, String)| line.split_whitespace().next() == Some(command);
    rows.flatten().find(is_command).map(|(_, code)| code)
}

impl Topic {
    /// What it is about, in one line.
    pub fn summary(&self) -> String {
        let mut lines = self.source.lines().skip(1).filter(|line| !line.is_empty());
        lines.next().unwrap_or_default().to_owned()
    }

    /// Returns the page in parts.
    pub fn text(&self) -> HelpText {
        let mut reader = Reader::default();
        self.source.lines().skip(1).for_each(|line| reader.line(line));
        reader.end();
        HelpText { title: self.name.clone(), sections: reader.sections }
    }
}

#[derive(Default)]
struct Reader {
    sections: Vec<Section>,
    /// The heading of the next part.
    heading: String,
    paragraph: Vec<String>,
    rows: Vec<(String, String)>,
    code: Option<Vec<String>>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        if let Some(code) = &mut self.code {
            if line == "```" {
                let code = self.code.take().unwrap_or_default();
                self.add(Body::Code(code));
            } else {
                code.push(line.to_owned());
            }
        } else if line.starts_with("```") {
            self.end();
            self.code = Some(Vec::new());
        } else if let Some(heading) = line.strip_prefix("## ") {
            self.end();
            heading.clone_into(&mut self.heading);
        } else if let Some(cells) = line.strip_prefix('|') {
            self.end_paragraph();
            self.rows.extend(row(cells));
        } else if line.is_empty() {
            self.end();
        } else {
            self.paragraph.push(line.to_owned());
        }
    }

    fn end(&mut self) {
        self.end_paragraph();
        let mut rows = std::mem::take(&mut self.rows);
        if rows.len() > 1 {
            // The headings, and the line below them.
            rows.drain(..2);
            self.add(Body::Rows(rows));
        }
    }

    fn end_paragraph(&mut self) {
        let lines = std::mem::take(&mut self.paragraph);
        if !lines.is_empty() {
            self.add(Body::Text(vec![lines.join(" ")]));
        }
    }

    fn add(&mut self, body: Body) {
        self.sections.push(Section { heading: std::mem::take(&mut self.heading), body });
    }
}

/// Reads two cells; a bar inside one is written `\|`.
fn row(cells: &str) -> Option<(String, String)> {
    let cells = cells.trim().trim_end_matches('|').replace("\\|", "\0");
    let (left, right) = cells.split_once('|')?;
    Some((cell(left).replace('`', ""), cell(right)))
}

/// A cell that is nothing but code needs no back-ticks.
fn cell(text: &str) -> String {
    let text = text.trim().replace('\0', "|");
    let inner = text.strip_prefix('`').and_then(|text| text.strip_suffix('`'));
    match inner {
        Some(code) if !code.contains('`') => code.to_owned(),
        _ => text,
    }
}
