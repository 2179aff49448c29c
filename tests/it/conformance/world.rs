//! The state that cases run on: equal and fresh for virsh and for virhai.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use super::Verdict;
use super::cases::{Case, Section};
use super::compare::Outcome;
use crate::support::process::run as run_process;
use crate::support::{Daemon, Guest, Need, need, project};

/// The time a command line may take.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs a section through both programs; nothing where this machine cannot.
pub(super) fn run(section: &Section, virsh: &Path) -> Option<Vec<Verdict>> {
    let programs = [virsh, Path::new(env!("CARGO_BIN_EXE_virhai"))];
    if section.is_on_test_driver() {
        return Some(section.cases.iter().map(|case| on_test_driver(section, case, programs)).collect());
    }
    let needs: &[Need] = match section.world.as_str() {
        "lxc" => &[Need::Lxc],
        "network" => &[Need::Network],
        "guest" => &[Need::Guest],
        "pair" => &[Need::Qemu, Need::Root],
        _ => &[Need::Qemu],
    };
    let place = format!("{}::{}_{}", module_path!(), section.file, section.world);
    if !need::met(&place, needs) {
        return None;
    }
    let [theirs, ours] = programs.map(|program| in_daemon(section, program));
    let verdicts = section.cases.iter().zip(theirs).zip(ours);
    Some(verdicts.map(|((case, theirs), ours)| verdict(section, case, theirs, ours)).collect())
}

fn verdict(section: &Section, case: &Case, theirs: Outcome, ours: Outcome) -> Verdict {
    Verdict { file: section.file.clone(), world: section.world.clone(), case: case.clone(), theirs, ours }
}

/// Each case has a process and so a state of its own.
fn on_test_driver(section: &Section, case: &Case, programs: [&Path; 2]) -> Verdict {
    let [theirs, ours] = programs.map(|program| {
        let folder = Folder::new(program);
        let node = section.name.as_deref().unwrap_or("node.xml");
        let uri = format!("test://{}", folder.path().join(node).display());
        let preload = (section.world == "granted").then(granted);
        folder.run(case, &uri, "", &[], preload)
    });
    verdict(section, case, theirs, ours)
}

/// The library that grants what no host of the tests can do, built once.
fn granted() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("granted.so");
        let mut compiler = Command::new("cc");
        compiler.args(["-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]).arg(&library);
        compiler.arg(project("tests/lab/granted.c")).arg("-ldl");
        let built = run_process(compiler, LIMIT);
        assert_eq!(built.status, 0, "{}", built.stderr());
        library
    })
}

/// The cases of a section follow each other in one daemon.
fn in_daemon(section: &Section, program: &Path) -> Vec<Outcome> {
    // Dropped first: it sees the folder of the other one.
    let other = (section.world == "pair").then(Daemon::start);
    let daemon = Daemon::start();
    if let Some(other) = &other {
        daemon.link(other, 9);
    }
    let folder = Folder::new(program);
    let guest = (section.world == "guest").then(|| {
        let guest = Guest::plan(&daemon, section.name.as_deref().unwrap_or("guest")).disks(1).boot();
        guest.wait_agent();
        guest
    });
    let uri = match section.world.as_str() {
        "qemu" | "guest" | "network" | "pair" => daemon.uri(),
        world => daemon.uri_for(world),
    };
    let other_uri = other.as_ref().map(Daemon::uri).unwrap_or_default();
    let mut places = vec![(daemon.dir(), "LAB")];
    places.extend(other.as_ref().map(|other| (other.dir(), "OTHER_LAB")));
    let outcomes =
        section.cases.iter().map(|case| folder.run(case, &uri, &other_uri, &places, None)).collect();
    drop(guest);
    outcomes
}

/// A folder with the files of the cases, in which `virsh` is a program.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(program: &Path) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for file in std::fs::read_dir(project("tests/virsh/files")).unwrap() {
            let file = file.unwrap().path();
            std::fs::copy(&file, folder.path().join(file.file_name().unwrap())).unwrap();
        }
        std::fs::create_dir(folder.path().join("bin")).unwrap();
        symlink(program, folder.path().join("bin/virsh")).unwrap();
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs a command line. `$DIR` is the folder, `$LAB` that of the daemon, `$OTHER` the URI of the second daemon.
    /// `preload` is a library that stands before libvirt.
    fn run(
        &self,
        case: &Case,
        uri: &str,
        other: &str,
        places: &[(&Path, &str)],
        preload: Option<&Path>,
    ) -> Outcome {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", &case.line])
            .current_dir(self.path())
            .env_clear()
            .env("PATH", format!("{}/bin:{path}", self.path().display()))
            .env("HOME", self.path())
            .env("XDG_RUNTIME_DIR", self.path())
            .env("STATE_DIRECTORY", self.path().join(".state"))
            .env("DIR", self.path())
            .env("URI", uri)
            .env("OTHER", other)
            .env("VIRSH_DEFAULT_CONNECT_URI", uri)
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC");
        for (place, name) in places {
            shell.env(name, place);
        }
        if let Some(library) = preload {
            shell.env("LD_PRELOAD", library);
        }
        let output = run_process(shell, LIMIT);
        let places: Vec<_> = places.iter().copied().chain([(self.path(), "DIR")]).collect();
        Outcome { stdout: output.stdout(), stderr: output.stderr(), status: output.status }
            .settled(case, &places)
    }
}
