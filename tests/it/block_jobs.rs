//! Block jobs on real QEMU: images are compared byte by byte.

use std::time::Duration;

use crate::support::disk_guest::{qemu_img, text};
use crate::support::{Daemon, DiskGuest, Need, eventually, lab_or_skip};

/// Takes snapshots of vda without metadata, so that a chain of images grows: vda, one, two, …
fn chain(guest: &DiskGuest<'_>, names: &[&str]) {
    for name in names {
        let _ = guest.value(&format!(
            "vm.snapshot_create(#{{ disk_only: true, no_metadata: true, disks: [
                 #{{ name: \"vda\", file: folder + \"{name}.qcow2\" }}, \"vdb,snapshot=no\"] }}); ()"
        ));
    }
}

/// The names of the images of vda's chain, from the top.
fn images(guest: &DiskGuest<'_>) -> Vec<String> {
    let info =
        qemu_img(&["info", "-U", "--backing-chain", "--output=json", text(guest.source("vda").as_ref())]);
    let info: serde_json::Value = serde_json::from_slice(&info.stdout).unwrap();
    let name = |image: &serde_json::Value| {
        let file = image["filename"].as_str().unwrap();
        file.rsplit_once('-').unwrap().1.trim_end_matches(".qcow2").to_owned()
    };
    info.as_array().unwrap().iter().map(name).collect()
}

#[test]
fn a_copy_becomes_ready_and_the_guest_goes_over_to_it() {
    lab_or_skip!(Need::Qemu, Need::Program("qemu-io"));
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "bj-copy", 2);
    guest.write(0, 0x11, 1);
    let facts = guest.value(
        "let job = vm.block_copy(\"vda\", folder + \"copy.qcow2\", #{ transient_job: true });
         let ended = job.wait(\"60s\"); let p = job.progress;
         [ended, job.state, p.percent, p.details.ready, vm.block_job_info(\"vda\").type, vm.block_job(\"vda\").wait()]",
    );
    assert_eq!(facts, r#"[true,"ready",100.0,true,"copy",true]"#);

    let (code, _, hint) =
        guest.error("vm.block_copy(\"vda\", folder + \"other.qcow2\", #{ transient_job: true })");
    assert_eq!((code.as_str(), hint.contains("vm.block_job(\"vda\")")), ("block_copy_active", true));

    // What is written now goes to both, and pivot is for any program that attaches to the job.
    guest.write(0, 0x22, 2);
    let facts =
        guest.value("let job = vm.block_job(\"vda\"); job.pivot(); [job.state, vm.block_job_info(\"vda\")]");
    assert_eq!(facts, r#"["done",null]"#);
    assert_eq!(guest.source("vda"), text(&guest.file("copy")));
    guest.write(0, 0x33, 3);
    guest.assert_holds("copy", 0x11, 1);
    guest.assert_holds("copy", 0x22, 2);
    guest.assert_holds("copy", 0x33, 3);
    guest.assert_holds("vda", 0, 3);
}

#[test]
fn pivot_and_finish_happen_while_the_script_waits() {
    lab_or_skip!(Need::Qemu, Need::Program("qemu-io"));
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "bj-ends", 2);
    guest.write(0, 0x11, 1);
    let copy = |name: &str, ending: &str| {
        guest.value(&format!(
            "let job = vm.block_copy(\"vda\", folder + \"{name}.qcow2\", #{{ transient_job: true, {ending}: true }});
             [job.wait(\"60s\"), job.state, vm.block_job_info(\"vda\")]"
        ))
    };
    assert_eq!(copy("stay", "finish"), r#"[true,"done",null]"#);
    assert_eq!(guest.source("vda"), text(&guest.file("vda")));
    guest.assert_holds("stay", 0x11, 1);
    // Again and again: the moment between "everything copied" and "ready" is short and must not hurt.
    for name in ["p1", "p2", "p3"] {
        assert_eq!(copy(name, "pivot"), r#"[true,"done",null]"#);
        assert_eq!(guest.source("vda"), text(&guest.file(name)));
    }
    guest.assert_holds("p3", 0x11, 1);
    // The older call cannot do it for a guest with a stored definition.
    let (code, _, hint) =
        guest.error("vm.block_rebase(\"vdb\", folder + \"raw.qcow2\", #{ copy: true, pivot: true })");
    assert_eq!((code.as_str(), hint.contains("transient_job")), ("operation_invalid", true));
}

#[test]
fn images_of_a_chain_are_committed_pulled_and_rebased() {
    lab_or_skip!(Need::Qemu, Need::Program("qemu-io"));
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "bj-chain", 2);
    guest.write(0, 0x11, 1);
    chain(&guest, &["one"]);
    guest.write(0, 0x22, 2);
    chain(&guest, &["two", "three"]);
    guest.write(0, 0x33, 3);
    chain(&guest, &["four"]);
    assert_eq!(images(&guest), ["four", "three", "two", "one", "vda"]);
    let done = |code: &str| {
        let facts = guest.value(&format!("let job = vm.{code}; [job.wait(\"60s\"), job.state]"));
        assert_eq!(facts, r#"[true,"done"]"#, "{code}");
    };

    // An image between goes down into the one below it, by itself.
    done("block_commit(\"vda\", #{ top: folder + \"two.qcow2\", shallow: true })");
    assert_eq!(images(&guest), ["four", "three", "one", "vda"]);
    guest.assert_holds("one", 0x22, 2);

    // The active one goes down into the next, and the guest with it.
    done("block_commit(\"vda\", #{ shallow: true, pivot: true })");
    assert_eq!(images(&guest), ["three", "one", "vda"]);

    // The active one swallows what lies above a base, then everything.
    done("block_rebase(\"vda\", folder + \"vda.qcow2\")");
    assert_eq!(images(&guest), ["three", "vda"]);
    done("block_pull(\"vda\", #{ bandwidth: \"1GiB\" })");
    assert_eq!(images(&guest), ["three"]);
    for (byte, place) in [(0x11, 1), (0x22, 2), (0x33, 3)] {
        guest.assert_holds("three", byte, place);
    }
}

#[test]
fn a_job_that_is_aborted_or_loses_its_guest_fails_with_the_reason() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "bj-abort", 1);
    (0..8).for_each(|place| guest.write(0, 0x11, place));
    let slow = "vm.block_copy(\"vda\", folder + \"slow.qcow2\", #{ transient_job: true, bandwidth: 1, reuse_external: true })";
    qemu_img(&["create", "-q", "-f", "qcow2", text(&guest.file("slow")), "16M"]);

    let facts = guest.value(&format!(
        "let job = {slow}; let soon = job.wait(\"200ms\"); let before = job.state;
         job.abort(); [soon, before, job.state, job.error.code, vm.block_job_info(\"vda\")]"
    ));
    assert_eq!(facts, r#"[false,"running","failed","operation_aborted",null]"#);

    // Somebody else ends it while a script waits.
    let started = guest
        .script(&format!(
            "let job = {slow}; print(\"begun\"); try {{ job.wait() }} catch (e) {{ print(e.code) }}"
        ))
        .stdout("begun\noperation_aborted\nnull\n")
        .start();
    started.running.wait_for_stdout("begun");
    daemon.virsh(&["blockjob", "bj-abort", "vda", "--abort"]);
    started.finish();

    let started = guest
        .script(&format!(
            "let job = {slow}; print(\"begun\"); try {{ job.wait() }} catch (e) {{ print(e.code) }}"
        ))
        .stdout("begun\noperation_invalid\nnull\n")
        .start();
    started.running.wait_for_stdout("begun");
    daemon.virsh(&["destroy", "bj-abort"]);
    started.finish();
    eventually(Duration::from_secs(10), "the end of the guest", || {
        (daemon.virsh(&["domstate", "bj-abort"]) == "shut off").then_some(())
    });
    assert_eq!(guest.error("vm.block_job(\"vda\")").0, "operation_invalid");
}

#[test]
fn what_cannot_be_is_refused_with_a_hint() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "bj-wrong", 1);
    let refused = |code: &str, word: &str, hint: &str| {
        let (got, message, told) = guest.error(code);
        assert_eq!(got, word, "{code}: {message}");
        assert!(told.contains(hint), "{code}: {told}");
    };
    refused("vm.block_copy(\"vdz\", \"/tmp/x\")", "invalid_arg", "did you mean \"vda\"?");
    refused("vm.block_job_info(\"vdb\")", "invalid_arg", "the disks of the guest are vda");
    refused("vm.block_copy(\"vda\", folder + \"x.qcow2\")", "operation_invalid", "transient_job: true");
    refused("vm.block_commit(\"vda\")", "invalid_arg", "pivot: true");
    refused("vm.block_pull(\"vda\", #{ base: \"/no/such\" })", "invalid_arg", "");
    refused("vm.block_job(\"vda\")", "operation_invalid", "");
    refused("vm.block_job_abort(\"vda\")", "invalid_arg", "");
    refused("vm.block_job_set_speed(\"vda\", \"1MiB\")", "invalid_arg", "");
    refused(
        "vm.block_copy(\"vda\", \"/x\", #{ pivot: true, finish: true })",
        "usage",
        "goes over to the result",
    );
    refused("vm.block_resize(\"vdq\", \"1GiB\")", "invalid_arg", "vda");
    assert_eq!(guest.value("vm.block_job_info(\"vda\")"), "null");
}

#[test]
fn disks_are_measured_resized_and_read() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "bj-disk", 2);
    guest.write(0, 0x11, 1);
    let facts = guest.value(
        "let before = vm.block_info(\"vda\").capacity; vm.block_resize(\"vda\", \"32MiB\");
         [before, vm.block_info(\"vda\").capacity, vm.block_stats(\"vda\").errs == (), vm.disk_errors(),
          vm.block_stats(\"vda\").rd_operations <= vm.block_stats().rd_operations, vm.memory_peek(0, 2000000).len(),
          vm.memory_peek(\"64KiB\", 16, #{ virtual: true }).len()]",
    );
    assert_eq!(facts, "[16777216,33554432,true,[],true,2000000,16]");
    let _ = guest.value("vm.set_block_threshold(\"vda\", \"10MiB\")");
    let threshold = daemon.virsh(&["domstats", "bj-disk", "--block"]);
    assert!(threshold.contains("block.0.threshold=10485760"), "{threshold}");
    // QEMU's driver reads raw images only.
    assert_eq!(guest.error("vm.block_peek(\"vda\", 0, 512)").0, "operation_unsupported");
}
