//! Why a connection could not be opened, and what to do about it.

use virt::sys;

use super::failure::{Failure, Report};
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
    let (word, hint) = cause(&report);
    Error::new(word, sentence(&report.message))
        .operation("connect")
        .host(uri.unwrap_or("default"))
        .hint(hint)
        .libvirt(report.message.clone())
        .cause(report.message)
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
