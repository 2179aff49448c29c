//! Passwords and values of secrets in memory: nobody finds them there once they are dropped.

use std::mem::MaybeUninit;
use std::os::raw::c_char;
use std::sync::atomic::{Ordering, compiler_fence};

use super::domain::release;

/// Bytes that are overwritten when they are dropped. They show nowhere by themselves.
pub struct Wiped(Vec<u8>);

impl Wiped {
    /// Keeps a copy of some bytes.
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// Copies, overwrites and frees a buffer of libvirt's.
    ///
    /// # Safety
    /// `buffer` has `size` bytes, was malloc'ed by libvirt and belongs to nobody else.
    pub(super) unsafe fn take(buffer: *mut u8, size: usize) -> Self {
        // SAFETY: the caller's promise.
        unsafe {
            let value = Self::copy_of(std::slice::from_raw_parts(buffer, size));
            overwrite(std::slice::from_raw_parts_mut(buffer.cast(), size));
            release(buffer.cast());
            value
        }
    }

    /// The bytes themselves.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<String> for Wiped {
    /// Takes the text over, without a copy that would stay.
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// The same as a C text.
pub(super) struct WipedText(Wiped);

impl WipedText {
    /// A copy with a NUL behind it; `None` where one is inside.
    pub(super) fn new(text: &[u8]) -> Option<Self> {
        if text.contains(&0) {
            return None;
        }
        // Room for all of it: a buffer that grows leaves its bytes where they were.
        let mut bytes = Vec::with_capacity(text.len() + 1);
        bytes.extend_from_slice(text);
        bytes.push(0);
        Some(Self(Wiped(bytes)))
    }

    /// A NUL-terminated text, valid as long as this is.
    pub(super) fn as_ptr(&self) -> *const c_char {
        self.0.0.as_ptr().cast()
    }

    /// Its length without the NUL.
    pub(super) fn len(&self) -> usize {
        self.0.0.len() - 1
    }
}

/// Overwrites the bytes and all that the buffer had room for, and leaves it empty.
fn wipe(buffer: &mut Vec<u8>) {
    buffer.clear();
    overwrite(buffer.spare_capacity_mut());
}

/// Overwrites memory in a way that no optimiser leaves out.
fn overwrite(bytes: &mut [MaybeUninit<u8>]) {
    for byte in bytes {
        // SAFETY: a byte that is borrowed alone.
        unsafe { std::ptr::write_volatile(byte.as_mut_ptr(), 0) };
    }
    compiler_fence(Ordering::SeqCst);
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    #[test]
    fn wiping_leaves_zeros_also_behind_the_end() {
        let mut buffer = Vec::with_capacity(64);
        buffer.extend_from_slice(b"correct horse battery staple");
        buffer.truncate(7);
        wipe(&mut buffer);
        assert!(buffer.is_empty() && buffer.capacity() >= 64);
        // SAFETY: all bytes of the capacity were just written.
        unsafe { buffer.set_len(buffer.capacity()) };
        assert!(buffer.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn a_text_is_taken_over_where_it_is() {
        let text = String::from("hunter2");
        let place = text.as_ptr();
        let wiped = Wiped::from(text);
        assert_eq!((wiped.bytes(), wiped.bytes().as_ptr()), (&b"hunter2"[..], place));
    }

    #[test]
    fn a_text_for_c_ends_with_nul_and_has_none_inside() {
        let text = WipedText::new("größe".as_bytes()).unwrap();
        // SAFETY: a text of ours that ends with NUL.
        assert_eq!(unsafe { CStr::from_ptr(text.as_ptr()) }.to_str(), Ok("größe"));
        assert_eq!(text.len(), 7);
        assert_eq!(WipedText::new(b"").unwrap().len(), 0);
        assert!(WipedText::new(b"a\0b").is_none());
    }
}
