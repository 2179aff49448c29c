//! Jobs as systemd runs them: the timer fires, the closed service does the work, and what a kill leaves is put right.

use std::time::Duration;

use serde_json::Value;

use crate::support::{Daemon, Need, SystemdHost, eventually, lab_or_skip};

const LIMIT: Duration = Duration::from_secs(120);

/// What virhai in there tells as JSON.
fn told(host: &SystemdHost, arguments: &[&str]) -> Value {
    let text = host.exec(&[&["virhai"], arguments, &["-o", "json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Runs of a job in the record, the newest first.
fn runs(host: &SystemdHost, job: &str) -> Vec<Value> {
    told(host, &["history", "--job", job]).as_array().unwrap().clone()
}

fn outcome(run: &Value) -> &str {
    run["outcome"].as_str().unwrap()
}

#[test]
fn a_timer_fires_and_the_run_is_told_everywhere() {
    lab_or_skip!(Need::Daemon, Need::Systemd);
    let daemon = Daemon::start();
    let host = SystemdHost::start(&daemon);
    let script = "//! Counts guests.\n//! [job]\n//! schedule = \"*:*:0/3\"\n\
        print(`guests: ${domains().len()}`); eprint(\"warning: few\");\n";
    host.write("/srv/count.rhai", script);
    host.exec(&["virhai", "job", "add", "/srv/count.rhai"]);
    host.exec(&["systemd-analyze", "verify", "virhai-count.service", "virhai-count.timer"]);

    let run = eventually(LIMIT, "a run by the timer", || {
        runs(&host, "count").into_iter().rfind(|run| outcome(run) == "done")
    });
    assert_eq!(run["script"], "/srv/count.rhai");
    let logs = host.exec(&["virhai", "job", "logs", "count"]);
    assert!(logs.contains("guests: 0\n") && logs.contains("warning: few\n"), "{logs}");
    let list = told(&host, &["job", "list"]);
    let (name, is_enabled) = (list[0]["name"].as_str(), list[0]["enabled"].as_bool());
    assert_eq!((name, is_enabled), (Some("count"), Some(true)), "{list}");
    assert_eq!(list[0]["outcome"], "done", "{list}");
    let next = eventually(LIMIT, "the time of the next run", || {
        let list = told(&host, &["job", "list"]);
        list[0]["next"].as_str().map(str::to_owned)
    });
    assert!(next.starts_with("20"), "{next}");
    let journal = ["journalctl", "--output=cat", "--no-pager"];
    let of_run = host.exec(&[&journal[..], &["VIRHAI_JOB=count"]].concat());
    assert!(of_run.contains("job count: done"), "{of_run}");
    let warnings = host.exec(&[&journal[..], &["--priority=4", "--unit=virhai-count"]].concat());
    assert!(warnings.contains("warning: few") && !warnings.contains("guests: 0"), "{warnings}");

    // By hand it is the same, in the same record.
    host.exec(&["virhai", "job", "disable", "count"]);
    let by_timer = runs(&host, "count").len();
    host.exec(&["virhai", "job", "run", "count"]);
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(runs(&host, "count").len(), by_timer + 1, "a job that is disabled runs by hand only");
    host.exec(&["virhai", "job", "remove", "count"]);
    assert_ne!(host.try_exec(&["systemctl", "cat", "virhai-count.timer"]).status, 0);
}
