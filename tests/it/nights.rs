//! A night's snapshots of two guests with a system in them, killed at any moment: no guest stays frozen, no lock is left,
//! the record says so, and the next night ends as it should.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::support::process::{send_signal, wait_gone};
use crate::support::virhai::Started;
use crate::support::{Daemon, Guest, Need, SystemdHost, Virhai, eventually, lab_or_skip, project, soak};

const LIMIT: Duration = Duration::from_secs(120);
/// How long a guest that a kill left frozen may stay so: less than the limit that its guard would have.
const THAWED: Duration = Duration::from_secs(30);

fn job() -> PathBuf {
    project("scripts/nightly-snapshots.rhai")
}

/// How the job is run.
trait Runner {
    /// Begins a run.
    fn begin(&mut self);
    /// Kills what it is made of, in the way of this number, and waits until nothing of it is left.
    fn kill(&mut self, number: u64);
    /// Runs it to its end; returns what it wrote.
    fn run(&mut self) -> String;
    /// Its runs in the record, the newest first.
    fn runs(&self) -> Vec<Value>;
    /// The folder of the locks.
    fn runtime(&self) -> PathBuf;
}

fn killed_nights(daemon: &Daemon, guests: &[Guest<'_>], runner: &mut impl Runner) {
    runner.run();
    let first = daemon.virsh(&["snapshot-list", guests[0].name(), "--name"]);
    let description = daemon.virsh(&["snapshot-dumpxml", guests[0].name(), first.trim()]);
    let is_quiesced = ["&quot;quiesced&quot;:true", "\"quiesced\":true"];
    assert!(is_quiesced.iter().any(|mark| description.contains(mark)), "{description}");
    let mut interrupted = 0;
    for number in 0..if soak() { 50 } else { 3 } {
        runner.begin();
        // Spread over the run, and not the same in two versions of it.
        std::thread::sleep(Duration::from_millis(250 + number * 7919 % 2500));
        runner.kill(number);
        for guest in guests {
            assert_thaws(daemon, guest.name());
        }
        let outcome = runner.runs()[0]["outcome"].as_str().unwrap().to_owned();
        // A script that is killed alone has somebody who tells of it; one that had just ended is done.
        assert!(["interrupted", "failed", "done"].contains(&outcome.as_str()), "{outcome}");
        interrupted += u32::from(outcome == "interrupted");
        assert_is_free(&runner.runtime().join("nightly-snapshots.lock"));
        let told = runner.run();
        assert_eq!(runner.runs()[0]["outcome"], "done", "{told}");
        for guest in guests {
            assert_is_right(daemon, guest, &told);
        }
    }
    assert!(interrupted > 0, "no run was killed before its end");
}

#[track_caller]
fn assert_thaws(daemon: &Daemon, guest: &str) {
    let ask = ["qemu-agent-command", guest, r#"{"execute":"guest-fsfreeze-status"}"#];
    eventually(THAWED, &format!("{guest} to be thawed"), || {
        let told = daemon.try_virsh(&ask);
        told.stdout().contains("thawed").then_some(())
    });
}

#[track_caller]
fn assert_is_free(lock: &Path) {
    // `job recover` takes the file away.
    let is_held = || std::fs::File::open(lock).is_ok_and(|file| file.try_lock().is_err());
    eventually(THAWED, "the lock to be free", || (!is_held()).then_some(()));
}

/// One or two snapshots of this series, nothing in the chain that is not a file, no file that is in no chain.
#[track_caller]
fn assert_is_right(daemon: &Daemon, guest: &Guest<'_>, told: &str) {
    let name = guest.name();
    let snapshots = daemon.virsh(&["snapshot-list", name, "--name"]);
    let count = snapshots.lines().filter(|line| !line.is_empty()).count();
    assert!((1..=2).contains(&count), "{name}: {snapshots}\n{told}");
    let xml = daemon.virsh(&["dumpxml", name]);
    let chain = chain(&xml);
    assert_eq!(chain, files(guest), "{told}");
    assert_eq!(chain.len(), count + 1, "{told}");
    assert!(!xml.contains("urn:virhai:snapshots"), "a note is left: {xml}");
}

/// The images that a guest's first disk uses.
fn chain(xml: &str) -> BTreeSet<String> {
    let sources =
        xml.lines().filter_map(|line| line.trim().strip_prefix("<source file='")?.split('\'').next());
    sources.filter(|path| path.contains("/vm/")).map(str::to_owned).collect()
}

/// The files of a guest's first disk.
fn files(guest: &Guest<'_>) -> BTreeSet<String> {
    let disk = guest.disk(0);
    let stem = disk.file_stem().unwrap().to_str().unwrap().to_owned() + ".";
    let entries = std::fs::read_dir(disk.parent().unwrap()).unwrap().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_str().unwrap().starts_with(&stem));
    ours.map(|entry| entry.path().to_str().unwrap().to_owned()).collect()
}

/// Processes of virhai with this word on their command line, and these folders in their environment.
fn processes(word: &str, folder: &Path) -> Vec<u32> {
    let folder = folder.to_str().unwrap().as_bytes();
    let read = |pid: u32, file: &str| std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let holds = |text: &[u8], part: &[u8]| text.windows(part.len()).any(|window| window == part);
    let is_one =
        |pid: &u32| holds(&read(*pid, "cmdline"), word.as_bytes()) && holds(&read(*pid, "environ"), folder);
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(is_one).collect()
}

/// `virhai job run`, by hand or by cron.
struct ByHand<'a> {
    daemon: &'a Daemon,
    folder: tempfile::TempDir,
    running: Option<Started>,
}

impl ByHand<'_> {
    fn virhai(&self) -> Virhai {
        let folder = self.folder.path();
        let virhai = Virhai::new().connect(&self.daemon.uri()).limit(LIMIT).any_stdout().any_stderr();
        virhai.env("STATE_DIRECTORY", folder.join("state")).env("RUNTIME_DIRECTORY", folder.join("run"))
    }

    fn job(&self) -> Virhai {
        self.virhai().args(["job", "run"]).arg(job()).args(["--keep-last", "2"])
    }
}

impl Runner for ByHand<'_> {
    fn begin(&mut self) {
        self.running = Some(self.job().start());
    }

    /// The supervisor, the script, both, and both with the guard of a freeze.
    fn kill(&mut self, number: u64) {
        let started = self.running.take().unwrap();
        let supervisor = started.running.pid();
        let script = processes("_job-script", self.folder.path());
        let guards = processes("_freeze-guard", self.folder.path());
        let victims = match number % 4 {
            0 => [&[supervisor], &script[..], &guards].concat(),
            1 => vec![supervisor],
            2 => [&[supervisor], &script[..]].concat(),
            _ => script.clone(),
        };
        for victim in victims {
            send_signal(&victim.to_string(), "KILL");
        }
        drop(started.running.finish());
        for process in script {
            wait_gone(process, LIMIT);
        }
        if number.is_multiple_of(4) {
            // The guard is gone, too: what it would have done is done by whoever looks first.
            self.virhai().args(["job", "recover", "nightly-snapshots"]).run();
        }
    }

    fn run(&mut self) -> String {
        let done = self.job().run();
        format!("{}{}", done.stdout(), done.stderr())
    }

    fn runs(&self) -> Vec<Value> {
        let text = self.virhai().args(["history", "-o", "json"]).run().stdout();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn runtime(&self) -> PathBuf {
        self.folder.path().join("run")
    }
}

#[test]
fn a_night_by_hand_that_is_killed_is_put_right_by_the_next() {
    lab_or_skip!(Need::Guest);
    let daemon = Daemon::start();
    let guests = ["sn-one", "sn-two"].map(|name| Guest::plan(&daemon, name).boot());
    let mut runner = ByHand { daemon: &daemon, folder: tempfile::tempdir().unwrap(), running: None };
    killed_nights(&daemon, &guests, &mut runner);
}

/// The service that `job add` installs.
struct ByService(SystemdHost);

impl ByService {
    const SERVICE: &str = "virhai-nightly-snapshots.service";

    fn state(&self) -> String {
        let state = self.0.exec(&["systemctl", "show", "--property=ActiveState", "--value", Self::SERVICE]);
        state.trim().to_owned()
    }
}

impl Runner for ByService {
    fn begin(&mut self) {
        self.0.exec(&["systemctl", "start", Self::SERVICE]);
    }

    /// The supervisor alone, and everything at once. systemd itself ends the rest, guards included.
    fn kill(&mut self, number: u64) {
        let who = if number.is_multiple_of(2) { "--kill-whom=all" } else { "--kill-whom=main" };
        // One that has just ended has no process.
        self.0.try_exec(&["systemctl", "kill", "--signal=KILL", who, Self::SERVICE]);
        eventually(LIMIT, "the end of the service", || {
            ["inactive", "failed"].contains(&self.state().as_str()).then_some(())
        });
    }

    fn run(&mut self) -> String {
        let done = self.0.try_exec(&["systemctl", "start", "--wait", Self::SERVICE]);
        let told = self.0.exec(&["virhai", "job", "logs", "nightly-snapshots"]);
        assert_eq!(done.status, 0, "{}{told}", done.stderr());
        told
    }

    fn runs(&self) -> Vec<Value> {
        let text = self.0.exec(&["virhai", "history", "--job", "nightly-snapshots", "-o", "json"]);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn runtime(&self) -> PathBuf {
        self.0.root().join("run/virhai")
    }
}

#[test]
fn a_night_of_a_service_that_is_killed_is_put_right_by_the_next() {
    lab_or_skip!(Need::Guest, Need::Systemd);
    let daemon = Daemon::start();
    let guests = ["sn-three", "sn-four"].map(|name| Guest::plan(&daemon, name).boot());
    // The service sees no folder of ours: images are deleted by libvirt, which has a pool of them.
    let images = guests[0].disk(0).parent().unwrap().to_str().unwrap().to_owned();
    daemon.virsh(&["pool-create-as", "images", "dir", "--target", &images]);
    let host = SystemdHost::start(&daemon);
    host.exec(&["virhai", "job", "add", job().to_str().unwrap()]);
    killed_nights(&daemon, &guests, &mut ByService(host));
}
