//! virsh's commands as functions: what they return is the same as a table, as JSON and field by field.

mod calls;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;
use virhai::virsh::records;

use crate::support::{Daemon, Guest, Need, Virhai, lab_or_skip, project};
use calls::{CHANGES, DAEMON_SETUP, IN_DAEMON, IN_LXC, ON_TEST_DRIVER, OUT_OF_REACH, TEST_DRIVER_SETUP};

/// The time that all calls of one run may take together.
const LIMIT: Duration = Duration::from_secs(180);

/// Stands between what two calls write, and between the forms of one.
const NEXT_CALL: &str = "#####\n";
const NEXT_FORM: &str = "=====\n";

/// Writes the value of a call as JSON; rows of fields as CSV, as a table and field by field too.
const WRITE: &str = r#"
    fn write(value) {
        let rows = if type_of(value) == "array" { value } else { [value] };
        print(json::to_string(rows));
        if rows.is_empty() || type_of(rows[0]) != "map" { return; }
        print("=====");
        print(csv::to_string(rows));
        print("=====");
        show(rows);
        print("=====");
        for (row, index) in rows {
            for key in row.keys() { print(`${index} ${key}=${json::to_string(row[key])}`) }
        }
    }
"#;

/// What the set-up and all calls write, each call's part by itself.
fn script(setup: &str, calls: &[&str]) -> String {
    let mut script = format!("{WRITE}{setup}");
    for call in calls {
        let _ = writeln!(
            script,
            "print(\"#####\"); try {{ write(virsh::{call}) }} catch (e) {{ print(`fails: ${{e.message}}`) }}"
        );
    }
    script
}

/// Makes all calls in one run; what of their values is not the same in every form is a fault.
#[track_caller]
fn check(uri: &str, setup: &str, calls: &str, places: &[(&str, &str)]) {
    let calls: Vec<&str> = calls.lines().filter(|line| !line.is_empty()).map(str::trim).collect();
    let files = project("tests/virsh/files");
    let mut script = script(setup, &calls).replace("FILES", files.to_str().unwrap());
    for (name, place) in places {
        script = script.replace(name, place);
    }
    let run = Virhai::new().connect(uri).file("s.rhai", script).args(["-o", "table", "s.rhai"]);
    let output = run.limit(LIMIT).any_stdout().run().stdout();
    let (_, parts) = output.split_once(NEXT_CALL).expect("the set-up does not fail");
    let parts: Vec<&str> = parts.split(NEXT_CALL).collect();
    assert_eq!(parts.len(), calls.len(), "{output}");
    let faults: Vec<String> =
        calls.iter().zip(parts).flat_map(|(call, forms)| faults_of(call, forms)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What of a call's value is not the same as JSON, as CSV, as a table and by its fields.
fn faults_of(call: &str, forms: &str) -> Vec<String> {
    let forms: Vec<&str> = forms.split(NEXT_FORM).collect();
    let rows: Vec<Value> = match serde_json::from_str(forms[0]) {
        Ok(rows) => rows,
        Err(_) => return vec![format!("{call}: {}", forms[0])],
    };
    let [_, csv, table, fields] = forms.as_slice() else {
        // Texts and numbers have no columns.
        let is_there = !rows.is_empty() && rows != [Value::Null];
        return if is_there { Vec::new() } else { vec![format!("{call}: no value")] };
    };
    let mut reader = csv::Reader::from_reader(csv.trim_end().as_bytes());
    let headings: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let mut faults = Vec::new();
    if records.len() != rows.len() {
        faults.push(format!("{call}: {} rows of CSV for {} of JSON", records.len(), rows.len()));
    }
    for (index, (row, record)) in rows.iter().zip(&records).enumerate() {
        for (key, value) in row.as_object().unwrap() {
            let line = format!("{index} {key}={value}");
            if !fields.lines().any(|field| field == line) {
                faults.push(format!("{call}: the field {line} is not there\n{fields}"));
            }
            let Some(text) = scalar(value) else { continue };
            let found = headings.iter().position(|heading| heading == key).and_then(|at| record.get(at));
            if found != Some(text.as_str()) {
                faults.push(format!("{call}: {key} is {text:?} as JSON and {found:?} as CSV"));
            }
            let is_word = value.is_string() && text.len() < 20 && !text.contains(['\n', 'T']);
            if is_word && !table.contains(&text) {
                faults.push(format!("{call}: {key} {text:?} is not in the table\n{table}"));
            }
        }
    }
    faults
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

#[test]
fn the_data_of_commands_is_the_same_in_every_form() {
    let node = format!("test://{}", project("tests/virsh/files/node.xml").display());
    check(&node, TEST_DRIVER_SETUP, ON_TEST_DRIVER, &[]);
}

#[test]
fn the_data_of_commands_about_real_guests_is_the_same_in_every_form() {
    lab_or_skip!(Need::Guest, Need::Network);
    let daemon = Daemon::start();
    daemon.exec(&["/bin/sh", "-c", "ip tuntap add dev tap9 mode tap && ip link set tap9 up"]);
    let guest = Guest::plan(&daemon, "vread").boot();
    let places = [("GUEST", guest.name()), ("DAEMON", daemon.dir().to_str().unwrap())];
    check(&daemon.uri(), DAEMON_SETUP, IN_DAEMON, &places);
}

#[test]
fn the_data_of_commands_about_containers_is_the_same_in_every_form() {
    lab_or_skip!(Need::Lxc);
    let daemon = Daemon::start();
    check(&daemon.uri_for("lxc"), "", IN_LXC, &[]);
}

#[test]
fn every_command_is_called_or_it_is_said_why_not() {
    let calls = [ON_TEST_DRIVER, IN_DAEMON, IN_LXC].into_iter().flat_map(str::lines);
    let called = calls.filter_map(|call| Some(call.split_once('(')?.0.trim().to_owned()));
    let called: BTreeSet<String> = called.collect();
    let other = CHANGES.split_whitespace().chain(OUT_OF_REACH.iter().map(|(name, _)| *name));
    let other: BTreeSet<String> = other.map(records::script_name).collect();
    // What is newer than the oldest libvirt that is supported may be missing here.
    let known = records::commands().filter(|command| command.since.is_none());
    let known: BTreeSet<String> = known.map(|command| records::script_name(command.name)).collect();
    let listed: BTreeSet<String> = called.union(&other).cloned().collect();
    let twice: Vec<&String> = called.intersection(&other).collect();
    assert!(twice.is_empty(), "called, and said not to be: {twice:?}");
    assert_eq!(listed, known);
}

#[test]
fn options_of_functions_are_checked_before_anything_is_called() {
    for (call, message, hint) in [
        ("virsh::list(#{ alle: true })", "virsh::list has no option \"alle\"", "did you mean \"all\"?"),
        ("virsh::domid()", "virsh::domid needs domain", "`help domid` shows all options"),
        ("virsh::list(#{ all: 1 })", "virsh::list: all is true or false, not 1", ""),
    ] {
        let code = format!("try {{ {call} }} catch (e) {{ print(e.message); print(e.hint ?? \"\"); }}");
        let output = Virhai::new().connect("test:///default").args(["-e", &code]).any_stdout().run().stdout();
        assert_eq!(output, format!("{message}\n{hint}\n"), "{call}");
    }
}
