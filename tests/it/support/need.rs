//! What a test needs from the machine, and how one that cannot have it is skipped: never silently.
//!
//! Each skipped test prints `skipped: NAME: why`; `tests/lab/report` prints the sums after the run.
//! `VIRHAI_LAB=required` makes a skipped test fail, `VIRHAI_LAB=off` skips them all.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::project;

/// Something that not every machine has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Need {
    /// A private libvirt daemon; see [`super::Daemon`].
    Daemon,
    /// That, and QEMU domains in it.
    Qemu,
    /// That, and virtual networks with DHCP.
    Network,
    /// QEMU domains and the tiny guest; see [`super::Guest`].
    Guest,
    /// A private daemon and containers in it.
    Lxc,
    /// To be root.
    Root,
    /// To be an ordinary user.
    OrdinaryUser,
    /// A private server of `PostgreSQL`; see [`super::PostgresServer`].
    Postgres,
    /// A machine of its own with systemd; see [`super::SystemdHost`].
    Systemd,
    /// A program on the path.
    Program(&'static str),
    /// A module of the system's Python.
    Python(&'static str),
}

impl Need {
    /// Returns why this machine cannot serve it.
    fn missing(self) -> Option<String> {
        match self {
            Self::Daemon => daemon().err(),
            Self::Qemu => {
                all(&[Self::Daemon, Self::Program("qemu-system-x86_64"), Self::Program("qemu-img")])
            }
            Self::Network => {
                all(&[Self::Qemu, Self::Program("dnsmasq"), Self::Program("iptables")]).or_else(|| {
                    let tun = OpenOptions::new().read(true).write(true).open("/dev/net/tun");
                    tun.err().map(|e| format!("cannot open /dev/net/tun: {e}"))
                })
            }
            Self::Guest => Self::Qemu.missing().or_else(|| images().as_ref().err().cloned()),
            Self::Lxc => {
                let libvirt_lxc = ["/usr/lib/libvirt/libvirt_lxc", "/usr/libexec/libvirt_lxc"];
                all(&[Self::Root, Self::Daemon]).or_else(|| images().as_ref().err().cloned()).or_else(|| {
                    let there = libvirt_lxc.iter().any(|path| Path::new(path).exists());
                    (!there).then(|| "libvirt has no driver for containers here".into())
                })
            }
            Self::Root => (!is_root()).then(|| "needs root".into()),
            Self::OrdinaryUser => is_root().then(|| "needs an ordinary user".into()),
            Self::Python(module) => {
                let import =
                    Command::new("/usr/bin/python3").args(["-c", &format!("import {module}")]).output();
                let is_there = import.is_ok_and(|import| import.status.success());
                (!is_there).then(|| format!("no {module} in /usr/bin/python3"))
            }
            Self::Postgres => Self::Program("setpriv").missing().or_else(|| {
                super::postgres::programs().is_none().then(|| "there is no server of PostgreSQL here".into())
            }),
            Self::Systemd => all(&[Self::Root, Self::Program("systemd-nspawn")]),
            Self::Program(name) => on_path(name).is_none().then(|| format!("no {name} on the path")),
        }
    }
}

fn all(needs: &[Need]) -> Option<String> {
    needs.iter().find_map(|need| need.missing())
}

/// Returns from the test, with a note, when the machine lacks something of what it needs:
/// `lab_or_skip!(Need::Guest, Need::Network);`
macro_rules! lab_or_skip {
    ($($need:expr),+ $(,)?) => {{
        fn here() {}
        if !$crate::support::need::met(std::any::type_name_of_val(&here), &[$($need),+]) {
            return;
        }
    }};
}
pub(crate) use lab_or_skip;

/// Notes whether a test runs or is skipped. `place` is the path of a function inside the test.
pub(crate) fn met(place: &str, needs: &[Need]) -> bool {
    let test = place.trim_start_matches("it::").trim_end_matches("::here");
    let wanted = std::env::var("VIRHAI_LAB").unwrap_or_default();
    let missing = if wanted == "off" { Some("VIRHAI_LAB is off".into()) } else { all(needs) };
    let Some(why) = missing else {
        note("lab-ran", test);
        return true;
    };
    assert!(wanted != "required", "VIRHAI_LAB is `required`, and this test cannot run: {why}");
    let line = format!("skipped: {test}: {why}");
    note("lab-skipped", &line);
    // Written directly: the output of a test that passes is not shown otherwise.
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
    false
}

fn note(file: &str, line: &str) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
    written.expect("the target folder can be written");
}

/// Returns where a program is, looking where those for the administrator are, too.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Returns whether the tests run as root.
pub(crate) fn is_root() -> bool {
    static ROOT: OnceLock<bool> = OnceLock::new();
    *ROOT.get_or_init(|| Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n"))
}

fn daemon() -> Result<(), String> {
    static RESULT: OnceLock<Result<(), String>> = OnceLock::new();
    let look = || {
        for program in ["libvirtd", "virtlogd", "virtlockd", "virsh", "nsenter", "unshare", "ip"] {
            on_path(program).ok_or_else(|| format!("no {program} on the path"))?;
        }
        let user: &[&str] = if is_root() { &[] } else { &["-U", "--map-root-user", "--map-auto"] };
        let tried = Command::new("unshare").args(user).args(["-m", "-n", "-u", "true"]).output();
        let tried = tried.map_err(|e| format!("unshare: {e}"))?;
        let words = String::from_utf8_lossy(&tried.stderr);
        if tried.status.success() { Ok(()) } else { Err(format!("no namespaces: {}", words.trim())) }
    };
    RESULT.get_or_init(look).clone()
}

/// Returns the folder of the tiny guest's files, which are built at first use.
pub(crate) fn images() -> &'static Result<PathBuf, String> {
    static RESULT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    RESULT.get_or_init(|| {
        let built = Command::new(project("tests/lab/build-guest")).output();
        let built = built.map_err(|e| format!("tests/lab/build-guest: {e}"))?;
        if built.status.success() {
            Ok(PathBuf::from(String::from_utf8_lossy(&built.stdout).trim()))
        } else {
            let words = String::from_utf8_lossy(&built.stderr);
            Err(words.lines().last().unwrap_or("tests/lab/build-guest failed").to_owned())
        }
    })
}
