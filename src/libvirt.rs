//! Safe and complete wrappers over libvirt: handles, typed parameters, events, worker threads and
//! the door that every call passes.
//!
//! The `virt` package is the base; what it lacks or gets wrong is done over `virt::sys`. This is
//! the only folder with `unsafe`, each block with its reason. It knows neither Rhai nor the screen.

mod auth;
mod connection;
mod domain;
mod domain_snapshot;
mod domain_stats;
mod door;
mod error_words;
mod event_loop;
mod failure;
mod freeze_guard;
mod handle;
mod host;
mod interrupt;
mod lifecycle_events;
mod lxc;
mod network;
mod open_failure;
mod own_program;
mod qemu;
mod storage_pool;
mod storage_volume;
mod symbols;
#[cfg(test)]
pub(crate) mod test_node;
mod typed_params;
mod worker;

pub use auth::{Credentials, Question};
pub use connection::Connection;
pub use domain::{
    Address, AddressSource, AgentPatience, BlockInfo, Domain, DomainEntry, DomainInfo, GuestAddress,
    GuestFile, GuestFileMode, GuestFileSystem, GuestProcess, GuestProgram, InterfaceAddresses, KeyChange,
    Tuning,
};
pub use domain_snapshot::DomainSnapshot;
pub use domain_stats::{DomainStats, StatsSink};
pub use door::{Change, Door, Effect, Operation, Rules};
pub use freeze_guard::{
    DEFAULT_LIMIT as DEFAULT_FREEZE_LIMIT, GUARD_COMMAND, Guarding, Leftover, leftovers,
    serve as serve_freeze_guard,
};
pub use handle::{Handle, Object};
pub use host::{NodeInfo, library_version, version_text};
pub use interrupt::{Interrupt, Reason, TICK};
pub use lifecycle_events::{LifecycleEvent, Subscription};
pub use lxc::{ContainerEntry, ENTER_COMMAND, Namespace, enter as enter_container};
pub use network::{DhcpLease, Network};
pub use own_program::own_program;
pub use qemu::MonitorCommand;
pub use storage_pool::{StoragePool, StoragePoolInfo};
pub use storage_volume::{StorageVolume, StorageVolumeInfo, VolumeInPool};
pub use symbols::{Library, SYMBOLS, Symbol};
pub use typed_params::{Params, Value};
pub use virt::sys;
