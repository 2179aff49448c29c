//! A program that runs while the test looks at what it writes.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::wait::eventually;

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Output {
    /// The exit status as a shell shows it: 128 and the signal's number for a program that a signal ended.
    pub(crate) status: i32,
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// From start to end.
    pub(crate) took: Duration,
}

impl Output {
    /// Returns standard output as text; what is not UTF-8 becomes the replacement character.
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Returns standard error as text; what is not UTF-8 becomes the replacement character.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

/// A program that runs, in a process group of its own; killed with the group when it is dropped.
pub(crate) struct Running {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Arc<Stream>,
    stderr: Arc<Stream>,
    started: Instant,
    limit: Duration,
}

impl Running {
    /// Starts a program that may run for `limit`; its standard input stays open.
    pub(crate) fn start(mut command: Command, limit: Duration) -> Self {
        let name = format!("{command:?}");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let started = Instant::now();
        let mut child = command.spawn().unwrap_or_else(|e| panic!("cannot start {name}: {e}"));
        Self {
            stdin: child.stdin.take(),
            stdout: Stream::read(child.stdout.take().unwrap()),
            stderr: Stream::read(child.stderr.take().unwrap()),
            name,
            child,
            started,
            limit,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns the bytes of memory that it has taken at most until now, while it runs.
    #[track_caller]
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
        let kib: u64 = peak.and_then(|kib| kib.parse().ok()).expect("a process that runs has memory");
        kib * 1024
    }

    /// Sends a signal (`INT`, `TERM`, `KILL`, `STOP`, …) to the program alone.
    pub(crate) fn signal(&self, signal: &str) {
        send_signal(&self.pid().to_string(), signal);
    }

    /// Sends a signal to the program and its children, as a terminal does with Ctrl-C.
    pub(crate) fn signal_group(&self, signal: &str) {
        send_signal(&format!("-{}", self.pid()), signal);
    }

    /// Writes to the standard input; a reader that has gone is not an error.
    pub(crate) fn write(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("standard input is still open");
        let _ = stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush());
    }

    /// Writes a text of any length to the standard input and closes it, while the program goes on.
    pub(crate) fn feed(&mut self, text: String) {
        let mut stdin = self.stdin.take().expect("standard input is still open");
        std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    }

    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Waits until standard output contains `text`.
    #[track_caller]
    pub(crate) fn wait_for_stdout(&self, text: &str) {
        self.stdout.wait_for(text, self.limit, &self.name);
    }

    /// Waits until standard error contains `text`.
    #[track_caller]
    pub(crate) fn wait_for_stderr(&self, text: &str) {
        self.stderr.wait_for(text, self.limit, &self.name);
    }

    /// Closes the standard input and waits for the end. Panics when the limit has passed.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Output {
        self.close_stdin();
        while self.started.elapsed() < self.limit {
            if let Some(status) = self.child.try_wait().unwrap() {
                let took = self.started.elapsed();
                // A child of its own may hold the pipes open; what it writes later is not waited for.
                let rest = Duration::from_secs(5);
                let (stdout, stderr) = (self.stdout.all(rest), self.stderr.all(rest));
                let (status, signal) = (shell_status(status), status.signal());
                return Output { status, signal, stdout, stderr, took };
            }
            std::thread::sleep(Duration::from_millis(3));
        }
        panic!(
            "{} did not end within {:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.name,
            self.limit,
            self.stdout.text(),
            self.stderr.text()
        );
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.signal_group("KILL");
            let _ = self.child.wait();
        }
    }
}

fn shell_status(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

/// Runs a program to its end with an empty standard input. Panics when `limit` has passed.
#[track_caller]
pub(crate) fn run(command: Command, limit: Duration) -> Output {
    Running::start(command, limit).finish()
}

/// Sends a signal to a process, or to a group when `target` begins with `-`; one that has gone is no error.
pub(crate) fn send_signal(target: &str, signal: &str) {
    // The shell's own kill: no other program and no unsafe code is needed.
    let sent = Command::new("sh").args(["-c", "kill -s \"$0\" -- \"$1\" 2>&1", signal, target]).output();
    assert!(sent.is_ok(), "cannot run sh to send {signal} to {target}");
}

/// Returns whether a process exists and is no zombie.
pub(crate) fn lives(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| stat.rsplit_once(") ").map(|(_, rest)| !rest.starts_with('Z')))
        .unwrap_or(false)
}

/// Waits until a process has gone.
#[track_caller]
pub(crate) fn wait_gone(pid: u32, limit: Duration) {
    eventually(limit, &format!("the end of process {pid}"), || (!lives(pid)).then_some(()));
}

/// What came through a pipe so far.
struct Stream {
    so_far: Mutex<SoFar>,
    changed: Condvar,
}

#[derive(Default)]
struct SoFar {
    bytes: Vec<u8>,
    ended: bool,
}

impl Stream {
    fn read(mut pipe: impl Read + Send + 'static) -> Arc<Self> {
        let stream = Arc::new(Self { so_far: Mutex::default(), changed: Condvar::new() });
        let writer = Arc::clone(&stream);
        std::thread::spawn(move || {
            let mut chunk = [0; 8192];
            loop {
                let count = pipe.read(&mut chunk).unwrap_or(0);
                let mut so_far = writer.so_far.lock().unwrap_or_else(PoisonError::into_inner);
                so_far.bytes.extend_from_slice(&chunk[..count]);
                so_far.ended = count == 0;
                writer.changed.notify_all();
                if so_far.ended {
                    return;
                }
            }
        });
        stream
    }

    /// Waits, at most for `limit`, until `done`; returns what there is then.
    fn wait(&self, limit: Duration, mut done: impl FnMut(&SoFar) -> bool) -> Vec<u8> {
        let so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(so_far, limit, |so_far| !done(so_far));
        waited.unwrap_or_else(PoisonError::into_inner).0.bytes.clone()
    }

    fn all(&self, limit: Duration) -> Vec<u8> {
        self.wait(limit, |so_far| so_far.ended)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.wait(Duration::ZERO, |_| true)).into_owned()
    }

    #[track_caller]
    fn wait_for(&self, text: &str, limit: Duration, name: &str) {
        let found = |bytes: &[u8]| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        let bytes = self.wait(limit, |so_far| so_far.ended || found(&so_far.bytes));
        let seen = String::from_utf8_lossy(&bytes);
        assert!(found(&bytes), "{name} did not write {text:?} within {limit:?}; it wrote\n{seen}");
    }
}
