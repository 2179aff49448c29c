//! The kinds of events: one table of all that libvirt has, and three of our own.

use virt::sys;

use super::callbacks::{self as on, Callback};

/// One kind of event.
#[derive(Debug)]
pub struct Kind {
    /// its word: virsh's name in `snake_case`, with the type of object in front where it is no guest
    pub name: &'static str,
    /// what happened, in a sentence
    pub doc: &'static str,
    pub(super) source: Source,
    pub(super) callback: Callback,
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.is(other)
    }
}

/// Where events of a kind come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Domain(u32),
    Network(u32),
    Pool(u32),
    NodeDevice(u32),
    Secret(u32),
    /// what QEMU's own monitor tells
    Monitor,
    /// virhai itself; always told
    Own,
}

macro_rules! kinds {
    ($($name:literal, $source:ident $id:ident, $callback:ident; $doc:literal)*) => {
        /// All kinds that libvirt tells of, but QEMU's own.
        pub(super) static KINDS: &[Kind] = &[$(Kind {
            name: $name,
            doc: $doc,
            source: Source::$source(sys::$id),
            callback: on::$callback,
        }),*];
    };
}

kinds! {
    "lifecycle", Domain VIR_DOMAIN_EVENT_ID_LIFECYCLE, LIFECYCLE;
        "A guest was defined, started, suspended, resumed, stopped, …; `detail` tells why."
    "reboot", Domain VIR_DOMAIN_EVENT_ID_REBOOT, DOMAIN;
        "A guest rebooted; one reboot may be told several times."
    "rtc_change", Domain VIR_DOMAIN_EVENT_ID_RTC_CHANGE, RTC_CHANGE;
        "A guest set its clock; `utcoffset` is in seconds."
    "watchdog", Domain VIR_DOMAIN_EVENT_ID_WATCHDOG, WATCHDOG;
        "A guest's watchdog fired."
    "io_error", Domain VIR_DOMAIN_EVENT_ID_IO_ERROR, IO_ERROR;
        "A disk failed; `io_error_reason` tells the same with a reason."
    "io_error_reason", Domain VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON, IO_ERROR_REASON;
        "A disk failed, and why, such as `enospc`."
    "graphics", Domain VIR_DOMAIN_EVENT_ID_GRAPHICS, GRAPHICS;
        "Somebody connected to a guest's screen, or left it."
    "control_error", Domain VIR_DOMAIN_EVENT_ID_CONTROL_ERROR, DOMAIN;
        "The hypervisor's control channel of a guest is broken."
    "block_job", Domain VIR_DOMAIN_EVENT_ID_BLOCK_JOB, BLOCK_JOB;
        "A block job ended or is ready; `disk` is a file, and `block_job_2` is better."
    "block_job_2", Domain VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2, BLOCK_JOB;
        "A block job ended or is ready; `disk` is the target, such as `vda`."
    "disk_change", Domain VIR_DOMAIN_EVENT_ID_DISK_CHANGE, DISK_CHANGE;
        "A disk was left out at the start, because its source is missing."
    "tray_change", Domain VIR_DOMAIN_EVENT_ID_TRAY_CHANGE, TRAY_CHANGE;
        "A guest opened or closed the tray of a drive."
    "pmwakeup", Domain VIR_DOMAIN_EVENT_ID_PMWAKEUP, PM;
        "A guest woke up."
    "pmsuspend", Domain VIR_DOMAIN_EVENT_ID_PMSUSPEND, PM;
        "A guest suspended itself to memory."
    "pmsuspend_disk", Domain VIR_DOMAIN_EVENT_ID_PMSUSPEND_DISK, PM;
        "A guest suspended itself to disk."
    "balloon_change", Domain VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, BALLOON_CHANGE;
        "The memory that a guest has changed; `actual` is in bytes."
    "device_added", Domain VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, DEVICE;
        "A device was plugged in."
    "device_removed", Domain VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, DEVICE;
        "A guest gave a device back."
    "device_removal_failed", Domain VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED, DEVICE;
        "A guest refused to give a device back."
    "tunable", Domain VIR_DOMAIN_EVENT_ID_TUNABLE, PARAMS;
        "Settings of a guest changed; `params` has them by libvirt's names."
    "agent_lifecycle", Domain VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, AGENT_LIFECYCLE;
        "A guest's agent connected or went."
    "migration_iteration", Domain VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION, MIGRATION_ITERATION;
        "A migration began to copy memory once more."
    "job_completed", Domain VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, PARAMS;
        "A job of a guest is done; `params` has its statistics: sizes in bytes, times in ms."
    "metadata_change", Domain VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, METADATA_CHANGE;
        "The description, title or metadata of a guest changed."
    "block_threshold", Domain VIR_DOMAIN_EVENT_ID_BLOCK_THRESHOLD, BLOCK_THRESHOLD;
        "A disk was written past its threshold; `threshold` and `excess` are in bytes."
    "memory_failure", Domain VIR_DOMAIN_EVENT_ID_MEMORY_FAILURE, MEMORY_FAILURE;
        "The host's memory under a guest failed."
    "memory_device_size_change", Domain VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE, MEMORY_SIZE;
        "A guest took or gave back memory of a device; `size` is in bytes."
    "nic_mac_change", Domain VIR_DOMAIN_EVENT_ID_NIC_MAC_CHANGE, NIC_MAC_CHANGE;
        "A guest changed the MAC address of a card."
    "vcpu_removed", Domain VIR_DOMAIN_EVENT_ID_VCPU_REMOVED, VCPU_REMOVED;
        "A guest gave a virtual CPU back."
    "channel_lifecycle", Domain VIR_DOMAIN_EVENT_ID_CHANNEL_LIFECYCLE, CHANNEL_LIFECYCLE;
        "A program in a guest opened or closed a channel."
    "network_lifecycle", Network VIR_NETWORK_EVENT_ID_LIFECYCLE, NETWORK_LIFECYCLE;
        "A network was defined, undefined, started or stopped."
    "network_metadata_change", Network VIR_NETWORK_EVENT_ID_METADATA_CHANGE, NETWORK_METADATA;
        "The description, title or metadata of a network changed."
    "pool_lifecycle", Pool VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE, POOL_LIFECYCLE;
        "A storage pool was defined, undefined, started, stopped, created or deleted."
    "pool_refresh", Pool VIR_STORAGE_POOL_EVENT_ID_REFRESH, POOL;
        "The volumes of a storage pool were looked up anew."
    "node_device_lifecycle", NodeDevice VIR_NODE_DEVICE_EVENT_ID_LIFECYCLE, NODE_DEVICE_LIFECYCLE;
        "A device of the host came, went, or was defined or undefined."
    "node_device_update", NodeDevice VIR_NODE_DEVICE_EVENT_ID_UPDATE, NODE_DEVICE;
        "A device of the host changed."
    "secret_lifecycle", Secret VIR_SECRET_EVENT_ID_LIFECYCLE, SECRET_LIFECYCLE;
        "A secret was defined or undefined; `secret` is what it is for."
    "secret_value_changed", Secret VIR_SECRET_EVENT_ID_VALUE_CHANGED, SECRET;
        "The value of a secret changed; the value itself is not told."
}

const fn own(name: &'static str, doc: &'static str) -> Kind {
    Kind { name, doc, source: Source::Own, callback: on::DOMAIN }
}

/// What QEMU's own monitor tells, as it is; only where it is asked for.
pub static MONITOR: Kind = Kind {
    name: "qemu_monitor",
    doc: "QEMU told something; `details` is what it said, as a JSON text.",
    source: Source::Monitor,
    callback: on::QEMU_MONITOR,
};
/// The connection was lost.
pub static CLOSED: Kind =
    own("connection_closed", "The connection was lost, and why: error, eof, keepalive or client.");
/// The connection is open again.
pub static OPENED: Kind =
    own("connection_opened", "The connection is open again; what happened in between is not told.");
/// Events found no room.
pub static MISSED: Kind =
    own("missed", "So many events as `count` says came while 65,536 others waited to be read.");

/// All kinds, those of libvirt in the order of their families.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().chain([&MONITOR, &CLOSED, &OPENED, &MISSED])
}

impl Kind {
    /// Which object it is about: `domain`, `network`, `pool`, `node_device`, `secret` or `connection`.
    pub fn family(&self) -> &'static str {
        match self.source {
            Source::Domain(_) | Source::Monitor => "domain",
            Source::Network(_) => "network",
            Source::Pool(_) => "pool",
            Source::NodeDevice(_) => "node_device",
            Source::Secret(_) => "secret",
            Source::Own => "connection",
        }
    }

    /// True for the kinds that are told without being asked for by name: neither the older forms of
    /// others nor QEMU's own.
    pub fn is_usual(&self) -> bool {
        self.source != Source::Monitor && !["io_error", "block_job"].contains(&self.name)
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_of_libvirt_is_there_once() {
        for (family, count) in
            [("domain", 30), ("network", 2), ("pool", 2), ("node_device", 2), ("secret", 2)]
        {
            let mut ids: Vec<u32> = KINDS
                .iter()
                .filter(|kind| kind.family() == family)
                .map(|kind| match kind.source {
                    Source::Domain(id)
                    | Source::Network(id)
                    | Source::Pool(id)
                    | Source::NodeDevice(id)
                    | Source::Secret(id) => id,
                    Source::Monitor | Source::Own => unreachable!(),
                })
                .collect();
            ids.sort_unstable();
            assert_eq!(ids, (0..count).collect::<Vec<_>>(), "{family}");
        }
        let mut names: Vec<_> = kinds().map(|kind| kind.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), kinds().count());
    }
}
