//! What libvirt would have written to the screen: its handler of errors keeps the last of them instead.

use std::collections::VecDeque;
use std::ffi::CStr;
use std::os::raw::c_void;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use virt::sys;

/// How many are kept.
const KEPT: usize = 100;

static LAST: Mutex<VecDeque<(Timestamp, String)>> = Mutex::new(VecDeque::new());

/// Keeps what libvirt says from now on, for [`messages`], and off the screen (`virSetErrorFunc`).
pub(super) fn keep() {
    // SAFETY: the function lives as long as the process, and needs no data.
    unsafe { sys::virSetErrorFunc(std::ptr::null_mut(), Some(note)) };
}

/// The last errors that libvirt has told of, the oldest first: those of calls, whether their caller minded them or
/// not, and those of libvirt's own threads.
pub fn messages() -> Vec<(Timestamp, String)> {
    LAST.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
}

unsafe extern "C" fn note(_: *mut c_void, error: sys::virErrorPtr) {
    // SAFETY: libvirt hands over a pointer that is null or a live error, for the time of this call.
    let Some(error) = (unsafe { error.as_ref() }) else { return };
    if error.message.is_null() {
        return;
    }
    // SAFETY: a message that is there ends with NUL and lives as long as its error.
    let text = unsafe { CStr::from_ptr(error.message) }.to_string_lossy().into_owned();
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if last.len() == KEPT {
        last.pop_front();
    }
    last.push_back((Timestamp::now(), text));
}
