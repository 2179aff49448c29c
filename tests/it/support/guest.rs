//! The tiny guest: a real Linux under emulation, with disks, a network card and a working agent.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::lab::Daemon;
use super::process::run;
use super::wait::eventually;
use super::{need, project, turn};

/// The time a boot may take; alone it takes 6 to 10 s.
const BOOT: Duration = Duration::from_secs(120);

/// A guest that is being described: one disk of 64 MiB, no network, 256 MiB, one of two CPUs.
///
/// Give guests different names in different tests: libvirt's control groups are named after them and
/// belong to the whole machine.
pub(crate) struct Plan<'a> {
    daemon: &'a Daemon,
    name: String,
    disks: usize,
    options: Vec<String>,
    network: Option<String>,
}

impl<'a> Plan<'a> {
    /// How many disks, each 64 MiB; the first is formatted and mounted on `/data`.
    pub(crate) fn disks(mut self, count: usize) -> Self {
        self.disks = count;
        self
    }

    /// A card on a virtual network, which [`Plan::boot`] starts if need be.
    pub(crate) fn network(mut self, name: &str) -> Self {
        self.network = Some(name.to_owned());
        self
    }

    /// A card that needs no privilege: QEMU's own network.
    pub(crate) fn user_network(self) -> Self {
        self.option("--net", "user")
    }

    /// MiB of memory.
    pub(crate) fn memory(self, mib: u32) -> Self {
        self.option("--mem", &mib.to_string())
    }

    /// CPUs at the start, and at most.
    pub(crate) fn vcpus(self, current: u32, most: u32) -> Self {
        self.option("--vcpus", &format!("{current}/{most}"))
    }

    /// Another device.
    pub(crate) fn device(self, xml: &str) -> Self {
        self.option("--extra", xml)
    }

    /// What happens when it panics (`destroy`, `preserve`, …).
    pub(crate) fn on_crash(self, action: &str) -> Self {
        self.option("--on-crash", action)
    }

    fn option(mut self, name: &str, value: &str) -> Self {
        self.options.extend([name.to_owned(), value.to_owned()]);
        self
    }

    /// Makes the disks and defines it.
    #[track_caller]
    pub(crate) fn define(self) -> Guest<'a> {
        let images = need::images().as_ref().expect("lab_or_skip!(Need::Guest) comes first");
        let guest = Guest { daemon: self.daemon, name: self.name };
        let mut xml = Command::new(project("tests/lab/guest-xml"));
        xml.arg(images).arg(&guest.name);
        for number in 0..self.disks {
            let disk = guest.disk(number);
            let mut create = Command::new("qemu-img");
            create.args(["create", "-q", "-f", "qcow2"]).arg(&disk).arg("64M");
            let created = run(create, BOOT);
            assert_eq!(created.status, 0, "qemu-img: {}", created.stderr());
            xml.arg(disk);
        }
        let none = ["--net".to_owned(), self.network.unwrap_or_else(|| "none".into())];
        let xml = run(
            {
                xml.args(none).args(self.options);
                xml
            },
            BOOT,
        );
        assert_eq!(xml.status, 0, "guest-xml: {}", xml.stderr());
        guest.daemon.define("define", &xml.stdout());
        guest
    }

    /// Defines it, starts it and waits until its agent answers.
    #[track_caller]
    pub(crate) fn boot(self) -> Guest<'a> {
        if let Some(network) = &self.network
            && !self.daemon.virsh(&["net-list", "--name"]).lines().any(|line| line.trim() == network)
        {
            self.daemon.virsh(&["net-start", network]);
        }
        let guest = self.define();
        guest.start();
        guest
    }
}

/// A guest of a [`Daemon`], which destroys it when it is dropped.
pub(crate) struct Guest<'a> {
    daemon: &'a Daemon,
    name: String,
}

impl<'a> Guest<'a> {
    /// Begins the description of a guest.
    pub(crate) fn plan(daemon: &'a Daemon, name: &str) -> Plan<'a> {
        Plan { daemon, name: name.to_owned(), disks: 1, options: Vec::new(), network: None }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the file of a disk; 0 is vda.
    pub(crate) fn disk(&self, number: usize) -> PathBuf {
        self.daemon.dir().join(format!("vm/{}-{number}.qcow2", self.name))
    }

    /// Starts it and waits until its agent answers.
    #[track_caller]
    pub(crate) fn start(&self) {
        let _turn = turn::boot();
        self.daemon.virsh(&["start", &self.name]);
        self.wait_agent();
    }

    /// Waits until its agent answers.
    #[track_caller]
    pub(crate) fn wait_agent(&self) {
        let ping = ["qemu-agent-command", &self.name, r#"{"execute":"guest-ping"}"#];
        let pinged = || (self.daemon.try_virsh(&ping).status == 0).then_some(());
        eventually(BOOT, &format!("the agent of {}", self.name), pinged);
    }

    /// Waits until it has an address from the network's DHCP server; returns it without the prefix length.
    #[track_caller]
    pub(crate) fn wait_lease(&self) -> String {
        eventually(BOOT, &format!("a lease of {}", self.name), || {
            let leases = self.daemon.virsh(&["domifaddr", &self.name, "--source", "lease"]);
            let address = leases.split_whitespace().find_map(|word| word.split_once('/'))?.0;
            Some(address.to_owned())
        })
    }

    /// Returns its state in virsh's words (`running`, `shut off`, `paused`, …).
    #[track_caller]
    pub(crate) fn state(&self) -> String {
        self.daemon.virsh(&["domstate", &self.name])
    }

    /// Waits until it has this state, in virsh's words.
    #[track_caller]
    pub(crate) fn wait_state(&self, state: &str) {
        let what = format!("{} to be {state}", self.name);
        eventually(BOOT, &what, || (self.state() == state).then_some(()));
    }
}
