use super::*;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Default)]
struct Seen {
    calls: AtomicUsize,
    freed: AtomicUsize,
}

unsafe fn seen(opaque: *mut c_void) -> &'static Seen {
    // SAFETY: the tests hand over leaked values.
    unsafe { &*opaque.cast::<Seen>() }
}

unsafe extern "C" fn on_event(_watch: c_int, _fd: c_int, events: c_int, opaque: *mut c_void) {
    assert_eq!(events as u32 & sys::VIR_EVENT_HANDLE_READABLE, sys::VIR_EVENT_HANDLE_READABLE);
    // SAFETY: see `seen`.
    unsafe { seen(opaque) }.calls.fetch_add(1, Ordering::SeqCst);
}

unsafe extern "C" fn on_timer(_timer: c_int, opaque: *mut c_void) {
    // SAFETY: see `seen`.
    unsafe { seen(opaque) }.calls.fetch_add(1, Ordering::SeqCst);
}

unsafe extern "C" fn on_free(opaque: *mut c_void) {
    // SAFETY: see `seen`.
    unsafe { seen(opaque) }.freed.fetch_add(1, Ordering::SeqCst);
}

fn leaked() -> (&'static Seen, *mut c_void) {
    let seen: &'static Seen = Box::leak(Box::default());
    (seen, std::ptr::from_ref(seen).cast_mut().cast())
}

const READABLE: c_int = sys::VIR_EVENT_HANDLE_READABLE as c_int;

#[test]
fn a_readable_descriptor_is_reported_until_the_loop_looks_away() {
    let registry = Registry::new().unwrap();
    let (mine, mut other) = UnixStream::pair().unwrap();
    let (seen, opaque) = leaked();
    let watch = registry.add_handle(mine.as_raw_fd(), READABLE, on_event, opaque, Some(on_free));
    other.write_all(b"x").unwrap();
    registry.run_once();
    registry.run_once();
    assert_eq!(seen.calls.load(Ordering::SeqCst), 2);
    registry.update_handle(watch, 0);
    registry.wake();
    registry.run_once();
    assert_eq!(seen.calls.load(Ordering::SeqCst), 2);
    registry.update_handle(watch, READABLE);
    registry.run_once();
    assert_eq!(seen.calls.load(Ordering::SeqCst), 3);
}

#[test]
fn what_a_removed_watch_holds_is_freed_by_the_loop_once() {
    let registry = Registry::new().unwrap();
    let (mine, _other) = UnixStream::pair().unwrap();
    let (seen, opaque) = leaked();
    let watch = registry.add_handle(mine.as_raw_fd(), READABLE, on_event, opaque, Some(on_free));
    assert_eq!(registry.remove_handle(watch), 0);
    assert_eq!(registry.remove_handle(watch), -1);
    assert_eq!(seen.freed.load(Ordering::SeqCst), 0);
    registry.run_once();
    registry.wake();
    registry.run_once();
    assert_eq!((seen.calls.load(Ordering::SeqCst), seen.freed.load(Ordering::SeqCst)), (0, 1));
}

#[test]
fn one_descriptor_can_have_two_watches() {
    let registry = Registry::new().unwrap();
    let (mine, mut other) = UnixStream::pair().unwrap();
    let (seen, opaque) = leaked();
    let watches = [(); 2].map(|()| registry.add_handle(mine.as_raw_fd(), READABLE, on_event, opaque, None));
    assert!(watches.iter().all(|watch| *watch > 0) && watches[0] != watches[1]);
    other.write_all(b"x").unwrap();
    registry.run_once();
    assert_eq!(seen.calls.load(Ordering::SeqCst), 2);
}

#[test]
fn a_timer_repeats_until_it_is_switched_off() {
    let registry = Registry::new().unwrap();
    let (seen, opaque) = leaked();
    let timer = registry.add_timer(0, on_timer, opaque, Some(on_free));
    registry.run_once();
    registry.run_once();
    assert_eq!(seen.calls.load(Ordering::SeqCst), 2);
    registry.update_timer(timer, -1);
    registry.wake();
    registry.run_once();
    assert_eq!(seen.calls.load(Ordering::SeqCst), 2);
    assert_eq!(registry.remove_timer(timer), 0);
    registry.run_once();
    assert_eq!(seen.freed.load(Ordering::SeqCst), 1);
}

#[test]
fn a_held_descriptor_is_not_read_until_it_is_released_or_its_time_has_passed() {
    let registry = Registry::new().unwrap();
    let (mine, mut other) = UnixStream::pair().unwrap();
    let (seen, opaque) = leaked();
    let calls = || seen.calls.load(Ordering::SeqCst);
    let watch = registry.add_handle(mine.as_raw_fd(), READABLE, on_event, opaque, None);
    other.write_all(b"x").unwrap();
    registry.hold(watch, Duration::from_secs(3600));
    registry.run_once();
    // libvirt looks away and back again at each of its calls.
    registry.update_handle(watch, 0);
    registry.update_handle(watch, READABLE);
    registry.wake();
    registry.run_once();
    assert_eq!(calls(), 0);
    registry.release(watch);
    registry.run_once();
    assert_eq!(calls(), 1);
    registry.hold(watch, Duration::from_millis(20));
    // The first look takes the wake-up call, the second waits until the time has passed.
    while calls() == 1 {
        registry.run_once();
    }
    assert_eq!(calls(), 2);
    registry.release(999);
}
