//! Situations of hosts: `tests/hosts/x.txt` lists files with their content, and below what the checks say of them.
//!
//! ```text
//! An Intel server.                first line: what it is
//! base: linux                     the files of tests/hosts/base/linux.txt
//! sections: qemu lxc              what is checked; `arch`, `libvirt` and `cpuid` (leaf and eax) are options
//! /dev/kvm                        an empty file
//! /proc/cmdline: root=/dev/sda1   a file of one line
//! /proc/cpuinfo                   a file of the lines that follow it, two blanks before each
//!   processor : 0
//! /sys/firmware/acpi/tables/IORT! 49 4f    bytes
//! /sys/kernel/iommu_groups/       a folder
//! /sys/fs/cgroup/cpu -> cpu,cpuacct        a link
//! - /dev/vhost-net                taken away again, with what is in it
//! == expected
//! ```
//!
//! `VIRHAI_REWRITE=1` writes what is expected anew.

use std::fmt::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::{Virhai, golden, project};

/// Divides what there is from what is expected.
const EXPECTED: &str = "== expected\n";

/// A situation as a folder.
pub(super) struct Host {
    pub(super) name: String,
    folder: TempDir,
    /// `sections`, `arch`, `libvirt`, `cpuid`
    options: Vec<(String, String)>,
    /// The text above what is expected.
    given: String,
    expected: String,
}

/// The names of all situations, sorted.
pub(super) fn names() -> Vec<String> {
    let files = std::fs::read_dir(project("tests/hosts")).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

impl Host {
    /// Makes the folder of a situation.
    pub(super) fn read(name: &str) -> Self {
        let text = std::fs::read_to_string(file_of(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let (given, expected) = text.split_once(EXPECTED).unwrap_or((&text, ""));
        // Others may enter it: some tests look as another user.
        let mode = PermissionsExt::from_mode(0o755);
        let folder = tempfile::Builder::new().prefix("virhai-host-").permissions(mode).tempdir().unwrap();
        let mut host = Self {
            name: name.into(),
            folder,
            options: Vec::new(),
            given: given.into(),
            expected: expected.into(),
        };
        host.fill(given.split_once('\n').map_or("", |(_, rest)| rest));
        host
    }

    pub(super) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// An option of the file.
    pub(super) fn option(&self, key: &str) -> Option<&str> {
        self.options.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// What is checked.
    pub(super) fn sections(&self) -> impl Iterator<Item = &str> {
        self.option("sections").unwrap_or("qemu").split(' ')
    }

    /// Lets only the owner use a file.
    pub(super) fn close(&self, path: &str) {
        std::fs::set_permissions(self.root().join(path), PermissionsExt::from_mode(0o600)).unwrap();
    }

    fn fill(&mut self, text: &str) {
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            if let Some(path) = line.strip_prefix("- ") {
                self.remove(path);
            } else if line.starts_with('/') {
                let mut content = Vec::new();
                while let Some(more) = lines.next_if(|line| line.starts_with("  ")) {
                    content.extend_from_slice(&more.as_bytes()[2..]);
                    content.push(b'\n');
                }
                self.add(line, content);
            } else if let Some(name) = line.strip_prefix("base: ") {
                let base = project("tests/hosts/base").join(name).with_extension("txt");
                self.fill(&std::fs::read_to_string(base).unwrap());
            } else {
                let (key, value) = line.split_once(": ").unwrap_or_else(|| panic!("{}: {line:?}", self.name));
                self.options.push((key.into(), value.into()));
            }
        }
    }

    fn place(&self, path: &str) -> PathBuf {
        self.root().join(path.trim_start_matches('/'))
    }

    fn remove(&self, path: &str) {
        let place = self.place(path);
        let removed =
            if place.is_dir() { std::fs::remove_dir_all(&place) } else { std::fs::remove_file(&place) };
        removed.unwrap_or_else(|e| panic!("{}: {path}: {e}", self.name));
    }

    fn add(&self, line: &str, lines: Vec<u8>) {
        if let Some((path, target)) = line.split_once(" -> ") {
            std::fs::create_dir_all(self.place(path).parent().unwrap()).unwrap();
            return symlink(target, self.place(path)).unwrap();
        }
        let (path, content) = if let Some((path, bytes)) = line.split_once('!') {
            (path, bytes.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect())
        } else if let Some((path, text)) = line.split_once(": ") {
            (path, format!("{text}\n").into_bytes())
        } else {
            (line, lines)
        };
        let place = self.place(path);
        if path.ends_with('/') {
            return std::fs::create_dir_all(place).unwrap();
        }
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(&place, content).unwrap();
        std::fs::set_permissions(&place, PermissionsExt::from_mode(0o666)).unwrap();
    }

    /// The map of options in Rhai; without `libvirt` it is the version that the expected texts were written for.
    fn options_in_rhai(&self) -> String {
        let (root, libvirt) = (self.root().to_str().unwrap(), self.option("libvirt").unwrap_or("9.0.0"));
        let mut text = format!("#{{ root: {root:?}, libvirt: {libvirt:?}");
        if let Some(arch) = self.option("arch") {
            let _ = write!(text, ", arch: {arch:?}");
        }
        if let Some((leaf, value)) = self.option("cpuid").and_then(|cpuid| cpuid.split_once(' ')) {
            let _ = write!(text, ", cpuid: #{{ {leaf:?}: 0x{value} }}");
        }
        text + " }"
    }
}

fn file_of(name: &str) -> PathBuf {
    project("tests/hosts").join(name).with_extension("txt")
}

/// Prints what the peer would say and what our own results are, for one situation.
const SCRIPT: &str = r#"
import "validate" as validate;
fn say(name, options, sections) {
    print("=== " + name);
    for section in sections {
        if section != "host" {
            let said = validate::virt_host_validate([section], options);
            for line in said.out.split("\n") { if line != "" { print(line) } }
            for line in said.err.split("\n") { if line != "" { print("stderr: " + line) } }
            print("status " + said.status);
        }
        options.hypervisor = section;
        for result in validate::check(options) {
            // Whom files belong to differs from run to run.
            let found = if result.check == "/dev/kvm access" { () } else { result.found ?? result.why };
            print(`${section}: ${result.status} ${result.check}${if found == () { "" } else { ": " + found }}`);
            if result.fix != () { print("    " + result.fix) }
        }
        options.remove("hypervisor");
    }
}
"#;

/// Looks at every situation in one run, and returns what differs.
pub(super) fn compare_all() -> Vec<String> {
    let hosts: Vec<Host> = names().iter().map(|name| Host::read(name)).collect();
    let mut script = SCRIPT.to_owned();
    for host in &hosts {
        let sections: Vec<&str> = host.sections().collect();
        let _ = writeln!(script, "say({:?}, {}, {sections:?});", host.name, host.options_in_rhai());
    }
    let output =
        Virhai::new().file("situations.rhai", script).arg("situations.rhai").any_stdout().run().stdout();
    let mut said: Vec<&str> = output.split("=== ").skip(1).collect();
    said.resize(hosts.len(), "");
    let faults = hosts.iter().zip(said).filter_map(|(host, said)| {
        let actual = said.split_once('\n').map_or("", |(_, text)| text);
        if actual == host.expected {
            return None;
        }
        if golden::rewriting() {
            std::fs::write(file_of(&host.name), format!("{}{EXPECTED}{actual}", host.given)).unwrap();
            return None;
        }
        Some(format!("{}\n{}", host.name, golden::difference(&host.expected, actual)))
    });
    faults.collect()
}
