//! The process that thaws: how it is started and released, and what it does.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::super::connection::Connection;
use super::super::domain::Domain;
use super::super::door::Door;
use super::super::interrupt::TICK;
use super::super::own_program;
use super::intent::Intent;
use super::{GUARD_COMMAND, Guarding};
use crate::error::{Error, Result, code};

/// What the guard is told through its pipe; the end of the pipe tells it to thaw.
const FROZEN: u8 = b'f';
const RELEASED: u8 = b'r';
/// What it says when it has a connection and waits.
const READY: &str = "ready";

/// Its exit statuses.
const DONE: u8 = 0;
const FAILED: u8 = 1;
const THAWED: u8 = 3;

/// How long it waits for whoever has its intent at this moment.
const CLAIM: Duration = Duration::from_secs(10);
/// How long it may take to connect.
const START: Duration = Duration::from_secs(60);
/// How long this process waits for a guard that has only to end.
const END: Duration = Duration::from_millis(500);
/// How long a guard goes on trying.
const TRY: Duration = Duration::from_secs(120);
/// A freeze that was on its way when the script died may come after the thaw: it is thawed again.
const ON_ITS_WAY: Duration = Duration::from_secs(2);

/// A guard that waits, seen from the process that froze.
pub(super) struct Guard {
    child: Child,
    pipe: Option<ChildStdin>,
    limit: Duration,
}

/// How a guard ended.
pub(super) enum Released {
    /// It had nothing to do.
    InTime,
    /// It had thawed at its limit.
    TooLate(Duration),
}

impl Guard {
    /// Writes the intent and starts the guard; returns when it is connected.
    pub(super) fn start(domain: &Domain, uri: &str, guarding: &Guarding) -> Result<Self> {
        let path = Intent::new(domain, uri, guarding.limit).write(&guarding.folder)?;
        Self::start_for(domain, &path, guarding.limit).inspect_err(|_| {
            // Nothing was frozen: nothing is left to note.
            let _ = std::fs::remove_file(&path);
        })
    }

    fn start_for(domain: &Domain, path: &Path, limit: Duration) -> Result<Self> {
        let failed = |error: std::io::Error| Error::io("the guard of the freeze", &error);
        let mut child = command(path).spawn().map_err(failed)?;
        let pipe = child.stdin.take();
        let answer = child.stdout.take();
        let mut guard = Self { child, pipe, limit };
        let word = answer.map_or_else(|| Ok(String::new()), |answer| first_line(answer, domain));
        if word.as_ref().is_ok_and(|word| word == READY) {
            return Ok(guard);
        }
        // Nothing was frozen yet. Left to itself it would thaw what somebody else has frozen.
        let _ = guard.child.kill();
        let _ = guard.child.wait();
        let word = word?;
        let why = if word.is_empty() { "its guard ended at once".into() } else { word };
        Err(Error::new(code::CONNECT_FAILED, format!("nothing was frozen: its guard cannot connect: {why}"))
            .hint("the guard opens the connection a second time and cannot ask for a password"))
    }

    /// True while it waits to be released or to thaw.
    pub(super) fn is_waiting(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Tells it that the freeze has succeeded.
    pub(super) fn tell_frozen(&mut self) {
        self.tell(FROZEN);
    }

    /// Tells it that there is nothing to thaw any more.
    pub(super) fn release(mut self) -> Released {
        self.tell(RELEASED);
        self.pipe = None;
        match self.wait(END) {
            Some(status) if status == i32::from(THAWED) => Released::TooLate(self.limit),
            _ => Released::InTime,
        }
    }

    /// Lets it thaw now; returns when it has, or after a moment.
    pub(super) fn abandon(mut self) {
        self.pipe = None;
        let _ = self.wait(END);
    }

    fn tell(&mut self, word: u8) {
        // A guard that has gone has thawed: its status tells.
        if let Some(pipe) = &mut self.pipe {
            let _ = pipe.write_all(&[word]).and_then(|()| pipe.flush());
        }
    }

    fn wait(&mut self, time: Duration) -> Option<i32> {
        let end = Instant::now() + time;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return status.code(),
                Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(2)),
                _ => return None,
            }
        }
    }
}

/// The guard of an intent, as a program that is to be started.
fn command(path: &Path) -> Command {
    let mut command = Command::new(own_program());
    // A group of its own: what kills the script's group or is typed at its terminal does not reach it.
    command.arg(GUARD_COMMAND).arg(path).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Waits for the first line of the guard, unless the run has to end.
fn first_line(stream: ChildStdout, domain: &Domain) -> Result<String> {
    let failed = |error: std::io::Error| Error::io("the guard of the freeze", &error);
    let (sender, lines) = mpsc::channel();
    let read = move || {
        let mut line = String::new();
        let read = BufReader::new(stream).read_line(&mut line);
        // The receiver has gone when the run ended meanwhile.
        let _ = sender.send(read.map(|_| line.trim().to_owned()));
    };
    Builder::new().name("freeze-guard".into()).spawn(read).map_err(failed)?;
    let interrupt = domain.connection().door().interrupt();
    let end = Instant::now() + START;
    loop {
        interrupt.check()?;
        match lines.recv_timeout(TICK) {
            Ok(line) => return line.map_err(failed),
            Err(RecvTimeoutError::Timeout) if Instant::now() < end => {}
            Err(_) => return Ok("it got no answer in time".into()),
        }
    }
}

/// Starts a guard for an intent whose run has died: it thaws at once.
pub(super) fn adopt(path: &Path) -> Result<()> {
    let child = command(path).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
    child.map(drop).map_err(|error| Error::io("the guard of the freeze", &error))
}

/// Does here what [`adopt`] lets another process do.
pub(super) fn thaw_leftover(path: &Path) -> bool {
    let Ok(Some((intent, _lock))) = Intent::claim(path) else { return false };
    let connection = Connection::new(Some(intent.uri.clone()), false, Arc::<Door>::default());
    let thawed = thaw(&connection, &intent);
    if thawed {
        // Best effort: thawing once more does no harm.
        let _ = std::fs::remove_file(path);
    }
    thawed
}

/// Is the guard: waits for word from the process that froze and thaws when there is none. Returns the
/// exit status.
pub fn serve(path: &Path) -> u8 {
    // Whoever ends the run ends this process's other half: the end of the pipe tells it.
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        let _ = signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)));
    }
    let Ok(Some((intent, _lock))) = Intent::claim_within(path, CLAIM) else { return FAILED };
    let Ok(words) = listen() else { return FAILED };
    let connection = Connection::new(Some(intent.uri.clone()), false, Arc::<Door>::default());
    let connected = connection.domain_by_uuid(&intent.uuid).map(drop);
    if say(&connected.as_ref().err().map_or_else(|| READY.to_owned(), ToString::to_string)).is_ok()
        && connected.is_err()
    {
        return FAILED;
    }
    let frozen = match wait_for_word(&words, Duration::from_secs_f64(intent.limit.clamp(0.0, 1e9))) {
        Word::Released => {
            let _ = std::fs::remove_file(path);
            return DONE;
        }
        Word::Ended { frozen } => frozen,
    };
    let mut thawed = thaw(&connection, &intent);
    if !frozen {
        std::thread::sleep(ON_ITS_WAY);
        thawed = thaw(&connection, &intent);
    }
    if !thawed {
        return FAILED;
    }
    let _ = std::fs::remove_file(path);
    THAWED
}

/// Says one line to the process that froze; fails where nobody listens.
fn say(line: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", line.replace('\n', " "))?;
    stdout.flush()
}

/// What came through the pipe, in the end.
enum Word {
    Released,
    /// The pipe ended, or the time; whether the freeze was known to have succeeded.
    Ended {
        frozen: bool,
    },
}

/// Hears what comes through the pipe, on a thread.
fn listen() -> std::io::Result<Receiver<u8>> {
    let (sender, words) = mpsc::channel();
    let hear = move || {
        for word in std::io::stdin().lock().bytes() {
            let Ok(word) = word else { break };
            if sender.send(word).is_err() {
                break;
            }
        }
    };
    Builder::new().spawn(hear).map(|_| words)
}

fn wait_for_word(words: &Receiver<u8>, limit: Duration) -> Word {
    let end = Instant::now().checked_add(limit);
    let mut frozen = false;
    loop {
        let left = end.map_or(limit, |end| end.saturating_duration_since(Instant::now()));
        match words.recv_timeout(left) {
            Ok(RELEASED) => return Word::Released,
            Ok(_) => frozen = true,
            Err(_) => return Word::Ended { frozen },
        }
    }
}

/// Thaws, again and again while that may help; false where it did not.
fn thaw(connection: &Connection, intent: &Intent) -> bool {
    let end = Instant::now() + TRY;
    let mut pause = Duration::from_millis(200);
    loop {
        let thawed = connection.domain_by_uuid(&intent.uuid).and_then(|domain| domain.fs_thaw_all());
        match thawed {
            Ok(_) => return true,
            // A guest that is gone or does not run has nothing frozen.
            Err(error) if matches!(error.code(), "no_domain" | "operation_invalid" | code::UNSUPPORTED) => {
                return true;
            }
            Err(_) if Instant::now() >= end => return false,
            Err(_) => std::thread::sleep(pause),
        }
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}
