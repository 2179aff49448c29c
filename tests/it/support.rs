//! What the tests share.
//!
//! | to | use |
//! |---|---|
//! | run virhai and compare what it writes | [`Virhai`] |
//! | compare a text with a file | [`golden`] |
//! | run `tests/cases` and `tests/transcripts` | [`cases`], [`transcripts`] |
//! | have guests, networks and volumes without a hypervisor | [`Node`] |
//! | have a real libvirt daemon and real guests | [`lab_or_skip!`], [`Daemon`], [`Guest`] |
//! | type at a terminal | [`Terminal`]; bytes that no person types: [`Pty`] |
//! | wait for something, never for a time | [`eventually`] |
//! | assert "within a second" | [`within`], with [`turn::alone`] while no guest boots |
//! | know whether this is the long version | [`soak`] |
//!
//! Nothing here is left behind: folders, processes and daemons go when their value is dropped.

#![allow(dead_code)] // a helper may be ready before the test that needs it

pub(crate) mod cases;
pub(crate) mod disk_guest;
pub(crate) mod golden;
pub(crate) mod guest;
pub(crate) mod lab;
pub(crate) mod need;
pub(crate) mod node;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod pty;
pub(crate) mod small_disk;
pub(crate) mod systemd_host;
pub(crate) mod terminal;
pub(crate) mod transcripts;
pub(crate) mod turn;
pub(crate) mod virhai;
pub(crate) mod wait;

pub(crate) use disk_guest::DiskGuest;
pub(crate) use guest::Guest;
pub(crate) use lab::Daemon;
pub(crate) use need::{Need, lab_or_skip};
pub(crate) use node::{Domain, Node};
pub(crate) use postgres::PostgresServer;
pub(crate) use pty::Pty;
pub(crate) use small_disk::SmallDisk;
pub(crate) use systemd_host::SystemdHost;
pub(crate) use terminal::{Terminal, prompt_of};
pub(crate) use virhai::Virhai;
pub(crate) use wait::{eventually, within};

use std::path::PathBuf;

/// Returns a path below the project's top folder.
pub(crate) fn project(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Returns whether the long versions of tests are wanted (`make soak`).
pub(crate) fn soak() -> bool {
    std::env::var_os("VIRHAI_SOAK").is_some_and(|value| value == "1")
}
