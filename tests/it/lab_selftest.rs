//! The lab itself: a private daemon, and a guest in it that does what a guest does.

use std::time::Duration;

use crate::support::need::images;
use crate::support::process::{lives, run, send_signal, wait_gone};
use crate::support::{Daemon, Guest, Need, lab_or_skip};

#[test]
fn a_daemon_runs_for_itself_and_leaves_nothing() {
    lab_or_skip!(Need::Daemon);
    let (one, two) = (Daemon::start(), Daemon::start());
    assert_ne!(one.virsh(&["capabilities"]), two.virsh(&["capabilities"]), "each host has its own UUID");
    assert_eq!(one.virsh(&["list", "--all", "--name"]), "");
    let read_only = ["-c", &one.ro_uri(), "net-start", "default"];
    assert!(one.try_virsh(&read_only).stderr().contains("read only access"));
    assert_eq!(one.virsh(&["-c", &one.uri_for("test"), "list", "--name"]), "test");
    let (folder, pid) = (one.dir().to_owned(), one.pid());
    drop(one);
    assert!(!folder.exists() && !lives(pid));
    assert_eq!(two.virsh(&["list", "--all", "--name"]), "");
}

#[test]
fn a_daemon_can_be_killed_hung_and_started_again() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    daemon.define_empty("lab-killed");
    daemon.virsh(&["start", "lab-killed"]);
    let first = daemon.pid();
    daemon.kill9();
    wait_gone(first, Duration::from_secs(10));
    assert_eq!(daemon.try_virsh(&["list"]).status, 1);
    daemon.again();
    assert_ne!(daemon.pid(), first);
    assert_eq!(daemon.virsh(&["domstate", "lab-killed"]), "running");
    daemon.stop_signal();
    let socket = daemon.uri();
    let mut hung = std::process::Command::new("timeout");
    hung.args(["0.5", "virsh", "-c", &socket, "list"]);
    assert_eq!(run(hung, Duration::from_secs(10)).status, 124, "a stopped daemon answers nobody");
    daemon.cont_signal();
    assert_eq!(daemon.virsh(&["list", "--name"]), "lab-killed");
    let qemu = std::fs::read_to_string(daemon.dir().join("run/qemu/lab-killed.pid")).unwrap();
    daemon.kill9();
    drop(daemon);
    wait_gone(qemu.trim().parse().unwrap(), Duration::from_secs(10));
}

#[test]
fn a_daemon_of_a_killed_test_is_stopped_by_the_next() {
    lab_or_skip!(Need::Daemon);
    let daemon = Daemon::start();
    // What a killed test process leaves: the same folder under the number of a process that has gone.
    let (pid, uri) = (daemon.pid(), daemon.uri());
    std::mem::forget(daemon);
    assert!(lives(pid), "{uri}");
    let gone =
        std::process::Command::new("true").spawn().map(|mut child| (child.id(), child.wait())).unwrap().0;
    let left = format!("/tmp/vl{gone}-1");
    std::fs::rename(uri.split_once("socket=").unwrap().1.trim_end_matches("/run/libvirt-sock"), &left)
        .unwrap();
    crate::support::lab::remove_leftovers();
    wait_gone(pid, Duration::from_secs(10));
    assert!(!std::path::Path::new(&left).exists());
}

#[test]
fn a_guest_boots_answers_gets_an_address_and_shuts_down() {
    lab_or_skip!(Need::Guest, Need::Network);
    let daemon = Daemon::start();
    let guest = Guest::plan(&daemon, "lab-guest").disks(2).network("default").boot();
    assert_eq!(guest.state(), "running");
    assert_eq!(daemon.virsh(&["domhostname", "lab-guest", "--source", "agent"]), "lab-guest");
    assert!(daemon.virsh(&["domfsinfo", "lab-guest"]).contains("/data"));
    assert!(guest.wait_lease().starts_with("192.168.122."));
    assert_eq!(daemon.virsh(&["domblklist", "lab-guest"]).lines().count(), 2);
    daemon.virsh(&["shutdown", "lab-guest", "--mode", "acpi"]);
    guest.wait_state("shut off");
}

#[test]
fn a_guest_needs_no_privilege_without_a_virtual_network() {
    lab_or_skip!(Need::Guest);
    let daemon = Daemon::start();
    let guest = Guest::plan(&daemon, "lab-plain").user_network().boot();
    let addresses = || daemon.virsh(&["domifaddr", "lab-plain", "--source", "agent"]);
    crate::support::eventually(Duration::from_secs(60), "an address of QEMU's own network", || {
        addresses().contains("10.0.2.").then_some(())
    });
    daemon.virsh(&["destroy", "lab-plain"]);
    guest.wait_state("shut off");
}

#[test]
fn a_container_runs() {
    lab_or_skip!(Need::Lxc);
    let daemon = Daemon::start();
    let root = daemon.dir().join("vm/root");
    for folder in ["bin", "proc", "sys", "dev", "tmp"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    std::fs::copy(images().as_ref().unwrap().join("busybox"), root.join("bin/sh")).unwrap();
    let lxc = daemon.uri_for("lxc");
    let xml = format!(
        "<domain type='lxc'><name>lab-box</name><memory unit='MiB'>64</memory><os><type>exe</type>\
         <init>/bin/sh</init></os><devices><filesystem type='mount'><source dir='{}'/><target dir='/'/>\
         </filesystem><console type='pty'/></devices></domain>",
        root.display()
    );
    let file = daemon.dir().join("box.xml");
    std::fs::write(&file, xml).unwrap();
    daemon.virsh(&["-c", &lxc, "create", file.to_str().unwrap()]);
    assert_eq!(daemon.virsh(&["-c", &lxc, "list", "--name"]), "lab-box");
    daemon.virsh(&["-c", &lxc, "destroy", "lab-box"]);
    assert_eq!(daemon.virsh(&["-c", &lxc, "list", "--name"]), "");
}

#[test]
fn two_daemons_can_be_cabled() {
    lab_or_skip!(Need::Root, Need::Daemon);
    let (one, two) = (Daemon::start(), Daemon::start_with(&["--listen", "16510"]));
    one.link(&two, 7);
    let answer = one.exec(&[
        "/usr/bin/env",
        "virsh",
        "-q",
        "-c",
        "qemu+tcp://10.99.7.2:16510/system",
        "list",
        "--all",
    ]);
    assert_eq!(answer.trim(), "");
}

#[test]
fn a_signal_to_a_process_that_has_gone_is_no_error() {
    send_signal("999999999", "TERM");
}
