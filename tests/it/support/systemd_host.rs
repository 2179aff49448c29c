//! A machine with systemd as its first process, for units and timers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::lab::Daemon;
use super::process::{Output, run};
use super::project;

/// The time any single command may take.
const LIMIT: Duration = Duration::from_secs(120);

/// This machine once more, with systemd: `tests/lab/systemd-host` says what is in it. virhai is its
/// `/usr/bin/virhai`, and `qemu:///system` a [`Daemon`] outside. It ends when it is dropped.
pub(crate) struct SystemdHost {
    dir: PathBuf,
}

impl SystemdHost {
    #[track_caller]
    pub(crate) fn start(daemon: &Daemon) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let host = Self { dir: format!("/tmp/vs{}-{number:02}", std::process::id()).into() };
        let mut start = host.command("start");
        start.env("LIBVIRT_RUN", daemon.dir().join("run"));
        start.arg(format!("{}:/usr/bin/virhai", env!("CARGO_BIN_EXE_virhai")));
        // Development builds read the library from there, also where a service has a /tmp of its own.
        start.arg(env!("CARGO_MANIFEST_DIR"));
        expect_success(start);
        host.exec(&["mkdir", "/etc/systemd/system/virhai-.service.d"]);
        let library = format!("[Service]\nBindReadOnlyPaths=\"{}\"\n", project("stdlib").display());
        host.write("/etc/systemd/system/virhai-.service.d/library.conf", &library);
        host
    }

    /// Runs a program in it, which must end well; returns what it wrote.
    #[track_caller]
    pub(crate) fn exec(&self, command: &[&str]) -> String {
        let mut exec = self.command("exec");
        exec.args(command);
        expect_success(exec).stdout()
    }

    /// Runs a program in it, however it ends.
    pub(crate) fn try_exec(&self, command: &[&str]) -> Output {
        let mut exec = self.command("exec");
        exec.args(command);
        run(exec, LIMIT)
    }

    /// Writes a file in it; its folder must be there.
    #[track_caller]
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path.trim_start_matches('/'));
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Its files, seen from here.
    pub(crate) fn root(&self) -> PathBuf {
        let leader = std::fs::read_to_string(self.dir.join("leader.pid")).expect("it was started");
        Path::new("/proc").join(leader.trim()).join("root")
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(project("tests/lab/systemd-host"));
        command.arg(verb).arg(&self.dir);
        command
    }
}

impl Drop for SystemdHost {
    fn drop(&mut self) {
        run(self.command("stop"), LIMIT);
    }
}

#[track_caller]
fn expect_success(command: Command) -> Output {
    let what = format!("{command:?}");
    let done = run(command, LIMIT);
    assert_eq!(done.status, 0, "{what}: {}{}", done.stdout(), done.stderr());
    done
}
