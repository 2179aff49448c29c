//! Eight kinds of things that a QEMU guest leaves behind, and that all of them are gone.

use std::path::{Path, PathBuf};

use crate::support::{Daemon, Need, Virhai, lab_or_skip};

/// A guest with everything: firmware with variables, seed, snapshot with files, checkpoint, managed save.
///
/// The firmware is a file of zeros: the guest stands still, and libvirt makes its variables all the same.
const MADE: &str = r#"
    import "provision" as provision;
    import "ensure" as ensure;
    let dir = args[0];
    ensure::pool(`<pool type="dir"><name>vms</name><target><path>${dir}/vm/pool</path></target></pool>`, #{ active: true });
    let options = #{ name: "le-web", memory: "32MiB", disks: ["8MiB", "4MiB"], network: "user", cloud_init: #{ user: "me" },
        uefi: #{ loader: `${dir}/vm/code.fd`, template: `${dir}/vm/vars.fd` }, start: true };
    if args[1] == "tpm" { options.tpm = true }
    let vm = provision::create(options);
    vm.snapshot_create(#{ name: "s1", disk_only: true });
    vm.checkpoint_create(#{ name: "c1" });
    // With memory: a file more.
    vm.snapshot_create_xml(`<domainsnapshot><name>s2</name><memory snapshot="external" file="${dir}/vm/pool/s2.mem"/><disks>
        <disk name="vda" snapshot="external"/><disk name="vdb" snapshot="no"/><disk name="sda" snapshot="no"/></disks></domainsnapshot>`);
    vm.managed_save().wait();
    vm.set_metadata("urn:mine", "mine", "<owner>me</owner>", #{ config: true });
    print(vm.state);
"#;

const REMOVED: &str = r#"
    import "provision" as provision;
    let plan = provision::plan("le-web");
    let kinds = [];
    for item in plan.items { if !(item.kind in kinds) { kinds.push(item.kind) } }
    kinds.sort();
    print(kinds);
    let done = provision::remove("le-web", #{});
    print(done.items.filter(|item| item.action != "removed").len());
    print([domains(), pool("vms").volumes()]);
"#;

/// All files below a folder, but for what libvirt caches, locks and logs.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// What a guest may leave: files of disks, and what libvirt keeps for guests.
fn traces(daemon: &Daemon) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = ["vm", "lib/qemu", "lib/swtpm", "etc/qemu"]
        .iter()
        .flat_map(|folder| files(&daemon.dir().join(folder)))
        .collect();
    all.retain(|path| {
        let text = path.to_string_lossy();
        !text.contains("capabilities") && !text.contains("/networks/") && !text.ends_with("master-key.aes")
    });
    all
}

fn remove_everything(tpm: bool) {
    let daemon = Daemon::start();
    let folder = daemon.dir().join("vm/pool");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, size) in [("code.fd", 4 << 20), ("vars.fd", 128 << 10)] {
        std::fs::write(daemon.dir().join("vm").join(name), vec![0; size]).unwrap();
    }
    let before = traces(&daemon);
    let run = |code: &str| {
        Virhai::new().connect(&daemon.uri()).args(["-e", code]).arg(daemon.dir()).arg(if tpm {
            "tpm"
        } else {
            ""
        })
    };
    run(MADE).stdout("shutoff\n").run();
    let made = traces(&daemon);
    let has = |part: &str| made.iter().any(|path| path.to_string_lossy().contains(part));
    for part in [
        "le-web.qcow2",
        "le-web-vdb.qcow2",
        "le-web-seed.iso",
        "le-web_VARS.fd",
        "le-web.s1",
        "le-web.s2",
        "s2.mem",
        "le-web.save",
        "snapshot/le-web/s1.xml",
        "checkpoint/le-web/c1.xml",
        "qemu/le-web.xml",
    ] {
        assert!(has(part), "{part}: {made:?}");
    }
    assert_eq!(has("lib/swtpm/"), tpm, "{made:?}");
    let tpm = if tpm { ", \"tpm\"" } else { "" };
    run(REMOVED)
        .stdout(format!(
            "[\"checkpoint\", \"definition\", \"disk\", \"managed save\", \"metadata\", \"nvram\", \"seed image\", \"snapshot\", \
             \"snapshot file\", \"snapshot memory\"{tpm}]\n0\n[[], []]\n"
        ))
        .run();
    assert_eq!(traces(&daemon), before);
}

#[test]
fn eight_kinds_of_leftovers_are_gone() {
    lab_or_skip!(Need::Qemu, Need::Program("swtpm"), Need::Program("swtpm_setup"));
    remove_everything(true);
}

#[test]
fn leftovers_are_gone_without_a_tpm() {
    lab_or_skip!(Need::Qemu);
    remove_everything(false);
}
