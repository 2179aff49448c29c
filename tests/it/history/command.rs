//! `virhai history`, and the record of each way to run something.

use std::path::Path;

use serde_json::Value;

use crate::support::process::lives;
use crate::support::{Node, PostgresServer, Virhai, eventually};

/// virhai with its record in a folder, on the test driver.
fn virhai(state: &Path) -> Virhai {
    Virhai::new().connect("test:///default").env("STATE_DIRECTORY", state)
}

fn json(virhai: Virhai, args: &[&str]) -> Value {
    let text = virhai.arg("history").args(args).args(["-o", "json"]).any_stdout().run().stdout();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

const PAUSE: &str = "let vm = domain(\"test\"); vm.suspend(); vm.resume();";

#[test]
fn each_way_to_change_something_is_recorded_and_reading_is_not() {
    let state = tempfile::tempdir().unwrap();
    virhai(state.path()).args(["-e", "domain(\"test\").state"]).any_stdout().run();
    assert!(!state.path().join("history.db").exists());
    virhai(state.path()).arg("history").args(["-o", "json"]).stdout("[]\n").run();

    virhai(state.path()).file("pause.rhai", PAUSE).args(["pause.rhai", "web", "--token=geheim"]).run();
    virhai(state.path()).args(["-e", PAUSE]).run();
    virhai(state.path()).stdin(PAUSE).run();
    virhai(state.path()).args(["virsh", "-q", "suspend", "test"]).any_stdout().run();
    let runs = json(virhai(state.path()), &[]);
    let scripts: Vec<&str> =
        runs.as_array().unwrap().iter().map(|run| run["script"].as_str().unwrap()).collect();
    assert_eq!(scripts[..3], ["virsh", "<stdin>", "-e"]);
    assert!(scripts[3].ends_with("/pause.rhai"), "{scripts:?}");
    let first = &runs[3];
    assert_eq!(first["arguments"], serde_json::json!(["web", "--token=***"]));
    assert_eq!(first["hosts"], serde_json::json!(["test:///default"]));
    assert_eq!((first["outcome"].as_str(), first["changes"].as_i64()), (Some("done"), Some(2)));
    assert_eq!(first["digest"].as_str().unwrap().len(), 64);
    assert_eq!(runs[0]["arguments"], serde_json::json!(["suspend", "test"]));
    let changes = json(virhai(state.path()), &["--object", "test", "--operation", "domain.s*"]);
    assert_eq!(changes.as_array().unwrap().len(), 4);
    assert_eq!(changes[0]["operation"], "domain.suspend");
    assert!(json(virhai(state.path()), &["--failed"]).as_array().unwrap().is_empty());
    assert!(json(virhai(state.path()), &["--until", "1d"]).as_array().unwrap().is_empty());
}

#[test]
fn a_run_is_shown_with_its_changes_and_why_it_failed() {
    let state = tempfile::tempdir().unwrap();
    let code = "domain(\"test\").suspend(); domain(\"test\").suspend();";
    virhai(state.path()).args(["-e", code]).status(1).any_stderr().run();
    let run = json(virhai(state.path()), &["show", "1"]);
    assert_eq!((run["outcome"].as_str(), run["status"].as_i64()), (Some("failed"), Some(1)));
    assert!(run["error"].as_str().unwrap().contains("not running"), "{run}");
    let outcomes: Vec<&str> = run["changes_made"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["done", "failed"]);
    let shown =
        virhai(state.path()).args(["history", "show", "1", "-o", "table"]).any_stdout().run().stdout();
    for part in ["outcome", "failed", "domain.suspend", "unknown"] {
        assert_eq!(shown.contains(part), part != "unknown", "{part} in\n{shown}");
    }
    let missing = virhai(state.path()).args(["history", "show", "7"]).status(1).any_stderr().run();
    assert!(missing.stderr().contains("there is no run 7"), "{}", missing.stderr());
}

#[test]
fn scripts_see_the_record_as_data() {
    let state = tempfile::tempdir().unwrap();
    virhai(state.path()).args(["-e", PAUSE]).run();
    let code = "let run = history::runs(#{ object: \"test\", limit: 1 })[0];
        print(run.outcome); print(run.duration.type_of());
        for change in history::run(run.run).changes_made { print(change.operation) }
        print(history::changes(#{ operation: \"domain.resume\", since: \"1h\" }).len());
        print(history::prune_runs(\"1h\"));";
    let shown = "done\nf64\ndomain.suspend\ndomain.resume\n1\n0\n";
    virhai(state.path()).stdin(code).stdout(shown).run();
    let wrong = "history::runs(#{ since: \"soon\" })";
    let wrong = virhai(state.path()).args(["-e", wrong]).status(1).any_stderr().run();
    assert!(wrong.stderr().contains("\"soon\" is no time"), "{}", wrong.stderr());
    let denied = ["--deny", "write", "-e", "history::prune_runs(\"1h\")"];
    virhai(state.path()).args(denied).status(1).any_stderr().run();
}

#[test]
fn old_runs_are_removed_when_told_to() {
    let state = tempfile::tempdir().unwrap();
    virhai(state.path()).args(["-e", PAUSE]).run();
    let kept = json(virhai(state.path()), &["prune"]);
    assert_eq!((kept["runs"].as_i64(), kept["changes"].as_i64()), (Some(0), Some(0)));
    let gone = json(virhai(state.path()), &["prune", "--keep", "0s"]);
    assert_eq!((gone["runs"].as_i64(), gone["changes"].as_i64()), (Some(1), Some(2)));
    virhai(state.path()).arg("history").args(["-o", "json"]).stdout("[]\n").run();
    virhai(state.path()).args(["history", "prune", "--keep", "soon"]).status(2).any_stderr().run();
}

#[test]
fn a_record_that_cannot_be_written_is_told_of_or_stops_the_change_as_the_policy_says() {
    let loud = |policy: &str| virhai(Path::new("/proc/none")).env("VIRHAI_HISTORY_RECORD", policy);
    let said = loud("best-effort").args(["-e", PAUSE]).any_stderr().run().stderr();
    assert_eq!(said.matches("warning: the changes of this run are not recorded").count(), 1, "{said}");
    let code =
        "try { domain(\"test\").suspend() } catch (e) { print(e.code) } print(domain(\"test\").state);";
    let refused = loud("required").stdin(code).stdout("io\nrunning\n").any_stderr().run();
    assert!(!refused.stderr().contains("panic"), "{}", refused.stderr());
    loud("off").args(["-e", PAUSE]).run();
}

#[test]
fn the_drop_in_virsh_says_nothing_of_it_but_in_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let line = ["virsh", "-l", log.to_str().unwrap(), "suspend", "test"];
    virhai(Path::new("/proc/none")).args(line).stdout("Domain 'test' suspended\n\n").run();
    let log = std::fs::read_to_string(&log).unwrap();
    assert!(log.contains("not recorded"), "{log}");
}

#[test]
fn a_run_that_is_killed_is_shown_as_interrupted_with_the_changes_that_it_made() {
    let state = tempfile::tempdir().unwrap();
    let uri = Node::small().write(&state.path().join("node.xml"));
    let code = "domain(\"web1\").suspend(); sleep(0.5); print(\"ready\"); sleep(600);";
    let world = Virhai::new().connect(&uri).env("STATE_DIRECTORY", state.path()).args(["-e", code]);
    let started = world.any_stdout().status(137).start();
    started.running.wait_for_stdout("ready");
    assert_eq!(json(virhai(state.path()), &[])[0]["outcome"], "running");
    let pid = started.running.pid();
    started.running.signal("KILL");
    eventually(std::time::Duration::from_secs(10), "it is gone", || (!lives(pid)).then_some(()));
    let runs = json(virhai(state.path()), &["--failed"]);
    assert_eq!((runs[0]["outcome"].as_str(), runs[0]["changes"].as_i64()), (Some("interrupted"), Some(1)));
    started.finish();
}

/// The command on a database.
pub(super) fn on_postgres(server: &PostgresServer) {
    let url = server.url().replace("virhai@", "virhai:geheim@");
    let virhai = || Virhai::new().connect("test:///default").env("VIRHAI_HISTORY_STORE", url.as_str());
    virhai().args(["-e", PAUSE]).run();
    assert_eq!(json(virhai(), &[])[0]["changes"], 2);
    assert_eq!(json(virhai(), &["show", "1"])["changes_made"][1]["operation"], "domain.resume");
    server.execute("UPDATE virhai.schema_version SET version = 99");
    let newer = virhai().arg("history").status(1).any_stderr().run().stderr();
    assert!(newer.contains("newer virhai (version 99") && !newer.contains("geheim"), "{newer}");
    server.execute("DROP SCHEMA virhai CASCADE; CREATE SCHEMA virhai; CREATE TABLE virhai.x (y BIGINT)");
    let foreign = virhai().args(["-e", PAUSE]).any_stderr().run().stderr();
    assert!(foreign.contains("another program") && !foreign.contains("geheim"), "{foreign}");
    let nobody = Virhai::new().env("VIRHAI_HISTORY_STORE", "postgres://me:geheim@/x?host=/none");
    let gone = nobody.arg("history").status(1).any_stderr().run().stderr();
    assert!(gone.contains("postgres://me@") && !gone.contains("geheim"), "{gone}");
}
