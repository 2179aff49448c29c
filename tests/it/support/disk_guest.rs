//! A QEMU guest without a system, but with disks: starts in half a second, and the tests write to its
//! disks through QEMU itself.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::lab::Daemon;
use super::process::{Output, run};
use super::virhai::Virhai;

/// The time that any single program may take.
const LIMIT: Duration = Duration::from_secs(120);

/// See the module. Its disks are `vda`, `vdb`, … of 16 MiB each, in qcow2 files of the daemon's folder.
pub(crate) struct DiskGuest<'a> {
    daemon: &'a Daemon,
    name: String,
}

impl<'a> DiskGuest<'a> {
    /// Makes the disks, defines the guest and starts it.
    #[track_caller]
    pub(crate) fn start(daemon: &'a Daemon, name: &str, disks: usize) -> Self {
        let guest = Self { daemon, name: name.to_owned() };
        let mut devices = String::new();
        for target in targets(disks) {
            let file = guest.file(&target);
            qemu_img(&["create", "-q", "-f", "qcow2", text(&file), "16M"]);
            devices += "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>";
            devices +=
                &["<source file='", text(&file), "'/><target dev='", &target, "' bus='virtio'/></disk>"]
                    .concat();
        }
        let xml = super::lab::empty_domain_xml(name)
            .replace("</domain>", &format!("<devices>{devices}</devices></domain>"));
        daemon.define("define", &xml);
        daemon.virsh(&["start", name]);
        guest
    }

    /// Returns the path of a qcow2 file in the folder for disks: that of a disk by its target.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.daemon.dir().join(format!("vm/{}-{name}.qcow2", self.name))
    }

    /// Writes a MiB of one byte to a disk, as the guest would.
    #[track_caller]
    pub(crate) fn write(&self, disk: usize, byte: u8, at_mib: u32) {
        self.fill(disk, byte, at_mib, 1);
    }

    /// Writes some MiB of one byte to a disk, as the guest would.
    #[track_caller]
    pub(crate) fn fill(&self, disk: usize, byte: u8, at_mib: u32, mib: u32) {
        self.qemu_io(disk, &format!("write -P {byte} {at_mib}M {mib}M"));
    }

    /// Brings what QEMU holds back of a disk's image into its file.
    #[track_caller]
    pub(crate) fn flush(&self, disk: usize) {
        self.qemu_io(disk, "flush");
    }

    #[track_caller]
    fn qemu_io(&self, disk: usize, what: &str) {
        let device = format!("/machine/peripheral/virtio-disk{disk}/virtio-backend");
        let command = format!("qemu-io -d {device} \"{what}\"");
        let said = self.daemon.virsh(&["qemu-monitor-command", &self.name, "--hmp", &command]);
        assert!(said.trim().is_empty(), "{said}");
    }

    /// Asserts that a MiB of one of its files holds only this byte.
    #[track_caller]
    pub(crate) fn assert_holds(&self, name: &str, byte: u8, at_mib: u32) {
        // QEMU keeps the tables of the images that it has open until somebody wants them on the disk.
        self.flush(0);
        let mut io = Command::new("qemu-io");
        io.args(["-r", "-U", "-c", &format!("read -P {byte} {at_mib}M 1M")]).arg(self.file(name));
        let read = run(io, LIMIT);
        let said = format!("{}{}", read.stdout(), read.stderr());
        assert!(read.status == 0 && !said.contains("failed"), "{name}: {said}");
    }

    /// Runs a script on the daemon, with the guest in `vm` and the folder of its disks in `folder`.
    pub(crate) fn script(&self, code: &str) -> Virhai {
        let folder = self.daemon.dir().join("vm");
        let code = format!(
            "let vm = domain(\"{}\"); let folder = \"{}/{}-\"; {code}",
            self.name,
            folder.display(),
            self.name
        );
        Virhai::new().connect(&self.daemon.uri()).args(["-o", "json", "-e", &code]).limit(LIMIT)
    }

    /// Runs a script that must end well; returns what its value is shown as, without the line's end.
    #[track_caller]
    pub(crate) fn value(&self, code: &str) -> String {
        self.script(code).any_stdout().run().stdout().trim_end().to_owned()
    }

    /// Runs a script that must fail; returns its error's code, message and hint.
    #[track_caller]
    pub(crate) fn error(&self, code: &str) -> (String, String, String) {
        let facts = self.value(&format!(
            "let e = attempt(|| {{ {code} }}); if e.ok {{ throw \"it did not fail\" }} [e.error.code, e.error.message, `${{e.error.hint}}`]"
        ));
        serde_json::from_str(&facts).unwrap_or_else(|e| panic!("{e}: {facts}"))
    }

    /// Returns the file that a disk's source is now.
    #[track_caller]
    pub(crate) fn source(&self, disk: &str) -> String {
        self.value(&format!("vm.xml[\"devices/disk[target/@dev='{disk}']/source/@file\"]")).replace('"', "")
    }
}

/// Runs `qemu-img`, which must succeed.
#[track_caller]
pub(crate) fn qemu_img(args: &[&str]) -> Output {
    let mut command = Command::new("qemu-img");
    command.args(args);
    let done = run(command, LIMIT);
    assert_eq!(done.status, 0, "qemu-img {args:?}: {}{}", done.stdout(), done.stderr());
    done
}

/// A path of ours as text.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a path we chose")
}

fn targets(count: usize) -> impl Iterator<Item = String> {
    ('a'..='z').take(count).map(|letter| format!("vd{letter}"))
}
