//! The value of a secret in memory.

use std::fmt;
use std::sync::Arc;

use super::super::wiped::Wiped;

/// The bytes of a secret. Copies share them; the last one wipes them. They show nowhere by
/// themselves.
#[derive(Clone)]
pub struct SecretValue(Arc<Wiped>);

impl SecretValue {
    /// Keeps a copy of some bytes.
    pub fn new(bytes: &[u8]) -> Self {
        Self(Arc::new(Wiped::copy_of(bytes)))
    }

    /// Copies, wipes and frees a buffer of libvirt's.
    ///
    /// # Safety
    /// `buffer` has `size` bytes, was malloc'ed by libvirt and belongs to nobody else.
    pub(super) unsafe fn take(buffer: *mut u8, size: usize) -> Self {
        // SAFETY: the caller's promise.
        Self(Arc::new(unsafe { Wiped::take(buffer, size) }))
    }

    /// The bytes themselves.
    pub fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }
}

impl PartialEq for SecretValue {
    /// Takes as long for values that differ early as for those that differ late.
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.bytes(), other.bytes());
        a.len() == b.len() && a.iter().zip(b).fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
    }
}

impl Eq for SecretValue {}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretValue({self})")
    }
}

impl fmt::Display for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bytes().len() {
            1 => f.write_str("1 byte, not shown"),
            size => write!(f, "{size} bytes, not shown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_shows_its_size_and_nothing_else() {
        let value = SecretValue::new(b"hunter2");
        assert_eq!(value.to_string(), "7 bytes, not shown");
        assert_eq!(format!("{value:?}"), "SecretValue(7 bytes, not shown)");
        assert_eq!(SecretValue::new(b"x").to_string(), "1 byte, not shown");
        assert_eq!(value.bytes(), b"hunter2");
    }

    #[test]
    fn values_are_equal_byte_by_byte() {
        let value = SecretValue::new(b"hunter2");
        assert_eq!(value, SecretValue::new(b"hunter2"));
        for other in [&b"hunter3"[..], b"hunter", b"", b"xunter2"] {
            assert_ne!(value, SecretValue::new(other));
        }
    }
}
