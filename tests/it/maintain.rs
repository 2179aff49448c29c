//! The module `maintain`: order, one after the other, undone, moved away and back.

use std::time::Duration;

use crate::support::{Daemon, Need, Virhai, lab_or_skip};

/// Runs code with the module on the small node.
fn on_the_small_node(code: &str) -> Virhai {
    let code = format!("import \"maintain\" as maintain;\n{code}");
    Virhai::new().small_node().file("s.rhai", code).arg("s.rhai")
}

/// Writes rows as `name:result` in one line.
const SHORT: &str = r"
    fn short(rows) { print(rows.map(|row| `${row.level}/${row.name}:${row.result}`).reduce(|a, b| if a == () { b } else { `${a} ${b}` })) }
";

#[test]
fn levels_follow_what_guests_need() {
    let code = r#"
        fn names(plan) { print(maintain::levels(plan).map(|level| level.map(|vm| vm.name))) }
        names(["db1", ["web*", "db1"], [], "old"]);
        names(#{ "web*": ["db1", "cache"], cache: "db1", old: domain("web2") });
        names("w*1");
        for wrong in [#{ web1: "db1", db1: "old", old: "web1" }, #{ web1: "web1" }, ["web1", "wbe2"], [5], 5] {
            let e = attempt(|| maintain::levels(wrong)).error;
            print(`${e.code}: ${e.message}`);
        }
    "#;
    let expected = "[[\"db1\"], [\"web1\", \"web2\"], [\"old\"]]\n\
        [[\"db1\"], [\"cache\"], [\"web1\", \"web2\"], [\"old\"]]\n[[\"web1\"]]\n\
        usage: no order fits: db1 needs old needs web1 needs db1\nusage: no order fits: web1 needs web1\n\
        no_domain: there is no guest \"wbe2\"\nusage: a guest is given by its name or as a guest, not as i64\n\
        usage: a plan is an array or a map, not i64\n";
    on_the_small_node(code).stdout(expected).run();
}

/// Plans by chance: a guest needs only guests with a smaller number, so each has an order.
#[test]
fn whatever_the_plan_is_nobody_comes_before_what_it_needs() {
    let code = r#"
        import "maintain" as maintain;
        let names = domains().map(|vm| vm.name);
        let seed = 7;
        for round in 0..40 {
            let plan = #{};
            for place in 0..names.len() {
                let needs = [];
                for other in 0..place {
                    seed = (seed * 1103515245 + 12345) % 2147483648;
                    if seed / 65536 % 4 == 0 { needs.push(names[other]) }
                }
                plan[names[place]] = needs;
            }
            let seen = [];
            for level in maintain::levels(plan) {
                for vm in level {
                    let before = seen;
                    if !plan[vm.name].all(|need| need in before) { throw `${vm.name} is too early in ${plan}` }
                }
                seen += level.map(|vm| vm.name);
            }
            seen.sort();
            if seen != names { throw `${seen} of ${names}` }
        }
        print("all fit");
    "#;
    let node = crate::support::Node::many(12, false);
    Virhai::new().node(&node).file("s.rhai", code).arg("s.rhai").stdout("all fit\n").run();
}

#[test]
fn a_level_begins_when_the_one_before_is_ready_and_stops_in_the_other_order() {
    let code = r#"
        let plan = #{ "web*": "db1", old: "web1" };
        short(maintain::stop(plan, #{ timeout: "5s" }));
        short(maintain::start(plan, #{ timeout: "300ms", ready: #{ web2: |vm| false, "*": "running" } }));
        short(maintain::start(plan, #{ timeout: "300ms", ready: |vm| vm.name != "web2", keep_going: true }));
        let e = attempt(|| maintain::start(["db1", "web*"], #{ timeout: 0, ready: |vm| vm.name != "db1", or_throw: true })).error;
        print(`${e.code} ${e.operation}: ${e.message}`);
        for wrong in [#{ redy: "agent" }, #{ ready: "agnet" }, #{ ready: 5 }, #{ ready: "port:x" }] {
            let e = attempt(|| maintain::start(plan, wrong)).error;
            print(`${e.code}: ${e.message} (${e.hint})`);
        }
        print(attempt(|| maintain::stop(plan, #{ mode: "apci" })).error.hint);
    "#;
    let expected = "1/old:off 2/web1:stopped 2/web2:stopped 3/db1:stopped\n\
        1/db1:started 2/web1:started 2/web2:not ready 3/old:skipped\n\
        1/db1:on 2/web1:on 2/web2:not ready 3/old:started\n\
        operation_failed maintain.start: 3 of 3 guests: db1 (not ready), web1 (skipped), web2 (skipped)\n\
        usage: maintain::start has no option \"redy\" (did you mean \"ready\"?)\n\
        usage: \"agnet\" is no state of readiness (did you mean \"agent\"?)\n\
        usage: readiness is a word or a closure, not i64 (for example \"agent\" or \"port:22\")\n\
        usage: \"port:x\" is no state of readiness (did you mean \"port:22\"?)\n\
        did you mean \"acpi\"?\n";
    on_the_small_node(&format!("{SHORT}{code}"))
        .stdout(expected)
        .stderr_contains("web1: asked to shut down\nweb2: asked to shut down\ndb1: asked to shut down\n")
        .run();
}

#[test]
fn a_rolling_action_stops_at_the_first_guest_that_does_not_recover() {
    let code = r#"
        let all = ["web*", "db1", "cache"];
        short(maintain::rolling(all, |vm| vm.reboot(), #{ timeout: "1s", healthy: |vm| vm.name != "web2", quiet: true }));
        short(maintain::rolling(all, |vm| if vm.name == "web2" { throw "no" }, #{ max_unavailable: 3, timeout: 0, quiet: true }));
        short(maintain::rolling(all, |vm| (), #{ timeout: 0, keep_going: true, healthy: "paused", quiet: true }));
        let begun = timestamp();
        maintain::rolling(["web*"], |vm| (), #{ pause: "300ms", quiet: true });
        print(begun.elapsed >= 0.3);
        print(attempt(|| maintain::rolling(all, |vm| vm.destroy(), #{ max_unavailable: 0 })).error.message);
        print(domains(#{ state: "running" }).len());
    "#;
    let expected = "1/web1:done 2/web2:unhealthy 3/db1:skipped 4/cache:skipped\n\
        1/web1:done 1/web2:failed 1/db1:skipped 2/cache:skipped\n\
        1/web1:unhealthy 2/web2:unhealthy 3/db1:unhealthy 4/cache:done\n\
        true\nmax_unavailable is 0, not a number of guests from 1 on\n3\n";
    on_the_small_node(&format!("{SHORT}{code}")).stdout(expected).run();
}

#[test]
fn steps_are_taken_back_in_reverse_and_all_of_them() {
    let code = r#"
        print(maintain::transaction(|t| { t.undo(|| print("never")); "value" }));
        let vm = domain("web1");
        let e = attempt(|| maintain::transaction(|t| {
            vm.suspend(); t.undo(|| vm.resume());
            t.undo(|| throw "the second cannot");
            for name in ["a", "b"] { t.undo(|| print(`back ${name}`)) }
            domain("nope");
        })).error;
        print(`${e.code} ${e.operation}: ${e.message}`);
        print(vm.state);
        finally(|| print("work"), |failure| print(failure == ()));
        print(attempt(|| finally(|| 5, || throw "at the end")).error.message);
        print(finally(|| 5, |failure| 6));
        let steps = undo_steps();
        for step in ["one", "two"] { steps.undo(|| print(step)) }
        print(steps);
        for step in steps.take() { step.call() }
        print(steps.take().len());
    "#;
    let expected = "value\nback b\nback a\n\
        no_domain domain.lookup: Domain not found; and then: undo step 2 of 4 failed: the second cannot\n\
        running\nwork\ntrue\nat the end\n5\n\
        2 steps to undo\ntwo\none\n0\n";
    on_the_small_node(code)
        .stdout(expected)
        .stderr("taking back 4 steps: Domain not found\nundo step 2 of 4 failed: the second cannot\n")
        .run();
}

/// What was begun when the run has to end is taken back, and the run ends all the same.
#[test]
fn steps_are_taken_back_when_the_run_has_to_end() {
    let code = |last: &str| {
        format!(
            "let vm = domain(\"web1\");\n\
             maintain::transaction(|t| {{ vm.suspend(); t.undo(|| {{ sleep(0.2); vm.resume(); print(vm.state) }}); print(\"begun\"); {last} }})"
        )
    };
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let run = on_the_small_node(&code("sleep(60)")).status(status).stdout("begun\nrunning\n");
        let started = run.stderr_contains("taking back 1 step: ").start();
        started.running.wait_for_stdout("begun");
        started.running.signal(signal);
        started.finish();
    }
    on_the_small_node(&code("exit(7)")).status(7).stdout("begun\nrunning\n").any_stderr().run();
    let late = Virhai::new()
        .small_node()
        .args(["--timeout", "1s"])
        .file("s.rhai", format!("import \"maintain\" as maintain;\n{}", code("sleep(60)")));
    late.arg("s.rhai").status(4).stdout("begun\nrunning\n").any_stderr().run();
    // A second signal ends the undo steps too.
    let run = on_the_small_node(
        "maintain::transaction(|t| { t.undo(|| { sleep(0.3); print(\"back\"); sleep(60) }); print(\"begun\"); sleep(60) })",
    );
    let started = run.status(130).any_stdout().any_stderr().start();
    started.running.wait_for_stdout("begun");
    started.running.signal("INT");
    started.running.wait_for_stdout("back");
    started.running.signal("INT");
    started.finish();
}

#[test]
fn nothing_is_moved_where_something_does_not_fit() {
    let code = r#"
        let there = connect("test:///default");
        let file = "moved.json";
        let refused = maintain::evacuate(there, #{ file: file, guests: "*" });
        for row in refused { print(`${row.name} ${row.result}: ${row.error}`) }
        let checks = maintain::preflight("web1", there, #{ overcommit: true });
        for row in checks { print(`${row.guest} ${row.check} ${row.status}`) }
        // The driver cannot: the guest stays, and that is remembered.
        let c = connect("test:///default");
        let vm = c.domain("test");
        let row = maintain::evacuate(conn(), #{ connection: c, file: file, guests: "test", or_throw: false })[0];
        print(`${row.result}: ${row.error}, ${vm.state}`);
        print(fs::exists(file));
        print(maintain::evacuate(conn(), #{ file: file, guests: "web1" })[0].error);
        fs::write(file, "{\"guests\": [5]}");
        for move_it in [|| maintain::evacuate(conn(), #{ connection: c, file: file }), || maintain::bring_back(#{ file: file })] {
            let e = attempt(move_it).error;
            print(`${e.code}: ${e.message}`);
        }
        print(attempt(|| maintain::evacuate(there, #{ fiel: file })).error.hint);
        print(domains(#{ active: true }).len());
    "#;
    let run = on_the_small_node(code).any_stdout().any_stderr().run().stdout();
    let lines: Vec<&str> = run.lines().collect();
    assert_eq!(lines.last(), Some(&"4"), "{run}");
    for line in [
        "web1 name pass",
        "web1 cpu pass",
        "web1 network pass",
        "web1 storage warn",
        "web1 refused: memory: 5.0 GiB needed; 2.0 GiB of 3.0 GiB promised there",
        "failed: the test driver has no virDomainMigrate3, running",
        "false",
        "host: it is the same host",
        "io: it is damaged: which guests were moved is not known",
        "did you mean \"file\"?",
    ] {
        assert!(lines.contains(&line), "{line}: {run}");
    }
}

/// A guest without a system does not hear that it should go off.
#[test]
fn nobody_is_forced_off_without_being_told_to() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    for name in ["mt-db", "mt-web"] {
        daemon.define_empty(name);
        daemon.virsh(&["start", name]);
    }
    let code = r#"
        import "maintain" as maintain;
        let plan = ["mt-db", "mt-web"];
        short(maintain::stop(plan, #{ timeout: "500ms", quiet: true }));
        short(maintain::stop(plan, #{ timeout: "500ms", force: true }));
    "#;
    Virhai::new()
        .connect(&daemon.uri())
        .file("s.rhai", format!("{SHORT}{code}"))
        .arg("s.rhai")
        .stdout("1/mt-web:running 2/mt-db:skipped\n1/mt-web:forced 2/mt-db:forced\n")
        .stderr_contains("mt-web: forced off after 500ms\n")
        .run();
}

/// Guests without a system move like any other.
#[test]
fn guests_leave_a_host_and_come_back_with_what_they_had() {
    lab_or_skip!(Need::Qemu, Need::Root);
    let hosts = [Daemon::start(), Daemon::start()];
    hosts[0].link(&hosts[1], 7);
    for name in ["mt-one", "mt-two", "mt-off"] {
        hosts[0].define_empty(name);
    }
    hosts[0].virsh(&["autostart", "mt-one"]);
    hosts[0].virsh(&["start", "mt-one"]);
    hosts[0].virsh(&["start", "mt-two"]);
    let state = tempfile::tempdir().unwrap();
    let script = |arguments: &[&str]| {
        let virhai = Virhai::new().connect(&hosts[0].uri()).env("STATE_DIRECTORY", state.path());
        let virhai = virhai.args(["-o", "csv", "--columns", "name,result", "--no-headers"]);
        virhai
            .arg(crate::support::project("scripts/evacuate-host.rhai"))
            .args(arguments)
            .limit(Duration::from_secs(120))
            .any_stderr()
    };
    let there = hosts[1].uri();
    let names = |host: &Daemon, which: &str| {
        let mut names: Vec<String> =
            host.virsh(&["list", "--name", which]).lines().map(|line| line.trim().to_owned()).collect();
        names.sort();
        names.retain(|name| !name.is_empty());
        names
    };
    let files = || {
        let names = std::fs::read_dir(state.path()).unwrap().flatten().map(|entry| entry.file_name());
        names.filter(|name| name.to_str().unwrap().starts_with("evacuated-")).count()
    };
    script(&["--to", &there, "--migrate-uri", "tcp://10.99.7.2"])
        .stdout("mt-one,moved\nmt-two,moved\n")
        .run();
    assert_eq!(names(&hosts[1], "--all"), ["mt-one", "mt-two"]);
    assert_eq!(names(&hosts[1], "--autostart"), ["mt-one"]);
    assert_eq!(names(&hosts[0], "--all"), ["mt-off"]);
    assert_eq!(files(), 1);
    // One comes back by itself, as after a start by hand.
    hosts[1].virsh(&["destroy", "mt-two"]);
    hosts[1].virsh(&["undefine", "mt-two"]);
    script(&["--back", "--migrate-uri", "tcp://10.99.7.1"])
        .status(1)
        .stdout("mt-two,missing\nmt-one,moved\n")
        .run();
    assert_eq!(names(&hosts[0], "--all"), ["mt-off", "mt-one"]);
    assert_eq!(names(&hosts[0], "--autostart"), ["mt-one"]);
    assert!(names(&hosts[1], "--all").is_empty());
    assert_eq!(files(), 1, "the one that is missing is still remembered");
}
