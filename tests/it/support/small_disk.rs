//! Small file systems in memory, to be filled or made read-only.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::process::run;

/// See the module. It goes when it is dropped.
pub(crate) struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// Mounts one of a size such as `8m`; this needs root.
    #[track_caller]
    pub(crate) fn mount(size: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"], folder.path());
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Mounts it anew with an option such as `ro` or `size=64m`.
    #[track_caller]
    pub(crate) fn set(&self, option: &str) {
        mount(&["-o", &format!("remount,{option}")], self.path());
    }

    /// Leaves no room on it; the file that takes it is called `filling`.
    pub(crate) fn fill(&self) {
        let written = std::fs::write(self.path().join("filling"), vec![7; 64 << 20]);
        assert!(written.is_err(), "the disk is larger than it should be");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[track_caller]
fn mount(options: &[&str], folder: &Path) {
    let mut mount = Command::new("mount");
    mount.args(options).arg(folder);
    let done = run(mount, Duration::from_secs(30));
    assert_eq!(done.status, 0, "{}", done.stderr());
}
