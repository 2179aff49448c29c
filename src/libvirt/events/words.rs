//! The words of the numbers in events, each table in the order of its C enum.

/// libvirt's words, each at its number.
pub type Words = &'static [&'static str];

/// `virDomainEventType`
pub const LIFECYCLE: Words = &[
    "defined",
    "undefined",
    "started",
    "suspended",
    "resumed",
    "stopped",
    "shutdown",
    "pmsuspended",
    "crashed",
];

/// The details of each `virDomainEventType`, by its number.
const LIFECYCLE_DETAILS: &[Words] = &[
    &["added", "updated", "renamed", "from_snapshot"],
    &["removed", "renamed"],
    &["booted", "migrated", "restored", "from_snapshot", "wakeup"],
    &[
        "paused",
        "migrated",
        "ioerror",
        "watchdog",
        "restored",
        "from_snapshot",
        "api_error",
        "postcopy",
        "postcopy_failed",
    ],
    &["unpaused", "migrated", "from_snapshot", "postcopy", "postcopy_failed"],
    &["shutdown", "destroyed", "crashed", "migrated", "saved", "failed", "from_snapshot"],
    &["finished", "guest", "host"],
    &["memory", "disk"],
    &["panicked", "crashloaded"],
];

/// The details of a lifecycle event.
pub(super) fn lifecycle_details(event: i32) -> Words {
    usize::try_from(event).ok().and_then(|event| LIFECYCLE_DETAILS.get(event)).copied().unwrap_or_default()
}

/// `virDomainEventWatchdogAction`
pub const WATCHDOG_ACTIONS: Words =
    &["none", "pause", "reset", "poweroff", "shutdown", "debug", "inject_nmi"];

/// `virDomainEventIOErrorAction`
pub const IO_ERROR_ACTIONS: Words = &["none", "pause", "report"];

/// `virDomainEventGraphicsPhase`
pub const GRAPHICS_PHASES: Words = &["connect", "initialize", "disconnect"];

/// `virDomainEventGraphicsAddressType`
pub const GRAPHICS_FAMILIES: Words = &["ipv4", "ipv6", "unix"];

/// `virDomainBlockJobType`
pub const BLOCK_JOB_TYPES: Words = &["unknown", "pull", "copy", "commit", "active_commit", "backup"];

/// `virConnectDomainEventBlockJobStatus`
pub const BLOCK_JOB_STATUSES: Words = &["completed", "failed", "canceled", "ready"];

/// `virConnectDomainEventDiskChangeReason`
pub const DISK_CHANGE_REASONS: Words = &["change_missing_on_start", "drop_missing_on_start"];

/// `virDomainEventTrayChangeReason`
pub const TRAY_CHANGE_REASONS: Words = &["open", "close"];

/// `virConnectDomainEventAgentLifecycleState`; that of channels is numbered alike.
pub const AGENT_STATES: Words = &["unknown", "connected", "disconnected"];

/// `virConnectDomainEventAgentLifecycleReason`; that of channels is numbered alike.
pub const AGENT_REASONS: Words = &["unknown", "domain_started", "channel"];

/// `virDomainMetadataType`; that of networks is numbered alike.
pub const METADATA_TYPES: Words = &["description", "title", "element"];

/// `virDomainEventMemoryFailureRecipientType`
pub const MEMORY_FAILURE_RECIPIENTS: Words = &["hypervisor", "guest"];

/// `virDomainEventMemoryFailureActionType`
pub const MEMORY_FAILURE_ACTIONS: Words = &["ignore", "inject", "fatal", "reset"];

/// `virNetworkEventLifecycleType`
pub const NETWORK_LIFECYCLE: Words = &["defined", "undefined", "started", "stopped"];

/// `virStoragePoolEventLifecycleType`
pub const POOL_LIFECYCLE: Words = &["defined", "undefined", "started", "stopped", "created", "deleted"];

/// `virNodeDeviceEventLifecycleType`
pub const NODE_DEVICE_LIFECYCLE: Words = &["created", "deleted", "defined", "undefined"];

/// `virSecretEventLifecycleType`
pub const SECRET_LIFECYCLE: Words = &["defined", "undefined"];

/// `virSecretUsageType`
pub const SECRET_USAGES: Words = &["none", "volume", "ceph", "iscsi", "tls", "vtpm"];

/// `virConnectCloseReason`
pub const CLOSE_REASONS: Words = &["error", "eof", "keepalive", "client"];

#[cfg(test)]
mod tests {
    use super::*;
    use virt::sys;

    #[test]
    fn words_stand_at_their_numbers() {
        for (words, number, word) in [
            (LIFECYCLE, sys::VIR_DOMAIN_EVENT_CRASHED, "crashed"),
            (lifecycle_details(3), sys::VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY_FAILED, "postcopy_failed"),
            (lifecycle_details(5), sys::VIR_DOMAIN_EVENT_STOPPED_FROM_SNAPSHOT, "from_snapshot"),
            (lifecycle_details(8), sys::VIR_DOMAIN_EVENT_CRASHED_CRASHLOADED, "crashloaded"),
            (WATCHDOG_ACTIONS, sys::VIR_DOMAIN_EVENT_WATCHDOG_INJECTNMI, "inject_nmi"),
            (IO_ERROR_ACTIONS, sys::VIR_DOMAIN_EVENT_IO_ERROR_REPORT, "report"),
            (GRAPHICS_PHASES, sys::VIR_DOMAIN_EVENT_GRAPHICS_DISCONNECT, "disconnect"),
            (GRAPHICS_FAMILIES, sys::VIR_DOMAIN_EVENT_GRAPHICS_ADDRESS_UNIX, "unix"),
            (BLOCK_JOB_TYPES, sys::VIR_DOMAIN_BLOCK_JOB_TYPE_BACKUP, "backup"),
            (BLOCK_JOB_STATUSES, sys::VIR_DOMAIN_BLOCK_JOB_READY, "ready"),
            (TRAY_CHANGE_REASONS, sys::VIR_DOMAIN_EVENT_TRAY_CHANGE_CLOSE, "close"),
            (AGENT_STATES, sys::VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_DISCONNECTED, "disconnected"),
            (METADATA_TYPES, sys::VIR_DOMAIN_METADATA_ELEMENT, "element"),
            (POOL_LIFECYCLE, sys::VIR_STORAGE_POOL_EVENT_DELETED, "deleted"),
            (NODE_DEVICE_LIFECYCLE, sys::VIR_NODE_DEVICE_EVENT_UNDEFINED, "undefined"),
            (SECRET_USAGES, sys::VIR_SECRET_USAGE_TYPE_VTPM, "vtpm"),
            (CLOSE_REASONS, sys::VIR_CONNECT_CLOSE_REASON_CLIENT, "client"),
        ] {
            assert_eq!(words.get(number as usize), Some(&word));
        }
        assert!(lifecycle_details(99).is_empty());
    }
}
