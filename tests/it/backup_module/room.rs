//! Folders for backups that are full.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::Kept;
use crate::support::process::run;
use crate::support::{Daemon, Need, lab_or_skip};

/// A small file system in memory; it goes when it is dropped.
struct Small(tempfile::TempDir);

impl Small {
    fn mount() -> Self {
        let folder = tempfile::tempdir().unwrap();
        mount(&["-t", "tmpfs", "-o", "size=8m", "tmpfs"], folder.path());
        Self(folder)
    }

    fn grow(&self) {
        mount(&["-o", "remount,size=64m"], self.0.path());
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[track_caller]
fn mount(options: &[&str], folder: &Path) {
    let mut mount = Command::new("mount");
    mount.args(options).arg(folder);
    let done = run(mount, Duration::from_secs(30));
    assert_eq!(done.status, 0, "{}", done.stderr());
}

#[test]
fn a_full_disk_leaves_the_chain_as_it_was() {
    lab_or_skip!(Need::Root, Need::Qemu, Need::Program("qemu-io"));
    // The daemon sees what was mounted before it began.
    let small = Small::mount();
    let daemon = Daemon::start();
    let kept = Kept::with_store(&daemon, "bm-room", 1, small.0.path().to_owned());
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

    small.grow();
    kept.guest.write(0, 3, 3);
    assert_eq!(kept.run(""), "incremental: incremental");
    kept.assert_restores("bm-roomy", &["vda"]);
}
