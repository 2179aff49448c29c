//! Objects of libvirt that the `virt` package has no type for.

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
