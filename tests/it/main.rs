//! The tests that look at virhai from outside, one binary for all: what a user types, reads and gets.
//!
//! `support` has what they share. A test names the world it needs: a node file for libvirt's test
//! driver (milliseconds), a private daemon, or a guest that boots (seconds; see `support/lab.rs`).

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

mod api_coverage;
mod bulk;
mod cases;
mod daemon;
mod exit_status;
mod fuzz;
mod harness;
mod hotplug;
mod lab_selftest;
mod reference;
mod scripts;
mod support;
mod terminal;
mod tour;
mod tuning;
mod valgrind;
