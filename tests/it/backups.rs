//! Backups of a running guest: what was written is read back and compared.

use crate::support::disk_guest::{qemu_img, text};
use crate::support::{Daemon, DiskGuest, Need, lab_or_skip};

#[test]
fn a_full_backup_and_an_incremental_one_give_the_disk_back() {
    lab_or_skip!(Need::Qemu, Need::Program("qemu-io"));
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "bk-push", 2);
    guest.write(0, 0x11, 1);
    let push = |file: &str, more: &str| {
        guest.value(&format!(
            "let job = vm.backup_begin(#{{ {more}, disks: [#{{ name: \"vda\", target: folder + \"{file}.qcow2\" }},
                 #{{ name: \"vdb\", backup: false }}] }});
             [job.wait(\"60s\"), job.state, job.progress.processed, vm.checkpoints().map(|c| c.name)]"
        ))
    };
    assert_eq!(push("full", "checkpoint: \"c1\""), r#"[true,"done",16777216,["c1"]]"#);
    guest.write(0, 0x22, 2);
    let since = "incremental: \"c1\", checkpoint: #{ name: \"c2\", description: \"second\" }";
    // Only what changed.
    assert_eq!(push("more", since), r#"[true,"done",1048576,["c1","c2"]]"#);
    guest.write(0, 0x33, 3);

    let (full, more) = (guest.file("full"), guest.file("more"));
    guest.assert_holds("full", 0x11, 1);
    guest.assert_holds("full", 0, 2);
    guest.assert_holds("more", 0x22, 2);
    qemu_img(&["rebase", "-u", "-f", "qcow2", "-F", "qcow2", "-b", text(&full), text(&more)]);
    for (byte, place) in [(0x11, 1), (0x22, 2), (0, 3)] {
        guest.assert_holds("more", byte, place);
    }
    assert_eq!(guest.value("vm.checkpoint(\"c2\").parent.name"), "\"c1\"");
}

#[test]
fn a_pull_backup_is_read_from_its_server_until_it_is_ended() {
    lab_or_skip!(Need::Qemu, Need::Program("qemu-io"));
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "bk-pull", 1);
    guest.write(0, 0x11, 1);
    let _ = guest.value("vm.checkpoint_create(#{ name: \"c1\" }); ()");
    guest.write(0, 0x22, 2);
    let begun = guest.value(
        "let job = vm.backup_begin(#{ incremental: \"c1\", server: \"unix:\" + folder + \"socket\",
             disks: [#{ name: \"vda\", scratch: folder + \"scratch.qcow2\", exportname: \"disk\", exportbitmap: \"changes\" }] });
         let xml = vm.backup_xml();
         [job.wait(\"100ms\"), job.state, xml[\"@mode\"], xml[\"disks/disk/@exportname\"]]",
    );
    assert_eq!(begun, r#"[false,"running","pull","disk"]"#);
    // The reader sees the disk as it was, whatever is written meanwhile.
    guest.write(0, 0x33, 1);
    let socket = daemon.dir().join("vm/bk-pull-socket");
    let url = format!("nbd+unix:///disk?socket={}", socket.display());
    let pulled = guest.file("pulled");
    qemu_img(&["convert", "-f", "raw", "-O", "qcow2", &url, text(&pulled)]);
    guest.assert_holds("pulled", 0x11, 1);
    guest.assert_holds("pulled", 0x22, 2);
    // The server tells which parts changed since the checkpoint.
    let image = format!(
        "driver=nbd,export=disk,server.type=unix,server.path={},x-dirty-bitmap=qemu:dirty-bitmap:changes",
        socket.display()
    );
    let map = qemu_img(&["map", "--output=json", "--image-opts", &image]);
    let map: serde_json::Value = serde_json::from_slice(&map.stdout).unwrap();
    let changed: Vec<_> = map.as_array().unwrap().iter().filter(|part| part["data"] == false).collect();
    assert_eq!(changed.len(), 1, "{map}");
    assert_eq!((changed[0]["start"].as_i64(), changed[0]["length"].as_i64()), (Some(2 << 20), Some(1 << 20)));

    let (code, _, hint) = guest.error("vm.backup_begin()");
    assert_eq!((code.as_str(), hint.contains("vm.abort_job()")), ("operation_invalid", true));
    daemon.virsh(&["domjobabort", "bk-pull"]);
    assert_eq!(guest.error("vm.backup_xml()").0, "no_domain_backup");

    // A script that began it ends it, and that is a good end.
    let ended = guest.value(
        "let job = vm.backup_begin(#{ server: \"unix:\" + folder + \"socket\" }); job.abort();
         [job.wait(\"60s\"), job.state]",
    );
    assert_eq!(ended, r#"[true,"done"]"#);
}

#[test]
fn a_backup_that_cannot_be_leaves_nothing_behind() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "bk-wrong", 1);
    for (code, word) in [
        ("vm.backup_begin(#{ incremental: \"c9\" })", "no_domain_checkpoint"),
        ("vm.backup_begin(#{ disks: [\"vdz\"] })", "config_unsupported"),
        ("vm.backup_begin(#{ disks: [#{ name: \"vda\", target: \"/no/such/file\" }] })", "system_error"),
        ("vm.backup_begin(#{ mode: \"push\", server: \"unix:/x\" })", "usage"),
        ("vm.backup_begin_xml(\"<domainbackup mode='sideways'/>\")", "xml_invalid_schema"),
    ] {
        let (got, message, _) = guest.error(code);
        assert_eq!(got, word, "{code}: {message}");
        assert_eq!(guest.error("vm.backup_xml()").0, "no_domain_backup", "{code}");
    }
    assert_eq!(guest.value("vm.checkpoints().len()"), "0");
}
