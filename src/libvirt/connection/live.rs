//! One open connection, from opening to loss.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use virt::connect::Connect;

use super::apart::Places;
use super::in_flight::InFlight;
use crate::libvirt::event_loop::Watch;
use crate::libvirt::events::Hub;
use crate::libvirt::worker::Worker;

/// See the module. What was found on it holds it, so that it ends after all of that.
pub(in crate::libvirt) struct Live {
    /// `None` only while it is being dropped.
    pub(super) connect: Option<Connect>,
    pub(super) worker: Option<Worker>,
    /// The sockets to the daemon, as the event loop knows them.
    pub(super) watches: Vec<Watch>,
    pub(super) lost: AtomicBool,
    /// What subscribers hear of it.
    pub(in crate::libvirt) events: Hub,
    /// Calls that are made beside the worker.
    pub(super) apart: Places,
    /// How many calls that only read are made beside it and have no answer yet.
    pub(super) aside: Arc<AtomicUsize>,
    /// All calls that are being made.
    pub(super) in_flight: InFlight,
}

impl Live {
    pub(in crate::libvirt) fn connect(&self) -> &Connect {
        self.connect.as_ref().expect("taken only by drop")
    }

    /// True for a daemon: its calls may hang, so a thread of its own makes them.
    pub(in crate::libvirt) fn has_worker(&self) -> bool {
        self.worker.is_some()
    }

    pub(in crate::libvirt) fn is_lost(&self) -> bool {
        // The client's own knowledge, no question to the daemon; drivers in this process are never lost.
        self.lost.load(Ordering::Acquire) || self.is_cut()
    }

    /// True where the transport itself is gone.
    pub(in crate::libvirt) fn is_cut(&self) -> bool {
        self.worker.is_some() && !self.connect().is_alive().unwrap_or(false)
    }

    /// The sockets to the daemon; none for a driver inside this process.
    pub(in crate::libvirt) fn watches(&self) -> &[Watch] {
        &self.watches
    }

    /// Makes a call whose outcome does not matter, without waiting for it.
    pub(in crate::libvirt) fn post(self: &Arc<Self>, f: impl FnOnce(&Connect) + Send + 'static) {
        match &self.worker {
            Some(worker) => {
                let live = self.clone();
                worker.post(move || f(live.connect()));
            }
            None => f(self.connect()),
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let Some(connect) = self.connect.take() else { return };
        let events = std::mem::take(&mut self.events);
        let close = move || {
            events.end(&connect);
            drop(connect);
        };
        // The last reference may close the connection, which talks to the daemon: not on a thread
        // that must stay responsive.
        match &self.worker {
            Some(worker) => worker.post(close),
            None => close(),
        }
    }
}
