//! The memory of a real guest in files: saved, changed, restored, dumped.

use std::time::Duration;

use crate::support::{Daemon, Guest, Need, Virhai, lab_or_skip};

const LIMIT: Duration = Duration::from_secs(150);

/// Runs a script that has the guest as `vm` and a folder for files as `folder`.
#[track_caller]
fn run(daemon: &Daemon, code: &str, expected: &str) {
    let folder = daemon.dir().join("vm");
    let text = format!("let vm = domain(\"it-saved\");\nlet folder = \"{}\";\n{code}", folder.display());
    Virhai::new()
        .limit(LIMIT)
        .connect(&daemon.uri())
        .file("s.rhai", text)
        .arg("s.rhai")
        .stdout(expected)
        // At its end a script may say what it waits for.
        .any_stderr()
        .run();
}

#[test]
fn a_guest_goes_into_a_file_and_comes_back_where_it_was() {
    lab_or_skip!(Need::Guest);
    let daemon = Daemon::start();
    let guest = Guest::plan(&daemon, "it-saved").boot();
    save_and_restore(&daemon);
    guest.wait_agent();
    managed_save(&daemon);
    guest.wait_agent();
    dump(&daemon);
    guest.wait_agent();
    two_at_a_time(&daemon);
}

fn save_and_restore(daemon: &Daemon) {
    let code = r#"
        let file = folder + "/it.save";
        let job = vm.save(file);
        print(`${job} ${job.operation} ${job.object}`);
        // The connection is free meanwhile.
        print(domains().len());
        job.wait();
        let reached = job.progress;
        print(`${vm.state} ${vm.state_reason} ${reached.percent} ${reached.total > mib(16)} ${reached.rate > 0}`);
        print(`${reached.details.operation} ${job.elapsed > 0} ${job.result}`);
        try { vm.save(file).wait() } catch (e) { print(`${e.code} ${e.operation} ${e.object}`) }

        let doc = conn().save_image_xml_desc(file);
        print(doc["name"].text());
        doc["title"] = "changed in the image";
        conn().save_image_define_xml(file, doc, #{ paused: true });
        conn().restore(file).wait();
        print(`${vm.state} ${vm.xml["title"].text()}`);
        vm.resume();
        print(vm.state);
        try { conn().restore(folder + "/none.save").wait() } catch (e) { print(e.operation) }
        try { vm.save(folder + "/none/x.save").wait() } catch (e) { print(`${e.operation} ${vm.state}`) }
    "#;
    let expected = "save it-saved domain.save it-saved\n1\nshutoff saved 100.0 true true\nsave true \n\
        operation_invalid domain.save it-saved\nit-saved\npaused changed in the image\nrunning\n\
        connection.restore\ndomain.save running\n";
    run(daemon, code, expected);
}

fn managed_save(daemon: &Daemon) {
    let code = r#"
        try { vm.managed_save_xml_desc() } catch (e) { print(e.code) }
        vm.managed_save(#{ running: true }).wait();
        print(`${vm.state} ${vm.has_managed_save} ${vm.managed_save_xml_desc()["name"].text()}`);
        let doc = vm.managed_save_xml_desc(#{ secure: true });
        doc["title"] = "once more";
        vm.managed_save_define_xml(doc, #{ paused: true });
        vm.start();
        print(`${vm.state} ${vm.xml["title"].text()} ${vm.has_managed_save}`);
        vm.resume();
        print(vm.state);
    "#;
    run(daemon, code, "operation_invalid\nshutoff true it-saved\npaused once more false\nrunning\n");
}

fn dump(daemon: &Daemon) {
    let code = r#"
        let core = folder + "/it.core";
        let job = vm.core_dump(core, #{ memory_only: true, live: true });
        job.wait();
        print(`${vm.state} ${job.progress.percent} ${fs::size(core) > mib(64)}`);
        vm.core_dump(folder + "/it.kdump", #{ memory_only: true, format: "kdump-zlib" }).wait();
        print(`${vm.state} ${fs::size(folder + "/it.kdump") < fs::size(core)}`);
        try { vm.core_dump(core, #{ format: "kdump-zstd" }) } catch (e) { print(e.code) }
    "#;
    run(daemon, code, "running 100.0 true\nrunning true\nusage\n");
}

/// More long calls than a daemon takes from one connection: all end, and questions are answered meanwhile.
fn two_at_a_time(daemon: &Daemon) {
    let names: Vec<String> = (0..7).map(|n| format!("it-many-{n}")).collect();
    for name in &names {
        daemon.define_empty(name);
        daemon.virsh(&["start", name]);
    }
    let code = r#"
        let jobs = domains(#{ name: "it-many-*" }).map(|vm| vm.managed_save());
        print(`${jobs.len()} ${vm.state}`);
        for job in jobs { job.wait() }
        print(domains(#{ name: "it-many-*", managed_save: true }).len());
        show(jobs[0].state);
    "#;
    run(daemon, code, "7 running\n7\ndone\n");
    // Nobody waits, and yet none is lost at the end of the script.
    let code = r#"
        let all = domains(#{ name: "it-many-*" });
        for vm in all { vm.start() }
        for vm in all { vm.managed_save() }
    "#;
    run(daemon, code, "");
    assert_eq!(
        daemon.virsh(&["list", "--with-managed-save", "--all", "--name"]).lines().count(),
        names.len()
    );
}

#[test]
fn a_failure_that_nobody_asked_for_is_told_at_the_end() {
    let script = |code: &str| Virhai::new().connect("test:///default").args(["-e", code]);
    let save = r#"let vm = domain("test"); vm.destroy(); let job = vm.save("/nonexistent/x");"#;
    script(save).status(1).stderr_contains("domain.save test").run();
    script(&format!("{save} if job.error != () {{ print(job.error.operation) }}"))
        .stdout("domain.save\n")
        .run();
    script(&format!("{save} try {{ job.wait() }} catch {{ print(job.state) }}")).stdout("failed\n").run();
    // The script's own failure goes first, and is its status.
    script(&format!("{save} exit(7)")).status(7).stderr_contains("domain.save test").run();
}

#[test]
fn a_long_call_whose_daemon_dies_says_that_its_outcome_is_unknown() {
    lab_or_skip!(Need::Daemon);
    let daemon = Daemon::start();
    let go = daemon.dir().join("vm/go");
    let script = format!(
        r#"let vm = domain("test");
        print(`ready ${{vm.state}}`);
        while !fs::exists("{go}") {{ sleep("10ms") }}
        let job = vm.save("{file}");
        print(`began ${{job.wait("300ms")}}`);
        try {{ job.wait() }} catch (e) {{ print(`${{e.code}} ${{e.operation}} ${{e.object}}: ${{e.hint}}`) }}
        print(job.state);
        "#,
        go = go.display(),
        file = daemon.dir().join("vm/x.save").display()
    );
    let started = Virhai::new()
        .limit(LIMIT)
        .connect(&daemon.uri_for("test"))
        .file("s.rhai", script)
        .arg("s.rhai")
        .stdout(
            "ready running\nbegan false\n\
             disconnected domain.save test: whether the call took effect is unknown: look before you repeat it\n\
             failed\n",
        )
        .start();
    started.running.wait_for_stdout("ready");
    daemon.stop_signal();
    std::fs::write(&go, "").unwrap();
    started.running.wait_for_stdout("began");
    daemon.kill9();
    started.finish();
    daemon.again();
}
