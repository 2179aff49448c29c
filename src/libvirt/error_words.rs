//! The words of libvirt's error numbers and of the parts that report them.

/// The word of each `virErrorNumber`, indexed by the number.
///
/// The words are libvirt's own names in lower case, but for number 3 (`VIR_ERR_NO_SUPPORT`): "no such
/// call in this driver" is `unsupported`. What depends on more than the number, such as a failed
/// open or a lost connection, is decided where it happens.
pub(crate) const CODES: &[&str] = &[
    "ok",
    "internal_error",
    "no_memory",
    "unsupported",
    "unknown_host",
    "no_connect",
    "invalid_conn",
    "invalid_domain",
    "invalid_arg",
    "operation_failed",
    "get_failed",
    "post_failed",
    "http_error",
    "sexpr_serial",
    "no_xen",
    "xen_call",
    "os_type",
    "no_kernel",
    "no_root",
    "no_source",
    "no_target",
    "no_name",
    "no_os",
    "no_device",
    "no_xenstore",
    "driver_full",
    "call_failed",
    "xml_error",
    "dom_exist",
    "operation_denied",
    "open_failed",
    "read_failed",
    "parse_failed",
    "conf_syntax",
    "write_failed",
    "xml_detail",
    "invalid_network",
    "network_exist",
    "system_error",
    "rpc",
    "gnutls_error",
    "war_no_network",
    "no_domain",
    "no_network",
    "invalid_mac",
    "auth_failed",
    "invalid_storage_pool",
    "invalid_storage_vol",
    "war_no_storage",
    "no_storage_pool",
    "no_storage_vol",
    "war_no_node",
    "invalid_node_device",
    "no_node_device",
    "no_security_model",
    "operation_invalid",
    "war_no_interface",
    "no_interface",
    "invalid_interface",
    "multiple_interfaces",
    "war_no_nwfilter",
    "invalid_nwfilter",
    "no_nwfilter",
    "build_firewall",
    "war_no_secret",
    "invalid_secret",
    "no_secret",
    "config_unsupported",
    "operation_timeout",
    "migrate_persist_failed",
    "hook_script_failed",
    "invalid_domain_snapshot",
    "no_domain_snapshot",
    "invalid_stream",
    "argument_unsupported",
    "storage_probe_failed",
    "storage_pool_built",
    "snapshot_revert_risky",
    "operation_aborted",
    "auth_cancelled",
    "no_domain_metadata",
    "migrate_unsafe",
    "overflow",
    "block_copy_active",
    "operation_unsupported",
    "ssh",
    "agent_unresponsive",
    "resource_busy",
    "access_denied",
    "dbus_service",
    "storage_vol_exist",
    "cpu_incompatible",
    "xml_invalid_schema",
    "migrate_finish_ok",
    "auth_unavailable",
    "no_server",
    "no_client",
    "agent_unsynced",
    "libssh",
    "device_missing",
    "invalid_nwfilter_binding",
    "no_nwfilter_binding",
    "invalid_domain_checkpoint",
    "no_domain_checkpoint",
    "no_domain_backup",
    "invalid_network_port",
    "network_port_exist",
    "no_network_port",
    "no_hostname",
    "checkpoint_inconsistent",
    "multiple_domains",
    "no_network_metadata",
    "agent_command_timeout",
    "agent_command_failed",
    "invalid_encr_key_secret",
];

/// Returns the words that the code of one of libvirt's errors can be.
pub fn error_codes() -> impl Iterator<Item = &'static str> {
    CODES.iter().skip(1).copied()
}

/// The word of each `virErrorDomain`, indexed by the number: the part of libvirt that reported an error.
pub(crate) const DOMAINS: &[&str] = &[
    "none",
    "xen",
    "xend",
    "xenstore",
    "sexpr",
    "xml",
    "dom",
    "rpc",
    "proxy",
    "conf",
    "qemu",
    "net",
    "test",
    "remote",
    "openvz",
    "xenxm",
    "stats_linux",
    "lxc",
    "storage",
    "network",
    "domain",
    "uml",
    "nodedev",
    "xen_inotify",
    "security",
    "vbox",
    "interface",
    "one",
    "esx",
    "phyp",
    "secret",
    "cpu",
    "xenapi",
    "nwfilter",
    "hook",
    "domain_snapshot",
    "audit",
    "sysinfo",
    "streams",
    "vmware",
    "event",
    "libxl",
    "locking",
    "hyperv",
    "capabilities",
    "uri",
    "auth",
    "dbus",
    "parallels",
    "device",
    "ssh",
    "lockspace",
    "initctl",
    "identity",
    "cgroup",
    "access",
    "systemd",
    "bhyve",
    "crypto",
    "firewall",
    "polkit",
    "thread",
    "admin",
    "logging",
    "xenxl",
    "perf",
    "libssh",
    "resctrl",
    "firewalld",
    "domain_checkpoint",
    "tpm",
    "bpf",
    "ch",
];

/// Returns the word of an error number; numbers newer than this table are `error_N`.
pub(crate) fn code_word(number: i32) -> std::borrow::Cow<'static, str> {
    match usize::try_from(number).ok().and_then(|n| CODES.get(n)) {
        Some(word) => (*word).into(),
        None => format!("error_{number}").into(),
    }
}

/// Returns the word of an error domain; numbers newer than this table are `domain_N`.
pub(crate) fn domain_word(number: i32) -> std::borrow::Cow<'static, str> {
    match usize::try_from(number).ok().and_then(|n| DOMAINS.get(n)) {
        Some(word) => (*word).into(),
        None => format!("domain_{number}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use virt::sys;

    #[test]
    fn words_are_the_names_of_the_constants() {
        let cases = [
            (sys::VIR_ERR_NO_SUPPORT, "unsupported"),
            (sys::VIR_ERR_NO_DOMAIN, "no_domain"),
            (sys::VIR_ERR_OPERATION_INVALID, "operation_invalid"),
            (sys::VIR_ERR_NO_DOMAIN_SNAPSHOT, "no_domain_snapshot"),
            (sys::VIR_ERR_NO_HOSTNAME, "no_hostname"),
            (sys::VIR_ERR_AGENT_COMMAND_FAILED, "agent_command_failed"),
            (sys::VIR_ERR_INVALID_ENCR_KEY_SECRET, "invalid_encr_key_secret"),
        ];
        for (number, word) in cases {
            assert_eq!(code_word(number as i32), word);
        }
        assert_eq!(domain_word(sys::VIR_FROM_QEMU as i32), "qemu");
        assert_eq!(domain_word(sys::VIR_FROM_CH as i32), "ch");
    }

    #[test]
    fn no_two_numbers_share_a_word() {
        let distinct: std::collections::HashSet<_> = CODES.iter().collect();
        assert_eq!(distinct.len(), CODES.len());
    }

    #[test]
    fn a_number_newer_than_the_table_is_still_a_word() {
        assert_eq!(code_word(4242), "error_4242");
        assert_eq!(code_word(-1), "error_-1");
    }
}
