//! `nightly-backup`: every guest, whatever happens to one of them, and a report to paste.

use std::fs;

use crate::support::disk_guest::text;
use crate::support::{Daemon, DiskGuest, Need, Virhai, lab_or_skip, project};

fn nightly(daemon: &Daemon, arguments: &[&str]) -> Virhai {
    let store = daemon.dir().join("vm/store");
    let script = project("scripts/nightly-backup.rhai");
    Virhai::new()
        .connect(&daemon.uri())
        .args(["-o", "table"])
        .arg(script)
        .args(["--to", text(&store)])
        .args(arguments)
}

#[test]
fn guests_are_backed_up_verified_and_rotated() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let store = daemon.dir().join("vm/store");
    nightly(&daemon, &[]).status(2).stderr_contains("there is no folder").run();
    fs::create_dir(&store).unwrap();
    let guests = ["nb-one", "nb-two"].map(|name| DiskGuest::start(&daemon, name, 1));
    guests[0].write(0, 1, 1);

    let planned = nightly(&daemon, &["--plan"]).any_stdout().run().stdout();
    assert!(planned.contains("nb-one") && planned.contains("nb-two"), "{planned}");
    assert_eq!(fs::read_dir(&store).unwrap().count(), 0);

    let first = nightly(&daemon, &["--verify"]).any_stdout().run().stdout();
    assert!(!first.contains("rotation") && first.contains("verification"), "{first}");
    assert_eq!(first.matches("full").count(), 4, "{first}");

    // The disk of one is gone: the other one is backed up, the report says so, and so does the status.
    daemon.virsh(&["destroy", "nb-two"]);
    fs::remove_file(guests[1].file("vda")).unwrap();
    let second = nightly(&daemon, &[]).status(1).any_stdout().run().stdout();
    let line = |text: &str, name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(line(&second, "nb-one").contains("incremental"), "{second}");
    let failed = line(&second, "nb-two");
    assert!(failed.contains("failed") && failed.contains("nb-two-vda.qcow2"), "{second}");

    // A new chain, and of the old one nothing is left; of the guest that failed, all.
    let third = nightly(&daemon, &["--full-every", "1s", "--keep-last", "1", "--guests", "nb-o*"])
        .any_stdout()
        .run()
        .stdout();
    assert_eq!(third.matches("removed").count(), 2, "{third}");
    assert_eq!(fs::read_dir(store.join("nb-one")).unwrap().count(), 1);
    assert_eq!(fs::read_dir(store.join("nb-two")).unwrap().count(), 1);

    nightly(&daemon, &["--guests", "nb-three"])
        .status(2)
        .stderr_contains("there is no guest \"nb-three\"")
        .run();
    nightly(&daemon, &["--keep-daily", "few"])
        .status(2)
        .stderr_contains("\"few\" is not a whole number")
        .run();
}
