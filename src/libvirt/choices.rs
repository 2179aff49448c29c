//! The words that choose objects in libvirt's lists, and their bits.

use virt::sys;

/// Words and their bits.
pub type Choices = &'static [(&'static str, u32)];

/// The bit of a word; nothing for a word that the table does not have.
pub fn bit(choices: Choices, word: &str) -> Option<u32> {
    choices.iter().find(|(name, _)| *name == word).map(|(_, bit)| *bit)
}

/// Guests.
pub const DOMAINS: Choices = &[
    ("active", sys::VIR_CONNECT_LIST_DOMAINS_ACTIVE),
    ("inactive", sys::VIR_CONNECT_LIST_DOMAINS_INACTIVE),
    ("persistent", sys::VIR_CONNECT_LIST_DOMAINS_PERSISTENT),
    ("transient", sys::VIR_CONNECT_LIST_DOMAINS_TRANSIENT),
    ("running", sys::VIR_CONNECT_LIST_DOMAINS_RUNNING),
    ("paused", sys::VIR_CONNECT_LIST_DOMAINS_PAUSED),
    ("shutoff", sys::VIR_CONNECT_LIST_DOMAINS_SHUTOFF),
    ("other", sys::VIR_CONNECT_LIST_DOMAINS_OTHER),
    ("managed_save", sys::VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE),
    ("no_managed_save", sys::VIR_CONNECT_LIST_DOMAINS_NO_MANAGEDSAVE),
    ("autostart", sys::VIR_CONNECT_LIST_DOMAINS_AUTOSTART),
    ("no_autostart", sys::VIR_CONNECT_LIST_DOMAINS_NO_AUTOSTART),
    ("has_snapshot", sys::VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT),
    ("no_snapshot", sys::VIR_CONNECT_LIST_DOMAINS_NO_SNAPSHOT),
    ("has_checkpoint", sys::VIR_CONNECT_LIST_DOMAINS_HAS_CHECKPOINT),
    ("no_checkpoint", sys::VIR_CONNECT_LIST_DOMAINS_NO_CHECKPOINT),
];

/// Networks.
pub const NETWORKS: Choices = &[
    ("active", sys::VIR_CONNECT_LIST_NETWORKS_ACTIVE),
    ("inactive", sys::VIR_CONNECT_LIST_NETWORKS_INACTIVE),
    ("persistent", sys::VIR_CONNECT_LIST_NETWORKS_PERSISTENT),
    ("transient", sys::VIR_CONNECT_LIST_NETWORKS_TRANSIENT),
    ("autostart", sys::VIR_CONNECT_LIST_NETWORKS_AUTOSTART),
    ("no_autostart", sys::VIR_CONNECT_LIST_NETWORKS_NO_AUTOSTART),
];

/// Interfaces of the host.
pub const INTERFACES: Choices = &[
    ("active", sys::VIR_CONNECT_LIST_INTERFACES_ACTIVE),
    ("inactive", sys::VIR_CONNECT_LIST_INTERFACES_INACTIVE),
];

/// Devices of the host, by what they are.
pub const NODE_DEVICES: Choices = &[
    ("active", sys::VIR_CONNECT_LIST_NODE_DEVICES_ACTIVE),
    ("inactive", sys::VIR_CONNECT_LIST_NODE_DEVICES_INACTIVE),
    ("system", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_SYSTEM),
    ("pci", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_PCI_DEV),
    ("usb_device", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_USB_DEV),
    ("usb", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_USB_INTERFACE),
    ("net", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET),
    ("scsi_host", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_SCSI_HOST),
    ("scsi_target", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_SCSI_TARGET),
    ("scsi", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_SCSI),
    ("storage", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_STORAGE),
    ("fc_host", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_FC_HOST),
    ("vports", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_VPORTS),
    ("scsi_generic", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_SCSI_GENERIC),
    ("drm", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_DRM),
    ("mdev_types", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_MDEV_TYPES),
    ("mdev", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_MDEV),
    ("ccw", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_CCW_DEV),
    ("css", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_CSS_DEV),
    ("vdpa", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_VDPA),
    ("ap_card", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_AP_CARD),
    ("ap_queue", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_AP_QUEUE),
    ("ap_matrix", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_AP_MATRIX),
    ("vpd", sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_VPD),
];

/// Storage pools.
pub const POOLS: Choices = &[
    ("active", sys::VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE),
    ("inactive", sys::VIR_CONNECT_LIST_STORAGE_POOLS_INACTIVE),
    ("persistent", sys::VIR_CONNECT_LIST_STORAGE_POOLS_PERSISTENT),
    ("transient", sys::VIR_CONNECT_LIST_STORAGE_POOLS_TRANSIENT),
    ("autostart", sys::VIR_CONNECT_LIST_STORAGE_POOLS_AUTOSTART),
    ("no_autostart", sys::VIR_CONNECT_LIST_STORAGE_POOLS_NO_AUTOSTART),
];

/// Secrets.
pub const SECRETS: Choices = &[
    ("ephemeral", sys::VIR_CONNECT_LIST_SECRETS_EPHEMERAL),
    ("no_ephemeral", sys::VIR_CONNECT_LIST_SECRETS_NO_EPHEMERAL),
    ("private", sys::VIR_CONNECT_LIST_SECRETS_PRIVATE),
    ("no_private", sys::VIR_CONNECT_LIST_SECRETS_NO_PRIVATE),
];
