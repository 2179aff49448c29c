//! Which process something belongs to, so that one that died is known from another that has its number by now.

use std::fs;

use serde::{Deserialize, Serialize};

/// A process, told apart from all others of its machine since that was started.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// When it was started, in the kernel's ticks since the machine was started.
    pub started: u64,
    /// Where that number means something: this start of the machine, and the namespace of its processes.
    pub place: String,
}

impl Process {
    /// This process.
    pub fn own() -> Self {
        let pid = std::process::id();
        Self { pid, started: started(pid).unwrap_or_default(), place: own_place() }
    }

    /// Whether it is still there; nothing where that cannot be seen from here.
    pub fn is_alive(&self) -> Option<bool> {
        (self.place == own_place()).then(|| started(self.pid) == Some(self.started))
    }

    /// Whether it ran before this machine was started, if it ran on this machine.
    pub fn is_of_another_start(&self) -> bool {
        let boot = |place: &str| place.split('/').next().unwrap_or_default().to_owned();
        boot(&self.place) != boot(&own_place())
    }
}

/// Who has left a note in a folder that several machines may share.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Owner {
    #[serde(flatten)]
    process: Process,
    machine: String,
}

impl Owner {
    /// This process, on this machine.
    pub fn own() -> Self {
        Self { process: Process::own(), machine: machine() }
    }

    /// All of it in one text, for notes where there is no room for more.
    pub fn written(&self) -> String {
        let Process { pid, started, place } = &self.process;
        format!("{}/{pid}/{started}/{place}", self.machine)
    }

    /// Reads that text; `None` for any other.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '/');
        let mut part = || parts.next();
        let machine = part()?.to_owned();
        let (pid, started) = (part()?.parse().ok()?, part()?.parse().ok()?);
        Some(Self { process: Process { pid, started, place: part()?.to_owned() }, machine })
    }

    /// Its number, on its machine.
    pub fn pid(&self) -> u32 {
        self.process.pid
    }

    /// Whether it lives, as far as this machine can tell.
    pub fn lives(&self) -> bool {
        self.machine == machine() && self.process.is_alive() == Some(true)
    }

    /// Whether it has gone, as far as this machine can tell.
    pub fn has_died(&self) -> bool {
        self.machine == machine()
            && self
                .process
                .is_alive()
                .map_or_else(|| self.process.is_of_another_start(), |is_alive| !is_alive)
    }

    /// One that has gone, for tests.
    #[cfg(test)]
    pub fn dead() -> Self {
        let own = Self::own();
        Self { process: Process { started: 1, ..own.process }, ..own }
    }

    /// One of which nothing is known here, for tests.
    #[cfg(test)]
    pub fn elsewhere() -> Self {
        Self { machine: "elsewhere".into(), ..Self::dead() }
    }
}

/// The name of this machine.
pub fn machine() -> String {
    nix::unistd::gethostname().map_or_else(|_| "unknown".into(), |name| name.to_string_lossy().into_owned())
}

fn own_place() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let space = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("{}/{}", boot.trim(), space.display())
}

/// The 22nd word of `/proc/PID/stat`, counted behind the name of the program, which may contain anything.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut words = stat.rsplit_once(')')?.1.split_whitespace();
    // One that has ended and that nobody has waited for is not there any more.
    let state = words.next()?;
    if state == "Z" || state == "X" {
        return None;
    }
    words.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_process_is_there_until_it_dies() {
        assert_eq!(Process::own().is_alive(), Some(true));
        let mut child = Command::new("sleep").arg("100").spawn().unwrap();
        let process = Process { pid: child.id(), started: started(child.id()).unwrap(), place: own_place() };
        assert_eq!(process.is_alive(), Some(true));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(process.is_alive(), Some(false));
    }

    #[test]
    fn of_an_owner_elsewhere_nothing_is_known_and_one_before_a_restart_has_gone() {
        assert!(Owner::own().lives() && !Owner::own().has_died());
        assert!(Owner::dead().has_died() && !Owner::dead().lives());
        assert!(!Owner::elsewhere().has_died() && !Owner::elsewhere().lives());
        let of = |place: &str| {
            let own = Owner::own();
            Owner { process: Process { place: place.into(), ..own.process }, ..own }
        };
        assert!(of("an earlier start/pid:[1]").has_died());
        assert_eq!(Owner::read(&Owner::own().written()), Some(Owner::own()));
        assert_eq!(Owner::read("web1/7/x/y"), None);
        let boot = own_place().split('/').next().unwrap().to_owned();
        let contained = of(&format!("{boot}/pid:[1]"));
        assert!(
            !contained.has_died() && !contained.lives(),
            "a container's processes are not seen from here"
        );
    }

    #[test]
    fn another_process_of_the_same_number_is_not_taken_for_it() {
        let own = Process::own();
        assert_eq!(Process { started: own.started - 1, ..own.clone() }.is_alive(), Some(false));
        assert_eq!(Process { place: "elsewhere/pid:[1]".into(), ..own }.is_alive(), None);
    }
}
