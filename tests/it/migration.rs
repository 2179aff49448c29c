//! Guests on their way between two hosts: with their disks, in both directions, and what goes wrong.

use std::time::Duration;

use crate::support::{Daemon, Guest, Need, Terminal, Virhai, lab_or_skip, turn};

/// Time for one migration of the tiny guest on a busy machine.
const LIMIT: Duration = Duration::from_secs(150);

/// Slow enough to be caught at work, fast enough to end in some ten seconds.
const PACE: &str = "16MiB";

/// Two hosts with a cable between them. Each has disks of its own under the same path.
struct Hosts {
    // Dropped first: it sees the folder of the other one.
    there: Daemon,
    here: Daemon,
}

impl Hosts {
    fn start() -> Self {
        let hosts = Self { there: Daemon::start(), here: Daemon::start() };
        hosts.here.link(&hosts.there, 8);
        hosts
    }

    /// Gives the other host an empty disk where the guest has its own.
    fn share_path(&self, guest: &Guest<'_>) {
        let (mine, theirs) = (guest.disk(0), self.there.dir().join("vm"));
        let copy = theirs.join(mine.file_name().unwrap());
        let mut create = std::process::Command::new("qemu-img");
        create.args(["create", "-q", "-f", "qcow2"]).arg(&copy).arg("64M");
        assert!(create.status().unwrap().success());
        let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
        self.there.exec(&["/bin/mount", "--bind", &text(&theirs), &text(mine.parent().unwrap())]);
    }

    /// A script that knows both hosts, the guest's way there and the guest itself.
    fn script(&self, name: &str, code: &str) -> Virhai {
        Virhai::new()
            .limit(LIMIT)
            .connect(&self.here.uri())
            .file("s.rhai", self.with_prelude(name, code))
            .arg("s.rhai")
    }

    fn with_prelude(&self, name: &str, code: &str) -> String {
        format!("{}\n{code}", self.prelude(name).join("\n"))
    }

    fn prelude(&self, name: &str) -> [String; 4] {
        [
            format!("let there = connect({:?});", self.there.uri()),
            "let ways = #{ live: true, copy_storage_all: true, persistent: true, undefinesource: true };"
                .into(),
            "let way = ways + #{ migrateuri: \"tcp://10.99.8.2\" };".into(),
            format!("let vm = domain({name:?});"),
        ]
    }
}

#[test]
fn a_guest_moves_to_another_host_and_back_and_survives_what_goes_wrong() {
    lab_or_skip!(Need::Guest, Need::Root, Need::Program("tmux"));
    let hosts = Hosts::start();
    let guest = Guest::plan(&hosts.here, "it-moving").boot();
    hosts.share_path(&guest);
    a_host_that_is_not_there_leaves_the_guest_running(&hosts, guest.name());
    an_aborted_migration_leaves_the_guest_running(&hosts, guest.name());
    a_person_who_stops_waiting_does_not_stop_the_migration(&hosts, guest.name());
    a_live_migration_takes_the_disk_along_and_shows_progress(&hosts, guest.name());
    post_copy_lets_it_run_at_the_destination_first(&hosts, guest.name());
    a_destination_that_dies_on_the_way_leaves_the_guest_running(&hosts, guest.name());
}

fn a_host_that_is_not_there_leaves_the_guest_running(hosts: &Hosts, name: &str) {
    let code = r#"
        let nowhere = "qemu+unix:///system?socket=/nonexistent/sock";
        try { vm.migrate(nowhere, way) } catch (e) { print(`${e.code} ${e.operation}`) }
        let job = vm.migrate(nowhere, way + #{ p2p: true });
        try { job.wait() } catch (e) { print(`${e.operation} ${e.object}: ${e.hint}`) }
        print(`${job.state} ${job.error != ()} ${job.result} ${vm.state}`);
        try { vm.migrate(5, way) } catch (e) { print(e.message) }
        try { vm.migrate(there, #{ live: true }).wait() } catch (e) { print(`${e.code} ${e.hint}`) }
    "#;
    let expected = format!(
        "connect_failed connect\n\
         domain.migrate {name}: the guest is still running where it was\n\
         failed true  running\n\
         a guest is migrated to a connection or to a URI, not to i64\n\
         migrate_unsafe the guest is still running where it was\n"
    );
    hosts.script(name, code).stdout(expected).run();
}

fn an_aborted_migration_leaves_the_guest_running(hosts: &Hosts, name: &str) {
    let code = r#"
        vm.migrate_max_speed = "2MiB";
        print(vm.migrate_max_speed / mib(1));
        let job = vm.migrate(there, way);
        while job.progress.processed == 0 { sleep("50ms") }
        let now = job.progress;
        print(`${now.total > 0} ${now.percent < 100} ${now.rate > 0} ${now.details.operation}`);
        print(`${vm.job_info().type} ${vm.job_stats().operation} ${job.wait(0)} ${job.done}`);
        job.abort();
        try { job.wait() } catch (e) { print(`${e.code}: ${e.hint}`) }
        job.abort();
        print(`${job.state} ${vm.state} ${vm.job_info().type}`);
        try { vm.abort_job() } catch (e) { print(e.code) }
        let job = vm.migrate(there, way + #{ timeout: 1, timeout_abort: true });
        try { job.wait() } catch (e) { print(`${e.code}`); if e.code != "operation_aborted" { print(e.message) } }
        // At once: before the hypervisor has begun.
        let job = vm.migrate(there, way);
        job.abort();
        try { job.wait() } catch (e) { print(e.code) }
        print(vm.state);
    "#;
    let expected = "2\ntrue true true migration_out\nunbounded migration_out false false\n\
        operation_aborted: the guest is still running where it was\nfailed running none\n\
        operation_invalid\noperation_aborted\noperation_aborted\nrunning\n";
    hosts.script(name, code).stdout(expected).run();
}

/// The whole of what somebody at a terminal does who has other plans.
fn a_person_who_stops_waiting_does_not_stop_the_migration(hosts: &Hosts, name: &str) {
    let terminal = Terminal::open(Virhai::new().connect(&hosts.here.uri()), 110, 30);
    terminal.wait_for_last_line("qemu+unix:///system> ");
    terminal.line(&format!(
        "{} let job = vm.migrate(there, way); print(`begun: ${{job}}`)",
        hosts.prelude(name).join(" ")
    ));
    terminal.wait_for(&format!("begun: migrate {name}"));
    terminal.wait_for_last_line("qemu+unix:///system> ");
    terminal.line("job.wait()");
    terminal.wait_until("a bar with a rate", |screen| screen.contains("MiB/s") && screen.contains('%'));
    terminal.keys(&["C-c"]);
    terminal.wait_for("was not aborted");
    terminal.wait_for_last_line("qemu+unix:///system> ");
    terminal.line("print(`now: ${job.state}`)");
    terminal.wait_for("now: running");
    terminal.wait_for_last_line("qemu+unix:///system> ");
    terminal.line("job.abort(); job.wait()");
    terminal.wait_for("canceled by client");
    terminal.wait_for_last_line("qemu+unix:///system> ");
    terminal.line("exit()");
    assert_eq!(terminal.wait_exit(), 0);
    assert_eq!(hosts.here.virsh(&["domstate", name]), "running");
}

fn a_live_migration_takes_the_disk_along_and_shows_progress(hosts: &Hosts, name: &str) {
    let code = format!(
        r#"
        vm.migrate_max_speed = {PACE:?};
        let job = vm.migrate(there, way + #{{ bandwidth: {PACE:?} }});
        let seen = [];
        while !job.wait("100ms") {{ let percent = job.progress.percent; if percent != () {{ seen.push(percent) }} }}
        print(`${{job.state}} ${{job.progress.percent}} ${{seen.len() > 2}} ${{seen.some(|p| p < 100.0)}}`);
        print(`${{job.result.name}} ${{job.result.state}} ${{job.result.connection() == there}}`);
        try {{ vm.state }} catch (e) {{ print(e.code) }}
        "#
    );
    let expected = format!("done 100.0 true true\n{name} running true\nno_domain\n");
    hosts.script(name, &code).stdout(expected).run();
    let disks = hosts.there.virsh(&["domfsinfo", name]);
    assert!(disks.contains("/data"), "its disk came along: {disks}");
}

/// The way back, peer to peer: their host connects to ours by itself, and gives us no guest.
fn post_copy_lets_it_run_at_the_destination_first(hosts: &Hosts, name: &str) {
    let code = format!(
        r#"
        let back = ways + #{{ migrateuri: "tcp://10.99.8.1", postcopy: true, p2p: true }};
        let vm = there.domain({name:?});
        vm.migrate_max_speed = {PACE:?};
        let job = vm.migrate(conn(), back);
        while (job.progress.details.memory_processed ?? 0) == 0 {{ sleep("20ms") }}
        vm.migrate_start_post_copy();
        job.wait();
        print(`${{job.state}} ${{job.result == ()}} ${{domain({name:?}).state}}`);
        "#
    );
    let prelude = hosts.prelude(name)[..2].join("\n");
    let script = Virhai::new().limit(LIMIT).connect(&hosts.here.uri());
    let script = script.file("s.rhai", format!("{prelude}\n{code}")).arg("s.rhai");
    script.stdout("done true running\n").run();
    let disks = hosts.here.virsh(&["domfsinfo", name]);
    assert!(disks.contains("/data"), "{disks}");
}

fn a_destination_that_dies_on_the_way_leaves_the_guest_running(hosts: &Hosts, name: &str) {
    let _alone = turn::boot();
    let code = format!(
        r#"
        vm.migrate_max_speed = {PACE:?};
        let job = vm.migrate(there, way);
        while job.progress.processed == 0 {{ sleep("20ms") }}
        print("on its way");
        try {{ job.wait() }} catch (e) {{ print(`${{e.operation}} ${{e.object}}: ${{e.hint}}`) }}
        print(vm.state);
        "#
    );
    let expected =
        format!("on its way\ndomain.migrate {name}: the guest is still running where it was\nrunning\n");
    let started = hosts.script(name, &code).stdout(expected).start();
    started.running.wait_for_stdout("on its way");
    hosts.there.kill9();
    started.finish();
}
