//! Functions that are found at run time, because the libvirt at hand may lack them.
//!
//! A program that is linked against a function does not start where the library has none. So what
//! is newer than libvirt 9.0.0 is looked up by its name at the first call (`dlsym`), and the
//! functions of libvirt-lxc, a library that may not be installed at all, in that library
//! (`dlopen`). A function that is not there answers `unsupported` and says what it needs.
//!
//! To call one: `let f = symbols::virNodeDeviceUpdate()?;`, then `f` as declared in the table below.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::ptr::NonNull;
use std::sync::OnceLock;

use nix::libc;
use virt::sys;

use super::failure::Outcome;
use super::host::{library_version, version_text};
use crate::error::{Error, code};

/// Where a function lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// libvirt itself, which this program is linked with
    Libvirt,
    /// libvirt-lxc, opened at the first call
    Lxc,
}

/// A function that is found at run time.
#[derive(Clone, Copy, Debug)]
pub struct Symbol {
    /// Its name in C.
    pub name: &'static str,
    c_name: &'static CStr,
    /// The library that has it.
    pub library: Library,
    /// The first libvirt that has it.
    pub since: &'static str,
}

impl Symbol {
    /// True where it can be called here.
    pub fn is_there(&self) -> bool {
        self.address().is_some()
    }

    fn address(&self) -> Option<NonNull<c_void>> {
        let library = match self.library {
            Library::Libvirt => libc::RTLD_DEFAULT,
            Library::Lxc => lxc()?.0,
        };
        // SAFETY: RTLD_DEFAULT or the handle of a library that is never closed; the name is NUL-terminated.
        NonNull::new(unsafe { libc::dlsym(library, self.c_name.as_ptr()) })
    }

    fn missing(&self) -> Error {
        let Self { name, since, .. } = self;
        if self.library == Library::Lxc && lxc().is_none() {
            return Error::new(code::UNSUPPORTED, format!("{name}: libvirt-lxc is not installed")).hint(
                "install the package that has libvirt-lxc.so.0 (Debian: libvirt0, Fedora: libvirt-libs)",
            );
        }
        let here = library_version().map_or_else(|_| "an older one".into(), version_text);
        Error::new(code::UNSUPPORTED, format!("{name} needs libvirt >= {since}; this is {here}"))
            .hint("the library on this machine decides, and the daemon has to be as new")
    }
}

/// The handle of an open library.
struct Handle(*mut c_void);

// SAFETY: the dynamic linker's functions may be called with a handle from any thread.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

/// libvirt-lxc, opened once and kept; `None` where it is not installed.
fn lxc() -> Option<&'static Handle> {
    static LXC: OnceLock<Option<Handle>> = OnceLock::new();
    // SAFETY: the name is NUL-terminated; the library's initialisers are libvirt's own.
    let open = || unsafe { libc::dlopen(c"libvirt-lxc.so.0".as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    LXC.get_or_init(|| Some(Handle(open())).filter(|handle| !handle.0.is_null())).as_ref()
}

/// Declares the functions, and the list of them.
macro_rules! symbols {
    ($($library:ident $since:literal $name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        /// Every function that is found at run time.
        pub static SYMBOLS: &[Symbol] = &[$(symbols!(@symbol $library $since $name)),*];

        $(
            #[doc = concat!("`", stringify!($name), "`, since libvirt ", $since, "; `unsupported` where it is absent.")]
            #[allow(non_snake_case)] // the name is C's, so that a search finds its uses
            pub(super) fn $name() -> Outcome<unsafe extern "C" fn($($argument: $type),*) -> $answer> {
                static ADDRESS: OnceLock<Option<usize>> = OnceLock::new();
                const SYMBOL: Symbol = symbols!(@symbol $library $since $name);
                let address = ADDRESS.get_or_init(|| SYMBOL.address().map(|found| found.as_ptr() as usize));
                let address = address.ok_or_else(|| SYMBOL.missing())? as *mut c_void;
                // SAFETY: the address of the function of this name, declared here as libvirt's headers do.
                Ok(unsafe { std::mem::transmute::<*mut c_void, unsafe extern "C" fn($($type),*) -> $answer>(address) })
            }
        )*
    };
    (@symbol $library:ident $since:literal $name:ident) => {
        Symbol {
            name: stringify!($name),
            c_name: match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                Ok(name) => name,
                Err(_) => panic!("a name without NUL"),
            },
            library: Library::$library,
            since: $since,
        }
    };
}

symbols! {
    Libvirt "9.7.0" virNetworkGetMetadata(
        network: sys::virNetworkPtr, kind: c_int, uri: *const c_char, flags: c_uint
    ) -> *mut c_char;
    Libvirt "9.7.0" virNetworkSetMetadata(
        network: sys::virNetworkPtr, kind: c_int, metadata: *const c_char, key: *const c_char,
        uri: *const c_char, flags: c_uint
    ) -> c_int;
    Libvirt "10.1.0" virNodeDeviceUpdate(
        device: sys::virNodeDevicePtr, xml: *const c_char, flags: c_uint
    ) -> c_int;
    Libvirt "10.2.0" virDomainGraphicsReload(
        domain: sys::virDomainPtr, kind: c_uint, flags: c_uint
    ) -> c_int;
    Libvirt "11.2.0" virDomainGetAutostartOnce(domain: sys::virDomainPtr, autostart: *mut c_int) -> c_int;
    Libvirt "11.2.0" virDomainSetAutostartOnce(domain: sys::virDomainPtr, autostart: c_int) -> c_int;
    Libvirt "11.2.0" virDomainSetThrottleGroup(
        domain: sys::virDomainPtr, group: *const c_char, params: sys::virTypedParameterPtr, count: c_int,
        flags: c_uint
    ) -> c_int;
    Libvirt "11.2.0" virDomainDelThrottleGroup(
        domain: sys::virDomainPtr, group: *const c_char, flags: c_uint
    ) -> c_int;
    Libvirt "12.5.0" virDomainAnnounceInterface(
        domain: sys::virDomainPtr, device: *const c_char, params: sys::virTypedParameterPtr, count: c_int,
        flags: c_uint
    ) -> c_int;
    Lxc "1.0.2" virDomainLxcOpenNamespace(
        domain: sys::virDomainPtr, descriptors: *mut *mut c_int, flags: c_uint
    ) -> c_int;
    Lxc "1.0.2" virDomainLxcEnterNamespace(
        domain: sys::virDomainPtr, count: c_uint, descriptors: *mut c_int, old_count: *mut c_uint,
        old: *mut *mut c_int, flags: c_uint
    ) -> c_int;
    Lxc "1.0.4" virDomainLxcEnterSecurityLabel(
        model: sys::virSecurityModelPtr, label: sys::virSecurityLabelPtr, old: sys::virSecurityLabelPtr,
        flags: c_uint
    ) -> c_int;
    Lxc "2.0.0" virDomainLxcEnterCGroup(domain: sys::virDomainPtr, flags: c_uint) -> c_int;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(c_name: &'static CStr, library: Library) -> Symbol {
        Symbol { name: c_name.to_str().unwrap(), c_name, library, since: "99.0.0" }
    }

    #[test]
    fn a_function_that_is_there_is_the_one_that_the_linker_finds() {
        let found = symbol(c"virConnectGetVersion", Library::Libvirt).address().unwrap();
        assert_eq!(found.as_ptr() as usize, sys::virConnectGetVersion as *const () as usize);
    }

    #[test]
    fn one_that_is_absent_is_unsupported_and_says_what_it_needs() {
        let absent = symbol(c"virDomainTeleport", Library::Libvirt);
        assert!(absent.address().is_none());
        let error = absent.missing();
        assert_eq!(error.code(), code::UNSUPPORTED);
        assert!(
            error.to_string().starts_with("virDomainTeleport needs libvirt >= 99.0.0; this is "),
            "{error}"
        );
    }

    #[test]
    fn every_function_is_there_or_newer_than_this_libvirt() {
        let number = |version: &str| {
            version.split('.').fold(0, |number, part| number * 1000 + part.parse::<u64>().unwrap())
        };
        for symbol in SYMBOLS {
            let due = number(symbol.since) <= library_version().unwrap();
            let expected = due && (symbol.library == Library::Libvirt || lxc().is_some());
            assert_eq!(symbol.address().is_some(), expected, "{symbol:?}");
        }
    }

    #[test]
    fn a_function_of_the_table_answers_as_it_is_declared() {
        match virNodeDeviceUpdate() {
            // SAFETY: libvirt refuses a null object before it looks at anything else.
            Ok(f) => assert_eq!(unsafe { f(std::ptr::null_mut(), c"<device/>".as_ptr(), 0) }, -1),
            Err(failure) => {
                let error = Error::from(failure);
                assert_eq!(error.code(), code::UNSUPPORTED);
                assert!(error.to_string().contains("needs libvirt >= 10.1.0"), "{error}");
            }
        }
    }
}
