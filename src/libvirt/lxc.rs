//! Containers: their namespaces, and programs that are run inside.
//!
//! A process enters namespaces as a whole and must have one thread only, so it is done by a process
//! of its own: this program again, with a hidden command, which becomes part of the container and
//! runs the program there. Its input and output are the program's.

use std::ffi::OsString;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::raw::{c_int, c_uint};
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use virt::sys;

use super::domain::{Domain, release};
use super::door::{change, read};
use super::failure::{Failure, Outcome, check, text_of};
use super::interrupt::TICK;
use super::symbols;
use crate::error::{Error, Result, code};

/// The hidden command of this program that enters a container; its argument is a [`ContainerEntry`] as
/// JSON.
pub const ENTER_COMMAND: &str = "_lxc-enter";

/// A container that was started a moment ago runs, but libvirt does not know its first process yet.
const BEGINNING: Duration = Duration::from_secs(5);

/// A namespace of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// such as `mnt` or `pid`
    pub kind: String,
    /// the kernel's number for it, the same for everything inside
    pub number: u64,
}

/// How and where to run a program in a container.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ContainerEntry {
    /// The connection and the guest.
    pub uri: String,
    /// Its UUID in text.
    pub uuid: String,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Takes the security label of the container; `None` does so where the host has labels.
    pub security_label: Option<bool>,
    /// Joins the control groups of the container.
    pub cgroup: bool,
    /// The file in which a failure to enter is written down.
    pub report: String,
}

/// What could not be done, as the process that entered writes it down.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Fault {
    code: String,
    message: String,
}

impl Domain {
    /// The namespaces of the container's first process (`virDomainLxcOpenNamespace`).
    ///
    /// Errors: `unsupported` for a guest that is no container, or without libvirt-lxc.
    pub fn lxc_namespaces(&self) -> Result<Vec<Namespace>> {
        self.call(read("domain.lxc_open_namespace"), |d| open_namespaces(d)?.iter().map(namespace).collect())
    }

    /// Checks that a program may be run in the container, and counts it as a change; the program itself
    /// is run by the process that [`enter`] is.
    pub fn lxc_enter_allowed(&self) -> Result<()> {
        self.call(change("domain.lxc_enter_namespace"), |d| open_namespaces(d).map(drop))
    }
}

impl ContainerEntry {
    /// What the process that entered wrote down, as an error.
    pub fn fault(&self) -> Option<Error> {
        let text = std::fs::read(&self.report).ok().filter(|text| !text.is_empty())?;
        let fault: Fault = serde_json::from_slice(&text).unwrap_or_default();
        Some(Error::new(fault.code, fault.message).operation("domain.lxc_enter_namespace"))
    }
}

fn open_namespaces(d: &virt::domain::Domain) -> Outcome<Vec<OwnedFd>> {
    let open = symbols::virDomainLxcOpenNamespace()?;
    let mut list: *mut c_int = std::ptr::null_mut();
    let end = Instant::now() + BEGINNING;
    let count = loop {
        // SAFETY: a live domain and room for the list's pointer.
        match check(unsafe { open(d.as_ptr(), &raw mut list, 0) }) {
            Ok(count) => break count as usize,
            Err(Failure::Libvirt(report))
                if report.message.contains("not yet available") && Instant::now() < end =>
            {
                std::thread::sleep(TICK);
            }
            Err(failure) => return Err(failure),
        }
    };
    // SAFETY: a list of that many open files; they and the list are ours.
    unsafe {
        let files = (0..count).map(|n| OwnedFd::from_raw_fd(*list.add(n))).collect();
        release(list.cast());
        Ok(files)
    }
}

fn namespace(file: &OwnedFd) -> Outcome<Namespace> {
    use std::os::fd::AsRawFd;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    // Such a link reads `mnt:[4026532228]`.
    let link = std::fs::read_link(&path).map_err(|error| Error::io(path, &error))?;
    let link = link.to_string_lossy();
    let (kind, number) = link.split_once(":[").unwrap_or((&link, ""));
    Ok(Namespace { kind: kind.to_owned(), number: number.trim_end_matches(']').parse().unwrap_or_default() })
}

/// Is the process that enters: becomes part of the container and runs the program. Returns the exit
/// status.
///
/// Must be called while the process has one thread.
pub fn enter(argument: Option<OsString>) -> u8 {
    let text = argument.unwrap_or_default();
    let Ok(entry) = serde_json::from_str::<ContainerEntry>(&text.to_string_lossy()) else { return 2 };
    // Opened here: afterwards the file system is the container's.
    let Ok(report) = std::fs::OpenOptions::new().write(true).open(&entry.report) else { return 2 };
    match join(&entry).and_then(|()| run(&entry)) {
        Ok(status) => status,
        Err(failure) => {
            let error = Error::from(failure);
            let fault = Fault { code: error.code().to_owned(), message: error.to_string() };
            // Without a report the status alone has to tell.
            let _ = serde_json::to_writer(report, &fault);
            1
        }
    }
}

fn join(entry: &ContainerEntry) -> Outcome<()> {
    virt::error::clear_error_callback();
    // No event loop and so no second thread: calls work without.
    // `virConnectOpen`: the daemon is on this machine and asks nobody.
    let connect = virt::connect::Connect::open(Some(&entry.uri))?;
    let domain = connect.lookup_domain_by_uuid_string(&entry.uuid)?;
    let files = open_namespaces(&domain)?;
    enter_security_label(entry, &connect, &domain)?;
    if entry.cgroup {
        let enter_cgroup = symbols::virDomainLxcEnterCGroup()?;
        // SAFETY: a live domain.
        check(unsafe { enter_cgroup(domain.as_ptr(), 0) })?;
    }
    let enter_namespace = symbols::virDomainLxcEnterNamespace()?;
    let mut numbers: Vec<c_int> = files.iter().map(std::os::fd::AsRawFd::as_raw_fd).collect();
    // SAFETY: a live domain and an array of open files with its length; the old ones are not wanted.
    check(unsafe {
        enter_namespace(
            domain.as_ptr(),
            numbers.len() as c_uint,
            numbers.as_mut_ptr(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            0,
        )
    })?;
    // The connection is left to the end of the process: closing it would be a call from inside.
    std::mem::forget((domain, connect));
    Ok(())
}

/// The security models whose labels a process can take.
const LABELS: &[&str] = &["selinux", "apparmor"];

fn enter_security_label(
    entry: &ContainerEntry,
    connect: &virt::connect::Connect,
    domain: &virt::domain::Domain,
) -> Outcome<()> {
    if entry.security_label == Some(false) {
        return Ok(());
    }
    // SAFETY: all zero is a valid value of both: empty texts.
    let (mut model, mut label) =
        unsafe { (std::mem::zeroed::<sys::virSecurityModel>(), std::mem::zeroed::<sys::virSecurityLabel>()) };
    // SAFETY: a live connection and a structure to write to.
    let known = check(unsafe { sys::virNodeGetSecurityModel(connect.as_ptr(), &raw mut model) });
    // SAFETY: libvirt NUL-terminates the name inside the structure.
    let name = unsafe { text_of(model.model.as_ptr()) }.unwrap_or_default();
    if entry.security_label.is_none() && !(known.is_ok() && LABELS.contains(&name.as_str())) {
        return Ok(());
    }
    known?;
    let enter_label = symbols::virDomainLxcEnterSecurityLabel()?;
    // SAFETY: a live domain and a structure to write to; then both structures as libvirt filled them.
    unsafe {
        check(sys::virDomainGetSecurityLabel(domain.as_ptr(), &raw mut label))?;
        check(enter_label(&raw mut model, &raw mut label, std::ptr::null_mut(), 0))?;
    }
    Ok(())
}

/// Runs the program as a child: only a child is in the container's process namespace.
fn run(entry: &ContainerEntry) -> Outcome<u8> {
    let Some((program, arguments)) = entry.argv.split_first() else {
        return Err(Error::usage("there is no program to run").into());
    };
    let status = Command::new(program).args(arguments).status().map_err(|error| {
        Failure::Own(Error::new(code::IO, format!("{program} in the container: {error}")))
    })?;
    let of_signal = || status.signal().map_or(1, |signal| 128 + signal);
    Ok(status.code().unwrap_or_else(of_signal) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::libvirt::test_node::TestNode;

    #[test]
    fn a_guest_that_is_no_container_has_no_namespaces() {
        let node = TestNode::new();
        let xml = "<domain type='test'><name>a</name><memory>1024</memory><os><type>hvm</type></os></domain>";
        let vm = node.connection().create_domain(xml, 0).unwrap();
        assert_eq!(vm.lxc_namespaces().unwrap_err().code(), code::UNSUPPORTED);
        assert_eq!(vm.lxc_enter_allowed().unwrap_err().code(), code::UNSUPPORTED);
    }

    #[test]
    fn an_argument_that_is_none_ends_at_once() {
        assert_eq!(enter(None), 2);
        assert_eq!(enter(Some("{}".into())), 2);
    }

    #[test]
    fn a_namespace_is_named_and_numbered() {
        let file = std::fs::File::open("/proc/self/ns/mnt").unwrap();
        let found = namespace(&file.into()).unwrap();
        assert_eq!(found.kind, "mnt");
        assert!(found.number > 0);
    }
}
