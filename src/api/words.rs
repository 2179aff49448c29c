//! libvirt's numbers as words, and back.
//!
//! The words are those of libvirt's XML and API in lower case. A number newer than its table reads
//! as `unknown_N`, so that nothing is lost.

/// `virDomainState`
pub(crate) const DOMAIN_STATES: &[&str] =
    &["nostate", "running", "blocked", "paused", "shutdown", "shutoff", "crashed", "pmsuspended"];

/// The reasons of each `virDomainState`, by the state's number.
const DOMAIN_REASONS: &[&[&str]] = &[
    &["unknown"],
    &[
        "unknown",
        "booted",
        "migrated",
        "restored",
        "from_snapshot",
        "unpaused",
        "migration_canceled",
        "save_canceled",
        "wakeup",
        "crashed",
        "postcopy",
        "postcopy_failed",
    ],
    &["unknown"],
    &[
        "unknown",
        "user",
        "migration",
        "save",
        "dump",
        "ioerror",
        "watchdog",
        "from_snapshot",
        "shutting_down",
        "snapshot",
        "crashed",
        "starting_up",
        "postcopy",
        "postcopy_failed",
        "api_error",
    ],
    &["unknown", "user"],
    &[
        "unknown",
        "shutdown",
        "destroyed",
        "crashed",
        "migrated",
        "saved",
        "failed",
        "from_snapshot",
        "daemon",
    ],
    &["unknown", "panicked"],
    &["unknown"],
];

/// `virVcpuState`
pub(crate) const VCPU_STATES: &[&str] = &["offline", "running", "blocked"];

/// `virStoragePoolState`
pub(crate) const POOL_STATES: &[&str] = &["inactive", "building", "running", "degraded", "inaccessible"];

/// `virStorageVolType`
pub(crate) const VOLUME_TYPES: &[&str] = &["file", "block", "dir", "network", "netdir", "ploop"];

/// `virStorageVolWipeAlgorithm`
pub(crate) const WIPE_ALGORITHMS: &[&str] =
    &["zero", "nnsa", "dod", "bsi", "gutmann", "schneier", "pfitzner7", "pfitzner33", "random", "trim"];

/// `virDomainJobOperation`
pub(crate) const JOB_OPERATIONS: &[&str] = &[
    "unknown",
    "start",
    "save",
    "restore",
    "migration_in",
    "migration_out",
    "snapshot",
    "snapshot_revert",
    "dump",
    "backup",
    "snapshot_delete",
];

/// `virCPUCompareResult`
pub(crate) const CPU_COMPARISONS: &[&str] = &["incompatible", "identical", "superset"];

/// `virNodeSuspendTarget`
pub(crate) const SUSPEND_TARGETS: &[&str] = &["mem", "disk", "hybrid"];

/// The number of a word.
pub(crate) fn number(table: &[&str], word: &str) -> Option<u32> {
    table.iter().position(|known| *known == word).map(|n| n as u32)
}

/// The word of a number.
pub(crate) fn word(table: &[&'static str], number: i32) -> std::borrow::Cow<'static, str> {
    match usize::try_from(number).ok().and_then(|n| table.get(n)) {
        Some(word) => (*word).into(),
        None => format!("unknown_{number}").into(),
    }
}

/// The word of a guest's state.
pub(crate) fn domain_state(state: i32) -> std::borrow::Cow<'static, str> {
    word(DOMAIN_STATES, state)
}

/// The word of the reason for a state.
pub(crate) fn domain_reason(state: i32, reason: i32) -> std::borrow::Cow<'static, str> {
    let reasons = usize::try_from(state).ok().and_then(|n| DOMAIN_REASONS.get(n)).copied();
    word(reasons.unwrap_or_default(), reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::libvirt::sys;

    #[test]
    fn states_and_reasons_stand_at_their_numbers() {
        assert_eq!(domain_state(sys::VIR_DOMAIN_PMSUSPENDED as i32), "pmsuspended");
        let crashed = sys::VIR_DOMAIN_SHUTOFF as i32;
        assert_eq!(domain_reason(crashed, sys::VIR_DOMAIN_SHUTOFF_DAEMON as i32), "daemon");
        let running = sys::VIR_DOMAIN_RUNNING as i32;
        assert_eq!(domain_reason(running, sys::VIR_DOMAIN_RUNNING_POSTCOPY_FAILED as i32), "postcopy_failed");
        let paused = sys::VIR_DOMAIN_PAUSED as i32;
        assert_eq!(domain_reason(paused, sys::VIR_DOMAIN_PAUSED_API_ERROR as i32), "api_error");
        assert_eq!(word(VCPU_STATES, sys::VIR_VCPU_BLOCKED as i32), "blocked");
        let backup = sys::VIR_DOMAIN_JOB_OPERATION_BACKUP as i32;
        assert_eq!(word(JOB_OPERATIONS, backup), "backup");
    }

    #[test]
    fn storage_words_stand_at_their_numbers() {
        assert_eq!(word(POOL_STATES, sys::VIR_STORAGE_POOL_INACCESSIBLE as i32), "inaccessible");
        assert_eq!(word(VOLUME_TYPES, sys::VIR_STORAGE_VOL_PLOOP as i32), "ploop");
        assert_eq!(number(WIPE_ALGORITHMS, "trim"), Some(sys::VIR_STORAGE_VOL_WIPE_ALG_TRIM));
        assert_eq!(number(WIPE_ALGORITHMS, "pfitzner7"), Some(sys::VIR_STORAGE_VOL_WIPE_ALG_PFITZNER7));
        assert_eq!(number(WIPE_ALGORITHMS, "shred"), None);
    }

    #[test]
    fn words_of_the_host_stand_at_their_numbers() {
        assert_eq!(word(CPU_COMPARISONS, sys::VIR_CPU_COMPARE_SUPERSET), "superset");
        assert_eq!(number(SUSPEND_TARGETS, "hybrid"), Some(sys::VIR_NODE_SUSPEND_TARGET_HYBRID));
    }

    #[test]
    fn a_newer_number_is_still_a_word() {
        assert_eq!(domain_state(99), "unknown_99");
        assert_eq!(domain_reason(99, 1), "unknown_1");
    }
}
