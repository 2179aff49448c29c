//! A conversation with something at the other end of a console, a channel or a socket.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::domain::Domain;
use super::door::Door;
use super::interrupt::{Interrupt, TICK};
use super::stream::{Received, Stream};
use crate::error::{Error, Result, code};
use crate::units::duration_text;

/// Bytes that are kept of what came and was not read; beyond that the oldest go.
const KEPT: usize = 1 << 20;
/// How much of what came last an error shows.
const TAIL: usize = 200;
/// Bytes that are read from a socket at once.
const GULP: usize = 64 << 10;

/// See the module.
pub struct Dialogue {
    peer: Mutex<Option<Peer>>,
    heard: Mutex<Heard>,
    interrupt: Interrupt,
    object: String,
}

#[derive(Clone)]
enum Peer {
    Stream(Arc<Stream>),
    Socket(Arc<UnixStream>),
}

/// What came and was not read yet.
#[derive(Default)]
struct Heard {
    bytes: Vec<u8>,
    /// How many came before these.
    before: usize,
    ended: bool,
}

/// What [`Dialogue::expect`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// what came before it
    pub before: Vec<u8>,
    /// which of the wanted texts it was, counted from 0
    pub which: usize,
}

impl Dialogue {
    /// Makes a dialogue over a console or a channel of a guest.
    pub fn new(stream: Stream, guest: &Domain) -> Self {
        Self::over(Peer::Stream(Arc::new(stream)), guest.connection().door(), guest.label())
    }

    pub(super) fn with_socket(socket: UnixStream, guest: &Domain) -> Result<Self> {
        // Waits are short, so that an interrupt is heard.
        let set = socket.set_read_timeout(Some(TICK)).and_then(|()| socket.set_write_timeout(Some(TICK)));
        set.map_err(|error| Error::io(guest.label(), &error))?;
        Ok(Self::over(Peer::Socket(Arc::new(socket)), guest.connection().door(), guest.label()))
    }

    fn over(peer: Peer, door: &Door, object: &str) -> Self {
        Self {
            peer: Mutex::new(Some(peer)),
            heard: Mutex::default(),
            interrupt: door.interrupt().clone(),
            object: object.to_owned(),
        }
    }

    /// Sends bytes.
    pub fn send(&self, data: &[u8]) -> Result<()> {
        // Where somebody listens at this moment, that one will notice.
        if let Ok(heard) = self.heard.try_lock()
            && heard.ended
        {
            return Err(self.ended(&heard));
        }
        match self.peer()? {
            Peer::Stream(stream) => stream.send(data, &self.interrupt),
            Peer::Socket(socket) => self.send_to(&socket, data),
        }
    }

    /// Waits at most `time` for one of some texts, and takes it and all before it.
    ///
    /// Errors: `timeout`, with the last that came as a hint; `io` where the other side ended it.
    pub fn expect(&self, wanted: &[&[u8]], time: Duration) -> Result<Found> {
        let end = Instant::now().checked_add(time);
        let longest = wanted.iter().map(|text| text.len()).max().unwrap_or(0);
        let mut heard = self.heard();
        // Where to look for what comes next; what was looked at is not looked at again.
        let mut unseen = heard.before;
        let mut late = false;
        loop {
            let from = unseen.saturating_sub(heard.before);
            if let Some((place, which)) = first_of(&heard.bytes[from..], wanted) {
                let mut before = heard.take(from + place + wanted[which].len());
                before.truncate(from + place);
                return Ok(Found { before, which });
            }
            unseen = (heard.before + heard.bytes.len()).saturating_sub(longest.saturating_sub(1));
            if heard.ended {
                return Err(self.ended(&heard));
            }
            if late {
                return Err(self.in_vain(wanted, time, &heard));
            }
            let left = end.map_or(TICK, |end| end.saturating_duration_since(Instant::now()));
            late = left.is_zero();
            self.hear(&mut heard, left)?;
        }
    }

    /// Takes what has come, waiting at most `time` for the first of it; nothing where nothing came.
    ///
    /// Errors: `io` where the other side has ended it and all was read.
    pub fn read(&self, time: Duration) -> Result<Vec<u8>> {
        let mut heard = self.heard();
        if heard.bytes.is_empty() && !heard.ended {
            self.hear(&mut heard, time)?;
        }
        // The rest of what has arrived.
        while !heard.ended && self.hear(&mut heard, Duration::ZERO)? {}
        if heard.bytes.is_empty() && heard.ended {
            return Err(self.ended(&heard));
        }
        let all = heard.bytes.len();
        Ok(heard.take(all))
    }

    /// Puts bytes back that were read too early: the next read gives them again.
    pub fn unread(&self, bytes: &[u8]) {
        let mut heard = self.heard();
        heard.before = heard.before.saturating_sub(bytes.len());
        heard.bytes.splice(..0, bytes.iter().copied());
    }

    /// True until it was closed here.
    pub fn is_open(&self) -> bool {
        self.peer.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Ends it; a second time does nothing.
    pub fn close(&self) -> Result<()> {
        let peer = self.peer.lock().unwrap_or_else(PoisonError::into_inner).take();
        match peer {
            Some(Peer::Stream(stream)) => match stream.abort(&self.interrupt) {
                Err(error) if error.ends_the_run() => Err(error),
                // Gone already, which is what was wanted.
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn peer(&self) -> Result<Peer> {
        let peer = self.peer.lock().unwrap_or_else(PoisonError::into_inner);
        peer.clone().ok_or_else(|| {
            Error::usage("this stream was closed").object(self.object.as_str()).hint("open it again")
        })
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens at most `time`; tells whether something came.
    fn hear(&self, heard: &mut Heard, time: Duration) -> Result<bool> {
        let received = match self.peer()? {
            Peer::Stream(stream) => match stream.receive(time, &self.interrupt) {
                // A guest that is gone, or somebody else who took its console.
                Err(error) if is_end(&error) => Some(Received::End),
                other => other?,
            },
            Peer::Socket(socket) => self.receive_from(&socket, time)?,
        };
        match received {
            Some(Received::Data(data)) => {
                heard.bytes.extend_from_slice(&data);
                let surplus = heard.bytes.len().saturating_sub(KEPT);
                heard.take(surplus);
            }
            Some(Received::End) => heard.ended = true,
            Some(Received::Hole(_)) | None => return Ok(false),
        }
        Ok(true)
    }

    fn receive_from(&self, socket: &UnixStream, time: Duration) -> Result<Option<Received>> {
        let end = Instant::now().checked_add(time);
        let mut buffer = vec![0; GULP];
        loop {
            self.interrupt.check()?;
            match (&*socket).read(&mut buffer) {
                Ok(0) => return Ok(Some(Received::End)),
                Ok(count) => return Ok(Some(Received::Data(buffer[..count].to_vec()))),
                Err(error) if is_tick(&error) => {}
                Err(error) => return Err(Error::io(self.object.as_str(), &error)),
            }
            if end.is_some_and(|end| end <= Instant::now()) {
                return Ok(None);
            }
        }
    }

    fn send_to(&self, socket: &UnixStream, mut data: &[u8]) -> Result<()> {
        while !data.is_empty() {
            self.interrupt.check()?;
            match (&*socket).write(data) {
                Ok(count) => data = &data[count..],
                Err(error) if is_tick(&error) => {}
                Err(error) => return Err(Error::io(self.object.as_str(), &error)),
            }
        }
        Ok(())
    }

    fn ended(&self, heard: &Heard) -> Error {
        let error = Error::new(code::IO, "the other side has ended it").object(self.object.as_str());
        match tail(heard) {
            Some(tail) => error.hint(format!("the last that came was {tail}")),
            None => error.hint("does the guest run, and has nobody else opened it by force?"),
        }
    }

    fn in_vain(&self, wanted: &[&[u8]], time: Duration, heard: &Heard) -> Error {
        let wanted: Vec<_> =
            wanted.iter().map(|text| format!("{:?}", String::from_utf8_lossy(text))).collect();
        let time = duration_text(time.as_secs_f64());
        let error = Error::new(code::TIMEOUT, format!("{} did not come within {time}", wanted.join(" or ")));
        let error = error.object(self.object.as_str());
        match tail(heard) {
            Some(tail) => error.hint(format!("the last that came was {tail}")),
            None => error.hint("nothing came; a login prompt may want a line end first: send(\"\\n\")"),
        }
    }
}

impl Heard {
    /// Takes the first bytes.
    fn take(&mut self, count: usize) -> Vec<u8> {
        self.before += count;
        self.bytes.drain(..count).collect()
    }
}

/// Where the first of some texts begins, and which it is; of two at one place the first in the list.
fn first_of(bytes: &[u8], wanted: &[&[u8]]) -> Option<(usize, usize)> {
    let place = |text: &[u8]| match text.len() {
        0 => Some(0),
        length => bytes.windows(length).position(|part| part == text),
    };
    let found = wanted.iter().enumerate().filter_map(|(which, text)| Some((place(text)?, which)));
    found.min()
}

/// The last that came, fit to be shown.
fn tail(heard: &Heard) -> Option<String> {
    let start = heard.bytes.len().saturating_sub(TAIL);
    let text = String::from_utf8_lossy(&heard.bytes[start..]);
    (!text.is_empty()).then(|| format!("{text:?}"))
}

/// True where a stream's error only means that the other side is gone.
fn is_end(error: &Error) -> bool {
    // The daemon has no better words for it than these two.
    matches!(error.code(), "rpc" | "operation_failed")
}

fn is_tick(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Dialogue, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_read_timeout(Some(TICK)).unwrap();
        let dialogue = Dialogue::over(Peer::Socket(Arc::new(ours)), &Door::default(), "web1");
        (dialogue, theirs)
    }

    #[test]
    fn what_is_expected_is_taken_with_all_before_it() {
        let (dialogue, mut guest) = pair();
        guest.write_all(b"Linux 6.1\r\nlogin: rest").unwrap();
        let found = dialogue.expect(&[b"login: "], Duration::from_secs(5)).unwrap();
        assert_eq!(found, Found { before: b"Linux 6.1\r\n".to_vec(), which: 0 });
        assert_eq!(dialogue.read(Duration::from_secs(5)).unwrap(), b"rest");
        assert_eq!(dialogue.read(Duration::ZERO).unwrap(), b"");
    }

    #[test]
    fn of_several_texts_the_first_that_came_is_found() {
        let (dialogue, mut guest) = pair();
        guest.write_all(b"a # b $ c").unwrap();
        let time = Duration::from_secs(5);
        assert_eq!(dialogue.expect(&[b"$ ", b"# "], time).unwrap().which, 1);
        assert_eq!(dialogue.expect(&[b"$ ", b"# "], time).unwrap().before, b"b ");
    }

    #[test]
    fn what_comes_in_pieces_is_found_too() {
        let (dialogue, mut guest) = pair();
        let thread = std::thread::spawn(move || {
            for piece in ["log", "in", ":"] {
                guest.write_all(piece.as_bytes()).unwrap();
                std::thread::sleep(Duration::from_millis(5));
            }
            guest
        });
        assert_eq!(dialogue.expect(&[b"login:"], Duration::from_secs(20)).unwrap().before, b"");
        thread.join().unwrap();
    }

    #[test]
    fn what_does_not_come_is_a_timeout_that_shows_what_came() {
        let (dialogue, mut guest) = pair();
        guest.write_all(b"Kernel panic").unwrap();
        let error = dialogue.expect(&[b"login:"], Duration::from_millis(60)).unwrap_err();
        assert_eq!(error.code(), code::TIMEOUT);
        assert!(error.facts().hint.as_ref().unwrap().contains("Kernel panic"));
        assert_eq!(dialogue.read(Duration::ZERO).unwrap(), b"Kernel panic", "it can still be read");
    }

    #[test]
    fn the_end_is_told_after_everything_was_read() {
        let (dialogue, mut guest) = pair();
        guest.write_all(b"bye").unwrap();
        drop(guest);
        assert_eq!(dialogue.read(Duration::from_secs(5)).unwrap(), b"bye");
        assert_eq!(dialogue.read(Duration::from_secs(5)).unwrap_err().code(), code::IO);
        assert_eq!(dialogue.expect(&[b"x"], Duration::from_secs(5)).unwrap_err().code(), code::IO);
    }

    #[test]
    fn a_closed_dialogue_is_not_used() {
        let (dialogue, _guest) = pair();
        dialogue.close().unwrap();
        dialogue.close().unwrap();
        assert!(!dialogue.is_open());
        assert_eq!(dialogue.send(b"x").unwrap_err().code(), code::USAGE);
        assert_eq!(dialogue.expect(&[b"x"], Duration::ZERO).unwrap_err().code(), code::USAGE);
    }

    #[test]
    fn a_dialogue_ends_with_the_run() {
        let (dialogue, _guest) = pair();
        dialogue.interrupt.raise(super::super::interrupt::Reason::Interrupted);
        let error = dialogue.expect(&[b"x"], Duration::from_secs(3600)).unwrap_err();
        assert_eq!(error.code(), code::INTERRUPTED);
    }

    #[test]
    fn only_so_much_is_kept() {
        let (dialogue, mut guest) = pair();
        let writer = std::thread::spawn(move || {
            for _ in 0..40 {
                guest.write_all(&vec![b'.'; 64 << 10]).unwrap();
            }
            guest.write_all(b"the end").unwrap();
            guest
        });
        let found = dialogue.expect(&[b"the end"], Duration::from_secs(60)).unwrap();
        assert!(found.before.len() <= KEPT, "{}", found.before.len());
        writer.join().unwrap();
    }
}
