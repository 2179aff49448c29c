//! How a connection is opened, at first use and after a loss, and in whose name.

use std::ffi::CString;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use virt::connect::Connect;
use virt::sys;

use super::apart::Places;
use super::in_flight::InFlight;
use super::{Connection, Live};
use crate::error::{Error, Result, code};
use crate::libvirt::auth;
use crate::libvirt::door::{Keepalive, read};
use crate::libvirt::event_loop::{self, Watch};
use crate::libvirt::events::Hub;
use crate::libvirt::failure::{Failure, Outcome, check};
use crate::libvirt::open_failure;
use crate::libvirt::typed_params::{Params, ParamsBuffer};
use crate::libvirt::worker::{Pending, Unanswered, Worker};

/// What servers are asked where nobody says otherwise.
const KEEPALIVE: Keepalive = Keepalive { interval: 5, count: 5 };
/// Pauses between tries to open a connection again that was lost.
const BACK_OFF: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
];

/// A connection that is being opened.
pub(super) struct Opening {
    uri: Option<String>,
    worker: Worker,
    pending: Pending<Outcome<Opened>>,
}

struct Opened {
    connect: Connect,
    /// Its URI as libvirt tells it.
    reported: String,
    watches: Vec<Watch>,
}

impl Connection {
    /// Makes the calls of this connection in another name (`virConnectSetIdentity`), also after it was
    /// opened anew.
    pub fn set_identity(&self, identity: Params) -> Result<()> {
        let wanted = identity.clone();
        // Changes nothing on the host, only what the connection may do there.
        self.call(read("connection.set_identity"), "", move |c| identify(c, &wanted))?;
        *self.identity() = Some(identity);
        Ok(())
    }

    fn identity(&self) -> MutexGuard<'_, Option<Params>> {
        self.0.identity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the open connection, opening it when there is none.
    pub(super) fn live(&self) -> Result<Arc<Live>> {
        let patient = {
            let mut state = self.state();
            if state.closed {
                return Err(self.was_closed());
            }
            match &state.live {
                Some(live) if !live.is_lost() => return Ok(live.clone()),
                Some(_) => state.live = None,
                None => {}
            }
            state.was_open
        };
        let mut pauses = if patient { BACK_OFF.iter() } else { [].iter() };
        loop {
            match self.open_once() {
                Ok(live) => return self.keep(live),
                Err(error) if error.code() == code::CONNECT_FAILED => match pauses.next() {
                    Some(pause) => self.0.door.interrupt().sleep(*pause)?,
                    None if patient => return Err(still_lost(error)),
                    None => return Err(error),
                },
                Err(error) => return Err(error),
            }
        }
    }

    /// Opens it where it is not open, with a single try: for those who try again by themselves.
    pub(in crate::libvirt) fn try_open(&self) -> Result<()> {
        if self.is_open() || self.is_closed() {
            return Ok(());
        }
        self.0.door.interrupt().check()?;
        self.keep(self.open_once()?).map(drop)
    }

    /// Keeps what was opened, unless another thread was faster or has closed it meanwhile.
    fn keep(&self, live: Live) -> Result<Arc<Live>> {
        let mut state = self.state();
        if state.closed {
            return Err(self.was_closed());
        }
        if let Some(first) = state.live.as_ref().filter(|first| !first.is_lost()) {
            return Ok(first.clone());
        }
        let live = Arc::new(live);
        state.was_open = true;
        state.live = Some(live.clone());
        Ok(live)
    }

    fn was_closed(&self) -> Error {
        Error::usage("this connection was closed")
            .hint("connect(uri) makes a new one")
            .host(self.0.uri.clone().unwrap_or_default())
    }

    /// Begins to open it, so that something else can be done until it is used; what fails shows then.
    pub fn open_ahead(&self) {
        if let Ok(opening) = self.begin_to_open() {
            self.state().opening = Some(opening);
        }
    }

    fn open_once(&self) -> Result<Live> {
        let begun = self.state().opening.take();
        self.finish_opening(begun.map_or_else(|| self.begin_to_open(), Ok)?)
    }

    fn begin_to_open(&self) -> Result<Opening> {
        let uri = self.0.uri.clone();
        let c_uri = match &uri {
            Some(uri) => Some(CString::new(uri.as_str()).map_err(|_| {
                Error::usage("a connection URI cannot contain a NUL character")
                    .object(uri.escape_debug().to_string())
            })?),
            None => None,
        };
        let worker = Worker::start("libvirt-call")?;
        let readonly = self.0.readonly;
        let credentials = self.0.door.credentials();
        let keepalive = self.0.door.keepalive();
        let identity = self.identity().clone();
        let pending = worker.begin(move || {
            event_loop::initialize().map_err(Failure::Own)?;
            let (connect, watches) =
                event_loop::added_by(|| auth::open(c_uri.as_ref(), readonly, credentials));
            let connect = connect?;
            let reported = connect.uri()?;
            match keepalive {
                Some(wanted) => keep_alive(&connect, wanted).map_err(as_requested)?,
                // Refused by drivers that are clients themselves (esx, vbox, …): they do without.
                None if !is_in_process(&reported) => drop(keep_alive(&connect, KEEPALIVE)),
                None => {}
            }
            if let Some(identity) = &identity {
                identify(&connect, identity)?;
            }
            Outcome::Ok(Opened { connect, reported, watches })
        });
        Ok(Opening { uri, worker, pending })
    }

    fn finish_opening(&self, Opening { uri, worker, pending }: Opening) -> Result<Live> {
        let Opened { connect, reported, watches } = match pending.wait(self.0.door.interrupt()) {
            Ok(Ok(opened)) => opened,
            Ok(Err(failure)) => return Err(open_failure::explain(failure, uri.as_deref())),
            Err(Unanswered::Failed(error)) => return Err(error),
            Err(Unanswered::Abandoned(reason)) => return Err(reason.error()),
        };
        let (worker, watches) =
            if is_in_process(&reported) { (None, Vec::new()) } else { (Some(worker), watches) };
        self.0.door.tell_opened(uri.as_deref().unwrap_or(&reported));
        self.state().uri = Some(reported.into());
        Ok(Live {
            connect: Some(connect),
            worker,
            watches,
            lost: AtomicBool::new(false),
            events: Hub::default(),
            apart: Places::default(),
            aside: Arc::default(),
            in_flight: InFlight::default(),
        })
    }
}

/// What a use of a lost connection fails with: `disconnected`, whether the loss shows in the middle
/// of a call or before it.
fn still_lost(error: Error) -> Error {
    let facts = error.facts();
    let message = format!("the connection was lost and could not be opened again: {}", facts.message);
    let lost = Error::new(code::DISCONNECTED, message)
        .libvirt(facts.libvirt.clone().unwrap_or_default())
        .cause(facts.message.clone());
    match facts.hint.clone() {
        Some(hint) => lost.hint(hint),
        None => lost,
    }
}

fn keep_alive(connect: &Connect, Keepalive { interval, count }: Keepalive) -> Outcome<()> {
    if interval > 0 {
        connect.set_keep_alive(interval.try_into().unwrap_or(i32::MAX), count)?;
    }
    Ok(())
}

/// The failure of what the command line asks for, in virsh's words.
fn as_requested(failure: Failure) -> Failure {
    let words = "Cannot setup keepalive on connection as requested, disconnecting";
    Failure::Own(Error::from(failure).context(words))
}

/// Tells the daemon in whose name the next calls are.
fn identify(connect: &Connect, identity: &Params) -> Outcome<()> {
    let mut params = ParamsBuffer::new(identity)?;
    // SAFETY: a live connection and a valid array of its own length.
    check(unsafe { sys::virConnectSetIdentity(connect.as_ptr(), params.as_mut_ptr(), params.len(), 0) })
        .map(drop)
}

/// True for drivers that run inside this process and answer without waiting for anybody.
pub(in crate::libvirt) fn is_in_process(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let embedded = path.ends_with("/embed");
    !scheme.contains('+') && (embedded || (scheme == "test" && path.starts_with("///")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_drivers_without_a_daemon_are_called_inline() {
        for inline in ["test:///default", "test:///tmp/node.xml", "secret:///embed?root=/x", "qemu:///embed"]
        {
            assert!(is_in_process(inline), "{inline}");
        }
        for daemon in [
            "test+unix:///default?socket=/x",
            "test://host/default",
            "qemu:///system",
            "qemu+ssh://root@host/system",
            "esx://host/",
            "",
        ] {
            assert!(!is_in_process(daemon), "{daemon}");
        }
    }

    fn connection(uri: &str) -> Connection {
        Connection::new(Some(uri.into()), false, Arc::default())
    }

    #[test]
    fn it_opens_at_first_use_and_not_after_close() {
        let connection = connection("test:///default");
        assert!(!connection.is_open());
        connection.open().unwrap();
        assert!(connection.is_open());
        connection.close();
        let error = connection.open().unwrap_err();
        assert_eq!(error.code(), code::USAGE);
    }

    #[test]
    fn a_uri_that_nobody_serves_is_connect_failed_with_a_hint() {
        let error = connection("qemu+unix:///system?socket=/nonexistent/sock").open().unwrap_err();
        assert_eq!(error.code(), code::CONNECT_FAILED);
        assert!(error.facts().hint.as_deref().unwrap_or_default().contains("test:///default"));
    }

    #[test]
    fn a_nul_in_the_uri_is_refused_before_it_reaches_c() {
        assert_eq!(connection("test:///a\0b").open().unwrap_err().code(), code::USAGE);
    }
}
