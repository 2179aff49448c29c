//! The lab: a real libvirt daemon that shares nothing with the host's.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::process::{Output, lives, run, send_signal};
use super::project;
use super::wait::eventually;

/// Every lab folder is `/tmp/vl<id of the test process>-<number>`: short, because a socket lies in it, and all of one
/// length, because virsh lays tables out by the length of paths.
const PREFIX: &str = "vl";

/// The time any single command may take.
const LIMIT: Duration = Duration::from_secs(120);

/// A private libvirtd in namespaces of its own, with every driver it has; started in 0.4 s. It is
/// stopped, its guests are destroyed and its folder is removed when it is dropped.
pub(crate) struct Daemon {
    dir: PathBuf,
}

impl Daemon {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with options of `labd start` (`--set`, `--qemu-set`, `--listen`, each with a value).
    pub(crate) fn start_with(options: &[&str]) -> Self {
        static LEFTOVERS: Once = Once::new();
        static NUMBER: AtomicUsize = AtomicUsize::new(1);
        LEFTOVERS.call_once(remove_leftovers);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let daemon = Self { dir: format!("/tmp/{PREFIX}{}-{number:02}", std::process::id()).into() };
        let mut start = daemon.labd("start");
        start.args(options);
        expect_success(start);
        daemon
    }

    /// Returns the URI of the QEMU driver.
    pub(crate) fn uri(&self) -> String {
        self.uri_for("system")
    }

    /// Returns the URI of another driver in the same daemon (`test`, `lxc`, `network`, `storage`, …).
    pub(crate) fn uri_for(&self, driver: &str) -> String {
        let socket = self.socket();
        match driver {
            "system" => format!("qemu+unix:///system?socket={}", socket.display()),
            "ro" => format!("qemu+unix:///system?socket={}-ro", socket.display()),
            "test" => format!("test+unix:///default?socket={}", socket.display()),
            driver => format!("{driver}+unix:///system?socket={}", socket.display()),
        }
    }

    /// Returns the URI of the socket at which the daemon refuses every change.
    pub(crate) fn ro_uri(&self) -> String {
        self.uri_for("ro")
    }

    /// Returns its private folder; `vm` in it is for disks.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.join("run/libvirt-sock")
    }

    pub(crate) fn pid(&self) -> u32 {
        let pid = std::fs::read_to_string(self.dir.join("libvirtd.pid")).expect("the daemon was started");
        pid.trim().parse().expect("a process id")
    }

    /// Kills the daemon; guests go on.
    pub(crate) fn kill9(&self) {
        expect_success(self.labd("kill9"));
    }

    /// Starts it again after [`Daemon::kill9`].
    pub(crate) fn again(&self) {
        expect_success(self.labd("again"));
    }

    /// Makes it hang, as a daemon does that is stuck; returns when all its threads stand still.
    pub(crate) fn stop_signal(&self) {
        let pid = self.pid();
        send_signal(&pid.to_string(), "STOP");
        eventually(Duration::from_secs(10), "libvirtd to stop", || all_stopped(pid).then_some(()));
    }

    /// Ends the hang.
    pub(crate) fn cont_signal(&self) {
        send_signal(&self.pid().to_string(), "CONT");
    }

    /// Runs a program inside the daemon's namespaces; paths must be absolute.
    #[track_caller]
    pub(crate) fn exec(&self, command: &[&str]) -> String {
        let mut exec = self.labd("exec");
        exec.args(command);
        expect_success(exec).stdout()
    }

    /// Lays a cable to another daemon: this one becomes 10.99.N.1, the other 10.99.N.2.
    pub(crate) fn link(&self, other: &Self, n: u8) {
        let mut link = self.labd("link");
        link.arg(&other.dir).arg(n.to_string());
        expect_success(link);
    }

    /// Runs virsh on the QEMU driver and returns what it did.
    pub(crate) fn try_virsh(&self, args: &[&str]) -> Output {
        let mut virsh = Command::new("virsh");
        virsh.args(["-q", "-c", &self.uri()]).args(args).env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        run(virsh, LIMIT)
    }

    /// Runs virsh and returns what it wrote, without the blanks at the end. Panics when it fails.
    #[track_caller]
    pub(crate) fn virsh(&self, args: &[&str]) -> String {
        let output = self.try_virsh(args);
        assert_eq!(output.status, 0, "virsh {args:?}: {}{}", output.stdout(), output.stderr());
        output.stdout().trim_end().to_owned()
    }

    /// Defines a domain or another object (`define`, `net-define`, `pool-define`, …) from its XML.
    #[track_caller]
    pub(crate) fn define(&self, command: &str, xml: &str) {
        let file = tempfile::NamedTempFile::new_in(&self.dir).unwrap();
        std::fs::write(file.path(), xml).unwrap();
        self.virsh(&[command, file.path().to_str().expect("a path we chose")]);
    }

    /// Defines a QEMU domain without disks or system; it starts in 0.4 s and does nothing.
    #[track_caller]
    pub(crate) fn define_empty(&self, name: &str) {
        self.define("define", &empty_domain_xml(name));
    }

    fn labd(&self, command: &str) -> Command {
        labd(command, &self.dir)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let stopped = labd("stop", &self.dir).output();
        // A second panic while one unwinds would end the whole run.
        if !std::thread::panicking() {
            assert!(!self.dir.exists(), "{} is still there: {stopped:?}", self.dir.display());
        }
    }
}

/// Returns the XML of an emulated domain without disks or system.
pub(crate) fn empty_domain_xml(name: &str) -> String {
    format!(
        "<domain type='qemu'><name>{}</name><memory unit='MiB'>16</memory><vcpu>1</vcpu>\
         <os><type arch='x86_64' machine='pc'>hvm</type></os></domain>",
        super::node::escape(name)
    )
}

fn all_stopped(pid: u32) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return false };
    threads.flatten().all(|thread| {
        std::fs::read_to_string(thread.path().join("stat")).is_ok_and(|stat| stat.contains(") T "))
    })
}

fn labd(command: &str, dir: &Path) -> Command {
    let mut labd = Command::new(project("tests/lab/labd"));
    labd.arg(command).arg(dir).env_remove("LIBVIRT_DEFAULT_URI");
    labd
}

#[track_caller]
fn expect_success(command: Command) -> Output {
    let name = format!("{command:?}");
    let output = run(command, LIMIT);
    assert_eq!(output.status, 0, "{name}\n{}{}", output.stdout(), output.stderr());
    output
}

/// Stops what a test process left that was killed.
pub(crate) fn remove_leftovers() {
    let Ok(entries) = std::fs::read_dir("/tmp") else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split_once('-')?.0.parse().ok());
        if id.is_some_and(|id: u32| !lives(id)) {
            let _ = labd("stop", &entry.path()).output();
        }
    }
}
