//! A terminal without a screen: bytes go in and come out, as many and as odd as one likes.
//!
//! [`super::Terminal`] shows what a person would see; this one is for input that no person types.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};

use super::process::send_signal;
use super::virhai::Virhai;
use super::wait::eventually;

/// The time the program may leave what was typed unread.
const PATIENCE: Duration = Duration::from_secs(60);

/// See the module. The program is killed when it is dropped.
pub(crate) struct Pty {
    master: Option<File>,
    reader: Option<JoinHandle<()>>,
    child: Child,
    output: Arc<Mutex<Vec<u8>>>,
    closed: Arc<AtomicBool>,
    /// The world of the program in it.
    _world: Virhai,
}

impl Pty {
    /// Opens a terminal of 80 columns and 24 rows with virhai in it.
    pub(crate) fn open(world: Virhai) -> Self {
        // No other program that a test starts may hold it open.
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname_r(&master).unwrap();
        let end = || {
            File::options().read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits()).open(&name).unwrap()
        };
        let plan = world.command();
        // It becomes the terminal's foreground process, so that Ctrl-C reaches it while it evaluates.
        let mut command = Command::new("setsid");
        command.args(["-c", "sh", "-c", "stty columns 80 rows 24; exec \"$0\" \"$@\""]);
        command.arg(plan.get_program()).args(plan.get_args()).env_clear();
        command.envs(plan.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(world.work());
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let master = File::from(OwnedFd::from(master));
        let (output, closed) = (Arc::default(), Arc::default());
        let reader = read(master.try_clone().unwrap(), Arc::clone(&output), Arc::clone(&closed));
        Self { master: Some(master), reader: Some(reader), child, output, closed, _world: world }
    }

    /// Types bytes. Panics where the program does not read them.
    #[track_caller]
    pub(crate) fn send(&self, bytes: &[u8]) {
        let mut master = self.master.as_ref().expect("it is open");
        for chunk in bytes.chunks(512) {
            let timeout = PollTimeout::try_from(PATIENCE).expect("it fits");
            let ready = poll(&mut [PollFd::new(master.as_fd(), PollFlags::POLLOUT)], timeout).unwrap();
            assert!(ready > 0, "the program reads no more; it wrote\n{}", self.tail());
            // Fails once the program has gone: that is for who waits for something.
            if master.write_all(chunk).is_err() {
                return;
            }
        }
    }

    /// Waits until the output since [`Pty::forget`] contains `text`; false when that has not come in time.
    pub(crate) fn comes(&self, text: &str, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        while !contains(&self.output(), text) {
            if Instant::now() > end {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }

    /// Waits until nothing has been written for as long as this, but no longer than two seconds.
    pub(crate) fn quiet(&self, pause: Duration) {
        let end = Instant::now() + Duration::from_secs(2);
        let mut length = self.length();
        loop {
            std::thread::sleep(pause);
            let now = self.length();
            if now == length || Instant::now() > end {
                return;
            }
            length = now;
        }
    }

    /// Waits until the output since [`Pty::forget`] contains `text`.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        assert!(self.comes(text, PATIENCE), "waited in vain for {text:?}; there is\n{}", self.tail());
    }

    /// Forgets the output until now, in which no panic may be told.
    #[track_caller]
    pub(crate) fn forget(&self) {
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(!contains(&output, "panicked"), "{}", String::from_utf8_lossy(&output));
        output.clear();
    }

    /// Closes the terminal, as a person does with its window.
    pub(crate) fn close(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        self.master = None;
    }

    /// Returns the exit status as a shell shows it, if the program has ended.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        use std::os::unix::process::ExitStatusExt;
        let status = self.child.try_wait().unwrap()?;
        Some(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default()))
    }

    /// Waits until the program has ended; returns its exit status as a shell shows it.
    #[track_caller]
    pub(crate) fn wait_exit(&mut self) -> i32 {
        let status = eventually(PATIENCE, "the end of the program in the terminal", || self.ended());
        self.forget();
        status
    }

    fn length(&self) -> usize {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn output(&self) -> Vec<u8> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the end of the output, for a message.
    fn tail(&self) -> String {
        let output = self.output();
        String::from_utf8_lossy(&output[output.len().saturating_sub(4000)..]).into_owned()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            send_signal(&self.child.id().to_string(), "KILL");
            let _ = self.child.wait();
        }
    }
}

/// Takes in what the program writes, until it has gone or the terminal is closed.
fn read(mut master: File, output: Arc<Mutex<Vec<u8>>>, closed: Arc<AtomicBool>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut chunk = [0; 16384];
        while !closed.load(Ordering::Relaxed) {
            let ready = poll(&mut [PollFd::new(master.as_fd(), PollFlags::POLLIN)], 20_u8);
            if ready == Ok(0) {
                continue;
            }
            let Ok(count @ 1..) = master.read(&mut chunk) else { return };
            output.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&chunk[..count]);
        }
    })
}

fn contains(output: &[u8], text: &str) -> bool {
    output.windows(text.len()).any(|part| part == text.as_bytes())
}
