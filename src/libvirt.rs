//! Safe and complete wrappers over libvirt: handles, typed parameters, events, worker threads and
//! the door that every call passes.
//!
//! The `virt` package is the base; what it lacks or gets wrong is done over `virt::sys`. This is
//! the only folder with `unsafe`, each block with its reason. It knows neither Rhai nor the screen.

mod auth;
pub mod choices;
mod connection;
mod counts;
mod dialogue;
mod domain;
mod domain_checkpoint;
mod domain_snapshot;
mod domain_stats;
mod door;
mod error_words;
mod event_loop;
pub mod events;
mod failure;
mod freeze_guard;
mod guard;
mod handle;
mod heap;
mod host;
mod host_cpu;
mod host_memory;
mod interface;
mod interrupt;
mod job;
mod libxml;
mod long_calls;
mod lxc;
mod messages;
mod name_lists;
mod network;
mod network_port;
mod node_device;
mod nwfilter;
mod nwfilter_binding;
mod older;
mod open_failure;
mod own_program;
mod owned;
mod qemu;
mod record;
mod secret;
mod storage_pool;
mod storage_volume;
mod stream;
mod supports;
mod symbols;
#[cfg(test)]
pub(crate) mod test_node;
mod texts;
mod typed_params;
mod unsupported;
mod wiped;
mod worker;

pub use auth::{Credentials, Question};
pub use connection::Connection;
pub use counts::Count;
pub use dialogue::{Dialogue, Found};
pub use domain::*;
pub use domain_checkpoint::{DomainCheckpoint, RawCheckpoint};
pub use domain_snapshot::DomainSnapshot;
pub use domain_stats::{CopyStats, DomainStats, StatsGuest, StatsOf, StatsSink, StatsWithin};
pub use door::{Change, Door, Effect, FirstChange, Keepalive, Operation, Rules};
pub use error_words::error_codes;
pub use event_loop::initialize;
pub use events::{Event, Subscription};
pub use freeze_guard::{
    DEFAULT_LIMIT as DEFAULT_FREEZE_LIMIT, GUARD_COMMAND, Guarding, Leftover, leftovers,
    serve as serve_freeze_guard,
};
pub use guard::{Coming, Guard};
pub use handle::{Handle, Object};
pub use heap::grow_heaps_at_once;
pub use host::{NodeInfo, SecurityModel, SuspendTarget, library_version, version_text};
pub use host_cpu::{CpuMap, GuestKind, NodeStats};
pub use interface::Interface;
pub use interrupt::{Interrupt, Reason, TICK};
pub use job::begun;
pub use job::{Job, Product, Progress, Reading, Work};
pub use libxml::{rewritten, xpath};
pub use long_calls::LongCalls;
pub use lxc::{ContainerEntry, ENTER_COMMAND, Namespace, enter as enter_container};
pub use messages::messages;
pub use name_lists::NameList;
pub use network::{DhcpLease, Network};
pub use network_port::{NetworkPort, RawNetworkPort};
pub use node_device::{NodeDevice, NodeDeviceSummary};
pub use nwfilter::NwFilter;
pub use nwfilter_binding::{NwFilterBinding, RawNwFilterBinding};
pub use own_program::own_program;
pub use qemu::MonitorCommand;
pub use record::Record;
pub use secret::{Secret, SecretValue};
pub use storage_pool::{StoragePool, StoragePoolInfo};
pub use storage_volume::{Extent, StorageVolume, StorageVolumeInfo, VolumeInPool};
pub use stream::{Received, Stream};
pub use supports::known_functions;
pub use symbols::{Library, SYMBOLS, Symbol};
pub use typed_params::{Params, Value};
pub use virt::sys;
pub use wiped::Wiped;
