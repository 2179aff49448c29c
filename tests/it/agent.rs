//! The agent of a guest: programs, files, the system inside, addresses, and an agent that hangs.

use std::time::Duration;

use crate::support::{Daemon, Guest, Need, Virhai, eventually, lab_or_skip};

const NAME: &str = "it-agent";
const LIMIT: Duration = Duration::from_secs(60);

/// One guest for all: to boot it takes longer than everything that is done with it.
#[test]
fn a_guest_is_worked_in_through_its_agent() {
    lab_or_skip!(Need::Guest, Need::Network);
    let daemon = Daemon::start();
    let guest = Guest::plan(&daemon, NAME).network("default").boot();
    programs_run(&daemon);
    large_output_needs_files(&daemon);
    a_run_that_has_to_end_leaves_no_files(&daemon);
    files_come_back_as_they_went(&daemon);
    the_system_tells_and_changes(&daemon);
    addresses_name_their_sources(&daemon, &guest.wait_lease());
    the_monitor_answers_with_data(&daemon);
    an_agent_that_hangs_is_an_error_with_a_hint(&daemon);
}

/// Runs a script on the guest `vm`, which must write exactly this.
#[track_caller]
fn check(daemon: &Daemon, script: &str, stdout: &str) {
    run(Virhai::new(), daemon, script, stdout);
}

#[track_caller]
fn run(virhai: Virhai, daemon: &Daemon, script: &str, stdout: &str) {
    let script = format!("let vm = domain(\"{NAME}\");\n{script}");
    virhai.connect(&daemon.uri()).file("s.rhai", script).arg("s.rhai").stdout(stdout).run();
}

/// What a line of shell in the guest writes.
fn shell(daemon: &Daemon, line: &str) -> String {
    let script = format!("print(domain(\"{NAME}\").exec([\"/bin/sh\", \"-c\", `{line}`]).out)");
    Virhai::new().connect(&daemon.uri()).args(["-e", &script]).any_stdout().run().stdout().trim().to_owned()
}

fn programs_run(daemon: &Daemon) {
    let script = r#"
        vm.agent_ping();
        print(vm.exec(["/bin/echo", "a b", 5]));
        print(vm.exec(["cat"], #{ input: "grüße" }).out);
        print(vm.exec(["/bin/sh", "-c", "echo no >&2; exit 3"]));
        print(vm.exec(["/bin/sh", "-c", "kill -9 $$"]).signal);
        print(vm.exec(["/bin/sh", "-c", "echo $A"], #{ env: #{ A: 1 } }).out);
        print(vm.exec(["printf", "\\377"], #{ binary: true }).out);
        let sum = vm.exec(["/bin/sh", "-c", "head -c 1000000 /dev/zero"]);
        print(`${sum.out.len()} ${sum.truncated}`);
        let pid = vm.exec_start(["/bin/echo", "later"]);
        let status = vm.exec_status(pid);
        while !status.exited { sleep("50ms"); status = vm.exec_status(pid) }
        print(status.out);
        print(vm.agent_command("guest-get-host-name"));
        print(vm.agent_command(#{ execute: "guest-get-host-name" }, #{ timeout: "10s" }));
    "#;
    let expected = concat!(
        "#{\"code\": 0, \"err\": \"\", \"out\": \"a b 5\\n\", \"signal\": (), \"truncated\": false}\n",
        "grüße\n",
        "#{\"code\": 3, \"err\": \"no\\n\", \"out\": \"\", \"signal\": (), \"truncated\": false}\n",
        "9\n1\n\n[ff]\n1000000 false\nlater\n\n",
        "#{\"host-name\": \"it-agent\"}\n#{\"host-name\": \"it-agent\"}\n"
    );
    check(daemon, script, expected);
    let script = r#"
        fn failure(f) { let done = attempt(f); if done.ok { throw "it did not fail" } done.error }
        let e = failure(|| vm.exec(["/bin/sleep", "60"], #{ timeout: "200ms" }));
        print(`${e.code} ${e.message.contains("process ")} ${e.hint.contains("vm.exec_status(")}`);
        let e = failure(|| vm.exec(["/no/such"]));
        print(`${e.code} ${e.message}`);
        let e = failure(|| vm.exec(["/bin/sh", "-c", "echo broken >&2; exit 4"], #{ check: true }));
        print(`${e.code} ${e.message}: ${e.cause}`);
        let e = failure(|| vm.agent_command("guest-nonsense"));
        print(`${e.code} ${e.message}`);
        print(failure(|| vm.exec([])).code);
    "#;
    let expected = "timeout true true\nio there is no program \"/no/such\" in the guest\n\
        io /bin/sh in it-agent ended with status 4: broken\n\
        agent_command_failed The command guest-nonsense has not been found\nusage\n";
    check(daemon, script, expected);
}

fn large_output_needs_files(daemon: &Daemon) {
    let script = r#"
        let text = ""; text.pad(300000, 'x');
        let done = vm.exec(["/bin/sh", "-c", "cat; head -c 3200000 /dev/zero; printf e >&2; exit 7"],
            #{ input: text, large: true });
        print(`${done.out.len()} ${done.err} ${done.code}`);
        let e = attempt(|| vm.exec(["cat"], #{ input: text })).error;
        print(`${e.code} ${e.hint.contains("large: true")}`);
        let e = attempt(|| vm.exec(["/bin/sh", "-c", "head -c 4000000 /dev/zero"])).error;
        print(`${e.code} ${e.cause}; ${e.hint.contains("large: true")} ${vm.exec(["echo", "on"]).out}`);
        print(vm.exec(["ls", "/tmp"]).out);
    "#;
    let expected = "3500000 e 7\nusage true\nio Unable to encode message payload; true on\n\n\n";
    check(daemon, script, expected);
}

fn a_run_that_has_to_end_leaves_no_files(daemon: &Daemon) {
    let exec = |arguments: &str| {
        let script = format!("domain(\"{NAME}\").exec({arguments});");
        Virhai::new().connect(&daemon.uri()).file("s.rhai", script).any_stderr()
    };
    let files = || shell(daemon, "ls -d /tmp/virhai-* 2>/dev/null");
    let gone = |what: &str| eventually(LIMIT, what, || files().is_empty().then_some(()));

    let sleep = "[\"/bin/sleep\", \"600\"], #{ large: true }";
    let long_input = "[\"cat\"], #{ large: true, input: blob(50000000) }";
    for (arguments, program, told) in
        [(sleep, "sleep", "/bin/sleep goes on: it is process "), (long_input, "", "interrupted")]
    {
        let started = exec(arguments).arg("s.rhai").status(130).stderr_contains(told).start();
        eventually(LIMIT, "files of a program", || (!files().is_empty()).then_some(()));
        // The agent does one thing after the other: when it tells of the program, it has told that it was begun.
        eventually(LIMIT, "the program", || {
            (program.is_empty() || !shell(daemon, &format!("pidof {program}")).is_empty()).then_some(())
        });
        started.running.signal("INT");
        started.finish();
        gone("the files of an interrupted run to go");
    }
    exec(sleep).args(["--timeout", "6s", "s.rhai"]).status(4).run();
    gone("the files of a run whose deadline has passed to go");

    // A program that is only too slow goes on, and the error says where to find what it writes.
    exec("[\"/bin/sh\", \"-c\", \"sleep 1; echo later\"], #{ large: true, timeout: \"10ms\" }")
        .arg("s.rhai")
        .status(1)
        .stderr_contains("what it writes is in /tmp/virhai-")
        .run();
    let found = "grep -q later /tmp/virhai-*/out && rm -r /tmp/virhai-* && echo found";
    eventually(LIMIT, "the output of a program that was too slow", || {
        (shell(daemon, found) == "found").then_some(())
    });
}

fn files_come_back_as_they_went(daemon: &Daemon) {
    let data: Vec<u8> = (0..300_001_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let script = r#"
        print(vm.push("data", "/run/data"));
        print(vm.pull("/run/data", "back"));
        print(fs::read_blob("data") == fs::read_blob("back"));
        print(vm.file_read_blob("/run/data") == fs::read_blob("data"));
        vm.file_write("/run/notes", "one\n");
        vm.file_write("/run/notes", "two\n", #{ append: true });
        print(vm.file_read("/run/notes"));
        for f in [|| vm.file_read("/no/such"), || vm.file_read("/run/data"), || vm.pull("/no/such", "no"),
            || vm.push("no", "/run/x"), || vm.file_write("/no/such/file", "x"), || vm.pull("/run/notes", ".")] {
            print(attempt(f).error.code);
        }
        print(fs::list(".").len());
        // The agent refuses to open more than its system allows: each one was closed.
        for i in 0..40 { attempt(|| vm.file_read("/run/notes")); }
        print(vm.exec(["/bin/sh", "-c", "printf %s $(ls /proc/$PPID/fd | wc -l)"]).out.parse_int() < 30);
    "#;
    let expected = "300001\n300001\ntrue\ntrue\none\ntwo\n\nio\nio\nio\nio\nio\nio\n3\ntrue\n";
    run(Virhai::new().file("data", &data), daemon, script, expected);
    let script = "print(attempt(|| vm.pull(\"/run/notes\", \"x\")).error.code)";
    run(Virhai::new().args(["--deny", "write"]), daemon, script, "denied\n");
}

fn the_system_tells_and_changes(daemon: &Daemon) {
    let script = r#"
        print(vm.fs_info());
        let info = vm.guest_info();
        print(`${info.os.id} ${info.hostname} ${info.timezone.offset} ${info["if"].len()}`);
        print(vm.guest_info(["os"]).keys());
        print(vm.hostname(#{ source: "agent" }));
        vm.set_time("2031-02-03T04:05:06Z");
        print(vm.time().starts_with("2031-02-03T04:0"));
        vm.set_time("now");
        print(!vm.time().starts_with("2031"));
        vm.set_user_password("root", "geheim");
        vm.set_authorized_ssh_keys("root", ["ssh-ed25519 AAAA a"]);
        vm.add_authorized_ssh_keys("root", "ssh-ed25519 BBBB b\n");
        vm.remove_authorized_ssh_keys("root", ["ssh-ed25519 AAAA a"]);
        print(vm.authorized_ssh_keys("root"));
        print(vm.guest_vcpus().online);
        vm.set_guest_vcpus([0], true);
        print(attempt(|| vm.set_guest_vcpus([7], true)).error.code);
        vm.fs_trim();
        vm.fs_trim(#{ minimum: "1MiB" });
        print(attempt(|| vm.fs_trim(#{ mountpoint: "/data" })).error.code);
        vm.sync_time();
        print(vm.qemu_agent_command(#{ execute: "guest-ping" }));
        vm.agent_set_response_timeout("30s");
        vm.agent_set_response_timeout("default");
        print(attempt(|| vm.pm_suspend_for_duration("mem", 5)).error.code);
        print(attempt(|| vm.authorized_ssh_keys("nobody-here")).error.code);
    "#;
    let expected = concat!(
        "[#{\"disks\": [\"vda\"], \"fstype\": \"ext4\", \"mountpoint\": \"/data\", \"name\": \"vda\"}]\n",
        "labguest it-agent 0 2\n[\"os\"]\nit-agent\ntrue\ntrue\n",
        "[\"ssh-ed25519 BBBB b\"]\n[0]\ninvalid_arg\nargument_unsupported\n#{}\nargument_unsupported\nagent_command_failed\n"
    );
    check(daemon, script, expected);
}

fn addresses_name_their_sources(daemon: &Daemon, lease: &str) {
    let script = r#"
        let all = vm.ips(#{ family: "ipv4", link_local: false });
        print(`${all.len()} ${all[0].address} ${all[0].interface} ${all[0].prefix}`);
        print("agent" in all[0].sources && "lease" in all[0].sources);
        print(vm.ips(#{ sources: ["lease"] }).map(|ip| ip.sources));
    "#;
    check(daemon, script, &format!("1 {lease} eth0 24\ntrue\n[[\"lease\"]]\n"));
}

fn the_monitor_answers_with_data(daemon: &Daemon) {
    let script = r#"
        print(vm.qemu_monitor_command("query-status").status);
        print(vm.qemu_monitor_command(#{ execute: "query-name" }).name);
        print(vm.qemu_monitor_command("info status", #{ hmp: true }));
        let set = vm.qemu_monitor_command(#{ execute: "add-fd", arguments: #{} }, #{ files: ["/dev/null"] });
        print(set.keys());
        print(attempt(|| vm.qemu_monitor_command("no-such")).error.code);
        print(attempt(|| conn().qemu_attach(1)).error.code);
    "#;
    let expected =
        "running\nit-agent\nVM status: running\n[\"fd\", \"fdset-id\"]\noperation_failed\nunsupported\n";
    check(daemon, script, expected);
    let script = "print(vm.qemu_monitor_command(\"query-status\").status);
        print(attempt(|| vm.qemu_monitor_command(\"quit\")).error.code);";
    run(Virhai::new().args(["--deny", "destroy"]), daemon, script, "running\ndenied\n");
}

fn an_agent_that_hangs_is_an_error_with_a_hint(daemon: &Daemon) {
    let script = r#"
        vm.exec_start(["/bin/sh", "-c", "(sleep 8; kill -CONT $PPID) & sleep 1; kill -STOP $PPID"]);
        let failed = ();
        while failed == () {
            try { vm.agent_ping(); sleep("50ms") } catch (e) { failed = e }
        }
        print(`${failed.code} ${failed.hint.contains("qemu-guest-agent")}`);
        print(vm.ips().all(|ip| ip.sources.contains("lease")));
        while !attempt(|| vm.agent_ping()).ok { sleep("50ms") }
    "#;
    check(daemon, script, "agent_unresponsive true\ntrue\n");
}
