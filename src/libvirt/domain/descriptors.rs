//! Handing open files to a guest.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::raw::{c_int, c_uint};

use virt::sys;

use super::super::connection::Connection;
use super::super::door::change;
use super::super::failure::{check, check_pointer};
use super::super::typed_params::c_text;
use super::Domain;
use crate::error::{Error, Result};

/// Takes a copy of a file that this process inherited, by its number.
///
/// Errors: `io` where no file is open under that number.
pub fn inherited_file(number: i32) -> Result<OwnedFd> {
    let name = || format!("file descriptor {number}");
    if number < 0 {
        return Err(Error::usage(format!("{number} is not the number of an open file")));
    }
    // SAFETY: the number is borrowed for one call only, which copies it or fails where none is open.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    borrowed.try_clone_to_owned().map_err(|e| Error::io(name(), &e))
}

fn numbers(files: &[OwnedFd]) -> Vec<c_int> {
    files.iter().map(AsRawFd::as_raw_fd).collect()
}

impl Domain {
    /// Starts it with open files, which a container's first process inherits (`virDomainCreateWithFiles`).
    pub fn start_with_files(&self, files: Vec<OwnedFd>, flags: u32) -> Result<()> {
        self.call(change("domain.start"), move |d| {
            let mut numbers = numbers(&files);
            let (list, count) = (numbers.as_mut_ptr(), numbers.len() as c_uint);
            // SAFETY: a live domain and `count` files that are open during the call.
            check(unsafe { sys::virDomainCreateWithFiles(d.as_ptr(), count, list, flags) }).map(drop)
        })
    }

    /// Gives open files a name that its disks can refer to (`virDomainFDAssociate`).
    pub fn fd_associate(&self, name: &str, files: Vec<OwnedFd>, flags: u32) -> Result<()> {
        let name = c_text("the name of a group of files", name)?;
        self.call(change("domain.fd_associate"), move |d| {
            let mut numbers = numbers(&files);
            let (list, count) = (numbers.as_mut_ptr(), numbers.len() as c_uint);
            // SAFETY: a live domain, a NUL-terminated name and `count` files that are open during the call.
            check(unsafe { sys::virDomainFDAssociate(d.as_ptr(), name.as_ptr(), count, list, flags) })
                .map(drop)
        })
    }
}

impl Connection {
    /// Starts a guest without storing it, with open files (`virDomainCreateXMLWithFiles`).
    pub fn create_domain_with_files(&self, xml: &str, files: Vec<OwnedFd>, flags: u32) -> Result<Domain> {
        let xml = c_text("XML", xml)?;
        self.domain_from(change("domain.create"), "", move |c| {
            let mut numbers = numbers(&files);
            let (list, count) = (numbers.as_mut_ptr(), numbers.len() as c_uint);
            // SAFETY: a live connection, a NUL-terminated text and `count` files that are open during the
            // call; the answer is a fresh reference.
            unsafe {
                let made = sys::virDomainCreateXMLWithFiles(c.as_ptr(), xml.as_ptr(), count, list, flags);
                Ok(virt::domain::Domain::from_ptr(check_pointer(made)?))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_open_file_can_be_handed_over() {
        let file = tempfile::tempfile().unwrap();
        assert_ne!(inherited_file(file.as_raw_fd()).unwrap().as_raw_fd(), file.as_raw_fd());
        assert_eq!(inherited_file(-1).unwrap_err().code(), "usage");
        assert_eq!(inherited_file(1_000_000).unwrap_err().code(), "io");
    }
}
