//! What the service manager and the journal are told of a run.
//!
//! Both protocols are datagrams to a socket (`sd_notify(3)`, systemd's "Native Journal Protocol"). Without systemd
//! there is no socket and nothing is told.

use std::io::Write as _;
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};

use crate::config::Env;

/// Where the journal listens.
const JOURNAL: &str = "/run/systemd/journal/socket";

/// How important a line of the journal is, in syslog's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// The run failed.
    Error = 3,
    /// Something is wrong that did not end the run.
    Warning = 4,
    /// What happens anyway.
    Info = 6,
}

/// The service manager that has started this process, or nobody.
#[derive(Debug, Default)]
pub struct ServiceManager {
    notify: Option<(UnixDatagram, SocketAddr)>,
    /// How often it wants to hear that this process lives.
    beat: Option<Duration>,
    journal: Option<UnixDatagram>,
}

impl ServiceManager {
    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID` and `JOURNAL_STREAM`.
    pub fn find(env: &Env) -> Self {
        let address = env.get("NOTIFY_SOCKET").and_then(|name| match name.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name).ok(),
            None => SocketAddr::from_pathname(name).ok(),
        });
        let is_meant = env.get("WATCHDOG_PID").is_none_or(|pid| pid == std::process::id().to_string());
        let limit = env.get("WATCHDOG_USEC").filter(|_| is_meant).and_then(|micros| micros.parse().ok());
        let is_in_journal = env.get("JOURNAL_STREAM").is_some_and(is_stderr);
        let socket = || UnixDatagram::unbound().ok();
        Self {
            notify: address.and_then(|address| Some((socket()?, address))),
            beat: limit.map(|micros| Duration::from_micros(micros) / 2),
            journal: if is_in_journal { socket() } else { None },
        }
    }

    /// True where what is written to stderr goes to the journal.
    pub fn has_journal(&self) -> bool {
        self.journal.is_some()
    }

    /// Tells the manager how this service is, such as `READY=1`.
    pub fn tell(&self, state: &str) {
        if let Some((socket, address)) = &self.notify {
            // A manager that does not listen is no reason not to run.
            let _ = socket.send_to_addr(state.as_bytes(), address);
        }
    }

    /// Starts telling it that this process lives.
    pub fn heartbeat(&self) -> Heartbeat<'_> {
        Heartbeat { manager: self, next: Instant::now() }
    }

    /// Writes a line to the journal, with fields that can be searched for; false where there is none.
    pub fn log(&self, priority: Priority, message: &str, fields: &[(&str, &str)]) -> bool {
        let Some(socket) = &self.journal else { return false };
        let mut entry = Vec::new();
        let priority = (priority as u8).to_string();
        let own = [("MESSAGE", message), ("PRIORITY", &priority), ("SYSLOG_IDENTIFIER", "virhai")];
        for (name, value) in own.iter().chain(fields) {
            push_field(&mut entry, name, value);
        }
        socket.send_to(&entry, JOURNAL).is_ok()
    }
}

/// A text with line ends needs its length before it.
fn push_field(entry: &mut Vec<u8>, name: &str, value: &str) {
    entry.extend_from_slice(name.as_bytes());
    if value.contains('\n') {
        entry.push(b'\n');
        entry.extend_from_slice(&(value.len() as u64).to_le_bytes());
        entry.extend_from_slice(value.as_bytes());
    } else {
        let _ = write!(entry, "={value}");
    }
    entry.push(b'\n');
}

/// `JOURNAL_STREAM` names device and inode of the stream; stderr may have been sent elsewhere since.
fn is_stderr(stream: &str) -> bool {
    let stderr = nix::sys::stat::fstat(std::io::stderr().as_fd());
    stderr.is_ok_and(|stat| stream == format!("{}:{}", stat.st_dev, stat.st_ino))
}

/// Says at the right times that this process lives.
pub struct Heartbeat<'a> {
    manager: &'a ServiceManager,
    next: Instant,
}

impl Heartbeat<'_> {
    /// To be called again and again: says it when it is time.
    pub fn beat(&mut self) {
        let Some(interval) = self.manager.beat else { return };
        if Instant::now() >= self.next {
            self.manager.tell("WATCHDOG=1");
            self.next = Instant::now() + interval;
        }
    }
}

/// Returns a line of the script with the priority that the journal reads at its beginning.
pub fn with_priority(line: &[u8]) -> Vec<u8> {
    let prefix: &[u8] = if line.starts_with(b"error:") {
        b"<3>"
    } else if line.starts_with(b"warning:") {
        b"<4>"
    } else {
        b""
    };
    [prefix, line].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manager_hears_on_its_socket_and_is_told_in_time_that_the_process_lives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let pid = std::process::id().to_string();
        let variables = [
            ("NOTIFY_SOCKET", path.to_str().unwrap()),
            ("WATCHDOG_USEC", "60000000"),
            ("WATCHDOG_PID", &pid),
        ];
        let service = ServiceManager::find(&Env::new(variables));
        service.tell("READY=1");
        let mut heartbeat = service.heartbeat();
        heartbeat.beat();
        heartbeat.beat();
        service.tell("STOPPING=1");
        let mut heard = Vec::new();
        let mut buffer = [0; 64];
        for _ in 0..3 {
            let length = manager.recv(&mut buffer).unwrap();
            heard.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
        }
        assert_eq!(heard, ["READY=1", "WATCHDOG=1", "STOPPING=1"]);
    }

    #[test]
    fn without_a_manager_nothing_is_told() {
        let service = ServiceManager::find(&Env::new([("JOURNAL_STREAM", "1:2"), ("WATCHDOG_PID", "1")]));
        service.tell("READY=1");
        service.heartbeat().beat();
        assert!(!service.has_journal());
        assert!(!service.log(Priority::Info, "x", &[]));
    }

    #[test]
    fn a_field_of_several_lines_says_how_long_it_is() {
        let mut entry = Vec::new();
        push_field(&mut entry, "A", "x");
        push_field(&mut entry, "B", "y\nz");
        assert_eq!(entry, b"A=x\nB\n\x03\0\0\0\0\0\0\0y\nz\n");
    }

    #[test]
    fn errors_and_warnings_of_a_script_are_such_in_the_journal() {
        assert_eq!(with_priority(b"error: no\n"), b"<3>error: no\n");
        assert_eq!(with_priority(b"warning: hm\n"), b"<4>warning: hm\n");
        assert_eq!(with_priority(b"done\n"), b"done\n");
    }
}
