//! Events above the prompt: what the host tells while a line is typed.
//!
//! A thread takes them from a subscription and hands them to the editor, which puts them above what is typed. While an
//! input runs they wait, so that they stand between outputs and never in one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::api::events;
use crate::error::{Error, Result};
use crate::libvirt::events::{Kind, Objects, Wanted};
use crate::libvirt::{Connection, Subscription, TICK};
use crate::output::{Palette, Style};
use crate::report;

/// Lines that are shown at once; of more only their number is told.
const AT_ONCE: usize = 50;
/// How long the thread waits at a time.
const WAIT: Duration = Duration::from_secs(1);

/// Writes a text above what is typed; false where that is not possible any more.
pub(super) type Above = Box<dyn FnMut(String) -> bool + Send>;

/// The events of one connection that the person wants to see; it ends when it is dropped.
pub(super) struct Feed {
    kinds: Option<Vec<&'static Kind>>,
    connection: Connection,
    subscription: Arc<Subscription>,
    is_shown: bool,
}

impl Feed {
    /// Subscribes to these kinds, or to all usual ones.
    ///
    /// Errors: those of the connection, and `unsupported` for kinds that the driver lacks.
    pub(super) fn begin(connection: &Connection, kinds: Option<Vec<&'static Kind>>) -> Result<Self> {
        let strict = kinds.is_some();
        let wanted = kinds.clone().unwrap_or_else(|| events::usual().collect());
        let wanted = Wanted { kinds: wanted, strict, ..Wanted::default() };
        let subscription = Arc::new(connection.events(wanted, Objects::default())?);
        Ok(Self { kinds, connection: connection.clone(), subscription, is_shown: false })
    }

    /// Returns a feed of the same kinds from another connection, where it is another one.
    pub(super) fn moved(&self, connection: &Connection) -> Option<Result<Self>> {
        (!self.connection.is_same(connection)).then(|| Self::begin(connection, self.kinds.clone()))
    }

    /// Returns the subscription once, for the thread that shows it.
    pub(super) fn take_unshown(&mut self) -> Option<Arc<Subscription>> {
        (!std::mem::replace(&mut self.is_shown, true)).then(|| self.subscription.clone())
    }

    /// False once it has ended by itself.
    pub(super) fn is_on(&self) -> bool {
        !self.subscription.is_closed()
    }

    /// What it shows.
    pub(super) fn describe(&self) -> String {
        match &self.kinds {
            None => "all".into(),
            Some(kinds) => kinds.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", "),
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.subscription.close();
    }
}

/// Whether a line is being edited, so that something can be written above it.
#[derive(Clone, Default)]
pub(super) struct Gate(Arc<AtomicBool>);

impl Gate {
    /// Edits a line, during which events are shown.
    pub(super) fn during<T>(&self, edit: impl FnOnce() -> T) -> T {
        self.0.store(true, Ordering::Release);
        let edited = edit();
        self.0.store(false, Ordering::Release);
        edited
    }

    /// Waits until a line is edited; false where nobody wants the events any more.
    fn wait(&self, subscription: &Subscription) -> bool {
        while !subscription.is_closed() {
            if self.0.load(Ordering::Acquire) {
                return true;
            }
            std::thread::sleep(TICK);
        }
        false
    }
}

/// Starts the thread that shows events as long as they are wanted.
///
/// Errors: `io` where there is no thread to be had.
pub(super) fn show(
    subscription: Arc<Subscription>,
    gate: Gate,
    mut above: Above,
    palette: Palette,
) -> Result<()> {
    let show = move || {
        while let Some(next) = next(&subscription, WAIT) {
            let painted = next.lines.iter().map(|line| palette.paint(Style::Dim, line) + "\n");
            if !gate.wait(&subscription) || !above(painted.collect()) || next.is_last {
                break;
            }
        }
        subscription.close();
    };
    let started = std::thread::Builder::new().name("events".into()).spawn(show);
    started.map(drop).map_err(|error| Error::io("the thread for events", &error))
}

/// Returns the events that are there, a line each: for a prompt that nothing can be drawn above.
pub(super) fn told(subscription: &Subscription) -> Option<String> {
    next(subscription, Duration::ZERO).map(|next| next.lines.join("\n") + "\n")
}

/// What is shown next.
struct Next {
    lines: Vec<String>,
    is_last: bool,
}

/// Waits for the next events: all that are there, a line each; nothing where nobody wants them any more. Without a
/// time to wait it gives those that are there.
fn next(subscription: &Subscription, wait: Duration) -> Option<Next> {
    let mut lines = Vec::new();
    let mut more = 0;
    loop {
        let time = if lines.is_empty() { wait } else { Duration::ZERO };
        match subscription.next(time) {
            Ok(Some(_)) if lines.len() == AT_ONCE => more += 1,
            Ok(Some(event)) => lines.push(report::printable(&events::line(&event))),
            Ok(None) | Err(_) if !lines.is_empty() => break,
            Ok(None) if subscription.is_closed() || wait.is_zero() => return None,
            Ok(None) => {}
            // Ctrl-C ends an input, not this.
            Err(error) if error.ends_the_run() => {
                if subscription.is_closed() || wait.is_zero() {
                    return None;
                }
                std::thread::sleep(TICK);
            }
            Err(error) => {
                return Some(Next { lines: vec![format!("no more events: {error}")], is_last: true });
            }
        }
    }
    if more > 0 {
        lines.push(format!("… and {more} more events"));
    }
    Some(Next { lines, is_last: false })
}
