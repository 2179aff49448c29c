//! Older forms of calls, for drivers and daemons that have no newer ones.
//!
//! ESX lists pools, volumes and interfaces by name only, and so do ESX and VirtualBox with
//! snapshots; VirtualBox sets memory without flags, and so did Hyper-V with definitions until
//! libvirt 12.2. A call that such a driver refuses is made in the older form, where that can say the
//! same; the error is that of the newer form.

use virt::connect::Connect;
use virt::sys;

use super::failure::{Failure, Outcome};
use super::name_lists::NameList;

/// The answer of the newer form, or that of the older one where the driver only has that. `plain`
/// tells that the older form can say the same: no flags.
pub(super) fn or_older<T, E: Into<Failure>>(
    plain: bool,
    newer: std::result::Result<T, E>,
    older: impl FnOnce() -> Outcome<T>,
) -> Outcome<T> {
    match newer.map_err(Into::into) {
        Err(Failure::Libvirt(report)) if plain && report.is_unsupported() => match older() {
            Err(Failure::Libvirt(same)) if same.is_unsupported() => Err(Failure::Libvirt(report)),
            outcome => outcome,
        },
        outcome => outcome,
    }
}

/// What libvirt's names can tell of objects: the flags that ask for those that are active and for
/// those that are not, in the order of the lists of names.
pub(super) struct ByState {
    names: NameList,
    flags: [u32; 2],
}

/// Storage pools.
pub(super) const POOLS: ByState = ByState {
    names: NameList::POOLS,
    flags: [sys::VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE, sys::VIR_CONNECT_LIST_STORAGE_POOLS_INACTIVE],
};

/// Interfaces of the host.
pub(super) const INTERFACES: ByState = ByState {
    names: NameList::INTERFACES,
    flags: [sys::VIR_CONNECT_LIST_INTERFACES_ACTIVE, sys::VIR_CONNECT_LIST_INTERFACES_INACTIVE],
};

impl ByState {
    /// True where the names can tell what the flags ask for.
    pub(super) fn can_tell(&self, flags: u32) -> bool {
        flags & !(self.flags[0] | self.flags[1]) == 0
    }

    /// The objects that the flags ask for, found by their names; one that vanishes meanwhile is left out.
    pub(super) fn objects<T>(
        &self,
        connect: &Connect,
        flags: u32,
        find: impl Fn(&str) -> std::result::Result<T, virt::error::Error>,
    ) -> Outcome<Vec<T>> {
        let wanted = |place: usize| flags == 0 || flags & self.flags[place] != 0;
        Ok(self.names.read(connect, wanted)?.iter().filter_map(|name| find(name).ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::libvirt::failure::Report;

    fn unsupported<T>() -> Outcome<T> {
        Err(Failure::Libvirt(Report { number: sys::VIR_ERR_NO_SUPPORT as i32, ..Report::default() }))
    }

    #[test]
    fn the_older_form_is_used_where_there_is_no_newer_one_and_nothing_is_lost() {
        assert_eq!(or_older(true, unsupported(), || Ok(1)).unwrap(), 1);
        assert_eq!(or_older(true, Outcome::Ok(2), || Ok(1)).unwrap(), 2);
        assert!(or_older(false, unsupported(), || Ok(1)).is_err(), "it has flags");
        assert!(or_older::<(), _>(true, unsupported(), unsupported).is_err());
        let other = Failure::Libvirt(Report { number: sys::VIR_ERR_NO_DOMAIN as i32, ..Report::default() });
        assert!(or_older(true, Err(other), || Ok(1)).is_err(), "it is there and failed");
    }

    #[test]
    fn names_give_the_same_objects_as_the_newer_list() {
        let connect = Connect::open(Some("test:///default")).unwrap();
        let named = |flags| {
            let pools = POOLS.objects(&connect, flags, |name| connect.lookup_storage_pool_by_name(name));
            pools.unwrap().iter().map(|pool| pool.name().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(named(0), ["default-pool"]);
        assert_eq!(named(sys::VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE), ["default-pool"]);
        assert!(named(sys::VIR_CONNECT_LIST_STORAGE_POOLS_INACTIVE).is_empty());
        assert!(!POOLS.can_tell(sys::VIR_CONNECT_LIST_STORAGE_POOLS_DIR));
        let find = |name: &str| connect.lookup_interface_by_name(name);
        assert_eq!(INTERFACES.objects(&connect, 0, find).unwrap().len(), 1);
    }
}
