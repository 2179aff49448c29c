//! `provision`: guests made, copied and removed with everything that belongs to them.

mod lab;
mod leftovers;

use crate::support::{Domain, Node, Virhai};

fn eval(node: &Node, code: &str) -> Virhai {
    Virhai::new().node(node).args(["-e", &format!("import \"provision\" as provision;\n{code}")])
}

/// Disks of two guests, `model` off, `user` with what is told; a pool with these volumes over `/img`.
fn node(user: Domain, volumes: &[&str]) -> Node {
    let model = Domain::new("model", 1).shut_off();
    Node::empty().network("default", true).domain(model).domain(user).pool("default", volumes)
}

/// What there is of guests and volumes.
const SEEN: &str = "fn seen() { `${domains()} ${pools().map(|p| p.volumes())}` }\n";

#[test]
fn what_is_made_and_copied_can_be_removed_and_nothing_stays() {
    let code = r#"
        let before = seen();
        let vm = provision::create(#{ name: "web9", memory: "64MiB", vcpus: 2, disks: ["1MiB", #{ size: "2MiB", format: "raw", name: "data.img" }],
            networks: ["default", #{ network: "default", mac: "52:54:00:11:22:33" }], title: "nine", autostart: true });
        print([vm.memory == mib(64), vm.vcpus, vm.title, vm.autostart, vm.state]);
        print(vm.xml.all("devices/disk/source/@file"));
        print(vm.xml.all("devices/interface/mac/@address")[1]);
        let copy = provision::clone(vm, "web10", #{ title: "ten" });
        print([copy.title, copy.uuid != vm.uuid, copy.xml.all("devices/disk/source/@file")]);
        let macs = copy.xml.all("devices/interface/mac/@address") + vm.xml.all("devices/interface/mac/@address");
        macs.sort();
        let twice = [];
        for place in 1..macs.len() { if macs[place] == macs[place - 1] { twice.push(macs[place]) } }
        print(twice);
        for name in ["web9", "web10"] { provision::remove(name, #{}) }
        print(seen() == before);
    "#;
    eval(&node(Domain::new("user", 2), &[]), &format!("{SEEN}{code}"))
        .stdout(
            "[true, 2, \"nine\", true, \"shutoff\"]\n[\"/img/web9.qcow2\", \"/img/data.img\"]\n52:54:00:11:22:33\n\
             [\"ten\", true, [\"/img/web10.qcow2\", \"/img/web10-vdb.img\"]]\n[]\ntrue\n",
        )
        .run();
}

#[test]
fn what_fails_half_way_is_taken_back() {
    // The test driver writes no volumes: a seed fails after guest and disk are there.
    let code = r#"
        let before = seen();
        print(attempt(|| provision::create(#{ name: "web9", disks: ["1MiB"], cloud_init: #{ user: "me" } })).error.code);
        print(seen() == before);
        let model = domain("model").xml.to_string();
        provision::create(#{ name: "half", disks: ["1MiB"] });
        pool("default").create_volume(#{ name: "half-seed.iso", capacity: "1MiB" });
        domain("half").edit(|doc| {
            doc["devices"].add("<disk type='file' device='cdrom'><source file='/img/half-seed.iso'/><target dev='sda' bus='sata'/></disk>");
            doc["metadata/*"].add("<virhai:volume pool='default' name='half-seed.iso' role='seed'/>");
        });
        let before = seen();
        let half = domain("half").xml.to_string();
        for options in [#{}, #{ linked: true, template: true }] {
            print(attempt(|| provision::clone("half", "copy", options)).error.code);
            print([seen() == before, domain("half").xml.to_string() == half]);
        }
    "#;
    eval(&node(Domain::new("user", 2), &[]), &format!("{SEEN}{code}"))
        .stdout("unsupported\ntrue\nunsupported\n[true, true]\nunsupported\n[true, true]\n")
        .run();
}

#[test]
fn a_run_that_was_killed_leaves_what_remove_finds() {
    let code = r#"
        let before = seen();
        // As `create` leaves it when it is killed after its first volume.
        provision::create(#{ name: "web9", disks: ["1MiB", "2MiB"] });
        domain("web9").edit(|doc| for disk in doc.all("devices/disk") { disk.remove() });
        volume("default", "web9-vdb.qcow2").delete();
        print(provision::plan("web9").items.map(|item| `${item.action} ${item.kind} ${item.object}`));
        provision::remove("web9", #{});
        print(seen() == before);
    "#;
    eval(&node(Domain::new("user", 2), &[]), &format!("{SEEN}{code}"))
        .stdout("[\"remove disk /img/web9.qcow2\", \"remove metadata virhai:made\", \"remove definition web9\"]\ntrue\n")
        .run();
}

#[test]
fn a_copy_that_another_program_made_does_not_own_the_volumes_of_its_model() {
    let code = r#"
        let vm = provision::create(#{ name: "web9", disks: ["1MiB"] });
        let copy = vm.xml;
        copy["name"] = "web10";
        for path in ["uuid", "devices/disk"] { for node in copy.all(path) { node.remove() } }
        conn().define_domain(copy);
        vm.undefine();
        print(provision::remove("web10", #{}).items.map(|item| item.kind));
        print(pool("default").volumes().len());
    "#;
    eval(&node(Domain::new("user", 2), &[]), code).stdout("[\"metadata\", \"definition\"]\n1\n").run();
}

#[test]
fn what_cannot_be_made_is_refused_before_anything_is_done() {
    let cases = [
        ("#{}", "no name"),
        ("#{ name: \"a/b\" }", "no name that it can have"),
        ("#{ name: \"model\" }", "there is a guest model already"),
        ("#{ name: \"a\", dsks: [] }", "did you mean \"disks\"?"),
        ("#{ name: \"a\", disks: [#{ sise: 1 }] }", "did you mean \"size\"?"),
        ("#{ name: \"a\", disks: [#{}] }", "how large"),
        ("#{ name: \"a\", disks: [0] }", "0 bytes"),
        (
            "#{ name: \"a\", disks: [#{ size: 1, name: \"taken.qcow2\" }] }",
            "there is a volume taken.qcow2 in default already",
        ),
        (
            "#{ name: \"a\", disks: [#{ size: 1, name: \"x\" }, #{ size: 1, name: \"x\" }] }",
            "two disks would be the volume x",
        ),
        ("#{ name: \"a\", disks: [#{ image: \"/x\", copy: \"y\" }] }", "at once"),
        ("#{ name: \"a\", disks: [#{ volume: \"default/taken.qcow2\", size: 1 }] }", "has no meaning"),
        ("#{ name: \"a\", disks: [#{ path: \"/img/user.qcow2\" }] }", "is a disk of user"),
        ("#{ name: \"a\", image: \"/no/such\" }", "no such image"),
        ("#{ name: \"a\", image: \"https://example.org/i\" }", "needs its checksum"),
        ("#{ name: \"a\", image: \"/etc/hostname\", checksum: \"sha256:12\" }", "has 64 digits"),
        ("#{ name: \"a\", network: #{} }", "names no network"),
        ("#{ name: \"a\", os: \"beos\" }", "no kind of system"),
        ("#{ name: \"a\", cloud_init: #{ usr: \"me\" } }", "did you mean \"user\"?"),
        ("#{ name: \"a\", cloud_init: #{ user: \"me\", user_data: \"#!/bin/sh\" } }", "says nothing beside"),
        ("#{ name: \"a\", pool: \"defualt\", disks: [1] }", "default"),
    ];
    let calls: Vec<String> = cases
        .iter()
        .map(|(options, _)| {
            format!("print(attempt(|| provision::create({options})).error.to_string() + ` ` + attempt(|| provision::create({options})).error.hint);\n")
        })
        .collect();
    let code = format!("{SEEN}let before = seen();\n{}print(seen() == before);", calls.concat());
    let run = eval(&node(Domain::new("user", 2), &["taken.qcow2", "user.qcow2"]), &code).any_stdout().run();
    let lines: Vec<String> = run.stdout().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), cases.len() + 1, "{lines:?}");
    for ((options, why), line) in cases.iter().zip(&lines) {
        assert!(line.contains(why), "{options}: {line}");
    }
    assert_eq!(lines[cases.len()], "true");
}

/// Tries to remove `model` and returns why that is refused; nothing may be gone.
fn refusal(node: &Node) -> String {
    let code = "let before = seen();\nlet tried = attempt(|| provision::remove(`model`, #{}));\n\
                print(if tried.ok { `removed` } else { tried.error.code + `: ` + tried.error.message });\nprint(seen() == before);";
    let run = eval(node, &format!("{SEEN}{code}")).any_stdout().run();
    let text = run.stdout();
    let (why, same) = text.trim_end().rsplit_once('\n').unwrap();
    assert!(same == "true" || why == "removed", "{text}");
    why.to_owned()
}

#[test]
fn a_disk_that_others_need_is_never_removed() {
    let disk = |source: &str| {
        format!("<disk type='file' device='disk'><source {source}/><target dev='vdb' bus='virtio'/></disk>")
    };
    let refused = |node: Node, why: &str| {
        let found = refusal(&node);
        assert!(found.starts_with("operation_denied: ") && found.contains(why), "{found}");
    };
    let file = "file='/img/model.qcow2'";
    let volumes: &[&str] = &["model.qcow2", "user.qcow2"];
    // A running guest, a stored one, one that names it as a volume, and one whose snapshot needs it.
    refused(node(Domain::new("user", 2).device(&disk(file)), volumes), "used by the guest user");
    refused(node(Domain::new("user", 2).shut_off().device(&disk(file)), volumes), "used by the guest user");
    let by_volume = disk("pool='default' volume='model.qcow2'").replace("type='file'", "type='volume'");
    refused(node(Domain::new("user", 2).shut_off().device(&by_volume), volumes), "used by the guest user");
    let snapshot = "<test:domainsnapshot><name>s</name><state>shutoff</state><creationTime>1700000000</creationTime><active>0</active>\
        <domain type='test'><name>user</name><uuid>00000000-0000-4000-8000-000000000002</uuid><memory>65536</memory>\
        <os><type>hvm</type></os><devices>";
    let snapshot = format!("{snapshot}{}</devices></domain></test:domainsnapshot>", disk(file));
    refused(node(Domain::new("user", 2).shut_off().xml(&snapshot), volumes), "used by the guest user");
    // A layer over it: behind another guest's disk, and one that no guest uses, also in another pool.
    let layer = |pool: &str, path: &str, name: &str| {
        format!(
            "<pool type='dir'><name>{pool}</name><target><path>{path}</path></target><volume><name>{name}</name>\
             <key>{path}/{name}</key><capacity>1</capacity><target><path>{path}/{name}</path><format type='qcow2'/></target>\
             <backingStore><path>/img/model.qcow2</path><format type='qcow2'/></backingStore></volume></pool>"
        )
    };
    let lonely = node(Domain::new("user", 2), volumes).xml(layer("other", "/other", "lonely.qcow2"));
    refused(lonely, "/other/lonely.qcow2 is a layer over it");
    let chain = node(Domain::new("user", 2).device(&disk("file='/other/top.qcow2'")), volumes);
    refused(chain.xml(layer("other", "/other", "top.qcow2")), "used by the guest user");
    // Nothing of it: it goes.
    assert_eq!(refusal(&node(Domain::new("user", 2), volumes)), "removed");
}

#[test]
fn what_is_not_the_guests_own_is_kept() {
    let devices = "<disk type='file' device='cdrom'><source file='/iso/install.iso'/><target dev='hda' bus='ide'/></disk>\
        <disk type='file' device='disk'><source file='/img/ro.img'/><target dev='vdb' bus='virtio'/><readonly/></disk>\
        <disk type='file' device='disk'><source file='/img/shared.img'/><target dev='vdc' bus='virtio'/><shareable/></disk>\
        <disk type='block' device='disk'><source dev='/dev/sdx'/><target dev='vdd' bus='virtio'/></disk>\
        <disk type='file' device='disk'><source file='/img/data.img'/><target dev='vde' bus='virtio'/></disk>";
    let user = Domain::new("user", 2).device(devices);
    let node = node(user, &["user.qcow2", "ro.img", "shared.img", "data.img"]);
    let code = r#"
        print(provision::as_table(provision::plan("user")).columns());
        for item in provision::plan("user").items { print(`${item.action} ${item.kind} ${item.object}`) }
        print(attempt(|| provision::remove("user", #{})).error.message);
        print(attempt(|| provision::remove("user", #{ keep: ["vdz"] })).error.hint);
        let done = provision::remove("user", #{ power_off: true, keep: ["vde"] });
        print([done.refused, done.items.filter(|item| item.action == "removed").map(|item| item.object)]);
        print([domains(), pool("default").volumes()]);
        print(attempt(|| provision::plan("user")).error.code);
    "#;
    eval(&node, code)
        .stdout(
            "[\"kind\", \"object\", \"action\", \"size\", \"why\"]\nrefuse power user\nremove disk /img/user.qcow2\nkeep disk /img/ro.img\nkeep disk /img/shared.img\n\
             keep disk /dev/sdx\nremove disk /img/data.img\nkeep disk /iso/install.iso\nremove definition user\n\
             nothing was removed: user: it is running: shut it down, or say power_off: true\n\
             did you mean \"vda\"?\n[0, [\"/img/user.qcow2\", \"user\"]]\n\
             [[Domain(\"model\")], [StorageVolume(\"data.img\"), StorageVolume(\"ro.img\"), StorageVolume(\"shared.img\")]]\nno_domain\n",
        )
        .run();
}

#[test]
fn a_seed_that_others_made_is_read_too() {
    let code = r#"
        let seed = iso::read(iso::image("CIDATA", #{ "meta-data": "instance-id: a\n", "a-longer-name.than-eight": blob(3, 7) }));
        print([seed.label, seed.files["meta-data"].as_string(), seed.files["a-longer-name.than-eight"]]);
        for image in [blob(), blob(100000, 0)] { print(attempt(|| iso::read(image)).error.code) }
        print(attempt(|| iso::image("cidata", #{ "a/b": "" })).error.code);
    "#;
    eval(&Node::small(), code)
        .stdout("[\"CIDATA\", \"instance-id: a\\n\", [070707]]\nusage\nusage\nusage\n")
        .run();
}

#[test]
fn a_linked_clone_makes_its_model_a_template() {
    let code = r#"
        print(attempt(|| provision::clone("model", "a", #{ linked: true })).error.code);
        let a = provision::clone("model", "a", #{ linked: true, template: true });
        let b = provision::clone("model", "b", #{ linked: true });
        let whole = provision::clone("model", "c");
        print([domain("model").xml["devices/disk/readonly"] != (), a.xml["devices/disk/readonly"], whole.xml["devices/disk/readonly"]]);
        print(["a", "b"].map(|name| volume("default", `${name}.qcow2`).xml["backingStore/path"]?.text()));
        print(attempt(|| provision::remove("model", #{})).error.message);
        for name in ["a", "b"] { provision::remove(name, #{}) }
        print(provision::remove("model", #{}).items.filter(|item| item.action == "removed" && item.kind == "disk").len());
        print([attempt(|| provision::clone("user", "d")).error.code, attempt(|| provision::clone("c", "user")).error.code]);
    "#;
    let run = eval(&node(Domain::new("user", 2), &["model.qcow2", "user.qcow2"]), code).any_stdout().run();
    let text = run.stdout();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["usage", "[true, (), ()]"], "{text}");
    assert!(lines[3].contains("/img/model.qcow2") && lines[3].contains("used by the guest a"), "{text}");
    assert_eq!(lines[4..], ["1", "[\"operation_invalid\", \"usage\"]"], "{text}");
}
