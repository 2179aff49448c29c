//! Rotation on folders without any guest: what goes, and that no chain loses its beginning.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::Virhai;
use crate::support::disk_guest::text;

/// Makes a backup for each of these days of a month, a full one at each of `full`.
fn make(store: &Path, guest: &str, days: std::ops::Range<u32>, full: &[u32]) {
    let (mut chain, mut parent) = (String::new(), Value::Null);
    for day in days {
        let id = format!("202603{day:02}-023000");
        if full.contains(&day) {
            (chain, parent) = (id.clone(), Value::Null);
        }
        let folder = store.join(guest).join(&chain).join(&id);
        fs::create_dir_all(&folder).unwrap();
        let kind = if parent.is_null() { "full" } else { "incremental" };
        let manifest = json!({
            "id": id, "chain": chain, "parent": parent, "guest": guest, "uuid": format!("uuid of {guest}"), "kind": kind,
            "time": format!("2026-03-{day:02}T02:30:00+00:00"), "disks": [], "files": [],
        });
        fs::write(folder.join("backup.json"), manifest.to_string()).unwrap();
        parent = id.into();
    }
}

fn rows(store: &Path, code: &str) -> Vec<Value> {
    let code = format!("import \"backup\" as backup; let store = {:?}; {code}", text(store));
    let shown = Virhai::new()
        .connect("test:///default")
        .args(["-o", "json", "-e", &code])
        .any_stdout()
        .run()
        .stdout();
    serde_json::from_str(&shown).unwrap_or_else(|error| panic!("{error}: {shown}"))
}

/// The days of those rows that have this action.
fn days(rows: &[Value], action: &str) -> BTreeSet<u32> {
    let fitting = rows.iter().filter(|row| row["action"] == action);
    fitting.map(|row| row["id"].as_str().unwrap()[6..8].parse().unwrap()).collect()
}

#[test]
fn rotation_keeps_what_a_kept_backup_needs() {
    let store = tempfile::tempdir().unwrap();
    let store = store.path();
    make(store, "web1", 1..31, &[1, 7, 14, 20, 27]);
    // The last three days, and of three weeks (they begin on Monday) the last days: 22, 29 and 30.
    let policy = "#{ daily: 3, weekly: 3 }";
    let plan = rows(store, &format!("backup::rotate_plan(store, {policy})"));
    let kept: BTreeSet<u32> = (20..23).chain(27..31).collect();
    let gone: BTreeSet<u32> = (1..20).chain(23..27).collect();
    assert_eq!((days(&plan, "keep"), days(&plan, "remove")), (kept.clone(), gone.clone()));
    let needed = plan.iter().find(|row| row["id"] == "20260321-023000").unwrap();
    assert_eq!(needed["reasons"][0], "needed by 20260322-023000", "{needed}");

    // What a rotation that was killed has begun to remove.
    let half = store.join("web1/20260301-023000/20260301-023000");
    fs::rename(half.join("backup.json"), half.join("unfinished.json")).unwrap();
    let gone: BTreeSet<u32> = gone.into_iter().filter(|day| *day != 1).collect();
    let removed = rows(store, &format!("backup::rotate(store, {policy})"));
    assert_eq!(days(&removed, "removed"), gone);
    assert_eq!(fs::read_dir(store.join("web1")).unwrap().count(), 2, "empty chains go too");
    let again = rows(store, &format!("backup::rotate(store, {policy})"));
    assert_eq!((days(&again, "keep"), days(&again, "removed").len()), (kept, 0));
    let plan = rows(store, "backup::rotate_plan(store, #{ last: 1 })");
    assert_eq!(days(&plan, "keep"), (27..31).collect());
}

#[test]
fn rotation_of_one_guest_is_not_that_of_another() {
    let store = tempfile::tempdir().unwrap();
    let store = store.path();
    make(store, "web1", 1..4, &[1, 2, 3]);
    make(store, "old", 1..3, &[1]);
    // Another guest that has the name now.
    make(store, "web1", 10..12, &[10, 11]);
    for day in [10, 11] {
        let file = store.join(format!("web1/202603{day}-023000/202603{day}-023000/backup.json"));
        let other = fs::read_to_string(&file).unwrap().replace("uuid of web1", "another");
        fs::write(file, other).unwrap();
    }
    fs::write(store.join("web1/20260301-023000/20260301-023000/backup.json"), "{").unwrap();
    let rotated = rows(store, "backup::rotate(store, #{ last: 1 })");
    let left = |action: &str| -> Vec<String> {
        let fitting = rotated.iter().filter(|row| row["action"] == action);
        let mut names: Vec<_> = fitting
            .map(|row| format!("{} {}", row["guest"].as_str().unwrap(), row["id"].as_str().unwrap()))
            .collect();
        names.sort();
        names
    };
    let kept = [
        "old 20260301-023000",
        "old 20260302-023000",
        "web1 20260301-023000",
        "web1 20260303-023000",
        "web1 20260311-023000",
    ];
    assert_eq!(left("keep"), kept);
    assert_eq!(left("removed"), ["web1 20260302-023000", "web1 20260310-023000"]);
}

#[test]
fn rotation_refuses_what_it_does_not_understand() {
    let store = tempfile::tempdir().unwrap();
    make(store.path(), "web1", 1..4, &[1]);
    for (code, words) in [
        ("backup::rotate(store, #{})", "nothing to keep"),
        ("backup::rotate(store, #{ dayly: 3 })", "did you mean \"daily\"?"),
        ("backup::rotate(store + \"/web1\", #{ last: 1 })", "not the folder of all backups"),
        ("backup::rotate(store + \"/none\", #{ last: 1 })", "no such folder"),
    ] {
        let code = format!("import \"backup\" as backup; let store = {:?}; {code}", text(store.path()));
        let virhai = Virhai::new().connect("test:///default").args(["-e", &code]);
        virhai.status(1).stderr_contains(words).run();
    }
    assert_eq!(rows(store.path(), "backup::list(store)").len(), 3);
}
