//! Jobs as files: blocks in scripts, schedules, and what schedulers read.

mod clusters;
mod cron;
mod schedules;
mod units;

use std::path::{Path, PathBuf};

use crate::support::Virhai;

/// A script with a block, in a folder of its own.
fn script(folder: &Path, name: &str, block: &str) -> PathBuf {
    let lines: String = block.lines().flat_map(|line| ["//! ", line, "\n"]).collect();
    let text = format!(
        "#!/usr/bin/env virhai\n//! Counts guests.\n//!\n//! [job]\n{lines}\nprint(`${{domains().len()}} 100%{{`);\n"
    );
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// What a run came to.
struct Ran {
    status: i32,
    stdout: String,
    stderr: String,
}

fn virhai(arguments: &[&str]) -> Ran {
    let output = Virhai::new().args(arguments).output();
    Ran { status: output.status, stdout: output.stdout(), stderr: output.stderr() }
}

fn export(to: &str, more: &[&str], script: &Path) -> Ran {
    let mut arguments = vec!["job", "export", "--to", to, "--time-zone", "Europe/Berlin"];
    arguments.extend(more);
    arguments.push(script.to_str().unwrap());
    virhai(&arguments)
}

#[test]
fn check_finds_faults_of_block_schedule_and_script_with_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let good = script(folder.path(), "good.rhai", "schedule = \"daily\"");
    let run = virhai(&["job", "check", good.to_str().unwrap()]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));

    let bad = folder.path().join("bad.rhai");
    std::fs::write(&bad, "//! [job]\n//! schedule = \"Mon 25:00\"\n//! wirtes = [\"/srv\"]\nprnt(1);\n")
        .unwrap();
    let run = virhai(&["job", "check", good.to_str().unwrap(), bad.to_str().unwrap()]);
    assert_eq!(run.status, 2);
    for part in
        ["bad.rhai:2:16", "hour \"25\"", "bad.rhai:3:5", "did you mean `writes`?", "bad.rhai:4:1", "prnt"]
    {
        assert!(run.stderr.contains(part), "{part}\n{}", run.stderr);
    }
    for to in ["systemd", "cron", "kubernetes", "nomad"] {
        let run = export(to, &[], &bad);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{to}");
    }
}
