//! The functions that libvirt calls, one for each form that an event has.
//!
//! They run on the event loop's thread: they copy what they are given, hand it to those who listen
//! and return. Nothing they are given is theirs to free, and no panic leaves them.

use std::os::raw::{c_char, c_int, c_longlong, c_uint, c_ulonglong, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;
use virt::sys;

use super::super::failure::text_of;
use super::super::typed_params::read as read_params;
use super::kind::Kind;
use super::tap::Tap;
use super::value::{Event, Field, Fields, Subject};
use super::words;

/// A callback as libvirt's registration takes it, whatever its parameters are.
pub(super) type Callback = unsafe extern "C" fn();

/// One kind of event of one connection and who listens to it: what a callback gets as its own data.
pub(super) struct Data {
    pub(super) kind: &'static Kind,
    listeners: Mutex<Vec<Arc<Tap>>>,
}

impl Data {
    pub(super) fn new(kind: &'static Kind) -> Self {
        Self { kind, listeners: Mutex::default() }
    }

    pub(super) fn listeners(&self) -> MutexGuard<'_, Vec<Arc<Tap>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives back the reference to its data that a callback had.
///
/// # Safety
/// `data` comes from `Arc::<Data>::into_raw`, and this is its last use.
pub(super) unsafe extern "C" fn free(data: *mut c_void) {
    // SAFETY: the caller's promise.
    drop(unsafe { Arc::from_raw(data.cast_const().cast::<Data>()) });
}

/// Makes a callback for each form of event, named like the parameters that it is called with.
macro_rules! callbacks {
    ($($name:ident($object:ident: $type:ty $(, $arg:ident: $arg_type:ty)*)
        { $($key:literal: $value:expr),* $(,)? })*) => { $(
        pub(super) const $name: Callback = {
            unsafe extern "C" fn call(
                _: sys::virConnectPtr,
                $object: $type,
                $($arg: $arg_type,)*
                data: *mut c_void,
            ) {
                // SAFETY: libvirt gives what its declaration of this callback says: an object and texts
                // that live during the call, and the data of the registration.
                #[allow(unused_unsafe, reason = "not every form has pointers to read")]
                unsafe { deliver(data, $object, || unsafe { vec![$(($key, $value)),*] }) };
            }
            // SAFETY: libvirt turns it back into this form before it calls it.
            unsafe {
                std::mem::transmute::<
                    unsafe extern "C" fn(sys::virConnectPtr, $type, $($arg_type,)* *mut c_void),
                    Callback,
                >(call)
            }
        };
    )* };
}

callbacks! {
    DOMAIN(domain: sys::virDomainPtr) {}
    LIFECYCLE(domain: sys::virDomainPtr, event: c_int, detail: c_int) {
        "event": Field::Word(words::LIFECYCLE, event),
        "detail": Field::Word(words::lifecycle_details(event), detail),
    }
    RTC_CHANGE(domain: sys::virDomainPtr, offset: c_longlong) { "utcoffset": Field::Int(offset) }
    WATCHDOG(domain: sys::virDomainPtr, action: c_int) {
        "action": Field::Word(words::WATCHDOG_ACTIONS, action),
    }
    IO_ERROR(domain: sys::virDomainPtr, path: *const c_char, alias: *const c_char, action: c_int) {
        "src_path": text(path),
        "dev_alias": text(alias),
        "action": Field::Word(words::IO_ERROR_ACTIONS, action),
    }
    IO_ERROR_REASON(
        domain: sys::virDomainPtr, path: *const c_char, alias: *const c_char, action: c_int,
        reason: *const c_char
    ) {
        "src_path": text(path),
        "dev_alias": text(alias),
        "action": Field::Word(words::IO_ERROR_ACTIONS, action),
        "reason": text(reason),
    }
    GRAPHICS(
        domain: sys::virDomainPtr, phase: c_int, local: *const sys::virDomainEventGraphicsAddress,
        remote: *const sys::virDomainEventGraphicsAddress, scheme: *const c_char,
        subject: *const sys::virDomainEventGraphicsSubject
    ) {
        "phase": Field::Word(words::GRAPHICS_PHASES, phase),
        "local": address(local),
        "remote": address(remote),
        "auth_scheme": text(scheme),
        "identities": identities(subject),
    }
    BLOCK_JOB(domain: sys::virDomainPtr, disk: *const c_char, job: c_int, status: c_int) {
        "disk": text(disk),
        "type": Field::Word(words::BLOCK_JOB_TYPES, job),
        "status": Field::Word(words::BLOCK_JOB_STATUSES, status),
    }
    DISK_CHANGE(
        domain: sys::virDomainPtr, old: *const c_char, new: *const c_char, alias: *const c_char,
        reason: c_int
    ) {
        "old_src_path": text(old),
        "new_src_path": text(new),
        "dev_alias": text(alias),
        "reason": Field::Word(words::DISK_CHANGE_REASONS, reason),
    }
    TRAY_CHANGE(domain: sys::virDomainPtr, alias: *const c_char, reason: c_int) {
        "dev_alias": text(alias),
        "reason": Field::Word(words::TRAY_CHANGE_REASONS, reason),
    }
    // The reason of the three is always 0.
    PM(domain: sys::virDomainPtr, _reason: c_int) {}
    BALLOON_CHANGE(domain: sys::virDomainPtr, actual: c_ulonglong) { "actual": Field::kib(actual) }
    DEVICE(domain: sys::virDomainPtr, alias: *const c_char) { "dev_alias": text(alias) }
    PARAMS(domain: sys::virDomainPtr, list: sys::virTypedParameterPtr, count: c_int) {
        "params": params(list, count),
    }
    AGENT_LIFECYCLE(domain: sys::virDomainPtr, state: c_int, reason: c_int) {
        "state": Field::Word(words::AGENT_STATES, state),
        "reason": Field::Word(words::AGENT_REASONS, reason),
    }
    CHANNEL_LIFECYCLE(domain: sys::virDomainPtr, channel: *const c_char, state: c_int, reason: c_int) {
        "channel": text(channel),
        "state": Field::Word(words::AGENT_STATES, state),
        "reason": Field::Word(words::AGENT_REASONS, reason),
    }
    MIGRATION_ITERATION(domain: sys::virDomainPtr, iteration: c_int) {
        "iteration": Field::Int(iteration.into()),
    }
    METADATA_CHANGE(domain: sys::virDomainPtr, what: c_int, uri: *const c_char) {
        "type": Field::Word(words::METADATA_TYPES, what),
        "nsuri": text(uri),
    }
    BLOCK_THRESHOLD(
        domain: sys::virDomainPtr, dev: *const c_char, path: *const c_char, threshold: c_ulonglong,
        excess: c_ulonglong
    ) {
        "dev": text(dev),
        "path": text(path),
        "threshold": Field::count(threshold),
        "excess": Field::count(excess),
    }
    MEMORY_FAILURE(domain: sys::virDomainPtr, recipient: c_int, action: c_int, flags: c_uint) {
        "recipient": Field::Word(words::MEMORY_FAILURE_RECIPIENTS, recipient),
        "action": Field::Word(words::MEMORY_FAILURE_ACTIONS, action),
        "action_required": Field::Bool(flags & sys::VIR_DOMAIN_MEMORY_FAILURE_ACTION_REQUIRED != 0),
        "recursive": Field::Bool(flags & sys::VIR_DOMAIN_MEMORY_FAILURE_RECURSIVE != 0),
    }
    MEMORY_SIZE(domain: sys::virDomainPtr, alias: *const c_char, size: c_ulonglong) {
        "alias": text(alias),
        "size": Field::kib(size),
    }
    NIC_MAC_CHANGE(domain: sys::virDomainPtr, alias: *const c_char, old: *const c_char, new: *const c_char) {
        "alias": text(alias),
        "old_mac": text(old),
        "new_mac": text(new),
    }
    VCPU_REMOVED(domain: sys::virDomainPtr, vcpu: c_uint) { "vcpu": Field::Int(vcpu.into()) }
    QEMU_MONITOR(
        domain: sys::virDomainPtr, event: *const c_char, seconds: c_longlong, micros: c_uint,
        details: *const c_char
    ) {
        "event": text(event),
        "seconds": Field::Int(seconds),
        "micros": Field::Int(micros.into()),
        "details": text(details),
    }
    NETWORK_LIFECYCLE(network: sys::virNetworkPtr, event: c_int, _detail: c_int) {
        "event": Field::Word(words::NETWORK_LIFECYCLE, event),
    }
    NETWORK_METADATA(network: sys::virNetworkPtr, what: c_int, uri: *const c_char) {
        "type": Field::Word(words::METADATA_TYPES, what),
        "nsuri": text(uri),
    }
    POOL(pool: sys::virStoragePoolPtr) {}
    POOL_LIFECYCLE(pool: sys::virStoragePoolPtr, event: c_int, _detail: c_int) {
        "event": Field::Word(words::POOL_LIFECYCLE, event),
    }
    NODE_DEVICE(device: sys::virNodeDevicePtr) {}
    NODE_DEVICE_LIFECYCLE(device: sys::virNodeDevicePtr, event: c_int, _detail: c_int) {
        "event": Field::Word(words::NODE_DEVICE_LIFECYCLE, event),
    }
    SECRET(secret: sys::virSecretPtr) { "usage": usage(secret) }
    SECRET_LIFECYCLE(secret: sys::virSecretPtr, event: c_int, _detail: c_int) {
        "event": Field::Word(words::SECRET_LIFECYCLE, event),
        "usage": usage(secret),
    }
}

/// Hands an event to those who want it; the fields are copied only where somebody does.
///
/// # Safety
/// `data` is a [`Data`] that lives during the call, and `object` an object that does.
unsafe fn deliver<O: Object>(data: *mut c_void, object: O, fields: impl FnOnce() -> Fields) {
    // A panic must not cross into C.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the caller's promise.
        let (data, subject) = unsafe { (&*data.cast::<Data>(), object.subject()) };
        let Some(subject) = subject else { return };
        let listeners = data.listeners();
        let mut wanted = listeners.iter().filter(|tap| tap.wants(&subject)).peekable();
        if wanted.peek().is_some() {
            let event = Arc::new(Event::now(data.kind, Some(subject.clone()), fields()));
            wanted.for_each(|tap| tap.push(event.clone()));
        }
    }));
}

/// Tells all who listen to a connection that it was lost.
pub(super) unsafe extern "C" fn on_close(_: sys::virConnectPtr, reason: c_int, data: *mut c_void) {
    // A panic must not cross into C.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the data of the registration, alive until libvirt frees it.
        let data = unsafe { &*data.cast::<Data>() };
        data.listeners().iter().for_each(|tap| tap.shut(reason));
    }));
}

/// An object that events are about.
trait Object {
    /// Says which one it is; local, no call to the daemon.
    ///
    /// # Safety
    /// It is alive.
    unsafe fn subject(&self) -> Option<Subject>;
}

macro_rules! objects {
    ($($type:ident $role:literal $name:ident $uuid:ident;)*) => { $(
        impl Object for sys::$type {
            unsafe fn subject(&self) -> Option<Subject> {
                // SAFETY: a live object; libvirt keeps the name, and it is copied at once.
                let name = unsafe { text_of(sys::$name(*self)) }?;
                let mut uuid = [0; 16];
                // SAFETY: a live object, and room for a UUID.
                let known = unsafe { sys::$uuid(*self, uuid.as_mut_ptr()) } == 0;
                known.then(|| Subject { role: $role, name, uuid: Some(Uuid::from_bytes(uuid)) })
            }
        }
    )* };
}

objects! {
    virDomainPtr "domain" virDomainGetName virDomainGetUUID;
    virNetworkPtr "network" virNetworkGetName virNetworkGetUUID;
    virStoragePoolPtr "pool" virStoragePoolGetName virStoragePoolGetUUID;
    virSecretPtr "secret" virSecretGetUsageID virSecretGetUUID;
}

impl Object for sys::virNodeDevicePtr {
    unsafe fn subject(&self) -> Option<Subject> {
        // SAFETY: a live object; libvirt keeps the name, and it is copied at once.
        let name = unsafe { text_of(sys::virNodeDeviceGetName(*self)) }?;
        Some(Subject { role: "node_device", name, uuid: None })
    }
}

unsafe fn text(text: *const c_char) -> Field {
    // SAFETY: null or a text that lives during the callback.
    Field::text(unsafe { text_of(text) })
}

unsafe fn usage(secret: sys::virSecretPtr) -> Field {
    // SAFETY: a live secret.
    Field::Word(words::SECRET_USAGES, unsafe { sys::virSecretGetUsageType(secret) })
}

unsafe fn params(list: sys::virTypedParameterPtr, count: c_int) -> Field {
    // SAFETY: `list` holds `count` parameters that live during the callback.
    Field::Params(unsafe { read_params(list, usize::try_from(count).unwrap_or(0)) })
}

unsafe fn address(address: *const sys::virDomainEventGraphicsAddress) -> Field {
    // SAFETY: null or an address that lives during the callback.
    let Some(address) = (unsafe { address.as_ref() }) else { return Field::Absent };
    // SAFETY: its texts live as long as it does.
    let (node, service) = unsafe { (text(address.node), text(address.service)) };
    Field::Group(vec![
        ("family", Field::Word(words::GRAPHICS_FAMILIES, address.family)),
        ("node", node),
        ("service", service),
    ])
}

unsafe fn identities(subject: *const sys::virDomainEventGraphicsSubject) -> Field {
    // SAFETY: null or a subject that lives during the callback.
    let Some(subject) = (unsafe { subject.as_ref() }) else { return Field::Groups(Vec::new()) };
    let count =
        if subject.identities.is_null() { 0 } else { usize::try_from(subject.nidentity).unwrap_or(0) };
    let identity = |index| {
        // SAFETY: the array has `nidentity` members, whose texts live as long as it does.
        let (kind, name) = unsafe {
            let identity = &*subject.identities.add(index);
            (text(identity.type_), text(identity.name))
        };
        vec![("type", kind), ("name", name)]
    };
    Field::Groups((0..count).map(identity).collect())
}

#[cfg(test)]
mod tests;
