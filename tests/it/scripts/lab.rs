//! The scripts on real QEMU guests; virsh tells what is right.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::process::run;
use crate::support::{Daemon, Guest, Need, Virhai, eventually, lab_or_skip, project};

/// Runs a script against a daemon.
fn script(daemon: &Daemon, options: &[&str], name: &str) -> Virhai {
    Virhai::new().connect(&daemon.uri()).args(options).arg(project(&format!("scripts/{name}.rhai")))
}

/// Returns what the inventory tells of one guest.
fn inventory(daemon: &Daemon, name: &str) -> Value {
    let shown =
        script(daemon, &["-o", "json"], "inventory").args(["--name", name]).any_stdout().run().stdout();
    serde_json::from_str::<Value>(&shown).unwrap()[0].take()
}

/// Returns the number after `key:` in what virsh writes.
fn number(text: &str, key: &str) -> i64 {
    let line = text.lines().find(|line| line.starts_with(&format!("{key}:")));
    let value = line.and_then(|line| line.split_whitespace().find_map(|word| word.parse().ok()));
    value.unwrap_or_else(|| panic!("no {key} in {text}"))
}

/// Compares the disks with what virsh tells before and after: a running guest writes.
///
/// `domblkinfo` counts the blocks of the file, the statistics tell how far it has been written; the two
/// are alike, not equal.
fn compare_disks(daemon: &Daemon, name: &str) {
    let told = || {
        let info = ["vda", "vdb"].map(|target| daemon.virsh(&["domblkinfo", name, target]));
        (info, daemon.virsh(&["domstats", name, "--block"]))
    };
    let (before, guest) = eventually(Duration::from_secs(60), "disks that stay as they are", || {
        let before = told();
        let guest = inventory(daemon, name);
        (told() == before).then_some((before, guest))
    });
    let disks = guest["disks"].as_array().unwrap();
    assert_eq!(disks.len(), 2);
    let (info, stats) = before;
    for (place, (disk, info)) in disks.iter().zip(&info).enumerate() {
        assert_eq!(disk["target"], ["vda", "vdb"][place]);
        assert_eq!(disk["capacity"], number(info, "Capacity"));
        let allocation = disk["allocation"].as_i64().unwrap();
        assert!(stats.contains(&format!("block.{place}.allocation={allocation}\n")), "{stats}");
        let blocks = number(info, "Allocation");
        assert!((allocation - blocks).abs() < 1 << 20, "{allocation} written, {blocks} in blocks");
    }
}

#[test]
fn a_real_guest_is_listed_as_virsh_knows_it_and_stopped_gracefully() {
    lab_or_skip!(Need::Guest, Need::Network);
    let daemon = Daemon::start();
    let guest = Guest::plan(&daemon, "sc-guest").disks(2).network("default").boot();
    let address = guest.wait_lease();
    compare_disks(&daemon, "sc-guest");
    let seen = inventory(&daemon, "sc-guest");

    let info = daemon.virsh(&["dominfo", "sc-guest"]);
    assert!(info.contains(seen["uuid"].as_str().unwrap()), "{info}");
    assert!(info.contains("State:          running") && seen["state"] == "running", "{info}");
    assert_eq!(seen["vcpus"], number(&info, "CPU(s)"));
    assert_eq!(seen["memory"], number(&info, "Used memory") * 1024);
    for (number, disk) in seen["disks"].as_array().unwrap().iter().enumerate() {
        assert_eq!(disk["source"], guest.disk(number).to_str().unwrap());
    }

    let nic = &seen["nics"][0];
    let (mac, ips) = (nic["mac"].as_str().unwrap(), nic["ips"].as_array().unwrap());
    assert_eq!((&nic["network"], ips[0].as_str()), (&"default".into(), Some(address.as_str())));
    let lease = daemon.virsh(&["net-dhcp-leases", "default"]);
    assert!(lease.contains(mac) && lease.contains(&format!("{address}/")), "{lease}");
    let agent = daemon.virsh(&["domifaddr", "sc-guest", "--source", "agent"]);
    assert!(agent.contains(mac) && agent.contains(&format!("{address}/")), "{agent}");

    daemon.define_empty("sc-empty");
    daemon.virsh(&["start", "sc-empty"]);
    let stop = |arguments: &[&str]| {
        script(&daemon, &["-o", "csv", "--no-headers", "--columns", "name,result"], "graceful-stop")
            .args(arguments)
            .limit(Duration::from_secs(120))
            .any_stderr()
    };
    stop(&["--order", "sc-empty", "--deadline", "1s", "--no-force"])
        .status(1)
        .stdout("sc-empty,running\n")
        .run();
    // The empty one never answers, so nobody can wait for it in the step of the other.
    stop(&["--order", "sc-guest", "--deadline", "90s"]).stdout("sc-guest,stopped\n").run();
    assert_eq!(daemon.virsh(&["domstate", "--reason", "sc-guest"]), "shut off (shutdown)");
    stop(&["--all", "--deadline", "1s"])
        .stdout("sc-empty,forced\n")
        .stderr_contains("sc-empty: forced off after 1s\n")
        .run();
    assert_eq!(daemon.virsh(&["domstate", "--reason", "sc-empty"]), "shut off (destroyed)");
}

#[test]
fn volumes_behind_a_real_disk_are_no_orphans() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let folder = daemon.dir().join("vm/pool");
    std::fs::create_dir_all(&folder).unwrap();
    let image = |name: &str, backing: Option<&str>| {
        let mut create = Command::new("qemu-img");
        create.args(["create", "-q", "-f", "qcow2"]).current_dir(&folder);
        match backing {
            Some(backing) => create.args(["-b", backing, "-F", "qcow2", name]),
            None => create.args([name, "8M"]),
        };
        let created = run(create, Duration::from_secs(60));
        assert_eq!(created.status, 0, "{}", created.stderr());
    };
    image("base.qcow2", None);
    image("middle.qcow2", Some("base.qcow2"));
    image("top.qcow2", Some("middle.qcow2"));
    image("other.qcow2", Some("base.qcow2"));
    image("alone.qcow2", None);
    let path = folder.display();
    daemon.define(
        "pool-define",
        &format!("<pool type='dir'><name>images</name><target><path>{path}</path></target></pool>"),
    );
    daemon.virsh(&["pool-start", "images"]);
    daemon.define(
        "define",
        &format!(
            "<domain type='qemu'><name>sc-chain</name><memory unit='MiB'>16</memory><os><type>hvm</type></os>\
             <devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>\
             <source file='{path}/top.qcow2'/><target dev='vda' bus='virtio'/></disk></devices></domain>"
        ),
    );
    let orphans = || {
        script(&daemon, &["-o", "csv", "--columns", "name,format", "--no-headers"], "find-orphans")
            .stdout("alone.qcow2,qcow2\nother.qcow2,qcow2\n")
            .stderr_contains("5 volumes, 2 that no guest uses: ")
            .run()
    };
    orphans();
    daemon.virsh(&["start", "sc-chain"]);
    orphans();
}
