//! The module `snapshots` on real images: chains that grow and are merged, runs that are killed, and
//! what is refused because data would be lost.

use std::time::Duration;

use serde_json::Value;

use crate::support::disk_guest::{qemu_img, text};
use crate::support::{Daemon, DiskGuest, Need, Virhai, eventually, lab_or_skip, project};

const IMPORT: &str = "import \"snapshots\" as snapshots; ";

/// Runs code with the module and returns what its value is shown as.
#[track_caller]
fn value(guest: &DiskGuest<'_>, code: &str) -> String {
    guest
        .script("")
        .args(["-e", &format!("{IMPORT}{code}")])
        .any_stdout()
        .run()
        .stdout()
        .trim_end()
        .to_owned()
}

/// Runs code with the module that must fail; returns its error's code, message and hint.
#[track_caller]
fn refused(guest: &DiskGuest<'_>, code: &str) -> (String, String, String) {
    let facts = value(
        guest,
        &format!(
            "let e = attempt(|| {{ {code} }}); if e.ok {{ throw \"it did not fail\" }}
             [e.error.code, e.error.message, `${{e.error.hint}}`]"
        ),
    );
    serde_json::from_str(&facts).unwrap_or_else(|e| panic!("{e}: {facts}"))
}

/// The names of a disk's images, from the active one down.
fn chain(guest: &DiskGuest<'_>) -> Vec<String> {
    let info =
        qemu_img(&["info", "-U", "--backing-chain", "--output=json", text(guest.source("vda").as_ref())]);
    let info: Value = serde_json::from_slice(&info.stdout).unwrap();
    let name = |image: &Value| {
        let file = image["filename"].as_str().unwrap();
        let file = file.rsplit_once('/').unwrap().1;
        file.rsplit_once('.').unwrap().1.to_owned()
    };
    info.as_array().unwrap().iter().map(name).collect()
}

/// The note of unfinished work, as text; `null` for none.
fn note(guest: &DiskGuest<'_>) -> String {
    guest.value("vm.metadata(\"urn:virhai:snapshots\")")
}

/// Writes the note that a run leaves which was killed.
fn leave_note(guest: &DiskGuest<'_>, action: &str, name: &str) {
    let _ = guest.value(&format!(
        "vm.set_metadata(\"urn:virhai:snapshots\", \"virhai\", `<work action='{action}' snapshot='{name}'
             host='${{os::hostname()}}' pid='1' process='${{os::hostname()}}/1/1/x/pid:[1]' time='${{time::now()}}'>
             <file disk='vda' path='${{folder}}vda.{name}' base='${{folder}}vda.qcow2'/></work>`)"
    ));
}

#[test]
fn a_policy_merges_the_middle_of_a_chain_and_nothing_is_lost() {
    lab_or_skip!(Need::Qemu, Need::Program("qemu-io"));
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "sr-chain", 1);
    for (byte, name) in [(0x11, "one"), (0x22, "two"), (0x33, "three"), (0x44, "four")] {
        guest.write(0, byte, u32::from(byte >> 4));
        let _ = value(&guest, &format!("snapshots::create(vm, #{{ name: \"{name}\" }}); ()"));
    }
    guest.write(0, 0x55, 5);
    let _ = value(&guest, "snapshots::pin(vm.snapshot(\"two\")); ()");
    assert_eq!(chain(&guest), ["four", "three", "two", "one", "qcow2"]);

    let rows = "snapshots::prune(vm, #{ last: 1 }).map(|row| `${row.snapshot} ${row.result} ${row.reason}`)";
    assert_eq!(value(&guest, rows), r#"["four kept last","three merged ","two kept pinned","one merged "]"#);
    assert_eq!(chain(&guest), ["four", "two", "qcow2"]);
    for (place, byte) in [0x11, 0x22, 0x33, 0x44, 0x55].into_iter().enumerate() {
        let file = if place < 2 {
            "vda.qcow2"
        } else if place < 4 {
            "vda.two"
        } else {
            "vda.four"
        };
        assert_holds(&guest, file, byte, place + 1);
    }
    // Who stood on what was merged stands on what is below now.
    let below = "vm.snapshot(\"four\").xml[\"domain/devices/disk/source/@file\"] == folder + \"vda.two\"";
    assert_eq!(value(&guest, below), "true");

    // A guest that is off is merged by libvirt.
    daemon.virsh(&["destroy", "sr-chain"]);
    let all = "snapshots::unpin(vm.snapshot(\"two\")); snapshots::merge(vm, #{}).map(|row| row.result)";
    assert_eq!(value(&guest, all), r#"["merged","merged"]"#);
    assert_eq!(chain(&guest), ["qcow2"]);
    assert_eq!(guest.value("vm.snapshots().len()"), "0");
    daemon.virsh(&["start", "sr-chain"]);
    assert_holds(&guest, "vda.qcow2", 0x55, 5);
}

/// Asserts that a MiB of an image and what is below it holds only this byte.
#[track_caller]
fn assert_holds(guest: &DiskGuest<'_>, file: &str, byte: u8, at_mib: usize) {
    let name = file.strip_suffix(".qcow2").unwrap_or(file);
    let path = guest.file(name);
    // The helper's files end in `.qcow2`: the others are looked at by a link that does.
    if !path.exists() {
        std::os::unix::fs::symlink(path.with_extension(""), &path).unwrap();
    }
    guest.assert_holds(name, byte, u32::try_from(at_mib).unwrap());
}

#[test]
fn a_merge_that_was_killed_is_finished_by_the_next_run() {
    lab_or_skip!(Need::Qemu, Need::Program("qemu-io"));
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "sr-kill", 1);
    for name in ["one", "two"] {
        let _ = value(&guest, &format!("snapshots::create(vm, #{{ name: \"{name}\" }}); ()"));
        (0..4).for_each(|place| guest.write(0, 0x11, place));
    }
    // So slow that it never ends: `one` lies in the middle, `two` is what the guest writes to.
    for name in ["one", "two"] {
        let slow = format!("{IMPORT}snapshots::discard(vm.snapshot(\"{name}\"), #{{ bandwidth: 1 }})");
        let started = guest.script("").args(["-e", &slow]).status(137).any_stdout().any_stderr().start();
        eventually(Duration::from_secs(60), "the merge to begin", || {
            (guest.value("vm.block_job_info(\"vda\")") != "null").then_some(())
        });
        // While the first run is at work, others stay away.
        let (code, message, _) = refused(&guest, "snapshots::recover(vm, #{})");
        assert_eq!(code, "operation_invalid", "{message}");
        assert!(message.contains(&format!("process {} is at work", started.running.pid())), "{message}");
        started.running.signal_group("KILL");
        started.finish();
        let rows = "snapshots::recover(vm, #{}).map(|row| `${row.snapshot} ${row.result}`)";
        assert_eq!(value(&guest, rows), format!(r#"["{name} merged"]"#));
        assert_eq!(note(&guest), "null");
    }
    assert_eq!(chain(&guest), ["qcow2"]);
    assert_eq!(guest.value("[vm.snapshots().len(), vm.block_job_info(\"vda\")]"), "[0,null]");
    guest.assert_holds("vda", 0x11, 3);
}

#[test]
fn what_a_killed_run_left_half_made_is_recognised() {
    lab_or_skip!(Need::Qemu, Need::Program("qemu-io"));
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "sr-half", 1);
    let recovered =
        || value(&guest, "snapshots::recover(vm, #{}).map(|row| `${row.snapshot} ${row.result}`)");
    let overlay = |name: &str| {
        guest.value(&format!(
            "vm.snapshot_create(#{{ name: \"{name}\", disk_only: true, no_metadata: true,
                 disks: [#{{ name: \"vda\", file: folder + \"vda.{name}\" }}] }}); ()"
        ))
    };

    // The guest writes to the new image, and libvirt knows no snapshot.
    leave_note(&guest, "create", "used");
    let _ = overlay("used");
    guest.write(0, 0x77, 1);
    assert_eq!(recovered(), r#"["used taken back"]"#);
    assert_eq!((chain(&guest), note(&guest)), (vec!["qcow2".to_owned()], "null".to_owned()));
    guest.assert_holds("vda", 0x77, 1);

    // The new image is there, and nobody uses it.
    leave_note(&guest, "create", "lying");
    let lying = guest.file("vda").with_extension("lying");
    std::fs::write(&lying, "half").unwrap();
    assert_eq!(recovered(), r#"["lying taken back"]"#);
    assert!(!lying.exists());

    // Nothing was done yet; and the snapshot was complete.
    leave_note(&guest, "create", "nothing");
    assert_eq!(recovered(), "[]");
    let _ = value(&guest, "snapshots::create(vm, #{ name: \"whole\" }); ()");
    leave_note(&guest, "create", "whole");
    assert_eq!(recovered(), r#"["whole complete"]"#);
    assert_eq!(chain(&guest), ["whole", "qcow2"]);

    // libvirt knows it, but its file was merged by somebody and is gone.
    daemon.virsh(&["blockcommit", "sr-half", "vda", "--active", "--pivot", "--wait"]);
    let _ = std::fs::remove_file(guest.file("vda").with_extension("whole"));
    assert_eq!(recovered(), r#"["whole forgotten"]"#);

    // It was merged, and the snapshot above was told so; all but the snapshot itself is done.
    let _ = value(&guest, "for name in [\"below\", \"above\"] { snapshots::create(vm, #{ name: name }) } ()");
    let merged = "let image = folder + \"vda.qcow2\"; let overlay = folder + \"vda.below\";
         vm.block_commit(\"vda\", #{ top: overlay, base: image, delete: true }).wait();
         vm.snapshot(\"above\").edit(|snapshot| {
             for element in snapshot.all(\"//disk\") + snapshot.all(\"//backingStore\") {
                 if element[\"source/@file\"] == overlay { element[\"source/@file\"] = image }
             }
         }); ()";
    let _ = guest.value(merged);
    leave_note(&guest, "discard", "below");
    assert_eq!(recovered(), r#"["below merged"]"#);
    assert_eq!((chain(&guest), note(&guest)), (vec!["above".into(), "qcow2".into()], "null".to_owned()));
    assert_eq!(value(&guest, "snapshots::discard(vm.snapshot(\"above\"))"), "\"merged\"");

    // A file that no note names is not ours, whatever it is called.
    std::fs::write(&lying, "a user's").unwrap();
    let _ = value(&guest, "snapshots::create(vm); ()");
    assert_eq!(std::fs::read(&lying).unwrap(), b"a user's");
}

#[test]
fn what_would_lose_data_is_refused_with_a_way_out() {
    lab_or_skip!(Need::Qemu, Need::Program("qemu-io"));
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "sr-unsafe", 2);
    let problems = |options: &str| {
        value(
            &guest,
            &format!("snapshots::preflight(vm, {options}).map(|one| `${{one.disk}} ${{one.problem}}`)"),
        )
    };
    assert_eq!(problems("#{}"), "[]");
    assert_eq!(problems("#{ mode: \"internal\" }"), r#"[" memory"]"#);
    assert_eq!(problems("#{ mode: \"internal\", memory: true }"), "[]");

    // Another guest uses the image.
    let xml = crate::support::lab::empty_domain_xml("sr-other").replace(
        "</domain>",
        &format!(
            "<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{}'/>\
             <target dev='vda' bus='virtio'/></disk></devices></domain>",
            text(&guest.file("vdb"))
        ),
    );
    daemon.define("define", &xml);
    assert_eq!(problems("#{}"), r#"["vdb shared"]"#);
    let (code, message, hint) = refused(&guest, "snapshots::create(vm)");
    assert_eq!(code, "snapshot_unsafe");
    assert!(
        message.contains("is used by [\"sr-other\"] too") && hint.contains("block_copy"),
        "{message} {hint}"
    );
    assert_eq!(problems("#{ disks: [\"vda\"] }"), "[]");
    daemon.virsh(&["undefine", "sr-other"]);

    // A job works on a disk.
    let job = "vm.block_copy(\"vda\", folder + \"slow.qcow2\", #{ transient_job: true, bandwidth: 1 }); ()";
    guest.write(0, 0x11, 1);
    let _ = guest.value(job);
    assert_eq!(problems("#{}"), r#"["vda block_job"]"#);
    daemon.virsh(&["blockjob", "sr-unsafe", "vda", "--abort"]);

    // Internal and external ones do not mix, and what others made is left alone.
    let _ = guest.value("vm.snapshot_create(#{ name: \"inside\" }); ()");
    assert_eq!(problems("#{ mode: \"external\" }"), r#"[" mixed"]"#);
    assert_eq!(refused(&guest, "snapshots::discard(vm.snapshot(\"inside\"))").0, "snapshot_unsafe");
    assert_eq!(value(&guest, "snapshots::prune(vm, #{ last: 0 })"), "[]");
    let _ = guest.value("vm.snapshot(\"inside\").delete()");
    let _ = value(&guest, "snapshots::create(vm, #{ name: \"above\" }); ()");
    assert_eq!(problems("#{ mode: \"internal\", memory: true }"), r#"[" mixed"]"#);

    // A guest that stands on the image which would be written into keeps it from being merged.
    let clone = guest.file("clone");
    qemu_img(&["create", "-q", "-f", "qcow2", "-b", text(&guest.file("vdb")), "-F", "qcow2", text(&clone)]);
    daemon.define("define", &xml.replace(text(&guest.file("vdb")), text(&clone)));
    daemon.virsh(&["start", "sr-other"]);
    let (code, message, _) = refused(&guest, "snapshots::discard(vm.snapshot(\"above\"))");
    assert_eq!(code, "snapshot_unsafe");
    assert!(message.contains("sr-unsafe-vdb.qcow2 is used by [\"sr-other\"] too"), "{message}");
}

/// Defines a guest that is off and has one disk.
fn define_with(daemon: &Daemon, name: &str, type_of_disk: &str, source: &str) {
    let disk = format!(
        "<disk type='{type_of_disk}' device='disk'><driver name='qemu' type='qcow2'/><source {source}/>\
         <target dev='vda' bus='virtio'/></disk>"
    );
    let xml = crate::support::lab::empty_domain_xml(name)
        .replace("</domain>", &format!("<devices>{disk}</devices></domain>"));
    daemon.define("define", &xml);
}

#[test]
fn an_image_that_others_reach_by_another_way_is_not_merged() {
    lab_or_skip!(Need::Qemu, Need::Program("qemu-io"));
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "sr-ways", 1);
    let _ = value(&guest, "snapshots::create(vm, #{ name: \"above\" }); ()");
    let folder = daemon.dir().join("vm");
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let refusal = || {
        let (code, message, hint) = refused(&guest, "snapshots::discard(vm.snapshot(\"above\"))");
        assert_eq!((code.as_str(), chain(&guest)), ("snapshot_unsafe", vec!["above".into(), "qcow2".into()]));
        format!("{message}; {hint}")
    };

    // By a link to the image below.
    std::os::unix::fs::symlink(guest.file("vda"), path("link.qcow2")).unwrap();
    define_with(&daemon, "sr-link", "file", &format!("file='{}'", path("link.qcow2")));
    assert!(refusal().contains("sr-ways-vda.qcow2 is used by [\"sr-link\"] too"), "{}", refusal());
    daemon.virsh(&["undefine", "sr-link"]);

    // By a layer that names it relative to itself, over another one, in no pool.
    qemu_img(&["create", "-q", "-f", "qcow2", "-b", "sr-ways-vda.qcow2", "-F", "qcow2", &path("one.qcow2")]);
    qemu_img(&["create", "-q", "-f", "qcow2", "-b", "one.qcow2", "-F", "qcow2", &path("two.qcow2")]);
    define_with(&daemon, "sr-layer", "file", &format!("file='{}'", path("two.qcow2")));
    assert!(refusal().contains("is used by [\"sr-layer\"] too"), "{}", refusal());

    // Where nobody can tell what that guest stands on, the way out is named.
    let code = format!(
        "{IMPORT}let e = attempt(|| snapshots::discard(vm.snapshot(\"above\"))).error; print(`${{e.message}}; ${{e.hint}}`)"
    );
    let said = guest.script(&code).args(["--deny", "run"]).any_stdout().run().stdout();
    assert!(
        said.contains("two.qcow2 of sr-layer stands on") && said.contains("or say unseen: true"),
        "{said}"
    );
    daemon.virsh(&["undefine", "sr-layer"]);
    for name in ["one.qcow2", "two.qcow2"] {
        std::fs::remove_file(path(name)).unwrap();
    }

    // As a volume of a pool, by its name; and by nobody, but with something on it.
    let pool = folder.join("pool");
    std::fs::create_dir(&pool).unwrap();
    let layer = pool.join("clone.qcow2");
    qemu_img(&["create", "-q", "-f", "qcow2", "-b", text(&guest.file("vda")), "-F", "qcow2", text(&layer)]);
    daemon.virsh(&["pool-create-as", "sr-pool", "dir", "--target", text(&pool)]);
    define_with(&daemon, "sr-volume", "volume", "pool='sr-pool' volume='clone.qcow2'");
    assert!(refusal().contains("sr-ways-vda.qcow2 is used by [\"sr-volume\"] too"), "{}", refusal());
    daemon.virsh(&["undefine", "sr-volume"]);
    assert!(refusal().contains("pool/clone.qcow2 is a layer over"), "{}", refusal());
    daemon.virsh(&["vol-delete", "clone.qcow2", "sr-pool"]);

    assert_eq!(value(&guest, "snapshots::discard(vm.snapshot(\"above\"))"), "\"merged\"");
    assert_eq!(chain(&guest), ["qcow2"]);
}

#[test]
fn a_checkpoint_that_bars_the_way_back_is_told_before_anything_is_changed() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "sr-bar", 1);
    let _ =
        guest.value("vm.snapshot_create(#{ name: \"before\" }); vm.checkpoint_create(#{ name: \"c1\" }); ()");
    let names = |message: &str, hint: &str| {
        assert!(message.contains("sr-bar has the checkpoint \"c1\""), "{message}");
        assert!(hint.contains("domain(\"sr-bar\").checkpoints() { point.delete() }"), "{hint}");
    };
    for code in [
        "snapshots::go_back(vm.snapshot(\"before\"))",
        "snapshots::check_revert(vm)",
        "snapshots::create(vm, #{ mode: \"internal\", memory: true })",
    ] {
        let (code, message, hint) = refused(&guest, code);
        assert_eq!(code, "snapshot_unsafe");
        names(&message, &hint);
    }
    for (arguments, result) in [(&["--all"][..], "failed"), (&["--all", "--dry-run"], "no way back")] {
        let script = Virhai::new().connect(&daemon.uri()).args(["-o", "json"]);
        let run = script.arg(project("scripts/patch-guests.rhai")).args(arguments).status(1).any_stdout();
        let run = run.any_stderr().run();
        let rows: Value = serde_json::from_str(&run.stdout()).unwrap();
        assert_eq!((&rows[0]["name"], &rows[0]["result"]), (&"sr-bar".into(), &result.into()));
        names(rows[0]["error"].as_str().unwrap(), &run.stderr());
    }
    assert_eq!(guest.value("[vm.state, vm.snapshots().len()]"), "[\"running\",1]");

    let _ = guest.value("for point in vm.checkpoints() { point.delete() }");
    let _ = value(&guest, "snapshots::go_back(vm.snapshot(\"before\")); ()");
    assert_eq!(guest.value("vm.state"), "\"running\"");
}
