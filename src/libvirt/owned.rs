//! Objects of libvirt that the `virt` package has no type for, and lists of objects.

use std::os::raw::c_int;

use super::domain::release;
use super::failure::{Outcome, check};

/// Collects a list of objects that a call allocates; `own` takes over one reference.
///
/// # Safety
/// `call` stores an array and returns its length, or fails with a negative number; the array is the caller's to
/// free, and each of its elements is a fresh reference that `own` may have.
pub(super) unsafe fn take_list<P: Copy, T>(
    call: impl FnOnce(*mut *mut P) -> c_int,
    own: unsafe fn(P) -> T,
) -> Outcome<Vec<T>> {
    let mut list: *mut P = std::ptr::null_mut();
    let count = check(call(&raw mut list))?;
    // SAFETY: the caller's promise; each reference is taken over once, and then the array is freed.
    unsafe {
        let all = (0..count as usize).map(|index| own(*list.add(index))).collect();
        release(list.cast());
        Ok(all)
    }
}

/// Declares the owner of one reference to such an object; dropping it gives the reference back.
macro_rules! owned {
    ($(#[$doc:meta])* $name:ident: $pointer:ty, $free:path) => {
        $(#[$doc])*
        pub struct $name($pointer);

        // SAFETY: libvirt lets any thread use an object; the reference is this value's own.
        unsafe impl Send for $name {}
        // SAFETY: as above; libvirt locks what it changes.
        unsafe impl Sync for $name {}

        impl $name {
            /// Takes over a reference.
            ///
            /// # Safety
            /// `pointer` is a valid object, and its reference belongs to nobody else.
            pub(super) unsafe fn from_ptr(pointer: $pointer) -> Self {
                Self(pointer)
            }

            /// Takes over a reference that a call gave; null is libvirt's last error.
            ///
            /// # Safety
            /// `pointer` is null, or a valid object whose reference belongs to nobody else.
            pub(super) unsafe fn take(pointer: $pointer) -> $crate::libvirt::failure::Outcome<Self> {
                $crate::libvirt::failure::check_pointer(pointer).map(Self)
            }

            /// The pointer, for calls while this value lives.
            pub(super) fn as_ptr(&self) -> $pointer {
                self.0
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                // SAFETY: the reference is this value's own and is given back once.
                unsafe { $free(self.0) };
            }
        }
    };
}
pub(super) use owned;
