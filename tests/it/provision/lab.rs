//! Real volumes: images with checksums, seeds, copies that hold the same, layers, and a run that is killed.

use std::process::Command;
use std::time::Duration;

use crate::support::process::run;
use crate::support::{Daemon, Need, Virhai, eventually, lab_or_skip};

const POOL: &str = r#"
    import "provision" as provision;
    import "ensure" as ensure;
    let dir = args[0];
    ensure::pool(`<pool type="dir"><name>vms</name><target><path>${dir}/vm/pool</path></target></pool>`, #{ active: true });
"#;

const IMAGES: &str = r#"
    let image = `${dir}/vm/cloud.qcow2`;
    let sum = os::run(["sha256sum", image]).out.split(" ")[0];
    let bad = "0" + sum.sub_string(1);
    if bad == sum { bad = "1" + sum.sub_string(1) }
    let tried = attempt(|| provision::create(#{ name: "pl-web", image: image, checksum: `sha256:${bad}` }));
    print([tried.error.code, domains(), pool("vms").volumes()]);
    // A guest that cannot start is taken back, its image and its seed too.
    let tried = attempt(|| provision::create(#{ name: "pl-web", image: image, checksum: sum, kernel: "/no/such", cloud_init: #{}, start: true }));
    print([tried.ok, domains(), pool("vms").volumes()]);

    let vm = provision::create(#{ name: "pl-web", memory: "32MiB", image: image, checksum: sum, disks: [#{ size: "24MiB" }], network: "user",
        cloud_init: #{ user: "me", ssh_keys: "ssh-ed25519 AAAA", fqdn: "pl-web.example.org", packages: ["vim"] },
        uefi: #{ loader: `${dir}/vm/code.fd`, template: `${dir}/vm/vars.fd` } });
    let disk = volume("vms", "pl-web.qcow2");
    print([disk.capacity == mib(24), vm.xml["devices/disk/driver/@type"], vm.xml["os/type/@machine"].contains("q35")]);
    vm.start();
    print([attempt(|| provision::clone(vm, "pl-two")).error.code, vm.state]);
    vm.destroy();

    let copy = provision::clone(vm, "pl-two");
    let seed = iso::read(volume("vms", "pl-two-seed.iso").read(0, "1MiB"));
    print(seed.label);
    print(yaml::parse(seed.files["meta-data"].as_string()) == #{ "instance-id": `pl-two-${copy.uuid}`, "local-hostname": "pl-two" });
    let config = yaml::parse(seed.files["user-data"].as_string());
    print([config.hostname, config.fqdn, config.packages, config.users[1].name]);
    print(copy.xml["os/nvram"].text().ends_with("/pl-two_VARS.fd"));
    copy.start();
    print([copy.state, copy.xml["devices/interface/mac/@address"] != vm.xml["devices/interface/mac/@address"]]);
    copy.destroy();

    let layer = provision::clone(vm, "pl-three", #{ linked: true, template: true, start: true });
    print([layer.state, volume("vms", "pl-three.qcow2").xml["backingStore/path"].text() == disk.path]);
    print(attempt(|| provision::remove(vm, #{})).error.message.contains("used by the guest pl-three"));
    layer.destroy();
"#;

const REMOVED: &str = r#"
    import "provision" as provision;
    for name in ["pl-three", "pl-two", "pl-web"] { provision::remove(name, #{}) }
    print([domains(), pool("vms").volumes()]);
"#;

/// A daemon with an image of a system and a firmware that does nothing.
fn lab() -> Daemon {
    let daemon = Daemon::start();
    let folder = daemon.dir().join("vm");
    std::fs::create_dir_all(folder.join("pool")).unwrap();
    for (name, size) in [("code.fd", 4 << 20), ("vars.fd", 128 << 10)] {
        std::fs::write(folder.join(name), vec![0; size]).unwrap();
    }
    daemon
}

fn qemu(program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(arguments);
    let output = run(command, Duration::from_secs(60));
    assert_eq!(output.status, 0, "{program} {arguments:?}: {}", output.stderr());
    output.stdout()
}

fn eval(daemon: &Daemon, code: &str) -> Virhai {
    Virhai::new().connect(&daemon.uri()).args(["-e", code]).arg(daemon.dir())
}

#[test]
fn images_seeds_copies_and_layers_are_what_they_should_be() {
    lab_or_skip!(Need::Qemu);
    let daemon = lab();
    let path = |name: &str| daemon.dir().join("vm").join(name).to_string_lossy().into_owned();
    qemu("qemu-img", &["create", "-q", "-f", "qcow2", &path("cloud.qcow2"), "16M"]);
    qemu("qemu-io", &["-c", "write -P 0x5a 1M 64k", &path("cloud.qcow2")]);
    eval(&daemon, &format!("{POOL}{IMAGES}"))
        .stdout(
            "[\"io\", [], []]\n[false, [], []]\n[true, \"qcow2\", true]\n[\"operation_invalid\", \"running\"]\ncidata\ntrue\n\
             [\"pl-two\", (), [\"vim\"], \"me\"]\ntrue\n[\"running\", true]\n[\"running\", true]\ntrue\n",
        )
        .run();
    for name in ["pl-web", "pl-two", "pl-three"] {
        let disk = path(&format!("pool/{name}.qcow2"));
        qemu("qemu-io", &["-r", "-c", "read -P 0x5a 1M 64k", &disk]);
    }
    qemu("qemu-img", &["compare", "-q", &path("pool/pl-web.qcow2"), &path("pool/pl-two.qcow2")]);
    let variables = |name: &str| std::fs::read(daemon.dir().join(format!("lib/qemu/nvram/{name}_VARS.fd")));
    assert_eq!(variables("pl-web").unwrap(), variables("pl-two").unwrap());
    eval(&daemon, REMOVED).stdout("[[], []]\n").run();
    assert!(variables("pl-web").is_err() && variables("pl-two").is_err() && variables("pl-three").is_err());
}

#[test]
fn a_run_that_is_killed_leaves_nothing_that_remove_does_not_find() {
    lab_or_skip!(Need::Qemu);
    let daemon = lab();
    eval(&daemon, &format!("{POOL}print(pool(`vms`).active);")).stdout("true\n").run();
    let image = daemon.dir().join("vm/large.img");
    std::fs::File::create(&image).unwrap().set_len(256 << 20).unwrap();
    let code = format!(
        "{POOL}provision::create(#{{ name: \"pl-dead\", image: `${{dir}}/vm/large.img`, disks: [#{{ size: \"1GiB\" }}], cloud_init: #{{}} }});"
    );
    let dying = eval(&daemon, &code);
    let mut child = dying.command().spawn().unwrap();
    eventually(Duration::from_secs(60), "the first volume", || {
        daemon.dir().join("vm/pool/pl-dead.qcow2").exists().then_some(())
    });
    child.kill().unwrap();
    child.wait().unwrap();
    // libvirt may still be writing what was sent.
    let code = "import \"provision\" as provision;\nprovision::remove(\"pl-dead\", #{});\nprint([domains(), pool(\"vms\").volumes()]);";
    eventually(Duration::from_secs(60), "the daemon to let go of the volume", || {
        let removing = eval(&daemon, code);
        let output = removing.command().output().unwrap();
        output.status.success().then(|| assert_eq!(output.stdout, b"[[], []]\n"))
    });
    assert_eq!(std::fs::read_dir(daemon.dir().join("vm/pool")).unwrap().count(), 0);
}

#[test]
fn files_outside_every_pool_are_found_removed_and_guarded() {
    lab_or_skip!(Need::Qemu);
    let daemon = lab();
    let path = |name: &str| daemon.dir().join("vm").join(name).to_string_lossy().into_owned();
    qemu("qemu-img", &["create", "-q", "-f", "qcow2", &path("base.qcow2"), "8M"]);
    qemu(
        "qemu-img",
        &["create", "-q", "-f", "qcow2", "-b", &path("base.qcow2"), "-F", "qcow2", &path("top.qcow2")],
    );
    for (name, file) in [("pl-base", "base.qcow2"), ("pl-top", "top.qcow2")] {
        let disk = format!(
            "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{}'/><target dev='vda' bus='virtio'/></disk>",
            path(file)
        );
        daemon.define("define", &format!("<domain type='qemu'><name>{name}</name><memory unit='MiB'>16</memory><os><type>hvm</type></os><devices>{disk}</devices></domain>"));
    }
    let code = r#"
        import "provision" as provision;
        print(attempt(|| provision::remove("pl-base", #{})).error.message.contains("used by the guest pl-top"));
        provision::remove("pl-top", #{});
        print(fs::exists(`${args[0]}/vm/top.qcow2`));
        provision::remove("pl-base", #{});
        print([fs::exists(`${args[0]}/vm/base.qcow2`), domains(), pools()]);
    "#;
    eval(&daemon, code).stdout("true\nfalse\n[false, [], []]\n").run();
}

#[test]
fn a_container_is_made_and_removed() {
    lab_or_skip!(Need::Lxc);
    let daemon = Daemon::start();
    let code = r#"
        import "provision" as provision;
        let box = provision::create(#{ name: "pl-box", memory: "64MiB", root: "/", init: "/bin/sh", start: true });
        print(box.state);
        print(provision::remove(box, #{ power_off: true }).items.map(|item| `${item.action} ${item.kind}`));
        print(domains());
    "#;
    Virhai::new()
        .connect(&daemon.uri_for("lxc"))
        .args(["-e", code])
        .stdout("running\n[\"stopped power\", \"kept folder\", \"removed definition\"]\n[]\n")
        .run();
}
