//! Secrets: in the process, on a real daemon, and never in what virhai writes.

use crate::support::{Daemon, Need, Virhai, lab_or_skip};

const VALUE: &str = "hunter2-the-value";

/// Runs code on libvirt's secret driver in the process.
fn embedded(code: &str) -> Virhai {
    let virhai = Virhai::new();
    let uri = format!("secret:///embed?root={}/secrets", virhai.scratch().display());
    virhai.connect(&uri).args(["-o", "json", "-e", code])
}

fn eval(daemon: &Daemon, code: &str) -> Virhai {
    Virhai::new().connect(&daemon.uri()).args(["-o", "json", "-e", code])
}

#[test]
fn a_value_goes_in_and_comes_out_without_a_daemon() {
    lab_or_skip!(Need::Root);
    embedded(
        r#"let s = conn().define_secret("<secret><usage type='ceph'><name>client.admin</name></usage></secret>");
           s.set_value(blob(3, 7));
           let bytes = s.value().blob();
           s.set_value("grüße");
           let c = secret("ceph", "client.admin");
           [bytes == blob(3, 7), c == secret("client.admin") && c == secret(s.uuid), c.value().text(), c.value().len(), c.value(), c.usage_type,
               c.usage_id, c.ephemeral, c.private_]"#,
    )
    .stdout("[true,true,\"grüße\",7,\"7 bytes, not shown\",\"ceph\",\"client.admin\",false,false]\n")
    .run();
}

#[test]
fn a_value_is_in_nothing_that_is_written() {
    lab_or_skip!(Need::Root);
    let code = format!(
        r#"let s = conn().define_secret("<secret><usage type='tls'><name>x</name></usage></secret>");
           s.set_value("{VALUE}");
           let v = s.value();
           print(v); print([v, #{{ v: v }}]); print(`${{v}}`); debug(v); print(s); print(json::to_string(#{{ s: s, v: v }}));
           print(yaml::to_string([v])); print(table([#{{ v: v }}]));
           for wrong in [|| v.nonsense, || v + 1, || {{ throw v }}, || s.set_value(7), || s.set_value([v])] {{
               print(json::to_string(attempt(wrong).error));
           }}
           v"#
    );
    for format in ["table", "json", "yaml", "csv", "text"] {
        let virhai = Virhai::new();
        let uri = format!("secret:///embed?root={}/secrets", virhai.scratch().display());
        let output = virhai.connect(&uri).args(["-v", "-o", format, "-e", &code]).output();
        let written = [output.stdout(), output.stderr()].concat();
        assert!(!written.contains("hunter2") && written.contains("not shown"), "{format}: {written}");
    }
}

#[test]
fn an_error_quotes_no_value() {
    Virhai::new()
        .small_node()
        .args(["-e", &format!(r#"let s = (); s.set_value("{VALUE}")"#)])
        .status(1)
        .stderr_contains("s.set_value(\"*****************\")")
        .run();
}

#[test]
fn a_daemon_keeps_secrets_and_tells_who_may_read_them() {
    lab_or_skip!(Need::Daemon);
    let daemon = Daemon::start();
    eval(
        &daemon,
        &format!(
            r#"let c = conn();
               let xml = |usage| `<secret ephemeral="yes"><usage type="${{usage}}"><name>same</name></usage></secret>`;
               let s = c.define_secret(xml.call("ceph"), #{{ validate: true }});
               let missing = attempt(|| s.value()).error;
               s.set_value("{VALUE}");
               let p = c.define_secret("<secret private='yes'><usage type='volume'><volume>/v</volume></usage></secret>");
               p.set_value(s.value());
               c.define_secret(xml.call("tls"));
               [missing.code, missing.hint, attempt(|| p.value()).error.code, attempt(|| secret("same")).error.hint,
                   secrets(#{{ private_: true }}), secrets(#{{ ephemeral: true, usage_type: "tls" }}).map(|s| s.usage_type),
                   secrets(#{{ usage_id: "sa*" }}).len(), attempt(|| secret("sme")).error.code,
                   s.edit(|doc| doc["description"] = "new"), s.xml["description"].text(), s.value().len()]"#
        ),
    )
    .stdout_contains("[\"no_secret\",\"set_value(…) gives a secret its value\",\"invalid_secret\",")
    .stdout_contains("say for what kind of thing: secret(\\\"volume\\\", \\\"same\\\")")
    .stdout_contains("\"usage_type\":\"volume\",\"usage_id\":\"/v\"}],[\"tls\"],2,\"no_secret\",true,\"new\",17]")
    .run();
    let shown = "secret(\"ceph\", \"same\").value()";
    Virhai::new()
        .connect(&daemon.uri())
        .args(["-r", "-e", shown])
        .status(1)
        .stderr_contains("secret.value same: ")
        .stderr_contains("read-only")
        .run();
    Virhai::new().connect(&daemon.ro_uri()).args(["-e", shown]).status(1).any_stderr().run();
    let gone = r#"let s = secret("ceph", "same"); s.undefine();
        [attempt(|| s.usage_id).error.code, attempt(|| s.value()).error.code, secrets().len()]"#;
    eval(&daemon, gone).stdout("[\"no_secret\",\"no_secret\",2]\n").run();
    Virhai::new()
        .connect(&daemon.uri())
        .args(["--deny", "destroy", "-e", "secrets()[0].undefine()"])
        .status(1)
        .stderr_contains("forbidden by --deny destroy")
        .run();
}
