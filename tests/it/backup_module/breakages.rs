//! What breaks the chain of a disk: the next backup has that disk whole, and restores.

use std::time::Duration;

use serde_json::Value;

use super::Kept;
use crate::support::{Daemon, Need, eventually, lab_or_skip};

const LIMIT: Duration = Duration::from_secs(60);

impl Kept<'_> {
    /// Asks QEMU itself.
    #[track_caller]
    fn qemu(&self, command: &Value) -> Value {
        let answer = self.daemon.virsh(&["qemu-monitor-command", self.name, &command.to_string()]);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer.get("error").is_none(), "{command}: {answer}");
        answer["return"].clone()
    }

    /// The name of a disk's image within QEMU, and the bitmaps in it.
    #[track_caller]
    fn node(&self, disk: usize) -> (String, Vec<Value>) {
        let blocks = self.qemu(&serde_json::json!({ "execute": "query-block" }));
        let path = format!("virtio-disk{disk}/");
        let blocks = blocks.as_array().unwrap();
        let block = blocks.iter().find(|block| block["qdev"].as_str().unwrap_or("").contains(&path)).unwrap();
        let inserted = &block["inserted"];
        let bitmaps = inserted["dirty-bitmaps"].as_array().cloned().unwrap_or_default();
        (inserted["node-name"].as_str().unwrap().to_owned(), bitmaps)
    }

    /// Kills QEMU, so that it can save nothing, and starts the guest again.
    #[track_caller]
    fn kill_qemu(&self) {
        let file = self.daemon.dir().join(format!("run/qemu/{}.pid", self.name));
        let pid = std::fs::read_to_string(file).unwrap();
        crate::support::process::send_signal(pid.trim(), "KILL");
        let state = || self.daemon.virsh(&["domstate", self.name]);
        eventually(LIMIT, "the guest to be off", || (state() == "shut off").then_some(()));
        self.daemon.virsh(&["start", self.name]);
    }
}

#[test]
fn a_disk_whose_changes_are_not_known_is_whole_again() {
    lab_or_skip!(Need::Qemu, Need::Program("qemu-io"));
    let daemon = Daemon::start();
    let kept = Kept::start(&daemon, "bm-breaks", 2);
    kept.guest.write(0, 1, 1);
    assert_eq!(kept.run(""), "full: full full");

    // The bitmap of one disk is lost.
    let (node, bitmaps) = kept.node(1);
    let lost = serde_json::json!({ "node": node, "name": bitmaps[0]["name"] });
    let _ = kept.qemu(&serde_json::json!({ "execute": "block-dirty-bitmap-remove", "arguments": lost }));
    kept.guest.write(0, 2, 2);
    kept.guest.write(1, 2, 2);
    assert_eq!(kept.run(""), "incremental: incremental full");
    kept.assert_restores("bm-lost", &["vda", "vdb"]);

    // The bitmaps are broken: QEMU was killed while it had them.
    daemon.virsh(&["destroy", "bm-breaks"]);
    daemon.virsh(&["start", "bm-breaks"]);
    kept.kill_qemu();
    assert_eq!(kept.node(0).1[0]["inconsistent"], true);
    kept.guest.write(0, 3, 3);
    assert_eq!(kept.run(""), "full: full full");
    kept.assert_restores("bm-broken", &["vda", "vdb"]);
    // Nothing broken is left in the images, where it would stop them from being resized.
    assert_eq!((kept.node(0).1.len(), kept.node(1).1.len()), (1, 1));

    // A disk grows, another one is new.
    daemon.virsh(&["blockresize", "bm-breaks", "vda", "20M"]);
    kept.guest.write(0, 4, 18);
    kept.guest.write(1, 4, 4);
    assert_eq!(kept.run(""), "incremental: full incremental");
    kept.assert_restores("bm-resized", &["vda", "vdb"]);
    let new = kept.guest.file("vdc");
    let file = crate::support::disk_guest::text(&new);
    crate::support::disk_guest::qemu_img(&["create", "-q", "-f", "qcow2", file, "4M"]);
    daemon.virsh(&["attach-disk", "bm-breaks", file, "vdc", "--subdriver", "qcow2", "--config"]);
    daemon.virsh(&["destroy", "bm-breaks"]);
    daemon.virsh(&["start", "bm-breaks"]);
    kept.guest.write(2, 5, 1);
    assert_eq!(kept.run(""), "incremental: incremental incremental full");
    kept.guest.write(2, 6, 2);
    assert_eq!(kept.run(""), "incremental: incremental incremental incremental");
    kept.assert_restores("bm-grown", &["vda", "vdb", "vdc"]);

    // libvirt has forgotten the checkpoint, as after a migration; the images have not.
    daemon.virsh(&["checkpoint-delete", "bm-breaks", &kept.checkpoints()[0], "--metadata"]);
    kept.guest.write(1, 7, 7);
    assert_eq!(kept.run(""), "incremental: incremental incremental incremental");
    kept.assert_restores("bm-forgotten", &["vda", "vdb", "vdc"]);
    // The checkpoint is gone.
    daemon.virsh(&["checkpoint-delete", "bm-breaks", &kept.checkpoints()[0]]);
    assert_eq!(kept.run(""), "full: full full full");
    assert!(kept.verified().iter().all(|status| status == "ok"));
}

#[test]
fn a_chain_that_lost_a_backup_is_not_continued() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let kept = Kept::start(&daemon, "bm-hole", 1);
    assert_eq!(kept.run(""), "full: full");
    assert_eq!(kept.run(""), "incremental: incremental");
    std::fs::remove_file(kept.folders()[0].join("vda.qcow2")).unwrap();
    assert_eq!(kept.run(""), "full: full");
    assert_eq!(kept.verified(), ["damaged", "broken", "ok"]);
}
