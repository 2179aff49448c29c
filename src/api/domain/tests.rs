//! What the test driver can show of a guest's tuning, resources and metadata.

use crate::api::test_script::TestScript;

/// The text of a script that works on `vm`, a running guest with a disk and a network card.
fn on_guest(script: &str) -> String {
    format!(
        r#"let vm = conn().define_domain(`<domain type="test"><name>t1</name><memory unit="MiB">512</memory>
            <vcpu current="2">4</vcpu><os><type>hvm</type></os><devices>
            <disk type="file" device="disk"><source file="/img/t1"/><target dev="vda"/></disk>
            <interface type="network"><mac address="52:54:00:00:00:01"/><source network="default"/>
            <target dev="testnet0"/></interface><memballoon model="virtio"/></devices></domain>`);
        vm.start();
        {script}"#
    )
}

fn json(script: &str) -> String {
    TestScript::new().json(&on_guest(script))
}

fn refusal(script: &str) -> (String, String) {
    TestScript::new().refusal(&on_guest(script))
}

#[test]
fn virtual_cpus_are_counted_changed_and_pinned() {
    assert_eq!(json("[vm.vcpus, vm.max_vcpus, vm.vcpu_count(#{ maximum: true, config: true })]"), "[2,4,4]");
    assert_eq!(
        json(
            "vm.vcpus = 3; vm.set_vcpus(4, #{ config: true }); [vm.vcpus, vm.vcpu_count(#{ config: true })]"
        ),
        "[3,4]"
    );
    assert_eq!(json("vm.pin_vcpu(1, \"0-3,^2\"); vm.vcpu_pin_info()[1]"), "[0,1,3]");
    assert_eq!(
        json("vm.vcpu_info().map(|cpu| [cpu.number, cpu.state, cpu.affinity.len()])"),
        r#"[[0,"running",4],[1,"running",4]]"#
    );
    assert_eq!(refusal("vm.pin_vcpu(0, [0, 8])"), ("usage".into(), "its CPUs are 0 to 7".into()));
    assert_eq!(refusal("vm.pin_vcpu(9, 0)").0, "invalid_arg");
    assert_eq!(refusal("vm.set_vcpus(5)").0, "invalid_arg");
    assert_eq!(refusal("vm.vcpus = 0").0, "usage");
    assert_eq!(refusal("vm.destroy(); vm.vcpu_info()").0, "operation_invalid");
}

#[test]
fn the_emulator_is_pinned() {
    assert_eq!(json("vm.pin_emulator([1, 2], #{ live: true }); vm.emulator_pin_info()"), "[1,2]");
}

#[test]
fn io_threads_are_added_pinned_tuned_and_removed() {
    assert_eq!(
        json(
            "vm.add_iothread(7); vm.pin_iothread(7, 0); vm.set_iothread_params(7, #{ poll_max_ns: 5 }, #{ live: true }); vm.iothread_info()"
        ),
        r#"[{"cpus":[0],"id":7}]"#
    );
    assert_eq!(json("vm.add_iothread(7); vm.del_iothread(7); vm.iothread_info()"), "[]");
    assert_eq!(refusal("vm.del_iothread(-1)").0, "usage");
    assert_eq!(
        refusal("vm.set_iothread_params(7, #{ poll_max: 5 })"),
        ("usage".into(), "did you mean `poll_max_ns`?".into())
    );
}

#[test]
fn memory_is_in_bytes_and_has_limits() {
    assert_eq!(json("vm.memory = \"256MiB\"; [vm.memory, vm.max_memory]"), "[268435456,536870912]");
    assert_eq!(json("vm.destroy(); vm.max_memory = mib(1024); vm.max_memory"), "1073741824");
    let (code, hint) = refusal("vm.set_memory(\"1TiB\")");
    assert_eq!(
        (code.as_str(), hint.contains("536870912 bytes (512.0 MiB)")),
        ("invalid_arg", true),
        "{hint}"
    );
    assert_eq!(
        json(
            "vm.set_memory_parameters(#{ hard_limit: \"1GiB\" }); let m = vm.memory_parameters(); [m.hard_limit, m.soft_limit]"
        ),
        "[1073741824,null]"
    );
    assert_eq!(refusal("vm.set_memory_parameters(#{ hard: 1 })").1, "did you mean `hard_limit`?");
    assert_eq!(refusal("vm.memory_parameters(#{ live: true, current: true })").0, "usage");
}

#[test]
fn disks_and_network_cards_have_limits() {
    assert_eq!(
        json(
            "vm.set_block_io_tune(\"vda\", #{ total_bytes_sec: \"1MiB\", total_bytes_sec_max: \"2MiB\" }); vm.block_io_tune(\"vda\").total_bytes_sec"
        ),
        "1048576"
    );
    let (code, hint) = refusal("vm.block_io_tune(\"vdb\")");
    assert_eq!(
        (code.as_str(), hint.as_str()),
        ("invalid_arg", "did you mean \"vda\"? the disks of the guest are vda")
    );
    assert_eq!(
        json(
            "let card = \"52:54:00:00:00:01\";
             vm.set_interface_parameters(card, #{ inbound: #{ average: \"2MB\", burst: \"1MiB\" } });
             vm.interface_parameters(card).inbound"
        ),
        r#"{"average":2000000,"burst":1048576,"floor":0,"peak":0}"#
    );
    let (_, hint) = refusal("vm.interface_parameters(\"52:54:00:00:00:02\")");
    assert!(hint.starts_with("did you mean \"52:54:00:00:00:01\"?"), "{hint}");
    assert_eq!(json("vm.interface_stats(\"testnet0\").keys()"), r#"["rx","tx"]"#);
    assert_eq!(refusal("vm.interface_stats(\"nope\")").0, "invalid_arg");
}

#[test]
fn title_description_and_elements_are_kept() {
    assert_eq!(json("[vm.title, vm.description, vm.metadata(\"u\")]"), "[null,null,null]");
    assert_eq!(
        json("vm.title = \"one\"; vm.set_description(\"two\\nlines\"); [vm.title, vm.description]"),
        r#"["one","two\nlines"]"#
    );
    assert_eq!(json("vm.title = \"one\"; vm.title = (); vm.title"), "null");
    assert_eq!(
        json(
            "vm.set_metadata(\"http://a\", \"a\", \"<x y='1'/>\"); let m = vm.metadata(\"http://a\")[\"@y\"]; vm.remove_metadata(\"http://a\"); [m, vm.metadata(\"http://a\")]"
        ),
        r#"["1",null]"#
    );
    assert_eq!(refusal("vm.title = 5").0, "usage");
    assert_eq!(refusal("vm.title = \"two\\nlines\"").0, "invalid_arg");
}

#[test]
fn keys_signals_and_interrupts_are_sent() {
    json(
        "vm.send_key(\"ctrl+alt+del\"); vm.send_key([30, \"KEY_B\"], #{ hold: \"50ms\", codeset: \"linux\" }); vm.inject_nmi(); vm.send_process_signal(1, \"SIGTERM\")",
    );
    assert_eq!(refusal("vm.send_key(\"ctrl+dle\")"), ("usage".into(), "did you mean \"del\"?".into()));
    assert_eq!(
        refusal("vm.send_process_signal(1, \"trem\")"),
        ("usage".into(), "did you mean \"term\"?".into())
    );
    assert_eq!(refusal("vm.destroy(); vm.send_key(\"a\")").0, "operation_invalid");
}

#[test]
fn counters_of_one_guest_have_our_units() {
    assert_eq!(json("vm.memory_stats().actual"), "536870912");
    assert_eq!(json("vm.cpu_stats().keys()"), r#"["cpu_time_ns","system_time_ns","user_time_ns"]"#);
    assert_eq!(json("vm.per_cpu_stats(#{ start: 1, count: 2 }).len()"), "2");
    assert_eq!(json("vm.stats(#{ groups: [\"state\"] }).state.state"), r#""running""#);
    assert_eq!(json("conn().stats_of([vm, vm]).map(|s| s.name)"), r#"["t1","t1"]"#);
    assert_eq!(json("conn().stats_of([])"), "[]");
    assert_eq!(refusal("conn().stats_of([1])").0, "usage");
    assert_eq!(refusal("vm.set_memory_stats_period(0.5)").0, "usage");
}

#[test]
fn open_files_are_handed_over_or_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().display();
    let definition =
        "<domain type=\"test\"><name>t2</name><memory>65536</memory><os><type>hvm</type></os></domain>";
    let create = |files: &str| format!("conn().create_domain(`{definition}`, #{{ pass_fds: {files} }}).name");
    assert_eq!(json(&create(&format!("[\"{path}\", 1]"))), r#""t2""#);
    for (files, code) in
        [("[\"/nowhere/at/all\"]", "io"), ("[987654]", "io"), ("[-1]", "usage"), ("true", "usage")]
    {
        assert_eq!(refusal(&create(files)).0, code, "{files}");
    }
}

#[test]
fn a_guest_runs_on_after_a_reboot() {
    assert_eq!(json("vm.reboot(); vm.reboot(#{ mode: \"acpi\" }); vm.state"), r#""running""#);
    assert_eq!(refusal("vm.reboot(#{ mode: \"acip\" })").0, "usage");
    assert_eq!(refusal("vm.destroy(); vm.reboot()").0, "operation_invalid");
}

#[test]
fn a_managed_save_image_is_thrown_away() {
    let saved = "vm.managed_save().wait(); let before = vm.has_managed_save;";
    let script = format!("{saved} vm.managed_save_remove(); [before, vm.has_managed_save]");
    assert_eq!(json(&script), "[true,false]");
}

#[test]
fn the_driver_tells_who_guards_a_guest_and_whether_it_answers() {
    assert_eq!(json("vm.security_label()"), r#"{"enforcing":true,"label":"libvirt-test"}"#);
    assert_eq!(json("vm.control_info()"), r#"{"state":"ok","time":0.0}"#);
    assert_eq!(refusal("vm.destroy(); vm.control_info()").0, "operation_invalid");
}

#[test]
fn weights_of_block_devices_are_kept_and_no_setting_is_an_error() {
    assert_eq!(json("vm.set_blkio_parameters(#{ weight: 500 }); vm.blkio_parameters().weight"), "500");
    let (code, hint) = refusal("vm.set_blkio_parameters(#{})");
    assert_eq!((code.as_str(), hint.contains("weight")), ("usage", true), "{hint}");
}

#[test]
fn free_blocks_are_given_back_and_the_clock_is_set() {
    assert_eq!(
        json("vm.fs_trim(); vm.fs_trim(#{ minimum: \"1MiB\", mountpoint: \"/\" }); vm.sync_time()"),
        "null"
    );
    assert_eq!(refusal("vm.fs_trim(#{ minimum: \"much\" })").0, "usage");
    assert_eq!(refusal("vm.destroy(); vm.fs_trim()").0, "operation_invalid");
}

#[test]
fn what_the_driver_lacks_is_unsupported() {
    for call in [
        "vm.set_vcpu(1, true)",
        "vm.detach_device_alias(\"ua-x\")",
        "vm.attach_device(\"<rng/>\")",
        "vm.set_guest_vcpus([1], false)",
        "vm.qemu_agent_command(#{ execute: \"guest-ping\" })",
        "vm.set_launch_security_state(#{ sev_secret_header: \"aGVhZA==\", sev_secret: \"c2VjcmV0\" })",
        "vm.set_migrate_max_speed(\"1MiB\", #{ postcopy: true })",
        "vm.set_migrate_max_downtime(\"300ms\")",
        "vm.set_migrate_compression_cache(\"64MiB\")",
    ] {
        assert_eq!(refusal(call).0, "unsupported", "{call}");
    }
}
