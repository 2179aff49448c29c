//! Snapshots and checkpoints with real images; their trees are tested on the test driver.

use crate::support::disk_guest::text;
use crate::support::{Daemon, DiskGuest, Need, lab_or_skip};

#[test]
fn an_external_snapshot_keeps_disks_and_memory_as_they_were() {
    lab_or_skip!(Need::Qemu, Need::Program("qemu-io"));
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "sn-ext", 2);
    guest.write(0, 0x11, 1);
    let facts = guest.value(
        "let snap = vm.snapshot_create(#{ name: \"full\", live: true, memory: folder + \"memory.qcow2\",
             disks: [#{ name: \"vda\", file: folder + \"top.qcow2\" }, #{ name: \"vdb\", snapshot: \"no\" }] });
         [snap.state, snap.current, vm.state, vm.has_current_snapshot, vm.snapshot_num(#{ external: true })]",
    );
    assert_eq!(facts, r#"["running",true,"running",true,1]"#);
    assert!(std::fs::metadata(guest.file("memory")).unwrap().len() > 0);
    assert_eq!(guest.source("vda"), text(&guest.file("top")));
    guest.write(0, 0x22, 1);
    guest.assert_holds("vda", 0x11, 1);
    guest.assert_holds("top", 0x22, 1);

    // libvirt learned to go back to one in 9.9.0.
    let went = guest.value("attempt(|| vm.snapshot(\"full\").revert()).ok");
    if went == "false" {
        let (code, _, hint) = guest.error("vm.snapshot(\"full\").revert()");
        assert_eq!((code.as_str(), hint.contains("9.9.0")), ("config_unsupported", true));
    }
    let facts = guest.value("vm.snapshot(\"full\").delete(#{ metadata_only: true }); vm.snapshots().len()");
    assert_eq!(facts, "0");
}

#[test]
fn an_internal_snapshot_brings_the_disk_back() {
    lab_or_skip!(Need::Qemu, Need::Program("qemu-io"));
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "sn-int", 1);
    guest.write(0, 0x11, 1);
    let _ = guest.value("vm.snapshot_create(#{ name: \"good\" }); ()");
    guest.write(0, 0x22, 1);
    let facts = guest.value(
        "vm.snapshot(\"good\").revert(#{ paused: true }); let state = vm.state; vm.resume();
         [state, vm.state, vm.snapshot(\"good\").domain == vm]",
    );
    assert_eq!(facts, r#"["paused","running",true]"#);
    guest.assert_holds("vda", 0x11, 1);
    let _ = guest.value("vm.snapshot_current().delete()");
    assert_eq!(guest.value("vm.snapshot_num()"), "0");
}

#[test]
fn a_checkpoint_counts_what_is_written_and_is_redefined() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "sn-check", 2);
    let _ = guest.value("vm.checkpoint_create(#{ name: \"c1\", disks: [\"vda\"] }); ()");
    guest.write(0, 0x11, 1);
    let size =
        "vm.checkpoint(\"c1\").xml_desc(#{ size: true })[\"disks/disk[@name='vda']/@size\"].parse_int()";
    assert_eq!(guest.value(size), "1048576");

    // libvirt forgets it, and is told again; the bitmap was there all the time.
    let facts = guest.value(&format!(
        "let doc = vm.checkpoint(\"c1\").xml_desc(#{{ secure: true }});
         vm.checkpoint(\"c1\").delete(#{{ metadata_only: true }});
         let none = vm.checkpoints().len();
         let again = vm.checkpoint_create_xml(doc, #{{ redefine: true, redefine_validate: true }});
         [none, again.name, {size}]"
    ));
    assert_eq!(facts, r#"[0,"c1",1048576]"#);

    // Without its bitmap it is refused.
    let (code, ..) = guest.error(
        "let doc = vm.checkpoint(\"c1\").xml_desc(#{ secure: true }); vm.checkpoint(\"c1\").delete();
         vm.checkpoint_create_xml(doc, #{ redefine: true, redefine_validate: true })",
    );
    assert_eq!(code, "checkpoint_inconsistent");
    assert_eq!(guest.error("vm.checkpoint_create(#{ disks: [\"vdz\"] })").0, "config_unsupported");
}
