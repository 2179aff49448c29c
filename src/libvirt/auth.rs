//! Opening a connection, with answers to what the other side asks.
//!
//! libvirt reads `auth.conf` by itself and asks only for what is missing there. The call is made
//! raw because the `virt` package crashes on a credential without a challenge.

use std::ffi::CString;
use std::os::raw::{c_char, c_int, c_uint, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use virt::connect::Connect;
use virt::sys;

use super::failure::{Outcome, check_pointer, text_of};
use super::wiped::{Wiped, WipedText};

/// One thing that the other side wants to know.
#[derive(Clone, Debug)]
pub struct Question {
    /// What it asks, in its own words (`Enter username for …`).
    pub prompt: String,
    /// The question proper where it differs, such as a host key to accept.
    pub challenge: Option<String>,
    /// What an empty answer means.
    pub default: Option<String>,
    /// True where the answer may be shown while it is typed.
    pub echo: bool,
}

/// Who answers questions while a connection is opened. Called on the thread that opens.
pub trait Credentials: Send + Sync {
    /// Returns the answer, or `None` to give up.
    fn answer(&self, question: &Question) -> Option<Wiped>;
}

const KINDS: [u32; 8] = [
    sys::VIR_CRED_USERNAME,
    sys::VIR_CRED_AUTHNAME,
    sys::VIR_CRED_LANGUAGE,
    sys::VIR_CRED_CNONCE,
    sys::VIR_CRED_PASSPHRASE,
    sys::VIR_CRED_ECHOPROMPT,
    sys::VIR_CRED_NOECHOPROMPT,
    sys::VIR_CRED_REALM,
];

/// Opens a connection (`virConnectOpenAuth`); `uri` `None` lets libvirt choose.
pub(super) fn open(
    uri: Option<&CString>,
    readonly: bool,
    credentials: Option<Arc<dyn Credentials>>,
) -> Outcome<Connect> {
    let mut kinds = KINDS.map(|kind| kind as c_int);
    let mut credentials = credentials;
    let mut auth = sys::virConnectAuth {
        credtype: kinds.as_mut_ptr(),
        ncredtype: kinds.len() as c_uint,
        cb: Some(ask),
        cbdata: (&raw mut credentials).cast::<c_void>(),
    };
    let flags = if readonly { sys::VIR_CONNECT_RO } else { 0 };
    // SAFETY: the URI is null or NUL-terminated; `auth` and what it points to live until the call
    // returns, and libvirt uses them only during the call.
    let pointer = unsafe {
        sys::virConnectOpenAuth(uri.map_or(std::ptr::null(), |u| u.as_ptr()), &raw mut auth, flags)
    };
    let pointer = check_pointer(pointer)?;
    // SAFETY: a fresh connection whose one reference is ours to give away.
    Ok(unsafe { Connect::from_ptr(pointer) })
}

/// libvirt's callback: fills in the answers, 0 when all are there and -1 to give up.
unsafe extern "C" fn ask(asked: sys::virConnectCredentialPtr, count: c_uint, data: *mut c_void) -> c_int {
    // A panic must not cross into C.
    catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: `data` is the address of the variable in `open`, which is waiting for this call.
        let credentials = unsafe { &*data.cast::<Option<Arc<dyn Credentials>>>() };
        let Some(credentials) = credentials else { return -1 };
        for index in 0..count as usize {
            // SAFETY: libvirt hands over an array of `count` credentials.
            let item = unsafe { &mut *asked.add(index) };
            // SAFETY: each text of a credential is null or a valid C string.
            let question = unsafe { question(item) };
            let Some(answer) = credentials.answer(&question) else { return -1 };
            let answer = match question.default {
                Some(default) if answer.bytes().is_empty() => Wiped::from(default),
                _ => answer,
            };
            let Some(answer) = WipedText::new(answer.bytes()) else { return -1 };
            item.resultlen = answer.len() as c_uint;
            // SAFETY: a valid C string; the copy is malloc'ed because libvirt will free() it.
            item.result = unsafe { strdup(answer.as_ptr()) };
            if item.result.is_null() {
                return -1;
            }
        }
        0
    }))
    .unwrap_or(-1)
}

unsafe fn question(item: &sys::virConnectCredential) -> Question {
    // SAFETY: the caller's promise: each text is null or a valid C string.
    let [prompt, challenge, default] =
        [item.prompt, item.challenge, item.defresult].map(|text| unsafe { text_of(text) });
    Question {
        prompt: prompt.unwrap_or_default(),
        challenge: challenge.filter(|text| !text.is_empty()),
        default,
        echo: !matches!(item.type_ as u32, sys::VIR_CRED_PASSPHRASE | sys::VIR_CRED_NOECHOPROMPT),
    }
}

unsafe extern "C" {
    fn strdup(text: *const c_char) -> *mut c_char;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::libvirt::domain::release;

    /// Answers with the text of the question, and gives up where that is `?`.
    struct Echo;

    impl Credentials for Echo {
        fn answer(&self, question: &Question) -> Option<Wiped> {
            (question.prompt != "?").then(|| question.prompt.clone().into())
        }
    }

    /// What libvirt gets for a prompt; `None` where the callback gives up.
    fn asked(prompt: &[u8], default: Option<&str>) -> Option<(String, u32)> {
        let c_text = |text: &[u8]| CString::new(text).unwrap();
        let (prompt, default) = (c_text(prompt), default.map(|text| c_text(text.as_bytes())));
        let mut item = sys::virConnectCredential {
            type_: sys::VIR_CRED_PASSPHRASE as c_int,
            prompt: prompt.as_ptr(),
            challenge: std::ptr::null(),
            defresult: default.as_ref().map_or(std::ptr::null(), |text| text.as_ptr()),
            result: std::ptr::null_mut(),
            resultlen: 0,
        };
        let mut credentials: Option<Arc<dyn Credentials>> = Some(Arc::new(Echo));
        // SAFETY: one credential with valid texts, and the variable that the callback expects; the answer
        // is ours to free.
        unsafe {
            let answer = ask(&raw mut item, 1, (&raw mut credentials).cast());
            let text = text_of(item.result);
            release(item.result.cast());
            (answer == 0).then(|| (text.unwrap(), item.resultlen))
        }
    }

    #[test]
    fn libvirt_gets_the_answer_or_for_an_empty_one_its_own() {
        assert_eq!(asked(b"secret", None), Some(("secret".into(), 6)));
        assert_eq!(asked(b"secret", Some("root")), Some(("secret".into(), 6)));
        assert_eq!(asked(b"", Some("root")), Some(("root".into(), 4)));
        assert_eq!(asked(b"", None), Some((String::new(), 0)));
        assert_eq!(asked(b"?", None), None);
    }

    #[test]
    fn an_answer_with_a_nul_is_given_up() {
        struct Nul;
        impl Credentials for Nul {
            fn answer(&self, _: &Question) -> Option<Wiped> {
                Some("a\0b".to_owned().into())
            }
        }
        let mut credentials: Option<Arc<dyn Credentials>> = Some(Arc::new(Nul));
        // SAFETY: plain data, for which zeros are null texts and no answer.
        let mut item = unsafe { std::mem::zeroed::<sys::virConnectCredential>() };
        // SAFETY: one credential, and the variable that the callback expects.
        assert_eq!(unsafe { ask(&raw mut item, 1, (&raw mut credentials).cast()) }, -1);
        assert!(item.result.is_null());
    }
}
