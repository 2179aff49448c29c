//! The registrations of one open connection, each shared by all who listen to its kind.
//!
//! libvirt refuses to register one function twice for the same events of a connection, so there is
//! one registration for each kind of event, and what each subscriber wants is sorted out here.

use std::ffi::CString;
use std::os::raw::{c_int, c_void};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use virt::connect::Connect;
use virt::sys;

use super::super::failure::{Failure, Outcome, check};
use super::callbacks::{self, Callback, Data};
use super::kind::{self, Kind, Source};
use super::tap::Tap;
use crate::error::{Error, code};

/// See the module. Used by the thread that makes the connection's calls, so nobody waits for its lock.
#[derive(Default)]
pub(in super::super) struct Hub(Mutex<State>);

#[derive(Default)]
struct State {
    channels: Vec<Channel>,
    /// libvirt has one close callback for each connection.
    closing: Option<Arc<Data>>,
}

/// One registration and who listens to it.
struct Channel {
    id: c_int,
    data: Arc<Data>,
}

/// What a subscriber wants to hear of.
#[derive(Clone, Default)]
pub struct Wanted {
    /// the kinds
    pub kinds: Vec<&'static Kind>,
    /// A kind that the driver lacks is an error; otherwise only that it has none of them.
    pub strict: bool,
    /// which of QEMU's own events: a name, or a pattern with the flag for it; all without one
    pub monitor_event: Option<String>,
    /// `VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER_*`
    pub monitor_flags: u32,
}

impl Hub {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a subscriber hear of what it wants: all of it, or nothing and an error.
    pub(super) fn attach(&self, connect: &Connect, tap: &Arc<Tap>, wanted: &Wanted) -> Outcome<()> {
        let mut state = self.state();
        state.watch_closing(connect, tap);
        let attached = state.attach(connect, tap, wanted);
        if attached.is_err() {
            state.detach(connect, tap);
        }
        attached
    }

    /// Ends what a subscriber hears, and the registrations that nobody listens to any more.
    pub(super) fn detach(&self, connect: &Connect, tap: &Arc<Tap>) {
        self.state().detach(connect, tap);
    }

    /// Ends all registrations: each holds a reference to the connection, which could not close.
    pub(in super::super) fn end(&self, connect: &Connect) {
        let mut state = self.state();
        for channel in state.channels.drain(..) {
            deregister(connect, channel.data.kind, channel.id);
        }
        if let Some(data) = state.closing.take() {
            // SAFETY: a live connection; the callback is the one of `watch_closing`.
            let done = unsafe {
                sys::virConnectUnregisterCloseCallback(connect.as_ptr(), Some(callbacks::on_close))
            };
            // A driver without this callback says that it took the data, and never gives it back.
            if done == 0 && Arc::strong_count(&data) > 1 {
                // SAFETY: the reference that libvirt was given; nobody has it any more.
                unsafe { callbacks::free(Arc::as_ptr(&data).cast_mut().cast()) };
            }
        }
    }
}

impl State {
    fn attach(&mut self, connect: &Connect, tap: &Arc<Tap>, wanted: &Wanted) -> Outcome<()> {
        let mut refusal = None;
        let mut heard = 0;
        for kind in &wanted.kinds {
            let listening = match kind.source {
                Source::Own => continue,
                Source::Monitor => self.listen_to_monitor(connect, tap, wanted),
                _ => self.listen(connect, tap, kind),
            };
            match listening {
                Ok(()) => heard += 1,
                Err(failure) if wanted.strict => return Err(refused(failure, kind)),
                Err(failure) => refusal = refusal.or(Some(failure)),
            }
        }
        match refusal {
            Some(failure) if heard == 0 => Err(failure),
            _ => Ok(()),
        }
    }

    /// Adds a listener to a kind of event, registering for it where nobody listens yet.
    fn listen(&mut self, connect: &Connect, tap: &Arc<Tap>, kind: &'static Kind) -> Outcome<()> {
        let Some(channel) = self.channels.iter().find(|channel| channel.data.kind.is(kind)) else {
            return self.register(kind, tap, |data| register(connect, kind, data));
        };
        let mut listeners = channel.data.listeners();
        // Asked for twice is told once.
        if !listeners.iter().any(|other| Arc::ptr_eq(other, tap)) {
            listeners.push(tap.clone());
        }
        Ok(())
    }

    /// QEMU's own events are filtered by the daemon, so each subscriber has a registration of its own.
    fn listen_to_monitor(&mut self, connect: &Connect, tap: &Arc<Tap>, wanted: &Wanted) -> Outcome<()> {
        let event = match &wanted.monitor_event {
            Some(event) => Some(CString::new(event.as_str()).map_err(|_| {
                Error::usage(format!("the name of an event cannot contain a NUL character: {event:?}"))
            })?),
            None => None,
        };
        self.register(&kind::MONITOR, tap, |data| {
            // SAFETY: libvirt turns it back into the form that QEMU_MONITOR has.
            let callback = unsafe {
                std::mem::transmute::<Callback, sys::virConnectDomainQemuMonitorEventCallback>(
                    kind::MONITOR.callback,
                )
            };
            let name = event.as_ref().map_or(std::ptr::null(), |event| event.as_ptr());
            // SAFETY: a live connection, null or a text, and data that lives until it is freed.
            unsafe {
                sys::virConnectDomainQemuMonitorEventRegister(
                    connect.as_ptr(),
                    std::ptr::null_mut(),
                    name,
                    callback,
                    data,
                    Some(callbacks::free),
                    wanted.monitor_flags,
                )
            }
        })
    }

    fn register(
        &mut self,
        kind: &'static Kind,
        tap: &Arc<Tap>,
        call: impl FnOnce(*mut c_void) -> c_int,
    ) -> Outcome<()> {
        let data = Arc::new(Data::new(kind));
        data.listeners().push(tap.clone());
        let id = with_data(&data, call)?;
        self.channels.push(Channel { id, data });
        Ok(())
    }

    /// Tells the subscriber when the connection is lost; drivers in this process never are.
    fn watch_closing(&mut self, connect: &Connect, tap: &Arc<Tap>) {
        if let Some(data) = &self.closing {
            data.listeners().push(tap.clone());
            return;
        }
        let data = Arc::new(Data::new(&kind::CLOSED));
        data.listeners().push(tap.clone());
        let registered = with_data(&data, |data| {
            // SAFETY: a live connection, and data that lives until it is freed.
            unsafe {
                sys::virConnectRegisterCloseCallback(
                    connect.as_ptr(),
                    Some(callbacks::on_close),
                    data,
                    Some(callbacks::free),
                )
            }
        });
        // A driver without it: subscribers notice by themselves that the connection is gone.
        if registered.is_ok() {
            self.closing = Some(data);
        }
    }

    fn detach(&mut self, connect: &Connect, tap: &Arc<Tap>) {
        if let Some(data) = &self.closing {
            data.listeners().retain(|other| !Arc::ptr_eq(other, tap));
        }
        self.channels.retain(|channel| {
            let mut listeners = channel.data.listeners();
            listeners.retain(|other| !Arc::ptr_eq(other, tap));
            let used = !listeners.is_empty();
            drop(listeners);
            if !used {
                deregister(connect, channel.data.kind, channel.id);
            }
            used
        });
    }
}

/// Makes a registration that has a reference to its data, which libvirt gives back later.
fn with_data(data: &Arc<Data>, call: impl FnOnce(*mut c_void) -> c_int) -> Outcome<c_int> {
    let data = Arc::into_raw(data.clone()).cast_mut().cast::<c_void>();
    check(call(data)).inspect_err(|_| {
        // SAFETY: a failed registration does not take the data over.
        unsafe { callbacks::free(data) };
    })
}

/// Calls the function that registers for a family of events; `None` for one without such a function.
macro_rules! register_any {
    ($source:expr, $connect:expr, $callback:expr, $data:expr;
        $($family:ident $function:ident $type:ty),*) => {
        match $source {
            $(Source::$family(id) => {
                // SAFETY: a live connection, no object, which means all of them, the callback of this
                // event, which libvirt turns back into its own form, and data that lives until it is freed.
                unsafe {
                    let callback = std::mem::transmute::<Callback, $type>($callback);
                    let (all, free) = (std::ptr::null_mut(), Some(callbacks::free as _));
                    sys::$function($connect, all, id as c_int, callback, $data, free)
                }
            })*
            Source::Monitor | Source::Own => -1,
        }
    };
}

fn register(connect: &Connect, kind: &Kind, data: *mut c_void) -> c_int {
    register_any! { kind.source, connect.as_ptr(), kind.callback, data;
        Domain virConnectDomainEventRegisterAny sys::virConnectDomainEventGenericCallback,
        Network virConnectNetworkEventRegisterAny sys::virConnectNetworkEventGenericCallback,
        Pool virConnectStoragePoolEventRegisterAny sys::virConnectStoragePoolEventGenericCallback,
        NodeDevice virConnectNodeDeviceEventRegisterAny sys::virConnectNodeDeviceEventGenericCallback,
        Secret virConnectSecretEventRegisterAny sys::virConnectSecretEventGenericCallback
    }
}

fn deregister(connect: &Connect, kind: &Kind, id: c_int) {
    let function = match kind.source {
        Source::Domain(_) => sys::virConnectDomainEventDeregisterAny,
        Source::Network(_) => sys::virConnectNetworkEventDeregisterAny,
        Source::Pool(_) => sys::virConnectStoragePoolEventDeregisterAny,
        Source::NodeDevice(_) => sys::virConnectNodeDeviceEventDeregisterAny,
        Source::Secret(_) => sys::virConnectSecretEventDeregisterAny,
        Source::Monitor => sys::virConnectDomainQemuMonitorEventDeregister,
        Source::Own => return,
    };
    // SAFETY: a live connection; an id that is unknown by now, as on a lost connection, is only an error.
    unsafe { function(connect.as_ptr(), id) };
}

/// The error of a kind that was asked for by name.
fn refused(failure: Failure, kind: &Kind) -> Failure {
    match failure {
        // The library's own check of the number, or that of a daemon that is older than the library.
        Failure::Libvirt(report)
            if report.number as u32 == sys::VIR_ERR_INVALID_ARG || report.message.contains("event ID") =>
        {
            let message = format!("there are no events of the kind {:?} here", kind.name);
            let error =
                Error::new(code::UNSUPPORTED, message).libvirt(report.message.clone()).cause(report.message);
            error.hint("they need a newer libvirt, here and on the host").into()
        }
        failure => failure,
    }
}
