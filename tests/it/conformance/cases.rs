//! The case files.
//!
//! `@WORLD [NAME]` begins a section: the state that its cases run on. Every other line is a command of the shell,
//! in which `virsh` is the one or the other; indented lines below it say more about it:
//! `differs: WHY` where ours is meant to be different, `varies: REGEX` for what is never twice the same.

use std::path::Path;

use regex::Regex;

/// Cases that share their state.
pub(super) struct Section {
    pub(super) file: String,
    /// `test`, `granted`, `qemu`, `lxc`, …
    pub(super) world: String,
    /// What the world is made with: the node file of the test driver.
    pub(super) name: Option<String>,
    pub(super) cases: Vec<Case>,
}

impl Section {
    /// Whether each case has the test driver in its own process, and so a state of its own.
    pub(super) fn is_on_test_driver(&self) -> bool {
        ["test", "granted"].contains(&self.world.as_str())
    }
}

/// One command line.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) number: usize,
    pub(super) line: String,
    pub(super) differs: Option<String>,
    pub(super) varies: Vec<Regex>,
}

/// Reads all files of a folder; only cases with `word` in their line or file name, where one is given. In worlds
/// that keep their state, a section is kept whole.
pub(super) fn read_all(folder: &Path, word: Option<&str>) -> Vec<Section> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "cases"));
    files.sort();
    let mut sections: Vec<Section> = files.iter().flat_map(|file| read(file)).collect();
    if let Some(word) = word {
        for section in &mut sections {
            let fits = |case: &Case| section.file.contains(word) || case.line.contains(word);
            if section.is_on_test_driver() {
                section.cases.retain(fits);
            } else if !section.cases.iter().any(fits) {
                section.cases.clear();
            }
        }
        sections.retain(|section| !section.cases.is_empty());
    }
    // What takes longest begins first.
    sections.sort_by_key(Section::is_on_test_driver);
    sections
}

fn read(file: &Path) -> Vec<Section> {
    let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut sections: Vec<Section> = Vec::new();
    for (index, line) in std::fs::read_to_string(file).unwrap().lines().enumerate() {
        let place = format!("{name}:{}", index + 1);
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(world) = line.strip_prefix('@') {
            let (world, of) = world.split_once(' ').map_or((world, None), |(w, n)| (w, Some(n.to_owned())));
            sections.push(Section { file: name.clone(), world: world.into(), name: of, cases: Vec::new() });
            continue;
        }
        let cases = &mut sections.last_mut().unwrap_or_else(|| panic!("{place}: no section")).cases;
        match line.strip_prefix("    ") {
            None => {
                cases.push(Case { number: index + 1, line: line.into(), differs: None, varies: Vec::new() });
            }
            Some(more) => {
                let case = cases.last_mut().unwrap_or_else(|| panic!("{place}: no case"));
                match more.split_once(": ") {
                    Some(("differs", why)) => case.differs = Some(why.into()),
                    Some(("varies", regex)) => case.varies.push(Regex::new(regex).unwrap()),
                    _ => panic!("{place}: {more}"),
                }
            }
        }
    }
    sections
}
