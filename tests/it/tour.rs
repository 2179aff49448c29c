//! The README shows real output: each command in it is run, and what it writes is compared.

use crate::support::{Need, Terminal, Virhai, lab_or_skip, project};

/// What every prompt in the README begins with.
const PROMPT: &str = "test:///default> ";

/// A fenced block: its language and its lines.
struct Block {
    language: String,
    lines: Vec<String>,
}

/// Returns the fenced blocks of the README.
fn blocks() -> Vec<Block> {
    let text = std::fs::read_to_string(project("README.md")).unwrap();
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(language) => {
                open = true;
                blocks.push(Block { language: language.to_owned(), lines: Vec::new() });
            }
            None if open => blocks.last_mut().unwrap().lines.push(line.to_owned()),
            None => {}
        }
    }
    assert!(!open, "a block of the README is not closed");
    blocks
}

/// Returns the files that the README shows: blocks whose first line is `// NAME`.
fn files() -> Vec<(String, String)> {
    let shown = blocks().into_iter().filter(|block| block.language == "rhai");
    let file = |block: Block| {
        let name = block.lines[0].strip_prefix("// ").expect("the first line names the file").to_owned();
        (name, block.lines.join("\n") + "\n")
    };
    shown.map(file).collect()
}

/// Returns the commands with the output shown below each; prompt sessions where `prompt` says so.
fn commands(prompt: bool) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    let is_session = |block: &Block| block.lines.iter().any(|line| line.starts_with(PROMPT));
    let wanted = |block: &Block| block.language == "console" && is_session(block) == prompt;
    for line in blocks().into_iter().filter(wanted).flat_map(|block| block.lines) {
        if let Some(command) = line.strip_prefix("$ ") {
            commands.push((command.to_owned(), String::new()));
        } else {
            let (_, output) = commands.last_mut().expect("a command comes first");
            *output += &line;
            output.push('\n');
        }
    }
    commands
}

#[test]
fn commands_of_the_readme_write_what_it_shows() {
    let commands = commands(false);
    assert!(commands.len() >= 6, "{commands:#?}");
    for (command, output) in commands {
        let virhai = env!("CARGO_BIN_EXE_virhai");
        let line = command.strip_prefix("virhai ").expect("a command of the README runs virhai");
        let mut shell = Virhai::of("/bin/sh").args(["-c", &format!("exec 2>&1; '{virhai}' {line}; true")]);
        for (name, text) in files() {
            shell = shell.file(&name, text);
        }
        for script in crate::support::cases::files_below(&project("scripts"), &["rhai"]) {
            let name = format!("scripts/{}", script.file_name().unwrap().to_string_lossy());
            shell = shell.file(&name, std::fs::read(script).unwrap());
        }
        shell.stdout(output).run();
    }
}

#[test]
fn the_prompt_of_the_readme_shows_what_it_shows() {
    lab_or_skip!(Need::Program("tmux"));
    for (command, shown) in commands(true) {
        let arguments = command.strip_prefix("virhai ").expect("it starts virhai").split(' ');
        let terminal = Terminal::open(Virhai::new().args(arguments).env("NO_COLOR", "1"), 100, 40);
        let is = |expected: &str| {
            let wanted = |screen: &str| screen.trim_end() == expected.trim_end();
            terminal.wait_until("what the README shows", wanted);
        };
        let mut seen = String::new();
        for line in shown.lines() {
            if let Some(input) = line.strip_prefix(PROMPT) {
                is(&format!("{seen}{PROMPT}"));
                terminal.line(input);
            }
            seen += line;
            seen.push('\n');
        }
        is(&format!("{seen}{PROMPT}"));
    }
}

#[test]
fn links_of_the_readme_lead_somewhere() {
    let text = std::fs::read_to_string(project("README.md")).unwrap();
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let missing: Vec<_> =
        targets.filter(|target| !target.starts_with("https:") && !project(target).exists()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
