//! What a service is kept from: as much as a client of libvirt does without.

use std::path::Path;

use super::text::quoted_path;
use super::{Lines, Scope, is_at_home};
use crate::jobs::Job;

/// What needs no privileges of the service manager: filters of system calls.
const EVERYWHERE: &[(&str, &str)] = &[
    ("NoNewPrivileges", "yes"),
    ("SystemCallArchitectures", "native"),
    ("SystemCallFilter", "@system-service"),
    ("SystemCallFilter", "~@privileged"),
    ("SystemCallErrorNumber", "EPERM"),
    ("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK"),
    ("RestrictNamespaces", "yes"),
    ("RestrictRealtime", "yes"),
    ("RestrictSUIDSGID", "yes"),
    ("LockPersonality", "yes"),
    ("MemoryDenyWriteExecute", "yes"),
    ("UMask", "0077"),
];

/// What only the system's manager can do. The three folders are those that a run by hand as root has, too.
const SYSTEM: &[(&str, &str)] = &[
    ("StateDirectory", "virhai"),
    ("StateDirectoryMode", "0700"),
    ("RuntimeDirectory", "virhai"),
    ("RuntimeDirectoryMode", "0700"),
    // Locks of other jobs are in it.
    ("RuntimeDirectoryPreserve", "yes"),
    ("CacheDirectory", "virhai"),
    ("CacheDirectoryMode", "0700"),
    ("ConfigurationDirectory", "virhai"),
    ("PrivateTmp", "yes"),
    ("ProtectSystem", "strict"),
    ("ProtectKernelTunables", "yes"),
    ("ProtectKernelModules", "yes"),
    ("ProtectKernelLogs", "yes"),
    ("ProtectControlGroups", "yes"),
    ("ProtectClock", "yes"),
    ("ProtectHostname", "yes"),
    ("ProtectProc", "invisible"),
    ("KeyringMode", "private"),
    // A look at the host's fitness opens it; PrivateDevices=yes would take it away.
    ("DevicePolicy", "closed"),
    ("DeviceAllow", "/dev/kvm rw"),
];

/// Adds it to the section `[Service]`.
pub(super) fn add(lines: &mut Lines, job: &Job, scope: Scope) {
    for (key, value) in EVERYWHERE {
        lines.add(key, value);
    }
    if scope == Scope::User {
        return;
    }
    for (key, value) in SYSTEM {
        lines.add(key, value);
    }
    let folder = job.script.parent().unwrap_or(Path::new("/"));
    // Keys of ssh and certificates of a user are at home.
    let needs_home =
        job.is_remote() || is_at_home(folder) || job.writes.iter().any(|folder| is_at_home(folder));
    lines.add("ProtectHome", if needs_home { "read-only" } else { "yes" });
    if ["/tmp", "/var/tmp"].iter().any(|tmp| folder.starts_with(tmp)) {
        lines.add("BindReadOnlyPaths", quoted_path(folder));
    }
    // Folders of others can be written with that capability only, and root has no other use for it here.
    lines.add("CapabilityBoundingSet", if job.writes.is_empty() { "" } else { "CAP_DAC_OVERRIDE" });
    // One that is missing is told by the script, in a run that is recorded.
    lines.add_list("ReadWritePaths", job.writes.iter().map(|folder| optional(folder)));
}

/// A path that may be missing.
fn optional(path: &Path) -> String {
    let quoted = quoted_path(path);
    quoted.strip_prefix('"').map_or_else(|| format!("-{quoted}"), |rest| format!("\"-{rest}"))
}
