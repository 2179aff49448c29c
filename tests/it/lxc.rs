//! Containers: one script defines, starts, reads, enters and ends a container as it does a guest of QEMU.

use std::path::Path;
use std::process::Command;

use crate::support::need::images;
use crate::support::process::run;
use crate::support::{Daemon, Need, Virhai, lab_or_skip, project, turn};

/// The script knows nothing of the driver; the definition is its argument.
const SCRIPT: &str = r#"
    let vm = conn().define_domain(fs::read(args[0]));
    print(`${vm.name} ${vm.state}`);
    vm.start();
    if !vm.wait("running", "60s") { throw "it does not run" }
    print(`${vm.state} ${vm.vcpus} ${vm.max_memory >= mib(64)} ${vm.xml["name"].text()}`);
    if !vm.wait(|vm| attempt(|| vm.exec(["/bin/sh", "-c", "exit 0"])).ok, "120s") { throw "nobody answers inside" }
    let done = vm.exec(["/bin/sh", "-c", "read line; printf %s \"got $line\"; printf oops >&2; exit 3"], #{ input: "hello\n" });
    print(`${done.out}, ${done.err}, ${done.code}`);
    print(attempt(|| vm.exec(["/bin/sh", "-c", "exit 4"], #{ check: true })).error.code);
    print(attempt(|| vm.exec(["/no/such"])).error.code);
    vm.destroy();
    print(vm.state);
    vm.undefine();
    print(attempt(|| domain(vm.name)).error.code);
"#;

fn check(uri: &str, name: &str, definition: &Path) {
    Virhai::new()
        .connect(uri)
        .file("s.rhai", SCRIPT)
        .arg("s.rhai")
        .arg(definition)
        .stdout(format!(
            "{name} shutoff\nrunning 1 true {name}\ngot hello, oops, 3\nio\nio\nshutoff\nno_domain\n"
        ))
        .limit(std::time::Duration::from_secs(180))
        .run();
}

#[test]
fn one_script_serves_a_container() {
    lab_or_skip!(Need::Lxc);
    let daemon = Daemon::start();
    let lxc = daemon.uri_for("lxc");
    let definition = container(&daemon, "it-box");
    check(&lxc, "it-box", &definition);
    a_container_is_entered(&lxc, &definition);
}

#[test]
fn the_same_script_serves_a_guest_of_qemu() {
    lab_or_skip!(Need::Guest);
    let daemon = Daemon::start();
    let mut xml = Command::new(project("tests/lab/guest-xml"));
    xml.arg(images().as_ref().unwrap()).args(["it-same", "--net", "none", "--vcpus", "1/1"]);
    let xml = run(xml, std::time::Duration::from_secs(60));
    let definition = daemon.dir().join("same.xml");
    std::fs::write(&definition, xml.stdout()).unwrap();
    let _turn = turn::boot();
    check(&daemon.uri(), "it-same", &definition);
}

/// What only containers have.
fn a_container_is_entered(lxc: &str, definition: &Path) {
    let script = r#"
        let vm = conn().create_domain(fs::read(args[0]));
        let own = vm.lxc_open_namespace();
        print("mnt" in own.map(|n| n.kind) && "pid" in own.map(|n| n.kind));
        let pid = own.filter(|n| n.kind == "pid")[0].number;
        let inside = vm.lxc_enter_namespace(["/bin/sh", "-c", "readlink /proc/self/ns/pid"], #{ noseclabel: true });
        print(inside.out == "pid:[" + pid + "]\n");
        print(vm.lxc_enter_namespace(["/bin/sh", "-c", "echo $A"], #{ env: #{ A: "set" }, cgroup: false }).out);
        let fails = [
            || vm.lxc_enter_namespace(["/bin/sh", "-c", "while true; do true; done"], #{ timeout: "300ms" }),
            || vm.lxc_enter_namespace(["/no/such"]),
            || vm.lxc_enter_namespace([]),
            || vm.lxc_enter_namespace(["/bin/sh"], #{ nosuch: 1 }),
        ];
        for f in fails { print(attempt(f).error.code) }
        vm.destroy();
        let e = attempt(|| vm.lxc_enter_namespace(["/bin/sh"])).error;
        print(e.code);
    "#;
    Virhai::new()
        .connect(lxc)
        .file("s.rhai", script)
        .arg("s.rhai")
        .arg(definition)
        .stdout("true\ntrue\nset\n\ntimeout\nio\nusage\nusage\nno_domain\n")
        .run();
}

/// Writes the definition of a container whose only program is busybox.
fn container(daemon: &Daemon, name: &str) -> std::path::PathBuf {
    let root = daemon.dir().join("vm/root");
    for folder in ["bin", "proc", "sys", "dev", "tmp"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    let busybox = images().as_ref().unwrap().join("busybox");
    for program in ["sh", "readlink"] {
        std::fs::copy(&busybox, root.join("bin").join(program)).unwrap();
    }
    let definition = daemon.dir().join("box.xml");
    let xml = format!(
        "<domain type='lxc'><name>{name}</name><memory unit='MiB'>64</memory><os><type>exe</type>\
         <init>/bin/sh</init></os><devices><filesystem type='mount'><source dir='{}'/><target dir='/'/>\
         </filesystem><console type='pty'/></devices></domain>",
        root.display()
    );
    std::fs::write(&definition, xml).unwrap();
    definition
}
