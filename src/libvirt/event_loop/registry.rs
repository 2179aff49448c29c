//! What the event loop watches: file descriptors and timers, and what to call for them.
//!
//! Any thread may add, change and remove; callbacks run on the loop's thread, with nothing locked.
//! What belongs to a removed entry is freed by the loop's thread too, because its callback may be
//! running at that moment.

use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::raw::{c_int, c_void};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use virt::sys;

type HandleCallback = unsafe extern "C" fn(c_int, c_int, c_int, *mut c_void);
type TimerCallback = unsafe extern "C" fn(c_int, *mut c_void);

/// Events that one look takes; what is left is taken by the next.
const BATCH: usize = 32;
/// The mark of the loop's own wake-up call; watches count from 1.
const WAKE: u64 = 0;

const EVENTS: [(u32, EpollFlags); 4] = [
    (sys::VIR_EVENT_HANDLE_READABLE, EpollFlags::EPOLLIN),
    (sys::VIR_EVENT_HANDLE_WRITABLE, EpollFlags::EPOLLOUT),
    (sys::VIR_EVENT_HANDLE_ERROR, EpollFlags::EPOLLERR),
    (sys::VIR_EVENT_HANDLE_HANGUP, EpollFlags::EPOLLHUP),
];

/// See the module.
pub(super) struct Registry {
    epoll: Epoll,
    wake: EventFd,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    last: c_int,
    handles: HashMap<c_int, Handle>,
    timers: HashMap<c_int, Timer>,
    garbage: Vec<Garbage>,
    /// When the loop looks again by itself; `None` while it sleeps until it is woken.
    wakes_at: Option<Instant>,
}

impl Entries {
    fn next(&mut self) -> c_int {
        self.last += 1;
        self.last
    }
}

/// What libvirt hands over to get it back, and how to free it.
struct Garbage {
    opaque: *mut c_void,
    free: sys::virFreeCallback,
}

// SAFETY: libvirt gives it to be used on whichever thread runs the loop.
unsafe impl Send for Garbage {}

struct Handle {
    fd: c_int,
    /// A descriptor of ours for the same file, where another handle already has that one.
    double: Option<OwnedFd>,
    /// What libvirt wants to know.
    wanted: c_int,
    /// Until when it is not read from, see [`Registry::hold`].
    held: Option<Instant>,
    /// What is watched: `wanted`, without reading while it is held.
    events: c_int,
    callback: HandleCallback,
    data: Garbage,
}

impl Handle {
    fn watched(&self) -> c_int {
        match self.held {
            Some(_) => self.wanted & !(sys::VIR_EVENT_HANDLE_READABLE as c_int),
            None => self.wanted,
        }
    }

    fn polled(&self) -> BorrowedFd<'_> {
        match &self.double {
            Some(fd) => fd.as_fd(),
            None => borrow(self.fd),
        }
    }
}

struct Timer {
    period: Option<Duration>,
    due: Option<Instant>,
    callback: TimerCallback,
    data: Garbage,
}

fn borrow(fd: c_int) -> BorrowedFd<'static> {
    // SAFETY: libvirt keeps it open until it has removed the handle; epoll refuses one that is not.
    unsafe { BorrowedFd::borrow_raw(fd) }
}

fn flags(events: c_int) -> EpollFlags {
    EVENTS.iter().filter(|(bit, _)| events as u32 & bit != 0).map(|(_, flag)| *flag).collect()
}

fn events(flags: EpollFlags) -> c_int {
    EVENTS.iter().filter(|(_, flag)| flags.contains(*flag)).fold(0, |bits, (bit, _)| bits | *bit as c_int)
}

/// The period of a timer: none for negative numbers, which switch it off.
fn period(milliseconds: c_int) -> Option<Duration> {
    u64::try_from(milliseconds).ok().map(Duration::from_millis)
}

impl Registry {
    pub(super) fn new() -> Result<Self, Errno> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let wake = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        epoll.add(&wake, EpollEvent::new(EpollFlags::EPOLLIN, WAKE))?;
        Ok(Self { epoll, wake, entries: Mutex::default() })
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the loop look again.
    fn wake(&self) {
        // Fails only when it is about to wake anyway.
        let _ = self.wake.write(1);
    }

    /// Watches a descriptor; returns its watch, or -1 where that is impossible.
    pub(super) fn add_handle(
        &self,
        fd: c_int,
        events: c_int,
        callback: HandleCallback,
        opaque: *mut c_void,
        free: sys::virFreeCallback,
    ) -> c_int {
        let mut entries = self.entries();
        let watch = entries.next();
        let data = Garbage { opaque, free };
        let mut handle = Handle { fd, double: None, wanted: events, held: None, events: 0, callback, data };
        if entries.handles.values().any(|other| other.fd == fd && other.double.is_none()) {
            let Ok(double) = borrow(fd).try_clone_to_owned() else { return -1 };
            handle.double = Some(double);
        }
        if self.watch(watch, &mut handle).is_err() {
            return -1;
        }
        entries.handles.insert(watch, handle);
        watch
    }

    /// Changes what is watched; 0 looks away.
    pub(super) fn update_handle(&self, watch: c_int, events: c_int) {
        self.change(watch, |handle| handle.wanted = events);
    }

    /// Reads nothing from a descriptor, at most for `time`: what arrives waits in the system.
    pub(super) fn hold(&self, watch: c_int, time: Duration) {
        self.change(watch, |handle| handle.held = Some(Instant::now() + time));
        // The loop has to look when the time has passed.
        self.wake();
    }

    /// Ends [`Self::hold`].
    pub(super) fn release(&self, watch: c_int) {
        self.change(watch, |handle| handle.held = None);
    }

    fn change(&self, watch: c_int, change: impl FnOnce(&mut Handle)) {
        if let Some(handle) = self.entries().handles.get_mut(&watch) {
            change(handle);
            // A descriptor that was closed meanwhile has no events.
            let _ = self.watch(watch, handle);
        }
    }

    /// Watches a descriptor for what is wanted now.
    fn watch(&self, watch: c_int, handle: &mut Handle) -> Result<(), Errno> {
        let events = handle.watched();
        let mut event = EpollEvent::new(flags(events), watch as u64);
        // Taken out rather than set to nothing: epoll reports a hang-up whether asked or not.
        match (handle.events, events) {
            (before, now) if before == now => {}
            (_, 0) => self.epoll.delete(handle.polled())?,
            (0, _) => self.epoll.add(handle.polled(), event)?,
            _ => self.epoll.modify(handle.polled(), &mut event)?,
        }
        handle.events = events;
        Ok(())
    }

    /// Ends a watch.
    pub(super) fn remove_handle(&self, watch: c_int) -> c_int {
        let mut entries = self.entries();
        let Some(mut handle) = entries.handles.remove(&watch) else { return -1 };
        handle.wanted = 0;
        // As above: it may be closed already.
        let _ = self.watch(watch, &mut handle);
        entries.garbage.push(handle.data);
        self.wake();
        0
    }

    /// Starts a timer; a negative period makes it wait for a change.
    pub(super) fn add_timer(
        &self,
        milliseconds: c_int,
        callback: TimerCallback,
        opaque: *mut c_void,
        free: sys::virFreeCallback,
    ) -> c_int {
        let timer = {
            let mut entries = self.entries();
            let timer = entries.next();
            let data = Garbage { opaque, free };
            entries.timers.insert(timer, Timer { period: None, due: None, callback, data });
            timer
        };
        self.update_timer(timer, milliseconds);
        timer
    }

    /// Changes the period of a timer, counted from now.
    pub(super) fn update_timer(&self, timer: c_int, milliseconds: c_int) {
        let mut entries = self.entries();
        let wakes_at = entries.wakes_at;
        let Some(timer) = entries.timers.get_mut(&timer) else { return };
        timer.period = period(milliseconds);
        timer.due = timer.period.map(|period| Instant::now() + period);
        // Keepalive puts its timer off at every answer: not worth a wake-up.
        if timer.due.is_some_and(|due| wakes_at.is_none_or(|wakes_at| due < wakes_at)) {
            self.wake();
        }
    }

    /// Ends a timer.
    pub(super) fn remove_timer(&self, timer: c_int) -> c_int {
        let mut entries = self.entries();
        let Some(timer) = entries.timers.remove(&timer) else { return -1 };
        entries.garbage.push(timer.data);
        self.wake();
        0
    }

    /// Waits for events or a timer, calls back, and frees what was removed.
    pub(super) fn run_once(&self) {
        let mut ready = [EpollEvent::empty(); BATCH];
        let count = self.epoll.wait(&mut ready, self.timeout()).unwrap_or_default() /* 0: a signal */;
        for event in &ready[..count] {
            if event.data() == WAKE {
                let _ = self.wake.read();
            } else {
                self.handle_event(event.data() as c_int, events(event.events()));
            }
        }
        self.timers();
        self.end_holds();
        let garbage = std::mem::take(&mut self.entries().garbage);
        for Garbage { opaque, free } in garbage {
            if let Some(free) = free {
                // SAFETY: removed, and its callback runs on this thread only: nobody uses it any more.
                unsafe { free(opaque) };
            }
        }
    }

    /// How long to sleep; from here on, an earlier timer has to wake the loop.
    fn timeout(&self) -> EpollTimeout {
        let mut entries = self.entries();
        if !entries.garbage.is_empty() {
            return EpollTimeout::ZERO;
        }
        let held = entries.handles.values().filter_map(|handle| handle.held);
        let next = entries.timers.values().filter_map(|timer| timer.due).chain(held).min();
        entries.wakes_at = next;
        next.map_or(EpollTimeout::NONE, |due| {
            // Rounded up: a timer that is called too early would be called again at once.
            let left = due.saturating_duration_since(Instant::now()).as_micros().div_ceil(1000);
            EpollTimeout::try_from(left.min(60_000) as i32).unwrap_or(EpollTimeout::ZERO)
        })
    }

    fn handle_event(&self, watch: c_int, events: c_int) {
        let found = self.entries().handles.get(&watch).map(|h| (h.fd, h.events, h.callback, h.data.opaque));
        let Some((fd, wanted, callback, opaque)) = found else { return };
        // Looked away since: whoever did that reads the socket itself now.
        if wanted == 0 {
            return;
        }
        // SAFETY: libvirt's own callback and data; the data is freed by this thread only.
        unsafe { callback(watch, fd, events, opaque) };
    }

    fn end_holds(&self) {
        let now = Instant::now();
        let mut entries = self.entries();
        for (watch, handle) in &mut entries.handles {
            if handle.held.is_some_and(|until| until <= now) {
                handle.held = None;
                // As in `change`.
                let _ = self.watch(*watch, handle);
            }
        }
    }

    fn timers(&self) {
        let now = Instant::now();
        let due: Vec<c_int> = {
            let mut entries = self.entries();
            let due = entries.timers.iter_mut().filter(|(_, timer)| timer.due.is_some_and(|due| due <= now));
            due.map(|(id, timer)| {
                timer.due = timer.period.map(|period| now + period);
                *id
            })
            .collect()
        };
        for id in due {
            let found = self.entries().timers.get(&id).map(|timer| (timer.callback, timer.data.opaque));
            if let Some((callback, opaque)) = found {
                // SAFETY: as above.
                unsafe { callback(id, opaque) };
            }
        }
    }
}

#[cfg(test)]
mod tests;
