use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::history::{Filter, Outcome, Place, Store};
use crate::libvirt::{Connection, Door, Interrupt, Rules};

/// What was warned of.
type Warnings = Arc<Mutex<Vec<String>>>;

fn recorder(path: &Path, policy: Recording) -> (Recorder, Warnings) {
    let warnings = Warnings::default();
    let told = warnings.clone();
    let store = Some(path.to_str().unwrap().to_owned());
    let history = config::History { store, record: policy, ..config::History::default() };
    let run = NewRun { script: "/srv/x.rhai".into(), ..NewRun::default() };
    let warn = move |text: &str| told.lock().unwrap().push(text.to_owned());
    (Recorder::new(&history, run, warn), warnings)
}

/// A host of its own with a guest that runs.
fn connection(recorder: &Recorder) -> Connection {
    let mut file = tempfile::NamedTempFile::with_suffix(".xml").unwrap();
    file.write_all(
        b"<node><domain type='test'><name>test</name><memory>65536</memory><os><type>hvm</type></os></domain></node>",
    )
    .unwrap();
    let door = Door::new(Rules::default(), Interrupt::default()).with_record(Arc::new(recorder.clone()));
    let uri = format!("test://{}", file.path().display());
    let connection = Connection::new(Some(uri), false, Arc::new(door));
    connection.open().unwrap();
    connection
}

fn done() -> Ending {
    Ending { status: Some(0), ..Ending::new(Outcome::Done) }
}

fn store(path: &Path) -> Store {
    Store::open_existing(Place::from(path)).unwrap().unwrap()
}

#[test]
fn what_passes_the_door_is_in_the_store_when_the_run_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let (recorder, warnings) = recorder(&path, Recording::BestEffort);
    recorder.set_source("print(1)");
    let connection = connection(&recorder);
    let guest = connection.domain_by_name("test").unwrap();
    guest.suspend().unwrap();
    guest.suspend().unwrap_err();
    guest.resume().unwrap();
    recorder.end(done());
    let store = store(&path);
    let run = &store.runs(&Filter::default()).unwrap()[0];
    assert_eq!((run.outcome, run.status, run.changes, run.failures), (Outcome::Done, Some(0), 3, 1));
    assert_eq!(run.script, "/srv/x.rhai");
    assert_eq!(run.digest.as_deref(), Some(digest("print(1)").as_str()));
    assert_eq!(run.hosts, [connection.uri()]);
    let mut changes = store.changes(&Filter::default()).unwrap();
    changes.reverse();
    let told: Vec<_> = changes.iter().map(|c| (c.operation.as_str(), c.object.as_str(), c.outcome)).collect();
    assert_eq!(
        told,
        [
            ("domain.suspend", "test", ChangeOutcome::Done),
            ("domain.suspend", "test", ChangeOutcome::Failed),
            ("domain.resume", "test", ChangeOutcome::Done)
        ]
    );
    assert!(changes[1].error.as_ref().unwrap().contains("not running"), "{changes:?}");
    assert!(warnings.lock().unwrap().is_empty());
}

#[test]
fn a_run_that_changes_nothing_opens_no_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let (recorder, _) = recorder(&path, Recording::Required);
    let _ = connection(&recorder).domain_by_name("test").unwrap();
    recorder.end(done());
    assert!(!path.exists());
}

#[test]
fn the_run_of_a_job_is_there_from_its_start_and_runs_until_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let (recorder, _) = recorder(&path, Recording::BestEffort);
    recorder.describe(NewRun {
        job: Some("nightly".into()),
        attempt: 2,
        hosts: vec!["esx://root:geheim@esx1/".into()],
        arguments: vec!["--password".into(), "geheim".into()],
        ..NewRun::default()
    });
    let number = recorder.begin().unwrap().unwrap();
    let run = store(&path).run(number).unwrap().unwrap();
    assert_eq!((run.outcome, run.end, run.attempt), (Outcome::Running, None, 2));
    assert_eq!(
        (run.hosts, run.arguments),
        (vec!["esx://root@esx1/".into()], vec!["--password".into(), "***".into()])
    );
    recorder.fail(&Error::new(code::IO, "no room"));
    recorder.end(Ending { output: Some("half".into()), ..Ending::new(Outcome::Failed) });
    let run = store(&path).run(number).unwrap().unwrap();
    assert_eq!((run.outcome, run.error.as_deref()), (Outcome::Failed, Some("no room")));
    assert_eq!(run.output.as_deref(), Some("half"));
    assert!(run.end.is_some() && run.duration.is_some());
    recorder.describe(NewRun { job: Some("nightly".into()), attempt: 3, ..NewRun::default() });
    assert!(recorder.begin().unwrap().unwrap() > number, "the next attempt is a run of its own");
    recorder.end(done());
    assert_eq!(store(&path).last_runs().unwrap()[0].attempt, 3);
}

#[test]
fn another_process_adds_to_a_run_that_it_does_not_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let (first, _) = recorder(&path, Recording::Required);
    let number = first.begin().unwrap().unwrap();
    for _ in 0..2 {
        let (second, _) = recorder(&path, Recording::Required);
        second.join(number);
        connection(&second).domain_by_name("test").unwrap().suspend().unwrap();
        second.end(done());
    }
    let run = store(&path).run(number).unwrap().unwrap();
    assert_eq!((run.outcome, run.changes), (Outcome::Running, 2));
    first.end(done());
    assert_eq!(store(&path).run(number).unwrap().unwrap().outcome, Outcome::Done);
}

#[test]
fn a_required_record_that_cannot_be_kept_refuses_the_change_before_it_is_sent() {
    let path = Path::new("/proc/history.db");
    let (recorder, warnings) = recorder(path, Recording::Required);
    assert_eq!(recorder.begin().unwrap_err().code(), code::IO);
    let guest = connection(&recorder).domain_by_name("test").unwrap();
    let error = guest.suspend().unwrap_err();
    assert_eq!(error.code(), code::IO);
    assert!(error.to_string().contains("/proc/history.db"), "{error}");
    assert_eq!(error.facts().operation.as_deref(), Some("domain.suspend"));
    assert!(guest.is_active().unwrap());
    guest.resume().unwrap_err();
    recorder.end(Ending::new(Outcome::Failed));
    assert!(warnings.lock().unwrap().is_empty(), "the errors have said it");
}

#[test]
fn a_store_that_breaks_in_the_middle_stops_a_run_whose_record_is_required() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let (recorder, _) = recorder(&path, Recording::Required);
    let guest = connection(&recorder).domain_by_name("test").unwrap();
    guest.suspend().unwrap();
    // What was there is gone, as with a disk that fails.
    rusqlite::Connection::open(&path).unwrap().execute_batch("DROP TABLE changes").unwrap();
    guest.resume().unwrap_err();
    let (state, _) = guest.state().unwrap();
    assert_eq!(state, 3, "it is still paused");
}

#[test]
fn without_need_the_change_is_made_and_one_warning_says_that_it_is_not_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gone/history.db");
    let (recorder, warnings) = recorder(&path, Recording::BestEffort);
    assert_eq!(recorder.begin().unwrap(), None);
    let guest = connection(&recorder).domain_by_name("test").unwrap();
    for _ in 0..150 {
        guest.suspend().unwrap();
        guest.resume().unwrap();
    }
    recorder.end(done());
    let warnings = warnings.lock().unwrap();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("not recorded") && warnings[0].contains("gone/history.db"), "{warnings:?}");
    assert!(warnings[1].contains("300 changes"), "{warnings:?}");
}

#[test]
fn what_was_kept_while_the_store_could_not_be_written_is_written_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone");
    let path = gone.join("history.db");
    let (recorder, _) = recorder(&path, Recording::BestEffort);
    assert_eq!(recorder.begin().unwrap(), None);
    let guest = connection(&recorder).domain_by_name("test").unwrap();
    guest.suspend().unwrap();
    std::fs::create_dir(&gone).unwrap();
    recorder.end(done());
    assert_eq!(store(&path).changes(&Filter::default()).unwrap().len(), 1);
}

#[test]
fn nothing_is_recorded_where_that_is_not_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let (recorder, _) = recorder(&path, Recording::Never);
    assert_eq!(recorder.begin().unwrap(), None);
    connection(&recorder).domain_by_name("test").unwrap().suspend().unwrap();
    recorder.end(done());
    assert!(!path.exists());
}

#[test]
fn a_change_that_was_sent_and_not_ended_is_unknown_once_its_process_died() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let (recorder, _) = recorder(&path, Recording::Required);
    let operation = Operation { name: "domain.migrate", effect: Effect::Change };
    recorder.before(operation, "web1", "qemu:///system").unwrap();
    let filter = Filter { failed: true, ..Filter::default() };
    assert!(store(&path).changes(&filter).unwrap().is_empty(), "its process lives");
    // Another process has its number meanwhile.
    rusqlite::Connection::open(&path).unwrap().execute_batch("UPDATE runs SET started = 1").unwrap();
    let change = &store(&path).changes(&filter).unwrap()[0];
    assert_eq!((change.outcome, change.object.as_str()), (ChangeOutcome::Unknown, "web1"));
    assert_eq!(store(&path).runs(&filter).unwrap()[0].outcome, Outcome::Interrupted);
}

#[test]
fn a_read_only_store_is_a_store_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    Store::open(&path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o500)).unwrap();
    if nix::unistd::geteuid().is_root() {
        return; // Nothing is read-only for root; a place in /proc stands for it above.
    }
    let (recorder, _) = recorder(&path, Recording::Required);
    assert_eq!(recorder.begin().unwrap_err().code(), code::IO);
}
