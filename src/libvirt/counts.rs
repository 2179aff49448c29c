//! How many objects of each kind a host has, without their lists.

use std::os::raw::c_int;

use virt::sys;

use super::connection::Connection;
use super::door::read;
use super::failure::{Failure, check};
use crate::error::{Error, Result};

/// How many objects of a kind there are; `None` for what the driver does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// those that run or are up
    pub active: Option<u32>,
    /// those that are only defined
    pub inactive: Option<u32>,
}

type Call = unsafe extern "C" fn(sys::virConnectPtr) -> c_int;

/// All devices of a host, of any capability.
unsafe extern "C" fn node_devices(connect: sys::virConnectPtr) -> c_int {
    // SAFETY: the caller's promise: a live connection; no capability means any.
    unsafe { sys::virNodeNumOfDevices(connect, std::ptr::null(), 0) }
}

/// The kinds, and the calls that count them. Filters, secrets and devices have one number each.
const KINDS: &[(&str, Call, Option<Call>)] = &[
    ("domains", sys::virConnectNumOfDomains, Some(sys::virConnectNumOfDefinedDomains)),
    ("networks", sys::virConnectNumOfNetworks, Some(sys::virConnectNumOfDefinedNetworks)),
    ("pools", sys::virConnectNumOfStoragePools, Some(sys::virConnectNumOfDefinedStoragePools)),
    ("interfaces", sys::virConnectNumOfInterfaces, Some(sys::virConnectNumOfDefinedInterfaces)),
    ("nwfilters", sys::virConnectNumOfNWFilters, None),
    ("secrets", sys::virConnectNumOfSecrets, None),
    ("node_devices", node_devices, None),
];

impl Connection {
    /// How many objects of each kind there are (`virConnectNumOfDomains` and its relatives); a kind
    /// without states has all of them in `active`.
    pub fn counts(&self) -> Result<Vec<(&'static str, Count)>> {
        let calls: usize = KINDS.iter().map(|(_, _, inactive)| 1 + usize::from(inactive.is_some())).sum();
        let operation = read("connection.counts");
        self.door().count(operation, calls as u64 - 1);
        self.call(operation, "", |c| {
            // SAFETY: a live connection.
            let count = |call: Call| match check(unsafe { call(c.as_ptr()) }) {
                Ok(count) => Ok(Some(count as u32)),
                Err(Failure::Libvirt(report)) if report.is_unsupported() => Ok(None),
                Err(failure) => Err(failure),
            };
            KINDS
                .iter()
                .map(|(kind, active, inactive)| {
                    let inactive = inactive.map(count).transpose()?.flatten();
                    Ok((*kind, Count { active: count(*active)?, inactive }))
                })
                .collect()
        })
    }

    /// True for a kind whose objects are active or not.
    /// The number of one kind, with libvirt's own error where the driver does not count it; `defined_` in front of
    /// the kind means those that are not active.
    ///
    /// Errors: `usage` for a kind that does not exist.
    pub fn count(&self, kind: &str) -> Result<u32> {
        let (name, defined) = kind.strip_prefix("defined_").map_or((kind, false), |name| (name, true));
        let call = KINDS.iter().find(|(known, ..)| *known == name);
        let call = call.and_then(|(_, active, inactive)| if defined { *inactive } else { Some(*active) });
        let call = call.ok_or_else(|| Error::usage(format!("there is no number of {kind}")))?;
        self.call(read("connection.counts"), "", move |c| {
            // SAFETY: a live connection.
            Ok(check(unsafe { call(c.as_ptr()) })? as u32)
        })
    }

    /// Whether a kind has those that are active and those that are not.
    pub fn has_states(kind: &str) -> bool {
        KINDS.iter().any(|(known, _, inactive)| *known == kind && inactive.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::libvirt::test_node::TestNode;

    #[test]
    fn kinds_are_counted_and_what_the_driver_lacks_is_absent() {
        let node = TestNode::new();
        let counts = node.connection().counts().unwrap();
        let of = |kind: &str| counts.iter().find(|(known, _)| *known == kind).unwrap().1;
        assert_eq!(of("networks"), Count { active: Some(1), inactive: Some(0) });
        assert_eq!(of("pools"), Count { active: Some(2), inactive: Some(0) });
        assert_eq!(of("secrets"), Count::default());
    }
}
