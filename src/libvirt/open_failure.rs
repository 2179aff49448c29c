//! Why a connection could not be opened, and what to do about it.

use virt::sys;

use super::failure::{Failure, Report};
use super::supports;
use crate::error::{Error, code};

// errno values, the same on every Linux and BSD that libvirt runs on
const EPERM: i32 = 1;
const EACCES: i32 = 13;

/// Turns a failed open into `connect_failed`, `auth_failed` or `permission_denied`.
pub(super) fn explain(failure: Failure, uri: Option<&str>) -> Error {
    let report = match failure {
        Failure::Libvirt(report) => report,
        Failure::Own(error) => return error,
    };
    let (word, advice) = cause(&report);
    let hint = uri.and_then(unknown_driver).unwrap_or_else(|| advice.to_owned());
    Error::new(word, sentence(&report.message))
        .operation("connect")
        .host(uri.unwrap_or("default"))
        .hint(hint)
        .libvirt(report.message.clone())
        .cause(report.message)
}

/// What a URI's driver is called where that is not the name in libvirt's table of drivers, and the drivers of the
/// daemons that serve one kind of object each.
const OTHERS: [&str; 12] = [
    "gsx",
    "interface",
    "network",
    "nodedev",
    "nwfilter",
    "parallels",
    "secret",
    "storage",
    "vmwarefusion",
    "vmwareplayer",
    "vmwarews",
    "vpx",
];

/// Advice on a URI of a driver that there is not; libvirt asks its daemon for any, and tells of that alone.
fn unknown_driver(uri: &str) -> Option<String> {
    let (scheme, _) = uri.split_once(':')?;
    let driver = scheme.split('+').next()?;
    let drivers = supports::drivers();
    if drivers.iter().copied().chain(OTHERS).any(|known| known == driver.to_lowercase()) {
        return None;
    }
    Some(format!("there is no driver {driver:?}: libvirt has {}", drivers.join(", ")))
}

fn sentence(message: &str) -> String {
    format!("cannot open the connection: {}", message.trim_end())
}

fn cause(report: &Report) -> (&'static str, &'static str) {
    let message = report.message.as_str();
    let unix_socket = message.contains("Failed to connect socket to");
    match report.number as u32 {
        sys::VIR_ERR_AUTH_FAILED | sys::VIR_ERR_AUTH_CANCELLED | sys::VIR_ERR_AUTH_UNAVAILABLE => (
            code::AUTH_FAILED,
            "check the user and password; in scripts libvirt reads them from auth.conf (~/.config/libvirt/auth.conf)",
        ),
        _ if message.contains("Permission denied (") || message.contains("Host key verification failed") => (
            code::AUTH_FAILED,
            "ssh itself must work first: try `ssh USER@HOST true`, then the same user in the URI (qemu+ssh://USER@HOST/system)",
        ),
        sys::VIR_ERR_ACCESS_DENIED | sys::VIR_ERR_OPERATION_DENIED => (code::PERMISSION_DENIED, PERMISSION),
        _ if unix_socket
            && (matches!(report.errno, EPERM | EACCES) || message.ends_with("Permission denied")) =>
        {
            (code::PERMISSION_DENIED, PERMISSION)
        }
        _ if unix_socket => (
            code::CONNECT_FAILED,
            "is the daemon running? `systemctl start libvirtd.socket` (or virtqemud.socket); to look around without one: -c test:///default",
        ),
        _ if message.contains("Unable to resolve address") => {
            (code::CONNECT_FAILED, "the host name in the URI does not resolve")
        }
        _ if message.contains("unable to connect to server at") => (
            code::CONNECT_FAILED,
            "does the host listen there? qemu+ssh://HOST/system needs no open libvirt port; to look around: -c test:///default",
        ),
        _ => (
            code::CONNECT_FAILED,
            "URIs look like qemu:///system, qemu+ssh://root@host/system, lxc:///system or test:///default",
        ),
    }
}

const PERMISSION: &str = "join the group that may use the socket (`usermod -aG libvirt $USER`, then log in anew), or allow org.libvirt.unix.manage in polkit; -r needs less";

#[cfg(test)]
mod tests {
    use super::*;

    fn word(number: u32, errno: i32, message: &str) -> String {
        let report = Report { number: number as i32, domain: 7, message: message.into(), errno };
        explain(Failure::Libvirt(report), Some("qemu:///system")).code().to_owned()
    }

    #[test]
    fn a_driver_that_there_is_not_is_named_with_those_there_are() {
        let hint = |uri: &str| unknown_driver(uri).unwrap_or_default();
        let all = hint("foo:///x");
        assert!(all.starts_with("there is no driver \"foo\": libvirt has bhyve, "), "{all}");
        assert!(all.contains("qemu, ") && all.contains("xen") && !all.contains("bridge"), "{all}");
        for uri in
            ["qemu:///system", "QEMU+ssh://h/system", "xen:///system", "network:///system", "alias", ""]
        {
            assert_eq!(unknown_driver(uri), None, "{uri}");
        }
    }

    #[test]
    fn the_cause_decides_the_word() {
        let system = sys::VIR_ERR_SYSTEM_ERROR;
        let socket = "Failed to connect socket to '/run/libvirt/libvirt-sock'";
        assert_eq!(word(system, 2, &format!("{socket}: No such file or directory")), "connect_failed");
        assert_eq!(word(system, 111, &format!("{socket}: Connection refused")), "connect_failed");
        assert_eq!(word(system, EACCES, &format!("{socket}: Permission denied")), "permission_denied");
        assert_eq!(word(sys::VIR_ERR_AUTH_FAILED, 0, "authentication failed"), "auth_failed");
        assert_eq!(word(sys::VIR_ERR_AUTH_CANCELLED, 0, "cancelled"), "auth_failed");
        assert_eq!(
            word(system, 104, "Cannot recv data: root@h: Permission denied (publickey)."),
            "auth_failed"
        );
        assert_eq!(word(sys::VIR_ERR_NO_CONNECT, 0, "no connection driver available"), "connect_failed");
    }
}
