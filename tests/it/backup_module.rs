//! The module `backup`: what it keeps can be restored, whatever happened meanwhile.

mod breakages;
mod kills;
mod room;
mod rotation;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::disk_guest::{qemu_img, text};
use crate::support::{Daemon, DiskGuest, Need, Virhai, lab_or_skip};

/// A guest and a folder for its backups.
struct Kept<'a> {
    daemon: &'a Daemon,
    guest: DiskGuest<'a>,
    name: &'static str,
    store: PathBuf,
}

impl<'a> Kept<'a> {
    #[track_caller]
    fn start(daemon: &'a Daemon, name: &'static str, disks: usize) -> Self {
        Self::with_store(daemon, name, disks, daemon.dir().join("vm/store"))
    }

    #[track_caller]
    fn with_store(daemon: &'a Daemon, name: &'static str, disks: usize, store: PathBuf) -> Self {
        fs::create_dir_all(&store).unwrap();
        Self { daemon, guest: DiskGuest::start(daemon, name, disks), name, store }
    }

    /// A script with the module in `backup`, and the folder of all backups in `store`.
    fn script(&self, code: &str) -> Virhai {
        self.guest
            .script(&format!("import \"backup\" as backup; let store = {:?}; {code}", text(&self.store)))
    }

    #[track_caller]
    fn value(&self, code: &str) -> Value {
        let shown = self.script(code).any_stdout().run().stdout();
        serde_json::from_str(&shown).unwrap_or_else(|error| panic!("{error}: {shown}"))
    }

    /// Backs the guest up; returns the kind of the backup and of each of its disks.
    #[track_caller]
    fn run(&self, options: &str) -> String {
        let ran = self.value(&format!("backup::run(vm, #{{ folder: store, {options} }})"));
        let kinds: Vec<_> =
            ran["disks"].as_array().unwrap().iter().map(|disk| disk["kind"].as_str().unwrap()).collect();
        format!("{}: {}", ran["kind"].as_str().unwrap(), kinds.join(" "))
    }

    /// The error of a backup.
    #[track_caller]
    fn failure(&self, options: &str) -> Value {
        self.value(&format!("attempt(|| backup::run(vm, #{{ folder: store, {options} }})).error"))
    }

    /// The statuses of all backups, in their order.
    #[track_caller]
    fn verified(&self) -> Vec<String> {
        let rows = self.value("backup::verify(store)");
        rows.as_array().unwrap().iter().map(|row| row["status"].as_str().unwrap().to_owned()).collect()
    }

    /// The names of the guest's checkpoints.
    fn checkpoints(&self) -> Vec<String> {
        self.daemon
            .virsh(&["checkpoint-list", self.name, "--name"])
            .split_whitespace()
            .map(str::to_owned)
            .collect()
    }

    /// Restores a backup as a guest of this name and returns the file of a disk.
    #[track_caller]
    fn restore(&self, name: &str, id: &str) -> impl Fn(&str) -> PathBuf + use<> {
        let to = self.daemon.dir().join("vm");
        let options = format!("#{{ name: \"{name}\", to: {:?}, id: {id} }}", text(&to));
        let _ = self.value(&format!("backup::restore(store + \"/{}\", {options})", self.name));
        let name = name.to_owned();
        move |disk| to.join(format!("{name}-{disk}.qcow2"))
    }

    /// Asserts that the last backup holds what the guest's disks hold now.
    #[track_caller]
    fn assert_restores(&self, name: &str, disks: &[&str]) {
        let restored = self.restore(name, "()");
        for (number, disk) in disks.iter().enumerate() {
            self.guest.flush(number);
            qemu_img(&["compare", "-q", "-U", text(&self.guest.file(disk)), text(&restored(disk))]);
        }
    }

    /// The folders of single backups, and of what should have become one.
    fn folders(&self) -> Vec<PathBuf> {
        let inner = |folder: &Path| -> Vec<PathBuf> {
            let mut found: Vec<_> =
                fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
            found.sort();
            found
        };
        inner(&self.store.join(self.name)).iter().flat_map(|chain| inner(chain)).collect()
    }
}

/// The checksum of what an image holds.
fn sum_of(image: &Path) -> String {
    let raw = image.with_extension("raw");
    qemu_img(&["convert", "-U", "-O", "raw", text(image), text(&raw)]);
    let code = format!("fs::sha256({:?})", text(&raw));
    Virhai::new().args(["-e", &code]).any_stdout().run().stdout()
}

#[test]
fn a_full_backup_and_five_increments_give_each_state_back() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let kept = Kept::start(&daemon, "bm-chain", 1);
    let mut sums = Vec::new();
    for round in 0..=5_u8 {
        kept.guest.write(0, 0x10 + round, u32::from(round % 4));
        let expected = if round == 0 { "full: full" } else { "incremental: incremental" };
        assert_eq!(kept.run(""), expected);
        kept.guest.flush(0);
        sums.push(sum_of(&kept.guest.file("vda")));
        assert_eq!(kept.checkpoints().len(), 1, "only the last one is of use");
    }
    // What the guest writes after that is in none of them.
    kept.guest.write(0, 0x77, 8);
    let listed = kept.value("backup::list(store)");
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 6);
    assert!(listed[5]["size"].as_i64().unwrap() < 2 << 20, "an increment holds what changed: {}", listed[5]);
    assert_eq!(listed[5]["parent"], listed[4]["id"]);
    for round in [0, 2, 5] {
        let restored = kept.restore(&format!("bm-r{round}"), &listed[round]["id"].to_string());
        assert_eq!(sum_of(&restored("vda")), sums[round], "backup {round}");
    }
    assert_eq!(kept.verified(), ["ok"; 6]);
    // A full one is due by its age, or asked for.
    assert_eq!(kept.run("full_every: \"1s\""), "full: full");
    assert_eq!(kept.run("full: true"), "full: full");
}

#[test]
fn two_folders_have_chains_of_their_own() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let mut kept = Kept::start(&daemon, "bm-two", 1);
    let stores = ["store", "weekly"].map(|name| daemon.dir().join("vm").join(name));
    fs::create_dir_all(&stores[1]).unwrap();
    for round in 0..6_u8 {
        kept.guest.write(0, 0x40 + round, u32::from(round));
        kept.store.clone_from(&stores[usize::from(round % 3 == 1)]);
        let kind = kept.run("");
        assert_eq!(kind.starts_with("full"), round < 2, "{round}: {kind}");
        kept.assert_restores(&format!("bm-two{round}"), &["vda"]);
    }
    assert_eq!(kept.checkpoints().len(), 2);
}

#[test]
fn a_restored_guest_shares_nothing_with_the_first() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let kept = Kept::start(&daemon, "bm-new", 3);
    let card = "<interface type='user'><mac address='52:54:00:11:22:33'/></interface>";
    let _ = kept.value(&format!("vm.attach_device(`{card}`, #{{ config: true }})"));
    // A disk that only the running guest has.
    daemon.virsh(&["detach-disk", "bm-new", "vdc", "--config"]);
    assert_eq!(kept.run("exclude: [\"vdb\"]"), "full: full full");
    let to = format!("{:?}", text(&daemon.dir().join("vm")));
    let made = kept.value(&format!("backup::restore(store, #{{ name: \"bm-copy\", to: {to} }})"));
    assert_eq!(made["left_out"][0], "vdb");
    let facts = "let xml = domain(\"bm-copy\").xml;
        [xml[\"uuid\"].text() == vm.uuid, xml.all(\"devices/disk/target\").map(|target| target.attr(\"dev\")), xml[\"devices/interface/mac/@address\"]]";
    let facts = kept.value(facts);
    assert_eq!((&facts[0], &facts[1]), (&false.into(), &serde_json::json!(["vda", "vdc"])), "{facts}");
    assert_ne!(facts[2], "52:54:00:11:22:33");
    daemon.virsh(&["start", "bm-copy"]);

    // Neither a guest nor a file is written over, and nothing is left of what was refused.
    let refused = |name: &str| {
        kept.value(&format!("attempt(|| backup::restore(store, #{{ name: \"{name}\", to: {to} }})).error"))
    };
    assert_eq!(refused("bm-copy")["code"], "dom_exist");
    let taken = daemon.dir().join("vm/bm-taken-vda.qcow2");
    fs::write(&taken, "mine").unwrap();
    let error = refused("bm-taken");
    assert_eq!((&error["code"], error["object"].as_str()), (&"io".into(), taken.to_str()), "{error}");
    assert_eq!(fs::read(&taken).unwrap(), b"mine");
    assert!(!daemon.try_virsh(&["dominfo", "bm-taken"]).stdout().contains("bm-taken"));
}

#[test]
fn a_guest_that_is_off_is_copied_once_after_each_change() {
    lab_or_skip!(Need::Qemu, Need::Program("qemu-io"));
    let daemon = Daemon::start();
    let kept = Kept::start(&daemon, "bm-off", 1);
    kept.guest.write(0, 1, 1);
    assert_eq!(kept.run(""), "full: full");
    daemon.virsh(&["destroy", "bm-off"]);
    assert_eq!(kept.run(""), "full: full");
    assert_eq!(kept.run(""), "unchanged: full");
    assert_eq!(kept.run("full: true"), "full: full");
    let last = kept.value("backup::list(store)")[2].clone();
    assert_eq!((&last["consistent"], &last["kind"]), (&"stopped".into(), &"full".into()));
    // The first chain goes on: its checkpoint outlived the guest's halt.
    daemon.virsh(&["start", "bm-off"]);
    kept.guest.write(0, 2, 2);
    assert_eq!(kept.run(""), "incremental: incremental");
    kept.assert_restores("bm-off2", &["vda"]);
}

#[test]
fn a_damaged_file_is_found_and_not_restored() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let kept = Kept::start(&daemon, "bm-rot", 1);
    for round in 0..3 {
        kept.guest.write(0, 0x20 + round, u32::from(round));
        let _ = kept.run("");
    }
    let folders = kept.folders();
    let image = folders[1].join("vda.qcow2");
    let mut bytes = fs::read(&image).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&image, &bytes).unwrap();
    assert_eq!(kept.verified(), ["ok", "damaged", "broken"]);
    // Without a look at the contents nothing is wrong: the size is as it was.
    let quick = kept.value("backup::verify(store, #{ checksums: false }).map(|row| row.status)");
    assert_eq!(quick, serde_json::json!(["ok", "ok", "ok"]));
    let refused = kept.value("attempt(|| backup::restore(store, #{ name: \"bm-rotten\", to: store })).error");
    assert_eq!(refused["code"], "io");
    assert!(refused["message"].as_str().unwrap().contains("vda.qcow2 is damaged"), "{refused}");
    fs::write(folders[2].join("backup.json"), "{").unwrap();
    fs::remove_dir_all(&folders[1]).unwrap();
    assert_eq!(kept.verified().iter().filter(|status| *status == "damaged").count(), 1);
    // On such a chain nothing is built.
    assert_eq!(kept.run(""), "full: full");
}

#[test]
fn a_second_run_on_the_same_folder_is_refused() {
    let store = tempfile::tempdir().unwrap();
    let code = "import \"backup\" as backup;
        let folder = args[0];
        let run = || attempt(|| backup::run(\"test\", #{ folder: folder })).error;
        let refused = fs::locked(folder + \"/.lock\", || run.call());
        [refused.code, refused.message.contains(`process ${os::pid()}`), fs::list(folder), run.call().code == \"resource_busy\"]";
    let virhai =
        Virhai::new().connect("test:///default").args(["-o", "json", "-e", code, text(store.path())]);
    virhai.stdout("[\"resource_busy\",true,[\".lock\"],false]\n").run();
}

#[test]
fn wrong_options_are_refused_before_anything_is_done() {
    let store = tempfile::tempdir().unwrap();
    for (options, words) in [
        ("foldr: folder", "has no option \"foldr\""),
        ("", "it is not said where to"),
        ("folder: folder + \"/none\"", "there is no folder"),
        ("folder: folder, quiesce: \"yes\"", "`quiesce` is"),
        ("folder: folder, disks: \"vda\"", "disks is an array"),
        ("folder: folder, rate: \"fast\"", "fast"),
        ("folder: folder, timeout: \"soon\"", "soon"),
    ] {
        let code = format!(
            "import \"backup\" as backup; let folder = args[0]; backup::run(\"test\", #{{ {options} }})"
        );
        let virhai = Virhai::new().connect("test:///default").args(["-e", &code, text(store.path())]);
        virhai.status(1).stderr_contains(words).stderr_contains("hint: ").run();
    }
    assert_eq!(fs::read_dir(store.path()).unwrap().count(), 0);
}
