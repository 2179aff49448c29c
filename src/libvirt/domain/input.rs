//! What a guest is sent: keys, an interrupt, signals for its processes.

use std::os::raw::c_uint;

use virt::sys;

use super::super::door::change;
use super::super::failure::check;
use super::Domain;
use crate::error::Result;

impl Domain {
    /// Presses keys together and lets go of them after `hold` milliseconds (`virDomainSendKey`).
    ///
    /// `codeset` is a `virKeycodeSet`; libvirt takes 16 keys at most.
    pub fn send_key(&self, codeset: u32, hold: u32, keys: Vec<u32>) -> Result<()> {
        self.call(change("domain.send_key"), move |d| {
            let mut keys: Vec<c_uint> = keys;
            let (list, count) = (keys.as_mut_ptr(), keys.len() as i32);
            // SAFETY: a live domain and `count` keys, which libvirt only reads.
            check(unsafe { sys::virDomainSendKey(d.as_ptr(), codeset, hold, list, count, 0) }).map(drop)
        })
    }

    /// Sends it a non-maskable interrupt (`virDomainInjectNMI`).
    pub fn inject_nmi(&self) -> Result<()> {
        self.call(change("domain.inject_nmi"), |d| {
            // SAFETY: a live domain.
            check(unsafe { sys::virDomainInjectNMI(d.as_ptr(), 0) }).map(drop)
        })
    }

    /// Sends a signal to a process in it, by its number in the guest (`virDomainSendProcessSignal`).
    ///
    /// `signal` is a `virDomainProcessSignal`; -1 as process is every process, other negative numbers a group.
    pub fn send_process_signal(&self, process: i64, signal: u32) -> Result<()> {
        self.call(change("domain.send_process_signal"), move |d| {
            // SAFETY: a live domain.
            check(unsafe { sys::virDomainSendProcessSignal(d.as_ptr(), process, signal, 0) }).map(drop)
        })
    }
}
