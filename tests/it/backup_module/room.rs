//! Folders for backups that are full.

use super::Kept;
use crate::support::{Daemon, Need, SmallDisk, lab_or_skip};

#[test]
fn a_full_disk_leaves_the_chain_as_it_was() {
    lab_or_skip!(Need::Root, Need::Qemu, Need::Program("qemu-io"));
    // The daemon sees what was mounted before it began.
    let small = SmallDisk::mount("8m");
    let daemon = Daemon::start();
    let kept = Kept::with_store(&daemon, "bm-room", 1, small.path().to_owned());
    kept.guest.write(0, 1, 1);
    assert_eq!(kept.run(""), "full: full");
    kept.guest.fill(0, 2, 2, 12);
    let before = (kept.checkpoints(), kept.folders());

    // Refused before anything is written, where df tells how much room there is.
    let refused = kept.failure("");
    assert!(refused["message"].as_str().unwrap().contains("there is no room"), "{refused}");
    // Where nobody tells, QEMU finds out.
    let tools = tempfile::tempdir().unwrap();
    let code = "let e = attempt(|| backup::run(vm, #{ folder: store })).error; [e.code, e.message]";
    let failed = kept.script(code).env("PATH", tools.path()).any_stdout().run().stdout();
    assert!(failed.contains("No space left on device"), "{failed}");
    assert_eq!((kept.checkpoints(), kept.folders()), before);
    assert_eq!(kept.verified(), ["ok"]);

    small.set("size=64m");
    kept.guest.write(0, 3, 3);
    assert_eq!(kept.run(""), "incremental: incremental");
    kept.assert_restores("bm-roomy", &["vda"]);
}
