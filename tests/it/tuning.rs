//! Settings of a real QEMU guest that has no system: what QEMU and the kernel say of them.

use crate::support::{Daemon, Need, Virhai, lab_or_skip};

const GUEST: &str = "<domain type='qemu'><name>it-tuned</name><memory unit='MiB'>64</memory>\
     <vcpu current='1'>4</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os>\
     <features><acpi/></features></domain>";

/// Runs a script that has the running guest as `vm`; `shown` prints the error of a closure.
#[track_caller]
fn run(daemon: &Daemon, code: &str, expected: &str) {
    let text = format!(
        "let vm = domain(\"it-tuned\");\n\
         let shown = |f| {{ let r = attempt(f); print(if r.ok {{ `no error: ${{r.value}}` }} else {{ `${{r.error.code}}: ${{r.error.hint}}` }}) }};\n\
         {code}"
    );
    Virhai::new().connect(&daemon.uri()).file("s.rhai", text).arg("s.rhai").stdout(expected).run();
}

#[test]
fn a_qemu_guest_is_tuned_and_reads_back() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    daemon.define("define", GUEST);
    daemon.virsh(&["start", "it-tuned"]);
    pinning(&daemon);
    virtual_cpus(&daemon);
    settings(&daemon);
    input_and_statistics(&daemon);
    metadata(&daemon);
    limits_of_migrations(&daemon);
    newer_than_this_libvirt(&daemon);
}

fn pinning(daemon: &Daemon) {
    let code = r#"
        vm.pin_vcpu(0, "0");
        vm.pin_vcpu(0, [0], #{ config: true });
        print([vm.vcpu_pin_info()[0], vm.vcpu_pin_info(#{ config: true })[0], vm.vcpu_info()[0].affinity]);
        vm.pin_emulator(0..1);
        print(vm.emulator_pin_info());
        vm.add_iothread(5, #{ live: true, config: true });
        vm.pin_iothread(5, 0);
        vm.set_iothread_params(5, #{ poll_max_ns: 32768 }, #{ live: true });
        print(vm.iothread_info());
        vm.del_iothread(5, #{ live: true, config: true });
        print([vm.iothread_info(), vm.iothread_info(#{ config: true })]);
        let r = attempt(|| vm.pin_vcpu(0, "0-9999"));
        print(`${r.error.code} ${r.error.operation} ${r.error.object}`);
        let r = attempt(|| vm.pin_vcpu(77, 0));
        print(r.error.code);
        let r = attempt(|| vm.del_iothread(77));
        print(r.error.code);
    "#;
    run(
        daemon,
        code,
        "[[0], [0], [0]]\n[0]\n[#{\"cpus\": [0], \"id\": 5}]\n[[], []]\n\
         usage domain.pin_vcpu it-tuned\ninvalid_arg\ninvalid_arg\n",
    );
    let pinned = daemon.virsh(&["vcpupin", "it-tuned", "0"]);
    assert!(pinned.ends_with(" 0"), "{pinned}");
}

fn virtual_cpus(daemon: &Daemon) {
    let code = r#"
        vm.set_vcpus(2, #{ live: true });
        print([vm.vcpus, vm.max_vcpus, vm.vcpu_count(#{ config: true }), vm.vcpu_info().len()]);
        vm.set_vcpu([3], true);
        print([vm.vcpu_count(#{ live: true }), vm.vcpu_info().map(|cpu| cpu.number)]);
        vm.set_vcpus(3, #{ config: true });
        print(vm.vcpu_count(#{ config: true }));
        let r = attempt(|| vm.set_vcpus(9, #{ live: true }));
        print(`${r.error.code} ${r.error.operation}`);
        shown.call(|| vm.set_vcpu("9", true));
    "#;
    run(daemon, code, "[2, 4, 1, 2]\n[3, [0, 1, 3]]\n3\ninvalid_arg domain.set_vcpus\ninvalid_arg: \n");
    assert_eq!(daemon.virsh(&["vcpucount", "it-tuned", "--current", "--live"]), "3");
}

fn settings(daemon: &Daemon) {
    let code = r#"
        vm.set_scheduler_parameters(#{ cpu_shares: 512 }, #{ live: true, config: true });
        print([vm.scheduler_type, vm.scheduler_parameters().cpu_shares]);
        vm.set_memory_parameters(#{ hard_limit: "1GiB", soft_limit: () }, #{ live: true });
        let limits = vm.memory_parameters();
        print([limits.hard_limit == gib(1), limits.soft_limit == ()]);
        vm.set_memory_parameters(#{ hard_limit: () }, #{ live: true });
        print(vm.memory_parameters().hard_limit == ());
        vm.set_numa_parameters(#{ numa_mode: "strict", numa_nodeset: "0" }, #{ config: true });
        print(vm.numa_parameters(#{ config: true }));
        vm.set_perf_events(#{ cpu_clock: true }, #{ config: true });
        print(vm.perf_events(#{ config: true }).cpu_clock);
        vm.set_lifecycle_action("crash", "restart", #{ config: true });
        print(vm.xml_desc(#{ inactive: true })["on_crash"].text());
        vm.memory = "32MiB";
        vm.set_max_memory("96MiB", #{ config: true });
        print(vm.xml_desc(#{ inactive: true })["memory"].text());
        shown.call(|| vm.set_memory("1TiB"));
        shown.call(|| vm.set_scheduler_parameters(#{ cpu_share: 1 }));
        shown.call(|| vm.set_lifecycle_action("crash", "restat"));
        shown.call(|| vm.memory_parameters(#{ liv: true }));
    "#;
    run(
        daemon,
        code,
        "[\"posix\", 512]\n[true, true]\ntrue\n#{\"numa_mode\": \"strict\", \"numa_nodeset\": [0]}\ntrue\nrestart\n98304\n\
         invalid_arg: it may have 67108864 bytes (64.0 MiB); set_max_memory changes that\n\
         usage: did you mean `cpu_shares`?\nusage: did you mean \"restart\"?\nusage: did you mean `live`?\n",
    );
    assert!(daemon.virsh(&["schedinfo", "it-tuned"]).contains(": 512\n"));
}

fn input_and_statistics(daemon: &Daemon) {
    let code = r#"
        vm.send_key("ctrl+alt+del", #{ hold: "20ms" });
        vm.send_key([30, 48], #{ codeset: "xt" });
        vm.inject_nmi();
        shown.call(|| vm.send_key("ctrl+alt+dle"));
        shown.call(|| vm.send_process_signal(1, "term"));
        print(vm.memory_stats().rss > mib(1));
        print(vm.cpu_stats().cpu_time_ns > 0);
        print(vm.stats(#{ groups: ["state", "balloon"] }).balloon.current == mib(64));
        print(vm.messages().len() > 0);
        print(vm.security_labels().len() >= 1);
        print(vm.launch_security_info());
        vm.start_dirty_rate_calc("1s");
        shown.call(|| vm.start_dirty_rate_calc(99));
        vm.fd_associate("files", ["/etc/hostname"], #{ readonly: true });
        shown.call(|| vm.fd_associate("files", "/nowhere"));
    "#;
    let said = Virhai::new()
        .connect(&daemon.uri())
        .file("s.rhai", format!("let vm = domain(\"it-tuned\"); let shown = |f| {{ let r = attempt(f); print(r.error.code) }};\n{code}"))
        .arg("s.rhai")
        .any_stdout()
        .run();
    assert_eq!(
        said.stdout(),
        "usage\nunsupported\ntrue\ntrue\ntrue\ntrue\ntrue\n#{}\nconfig_unsupported\nio\n",
    );
}

fn metadata(daemon: &Daemon) {
    let code = r#"
        vm.title = "tuned";
        vm.description = "first line\nsecond line";
        vm.set_metadata("http://example.org/it", "it", "<owner name='me'/>");
        let stored = vm.xml_desc(#{ inactive: true });
        print([stored["title"].text(), vm.title, vm.description.len(), vm.metadata("http://example.org/it")["@name"]]);
        vm.remove_metadata("http://example.org/it");
        vm.title = ();
        print([vm.title, vm.metadata("http://example.org/it", #{ config: true })]);
        shown.call(|| vm.set_title("a\nb"));
        shown.call(|| vm.set_metadata("http://example.org/it", "it", "<owner"));
    "#;
    run(daemon, code, "[\"tuned\", \"tuned\", 22, \"me\"]\n[(), ()]\ninvalid_arg: \nxml_detail: \n");
    assert_eq!(daemon.virsh(&["desc", "it-tuned"]), "first line\nsecond line");
}

fn limits_of_migrations(daemon: &Daemon) {
    let code = r#"
        vm.migrate_max_speed = "100MiB";
        vm.set_migrate_max_speed(mib(10), #{ postcopy: true });
        print([vm.migrate_max_speed / mib(1), vm.migrate_max_speed(#{ postcopy: true }) / mib(1)]);
        vm.migrate_max_downtime = "250ms";
        vm.migrate_compression_cache = "64MiB";
        print([vm.migrate_max_downtime, vm.migrate_compression_cache / mib(1)]);
        shown.call(|| vm.set_migrate_max_downtime("soon"));
        shown.call(|| vm.set_migrate_compression_cache(-1));
    "#;
    run(
        daemon,
        code,
        "[100, 10]\n[0.25, 64]\nusage: write \"90s\", \"1h30m\", \"500ms\", \"2d\" or a number of seconds\nusage: \n",
    );
    assert_eq!(daemon.virsh(&["migrate-getspeed", "it-tuned"]), "100");
    assert_eq!(daemon.virsh(&["migrate-getmaxdowntime", "it-tuned"]), "250");
}

/// What this libvirt has works, and what it lacks says so: none of these ends the program.
fn newer_than_this_libvirt(daemon: &Daemon) {
    let code = r#"
        for newer in [
            || vm.autostart_once,
            || vm.set_autostart_once(false),
            || vm.set_throttle_group("slow", #{ total_iops_sec: 100 }, #{ config: true }),
            || vm.del_throttle_group("nope", #{ config: true }),
            || vm.graphics_reload(),
            || vm.announce_interface("vnet0", #{ rounds: 3 }),
        ] {
            let r = attempt(newer);
            if !r.ok && r.error.code == "unsupported" && !r.error.message.contains("needs libvirt") { print(r.error.message) }
        }
        shown.call(|| vm.set_throttle_group("slow", #{ total_iop_sec: 100 }));
    "#;
    run(daemon, code, "usage: did you mean `total_iops_sec`?\n");
}
