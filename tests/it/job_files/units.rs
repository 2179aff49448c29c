//! Unit files pass systemd's own checks.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{export, script};
use crate::support::{Need, lab_or_skip, project};

/// Writes what an export gives into the files that it names.
fn units(folder: &Path, script: &Path, scope: &str) -> Vec<PathBuf> {
    let run = export("systemd", &[scope], script);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let mut files = Vec::new();
    for part in run.stdout.split("\n# ").map(|part| part.trim_start_matches("# ")) {
        let (path, text) = part.split_once('\n').unwrap();
        let file = folder.join(Path::new(path).file_name().unwrap());
        std::fs::write(&file, text).unwrap();
        files.push(file);
    }
    files
}

fn passes(arguments: &[&str], files: &[PathBuf]) {
    // That of a user wants to know where it could run.
    let runtime = tempfile::tempdir().unwrap();
    let mut analyze = Command::new("systemd-analyze");
    analyze.args(arguments).args(files).env("XDG_RUNTIME_DIR", runtime.path());
    let run = analyze.output().unwrap();
    let told = [run.stdout, run.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(
        run.status.success() && !told[1].contains("Unknown"),
        "{arguments:?} {files:?}\n{}{}",
        told[0],
        told[1]
    );
}

#[test]
fn units_pass_systemds_checks_whatever_the_job_is_called() {
    lab_or_skip!(Need::Program("systemd-analyze"));
    let blocks = [
        ("plain.rhai", "schedule = \"daily\""),
        ("by hand.rhai", "uri = \"qemu:///system\""),
        (
            "every key.rhai",
            "name = \"100% @night\\\\ly\"\nschedule = \"Mon..Fri 02:30 Europe/Berlin\"\njitter = \"10m\"\ntimeout = \"45m\"\ngrace = 5.5\n\
             watchdog = \"1m\"\noverlap = \"replace\"\nretry = { count = 2, after = \"5m\" }\nhosts = \"prod\"\nreadonly = true\n\
             deny = [\"run\"]\nwrites = [\"/srv/a b\", \"/home/100%\"]\nrecord = \"required\"\nargs = [\"--keep\", \"7\"]\n\
             environment = [\"PGPASSWORD\"]\ncredentials = [\"token\", \"key:/etc/k%y\"]\non_failure = \"mail@%n.service\"\nquiet = true",
        ),
        ("only systemd.rhai", "schedule = \"*-*~1 02:30:15\""),
    ];
    for (name, block) in blocks {
        let folder = tempfile::tempdir().unwrap();
        let script = script(folder.path(), name, block);
        for scope in ["--system", "--user"] {
            let files = units(folder.path(), &script, scope);
            // systemd looks for the unit of a timer beside it.
            passes(&["verify", scope], &files);
        }
    }
}

#[test]
fn units_of_the_scripts_are_closed_enough() {
    lab_or_skip!(Need::Program("systemd-analyze"));
    let scripts = std::fs::read_dir(project("scripts")).unwrap().map(|entry| entry.unwrap().path());
    let has_block =
        |path: &PathBuf| std::fs::read_to_string(path).is_ok_and(|text| text.contains("\n//! [job]"));
    let jobs: Vec<PathBuf> = scripts.filter(|path| path.is_file() && has_block(path)).collect();
    assert!(!jobs.is_empty());
    for job in jobs {
        let folder = tempfile::tempdir().unwrap();
        let files = units(folder.path(), &job, "--system");
        passes(&["verify"], &files);
        passes(&["security", "--offline=true", "--threshold=35", "--no-pager"], &files[..1]);
    }
}
