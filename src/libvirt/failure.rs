//! A failed libvirt call, read on the thread that made it.
//!
//! libvirt keeps its last error per thread, so [`Failure`] copies everything at once, the system's
//! `errno` included, which the `virt` package drops. The door adds operation, object and host.

use std::ffi::CStr;
use std::os::raw::{c_char, c_int};

use virt::sys;

use super::error_words::{code_word, domain_word};
use crate::error::{Error, code};

/// What a closure that calls libvirt returns on failure.
#[derive(Debug)]
pub enum Failure {
    /// libvirt reported it.
    Libvirt(Report),
    /// Ours: a bad argument, an unknown answer.
    Own(Error),
}

/// The result of a closure that calls libvirt.
pub(super) type Outcome<T> = std::result::Result<T, Failure>;

/// The facts of libvirt's last error on this thread.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// `virErrorNumber`
    pub number: i32,
    /// `virErrorDomain`
    pub domain: i32,
    /// libvirt's sentence
    pub message: String,
    /// `errno`, where the number says that the system refused something
    pub errno: i32,
}

/// What libvirt's client says of a socket that is of no more use; it has no translations.
const BROKEN: &[&str] = &[
    "client socket is closed",
    "connection closed due to keepalive timeout",
    "received hangup event on socket",
    "received error event on socket",
];

/// What libvirt says of something that is larger than its messages may be.
const TOO_LARGE: &[&str] =
    &["code message payload", "too large", "too long", "oo many", "> maximum buffer size"];

impl Report {
    /// Copies the calling thread's last error.
    pub(crate) fn last() -> Self {
        // SAFETY: virGetLastError returns null or a pointer to this thread's error, which stays valid
        // until the next libvirt call on this thread; everything is copied before that.
        let last = unsafe { sys::virGetLastError().as_ref() };
        let Some(last) = last else {
            return Self {
                number: sys::VIR_ERR_INTERNAL_ERROR as i32,
                message: "libvirt reported a failure without saying why".into(),
                ..Self::default()
            };
        };
        // SAFETY: the message is null or a NUL-terminated string owned by the error just borrowed.
        let message = unsafe { text_of(last.message) }.unwrap_or_default();
        let report = Self { number: last.code, domain: last.domain, message, errno: last.int1 };
        // Told once: a failure that libvirt does not explain must not get the words of this one.
        // SAFETY: takes nothing; what was borrowed above is not used any more.
        unsafe { sys::virResetLastError() };
        report
    }

    /// True where a guest was meant that is not there (any more).
    pub(crate) fn is_missing_domain(&self) -> bool {
        self.number as u32 == sys::VIR_ERR_NO_DOMAIN
    }

    /// True where the driver has no such call.
    pub(crate) fn is_unsupported(&self) -> bool {
        self.number as u32 == sys::VIR_ERR_NO_SUPPORT
    }

    /// True where a piece of metadata was meant that is not there.
    pub(crate) fn is_missing_metadata(&self) -> bool {
        matches!(self.number as u32, sys::VIR_ERR_NO_DOMAIN_METADATA | sys::VIR_ERR_NO_NETWORK_METADATA)
    }

    /// True where the transport to the daemon broke: a call that fails for another reason, such as a
    /// message that is too large, leaves it as it was.
    ///
    /// Only what this end says about its socket counts. The daemon's own refusals have the same domain
    /// and numbers; where one of them did end the connection, that shows by itself soon after.
    pub(crate) fn is_transport(&self) -> bool {
        if self.domain != sys::VIR_FROM_RPC as i32 {
            return false;
        }
        match self.number as u32 {
            sys::VIR_ERR_SYSTEM_ERROR => true,
            sys::VIR_ERR_INTERNAL_ERROR => BROKEN.iter().any(|words| self.message.contains(words)),
            _ => false,
        }
    }

    /// True where something does not fit into one of libvirt's messages, in either direction.
    fn is_too_large(&self) -> bool {
        matches!(self.domain as u32, sys::VIR_FROM_RPC | sys::VIR_FROM_REMOTE)
            && matches!(self.number as u32, sys::VIR_ERR_RPC | sys::VIR_ERR_INTERNAL_ERROR)
            && TOO_LARGE.iter().any(|words| self.message.contains(words))
    }
}

impl From<virt::error::Error> for Failure {
    fn from(_: virt::error::Error) -> Self {
        // `virt` made its error from the same thread-local state, which it does not reset.
        Self::Libvirt(Report::last())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

impl From<Report> for Error {
    fn from(report: Report) -> Self {
        if let Some(words) = agent_words(&report) {
            return Error::new("agent_command_failed", words)
                .domain(domain_word(report.domain))
                .libvirt(report.message.clone())
                .cause(report.message);
        }
        let word = match report.number as u32 {
            // The public API refuses a change on a read-only connection with this number; the
            // daemon's own access control has a number of its own.
            sys::VIR_ERR_OPERATION_DENIED => code::READ_ONLY.into(),
            _ => code_word(report.number),
        };
        let hint = if report.is_too_large() { Some(TOO_LARGE_HINT) } else { hint(report.number as u32) };
        let error = Error::new(word, report.message).domain(domain_word(report.domain));
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Libvirt(report) => report.into(),
            Failure::Own(error) => error,
        }
    }
}

const TOO_LARGE_HINT: &str = "a message of libvirt carries 32 MiB at most, a text in it 4 MiB: send less, or \
                              ask for less at once; the connection is as it was";

/// The words of a guest's agent that refuses a command. libvirt has a number for that, and until now
/// its QEMU driver reports an internal error.
fn agent_words(report: &Report) -> Option<String> {
    const BEGINNING: &str = "unable to execute QEMU agent command '";
    const WRAPPED: &str = "Guest agent command failed, error was '";
    if !matches!(report.number as u32, sys::VIR_ERR_INTERNAL_ERROR | sys::VIR_ERR_AGENT_COMMAND_FAILED) {
        return None;
    }
    let (_, rest) = report.message.split_once(BEGINNING)?;
    let (_, words) = rest.split_once("': ")?;
    Some(words.strip_prefix(WRAPPED).map_or(words, |words| words.trim_end_matches('\'')).to_owned())
}

/// What to do about an error, where its number alone tells.
fn hint(number: u32) -> Option<&'static str> {
    Some(match number {
        sys::VIR_ERR_NO_DOMAIN => "domains() lists the guests of this connection, active or not",
        sys::VIR_ERR_NO_NETWORK => "networks() lists the networks of this connection",
        sys::VIR_ERR_NO_NETWORK_PORT => "net.ports() lists the ports of the network",
        sys::VIR_ERR_NO_INTERFACE => "interfaces() lists the interfaces of the host",
        sys::VIR_ERR_NO_NODE_DEVICE => "node_devices() lists the devices of the host",
        sys::VIR_ERR_NO_NWFILTER => "nwfilters() lists the network filters of this connection",
        sys::VIR_ERR_NO_NWFILTER_BINDING => "nwfilter_bindings() lists the ports that have a filter",
        sys::VIR_ERR_NO_SECRET => "secrets() lists the secrets of this connection",
        sys::VIR_ERR_NO_STORAGE_POOL => "pools() lists the storage pools of this connection",
        sys::VIR_ERR_NO_STORAGE_VOL => "pool.volumes() lists the volumes; pool.refresh() looks for new ones",
        sys::VIR_ERR_NO_DOMAIN_SNAPSHOT => "vm.snapshots() lists the snapshots of the guest",
        sys::VIR_ERR_OPERATION_DENIED => {
            "the connection is read-only: open it without `--readonly` or `readonly: true`"
        }
        sys::VIR_ERR_ACCESS_DENIED => "the daemon's access rules (polkit) do not allow this user to do it",
        sys::VIR_ERR_AGENT_UNRESPONSIVE => {
            "is qemu-guest-agent running in the guest, and its channel in the definition?"
        }
        sys::VIR_ERR_OPERATION_TIMEOUT => {
            "another call holds the guest; vm.control_info() tells which, and for how long"
        }
        _ => return None,
    })
}

/// Copies a C string; `None` for null.
///
/// # Safety
/// `text` is null or points to a NUL-terminated string that is valid during the call.
pub(crate) unsafe fn text_of(text: *const c_char) -> Option<String> {
    // SAFETY: not null is checked first; the rest is the caller's promise.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}

/// Copies and frees a text that libvirt allocated for its caller; null is libvirt's last error.
///
/// # Safety
/// `text` is null or came from libvirt with the duty to free it, and is not used again.
pub(super) unsafe fn take_text(text: *mut c_char) -> Outcome<String> {
    let text = check_pointer(text)?;
    // SAFETY: not null; the rest is the caller's promise.
    unsafe {
        let copy = text_of(text).unwrap_or_default();
        super::domain::release(text.cast());
        Ok(copy)
    }
}

/// Turns the usual C answer (negative is failure) into a result.
pub(crate) fn check(answer: c_int) -> Outcome<c_int> {
    if answer < 0 { Err(Failure::Libvirt(Report::last())) } else { Ok(answer) }
}

/// Turns a null pointer into libvirt's last error.
pub(crate) fn check_pointer<T>(pointer: *mut T) -> Outcome<*mut T> {
    if pointer.is_null() { Err(Failure::Libvirt(Report::last())) } else { Ok(pointer) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_that_refuses_is_quoted_without_what_libvirt_says_around_it() {
        let report = |message: &str| Report {
            number: sys::VIR_ERR_INTERNAL_ERROR as i32,
            message: message.into(),
            ..Report::default()
        };
        let plain = "internal error: unable to execute QEMU agent command 'guest-x': no such thing";
        let error = Error::from(report(plain));
        assert_eq!((error.code(), error.to_string().as_str()), ("agent_command_failed", "no such thing"));
        assert_eq!(error.facts().cause.as_deref(), Some(plain));
        let wrapped = "internal error: unable to execute QEMU agent command 'guest-exec': \
                       Guest agent command failed, error was 'Failed to execute'";
        assert_eq!(Error::from(report(wrapped)).to_string(), "Failed to execute");
        assert_eq!(Error::from(report("internal error: other")).code(), "internal_error");
    }

    #[test]
    fn only_a_broken_socket_is_a_lost_connection() {
        let is_lost = |number: u32, message: &str| {
            let report = Report {
                number: number as i32,
                domain: sys::VIR_FROM_RPC as i32,
                message: message.into(),
                ..Report::default()
            };
            let elsewhere = Report { domain: sys::VIR_FROM_QEMU as i32, ..report.clone() };
            assert!(!elsewhere.is_transport(), "{message}");
            report.is_transport()
        };
        let (system, internal, rpc) =
            (sys::VIR_ERR_SYSTEM_ERROR, sys::VIR_ERR_INTERNAL_ERROR, sys::VIR_ERR_RPC);
        assert!(is_lost(system, "Cannot recv data: Connection reset by peer"));
        assert!(is_lost(internal, "internal error: client socket is closed"));
        assert!(is_lost(internal, "internal error: connection closed due to keepalive timeout"));
        // What the daemon says, and what is refused before it is sent.
        assert!(!is_lost(internal, "internal error: nparams too large"));
        for message in ["Unable to encode message payload", "Unable to decode message payload"] {
            assert!(!is_lost(rpc, message));
        }
    }

    #[test]
    fn what_is_too_large_for_a_message_says_what_fits() {
        let (rpc, remote, qemu) = (sys::VIR_FROM_RPC, sys::VIR_FROM_REMOTE, sys::VIR_FROM_QEMU);
        let error = |number: u32, domain: u32, message: &str| {
            let (number, domain) = (number as i32, domain as i32);
            Error::from(Report { number, domain, message: message.into(), errno: 0 })
        };
        for (domain, message) in [
            (rpc, "Unable to encode message payload"),
            (rpc, "Unable to decode message payload"),
            (rpc, "nparams too large"),
            (rpc, "size > maximum buffer size"),
            (remote, "memory peek request too large for remote protocol, 70000 > 65536"),
            (remote, "Too many domains '20000' for limit '16384'"),
        ] {
            let hint = error(sys::VIR_ERR_RPC, domain, message).facts().hint.clone();
            assert!(hint.is_some_and(|hint| hint.contains("4 MiB")), "{message}");
        }
        assert_eq!(error(sys::VIR_ERR_RPC, rpc, "Unable to encode message payload").code(), "rpc");
        assert!(error(sys::VIR_ERR_RPC, rpc, "no such program").facts().hint.is_none());
        assert!(error(sys::VIR_ERR_INTERNAL_ERROR, qemu, "too large").facts().hint.is_none());
    }
}
