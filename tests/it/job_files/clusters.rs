//! What clusters read parses in their languages and has their keys only.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use hcl::{Block, Body, Expression};

use super::{export, script};
use crate::support::{Need, lab_or_skip, project};

const FULL: &str = "schedule = \"Mon..Fri 02:30\"\njitter = \"10m\"\ntimeout = \"45m\"\noverlap = \"wait\"\nhosts = \"prod\"\n\
    writes = [\"/srv/reports\"]\nenvironment = [\"PGPASSWORD\"]\ncredentials = [\"token\"]\non_failure = \"mail@%n.service\"";

/// The keys that Nomad's jobs have, block by block, of those that are written.
const NOMAD: [(&str, &[&str]); 9] = [
    ("job", &["type", "periodic", "group"]),
    ("periodic", &["crons", "time_zone", "prohibit_overlap"]),
    ("group", &["count", "restart", "reschedule", "task"]),
    ("restart", &["attempts", "mode"]),
    ("reschedule", &["attempts", "unlimited"]),
    ("task", &["driver", "kill_timeout", "config", "env", "template"]),
    ("config", &["image", "entrypoint", "volumes"]),
    ("env", &["STATE_DIRECTORY", "CREDENTIALS_DIRECTORY"]),
    ("template", &["destination", "data", "env", "left_delimiter", "right_delimiter", "change_mode"]),
];

/// Checks documents in the form of Kubernetes against the classes of its Python client, which are made from its schema.
const SCHEMA: &str = r#"
import json, sys
from kubernetes.client import models
# What the schema has learnt since this client was made.
later = {"V1CronJobSpec": {"timeZone": "str"}}
plain = {"str": str, "int": int, "bool": bool, "object": dict}
def walk(value, kind, where):
    if kind.startswith("list["):
        assert isinstance(value, list), where
        for at, item in enumerate(value): walk(item, kind[5:-1], f"{where}[{at}]")
    elif kind.startswith("dict("):
        assert isinstance(value, dict), where
        for key, item in value.items(): walk(item, kind[5:-1].split(", ")[1], f"{where}.{key}")
    elif kind in plain:
        assert isinstance(value, plain[kind]), f"{where}: {value!r} is no {kind}"
    else:
        model = getattr(models, kind)
        keys = {key: model.openapi_types[name] for name, key in model.attribute_map.items()} | later.get(kind, {})
        for key, item in value.items():
            assert key in keys, f"{where} has no {key}"
            walk(item, keys[key], f"{where}.{key}")
        # The class refuses an object without what is required.
        model(**{name: value[key] for name, key in model.attribute_map.items() if key in value})
for document in json.load(sys.stdin):
    assert document["apiVersion"] in ("v1", "batch/v1")
    walk(document, "V1" + document["kind"], document["kind"])
"#;

fn documents(script: &Path, more: &[&str]) -> Vec<serde_json::Value> {
    let run = export("kubernetes", more, script);
    assert_eq!(run.status, 0, "{}", run.stderr);
    serde_saphyr::from_multiple(&run.stdout).unwrap()
}

#[test]
fn kubernetes_gets_a_job_of_its_schema() {
    let folder = tempfile::tempdir().unwrap();
    let full = script(folder.path(), "Full 100%.rhai", FULL);
    let documents = documents(&full, &["--shards", "4", "--image", "example.org/virhai:1"]);
    let [script, job] = documents.as_slice() else { panic!("{documents:?}") };
    assert_eq!(script["data"]["job.rhai"], std::fs::read_to_string(&full).unwrap());
    assert_eq!(job["kind"], "CronJob");
    assert_eq!(job["metadata"]["name"], "virhai-full-100");
    assert_eq!(job["spec"]["schedule"], "30 2 * * 1-5");
    assert_eq!(job["spec"]["timeZone"], "Europe/Berlin");
    assert_eq!(job["spec"]["concurrencyPolicy"], "Forbid");
    let run = &job["spec"]["jobTemplate"]["spec"];
    assert_eq!(
        (&run["completionMode"], &run["completions"], &run["parallelism"]),
        (&"Indexed".into(), &4.into(), &4.into())
    );
    let container = &run["template"]["spec"]["containers"][0];
    assert_eq!(container["image"], "example.org/virhai:1");
    let words = serde_json::json!([
        "virhai",
        "job",
        "run",
        "--jitter",
        "--shard",
        "$(JOB_COMPLETION_INDEX)/4",
        "/etc/virhai-job/job.rhai"
    ]);
    assert_eq!(container["command"], words);
}

#[test]
fn the_schema_that_the_client_of_kubernetes_has_knows_every_key() {
    lab_or_skip!(Need::Python("kubernetes"));
    let folder = tempfile::tempdir().unwrap();
    let mut all = documents(&script(folder.path(), "full.rhai", FULL), &["--shards", "4"]);
    all.extend(documents(&script(folder.path(), "bare.rhai", ""), &[]));
    all.extend(documents(&project("scripts/host-check.rhai"), &[]));
    let mut check = Command::new("/usr/bin/python3")
        .args(["-c", SCHEMA])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    check.stdin.take().unwrap().write_all(serde_json::to_string(&all).unwrap().as_bytes()).unwrap();
    let told = check.wait_with_output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
}

fn walk(block: &Block) {
    let known = NOMAD.iter().find(|(name, _)| *name == block.identifier()).map(|(_, keys)| *keys);
    let known = known.unwrap_or_else(|| panic!("no block {}", block.identifier()));
    for attribute in block.body().attributes() {
        assert!(
            known.contains(&attribute.key()) || block.identifier() == "env",
            "{} in {}",
            attribute.key(),
            block.identifier()
        );
    }
    for inner in block.body().blocks() {
        assert!(known.contains(&inner.identifier()), "{} in {}", inner.identifier(), block.identifier());
        walk(inner);
    }
}

fn inner<'a>(body: &'a Body, path: &[&str]) -> &'a Body {
    path.iter()
        .fold(body, |body, name| body.blocks().find(|block| block.identifier() == *name).unwrap().body())
}

fn value<'a>(body: &'a Body, key: &str) -> &'a Expression {
    body.attributes().find(|attribute| attribute.key() == key).unwrap().expr()
}

#[test]
fn nomad_gets_a_job_in_its_language() {
    let folder = tempfile::tempdir().unwrap();
    let full = script(folder.path(), "full.rhai", FULL);
    let run = export("nomad", &["--shards", "4"], &full);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let body: Body = hcl::parse(&run.stdout).unwrap();
    for block in body.blocks() {
        walk(block);
    }
    let periodic = inner(&body, &["job", "periodic"]);
    assert_eq!(value(periodic, "crons"), &Expression::from(vec!["30 2 * * 1-5"]));
    assert_eq!(value(periodic, "time_zone"), &Expression::from("Europe/Berlin"));
    assert_eq!(value(periodic, "prohibit_overlap"), &Expression::from(true));
    assert_eq!(value(inner(&body, &["job", "group"]), "count"), &Expression::from(4));
    // With the language's own signs taken back, it is the script.
    let context = hcl::eval::Context::new();
    let text = hcl::eval::Evaluate::evaluate(
        value(inner(&body, &["job", "group", "task", "template"]), "data"),
        &context,
    )
    .unwrap();
    assert_eq!(text.as_str().unwrap(), std::fs::read_to_string(&full).unwrap());
}

#[test]
fn what_a_scheduler_cannot_keep_is_refused_or_told() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |to: &str, block: &str, more: &[&str], words: &str| {
        let run = export(to, more, &script(folder.path(), "x.rhai", block));
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{to} {block}");
        assert!(run.stderr.contains(words), "{to} {block}\n{}", run.stderr);
    };
    for to in ["cron", "kubernetes", "nomad"] {
        refused(to, "schedule = \"Sun *-*-1..7 03:00\"", &[], "a weekday together with a day of the month");
    }
    refused("cron", "", &[], "no schedule");
    refused(
        "cron",
        "schedule = \"02:30 Asia/Tokyo\"",
        &[],
        "\"Asia/Tokyo\", a time zone other than the host's",
    );
    refused("cron", "schedule = \"daily\"\ncredentials = [\"token\"]", &[], "\"token\" has no form in cron");
    refused("cron", "schedule = \"daily\"", &["--shards", "2"], "shards are for clusters");
    refused("systemd", "schedule = \"daily\"", &["--shards", "2"], "shards are for clusters");

    let told = |to: &str, block: &str, words: &str| {
        let run = export(to, &[], &script(folder.path(), "x.rhai", block));
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(run.stderr.contains(words) && run.stdout.contains(words), "{to} {block}\n{}", run.stderr);
    };
    told("kubernetes", "schedule = \"02:30\"", "the clock changes within the schedule");
    told("nomad", "uri = \"qemu:///system\"", "is in no container");
    told(
        "kubernetes",
        "uri = \"qemu+ssh://root@kvm1/system\"\nrecord = \"required\"",
        "although it is required",
    );
    told(
        "cron",
        "schedule = \"daily\"\non_failure = \"mail@%n.service\"",
        "nothing is started when a run fails",
    );
}

#[test]
fn a_line_of_cron_runs_the_script_whatever_it_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let odd = script(folder.path(), "100% o'clock.rhai", "schedule = \"Mon..Fri 02:30\"\njitter = \"5m\"");
    let run = export("cron", &["--system"], &odd);
    let line = run.stdout.lines().last().unwrap();
    let command = line.strip_prefix("30 2 * * 1-5 root ").unwrap();
    // cron takes the backslash before a percent sign away and gives the rest to the shell.
    let command =
        command.replace("\\%", "%").replacen(virhai_program().to_str().unwrap(), "printf '%s\\n'", 1);
    let shell = Command::new("sh").args(["-c", &command]).output().unwrap();
    let words = String::from_utf8(shell.stdout).unwrap();
    assert_eq!(words.lines().collect::<Vec<_>>(), ["job", "run", "--jitter", odd.to_str().unwrap()]);
}

fn virhai_program() -> std::path::PathBuf {
    env!("CARGO_BIN_EXE_virhai").into()
}
