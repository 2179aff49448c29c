//! The tests that look at virhai from outside, one binary for all: what a user types, reads and gets.
//!
//! `support` has what they share. A test names the world it needs: a node file for libvirt's test
//! driver (milliseconds), a private daemon, or a guest that boots (seconds; see `support/lab.rs`).

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

mod agent;
mod api_coverage;
mod backup_module;
mod backups;
mod block_jobs;
mod bulk;
mod cases;
mod caution;
mod completions;
mod conformance;
mod console;
mod daemon;
mod ensure;
mod events;
mod exit_status;
mod freeze;
mod fuzz;
mod harness;
mod history;
mod host;
mod hotplug;
mod job_files;
mod jobs;
mod lab_selftest;
mod lxc;
mod maintain;
mod migration;
mod monitoring;
mod networks;
mod nights;
mod node_devices;
mod nwfilters;
mod plots;
mod prompt;
mod prompt_completion;
mod prompt_help;
mod provision;
mod reference;
mod save;
mod scripts;
mod secrets;
mod seeing;
mod sitting;
mod snapshot_retention;
mod snapshot_rules;
mod snapshots;
mod storage_volumes;
mod streams;
mod support;
mod systemd;
mod terminal;
mod tour;
mod tour_page;
mod tuning;
mod valgrind;
mod validate;
mod vanished;
mod virsh_functions;
