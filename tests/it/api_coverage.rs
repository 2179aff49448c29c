//! Every public function of libvirt is reached by virhai, or stands in a list with the reason.
//!
//! The functions come from libvirt's own API description (main, qemu and lxc library), as
//! installed where the test runs. A function counts as reached when both hold:
//!
//! 1. **The program can get there.** The linker drops every function that nothing leads to from
//!    `main`, so the names that the program imports from libvirt are those that something in it
//!    calls: a method of the `virt` package that no binding uses is not among them. What is found at
//!    run time (`symbols.rs`) is not imported; it counts where a wrapper asks for it.
//! 2. **It is meant.** The name stands in a wrapper in `src/libvirt`, as the call or as the
//!    documentation of what is called, so nothing counts that the package does on its own account.
//!
//! The list is exact: a function in it that is reached is a fault too, and so is a replacement
//! that is not reached.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use virhai::libvirt::{SYMBOLS, library_version, version_text};

/// The descriptions that libvirt installs: package and variable of pkg-config.
const DESCRIPTIONS: [(&str, &str); 3] =
    [("libvirt", "libvirt_api"), ("libvirt-qemu", "libvirt_qemu_api"), ("libvirt-lxc", "libvirt_lxc_api")];

/// The newest libvirt whose functions were looked at; what is newer is reported, not judged.
const JUDGED: (u32, u32, u32) = (12, 5, 0);

/// What is reached at least, of libvirt 9.0.0.
const LEAST: usize = 435;

/// Why a function is not reached, one line each: name, kind of reason, and the function that does
/// it instead or a sentence.
const EXCLUDED: &str = include_str!("api_coverage/excluded.tsv");

/// A public function.
struct Function {
    name: String,
    since: (u32, u32, u32),
}

fn output(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    let output = output.unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn version(text: &str) -> (u32, u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}

/// References, memory, typed parameters, the last error: what a language needs, not a user.
fn is_housekeeping(name: &str) -> bool {
    name.ends_with("Ref")
        || name.ends_with("Free")
        || name.starts_with("virTypedParam")
        || name.starts_with("virGetLastError")
        || name == "virInitialize"
}

/// The functions that libvirt's descriptions have.
fn public_functions() -> Vec<Function> {
    let mut functions = Vec::new();
    for (package, variable) in DESCRIPTIONS {
        let path = output("pkg-config", &[&format!("--variable={variable}"), package]);
        let text = fs::read_to_string(path.trim()).unwrap_or_else(|e| panic!("{path}: {e}"));
        let document = virhai::xml::Document::parse(&text).unwrap();
        for found in document.all("symbols/function").unwrap() {
            let virhai::xml::Value::Node(node) = found else { continue };
            let attr = |name| node.attr(name).unwrap_or_default();
            functions.push(Function { name: attr("name"), since: version(&attr("version")) });
        }
    }
    functions.retain(|function| !is_housekeeping(&function.name));
    functions
}

/// The names that the program imports.
fn imported() -> BTreeSet<String> {
    let table = output("nm", &["--dynamic", "--undefined-only", env!("CARGO_BIN_EXE_virhai")]);
    let names = table.lines().filter_map(|line| line.split_whitespace().last());
    names.map(|name| name.split('@').next().unwrap_or(name).to_owned()).collect()
}

/// The words of the files below a folder.
fn words(folder: &Path, except: &str, words: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            self::words(&path, except, words);
        } else if !path.ends_with(except) {
            let text = fs::read_to_string(&path).unwrap();
            words.extend(
                text.split(|c: char| !c.is_ascii_alphanumeric())
                    .filter(|word| word.starts_with("vir"))
                    .map(str::to_owned),
            );
        }
    }
}

/// The functions that are reached: see the module.
fn reached() -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    words(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/libvirt"), "symbols.rs", &mut named);
    let at_run_time = SYMBOLS.iter().map(|symbol| symbol.name.to_owned());
    imported().into_iter().chain(at_run_time).filter(|name| named.contains(name)).collect()
}

/// The kinds of reasons not to reach a function.
const KINDS: [&str; 2] = ["superseded", "housekeeping"];

#[test]
#[allow(clippy::print_stdout, clippy::print_stderr)] // figures for whoever asks with --nocapture
fn every_public_function_is_reached_or_excluded_with_a_reason() {
    let excluded: BTreeMap<&str, (&str, &str)> = EXCLUDED
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| match line.split('\t').collect::<Vec<_>>()[..] {
            [name, kind, reason] if KINDS.contains(&kind) && !reason.is_empty() => (name, (kind, reason)),
            _ => panic!("not a line of name, kind and reason: {line:?}"),
        })
        .collect();
    let functions = public_functions();
    let reached = reached();
    let mut faults = Vec::new();
    let mut missing: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut count = 0;
    for Function { name, since } in &functions {
        match (reached.contains(name), excluded.get(name.as_str())) {
            (true, None) => count += 1,
            (true, Some(_)) => faults.push(format!("{name} is excluded, but reached")),
            (false, Some(("superseded", by))) if !reached.contains(*by) => {
                faults.push(format!("{name} is excluded because of {by}, which is not reached"));
            }
            (false, Some(_)) => {}
            (false, None) if *since > JUDGED => eprintln!("newer than was looked at: {name}"),
            (false, None) => missing.entry(prefix(name)).or_default().push(name),
        }
    }
    for name in excluded.keys().filter(|name| !functions.iter().any(|f| f.name == **name)) {
        faults.push(format!("{name} is excluded, but is no public function"));
    }
    for (prefix, names) in &missing {
        faults.push(format!("{prefix}: {} not reached: {}", names.len(), names.join(" ")));
    }
    let total = functions.len();
    println!(
        "{count} of {total} functions of libvirt {} are reached",
        version_text(library_version().unwrap())
    );
    assert!(faults.is_empty(), "{count} of {total} are reached:\n{}", faults.join("\n"));
    assert!(count >= LEAST, "{count} of {total} functions are reached, {LEAST} should be");
}

/// `virDomain` of `virDomainGetInfo`.
fn prefix(name: &str) -> String {
    let upper = |(_, c): &(usize, char)| c.is_ascii_uppercase();
    match name.char_indices().filter(upper).nth(1) {
        Some((at, _)) => name[..at].to_owned(),
        None => name.to_owned(),
    }
}
