//! virsh's commands as functions: what they return is the same as a table, as JSON and field by field.

use serde_json::Value;

use crate::support::{Virhai, project};

/// Calls of the commands that only read, with what they need on the test driver's node.
const CALLS: &[&str] = &[
    "capabilities()",
    "checkpoint_list(#{ domain: \"test\" })",
    "cpu_models(#{ arch: \"x86_64\" })",
    "cpu_stats(#{ domain: \"test\" })",
    "domblkinfo(#{ domain: \"test\", device: \"vda\" })",
    "domblklist(#{ domain: \"test\" })",
    "domblkerror(#{ domain: \"test\" })",
    "domcontrol(#{ domain: \"test\" })",
    "domhostname(#{ domain: \"test\" })",
    "domid(#{ domain: \"test\" })",
    "domif_getlink(#{ domain: \"test\", interface: \"testnet0\" })",
    "domifaddr(#{ domain: \"test\" })",
    "domiflist(#{ domain: \"test\" })",
    "domifstat(#{ domain: \"test\", interface: \"testnet0\" })",
    "dominfo(#{ domain: \"test\" })",
    "domname(#{ domain: \"1\" })",
    "domstate(#{ domain: \"test\" })",
    "domstats()",
    "domuuid(#{ domain: \"test\" })",
    "dommemstat(#{ domain: \"test\" })",
    "dumpxml(#{ domain: \"test\" })",
    "hostname()",
    "iface_dumpxml(#{ interface: \"eth1\" })",
    "iface_list(#{ all: true })",
    "iface_mac(#{ interface: \"eth1\" })",
    "iothreadinfo(#{ domain: \"test\" })",
    "list(#{ all: true })",
    "maxvcpus()",
    "net_dumpxml(#{ network: \"default\" })",
    "net_info(#{ network: \"default\" })",
    "net_list(#{ all: true })",
    "net_uuid(#{ network: \"default\" })",
    "nodecpumap()",
    "nodecpustats()",
    "nodedev_dumpxml(#{ device: \"computer\" })",
    "nodeinfo()",
    "pool_dumpxml(#{ pool: \"default-pool\" })",
    "pool_info(#{ pool: \"default-pool\" })",
    "pool_list(#{ all: true })",
    "pool_uuid(#{ pool: \"default-pool\" })",
    "snapshot_list(#{ domain: \"test\" })",
    "sysinfo()",
    "uri()",
    "vcpucount(#{ domain: \"test\" })",
    "vcpuinfo(#{ domain: \"test\" })",
    "version()",
    "vol_dumpxml(#{ vol: \"disk1\", pool: \"default-pool\" })",
    "vol_info(#{ vol: \"disk1\", pool: \"default-pool\" })",
    "vol_key(#{ vol: \"disk1\", pool: \"default-pool\" })",
    "vol_list(#{ pool: \"default-pool\" })",
    "vol_path(#{ vol: \"disk1\", pool: \"default-pool\" })",
];

/// Writes the value of a call as JSON, as CSV, as a table, and the fields of its first row.
const SCRIPT: &str = r#"
    let value = CALL;
    let rows = if type_of(value) == "array" { value } else { [value] };
    print(json::to_string(rows));
    if !rows.is_empty() && type_of(rows[0]) == "map" {
        print("=====");
        print(csv::to_string(rows));
        print("=====");
        show(rows);
        print("=====");
        for key in rows[0].keys() { print(`${key}=${json::to_string(rows[0][key])}`) }
    }
"#;

fn shown(call: &str) -> Vec<String> {
    let node = project("tests/virsh/files/node.xml");
    let uri = format!("test://{}", node.display());
    let script = SCRIPT.replace("CALL", &format!("virsh::{call}"));
    let run = Virhai::new().connect(&uri).file("s.rhai", script).args(["-o", "table", "s.rhai"]).any_stdout();
    run.run().stdout().split("=====\n").map(str::to_owned).collect()
}

#[test]
fn the_data_of_commands_is_the_same_in_every_form() {
    let faults: Vec<String> = CALLS.iter().flat_map(|call| faults_of(call)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What of a call's value is not the same as JSON, as CSV, as a table and by its fields.
fn faults_of(call: &str) -> Vec<String> {
    let forms = shown(call);
    let rows: Vec<Value> = match serde_json::from_str(&forms[0]) {
        Ok(rows) => rows,
        Err(error) => return vec![format!("{call}: {error}: {}", forms[0])],
    };
    let [_, csv, table, fields] = forms.as_slice() else {
        // Texts and numbers have no columns.
        return if rows == [Value::Null] { vec![format!("{call}: no value")] } else { Vec::new() };
    };
    let mut reader = csv::Reader::from_reader(csv.trim_end().as_bytes());
    let headings: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let mut faults = Vec::new();
    if records.len() != rows.len() {
        faults.push(format!("{call}: {} rows of CSV for {} of JSON", records.len(), rows.len()));
    }
    for (row, record) in rows.iter().zip(&records) {
        for (key, value) in row.as_object().unwrap() {
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
    for (key, value) in rows[0].as_object().unwrap() {
        let line = format!("{key}={value}");
        if !fields.lines().any(|field| field == line) {
            faults.push(format!("{call}: the field {line} is not there\n{fields}"));
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
