//! Texts that may be left out and lists of texts, on their way into C and out of it.

use std::ffi::CString;
use std::os::raw::{c_char, c_int, c_uint};

use super::domain::release;
use super::failure::text_of;
use super::typed_params::c_text;
use crate::error::Result;

/// A text that may be left out.
#[derive(Default)]
pub(super) struct OptionalText(Option<CString>);

impl OptionalText {
    /// Makes a C string of a text where there is one; `what` names it in the refusal of a NUL.
    pub(super) fn new(what: &str, text: Option<&str>) -> Result<Self> {
        text.map(|text| c_text(what, text)).transpose().map(Self)
    }

    /// True where there is none.
    pub(super) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// The pointer to the text, null without one; valid while this value lives.
    pub(super) fn as_ptr(&self) -> *const c_char {
        self.0.as_ref().map_or(std::ptr::null(), |text| text.as_ptr())
    }
}

/// Texts as an array, for calls that take one.
pub(super) struct Texts(Vec<CString>);

impl Texts {
    /// Makes C strings of all; `what` names one in the refusal of a NUL.
    pub(super) fn new(what: &str, texts: &[String]) -> Result<Self> {
        texts.iter().map(|text| c_text(what, text)).collect::<Result<_>>().map(Self)
    }

    /// Calls `f` with the array, null where it is empty, and its length.
    pub(super) fn with<T>(&self, f: impl FnOnce(*mut *const c_char, c_uint) -> T) -> T {
        let mut pointers: Vec<*const c_char> = self.0.iter().map(|text| text.as_ptr()).collect();
        let array = if pointers.is_empty() { std::ptr::null_mut() } else { pointers.as_mut_ptr() };
        f(array, pointers.len() as c_uint)
    }
}

/// Copies and frees a list of texts that libvirt allocated for its caller.
///
/// # Safety
/// `list` is null or holds `count` texts; list and texts came with the duty to free them, and are not used again.
pub(super) unsafe fn take_texts(list: *mut *mut c_char, count: c_int) -> Vec<String> {
    let mut texts = Vec::new();
    if list.is_null() {
        return texts;
    }
    // SAFETY: the caller's promise; each text and the list are freed once, after they were copied.
    unsafe {
        for index in 0..usize::try_from(count).unwrap_or(0) {
            let text = *list.add(index);
            texts.extend(text_of(text));
            release(text.cast());
        }
        release(list.cast());
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_left_out_is_null() {
        let pointer = |text| OptionalText::new("a name", text).map(|text| text.as_ptr().is_null());
        assert!(pointer(None).unwrap() && !pointer(Some("")).unwrap());
        assert!(pointer(Some("a\0b")).unwrap_err().to_string().starts_with("a name cannot contain a NUL"));
    }

    #[test]
    fn an_array_of_no_texts_is_null() {
        let read = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            Texts::new("a key", &texts).unwrap().with(|array, count| {
                // SAFETY: the array holds so many texts while this closure runs.
                let text = |index| unsafe { text_of(*array.add(index)) }.unwrap();
                (array.is_null(), (0..count as usize).map(text).collect::<Vec<_>>())
            })
        };
        assert_eq!(read(&[]), (true, Vec::new()));
        assert_eq!(read(&["one", "two"]), (false, vec!["one".to_owned(), "two".to_owned()]));
    }
}
