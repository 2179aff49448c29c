//! `--compat` beside the installed virt-host-validate, line by line.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use super::hosts::{Host, names};
use crate::support::process::Output;
use crate::support::{Need, Virhai, lab_or_skip};

const PEER: &str = "virt-host-validate";

/// Arguments that it understands, and some that it does not.
const ARGUMENTS: &[&[&str]] = &[
    &[],
    &["qemu"],
    &["lxc"],
    &["ch"],
    &["bhyve"],
    &["nope"],
    &["qemu", "lxc"],
    &["a", "b", "c"],
    &["-q"],
    &["-q", "lxc"],
];

fn shell(line: &str) -> Output {
    Virhai::of("/bin/sh").args(["-c", line]).output()
}

/// Runs virhai as the user `nobody`, who may enter no folder of the build.
pub(super) fn as_nobody(args: &[&str]) -> Output {
    let folder = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir().unwrap();
    let program = folder.path().join("virhai");
    // By another process: a file that a child of this one inherits open for writing cannot be run.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_virhai")).arg(&program).status().unwrap();
    assert!(copied.success());
    shell(&format!("cd / && exec runuser -u nobody -- {} {}", program.display(), args.join(" ")))
}

#[track_caller]
fn assert_same(ours: &Output, theirs: &Output, what: &str) {
    assert_eq!(ours.stdout(), theirs.stdout(), "stdout of {what}");
    assert_eq!(ours.stderr(), theirs.stderr(), "stderr of {what}");
    assert_eq!(ours.status, theirs.status, "status of {what}");
}

#[test]
fn compat_says_what_virt_host_validate_says() {
    lab_or_skip!(Need::Program(PEER));
    for args in ARGUMENTS {
        let theirs = Virhai::of(PEER).args(*args).output();
        let ours = Virhai::new().args(["validate", "--compat"]).args(*args).output();
        assert_same(&ours, &theirs, &format!("{args:?}"));
    }
}

#[test]
fn compat_says_it_to_an_ordinary_user_too() {
    lab_or_skip!(Need::Program(PEER), Need::Root, Need::Program("runuser"));
    for args in ARGUMENTS {
        let theirs = shell(&format!("cd / && exec runuser -u nobody -- {PEER} {}", args.join(" ")));
        let ours = as_nobody(&[&["validate", "--compat"], *args].concat());
        assert_same(&ours, &theirs, &format!("{args:?} as nobody"));
    }
}

#[test]
fn compat_is_coloured_on_a_terminal() {
    lab_or_skip!(Need::Program(PEER), Need::Program("script"));
    let on_terminal = |line: &str| shell(&format!("NO_COLOR=1 script -qec '{line}' /dev/null")).stdout();
    let ours = on_terminal(&format!("{} validate --compat", env!("CARGO_BIN_EXE_virhai")));
    assert_eq!(ours, on_terminal(PEER));
    assert!(ours.contains("\x1b[32mPASS\x1b[0m"), "{ours}");
}

/// The installed virt-host-validate sees the folder as `/`.
fn in_folder(host: &Host, section: &str) -> Output {
    let root = host.root().display();
    shell(&format!(
        "exec unshare -m sh -c 'mount --bind /usr {root}/usr && exec chroot {root} /usr/bin/{PEER} {section}'"
    ))
}

#[test]
fn virt_host_validate_sees_the_situations_alike() {
    lab_or_skip!(Need::Program(PEER), Need::Root, Need::Program("unshare"), Need::Program("chroot"));
    let mut compared = 0;
    // What a folder cannot pretend is the architecture, and another version of libvirt.
    for host in names().iter().map(|name| Host::read(name)) {
        let is_here = ["libvirt", "arch", "cpuid"].iter().all(|key| host.option(key).is_none());
        if !is_here || ["arm", "s390", "power", "riscv"].iter().any(|arch| host.name.starts_with(arch)) {
            continue;
        }
        for (link, place) in [("lib", "usr/lib"), ("lib64", "usr/lib64"), ("bin", "usr/bin")] {
            symlink(place, host.root().join(link)).unwrap();
        }
        std::fs::create_dir_all(host.root().join("usr")).unwrap();
        for section in host.sections().filter(|section| ["qemu", "lxc"].contains(section)) {
            let theirs = in_folder(&host, section);
            let root = host.root().to_str().unwrap();
            let ours = Virhai::new().args(["validate", "--compat", section, "--root", root]).output();
            let what = format!("{} {section}", host.name);
            assert_eq!(
                knowable(&ours.stdout()),
                knowable(&theirs.stdout()),
                "stdout of {what}: {}",
                theirs.stderr()
            );
            assert_eq!(ours.stderr(), theirs.stderr(), "stderr of {what}");
            compared += 1;
        }
    }
    assert!(compared >= 40, "{compared}");
}

/// The lines that files decide: the release of the kernel, and which programs guard devices on cgroup v2, are asked of the
/// kernel itself.
fn knowable(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.contains("Linux >=") && !line.contains("cgroup 'devices'")).collect()
}
