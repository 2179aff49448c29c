//! virhai, a scriptable shell for libvirt: the library behind the command.
//!
//! `ARCHITECTURE.md` is the map; a line typed at the prompt travels
//! `repl → session → (lang) → api → libvirt` and its value comes back through `output`.

#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "what scripts see is marked pub in its module, and the code that Rhai generates for it unwraps"
)]
pub mod api;
pub mod cli;
pub mod config;
pub mod error;
pub mod help;
pub mod history;
pub mod jobs;
#[allow(unsafe_code, reason = "the memory and the registers of a guest of our own")]
pub mod kvm_probe;
pub mod lang;
#[allow(unsafe_code, reason = "the one place where C is called")]
pub mod libvirt;
pub mod monitor;
pub mod output;
pub mod plot;
pub mod process;
pub mod record;
pub mod repl;
pub mod replacement;
pub mod report;
mod secrets;
pub mod session;
pub mod stdlib;
pub mod top;
pub mod units;
mod uri;
pub mod virsh;
pub mod xml;
