//! `host-check`: what it measures, what it keeps, and when it complains.

use std::time::Duration;

use serde_json::Value;

use crate::support::{Virhai, eventually, project};

/// The small node with a history store of its own.
fn check(state: &std::path::Path) -> Virhai {
    Virhai::new()
        .small_node()
        .env("STATE_DIRECTORY", state)
        .args(["-o", "json"])
        .arg(project("scripts/host-check.rhai"))
}

fn samples(state: &std::path::Path, filter: &str) -> Vec<Value> {
    let code = format!("history::samples(#{{ {filter} }})");
    let shown =
        Virhai::new().env("STATE_DIRECTORY", state).args(["-o", "json", "-e", &code]).any_stdout().run();
    serde_json::from_str(&shown.stdout()).unwrap()
}

#[test]
fn what_is_measured_is_shown_and_kept() {
    let state = tempfile::tempdir().unwrap();
    let shown = check(state.path()).arg("--no-validate").any_stdout().run();
    let shown: Value = serde_json::from_str(&shown.stdout()).unwrap();
    assert_eq!((&shown["guests"], &shown["running"]), (&5.into(), &4.into()));
    // 512 MiB for the first guest, 1 GiB for the second, … of 32 GiB.
    assert_eq!(shown["capacity"][0]["used"], 5_u64 << 30);
    assert_eq!(shown["capacity"][0]["capacity"], 32_u64 << 30);
    assert_eq!(shown["capacity"][0]["used_percent"], 15.6);
    let kept = samples(state.path(), "");
    assert_eq!(shown["samples"], kept.len());
    let guest = samples(state.path(), "kind: \"guest\", name: \"db1\", measure: \"memory\"");
    assert_eq!(guest[0]["value"], 1536_u64 << 20);
    let pool = samples(state.path(), "kind: \"pool\", measure: \"capacity\"");
    assert_eq!(pool[0]["value"], shown["capacity"][1]["capacity"]);
    assert!(pool[0]["host"].as_str().unwrap().starts_with("test:///"), "{pool:?}");
    check(state.path()).arg("--no-validate").any_stdout().run();
    assert_eq!(samples(state.path(), "").len(), 2 * kept.len());
}

#[test]
fn the_store_knows_a_host_by_its_uri_without_the_password() {
    let run = Virhai::new().connect("test:///default").args(["-e", "history::host_of(conn())"]);
    run.stdout("test:///default\n").run();
}

#[test]
fn a_full_host_is_a_warning_and_old_samples_go() {
    let state = tempfile::tempdir().unwrap();
    check(state.path()).args(["--no-validate", "--full", "15"]).status(6).any_stdout().run();
    check(state.path()).args(["--no-validate", "--keep", "0s", "--no-samples"]).any_stdout().run();
    assert!(!samples(state.path(), "").is_empty());
    check(state.path()).args(["--no-validate", "--keep", "0s"]).any_stdout().run();
    assert!(samples(state.path(), "before: \"0s\"").is_empty());
    let usage = check(state.path()).args(["--full", "much"]).status(2);
    usage.stderr_contains("--full: \"much\" is not a number").run();
}

#[test]
fn the_status_is_that_of_validate() {
    let state = tempfile::tempdir().unwrap();
    let alone = Virhai::new().small_node().args(["-o", "json", "validate", "lxc"]).output();
    let shown =
        check(state.path()).args(["--part", "lxc", "--no-samples"]).status(alone.status).any_stdout().run();
    let shown: Value = serde_json::from_str(&shown.stdout()).unwrap();
    assert_eq!(shown["checks"], serde_json::from_str::<Value>(&alone.stdout()).unwrap());
    assert!(!state.path().join("history.db").exists());
}

#[test]
fn what_cannot_be_kept_fails_the_run_and_is_shown_all_the_same() {
    let state = tempfile::tempdir().unwrap();
    let denied = Virhai::new()
        .small_node()
        .env("STATE_DIRECTORY", state.path())
        .args(["--deny", "write", "-o", "table"]);
    denied
        .arg(project("scripts/host-check.rhai"))
        .arg("--no-validate")
        .status(1)
        .stdout_contains("memory of guests")
        .stderr_contains("forbidden by --deny write")
        .run();
    std::fs::write(state.path().join("history.db"), "no database").unwrap();
    check(state.path())
        .arg("--no-validate")
        .status(1)
        .any_stdout()
        .stderr_contains("history.db: it is damaged, or no history store")
        .stderr_contains("hint: move it away")
        .run();
}

#[test]
fn two_at_once_both_keep_theirs() {
    let state = tempfile::tempdir().unwrap();
    let running: Vec<_> =
        (0..2).map(|_| check(state.path()).arg("--no-validate").any_stdout().start()).collect();
    let kept = running.into_iter().map(|run| {
        let shown: Value = serde_json::from_str(&run.finish().stdout()).unwrap();
        shown["samples"].as_u64().unwrap()
    });
    let kept: u64 = kept.sum();
    // Each has a node of its own, so none of the samples can be another's.
    assert_eq!(samples(state.path(), "").len() as u64, kept);
}

#[test]
fn the_configuration_says_where_the_store_is() {
    let config = "[history]\nstore = \"kept.db\"\n";
    let code = "history::add_samples([#{ kind: \"x\", name: \"y\", measure: \"z\", value: 0.5 }]); history::samples().len()";
    let virhai = Virhai::new().home_file(".config/virhai/config.toml", config);
    let store = virhai.home().join(".config/virhai/kept.db");
    let run = virhai.connect("test:///default").args(["-e", code]).stdout("1\n").start();
    eventually(Duration::from_secs(30), "a store", || store.exists().then_some(()));
    run.finish();
    let url = Virhai::new()
        .home_file(".config/virhai/config.toml", "[history]\nstore = \"postgres:///x?host=/none\"\n");
    url.args(["-e", "history::samples()"]).status(1).stderr_contains("postgres:///x").run();
}

#[test]
fn what_is_no_sample_is_refused_and_nothing_is_kept() {
    let state = tempfile::tempdir().unwrap();
    for (sample, why) in [
        ("5", "sample 1 is i64, not a map"),
        ("#{ name: \"b\", measure: \"c\", value: 1 }", "sample 1 has no text as `kind`"),
        ("#{ kind: \"a\", name: \"\", measure: \"c\", value: 1 }", "sample 1 has no text as `name`"),
        ("#{ kind: \"a\", name: \"b\", measure: \"c\", value: \"1\" }", "sample 1 has 1 as its value"),
        ("#{ kind: \"a\", name: \"b\", measure: \"c\", value: 0.0 / 0.0 }", "sample 1 has NaN as its value"),
        ("#{ kind: \"a\", name: \"b\", measure: \"c\", valeu: 1 }", "sample 1 has no key `valeu`"),
        (
            "#{ kind: \"a\", name: \"b\", measure: \"c\", value: 1, time: \"soon\" }",
            "sample 1 has a wrong time",
        ),
    ] {
        let good = "#{ kind: \"a\", name: \"b\", measure: \"c\", value: 1 }";
        let code = format!("history::add_samples([{good}, {sample}])");
        let virhai = Virhai::new().connect("test:///default").env("STATE_DIRECTORY", state.path());
        virhai.args(["-e", &code]).status(1).stderr_contains(why).stderr_contains("hint: ").run();
    }
    assert!(samples(state.path(), "").is_empty());
    let wrong = Virhai::new().env("STATE_DIRECTORY", state.path()).args(["-e", "history::prune(\"soon\")"]);
    wrong.status(1).stderr_contains("how long ago it was").run();
}
