//! Devices of a real guest, plugged in and out while it runs, and in its stored definition.

use std::process::Command;
use std::time::Duration;

use crate::support::process::run as run_program;
use crate::support::{Daemon, Guest, Need, Virhai, lab_or_skip, project};

const LIMIT: Duration = Duration::from_secs(150);

const PRELUDE: &str = r#"
    import "devices" as devices;
    let vm = domain("it-plugged");
    // Fields of the live and of the stored definition.
    let both = |path| [vm.xml.all(path), vm.xml_desc(#{ inactive: true }).all(path)];
    let shown = |f| { let r = attempt(f); print(if r.ok { `no error: ${r.value}` } else { `${r.error.code}: ${r.error.hint}` }) };
"#;

/// Runs a script that has the guest as `vm` and a folder with images as `folder`.
#[track_caller]
fn run(daemon: &Daemon, code: &str, expected: &str) {
    let folder = daemon.dir().join("vm");
    let text = format!("let folder = \"{}\";{PRELUDE}{code}", folder.display());
    Virhai::new()
        .limit(LIMIT)
        .connect(&daemon.uri())
        .file("s.rhai", text)
        .arg("s.rhai")
        .stdout(expected)
        .run();
}

fn image(daemon: &Daemon, name: &str) {
    let mut create = Command::new("qemu-img");
    create.args(["create", "-q", "-f", "qcow2"]).arg(daemon.dir().join("vm").join(name)).arg("8M");
    let created = run_program(create, LIMIT);
    assert_eq!(created.status, 0, "{}", created.stderr());
}

#[test]
fn devices_of_a_running_guest_come_and_go() {
    lab_or_skip!(Need::Guest);
    let daemon = Daemon::start();
    let drive = "<disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>\
                 <controller type='sata'/>";
    let guest = Guest::plan(&daemon, "it-plugged").device(drive).vcpus(1, 2).boot();
    image(&daemon, "plug.qcow2");
    image(&daemon, "other.qcow2");
    std::fs::write(daemon.dir().join("vm/medium.iso"), vec![0; 65536]).unwrap();
    disks(&daemon);
    network_cards(&daemon);
    media(&daemon);
    by_xml_and_alias(&daemon);
    refusals(&daemon);
    guest.wait_agent();
    let code = "vm.set_vcpus(2, #{ live: true }); print(vm.vcpus);";
    run(&daemon, code, "2\n");
}

#[test]
fn a_memory_device_gives_as_much_as_is_asked_for() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let guest = std::fs::read_to_string(project("tests/virsh/files/domain-memory.xml")).unwrap();
    let guest = guest.replace("type='test'", "type='qemu'").replace("memory</name>", "it-memory</name>");
    let code = r#"
        import "devices" as devices;
        let vm = conn().define_domain(fs::read("guest.xml"));
        let asked = || vm.xml["devices/memory/target/requested"].text();
        devices::update_memory_device(vm, #{ alias: "ua-one", requested_size: "64MiB", config: true });
        print(asked.call());
        devices::update_memory_device(vm, #{ node: 1, requested_size: mib(32) });
        print(asked.call());
        print(attempt(|| devices::update_memory_device(vm, #{ alias: "ua-two", requested_size: 0 })).error.code);
        print(attempt(|| devices::update_memory_device(vm, #{ alias: "ua-one" })).error.code);
    "#;
    let script =
        Virhai::new().connect(&daemon.uri()).file("guest.xml", guest).file("s.rhai", code).arg("s.rhai");
    script.stdout("65536\n32768\ndevice_missing\nusage\n").run();
}

fn disks(daemon: &Daemon) {
    let code = r#"
        let targets = |side| both.call("devices/disk[@device='disk']/target/@dev")[side].filter(|dev| dev.starts_with("vdp") || dev.starts_with("vdq"));
        devices::attach_disk(vm, #{ source: folder + "/plug.qcow2", target: "vdp", serial: "PLUGGED", persistent: true });
        devices::attach_disk(vm, #{ source: folder + "/other.qcow2", target: "vdq", live: true });
        print([targets.call(0), targets.call(1)]);
        print(vm.xml["devices/disk[target/@dev='vdp']/driver/@type"]);
        shown.call(|| devices::attach_disk(vm, #{ source: folder + "/plug.qcow2", target: "vdp", live: true }));
        vm.set_block_io_tune("vdp", #{ total_bytes_sec: "10MiB" }, #{ live: true });
        print(vm.block_io_tune("vdp").total_bytes_sec == mib(10));
        shown.call(|| devices::detach_disk(vm, "vdq", #{ live: true, config: true }));
        print(targets.call(0));
        devices::detach_disk(vm, "vdp", #{ persistent: true });
        devices::detach_disk(vm, folder + "/other.qcow2");
        let gone = |vm| vm.xml.all("devices/disk/target/@dev").filter(|dev| dev == "vdp" || dev == "vdq").is_empty();
        print(vm.wait(gone, "60s"));
        print(targets.call(1));
    "#;
    run(
        daemon,
        code,
        "[[\"vdp\", \"vdq\"], [\"vdp\"]]\nqcow2\nxml_error: \ntrue\n\
         device_missing: did you mean \"vda\"?\n[\"vdp\", \"vdq\"]\ntrue\n[]\n",
    );
}

fn network_cards(daemon: &Daemon) {
    let code = r#"
        let mac = "52:54:00:77:00:01";
        let macs = |side| both.call("devices/interface/mac/@address")[side].filter(|one| one == mac);
        devices::attach_interface(vm, #{ type: "user", model: "virtio", mac: mac, persistent: true });
        print([macs.call(0), macs.call(1)]);
        devices::set_interface_link(vm, mac.to_upper(), "down", #{ persistent: true });
        print([devices::interface_link(vm, mac), devices::interface_link(vm, mac, #{ config: true })]);
        devices::set_interface_link(vm, mac, "up");
        print([devices::interface_link(vm, mac), devices::interface_link(vm, mac, #{ config: true })]);
        shown.call(|| devices::set_interface_link(vm, mac, "sideways"));
        devices::detach_interface(vm, mac, #{ persistent: true });
        print(vm.wait(|vm| vm.xml.all("devices/interface/mac/@address").filter(|one| one == mac).is_empty(), "60s"));
        print(macs.call(1));
    "#;
    run(
        daemon,
        code,
        "[[\"52:54:00:77:00:01\"], [\"52:54:00:77:00:01\"]]\n[\"down\", \"down\"]\n[\"up\", \"down\"]\n\
         usage: it is \"up\" or \"down\"\ntrue\n[]\n",
    );
}

fn media(daemon: &Daemon) {
    let code = r#"
        let medium = || vm.xml["devices/disk[target/@dev='sda']/source/@file"];
        devices::change_media(vm, "sda", #{ source: folder + "/medium.iso" });
        print(medium.call() == folder + "/medium.iso");
        shown.call(|| devices::change_media(vm, "sda", #{ source: "/x.iso", insert: true }));
        devices::change_media(vm, "sda", #{ eject: true, force: true });
        print(medium.call());
        shown.call(|| devices::change_media(vm, "sda", #{ eject: true }));
        shown.call(|| devices::change_media(vm, "vda", #{ source: "/x.iso" }));
    "#;
    run(
        daemon,
        code,
        "true\nusage: without `insert` it is replaced\n\nusage: nothing is to be ejected\n\
         usage: only CD and floppy drives have media\n",
    );
}

fn by_xml_and_alias(daemon: &Daemon) {
    let code = r#"
        let rng = xml("<rng model='virtio'><backend model='random'>/dev/urandom</backend><alias name='ua-dice'/></rng>");
        vm.attach_device(rng, #{ persistent: true });
        let there = |side| "ua-dice" in both.call("devices/rng/alias/@name")[side];
        print([there.call(0), there.call(1)]);
        vm.detach_device_alias("ua-dice", #{ config: true });
        vm.detach_device_alias("ua-dice");
        print(vm.wait(|vm| !("ua-dice" in vm.xml.all("devices/rng/alias/@name")), "60s"));
        print(there.call(1));
    "#;
    run(daemon, code, "[true, true]\ntrue\nfalse\n");
}

fn refusals(daemon: &Daemon) {
    let code = r#"
        shown.call(|| vm.detach_device_alias("ua-nothing"));
        shown.call(|| devices::detach_disk(vm, "vdz"));
        shown.call(|| devices::detach_interface(vm, "52:54:00:77:00:99"));
        shown.call(|| devices::attach_disk(vm, #{ sorce: "/x", target: "vdz" }));
        shown.call(|| devices::attach_disk(vm, #{ source: "/x" }));
        shown.call(|| vm.attach_device("<rng/>", #{ current: true, live: true }));
        shown.call(|| vm.attach_device("<rng"));
        let r = attempt(|| vm.detach_device("<disk type='file'><target dev='vdz'/></disk>"));
        print(`${r.error.code} ${r.error.operation} ${r.error.object}`);
    "#;
    let text = format!("let folder = \"/\";{PRELUDE}{code}");
    let said = Virhai::new()
        .limit(LIMIT)
        .connect(&daemon.uri())
        .file("s.rhai", text)
        .arg("s.rhai")
        .any_stdout()
        .run()
        .stdout();
    let codes: Vec<_> = said.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(
        codes,
        [
            "device_missing",
            "device_missing",
            "device_missing",
            "usage",
            "usage",
            "usage",
            "xml_detail",
            "device_missing domain.detach_device it-plugged"
        ],
        "{said}"
    );
}
