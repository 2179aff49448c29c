//! Volumes that go up and down as streams, and what happens when that goes wrong.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::process::run;
use crate::support::virhai::Started;
use crate::support::{Daemon, Need, Virhai, lab_or_skip, turn};

const MIB: u64 = 1 << 20;

/// The memory that a transfer may take at most, whatever the size of the volume: less than the data here. A development
/// build takes 45 MiB of it before it begins.
const MOST: u64 = 80 * MIB;

/// What every script here begins with: a pool, and a pause in which its memory is measured.
const HEAD: &str = r#"
    fn fresh(name) { conn().pool("vols").create_volume(#{ name: name, capacity: "1GiB", allocation: 0 }) }
    fn measured() { print("measured"); while !fs::exists("go") { sleep("10ms") } }
"#;

/// A daemon with a pool of files, in a folder that is returned too.
fn daemon_with_pool() -> (Daemon, PathBuf) {
    let daemon = Daemon::start();
    let folder = daemon.dir().join("vm");
    std::fs::create_dir_all(folder.join("vols")).unwrap();
    let target = folder.join("vols");
    daemon.define(
        "pool-create",
        &format!(
            "<pool type='dir'><name>vols</name><target><path>{}</path></target></pool>",
            target.display()
        ),
    );
    (daemon, folder)
}

fn virhai(daemon: &Daemon, script: &str, args: &[&Path]) -> Virhai {
    let virhai = Virhai::new().connect(&daemon.uri()).limit(Duration::from_secs(180));
    virhai.file("s.rhai", format!("{HEAD}{script}")).arg("s.rhai").args(args)
}

/// A file of 1 GiB with 96 MiB of data in three places, and holes.
fn sparse_file(path: &Path) {
    let mut file = File::create(path).unwrap();
    let mut noise = vec![0; 32 * MIB as usize];
    File::open("/dev/urandom").unwrap().read_exact(&mut noise).unwrap();
    for place in [3, 400, 900] {
        file.seek(SeekFrom::Start(place * MIB)).unwrap();
        file.write_all(&noise).unwrap();
    }
    file.set_len(1024 * MIB).unwrap();
}

#[track_caller]
fn assert_same(one: &Path, other: &Path) {
    let mut compare = Command::new("cmp");
    compare.args([one, other]);
    let compared = run(compare, Duration::from_secs(120));
    assert_eq!(compared.status, 0, "{}{}", compared.stdout(), compared.stderr());
}

/// The bytes that a file takes on the disk.
fn occupied(path: &Path) -> u64 {
    path.metadata().unwrap().blocks() * 512
}

/// A script that calls `measured()` at its end.
struct Measured {
    started: Started,
    go: PathBuf,
}

impl Measured {
    fn start(virhai: Virhai) -> Self {
        let go = virhai.work().join("go");
        Self { started: virhai.start(), go }
    }

    /// Waits for its end; it must not have taken more memory than [`MOST`].
    #[track_caller]
    fn finish(self) {
        self.started.running.wait_for_stdout("measured\n");
        let peak = self.started.running.peak_memory();
        std::fs::write(self.go, "").unwrap();
        self.started.finish();
        assert!(peak <= MOST, "it took {} MiB", peak / MIB);
    }
}

#[test]
fn a_sparse_volume_of_1_gib_goes_up_and_down_in_little_memory() {
    lab_or_skip!(Need::Daemon, Need::Program("cmp"));
    let (daemon, folder) = daemon_with_pool();
    let (source, copy) = (folder.join("source"), folder.join("copy"));
    sparse_file(&source);
    let up = r#"
        let job = fresh("sparse").upload(args[0], #{ sparse: true });
        job.wait();
        print([job.operation, job.object, job.done, job.progress.processed == gib(1), job.progress.percent]);
        measured();
    "#;
    let expected = "[\"volume.upload\", \"sparse\", true, true, 100.0]\nmeasured\n";
    Measured::start(virhai(&daemon, up, &[&source]).stdout(expected)).finish();
    let down = r#"pool("vols").volume("sparse").download(args[0], #{ sparse: true }).wait(); measured();"#;
    Measured::start(virhai(&daemon, down, &[&copy]).stdout("measured\n")).finish();
    assert_same(&source, &copy);
    assert_same(&source, &folder.join("vols/sparse"));
    for file in [&copy, &folder.join("vols/sparse")] {
        assert!(occupied(file) < 110 * MIB, "{} has no holes", file.display());
    }
}

#[test]
fn a_part_of_a_volume_is_moved_read_and_written() {
    lab_or_skip!(Need::Daemon);
    let (daemon, folder) = daemon_with_pool();
    let [source, part, piece] = ["source", "part", "piece"].map(|name| folder.join(name));
    sparse_file(&source);
    let script = r#"
        let volume = fresh("plain");
        volume.upload(args[0], #{ offset: "10MiB", length: "100MiB" }).wait();
        volume.download(args[1], #{ offset: "12MiB", length: "40MiB" }).wait();
        fs::write(args[2], volume.read("13MiB", "1MiB"));
        volume.write("5MiB", "a label");
        print(volume.read("5MiB", 7).as_string());
    "#;
    virhai(&daemon, script, &[&source, &part, &piece]).stdout("a label\n").run();
    for (file, place, length) in [(part, 2, 40), (piece, 3, 1)] {
        let mut wanted = vec![0; length * MIB as usize];
        let mut all = File::open(&source).unwrap();
        all.seek(SeekFrom::Start(place * MIB)).unwrap();
        all.read_exact(&mut wanted).unwrap();
        assert!(std::fs::read(&file).unwrap() == wanted, "{} differs", file.display());
    }
}

#[test]
fn a_reader_that_is_slow_makes_the_daemon_wait() {
    lab_or_skip!(Need::Daemon, Need::Program("mkfifo"));
    let (daemon, folder) = daemon_with_pool();
    let (source, pipe) = (folder.join("source"), folder.join("pipe"));
    sparse_file(&source);
    assert_eq!(
        run(
            {
                let mut make = Command::new("mkfifo");
                make.arg(&pipe);
                make
            },
            Duration::from_secs(10)
        )
        .status,
        0
    );
    let script = r#"
        let volume = fresh("slow");
        volume.upload(args[0], #{ sparse: true }).wait();
        let job = volume.download(args[1]);
        let before = -1;
        // Nobody reads: what has been taken in stays the same.
        while job.progress.processed != before { before = job.progress.processed; sleep("3s") }
        print(`waiting ${conn().domains().len()}`);
        job.wait();
        measured();
    "#;
    // Without anybody at its other end, opening a pipe would wait; this one does not read.
    let other_end = File::options().read(true).write(true).open(&pipe).unwrap();
    let slow = Measured::start(virhai(&daemon, script, &[&source, &pipe]).stdout("waiting 0\nmeasured\n"));
    // The connection is used for something else meanwhile.
    slow.started.running.wait_for_stdout("waiting 0");
    let mut reader = File::open(&pipe).unwrap();
    drop(other_end);
    let mut all = File::create(folder.join("all")).unwrap();
    std::io::copy(&mut reader, &mut all).unwrap();
    slow.finish();
    assert_same(&source, &folder.join("all"));
}

#[test]
fn an_aborted_transfer_leaves_nothing_behind() {
    lab_or_skip!(Need::Daemon);
    let (daemon, folder) = daemon_with_pool();
    let copies = folder.join("copies");
    std::fs::create_dir(&copies).unwrap();
    let script = r#"
        fn wait_until_it_moves(job) { while job.progress.processed == 0 { sleep("10ms") } }
        let volume = fresh("v");
        let up = volume.upload("/dev/zero");
        wait_until_it_moves(up);
        up.abort();
        let failed = attempt(|| up.wait());
        print([failed.ok, failed.error.code, up.state]);
        let down = volume.download(args[0]);
        wait_until_it_moves(down);
        down.abort();
        let failed = attempt(|| down.wait());
        print([failed.ok, failed.error.code, down.state]);
        // Connection and volume are as before.
        print(volume.read(0, 4));
        volume.delete();
    "#;
    let aborted = "[false, \"operation_aborted\", \"failed\"]\n";
    virhai(&daemon, script, &[&copies.join("copy")]).stdout(format!("{aborted}{aborted}[00000000]\n")).run();
    assert_eq!(std::fs::read_dir(&copies).unwrap().count(), 0);
}

#[test]
fn a_volume_grows_has_an_end_and_a_file_that_is_full_fails_with_the_reason() {
    lab_or_skip!(Need::Daemon);
    let (daemon, folder) = daemon_with_pool();
    let script = r#"
        let small = pool("vols").create_volume(#{ name: "small", capacity: "1MiB", allocation: "1MiB" });
        small.upload("/dev/zero", #{ length: "2MiB" }).wait();
        print(small.read("1MiB", "64MiB").len() == mib(1) && small.read("4MiB", 10).len() == 0);
        let failed = attempt(|| small.download("/dev/full").wait());
        print([failed.error.code, failed.error.operation, failed.error.object]);
        // Nobody waits for these: the end of the script does.
        small.download(args[0]);
        small.download("/dev/full");
    "#;
    let copy = folder.join("copy");
    virhai(&daemon, script, &[&copy])
        .status(1)
        .stderr_contains("/dev/full")
        .stdout("true\n[\"io\", \"volume.download\", \"/dev/full\"]\n")
        .run();
    assert_eq!(copy.metadata().unwrap().len(), 2 * MIB);
}

#[test]
fn a_daemon_that_dies_or_hangs_ends_a_transfer() {
    lab_or_skip!(Need::Daemon);
    let _alone = turn::alone();
    let (daemon, folder) = daemon_with_pool();
    let copies = folder.join("copies");
    std::fs::create_dir(&copies).unwrap();
    let script = r#"
        let volume = fresh(args[1]);
        let job = volume.upload("/dev/zero");
        while job.progress.processed == 0 { sleep("10ms") }
        let other = volume.download(args[0]);
        while other.progress.processed == 0 { sleep("10ms") }
        print("moving");
        print(attempt(|| job.wait()).error.code);
        print(attempt(|| other.wait()).error.code);
    "#;
    let copy = copies.join("copy");
    let started = virhai(&daemon, script, &[&copy, Path::new("a")])
        .stdout("moving\ndisconnected\ndisconnected\n")
        .start();
    started.running.wait_for_stdout("moving");
    daemon.kill9();
    let killed = Instant::now();
    started.finish();
    assert!(killed.elapsed() < Duration::from_secs(5), "{:?}", killed.elapsed());

    daemon.again();
    let started = virhai(&daemon, script, &[&copy, Path::new("b")])
        .stdout("moving\n")
        .stderr_contains("only the waiting ended")
        .status(130)
        .start();
    started.running.wait_for_stdout("moving");
    daemon.stop_signal();
    let stopped = Instant::now();
    started.running.signal("INT");
    started.finish();
    assert!(stopped.elapsed() < Duration::from_secs(5), "{:?}", stopped.elapsed());
    daemon.cont_signal();
    assert_eq!(std::fs::read_dir(&copies).unwrap().count(), 0, "a part of a download was left");
}
