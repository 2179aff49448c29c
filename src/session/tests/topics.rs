//! The topics of help cannot lie: their code runs, and what they say of virsh is virsh's.

use super::*;
use crate::error::code;
use crate::help::topics;
use crate::lang::reference::Body;
use crate::virsh::parse_line;

/// A host with the guests that the topics speak of.
const HOST: &str = include_str!("../topics_host.xml");

/// A fresh host, and a session on it in whose folder the files are that the topics read.
struct Stage {
    _folder: tempfile::TempDir,
    session: Session,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let node = folder.path().join("node.xml");
        std::fs::write(&node, HOST).unwrap();
        Self { session: session_with(&format!("test://{}", node.display()), &[]), _folder: folder }
    }

    /// Runs code; what this driver cannot do is no fault of the page.
    fn run(&mut self, code: &str) -> Result<(), String> {
        match self.session.eval("topic", code) {
            Err(error) if crate::api::error::from_rhai(&error).code() != code::UNSUPPORTED => {
                Err(format!("{error}\n{code}"))
            }
            _ => Ok(()),
        }
    }
}

fn bodies(topic: &topics::Topic) -> Vec<Body> {
    topic.text().sections.into_iter().map(|section| section.body).collect()
}

#[test]
fn code_of_the_topics_runs() {
    let mut faults = Vec::new();
    for topic in topics::all() {
        let mut stage = Stage::new();
        for body in bodies(&topic) {
            let Body::Code(lines) = body else { continue };
            // At the prompt each of these lines is an input of its own; in a block they need their ends.
            let code = inputs(&lines);
            for input in code {
                faults.extend(stage.run(&input).err().map(|fault| format!("{}: {fault}", topic.name)));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// Cuts a block into what Enter would hand over one after the other.
fn inputs(lines: &[String]) -> Vec<String> {
    let parser = Engine::new_raw();
    let mut inputs: Vec<String> = Vec::new();
    let mut pending = String::new();
    for line in lines {
        pending.push_str(line);
        pending.push('\n');
        if !crate::lang::tokens::is_incomplete(&pending, &parser) {
            inputs.push(std::mem::take(&mut pending));
        }
    }
    inputs.push(pending);
    inputs.retain(|input| !input.trim().is_empty());
    inputs
}

#[test]
fn what_the_page_on_virsh_says_is_so() {
    let page = topics::find("virsh").unwrap();
    let mut faults = Vec::new();
    let mut rows = 0;
    for body in bodies(&page) {
        let Body::Rows(list) = body else { continue };
        for (line, code) in list {
            rows += 1;
            faults.extend(parse_line(&line).err().map(|error| format!("{line}: {error}")));
            // What needs a file, a person or no end is only parsed.
            if ["fs::read", "console()", "for e in"].iter().any(|part| code.contains(part)) {
                faults.extend(
                    bare_engine(Docs::Kept).compile(&code).err().map(|error| format!("{code}: {error}")),
                );
                continue;
            }
            let mut stage = Stage::new();
            let prepared = r#"domain("web1").snapshot_create(#{ name: "before" });"#;
            if code.contains("snapshot(") {
                stage.run(prepared).unwrap();
            }
            if code.contains("resume()") {
                stage.run("domain(\"web1\").suspend()").unwrap();
            }
            faults.extend(stage.run(&code).err());
        }
    }
    assert!(rows >= 30, "{rows}");
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}
