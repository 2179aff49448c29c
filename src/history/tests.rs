use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::Connection;

use super::*;
use crate::error::{Error, code};

fn sample(second: i64, name: &str, value: Number) -> Sample {
    Sample {
        time: Timestamp::from_second(second).unwrap(),
        host: "test:///default".into(),
        kind: "pool".into(),
        name: name.into(),
        measure: "allocation".into(),
        value,
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn one_number(store: &Store, query: &str) -> i64 {
    backend::rows(&*store.backend, query, &[], |row| row.int(0)).unwrap()[0]
}

fn refused(error: &Error, path: &Path, why: &str) {
    assert!(error.to_string().contains(why), "{error}");
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    assert!(error.facts().hint.is_some(), "{error:?}");
}

#[test]
fn what_is_added_is_found_by_time_name_and_measure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    assert!(Store::open_existing(&path).unwrap().is_none());
    let all = [
        sample(10, "a", Number::Int(i64::MAX)),
        sample(10, "b", Number::Float(0.5)),
        sample(20, "a", Number::Int(2)),
    ];
    let mut store = Store::open(&path).unwrap();
    store.add(&[all[2].clone(), all[0].clone(), all[1].clone()]).unwrap();
    let read = Store::open_existing(&path).unwrap().unwrap();
    assert_eq!(read.samples(&Wanted::default()).unwrap(), all);
    let wanted = |wanted: Wanted| read.samples(&wanted).unwrap().len();
    assert_eq!(wanted(Wanted { name: Some("a".into()), ..Wanted::default() }), 2);
    assert_eq!(wanted(Wanted { since: Some(at(11)), until: Some(at(20)), ..Wanted::default() }), 1);
    assert_eq!(wanted(Wanted { host: Some("qemu:///system".into()), ..Wanted::default() }), 0);
    assert_eq!(wanted(Wanted { kind: Some("pool".into()), until: Some(at(10)), ..Wanted::default() }), 2);
    assert_eq!(wanted(Wanted { measure: Some("capacity".into()), ..Wanted::default() }), 0);
}

#[test]
fn the_same_moment_again_takes_the_place_of_the_old_value() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("history.db")).unwrap();
    store.add(&[sample(1, "a", Number::Int(1))]).unwrap();
    store.add(&[sample(1, "a", Number::Int(2))]).unwrap();
    assert_eq!(store.samples(&Wanted::default()).unwrap(), [sample(1, "a", Number::Int(2))]);
}

#[test]
fn old_samples_go_and_nothing_is_left_of_what_they_measured() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("history.db")).unwrap();
    store.add(&[sample(1, "a", Number::Int(1)), sample(9, "b", Number::Int(1))]).unwrap();
    assert_eq!(store.prune(at(9)).unwrap(), 1);
    assert_eq!(store.samples(&Wanted::default()).unwrap(), [sample(9, "b", Number::Int(1))]);
    assert_eq!(one_number(&store, "SELECT count(*) FROM measures"), 1);
}

#[test]
fn only_the_owner_can_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let mut store = Store::open(&path).unwrap();
    store.add(&[sample(1, "a", Number::Int(1))]).unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap().flatten() {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[test]
fn many_writers_at_once_all_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let path = &path;
            scope.spawn(move || {
                for turn in 0..10 {
                    let mut store = Store::open(path).unwrap();
                    store.add(&[sample(turn, &format!("w{writer}"), Number::Int(turn))]).unwrap();
                }
            });
        }
    });
    let store = Store::open_existing(&path).unwrap().unwrap();
    assert_eq!(store.samples(&Wanted::default()).unwrap().len(), 40);
}

#[test]
fn a_full_disk_is_said_and_nothing_of_the_change_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let mut store = Store::open(&path).unwrap();
    store.add(&[sample(1, "a", Number::Int(1))]).unwrap();
    let pages = one_number(&store, "PRAGMA page_count");
    // SQLite reports the same where the disk has no room for another page.
    store.backend.batch(&format!("PRAGMA max_page_count = {}", pages + 1)).unwrap();
    let many: Vec<Sample> = (0..5_000).map(|n| sample(n, &format!("guest {n}"), Number::Int(n))).collect();
    let error = store.add(&many).unwrap_err();
    assert_eq!(error.code(), code::IO);
    refused(&error, &path, "the disk is full");
    assert_eq!(store.samples(&Wanted::default()).unwrap(), [sample(1, "a", Number::Int(1))]);
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for path in
        [file.path().join("history.db"), "/proc/history.db".into(), "/no/such/folder/history.db".into()]
    {
        let error = Store::open(&path).unwrap_err();
        assert_eq!(error.code(), code::IO);
        refused(&error, &path, "");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    Store::open(&path).unwrap().add(&[sample(1, "a", Number::Int(1))]).unwrap();
    let error = Store::open_existing(&path).unwrap().unwrap().prune(at(5)).unwrap_err();
    refused(&error, &path, "cannot be opened or written");
    let error = Store::open(folder.path()).unwrap_err();
    refused(&error, folder.path(), "");
}

#[test]
fn what_is_no_store_is_refused_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    std::fs::write(&path, "not a database, but a text that is long enough to be taken for one".repeat(100))
        .unwrap();
    let before = std::fs::read(&path).unwrap();
    refused(&Store::open(&path).unwrap_err(), &path, "damaged");
    refused(&Store::open_existing(&path).unwrap_err(), &path, "damaged");
    assert_eq!(std::fs::read(&path).unwrap(), before);

    let other = folder.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let before = std::fs::read(&other).unwrap();
    refused(&Store::open(&other).unwrap_err(), &other, "another program");
    assert_eq!(std::fs::read(&other).unwrap(), before);
}

#[test]
fn a_damaged_store_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let many: Vec<Sample> = (0..2_000).map(|n| sample(n, &format!("guest {n}"), Number::Int(n))).collect();
    Store::open(&path).unwrap().add(&many).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let half = bytes.len() / 8;
    bytes[half..].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let read = Store::open_existing(&path).and_then(|store| store.unwrap().samples(&Wanted::default()));
    refused(&read.unwrap_err(), &path, "damaged");
}

#[test]
fn a_store_of_a_newer_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let store = Store::open(&path).unwrap();
    store.backend.batch("PRAGMA user_version = 99").unwrap();
    drop(store);
    refused(&Store::open(&path).unwrap_err(), &path, "newer virhai (version 99");
    refused(&Store::open_existing(&path).unwrap_err(), &path, "newer virhai");
}

#[test]
fn an_empty_file_becomes_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    std::fs::write(&path, "").unwrap();
    assert!(Store::open_existing(&path).unwrap().is_none());
    Store::open(&path).unwrap().add(&[sample(1, "a", Number::Int(1))]).unwrap();
}

/// What `SQLite` would do for a query.
fn plan(store: &Store, (query, values): (String, Vec<backend::Value>)) -> String {
    let query = format!("EXPLAIN QUERY PLAN {query}");
    backend::rows(&*store.backend, &query, &values, |row| row.text(3)).unwrap().join("\n")
}

#[test]
fn what_is_asked_for_often_is_found_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("history.db")).unwrap();
    let since = Some(at(1_000_000));
    let object = Some("web1".to_owned());
    let changes = |filter: Filter| plan(&store, records::changes_query(&*store.backend, &filter, &[]));
    for (filter, index) in [
        (Filter { since, ..Filter::default() }, "changes_by_time (time>?)"),
        (
            Filter { object: object.clone(), since, ..Filter::default() },
            "changes_by_object (object=? AND time>?)",
        ),
        (Filter { failed: true, since, ..Filter::default() }, "changes_that_failed (time>?)"),
        (Filter { run: Some(7), ..Filter::default() }, "changes USING PRIMARY KEY (run=?)"),
        (Filter { limit: Some(100), ..Filter::default() }, "changes USING INDEX changes_by_time"),
    ] {
        let plan = changes(filter.clone());
        assert!(plan.contains(index) && !plan.contains("SCAN runs"), "{filter:?}\n{plan}");
    }
    let runs = |filter: Filter| plan(&store, records::runs_query(&*store.backend, &filter, &[]));
    for (filter, index) in [
        (Filter { since, ..Filter::default() }, "runs_by_time (start_time>?)"),
        (Filter { job: object.clone(), ..Filter::default() }, "runs_by_job (job=?)"),
        (Filter { object, ..Filter::default() }, "changes_by_object (object=?)"),
    ] {
        let plan = runs(filter.clone());
        assert!(plan.contains(index), "{filter:?}\n{plan}");
    }
}

#[test]
fn a_store_of_version_1_keeps_its_samples_and_can_hold_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let mut old = Connection::open(&path).unwrap();
    schema::migrate_to(&mut old, 1).unwrap();
    old.execute_batch(
        "INSERT INTO hosts VALUES (1, 'test:///default');
         INSERT INTO measures VALUES (1, 1, 'pool', 'a', 'allocation');
         INSERT INTO samples VALUES (1, 10000000, 42), (1, 20000000, 0.5)",
    )
    .unwrap();
    drop(old);
    let mut store = Store::open_existing(&path).unwrap().unwrap();
    let all = [sample(10, "a", Number::Int(42)), sample(20, "a", Number::Float(0.5))];
    assert_eq!(store.samples(&Wanted::default()).unwrap(), all);
    assert_eq!(one_number(&store, "PRAGMA user_version"), 2);
    let run = store.begin_run(&NewRun::default(), at(1)).unwrap();
    assert_eq!(store.runs(&Filter::default()).unwrap()[0].id, run);
}

#[test]
fn a_migration_that_fails_leaves_the_old_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let mut old = Connection::open(&path).unwrap();
    schema::migrate_to(&mut old, 1).unwrap();
    // What stands in the way of a table of the next version.
    old.execute_batch("CREATE TABLE changes (x)").unwrap();
    drop(old);
    refused(&Store::open(&path).unwrap_err(), &path, "");
    let old = Connection::open(&path).unwrap();
    let version: i64 = old.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 1);
    old.execute_batch("SELECT value FROM samples").unwrap();
}
