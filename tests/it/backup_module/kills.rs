//! Runs that are killed, and what the next one finds.

use std::fs;
use std::time::Duration;

use super::Kept;
use crate::support::{Daemon, Need, Virhai, eventually, lab_or_skip, soak};

const LIMIT: Duration = Duration::from_secs(60);

impl Kept<'_> {
    fn backing_up(&self, options: &str) -> Virhai {
        let code = format!("backup::run(vm, #{{ folder: store, {options} }}); ()");
        self.script(&code).any_stdout().any_stderr().status(137)
    }

    fn is_unfinished(&self) -> bool {
        let chains = fs::read_dir(self.store.join(self.name)).into_iter().flatten().flatten();
        let folders = chains.flat_map(|chain| fs::read_dir(chain.path()).into_iter().flatten().flatten());
        folders.map(|folder| folder.path()).any(|folder| folder.join("unfinished.json").exists())
    }
}

#[test]
fn a_run_killed_half_way_is_ended_and_removed_by_the_next() {
    lab_or_skip!(Need::Qemu, Need::Program("qemu-io"));
    let daemon = Daemon::start();
    let kept = Kept::start(&daemon, "bm-killed", 1);
    daemon.virsh(&["blockresize", "bm-killed", "vda", "1G"]);
    kept.guest.write(0, 1, 1);
    assert_eq!(kept.run(""), "full: full");
    // So much that it is not copied before the rate is set.
    kept.guest.fill(0, 2, 20, 800);

    // It fails for a moment while a backup begins.
    let job = || daemon.try_virsh(&["domjobinfo", "bm-killed"]).stdout();
    let started = kept.backing_up("rate: \"256KiB\"").start();
    eventually(LIMIT, "the backup to go on", || job().contains("Backup").then_some(()));
    eventually(LIMIT, "the limit of its rate", || {
        daemon.virsh(&["blockjob", "bm-killed", "vda"]).contains("262144").then_some(())
    });
    started.running.signal("KILL");
    started.finish();
    assert!(job().contains("Backup"), "libvirt does not know that nobody wants it any more");
    assert!(kept.is_unfinished());
    assert_eq!(kept.verified(), ["ok"], "what is half made is no backup");

    kept.guest.write(0, 3, 3);
    assert_eq!(kept.run(""), "incremental: incremental");
    assert!(!job().contains("Backup") && !kept.is_unfinished());
    assert_eq!(kept.checkpoints().len(), 1);
    assert_eq!(kept.verified(), ["ok", "ok"]);
    kept.assert_restores("bm-healed", &["vda"]);

    // One that takes too long is given up, and leaves nothing.
    kept.guest.fill(0, 4, 20, 800);
    let late = kept.failure("rate: \"256KiB\", timeout: \"1ms\"");
    assert_eq!(late["code"], "timeout", "{late}");
    assert!(!job().contains("Backup") && !kept.is_unfinished());
    // Nor does it disturb another's, which is not ours to end.
    let others = "vm.backup_begin(#{ disks: [#{ name: \"vda\", target: folder + \"mine.qcow2\" }] });
        vm.block_job_set_speed(\"vda\", \"256KiB\");
        attempt(|| backup::run(vm, #{ folder: store })).error.code";
    assert_eq!(kept.value(others), "operation_invalid");
    assert!(job().contains("Backup"));
    daemon.virsh(&["domjobabort", "bm-killed"]);
}

#[test]
fn a_run_killed_at_any_moment_heals() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let kept = Kept::start(&daemon, "bm-moment", 1);
    assert_eq!(kept.run(""), "full: full");
    let moments: Vec<u64> = if soak() { (0..50).map(|n| n * 15).collect() } else { vec![60, 180, 350] };
    for (round, after) in moments.into_iter().enumerate() {
        let byte = u8::try_from(round).unwrap() + 1;
        kept.guest.write(0, byte, u32::from(byte % 15));
        let started = kept.backing_up("").start();
        std::thread::sleep(Duration::from_millis(after));
        started.running.signal("KILL");
        // It may have been done before.
        let _ = started.running.finish();
        kept.guest.write(0, byte, u32::from((byte + 5) % 15));
        assert_eq!(kept.run(""), "incremental: incremental", "killed after {after} ms");
        assert!(!kept.is_unfinished());
        assert_eq!(kept.checkpoints().len(), 1);
        assert!(kept.verified().iter().all(|status| status == "ok"), "killed after {after} ms");
        kept.assert_restores(&format!("bm-moment{round}"), &["vda"]);
    }
}

#[test]
fn only_what_is_known_to_be_half_made_is_removed() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let kept = Kept::start(&daemon, "bm-halves", 1);
    assert_eq!(kept.run(""), "full: full");
    let chain = kept.folders()[0].parent().unwrap().to_owned();
    let place = |name: &str, file: &str| {
        let folder = chain.join(name);
        fs::create_dir_all(&folder).unwrap();
        if !file.is_empty() {
            fs::write(folder.join(file), "{}").unwrap();
        }
        folder
    };
    let half = place("20260101-000000", "unfinished.json");
    let begun = place("20260101-000001", "");
    let others = [place("20260101-000002", "precious.img"), place("my-notes", "unfinished.json")];
    // Killed between its two last steps, it is a backup.
    fs::write(kept.folders().last().unwrap().join("unfinished.json"), "{}").unwrap();
    let done = kept.value("backup::list(store)").as_array().unwrap().len();
    let _ = kept.run("");
    assert!(!half.exists() && !begun.exists());
    assert!(others.iter().all(|folder| folder.exists()));
    assert_eq!(kept.value("backup::list(store)").as_array().unwrap().len(), done + 1);
}
