//! `docs/tour.md` shows real sessions: they are played again, and what comes out is compared.
//!
//! All inputs of the page are one session at the prompt; lines after `$ ` run in a shell, with the files that
//! the page shows. `VIRHAI_REWRITE=1` writes the answers into the page.

use crate::support::{Virhai, golden, project};
use crate::terminal::transcript_on;

/// What `test:///default` has, but nobody else's.
const HOST: &str = include_str!("../../src/session/example_host.xml");
const PROMPT: &str = "test:///default> ";

/// Returns the files that a page shows: `rhai` blocks whose first line is `// NAME`.
fn files(page: &str) -> Vec<(String, String)> {
    let blocks = page.split("```rhai\n").skip(1).filter_map(|rest| rest.split_once("```"));
    let file = |(block, _): (&str, &str)| {
        let name = block.lines().next().and_then(|line| line.strip_prefix("// ")).expect("the file's name");
        (name.to_owned(), block.to_owned())
    };
    blocks.map(file).collect()
}

/// Runs a line in a shell, as the page shows it: both outputs, whatever the status.
fn run(line: &str, files: &[(String, String)]) -> String {
    let virhai = env!("CARGO_BIN_EXE_virhai");
    let line = line.strip_prefix("virhai ").expect("the tour runs virhai");
    let mut shell = Virhai::of("/bin/sh").args(["-c", &format!("exec 2>&1; '{virhai}' {line}; true")]);
    for (name, text) in files {
        shell = shell.file(name, text.clone());
    }
    shell.any_stdout().run().stdout()
}

#[test]
fn the_tour_shows_what_is_so() {
    let path = project("docs/tour.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let files = files(&page);
    let folder = tempfile::tempdir().unwrap();
    let node = folder.path().join("node.xml");
    std::fs::write(&node, HOST).unwrap();
    let mut session = transcript_on(&format!("test://{}", node.display()));
    let (mut played, mut in_block, mut inputs) = (String::new(), false, 0);
    for line in page.lines() {
        if line.starts_with("```") {
            in_block = line == "```console";
        }
        let answer = match (line.strip_prefix(PROMPT), line.strip_prefix("$ ")) {
            (Some(input), _) if in_block => session(input),
            (_, Some(command)) if in_block => run(command, &files),
            // What was answered when the page was written.
            _ if in_block && !line.starts_with("```") => continue,
            _ => String::new(),
        };
        inputs += usize::from(in_block && !line.starts_with("```"));
        played.push_str(line);
        played.push('\n');
        played.push_str(&answer);
    }
    assert!(inputs >= 30, "{inputs}");
    golden::check(&path, &played);
}
