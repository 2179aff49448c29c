//! Script cases: `tests/cases/TOPIC/x.rhai` runs, and everything it writes is in `x.out`.
//!
//! What it writes to standard error is in `x.err`, an exit status other than 0 in `x.status`; where
//! these files are missing, there must be none. It runs on the small node (see `support/node.rs`).
//! Lines at the top of the script say otherwise:
//!
//! ```text
//! //# node: mixed 10        ten guests, some of them paused or shut off; `many 10`: all run
//! //# connect: test:///default
//! //# options: -o json      virhai's options; "quotes" hold words together
//! //# args: web1 "a b"      the script's arguments
//! //# env: NAME=value
//! //# stdin: text           one line
//! ```
//!
//! The script runs in an empty folder, with copies of what lies in `TOPIC/files/`. To run some cases
//! only: `VIRHAI_CASES=TOPIC/x cargo test cases`.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::golden::compare;
use super::node::Node;
use super::virhai::Virhai;

/// Runs every case below `folder`, on all processors, and returns what is wrong with each.
pub(crate) fn run_all(folder: &Path, virhai: impl Fn() -> Virhai + Sync) -> Vec<String> {
    let only = std::env::var("VIRHAI_CASES").unwrap_or_default();
    let mut scripts = files_below(folder, &["rhai"]);
    scripts.retain(|script| !is_helper(script) && script.to_string_lossy().contains(&only));
    let (next, faults) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(script) = scripts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(fault) = run(script, virhai()) {
                        faults.lock().unwrap().push(fault);
                    }
                }
            });
        }
    });
    let mut faults = faults.into_inner().unwrap();
    faults.sort();
    faults
}

/// Returns expected files without a script, and scripts without an expected file.
pub(crate) fn strays(folder: &Path) -> Vec<String> {
    let mut strays = Vec::new();
    for file in files_below(folder, &["rhai", "out", "err", "status"]) {
        let other = if file.extension().is_some_and(|e| e == "rhai") { "out" } else { "rhai" };
        if !is_helper(&file) && !file.with_extension(other).exists() {
            strays.push(format!("{} has no .{other} file", file.display()));
        }
    }
    strays
}

/// Returns the files with one of these extensions, sorted.
pub(crate) fn files_below(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return files };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files.extend(files_below(&path, extensions));
        } else if path.extension().is_some_and(|e| extensions.iter().any(|wanted| e == *wanted)) {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Returns whether a file lies in a topic's folder `files`, whose content is copied for the scripts.
fn is_helper(file: &Path) -> bool {
    file.components().any(|part| part.as_os_str() == "files")
}

fn run(script: &Path, virhai: Virhai) -> Result<(), String> {
    let text = std::fs::read_to_string(script).map_err(|e| format!("{}: {e}", script.display()))?;
    let name = script.file_name().expect("a file").to_string_lossy();
    let helpers = script.with_file_name("files");
    let mut virhai = virhai.file(&name, &text);
    for helper in files_below(&helpers, &["rhai", "txt", "xml", "json", "yaml", "csv", "toml"]) {
        let inside = helper.strip_prefix(&helpers).expect("it was found there");
        let content = std::fs::read(&helper).map_err(|e| format!("{}: {e}", helper.display()))?;
        virhai = virhai.file(&inside.to_string_lossy(), content);
    }
    let output =
        prepare(virhai, &text, &name).map_err(|why| format!("{}: {why}", script.display()))?.output();
    let status = format!("{}\n", output.status);
    let (stdout, stderr) = (output.stdout(), output.stderr());
    let faults: Vec<String> = [
        compare(&script.with_extension("out"), Some(&stdout)),
        compare(&script.with_extension("err"), (!stderr.is_empty()).then_some(stderr.as_str())),
        compare(&script.with_extension("status"), (output.status != 0).then_some(status.as_str())),
    ]
    .into_iter()
    .filter_map(Result::err)
    .collect();
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// Does what the lines at the top of a script say.
fn prepare(mut virhai: Virhai, text: &str, name: &str) -> Result<Virhai, String> {
    let (mut node, mut options, mut args) = (Some(Node::small()), Vec::new(), Vec::new());
    let directives = text.lines().skip_while(|line| line.starts_with("#!"));
    for line in directives.map_while(|line| line.strip_prefix("//#")) {
        let (key, value) = line.split_once(':').ok_or_else(|| format!("no colon in //#{line}"))?;
        let value = value.trim();
        match key.trim() {
            "node" => node = Some(many(value)?),
            "connect" => {
                node = None;
                virhai = virhai.connect(value);
            }
            "options" => options = words(value),
            "args" => args = words(value),
            "env" => {
                let (name, value) = value.split_once('=').ok_or("env: needs NAME=value")?;
                virhai = virhai.env(name, value);
            }
            "stdin" => virhai = virhai.stdin(format!("{value}\n")),
            key => return Err(format!("no such key: //# {key}")),
        }
    }
    if let Some(node) = node {
        virhai = virhai.node(&node);
    }
    Ok(virhai.args(options).arg(name).args(args))
}

fn many(value: &str) -> Result<Node, String> {
    let (kind, count) = value.split_once(' ').unwrap_or((value, ""));
    match (kind, count.parse()) {
        ("mixed", Ok(count)) => Ok(Node::many(count, true)),
        ("many", Ok(count)) => Ok(Node::many(count, false)),
        ("empty", _) => Ok(Node::empty()),
        _ => Err(format!("node: {value}: expected `mixed N`, `many N` or `empty`")),
    }
}

/// Splits at blanks, except between double quotes.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None, false);
    for c in text.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_with(String::new);
            }
            ' ' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_with(String::new).push(c),
        }
    }
    words.extend(word);
    words
}
